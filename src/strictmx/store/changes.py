"""The feed of changes, by which one process learns what another wrote.

A change is a row (`topic`, `key`), written in the transaction that makes it; numbers go up in the order of the
commits, so that whoever has read up to one never misses a smaller one. `Watch` calls back soon after: on SQLite it
asks twice a second whether anything was written at all, on PostgreSQL it is notified and asks every 5 s beneath.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, select

from strictmx.store.database import Store, in_turn
from strictmx.store.schema import changes

if TYPE_CHECKING:
    import psycopg

CHANNEL = "strictmx"
TURN = "changes"
SQLITE_SECONDS = 0.5  # a change by a verb is known within a second
POSTGRESQL_SECONDS = 5.0  # should a notification be lost
CLOSE_SECONDS = 0.5  # how soon `close` is heard while notifications are waited for
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed: `key` of `topic`."""

    number: int
    topic: str
    key: str


def announce(connection: Connection, topic: str, keys: Sequence[str], at: float) -> None:
    """Tell others what this transaction changes. at: Unix seconds. To be called last: others wait for their turn."""
    if not keys:
        return
    in_turn(connection, TURN)
    connection.execute(insert(changes), [{"topic": topic, "key": key, "at": int(at)} for key in keys])
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


def newest(store: Store) -> int:
    """The number of the last change."""
    with store.read() as connection:
        return connection.scalar(select(func.coalesce(func.max(changes.c.seq), 0))) or 0


def since(store: Store, number: int) -> list[Change]:
    """The changes after a number, at most a thousand; ask again from the last of them."""
    query = select(changes.c.seq, changes.c.topic, changes.c.key).where(changes.c.seq > number)
    with store.read() as connection:
        return [Change(*row) for row in connection.execute(query.order_by(changes.c.seq).limit(PAGE))]


def delete_before(connection: Connection, at: int, most: int = PAGE) -> int:
    """Take away at most `most` that were made before `at` (Unix seconds); how many it were. The newest stays."""
    last = select(func.max(changes.c.seq)).scalar_subquery()
    query = select(changes.c.seq).where(changes.c.at < at, changes.c.seq < last).order_by(changes.c.seq).limit(most)
    found = connection.scalars(query).all()
    connection.execute(delete(changes).where(changes.c.seq.in_(found)))
    return len(found)


class Watch:
    """Calls `tell` with what has changed since it began, in a thread of its own, until it is closed.

    listens: whether PostgreSQL is to notify; without it, it is asked alone. seconds: between two questions.
    A store that is away is asked again, and one that only cannot be waited for is asked as often; nothing is missed
    meanwhile. Where `tell` raises a StoreError, it is called with the same changes again.
    """

    def __init__(
        self,
        store: Store,
        tell: Callable[[list[Change]], None],
        *,
        listens: bool = True,
        seconds: float | None = None,
    ) -> None:
        self._store, self._tell = store, tell
        self._seconds = seconds or (SQLITE_SECONDS if store.is_sqlite else POSTGRESQL_SECONDS)
        self._listens = listens and not store.is_sqlite
        self._number = newest(store)
        self._closed = Event()
        self._thread = Thread(target=self._run, name="store-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._store.listening() as connection:
                    (self._poll if self._store.is_sqlite else self._listen)(connection)
            except self._store.faults_of_driver:
                self._closed.wait(self._seconds)
                with suppress(*self._store.faults_of_driver):
                    self._look()

    def _poll(self, connection: sqlite3.Connection) -> None:
        """Ask whether another connection has committed to the file, and look where it has."""
        version: object = None
        while not self._closed.is_set():
            seen = connection.execute("PRAGMA data_version").fetchone()
            if seen != version:
                version = seen
                self._look()
            self._closed.wait(self._seconds)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        """Look whenever a notification comes, and when none came for a while."""
        connection.rollback()  # the pool has asked whether it lives
        connection.autocommit = True
        if self._listens:
            connection.execute(f"LISTEN {CHANNEL}".encode())
        while not self._closed.is_set():
            self._look()
            until = time.monotonic() + self._seconds
            while not self._closed.is_set() and time.monotonic() < until:
                if self._listens:
                    if any(True for _ in connection.notifies(timeout=CLOSE_SECONDS, stop_after=1)):
                        break
                else:
                    self._closed.wait(until - time.monotonic())

    def _look(self) -> None:
        while found := since(self._store, self._number):
            self._tell(found)
            self._number = found[-1].number
