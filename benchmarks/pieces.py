"""Where the time of a check goes: each piece alone, over all domains of a world, in CPU milliseconds a domain.

python pieces.py DIR        the folder of a running world.py with two MX hosts a domain
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import strictmx
from strictmx.cli.terminal import json_line
from strictmx.config import Internet
from strictmx.findings.judge import judge
from strictmx.findings.observation import Observation
from strictmx.internet import tls
from strictmx.internet.dns import Resolver
from strictmx.internet.https import fetch_policy
from strictmx.internet.observe import Observer
from strictmx.internet.smtp import Prober
from strictmx.standards.names import Name

AT_ONCE = 50
QUESTIONS = 13  # of one domain: three TXT and MX of its own, A and AAAA of four names, TLSA of two hosts


async def spent(works: Iterable[Callable[[], Awaitable[object]]]) -> float:
    waiting = iter(works)

    async def work() -> None:
        for each in waiting:
            await each()

    began = time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return time.process_time() - began


def handshake(context: ssl.SSLContext, certificate: Path, times: int = 200) -> float:
    """Seconds of the client's half of one handshake within OpenSSL, over memory."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    ours = 0.0
    for _ in range(times):
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        answering = server.wrap_bio(there, back, server_side=True)
        began = time.process_time()
        asking = context.wrap_bio(back, there, server_hostname=certificate.stem)
        for _ in range(2):
            try:
                asking.do_handshake()
            except ssl.SSLWantReadError:
                ours += time.process_time() - began
                with suppress(ssl.SSLWantReadError):
                    answering.do_handshake()
                began = time.process_time()
        ours += time.process_time() - began
    return ours / times


async def measure(folder: Path) -> None:
    settings: Internet = strictmx.Settings.load(folder / "strictmx.toml").internet
    domains = [Name(line) for line in (folder / "ALL").read_text().splitlines() if not line.startswith("#")]
    count = len(domains)
    where: dict[str, str] = {}

    def tell(piece: str, seconds: float) -> None:
        print(f"{piece:<58} {seconds * 1000:>7.2f} ms", flush=True)

    async with Resolver(settings) as resolver, Prober(settings) as prober:

        async def address(host: str) -> None:
            where[host] = (await resolver.ask(host, "A")).records[0]

        hosts = [f"{label}.{domain}" for domain in domains for label in ("mta-sts", "mx1", "mx2")]
        asking = await spent(lambda host=host: address(host) for host in hosts)  # type: ignore[misc]
        tell(f"{QUESTIONS} DNS questions", asking / len(hosts) * QUESTIONS)
        mx = [host for host in hosts if not host.startswith("mta-sts.")]
        probing = await spent(lambda host=host: prober.probe(host, where[host], host) for host in mx)  # type: ignore[misc]
        policies = [host for host in hosts if host.startswith("mta-sts.")]
        fetching = await spent(lambda host=host: fetch_policy(host, [where[host]], settings) for host in policies)  # type: ignore[misc]
    inside = 3 * handshake(tls.probe_context(), folder / "certificates" / f"{mx[0]}.pem")
    tell("three TLS handshakes within OpenSSL", inside)
    tell("two SMTP sessions and one GET, without these", (probing + fetching) / count - inside)
    seen: list[Observation] = []
    async with Observer(settings, now=lambda: datetime.now(UTC)) as observer:

        async def observe(domain: Name) -> None:
            seen.append(await observer.observe(domain))

        observing = await spent(lambda domain=domain: observe(domain) for domain in domains)  # type: ignore[misc]
    apart = asking / len(hosts) * QUESTIONS + (probing + fetching) / count
    tell("doing it side by side: tasks, limits, the guard, anchors", observing / count - apart)
    began = time.process_time()
    results = [judge(each) for each in seen]
    tell("judging", (time.process_time() - began) / count)
    began = time.process_time()
    for result in results:
        json_line(result.to_json())
    tell("JSON", (time.process_time() - began) / count)


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1])))
