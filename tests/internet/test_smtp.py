from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.config import Internet
from strictmx.findings.observation import Probe, ProbeStage
from strictmx.internet import smtp, tls
from strictmx.internet.smtp import Prober, Reply, probe
from tests.internet.conftest import Pki
from tests.internet.servers import LOOPBACK, Session, free_port, server_context, serving, settings

pytestmark = pytest.mark.servers

HOST = "mx.example.test"
ANYWHERE = "0.0.0.0"  # noqa: S104  all of 127/8 in one listener
EHLO = b"250-mx.example.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"


class Server:
    """An SMTP server that answers each verb with the octets given; verbs without octets end the session.

    tls: the context for after STARTTLS. commands: what clients said, per connection.
    """

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, greeting: bytes = b"220 mx.example.test ESMTP\r\n"
    ) -> None:
        self.greeting, self.tls = greeting, tls
        self.answers = {"EHLO": EHLO, "STARTTLS": b"220 go\r\n", "QUIT": b"221 bye\r\n"}
        self.sessions: list[list[str]] = []
        self.present = 0
        self.most = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands: list[str] = []
        self.sessions.append(commands)
        self.present += 1
        self.most = max(self.most, self.present)
        try:
            writer.write(self.greeting)
            while line := await reader.readline():
                commands.append(line.decode().strip())
                verb = line.decode().split()[0]
                if verb not in self.answers:
                    return
                writer.write(self.answers[verb])
                await writer.drain()
                if verb == "STARTTLS" and self.answers[verb].startswith(b"220") and self.tls is not None:
                    await writer.start_tls(self.tls)
                if verb == "QUIT":
                    return
        finally:
            self.present -= 1


@pytest.fixture
def context(pki: Pki, tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path, pki.leaf(HOST), pki.intermediate)


async def run(session: Session, **changes: object) -> Probe:
    async with asyncio.timeout(10), serving(session) as port:
        return await probe(LOOPBACK, HOST, settings(smtp_port=port, **changes))


async def test_a_whole_session(context: ssl.SSLContext) -> None:
    names: list[str | None] = []
    context.sni_callback = lambda _object, name, _context: names.append(name)
    server = Server(context)
    probed = await run(server)
    assert (probed.stage, probed.starttls, probed.helo) == (ProbeStage.DONE, True, "mx.example.test")
    assert probed.tls_version == "TLSv1.3"
    assert len(probed.chain) == 2
    assert names == [HOST]  # STS-65
    assert server.sessions == [["EHLO probe.test", "STARTTLS", "QUIT"]]  # SMTP-03: no second STARTTLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_chain_comes_with_either_version(version: ssl.TLSVersion, pki: Pki, tmp_path: Path) -> None:
    leaf = pki.leaf("other.test")
    chain = server_context(tmp_path, leaf, pki.intermediate, pki.root, newest=version, oldest=version)
    probed = await run(Server(chain))
    assert probed.chain == (leaf.der, pki.intermediate.der, pki.root.der)


async def test_without_a_name_the_address_literal_greets(context: ssl.SSLContext) -> None:
    server = Server(context)
    await run(server, helo="")
    assert server.sessions[0][0] == "EHLO [127.0.0.1]"


GREETINGS = [  # rule, greeting, stage
    ("SMTP-06", b"220-mx.example.test\r\n220-no spam\r\n220 go on\r\n", ProbeStage.DONE),
    ("SMTP-06", b"220 mx\n", ProbeStage.DONE),
    ("SMTP-06", b"220 caf\xe9 \xff\r\n", ProbeStage.DONE),
    ("SMTP-06", b"220\r\n", ProbeStage.DONE),
    ("SMTP-06", b"220-" + b"x" * 3_000 + b"\r\n220 mx\r\n", ProbeStage.DONE),
    ("SMTP-06", b"421 too many\r\n", ProbeStage.THROTTLED),
    ("SMTP-06", b"450 later\r\n", ProbeStage.THROTTLED),
    ("SMTP-06", b"554-no\r\n554 not from there\r\n", ProbeStage.REJECTED),
    ("SMTP-06", b"", ProbeStage.SILENT),
    ("SMTP-06", b"220-half", ProbeStage.SILENT),
    ("SMTP-06", b"SSH-2.0-OpenSSH\r\n", ProbeStage.NOT_SMTP),
    ("SMTP-06", b"HTTP/1.1 400 Bad Request\r\n\r\n", ProbeStage.NOT_SMTP),
    ("SMTP-06", b"354 go\r\n", ProbeStage.NOT_SMTP),
    ("SMTP-06", b"\xff\xfe\0\r\n", ProbeStage.NOT_SMTP),
    ("SMTP-06", b"220 " + b"x" * 1_000_000 + b"\r\n", ProbeStage.NOT_SMTP),
    ("SMTP-06", b"220-" + b"x" * 9_000, ProbeStage.NOT_SMTP),
    ("SMTP-06", b"220-x\r\n" * 100_000, ProbeStage.NOT_SMTP),
]


