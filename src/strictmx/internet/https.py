"""The one GET of a policy host (RFC 8461 section 3.3), over a connection that `addresses` has checked.

Exactly one request, no redirect followed (STS-45), no cache, no compression asked for (DEC-28), no proxy. The chain is
kept and not judged, unless the caller's context verifies. One deadline covers connection, handshake and answer, so
that a server that drips cannot stretch it. What the server does never raises; it is in the `Fetch`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h11
import msgspec

from strictmx.findings.observation import HOST_ADDRESSES, Fetch, FetchStage
from strictmx.internet import tls
from strictmx.internet.addresses import CONNECT_SECONDS, ConnectFault, Guard, Unreachable, connect
from strictmx.standards.sts import POLICY_BYTES, POLICY_PATH
from strictmx.version import __version__

if TYPE_CHECKING:
    import socket

    from strictmx.config import Internet

HEAD_OCTETS = 16_384  # status line and fields; ordinary servers send less than 2 KB
INFORMATIONAL = 8  # 1xx responses before the final one; more is a loop
HEADER_CHARACTERS = 1_000  # kept of a header value, as evidence
READ_OCTETS = 4_096  # one read; HEAD_OCTETS is exceeded by no more than this
PATIENCE = 2  # a GET may take so many times as long as an SMTP session: STS-48 lets senders wait a minute
LEAST_SECONDS = 0.05  # with less left no further address is tried

# What to tell when several addresses failed in different ways: the weakest claim about the host comes first
_WEAKEST = (
    ConnectFault.CONNECT_TIMEOUT,
    ConnectFault.CONNECT_FAILED,
    ConnectFault.CONNECT_REFUSED,
    ConnectFault.NOT_ALLOWED,
    ConnectFault.NO_ROUTE,
)


@dataclass(slots=True)
class _Seen:
    """What was seen so far; it survives the deadline."""

    stage: FetchStage = FetchStage.CONNECT_TIMEOUT
    address: str = ""
    tls_version: str | None = None
    chain: tuple[bytes, ...] = ()
    status: int | None = None
    media_type: str | None = None
    content_encoding: str | None = None
    location: str | None = None
    date: str | None = None
    body: bytearray = field(default_factory=bytearray)
    detail: str = ""

    def fetch(self, elapsed_ms: int) -> Fetch:
        return Fetch(
            stage=self.stage,
            address=self.address,
            tls_version=self.tls_version,
            chain=self.chain,
            status=self.status,
            media_type=self.media_type,
            content_encoding=self.content_encoding,
            location=self.location,
            date=self.date,
            body=self.body.decode("latin-1"),
            bytes_read=len(self.body),
            detail=self.detail,
            elapsed_ms=elapsed_ms,
        )


async def fetch_policy(
    host: str, addresses: Sequence[str], settings: Internet, *, context: ssl.SSLContext | None = None
) -> Fetch:
    """Ask the policy host for its policy; ends within twice `settings.timeout` seconds, as senders wait for longer.

    host: the name for SNI and the Host field. addresses: literals, in the order to try; the next one is tried only
    while there is no connection. context: how TLS is spoken; without one nothing is verified.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    seen = _Seen()
    seconds = PATIENCE * settings.timeout
    try:
        async with asyncio.timeout(seconds):
            await _fetch(host, addresses, settings, context or tls.probe_context(), seen)
    except TimeoutError:
        seen.detail = seen.detail or f"not done within {seconds:g} seconds"
    if seen.status not in (None, 200):
        seen.stage = FetchStage.DONE  # such an answer is no policy, whatever became of its body (STS-44)
    fetch = seen.fetch(round((loop.time() - began) * 1000))
    return msgspec.structs.replace(fetch, detail=fetch.detail[:HEADER_CHARACTERS])


async def _fetch(host: str, addresses: Sequence[str], settings: Internet, context: ssl.SSLContext, seen: _Seen) -> None:
    connection = await _connect(addresses, settings, seen)
    if connection is None:
        return
    seen.stage = FetchStage.TIMEOUT  # from here on the deadline means: connected, but not done
    try:
        reader, writer = await _handshake(connection, context, host)
    except tls.HANDSHAKE_ERRORS as error:
        seen.stage, seen.detail = FetchStage.TLS_FAILED, tls.describe(error)
        if not isinstance(error, ssl.SSLCertVerificationError) and await _speaks_old_tls(host, settings, seen):
            seen.stage = FetchStage.TLS_TOO_OLD
        return
    try:
        _note_tls(writer, seen)
        await _read_response(reader, _ask(writer, host), seen)
    finally:
        writer.transport.abort()  # a server that never says close_notify shall not be waited for


