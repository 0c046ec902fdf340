"""DNS messages in their plain form, written and read by hand: what nearly all of DNS looks like.

dnspython takes ten times as long, and DNS is most of what a check costs (docs/benchmarks.md). Whatever is not plain
is left to it, here told by None: odd names, other types and classes, failures, extended errors, octets that break a
rule. So nothing is ever found wrong here; a property test holds this module against `answers`.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6, inet_ntop

from strictmx.internet.message import PAYLOAD_OCTETS, Form, Message, Part, bounded, follow
from strictmx.internet.nameservers import HEADER_OCTETS, Question

A, CNAME, SOA, MX, TXT, AAAA, OPT, TLSA = 1, 5, 6, 15, 16, 28, 41, 52
EXTENDED_ERROR = 15  # RFC 8914: an EDNS option
_TYPES = {"A": A, "AAAA": AAAA, "MX": MX, "TXT": TXT, "TLSA": TLSA, "CNAME": CNAME}
_SIGNED = frozenset({24, 250})  # SIG and TSIG: a message that is signed itself
_IN = 1
_QR, _AA, _TC, _RD, _RA, _AD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
_OPCODE, _RCODE, _NXDOMAIN = 0x7800, 0x000F, 3
_POINTER = 0xC0  # RFC 1035 section 4.1.4
NAME_OCTETS = 255  # RFC 1035 section 3.1
TTL_SECONDS = 0x7FFF_FFFF  # RFC 2181 section 8: more means 0
_DIGESTS = {0: range(1, 65_536), 1: range(32, 33), 2: range(64, 65)}  # octets of TLSA data by matching type

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_LABELS = re.compile(rb"[A-Za-z0-9_.-]*\Z")
_EDNS = b"\0" + struct.pack("!HHIH", OPT, PAYLOAD_OCTETS, 0x8000, 0)  # version 0, DO


class _Odd(Exception):
    """Something that is not plain."""


def question(name: str, rdtype: str, form: Form = Form.USUAL) -> Question | None:
    """The query for a name in lower case without a trailing dot; None where it is not plain."""
    kind = _TYPES.get(rdtype)
    if kind is None or form is Form.PLAIN or not _NAME.match(name):
        return None
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    section = labels + b"\0" + struct.pack("!HH", kind, _IN)
    flags = _RD | (_CD if form is Form.UNCHECKED else 0)
    return Question(name, rdtype, struct.pack("!HHHHHH", 0, flags, 1, 0, 0, 1) + section + _EDNS, section)


def read(data: bytes, asked: Question) -> Message | None:
    """The answer to a question; None where it is not plain."""
    kind = _TYPES.get(asked.type)
    if kind is None or len(data) < HEADER_OCTETS:
        return None
    _, flags, questions, answers, authorities, additionals = struct.unpack_from("!HHHHHH", data)
    rcode = flags & _RCODE
    at = HEADER_OCTETS + len(asked.section)
    if not flags & _QR or flags & (_OPCODE | _TC) or rcode not in {0, _NXDOMAIN} or questions != 1:
        return None
    if data[HEADER_OCTETS:at].lower() != asked.section.lower() or not flags & (_AA | _RA):
        return None  # the last may be a referral
    try:
        section = _Answer(kind)
        for _ in range(answers):
            at = section.take(data, at)
        denial = None
        for _ in range(authorities):
            at, ttl = _authority(data, at)
            if ttl is not None and denial is not None:
                return None
            denial = denial if ttl is None else ttl
        edns = False
        for _ in range(additionals):
            at, edns = _additional(data, at, edns=edns)
        part = section.part(asked.name, denial, nxdomain=rcode == _NXDOMAIN)
    except (_Odd, IndexError, struct.error):
        return None
    return Message(
        failure=None,
        detail="",
        truncated=False,
        authentic=bool(flags & _AD),
        says_bogus=False,
        refuses_edns=False,
        part=part,
    )


@dataclass(slots=True)
class _Answer:
    """The answer section as far as it is read. records: by owner, their TTLs and their texts by data."""

    kind: int
    aliases: dict[str, tuple[int, str]] = field(default_factory=dict)
    records: dict[str, tuple[list[int], dict[object, str]]] = field(default_factory=dict)

    def take(self, data: bytes, at: int) -> int:
        """Read one record; where it ends."""
        owner, kind, ttl, start, end = _record(data, at)
        if kind == self.kind:
            ttls, texts = self.records.setdefault(owner, ([], {}))
            ttls.append(ttl)
            key, text = _text(kind, data, start, end)
            texts.setdefault(key, text)
            if kind == CNAME and len(texts) > 1:
                raise _Odd
        elif kind == CNAME:
            _, target = _text(kind, data, start, end)
            if self.aliases.setdefault(owner, (ttl, target)) != (ttl, target):
                raise _Odd
        return end

    def part(self, name: str, denial: int | None, *, nxdomain: bool) -> Part:
        """What it says of a name. denial: seconds that the absence holds, where an SOA record tells."""
        chain = follow(name, self.aliases, self.records)
        if chain.looped:
            return Part(chain.names, (), None, final=True)
        ttls, found = self.records.get(chain.names[-1] if chain.names else name, ([], {}))
        known = [*chain.ttls, *ttls, *([denial] if denial is not None and not found else [])]
        texts = list(found.values())
        if self.kind == MX:
            texts.sort(key=_by_preference)
        kept = bounded(texts)
        final = bool(texts) or not chain.names or nxdomain or denial is not None
        return Part(chain.names, kept, min(known, default=None), final, nxdomain, left_out=len(texts) - len(kept))


def _by_preference(text: str) -> tuple[int, str]:
    preference, _, exchange = text.partition(" ")
    return int(preference), exchange


def _record(data: bytes, at: int) -> tuple[str, int, int, int, int]:
    """Owner, type and TTL of the record at `at`, and where its data begins and ends."""
    owner, at = _name(data, at)
    kind, rdclass, ttl, size = struct.unpack_from("!HHIH", data, at)
    start = at + 10
    if start + size > len(data):
        raise _Odd
    if kind != OPT and (rdclass != _IN or ttl > TTL_SECONDS):
        raise _Odd
    return owner, kind, ttl, start, start + size


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name at `at` in lower case, and where it ends; the root is a dot."""
    labels: list[bytes] = []
    room, end, bound = NAME_OCTETS - 1, 0, at
    while size := data[at]:
        if size >= _POINTER:
            end = end or at + 2
            at = (size & ~_POINTER) << 8 | data[at + 1]
            if at >= bound:  # only ever backwards, so that it ends
                raise _Odd
            bound = at
            continue
        room -= size + 1
        if size >= 64 or room < 0:  # noqa: PLR2004 - 01 and 10 are no kind of label
            raise _Odd
        labels.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    name = b".".join(labels)
    if not _LABELS.match(name) or name.count(b".") >= max(1, len(labels)):  # a dot within a label
        raise _Odd
    return name.decode("ascii").lower() or ".", end or at + 1


