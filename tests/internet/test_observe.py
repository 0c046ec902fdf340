from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dns.flags
import dns.message
import pytest

from strictmx.config import Internet
from strictmx.findings import observation
from strictmx.findings.observation import FetchStage, LookupStatus, Observation, ProbeStage
from strictmx.internet import observe
from strictmx.internet.observe import Observer
from strictmx.standards.names import Name
from tests.internet.conftest import Pki
from tests.internet.servers import NameServer, Script, nameserver, server_context, serving, settings, zone
from tests.internet.test_https import HEAD, LENGTH, POLICY, sending
from tests.internet.test_smtp import Server

pytestmark = pytest.mark.servers

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DOMAIN = Name("example.test")
AD = dns.flags.AD

HEALTHY = (
    '_mta-sts.example.test. 60 TXT "v=STSv1; id=a;"',
    '_smtp._tls.example.test. 60 TXT "v=TLSRPTv1; rua=mailto:a@reports.test,https://https.test/x"',
    "mta-sts.example.test. 60 A 127.0.0.1",
    "example.test. 60 MX 10 mx1.example.test.",
    "example.test. 60 MX 20 mx2.example.test.",
    "mx1.example.test. 60 A 127.0.0.2",
    "mx2.example.test. 60 A 127.0.0.3",
    "reports.test. 60 MX 10 mx.reports.test.",
    "https.test. 60 A 192.0.2.1",
)


@dataclass
class Lab:
    """A nameserver, a policy host and an SMTP server on every loopback address."""

    names: NameServer
    smtp: Server
    settings: Internet

    async def observe(self, domain: Name = DOMAIN, *, seconds: float = 30.0) -> Observation:
        async with Observer(self.settings, now=lambda: NOW) as observer:
            return await observer.observe(domain, seconds=seconds)


@contextlib.asynccontextmanager
async def lab(pki: Pki, folder: Path, script: Script, **changes: object) -> AsyncIterator[Lab]:
    leaf = pki.leaf("mx1.example.test", "mx2.example.test", "mta-sts.example.test")
    context: ssl.SSLContext = server_context(folder, leaf, pki.intermediate)
    (folder / "root.pem").write_bytes(pki.root.pem)
    smtp = Server(context)
    policy = sending(HEAD + LENGTH % len(POLICY) + POLICY)
    async with (
        nameserver(script) as names,
        serving(policy, tls=context) as https_port,
        serving(smtp, address="0.0.0.0") as smtp_port,  # noqa: S104  all of 127/8 in one listener
    ):
        ports = {"https_port": https_port, "smtp_port": smtp_port, "trust": str(folder / "root.pem")}
        yield Lab(names, smtp, settings(names, **{**ports, **changes}))


async def test_a_healthy_domain(pki: Pki, tmp_path: Path) -> None:
    steps: list[str] = []
    async with (
        lab(pki, tmp_path, zone(*HEALTHY, flags=AD)) as network,
        Observer(network.settings, now=lambda: NOW) as observer,
    ):
        seen = await observer.observe(DOMAIN, steps.append)
    assert seen.observed_at == NOW
    assert seen.validating
    assert seen.sts.records == ("v=STSv1; id=a;",)
    assert seen.sts_elsewhere == ()
    assert seen.policy_host.fetch is not None
    assert seen.policy_host.fetch.stage is FetchStage.DONE
    assert [(host.host, host.preference) for host in seen.hosts] == [("mx1.example.test", 10), ("mx2.example.test", 20)]
    assert all(probe.stage is ProbeStage.DONE for host in seen.hosts for probe in host.probes)
    assert [probe.sni for host in seen.hosts for probe in host.probes] == [host.host for host in seen.hosts]
    assert [(uri.host, [lookup.type for lookup in uri.lookups]) for uri in seen.report_uris] == [
        ("reports.test", ["MX", "A", "AAAA"]),
        ("https.test", ["A", "AAAA"]),
    ]
    assert seen.anchors == (pki.root.der,)
    assert seen.issuers == ()
    assert observation.load(observation.dump(seen)) == seen
    assert len(network.names.asked) == len(set(network.names.asked))  # each question once
    assert "fetching the policy from mta-sts.example.test" in steps
    assert "speaking SMTP with mx1.example.test at 127.0.0.2" in steps


SEVERAL = [  # rule, addresses of the policy host, those of the answers kept; only 127.0.0.1 has a server
    ("STS-40", ("127.0.0.1",), ("127.0.0.1",)),
    ("STS-40", ("127.0.0.9", "127.0.0.1"), ("127.0.0.1", "127.0.0.9")),
    ("STS-40", ("127.0.0.9", "127.0.0.8"), ("127.0.0.8",)),  # one speaks for all
    ("STS-40", tuple(f"127.0.0.{last}" for last in (5, 6, 7, 8, 9)), ("127.0.0.5",)),
]


