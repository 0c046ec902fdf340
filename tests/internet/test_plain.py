"""The plain form of DNS messages, held against dnspython: whatever is read by hand must be read the same by it."""

from __future__ import annotations

from typing import NamedTuple

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from strictmx.internet import answers, plain
from strictmx.internet.message import Form
from strictmx.internet.nameservers import NotDns

TYPES = ("A", "AAAA", "MX", "TXT", "TLSA", "CNAME")
NAMES = st.sampled_from(
    ("a.test", "b.test", "_25._tcp.a.test", "x.y.z.test", "A.TEST", "mta-sts.test", "c\\.d.test", ".")
)
DIGEST = "ab" * 32

_TEXTS: dict[str, st.SearchStrategy[str]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "MX": st.builds("{} {}{}".format, st.integers(0, 65_535), NAMES, st.just(".")).map(lambda t: t.replace("..", ".")),
    "TXT": st.lists(st.binary(max_size=30), min_size=1, max_size=3).map(
        lambda strings: " ".join('"' + "".join(f"\\{octet:03d}" for octet in each) + '"' for each in strings)
    ),
    "TLSA": st.sampled_from((f"3 1 1 {DIGEST}", f"2 0 2 {DIGEST * 2}", "3 0 0 3082", f"3 1 9 {DIGEST}")),
    "CNAME": NAMES.map(lambda name: name if name == "." else f"{name}."),
    "SOA": st.builds("ns.test. root.test. 1 2 3 4 {}".format, st.integers(0, 2**31 - 1)),
    "NS": st.just("ns.test."),
    "RRSIG": st.just("A 13 2 60 20300101000000 20200101000000 1 test. AAAA"),
}


_OPTIONS: tuple[list[dns.edns.Option], ...] = (
    [],
    [dns.edns.EDEOption(dns.edns.EDECode.STALE_ANSWER)],
    [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")],
)
_RRSETS = {
    "answer": st.sampled_from(("SAME", "SAME", "CNAME", "RRSIG")),
    "authority": st.sampled_from(("SOA", "SOA", "NS")),
    "additional": st.sampled_from(("A", "TXT")),
}


class Drawn(NamedTuple):
    """An answer as hypothesis draws it; dnspython makes octets of it, which then are damaged."""

    name: str
    rdtype: str
    available: bool
    rcode: dns.rcode.Rcode
    flags: int
    rrsets: list[tuple[str, str, int, str, str, list[str]]]  # section, owner, TTL, class, type, texts
    options: list[dns.edns.Option] | None
    damage: list[tuple[int, int]]  # where, and which octet stands there then
    cut: int

    def octets(self) -> bytes:
        """The message."""
        query = dns.message.make_query(f"{self.name}.", self.rdtype, use_edns=0, want_dnssec=True, id=0)
        response = dns.message.make_response(query, recursion_available=self.available)
        response.set_rcode(self.rcode)
        response.flags |= self.flags
        for section, owner, ttl, rdclass, kind, texts in self.rrsets:
            rrset = dns.rrset.from_text(owner if owner == "." else f"{owner}.", ttl, rdclass, kind, *texts)
            getattr(response, section).append(rrset)
        if self.options is not None:
            response.use_edns(0, options=self.options)
        wire = bytearray(response.to_wire(max_size=65_535))
        for at, octet in self.damage:
            wire[2 + at % (len(wire) - 2)] = octet
        return bytes(wire[: len(wire) - self.cut])


@st.composite
def responses(draw: DrawFn) -> Drawn:
    """Answers that may say anything, most of them undamaged."""
    rdtype = draw(st.sampled_from(TYPES))
    rrsets = []
    for section in draw(st.lists(st.sampled_from(("answer", "answer", "authority", "additional")), max_size=5)):
        kind = draw(_RRSETS[section]).replace("SAME", rdtype)
        texts = draw(st.lists(_TEXTS[kind], min_size=1, max_size=2))
        rdclass = draw(st.sampled_from(("IN", "IN", "IN", "CH"))) if kind == "TXT" else "IN"
        rrsets.append((section, draw(NAMES), draw(st.sampled_from((0, 60, 3_600))), rdclass, kind, texts))
    return Drawn(
        name=draw(st.sampled_from(("a.test", "b.test", "mta-sts.test"))),
        rdtype=rdtype,
        available=draw(st.sampled_from((True, True, False))),
        rcode=draw(
            st.sampled_from(
                (dns.rcode.NOERROR, dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.BADVERS)
            )
        ),
        flags=draw(st.sampled_from((0, int(dns.flags.AD), int(dns.flags.AA)))),
        rrsets=rrsets,
        options=draw(st.sampled_from((None, *_OPTIONS))),
        damage=draw(st.just([]) | st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=2)),
        cut=draw(st.sampled_from((0, 0, 0, 0, 0, 0, 1, 20))),
    )


@given(responses())
def test_what_is_read_by_hand_is_read_the_same_by_dnspython(drawn: Drawn) -> None:
    data = drawn.octets()
    asked = answers.question(drawn.name, drawn.rdtype)
    message = plain.read(data, asked)
    if message is not None:
        assert message == answers.read(data, asked)


