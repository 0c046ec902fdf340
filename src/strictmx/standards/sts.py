"""MTA-STS as RFC 8461 defines it: TXT record (3.1), policy file (3.2), HTTPS response (3.3), MX host match (4.1).

SMTP finds the next host by MX, an answer that anybody on the path can forge, and then encrypts only if that host says
it can. A domain that publishes a policy names its real MX hosts over HTTPS, where a certificate vouches for the
answer; a TXT record tells that a policy exists and, by its `id`, when it changed.

    _mta-sts.example.com.  TXT  "v=STSv1; id=20261124T0900;"
    https://mta-sts.example.com/.well-known/mta-sts.txt
        version: STSv1
        mode: enforce
        mx: mx1.example.com
        max_age: 604800

Pure. Fetching lives in `internet.https`. A reader accepts all that a receiver must accept, names each rule that was
bent, and collects every fault in one pass; a writer emits only what a publisher may.
Chosen where the text is open: LF ends a line as CRLF does (DEC-01), blank lines are skipped (DEC-02), a blank before
the first `;` of a record is forgiven (DEC-03), a known key must satisfy its own rule (DEC-06), a policy is UTF-8
whatever its media type says (DEC-07), a max_age above the cap is clamped, since refusing would fail open (DEC-09).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from strictmx.standards.names import InvalidName, Name
from strictmx.standards.txt_record import (
    FIELD_NAME,
    FIELD_VALUE,
    FOUND_CHARACTERS,
    has_blank_before_semicolon,
    pick,
    split,
)

POLICY_BYTES = 65_536  # STS-48: RFC 8461 section 3.3 suggests 64 KB; reading stops there
MAX_AGE_SECONDS = 31_557_600  # RFC 8461 section 3.2: about a year
POLICY_PATH = "/.well-known/mta-sts.txt"  # RFC 8461 section 3.3
RECORD_LABEL = "_mta-sts"
HOST_LABEL = "mta-sts"

_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")

_POLICY_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*\Z", re.DOTALL)
_MAX_AGE = re.compile(r"[0-9]{1,10}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_KNOWN_KEYS = ("version", "mode", "mx", "max_age")


class Mode(Enum):
    """What a sender does with a host that fails the policy (RFC 8461 section 5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


# ---- the TXT record ------------------------------------------------------------------------------------------------


class RecordFault(Enum):
    """Why there is no record for a sender to act on (STS-02 to STS-04)."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    NO_ID = "no-id"


class RecordDeviation(Enum):
    """What a valid record has that a publisher should mend or know."""

    UNKNOWN_FIELD = "unknown-field"  # STS-05: ignored by senders
    DUPLICATE_FIELD = "duplicate-field"  # STS-06: only the first counts
    BLANK_BEFORE_SEMICOLON = "blank-before-semicolon"  # DEC-03: allowed by the grammar, missed by literal readers


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record that RFC 8461 section 3.1 accepts: its `id` (1 to 32 letters and digits) and other fields."""

    id: str
    extensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(f"an id is 1 to 32 letters and digits, not {self.id[:FOUND_CHARACTERS]!r}")


@dataclass(frozen=True, slots=True)
class RecordReading:
    """What the TXT answer at `_mta-sts` holds: a record, or the fault that makes senders see none.

    candidates: the TXT records that begin as an STS record does. others: the rest of the answer.
    detail: the part that breaks the grammar, for `INVALID`.
    """

    record: Record | None = None
    fault: RecordFault | None = None
    candidates: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    detail: str = ""
    deviations: tuple[tuple[RecordDeviation, str], ...] = ()


def read_records(records: Sequence[str]) -> RecordReading:
    """Pick the STS record out of the TXT records at `_mta-sts` and read it (RFC 8461 section 3.1).

    records: one string a record, its parts already joined (STS-01), octets as Latin-1. Never raises.
    """
    picked = pick(records, "STSv1")
    others = picked.nearly + picked.others
    if len(picked.candidates) > 1:
        return RecordReading(fault=RecordFault.MULTIPLE, candidates=picked.candidates, others=others)
    if picked.candidates:
        return _read_record(picked.candidates[0], others)
    if picked.nearly:
        detail = "no semicolon after `v=STSv1`"
        return RecordReading(fault=RecordFault.INVALID, candidates=picked.nearly, others=picked.others, detail=detail)
    return RecordReading(fault=RecordFault.MISSING, others=others)


def _read_record(text: str, others: tuple[str, ...]) -> RecordReading:
    """Read one candidate: `v=STSv1` 1*(delim field) [delim]."""

    def faulty(fault: RecordFault, detail: str) -> RecordReading:
        return RecordReading(fault=fault, candidates=(text,), others=others, detail=detail[:FOUND_CHARACTERS])

    identifier: str | None = None
    extensions: dict[str, str] = {}
    deviations: list[tuple[RecordDeviation, str]] = []
    if has_blank_before_semicolon(text):
        deviations.append((RecordDeviation.BLANK_BEFORE_SEMICOLON, "v=STSv1 ;"))
    for part in split(text):
        name, equals, value = part.partition("=")
        if not equals or not FIELD_NAME.match(name) or not FIELD_VALUE.match(value):
            return faulty(RecordFault.INVALID, part or "an empty field")
        if name == "id":
            if identifier is not None:
                deviations.append((RecordDeviation.DUPLICATE_FIELD, name))
            elif not _ID.match(value):
                return faulty(RecordFault.INVALID, part)
            else:
                identifier = value
        elif name in extensions:
            deviations.append((RecordDeviation.DUPLICATE_FIELD, name))
        else:
            extensions[name] = value
            deviations.append((RecordDeviation.UNKNOWN_FIELD, name))
    if identifier is None:
        return faulty(RecordFault.NO_ID, "")
    record = Record(identifier, tuple(extensions.items()))
    return RecordReading(record=record, candidates=(text,), others=others, deviations=tuple(deviations))


def format_record(record: Record) -> str:
    """The TXT record as a publisher writes it: `v=STSv1; id=…;`."""
    fields = [("id", record.id), *record.extensions]
    return "v=STSv1;" + "".join(f" {name}={value};" for name, value in fields)


# ---- host patterns -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostPattern:
    """An `mx` pattern: an exact host name, or `*.` and a name, where the star stands for exactly one label."""

    name: Name
    wildcard: bool = False

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read a pattern as a policy file gives it (STS-23, STS-24).

        Raises ValueError with what is wrong: several names, a star elsewhere, U-labels, an address, a trailing dot.
        """
        wildcard = text.startswith("*.")
        rest = text[2:] if wildcard else text
        if not rest:
            raise ValueError("it is empty")
        if "*" in rest:
            raise ValueError("the star may only be the whole left label, once")
        if re.search(r"[\s,;]", rest):
            raise ValueError("one `mx` line holds one name; write a line for each host")
        if rest.startswith("."):
            raise ValueError("it begins with a dot; the wildcard is written `*` followed by the dot")
        if rest.endswith("."):
            raise ValueError("it ends with a dot")
        if not rest.isascii():
            raise ValueError("it is not in A-labels (`xn--…`)")
        for label in rest.split("."):
            if not _HOST_LABEL.match(label):
                raise ValueError("a host name holds letters, digits and hyphens")
        try:
            name = Name.parse(rest)
        except InvalidName as error:
            raise ValueError(error.reason) from error
        return cls(name, wildcard)

    def matches(self, host: str) -> bool:
        """Whether the MX host name passes (RFC 8461 section 4.1): equal, or one label in front of the wildcard's.

        host: the name in the MX record, never its CNAME target; any case, a trailing dot is dropped.
        """
        name = host.lower().removesuffix(".")
        if not self.wildcard:
            return name == self.name
        label, dot, rest = name.partition(".")
        return bool(label and dot) and rest == self.name

    def __str__(self) -> str:
        return f"*.{self.name}" if self.wildcard else str(self.name)


# ---- the policy file -----------------------------------------------------------------------------------------------


class PolicyFault(Enum):
    """A rule of the policy file that was bent. Whether the policy survives is on the `Fault` itself."""

    NOT_A_POLICY = "not-a-policy"
    ENCODING = "encoding"
    LINE_ENDING = "line-ending"
    SYNTAX = "syntax"
    VERSION_MISSING = "version-missing"
    VERSION = "version"
    MODE_MISSING = "mode-missing"
    MODE_INVALID = "mode-invalid"
    MAX_AGE_MISSING = "max-age-missing"
    MAX_AGE_INVALID = "max-age-invalid"
    MX_MISSING = "mx-missing"
    MX_INVALID = "mx-invalid"
    DUPLICATE_FIELD = "duplicate-field"


class Effect(Enum):
    """What a bent rule does to the policy."""

    FATAL = "fatal"  # every sender ignores the policy
    FORGIVEN = "forgiven"  # read on; some senders may not
    HARMLESS = "harmless"  # within the grammar, worth knowing


@dataclass(frozen=True, slots=True)
class Fault:
    """One bent rule: the text found (cut), the line (from 1; 0 is the whole file), and what is wrong in a clause."""

    kind: PolicyFault
    effect: Effect
    rule: str
    line: int = 0
    found: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that RFC 8461 section 3.2 accepts. One that exists is valid; nobody checks again.

    mx: empty only when mode is none. max_age: seconds, 0 to 31,557,600.
    """

    mode: Mode
    mx: tuple[HostPattern, ...]
    max_age: int
    extensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.max_age <= MAX_AGE_SECONDS:
            raise ValueError(f"max_age is 0 to {MAX_AGE_SECONDS} seconds, not {self.max_age}")
        if not self.mx and self.mode is not Mode.NONE:
            raise ValueError("a policy names at least one mx unless its mode is none")

    def matches(self, host: str) -> bool:
        """Whether an MX host name passes one of the patterns (RFC 8461 section 4.1)."""
        return any(pattern.matches(host) for pattern in self.mx)


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """What a file holds: the policy, or None when a fault is fatal; and every rule that was bent."""

    policy: Policy | None
    faults: tuple[Fault, ...]


def read_policy(raw: bytes) -> PolicyReading:
    """Read a policy file and every rule that it bends (RFC 8461 section 3.2). Never raises on content.

    raw: the response body as received, at most `POLICY_BYTES` (a longer one is refused by whoever reads it).
    """
    text, encoding = _decode(raw)
    reading = _read_lines(text)
    stranger = _recognise(text, reading)
    if stranger:
        return PolicyReading(None, (Fault(PolicyFault.NOT_A_POLICY, Effect.FATAL, "DEC-06", reason=stranger),))
    if encoding:
        return PolicyReading(None, (encoding, *reading.faults))
    return reading


def _decode(raw: bytes) -> tuple[str, Fault | None]:
    """The text, and the fault when the octets are no plain UTF-8 text (DEC-07)."""

    def fault(reason: str) -> Fault:
        return Fault(PolicyFault.ENCODING, Effect.FATAL, "DEC-07", reason=reason)

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return raw.decode("utf-16", "replace"), fault("the file is UTF-16")
        return raw.decode("utf-8", "replace"), fault(f"octet {error.start + 1} is not UTF-8")
    if text.startswith("\ufeff"):
        return text[1:], fault("the file begins with a byte order mark")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        return _CONTROL.sub("", text), fault(f"line {line} holds the control character U+{ord(control.group()):04X}")
    return text, None


def _recognise(text: str, reading: PolicyReading) -> str:
    """What a file is that was never a policy, in a clause; empty for one that is, or nearly is."""
    if reading.policy is not None:
        return ""
    start = text.lstrip()[:200].lower()
    if start.startswith("{\\rtf"):
        return "it is a rich text document; save it as plain text"
    if re.match(r"<(!doctype|html|\?xml|head|body|p\b|pre\b)", start):
        return "it is a web page"
    if start.startswith(("v=stsv1", '"v=stsv1', "_mta-sts")):
        return "it holds the DNS record; that belongs into DNS, and the policy into this file"
    if start.startswith("---"):
        return "it begins with front matter (`---`)"
    if start.startswith("{"):
        return "it is JSON"
    if re.search(r"^mx:[ \t]*\r?\n[ \t]*-", text, re.MULTILINE):
        return "it is a YAML list; each host is a line `mx: HOST` of its own"
    if re.search(r"^[ \t]+\S", text, re.MULTILINE):
        flush = re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)
        if _read_lines(flush).policy is not None:
            return "its lines are indented; each begins in the first column"
    return ""


