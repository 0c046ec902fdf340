"""What a DNS question is put as and what an answer to it says, whoever writes and reads the octets.

Most messages are plain and are written and read by `plain`; the rest goes through dnspython (`answers`).
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping
from enum import Enum
from typing import Generic, TypeVar

import msgspec

from strictmx.findings.observation import RECORDS, LookupStatus

PAYLOAD_OCTETS = 1232  # EDNS: what crosses every path unfragmented (DNS flag day 2020)
RECORD_CHARACTERS = 16_384  # kept of one answer's text; longer is nothing that mail reads

# How the TXT records begin that mail security is read from, and those that are read beside them
_OURS = ("v=STSv1", "v=TLSRPTv1")
_BESIDE = ("v=spf1", "v=DMARC1", "v=DKIM1")


class UnaskableName(ValueError):
    """The text cannot be the name of a DNS question."""


class Form(Enum):
    """How a question is put."""

    USUAL = "usual"  # RD, EDNS with DO; not AD, since simple servers copy the flags of the question into the answer
    UNCHECKED = "unchecked"  # the same with CD: the validator shall keep its opinion
    PLAIN = "plain"  # without EDNS, for servers that refuse it (RFC 6891 section 7)


class Part(msgspec.Struct, frozen=True):
    """The answer section read for one name: the aliases followed, and the records at their end.

    final: nothing is left to ask: records are there, or the message denies them. ttl: seconds, the smallest.
    nxdomain: the name at the end does not exist. unreadable, left_out: records that are not in `records`, and why.
    """

    cnames: tuple[str, ...]
    records: tuple[str, ...]
    ttl: int | None
    final: bool
    nxdomain: bool = False
    unreadable: int = 0
    left_out: int = 0


class Message(msgspec.Struct, frozen=True):
    """What one server answered. `failure` is None when it answers the question, denials included; then `part` tells."""

    failure: LookupStatus | None
    detail: str
    truncated: bool
    authentic: bool  # AD, not yet weighed by who set it
    says_bogus: bool
    refuses_edns: bool
    part: Part | None


K = TypeVar("K", bound=Hashable)


class Chain(msgspec.Struct, Generic[K], frozen=True):
    """Aliases followed within one message, up to a name without one, with records, or met before."""

    names: tuple[K, ...]
    ttls: tuple[int, ...]  # seconds
    looped: bool


def follow(name: K, aliases: Mapping[K, tuple[int, K]], wanted: Container[K]) -> Chain[K]:
    """The aliases from `name` on. aliases: TTL and target by owner. wanted: the names that have the records."""
    names, ttls, seen = [], [], {name}
    while name not in wanted and name in aliases:
        ttl, name = aliases[name]
        ttls.append(ttl)
        names.append(name)
        if name in seen:
            return Chain(tuple(names), tuple(ttls), looped=True)
        seen.add(name)
    return Chain(tuple(names), tuple(ttls), looped=False)


def bounded(records: list[str]) -> tuple[str, ...]:
    """The records as far as the limits go, those of mail security first: a flood must not hide the one asked for.

    One that is too long is passed over; when nothing is left, the beginning of the first stands for all.
    """
    kept: list[str] = []
    room = RECORD_CHARACTERS
    for record in sorted(records, key=_importance)[:RECORDS]:
        if len(record) <= room:
            kept.append(record)
            room -= len(record)
    return tuple(kept) or tuple(record[:room] for record in records[:1])


def _importance(record: str) -> int:
    return 0 if record.startswith(_OURS) else 1 if record.startswith(_BESIDE) else 2
