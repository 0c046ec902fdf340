"""The reader for documents whose values lack their types: plain JSON made into a `RawReport`, with what was bent.

What cannot be a count sets its policy aside, never the report (DEC-32); any other value of no use is absent (DEC-16).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from strictmx.standards.tlsrpt.bounds import DOCUMENT_BYTES
from strictmx.standards.tlsrpt.raw import LEFT_OUT, SET_ASIDE, Notes, RawRange, RawReport, quoted
from strictmx.standards.tlsrpt.report import (
    COUNT_MOST,
    ORGANIZATION_CHARACTERS,
    REPORT_ID_CHARACTERS,
    TEXT_CHARACTERS,
    TYPE_CHARACTERS,
    FailureDetails,
    Policy,
    PolicyReport,
    ReportError,
    Summary,
)

_INTEGER_DIGITS = 20  # longer ones are no count, and cost Python quadratic time
_DIGITS = re.compile(r"[0-9]{1,16}\Z")
_UNFIT = re.compile("[\0\ud800-\udfff]")  # NUL, which databases refuse, and halves of characters, which are no text
_SUMMARY_COUNTS = ("total-successful-session-count", "total-failure-session-count")


class _NoCount(ValueError):
    """What stands for a count is no number of sessions."""


def loosely(data: bytes, notes: Notes) -> RawReport:
    """The report in these bytes (UTF-8, of bounded depth). Raises ReportError: no JSON object, or without policies."""
    try:
        value = json.loads(data.decode(), strict=False, parse_int=_integer)
    except ValueError as error:
        raise ReportError("RPT-40", f"it is no JSON document: {error}", data[:200].decode(errors="replace")) from error
    if not isinstance(value, dict):
        raise ReportError("RPT-40", "the JSON document is no object, as a report is", data[:200].decode())
    entries = _entries(value, notes)
    return RawReport(
        policies=tuple(_entry(entry, f"policies[{number}]", notes) for number, entry in enumerate(entries)),
        date_range=_range(value.get("date-range"), notes),
        organization_name=_text(value, "organization-name", "", notes, ORGANIZATION_CHARACTERS),
        report_id=_text(value, "report-id", "", notes, REPORT_ID_CHARACTERS),
        contact_info=_text(value, "contact-info", "", notes),
    )


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _INTEGER_DIGITS else float(digits)


def _entries(report: Mapping[str, Any], notes: Notes) -> list[Any]:
    policies = report.get("policies")
    if isinstance(policies, list):
        return policies
    if isinstance(policies, dict):
        notes.add("RPT-12", "policies", "It is one object; an array with this policy is assumed.")
        return [policies]
    if policies is None and isinstance(report.get("policy"), dict):
        notes.add("RPT-12", "policies", "It is missing, and a policy stands at the top; an array with it is assumed.")
        return [report]
    raise ReportError("RPT-12", "it has no policies, so it is no report")


def _entry(value: object, path: str, notes: Notes) -> PolicyReport:
    if not isinstance(value, dict):
        return _set_aside("RPT-12", path, "It is no object", notes)
    policy, summary = value.get("policy") or {}, value.get("summary") or {}
    if not isinstance(policy, dict):
        return _set_aside("RPT-12", f"{path}", "Its policy is no object", notes)
    if not isinstance(summary, dict):
        return _set_aside("DEC-32", f"{path}", "Its summary is no object", notes)
    try:
        successful, failed = (_count(summary, key, f"{path}.summary", notes) for key in _SUMMARY_COUNTS)
    except _NoCount as error:
        return _set_aside("DEC-32", path, str(error), notes)
    return PolicyReport(
        policy=_policy(policy, f"{path}.policy", notes),
        summary=Summary(successful, failed),
        failure_details=_details(value.get("failure-details"), f"{path}.failure-details", notes),
    )


def _set_aside(rule: str, path: str, why: str, notes: Notes) -> PolicyReport:
    notes.add(rule, path, f"{why}; the policy is set aside.", sets_aside=True)
    return SET_ASIDE


def _policy(value: Mapping[str, Any], path: str, notes: Notes) -> Policy:
    hosts = _texts(value, "mx-host", path, notes)
    if not hosts and value.get("mx-host-pattern"):
        hosts = _texts(value, "mx-host-pattern", path, notes)
        notes.add("DEV-11", f"{path}.mx-host", "It is called mx-host-pattern; it is read.")
    return Policy(
        policy_type=_text(value, "policy-type", path, notes, TYPE_CHARACTERS) or "",
        policy_string=_texts(value, "policy-string", path, notes),
        policy_domain=_text(value, "policy-domain", path, notes),
        mx_host=hosts,
    )


def _details(value: object, path: str, notes: Notes) -> tuple[FailureDetails, ...]:
    if isinstance(value, dict) and value:
        notes.add("RPT-12", path, "It is one object; an array with it is assumed.")
        value = [value]
    if isinstance(value, list):
        return tuple(_detail(entry, f"{path}[{number}]", notes) for number, entry in enumerate(value))
    if value:
        notes.add("DEC-16", path, "It is no array; it is taken as absent.")
    return ()


def _detail(value: object, path: str, notes: Notes) -> FailureDetails:
    if not isinstance(value, dict):
        notes.add("RPT-12", path, "It is no object; it is left out.")
        return LEFT_OUT
    try:
        count = _count(value, "failed-session-count", path, notes)
    except _NoCount as error:
        notes.add("DEC-32", path, f"{error}; the detail is left out.")
        return LEFT_OUT
    information = _text(value, "additional-information", path, notes)
    if not information and value.get("additional-info-uri"):
        information = _text(value, "additional-info-uri", path, notes)
        notes.add("DEV-11", f"{path}.additional-information", "It is called additional-info-uri; it is read.")
    return FailureDetails(
        result_type=_text(value, "result-type", path, notes, TYPE_CHARACTERS) or "",
        sending_mta_ip=_text(value, "sending-mta-ip", path, notes, TYPE_CHARACTERS),
        receiving_mx_hostname=_text(value, "receiving-mx-hostname", path, notes),
        receiving_mx_helo=_text(value, "receiving-mx-helo", path, notes),
        receiving_ip=_text(value, "receiving-ip", path, notes, TYPE_CHARACTERS),
        failed_session_count=count,
        additional_information=information,
        failure_reason_code=_text(value, "failure-reason-code", path, notes),
    )


def _count(holder: Mapping[str, Any], key: str, path: str, notes: Notes) -> int | None:
    """The count, None where there is none. Raises _NoCount: negative, fractional, boolean, too large, no number."""
    value = holder.get(key)
    if value is None or value == "":
        return None
    count = None
    if isinstance(value, str):
        count = int(value) if _DIGITS.match(value.strip()) else None
    elif isinstance(value, float):
        count = int(value) if value.is_integer() else None
    elif isinstance(value, int) and not isinstance(value, bool):
        count = value
    if count is None or not 0 <= count <= COUNT_MOST:
        shown = f"is {quoted(value)}" if isinstance(value, str | float | int) else "is an object or array"
        raise _NoCount(f"`{key}` {shown}, which is no number of sessions")
    if count is not value:
        notes.add("DEC-32", f"{path}.{key}", f"It is {quoted(repr(value))}; {count} is assumed.")
    return count


def _text(holder: Mapping[str, Any], key: str, path: str, notes: Notes, most: int = TEXT_CHARACTERS) -> str | None:
    """The text at a key, at most so many characters, None where there is none; numbers are read as text."""
    value = holder.get(key)
    if value is None:
        return None
    place = f"{path}.{key}" if path else key
    if isinstance(value, str):
        return notes.held(_fit(value, place, notes), most, place)
    if isinstance(value, int | float) and not isinstance(value, bool):
        notes.add("DEC-16", place, f"It is the number {quoted(value)}; it is read as text.")
        return str(value)
    notes.add("DEC-16", place, "It is no text; it is taken as absent.")
    return None


def _texts(holder: Mapping[str, Any], key: str, path: str, notes: Notes) -> tuple[str, ...]:
    """An array of texts; one text alone is one as well (DEC-29)."""
    value = holder.get(key)
    place = f"{path}.{key}"
    if not isinstance(value, list):
        text = _text(holder, key, path, notes, DOCUMENT_BYTES)
        if not text:
            return ()
        notes.add("DEC-29", place, "It is one text; an array with it is assumed.")
        return (text,)
    texts = tuple(_fit(each, place, notes) for each in value if isinstance(each, str))
    if len(texts) < len(value):
        notes.add("DEC-29", place, f"{len(value) - len(texts)} of its entries are no text; they are left out.")
    return texts


def _fit(text: str, path: str, notes: Notes) -> str:
    """The text, with U+FFFD for what no text may hold."""
    fit = _UNFIT.sub("\ufffd", text)
    if fit != text:
        notes.add("DEV-12", path, "It holds NUL or half a character; U+FFFD is put in its place.")
    return fit


def _range(value: object, notes: Notes) -> RawRange:
    if not isinstance(value, dict):
        return RawRange()
    start, end = (_text(value, key, "date-range", notes, TYPE_CHARACTERS) for key in ("start-datetime", "end-datetime"))
    return RawRange(start, end)
