"""Reports for the tests of the store, made from a few words."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import msgspec

from strictmx.standards.tlsrpt import (
    DateRange,
    FailureDetails,
    Hints,
    Policy,
    PolicyReport,
    Report,
    Summary,
    facts_of,
)
from strictmx.store.reports import NewReport

DAY = datetime(2026, 11, 24, tzinfo=UTC)
DAY_NUMBER = int(DAY.timestamp()) // 86_400


def policy(
    kind: str = "sts",
    successful: int | None = 10,
    failed: int | None = 0,
    *,
    domain: str | None = "example.com",
    details: tuple[tuple[str | None, str, int | None], ...] = (),
) -> PolicyReport:
    """One entry; details: MX host, result type, sessions."""
    return PolicyReport(
        Policy(kind, policy_domain=domain),
        Summary(successful, failed),
        tuple(
            FailureDetails(result, receiving_mx_hostname=host, failed_session_count=sessions)
            for host, result, sessions in details
        ),
    )


def report(*policies: PolicyReport, number: str = "1", organization: str = "Example Net", day: int = 0) -> Report:
    """A report on the day so many days after 2026-11-24."""
    begin = DAY + timedelta(days=day)
    contact = f"tlsrpt@{organization.lower().replace(' ', '.')}"
    return Report(organization, DateRange(begin, begin + timedelta(seconds=86_399)), number, policies, contact)


def arrival(given: Report, *, authenticated: bool | None = None) -> NewReport:
    """The report as `receive` hands it to the store."""
    return NewReport(
        facts=facts_of(given, Hints()),
        payload=zlib.compress(msgspec.json.encode(given)),
        packing="zlib",
        hints=Hints(),
        via="file",
        authenticated=authenticated,
        received_at=1_795_600_000,
        source="test",
    )
