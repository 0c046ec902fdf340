"""Reading a policy file: the policy that senders see, and every rule that the file bends (RFC 8461 section 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum

from strictmx.standards.sts.meant import (
    fields_of,
    is_near_spelling,
    meant_field,
    meant_key,
    meant_lines,
    meant_policy,
    nearest_key,
    undressed,
)
from strictmx.standards.sts.policy import MAX_AGE_SECONDS, HostPattern, Mode, Policy
from strictmx.standards.sts.strangers import Stranger, is_binary, is_indented, recognise, without_indentation
from strictmx.standards.txt_record import FAULTS, FIELD_NAME, FOUND_CHARACTERS, strange

_EXTENSION_VALUE = re.compile(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?\Z")
_LONE_LINE_END = re.compile(r"\r(?=[A-Za-z0-9][A-Za-z0-9_.-]{0,31}:|[\r\n]|\Z)")  # what follows begins a line
_MAX_AGE = re.compile(r"[0-9]{1,10}\Z")
_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class PolicyFault(Enum):
    """A rule of the policy file that was bent. Whether the policy survives is on the `Fault` itself."""

    NOT_A_POLICY = "not-a-policy"
    ENCODING = "encoding"
    LINE_ENDING = "line-ending"
    CARRIAGE_RETURN = "carriage-return"  # within a line; elsewhere it is a LINE_ENDING
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

    others: further lines with the same fault. meant: the lines to write in place of these, or of the whole file;
    empty where they cannot be told, or say nothing that belongs into a policy. stranger: for NOT_A_POLICY, what the
    file is instead. more: further faults of this kind, not kept.
    """

    kind: PolicyFault
    effect: Effect
    rule: str
    line: int = 0
    found: str = ""
    reason: str = ""
    others: tuple[int, ...] = ()
    meant: tuple[str, ...] = ()
    stranger: Stranger | None = None
    more: int = 0

    @property
    def lines(self) -> tuple[int, ...]:
        """All lines at fault that were kept; empty for the whole file."""
        return (self.line, *self.others) if self.line else ()


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
        stranger, further = _stranger(text, raw)
        if stranger is not None:
            meant = meant_policy(text) if stranger in _SALVAGED else ()
            found = text.strip().partition("\n")[0].rstrip("\r")[:FOUND_CHARACTERS]
            fault = Fault(PolicyFault.NOT_A_POLICY, Effect.FATAL, "DEC-06", found=found, meant=meant, stranger=stranger)
            return PolicyReading(None, (fault, *further))
    if encoding:
        return PolicyReading(None, (encoding, *reading.faults))
    return reading


# Of these the policy that was meant can be found inside; a web page may hold anybody's.
_SALVAGED = frozenset(
    {
        Stranger.RICH_TEXT,
        Stranger.FRONT_MATTER,
        Stranger.JSON,
        Stranger.YAML,
        Stranger.INDENTED,
        Stranger.ONE_LINE,
        Stranger.DRESSED,
    }
)


def _stranger(text: str, raw: bytes) -> tuple[Stranger | None, tuple[Fault, ...]]:
    """What a file is that is no policy, and the faults that it would have besides; None for a policy with faults."""
    stranger = recognise(text)
    if stranger is Stranger.OTHER_TEXT and is_binary(raw):
        return Stranger.BINARY, ()
    if stranger is Stranger.OTHER_TEXT and _read_lines(undressed(text)).policy is not None:
        return Stranger.DRESSED, ()
    if stranger is not None:
        return stranger, ()
    if not is_indented(text):
        return None, ()
    flush = _read_lines(without_indentation(text))
    beside = (fault for fault in flush.faults if fault.effect is Effect.FATAL and fault.kind is not PolicyFault.SYNTAX)
    return Stranger.INDENTED, tuple(beside)


