"""Reads a report."""

from __future__ import annotations

from datetime import datetime

import msgspec

from strictmx.standards.tlsrpt.facts import Hints
from strictmx.standards.tlsrpt.report import (
    DateRange,
    FailureDetails,
    Policy,
    PolicyReport,
    Report,
    ReportError,
    Summary,
)

DETAILS_MOST = 100_000


class _Range(msgspec.Struct, rename="kebab"):
    start_datetime: datetime
    end_datetime: datetime


class _Policy(msgspec.Struct, rename="kebab"):
    policy_type: str
    policy_string: list[str] | str | None = None
    policy_domain: str | None = None
    mx_host: list[str] | str | None = None


class _Entry(msgspec.Struct, rename="kebab"):
    policy: _Policy
    summary: Summary = msgspec.field(default_factory=Summary)
    failure_details: list[FailureDetails] | None = None


class _Report(msgspec.Struct, rename="kebab"):
    date_range: _Range
    policies: list[_Entry]
    organization_name: str | None = None
    report_id: str | None = None
    contact_info: str | None = None


_DECODER = msgspec.json.Decoder(_Report)


def documents(data: bytes) -> list[bytes]:
    """The documents in these bytes."""
    if data.lstrip()[:1] == b"[":
        try:
            return [bytes(raw) for raw in msgspec.json.decode(data, type=list[msgspec.Raw])]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return [data]
    lines = [line for line in data.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.strip()[:1] == b"{" for line in lines):
        return lines
    return [data]


def read_report(data: bytes, hints: Hints = Hints()) -> Report:  # noqa: B008
    """One report. Raises ReportError."""
    if data.count(b"failed-session-count") > DETAILS_MOST:
        raise ReportError("RPT-44", "more than 100000 failure details")
    try:
        raw = _DECODER.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError("RPT-44", f"no report: {error}") from error
    entries = tuple(
        PolicyReport(
            Policy(
                each.policy.policy_type,
                (each.policy.policy_string,)
                if isinstance(each.policy.policy_string, str)
                else tuple(each.policy.policy_string or ()),
                each.policy.policy_domain or hints.domain,
            ),
            each.summary,
            tuple(each.failure_details or ()),
        )
        for each in raw.policies
    )
    return Report(
        raw.organization_name or "unknown",
        DateRange(raw.date_range.start_datetime.astimezone(), raw.date_range.end_datetime.astimezone()),
        raw.report_id or "",
        entries,
        raw.contact_info,
    )
