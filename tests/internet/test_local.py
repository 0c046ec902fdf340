"""What this machine lacks is told as its own fault, never as a host's."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import pytest
from dns.message import Message

from strictmx.findings.observation import LookupStatus
from strictmx.internet import dns, local
from strictmx.internet.addresses import Guard, connect
from strictmx.internet.dns import Resolver
from strictmx.internet.local import LocalFault
from tests.internet.servers import nameserver, settings, zone

pytestmark = pytest.mark.servers


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Everything that may be opened is open: the next socket fails."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 16, before[1]))
    with suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    try:
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_connection_without_descriptor_is_our_fault() -> None:
    with no_descriptor_left(), pytest.raises(LocalFault, match="too many open files"):
        await connect("127.0.0.1", 9, guard=Guard.ALLOW)


async def test_a_question_without_descriptor_is_our_fault() -> None:
    async with nameserver(zone("a.test. 60 A 192.0.2.1")) as server, Resolver(settings(server)) as resolver:
        await resolver.ask("b.test", "A")  # whatever is imported at first use is imported now
        await resolver._carrier.close()  # noqa: SLF001 - the next question needs a new socket
        with no_descriptor_left(), pytest.raises(LocalFault):
            await resolver.ask("a.test", "A")


ERRORS = [(errno.EMFILE, True), (errno.ENFILE, True), (errno.ENOBUFS, True), (errno.ECONNREFUSED, False)]


@pytest.mark.parametrize(("number", "ours"), ERRORS)
def test_whose_fault_an_error_is(number: int, ours: bool) -> None:
    error = OSError(number, os.strerror(number))
    if ours:
        with pytest.raises(LocalFault):
            local.raise_if_ours(error)
    else:
        local.raise_if_ours(error)


def test_the_soft_limit_is_raised_as_far_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        room = local.sockets()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(local.WANTED, before[1])
        assert room == min(local.WANTED, before[1]) - local.KEPT
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_too_few_files_are_told_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = local.KEPT + local.LEAST - 1
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    with pytest.raises(LocalFault, match=f"may open {limit} files"):
        local.sockets()


async def test_waiting_for_room_is_no_fault_of_the_nameservers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that nobody answers holds the only place for its whole time; the next one still has its own."""
    monkeypatch.setattr(dns, "LOOKUP_SECONDS", 0.2)
    answers = zone("b.test. 60 A 192.0.2.1")

    def script(query: Message, transport: str) -> Iterable[bytes]:
        return [] if query.question[0].name.labels[0] == b"a" else answers(query, transport)

    async with nameserver(script) as server, Resolver(settings(server), concurrent=1) as resolver:
        silent, answered = await asyncio.gather(resolver.ask("a.test", "A"), resolver.ask("b.test", "A"))
    assert silent.status is LookupStatus.TIMEOUT
    assert answered.records == ("192.0.2.1",)


def test_the_first_of_nested_errors() -> None:
    error = ValueError("x")
    assert local.first_of(ExceptionGroup("a", [ExceptionGroup("b", [error]), KeyError("y")])) is error
