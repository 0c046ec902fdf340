"""What `doctor` sees: over the network of a laboratory and of scripted servers, and on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest

from strictmx.config import ConfigError, Endpoint, Fault, Internet, Settings, parse
from strictmx.internet import dns as resolving
from strictmx.lab import Lab
from strictmx.lab.domains.public import PUBLIC
from strictmx.roles.doctor import asked, machine, network, words
from strictmx.roles.doctor.judge import judge
from strictmx.roles.doctor.result import Said, State
from strictmx.roles.doctor.seen import Seen, Use
from tests.certificates import authority
from tests.internet.servers import LOOPBACK, Script, free_port, nameserver, reply, settings

pytestmark = pytest.mark.servers

BOGUS_NAMES = {f"{name}." for name in asked.BOGUS}


def now() -> datetime:
    return datetime.now(UTC)


def blank() -> Seen:
    return machine.look(Settings(), {"HOME": "/nonexistent"})


async def look(internet: Internet, *, ahead: timedelta = timedelta()) -> dict[str, tuple[State, str]]:
    """State and words of each check, seen through these settings by a clock that is so far ahead."""
    seen = blank()
    seen.trust_source = internet.trust
    await network.look(internet, seen, now=lambda: now() + ahead)
    return {one.check: (one.state, f"{one.message} {one.mend} {one.evidence}") for one in judge(seen)}


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab.start(domains=()) as running:
        yield running


def of(lab: Lab) -> Internet:
    return Internet(
        nameservers=(Endpoint(*lab.nameserver),),
        trust=str(lab.trust),
        https_port=lab.https_port,
        smtp_port=lab.smtp_port,
        allow_private_addresses=True,
        timeout=3.0,
    )


OUTSIDE = ("port-25", "dns", "dnssec", "https", "clock", "trust")


async def test_the_laboratory_answers_for_the_internet(lab: Lab) -> None:
    """And it is asked politely: one session with an MX host, without mail, one GET of a policy."""
    found = await look(of(lab))
    assert {name: found[name][0] for name in OUTSIDE} == dict.fromkeys(OUTSIDE, State.WORKS)
    assert sorted(session.host for session in lab.journal.sessions) == sorted(asked.MX_HOSTS)
    for session in lab.journal.sessions:
        assert [command.split()[0] for command in session.commands] == ["EHLO", "STARTTLS", "QUIT"]
    assert sorted(request.host for request in lab.journal.requests) == sorted(asked.POLICY_HOSTS)
    assert {row.name for row in PUBLIC if row.zone.value == "signed"} == {*asked.SIGNED, *asked.BOGUS}


async def test_a_wrong_clock_is_no_fault_of_the_trust_store(lab: Lab) -> None:
    found = await look(of(lab), ahead=timedelta(days=200))
    assert found["clock"][0] is State.BROKEN
    assert "29 weeks ahead" in found["clock"][1]
    assert found["trust"][0] is State.WORKS


async def test_a_trust_store_of_strangers_and_none_at_all(lab: Lab, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority("Stranger").pem)
    state, text = (await look(replace(of(lab), trust=str(roots))))["trust"]
    assert (state, asked.POLICY_HOSTS[0] in text) == (State.BROKEN, True)
    roots.write_text("")
    state, text = (await look(replace(of(lab), trust=str(roots))))["trust"]
    assert (state, f"{roots}: holds no PEM certificate" in text) == (State.BROKEN, True)


async def test_the_guard_of_addresses_holds_here_too(lab: Lab) -> None:
    found = await look(replace(of(lab), allow_private_addresses=False))
    assert not lab.journal.sessions
    assert not lab.journal.requests
    assert (found["port-25"][0], "loopback" in found["port-25"][1]) == (State.BROKEN, True)
    assert found["https"][0] is State.BROKEN


async def test_refused_connections_are_told_apart(lab: Lab) -> None:
    found = await look(replace(of(lab), smtp_port=free_port(), https_port=free_port()))
    assert (found["port-25"][0], found["https"][0], found["clock"][0]) == (State.WARNING, State.BROKEN, State.UNKNOWN)


def answering(*, ad: bool, refusing: bool) -> Script:
    """A resolver that sets AD or not, on everything, and refuses the bogus names or not."""

    def script(query: dns.message.Message, _: str) -> Iterable[bytes]:
        name = query.question[0].name.to_text()
        if refusing and name in BOGUS_NAMES:
            return [reply(query, rcode=dns.rcode.SERVFAIL)]
        return [reply(query, authority=(". 60 SOA . . 1 1 1 1 60",), flags=int(dns.flags.AD) if ad else 0)]

    return script


RESOLVERS = [  # address, AD, refuses what is bogus, what is said
    (LOOPBACK, True, True, words.DNSSEC_WORKS),
    (LOOPBACK, False, False, words.DNSSEC_OFF),
    (LOOPBACK, False, True, words.DNSSEC_HIDDEN),
    (LOOPBACK, True, False, words.DNSSEC_LIES),
    ("127.0.0.53", True, True, words.DNSSEC_STUB),
    ("127.0.0.53", True, False, words.DNSSEC_OFF),
]


@pytest.mark.parametrize(("address", "ad", "refusing", "said"), RESOLVERS)
async def test_resolvers(address: str, ad: bool, refusing: bool, said: Said) -> None:
    async with nameserver(answering(ad=ad, refusing=refusing), address=address) as server:
        found = await look(settings(nameservers=(Endpoint(address, server.port),)))
    assert found["dns"][0] is State.WORKS
    assert found["dnssec"][0] is said.state
    assert found["dnssec"][1].startswith(said.message.partition("{")[0])
    assert words.NO_ADDRESS in found["port-25"][1]


async def test_silence_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the resolver would still try: the look has a deadline of its own."""
    monkeypatch.setattr(network, "RUN_SECONDS", 0.3)
    monkeypatch.setattr(resolving, "QUESTION_SECONDS", 60.0)
    monkeypatch.setattr(resolving, "ATTEMPT_SECONDS", 60.0)
    async with asyncio.timeout(5), nameserver(lambda *_: []) as server:
        found = await look(settings(server))
    assert found["dns"][0] is State.BROKEN
    assert {found[name][0] for name in ("port-25", "dnssec", "https", "clock")} == {State.UNKNOWN}


