"""One SMTP session with one address, up to the TLS handshake and no further: the probe of `check`.

The dialogue runs over a protocol with a line buffer of its own, since asyncio's streams would hand octets that came
in clear to the TLS side (SMTP-01). TLS runs over it by memory buffers, which is cheaper than asyncio's own.
Replies are read leniently (bare LF, eight-bit text, differing codes of one reply)
and within limits. Where a handshake fails, one more session tries TLS 1.0 and 1.1, only to name the fault. What the
server does never raises; it is in the `Probe`. `Prober` adds manners: each (address, SNI) once, few sessions at once.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast
from weakref import WeakValueDictionary

from strictmx.findings.observation import Probe, ProbeStage
from strictmx.internet import tls
from strictmx.internet.addresses import CONNECT_SECONDS, Guard, Unreachable, connect
from strictmx.internet.once import Once

if TYPE_CHECKING:
    from strictmx.config import Internet

LINE_OCTETS = 8_192  # RFC 5321 section 4.5.3.1.5 allows 512; real servers are longer, none is this long
REPLY_LINES = 2_000  # an EHLO reply has ten to twenty; REPLY_OCTETS is the real limit
REPLY_OCTETS = 65_536  # one reply in all, and what is buffered of a server that does not wait its turn
TEXT_CHARACTERS = 1_000  # kept of a reply, as evidence
QUIT_SECONDS = 1.0  # the farewell is a courtesy: no longer than this
SAME_HOST, SAME_ADDRESS = 4, 8  # sessions at once: a small server is no target, a shared one no bottleneck
SESSIONS = 400  # sessions at once in all; a process may open some 1,000 files
PROBES_REMEMBERED = 4_096  # with chains of 5 KB some 20 MB
REMEMBERED_SECONDS = 300.0  # a run over many domains asks for a shared host again within this

_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: its code, and the texts of its lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def is_positive(self) -> bool:
        """2yz: done."""
        return self.code // 100 == 2  # noqa: PLR2004

    @property
    def is_transient(self) -> bool:
        """4yz: not now."""
        return self.code // 100 == 4  # noqa: PLR2004

    def __str__(self) -> str:
        return " ".join((str(self.code), *filter(None, self.lines)))[:TEXT_CHARACTERS]


class _Ended(Exception):
    """The session is over at this stage."""

    def __init__(self, stage: ProbeStage, detail: str = "", reply: Reply | None = None) -> None:
        super().__init__(stage.value)
        self.stage, self.detail, self.reply = stage, detail, reply


@dataclass(slots=True)
class _Seen:
    """What was seen so far; it survives the deadline."""

    stage: ProbeStage = ProbeStage.CONNECT_TIMEOUT  # what it means when the deadline passes now
    helo: str = ""
    starttls: bool | None = None
    reply: str = ""
    tls_version: str | None = None
    chain: tuple[bytes, ...] = ()
    detail: str = ""


def _hung_up(lost: Exception | None) -> ConnectionError:
    """The end of a connection as handshakes end, whatever error the network gave it."""
    return lost if isinstance(lost, ConnectionError) else ConnectionAbortedError()


class _Line(asyncio.Protocol):
    """The connection and the octets that came in on it, taken out line by line; in clear first, then under TLS."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ended = False
        self._lost: Exception | None = None
        self._arrival = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._secured = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came; a server that sends more than any reply may hold is not listened to further."""
        if self._tls is None:
            self._buffer += data
        else:
            self._incoming.write(data)
            if self._secured:
                self._decrypt(self._tls)
        if len(self._buffer) + self._incoming.pending > REPLY_OCTETS:
            self.transport.pause_reading()
        self._arrival.set()

    def eof_received(self) -> None:
        self._ended = True
        self._arrival.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._lost = True, exc
        self._arrival.set()

    @property
    def transport(self) -> asyncio.Transport:
        """The transport in use."""
        assert self._transport is not None  # noqa: S101  set before create_connection returns
        return self._transport

    def send(self, command: str) -> None:
        """Send one command line; on a lost connection nothing happens, the next read tells."""
        octets = f"{command}\r\n".encode()
        if self._tls is None:
            self.transport.write(octets)
            return
        with suppress(ssl.SSLError):
            self._tls.write(octets)
        self._flush()

    def _flush(self) -> None:
        """Send what TLS has to say."""
        if self._outgoing.pending:
            self.transport.write(self._outgoing.read())

    def _decrypt(self, tunnel: ssl.SSLObject) -> None:
        try:
            while len(self._buffer) <= REPLY_OCTETS:
                octets = tunnel.read(REPLY_OCTETS)
                self._ended = self._ended or not octets
                if not octets:
                    return
                self._buffer += octets
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._ended = True

    async def reply(self) -> Reply:
        """The next reply. Raises _Ended: the server hung up, or what it sends is no reply (or a too long one)."""
        lines: list[str] = []
        octets = 0
        while True:
            line = await self._line()
            octets += len(line)
            match = _REPLY_LINE.match(line)
            if match is None:
                raise _Ended(ProbeStage.NOT_SMTP, f"no SMTP reply: {_text(line)[:80]!r}")
            lines.append(_text(match[3] or b""))
            if match[2] != b"-":
                return Reply(int(match[1]), tuple(lines))
            if len(lines) >= REPLY_LINES or octets > REPLY_OCTETS:
                raise _Ended(ProbeStage.NOT_SMTP, f"a reply of more than {len(lines)} lines")

    async def _line(self) -> bytes:
        """The next line without its end; a bare LF ends it too."""
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end > LINE_OCTETS or (end < 0 and len(self._buffer) > LINE_OCTETS):
                raise _Ended(ProbeStage.NOT_SMTP, f"a line of more than {LINE_OCTETS} octets")
            if end >= 0:
                line = bytes(self._buffer[:end]).removesuffix(b"\r")
                del self._buffer[: end + 1]
                return line
            if self._ended:
                rest = f" after {_text(bytes(self._buffer))[:80]!r}" if self._buffer else ""
                raise _Ended(ProbeStage.CLOSED, f"the server hung up{rest}")
            searched = len(self._buffer)
            self._arrival.clear()
            await self._arrival.wait()

    async def start_tls(self, context: ssl.SSLContext, sni: str) -> ssl.SSLObject:
        """Speak TLS from here on. Raises _Ended (SMTP-01: octets in clear behind the reply), handshake errors."""
        await asyncio.sleep(0)  # what has arrived behind the reply is read in this round of the loop
        if self._buffer:
            raise _Ended(ProbeStage.INJECTED, f"octets in clear behind the reply: {_text(bytes(self._buffer))[:80]!r}")
        name = tls.server_name(sni) or None
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while not self._secured:
            self._arrival.clear()
            try:
                self._tls.do_handshake()
                self._secured = True
            except ssl.SSLWantReadError:
                if self._ended:
                    raise _hung_up(self._lost) from self._lost
            finally:
                self._flush()  # the alert of a handshake that failed, too
            if not self._secured:
                self.transport.resume_reading()
                await self._arrival.wait()
        self._decrypt(self._tls)
        return self._tls

    async def quit(self) -> None:
        """Say goodbye, wait for the answer no longer than a moment, and be gone."""
        with suppress(_Ended, TimeoutError):
            async with asyncio.timeout(QUIT_SECONDS):
                self.send("QUIT")
                await self.reply()


async def probe(address: str, sni: str, settings: Internet) -> Probe:
    """One session with `address`: greeting, EHLO, STARTTLS, handshake, QUIT; ends within `settings.timeout` seconds.

    sni: the name to ask for in the handshake.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    seen = _Seen()
    try:
        async with asyncio.timeout(settings.timeout):
            seen.stage = await _probe(address, sni, settings, seen)
    except TimeoutError:
        seen.detail = seen.detail or f"no answer within {settings.timeout:g} seconds"
    return Probe(
        address=address,
        stage=seen.stage,
        sni=sni,
        reply=seen.reply,
        helo=seen.helo,
        starttls=seen.starttls,
        tls_version=seen.tls_version,
        chain=seen.chain,
        detail=seen.detail[:TEXT_CHARACTERS],
        elapsed_ms=round((loop.time() - began) * 1000),
    )


