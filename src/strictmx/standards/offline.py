"""DNS answers that are there already, in the form of the resolver that a library asks: no network, no waiting.

SPF and DMARC records are read by checkdmarc, which looks up what a record leads to while it reads. Here it is handed
answers only, and the questions that it would have asked are kept for whoever may ask them. It is an optional package
(`related`) that costs 0.6 s, so only who was asked for it imports this module, `spf` and `dmarc`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import checkdmarc.utils
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer
from expiringdict import ExpiringDict

from strictmx.standards.mx import exchanges

RECORD_CHARACTERS = (
    16_000  # read of one TXT record, less than is kept of an answer; RFC 7208 section 3.4 wants them below 450 octets
)

# The library remembers answers for the whole process, whoever gave them; here each reading has answers of its own.
checkdmarc.utils.DNS_CACHE = ExpiringDict(max_len=1, max_age_seconds=0)

_ONCE = re.compile(r"(?<!\S)(exp|redirect)=\S*", re.IGNORECASE)
_NO_TERM = "\x7f"  # what the grammar of SPF has no place for, in the eyes of the library too
_BLANK = re.compile(r"[^\S ]")  # blank for the library, which splits at any; the grammar has SP alone
_VERSION = re.compile(r"v=spf1(?= |\Z)", re.IGNORECASE)  # any case counts (RFC 7208 section 4.5), not for the library


class Absence(Enum):
    """Why a question has no records, beside NODATA, which is an empty answer."""

    NXDOMAIN = "nxdomain"
    FAILED = "failed"  # no answer at all


Question = tuple[str, str]  # a lower-case name without a trailing dot, a type
Known = Mapping[Question, tuple[str, ...] | Absence]  # records in the form of `findings.observation.Lookup`


class _Silence(DNSException):
    """No answer is there."""


@dataclass
class Answers:
    """What is known, as `dns.resolver.Resolver` would say it.

    wanted: questions that were put and are not among the known ones. failed: those put whose look-up failed.
    """

    known: Known
    wanted: dict[Question, None] = field(default_factory=dict)
    failed: list[Question] = field(default_factory=list)
    lifetime: float = 0.0  # read by the library and handed back to `resolve`

    def resolve(self, name: str, rdtype: str, lifetime: float = 0.0) -> list[Any]:  # noqa: ARG002 - the library's call
        """The records as far as the library looks at them. Raises what dnspython raises."""
        question = name.removesuffix(".").lower(), rdtype
        if rdtype in ("SPF", "CNAME"):  # asked by the library for advice that is not given here
            raise NoAnswer
        known = self.known.get(question)
        if known is None:
            self._want(question)
            raise _Silence
        if known is Absence.FAILED:
            self.failed.append(question)
            raise _Silence
        if known is Absence.NXDOMAIN:
            raise NXDOMAIN
        if not known:
            raise NoAnswer
        return _records(rdtype, known)

    def _want(self, question: Question) -> None:
        self.wanted[question] = None
        if question[1] == "A":  # the next question that the library has
            self.wanted[question[0], "AAAA"] = None


def shortened(text: str) -> str:
    """The part of a TXT record that is read, as the library can read it.

    An SPF record loses its `exp=`: the library would look up that text by a resolver of its own, and nothing that is
    judged here depends on it. Where `exp=` or `redirect=` stands twice, nothing valid is left (RFC 7208 section 6).
    """
    text = text[:RECORD_CHARACTERS]
    if not _VERSION.match(text):
        return text
    names = [one[1].lower() for one in _ONCE.finditer(text)]
    if len(names) > len(set(names)):
        return f"v=spf1 {_NO_TERM}"
    kept = _ONCE.sub(lambda one: "" if one[1].lower() == "exp" else one[0], text[6:])
    return f"v=spf1{_BLANK.sub(_NO_TERM, kept)}"


def _records(rdtype: str, texts: tuple[str, ...]) -> list[Any]:
    match rdtype:
        case "TXT":
            return [SimpleNamespace(strings=(shortened(text).encode("latin-1", "replace"),)) for text in texts]
        case "MX":
            return [
                SimpleNamespace(preference=one.preference, exchange=_Text(f"{one.host.removesuffix('.')}."))
                for one in exchanges(texts)
            ]
        case _:
            return [_Text(text) for text in texts]


class _Text(str):
    """A name or an address as dnspython hands it out."""

    __slots__ = ()

    def to_text(self) -> str:
        return str(self)
