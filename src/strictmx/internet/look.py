"""One look at a domain under way: its deadline, its questions and sessions, and the word to who waits.

What the deadline cuts off is recorded as not answered, never lost, so that a slow host costs itself only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

import msgspec

from strictmx.config import Internet
from strictmx.findings.observation import (
    Fetch,
    FetchStage,
    Lookup,
    LookupStatus,
    Probe,
    ProbeStage,
)
from strictmx.internet.dns import Resolver
from strictmx.internet.https import fetch_policy
from strictmx.internet.once import together
from strictmx.internet.smtp import Prober

DOMAIN_SECONDS = 28.0  # one domain, all steps side by side; with start and end it stays below 30
DOMAIN_SESSIONS = 24  # SMTP sessions of one domain at once, so that one with hundreds of addresses starves no other
DOMAIN_QUESTIONS = 12  # DNS questions of one domain at once, likewise; it begins with so many


class Look:
    """What the steps of one observation share.

    seconds: how long it may take from now on. sessions: SMTP sessions at once. on_step: called with a
    short text when a step begins.
    """

    def __init__(
        self,
        settings: Internet,
        resolver: Resolver,
        prober: Prober,
        *,
        seconds: float = DOMAIN_SECONDS,
        sessions: int = DOMAIN_SESSIONS,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self._resolver, self._prober, self._on_step = resolver, prober, on_step
        self._believed = True
        self._room = asyncio.Semaphore(sessions)
        self._questions = asyncio.Semaphore(DOMAIN_QUESTIONS)
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._cut_off = f"not done within the {seconds:g} seconds of a look"

    async def ask(self, name: str, rdtype: str) -> Lookup:
        """One DNS question."""
        self._tell(f"asking for {rdtype} of {name}")
        try:
            async with asyncio.timeout_at(self._deadline), self._questions:
                answer = await self._resolver.answer(name, rdtype)
        except TimeoutError:
            return Lookup(name.lower(), rdtype, LookupStatus.TIMEOUT, detail=self._cut_off)
        self._believed = self._believed and answer.believed
        return answer.lookup

    @property
    def validating(self) -> bool:
        """Whether all answers so far came from servers whose AD bit is believed."""
        return self._believed and self._resolver.may_validate

    async def addresses(self, name: str) -> tuple[Lookup, Lookup]:
        """The questions for A and AAAA, side by side."""
        a, aaaa = await together(self.ask(name, "A"), self.ask(name, "AAAA"))
        return _settled(a, aaaa), _settled(aaaa, a)

    async def fetch(self, host: str, addresses: Sequence[str]) -> Fetch:
        """The one GET of the policy host."""
        self._tell(f"fetching the policy from {host}")
        try:
            async with asyncio.timeout_at(self._deadline):
                return await fetch_policy(host, addresses, self.settings)
        except TimeoutError:
            return Fetch(FetchStage.TIMEOUT, addresses[0], detail=self._cut_off)

    async def probe(self, host: str, address: str, sni: str) -> Probe:
        """The SMTP session with one address."""
        self._tell(f"speaking SMTP with {host} at {address}")
        try:
            async with asyncio.timeout_at(self._deadline), self._room:
                return await self._prober.probe(host, address, sni)
        except TimeoutError:
            return Probe(address, ProbeStage.CUT_OFF, sni, detail=self._cut_off)

    def _tell(self, step: str) -> None:
        if self._on_step is not None:
            self._on_step(step)


def _settled(lookup: Lookup, other: Lookup) -> Lookup:
    """A question that failed, settled by the other family's answer that the name does not exist (RFC 8020)."""
    if lookup.failed and other.status is LookupStatus.NXDOMAIN:
        return msgspec.structs.replace(lookup, status=LookupStatus.NXDOMAIN)
    return lookup


def choose_addresses(a: Lookup, aaaa: Lookup) -> tuple[str, ...]:
    """The addresses to contact, sorted, the families taking turns so that a limit leaves out neither."""
    turns = chain.from_iterable(zip_longest(sorted(a.records), sorted(aaaa.records)))
    return tuple(dict.fromkeys(address for address in turns if address is not None))
