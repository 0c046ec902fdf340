"""The lab's name server answers as a validating recursive resolver would, and fails where it is told to."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.lab.model import DnsFault
from strictmx.lab.nameserver import UDP_OCTETS, Nameserver, Records, txt


def _records() -> Records:
    records = Records()
    records.add_zone("signed.example", signed=True)
    records.add_zone("plain.example", signed=False)
    records.put("signed.example", "MX", "10 mx1.signed.example.", "20 mx2.signed.example.")
    records.put("mx1.signed.example", "A", "127.25.0.1")
    records.put("_25._tcp.mx1.signed.example", "TLSA", "3 1 1 " + "ab" * 32)
    records.put("www.signed.example", "CNAME", "mx1.signed.example.")
    records.put("away.signed.example", "CNAME", "host.plain.example.")
    records.put("host.plain.example", "A", "127.25.0.2")
    records.put("one.plain.example", "CNAME", "two.plain.example.")
    records.put("two.plain.example", "CNAME", "one.plain.example.")
    records.put("big.plain.example", "TXT", txt(["x" * 200] * 10))
    return records


def _ask(name: str, rdtype: str, records: Records | None = None, flags: int = dns.flags.AD) -> dns.message.Message:
    """The answer of a server, with AD asked for unless told otherwise."""
    query = dns.message.make_query(name, rdtype, payload=UDP_OCTETS, use_edns=0)
    query.flags |= flags
    answer = Nameserver(records or _records()).reply_by_udp(query.to_wire())
    assert answer is not None
    return dns.message.from_wire(answer)


ANSWERS = [  # rule, name, type, rcode, records in all (CNAMEs included), AD
    ("DANE-01", "signed.example", "MX", "NOERROR", 2, True),
    ("DANE-01", "SIGNED.example", "MX", "NOERROR", 2, True),
    ("DANE-02", "signed.example", "TXT", "NOERROR", 0, True),  # NODATA, proved
    ("DANE-02", "_tcp.mx1.signed.example", "TXT", "NOERROR", 0, True),  # an empty non-terminal exists
    ("DANE-02", "no.signed.example", "A", "NXDOMAIN", 0, True),
    ("DANE-02", "no.plain.example", "A", "NXDOMAIN", 0, False),
    ("DANE-02", "nobody.example", "A", "NXDOMAIN", 0, False),
    ("DANE-05", "www.signed.example", "A", "NOERROR", 2, True),
    ("DANE-05", "away.signed.example", "A", "NOERROR", 2, False),  # the chain leaves the signed zone
    ("DANE-10", "away.signed.example", "CNAME", "NOERROR", 1, True),  # its first step alone does not
    ("STS-07", "away.signed.example", "TXT", "NOERROR", 1, False),  # NODATA at the target
    ("STS-07", "one.plain.example", "TXT", "NOERROR", 2, False),  # a loop, told once
]


@pytest.mark.parametrize(("rule", "name", "rdtype", "rcode", "count", "secure"), ANSWERS)
def test_answers(*, rule: str, name: str, rdtype: str, rcode: str, count: int, secure: bool) -> None:
    response = _ask(name, rdtype)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert sum(len(rrset) for rrset in response.answer) == count
    assert bool(response.flags & dns.flags.AD) is secure
    assert response.flags & dns.flags.RA


def test_ad_is_for_those_who_ask() -> None:
    assert not _ask("signed.example", "MX", flags=0).flags & dns.flags.AD
    query = dns.message.make_query("signed.example", "MX", want_dnssec=True)
    answer = Nameserver(_records()).reply_by_udp(query.to_wire())
    assert answer is not None
    assert dns.message.from_wire(answer).flags & dns.flags.AD


FAULTS = [  # rule, fault, rcode, extended error, rcode with CD
    ("DANE-02", DnsFault.SERVFAIL, "SERVFAIL", None, "SERVFAIL"),
    ("DANE-02", DnsFault.SERVFAIL_EXTENDED, "SERVFAIL", dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "SERVFAIL"),
    ("DANE-02", DnsFault.BOGUS, "SERVFAIL", dns.edns.EDECode.DNSSEC_BOGUS, "NOERROR"),
    ("DANE-02", DnsFault.BOGUS_UNSAID, "SERVFAIL", None, "NOERROR"),
    ("DEC-04", DnsFault.REFUSED, "REFUSED", None, "REFUSED"),
]


@pytest.mark.parametrize(("rule", "fault", "rcode", "extended", "rcode_unchecked"), FAULTS)
def test_faults(
    rule: str, fault: DnsFault, rcode: str, extended: dns.edns.EDECode | None, rcode_unchecked: str
) -> None:
    records = _records()
    records.fail("signed.example", "MX", fault)
    response = _ask("signed.example", "MX", records)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert [error.code for error in response.extended_errors()] == ([] if extended is None else [extended])
    unchecked = _ask("signed.example", "MX", records, dns.flags.CD | dns.flags.AD)
    assert dns.rcode.to_text(unchecked.rcode()) == rcode_unchecked
    assert not unchecked.flags & dns.flags.AD
    assert _ask("signed.example", "TXT", records).rcode() == dns.rcode.NOERROR


def test_a_fault_can_be_mended() -> None:
    records = _records()
    records.fail("signed.example", "ANY", DnsFault.REFUSED)
    assert _ask("signed.example", "TXT", records).rcode() == dns.rcode.REFUSED
    records.fail("signed.example", "ANY", None)
    assert _ask("signed.example", "TXT", records).rcode() == dns.rcode.NOERROR


def test_silence_garbage_and_a_wrong_id() -> None:
    records = _records()
    records.fail("mx1.signed.example", "A", DnsFault.SILENT)
    records.fail("signed.example", "MX", DnsFault.GARBAGE)
    records.fail("www.signed.example", "A", DnsFault.WRONG_ID)
    server = Nameserver(records)
    assert server.reply_by_udp(dns.message.make_query("mx1.signed.example", "A").to_wire()) is None
    garbage = server.reply_by_udp(dns.message.make_query("signed.example", "MX").to_wire())
    assert garbage is not None
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(garbage)
    query = dns.message.make_query("www.signed.example", "A")
    other = server.reply_by_udp(query.to_wire())
    assert other is not None
    assert not query.is_response(dns.message.from_wire(other))


def test_what_does_not_fit_a_datagram_is_cut() -> None:
    query = dns.message.make_query("big.plain.example", "TXT", use_edns=0, payload=UDP_OCTETS)
    server = Nameserver(_records())
    cut, whole = server.reply_by_udp(query.to_wire()), server.reply_by_tcp(query.to_wire())
    assert cut is not None
    assert whole is not None
    assert dns.message.from_wire(cut).flags & dns.flags.TC
    assert not dns.message.from_wire(cut).answer
    assert len(whole) > UDP_OCTETS
    assert len(dns.message.from_wire(whole).answer) == 1


def test_what_fits_no_message_fails() -> None:
    records = _records()
    records.put("huge.plain.example", "TXT", *(txt([f"{number:05}" + "x" * 250]) for number in range(300)))
    server = Nameserver(records)
    for reply in (server.reply_by_udp, server.reply_by_tcp):
        answer = reply(dns.message.make_query("huge.plain.example", "TXT").to_wire())
        assert answer is not None
        assert dns.message.from_wire(answer).rcode() is dns.rcode.SERVFAIL


def test_without_edns_a_datagram_is_512_octets() -> None:
    records = _records()
    records.put("medium.plain.example", "TXT", txt(["x" * 200] * 3))
    plain = dns.message.make_query("medium.plain.example", "TXT", use_edns=False)
    extended = dns.message.make_query("medium.plain.example", "TXT", use_edns=0, payload=UDP_OCTETS)
    answers = [Nameserver(records).reply_by_udp(query.to_wire()) for query in (plain, extended)]
    assert [len(answer or b"") > 512 for answer in answers] == [False, True]


def test_records_come_and_go() -> None:
    records = _records()
    records.put("new.plain.example", "TXT", txt(["v=STSv1; id=1;"]))
    assert _ask("new.plain.example", "TXT", records).rcode() == dns.rcode.NOERROR
    records.put("new.plain.example", "TXT")
    assert _ask("new.plain.example", "TXT", records).rcode() == dns.rcode.NXDOMAIN


@given(st.binary(max_size=600))
def test_hostile_octets_are_answered_or_not_but_never_raise(wire: bytes) -> None:
    answer = Nameserver(_records()).reply_by_udp(wire)
    assert answer is None or answer[:2] == wire[:2]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_txt_is_read_back(strings: list[str]) -> None:
    records = _records()
    records.put("any.plain.example", "TXT", txt(strings))
    response = _ask("any.plain.example", "TXT", records)
    assert list(response.answer[0][0].strings) == [string.encode() for string in strings]
