"""The lab's DNS: one server on UDP and TCP that answers as a validating recursive resolver would.

It holds every name of the lab, follows CNAMEs within an answer, tells a name without records of a type (NODATA, empty
non-terminals included) from one that does not exist, sets AD where every step lies in a signed zone and the asker
wants to know (RFC 6840 section 5.7), and cuts what does not fit a datagram (TC). Single questions can be made to fail.
dnspython reads and writes the messages. There are no signatures: AD is all that a checker on loopback believes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from strictmx.lab.listeners import DnsSockets, Listeners
from strictmx.lab.model import DnsFault

UDP_OCTETS = 1232  # the largest datagram sent: what resolvers agreed on so that none is fragmented
UDP_OCTETS_WITHOUT_EDNS = 512  # RFC 1035 section 4.2.1
TCP_OCTETS = 65_535  # RFC 1035 section 4.2.2: a length of two octets
CNAME_HOPS = 16  # more than any chain of the lab has; a loop ends at its first repetition
TTL_SECONDS = 60
ANY_TYPE = "ANY"  # a fault of all types of a name

_FAILING = frozenset({DnsFault.REFUSED, DnsFault.SERVFAIL, DnsFault.SERVFAIL_EXTENDED})
_FAILING_IF_CHECKED = frozenset({DnsFault.BOGUS, DnsFault.BOGUS_UNSAID})
_EXTENDED = {  # RFC 8914
    DnsFault.BOGUS: dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "lab: the signature does not verify"),
    DnsFault.SERVFAIL_EXTENDED: dns.edns.EDEOption(
        dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "lab: no server of the zone answers"
    ),
}
_GARBAGE = b"\x81\x80" + b"\xff" * 40  # flags of an answer, then counts and records that cannot be
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')  # what stands in a quoted string as it is


class Records:
    """What the lab's name server knows. Names are lower case without a trailing dot, texts in presentation form."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, tuple[str, ...]]] = {}
        self._faults: dict[tuple[str, str], DnsFault] = {}
        self._children: dict[str, int] = {}  # names with records at or below a name
        self._zones: dict[str, bool] = {}  # apex → signed

    def add_zone(self, apex: str, *, signed: bool) -> None:
        """Make `apex` the top of a zone; AD goes with answers from a signed one."""
        self._zones[apex] = signed

    def put(self, name: str, rdtype: str, *texts: str) -> None:
        """Make these all the records of one name and type; none takes them away."""
        name = name.lower()
        types = self._records.setdefault(name, {})
        if not types and texts:
            self._count(name, 1)
        if texts:
            types[rdtype] = texts
        elif types.pop(rdtype, ()) and not types:
            self._count(name, -1)

    def add(self, name: str, rdtype: str, text: str) -> None:
        """Add one record to those of its name and type."""
        self.put(name, rdtype, *self.get(name, rdtype), text)

    def get(self, name: str, rdtype: str) -> tuple[str, ...]:
        """The records of one name and type."""
        return self._records.get(name, {}).get(rdtype, ())

    def fail(self, name: str, rdtype: str, fault: DnsFault | None) -> None:
        """Let a question fail from now on (`ANY_TYPE`: every question for the name); None ends that."""
        if fault is None:
            self._faults.pop((name.lower(), rdtype), None)
        else:
            self._faults[name.lower(), rdtype] = fault

    def fault(self, name: str, rdtype: str) -> DnsFault | None:
        """How a question fails."""
        return self._faults.get((name, rdtype)) or self._faults.get((name, ANY_TYPE))

    def exists(self, name: str) -> bool:
        """Whether there is anything at or below a name, so that a type it lacks is NODATA."""
        return self._children.get(name, 0) > 0 or any(fault_name == name for fault_name, _ in self._faults)

    def apex(self, name: str) -> str | None:
        """The zone that a name belongs to; None for nobody's."""
        while name:
            if name in self._zones:
                return name
            name = name.partition(".")[2]
        return None

    def signed(self, name: str) -> bool:
        """Whether a validating resolver holds answers about this name for secure, denials included."""
        apex = self.apex(name)
        return apex is not None and self._zones[apex]

    def _count(self, name: str, change: int) -> None:
        while name:
            self._children[name] = self._children.get(name, 0) + change
            name = name.partition(".")[2]


