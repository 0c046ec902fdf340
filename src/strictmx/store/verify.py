"""Whether a store holds what it should: the engine's own checks, the schema, the bytes of reports, the totals."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from itertools import islice

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select

from strictmx.store import backup, totals
from strictmx.store.database import Store
from strictmx.store.errors import StoreDamaged
from strictmx.store.schema import METADATA, report_bytes, reports

PROBLEMS_TOLD = 100
PIECE = 65_536
UNPACKED_BYTES = 64 * 1_048_576
_BITS = {"gzip": 31, "zlib": 15}

Told = Callable[[str], None]


def verify(store: Store, told: Told = lambda _: None) -> tuple[dict[str, int], list[str]]:
    """The rows of each table, and what is wrong in a line each, at most a hundred. Raises StoreError.

    The rows of a damaged SQLite file are not counted.
    told: hears what is looked at next.
    """
    problems: list[str] = []
    rows: dict[str, int] = {}
    try:
        with store.read() as connection:
            for what, find in _CHECKS.items():
                told(what)
                left = PROBLEMS_TOLD - len(problems)
                problems += (f"{what}: {problem}" for problem in islice(find(connection), left))
                if problems and find is _engine:
                    break  # what is read from such a file may be anything
            else:
                rows = _rows(connection)
    except StoreDamaged as error:
        problems = problems or [f"database: {error}"]
    return rows, problems


def _rows(connection: Connection) -> dict[str, int]:
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in backup.tables()}


def _engine(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL checks its pages when it reads them
    for (found,) in connection.exec_driver_sql(f"PRAGMA integrity_check({PROBLEMS_TOLD})"):
        if found != "ok":
            yield " ".join(found.split())
    for table, row, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to a row of {other} that is missing"


def _schema(connection: Connection) -> Iterator[str]:
    for difference in compare_metadata(MigrationContext.configure(connection), METADATA):
        yield f"the tables differ from those of this release: {difference}"


def _bytes(connection: Connection) -> Iterator[str]:
    streamed = connection.execution_options(stream_results=True, yield_per=backup.LARGE_ROWS_AT_ONCE)
    for number, packing, payload in streamed.execute(
        select(report_bytes.c.report, report_bytes.c.packing, report_bytes.c.payload)
    ):
        if not _unpacks(payload, _BITS.get(packing, 0)):
            yield f"the bytes of report {number} do not unpack"
    missing = select(reports.c.id).where(~select(report_bytes).where(report_bytes.c.report == reports.c.id).exists())
    for number in connection.scalars(missing):
        yield f"the bytes of report {number} are missing"


def _unpacks(payload: bytes, bits: int) -> bool:
    unpacker = zlib.decompressobj(bits) if bits else None
    if unpacker is None:
        return False
    size = 0
    try:
        while payload and not unpacker.eof and size <= UNPACKED_BYTES:
            size += len(unpacker.decompress(payload, PIECE))
            payload = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return size > 0


def _copies(connection: Connection) -> Iterator[str]:
    query = select(func.count()).select_from(reports).where(reports.c.counts).group_by(reports.c.key)
    for number in connection.scalars(query.having(func.count() > 1)):
        yield f"{number} copies of one report count"


_CHECKS: dict[str, Callable[[Connection], Iterator[str]]] = {
    "database": _engine,
    "schema": _schema,
    "reports": _bytes,
    "copies": _copies,
    "totals": totals.differences,
}
