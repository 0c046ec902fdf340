"""Reports about domains of the laboratory, as senders write them: something for `strictmx reports import`."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from strictmx.standards.tlsrpt import (
    DateRange,
    FailureDetails,
    Policy,
    PolicyReport,
    Report,
    Summary,
    format_report,
)

HEALTHY, EXPIRED = "healthy-minimal.example", "mx-certificate-expired.example"
SENDERS = (("Example Mail", "mail.example.net", 1), ("Example Hosting", "hosting.example.org", 2))
DAYS = 3  # the last whole ones before now


def write_reports(folder: Path, at: datetime) -> None:
    """Write a report a sender, day and domain into `folder`, named as RFC 8460 section 5.1 has it. at: now."""
    folder.mkdir(exist_ok=True)
    for back in range(DAYS, 0, -1):
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        for organization, submitter, sessions in SENDERS:
            for domain in (HEALTHY, EXPIRED):
                failed = sessions if domain == EXPIRED and back < DAYS else 0
                report = _report(organization, submitter, domain, day, (20 * sessions, failed))
                begin = int(day.timestamp())
                name = f"{submitter}!{domain}!{begin}!{begin + 86_399}!1.json.gz"
                (folder / name).write_bytes(gzip.compress(format_report(report), mtime=0))


def _report(organization: str, submitter: str, domain: str, day: datetime, counts: tuple[int, int]) -> Report:
    successful, failed = counts
    host = f"mx1.{domain}"
    lines = ("version: STSv1", "mode: enforce", f"mx: {host}", "max_age: 604800")
    fault = FailureDetails(
        result_type="certificate-expired",
        sending_mta_ip="192.0.2.25",
        receiving_mx_hostname=host,
        receiving_ip="198.51.100.25",
        failed_session_count=failed,
    )
    entry = PolicyReport(Policy("sts", lines, domain, (host,)), Summary(successful, failed), (fault,) if failed else ())
    return Report(
        organization_name=organization,
        date_range=DateRange(day, day + timedelta(seconds=86_399)),
        report_id=f"{day:%Y-%m-%d}.1.{domain}@{submitter}",
        policies=(entry,),
        contact_info=f"tlsrpt@{submitter}",
    )
