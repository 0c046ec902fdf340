"""The least that a check of these domains can be: the same questions, handshakes and dialogues, and nothing else.

    python floor.py --config DIR/strictmx.toml --concurrency 50 DOMAIN…
    python floor.py … --times 20        the first domain so often, and the median of the wall times

No deadlines, no guard, no judgement, DNS messages by `struct`: no checker in asyncio can undercut it by much.
It prints one JSON line: domains, wall and CPU seconds after the imports.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import ssl
import statistics
import struct
import time
import tomllib
from pathlib import Path

TXT, A, AAAA, MX, TLSA = 16, 1, 28, 15, 52
OPT = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"  # payload 1232, DO


class Dns(asyncio.DatagramProtocol):
    """One connected socket; answers go to who asked by the message id."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[bytes]] = {}
        self.ids = itertools.count()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, _: object) -> None:
        self.waiting.pop(int.from_bytes(data[:2])).set_result(data)

    async def ask(self, name: str, rdtype: int) -> list[bytes]:
        """The data of the records."""
        ident = next(self.ids) % 65536
        labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"
        question = labels + struct.pack("!HH", rdtype, 1)
        self.waiting[ident] = asyncio.get_running_loop().create_future()
        self.transport.sendto(struct.pack("!HHHHHH", ident, 0x100, 1, 0, 0, 1) + question + OPT)
        data = await self.waiting[ident]
        at, found = 12 + len(question), []
        for _ in range(int.from_bytes(data[6:8])):
            at = skip(data, at)
            kind, _, _, size = struct.unpack_from("!HHIH", data, at)
            if kind == rdtype:
                found.append(data[at + 10 : at + 10 + size] if rdtype != MX else name_at(data, at + 12).encode())
            at += 10 + size
        return found


def skip(data: bytes, at: int) -> int:
    """Behind a name."""
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def name_at(data: bytes, at: int) -> str:
    """A name, pointers followed."""
    labels = []
    while data[at]:
        if data[at] >= 0xC0:
            at = int.from_bytes(data[at : at + 2]) & 0x3FFF
        else:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
    return ".".join(labels)


class Floor:
    """One domain after the other, or side by side."""

    def __init__(self, configuration: Path) -> None:
        self.settings = tomllib.loads(configuration.read_text())["internet"]
        trust = str(configuration.parent / self.settings["trust"])
        self.context = ssl.create_default_context(cafile=trust)

    async def start(self) -> None:
        """Open the socket for DNS."""
        host, port = self.settings["nameservers"][0].split(":")
        transport, self.dns = await asyncio.get_running_loop().create_datagram_endpoint(
            Dns, remote_addr=(host, int(port))
        )
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_048_576)

    async def domain(self, domain: str) -> None:
        """What a check asks of one domain."""
        await asyncio.gather(
            self.dns.ask(f"_mta-sts.{domain}", TXT), self.policy(domain), self.reporting(domain), self.mail(domain)
        )

    async def policy(self, domain: str) -> None:
        """The GET of the policy."""
        host = f"mta-sts.{domain}"
        (address,), _ = await asyncio.gather(self.dns.ask(host, A), self.dns.ask(host, AAAA))
        reader, writer = await asyncio.open_connection(
            ".".join(map(str, address)), self.settings["https_port"], ssl=self.context, server_hostname=host
        )
        writer.write(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"mode: enforce" in await reader.read()
        writer.transport.abort()

    async def reporting(self, domain: str) -> None:
        """The TLSRPT record, and the host of its address."""
        await self.dns.ask(f"_smtp._tls.{domain}", TXT)
        await asyncio.gather(*(self.dns.ask(domain, kind) for kind in (A, AAAA)))  # MX is shared with `mail`

    async def mail(self, domain: str) -> None:
        """The MX hosts."""
        await asyncio.gather(*(self.host(name.decode()) for name in await self.dns.ask(domain, MX)))

    async def host(self, host: str) -> None:
        """One MX host: its addresses, its TLSA records, a session."""
        (address,), _ = await asyncio.gather(self.dns.ask(host, A), self.dns.ask(host, AAAA))
        ports = {25, self.settings["smtp_port"]}
        await asyncio.gather(
            self.session(host, ".".join(map(str, address))),
            *(self.dns.ask(f"_{port}._tcp.{host}", TLSA) for port in ports),
        )

    async def session(self, host: str, address: str) -> None:
        """Greeting, EHLO, STARTTLS, handshake, QUIT."""
        reader, writer = await asyncio.open_connection(address, self.settings["smtp_port"])
        await reader.readline()
        writer.write(b"EHLO [127.0.0.1]\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
        writer.write(b"STARTTLS\r\n")
        await reader.readline()
        await writer.start_tls(self.context, server_hostname=host)
        writer.write(b"QUIT\r\n")
        await reader.readline()
        writer.transport.abort()


async def measure(options: argparse.Namespace) -> dict[str, float]:
    """Look at the domains, and say what it took."""
    floor = Floor(options.config)
    await floor.start()
    if options.times:
        walls = []
        for _ in range(options.times):
            began = time.perf_counter()
            await floor.domain(options.domains[0])
            walls.append(time.perf_counter() - began)
        return {"domains": 1, "wall": statistics.median(walls), "cpu": 0.0}
    waiting = iter(options.domains)

    async def work() -> None:
        for domain in waiting:
            await floor.domain(domain)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(options.concurrency)))
    return {
        "domains": len(options.domains),
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("domains", nargs="+")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))