async def _probe(address: str, sni: str, settings: Internet, seen: _Seen) -> ProbeStage:
    """The session, and a second one for TLS below 1.2 where the handshake of the first failed."""
    stage = await _session(address, sni, settings, seen, tls.probe_context())
    legacy = tls.legacy_context()
    if stage is not ProbeStage.HANDSHAKE_FAILED or legacy is None:
        return stage
    seen.stage, again = stage, _Seen()
    if await _session(address, sni, settings, again, legacy) is not ProbeStage.DONE:
        return stage
    seen.tls_version, seen.chain = again.tls_version, again.chain
    seen.detail = f"the server speaks {again.tls_version} at most"
    return ProbeStage.TLS_TOO_OLD


async def _session(address: str, sni: str, settings: Internet, seen: _Seen, context: ssl.SSLContext) -> ProbeStage:
    guard = Guard.of(allow_private_addresses=settings.allow_private_addresses)
    try:
        connection = await connect(
            address, settings.smtp_port, guard=guard, timeout=min(CONNECT_SECONDS, settings.timeout)
        )
    except Unreachable as fault:
        seen.detail = fault.detail
        return ProbeStage(fault.fault.value)
    seen.stage = ProbeStage.SILENT
    line = _Line()
    handed_over = False
    try:
        await asyncio.get_running_loop().create_connection(lambda: line, sock=connection)
        handed_over = True
        return await _dialogue(line, settings.helo or _literal(connection), sni, seen, context)
    except _Ended as end:
        seen.detail = end.detail
        seen.reply = str(end.reply) if end.reply else ""
        if end.stage is not ProbeStage.CLOSED and end.reply is not None:
            await line.quit()
        return end.stage
    except tls.HANDSHAKE_ERRORS as error:
        seen.detail = tls.describe(error)
        return ProbeStage.HANDSHAKE_FAILED
    finally:
        if handed_over:
            line.transport.abort()
        else:
            connection.close()


