"""Little servers on loopback whose every move a test scripts: DNS, SMTP, HTTPS, well-behaved or not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import cast

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from strictmx.config import Endpoint, Internet
from tests.certificates import Made

LOOPBACK = "127.0.0.1"
Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Script = Callable[[dns.message.Message, str], Iterable[bytes]]


@contextlib.asynccontextmanager
async def serving(
    session: Session, *, address: str = LOOPBACK, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A TCP server that runs `session` for each connection; yields its port. Sessions end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await session(reader, writer)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client under test went away, or the test is over
        finally:
            writer.transport.abort()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(run(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, address, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        pending = list(tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await asyncio.sleep(0)


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class NameServer(asyncio.DatagramProtocol):
    """A nameserver that answers each question with the datagrams of `script(query, "udp" or "tcp")`, and counts."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[tuple[str, str, str]] = []  # name, type, transport
        self.sources: set[int] = set()
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.sources.add(addr[1])
        for answer in self.answer(data, "udp"):
            assert self._transport is not None
            self._transport.sendto(answer, addr)

    def answer(self, data: bytes, transport: str) -> Iterable[bytes]:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype), transport))
        return self.script(query, transport)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for answer in self.answer(data, "tcp"):
            writer.write(len(answer).to_bytes(2) + answer)
        await writer.drain()
        await reader.read()


@contextlib.asynccontextmanager
async def nameserver(script: Script, *, address: str = LOOPBACK) -> AsyncIterator[NameServer]:
    """The server on UDP and TCP of one port."""
    server = NameServer(script)
    async with serving(server.stream, address=address) as port:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: server, local_addr=(address, port)
        )
        server.port = port
        try:
            yield server
        finally:
            transport.abort()
            await asyncio.sleep(0)


def reply(
    query: dns.message.Message,
    *records: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    authority: tuple[str, ...] = (),
    flags: int = 0,
    ede: dns.edns.EDEOption | None = None,
    edns: bool = True,
) -> bytes:
    """An answer: `records` are lines of a zone file (`name ttl TYPE data`). flags: set besides QR, RD, RA."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(rcode)
    response.flags |= flags
    for section, lines in ((response.answer, records), (response.authority, authority)):
        for line in lines:
            owner, ttl, kind, data = line.split(" ", 3)
            if data.startswith("\\#"):  # octets that the library would refuse
                raw = bytes.fromhex(data.split(" ", 2)[2])
                rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.from_text(kind), raw)
                section.append(dns.rrset.from_rdata(owner, int(ttl), rdata))
                continue
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, data))
    if not edns:
        response.use_edns(-1)
    if ede is not None:
        response.use_edns(options=[ede])
    return response.to_wire(max_size=65_535)


def zone(*records: str, flags: int = 0) -> Script:
    """A script that answers from these records, with AD or whatever `flags` says; other names do not exist."""
    lines = [line.replace("TYPE52", "TLSA").split(" ", 3) for line in records]
    names = {line[0].rstrip(".") for line in lines}

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        found: list[str] = []
        current = name
        while alias := next((x for x in lines if x[0].rstrip(".") == current and x[2] == "CNAME" != kind), None):
            found.append(" ".join(alias))
            current = alias[3].rstrip(".")
        found += [" ".join(line) for line in lines if line[0].rstrip(".") == current and line[2] == kind]
        exists = any(known == current or known.endswith(f".{current}") for known in names)
        soa = (". 60 SOA . . 1 1 1 1 60",)
        rcode = dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN
        return [reply(query, *found, rcode=rcode, authority=soa, flags=flags)]

    return script


def settings(*nameservers: NameServer | int, **changes: object) -> Internet:
    """Settings of a laboratory: these nameservers, loopback allowed."""
    endpoints = tuple(Endpoint(LOOPBACK, server if isinstance(server, int) else server.port) for server in nameservers)
    known: dict[str, object] = {
        "nameservers": endpoints,
        "allow_private_addresses": True,
        "timeout": 5.0,
        "helo": "probe.test",
    }
    return Internet(**{**known, **changes})  # type: ignore[arg-type]


def server_context(
    folder: Path,
    *certificates: Made,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> ssl.SSLContext:
    """A server's context with this chain, leaf first, for these versions of TLS."""
    path = folder / f"{id(certificates[0])}.pem"
    path.write_bytes(certificates[0].key_pem + b"".join(made.pem for made in certificates))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = oldest, newest
    if oldest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(path)
    return context
