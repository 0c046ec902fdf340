from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from strictmx import __version__
from strictmx.findings.observation import Fetch, FetchStage
from strictmx.internet.https import fetch_policy
from strictmx.standards import sts
from tests.internet.conftest import Pki
from tests.internet.servers import LOOPBACK, Session, free_port, server_context, serving, settings

pytestmark = pytest.mark.servers

HOST = "mta-sts.example.test"
POLICY = b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def sending(*pieces: bytes) -> Session:
    """A server that reads the head of the request, sends the pieces, and closes without close_notify."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.set_write_buffer_limits(0)  # so that `drain` means sent
        for piece in filter(None, pieces):  # an empty write with these limits is never sent
            writer.write(piece)
            await writer.drain()
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        await reader.read()

    return session


def forever(*pieces: bytes) -> Session:
    """A server that sends the first pieces once and the last one every 10 ms."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.writelines(pieces[:-1])
        while True:
            writer.write(pieces[-1])
            await writer.drain()
            await asyncio.sleep(0.01)

    return session


Fetcher = Callable[..., Awaitable[Fetch]]


@pytest.fixture
def context(pki: Pki, tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path, pki.leaf(HOST), pki.intermediate)


@pytest.fixture
def fetch(context: ssl.SSLContext) -> Fetcher:
    async def run(session: Session, **changes: object) -> Fetch:
        async with serving(session, tls=context) as port:
            return await fetch_policy(HOST, [LOOPBACK], settings(https_port=port, **changes))

    return run


