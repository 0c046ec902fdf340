"""Names stand once in the store; tables of reports and totals hold their numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from strictmx.store.schema import names

AT_ONCE = 500  # values in one question; SQLite takes 32,766 in a statement

Item = TypeVar("Item")


def batched(items: Iterable[Item], most: int = AT_ONCE) -> Iterator[tuple[Item, ...]]:
    """The items in portions of at most so many."""
    waiting = iter(items)
    while portion := tuple(islice(waiting, most)):
        yield portion


def insert_or_ignore(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        kind = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(kind.insert(table).on_conflict_do_nothing(), rows)


def numbers_of(connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    """The number of each name; new names get one."""
    known = _known(connection, wanted)
    new = sorted(set(wanted) - known.keys())
    if new:
        insert_or_ignore(connection, names, [{"name": name} for name in new])
        known |= _known(connection, new)
    return known


def number_of(connection: Connection, name: str) -> int | None:
    """The number of one name, None where no table can hold it."""
    return connection.scalar(select(names.c.id).where(names.c.name == name))


def _known(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in batched(wanted):
        query = select(names.c.name, names.c.id).where(names.c.name.in_(some))
        found.update((name, number) for name, number in connection.execute(query))
    return found
