"""Reports received: each kept with its bytes, of the copies of one at most one counts, totals change with it.

Duplicates (DEC-17): a copy has the same key (`ReportFacts.key`). Equal content is kept once; other content is kept
and does not count. A proven copy takes the place of an unproven one, whichever came first, and an unproven one never
alters a proven one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from strictmx.standards.tlsrpt import Deviation, Hints, ReportFacts
from strictmx.store import totals
from strictmx.store.changes import announce
from strictmx.store.database import Store, in_turn
from strictmx.store.names import batched, number_of, numbers_of
from strictmx.store.schema import (
    names,
    report_bytes,
    report_domains,
    report_failures,
    report_types,
    reports,
)

DAY_SECONDS = 86_400
TURN = "reports"  # also the topic of changes, a domain each; one transaction at a time changes reports and their totals
PAGE = 500  # reports that are read at a time
NO_DOMAIN = ""  # the name under which policies without a domain stand
_OF_A_REPORT = (report_bytes, report_domains, report_types, report_failures)


class Outcome(Enum):
    """What became of a report that was handed in."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"  # a copy with other content: kept, and not counted


class NewReport(Struct, frozen=True):
    """A report to be kept.

    payload: its bytes, packed as `packing` says: `gzip`, as received, or `zlib`. via: `file`, `mail` or `https`.
    authenticated: whether its origin is proven; None where nothing came with it that could prove it.
    received_at: Unix seconds. source: where it came from, for people.
    """

    facts: ReportFacts
    payload: bytes
    packing: str
    hints: Hints
    via: str
    authenticated: bool | None
    received_at: int
    source: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One report as `reports list` shows it; times in Unix seconds. conflicts: copies with other content."""

    id: int
    report_id: str
    organization: str
    contact: str | None
    begin: int
    end: int
    domains: tuple[str, ...]
    successful: int | None
    failed: int | None
    received_at: int
    via: str
    authenticated: bool | None
    deviations: tuple[Deviation, ...]
    source: str
    conflicts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One report with its bytes. conflicts: the numbers of the copies with other content."""

    listed: Listed
    counts: bool
    payload: bytes
    packing: str
    hints: Hints
    conflicts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """What is asked for: a domain, or all; UTC days since 1970, both included."""

    domain: str | None = None
    since: int | None = None
    until: int | None = None


def add(store: Store, arrivals: Sequence[NewReport]) -> list[Outcome]:
    """Keep reports; all are on the disk when this returns, or, after StoreError, none."""
    return store.write(lambda connection: add_in(connection, arrivals))


def add_in(connection: Connection, arrivals: Sequence[NewReport]) -> list[Outcome]:
    """Keep reports within a transaction; a copy of one that stands before it in `arrivals` is a copy like any other."""
    in_turn(connection, TURN)
    outcomes: dict[int, Outcome] = {}
    changed: set[str] = set()
    waiting = dict(enumerate(arrivals))
    while waiting:
        firsts = {arrival.facts.key: at for at, arrival in reversed(waiting.items())}
        some = {at: waiting.pop(at) for at in sorted(firsts.values())}
        present = _copies(connection, [arrival.facts.key for arrival in some.values()])
        placed = {at: _place(connection, arrival, present.get(arrival.facts.key, ())) for at, arrival in some.items()}
        for counts in (True, False):
            _insert(connection, [some[at] for at, place in placed.items() if place.keep is counts], counts=counts)
        outcomes |= {at: place.outcome for at, place in placed.items()}
        changed |= {name for at, place in placed.items() if place.keep for name in domains_of(some[at].facts)}
    announce(connection, TURN, sorted(changed), max((arrival.received_at for arrival in arrivals), default=0))
    return [outcomes[at] for at in range(len(arrivals))]


@dataclass(frozen=True, slots=True)
class _Place:
    """What to do with an arrival: keep it as the copy that counts (True), beside that one (False), or not (None)."""

    outcome: Outcome
    keep: bool | None


