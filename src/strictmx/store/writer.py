"""The one thread of a process that writes: it commits in groups what callers hand in, and answers after the commit.

A group is what is waiting while the last one is committed, at most 20 ms or 1,000 pieces of work. Each piece runs
in a savepoint, so that one that fails takes nothing of its neighbours with it. One that PostgreSQL chose to end a
deadlock is done again once the group has let go of its locks: works of one group may lock in another order than those
of another node's.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from strictmx.store.connection import in_our_words, told
from strictmx.store.errors import StoreUnavailable
from strictmx.store.place import Place

GROUP_SECONDS = 0.02
GROUP_WORKS = 1_000

TRIES = 3  # of a work that was chosen to end a deadlock
_DEADLOCK = "40P01"  # SQLSTATE

Result = TypeVar("Result")


@dataclass(slots=True)
class _Work:
    """What to do, who waits for it, and how often it is still tried."""

    function: Callable[[Connection], Any]
    answer: Future[Any] = field(default_factory=Future)
    tries: int = TRIES

    def may_run(self) -> bool:
        """Whether somebody still waits for it."""
        return self.answer.running() or self.answer.set_running_or_notify_cancel()


class Writer:
    """Takes pieces of work from any thread and runs them on one connection."""

    def __init__(self, engine: Engine, at: Place) -> None:
        self._engine, self._place = engine, at
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._again: _Work | None = None
        self._closed = False
        self._lock = Lock()  # nothing is handed in behind the end
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Result]) -> Future[Result]:
        """Have `work` done in a transaction; the future has its result once that is committed.

        It has StoreError or what `work` raised, and then nothing of the work is in the store.
        """
        handed = _Work(work)
        with self._lock:
            if self._closed:
                handed.answer.set_exception(StoreUnavailable("the store is closed"))
            else:
                self._waiting.put(handed)
        return handed.answer

    def close(self) -> None:
        """Finish what was handed in, and end."""
        with self._lock:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._next()) is not None:
            done: list[tuple[Future[Any], Any]] = []
            try:
                with told(self._place), self._engine.begin() as connection:
                    ended = self._group(connection, first, done)
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told and the thread goes on
                ended = False
                for answer, _ in done:
                    answer.set_exception(error)
                if not done and self._again is not first and not first.answer.done():
                    first.answer.set_exception(error)
            else:
                for answer, result in done:
                    answer.set_result(result)
            if ended:
                return

    def _next(self) -> _Work | None:
        again, self._again = self._again, None
        return again or self._waiting.get()

    def _group(self, connection: Connection, first: _Work, done: list[tuple[Future[Any], Any]]) -> bool:
        """Do `first` and what waits behind it; True when the writer is to end."""
        until = time.monotonic() + GROUP_SECONDS
        work: _Work | None = first
        while work is not None:
            if work.may_run():
                try:
                    with connection.begin_nested():
                        result = work.function(connection)
                except Exception as error:
                    work.tries -= 1
                    if work.tries and _is_deadlock(error):
                        self._again = work
                        return False
                    work.answer.set_exception(in_our_words(error, self._place))
                    if connection.invalidated or not _goes_on(connection):
                        raise
                else:
                    done.append((work.answer, result))
            if len(done) >= GROUP_WORKS or time.monotonic() >= until:
                return False
            try:
                work = self._waiting.get_nowait()
            except queue.Empty:
                return False
        return True


def _goes_on(connection: Connection) -> bool:
    """Whether the transaction is still there; SQLite may give it up as a whole where the disk is full."""
    return getattr(connection.connection.driver_connection, "in_transaction", True)


def _is_deadlock(error: Exception) -> bool:
    return getattr(getattr(error, "orig", None), "sqlstate", None) == _DEADLOCK
