"""Reading a report: forgiving, and with every rule that it bends told (RFC 8460 section 4; DEC-16, DEC-25 to DEC-32).

    bytes ── bounds ──▶ typed, else loosely ──▶ RawReport ── here: checked, completed ──▶ Report

Reports by the book, and those of the big senders, take the typed way; both ways end in the same report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

import msgspec

from strictmx.standards.names import InvalidName, Name, address_of
from strictmx.standards.tlsrpt.bounds import DETAILS_MOST, DOCUMENT_BYTES, POLICIES_MOST, hold, in_utf_8
from strictmx.standards.tlsrpt.facts import Hints
from strictmx.standards.tlsrpt.loose import loosely
from strictmx.standards.tlsrpt.raw import (
    LEFT_OUT,
    SET_ASIDE,
    Notes,
    RawDetail,
    RawEntry,
    RawPolicy,
    RawRange,
    RawReport,
    RawSummary,
    quoted,
    typed,
)
from strictmx.standards.tlsrpt.report import (
    RESULT_TYPES,
    UNKNOWN,
    DateRange,
    Deviation,
    FailureDetails,
    Policy,
    PolicyReport,
    PolicyType,
    Report,
    ReportError,
    Summary,
)
from strictmx.text import cut

__all__ = ["DETAILS_MOST", "DOCUMENT_BYTES", "POLICIES_MOST", "documents", "read_report"]

YEARS = range(2000, 2200)  # outside of these a date is a mistake
LINES_MOST = 1_000  # of a policy-string; a policy of 64 KiB with so many hosts was never seen
LINE_CHARACTERS = 4_096
ORGANIZATION_CHARACTERS = 200
REPORT_ID_CHARACTERS = 500
TEXT_CHARACTERS = 1_000
TYPE_CHARACTERS = 100  # of an unknown policy type or result type, and of what stands for an address
DOMAIN_CHARACTERS = 300  # longer text is no name, U-labels included

_NO_HINTS = Hints()
_POLICY_TYPES = frozenset(kind.value for kind in PolicyType)
_STS, _TLSA = PolicyType.STS.value, PolicyType.TLSA.value
_CACHED = 4_096  # names, addresses and contacts that many reports share
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_TLSA_ENDS = re.compile(r"\r\n|\r|\n|;")
_MX_PREFIX = re.compile(r"\s*mx:\s*", re.IGNORECASE)
_ADDR_SPEC = re.compile(r"[^\s<>@,:;()\"\\\[\]]{1,64}@[^\s<>@,:;()\"\\\[\]]{1,253}\Z")
_DATED_ID = re.compile(r"\d{4}[-.]\d\d[-.]\d\d[^_]*_(.+)", re.DOTALL)
_FILE_NAME = re.compile(
    r"(?:.*[/\\])?[^!]*!(?P<domain>[^!]+)!(?P<begin>\d{1,12})!(?P<end>\d{1,12})(?:![A-Za-z0-9]*)?(?:\.json)?(?:\.gz)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def read_report(data: bytes, hints: Hints = _NO_HINTS) -> Report:
    """Read one report (RFC 8460 section 4): its JSON document, unpacked. What it bends is in `.deviations`.

    hints: what came with it; they fill in what the report leaves out, and where they differ the report is right.
    Raises ReportError, with the rule: no JSON object, no policies or none that can be counted, no day, too large.
    """
    notes = Notes()
    data = in_utf_8(data, notes)
    hold(data)
    return _judged(typed(data) or loosely(data, notes), data, hints, notes)


def documents(data: bytes) -> list[bytes]:
    """The JSON documents in these bytes: the elements of an array, one a line, else the bytes as they are."""
    try:
        text = in_utf_8(data, Notes()).strip()
        if text.startswith(b"["):
            hold(text)
            return [bytes(each) for each in msgspec.json.decode(text, type=list[msgspec.Raw])] or [data]
        first, _, rest = text.partition(b"\n")
        if rest and text.startswith(b"{") and first.rstrip().endswith(b"}"):
            hold(first)
            msgspec.json.decode(first, type=msgspec.Raw)
            if rest.count(b"\n") < DETAILS_MOST:
                return [line for line in text.splitlines() if line.strip()]
    except (ReportError, msgspec.DecodeError, RecursionError):
        pass
    return [data]


def _judged(raw: RawReport, data: bytes, hints: Hints, notes: Notes) -> Report:
    date_range = _date_range(raw.date_range, notes)
    contact, bent = _contact(cut(raw.contact_info or "", TEXT_CHARACTERS))
    if bent:
        notes.add("DEC-30", "contact-info", bent)
    organization = raw.organization_name
    if not organization:
        organization = (contact or "").rpartition("@")[2] or hints.submitter or UNKNOWN
        notes.add("DEC-16", "organization-name", f"It is missing; {quoted(organization)} is assumed.")
    report_id = raw.report_id
    if not report_id:
        report_id = sha256(data).hexdigest()[:32]
        notes.add("RPT-43", "report-id", "It is missing; one is made of the digest of the document.")
    report_id = _held(report_id, REPORT_ID_CHARACTERS, "report-id", notes)
    report = Report(
        _held(organization, ORGANIZATION_CHARACTERS, "organization-name", notes),
        date_range,
        report_id,
        _policies(raw.policies, hints, report_id, notes),
        contact,
    )
    if hints != _NO_HINTS:
        _compare(hints, report, notes)
    deviations = notes.all()
    if not report.policies:
        if raw.policies:
            why = next((each for each in deviations if each.sets_aside), None)
            raise ReportError(why.rule if why else "DEC-32", _none_left(why))
        deviations = (*deviations, Deviation("RPT-12", "policies", "It is empty; the report counts nothing."))
    return msgspec.structs.replace(report, deviations=deviations) if deviations else report


def _none_left(why: Deviation | None) -> str:
    return f"no policy in it can be counted: {why.path}: {why.message}" if why else "no policy in it can be counted"


def _held(text: str, most: int, path: str, notes: Notes) -> str:
    """The text, cut where it is too long to be kept."""
    if len(text) > most:
        notes.add("RPT-44", path, f"It is longer than {most} characters; it is cut.")
        return cut(text, most)
    return text


def _date_range(raw: RawRange | None, notes: Notes) -> DateRange:
    if raw is None or raw.start_datetime is None:
        raise ReportError("DEC-18", "its date-range has no start that can be read, so its day is unknown")
    start = _in_utc(raw.start_datetime, "date-range.start-datetime", notes)
    last = start.replace(hour=23, minute=59, second=59, microsecond=0)
    if raw.end_datetime is None:
        notes.add("DEC-18", "date-range.end-datetime", "It cannot be read; the end of the first day is assumed.")
        return DateRange(start, last)
    end = _in_utc(raw.end_datetime, "date-range.end-datetime", notes)
    if end.day != start.day or end <= start or end - start > timedelta(days=1):
        if end <= start:
            notes.add("DEC-18", "date-range", "It ends before it begins; the end of the first day is assumed.")
            end = last
        elif end - start <= timedelta(days=1):
            notes.add("DEC-18", "date-range", "It ends on the next day; the report counts for the first.")
        else:
            days = (end - start) // timedelta(days=1)
            notes.add("DEC-18", "date-range", f"It spans more than {days} days; the report counts for the first.")
    return DateRange(start, end)


def _in_utc(at: datetime, path: str, notes: Notes) -> datetime:
    if at.year not in YEARS:
        raise ReportError("DEC-18", f"{path} lies in the year {at.year}, outside of {YEARS.start} to {YEARS.stop - 1}")
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        notes.add("DEV-06", path, "It has no offset; UTC is assumed.")
        return at.replace(tzinfo=UTC)
    notes.add("DEC-18", path, f"Its offset is not that of UTC; it is {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.")
    return at.astimezone(UTC)


@lru_cache(_CACHED)
def _contact(text: str) -> tuple[str | None, str]:
    """The contact as it is kept, and what is bent (DEC-30); empty for nothing."""
    if _ADDR_SPEC.match(text):
        return text, ""
    if not text.strip():
        return None, "It is missing, so who submits the report is told by its mail alone."
    inner = re.search(r"<([^<>]*)>\s*\Z", text)
    bare = (inner.group(1) if inner else text).strip()
    if bare[:7].lower() == "mailto:":
        bare = bare[7:].partition("?")[0]
    if _ADDR_SPEC.match(bare):
        return bare, f"It is {quoted(text)}; {quoted(bare)} is read of it."
    return text, f"It is {quoted(text)}, which is no mail address; it is kept as it is."


def _policies(raw: Sequence[RawEntry], hints: Hints, report_id: str, notes: Notes) -> tuple[PolicyReport, ...]:
    if len(raw) > POLICIES_MOST:
        raise ReportError("RPT-44", f"it has more than {POLICIES_MOST} policies")
    if len(raw) > 1 and sum(len(entry.failure_details or ()) for entry in raw) > DETAILS_MOST:
        raise ReportError("RPT-44", f"it has more than {DETAILS_MOST} failure details")
    named = [_domain(entry, number, notes) for number, entry in enumerate(raw)]
    assumed = _assumed(named, hints, report_id) if None in named else (None, "")
    entries = []
    for number, (entry, name) in enumerate(zip(raw, named, strict=True)):
        if name == "":
            continue
        domain = name
        if name is None:
            domain, why = assumed
            notes.add("DEV-09", f"policies[{number}].policy.policy-domain", f"It is missing; {why}.")
        entries.append(
            PolicyReport(
                _policy(entry.policy, domain, number, notes),
                _summary(entry.summary, number, notes),
                _details(entry.failure_details, number, notes) if entry.failure_details else (),
            )
        )
    return tuple(entries)


def _domain(entry: RawEntry, number: int, notes: Notes) -> str | None:
    """The domain of a policy: None where it names none, empty where it is set aside."""
    if entry is SET_ASIDE:
        return ""
    text = entry.policy.policy_domain
    if not text:
        return None
    name, bent = _name(text[: DOMAIN_CHARACTERS + 1])
    if name is None:
        message = f"Its policy-domain is {quoted(text)}, no domain name: {bent}; the policy is set aside."
        notes.add("RPT-16", f"policies[{number}]", message, sets_aside=True)
        return ""
    if bent:
        notes.add("RPT-16", f"policies[{number}].policy.policy-domain", bent)
    return name


@lru_cache(_CACHED)
def _name(text: str) -> tuple[str | None, str]:
    """The name that the text is, and what is bent; None and the reason where it is none."""
    if len(text) > DOMAIN_CHARACTERS:
        return None, "it is too long"
    try:
        name = str(Name.parse(text))
    except InvalidName as error:
        return None, error.reason
    return name, "" if text.isascii() else f"It is {quoted(text)} in U-labels; {name} is read."


def _assumed(named: Sequence[str | None], hints: Hints, report_id: str) -> tuple[str | None, str]:
    """The domain for policies that name none, and where it is from (DEV-09)."""
    hinted, _ = _name(hints.domain or "")
    if hinted is not None:
        return hinted, f"{hinted}, which came with the report, is assumed"
    others = {domain for domain in named if domain}
    if len(others) == 1:
        (only,) = others
        return only, f"{only}, which the other policies name, is assumed"
    dated = _DATED_ID.match(report_id)
    name, _ = _name(dated.group(1)) if dated else (None, "")
    if name is not None:
        return name, f"{name}, which the report-id ends in, is assumed"
    return None, "nothing else names it"


def _policy(raw: RawPolicy, domain: str | None, number: int, notes: Notes) -> Policy:
    kind = raw.policy_type
    if kind not in _POLICY_TYPES:
        kind = _kind(kind, _POLICY_TYPES, "DEC-25", f"policies[{number}].policy.policy-type", notes)
    lines = _lines(raw.policy_string, kind, number, notes) if raw.policy_string else ()
    hosts: tuple[str, ...] = ()
    if raw.mx_host or raw.mx_host_pattern:
        hosts = _patterns(raw, number, notes)
    if kind == _STS and lines and not hosts and any(_MX_PREFIX.match(line) for line in lines):
        message = "It is missing; the mx lines of policy-string tell the patterns."
        notes.add("DEV-03", f"policies[{number}].policy.mx-host", message)
    return Policy(kind, lines, domain, hosts)


def _kind(text: str | None, known: frozenset[str], rule: str, path: str, notes: Notes) -> str:
    """A type that is none of the known: as it is meant where it only differs in case, else as it stands (RPT-20)."""
    if not text:
        notes.add(rule, path, f"It is missing; {quoted(UNKNOWN)} is assumed.")
        return UNKNOWN
    meant = text[:TYPE_CHARACTERS].strip().lower()
    if meant in known:
        notes.add(rule, path, f"It is {quoted(text)}; {quoted(meant)} is assumed.")
        return meant
    notes.add(rule, path, f"It is {quoted(text)}, which is not known; it is kept as it is.")
    return cut(text, TYPE_CHARACTERS)


def _lines(raw: list[str] | str, kind: str, number: int, notes: Notes) -> tuple[str, ...]:
    """The lines of a policy-string, one TLSA record an entry (DEC-29, DEV-02)."""
    if not isinstance(raw, str) and len(raw) <= LINES_MOST:
        whole = "\n".join(raw)
        if len(whole) <= LINE_CHARACTERS and whole.count("\n") < len(raw) and not any(map(whole.count, "\r[;")):
            return tuple(raw)
    path = f"policies[{number}].policy.policy-string"
    if isinstance(raw, str):
        raw = [raw]
        notes.add("DEC-29", path, "It is one text; it is read as an array of its lines.")
    lines: list[str] = []
    for element in raw[: LINES_MOST + 1]:
        lines += _unpacked(element, kind, path, notes)
    return _few(lines, path, notes)


def _unpacked(element: str, kind: str, path: str, notes: Notes) -> list[str]:
    """The lines that one element holds: an array of its own, several lines, or one."""
    if element.lstrip()[:1] == "[":
        try:
            inner = msgspec.json.decode(element, type=list[str])
        except msgspec.DecodeError:
            return [element]
        notes.add("DEV-02", path, f"A text in it is an array of its own; its {len(inner)} entries are read.")
        return inner
    ends = _TLSA_ENDS if kind == _TLSA else _LINE_ENDS
    if not ends.search(element):
        return [element]
    notes.add("DEC-29", path, "A text in it holds several lines; they are read apart.")
    return [part.strip() for part in ends.split(element) if part.strip()]


def _few(lines: list[str], path: str, notes: Notes) -> tuple[str, ...]:
    if len(lines) > LINES_MOST:
        notes.add("RPT-44", path, f"It has more than {LINES_MOST} lines; the others are left out.")
    return tuple(_held(line, LINE_CHARACTERS, path, notes) for line in lines[:LINES_MOST])


def _patterns(raw: RawPolicy, number: int, notes: Notes) -> tuple[str, ...]:
    """The patterns of mx-host (DEC-29, DEV-08, DEV-11)."""
    path = f"policies[{number}].policy.mx-host"
    value = raw.mx_host
    if not value:
        value = raw.mx_host_pattern or ""
        notes.add("DEV-11", path, "It is called mx-host-pattern; it is read.")
    if isinstance(value, str):
        value = _LINE_ENDS.split(value)
        notes.add("DEC-29", path, "It is one text; an array with it is assumed.")
    patterns = [_MX_PREFIX.sub("", text, count=1) for text in value if text]
    if any(map(_MX_PREFIX.match, value)):
        notes.add("DEV-08", path, "A pattern has the prefix `mx:` of a policy line; it is read without.")
    return _few(patterns, path, notes)


def _summary(raw: RawSummary | None, number: int, notes: Notes) -> Summary:
    successful, failed = (
        (raw.total_successful_session_count, raw.total_failure_session_count) if raw is not None else (None, None)
    )
    for count, key in ((successful, "successful"), (failed, "failure")):
        if count is None:
            path = f"policies[{number}].summary.total-{key}-session-count"
            notes.add("DEC-32", path, "It is missing; the number is unknown, not zero.")
    return Summary(successful, failed)


def _details(raw: Sequence[RawDetail], policy: int, notes: Notes) -> tuple[FailureDetails, ...]:
    if len(raw) > DETAILS_MOST:
        raise ReportError("RPT-44", f"it has more than {DETAILS_MOST} failure details")
    return tuple(_detail(detail, policy, number, notes) for number, detail in enumerate(raw) if detail is not LEFT_OUT)


def _detail(raw: RawDetail, policy: int, number: int, notes: Notes) -> FailureDetails:
    def path(key: str) -> str:
        return f"policies[{policy}].failure-details[{number}].{key}"

    def text(value: str, key: str) -> str:
        return _held(value, TEXT_CHARACTERS, path(key), notes) if len(value) > TEXT_CHARACTERS else value

    def address(value: str, key: str) -> str | None:
        found, bent = _address(value[: TYPE_CHARACTERS + 1])
        if bent:
            notes.add("DEC-26" if value else "DEC-16", path(key), bent)
        return found

    kind = raw.result_type
    if kind not in RESULT_TYPES:
        kind = _kind(kind, RESULT_TYPES, "RPT-20", path("result-type"), notes)
    if raw.failed_session_count is None:
        notes.add("DEC-32", path("failed-session-count"), "It is missing; the number is unknown, not zero.")
    sending, host, receiving = raw.sending_mta_ip, raw.receiving_mx_hostname, raw.receiving_ip
    helo, information, reason = raw.receiving_mx_helo, raw.additional_information, raw.failure_reason_code
    if not information and raw.additional_info_uri:
        information = raw.additional_info_uri
        notes.add("DEV-11", path("additional-information"), "It is called additional-info-uri; it is read.")
    return FailureDetails(
        kind,
        None if sending is None else address(sending, "sending-mta-ip"),
        _host(text(host, "receiving-mx-hostname")) if host else None,
        text(helo, "receiving-mx-helo") if helo else None,
        None if receiving is None else address(receiving, "receiving-ip"),
        raw.failed_session_count,
        text(information, "additional-information") if information else None,
        text(reason, "failure-reason-code") if reason else None,
    )


@lru_cache(_CACHED)
def _address(text: str) -> tuple[str | None, str]:
    """The address in its canonical form, text that is none as it is, and what is bent (DEC-26)."""
    if not text:
        return None, "It is empty; it is taken as absent."
    address = address_of(text)
    if address is None:
        return cut(text, TYPE_CHARACTERS), f"It is {quoted(text)}, which is no IP address; it is kept as it is."
    return str(address), ""


@lru_cache(_CACHED)
def _host(text: str) -> str | None:
    return text.strip().lower().removesuffix(".") or None


def _compare(hints: Hints, report: Report, notes: Notes) -> None:
    """What came with the report and disagrees with it; the report is right (RPT-42, DEC-30)."""
    domains = report.domains
    told, _ = _name(hints.domain or "")
    if told is not None and domains and told not in domains:
        notes.add(
            "RPT-42", "policies", f"Its mail or file name is about {told}, the report is not; the report is right."
        )
    named = _FILE_NAME.match((hints.file_name or "")[:TEXT_CHARACTERS])
    if named:
        there, _ = _name(named["domain"][: DOMAIN_CHARACTERS + 1])
        if there not in (None, told, *domains) and domains:
            notes.add("RPT-42", "policies", f"Its file name is about {there}, the report is not; the report is right.")
        range_ = report.date_range
        if (int(named["begin"]), int(named["end"])) != tuple(
            int(at.timestamp()) for at in (range_.start_datetime, range_.end_datetime)
        ):
            notes.add("RPT-42", "date-range", "Its file name has another begin or end; the report is right.")
    ids = [_NOT_ALPHANUMERIC.sub("", text).lower() for text in (hints.report_id or "", report.report_id)]
    if ids[0] and ids[0] not in ids[1] and ids[1] not in ids[0]:
        message = f"The Subject of its mail has the Report-ID {quoted(hints.report_id)}; the report is right."
        notes.add("RPT-42", "report-id", message)
    submitter, _ = _name((hints.submitter or "")[: DOMAIN_CHARACTERS + 1])
    contact = report.contact_info or ""
    if submitter is not None and "@" in contact and contact.rpartition("@")[2].lower() != submitter:
        message = f"It is at another domain than {submitter}, which submits the report; it is kept as it is."
        notes.add("DEC-30", "contact-info", message)
