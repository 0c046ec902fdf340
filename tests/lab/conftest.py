"""A running lab, and a client of each kind that shares no code with it: dnspython's queries, `ssl`, `smtplib`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import dns.asyncquery
import dns.message
import pytest

from strictmx.lab import Lab

WAIT_SECONDS = 5  # the longest wait for a server on loopback


@dataclass(frozen=True)
class Client:
    """Looks at a lab from outside."""

    lab: Lab

    async def ask(self, name: str, rdtype: str) -> list[str]:
        """The records of a name, in presentation form, without the CNAMEs before them."""
        query = dns.message.make_query(name, rdtype)
        address, port = self.lab.nameserver
        response, _ = await dns.asyncquery.udp_with_fallback(query, address, timeout=WAIT_SECONDS, port=port)
        return [
            rdata.to_text() for rrset in response.answer if rrset.rdtype == query.question[0].rdtype for rdata in rrset
        ]

    def verifying(self) -> ssl.SSLContext:
        """A client context that trusts the lab's root and takes names from subjectAltName only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.hostname_checks_common_name = False
        context.load_verify_locations(self.lab.trust)
        return context

    async def https(self, host: str, context: ssl.SSLContext) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TLS connection to a policy host."""
        (address,) = await self.ask(host, "A")
        return await asyncio.open_connection(address, self.lab.https_port, ssl=context, server_hostname=host)

    async def get(self, host: str) -> bytes:
        """All that a policy host sends on the request for its policy."""
        reader, writer = await self.https(host, self.verifying())
        async with asyncio.timeout(WAIT_SECONDS):
            writer.write(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = await reader.read(-1)
        writer.transport.abort()
        return answer

    async def smtp(self, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first address of an MX host."""
        address = (await self.ask(host, "A"))[0]
        return await asyncio.open_connection(address, self.lab.smtp_port, limit=2_097_152)

    async def starttls(self, host: str, context: ssl.SSLContext) -> ssl.SSLObject:
        """The TLS session with an MX host, which took a command in it; the connection is gone when this returns."""
        reader, writer = await self.smtp(host)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await read_reply(reader)
                writer.write(b"EHLO client.example\r\n")
                await read_reply(reader)
                writer.write(b"STARTTLS\r\n")
                assert (await read_reply(reader))[0].startswith("220")
                await writer.start_tls(context, server_hostname=host)
                writer.write(b"NOOP\r\n")
                assert await read_reply(reader) == ["250 2.0.0 Ok"]
                ssl_object = writer.get_extra_info("ssl_object")
                assert isinstance(ssl_object, ssl.SSLObject)
                return ssl_object
        finally:
            writer.transport.abort()


async def read_reply(reader: asyncio.StreamReader) -> list[str]:
    """One SMTP reply, a string a line; empty at the end of the connection."""
    lines: list[str] = []
    while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
        lines.append(line)
        if line[3:4] != "-":
            break
    return lines


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab.start() as running:
        yield running


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(lab)
