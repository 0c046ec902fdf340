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
from strictmx.standards.tlsrpt.bounds import BRACKETS_MOST, DOCUMENT_BYTES, hold, in_utf_8
from strictmx.standards.tlsrpt.facts import Hints
from strictmx.standards.tlsrpt.loose import loosely
from strictmx.standards.tlsrpt.raw import LEFT_OUT, SET_ASIDE, Notes, RawReport, quoted, typed
from strictmx.standards.tlsrpt.report import (
    DETAILS_MOST,
    LINE_CHARACTERS,
    LINES_MOST,
    ORGANIZATION_CHARACTERS,
    POLICIES_MOST,
    RESULT_TYPES,
    TEXT_CHARACTERS,
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

__all__ = ["DETAILS_MOST", "DOCUMENT_BYTES", "documents", "read_report"]

YEARS = range(2000, 2200)  # outside of these a date is a mistake

_NO_HINTS = Hints()
_POLICY_TYPES = frozenset(kind.value for kind in PolicyType)
_STS, _TLSA = PolicyType.STS.value, PolicyType.TLSA.value
_CACHED = 4_096  # dates, names, addresses and contacts, which many reports share
_DAY = timedelta(days=1)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_TLSA_ENDS = re.compile(r"\r\n|\r|\n|;")
_MX_PREFIX = re.compile(r"\s*mx:\s*", re.IGNORECASE)
_ADDR_SPEC = re.compile(r"[^\s<>@,:;()\"\\\[\]]{1,64}@[^\s<>@,:;()\"\\\[\]]{1,253}\Z")
_DATED_ID = re.compile(r"[0-9]{4}[-.][0-9]{2}[-.][0-9]{2}.*_([^_]+\.[^_]+)\Z")  # Google's; Postfix's has an index
_FILE_NAME = re.compile(
    r"[^!]*!(?P<domain>[^!]+)!(?P<begin>[0-9]{1,12})!(?P<end>[0-9]{1,12})(?:![a-z0-9]*)?(?:\.json)?(?:\.gz)?\Z",
    re.IGNORECASE,
)
_NO_PATTERNS = "It is missing; the mx lines of policy-string tell the patterns."
_UNKNOWN_COUNT = "It is missing; the number is unknown, not zero."
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_OCTETS = frozenset(map(str, range(256)))


def read_report(data: bytes, hints: Hints = _NO_HINTS) -> Report:
    """Read one report (RFC 8460 section 4): its JSON document, unpacked. What it bends is in `.deviations`.

    hints: what came with it; they fill in what the report leaves out, and where they differ the report is right.
    Raises ReportError, with the rule: no JSON object, no policies or none that can be counted, no day, too large.
    """
    notes = Notes()
    data = in_utf_8(data, notes)
    if len(data) > BRACKETS_MOST:
        hold(data)
    raw = typed(data)
    if raw is None:
        return read_loosely(data, hints, notes)
    return _judged(raw, data, hints, notes, bounded=True)


def read_loosely(data: bytes, hints: Hints, notes: Notes) -> Report:
    """As `read_report`, without trying the typed way. data: in UTF-8."""
    hold(data)
    return _judged(loosely(data, notes), data, hints, notes, bounded=False)


def documents(data: bytes) -> list[bytes]:
    """The JSON documents in these bytes: the elements of an array, one a line, else the bytes as they are."""
    try:
        text = in_utf_8(data, Notes()).strip()
        if text.startswith(b"["):
            hold(text)
            return [bytes(each) for each in msgspec.json.decode(text, type=list[msgspec.Raw])] or [data]
        end = text.find(b"\n")
        first = text[:end].rstrip() if end > 0 else b""
        if first.endswith(b"}") and text.count(b"\n") < DETAILS_MOST:
            hold(first)
            msgspec.json.decode(first, type=msgspec.Raw)
            return [line for line in text.splitlines() if line.strip()]
    except (ReportError, msgspec.DecodeError, RecursionError):
        pass
    return [data]


def _judged(raw: RawReport, data: bytes, hints: Hints, notes: Notes, *, bounded: bool) -> Report:
    """The report. bounded: every value is within its bounds, so what is as it should be stays as it is."""
    date_range, bent = _date_range(raw.date_range.start_datetime, raw.date_range.end_datetime)
    for each in bent:
        notes.add(each.rule, each.path, each.message)
    contact, why = _contact(raw.contact_info or "")
    if why:
        notes.add("DEC-30", "contact-info", why)
    organization, report_id = raw.organization_name, raw.report_id
    if not organization:
        organization = (contact or "").rpartition("@")[2] or hints.submitter or UNKNOWN
        organization = organization[:ORGANIZATION_CHARACTERS]
        notes.add("DEC-16", "organization-name", f"It is missing; {quoted(organization)} is assumed.")
    if not report_id:
        report_id = sha256(data).hexdigest()[:32]
        notes.add("RPT-43", "report-id", "It is missing; one is made of the digest of the document.")
    policies = _policies(raw.policies, hints, report_id, notes, bounded=bounded)
    if hints is not _NO_HINTS:
        domains = {entry.policy.policy_domain for entry in policies} - {None}
        _compare_file_name(hints, date_range, domains, notes)
        _compare_headers(hints, report_id, contact, notes)
    if not policies:
        if raw.policies:
            raise _none_left(notes.all())
        notes.add("RPT-12", "policies", "It is empty; the report counts nothing.")
    return Report(organization, date_range, report_id, policies, contact, notes.all())


def _none_left(deviations: Sequence[Deviation]) -> ReportError:
    first = next(
        (each for each in deviations if each.sets_aside), Deviation("DEC-32", "policies", "All are set aside.")
    )
    return ReportError(first.rule, f"no policy in it can be counted; {first.path}: {first.message}")


@lru_cache(_CACHED)
def _date_range(start_text: str | None, end_text: str | None) -> tuple[DateRange, tuple[Deviation, ...]]:
    """The range of time, and what is bent. Raises ReportError: the day is unknown, or a mistake."""
    notes = Notes()
    start, end = _instant(start_text, "start-datetime", notes), _instant(end_text, "end-datetime", notes)
    if start is None:
        raise ReportError(
            "DEC-18", "its date-range has no start that can be read, so its day is unknown", start_text or ""
        )
    last = start.replace(hour=23, minute=59, second=59, microsecond=0)
    if end is None:
        notes.add("DEC-18", "date-range.end-datetime", "It cannot be read; the end of the first day is assumed.")
        end = last
    elif end <= start:
        notes.add("DEC-18", "date-range", "It ends before it begins; the end of the first day is assumed.")
        end = last
    elif end - start > _DAY:
        notes.add(
            "DEC-18", "date-range", f"It spans {-(-(end - start) // _DAY)} days; the report counts for the first."
        )
    elif end.day != start.day:
        notes.add("DEC-18", "date-range", "It ends on the next day; the report counts for the first.")
    return DateRange(start, end), notes.all()


def _instant(text: str | None, key: str, notes: Notes) -> datetime | None:
    """The instant in UTC, from the form of RFC 3339 or another of ISO 8601; None when it cannot be read."""
    try:
        at = msgspec.convert((text or "").strip(), datetime)
    except msgspec.ValidationError:
        try:
            at = datetime.fromisoformat((text or "").strip())
        except ValueError:
            return None
        notes.add(
            "DEC-18", f"date-range.{key}", f"It is {quoted(text)}, which is not the form of RFC 3339; it is read."
        )
    if at.tzinfo is None:
        notes.add("DEV-06", f"date-range.{key}", "It has no offset; UTC is assumed.")
        at = at.replace(tzinfo=UTC)
    elif at.utcoffset():
        notes.add("DEC-18", f"date-range.{key}", f"It is {quoted(text)}, not in UTC; it is converted.")
    try:
        at = at.astimezone(UTC)
        is_sane = at.year in YEARS
    except OverflowError:  # the first or last hours of all years
        is_sane = False
    if not is_sane:
        raise ReportError("DEC-18", f"{key} lies outside of the years {YEARS.start} to {YEARS.stop - 1}", text or "")
    return at


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


def _policies(
    raw: tuple[PolicyReport, ...], hints: Hints, report_id: str, notes: Notes, *, bounded: bool
) -> tuple[PolicyReport, ...]:
    """The policies that count, each mended where it is bent."""
    assumed: tuple[str | None, str] | None = None
    entries = []
    details = 0
    for number, entry in enumerate(raw):
        details += len(entry.failure_details)
        if details > DETAILS_MOST or number == POLICIES_MOST:
            raise ReportError("RPT-44", f"it has more than {POLICIES_MOST} policies or {DETAILS_MOST} failure details")
        if not (bounded and _is_by_the_book(entry.policy, entry.summary) and _are_by_the_book(entry.failure_details)):
            if not entry.policy.policy_domain and assumed is None:
                assumed = _assumed(raw, hints, report_id)
            mended = _mended(entry, number, assumed, notes, bounded=bounded)
            if mended is None:
                continue
        else:
            mended = entry
        policy = mended.policy
        if not policy.mx_host and policy.policy_type == _STS and "mx:" in "".join(policy.policy_string):
            notes.add("DEV-03", f"policies[{number}].policy.mx-host", _NO_PATTERNS)
        entries.append(mended)
    return tuple(entries)


def _is_by_the_book(policy: Policy, summary: Summary) -> bool:
    """Whether `_mended` would change nothing of these, their values being within bounds."""
    kind, domain, lines, hosts = policy.policy_type, policy.policy_domain, policy.policy_string, policy.mx_host
    return (
        kind in _POLICY_TYPES
        and summary.total_successful_session_count is not None
        and summary.total_failure_session_count is not None
        and domain is not None
        and _name(domain)[0] == domain
        and ":" not in "".join(hosts)
        and _are_single(lines + hosts, kind)
    )


def _are_by_the_book(details: tuple[FailureDetails, ...]) -> bool:
    """Whether `_detail` would change nothing of these, their values being within bounds."""
    for detail in details:
        sending, host, receiving = detail.sending_mta_ip, detail.receiving_mx_hostname, detail.receiving_ip
        if (
            detail.result_type not in RESULT_TYPES
            or detail.failed_session_count is None
            or (sending is not None and not _is_address(sending))
            or (host is not None and _host(host) != host)
            or (receiving is not None and not _is_address(receiving))
        ):
            return False
    return True


def _are_single(lines: tuple[str, ...], kind: str) -> bool:
    """Whether each text is one line of sane length, as all but few are."""
    whole = "".join(lines)
    return (
        len(whole) <= LINE_CHARACTERS
        and len(lines) <= LINES_MOST
        and whole.isprintable()
        and "[" not in whole
        and (kind != _TLSA or ";" not in whole)
    )


def _mended(
    entry: PolicyReport, number: int, assumed: tuple[str | None, str] | None, notes: Notes, *, bounded: bool
) -> PolicyReport | None:
    """The entry with its deviations noted; None where it is set aside. assumed: the domain where it names none."""
    if entry is SET_ASIDE:
        return None
    path = f"policies[{number}]"
    text = entry.policy.policy_domain
    if text:
        domain, bent = _name(text)
        if domain is None:
            message = f"Its policy-domain is {quoted(text)}, no domain name: {bent}; the policy is set aside."
            notes.add("RPT-16", path, message, sets_aside=True)
            return None
        if bent:
            notes.add("RPT-16", f"{path}.policy.policy-domain", bent)
    else:
        domain, why = assumed or (None, "")
        notes.add("DEV-09", f"{path}.policy.policy-domain", f"It is missing; {why}.")
    summary = entry.summary
    if summary.total_successful_session_count is None:
        notes.add("DEC-32", f"{path}.summary.total-successful-session-count", _UNKNOWN_COUNT)
    if summary.total_failure_session_count is None:
        notes.add("DEC-32", f"{path}.summary.total-failure-session-count", _UNKNOWN_COUNT)
    details = entry.failure_details
    if not (bounded and _are_by_the_book(details)):
        details = tuple(
            _detail(detail, f"{path}.failure-details[{place}]", notes)
            for place, detail in enumerate(details)
            if detail is not LEFT_OUT
        )
    return PolicyReport(_policy(entry.policy, domain, f"{path}.policy", notes), summary, details)


@lru_cache(_CACHED)
def _name(text: str) -> tuple[str | None, str]:
    """The name that the text is, and what is bent; None and the reason where it is none."""
    try:
        name = str(Name.parse(text))  # msgspec writes no subclass of str
    except InvalidName as error:
        return None, error.reason
    return name, "" if text.isascii() else f"It is {quoted(text)} in U-labels; {name} is read."


def _assumed(raw: Sequence[PolicyReport], hints: Hints, report_id: str) -> tuple[str | None, str]:
    """The domain for policies that name none, and where it is from (DEV-09)."""
    hinted = _hinted(hints.domain)
    if hinted is not None:
        return hinted, f"{hinted}, which came with the report, is assumed"
    others = {  # that of a tlsa policy may be an MX host (DEC-14)
        _name(entry.policy.policy_domain)[0]
        for entry in raw
        if entry.policy.policy_domain and entry.policy.policy_type != _TLSA
    } - {None}
    if len(others) == 1:
        (only,) = others
        return only, f"{only}, which the other policies name, is assumed"
    dated = _DATED_ID.match(report_id)
    name, _ = _name(dated.group(1)) if dated else (None, "")
    if name is not None:
        return name, f"{name}, which the report-id ends in, is assumed"
    return None, "nothing else names it"


def _hinted(text: str | None) -> str | None:
    return _name(text[:TEXT_CHARACTERS])[0] if text else None


def _policy(raw: Policy, domain: str | None, path: str, notes: Notes) -> Policy:
    kind = _kind(raw.policy_type, _POLICY_TYPES, "DEC-25", f"{path}.policy-type", notes)
    lines = _lines(raw.policy_string, kind, f"{path}.policy-string", notes)
    hosts = _lines(raw.mx_host, kind, f"{path}.mx-host", notes) if raw.mx_host else ()
    if ":" in "".join(hosts) and any(map(_MX_PREFIX.match, hosts)):
        hosts = tuple(_MX_PREFIX.sub("", text) for text in hosts)
        notes.add("DEV-08", f"{path}.mx-host", "A pattern has the prefix `mx:` of a policy line; it is read without.")
    hosts = tuple(filter(None, hosts))
    return Policy(kind, lines, domain, hosts)


def _kind(text: str, known: frozenset[str], rule: str, path: str, notes: Notes) -> str:
    """A type: as it is meant where it differs in case alone, else as it stands (DEC-25, RPT-20)."""
    if text in known:
        return text
    meant = text.strip().lower()
    if not meant:
        notes.add(rule, path, f"It is missing; {quoted(UNKNOWN)} is assumed.")
        return UNKNOWN
    if meant in known:
        notes.add(rule, path, f"It is {quoted(text)}; {quoted(meant)} is assumed.")
        return meant
    notes.add(rule, path, f"It is {quoted(text)}, which is not known; it is kept as it is.")
    return text


def _lines(raw: tuple[str, ...], kind: str, path: str, notes: Notes) -> tuple[str, ...]:
    """The lines of a policy-string or mx-host, one TLSA record an entry (DEC-29)."""
    if _are_single(raw, kind):
        return raw
    lines: list[str] = []
    for element in raw[: LINES_MOST + 1]:
        lines += _unpacked(element, kind, path, notes)
    if len(lines) > LINES_MOST:
        notes.add("RPT-44", path, f"It has more than {LINES_MOST} lines; the others are left out.")
    return tuple([notes.held(line, LINE_CHARACTERS, path) for line in lines[:LINES_MOST]])


def _unpacked(element: str, kind: str, path: str, notes: Notes) -> list[str]:
    """The lines in one element: those of an array that it is (DEV-02), several (DEC-29), or one."""
    if element.lstrip()[:1] == "[":
        try:
            inner = msgspec.json.decode(element, type=list[str])
        except msgspec.DecodeError:
            inner = []
        if inner:
            notes.add("DEV-02", path, f"A text in it is an array of its own; its {len(inner)} entries are read.")
            return inner
    ends = _TLSA_ENDS if kind == _TLSA else _LINE_ENDS
    if not ends.search(element):
        return [element]
    notes.add("DEC-29", path, "A text in it holds several lines; they are read apart.")
    return [part.strip() for part in ends.split(element) if part.strip()]


def _detail(raw: FailureDetails, path: str, notes: Notes) -> FailureDetails:
    if raw.failed_session_count is None:
        notes.add("DEC-32", f"{path}.failed-session-count", _UNKNOWN_COUNT)
    sending, receiving = (
        _noted_address(text, f"{path}.{key}", notes) if text is not None else None
        for text, key in ((raw.sending_mta_ip, "sending-mta-ip"), (raw.receiving_ip, "receiving-ip"))
    )
    return FailureDetails(
        _kind(raw.result_type, RESULT_TYPES, "RPT-20", f"{path}.result-type", notes),
        sending,
        _host(raw.receiving_mx_hostname or ""),
        raw.receiving_mx_helo or None,
        receiving,
        raw.failed_session_count,
        raw.additional_information or None,
        raw.failure_reason_code or None,
    )


def _noted_address(text: str, path: str, notes: Notes) -> str | None:
    address, bent = _address(text)
    if bent:
        notes.add("DEC-26" if address else "DEC-16", path, bent)
    return address


@lru_cache(_CACHED)
def _is_address(text: str) -> bool:
    return _address(text) == (text, "")


@lru_cache(_CACHED)
def _address(text: str) -> tuple[str | None, str]:
    """The address in its canonical form, text that is none as it is, and what is bent (DEC-26)."""
    octets = text.split(".")
    if len(octets) == 4 and _OCTETS.issuperset(octets):  # noqa: PLR2004 - IPv4, by far the most frequent
        return text, ""
    if not text.strip():
        return None, "It is empty; it is taken as absent."
    address = address_of(text)
    if address is None:
        return text, f"It is {quoted(text)}, which is no IP address; it is kept as it is."
    return str(address), ""


@lru_cache(_CACHED)
def _host(text: str) -> str | None:
    return text.strip().lower().removesuffix(".") or None


def _compare_file_name(hints: Hints, date_range: DateRange, domains: set[str | None], notes: Notes) -> None:
    """Where the domain that was told, or the file name, disagrees with the report; the report is right (RPT-42)."""
    others = {_hinted(hints.domain)}
    named = _FILE_NAME.match((hints.file_name or "")[:TEXT_CHARACTERS])
    if named:
        others.add(_hinted(named["domain"]))
        begin, end = int(named["begin"]), int(named["end"])
        if begin != int(date_range.start_datetime.timestamp()) or end != int(date_range.end_datetime.timestamp()):
            notes.add("RPT-42", "date-range", "Its file name has another begin or end; the report is right.")
    for other in sorted(filter(None, others - domains)) if domains else ():
        message = f"{other} came with the report, which is not about that domain; the report is right."
        notes.add("RPT-42", "policies", message)


def _compare_headers(hints: Hints, report_id: str, contact: str | None, notes: Notes) -> None:
    """Where the Report-ID or the submitter that a mail tells disagrees with the report (RPT-42, DEC-30).

    Senders write ids of one meaning in several forms: Google's has dots and an @ in the Subject alone (DEC-17).
    """
    if hints.report_id:
        subject, own = (_NOT_ALPHANUMERIC.sub("", text).lower() for text in (hints.report_id, report_id))
        if subject not in own and own not in subject:
            message = f"The Subject of its mail has the Report-ID {quoted(hints.report_id)}; the report is right."
            notes.add("RPT-42", "report-id", message)
    submitter, (_, at, domain) = _hinted(hints.submitter), (contact or "").rpartition("@")
    if submitter is not None and at and domain.lower() != submitter:
        message = f"It is not at {submitter}, which submits the report; it is kept as it is."
        notes.add("DEC-30", "contact-info", message)
