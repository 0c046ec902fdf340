"""Checking many domains: told one by one, bounded, and ended cleanly whatever the teller does."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from strictmx.config import Endpoint, Internet
from strictmx.findings.observation import Observation
from strictmx.findings.result import CheckResult, Verdict
from strictmx.lab import Lab, listeners
from strictmx.roles.check import check, check_many
from strictmx.standards.names import Name

pytestmark = pytest.mark.servers

HEALTHY = [Name(f"healthy-{kind}.example") for kind in ("minimal", "greeting", "chunked", "rsa", "sni", "line-feed")]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def internet() -> AsyncIterator[Internet]:
    async with Lab.start() as lab:
        host, port = lab.nameserver
        yield Internet(
            nameservers=(Endpoint(host, port),),
            trust=str(lab.trust),
            https_port=lab.https_port,
            smtp_port=lab.smtp_port,
            allow_private_addresses=True,
            timeout=3.0,
        )


async def test_each_domain_is_told_once(internet: Internet) -> None:
    told: list[tuple[str, Verdict]] = []

    def tell(observation: Observation, result: CheckResult) -> None:
        told.append((observation.domain, result.verdict))

    await check_many(HEALTHY, internet, concurrency=3, now=now, tell=tell)
    assert sorted(told) == sorted((domain, Verdict.SECURE) for domain in HEALTHY)


async def test_a_teller_that_stalls_makes_no_domain_look_dead(internet: Internet) -> None:
    """While a reader is slow the loop is free, so that what is under way ends well."""
    proceed, entered = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    told: list[Verdict] = []

    def tell(_: Observation, result: CheckResult) -> None:
        loop.call_soon_threadsafe(entered.set)
        assert proceed.wait(20)
        told.append(result.verdict)

    running = asyncio.create_task(check_many(HEALTHY, internet, concurrency=6, now=now, tell=tell))
    await entered.wait()  # only a free loop comes here before the teller gives up
    proceed.set()
    await running
    assert told == [Verdict.SECURE] * len(HEALTHY)


def left_behind() -> list[asyncio.Task[Any]]:
    """Tasks that go on, those of the laboratory left out: its servers notice a moment later that we are gone."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return [task for task in others if not _of_laboratory(task)]


def _of_laboratory(task: asyncio.Task[Any]) -> bool:
    coroutine = task.get_coro()
    return inspect.iscoroutine(coroutine) and coroutine.cr_code.co_filename == listeners.__file__


async def test_what_the_teller_raises_comes_out_as_it_is(internet: Internet) -> None:
    def tell(*_: object) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await check_many(HEALTHY, internet, concurrency=3, now=now, tell=tell)
    assert left_behind() == []


async def test_cancelled_it_leaves_nothing_behind(internet: Internet) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(*_: object) -> None:
        loop.call_soon_threadsafe(begun.set)

    running = asyncio.create_task(
        check_many([*HEALTHY, Name("mx-timeout.example")], internet, concurrency=7, now=now, tell=tell)
    )
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert left_behind() == []


async def test_one_domain_tells_its_steps(internet: Internet) -> None:
    steps: list[str] = []
    observation, result = await check(HEALTHY[0], internet, now=now, on_step=steps.append)
    assert (observation.domain, result.verdict) == (HEALTHY[0], Verdict.SECURE)
    assert any("SMTP" in step for step in steps)
