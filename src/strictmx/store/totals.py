"""Totals of the reports that count: kept beside them, changed with them, and what the summary reads.

A total is what the tables of reports add up to (`_CONTENTS`); `change` adds or takes the share of some reports, and
`differences` adds everything up anew and compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from strictmx.store.database import Store
from strictmx.store.names import batched, number_of
from strictmx.store.schema import (
    day_totals,
    failure_totals,
    names,
    organization_totals,
    report_domains,
    report_failures,
    report_types,
    reports,
    type_totals,
)

TABLES = (day_totals, organization_totals, type_totals, failure_totals)
_OF_TOTAL = {
    day_totals.name: report_domains,
    organization_totals.name: report_domains,
    type_totals.name: report_types,
    failure_totals.name: report_failures,
}
DOMAINS_AT_ONCE = 100
NAMES_COMPARED = 1_000


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as a whole number; PostgreSQL would make it a decimal, and of nothing both make NULL."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _contents(total: Table) -> Select[Any]:
    """What a table of totals holds, from the tables of reports."""
    source = _OF_TOTAL[total.name]
    columns = {**dict(source.c.items()), "day": reports.c.day, "organization": reports.c.organization}
    keys = [columns[column.name].label(column.name) for column in total.primary_key]
    sums = [
        (func.count() if column.name == "reports" else _sum(source.c[column.name])).label(column.name)
        for column in total.c
        if not column.primary_key
    ]
    return (
        select(*keys, *sums)
        .join_from(source, reports, reports.c.id == source.c.report)
        .where(reports.c.counts)
        .group_by(*(columns[column.name] for column in total.primary_key))
    )


def change(connection: Connection, ids: Sequence[int], sign: int) -> None:
    """Add the share of some reports to the totals (1), or take it away (-1)."""
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    for some in batched(ids):
        for total in TABLES:
            share = _contents(total).where(_OF_TOTAL[total.name].c.report.in_(some)).subquery()
            signed = [share.c[column.name] if column.primary_key else share.c[column.name] * sign for column in total.c]
            rows = (
                select(*signed)
                .where(share.c.day.is_not(None))
                .order_by(*(share.c[key.name] for key in total.primary_key))
            )
            upsert = kind.insert(total).from_select(list(total.c.keys()), rows)
            connection.execute(
                upsert.on_conflict_do_update(
                    index_elements=list(total.primary_key),
                    set_={
                        column.name: column + upsert.excluded[column.name]
                        for column in total.c
                        if not column.primary_key
                    },
                )
            )
            if sign < 0:
                touched = select(report_domains.c.domain).where(report_domains.c.report.in_(some))
                connection.execute(delete(total).where(total.c.domain.in_(touched), total.c.reports == 0))


def differences(connection: Connection) -> Iterator[str]:
    """Every total that is not what the reports add up to, as `day_totals: stored (…), by the reports (…)`."""
    for total in TABLES:
        stored, rebuilt = select(total), _contents(total)
        for one, other, what in ((stored, rebuilt, "stored"), (rebuilt, stored, "by the reports")):
            for row in connection.execute(one.except_(other)):
                values = ", ".join(f"{name} {value}" for name, value in zip(total.c.keys(), row, strict=True))
                yield f"{total.name}: {what}: {values}"


@dataclass(frozen=True, slots=True)
class Sums:
    """Sessions that kept to the policy, and those that did not."""

    successful: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class DomainTotals:
    """One domain in a range of days; each table sorted, sessions as the counted view has them.

    organizations, days, types: by name, day since 1970, type of policy. result_types: failed sessions by the details
    of all policies. hosts: those of the counted view by MX host, then result type. unexplained: failed sessions that
    no detail tells of; unexplained_days: the days of these.
    """

    domain: str
    sums: Sums
    unexplained: int
    days: dict[int, Sums] = field(default_factory=dict)
    organizations: dict[str, Sums] = field(default_factory=dict)
    types: dict[str, Sums] = field(default_factory=dict)
    result_types: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, dict[str, int]] = field(default_factory=dict)
    unexplained_days: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of failure at one MX host, as reports tell it.

    sessions: by organization, by the details of all policies; most first. first, last: days since 1970.
    """

    host: str
    result_type: str
    sessions: dict[str, int]
    first: int
    last: int

    @property
    def total(self) -> int:
        """All sessions."""
        return sum(self.sessions.values())


def _within(total: Table, since: int | None, until: int | None) -> list[ColumnElement[bool]]:
    """The conditions that keep a table of totals to days, both included."""
    conditions = [] if since is None else [total.c.day >= since]
    return conditions if until is None else [*conditions, total.c.day <= until]


def span(store: Store, domain: str | None) -> tuple[int, int] | None:
    """The first and the last day of which there are figures."""
    with store.read() as connection:
        query = select(func.min(day_totals.c.day), func.max(day_totals.c.day))
        if domain is not None:
            query = query.where(day_totals.c.domain == number_of(connection, domain))
        first, last = connection.execute(query).one()
    return None if first is None else (first, last)


