"""Writing a report, strictly as RFC 8460 section 4 has it."""

from __future__ import annotations

from datetime import UTC, timedelta

import msgspec

from strictmx.standards.tlsrpt.reading import read_report
from strictmx.standards.tlsrpt.report import Report, ReportError

_DAY = timedelta(hours=23, minutes=59, seconds=59)  # from the first to the last second, as senders write it (DEC-18)


def format_report(report: Report) -> bytes:
    """The JSON document of a report of one UTC day; `.deviations` are no part of it.

    Raises ValueError naming what cannot be said by the book: whatever `read_report` would find bent, or not give back
    as it is (an unknown count or type, a domain that is no name, no contact, a range that is not the whole day).
    """
    plain = msgspec.structs.replace(report, deviations=())
    start, end = report.date_range.start_datetime, report.date_range.end_datetime
    if (
        start.tzinfo is not UTC
        or end.tzinfo is not UTC
        or start.time().isoformat() != "00:00:00"
        or end - start != _DAY
    ):
        raise ValueError("date-range: a report is of one UTC day, from 00:00:00 to 23:59:59")
    data = msgspec.json.encode(plain)
    try:
        read = read_report(data)
    except ReportError as error:
        raise ValueError(f"the report cannot be written: {error}") from error
    if read.deviations:
        bent = read.deviations[0]
        raise ValueError(f"the report cannot be written: {bent.path}: {bent.message} ({bent.rule})")
    if read != plain:
        raise ValueError("the report cannot be written: it holds a value in another form than the RFC's")
    return data
