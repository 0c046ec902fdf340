"""What could not be counted, kept as it came until somebody looks or the time is up."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, select

from strictmx.store.database import Store
from strictmx.store.names import batched, insert_or_ignore
from strictmx.store.schema import aside

DIGITS = 18  # of a number that every engine holds
LETTER = "a"  # an item is called `a12`, so that it is never taken for report 12
UNPACKED_BYTES = 64 * 1_048_576
PAGE = 500
_COLUMNS = [column for column in aside.c if column.name not in ("digest", "payload")]


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to be set aside. received_at: Unix seconds; via: file, mail or https; source: for people."""

    payload: bytes
    rule: str
    reason: str
    source: str
    via: str
    received_at: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something that was set aside, without its bytes."""

    number: int
    received_at: int
    via: str
    source: str
    rule: str
    reason: str

    @property
    def id(self) -> str:
        """What it is called."""
        return f"{LETTER}{self.number}"


def add_in(connection: Connection, items: Sequence[NewItem]) -> None:
    """Set things aside, each content once."""
    rows = [
        {
            "digest": sha256(item.payload).digest(),
            "received_at": item.received_at,
            "via": item.via,
            "source": item.source,
            "rule": item.rule,
            "reason": item.reason,
            "payload": zlib.compress(item.payload),
        }
        for item in items
    ]
    insert_or_ignore(connection, aside, rows)


def listed(store: Store) -> Iterator[Item]:
    """Everything that is set aside, oldest first."""
    after = 0
    while True:
        with store.read() as connection:
            query = select(*_COLUMNS).where(aside.c.id > after).order_by(aside.c.id).limit(PAGE)
            page = [Item(*row) for row in connection.execute(query)]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].number


def one(store: Store, number: int) -> Item | None:
    """One thing that is set aside; None where there is none of that number."""
    with store.read() as connection:
        row = connection.execute(select(*_COLUMNS).where(aside.c.id == number)).one_or_none()
    return None if row is None else Item(*row)


def number_of(text: str) -> int | None:
    """The number in a name such as `a12`; None for any other text."""
    digits = text.removeprefix(LETTER)
    return int(digits) if text != digits and digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS else None


def payload(store: Store, number: int) -> bytes | None:
    """The bytes of one, as they came; None where there is no such one."""
    with store.read() as connection:
        packed = connection.scalar(select(aside.c.payload).where(aside.c.id == number))
    return None if packed is None else zlib.decompressobj().decompress(packed, UNPACKED_BYTES)


def remove_in(connection: Connection, numbers: Sequence[int]) -> None:
    """Take some away."""
    for some in batched(numbers):
        connection.execute(delete(aside).where(aside.c.id.in_(some)))


def delete_before(connection: Connection, at: int, most: int = PAGE) -> int:
    """Take away at most `most` that were received before `at` (Unix seconds); how many it were."""
    numbers = connection.scalars(select(aside.c.id).where(aside.c.received_at < at).order_by(aside.c.id).limit(most))
    found = numbers.all()
    remove_in(connection, found)
    return len(found)
