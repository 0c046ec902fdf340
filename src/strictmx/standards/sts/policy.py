"""What a policy is (RFC 8461 section 3.2), which hosts it matches (4.1), and how a publisher writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from strictmx.standards.names import InvalidName, Name, address_of

MAX_AGE_SECONDS = 31_557_600  # RFC 8461 section 3.2: about a year

USUAL_MAX_AGE = 604_800  # seconds; STS-30: a week, to be raised as the roll-out goes on
WITHDRAWN_MAX_AGE = 86_400  # seconds; STS-76: a policy of mode none is a step, soon to be forgotten

_DOTTED_QUAD = re.compile(r"[0-9]+(\.[0-9]+){3}\Z")
_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\Z")


class Mode(Enum):
    """What a sender does with a host that fails the policy (RFC 8461 section 5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


def usual_max_age(mode: Mode) -> int:
    """The max_age of a policy for which nobody chose one, in seconds."""
    return WITHDRAWN_MAX_AGE if mode is Mode.NONE else USUAL_MAX_AGE


@dataclass(frozen=True, slots=True)
class HostPattern:
    """An `mx` pattern: an exact host name, or `*.` and a name, where the star stands for exactly one label."""

    name: Name
    wildcard: bool = False

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read a pattern as a policy file gives it (STS-23, STS-24).

        An IPv4 address without brackets has the form of a name (RFC 5321 section 4.1.2); it is a pattern of no host.
        Raises ValueError with what is wrong: several names, a star elsewhere, U-labels, an address, a trailing dot.
        """
        wildcard = text.startswith("*.")
        rest = text[2:] if wildcard else text
        misfit = _misfit(rest)
        if misfit:
            raise ValueError(misfit)
        for label in rest.split("."):
            if not _HOST_LABEL.match(label):
                raise ValueError(_bad_label(label))
        try:
            name = Name(rest) if _is_ipv4(rest) else Name.parse(rest)
        except InvalidName as error:
            raise ValueError(error.reason) from error
        return cls(name, wildcard)

    def matches(self, host: str) -> bool:
        """Whether the MX host name passes (RFC 8461 section 4.1): equal, or one label in front of the wildcard's.

        host: the name in the MX record, never its CNAME target; any case, a trailing dot is dropped. An address in the
        place of a name matches nothing.
        """
        name = host.lower().removesuffix(".")
        label, _, rest = name.partition(".")
        fits = bool(label) and rest == self.name if self.wildcard else name == self.name
        return fits and address_of(name) is None

    @property
    def is_address(self) -> bool:
        """Whether it is an IPv4 address, which no MX host is called."""
        return not self.wildcard and _is_ipv4(self.name)

    def __str__(self) -> str:
        return f"*.{self.name}" if self.wildcard else str(self.name)


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

    def to_json(self) -> dict[str, object]:
        """The policy as every JSON of ours writes it, as plain data."""
        return {
            "version": "STSv1",
            "mode": self.mode.value,
            "mx": [str(pattern) for pattern in self.mx],
            "max_age": self.max_age,
            "extensions": dict(self.extensions),
        }


def _is_ipv4(text: str) -> bool:
    """Whether a text is an IPv4 address without brackets, which has the form of a name."""
    return _DOTTED_QUAD.match(text) is not None and address_of(text) is not None


def _misfit(text: str) -> str:
    """What keeps a text from being a name, in a clause; empty when its labels decide."""
    strange = next((character for character in text if not character.isascii()), "")
    if not text:
        return "it is empty"
    if re.search(r"\$\{|\{\{|<[^<>]*>|%[A-Za-z_]+%", text):
        return "it is a placeholder that nobody filled in"
    if "*" in text:
        return "the star may only be the whole left label, once"
    if strange and not strange.isalnum():
        return f"it holds the character U+{ord(strange):04X}, which has no place in a name"
    if address_of(text) is not None and not _is_ipv4(text):
        return "it is an IP address; a policy names hosts"
    if "@" in text:
        return "it is a mail address; a policy names MX hosts"
    if "://" in text:
        return "it is a URL; a policy names hosts"
    if re.match(r"[0-9]+[ \t]", text):
        return "it begins with the preference of an MX record"
    if re.search(r"[\s,;|]", text):
        return "one `mx` line holds one name and nothing else; write a line for each host"
    if text.startswith("."):
        return "it begins with a dot; the wildcard is written `*` followed by the dot"
    if text.endswith("."):
        return "it ends with a dot"
    return "" if text.isascii() else "it is not in A-labels (`xn--…`)"


def _bad_label(label: str) -> str:
    """What keeps a label from being part of a host name, in a clause."""
    strange = next((character for character in label if not re.match(r"[A-Za-z0-9-]", character)), "")
    if strange == "_":
        return "a host name holds no underscore; the host needs another name"
    if strange:
        return f"a host name holds no `{strange}`"
    return "a label of a host name is empty" if not label else "a label of a host name begins or ends with a hyphen"


def format_policy(policy: Policy) -> bytes:
    """The file as a publisher writes it (STS-29): CRLF, keys in the order version, mode, mx, max_age."""
    lines = ["version: STSv1", f"mode: {policy.mode.value}"]
    lines += [f"mx: {pattern}" for pattern in policy.mx]
    lines.append(f"max_age: {policy.max_age}")
    lines += [f"{key}: {value}" for key, value in policy.extensions]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")
