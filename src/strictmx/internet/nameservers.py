"""How one question reaches one nameserver: UDP with a deadline, TCP where the answer did not fit. No retry here.

Loopback servers share one connected endpoint with free random ids, since nobody is between; any other server is asked
from a fresh socket, so that an answer forged from outside has to guess port and id (RFC 5452).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import cast

import msgspec

from strictmx.internet.local import raise_if_ours

TCP_OCTETS = 65_535  # RFC 1035 section 4.2.2: the length field has two octets
HEADER_OCTETS = 12  # RFC 1035 section 4.1.1
_ANSWERING = frozenset({0, 3})  # NOERROR and NXDOMAIN: such an answer must say to which question
OUTSTANDING = 4_096  # questions under way on one endpoint, so that a free id is found at once


@dataclass(frozen=True, slots=True)
class Server:
    """One nameserver of the configuration. believed: its AD bit counts (DANE-01)."""

    address: str
    port: int
    believed: bool

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.address)

    def __str__(self) -> str:
        return f"{self.address} port {self.port}"


class Question(msgspec.Struct, frozen=True):
    """One question: its query as octets with the id left at zero, and the question section that an answer repeats."""

    name: str
    type: str
    wire: bytes
    section: bytes

    def is_answered_by(self, data: bytes, ident: int) -> bool:
        """Whether the octets claim to answer: a response, the same id, the same question section.

        A server that cannot read the question may leave the section out and say so by an error code.
        """
        if len(data) < HEADER_OCTETS or int.from_bytes(data[:2]) != ident or not data[2] & 0x80:
            return False
        count = int.from_bytes(data[4:6])
        if count == 0:
            return data[3] & 15 not in _ANSWERING
        end = HEADER_OCTETS + len(self.section)
        return count == 1 and data[HEADER_OCTETS:end].lower() == self.section.lower()


def _ident() -> int:
    return int.from_bytes(os.urandom(2))


class NoAnswer(Exception):
    """The server could not be asked at all: nothing listens there, or no route leads there."""


class NotDns(ValueError):
    """What came back is no DNS message, or over TCP no answer to the question."""


class _Endpoint(asyncio.DatagramProtocol):
    """A connected UDP socket and the questions that wait on it, by id."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Question, asyncio.Future[bytes]]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # Python 3.11's is no subclass of it

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  connected: it is the server's
        """Hand an answer to its asker; one that answers no question of ours is dropped and the wait goes on."""
        waiting = self._waiting.get(int.from_bytes(data[:2]))
        if waiting is None:
            return
        asked, future = waiting
        if asked.is_answered_by(data, int.from_bytes(data[:2])) and not future.done():
            future.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """ICMP says that nothing listens there: all who wait may go on to another server."""
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(NoAnswer(str(exc)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.error_received(exc or ConnectionAbortedError("the endpoint was closed"))

    async def ask(self, asked: Question) -> bytes:
        """Send the question and wait for its answer; the deadline is the caller's."""
        if self._transport is None or self._transport.is_closing() or len(self._waiting) >= OUTSTANDING:
            raise NoAnswer("the endpoint is closed or full")
        ident = _ident()
        while ident in self._waiting:
            ident = _ident()
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = (asked, future)
        try:
            self._transport.sendto(ident.to_bytes(2) + asked.wire[2:])
            return await future
        finally:
            del self._waiting[ident]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Carrier:
    """Carries questions to servers; owns the sockets that loopback servers share."""

    def __init__(self) -> None:
        self._shared: dict[Server, _Endpoint] = {}
        self._opening = asyncio.Lock()

    async def udp(self, server: Server, asked: Question) -> bytes:
        """The octets that answer the question, as one datagram. Raises NoAnswer; never times out by itself."""
        if server.is_loopback:
            return await (await self._endpoint(server)).ask(asked)
        endpoint = await _open(server)
        try:
            return await endpoint.ask(asked)
        finally:
            endpoint.close()

    async def tcp(self, server: Server, asked: Question) -> bytes:
        """The same over a TCP connection of its own. Raises NoAnswer, NotDns; never times out by itself."""
        ident = _ident()
        query = ident.to_bytes(2) + asked.wire[2:]
        try:
            reader, writer = await asyncio.open_connection(server.address, server.port)
        except OSError as error:
            raise_if_ours(error)
            raise NoAnswer(f"TCP to {server}: {error.strerror or type(error).__name__}") from error
        try:
            writer.write(len(query).to_bytes(2) + query)
            data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NotDns(f"TCP to {server} broke off") from error
        finally:
            writer.transport.abort()
        if not asked.is_answered_by(data, ident):
            raise NotDns(f"TCP from {server} answers another question")
        return data

    async def close(self) -> None:
        """Close the shared sockets."""
        for endpoint in self._shared.values():
            endpoint.close()
        self._shared.clear()
        await asyncio.sleep(0)  # the loop closes aborted sockets in its next round

    async def _endpoint(self, server: Server) -> _Endpoint:
        endpoint = self._shared.get(server)
        if endpoint is not None:
            return endpoint
        async with self._opening:
            if server not in self._shared:
                self._shared[server] = await _open(server)
            return self._shared[server]


async def _open(server: Server) -> _Endpoint:
    try:
        _, endpoint = await asyncio.get_running_loop().create_datagram_endpoint(
            _Endpoint, remote_addr=(server.address, server.port)
        )
    except OSError as error:
        raise_if_ours(error)
        raise NoAnswer(f"{server}: {error.strerror or type(error).__name__}") from error
    return endpoint


@lru_cache(maxsize=64)  # asked with every question, of the few nameservers there are
def is_loopback(address: str) -> bool:
    """Whether the address is one of this machine's own; a name is not."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
