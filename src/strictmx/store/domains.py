"""The domains that this installation publishes: policy, id and addresses for reports, and every policy they ever had.

The id changes exactly when the text of the policy does, since senders look at the file again when they see another
one (RFC 8461 section 3.1). It is the UTC time of the change, one higher where the domain had that one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, case, delete, func, insert, select, update

from strictmx.config.domains import Wanted
from strictmx.standards import sts
from strictmx.standards.names import Name
from strictmx.standards.records import id_at
from strictmx.store.changes import announce
from strictmx.store.database import Store, in_turn
from strictmx.store.names import batched
from strictmx.store.schema import domains, policies

TOPIC = "domains"  # of the change feed and of the turn in which they are changed


@dataclass(frozen=True, slots=True)
class Published:
    """What is published for one domain. policy: the file; rua: URIs; max_age: seconds; changed_at: Unix seconds."""

    domain: Name
    mode: sts.Mode
    mx: tuple[sts.HostPattern, ...]
    max_age: int
    id: str
    rua: tuple[str, ...]
    policy: str
    changed_at: int

    @property
    def wanted(self) -> Wanted:
        """The same as a wish."""
        return Wanted(self.domain, sts.Policy(self.mode, self.mx, self.max_age), self.rua)

    def to_json(self) -> dict[str, object]:
        """The document of every JSON of ours, as plain data."""
        return {
            "domain": str(self.domain),
            "mode": self.mode.value,
            "mx": [str(pattern) for pattern in self.mx],
            "max_age": self.max_age,
            "id": self.id,
            "rua": list(self.rua),
            "policy": self.policy,
            "changed_at": _moment(self.changed_at),
        }


@dataclass(frozen=True, slots=True)
class Past:
    """A policy that a domain had, or has. since, until: Unix seconds; until is None for the present one."""

    id: str
    mode: sts.Mode
    max_age: int
    policy: str
    since: int
    until: int | None

    def to_json(self) -> dict[str, object]:
        """The document of every JSON of ours, as plain data."""
        return {
            "id": self.id,
            "mode": self.mode.value,
            "max_age": self.max_age,
            "policy": self.policy,
            "since": _moment(self.since),
            "until": None if self.until is None else _moment(self.until),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes the store match a list of domains. changed: what is published, and what shall be."""

    added: tuple[Wanted, ...]
    changed: tuple[tuple[Published, Wanted], ...]
    removed: tuple[Published, ...]
    unchanged: int


def get(store: Store, domain: str) -> Published | None:
    """What is published for a domain; None for one that is not."""
    with store.read() as connection:
        return _published(connection, [domain]).get(domain)


def listed(store: Store) -> list[Published]:
    """All that is published, by name."""
    with store.read() as connection:
        return [one for _, one in sorted(_published(connection, None).items())]


def names(store: Store) -> list[str]:
    """The domains that are published, in order."""
    with store.read() as connection:
        return sorted(connection.scalars(select(domains.c.domain)))


def history(store: Store, domain: str) -> list[Past]:
    """Every policy that a domain ever had, oldest first; those from before its removal, too."""
    columns = [policies.c[name] for name in ("identifier", "mode", "max_age", "text", "since", "until")]
    with store.read() as connection:
        rows = connection.execute(select(*columns).where(policies.c.domain == domain).order_by(policies.c.id))
        return [Past(row[0], sts.Mode(row[1]), *row[2:]) for row in rows]


def held_until(store: Store, some: Collection[str], at: int) -> dict[str, int]:
    """Until when senders may still hold a policy that is no longer, or not much longer, served (STS-76).

    That is max_age after the last moment at which it was served, the longest of all that asked for anything (mode
    enforce or testing). at: Unix seconds, now; domains of which nobody holds one then are left out.
    """
    last = func.max(func.coalesce(policies.c.until, at) + policies.c.max_age)
    found: dict[str, int] = {}
    with store.read() as connection:
        for portion in batched(some):
            query = (
                select(policies.c.domain, last)
                .where(policies.c.domain.in_(portion), policies.c.mode != sts.Mode.NONE.value)
                .group_by(policies.c.domain)
                .having(last > at)
            )
            found.update((domain, until) for domain, until in connection.execute(query))
    return found


def put(store: Store, wanted: Wanted) -> Published:
    """Publish this for its domain, whatever was there before."""
    _, after = change(store, wanted.domain, lambda _: wanted)
    assert after is not None  # noqa: S101 - it was put there
    return after


def remove(store: Store, domain: str) -> Published | None:
    """Publish nothing for a domain; what was published, None for nothing. Its history stays."""
    before, _ = change(store, domain, lambda _: None)
    return before


def change(
    store: Store, domain: str, decide: Callable[[Published | None], Wanted | None]
) -> tuple[Published | None, Published | None]:
    """Change what is published for one domain: before and after; None for nothing.

    decide: says what shall be from what is, with nobody able to change it meanwhile. What it raises is raised here,
    and nothing is changed.
    """

    def work(connection: Connection) -> tuple[Published | None, Published | None]:
        in_turn(connection, TOPIC)
        before = _published(connection, [domain]).get(domain)
        wanted = decide(before)
        if wanted is None:
            _write(connection, int(store.now()), [], [] if before is None else [before])
            return before, None
        if before is not None and _equal(before, wanted):
            return before, before
        _write(connection, int(store.now()), [(before, wanted)], [])
        return before, _published(connection, [domain])[domain]

    return store.write(work)


