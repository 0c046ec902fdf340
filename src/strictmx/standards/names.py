"""Domain names as every other module holds them: lower-case A-labels without a trailing dot (STS-13, TLS-01).

A `Name` that exists is valid, so nobody checks again; a plain `str` is text that nobody has checked yet.
Names from people are read by `Name.parse`, which converts U-labels (RFC 5891); what DNS answers is text that may
be no `Name` at all and stays a `str` until someone asks.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from strictmx.text import escaped

NAME_OCTETS = 253  # RFC 1035 section 2.3.4: 255 on the wire, less the root label and the first length octet
LABEL_OCTETS = 63  # RFC 1035 section 2.3.4

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\Z")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


class InvalidName(ValueError):
    """The text is no domain name. `.found` is the text (cut), `.reason` says what is wrong with it."""

    def __init__(self, found: str, reason: str) -> None:
        super().__init__(f"{escaped(repr(found[:80]))} is no domain name: {escaped(reason)}")
        self.found, self.reason = found[:80], escaped(reason)


class Name(str):
    """A domain name: lower-case A-labels joined by dots, no trailing dot; equal names are equal strings.

    A label may hold an underscore (`_mta-sts`), since DNS allows it; `is_host` tells whether the name can be that
    of a host or a mail domain (letters, digits, hyphens: RFC 5321 section 4.1.2).
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Name:
        """Read a name as a person or a file gives it: any case, U-labels, at most one trailing dot.

        Raises InvalidName: empty, too long, an empty label, or a character that no name has.
        """
        stripped = text.strip()
        hint = _meant(stripped)
        if hint:
            raise InvalidName(text, hint)
        name = stripped.removesuffix(".")
        if not name:
            raise InvalidName(text, "it is empty")
        if not name.isascii():
            name = _to_a_labels(name, text)
        name = name.lower()
        if len(name) > NAME_OCTETS:
            raise InvalidName(text, f"it is longer than {NAME_OCTETS} characters")
        for label in name.split("."):
            if not label:
                raise InvalidName(text, "a label between two dots is empty")
            if len(label) > LABEL_OCTETS:
                raise InvalidName(text, f"a label is longer than {LABEL_OCTETS} characters")
            if label[0] == "-" or label[-1] == "-":
                raise InvalidName(text, "a label begins and ends with a letter or digit, not with a hyphen")
            if not _LABEL.match(label):
                raise InvalidName(text, "a label may hold letters, digits, hyphens and underscores only")
        if address_of(name) is not None:
            raise InvalidName(text, "it is an IP address")
        return cls(name)

    @classmethod
    def mail_domain(cls, text: str) -> Name:
        """Read what stands after the @ of a mail address, as a person or a file gives it (RFC 5321 section 4.1.2).

        Raises InvalidName: as `parse`, and a name with an underscore or a hyphen at an end of a label.
        """
        name = cls.parse(text)
        if not name.is_host:
            raise InvalidName(text, "a mail domain holds letters, digits and hyphens")
        return name

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, left to right."""
        return tuple(self.split("."))

    @property
    def is_host(self) -> bool:
        """Whether every label holds letters, digits and hyphens only, as a host name must."""
        return all(_HOST_LABEL.match(label) for label in self.labels)

    @property
    def parent(self) -> Name | None:
        """The name without its left label; None for a single label."""
        _, dot, rest = self.partition(".")
        return Name(rest) if dot else None

    def below(self, prefix: str) -> Name:
        """The name with `prefix` (one or more labels, already lower-case) put in front: `_mta-sts`, `_25._tcp`."""
        return Name(f"{prefix}.{self}")


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address that the text is, with or without brackets and a trailing dot; None when it is none."""
    bare = text.strip().removesuffix(".").removeprefix("[").removesuffix("]")
    if bare.lower().startswith("ipv6:"):
        bare = bare[5:]
    if not bare[-1:].isdigit() and ":" not in bare:
        return None
    try:
        return ip_address(bare)
    except ValueError:
        return None


def _meant(text: str) -> str:
    """What to write in place of an address or a URL, which people paste for a domain; empty for anything else."""
    if "://" in text:
        return f"it is a URL; write {text.partition('://')[2].partition('/')[0][:NAME_OCTETS] or 'the host name'}"
    if "@" in text:
        return f"it is a mail address; write what stands after the @, {text.rpartition('@')[2][:NAME_OCTETS]}"
    return ""


def _to_a_labels(name: str, text: str) -> str:
    """Each label that is not ASCII as its A-label; ASCII labels stay as they are, underscores included."""
    import idna  # only a name with U-labels pays for the tables

    labels = []
    for label in re.split("[.\u3002\uff0e\uff61]", name):  # the dots that IDNA allows between labels
        if label.isascii():
            labels.append(label)
            continue
        try:
            labels.append(idna.encode(label, uts46=True).decode("ascii"))
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidName(text, f"the label {label[:40]!r} has no A-label form") from error
    return ".".join(labels)