@pytest.mark.parametrize(("rule", "addresses", "kept"), SEVERAL)
async def test_the_policy_host_is_asked_at_each_of_its_addresses(
    rule: str, addresses: tuple[str, ...], kept: tuple[str, ...], pki: Pki, tmp_path: Path
) -> None:
    records = [record for record in HEALTHY if not record.startswith("mta-sts.")]
    records += [f"mta-sts.example.test. 60 A {address}" for address in addresses]
    async with lab(pki, tmp_path, zone(*records)) as network:
        seen = await network.observe()
    assert tuple(fetch.address for fetch in seen.policy_host.fetches) == kept
    assert seen.policy_host.fetch is not None
    assert seen.policy_host.fetch.connected is ("127.0.0.1" in addresses)
    assert all(address in " ".join(fetch.detail for fetch in seen.policy_host.fetches) for address in addresses[:-1])


async def test_beyond_the_first_addresses_the_others_are_tried(
    pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "POLICY_ADDRESSES", 1)
    records = (
        *(record for record in HEALTHY if not record.startswith("mta-sts.")),
        "mta-sts.example.test. 60 AAAA ::1",
    )
    async with lab(pki, tmp_path, zone(*records, "mta-sts.example.test. 60 A 127.0.0.1")) as network:
        seen = await network.observe()
    assert [fetch.stage for fetch in seen.policy_host.fetches] == [FetchStage.DONE]
    assert seen.policy_host.fetch is not None
    assert seen.policy_host.fetch.address == "127.0.0.1"


async def test_an_unsigned_domain_is_asked_for_tlsa_too(pki: Pki, tmp_path: Path) -> None:
    """DANE-35: the records are there, nobody may use them."""
    digest = hashlib.sha256(b"").hexdigest()
    records = (*HEALTHY, f"_25._tcp.mx1.example.test. 60 TLSA 3 1 1 {digest}")
    async with lab(pki, tmp_path, zone(*records)) as network:
        seen = await network.observe()
    assert [lookup.records for lookup in seen.hosts[0].tlsa] == [(f"3 1 1 {digest}",)]
    assert seen.hosts[0].tlsa_base is None


async def test_tlsa_of_the_port_in_use_counts_in_a_laboratory(pki: Pki, tmp_path: Path) -> None:
    async with lab(pki, tmp_path, zone(*HEALTHY, flags=AD)) as network:
        port = network.settings.smtp_port
        network.names.script = zone(*HEALTHY, f"_{port}._tcp.mx1.example.test. 60 TLSA 3 1 1 {'ab' * 32}", flags=AD)
        seen = await network.observe()
    assert [lookup.name for lookup in seen.hosts[0].tlsa] == [f"_{port}._tcp.mx1.example.test"]
    assert seen.hosts[0].tlsa_base == "mx1.example.test"
    assert [lookup.name for lookup in seen.hosts[1].tlsa] == ["_25._tcp.mx2.example.test"]


ALIAS = (
    "example.test. 60 MX 10 mx.example.test.",
    "mx.example.test. 60 CNAME real.example.test.",
    "real.example.test. 60 A 127.0.0.2",
)


async def test_sni_is_the_base_domain_of_an_alias(pki: Pki, tmp_path: Path) -> None:
    """DANE-18, DANE-11: the target has the records, so its name is sent."""
    records = (*ALIAS, f"_25._tcp.real.example.test. 60 TLSA 3 1 1 {'ab' * 32}")
    async with lab(pki, tmp_path, zone(*records, flags=AD)) as network:
        (host,) = (await network.observe()).hosts
    assert host.tlsa_base == "real.example.test"
    assert [probe.sni for probe in host.probes] == ["real.example.test"]
    assert host.cname is None


async def test_an_insecure_alias_shows_its_first_step(pki: Pki, tmp_path: Path) -> None:
    """DANE-10: the first step is signed, the target's zone is not; only the original name counts."""
    signed = zone(*ALIAS, f"_25._tcp.mx.example.test. 60 TLSA 3 1 1 {'ab' * 32}", flags=AD)
    unsigned = zone(*ALIAS)

    def script(query: dns.message.Message, how: str) -> Iterable[bytes]:
        text = query.question[0].to_text()
        return (unsigned if text.endswith((" IN A", " IN AAAA")) else signed)(query, how)

    async with lab(pki, tmp_path, script) as network:
        (host,) = (await network.observe()).hosts
    assert host.cname is not None
    assert host.cname.secure
    assert host.tlsa_base == "mx.example.test"
    assert [probe.sni for probe in host.probes] == ["mx.example.test"]


