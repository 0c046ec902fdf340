"""What the reports say: the figures of each domain, and what they mean beside what our own checks saw."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from strictmx.findings.explain import STILL_DAYS, Explained, ReportedFault, explain, without_details
from strictmx.findings.judge import judge
from strictmx.findings.result import CheckResult
from strictmx.standards.tlsrpt import UNKNOWN, PolicyType
from strictmx.store import observations, totals
from strictmx.store.database import Store
from strictmx.store.reports import DAY_SECONDS, Range
from strictmx.store.totals import DomainTotals, Fault, Sums

EPOCH = date(1970, 1, 1)
NEAR_SECONDS = 36 * 3_600  # a check within it of a fault's last day is told beside it
FAULTS_EXPLAINED = 50  # of a domain, most sessions first


class OrganizationSums(Struct, frozen=True):
    """organization: as it calls itself. successful, failed: its sessions."""

    organization: str
    successful: int
    failed: int


class HostSums(Struct, frozen=True):
    """host: an MX host, or `unknown`. failed: its failed sessions. by_result_type: these by cause."""

    host: str
    failed: int
    by_result_type: dict[str, int]


class DaySums(Struct, frozen=True):
    """day: a UTC day. successful, failed: its sessions."""

    day: date
    successful: int
    failed: int


class Summary(Struct, frozen=True):
    """The figures of one domain; the document of `reports summary --json` has one of each.

    success_rate: of all sessions, null without any. failures_without_details: failed sessions of which no detail
    tells. findings: what fails where, and what to do.
    """

    domain: str
    successful: int
    failed: int
    success_rate: float | None
    by_result_type: dict[str, int]
    by_organization: tuple[OrganizationSums, ...]
    by_mx: tuple[HostSums, ...]
    by_day: tuple[DaySums, ...]
    by_policy_type: dict[str, dict[str, int]]
    failures_without_details: int
    findings: tuple[Explained, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


def days_of(store: Store, asked: Range) -> tuple[date | None, date | None]:
    """The first and the last day of a summary: as asked, else those of which there are figures."""
    span = totals.span(store, asked.domain)
    first = asked.since if asked.since is not None else span[0] if span else None
    last = asked.until if asked.until is not None else span[1] if span else None
    return (None if first is None else _date(first), None if last is None else _date(last))


def summaries(store: Store, asked: Range) -> Iterator[Summary]:
    """The figures of each domain, by name. Raises StoreError."""
    for one in totals.in_full(store, asked.since, asked.until, asked.domain):
        yield _summary(one, tuple(_findings(store, one, asked)) if one.sums.failed or one.result_types else ())


def _summary(one: DomainTotals, findings: tuple[Explained, ...]) -> Summary:
    sums, sessions = one.sums, one.sums.successful + one.sums.failed
    hosts = [HostSums(host, sum(kinds.values()), kinds) for host, kinds in one.hosts.items()]
    types = {kind.value: one.types.get(kind.value, Sums()) for kind in PolicyType}
    types |= {UNKNOWN: one.types[UNKNOWN]} if UNKNOWN in one.types else {}
    return Summary(
        domain=one.domain,
        successful=sums.successful,
        failed=sums.failed,
        success_rate=sums.successful / sessions if sessions else None,
        by_result_type=one.result_types,
        by_organization=tuple(
            OrganizationSums(name, each.successful, each.failed) for name, each in one.organizations.items()
        ),
        by_mx=tuple(sorted(hosts, key=lambda host: -host.failed)),
        by_day=tuple(DaySums(_date(day), each.successful, each.failed) for day, each in one.days.items()),
        by_policy_type={name: {"successful": each.successful, "failed": each.failed} for name, each in types.items()},
        failures_without_details=one.unexplained,
        findings=findings,
    )


def _findings(store: Store, one: DomainTotals, asked: Range) -> Iterator[Explained]:
    still_from = _date(sorted(one.days)[-STILL_DAYS:][0])
    sessions = one.sums.successful + one.sums.failed
    faults = totals.faults(store, one.domain, asked.since, asked.until)[:FAULTS_EXPLAINED]
    checks = _checks_near(store, one.domain, {fault.last for fault in faults})
    found = [
        explain(
            one.domain, _reported(fault), all_sessions=sessions, still_from=still_from, check=checks.get(fault.last)
        )
        for fault in faults
    ]
    if one.unexplained:
        first, last = one.unexplained_days[0], one.unexplained_days[-1]
        organizations = tuple(name for name, each in one.organizations.items() if each.failed)
        unexplained = ReportedFault(UNKNOWN, UNKNOWN, one.unexplained, organizations, _date(first), _date(last))
        found.append(without_details(one.domain, unexplained, all_sessions=sessions, still_from=still_from))
    yield from sorted(found, key=lambda each: (each.severity.rank, -each.sessions))


def _reported(fault: Fault) -> ReportedFault:
    organizations = tuple(fault.sessions)
    return ReportedFault(
        fault.host, fault.result_type, fault.total, organizations, _date(fault.first), _date(fault.last)
    )


def _checks_near(store: Store, domain: str, days: Collection[int]) -> dict[int, CheckResult]:
    """What our own check saw nearest to the middle of each day, where there is one near enough."""
    if not days:
        return {}
    middles = {day: day * DAY_SECONDS + DAY_SECONDS // 2 for day in days}
    reach = NEAR_SECONDS + DAY_SECONDS // 2
    times = observations.times(store, domain, min(middles.values()) - reach, max(middles.values()) + reach)
    judged: dict[int, CheckResult | None] = {}
    near = {}
    for day, middle in middles.items():
        at = min(times, key=lambda at: abs(at - middle), default=None)
        if at is None or abs(at - middle) > reach:
            continue
        if at not in judged:
            seen = observations.made_at(store, domain, at)
            judged[at] = None if seen is None else judge(seen)
        check = judged[at]
        if check is not None:
            near[day] = check
    return near


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
