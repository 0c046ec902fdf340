"""DNS messages: a question as octets, and what the answer to one says. No socket here.

dnspython builds and parses; this module is where its names end. What cannot be read is counted, not raised: one
broken record among good ones costs that record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CAA
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.NS
import dns.rdtypes.ANY.OPT
import dns.rdtypes.ANY.RRSIG
import dns.rdtypes.ANY.SOA
import dns.rdtypes.ANY.TLSA
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA  # all types that are asked for: dnspython would import each in the loop, at its first sight
import dns.rrset

from strictmx.findings.observation import LookupStatus
from strictmx.internet.nameservers import HEADER_OCTETS, NotDns, Question

PAYLOAD_OCTETS = 1232  # EDNS: what crosses every path unfragmented (DNS flag day 2020)
RECORDS = 256  # kept of one answer; the largest honest ones have some dozens
RECORD_CHARACTERS = 16_384  # kept of one answer's text; longer is nothing that mail reads
TLSA_OCTETS = 3  # usage, selector, matching type; what follows may be anything
DETAIL_CHARACTERS = 300  # extended error text kept as evidence

# RFC 8914: 5 indeterminate, 6 bogus, 7 and 8 signature times, 9 DNSKEY, 10 RRSIGs, 12 NSEC missing
_BOGUS_CODES = frozenset({5, 6, 7, 8, 9, 10, 12})
# What dnspython lets through on hostile octets besides its own errors; found by the property test
_PARSE_ERRORS = (dns.exception.DNSException, ValueError, IndexError, KeyError, TypeError, struct.error)


# How the TXT records begin that mail security is read from, and those that are read beside them
_OURS = ("v=STSv1", "v=TLSRPTv1")
_BESIDE = ("v=spf1", "v=DMARC1", "v=DKIM1")


class UnaskableName(ValueError):
    """The text cannot be the name of a DNS question."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """A record whose data dnspython does not take, as octets."""

    owner: dns.name.Name
    type: int
    ttl: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What one server answered. `failure` is None when it answers the question, denials included."""

    failure: LookupStatus | None
    detail: str
    truncated: bool
    authentic: bool  # AD, not yet weighed by who set it
    nxdomain: bool
    says_bogus: bool
    refuses_edns: bool
    parsed: dns.message.Message
    refused: tuple[_Refused, ...] = ()  # records of the answer that dnspython does not take
    broken_off: bool = False  # the octets end within a record


@dataclass(frozen=True, slots=True)
class Part:
    """The answer section read for one name: the aliases followed, and the records at their end.

    final: nothing is left to ask: records are there, or the message denies them. ttl: seconds, the smallest.
    unreadable, left_out: records that are not in `records`, and why.
    """

    cnames: tuple[str, ...]
    records: tuple[str, ...]
    ttl: int | None
    final: bool
    unreadable: int = 0
    left_out: int = 0


class Form(Enum):
    """How a question is put."""

    USUAL = "usual"  # RD, EDNS with DO; not AD, since simple servers copy the flags of the question into the answer
    UNCHECKED = "unchecked"  # the same with CD: the validator shall keep its opinion
    PLAIN = "plain"  # without EDNS, for servers that refuse it (RFC 6891 section 7)


def question(name: str, rdtype: str, form: Form = Form.USUAL) -> Question:
    """The query for `name` and `rdtype`.

    Raises UnaskableName: no DNS name has this form (an empty or overlong label, 255 octets).
    """
    try:
        owner = dns.name.from_text(name if name.endswith(".") else f"{name}.")
        if form is Form.PLAIN:
            query = dns.message.make_query(owner, rdtype, use_edns=False, id=0)
        else:
            query = dns.message.make_query(owner, rdtype, use_edns=0, want_dnssec=True, payload=PAYLOAD_OCTETS, id=0)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise UnaskableName(f"{name[:80]!r} cannot be asked: {str(error) or type(error).__name__}") from error
    if form is Form.UNCHECKED:
        query.flags |= dns.flags.CD
    wire = query.to_wire()
    return Question(name, rdtype, wire, wire[HEADER_OCTETS : HEADER_OCTETS + len(owner.to_wire() or b"") + 4])