@dataclass(slots=True)
class _Fields:
    """The fields of a file while it is read; the first of each key wins (STS-26)."""

    version: str | None = None
    mode: Mode | None = None
    mode_seen: bool = False
    max_age: int | None = None
    max_age_seen: bool = False
    mx: list[HostPattern] = field(default_factory=list)
    mx_seen: bool = False
    extensions: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def note(self, kind: PolicyFault, effect: Effect, rule: str, line: int, found: str, reason: str) -> None:
        self.faults.append(Fault(kind, effect, rule, line, found[:FOUND_CHARACTERS], reason))


def _read_lines(text: str) -> PolicyReading:
    """Read decoded text line by line; faults of the encoding are the caller's."""
    fields = _Fields()
    for number, line in enumerate(_split(text, fields), start=1):
        _read_line(fields, number, line)
    _note_missing(fields)
    if any(fault.effect is Effect.FATAL for fault in fields.faults) or fields.mode is None or fields.max_age is None:
        return PolicyReading(None, tuple(fields.faults))
    policy = Policy(fields.mode, tuple(fields.mx), fields.max_age, tuple(fields.extensions.items()))
    return PolicyReading(policy, tuple(fields.faults))


def _split(text: str, fields: _Fields) -> list[str]:
    """The lines without their ends, noting ends other than CRLF and lines of white space only (DEC-01, DEC-02)."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    lone = next((number for number, line in enumerate(lines, start=1) if "\r" in line), 0)
    if lone:
        reason = "a carriage return stands alone"
        fields.note(PolicyFault.LINE_ENDING, Effect.FATAL, "STS-28", lone, "", reason)
        fields.note(PolicyFault.SYNTAX, Effect.FATAL, "STS-28", lone, lines[lone - 1], reason)
        lines = re.split(r"[\r\n]", text.replace("\r\n", "\n").removesuffix("\n").removesuffix("\r"))
    elif re.search(r"(?<!\r)\n", text):
        reason = "lines end with LF; the RFC's own form is CRLF"
        fields.note(PolicyFault.LINE_ENDING, Effect.HARMLESS, "DEC-01", 0, "", reason)
    blank = next((number for number, line in enumerate(lines, start=1) if not line.strip(" \t")), 0)
    if blank and lines != [""]:
        fields.note(PolicyFault.LINE_ENDING, Effect.FORGIVEN, "DEC-02", blank, "", "the line is empty")
    return lines


def _read_line(fields: _Fields, number: int, line: str) -> None:
    """Read one line into the fields."""
    if not line.strip(" \t"):
        return
    match = _POLICY_LINE.match(line)
    if not match:
        fields.note(PolicyFault.SYNTAX, Effect.FATAL, "STS-28", number, line, _why_no_field(line))
        return
    key, value = match.groups()
    if key == "mx":
        _read_mx(fields, number, value)
    elif _seen(fields, key):
        reason = f"`{key}` is there already; senders take the first"
        fields.note(PolicyFault.DUPLICATE_FIELD, Effect.FORGIVEN, "STS-26", number, line, reason)
    elif key == "version":
        fields.version = value
        if value != "STSv1":
            fields.note(PolicyFault.VERSION, Effect.FATAL, "STS-21", number, value, "the version is `STSv1`")
    elif key == "mode":
        _read_mode(fields, number, value)
    elif key == "max_age":
        _read_max_age(fields, number, value)
    elif not value:
        fields.note(PolicyFault.SYNTAX, Effect.FATAL, "STS-27", number, line, "the value is empty")
    else:
        fields.extensions[key] = value


def _seen(fields: _Fields, key: str) -> bool:
    """Whether a field that may stand once stood before."""
    return {
        "version": fields.version is not None,
        "mode": fields.mode_seen,
        "max_age": fields.max_age_seen,
    }.get(key, key in fields.extensions)


def _why_no_field(line: str) -> str:
    """Why a line is no `key: value`, in a clause."""
    if line[0] in " \t":
        return "the line begins with white space"
    if re.match(r"[A-Za-z0-9_.-]+[ \t]+:", line):
        return "white space stands before the colon"
    if re.match(r"[A-Za-z0-9_.-]+[ \t]*=", line):
        return "an equals sign stands in place of the colon"
    return "it is no `key: value`"


def _read_mode(fields: _Fields, number: int, value: str) -> None:
    fields.mode_seen = True
    try:
        fields.mode = Mode(value)
    except ValueError:
        reason = "the mode is `enforce`, `testing` or `none`, in lower case"
        fields.note(PolicyFault.MODE_INVALID, Effect.FATAL, "STS-21", number, value, reason)


def _read_max_age(fields: _Fields, number: int, value: str) -> None:
    fields.max_age_seen = True
    if not _MAX_AGE.match(value):
        reason = f"max_age is a whole number of seconds, 0 to {MAX_AGE_SECONDS}"
        fields.note(PolicyFault.MAX_AGE_INVALID, Effect.FATAL, "STS-25", number, value, reason)
        return
    fields.max_age = int(value)
    if fields.max_age > MAX_AGE_SECONDS:
        fields.max_age = MAX_AGE_SECONDS
        reason = f"the highest max_age is {MAX_AGE_SECONDS} seconds"
        fields.note(PolicyFault.MAX_AGE_INVALID, Effect.FORGIVEN, "DEC-09", number, value, reason)


def _read_mx(fields: _Fields, number: int, value: str) -> None:
    fields.mx_seen = True
    try:
        pattern = HostPattern.parse(value)
    except ValueError as error:
        fields.note(PolicyFault.MX_INVALID, Effect.FATAL, "STS-23", number, value, str(error))
        return
    if pattern not in fields.mx:
        fields.mx.append(pattern)


def _note_missing(fields: _Fields) -> None:
    """Note the required fields that never came (STS-20, STS-22)."""
    cased = {key.lower(): key for key in fields.extensions if key.lower() in _KNOWN_KEYS}

    def missing(kind: PolicyFault, rule: str, key: str) -> None:
        reason = f"`{cased[key]}` must be written `{key}`" if key in cased else f"there is no line `{key}: …`"
        fields.note(kind, Effect.FATAL, rule, 0, "", reason)

    if fields.version is None:
        missing(PolicyFault.VERSION_MISSING, "STS-20", "version")
    if not fields.mode_seen:
        missing(PolicyFault.MODE_MISSING, "STS-20", "mode")
    if not fields.max_age_seen:
        missing(PolicyFault.MAX_AGE_MISSING, "STS-20", "max_age")
    if not fields.mx_seen and fields.mode is not Mode.NONE:
        missing(PolicyFault.MX_MISSING, "STS-22", "mx")


def format_policy(policy: Policy) -> bytes:
    """The file as a publisher writes it (STS-29): CRLF, keys in the order version, mode, mx, max_age."""
    lines = ["version: STSv1", f"mode: {policy.mode.value}"]
    lines += [f"mx: {pattern}" for pattern in policy.mx]
    lines.append(f"max_age: {policy.max_age}")
    lines += [f"{key}: {value}" for key, value in policy.extensions]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


# ---- the HTTPS response --------------------------------------------------------------------------------------------


class ResponseFault(Enum):
    """Why a whole response makes no policy (STS-44, STS-45, STS-47, DEC-28)."""

    STATUS = "status"
    REDIRECT = "redirect"
    MEDIA_TYPE = "media-type"
    CONTENT_ENCODING = "content-encoding"


_REDIRECTS = frozenset({301, 302, 303, 307, 308})  # 300 and 304 name no place to go to


def response_fault(status: int, media_type: str | None, content_encoding: str | None) -> ResponseFault | None:
    """The first reason why a response is no policy, by status, Content-Type and Content-Encoding; None for a good one.

    Only 200 counts, nothing is followed (RFC 8461 section 3.3); the media type is text/plain with any parameter.
    """
    if status in _REDIRECTS:
        return ResponseFault.REDIRECT
    if status != 200:  # noqa: PLR2004 - the one status that RFC 8461 section 3.3 accepts
        return ResponseFault.STATUS
    if media_type is None or media_type.partition(";")[0].strip().lower() != "text/plain":
        return ResponseFault.MEDIA_TYPE
    if content_encoding is not None and content_encoding.strip().lower() not in ("", "identity"):
        return ResponseFault.CONTENT_ENCODING
    return None


def policy_host(domain: Name) -> Name:
    """The host that serves the policy of a domain, also where it is a CNAME (STS-40, STS-42)."""
    return domain.below(HOST_LABEL)


def record_name(domain: Name) -> Name:
    """Where the TXT record of a domain stands (RFC 8461 section 3.1)."""
    return domain.below(RECORD_LABEL)