@pytest.mark.parametrize(("rule", "greeting", "stage"), GREETINGS)
async def test_greetings(rule: str, greeting: bytes, stage: ProbeStage, context: ssl.SSLContext) -> None:
    probed = await run(Server(context, greeting=greeting), timeout=0.5 if stage is ProbeStage.SILENT else 5.0)
    assert probed.stage is stage
    assert probed.greeted is (stage is ProbeStage.DONE)
    assert len(probed.reply) <= smtp.TEXT_CHARACTERS
    assert len(probed.detail) <= smtp.TEXT_CHARACTERS


REFUSAL = b"502 no such verb\r\n"
DIALOGUES = [  # rule, verb, answer (None: hangs up), stage, starttls
    ("SMTP-06", "EHLO", b"250-mx\r\n250-starttls  \r\n250 8BITMIME\r\n", ProbeStage.DONE, True),
    ("SMTP-06", "EHLO", b"250-mx\r\n250 XSTARTTLS\r\n", ProbeStage.NO_STARTTLS, False),
    ("SMTP-06", "EHLO", b"250 STARTTLS\r\n", ProbeStage.NO_STARTTLS, False),
    ("SMTP-06", "EHLO", b"421 closing\r\n", ProbeStage.THROTTLED, None),
    ("SMTP-06", "EHLO", b"450 greylisted\r\n", ProbeStage.THROTTLED, None),
    ("SMTP-06", "EHLO", None, ProbeStage.CLOSED, None),
    ("SMTP-06", "EHLO", b"250-mx\r\n250-broken", ProbeStage.SILENT, None),
    ("SMTP-04", "STARTTLS", b"454 no certificate\r\n", ProbeStage.STARTTLS_REFUSED, True),
    ("SMTP-04", "STARTTLS", b"501 no\r\n", ProbeStage.STARTTLS_REFUSED, True),
    ("SMTP-04", "STARTTLS", b"250 ok\r\n", ProbeStage.STARTTLS_REFUSED, True),
    ("SMTP-04", "STARTTLS", b"421 later\r\n", ProbeStage.THROTTLED, True),
    ("SMTP-04", "STARTTLS", None, ProbeStage.CLOSED, True),
    ("SMTP-01", "STARTTLS", b"220 go\r\n250 injected\r\n", ProbeStage.INJECTED, True),
    ("SMTP-01", "STARTTLS", b"220 go\r\nX", ProbeStage.INJECTED, True),
]


@pytest.mark.parametrize(("rule", "verb", "answer", "stage", "starttls"), DIALOGUES)
async def test_dialogues(
    rule: str, verb: str, answer: bytes | None, stage: ProbeStage, *, starttls: bool | None, context: ssl.SSLContext
) -> None:
    server = Server(context)
    if answer is None:
        del server.answers[verb]
    else:
        server.answers[verb] = answer
    probed = await run(server, timeout=0.5 if stage is ProbeStage.SILENT else 5.0)
    assert (probed.stage, probed.starttls) == (stage, starttls)
    if probed.reply:
        assert probed.reply == (answer or b"").decode().strip()


HELO = [  # rule, answer to HELO, stage, starttls
    ("SMTP-06", b"250 mx\r\n", ProbeStage.NO_STARTTLS, False),
    ("SMTP-06", b"550 go away\r\n", ProbeStage.REJECTED, None),
    ("SMTP-06", b"421 later\r\n", ProbeStage.THROTTLED, None),
]


