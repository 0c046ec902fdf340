"""DNS messages by dnspython: a question as octets, and what the answer to one says. No socket here.

This module is where dnspython's names end; `plain` spares it what is plain. What cannot be read is counted, not raised:
one broken record among good ones costs that record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
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
from strictmx.internet.message import PAYLOAD_OCTETS, Form, Message, Part, UnaskableName, bounded, follow
from strictmx.internet.nameservers import HEADER_OCTETS, NotDns, Question

TLSA_OCTETS = 3  # usage, selector, matching type; what follows may be anything
DETAIL_CHARACTERS = 300  # extended error text kept as evidence

# RFC 8914: 5 indeterminate, 6 bogus, 7 and 8 signature times, 9 DNSKEY, 10 RRSIGs, 12 NSEC missing
_BOGUS_CODES = frozenset({5, 6, 7, 8, 9, 10, 12})
# What dnspython lets through on hostile octets besides its own errors; found by the property test
_PARSE_ERRORS = (dns.exception.DNSException, ValueError, IndexError, KeyError, TypeError, struct.error)


@dataclass(frozen=True, slots=True)
class _Refused:
    """A record whose data dnspython does not take, as octets."""

    owner: dns.name.Name
    type: int
    ttl: int
    data: bytes


def question(name: str, rdtype: str, form: Form = Form.USUAL) -> Question:
    """The query for `name` and `rdtype`.

    Raises UnaskableName: no DNS name has this form (an empty or overlong label, 255 octets).
    """
    try:
        owner = _asked_name(name)
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


def read(data: bytes, asked: Question) -> Message:
    """Parse the answer to a question and sort it. Raises NotDns."""
    try:
        parsed = dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)
        rcode = parsed.rcode()
        errors = parsed.extended_errors()
    except _PARSE_ERRORS as error:
        raise NotDns(f"no DNS message: {type(error).__name__}") from error
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
        says_bogus=bool(codes & _BOGUS_CODES),
        refuses_edns=rcode in {dns.rcode.FORMERR, dns.rcode.NOTIMP},
        part=None if failure else _part(data, parsed, asked),
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


def _part(data: bytes, parsed: dns.message.Message, asked: Question) -> Part:
    """What the message says of the name asked for: its aliases followed, and the records at the end.

    Records of other names and other types are passed over. A chain that returns to itself ends at the repetition; the
    caller sees the repeated name in `cnames`.
    """
    kind = dns.rdatatype.from_text(asked.type)
    name = _asked_name(asked.name)
    aliases: dict[dns.name.Name, tuple[int, dns.name.Name]] = {}
    wanted: dict[dns.name.Name, dns.rrset.RRset] = {}
    for rrset in parsed.answer:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        if rrset.rdtype == kind:
            wanted[rrset.name] = rrset
        elif rrset.rdtype == dns.rdatatype.CNAME:
            aliases[rrset.name] = (rrset.ttl, rrset[0].target)
    chain = follow(name, aliases, wanted)
    cnames = tuple(map(_name, chain.names))
    if chain.looped:
        return Part(cnames, (), None, final=True)
    end = chain.names[-1] if chain.names else name
    refused, broken_off = _walk(data) if parsed.errors else ([], False)
    refused = [one for one in refused if one.owner == end and one.type in {kind, dns.rdatatype.CNAME}]
    ttls = list(chain.ttls)
    records: list[str] = []
    if end in wanted:
        ttls.append(wanted[end].ttl)
        records = _records(asked.type, list(wanted[end]))
    elif not refused:
        ttls.extend(_denial_ttl(parsed))
    # dnspython refuses TLSA digests of a wrong length; DANE-13 wants to see them
    odd = [one for one in refused if asked.type == "TLSA" and one.type == kind and len(one.data) >= TLSA_OCTETS]
    ttls.extend(one.ttl for one in odd)
    records += [_association(one.data[0], one.data[1], one.data[2], one.data[3:]) for one in odd]
    unreadable = len(refused) - len(odd) + (broken_off and not records)
    nxdomain = parsed.rcode() == dns.rcode.NXDOMAIN
    final = bool(records) or bool(unreadable) or not cnames or nxdomain or _has_soa(parsed)
    kept = bounded(records)
    return Part(cnames, kept, min(ttls, default=None), final, nxdomain, unreadable, len(records) - len(kept))


def _asked_name(name: str) -> dns.name.Name:
    return dns.name.from_text(name if name.endswith(".") else f"{name}.")


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


def _has_soa(parsed: dns.message.Message) -> bool:
    return any(rrset.rdtype == dns.rdatatype.SOA for rrset in parsed.authority)


def _denial_ttl(parsed: dns.message.Message) -> list[int]:
    """How long a denial holds (RFC 2308 section 5): the smaller of the SOA's TTL and its minimum field."""
    return [
        min(rrset.ttl, rrset[0].minimum)
        for rrset in parsed.authority
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
