"""Each thing is done once: who asks while it is being done waits for it, who asks later gets what is remembered.

Used for look-ups and SMTP sessions, so that a host shared by a thousand domains is asked and probed once a run.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

V = TypeVar("V")


async def together(*works: Coroutine[Any, Any, V]) -> tuple[V, ...]:
    """The results of all, done side by side; the first is done by the task that asks, since tasks cost time.

    The first that raises ends the others; more than one work raises an ExceptionGroup of what was raised.
    """
    if len(works) < 2:  # noqa: PLR2004
        return tuple([await work for work in works])
    first, *others = works
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in others]
        result = await first
    return (result, *(task.result() for task in tasks))


class _Flight(Generic[V]):
    """Work under way and how many wait for it."""

    def __init__(self, task: asyncio.Task[V]) -> None:
        self.task, self.waiting = task, 0


class Once(Generic[V]):
    """Single flight with a bounded memory.

    limit: results remembered; the one not asked for the longest goes first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()  # until when (loop clock), what
        self._flights: dict[Hashable, _Flight[V]] = {}
        self._tasks: set[asyncio.Task[V]] = set()

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]], lifetime: Callable[[V], float]) -> V:
        """The remembered result of `key`, else that of `work()`, which is done once however many ask.

        lifetime: seconds for which the result is remembered. An asker that is cancelled leaves the work to the others;
        with the last asker the work is cancelled too. What `work` raises reaches all who wait and is not remembered.
        """
        loop = asyncio.get_running_loop()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > loop.time():
            self._kept.move_to_end(key)
            return kept[1]
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(loop.create_task(self._fly(key, work, lifetime)))
            self._flights[key] = flight
            self._tasks.add(flight.task)
            flight.task.add_done_callback(self._tasks.discard)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                if self._flights.get(key) is flight:
                    del self._flights[key]  # nobody may join work that is about to be cancelled
                flight.task.cancel()  # nothing happens to work that is done

    async def close(self) -> None:
        """Cancel what is under way and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fly(
        self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]], lifetime: Callable[[V], float]
    ) -> V:
        value = await work()
        self._kept[key] = (asyncio.get_running_loop().time() + lifetime(value), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return value