def read(data: bytes) -> Message:
    """Parse an answer and sort it. Raises NotDns."""
    try:
        parsed = dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)
        rcode = parsed.rcode()
        errors = parsed.extended_errors()
    except _PARSE_ERRORS as error:
        raise NotDns(f"no DNS message: {type(error).__name__}") from error
    refused, broken_off = _walk(data) if parsed.errors else ([], False)
    codes = {int(option.code) for option in errors}
    detail = "; ".join(_extended(option) for option in errors)[:DETAIL_CHARACTERS]
    failure: LookupStatus | None = None
    if rcode in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        if _is_referral(parsed):
            failure, detail = LookupStatus.REFUSED, "the server refers to others: it is no resolver"
    elif rcode == dns.rcode.REFUSED:
        failure = LookupStatus.REFUSED
    elif rcode == dns.rcode.NOTIMP and _asks_for_aaaa(parsed):
        detail = "rcode NOTIMP"  # a server that has never heard of AAAA has none
    else:
        failure = LookupStatus.SERVFAIL
        detail = "; ".join(filter(None, (f"rcode {dns.rcode.to_text(rcode)}", detail)))
    return Message(
        failure=failure,
        detail=detail,
        truncated=bool(parsed.flags & dns.flags.TC),
        authentic=bool(parsed.flags & dns.flags.AD),
        nxdomain=rcode == dns.rcode.NXDOMAIN,
        says_bogus=bool(codes & _BOGUS_CODES),
        refuses_edns=rcode in {dns.rcode.FORMERR, dns.rcode.NOTIMP},
        parsed=parsed,
        refused=tuple(refused),
        broken_off=broken_off,
    )


def _asks_for_aaaa(parsed: dns.message.Message) -> bool:
    return any(question.rdtype == dns.rdatatype.AAAA for question in parsed.question)


def _walk(data: bytes) -> tuple[list[_Refused], bool]:
    """The records of the answer section that cannot be read, and whether the section breaks off."""
    refused: list[_Refused] = []
    at = HEADER_OCTETS
    try:
        for _ in range(int.from_bytes(data[4:6])):
            at += dns.name.from_wire(data, at)[1] + 4
        for _ in range(int.from_bytes(data[6:8])):
            owner, used = dns.name.from_wire(data, at)
            rdtype, rdclass, ttl, size = struct.unpack_from("!HHIH", data, at + used)
            start = at + used + 10
            at = start + size
            if at > len(data):
                return refused, True
            try:
                dns.rdata.from_wire(rdclass, rdtype, data, start, size)
            except _PARSE_ERRORS:
                refused.append(_Refused(owner, rdtype, ttl, data[start:at]))
    except _PARSE_ERRORS:
        return refused, True
    return refused, False