def _decode(raw: bytes) -> tuple[str, Fault | None]:
    """The text, and the fault when the octets are no plain UTF-8 text (DEC-07)."""

    def fault(reason: str) -> Fault:
        return Fault(PolicyFault.ENCODING, Effect.FATAL, "DEC-07", reason=reason)

    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"v\0\0\0", "utf-32-le"),
        (b"\0\0\0v", "utf-32-be"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"v\0", "utf-16-le"),
        (b"\0v", "utf-16-be"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace").removeprefix("\ufeff"), fault(f"the file is {encoding[:6].upper()}")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return raw.decode("utf-8", "replace"), fault(f"octet {error.start + 1} is not UTF-8")
    if text.startswith("\ufeff"):
        return text[1:], fault("the file begins with a byte order mark")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        reason = f"line {line} holds the control character U+{ord(control.group()[0]):04X}"
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
    unknown: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # by key: line number and value
    near: dict[str, str] = field(default_factory=dict)  # by the known key that is meant: the unknown key
    tried: set[str] = field(default_factory=set)  # keys of lines that are none, so that they are not told as missing
    faults: list[Fault] = field(default_factory=list)
    _places: dict[tuple[object, ...], int] = field(default_factory=dict)  # by how a rule is bent: which fault
    _kept: dict[tuple[object, ...], int] = field(default_factory=dict)  # by kind and effect

    def full(self, kind: PolicyFault, effect: Effect) -> bool:
        """Whether no more faults of this kind and effect are kept; one more is counted then."""
        count = self._kept.get((kind, effect), 0)
        if count >= FAULTS:
            self._kept[kind, effect] = count + 1
        return count >= FAULTS

    def told(self) -> tuple[Fault, ...]:
        """The faults that were kept, the last of each kind and effect with the number of those that were not."""
        last = {(fault.kind, fault.effect): fault for fault in self.faults}
        more = {id(fault): self._kept[kind] - FAULTS for kind, fault in last.items() if self._kept[kind] > FAULTS}
        return tuple(replace(fault, more=more.get(id(fault), 0)) for fault in self.faults)

    def note(self, fault: Fault) -> None:
        """Keep a fault; of one kind and effect at most FAULTS, the rest is counted on the last.

        Lines that bend the grammar in the same way are one fault, and so are lines that repeat a field.
        """
        if self.full(fault.kind, fault.effect):
            return
        kind = (fault.kind, fault.effect)
        how = kind if fault.kind is PolicyFault.DUPLICATE_FIELD else (*kind, fault.reason, bool(fault.meant))
        place = self._places.get(how) if fault.kind in _TOLD_ONCE else None
        self._kept[kind] = self._kept.get(kind, 0) + 1
        if place is None:
            self._places[kind] = self._places[how] = len(self.faults)
            self.faults.append(replace(fault, found=fault.found[:FOUND_CHARACTERS]))
        else:
            first = self.faults[place]
            self.faults[place] = replace(first, others=(*first.others, fault.line), meant=(*first.meant, *fault.meant))


_TOLD_ONCE = (PolicyFault.SYNTAX, PolicyFault.DUPLICATE_FIELD, PolicyFault.NEAR_KEY)


def _read_lines(text: str) -> PolicyReading:
    """Read decoded text line by line; faults of the encoding are the caller's."""
    fields = _Fields()
    for number, line in enumerate(_split(text, fields), start=1):
        _read_line(fields, number, line)
    _note_missing(fields)
    if any(fault.effect is Effect.FATAL for fault in fields.faults) or fields.mode is None or fields.max_age is None:
        return PolicyReading(None, fields.told())
    policy = Policy(fields.mode, tuple(fields.mx), fields.max_age, tuple(fields.extensions.items()))
    return PolicyReading(policy, fields.told())


def _split(text: str, fields: _Fields) -> list[str]:
    """The lines without their ends, noting ends other than CRLF and lines of white space only (DEC-01, DEC-02)."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    reason = "a carriage return stands alone"
    lone = [number for number, line in enumerate(lines, start=1) if "\r" in line]
    if lone and _LONE_LINE_END.search("\n".join(lines)):
        fields.note(Fault(PolicyFault.LINE_ENDING, Effect.FATAL, "STS-28", lone[0], reason=reason))
        fields.note(Fault(PolicyFault.SYNTAX, Effect.FATAL, "STS-28", reason=reason))  # of the whole file
        return re.split(r"[\r\n]+", text.strip("\r\n"))
    for number in lone:
        fields.note(Fault(PolicyFault.CARRIAGE_RETURN, Effect.FATAL, "STS-28", number, reason=reason))
        lines[number - 1] = lines[number - 1].replace("\r", " ")
    blank = next((number for number, line in enumerate(lines, start=1) if not line.strip(" \t")), 0)
    if blank and lines != [""]:
        fields.note(Fault(PolicyFault.LINE_ENDING, Effect.FORGIVEN, "DEC-02", blank, reason="the line is empty"))
    elif re.search(r"(?<!\r)\n", text):
        reason = "lines end with LF; the RFC's own form is CRLF"
        fields.note(Fault(PolicyFault.LINE_ENDING, Effect.HARMLESS, "DEC-01", reason=reason))
    return lines


def _read_line(fields: _Fields, number: int, line: str) -> None:
    """Read one line into the fields."""
    if not line.strip(" \t"):
        return
    key, colon, rest = line.partition(":")
    if not colon or not FIELD_NAME.match(key):
        if not fields.full(PolicyFault.SYNTAX, Effect.FATAL):
            known, meant = meant_field(line)
            fields.tried.add(known)
            reason = _why_no_field(line)
            fields.note(Fault(PolicyFault.SYNTAX, Effect.FATAL, "STS-28", number, line, reason, meant=meant))
        return
    value = rest.strip(" \t")
    if key == "mx":
        _read_mx(fields, number, value)
    elif _seen(fields, key):
        reason = f"`{key}` is there already; senders take the first"
        fields.note(Fault(PolicyFault.DUPLICATE_FIELD, Effect.FORGIVEN, "STS-26", number, line, reason))
    elif key == "version":
        fields.version = value
        if value != "STSv1":
            _note_value(fields, PolicyFault.VERSION, number, key, value, "the version is `STSv1`")
    elif key == "mode":
        _read_mode(fields, number, value)
    elif key == "max_age":
        _read_max_age(fields, number, value)
    elif not _EXTENSION_VALUE.match(value):
        reason = "the value holds a control character" if value else "the value is empty"
        fields.note(Fault(PolicyFault.SYNTAX, Effect.FATAL, "STS-27", number, line, reason))
    else:
        _read_extension(fields, number, key, value)


def _seen(fields: _Fields, key: str) -> bool:
    """Whether a field that may stand once stood before; a host under a wrong key is told as that."""
    return {
        "version": fields.version is not None,
        "mode": fields.mode_seen,
        "max_age": fields.max_age_seen,
    }.get(key, key in fields.extensions and meant_key(key) != "mx")


def _read_extension(fields: _Fields, number: int, key: str, value: str) -> None:
    """Keep an extension; senders ignore it, which is worth knowing where it is a key of theirs, spelt otherwise."""
    fields.extensions.setdefault(key, value)
    meant = meant_key(key)
    if len(fields.unknown) < FAULTS or meant:
        fields.unknown.setdefault(key, []).append((number, value))
    if meant:
        fields.near.setdefault(meant, key)
    if is_near_spelling(key):
        reason = f"senders ignore the key `{key}`; `{meant}` is meant"
        lines = meant_lines(meant, value) if meant == "mx" else ()
        fault = Fault(PolicyFault.NEAR_KEY, Effect.HARMLESS, "STS-27", number, f"{key}: {value}", reason, meant=lines)
        fields.note(fault)


def _why_no_field(line: str) -> str:
    """Why a line is no `key: value`, in a clause."""
    if line[0] in " \t":
        return "the line begins with white space"
    if re.match(r"[A-Za-z0-9_.-]+[ \t]+:", line):
        return "white space stands before the colon"
    if re.match(r"\"?v=(STSv1|TLSRPTv1)", line, re.IGNORECASE):
        return "a DNS record stands in the file"
    if re.match(r"[A-Za-z0-9_.-]+[ \t]*=", line):
        return "an equals sign stands in place of the colon"
    if line.startswith(("#", "//", ";", "<!--")):
        return "a policy knows no comments"
    return "it is no `key: value`" + strange(line.partition(":")[0])


def _note_value(fields: _Fields, kind: PolicyFault, number: int, key: str, value: str, reason: str) -> None:
    """Note a known key whose value every sender refuses (STS-21, STS-23, STS-25)."""
    if fields.full(kind, Effect.FATAL):
        return
    rule = {PolicyFault.MX_INVALID: "STS-23", PolicyFault.MAX_AGE_INVALID: "STS-25"}.get(kind, "STS-21")
    if kind is not PolicyFault.MX_INVALID:
        reason += strange(value)
    fields.tried |= {name for name, _ in fields_of(key, value)}
    fields.note(Fault(kind, Effect.FATAL, rule, number, value, reason, meant=meant_lines(key, value)))


def _read_mode(fields: _Fields, number: int, value: str) -> None:
    fields.mode_seen = True
    try:
        fields.mode = Mode(value)
    except ValueError:
        reason = "the mode is `enforce`, `testing` or `none`, in lower case"
        _note_value(fields, PolicyFault.MODE_INVALID, number, "mode", value, reason)


def _read_max_age(fields: _Fields, number: int, value: str) -> None:
    fields.max_age_seen = True
    if not _MAX_AGE.match(value):
        reason = f"max_age is a whole number of seconds, 0 to {MAX_AGE_SECONDS}"
        _note_value(fields, PolicyFault.MAX_AGE_INVALID, number, "max_age", value, reason)
        return
    fields.max_age = int(value)
    if fields.max_age > MAX_AGE_SECONDS:
        fields.max_age = MAX_AGE_SECONDS
        reason = f"the highest max_age is {MAX_AGE_SECONDS} seconds"
        fields.note(Fault(PolicyFault.MAX_AGE_INVALID, Effect.FORGIVEN, "DEC-09", number, value, reason))


def _read_mx(fields: _Fields, number: int, value: str) -> None:
    fields.mx_seen = True
    try:
        pattern = HostPattern.parse(value)
    except ValueError as error:
        _note_value(fields, PolicyFault.MX_INVALID, number, "mx", value, str(error))
        return
    if pattern.is_address:
        reason = "it is an IP address"
        fields.note(Fault(PolicyFault.MX_INVALID, Effect.FORGIVEN, "STS-23", number, value, reason))
    fields.mx.setdefault(pattern)


def _note_missing(fields: _Fields) -> None:
    """Note the required fields that never came (STS-20, STS-22)."""

    def missing(kind: PolicyFault, rule: str, key: str) -> None:
        written = fields.near.get(key) or nearest_key(key, list(fields.unknown))
        if key in fields.tried:
            return
        if not written:
            fields.note(Fault(kind, Effect.FATAL, rule, reason=f"there is no line `{key}: …`"))
            return
        numbers, values = zip(*fields.unknown[written][:FAULTS], strict=True)
        meant = tuple(line for value in values for line in meant_lines(key, value))
        reason = f"`{written}` must be written `{key}`"
        fields.note(Fault(kind, Effect.FATAL, rule, numbers[0], written, reason, numbers[1:], meant))
        fields.faults = [
            one for one in fields.faults if one.kind is not PolicyFault.NEAR_KEY or one.line not in numbers
        ]

    if fields.version is None:
        missing(PolicyFault.VERSION_MISSING, "STS-20", "version")
    if not fields.mode_seen:
        missing(PolicyFault.MODE_MISSING, "STS-20", "mode")
    if not fields.max_age_seen:
        missing(PolicyFault.MAX_AGE_MISSING, "STS-20", "max_age")
    if not fields.mx_seen and fields.mode is not Mode.NONE:
        missing(PolicyFault.MX_MISSING, "STS-22", "mx")
