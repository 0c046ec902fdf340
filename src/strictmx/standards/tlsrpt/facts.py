"""What is kept of a report beside its bytes: who sent it, when it is of, its figures, and how a copy is recognised."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from msgspec import Struct

from strictmx.standards.names import InvalidName, Name
from strictmx.standards.tlsrpt.counting import DomainFigures, count
from strictmx.standards.tlsrpt.report import Deviation, Report


class Hints(Struct, frozen=True, omit_defaults=True):
    """What came with a report and is not the report: where they differ the report is right (RPT-42).

    domain, submitter: `TLS-Report-Domain` and `TLS-Report-Submitter`, else those of the Subject, else of the file name.
    report_id: that of the Subject. file_name: as sent; begin and end of its form are compared with the report.
    """

    domain: str | None = None
    submitter: str | None = None
    report_id: str | None = None
    file_name: str | None = None


class ReportFacts(Struct, frozen=True):
    """A report as the store keeps it.

    submitter: the domain of its contact, else of the hints, else the organization's name (DEC-17, DEC-30).
    begin, end: Unix seconds. key: equal for copies of one report (DEC-17). digest: equal for equal contents.
    """

    organization: str
    contact: str | None
    submitter: str
    report_id: str
    begin: int
    end: int
    figures: tuple[DomainFigures, ...]
    deviations: tuple[Deviation, ...]
    key: bytes
    digest: bytes


def facts_of(report: Report, hints: Hints) -> ReportFacts:
    """The facts of a report.

    >>> from datetime import UTC, datetime
    >>> from strictmx.standards.tlsrpt.report import DateRange
    >>> day = DateRange(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC))
    >>> report = Report("Example Inc.", day, "1@example.net", (), "tlsrpt@example.net")
    >>> facts_of(report, Hints()).submitter
    'example.net'
    """
    begin, end = (int(at.timestamp()) for at in (report.date_range.start_datetime, report.date_range.end_datetime))
    submitter = submitter_of(report, hints)
    figures = count(report)
    domains = sorted(each.domain or "" for each in figures)
    key = msgspec.json.encode((submitter, report.report_id, begin, end, domains))
    return ReportFacts(
        organization=report.organization_name,
        contact=report.contact_info,
        submitter=submitter,
        report_id=report.report_id,
        begin=begin,
        end=end,
        figures=figures,
        deviations=report.deviations,
        key=sha256(key).digest(),
        digest=sha256(msgspec.json.encode((report.organization_name, report.policies))).digest(),
    )


def submitter_of(report: Report, hints: Hints) -> str:
    """Who submits the report: the domain of its contact, else what the mail says, else the organization (DEC-30)."""
    contact = report.contact_info or ""
    for text in (contact.rpartition("@")[2].rstrip("> ") if "@" in contact else "", hints.submitter or ""):
        try:
            return str(Name.mail_domain(text))
        except InvalidName:
            continue
    return report.organization_name
