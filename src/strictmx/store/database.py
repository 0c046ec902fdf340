"""Opening the store, and the two ways to use it: `read` and `write`."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from strictmx.store import migrate
from strictmx.store.connection import engine, make_file, told
from strictmx.store.errors import StoreError
from strictmx.store.place import Place
from strictmx.store.writer import Writer

Result = TypeVar("Result")
Clock = Callable[[], float]


class Store:
    """An open store; used from any thread. `now` is its clock, Unix seconds.

    with Store.open(at) as store:
        with store.read() as connection: …
        store.write(lambda connection: …)
    """

    def __init__(self, at: Place, now: Clock) -> None:
        self.place, self.now = at, now
        self._readers = engine(at, writes=False)
        self._writers = engine(at, writes=True, readers=1)
        self._writer: Writer | None = None
        self._lock = Lock()  # one writer a process

    @classmethod
    def open(cls, at: Place, *, now: Clock = time.time) -> Store:  # noqa: TID251 - the clock's default, replaced in tests
        """Open a store. SQLite: made where it is missing, migrated where it is older, after a copy of it was made.

        Raises StoreUnavailable, StoreDamaged; SchemaMismatch: PostgreSQL with an older schema, or a newer one.
        """
        if at.path is not None:
            make_file(at.path)
        store = cls(at, now)
        try:
            with told(at):
                migrate.prepare(at, store._writers, store._readers)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open_existing(cls, at: Place, *, now: Clock = time.time) -> Store | None:  # noqa: TID251 - as `open`
        """Open a store if there is one; None where a SQLite file has not been made yet. Raises as `open`."""
        if at.path is not None and not at.is_there:
            return None
        return cls.open(at, now=now)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is one file of this machine."""
        return self.place.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for questions; all of them see the store as of the first. Raises StoreError."""
        with told(self.place), self._readers.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(  # noqa: PLW2901 - the same connection, set
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def listening(self) -> Iterator[Any]:
        """The driver's own connection, outside of any transaction, for as long as somebody waits for changes.

        Raises StoreError; and what the driver raises (`faults_of_driver`).
        """
        with told(self.place):
            pooled = self._readers.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()  # it never goes back, whatever is set on it
        try:
            yield connection
        finally:
            connection.close()

    @property
    def faults_of_driver(self) -> tuple[type[Exception], ...]:
        """What `listening` raises when the store goes away."""
        if self.is_sqlite:
            return (StoreError, sqlite3.Error)
        import psycopg

        return (StoreError, psycopg.Error, OSError)

    def submit(self, work: Callable[[Connection], Result]) -> Future[Result]:
        """Have `work` done by the writer thread; see `write`."""
        with self._lock:
            if self._writer is None:
                self._writer = Writer(self._writers, self.place)
        return self._writer.submit(work)

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction of the writer thread; what it did is on the disk when this returns.

        Raises what `work` raises, and StoreError; nothing of it is in the store then.
        """
        return self.submit(work).result()

    def close(self) -> None:
        """Finish what was handed in, and let go of all connections."""
        if self._writer is not None:
            self._writer.close()
        self._readers.dispose()
        self._writers.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def in_turn(connection: Connection, name: str) -> None:
    """Wait until no other transaction has this turn, and have it until ours ends. SQLite has one writer anyway."""
    if connection.dialect.name == "sqlite":
        return
    connection.exec_driver_sql("INSERT INTO turns (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))
    connection.exec_driver_sql("SELECT name FROM turns WHERE name = %s FOR UPDATE", (name,))
