"""The mail internet that the benchmarks look at: many healthy domains, every answer a set time away.

    python world.py --domains 500 --mx 2 --delay 20 --dir DIR

It is the laboratory over a table made here, on the ports of the internet, in a process of its own, so that what it
costs is not counted. The delay is put on what the servers send, datagrams and TLS records alike; a TCP handshake on
loopback takes none.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import signal
from asyncio import selector_events
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strictmx.lab.model import Certificate, Domain, Issuer, Mail, Mx, Naming, Reach, Smtp, Validity, Zone
from strictmx.lab.network import INTERNET_PORTS, Lab

NINE = "nine.example"
_NINE = {  # an MX host each: what it does, and the error that a check must tell of it
    "good": (Mail(), ""),
    "expired": (Mail(certificate=Certificate(validity=Validity.EXPIRED)), "mx-certificate-expired"),
    "other": (Mail(certificate=Certificate(names=("mail.other.example",))), "mx-certificate-name-mismatch"),
    "self": (Mail(certificate=Certificate(issuer=Issuer.SELF)), "mx-certificate-self-signed"),
    "clear": (Mail(smtp=Smtp.NO_STARTTLS), "mx-no-starttls"),
    "silent": (Mail(smtp=Smtp.SILENT), "mx-timeout"),
    "refuses": (Mail(reach=Reach.REFUSED), "mx-unreachable"),
    "greets": (
        Mail(smtp=Smtp.MULTI_LINE_GREETING, certificate=Certificate(names=("mx.host.example",))),
        "mx-certificate-name-mismatch",
    ),
    "common": (Mail(certificate=Certificate(naming=Naming.COMMON_NAME)), "mx-certificate-no-san"),
}
NINE_CODES = {f"{host}.{NINE}": code for host, (_, code) in _NINE.items()}


def nine() -> Domain:
    """A domain with nine MX hosts, one of them in order."""
    mx = tuple(Mx(host=host, addresses=(mail,)) for host, (mail, _) in _NINE.items())
    return Domain(name=NINE, shows="nine MX hosts, eight faults", verdict="broken", mx=mx)


def healthy(number: int, hosts: int) -> Domain:
    """A domain with an enforced policy, a TLSRPT record and MX hosts of its own."""
    mx = tuple(Mx(host=f"mx{host}", preference=host * 10) for host in range(1, hosts + 1))
    zone = Zone.SIGNED if number % 2 else Zone.UNSIGNED
    return Domain(name=f"d{number:05d}.example", shows="healthy", verdict="secure", zone=zone, mx=mx)


def delay_what_is_sent(seconds: float) -> None:
    """Let every transport of this process send later. Order is kept, since all wait for the same time."""

    def later(kind: type[Any], name: str) -> None:
        send: Callable[..., None] = getattr(kind, name)

        def wait_and_send(self: Any, *arguments: Any) -> None:
            copied = [bytes(each) if isinstance(each, bytearray | memoryview) else each for each in arguments]
            self._loop.call_later(seconds, send, self, *copied)

        setattr(kind, name, wait_and_send)

    for name in ("write", "write_eof", "close"):
        later(selector_events._SelectorSocketTransport, name)  # noqa: SLF001 - there is no public place for this
    later(selector_events._SelectorDatagramTransport, "sendto")  # noqa: SLF001


async def serve(options: argparse.Namespace) -> None:
    """Serve until told to end."""
    domains = [healthy(number, options.mx) for number in range(options.domains)]
    domains += [nine()] if options.nine else []
    if options.delay:
        delay_what_is_sent(options.delay / 1000)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with Lab.start(options.dir, domains=domains, ports=INTERNET_PORTS) as lab:
        lab.write_configuration(options.dir)
        print("ready", flush=True)
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--domains", type=int, default=500)
    parser.add_argument("--mx", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--nine", action="store_true", help="and one with nine MX hosts")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(serve(parser.parse_args()))
