"""Connections to the two engines, and their faults in our words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import QueuePool

from strictmx.store.errors import StoreDamaged, StoreUnavailable
from strictmx.store.place import Place

BUSY_SECONDS = 5  # how long a write waits for the writer of another process
_LIBPQ = {  # what the URL does not say: a server that vanished is given up within half a minute, never waited for
    "application_name": "strictmx",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "tcp_user_timeout": 20_000,  # milliseconds
}
READERS = 8  # connections that read side by side
CACHE_KIB = 16_384  # pages that a connection of SQLite keeps in memory
_DAMAGED = ("malformed", "not a database", "corrupt", "unable to open database file")


def engine(at: Place, *, writes: bool, readers: int = READERS) -> Engine:
    """An engine of connections that read, or of one that writes.

    Raises StoreUnavailable: a driver is missing. Nothing is opened before the first use.
    """
    return _sqlite(at.path, writes=writes, readers=readers) if at.path is not None else _postgresql(at.url, readers)


def _sqlite(path: Path, *, writes: bool, readers: int) -> Engine:
    made = sqlalchemy.create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=1 if writes else readers,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(made, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions are ours: the driver would begin them late
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged is on the disk
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        if not writes:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(made, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made


def _postgresql(url: str, readers: int) -> Engine:
    try:
        import psycopg
    except ImportError as error:
        raise StoreUnavailable("PostgreSQL needs one more package: pip install 'strictmx[postgres]'") from error

    ours = {name: value for name, value in _LIBPQ.items() if name not in url}

    def connect() -> Any:
        return psycopg.connect(url, **ours)  # type: ignore[arg-type]  # libpq's own words

    made = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        pool_size=readers,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,  # a server that was restarted costs no error
    )

    @event.listens_for(made, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        connection.commit()

    return made


def make_file(path: Path) -> None:
    """The file of a SQLite store, readable by its owner only, with the folder around it where that is missing.

    Raises StoreUnavailable.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"the store {path} cannot be opened: {error.strerror}") from error


@contextmanager
def told(at: Place) -> Iterator[None]:
    """Faults of an engine or its driver, raised as ours with a text for an operator."""
    try:
        yield
    except (NoConnectionFree, DBAPIError) as error:
        raise in_our_words(error, at) from error


def in_our_words(error: Exception, at: Place) -> Exception:
    """A fault of an engine or its driver as a StoreError with a text for an operator; any other as it is."""
    if isinstance(error, NoConnectionFree):
        return StoreUnavailable(f"the store {at} is busy: all connections are in use")
    if not isinstance(error, DatabaseError):
        return error
    words = " ".join(str(error.orig).split())
    if isinstance(error, OperationalError) and ("locked" in words or "lock timeout" in words):
        return StoreUnavailable(f"the store {at} is busy: another process is writing")
    if at.path is not None and any(word in words for word in _DAMAGED):
        return StoreDamaged(f"the store {at} cannot be read: {words}")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return StoreUnavailable(f"the store {at} cannot be used: {words}")
    return error