def delete_history_before(connection: Connection, at: int, most: int = 500) -> int:
    """Take away at most `most` policies that were replaced before `at` (Unix seconds); how many it were."""
    query = select(policies.c.id).where(policies.c.until < at).order_by(policies.c.id).limit(most)
    found = connection.scalars(query).all()
    connection.execute(delete(policies).where(policies.c.id.in_(found)))
    return len(found)


def plan(store: Store, wanted: Sequence[Wanted]) -> Plan:
    """What `apply` would do."""
    with store.read() as connection:
        return _plan(connection, wanted)


def apply(store: Store, wanted: Sequence[Wanted]) -> Plan:
    """Publish exactly these domains, all at once or none: others are removed. Returns what was done."""

    def work(connection: Connection) -> Plan:
        in_turn(connection, TOPIC)
        found = _plan(connection, wanted)
        put_there = [*found.changed, *((None, new) for new in found.added)]
        _write(connection, int(store.now()), put_there, found.removed)
        return found

    return store.write(work)


def _plan(connection: Connection, wanted: Sequence[Wanted]) -> Plan:
    present = _published(connection, None)
    left_out = present.keys() - {one.domain for one in wanted}
    both = [(present[one.domain], one) for one in wanted if one.domain in present]
    changed = tuple((before, after) for before, after in both if not _equal(before, after))
    return Plan(
        added=tuple(one for one in wanted if one.domain not in present),
        changed=changed,
        removed=tuple(present[domain] for domain in sorted(left_out)),
        unchanged=len(both) - len(changed),
    )


def _equal(before: Published, after: Wanted) -> bool:
    return before.policy == after.text and before.rua == after.rua


def _write(
    connection: Connection,
    at: int,
    put_there: Sequence[tuple[Published | None, Wanted]],
    removed: Sequence[Published],
) -> None:
    """Replace what is published for some domains, what was there beside what shall be, and announce it."""
    new = [after for before, after in put_there if before is None or before.policy != after.text]
    gone = [one.domain for one in removed]
    there = [after.domain for _, after in put_there]
    for some in batched([*gone, *(one.domain for one in new)]):
        ended = case((policies.c.since > at, policies.c.since), else_=at)  # the clock may have gone back
        present = (policies.c.domain.in_(some), policies.c.until.is_(None))
        connection.execute(update(policies).where(*present).values(until=ended))
    ids = _new_ids(connection, at, [one.domain for one in new])
    _insert(connection, policies, (_policy_row(one, ids[one.domain], at) for one in new))
    for some in batched([*gone, *there]):
        connection.execute(delete(domains).where(domains.c.domain.in_(some)))
    numbers: dict[str, int] = {}
    for some in batched(there):
        present = (policies.c.domain.in_(some), policies.c.until.is_(None))
        rows = connection.execute(select(policies.c.domain, policies.c.id).where(*present))
        numbers.update((domain, number) for domain, number in rows)
    _insert(connection, domains, (_domain_row(after, numbers[after.domain], at) for _, after in put_there))
    announce(connection, TOPIC, [*gone, *there], at)


def _new_ids(connection: Connection, at: int, some: Sequence[str]) -> dict[str, str]:
    """For each domain the time as an id, or the next number that it never had."""
    first = id_at(datetime.fromtimestamp(at, UTC))
    taken = set[tuple[str, str]]()
    for portion in batched(some):
        had = (policies.c.domain.in_(portion), policies.c.identifier >= first)
        rows = connection.execute(select(policies.c.domain, policies.c.identifier).where(*had))
        taken.update((domain, identifier) for domain, identifier in rows)
    return {domain: next(one for one in map(str, count(int(first))) if (domain, one) not in taken) for domain in some}


def _policy_row(one: Wanted, identifier: str, at: int) -> dict[str, object]:
    return {
        "domain": one.domain,
        "identifier": identifier,
        "mode": one.policy.mode.value,
        "max_age": one.policy.max_age,
        "text": one.text,
        "since": at,
        "until": None,
    }


def _domain_row(one: Wanted, policy: int, at: int) -> dict[str, object]:
    return {
        "domain": one.domain,
        "mode": one.policy.mode.value,
        "mx": msgspec.json.encode([str(pattern) for pattern in one.policy.mx]).decode(),
        "max_age": one.policy.max_age,
        "rua": msgspec.json.encode(one.rua).decode(),
        "policy": policy,
        "changed_at": at,
    }


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    for some in batched(rows):
        connection.execute(insert(table), some)


_QUERY = select(domains, policies.c.identifier, policies.c.text).join(policies, policies.c.id == domains.c.policy)


def _published(connection: Connection, some: Collection[str] | None) -> dict[str, Published]:
    """What is published for some domains, or for all, by name."""
    query = _QUERY if some is None else _QUERY.where(domains.c.domain.in_(some))
    return {row.domain: _from(row) for row in connection.execute(query)}


def _from(row: Row[Any]) -> Published:
    return Published(
        domain=Name(row.domain),
        mode=sts.Mode(row.mode),
        mx=tuple(map(sts.HostPattern.parse, msgspec.json.decode(row.mx))),
        max_age=row.max_age,
        id=row.identifier,
        rua=tuple(msgspec.json.decode(row.rua)),
        policy=row.text,
        changed_at=row.changed_at,
    )


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