def domains_of(facts: ReportFacts) -> Iterator[str]:
    """The domains that a report is about."""
    return (figures.domain for figures in facts.figures if figures.domain is not None)


def _copies(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, list[Any]]:
    found: dict[bytes, list[Any]] = {}
    for some in batched(keys):
        columns = (reports.c.key, reports.c.id, reports.c.digest, reports.c.counts, reports.c.authenticated)
        rows: Sequence[Any] = connection.execute(select(*columns).where(reports.c.key.in_(some))).all()
        for row in rows:
            found.setdefault(row.key, []).append(row)
    return found


def _place(connection: Connection, arrival: NewReport, copies: Sequence[Any]) -> _Place:
    """Decide about one arrival, and take away what it replaces."""
    counted = next((copy for copy in copies if copy.counts), None)
    if counted is None:
        _remove(connection, [copy.id for copy in copies])
        return _Place(Outcome.NEW, keep=True)
    if arrival.authenticated and not counted.authenticated:
        _remove(connection, [copy.id for copy in copies if not copy.authenticated])
        return _Place(Outcome.DUPLICATE, keep=True)
    if any(copy.digest == arrival.facts.digest for copy in copies) or (
        counted.authenticated and not arrival.authenticated
    ):
        return _Place(Outcome.DUPLICATE, keep=None)
    return _Place(Outcome.CONFLICT, keep=False)


def _insert(connection: Connection, arrivals: Sequence[NewReport], *, counts: bool) -> None:
    """Write reports with everything that belongs to them."""
    if not arrivals:
        return
    numbers = numbers_of(connection, {name for arrival in arrivals for name in _names(arrival.facts)})
    rows = [_row(arrival, numbers, counts=counts) for arrival in arrivals]
    statement = insert(reports).returning(reports.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(statement, rows).scalars())
    children: dict[str, list[dict[str, Any]]] = {table.name: [] for table in _OF_A_REPORT}
    for number, arrival in zip(ids, arrivals, strict=True):
        children[report_bytes.name].append(
            {
                "report": number,
                "packing": arrival.packing,
                "payload": arrival.payload,
                "hints": msgspec.json.encode(arrival.hints).decode(),
            }
        )
        _add_figures(children, number, arrival.facts, numbers)
    for table in _OF_A_REPORT:
        if children[table.name]:
            connection.execute(insert(table), children[table.name])
    if counts:
        totals.change(connection, ids, 1)


def _names(facts: ReportFacts) -> Iterator[str]:
    yield facts.organization
    for figures in facts.figures:
        yield figures.domain or NO_DOMAIN
        for failure in figures.failures:
            yield failure.host
            yield failure.result_type


def _row(arrival: NewReport, numbers: dict[str, int], *, counts: bool) -> dict[str, Any]:
    facts = arrival.facts
    return {
        "key": facts.key,
        "digest": facts.digest,
        "counts": counts,
        "report_id": facts.report_id,
        "organization": numbers[facts.organization],
        "submitter": facts.submitter,
        "contact": facts.contact,
        "begin": facts.begin,
        "end": facts.end,
        "day": facts.begin // DAY_SECONDS,
        "successful": _known_sum(figures.successful for figures in facts.figures),
        "failed": _known_sum(figures.failed for figures in facts.figures),
        "received_at": arrival.received_at,
        "via": arrival.via,
        "authenticated": arrival.authenticated,
        "source": arrival.source,
        "deviations": msgspec.json.encode(facts.deviations).decode(),
    }