def part(message: Message, name: str, rdtype: str) -> Part:
    """What the message says of `name`: its aliases followed within the message, and the records at the end.

    Records of other names and other types are passed over. A chain that returns to itself ends at the repetition; the
    caller sees the repeated name in `cnames`.
    """
    kind = dns.rdatatype.from_text(rdtype)
    current = dns.name.from_text(name if name.endswith(".") else f"{name}.")
    aliases: dict[dns.name.Name, dns.rrset.RRset] = {}
    wanted: dict[dns.name.Name, dns.rrset.RRset] = {}
    for rrset in message.parsed.answer:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        if rrset.rdtype == kind:
            wanted[rrset.name] = rrset
        elif rrset.rdtype == dns.rdatatype.CNAME:
            aliases[rrset.name] = rrset
    cnames: list[str] = []
    ttls: list[int] = []
    seen = {current}
    while current not in wanted and current in aliases:
        alias = aliases[current]
        ttls.append(alias.ttl)
        current = alias[0].target
        cnames.append(_name(current))
        if current in seen:
            return Part(tuple(cnames), (), None, final=True)
        seen.add(current)
    refused = [one for one in message.refused if one.owner == current and one.type in {kind, dns.rdatatype.CNAME}]
    records: list[str] = []
    if current in wanted:
        ttls.append(wanted[current].ttl)
        records = _records(rdtype, list(wanted[current]))
    elif not refused:
        ttls.extend(_denial_ttl(message))
    # dnspython refuses TLSA digests of a wrong length; DANE-13 wants to see them
    odd = [one for one in refused if rdtype == "TLSA" and one.type == kind and len(one.data) >= TLSA_OCTETS]
    ttls.extend(one.ttl for one in odd)
    records += [_association(one.data[0], one.data[1], one.data[2], one.data[3:]) for one in odd]
    unreadable = len(refused) - len(odd) + (message.broken_off and not records)
    final = bool(records) or bool(unreadable) or not cnames or message.nxdomain or _has_soa(message)
    kept = _bounded(records)
    return Part(tuple(cnames), kept, min(ttls, default=None), final, unreadable, len(records) - len(kept))


def _bounded(records: list[str]) -> tuple[str, ...]:
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


def _association(usage: int, selector: int, matching_type: int, data: bytes) -> str:
    return f"{usage} {selector} {matching_type} {data.hex()}".rstrip()


def _records(rdtype: str, found: list[Any]) -> list[str]:
    """Presentation form as `findings.observation.Lookup` defines it."""
    match rdtype:
        case "MX":
            exchanges = sorted((rdata.preference, _name(rdata.exchange)) for rdata in found)
            return [f"{preference} {exchange}" for preference, exchange in exchanges]
        case "TXT":
            return [b"".join(rdata.strings).decode("latin-1") for rdata in found]
        case "CAA":
            return [f"{rdata.flags} {rdata.tag.decode('latin-1')} {rdata.value.decode('latin-1')}" for rdata in found]
        case "TLSA":
            return [_association(rdata.usage, rdata.selector, rdata.mtype, rdata.cert) for rdata in found]
        case "CNAME" | "NS":
            return [_name(rdata.target) for rdata in found]
        case "A" | "AAAA":
            return [rdata.address for rdata in found]
        case _:
            return [rdata.to_text() for rdata in found]


def _name(name: dns.name.Name) -> str:
    """Lower case, no trailing dot; the root is a dot."""
    return "." if name == dns.name.root else name.to_text(omit_final_dot=True).lower()


def _has_soa(message: Message) -> bool:
    return any(rrset.rdtype == dns.rdatatype.SOA for rrset in message.parsed.authority)


def _denial_ttl(message: Message) -> list[int]:
    """How long a denial holds (RFC 2308 section 5): the smaller of the SOA's TTL and its minimum field."""
    return [
        min(rrset.ttl, rrset[0].minimum)
        for rrset in message.parsed.authority
        if rrset.rdtype == dns.rdatatype.SOA and not isinstance(rrset[0], dns.rdata.GenericRdata)
    ]


def _is_referral(parsed: dns.message.Message) -> bool:
    """Whether a server that does not recurse points elsewhere: taken for an absence, it would hide every record."""
    kinds = {rrset.rdtype for rrset in parsed.authority}
    return (
        not parsed.answer
        and not parsed.flags & (dns.flags.AA | dns.flags.RA)
        and dns.rdatatype.NS in kinds
        and dns.rdatatype.SOA not in kinds
    )


def _extended(option: dns.edns.EDEOption) -> str:
    try:
        words = dns.edns.EDECode(option.code).name.replace("_", " ").lower()
    except ValueError:
        words = "unknown"
    text = f": {option.text}" if option.text else ""
    return f"EDE {int(option.code)} ({words}){text}"
