"""Look at the network as the other verbs use it: each name server by itself, MX hosts by SMTP, policy hosts by HTTPS.

All side by side, within RUN_SECONDS whatever hangs. What the other side does never raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from strictmx.config import Endpoint, Internet
from strictmx.findings.observation import Fetch
from strictmx.internet.addresses import has_route
from strictmx.internet.dns import RESOLV_CONF, Resolver, servers
from strictmx.internet.local import first_of
from strictmx.internet.look import Look, choose_addresses
from strictmx.internet.nameservers import Server
from strictmx.internet.smtp import Prober
from strictmx.internet.trust import TrustError, TrustStore
from strictmx.roles.doctor import asked
from strictmx.roles.doctor.seen import MailSeen, Seen, ServerSeen, TrustSeen, WebSeen
from strictmx.standards.certificates import examine
from strictmx.standards.names import Name

RUN_SECONDS = 9.0  # all of it; with start and end it stays below 10
SESSION_SECONDS = 3.5  # a connection and what is said on it: questions that nobody answers take 5 s before
SERVERS = 8  # name servers looked at; resolv.conf has three at most

OnStep = Callable[[str], None] | None


async def look(settings: Internet, seen: Seen, *, now: Callable[[], datetime], on_step: OnStep = None) -> None:
    """Fill in what can be seen over the network; cancelled in between, what was seen so far stands.

    now: the clock that is looked at, aware UTC. on_step: told what is being looked at. Raises LocalFault.
    """
    seen.nameservers_from = "" if settings.nameservers else str(RESOLV_CONF)
    seen.ipv4, seen.ipv6 = has_route(asked.FAR_IPV4), has_route(asked.FAR_IPV6)
    quick = replace(settings, timeout=min(settings.timeout, SESSION_SECONDS))
    policy = replace(quick, timeout=quick.timeout / 2)  # a fetch may take twice that
    chosen = servers(settings)[:SERVERS]
    async with Resolver(settings) as resolver, Prober(quick) as prober:
        sessions = Look(quick, resolver, prober, seconds=RUN_SECONDS, on_step=on_step)
        fetches = Look(policy, resolver, prober, seconds=RUN_SECONDS, on_step=on_step)
        try:
            async with asyncio.TaskGroup() as group:
                trust = group.create_task(_trust(settings, seen))
                for server in chosen:
                    group.create_task(_server(server, settings, prober, seen, on_step))
                for host in asked.MX_HOSTS:
                    group.create_task(_mail(host, sessions, seen))
                for host in asked.POLICY_HOSTS:
                    group.create_task(_web(host, fetches, seen, trust, now))
        except ExceptionGroup as faults:
            raise first_of(faults) from None
    seen.servers.sort(key=lambda one: chosen.index(one.server))  # whichever answered first
    seen.mail.sort(key=lambda one: asked.MX_HOSTS.index(one.host))
    seen.web.sort(key=lambda one: asked.POLICY_HOSTS.index(one.host))


async def _trust(settings: Internet, seen: Seen) -> TrustStore | None:
    try:
        store = await asyncio.to_thread(TrustStore.load, settings)
    except TrustError as error:
        seen.trust = TrustSeen(error=error.reason, path=error.path)
        return None
    seen.trust = TrustSeen(len(store.anchors), store.skipped)
    return store


async def _server(server: Server, settings: Internet, prober: Prober, seen: Seen, on_step: OnStep) -> None:
    """Ask one name server as if its AD bit were believed, so that it is seen."""
    endpoint = Endpoint(server.address, server.port)
    alone = replace(settings, nameservers=(endpoint,), validating=(server.address,))
    async with Resolver(alone) as resolver, asyncio.TaskGroup() as group:
        questions = Look(alone, resolver, prober, seconds=RUN_SECONDS, on_step=on_step)
        signed = [group.create_task(questions.ask(name, "A")) for name in asked.SIGNED]
        bogus = [group.create_task(questions.ask(name, "A")) for name in asked.BOGUS]
    answers = (tuple(task.result() for task in tasks) for tasks in (signed, bogus))
    seen.servers.append(ServerSeen(server, *answers))


async def _mail(host: str, sessions: Look, seen: Seen) -> None:
    """A session with the first address of each family that this machine has a route to."""
    a, aaaa = await sessions.addresses(host)
    addresses = [*a.records[:1], *(aaaa.records[:1] if seen.ipv6 else ())]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sessions.probe(host, address, host)) for address in addresses]
    seen.mail.append(MailSeen(host, tuple(task.result() for task in tasks)))


async def _web(
    host: str, fetches: Look, seen: Seen, trust: asyncio.Task[TrustStore | None], now: Callable[[], datetime]
) -> None:
    addresses = choose_addresses(*await fetches.addresses(host))
    if not addresses:
        seen.web.append(WebSeen(host, None))
        return
    fetch = await fetches.fetch(host, addresses)
    ours, theirs = now(), read_date(fetch.date)
    store = await trust
    distrusted = None
    if store is not None and fetch.chain:
        distrusted = await asyncio.to_thread(_distrusted, host, fetch, store, theirs or ours)
    ahead = (ours - theirs).total_seconds() if theirs is not None else None
    seen.web.append(WebSeen(host, fetch, ahead, distrusted))


def read_date(text: str | None) -> datetime | None:
    """The time in a Date field (RFC 9110 section 6.6.1), aware; None where it gives none that can be read."""
    try:
        date = parsedate_to_datetime(text or "")
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _distrusted(host: str, fetch: Fetch, store: TrustStore, at: datetime) -> str:
    """Why a client that verifies refuses the chain at that time; empty where it does not."""
    anchors = store.index.relevant([fetch.chain])
    result = examine(fetch.chain, reference_names=[Name(host)], anchors=anchors, at=at)
    if result.verifies:
        return ""
    return f"{', '.join(fault.kind.value for fault in result.faults)}, issued by {result.issuer or 'nobody known'}"