class Nameserver:
    """Answers questions from `records` on one UDP and one TCP socket."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def reply_by_udp(self, wire: bytes) -> bytes | None:
        """The answer to one datagram, cut with TC where it is longer than the asker takes; None for no answer."""
        return self._reply(wire, UDP_OCTETS)

    def reply_by_tcp(self, wire: bytes) -> bytes | None:
        """The answer to one message of a stream, whole; None for no answer."""
        return self._reply(wire, TCP_OCTETS)

    def _reply(self, wire: bytes, limit: int) -> bytes | None:
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        response = dns.message.make_response(query, recursion_available=True, our_payload=UDP_OCTETS)
        question = query.question[0]
        name = _text(question.name)
        rdtype = dns.rdatatype.to_text(question.rdtype)
        checking = not query.flags & dns.flags.CD
        fault = self.records.fault(name, rdtype)
        if fault is DnsFault.SILENT:
            return None
        if fault is DnsFault.GARBAGE:
            return wire[:2] + _GARBAGE
        if fault in _FAILING or (fault in _FAILING_IF_CHECKED and checking):
            response.set_rcode(dns.rcode.REFUSED if fault is DnsFault.REFUSED else dns.rcode.SERVFAIL)
            if fault in _EXTENDED and query.edns >= 0:
                response.use_edns(0, payload=UDP_OCTETS, options=[_EXTENDED[fault]])
        else:
            secure = self._answer(response, name, rdtype)
            wants_ad = bool(query.flags & dns.flags.AD) or bool(query.ednsflags & dns.flags.DO)
            if secure and wants_ad and checking:
                response.flags |= dns.flags.AD
        if fault is DnsFault.WRONG_ID:
            response.id = (query.id + 1) % 65_536
        if limit == UDP_OCTETS:
            limit = min(limit, max(query.payload, UDP_OCTETS_WITHOUT_EDNS))
        return _fit(response, limit)

    def _answer(self, response: dns.message.Message, name: str, rdtype: str) -> bool:
        """Fill in the records, following CNAMEs, or the denial; whether every step of it is secure."""
        secure, seen = True, {name}
        for _ in range(CNAME_HOPS):
            secure = secure and self.records.signed(name)
            texts = self.records.get(name, rdtype)
            if texts:
                response.answer.append(_rrset(name, rdtype, texts))
                return secure
            alias = self.records.get(name, "CNAME")
            if not alias:
                break
            response.answer.append(_rrset(name, "CNAME", alias))
            name = alias[0].removesuffix(".").lower()
            if name in seen:
                return secure
            seen.add(name)
        if not self.records.exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        apex = self.records.apex(name)
        if apex is not None:
            soa = f"ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 {TTL_SECONDS}"
            response.authority.append(_rrset(apex, "SOA", (soa,)))
        return secure

    async def start(self, listeners: Listeners, sockets: DnsSockets) -> None:
        """Serve on a pair of bound sockets until the listeners are closed."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=sockets.udp)
        listeners.own(transport)
        await listeners.serve(sockets.tcp, self._stream)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer messages with a length in front until the asker closes (RFC 7766)."""
        while True:
            wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            answer = self.reply_by_tcp(wire)
            if answer is None:
                continue
            writer.write(len(answer).to_bytes(2) + answer)
            await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP half of a name server."""

    def __init__(self, nameserver: Nameserver) -> None:
        self._nameserver = nameserver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._nameserver.reply_by_udp(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def txt(strings: Iterable[str]) -> str:
    """A TXT record in presentation form, each string quoted and escaped (RFC 1035 section 5.1)."""
    return " ".join(f'"{_escape(string)}"' for string in strings)


def _escape(string: str) -> str:
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:03d}" for octet in string.encode("utf-8"))


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _rrset(name: str, rdtype: str, texts: tuple[str, ...]) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(dns.name.from_text(f"{name}."), dns.rdataclass.IN, dns.rdatatype.from_text(rdtype))
    for text in texts:
        rrset.add(_rdata(rdtype, text), TTL_SECONDS)
    return rrset


def _rdata(rdtype: str, text: str) -> dns.rdata.Rdata:
    """A record read from its text; in the form of RFC 3597, for unknown types, it may be one that its type forbids."""
    if text.startswith("\\# "):
        octets = bytes.fromhex(text.split(" ")[2])
        return dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), octets)
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, text)


def _fit(response: dns.message.Message, limit: int) -> bytes:
    """The message in wire form; with TC and without records when it is longer than `limit` octets.

    One that is longer than any message may be is SERVFAIL in its place.
    """
    try:
        wire = response.to_wire(max_size=TCP_OCTETS)
        if len(wire) <= limit:
            return wire
        response.flags |= dns.flags.TC
    except (dns.exception.TooBig, OverflowError):
        response.set_rcode(dns.rcode.SERVFAIL)
    response.answer.clear()
    response.authority.clear()
    return response.to_wire(max_size=TCP_OCTETS)
