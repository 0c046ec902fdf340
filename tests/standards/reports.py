"""Reports as JSON values, from a few words: what is by the book, and what a test changes of it."""

from __future__ import annotations

import json
from typing import Any

from strictmx.standards.tlsrpt import Hints, Report, read_report


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "result-type": "certificate-expired",
        "sending-mta-ip": "192.0.2.1",
        "receiving-mx-hostname": "mx1.example.com",
        "receiving-ip": "198.51.100.1",
        "failed-session-count": 2,
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def policy(**changes: Any) -> dict[str, Any]:
    return {
        "policy-type": "sts",
        "policy-string": ["version: STSv1", "mode: enforce", "mx: mx1.example.com", "max_age: 604800"],
        "policy-domain": "example.com",
        "mx-host": ["mx1.example.com"],
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def entry(successful: Any = 10, failed: Any = 2, details: Any = None, **changes: Any) -> dict[str, Any]:
    """An entry of `policies`; changes: of its policy."""
    return {
        "policy": policy(**changes),
        "summary": {"total-successful-session-count": successful, "total-failure-session-count": failed},
        "failure-details": [detail()] if details is None else details,
    }


def document(*entries: Any, **changes: Any) -> dict[str, Any]:
    """A report with these entries, else one; changes: of its top."""
    return {
        "organization-name": "Example Net",
        "date-range": {"start-datetime": "2026-11-24T00:00:00Z", "end-datetime": "2026-11-24T23:59:59Z"},
        "contact-info": "tlsrpt@example.net",
        "report-id": "1",
        "policies": list(entries) or [entry()],
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def days(start: Any = "2026-11-24T00:00:00Z", end: Any = "2026-11-24T23:59:59Z") -> dict[str, Any]:
    """The change of a document to another range of time."""
    return {"date_range": {"start-datetime": start, "end-datetime": end}}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def read(value: Any, hints: Hints | None = None) -> Report:
    return read_report(encoded(value), hints or Hints())


def rules(report: Report) -> set[str]:
    return {deviation.rule for deviation in report.deviations}