async def _connect(addresses: Sequence[str], settings: Internet, seen: _Seen) -> socket.socket | None:
    """The first address that takes the connection; else None, with stage and detail saying why."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE * settings.timeout
    guard = Guard.of(allow_private_addresses=settings.allow_private_addresses)
    faults: list[Unreachable] = []
    for address in addresses[:HOST_ADDRESSES]:
        left = deadline - loop.time()
        if left < LEAST_SECONDS:
            break
        seen.address = address
        try:
            return await connect(address, settings.https_port, guard=guard, timeout=min(CONNECT_SECONDS, left / 2))
        except Unreachable as fault:
            faults.append(fault)
    kinds = {fault.fault for fault in faults}
    weakest = next((kind for kind in _WEAKEST if kind in kinds), ConnectFault.CONNECT_FAILED)
    seen.stage = FetchStage(weakest.value)
    seen.detail = "; ".join(fault.detail for fault in faults) or "no address to connect to"
    return None


def weakest(fetches: Sequence[Fetch]) -> Fetch:
    """Of attempts that found no connection the one with the weakest claim about the host, and the words of all."""
    kinds = [fault.value for fault in _WEAKEST]
    first = min(fetches, key=lambda fetch: kinds.index(fetch.stage.value) if fetch.stage.value in kinds else -1)
    detail = "; ".join(dict.fromkeys(fetch.detail for fetch in fetches if fetch.detail))
    return msgspec.structs.replace(first, detail=detail[:HEADER_CHARACTERS])


async def _handshake(
    connection: socket.socket, context: ssl.SSLContext, host: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    handed_over = False
    try:
        streams = await asyncio.open_connection(
            sock=connection, ssl=context, server_hostname=tls.server_name(host), limit=READ_OCTETS
        )
        handed_over = True
    finally:
        if not handed_over:
            connection.close()
    return streams


async def _speaks_old_tls(host: str, settings: Internet, seen: _Seen) -> bool:
    """Whether a handshake works below TLS 1.2, on a new connection; nothing is asked for in it."""
    context = tls.legacy_context()
    if context is None:
        return False
    guard = Guard.of(allow_private_addresses=settings.allow_private_addresses)
    try:
        connection = await connect(seen.address, settings.https_port, guard=guard)
        _, writer = await _handshake(connection, context, host)
    except (Unreachable, *tls.HANDSHAKE_ERRORS):
        return False
    _note_tls(writer, seen)
    writer.transport.abort()
    seen.detail = f"the server speaks {seen.tls_version} at most"
    return True


def _note_tls(writer: asyncio.StreamWriter, seen: _Seen) -> None:
    ssl_object = writer.get_extra_info("ssl_object")
    seen.tls_version = ssl_object.version()
    seen.chain = tls.chain(ssl_object)


def _ask(writer: asyncio.StreamWriter, host: str) -> h11.Connection:
    """Send the one request, Host without a port whatever the port is (STS-40); the answer is read by what returns."""
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_OCTETS)
    request = h11.Request(
        method="GET",
        target=POLICY_PATH,
        headers=[
            ("Host", host),
            ("Accept", "text/plain"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", f"strictmx/{__version__}"),
            ("Connection", "close"),
        ],
    )
    writer.write((client.send(request) or b"") + (client.send(h11.EndOfMessage()) or b""))
    return client


async def _read_response(reader: asyncio.StreamReader, client: h11.Connection, seen: _Seen) -> None:
    """Read the response into `seen`, as far as HTTP and the limits allow."""
    informational = 0
    try:
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await reader.read(READ_OCTETS))
            elif isinstance(event, h11.InformationalResponse):
                informational += 1
                if informational > INFORMATIONAL:
                    seen.stage, seen.detail = FetchStage.NOT_HTTP, "one informational response after another"
                    return
            elif isinstance(event, h11.Response):
                _note_head(event, seen)
            elif isinstance(event, h11.Data):
                seen.body += event.data[: POLICY_BYTES + 1 - len(seen.body)]
                if len(seen.body) > POLICY_BYTES:
                    seen.stage, seen.detail = FetchStage.TOO_LARGE, f"more than {POLICY_BYTES} octets"
                    return
            elif isinstance(event, h11.EndOfMessage):
                seen.stage = FetchStage.DONE
                return
            else:  # PAUSED or ConnectionClosed: the server hung up before it answered
                seen.stage, seen.detail = FetchStage.NOT_HTTP, "the server hung up without an answer"
                return
    except h11.RemoteProtocolError as error:
        seen.stage, seen.detail = FetchStage.NOT_HTTP, f"no readable HTTP response: {error}"
    except (ssl.SSLError, OSError) as error:
        seen.stage, seen.detail = FetchStage.NOT_HTTP, f"the connection broke off: {type(error).__name__}"


def _note_head(response: h11.Response, seen: _Seen) -> None:
    seen.status = response.status_code
    seen.media_type = _header(response, b"content-type")
    seen.content_encoding = _header(response, b"content-encoding")
    seen.location = _header(response, b"location")
    seen.date = _header(response, b"date")


def _header(response: h11.Response, name: bytes) -> str | None:
    """The value as received; several fields of one name are joined (RFC 9110 section 5.3), the same said twice once."""
    values = [value.decode("latin-1") for key, value in response.headers if key == name]
    return ", ".join(dict.fromkeys(values))[:HEADER_CHARACTERS] if values else None