async def test_the_one_request_is_what_the_rule_says(context: ssl.SSLContext) -> None:
    """STS-40, STS-43, STS-46: path, Host without port, SNI, no condition, no compression."""
    heads: list[bytes] = []
    names: list[str | None] = []
    context.sni_callback = lambda _object, name, _context: names.append(name)

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(POLICY) + POLICY)
        await reader.read()

    async with serving(session, tls=context) as port:
        fetched = await fetch_policy(HOST, [LOOPBACK], settings(https_port=port))
    assert fetched.stage is FetchStage.DONE
    assert (fetched.status, fetched.media_type, fetched.body) == (200, "text/plain", POLICY.decode())
    assert fetched.bytes_read == len(POLICY)
    assert fetched.tls_version == "TLSv1.3"
    assert len(fetched.chain) == 2
    assert names == [HOST]
    assert heads == [
        (
            f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/plain\r\n"
            f"Accept-Encoding: identity\r\nUser-Agent: strictmx/{__version__}\r\nConnection: close\r\n\r\n"
        ).encode()
    ]


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % octet for octet in POLICY) + b"0\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"
RESPONSES = [  # rule, what the server sends, stage, status
    ("STS-40", HEAD + CHUNKED, FetchStage.DONE, 200),
    ("STS-40", HEAD + b"\r\n" + POLICY, FetchStage.DONE, 200),  # ends with the connection, no close_notify
    ("STS-40", b"HTTP/1.0 200 OK\r\n\r\n" + POLICY, FetchStage.DONE, 200),
    ("STS-40", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + HEAD + LENGTH % len(POLICY) + POLICY, FetchStage.DONE, 200),
    ("STS-44", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FetchStage.DONE, 404),
    ("STS-44", b"HTTP/1.1 304 Not Modified\r\n\r\n", FetchStage.DONE, 304),
    ("STS-45", b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/\r\n\r\n", FetchStage.DONE, 301),
    ("STS-48", HEAD + LENGTH % 65_536 + b"x" * 65_536, FetchStage.DONE, 200),
    ("STS-48", HEAD + LENGTH % 65_537 + b"x" * 65_537, FetchStage.TOO_LARGE, 200),
    ("STS-48", HEAD + LENGTH % 10_000_000_000 + b"x" * 70_000, FetchStage.TOO_LARGE, 200),
    ("STS-51", HEAD + LENGTH % 100 + b"broken off", FetchStage.NOT_HTTP, 200),
    ("STS-51", b"", FetchStage.NOT_HTTP, None),
    ("STS-51", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", FetchStage.NOT_HTTP, None),
    ("STS-51", b"\0\xff" * 40_000, FetchStage.NOT_HTTP, None),
    ("STS-51", HEAD + b"X: " + b"x" * 25_000 + b"\r\n\r\n", FetchStage.NOT_HTTP, None),
    ("STS-51", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9, FetchStage.NOT_HTTP, None),
    ("STS-51", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", FetchStage.NOT_HTTP, 200),
]


@pytest.mark.parametrize(("rule", "response", "stage", "status"), RESPONSES)
async def test_responses(rule: str, response: bytes, stage: FetchStage, status: int | None, fetch: Fetcher) -> None:
    fetched = await fetch(sending(response))
    assert (fetched.stage, fetched.status) == (stage, status)
    assert fetched.chain
    assert fetched.bytes_read == len(fetched.body) <= sts.POLICY_BYTES + 1


async def test_header_values_are_kept_as_received_and_cut(fetch: Fetcher) -> None:
    head = b"HTTP/1.1 301 X\r\ncontent-type: Text/Plain\r\nContent-Type: b\r\nContent-Encoding: gzip\r\nLocation: "
    fetched = await fetch(sending(head + b"h" * 2_000 + b"\r\n\r\n"))
    assert (fetched.media_type, fetched.content_encoding) == ("Text/Plain, b", "gzip")
    assert fetched.location == "h" * 1_000


SLOW = [  # rule, server
    ("STS-48", forever(b"")),
    ("STS-48", forever(b"H")),
    ("STS-48", forever(HEAD, b"X: y\r\n")),
    ("STS-48", forever(HEAD + LENGTH % 1_000_000, b"x")),
    ("STS-48", forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")),
]


@pytest.mark.parametrize(("rule", "session"), SLOW)
async def test_dripping_does_not_stretch_the_deadline(rule: str, session: Session, fetch: Fetcher) -> None:
    async with asyncio.timeout(3):
        fetched = await fetch(session, timeout=0.3)
    assert fetched.stage is FetchStage.TIMEOUT
    assert 250 <= fetched.elapsed_ms < 2_000


async def test_a_silent_handshake_ends_at_the_deadline() -> None:
    async def session(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await asyncio.Event().wait()

    async with serving(session) as port:
        fetched = await fetch_policy(HOST, [LOOPBACK], settings(https_port=port, timeout=0.2))
    assert fetched.stage is FetchStage.TIMEOUT


async def test_the_next_address_is_tried_when_one_refuses(context: ssl.SSLContext) -> None:
    async with serving(sending(HEAD + LENGTH % 0), address="127.0.0.2", tls=context) as port:
        fetched = await fetch_policy(HOST, ["127.0.0.9", "127.0.0.2"], settings(https_port=port))
    assert (fetched.stage, fetched.address) == (FetchStage.DONE, "127.0.0.2")


async def test_nothing_there_and_not_allowed() -> None:
    port = free_port()
    refused = await fetch_policy(HOST, [LOOPBACK, "127.0.0.9"], settings(https_port=port))
    assert refused.stage is FetchStage.CONNECT_REFUSED
    assert "127.0.0.9" in refused.detail
    private = await fetch_policy(HOST, [LOOPBACK, "::1"], settings(https_port=port, allow_private_addresses=False))
    assert private.stage is FetchStage.NOT_ALLOWED
    assert (await fetch_policy(HOST, [], settings())).stage is FetchStage.CONNECT_FAILED


async def test_old_tls_is_named_and_asked_nothing(pki: Pki, tmp_path: Path) -> None:
    received: list[bytes] = []

    async def session(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    version = ssl.TLSVersion.TLSv1_1
    context = server_context(tmp_path, pki.leaf(HOST), newest=version, oldest=ssl.TLSVersion.TLSv1)
    async with serving(session, tls=context) as port:
        fetched = await fetch_policy(HOST, [LOOPBACK], settings(https_port=port))
    assert (fetched.stage, fetched.tls_version) == (FetchStage.TLS_TOO_OLD, "TLSv1.1")
    assert len(fetched.chain) == 1
    assert set(received) <= {b""}


NO_TLS = [  # rule, what the server does in place of a handshake
    ("STS-51", b""),
    ("STS-51", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("STS-51", b"\x15\x03\x03\x00\x02\x02\x28"),  # alert: handshake failure
]


@pytest.mark.parametrize(("rule", "answer"), NO_TLS)
async def test_failed_handshakes(rule: str, answer: bytes) -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(answer)
        await writer.drain()

    async with serving(session) as port:
        fetched = await fetch_policy(HOST, [LOOPBACK], settings(https_port=port, timeout=2.0))
    assert fetched.stage is FetchStage.TLS_FAILED
    assert fetched.detail


async def test_a_context_that_verifies_is_the_callers(fetch: Fetcher, context: ssl.SSLContext) -> None:
    verifying = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with serving(sending(HEAD + LENGTH % 0), tls=context) as port:
        fetched = await fetch_policy(HOST, [LOOPBACK], settings(https_port=port), context=verifying)
    assert fetched.stage is FetchStage.TLS_FAILED
    assert "certificate was refused" in fetched.detail


async def test_a_cancelled_fetch_leaves_nothing_behind(context: ssl.SSLContext) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def session(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        try:
            await reader.read()
        finally:
            gone.set()

    async with serving(session, tls=context) as port:
        task = asyncio.create_task(fetch_policy(HOST, [LOOPBACK], settings(https_port=port)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 5)