def _text(kind: int, data: bytes, start: int, end: int) -> tuple[object, str]:
    """What makes a record another one than its neighbours, and its presentation form as `Lookup` defines it."""
    octets = data[start:end]
    if kind == A and len(octets) == 4:  # noqa: PLR2004
        return octets, inet_ntop(AF_INET, octets)
    if kind == AAAA and len(octets) == 16 and any(octets[:10]):  # noqa: PLR2004 - IPv4 inside is written in two ways
        return octets, inet_ntop(AF_INET6, octets)
    if kind in {MX, CNAME}:
        name, after = _name(data, start + 2 if kind == MX else start)
        if after == end:
            text = f"{int.from_bytes(octets[:2])} {name}" if kind == MX else name
            return text, text
    if kind == TXT:
        return octets, b"".join(_strings(octets)).decode("latin-1")
    if kind == TLSA and len(octets) - 3 in _DIGESTS.get(octets[2], ()):
        return octets, f"{octets[0]} {octets[1]} {octets[2]} {octets[3:].hex()}"
    raise _Odd


def _strings(octets: bytes) -> list[bytes]:
    strings: list[bytes] = []
    at = 0
    while at < len(octets) or not strings:
        after = at + 1 + octets[at]
        strings.append(octets[at + 1 : after])
        at = after
    if at != len(octets):
        raise _Odd
    return strings


def _authority(data: bytes, at: int) -> tuple[int, int | None]:
    """Where a record of the authority section ends; of an SOA record how long an absence holds (RFC 2308 section 5)."""
    _, kind, ttl, start, end = _record(data, at)
    if kind != SOA:
        return end, None
    _, after = _name(data, start)
    _, after = _name(data, after)
    if end - after != 20:  # noqa: PLR2004 - five numbers of four octets
        raise _Odd
    return end, min(ttl, int.from_bytes(data[end - 4 : end]))


def _additional(data: bytes, at: int, *, edns: bool) -> tuple[int, bool]:
    """Where a record of the additional section ends, and whether EDNS was seen. Extended errors are not plain."""
    owner, kind, ttl, start, end = _record(data, at)
    if kind in _SIGNED:
        raise _Odd
    if kind != OPT:
        return end, edns
    if edns or owner != "." or ttl >> 16:  # a second one, an extended rcode, another version
        raise _Odd
    while start < end:
        code, size = struct.unpack_from("!HH", data, start)
        start += 4 + size
        if code == EXTENDED_ERROR or start > end:
            raise _Odd
    return end, True
