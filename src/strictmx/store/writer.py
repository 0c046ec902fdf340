"""The one thread of a process that writes: it commits in groups what callers hand in, and answers after the commit.

A group is what is waiting while the last one is committed, at most 20 ms or 1,000 pieces of work. Each piece runs
in a savepoint, so that one that fails takes nothing of its neighbours with it.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from strictmx.store.connection import in_our_words, told
from strictmx.store.errors import StoreUnavailable
from strictmx.store.place import Place

GROUP_SECONDS = 0.02
GROUP_WORKS = 1_000

Result = TypeVar("Result")
_Work = tuple[Callable[[Connection], Any], "Future[Any]"]


class Writer:
    """Takes pieces of work from any thread and runs them on one connection."""

    def __init__(self, engine: Engine, at: Place) -> None:
        self._engine, self._place = engine, at
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], Result]) -> Future[Result]:
        """Have `work` done in a transaction; the future has its result once that is committed.

        It has StoreError or what `work` raised, and then nothing of the work is in the store.
        """
        answer: Future[Result] = Future()
        if self._closed:
            answer.set_exception(StoreUnavailable("the store is closed"))
        else:
            self._waiting.put((work, answer))
        return answer

    def close(self) -> None:
        """Finish what was handed in, and end."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            done: list[tuple[Future[Any], Any]] = []
            try:
                with told(self._place), self._engine.begin() as connection:
                    ended = self._group(connection, first, done)
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told and the thread goes on
                ended = False
                for answer, _ in done:
                    answer.set_exception(error)
                if not done and not first[1].done():
                    first[1].set_exception(error)
            else:
                for answer, result in done:
                    answer.set_result(result)
            if ended:
                return

    def _group(self, connection: Connection, first: _Work, done: list[tuple[Future[Any], Any]]) -> bool:
        """Do `first` and what waits behind it; True when the writer is to end."""
        until = time.monotonic() + GROUP_SECONDS
        work: _Work | None = first
        while work is not None:
            function, answer = work
            if answer.set_running_or_notify_cancel():
                try:
                    with connection.begin_nested():
                        result = function(connection)
                except Exception as error:
                    answer.set_exception(in_our_words(error, self._place))
                    if connection.invalidated:
                        raise
                else:
                    done.append((answer, result))
            if len(done) >= GROUP_WORKS or time.monotonic() >= until:
                return False
            try:
                work = self._waiting.get_nowait()
            except queue.Empty:
                return False
        return True