@given(st.binary(max_size=300), st.sampled_from(TYPES))
def test_arbitrary_octets_are_left_to_dnspython_or_read_the_same(data: bytes, rdtype: str) -> None:
    asked = answers.question("a.test", rdtype)
    for wire in (data, b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + asked.section + data):
        message = plain.read(wire, asked)
        if message is not None:
            assert message == answers.read(wire, asked)


@pytest.mark.parametrize("form", [Form.USUAL, Form.UNCHECKED])
@pytest.mark.parametrize("rdtype", TYPES)
@pytest.mark.parametrize("name", ["test", "_mta-sts.a.test", f"{'a' * 63}.test", ".".join(["a" * 49] * 5)])
def test_a_question_is_written_as_dnspython_writes_it(name: str, rdtype: str, form: Form) -> None:
    written = plain.question(name, rdtype, form)
    assert written is not None
    assert written == answers.question(name, rdtype, form)


@pytest.mark.parametrize(
    "name", ["", "a..b", "A.test", "a\\.b", "a b", "müller.test", f"{'a' * 64}.test", "a." * 127 + "a"]
)
def test_an_odd_name_is_left_to_dnspython(name: str) -> None:
    assert plain.question(name, "A") is None


@pytest.mark.parametrize(
    ("rdtype", "texts"),
    [
        ("A", ("192.0.2.1", "192.0.2.2")),
        ("AAAA", ("2001:db8::1",)),
        ("MX", ("20 b.test.", "10 a.test.", "0 .")),
        ("TXT", ('"v=STSv1; " "id=1;"', '"other"')),
        ("TLSA", (f"3 1 1 {DIGEST}",)),
        ("CNAME", ("b.test.",)),
    ],
)
def test_the_usual_answers_need_no_library(rdtype: str, texts: tuple[str, ...]) -> None:
    query = dns.message.make_query("a.test.", rdtype, use_edns=0, want_dnssec=True)
    response = dns.message.make_response(query, recursion_available=True)
    response.answer.append(dns.rrset.from_text("a.test.", 60, "IN", rdtype, *texts))
    response.answer.append(
        dns.rrset.from_text("a.test.", 60, "IN", "RRSIG", "A 13 2 60 20300101000000 20200101000000 1 test. AAAA")
    )
    wire, asked = response.to_wire(), answers.question("a.test", rdtype)
    message = plain.read(wire, asked)
    assert message is not None
    assert message == answers.read(wire, asked)


def test_a_name_that_points_to_itself_is_left_to_dnspython() -> None:
    asked = answers.question("a.test", "CNAME")
    record = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2"
    head = b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + asked.section
    wire = head + record + (0xC000 | len(head) + len(record)).to_bytes(2)
    assert plain.read(wire, asked) is None
    try:
        assert answers.read(wire, asked).part is not None
    except NotDns:
        pytest.fail("dnspython counts the record")


def answered(*records: tuple[str, str]) -> bytes:
    """An answer to `a.test TXT` with these records, each a section and a line of a zone file."""
    query = dns.message.make_query("a.test.", "TXT", use_edns=0, want_dnssec=True, id=0)
    response = dns.message.make_response(query, recursion_available=True)
    for section, line in records:
        owner, ttl, rdclass, kind, text = line.split(" ", 4)
        getattr(response, section).append(dns.rrset.from_text(owner, int(ttl), rdclass, kind, text))
    return response.to_wire(want_shuffle=False)


GOOD = ("answer", 'a.test. 60 IN TXT "v=STSv1; id=1;"')
LARGEST = (2**31 - 1).to_bytes(4)
ODD = {
    "another class": answered(GOOD, ("answer", 'a.test. 60 CH TXT "version.bind"')),
    "a TTL beyond RFC 2181": answered(("answer", f'a.test. {2**31 - 1} IN TXT "1"')).replace(LARGEST, b"\x80\0\0\0"),
    "two aliases of one name": answered(
        ("answer", "a.test. 60 IN CNAME b.test."), ("answer", "A.test. 60 IN CNAME c.test.")
    ),
    "two SOA records": answered(
        ("authority", "test. 60 IN SOA a. b. 1 2 3 4 5"), ("authority", "a.test. 60 IN SOA a. b. 1 2 3 4 6")
    ),
    "a referral": bytes([0, 0, 0x81, 0]) + answered(("authority", "test. 60 IN NS ns.test."))[4:],
    "another version of EDNS": answered(GOOD).replace(b"\0\0\x29\x20\0\0\0", b"\0\0\x29\x20\0\0\1"),
    "octets missing": answered(GOOD)[:-1],
}


@pytest.mark.parametrize("wire", ODD.values(), ids=ODD)
def test_what_is_odd_is_left_to_dnspython(wire: bytes) -> None:
    assert plain.read(wire, answers.question("a.test", "TXT")) is None


def test_beside_what_is_odd_the_good_one_is_read() -> None:
    message = plain.read(answered(GOOD), answers.question("a.test", "TXT"))
    assert message is not None
    assert message.part is not None
    assert message.part.records == ("v=STSv1; id=1;",)
