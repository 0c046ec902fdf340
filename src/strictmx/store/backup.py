"""Backups: one file that holds all of a store, on both engines the same, so that it is also the way between them.

The file is a SQLite database with our schema. From SQLite it is copied page by page while others read and write;
from PostgreSQL row by row in one snapshot. Restoring writes all rows in one transaction: a fault half-way leaves
what was there.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, create_engine, delete, insert, select, text
from sqlalchemy.pool import StaticPool

from strictmx.store import domains, migrate, reports, sessions
from strictmx.store.changes import announce
from strictmx.store.connection import engine
from strictmx.store.database import Store, in_turn
from strictmx.store.errors import SchemaMismatch, StoreDamaged, StoreUnavailable
from strictmx.store.place import Place
from strictmx.store.schema import METADATA, changes, leases, turns

ROWS_AT_ONCE = 1_000
LARGE_ROWS_AT_ONCE = 16  # of a table that keeps what strangers sent, up to some MiB a row
PAGES_AT_ONCE = 1_000  # of 4 KiB; then it is told how far it is
BESIDE = ("-journal", "-wal", "-shm")  # what SQLite keeps beside a file while it is used

TOPIC = "store"  # of the change feed: whoever holds anything in memory reads it anew
Told = Callable[[str, int], None]  # a table, and how many of its rows are done


def tables() -> list[Table]:
    """The tables that hold data, those that others refer to first; not what only lives while processes run."""
    return [table for table in METADATA.sorted_tables if table not in (turns, leases, changes)]


def backup(store: Store, file: Path, *, replace: bool = False, told: Told = lambda _, __: None) -> dict[str, int]:
    """Write all of the store as of one moment into `file`; the rows of each table.

    The file is readable by its owner only, and there only when it is whole and on the disk. An existing one is
    refused unless `replace`. Raises StoreError.
    """
    try:
        if file.exists() and store.place.path is not None and file.samefile(store.place.path):
            raise StoreUnavailable(f"{file} is the store itself")
        if file.exists() and not replace:
            raise StoreUnavailable(f"{file} exists already; --force replaces it")
        with _part(file) as part:
            if store.place.path is not None:
                _copy_pages(store.place.path, part, told)
            else:
                _copy_out(store, part, told)
            rows = _checked(store, part)
            _flush(part)
            part.replace(file)
            _flush(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the backup {file} cannot be written: {_why(error)}") from error
    return rows


def _checked(store: Store, part: Path) -> dict[str, int]:
    try:
        return check(part)
    except StoreDamaged as error:
        raise StoreDamaged(
            f"the store {store.place} is damaged, see `strictmx store verify`; no backup is made"
        ) from error


@contextmanager
def _part(file: Path) -> Iterator[Path]:
    """The file beside `file` that is written first, empty and ours alone; gone at the end unless it was renamed."""
    part = file.with_name(file.name + ".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)) as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreUnavailable(f"another process is writing {part}") from error
        if not part.exists() or not os.path.samestat(os.fstat(opened.fileno()), part.stat()):
            raise StoreUnavailable(f"another process has just written {file}")
        leftovers = [part.with_name(part.name + end) for end in BESIDE]  # of one that was killed
        try:
            for leftover in leftovers:
                leftover.unlink(missing_ok=True)
            os.fchmod(opened.fileno(), 0o600)
            os.truncate(opened.fileno(), 0)
            yield part
        finally:
            with suppress(OSError):
                for leftover in (part, *leftovers):
                    leftover.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _copy_pages(source: Path, target: Path, told: Told) -> None:
    with closing(_reading(source)) as reader, closing(sqlite3.connect(target)) as writer:
        # Without a transaction that holds what is seen, the copy would begin anew with every commit of another.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(writer, pages=PAGES_AT_ONCE, progress=lambda _, left, all_: told("pages", all_ - left))
        writer.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def _reading(file: Path) -> sqlite3.Connection:
    """A connection that reads a SQLite file only, whatever lies beside it."""
    name = str(file.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{name}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)


def _copy_out(store: Store, target: Path, told: Told) -> None:
    at = Place(path=target)
    writers = engine(at, writes=True)
    try:
        migrate.migrate(at, writers)
        with store.read() as source, writers.begin() as written:
            for table in tables():
                _copy_rows(source, written, table, told)
        with writers.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA journal_mode = DELETE")  # type: ignore[union-attr]
    finally:
        writers.dispose()


def _copy_rows(source: Connection, target: Connection, table: Table, told: Told) -> int:
    done = 0
    large = any(isinstance(column.type, LargeBinary) and column.name in ("payload", "line") for column in table.c)
    most = LARGE_ROWS_AT_ONCE if large else ROWS_AT_ONCE
    found = source.execute(select(table), execution_options={"yield_per": most})
    for some in found.mappings().partitions():
        target.execute(insert(table), [dict(row) for row in some])
        done += len(some)
        told(table.name, done)
    return done


def check(file: Path) -> dict[str, int]:
    """Whether the file is a whole backup; the rows of each table. Raises StoreDamaged."""
    try:
        with closing(_reading(file)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreDamaged(f"{file} is damaged: {' '.join(found.split())}")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StoreDamaged(f"{file} is damaged: rows refer to others that are missing")
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in names or not names >= {"reports", "domains"}:
                raise StoreDamaged(f"{file} is no backup of a store of strictmx")
            return {
                table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608
                for table in tables()
                if table.name in names
            }
    except sqlite3.Error as error:
        raise StoreDamaged(f"{file} is no backup of a store of strictmx: {_why(error)}") from error


def restore(store: Store, file: Path, *, replace: bool = False, told: Told = lambda _, __: None) -> dict[str, int]:
    """Make the store hold what the backup holds; the rows of each table.

    A store that holds data is refused unless `replace`; then it holds the backup and nothing else. A backup of an
    older release is migrated on the way, in a copy. Raises StoreError; the store is as it was then.
    """
    try:
        with file.open("rb"):
            if store.place.path is not None and file.samefile(store.place.path):
                raise StoreUnavailable(f"{file} is the store itself")
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be read: {_why(error)}") from error
    check(file)
    with _readable(file) as source:

        def work(connection: Connection) -> dict[str, int]:
            if not store.is_sqlite:
                _keep_others_out(connection)
            if not replace and any(connection.scalar(select(select(table).exists())) for table in tables()):
                raise StoreUnavailable(f"the store {store.place} holds data; --force replaces it by the backup")
            for table in reversed(tables()):
                connection.execute(delete(table))
            rows = {table.name: _copy_rows(source, connection, table, told) for table in tables()}
            if not store.is_sqlite:
                _set_sequences(connection)
            announce(connection, TOPIC, ["restored"], store.now())
            return rows

        return store.write(work)


@contextmanager
def _readable(file: Path) -> Iterator[Connection]:
    """A connection to the backup, or to a copy of it that was brought to the schema of this release."""
    with _connected(file) as connection:
        version = migrate.version_of(connection)
        if version > migrate.HEAD:
            raise SchemaMismatch(
                f"{file} is of a newer release (its schema is {version}, ours {migrate.HEAD}): upgrade strictmx"
            )
        if version == migrate.HEAD:
            yield connection
            return
    with TemporaryDirectory(prefix="strictmx-") as folder:
        copy = Path(folder) / "backup.db"
        try:
            _copy_pages(file, copy, lambda _, __: None)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(f"no copy of {file} can be made in {folder}: {_why(error)}") from error
        Store.open(Place(path=copy)).close()
        with _connected(copy) as connection:
            yield connection


@contextmanager
def _connected(file: Path) -> Iterator[Connection]:
    """A connection that reads a SQLite file as of one moment."""
    with closing(_reading(file)) as raw:
        raw.execute("BEGIN")
        with create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).connect() as connection:
            yield connection


def _keep_others_out(connection: Connection) -> None:
    """Have every turn, then every table: others read what was there, and write when this is over."""
    for turn in sorted((reports.TURN, sessions.TURN, domains.TOPIC)):
        in_turn(connection, turn)
    connection.exec_driver_sql(f"LOCK TABLE {', '.join(table.name for table in tables())} IN EXCLUSIVE MODE")


def _set_sequences(connection: Connection) -> None:
    """Have PostgreSQL count on from the restored numbers."""
    for table in tables():
        column = table.autoincrement_column
        if column is not None:
            name = f"{table.name}.{column.name}"
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"  # noqa: S608 - our names
                    f" coalesce(max({name}), 1), max({name}) IS NOT NULL) FROM {table.name}"
                )
            )


def _why(error: Exception) -> str:
    reason: Any = error.strerror if isinstance(error, OSError) and error.strerror else error
    return " ".join(str(reason).split())
