from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.config import Endpoint, Internet
from strictmx.findings.observation import RECORDS as MOST
from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.internet import answers, message
from strictmx.internet import dns as resolving
from strictmx.internet.dns import Resolver
from strictmx.internet.nameservers import NotDns
from tests.internet.servers import Script, free_port, nameserver, reply, settings, zone

pytestmark = pytest.mark.servers

AD = dns.flags.AD
BOGUS = dns.edns.EDEOption(dns.edns.EDECode.DNSKEY_MISSING, "no key matches")


async def ask(script: Script, name: str, rdtype: str) -> Lookup:
    async with nameserver(script) as server, Resolver(settings(server)) as resolver:
        return await resolver.ask(name, rdtype)


def failing(rcode: dns.rcode.Rcode, ede: dns.edns.EDEOption | None = None) -> Script:
    return lambda query, _: [reply(query, rcode=rcode, ede=ede)]


def bogus_unsaid(query: dns.message.Message, _: str) -> Iterable[bytes]:
    if query.flags & dns.flags.CD:
        return [reply(query, "a.test. 60 TXT x")]
    return [reply(query, rcode=dns.rcode.SERVFAIL)]


def broken_off(query: dns.message.Message) -> bytes:
    """An answer that announces a record and ends within it."""
    whole = reply(query, "a.test. 60 TXT abcdefgh", edns=False)
    return whole[:-4]


RECORDS = [  # rule, record, type, as the observation keeps it
    ("STS-01", 'a.test. 60 TXT "v=STSv1; i" "d=abc;"', "TXT", ("v=STSv1; id=abc;",)),
    ("STS-01", 'a.test. 60 TXT "caf\\195\\169"', "TXT", ("cafÃ©",)),
    ("MX-01", "a.test. 60 MX 10 MX.Example.COM.", "MX", ("10 mx.example.com",)),
    ("MX-04", "a.test. 60 MX 0 .", "MX", ("0 .",)),
    ("DANE-11", f"a.test. 60 TLSA 3 1 1 {'AB' * 32}", "TLSA", (f"3 1 1 {'ab' * 32}",)),
    ("DANE-13", "a.test. 60 TYPE52 \\# 5 030101abcd", "TLSA", ("3 1 1 abcd",)),
    ("DANE-13", "a.test. 60 TYPE52 \\# 3 030101", "TLSA", ("3 1 1",)),
    ("DANE-13", "a.test. 60 TYPE52 \\# 5 ff0509abcd", "TLSA", ("255 5 9 abcd",)),
    ("DANE-10", "a.test. 60 CNAME Target.Test.", "CNAME", ("target.test",)),
    ("MX-01", "a.test. 60 A 192.0.2.1", "A", ("192.0.2.1",)),
    ("MX-01", "a.test. 60 AAAA 2001:DB8:0::1", "AAAA", ("2001:db8::1",)),
]


@pytest.mark.parametrize(("rule", "record", "rdtype", "kept"), RECORDS)
async def test_presentation_form(rule: str, record: str, rdtype: str, kept: tuple[str, ...]) -> None:
    lookup = await ask(zone(record), "A.Test.", rdtype)
    assert lookup == Lookup("a.test", rdtype, LookupStatus.ANSWER, records=kept, ttl=60)


