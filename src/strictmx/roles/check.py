"""Check domains: observe each, judge what was seen, hand it on.

Many domains share one observer, so that a host that serves several of them is asked once, and never by more sessions
at a time than is polite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from strictmx.config import Internet
from strictmx.findings.judge import judge
from strictmx.findings.observation import Observation
from strictmx.findings.result import CheckResult
from strictmx.internet.local import first_of
from strictmx.internet.observe import Observer
from strictmx.standards.names import Name

Tell = Callable[[Observation, CheckResult], None]


async def check(
    domain: Name,
    settings: Internet,
    *,
    now: Callable[[], datetime],
    on_step: Callable[[str], None] | None = None,
    related: Sequence[str] | None = None,
) -> tuple[Observation, CheckResult]:
    """Check one domain, in 30 seconds at most. What the domain does never raises.

    now: the clock, aware and UTC. on_step: told what is being looked at, for people who watch. related: DKIM
    selectors, to look also at what belongs beside it; None: at nothing of that.
    """
    async with Observer(settings, now=now, related=related) as observer:
        observation = await observer.observe(domain, on_step)
    return observation, await asyncio.to_thread(judge, observation, related=related is not None)


async def check_many(
    domains: Iterable[Name],
    settings: Internet,
    *,
    concurrency: int,
    now: Callable[[], datetime],
    tell: Tell,
    related: Sequence[str] | None = None,
) -> None:
    """Check domains, at most `concurrency` at a time, and tell each as it ends; nothing is kept here.

    tell: called in a thread, one call at a time, so that a reader who is slow to take results holds back new domains
    and never makes a healthy one look dead. What it raises ends the run and comes out as it is.
    Cancelled in between, what was told stands. related: as in `check`.
    """
    waiting = iter(domains)
    telling = asyncio.Lock()

    def judge_and_tell(observation: Observation) -> None:
        tell(observation, judge(observation, related=related is not None))

    try:
        async with Observer(settings, now=now, related=related) as observer, asyncio.TaskGroup() as workers:
            for _ in range(concurrency):
                workers.create_task(_work(waiting, observer, judge_and_tell, telling))
    except ExceptionGroup as group:
        raise first_of(group) from None


async def _work(
    waiting: Iterator[Name], observer: Observer, judge_and_tell: Callable[[Observation], None], telling: asyncio.Lock
) -> None:
    for domain in waiting:
        observation = await observer.observe(domain)
        async with telling:  # what takes the processor and the output, away from the loop
            await asyncio.to_thread(judge_and_tell, observation)