async def test_a_dead_server_beside_a_good_one_is_told(lab: Lab) -> None:
    dead = Endpoint(LOOPBACK, free_port())
    found = await look(replace(of(lab), nameservers=(dead, Endpoint(*lab.nameserver))))
    assert (found["dns"][0], f"127.0.0.1 port {dead.port}" in found["dns"][1]) == (State.WARNING, True)
    assert found["port-25"][0] is State.WORKS


DATES = [
    ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("Sun, 06 Nov 1994 08:49:37 -0000", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    (None, None),
    ("yesterday", None),
    ("Sun, 99 Nov 99999999999 08:49:37 GMT", None),
    ("Sun, 06 Nov 1994 08:49:37 +999999999999", None),
]


@pytest.mark.parametrize(("text", "date"), DATES)
def test_dates_of_strangers(text: str | None, date: datetime | None) -> None:
    assert network.read_date(text) == date


TEXT = """
[store]
data = "new/data"
[report]
datagram = "run/tlsrpt"
dkim_key = "key.pem"
[enforce]
socketmap = ["127.0.0.1:1", "unix:socketmap"]
[receive]
tls = {certificate = "away.pem", key = "key.pem"}
[publish]
mx_certificates = ["key.pem"]
"""


def test_files_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key.pem").touch(mode=0o644)
    (tmp_path / "key.pem").chmod(0o644)
    seen = machine.look(parse(TEXT, tmp_path / "strictmx.toml"), {})
    assert seen.data is not None
    assert (seen.data.path, seen.data.exists, seen.data.problem, seen.data.needed) == (
        tmp_path / "new/data",
        False,
        "",
        True,
    )
    assert {(one.key, one.use, one.problem, one.shared) for one in seen.files} == {
        ("report.datagram", Use.SOCKET, "No such file or directory", False),
        ("report.dkim_key", Use.SECRET, "", True),
        ("enforce.socketmap", Use.SOCKET, "", False),
        ("receive.tls.certificate", Use.READ, "No such file or directory", False),
        ("receive.tls.key", Use.SECRET, "", True),
        ("publish.mx_certificates", Use.READ, "", True),
    }


DATA = [  # configuration, environment, as root, where, needed
    ("", {"HOME": "/home/u"}, True, "/var/lib/strictmx", False),
    ("", {"HOME": "/home/u"}, False, "/home/u/.local/share/strictmx", False),
    ("", {"HOME": "/home/u", "XDG_DATA_HOME": "/xdg"}, False, "/xdg/strictmx", False),
    ("", {"HOME": "/home/u", "XDG_DATA_HOME": "xdg"}, False, "/home/u/.local/share/strictmx", False),
    ("", {}, False, None, False),
    ('[store]\nurl = "sqlite:///srv/db/s.db"', {}, False, "/srv/db", True),
    ('[store]\ndata = "/srv"', {}, False, "/srv", True),
    ('[web]\nlisten = "127.0.0.1:1"', {}, True, "/var/lib/strictmx", True),
    ('[internet]\nhelo = "a.example"\n[log]\nlevel = "debug"', {}, True, "/var/lib/strictmx", False),
]


@pytest.mark.parametrize(("text", "environment", "root", "path", "needed"), DATA)
def test_where_the_data_lie(
    monkeypatch: pytest.MonkeyPatch, text: str, environment: dict[str, str], root: bool, path: str | None, needed: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1_000)
    data = machine.look(parse(text, Path("/s.toml")), environment).data
    assert data is not None
    assert (data.path, data.needed) == (Path(path) if path else None, needed)


def test_a_file_in_the_way_of_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    data = machine.look(parse('[store]\ndata = "file/data"', tmp_path / "s.toml"), {}).data
    assert data is not None
    assert data.problem == "Not a directory"


def test_without_a_configuration_nothing_of_it_is_looked_at() -> None:
    seen = machine.look(ConfigError(Path("/s.toml"), (Fault(1, "", "no TOML"),)), {})
    assert (seen.configuration, len(seen.faults), seen.data, seen.files) == (Path("/s.toml"), 1, None, ())


def test_extras_are_those_that_the_release_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    required = ["rich>=14", "rich; extra == 'one'", 'surely-not-there>=1; extra == "two"', "rich; extra == 'two'"]
    monkeypatch.setattr(metadata, "requires", lambda _: required)
    assert blank().extras == {"one": True, "two": False}
