"""Backups: one file that holds all of a store, on both engines the same, so that it is also the way between them.

The file is a SQLite database with our schema. From SQLite it is copied page by page while others read and write;
from PostgreSQL row by row in one snapshot. Restoring writes all rows in one transaction: a fault half-way leaves
what was there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from strictmx.store import migrate
from strictmx.store.changes import announce
from strictmx.store.connection import engine
from strictmx.store.database import Store
from strictmx.store.errors import StoreDamaged, StoreUnavailable
from strictmx.store.place import Place
from strictmx.store.schema import METADATA, changes, leases, turns

ROWS_AT_ONCE = 1_000
PAGES_AT_ONCE = 1_000  # of 4 KiB; between two portions others may write

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
    if file.exists() and not replace:
        raise StoreUnavailable(f"{file} exists already; --force replaces it")
    part = file.with_name(file.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if store.place.path is not None:
            _copy_pages(store.place.path, part, told)
        else:
            _copy_out(store, part, told)
        rows = check(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the backup {file} cannot be written: {_why(error)}") from error
    finally:
        for leftover in (part, part.with_name(part.name + "-journal")):
            leftover.unlink(missing_ok=True)
    return rows


def _copy_pages(source: Path, target: Path, told: Told) -> None:
    with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer, pages=PAGES_AT_ONCE, progress=lambda _, left, all_: told("pages", all_ - left))
        writer.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def _copy_out(store: Store, target: Path, told: Told) -> None:
    at = Place(path=target)
    writers = engine(at, writes=True)
    try:
        migrate.migrate(at, writers)
        with store.read() as source, writers.begin() as written:
            streamed = source.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)
            for table in tables():
                _copy_rows(streamed, written, table, told)
        with writers.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA journal_mode = DELETE")  # type: ignore[union-attr]
    finally:
        writers.dispose()


def _copy_rows(source: Connection, target: Connection, table: Table, told: Told) -> int:
    done = 0
    for some in source.execute(select(table)).mappings().partitions(ROWS_AT_ONCE):
        target.execute(insert(table), [dict(row) for row in some])
        done += len(some)
        told(table.name, done)
    return done


def check(file: Path) -> dict[str, int]:
    """Whether the file is a whole backup; the rows of each table. Raises StoreDamaged."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(file)}?mode=ro", uri=True)) as connection:
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
    if not file.is_file():
        raise StoreUnavailable(f"{file} is no file")
    check(file)
    with _readable(file) as source:

        def work(connection: Connection) -> dict[str, int]:
            if not replace and any(connection.scalar(select(func.count()).select_from(table)) for table in tables()):
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
    """A connection to a copy of the backup with the schema of this release."""
    with TemporaryDirectory(prefix="strictmx-") as folder:
        copy = Path(folder) / "backup.db"
        try:
            shutil.copyfile(file, copy)
        except OSError as error:
            raise StoreUnavailable(f"no copy of {file} can be made in {folder}: {_why(error)}") from error
        with Store.open(Place(path=copy)) as opened, opened.read() as connection:
            yield connection


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


def _quoted(file: Path) -> str:
    return str(file.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _why(error: Exception) -> str:
    reason: Any = error.strerror if isinstance(error, OSError) and error.strerror else error
    return " ".join(str(reason).split())
