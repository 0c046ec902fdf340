"""Notices: what a role has to tell an administrator. Roles only write them; `alerts` groups and sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from strictmx.store.database import Store
from strictmx.store.schema import notices

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell.

    kind: what sort of thing, kebab-case. subject: the domain or host. cause: what it comes from; notices of one kind,
    subject and cause are one matter. proven: whether it rests on more than a stranger's word. severity: as of a
    finding. text: a sentence. at: Unix seconds.
    """

    kind: str
    subject: str
    cause: str
    proven: bool
    severity: str
    text: str
    at: int


def write_in(connection: Connection, some: Sequence[Notice]) -> None:
    """Write notices within a transaction."""
    if some:
        fields = ("kind", "subject", "cause", "proven", "severity", "text", "at")
        connection.execute(insert(notices), [{name: getattr(each, name) for name in fields} for each in some])


def untaken(store: Store, limit: int = PAGE) -> list[tuple[int, Notice]]:
    """Those that nobody has taken up, oldest first, with their numbers."""
    columns = (notices.c.kind, notices.c.subject, notices.c.cause, notices.c.proven, notices.c.severity)
    query = (
        select(notices.c.id, *columns, notices.c.text, notices.c.at)
        .where(notices.c.taken_at.is_(None))
        .order_by(notices.c.id)
        .limit(limit)
    )
    with store.read() as connection:
        return [(row[0], Notice(*row[1:])) for row in connection.execute(query)]


def take_in(connection: Connection, numbers: Sequence[int], at: int) -> None:
    """Mark notices as taken up, within a transaction."""
    connection.execute(update(notices).where(notices.c.id.in_(numbers)).values(taken_at=at))


def delete_before(connection: Connection, at: int, most: int = PAGE) -> int:
    """Take away at most `most` that were written before `at` (Unix seconds); how many it were."""
    found = connection.scalars(select(notices.c.id).where(notices.c.at < at).order_by(notices.c.id).limit(most)).all()
    connection.execute(delete(notices).where(notices.c.id.in_(found)))
    return len(found)
