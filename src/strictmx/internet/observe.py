"""One domain in, one `Observation` out: everything asked, fetched and probed side by side, nothing judged.

The TXT record is not waited for before the policy is fetched: a check wants to see the policy also where the record is
at fault. All look-ups go through one resolver, each question once. What is not done after DOMAIN_SECONDS is
recorded as not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from importlib import import_module
from threading import Lock
from typing import Self

from msgspec.structs import replace

from strictmx.config import Internet
from strictmx.findings.observation import (
    REPORT_URIS,
    Fetch,
    Lookup,
    MxHost,
    Observation,
    PolicyHost,
    Probe,
    ProbeStage,
    Related,
    ReportUri,
)
from strictmx.internet.authorities import Authorities
from strictmx.internet.dns import CONCURRENT, Resolver
from strictmx.internet.https import weakest
from strictmx.internet.local import first_of, sockets
from strictmx.internet.look import DOMAIN_QUESTIONS, DOMAIN_SECONDS, DOMAIN_SESSIONS, Look, choose_addresses
from strictmx.internet.mx_hosts import look_at_mail
from strictmx.internet.once import together
from strictmx.internet.smtp import SESSIONS, Prober
from strictmx.internet.trust import TrustStore
from strictmx.standards import sts, tlsrpt
from strictmx.standards.names import Name

POLICY_ADDRESSES = 4  # of a policy host, the families taking turns: large hosts have eight that are all alike
CHAIN_OCTETS = 2_621_440  # chains kept of one domain: 600 sessions with ordinary ones

CERTIFICATES_AT_ONCE = 32  # are read in the loop, in 2 ms; more in a thread, which itself takes 0.1 ms


class Observer:
    """Observes domains; owns the resolver, the SMTP sessions and the trust store of a run.

    now: the clock for `observed_at`, aware UTC. related: DKIM selectors, to ask also for what belongs beside the
    security of transport; None: for nothing of that. Use it as an async context manager; entering raises
    trust.TrustError when the trust store cannot be used, and ImportError without the packages of the extra `related`.
    """

    def __init__(
        self, settings: Internet, *, now: Callable[[], datetime], related: Sequence[str] | None = None
    ) -> None:
        self._settings, self._now, self._selectors = settings, now, related
        # The sockets of the run: half for questions, a quarter for sessions; fetches and repetitions take the rest.
        room = sockets()
        questions, sessions = min(CONCURRENT, room // 2), min(SESSIONS, room // 4)
        self._resolver = Resolver(settings, concurrent=questions)
        self._prober = Prober(settings, sessions=sessions)
        self._domain_sessions = min(DOMAIN_SESSIONS, sessions // 2)
        self._room = asyncio.Semaphore(max(1, questions // DOMAIN_QUESTIONS))
        self._index = Lock()
        self._trust: TrustStore | None = None
        self._authorities: Authorities | None = None

    async def __aenter__(self) -> Self:
        self._trust, self._authorities = await asyncio.to_thread(_load, self._settings)
        if self._selectors is not None:  # an optional library of 0.6 s, loaded before anything waits for an answer
            await asyncio.to_thread(import_module, "strictmx.internet.related")
        await self._resolver.__aenter__()
        await self._prober.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._prober.__aexit__()
        await self._resolver.__aexit__()

    async def observe(
        self, domain: Name, on_step: Callable[[str], None] | None = None, *, seconds: float = DOMAIN_SECONDS
    ) -> Observation:
        """Look at the domain. Raises LocalFault, and nothing else but cancellation.

        Waits while this machine has no sockets for one more domain, and then ends within `seconds`.
        on_step: called with a short text as each step begins.
        """
        async with self._room:
            return await self._observe(domain, on_step, seconds)

    async def _observe(self, domain: Name, on_step: Callable[[str], None] | None, seconds: float) -> Observation:
        loop = asyncio.get_running_loop()
        began, observed_at = loop.time(), self._now()
        look = Look(
            self._settings,
            self._resolver,
            self._prober,
            seconds=seconds,
            sessions=self._domain_sessions,
            on_step=on_step,
        )
        try:
            async with asyncio.TaskGroup() as group:
                record = group.create_task(_look_at_record(look, domain))
                policy_host = group.create_task(_look_at_policy_host(look, domain))
                reporting = group.create_task(_look_at_reporting(look, domain))
                beside = None if self._selectors is None else group.create_task(self._look_at_related(look, domain))
                mx, hosts = await look_at_mail(look, domain)
        except ExceptionGroup as faults:
            raise first_of(faults) from None
        sts_record, elsewhere = record.result()
        record_of_reports, report_uris = reporting.result()
        hosts = _within_room(hosts)
        chains = [probe.chain for host in hosts for probe in host.probes if probe.chain]
        chains += [fetch.chain for fetch in policy_host.result().fetches if fetch.chain]
        few = sum(map(len, chains)) <= CERTIFICATES_AT_ONCE
        anchors, issuers = self._known(chains) if few else await asyncio.to_thread(self._known, chains)
        return Observation(
            domain=str(domain),
            observed_at=observed_at,
            elapsed_ms=round((loop.time() - began) * 1000),
            validating=look.validating,
            sts=sts_record,
            sts_elsewhere=elsewhere,
            policy_host=policy_host.result(),
            tlsrpt=record_of_reports,
            report_uris=report_uris,
            mx=mx,
            hosts=hosts,
            anchors=anchors,
            issuers=issuers,
            related=beside.result() if beside is not None else None,
        )

    async def _look_at_related(self, look: Look, domain: Name) -> Related:
        from strictmx.internet.related import look_at_related

        return await look_at_related(look, domain, self._selectors or ())

    def _known(self, chains: Sequence[Sequence[bytes]]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """What this side knows of the chains: the anchors that they could end in, the issuers that they lack."""
        if self._trust is None or self._authorities is None or not chains:
            return (), ()
        with self._index:  # threads of several domains meet here
            issuers = self._authorities.missing(chains)
            self._authorities.remember(chains)
            return self._trust.index.relevant(chains, issuers), issuers


def _load(settings: Internet) -> tuple[TrustStore, Authorities]:
    """Read the trust store and index it, in a thread: both take some 10 ms."""
    store = TrustStore.load(settings)
    _ = store.index
    return store, Authorities(store.issuers)


async def _look_at_record(look: Look, domain: Name) -> tuple[Lookup, tuple[Lookup, ...]]:
    """The STS record; where there is none also the places where it is put by mistake."""
    record = await look.ask(str(sts.record_name(domain)), "TXT")
    if record.failed or sts.read_records(record.records).candidates:
        return record, ()
    places = (domain, f"mta-sts.{domain}", f"_mta-sts.{domain}.{domain}")
    return record, await together(*(look.ask(place, "TXT") for place in places))


async def _look_at_policy_host(look: Look, domain: Name) -> PolicyHost:
    host = str(sts.policy_host(domain))
    a, aaaa = await look.addresses(host)
    addresses = choose_addresses(a, aaaa)
    fetches = await _fetch_everywhere(look, host, addresses) if addresses else ()
    return PolicyHost(host, a, aaaa, fetch=fetches[0] if fetches else None, others=fetches[1:])


async def _fetch_everywhere(look: Look, host: str, addresses: Sequence[str]) -> tuple[Fetch, ...]:
    """The GET at each address side by side, first that of the first address that takes the connection."""
    fetches = await together(*(look.fetch(host, [address]) for address in addresses[:POLICY_ADDRESSES]))
    chosen = next((fetch for fetch in fetches if fetch.connected), fetches[0])
    if not chosen.connected:
        later = addresses[POLICY_ADDRESSES:]
        last = (await look.fetch(host, later),) if later else ()
        return (*last, *fetches) if any(fetch.connected for fetch in last) else (weakest((*fetches, *last)),)
    return (chosen, *(fetch for fetch in fetches if fetch is not chosen))


async def _look_at_reporting(look: Look, domain: Name) -> tuple[Lookup, tuple[ReportUri, ...]]:
    """The TLSRPT record, and whether the hosts of its addresses exist (RPT-08)."""
    lookup = await look.ask(str(tlsrpt.record_name(domain)), "TXT")
    record = tlsrpt.read_records(lookup.records).record
    wanted = record.rua[:REPORT_URIS] if record is not None else ()
    return lookup, await together(*(_look_at_report_address(look, address) for address in wanted))


async def _look_at_report_address(look: Look, address: tlsrpt.ReportAddress) -> ReportUri:
    types = ("MX", "A", "AAAA") if address.mailbox else ("A", "AAAA")
    lookups = await together(*(look.ask(address.host, rdtype) for rdtype in types))
    return ReportUri(address.uri, str(address.host), lookups)


def _within_room(hosts: Iterable[MxHost]) -> tuple[MxHost, ...]:
    """The hosts with their chains as far as CHAIN_OCTETS go; later sessions count as left out."""
    room = CHAIN_OCTETS
    kept: list[MxHost] = []
    for host in hosts:
        probes: list[Probe] = []
        for probe in host.probes:
            octets = sum(map(len, probe.chain))
            fits = octets <= room
            room -= octets if fits else 0
            probes.append(probe if fits else Probe(probe.address, ProbeStage.LEFT_OUT, probe.sni))
        kept.append(replace(host, probes=tuple(probes)))
    return tuple(kept)