OUTCOMES = [  # rule, script, status
    ("DANE-02", zone("a.test. 60 A 192.0.2.1"), LookupStatus.NODATA),
    ("DANE-02", zone("b.test. 60 A 192.0.2.1"), LookupStatus.NXDOMAIN),
    ("DANE-02", failing(dns.rcode.SERVFAIL), LookupStatus.SERVFAIL),
    ("DANE-02", failing(dns.rcode.FORMERR), LookupStatus.SERVFAIL),
    ("DANE-02", failing(dns.rcode.REFUSED), LookupStatus.REFUSED),
    ("DANE-02", failing(dns.rcode.SERVFAIL, BOGUS), LookupStatus.BOGUS),
    (
        "DANE-02",
        failing(dns.rcode.SERVFAIL, dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "upstream")),
        LookupStatus.SERVFAIL,
    ),
    ("DANE-02", bogus_unsaid, LookupStatus.BOGUS),
    ("DANE-02", lambda query, _: [query.id.to_bytes(2) + b"\x81\x83" + b"\0" * 8], LookupStatus.TIMEOUT),
    ("DANE-02", lambda query, _: [broken_off(query)], LookupStatus.MALFORMED),
    ("DANE-02", lambda *_: [], LookupStatus.TIMEOUT),
]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of a test; the real ones hold 5 s."""
    monkeypatch.setattr(resolving, "QUESTION_SECONDS", 0.3)
    monkeypatch.setattr(resolving, "ATTEMPT_SECONDS", 0.1)


@pytest.mark.parametrize(("rule", "script", "status"), OUTCOMES)
async def test_outcomes_are_told_apart(hurried: None, rule: str, script: Script, status: LookupStatus) -> None:
    lookup = await ask(script, "a.test", "TXT")
    assert lookup.status is status
    assert not lookup.secure
    assert lookup.records == ()


async def test_a_failure_that_passes_is_asked_again_and_is_not_bogus() -> None:
    """DANE-02: a resolver that was let down itself once answers the second time."""
    asked: list[int] = []

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        asked.append(query.flags & dns.flags.CD)
        if len(asked) == 1:
            return [reply(query, rcode=dns.rcode.SERVFAIL)]
        return [reply(query, "a.test. 60 TXT x")]

    assert (await ask(script, "a.test", "TXT")).records == ("x",)
    assert asked == [0, 0]


async def test_flags_that_a_simple_server_copies_are_no_security() -> None:
    """DANE-01: a server that answers with the flags of the question must not look like a validator."""

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        return [reply(query, "a.test. 60 A 192.0.2.1", flags=query.flags & AD)]

    assert not (await ask(script, "a.test", "A")).secure


async def test_a_server_that_never_heard_of_aaaa_has_none() -> None:
    assert (await ask(failing(dns.rcode.NOTIMP), "a.test", "AAAA")).status is LookupStatus.NODATA
    assert (await ask(failing(dns.rcode.NOTIMP), "a.test", "MX")).status is LookupStatus.SERVFAIL


@pytest.mark.parametrize("rcode", [dns.rcode.FORMERR, dns.rcode.NOTIMP])
async def test_a_server_that_refuses_edns_is_asked_without(rcode: dns.rcode.Rcode) -> None:
    """RFC 6891 section 7."""

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        if query.edns >= 0:
            return [reply(query, rcode=rcode, edns=False)]
        return [reply(query, "a.test. 60 TXT x", edns=False)]

    assert (await ask(script, "a.test", "TXT")).records == ("x",)


async def test_a_flood_of_records_hides_none_of_ours() -> None:
    def script(query: dns.message.Message, transport: str) -> Iterable[bytes]:
        if transport == "udp":
            return [reply(query, flags=dns.flags.TC)]
        others = [f'a.test. 60 TXT "v=spf1 ip4:192.0.2.{n % 256} exp={n}"' for n in range(1_000)]
        return [reply(query, *others, 'a.test. 60 TXT "v=STSv1; id=1;"')]

    assert "v=STSv1; id=1;" in (await ask(script, "a.test", "TXT")).records


async def test_extended_errors_are_kept_as_evidence() -> None:
    lookup = await ask(failing(dns.rcode.SERVFAIL, BOGUS), "a.test", "TXT")
    assert "EDE 9 (dnskey missing): no key matches" in lookup.detail


async def test_answers_to_other_questions_are_ignored() -> None:
    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        right = reply(query, "a.test. 60 TXT right")
        other = dns.message.make_query("b.test", "TXT", id=query.id)
        wrong_id = ((query.id + 1) & 0xFFFF).to_bytes(2) + right[2:]
        return [b"", b"\0", wrong_id, reply(other, "b.test. 60 TXT wrong"), query.to_wire(), right]

    assert (await ask(script, "a.test", "TXT")).records == ("right",)


async def test_a_truncated_answer_is_asked_again_over_tcp() -> None:
    def script(query: dns.message.Message, transport: str) -> Iterable[bytes]:
        if transport == "udp":
            return [reply(query, flags=dns.flags.TC)]
        return [reply(query, *(f"a.test. 60 A 10.0.{n // 250}.{n % 250}" for n in range(300)))]

    lookup = await ask(script, "a.test", "A")
    assert len(lookup.records) == MOST
    assert "44 more records are left out" in lookup.detail


async def test_ten_thousand_strings_are_read_within_bounds() -> None:
    def script(query: dns.message.Message, transport: str) -> Iterable[bytes]:
        if transport == "udp":
            return [reply(query, flags=dns.flags.TC)]
        return [reply(query, "a.test. 60 TXT " + " ".join(["abcde"] * 10_000))]

    lookup = await ask(script, "a.test", "TXT")
    assert lookup.status is LookupStatus.ANSWER
    assert lookup.records == (("abcde" * 10_000)[: message.RECORD_CHARACTERS],)


async def test_unreadable_records_cost_themselves_only() -> None:
    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        good = reply(query, "a.test. 60 A 192.0.2.1", "a.test. 60 A 192.0.2.2", edns=False)
        return [good[:-6] + b"\x00\x03" + good[-4:-1]]  # the second address has three octets

    lookup = await ask(script, "a.test", "A")
    assert lookup.records == ("192.0.2.1",)
    assert "1 records cannot be read" in lookup.detail


CHAIN = ("a.test. 60 CNAME b.test.", "b.test. 30 CNAME c.test.", "c.test. 90 A 192.0.2.1")


async def test_an_alias_chain_is_read_out_of_one_answer() -> None:
    lookup = await ask(zone(*CHAIN, flags=AD), "a.test", "A")
    assert (lookup.cnames, lookup.records, lookup.ttl) == (("b.test", "c.test"), ("192.0.2.1",), 30)
    assert lookup.secure
    assert lookup.target == "c.test"


def in_parts(query: dns.message.Message, _: str) -> Iterable[bytes]:
    """Like an authoritative server: its own part of the chain only; the last part without AD."""
    name = query.question[0].name.to_text()
    return [reply(query, *(line for line in CHAIN if line.startswith(name)), flags=0 if name == "c.test." else AD)]


async def test_an_alias_chain_in_parts_is_asked_for() -> None:
    lookup = await ask(in_parts, "a.test", "A")
    assert (lookup.status, lookup.cnames, lookup.records) == (
        LookupStatus.ANSWER,
        ("b.test", "c.test"),
        ("192.0.2.1",),
    )
    assert not lookup.secure  # DANE-05: an insecure step makes the rest insecure


LOOPS = [  # rule, records
    ("DANE-05", ("a.test. 60 CNAME a.test.",)),
    ("DANE-05", ("a.test. 60 CNAME b.test.", "b.test. 60 CNAME a.test.")),
    ("DANE-05", tuple(f"{n}.test. 60 CNAME {n + 1}.test." for n in range(12))),
]


@pytest.mark.parametrize(("rule", "records"), LOOPS)
@pytest.mark.parametrize("whole", [True, False])
async def test_alias_loops_and_long_chains_end(rule: str, records: tuple[str, ...], *, whole: bool) -> None:
    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        name = query.question[0].name.to_text()
        return [reply(query, *(line for line in records if whole or line.startswith(name)))]

    lookup = await ask(script, records[0].split(".")[0] + ".test", "A")
    assert lookup.status is LookupStatus.CNAME_LOOP
    assert len(lookup.cnames) <= resolving.CNAME_HOPS


BELIEVED = [  # rule, nameserver, listed, believed
    ("DANE-01", "127.0.0.1", (), True),
    ("DANE-01", "::1", (), True),
    ("DANE-01", "127.0.0.53", (), False),
    ("DANE-01", "127.0.0.54", (), False),
    ("DANE-01", "127.0.0.53", ("127.0.0.53",), True),
    ("DANE-01", "192.0.2.1", (), False),
    ("DANE-01", "2001:db8::1", ("2001:DB8:0::1",), True),
]


@pytest.mark.parametrize(("rule", "address", "listed", "believed"), BELIEVED)
def test_whose_ad_bit_is_believed(rule: str, address: str, listed: tuple[str, ...], *, believed: bool) -> None:
    chosen = resolving.servers(Internet(nameservers=(Endpoint(address, 53),), validating=listed))
    assert [server.believed for server in chosen] == [believed]


async def test_ad_of_a_server_that_is_not_believed_is_no_security() -> None:
    async with nameserver(zone("a.test. 60 A 192.0.2.1", flags=AD), address="127.0.0.53") as server:
        elsewhere = settings(nameservers=(Endpoint("127.0.0.53", server.port),))
        async with Resolver(elsewhere) as resolver:
            answer = await resolver.answer("a.test", "A")
            assert (answer.lookup.secure, answer.believed, resolver.may_validate) == (False, False, False)


async def test_a_remembered_answer_has_the_rest_of_its_ttl() -> None:
    async with nameserver(zone("a.test. 60 A 192.0.2.1")) as server, Resolver(settings(server)) as resolver:
        first = await resolver.answer("a.test", "A")
        loop = asyncio.get_running_loop()
        later = loop.time() + 20
        loop.time = lambda: later  # type: ignore[method-assign]  # twenty seconds later
        try:
            again = await resolver.answer("a.test", "A")
        finally:
            del loop.time
    assert (first.lookup.ttl, again.lookup.ttl) == (60, 40)


async def test_the_systems_nameservers_are_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("# nameserver 192.0.2.9\nsearch test\nnameserver 192.0.2.1\nnameserver\t::1\nnameserver\n")
    monkeypatch.setattr(resolving, "RESOLV_CONF", conf)
    assert [server.address for server in resolving.servers(Internet())] == ["192.0.2.1", "::1"]
    conf.unlink()
    assert [server.address for server in resolving.servers(Internet())] == ["127.0.0.1"]


async def test_a_dead_nameserver_is_passed_over_and_then_left_alone() -> None:
    async with nameserver(zone("a.test. 60 A 192.0.2.1", "b.test. 60 A 192.0.2.2")) as alive:
        async with Resolver(settings(free_port(), alive)) as resolver:
            assert (await resolver.ask("a.test", "A")).status is LookupStatus.ANSWER
            assert (await resolver.ask("b.test", "A")).status is LookupStatus.ANSWER
        assert len(alive.asked) == 2


async def test_dead_nameservers_end_in_time() -> None:
    async with asyncio.timeout(2), Resolver(settings(free_port(), free_port())) as resolver:
        lookup = await resolver.ask("a.test", "A")
    assert lookup.status is LookupStatus.TIMEOUT
    assert "no answer from 127.0.0.1" in lookup.detail


async def test_another_server_is_asked_after_a_failure_but_not_after_bogus() -> None:
    good = zone("a.test. 60 TXT x")
    async with nameserver(good) as second:
        async with nameserver(failing(dns.rcode.REFUSED)) as first, Resolver(settings(first, second)) as resolver:
            assert (await resolver.ask("a.test", "TXT")).status is LookupStatus.ANSWER
        async with nameserver(bogus_unsaid) as first, Resolver(settings(first, second)) as resolver:
            assert (await resolver.ask("a.test", "TXT")).status is LookupStatus.BOGUS
        assert len(second.asked) == 1


async def test_each_question_is_asked_once_even_by_many_at_once() -> None:
    async with nameserver(zone("a.test. 60 A 192.0.2.1")) as server, Resolver(settings(server)) as resolver:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(resolver.ask(name, "A")) for name in ("a.test", "A.test.") * 50]
        assert {task.result().records for task in tasks} == {("192.0.2.1",)}
        assert len(server.asked) == 1


async def test_many_questions_share_one_endpoint_on_loopback() -> None:
    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        name = query.question[0].name.to_text()
        return [reply(query, f"{name} 60 TXT {name}")]

    async with nameserver(script) as server, Resolver(settings(server)) as resolver:
        async with asyncio.TaskGroup() as group:
            tasks = {n: group.create_task(resolver.ask(f"{n}.test", "TXT")) for n in range(500)}
        assert all(task.result().records == (f"{n}.test.",) for n, task in tasks.items())
        assert len(server.sources) == 1


async def test_a_cancelled_asker_leaves_the_question_to_the_others(hurried: None) -> None:
    arrived, release = asyncio.Event(), asyncio.Event()

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        arrived.set()
        return [reply(query, "a.test. 60 A 192.0.2.1")] if release.is_set() else []

    async with nameserver(script) as server, Resolver(settings(server)) as resolver:
        first = asyncio.create_task(resolver.ask("a.test", "A"))
        second = asyncio.create_task(resolver.ask("a.test", "A"))
        await arrived.wait()
        first.cancel()
        release.set()  # the repetition after ATTEMPT_SECONDS is answered
        assert (await second).status is LookupStatus.ANSWER
        with pytest.raises(asyncio.CancelledError):
            await first


UNASKABLE = ["a..test", ".a", "x" * 64 + ".test", ".".join(["abcdefgh"] * 40), "\udcff.test", "a\\999"]


@pytest.mark.parametrize("name", UNASKABLE)
async def test_names_that_dns_cannot_ask_for_are_malformed(name: str) -> None:
    async with Resolver(settings(free_port())) as resolver:
        assert (await resolver.ask(name, "A")).status is LookupStatus.MALFORMED


async def test_a_referral_is_no_absence() -> None:
    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        response = dns.message.from_wire(reply(query, authority=("test. 60 NS ns.test.",)))
        response.flags &= ~dns.flags.RA
        return [response.to_wire()]

    assert (await ask(script, "a.test", "A")).status is LookupStatus.REFUSED


@given(st.binary(max_size=300))
def test_arbitrary_octets_are_no_message_and_no_crash(data: bytes) -> None:
    asked = answers.question("a.test", "TXT")
    for wire in (data, b"\0\0\x81\x80\0\1\0\2\0\0\0\0" + asked.section + data):
        try:
            answers.read(wire, asked)
        except NotDns:
            continue


@given(st.binary(max_size=40), st.sampled_from(["A", "AAAA", "MX", "TXT", "TLSA", "CAA", "CNAME"]))
def test_arbitrary_record_data_is_read_or_counted(data: bytes, rdtype: str) -> None:
    asked = answers.question("a.test", rdtype)
    kind = asked.section[-4:]
    record = b"\xc0\x0c" + kind + b"\0\0\0\x3c" + len(data).to_bytes(2) + data
    wire = b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + asked.section + record
    try:
        found = answers.read(wire, asked).part
    except NotDns:
        return
    assert found is not None
    assert len(found.records) + found.unreadable <= 1