def _add_figures(
    children: dict[str, list[dict[str, Any]]], number: int, facts: ReportFacts, numbers: dict[str, int]
) -> None:
    """The rows that hold the figures of a report."""
    for figures in facts.figures:
        head = {"report": number, "domain": numbers[figures.domain or NO_DOMAIN]}
        children[report_domains.name].append(
            {
                **head,
                "successful": figures.successful,
                "failed": figures.failed,
                "unexplained": figures.unexplained,
            }
        )
        children[report_types.name] += (
            {**head, "policy_type": kind.policy_type, "successful": kind.successful, "failed": kind.failed}
            for kind in figures.types
        )
        children[report_failures.name] += (
            {
                **head,
                "host": numbers[failure.host],
                "result_type": numbers[failure.result_type],
                "sessions": failure.sessions,
                "counted": failure.counted,
            }
            for failure in figures.failures
        )


def _known_sum(counts: Iterable[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


def _remove(connection: Connection, ids: Sequence[int]) -> None:
    """Take reports away, and their share of the totals."""
    for some in batched(ids):
        counted = connection.scalars(select(reports.c.id).where(reports.c.id.in_(some), reports.c.counts)).all()
        totals.change(connection, counted, -1)
        for table in _OF_A_REPORT:
            connection.execute(delete(table).where(table.c.report.in_(some)))
        connection.execute(delete(reports).where(reports.c.id.in_(some)))


def delete_received_before(connection: Connection, at: int, most: int = PAGE) -> int:
    """Take away at most `most` reports that came before `at` (Unix seconds), of whatever day; how many it were."""
    in_turn(connection, TURN)
    query = select(reports.c.id).where(reports.c.received_at < at).order_by(reports.c.id).limit(most)
    ids = connection.scalars(query).all()
    _remove(connection, ids)
    return len(ids)


def delete_before(connection: Connection, day: int, domain: str | None = None, most: int = PAGE) -> int:
    """Take away at most `most` reports of days before `day`, all or those on one domain; how many it were.

    Of a report on several domains only the part of `domain` goes: its figures; the bytes go with the last domain.
    """
    in_turn(connection, TURN)
    query = select(reports.c.id).where(reports.c.day < day).order_by(reports.c.id).limit(most)
    if domain is None:
        ids = connection.scalars(query).all()
        _remove(connection, ids)
        return len(ids)
    number = number_of(connection, domain)
    of_domain = report_domains.c.domain == number
    ids = connection.scalars(query.join(report_domains).where(of_domain)).all()
    shared = set(
        connection.scalars(
            select(report_domains.c.report).where(report_domains.c.report.in_(ids), report_domains.c.domain != number)
        )
    )
    _remove(connection, [each for each in ids if each not in shared])
    _remove_part(connection, sorted(shared), number)
    return len(ids)


def _remove_part(connection: Connection, ids: Sequence[int], domain: int | None) -> None:
    """Take the figures of one domain out of reports on several."""
    counted = connection.scalars(select(reports.c.id).where(reports.c.id.in_(ids), reports.c.counts)).all()
    totals.change(connection, counted, -1)
    for table in (report_domains, report_types, report_failures):
        connection.execute(delete(table).where(table.c.report.in_(ids), table.c.domain == domain))
    totals.change(connection, counted, 1)
    of_report = report_domains.c.report == reports.c.id
    sums = {
        name: select(func.sum(report_domains.c[name])).where(of_report).scalar_subquery()
        for name in ("successful", "failed")
    }
    connection.execute(update(reports).where(reports.c.id.in_(ids)).values(sums))


def listed(
    store: Store, asked: Range, *, limit: int | None = None, after: int | None = None, newest_first: bool = False
) -> Iterator[Listed]:
    """The reports that count, by number. With a domain the figures are those of this domain, as in the summary.

    limit: at most so many; after: only those beyond this number.
    """
    with store.read() as connection:
        left = limit
        while left is None or left > 0:
            page = _page(connection, asked, PAGE if left is None else min(left, PAGE), after, newest_first=newest_first)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id
            left = None if left is None else left - len(page)


def _page(connection: Connection, asked: Range, most: int, after: int | None, *, newest_first: bool) -> list[Listed]:
    order = reports.c.id.desc() if newest_first else reports.c.id
    query = _select_reports(asked.domain, connection).where(reports.c.counts).order_by(order).limit(most)
    if after is not None:
        query = query.where(reports.c.id < after if newest_first else reports.c.id > after)
    if asked.since is not None:
        query = query.where(reports.c.day >= asked.since)
    if asked.until is not None:
        query = query.where(reports.c.day <= asked.until)
    rows = connection.execute(query).all()
    domains = _domains_of(connection, [row.id for row in rows])
    conflicts = _conflicts(connection, [row.key for row in rows])
    return [_listed(row, domains, len(conflicts.get(row.key, ()))) for row in rows]


def _select_reports(domain: str | None, connection: Connection) -> Select[Any]:
    columns = [column for column in reports.c if column.name not in ("organization", "successful", "failed")]
    organization = names.c.name.label("organization")
    of_organization = names.c.id == reports.c.organization
    if domain is None:
        return select(*columns, organization, reports.c.successful, reports.c.failed).join(names, of_organization)
    return (
        select(*columns, organization, report_domains.c.successful, report_domains.c.failed)
        .join(names, of_organization)
        .join(report_domains, report_domains.c.report == reports.c.id)
        .where(report_domains.c.domain == number_of(connection, domain))
    )


def _domains_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    query = (
        select(report_domains.c.report, names.c.name)
        .join(names, names.c.id == report_domains.c.domain)
        .where(report_domains.c.report.in_(ids), names.c.name != NO_DOMAIN)
        .order_by(names.c.name)
    )
    found: dict[int, list[str]] = {}
    for report, name in connection.execute(query):
        found.setdefault(report, []).append(name)
    return found


def _conflicts(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, list[int]]:
    query = select(reports.c.key, reports.c.id).where(reports.c.key.in_(keys), ~reports.c.counts).order_by(reports.c.id)
    found: dict[bytes, list[int]] = {}
    for key, number in connection.execute(query):
        found.setdefault(key, []).append(number)
    return found


def _listed(row: Any, domains: dict[int, list[str]], conflicts: int) -> Listed:
    return Listed(
        id=row.id,
        report_id=row.report_id,
        organization=row.organization,
        contact=row.contact,
        begin=row.begin,
        end=row.end,
        domains=tuple(domains.get(row.id, ())),
        successful=row.successful,
        failed=row.failed,
        received_at=row.received_at,
        via=row.via,
        authenticated=row.authenticated,
        deviations=msgspec.json.decode(row.deviations, type=tuple[Deviation, ...]),
        source=row.source,
        conflicts=conflicts,
    )


def found(store: Store, wanted: str) -> list[int]:
    """The numbers of the reports that `wanted` names: a number, or a report-id; of copies the one that counts first."""
    with store.read() as connection:
        if wanted.isascii() and wanted.isdecimal() and len(wanted) < len(str(2**63)):
            number = connection.scalar(select(reports.c.id).where(reports.c.id == int(wanted)))
            if number is not None:
                return [number]
        query = (
            select(reports.c.id).where(reports.c.report_id == wanted).order_by(reports.c.counts.desc(), reports.c.id)
        )
        counted = connection.scalars(query.where(reports.c.counts)).all()
        return list(counted or connection.scalars(query).all())


def kept(store: Store, number: int) -> Kept | None:
    """One report with its bytes."""
    with store.read() as connection:
        row = connection.execute(_select_reports(None, connection).where(reports.c.id == number)).one_or_none()
        if row is None:
            return None
        raw = connection.execute(select(report_bytes).where(report_bytes.c.report == number)).one()
        domains = _domains_of(connection, [number])
        copies = connection.scalars(
            select(reports.c.id).where(reports.c.key == row.key, reports.c.id != number).order_by(reports.c.id)
        ).all()
    return Kept(
        listed=_listed(row, domains, len(copies)),
        counts=row.counts,
        payload=raw.payload,
        packing=raw.packing,
        hints=msgspec.json.decode(raw.hints, type=Hints),
        conflicts=tuple(copies),
    )