@pytest.mark.parametrize(("rule", "answer", "stage", "starttls"), HELO)
async def test_helo_after_a_refused_ehlo(rule: str, answer: bytes, stage: ProbeStage, *, starttls: bool | None) -> None:
    server = Server()
    server.answers |= {"EHLO": REFUSAL, "HELO": answer}
    probed = await run(server)
    assert (probed.stage, probed.starttls) == (stage, starttls)
    assert server.sessions[0][:2] == ["EHLO probe.test", "HELO probe.test"]


async def test_clear_text_after_the_handshake_began_breaks_it() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(EHLO)
        await reader.readline()
        writer.write(b"220 go\r\n")
        await reader.read(1)  # the handshake has begun
        writer.write(b"250 X-INJECTED\r\n")
        await reader.read()

    probed = await run(session)
    assert probed.stage is ProbeStage.HANDSHAKE_FAILED
    assert "clear text" in probed.detail


async def test_octets_in_clear_in_a_segment_of_their_own_never_pass_for_a_reply(context: ssl.SSLContext) -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(EHLO)
        await reader.readline()
        for segment in (b"220 go\r\n", b"250 injected\r\n"):
            writer.write(segment)
            await asyncio.sleep(0)
        await writer.start_tls(context)
        await reader.read()

    probed = await run(session)
    assert probed.stage in {ProbeStage.INJECTED, ProbeStage.HANDSHAKE_FAILED}  # as the segments arrive
    assert probed.tls_version is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_chain_as_large_as_openssl_takes_comes_whole(version: ssl.TLSVersion, pki: Pki, tmp_path: Path) -> None:
    leaf = pki.leaf(HOST, *(f"a{number:04d}.large.test" for number in range(4_200)))
    assert smtp.REPLY_OCTETS < len(leaf.der) < 102_400
    probed = await run(Server(server_context(tmp_path, leaf, newest=version, oldest=version)))
    assert (probed.stage, probed.chain) == (ProbeStage.DONE, (leaf.der,))


def after_the_handshake(context: ssl.SSLContext, then: Session) -> Session:
    """A session that does `then` in place of an answer to QUIT."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(EHLO)
        await reader.readline()
        writer.write(b"220 go\r\n")
        await writer.start_tls(context)
        await then(reader, writer)

    return session


async def test_what_never_ends_after_the_handshake_is_not_kept(context: ssl.SSLContext) -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < 100_000_000:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    probed = await run(after_the_handshake(context, flood))
    assert probed.stage is ProbeStage.DONE
    assert sent < 20_000_000  # what the sockets of both sides hold


async def test_a_farewell_of_tls_in_place_of_an_answer_ends_the_session_at_once(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "QUIT_SECONDS", 60.0)  # `run` waits for less

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()
        await reader.read()

    assert (await run(after_the_handshake(context, leave), timeout=30.0)).stage is ProbeStage.DONE


async def test_a_reset_during_the_handshake_is_told_as_one() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(EHLO)
        await reader.readline()
        writer.write(b"220 go\r\n")
        await reader.read(1)  # the rest of what came is unread, so that closing resets
        writer.transport.abort()

    probed = await run(session)
    assert (probed.stage, probed.chain) == (ProbeStage.HANDSHAKE_FAILED, ())
    assert "hung up" in probed.detail


class Nowhere(asyncio.Transport):
    """A transport that leads nowhere."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


async def test_whatever_error_the_network_gives_a_handshake_ends_as_handshakes_end() -> None:
    line = smtp._Line()  # noqa: SLF001 - no server can make the network fail in this way
    line.connection_made(Nowhere())
    line.connection_lost(OSError(113, "No route to host"))
    with pytest.raises(tls.HANDSHAKE_ERRORS):
        await line.start_tls(tls.probe_context(), HOST)


async def test_a_server_that_hangs_up_in_place_of_a_handshake_is_tried_once_more() -> None:
    server = Server(None)

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.answers.pop("QUIT", None)
        await server(reader, writer)

    server.answers["STARTTLS"] = b"220 go\r\n"
    probed = await run(session)
    assert probed.stage is ProbeStage.HANDSHAKE_FAILED
    assert len(server.sessions) == 2


async def test_tls_1_1_only(pki: Pki, tmp_path: Path) -> None:
    """STS-66: the fault is the version, and the chain is shown."""
    leaf = pki.leaf(HOST)
    old = server_context(tmp_path, leaf, newest=ssl.TLSVersion.TLSv1_1, oldest=ssl.TLSVersion.TLSv1_1)
    server = Server(old)
    probed = await run(server)
    assert (probed.stage, probed.tls_version, probed.chain) == (ProbeStage.TLS_TOO_OLD, "TLSv1.1", (leaf.der,))
    assert probed.starttls is True
    assert [commands[-1] for commands in server.sessions] == ["STARTTLS", "QUIT"]