MX_CASES = [  # rule, records, hosts (name, implicit, sessions)
    ("MX-04", ("example.test. 60 MX 0 .",), []),
    ("MX-05", ("example.test. 60 MX 5 192.0.2.1.",), [("192.0.2.1", False, 0)]),
    ("MX-02", ("example.test. 60 A 127.0.0.2",), [("example.test", True, 1)]),
    ("MX-02", ('example.test. 60 TXT "x"',), []),
    ("MX-03", ("elsewhere.test. 60 A 127.0.0.2",), []),
    ("MX-05", ("example.test. 60 MX 5 gone.test.",), [("gone.test", False, 0)]),
]


@pytest.mark.parametrize(("rule", "records", "hosts"), MX_CASES)
async def test_mx_hosts(
    rule: str, records: tuple[str, ...], hosts: list[tuple[str, bool, int]], pki: Pki, tmp_path: Path
) -> None:
    async with lab(pki, tmp_path, zone(*records)) as network:
        seen = await network.observe()
        asked = {name for name, _, _ in network.names.asked}
    assert [(host.host, host.implicit, len(host.probes)) for host in seen.hosts] == hosts
    assert seen.policy_host.fetch is None
    assert not asked & {".", "192.0.2.1"}


async def test_too_many_hosts_are_left_out_and_said(pki: Pki, tmp_path: Path) -> None:
    records = [f"example.test. 60 MX {n} mx{n}.example.test." for n in range(40)]
    async with lab(pki, tmp_path, zone(*records)) as network:
        seen = await network.observe()
    assert [host.left_out for host in seen.hosts] == [False] * 32 + [True] * 8


async def test_a_missing_record_is_looked_for_elsewhere(pki: Pki, tmp_path: Path) -> None:
    records = ('example.test. 60 TXT "v=STSv1; id=a;"', '_mta-sts.example.test. 60 TXT "v=spf1"')
    async with lab(pki, tmp_path, zone(*records)) as network:
        seen = await network.observe()
    places = ["example.test", "mta-sts.example.test", "_mta-sts.example.test.example.test"]
    assert [lookup.name for lookup in seen.sts_elsewhere] == places
    assert seen.sts_elsewhere[0].records == ("v=STSv1; id=a;",)


async def test_a_shared_host_is_probed_once_in_a_run(pki: Pki, tmp_path: Path) -> None:
    domains = [Name(f"d{n}.test") for n in range(20)]
    records = [f"{domain}. 60 MX 10 mx1.example.test." for domain in domains]
    async with lab(pki, tmp_path, zone(*records, *HEALTHY)) as network:
        async with Observer(network.settings, now=lambda: NOW) as observer, asyncio.TaskGroup() as group:
            tasks = [group.create_task(observer.observe(domain)) for domain in domains]
        assert all(task.result().hosts[0].probes[0].stage is ProbeStage.DONE for task in tasks)
        assert len(network.smtp.sessions) == 1
        questions = [name for name, rdtype, _ in network.names.asked if (name, rdtype) == ("mx1.example.test", "A")]
        assert len(questions) == 1


async def test_the_deadline_keeps_what_was_seen(pki: Pki, tmp_path: Path) -> None:
    async with lab(pki, tmp_path, zone(*HEALTHY)) as network:
        network.smtp.greeting = b""
        seen = await network.observe(seconds=0.8)
    assert seen.sts.status is LookupStatus.ANSWER
    assert [probe.stage for host in seen.hosts for probe in host.probes] == [ProbeStage.CUT_OFF] * 2
    assert seen.elapsed_ms < 3_000


async def test_dead_nameservers_give_an_observation_of_failures(pki: Pki, tmp_path: Path) -> None:
    async with lab(pki, tmp_path, lambda *_: []) as network:
        seen = await network.observe(seconds=0.5)
    assert {lookup.status for lookup in (seen.sts, seen.tlsrpt, seen.mx)} == {LookupStatus.TIMEOUT}
    assert seen.hosts == ()
    assert seen.elapsed_ms < 2_000


async def test_cancelling_leaves_nothing_behind(pki: Pki, tmp_path: Path) -> None:
    async with lab(pki, tmp_path, zone(*HEALTHY)) as network:
        network.smtp.greeting = b""
        before = asyncio.all_tasks()
        async with Observer(network.settings, now=lambda: NOW) as observer:
            started = asyncio.Event()
            task = asyncio.create_task(observer.observe(DOMAIN, lambda step: started.set() if "SMTP" in step else None))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        left = [repr(other.get_coro()) for other in asyncio.all_tasks() - before]
        assert not [coroutine for coroutine in left if "/src/strictmx/" in coroutine or "Once" in coroutine]
