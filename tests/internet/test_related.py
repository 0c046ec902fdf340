"""The questions for SPF, DMARC, DKIM and CAA: which are asked, and that hostile answers end within bounds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import dns.message
import dns.rcode
import pytest

from strictmx.findings.answered import known
from strictmx.findings.observation import Lookup, LookupStatus, Related
from strictmx.internet import related as internet
from strictmx.internet.dns import Resolver
from strictmx.internet.look import Look
from strictmx.internet.related import CAA_NAMES, CHARACTERS, SPF_QUESTIONS, look_at_related
from strictmx.internet.smtp import Prober
from strictmx.standards import spf
from strictmx.standards.names import Name
from tests.internet.servers import Script, nameserver, reply, settings, zone

pytestmark = pytest.mark.servers

DOMAIN = Name("shop.test")


async def related(script: Script, *selectors: str, domain: Name = DOMAIN, seconds: float = 20.0) -> Related:
    async with nameserver(script) as names:
        internet = settings(names)
        async with Resolver(internet) as resolver, Prober(internet) as prober:
            return await look_at_related(Look(internet, resolver, prober, seconds=seconds), domain, selectors)


def asked(lookups: Iterable[Lookup]) -> list[tuple[str, str]]:
    return [(lookup.name, lookup.type) for lookup in lookups]


async def test_what_is_asked() -> None:
    script = zone(
        'shop.test. 60 TXT "something else" "v=spf1"',
        'shop.test. 60 TXT "v=spf1 mx include:_spf.other.test. -all"',
        '_spf.other.test. 60 TXT "v=spf1 a:host.other.test -all"',
        "shop.test. 60 MX 10 mx.shop.test.",
        "shop.test. 60 MX 20 mx.other.test.",
        "mx.shop.test. 60 A 192.0.2.1",
        '_dmarc.shop.test. 60 TXT "v=DMARC1; p=none"',
        'shop.test. 60 CAA 0 issue "ca.test; x=\\"y\\""',
    )
    seen = await related(script, "s1", "s2")
    assert set(asked(seen.spf)) == {
        ("shop.test", "TXT"),
        ("shop.test", "MX"),
        ("_spf.other.test", "TXT"),
        *((host, kind) for host in ("mx.shop.test", "mx.other.test", "host.other.test") for kind in ("A", "AAAA")),
    }
    assert seen.spf[0].records == ("v=spf1 mx include:_spf.other.test. -all",)
    assert asked(seen.dmarc) == [("_dmarc.shop.test", "TXT"), ("_dmarc.test", "TXT")]
    assert asked(seen.dkim) == [("s1._domainkey.shop.test", "TXT"), ("s2._domainkey.shop.test", "TXT")]
    assert set(asked(seen.caa)) == {
        (name, "CAA") for name in ("mta-sts.shop.test", "shop.test", "test", "mx.shop.test")
    }
    assert {lookup.records for lookup in seen.caa if lookup.name == "shop.test"} == {('0 issue ca.test; x="y"',)}


def answering(text: str) -> Script:
    """Every TXT question is answered with this text, `{n}` in it each time another number."""
    numbers = itertools.count()

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        name = query.question[0].name
        strings = "".join(f' "{text[at : at + 200]}"' for at in range(0, len(text), 200))
        records = [f"{name} 60 TXT{strings}".replace("{n}", str(next(numbers)))] if "TXT" in str(query.question) else []
        return [reply(query, *records)]

    return script


HOSTILE = [
    "v=spf1 include:d{n}.test -all",
    "v=spf1 include:shop.test -all",
    "v=spf1 redirect=d{n}.test",
    "v=spf1 " + " ".join(f"a:{n}.test" for n in range(400)),
    "v=spf1 " + " ".join(f"include:{n}.test" for n in range(400)),
    "v=spf1 " + "x=y " * 1_900 + "include:d{n}.test",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
async def test_what_strangers_publish_is_asked_within_bounds(text: str) -> None:
    seen = await related(answering(text), "s1")
    assert len(seen.spf) <= SPF_QUESTIONS
    assert len([lookup for lookup in seen.spf if lookup.type == "TXT"]) <= 11
    lookups = (*seen.spf, *seen.dmarc, *seen.dkim, *seen.caa)
    assert sum(len(record) for lookup in lookups for record in lookup.records) <= CHARACTERS


async def test_what_finds_no_room_is_left_out() -> None:
    """Of SPF first, which leads where strangers like; nothing counts as a failure."""
    seen = await related(answering("v=spf1 " + "x=y " * 1_900 + "include:d{n}.test"))
    assert {lookup.status for lookup in (*seen.spf, *seen.dmarc)} == {LookupStatus.ANSWER}
    assert (len(seen.dmarc), len(seen.spf)) == (2, 6)


async def test_a_record_that_is_cut_is_known_as_such() -> None:
    seen = await related(answering("v=spf1 " + "ip4:192.0.2.1 " * 1_500))
    assert spf.read(DOMAIN, known(seen.spf)).fault is spf.Fault.TOO_LONG


async def test_spf_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not asked by then is left out; what was asked stays."""
    monkeypatch.setattr(internet, "SPF_SECONDS", 0.5)
    known_names = answering("v=spf1 include:silent.test -all")

    def script(query: dns.message.Message, way: str) -> Iterable[bytes]:
        return [] if "silent" in str(query.question[0].name) else known_names(query, way)

    seen = await related(script)
    assert asked(seen.spf) == [("shop.test", "TXT")]
    assert spf.read(DOMAIN, known(seen.spf)).fault is spf.Fault.UNKNOWN


async def test_spf_asks_no_more_once_an_answer_failed() -> None:
    script = zone('shop.test. 60 TXT "v=spf1 a:dead.test include:a.test"', 'a.test. 60 TXT "v=spf1 a:b.test"')

    def failing(query: dns.message.Message, way: str) -> Iterable[bytes]:
        return [reply(query, rcode=dns.rcode.SERVFAIL)] if "dead" in str(query.question[0].name) else script(query, way)

    seen = await related(failing)
    assert ("b.test", "A") not in asked(seen.spf)
    assert spf.read(DOMAIN, known(seen.spf)).fault is spf.Fault.UNANSWERED


async def test_hosts_of_many_labels_are_asked_about_within_bounds() -> None:
    hosts = [".".join([f"{letter}{n}" for letter in "abcdefgh"]) for n in range(32)]
    seen = await related(zone(*(f"shop.test. 60 MX 10 {host}.shop.test." for host in hosts)))
    assert len(seen.caa) == CAA_NAMES


async def test_it_ends_with_the_look() -> None:
    seen = await related(lambda *_: [], seconds=0.3)
    lookups = (*seen.spf, *seen.dmarc, *seen.caa)
    assert {lookup.status for lookup in lookups} == {LookupStatus.TIMEOUT}