async def test_a_server_that_drips_ends_at_the_deadline() -> None:
    async def session(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.05)

    probed = await run(session, timeout=0.4)
    assert probed.stage is ProbeStage.SILENT
    assert probed.elapsed_ms < 2_000


async def test_a_silent_handshake_and_a_silent_quit(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "QUIT_SECONDS", 0.1)
    silent = Server(context)
    silent.answers["QUIT"] = b""
    assert (await run(silent)).stage is ProbeStage.DONE

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(EHLO)
        await reader.readline()
        writer.write(b"220 go\r\n")
        while await reader.read(1_000):
            pass

    assert (await run(session, timeout=0.3)).stage is ProbeStage.SILENT


async def test_refused_and_not_allowed() -> None:
    port = free_port()
    assert (await probe(LOOPBACK, HOST, settings(smtp_port=port))).stage is ProbeStage.CONNECT_REFUSED
    guarded = await probe(LOOPBACK, HOST, Internet(smtp_port=port))
    assert guarded.stage is ProbeStage.NOT_ALLOWED
    assert not guarded.connected


async def test_names_that_tls_cannot_carry_are_left_out(context: ssl.SSLContext) -> None:
    async with serving(Server(context)) as port:
        for sni in ("a..b", ".a", "x" * 70, "a b", "192.0.2.1", "\xff"):
            assert (await probe(LOOPBACK, sni, settings(smtp_port=port))).stage is ProbeStage.DONE


async def test_each_address_is_probed_once_and_few_at_a_time(context: ssl.SSLContext) -> None:
    server = Server(context)
    async with serving(server, address=ANYWHERE) as port, Prober(settings(smtp_port=port)) as prober:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(prober.probe(HOST, f"127.0.0.{n % 6 + 1}", HOST)) for n in range(60)]
        counts = Counter(task.result().address for task in tasks)
        assert set(counts.values()) == {10}
        assert all(task.result().stage is ProbeStage.DONE for task in tasks)
        assert len(server.sessions) == 6
        assert server.most <= smtp.SAME_HOST
        await prober.probe(HOST, "127.0.0.1", "other.test")
        assert len(server.sessions) == 7


async def test_the_global_bound_holds(context: ssl.SSLContext) -> None:
    server = Server(context)
    async with serving(server, address=ANYWHERE) as port, Prober(settings(smtp_port=port), sessions=1) as prober:
        async with asyncio.TaskGroup() as group:
            for n in range(1, 6):
                group.create_task(prober.probe(f"mx{n}.test", f"127.0.0.{n}", HOST))
        assert (len(server.sessions), server.most) == (5, 1)


async def test_leaving_the_prober_ends_its_sessions() -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def session(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        gone.set()

    async with serving(session) as port:
        async with Prober(settings(smtp_port=port)) as prober:
            task = asyncio.create_task(prober.probe(HOST, LOOPBACK, HOST))
            await arrived.wait()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 5)


class _NoTransport(asyncio.Transport):
    """Nothing behind it: what the reader of replies needs."""

    def pause_reading(self) -> None:
        pass


async def _replies(pieces: list[bytes]) -> list[Reply | ProbeStage]:
    line = smtp._Line()  # noqa: SLF001
    line.connection_made(_NoTransport())
    for piece in pieces:
        line.data_received(piece)
    line.eof_received()
    found: list[Reply | ProbeStage] = []
    while not found or isinstance(found[-1], Reply):
        try:
            found.append(await line.reply())
        except smtp._Ended as end:  # noqa: SLF001
            found.append(end.stage)
    return found


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"250-a\r\n", b"250 b\n", b"x\n", b"\r"])).map(b"".join))
def test_any_octets_in_any_pieces_give_the_same_replies(data: bytes) -> None:
    whole = asyncio.run(_replies([data]))
    assert whole == asyncio.run(_replies([data[n : n + 1] for n in range(len(data))]))
    assert whole[-1] in {ProbeStage.CLOSED, ProbeStage.NOT_SMTP}