async def _dialogue(line: _Line, helo: str, sni: str, seen: _Seen, context: ssl.SSLContext) -> ProbeStage:
    """The steps in order; every other end than a handshake that stands raises _Ended or a handshake error."""
    greeting = await line.reply()
    if not greeting.is_positive:
        raise _Ended(_refused(greeting), "in place of a greeting", greeting)
    seen.helo = (greeting.lines[0].split() or [""])[0][:255]
    seen.starttls = await _offers_starttls(line, helo)
    if not seen.starttls:
        await line.quit()
        return ProbeStage.NO_STARTTLS
    line.send("STARTTLS")
    ready = await line.reply()
    if ready.code != 220:  # noqa: PLR2004
        stage = ProbeStage.THROTTLED if ready.code == 421 else ProbeStage.STARTTLS_REFUSED  # noqa: PLR2004
        raise _Ended(stage, "in answer to STARTTLS", ready)
    ssl_object = await line.start_tls(context, sni)
    seen.tls_version, seen.chain = ssl_object.version(), tls.chain(ssl_object)
    await line.quit()
    return ProbeStage.DONE


async def _offers_starttls(line: _Line, helo: str) -> bool:
    """EHLO, and HELO where it is refused (SMTP-06). Raises _Ended when neither is accepted."""
    line.send(f"EHLO {helo}")
    capabilities = await line.reply()
    if capabilities.is_positive:
        return any((text.split() or [""])[0].upper() == "STARTTLS" for text in capabilities.lines[1:])
    if capabilities.is_transient:
        raise _Ended(ProbeStage.THROTTLED, "in answer to EHLO", capabilities)
    line.send(f"HELO {helo}")
    plain = await line.reply()
    if not plain.is_positive:
        raise _Ended(_refused(plain), "in answer to EHLO and HELO", plain)
    return False


def _refused(reply: Reply) -> ProbeStage:
    """What a reply means that is not the one hoped for."""
    if reply.is_transient:
        return ProbeStage.THROTTLED
    return ProbeStage.REJECTED if reply.code // 100 == 5 else ProbeStage.NOT_SMTP  # noqa: PLR2004


def _literal(connection: socket.socket) -> str:
    """This side's address as an address literal (RFC 5321 section 4.1.3)."""
    address = connection.getsockname()[0].partition("%")[0]
    return f"[IPv6:{address}]" if connection.family is socket.AF_INET6 else f"[{address}]"


def _text(octets: bytes) -> str:
    return octets[:LINE_OCTETS].decode("utf-8", errors="replace")


class Prober:
    """Probes with manners: each (address, SNI) once a run, few sessions at once with a host or an address.

    sessions: how many at once in all. Use it as an async context manager: it owns the sessions under way.
    """

    def __init__(self, settings: Internet, *, sessions: int = SESSIONS) -> None:
        self._settings = settings
        self._once: Once[Probe] = Once(PROBES_REMEMBERED)
        self._room = asyncio.Semaphore(sessions)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._addresses: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._once.close()

    async def probe(self, host: str, address: str, sni: str) -> Probe:
        """The session with `address` of `host`, now or remembered. Raises nothing but cancellation."""
        return await self._once.get(
            (address, sni), lambda: self._in_turn(host, address, sni), lambda _: REMEMBERED_SECONDS
        )

    async def _in_turn(self, host: str, address: str, sni: str) -> Probe:
        of_host = self._hosts.setdefault(host, asyncio.Semaphore(SAME_HOST))
        of_address = self._addresses.setdefault(address, asyncio.Semaphore(SAME_ADDRESS))
        async with of_host, of_address, self._room:  # the scarcest last, so that nobody holds it while waiting
            return await probe(address, sni, self._settings)
