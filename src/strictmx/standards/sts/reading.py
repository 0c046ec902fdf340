"""Reading a policy file: the policy that senders see, and every rule that the file bends (RFC 8461 section 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum

from strictmx.standards.sts.policy import MAX_AGE_SECONDS, HostPattern, Mode, Policy
from strictmx.standards.sts.strangers import Stranger, recognise, without_indentation
from strictmx.standards.txt_record import FAULTS, FIELD_NAME, FOUND_CHARACTERS

_EXTENSION_VALUE = re.compile(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?\Z")
_MAX_AGE = re.compile(r"[0-9]{1,10}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_KNOWN_KEYS = ("version", "mode", "mx", "max_age")
_NEAR_KEYS = {  # what people write for a key; the rest is told by its letters alone
    "ver": "version",
    "v": "version",
    "mxs": "mx",
    "mx_host": "mx",
    "host": "mx",
    "maxage": "max_age",
    "max-age": "max_age",
    "ttl": "max_age",
    "policy": "mode",
}


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
    NEAR_KEY = "near-key"  # a key that senders ignore, although it means one that they know


class Effect(Enum):
    """What a bent rule does to the policy."""

    FATAL = "fatal"  # every sender ignores the policy
    FORGIVEN = "forgiven"  # read on; some senders may not
    HARMLESS = "harmless"  # within the grammar, worth knowing


@dataclass(frozen=True, slots=True)
class Fault:
    """One bent rule: the text found (cut), the line (from 1; 0 is the whole file), and what is wrong in a clause.

    stranger: for NOT_A_POLICY, what the file is instead. more: further faults of this kind, not kept.
    """

    kind: PolicyFault
    effect: Effect
    rule: str
    line: int = 0
    found: str = ""
    reason: str = ""
    stranger: Stranger | None = None
    more: int = 0


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
    if reading.policy is None:
        stranger = recognise(text)
        if stranger is None and _read_lines(without_indentation(text)).policy is not None:
            stranger = Stranger.INDENTED
        if stranger is not None:
            fault = Fault(PolicyFault.NOT_A_POLICY, Effect.FATAL, "DEC-06", stranger=stranger)
            return PolicyReading(None, (fault,))
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
            return raw.decode("utf-16", "replace").removeprefix("\ufeff"), fault("the file is UTF-16")
        return raw.decode("utf-8", "replace"), fault(f"octet {error.start + 1} is not UTF-8")
    if text.startswith("\ufeff"):
        return text[1:], fault("the file begins with a byte order mark")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        reason = f"line {line} holds the control character U+{ord(control.group()):04X}"
        return _CONTROL.sub("", text), replace(fault(reason), line=line)
    return text, None


@dataclass(slots=True)
class _Fields:
    """The fields of a file while it is read; the first of each key wins (STS-26)."""

    version: str | None = None
    mode: Mode | None = None
    mode_seen: bool = False
    max_age: int | None = None
    max_age_seen: bool = False
    mx: dict[HostPattern, None] = field(default_factory=dict)
    mx_seen: bool = False
    extensions: dict[str, str] = field(default_factory=dict)
    near: dict[str, tuple[int, str, str]] = field(default_factory=dict)  # by the key meant: line number, line, its key
    tried: set[str] = field(default_factory=set)  # keys of lines that are none, so that they are not told as missing
    faults: list[Fault] = field(default_factory=list)
    _places: dict[tuple[PolicyFault, Effect], list[int]] = field(default_factory=dict)

    def note(self, kind: PolicyFault, effect: Effect, rule: str, line: int, found: str, reason: str) -> None:
        """Keep a fault; of one kind and effect at most FAULTS, the rest is counted on the last."""
        places = self._places.setdefault((kind, effect), [])
        if len(places) < FAULTS:
            places.append(len(self.faults))
            self.faults.append(Fault(kind, effect, rule, line, found[:FOUND_CHARACTERS], reason))
        else:
            last = self.faults[places[-1]]
            self.faults[places[-1]] = replace(last, more=last.more + 1)


def _read_lines(text: str) -> PolicyReading:
    """Read decoded text line by line; faults of the encoding are the caller's."""
    fields = _Fields()
    for number, line in enumerate(_split(text, fields), start=1):
        _read_line(fields, number, line)
    _note_missing(fields)
    if fields.version is None or not fields.mode_seen or not fields.max_age_seen:  # told there, with the key meant
        fields.faults = [fault for fault in fields.faults if fault.kind is not PolicyFault.NEAR_KEY]
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
    key, colon, rest = line.partition(":")
    if not colon or not FIELD_NAME.match(key):
        fields.note(PolicyFault.SYNTAX, Effect.FATAL, "STS-28", number, line, _why_no_field(line))
        fields.tried.add(re.split(r"[\s:=]", line.lstrip(), maxsplit=1)[0])
        return
    value = rest.strip(" \t")
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
    elif not _EXTENSION_VALUE.match(value):
        reason = "the value holds a control character" if value else "the value is empty"
        fields.note(PolicyFault.SYNTAX, Effect.FATAL, "STS-27", number, line, reason)
    else:
        fields.extensions[key] = value
        meant = _meant(key)
        if meant:
            fields.near.setdefault(meant, (number, line, key))
            reason = f"senders ignore the key `{key}`; `{meant}` is meant"
            fields.note(PolicyFault.NEAR_KEY, Effect.FORGIVEN, "DEC-02", number, line, reason)


def _seen(fields: _Fields, key: str) -> bool:
    """Whether a field that may stand once stood before."""
    return {
        "version": fields.version is not None,
        "mode": fields.mode_seen,
        "max_age": fields.max_age_seen,
    }.get(key, key in fields.extensions)


def _meant(key: str) -> str:
    """The known key that an unknown one stands for; empty when none is near."""
    folded = key.lower()
    return _NEAR_KEYS.get(folded, folded if folded in _KNOWN_KEYS else "")


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
    fields.mx.setdefault(pattern)


def _note_missing(fields: _Fields) -> None:
    """Note the required fields that never came (STS-20, STS-22)."""

    def missing(kind: PolicyFault, rule: str, key: str) -> None:
        if key in fields.near:
            number, line, written = fields.near[key]
            fields.note(kind, Effect.FATAL, rule, number, line, f"`{written}` must be written `{key}`")
        elif key not in fields.tried:
            fields.note(kind, Effect.FATAL, rule, 0, "", f"there is no line `{key}: …`")

    if fields.version is None:
        missing(PolicyFault.VERSION_MISSING, "STS-20", "version")
    if not fields.mode_seen:
        missing(PolicyFault.MODE_MISSING, "STS-20", "mode")
    if not fields.max_age_seen:
        missing(PolicyFault.MAX_AGE_MISSING, "STS-20", "max_age")
    if not fields.mx_seen and fields.mode is not Mode.NONE:
        missing(PolicyFault.MX_MISSING, "STS-22", "mx")