def domains_like(store: Store, domain: str) -> list[str]:
    """At most three domains with figures whose names are like this one."""
    with store.read() as connection:
        reported = select(day_totals.c.day).where(day_totals.c.domain == names.c.id).exists()
        found = connection.scalars(select(names.c.name).where(names.c.name != "", reported).limit(NAMES_COMPARED)).all()
    return get_close_matches(domain, found)


def by_domain(
    store: Store, since: int | None = None, until: int | None = None, domain: str | None = None
) -> list[DomainTotals]:
    """The sums of each domain, by name, without their tables."""
    query = (
        select(
            names.c.name,
            _sum(day_totals.c.successful),
            _sum(day_totals.c.failed),
            _sum(day_totals.c.unexplained),
        )
        .join(names, names.c.id == day_totals.c.domain)
        .where(names.c.name != "", *_within(day_totals, since, until))
        .group_by(names.c.id, names.c.name)
        .order_by(names.c.name)
    )
    with store.read() as connection:
        if domain is not None:
            query = query.where(names.c.name == domain)
        return [
            DomainTotals(name, Sums(successful, failed), unexplained)
            for name, successful, failed, unexplained in connection.execute(query)
        ]


def in_full(
    store: Store, since: int | None = None, until: int | None = None, domain: str | None = None
) -> Iterator[DomainTotals]:
    """Each domain with all its tables, by name."""
    for some in batched(by_domain(store, since, until, domain), DOMAINS_AT_ONCE):
        yield from filled(store, some, since, until)


def filled(
    store: Store, some: Sequence[DomainTotals], since: int | None = None, until: int | None = None
) -> Sequence[DomainTotals]:
    """Some of `by_domain`, at most DOMAINS_AT_ONCE, their tables filled in."""
    with store.read() as connection:
        return _filled(connection, some, since, until)


def _filled(
    connection: Connection, some: Sequence[DomainTotals], since: int | None, until: int | None
) -> Sequence[DomainTotals]:
    """The same domains with their tables."""
    by_name = {one.domain: one for one in some}
    numbers = connection.execute(select(names.c.id, names.c.name).where(names.c.name.in_(by_name)))
    of = {number: by_name[name] for number, name in numbers}

    def rows(total: Table, *keys: str) -> list[Any]:
        """The sums of the domains by `keys`: domain, keys, sums."""
        sums = [_sum(column) for column in total.c if not column.primary_key and column.name != "reports"]
        groups = [total.c.domain, *(total.c[key] for key in keys)]
        query = select(*groups, *sums).where(total.c.domain.in_(of), *_within(total, since, until)).group_by(*groups)
        return list(connection.execute(query).all())

    for domain, day, successful, failed, unexplained in sorted(rows(day_totals, "day"), key=lambda row: row[1]):
        of[domain].days[day] = Sums(successful, failed)
        if unexplained:
            of[domain].unexplained_days.append(day)
    for domain, kind, successful, failed in rows(type_totals, "policy_type"):
        of[domain].types[kind] = Sums(successful, failed)
    by_organization = rows(organization_totals, "organization")
    called = _called(connection, {row.organization for row in by_organization})
    for domain, organization, successful, failed in sorted(
        by_organization, key=lambda row: (-row[2] - row[3], called[row[1]])
    ):
        of[domain].organizations[called[organization]] = Sums(successful, failed)
    by_fault = rows(failure_totals, "host", "result_type")
    called = _called(connection, {number for row in by_fault for number in row[1:3]})
    for domain, host, result_type, sessions, counted in sorted(
        by_fault, key=lambda row: (-row[3], called[row[1]], called[row[2]])
    ):
        one, kind = of[domain], called[result_type]
        one.result_types[kind] = one.result_types.get(kind, 0) + sessions
        if counted:
            one.hosts.setdefault(called[host], {})[kind] = counted
    return some


def faults(store: Store, domain: str, since: int | None = None, until: int | None = None) -> list[Fault]:
    """What fails where, by the reports on a domain; most sessions first."""
    table = failure_totals
    with store.read() as connection:
        query = (
            select(
                table.c.host,
                table.c.result_type,
                table.c.organization,
                _sum(table.c.sessions),
                func.min(table.c.day),
                func.max(table.c.day),
            )
            .where(table.c.domain == number_of(connection, domain), *_within(table, since, until))
            .group_by(table.c.host, table.c.result_type, table.c.organization)
        )
        rows = connection.execute(query).all()
        called = _called(connection, {number for row in rows for number in row[:3]})
    gathered: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        gathered.setdefault((called[row[0]], called[row[1]]), []).append(row)
    told = [
        Fault(
            host,
            result_type,
            {called[row[2]]: row[3] for row in sorted(of_one, key=lambda row: (-row[3], called[row[2]]))},
            min(row[4] for row in of_one),
            max(row[5] for row in of_one),
        )
        for (host, result_type), of_one in gathered.items()
    ]
    return sorted(told, key=lambda fault: (-fault.total, fault.host, fault.result_type))


def _called(connection: Connection, numbers: set[int]) -> dict[int, str]:
    called: dict[int, str] = {}
    for some in batched(sorted(numbers)):
        rows = connection.execute(select(names.c.id, names.c.name).where(names.c.id.in_(some)))
        called.update((number, name) for number, name in rows)
    return called
