"""The lab's sockets: finding ports that are free on many loopback addresses, serving on them, closing it all again."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

PORT_TRIES = 50  # a port that is free on one address may be taken on another; so many are tried
SESSION_SECONDS = 60  # the longest that one session is served; no checker waits that long
FAREWELL_SECONDS = 1  # how long a session waits for its peer to close
BACKLOG = 128
DATAGRAM_OCTETS = 1_048_576  # questions that may wait; the kernel's own default holds some 250
TURNS_TO_CLOSE = 3  # turns of the loop until a TLS transport, and then the one below it, has let go of its socket

IPV6_LOOPBACK = "::1"

Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NoFreePort(OSError):
    """No port was free on all addresses of the lab within `PORT_TRIES`."""


@dataclass(frozen=True, slots=True)
class DnsSockets:
    """A UDP and a TCP socket bound to the same address and port."""

    udp: socket.socket
    tcp: socket.socket

    @property
    def port(self) -> int:
        """The port of both."""
        return int(self.udp.getsockname()[1])


class Listeners:
    """Everything of a lab that is open: servers, transports, the tasks of their sessions. `close` ends all of it."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._transports: list[asyncio.BaseTransport] = []
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def serve(self, listening: socket.socket, session: Session, context: ssl.SSLContext | None = None) -> None:
        """Run `session` for each connection to a bound socket, at most `SESSION_SECONDS`, and close it afterwards."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._closed:  # accepted in the turn of the loop in which the lab was closed
                writer.transport.abort()
                return
            task = asyncio.get_running_loop().create_task(_run(session, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._servers.append(await asyncio.start_server(connected, sock=listening, ssl=context, backlog=BACKLOG))

    def own(self, transport: asyncio.BaseTransport) -> None:
        """Close this transport too."""
        self._transports.append(transport)

    def never_accept(self, listening: socket.socket) -> None:
        """Let connections to a bound socket time out: its queue is filled once and never emptied."""
        listening.listen(0)
        filler = socket.socket(listening.family)
        filler.setblocking(False)  # noqa: FBT003 - the signature of the standard library
        filler.connect_ex(listening.getsockname())
        self._sockets += [listening, filler]

    async def close(self) -> None:
        """Stop listening, end every session, and wait until nothing is left."""
        self._closed = True
        for server in self._servers:
            server.close()
        for transport in self._transports:
            transport.close()
        for unserved in self._sockets:
            unserved.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(TURNS_TO_CLOSE):
            await asyncio.sleep(0)


async def _run(session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One session: whatever the peer does ends it, and nothing else."""
    try:
        async with asyncio.timeout(SESSION_SECONDS):
            await session(reader, writer)
        writer.close()
        async with asyncio.timeout(FAREWELL_SECONDS):
            await writer.wait_closed()
    except (OSError, EOFError, asyncio.LimitOverrunError, ValueError):
        pass  # the peer went away, was too slow (TimeoutError is an OSError), or sent what no session reads
    finally:
        writer.transport.abort()


def bind_dns(address: str, port: int = 0) -> DnsSockets:
    """Bind UDP and TCP to one port; 0 takes a free one. Raises NoFreePort."""
    for _ in range(PORT_TRIES):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_OCTETS)
        udp.bind((address, port))
        try:
            (tcp,) = _bind_all((address,), udp.getsockname()[1])
        except OSError as error:
            udp.close()
            _raise_unless_taken(error)
            continue
        udp.setblocking(False)  # noqa: FBT003 - the signature of the standard library
        return DnsSockets(udp, tcp)
    raise NoFreePort(f"no port is free for UDP and TCP on {address}")


def bind_everywhere(addresses: tuple[str, ...], port: int = 0) -> list[socket.socket]:
    """Bind TCP sockets to one port on every address, in the order given; 0 takes a free one. Raises NoFreePort."""
    for _ in range(PORT_TRIES):
        (first,) = _bind_all(addresses[:1], port)
        try:
            return [first, *_bind_all(addresses[1:], first.getsockname()[1])]
        except OSError as error:
            first.close()
            _raise_unless_taken(error)
    raise NoFreePort(f"no port is free on all {len(addresses)} addresses of the lab")


def _bind_all(addresses: tuple[str, ...], port: int) -> list[socket.socket]:
    """A TCP socket for each address; none stays open when one fails."""
    bound: list[socket.socket] = []
    try:
        for address in addresses:
            bound.append(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM))
            if port:  # a given one, that sessions of an earlier lab may still hold in TIME-WAIT
                bound[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound[-1].bind((address, port))
            bound[-1].setblocking(False)  # noqa: FBT003 - the signature of the standard library
    except OSError:
        for each in bound:
            each.close()
        raise
    return bound


def has_ipv6_loopback() -> bool:
    """Whether this machine has ::1."""
    try:
        _bind_all((IPV6_LOOPBACK,), 0)[0].close()
    except OSError:
        return False
    return True


def _raise_unless_taken(error: OSError) -> None:
    if error.errno != errno.EADDRINUSE:
        raise error
