"""What one look at a domain may have under way at once, so that it starves no other."""

from __future__ import annotations

import asyncio
from typing import cast

from strictmx.config import Internet
from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.internet.dns import Answer, Resolver
from strictmx.internet.look import DOMAIN_QUESTIONS, Look
from strictmx.internet.smtp import Prober


class Counting:
    """A resolver that answers in its own time and counts the questions under way."""

    may_validate = True

    def __init__(self) -> None:
        self.under_way = self.most = 0

    async def answer(self, name: str, rdtype: str) -> Answer:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return Answer(Lookup(name, rdtype, LookupStatus.NODATA), believed=True, at=0.0)


async def test_a_domain_has_a_few_questions_under_way_at_once() -> None:
    resolver = Counting()
    look = Look(Internet(), cast("Resolver", resolver), cast("Prober", None))
    await asyncio.gather(*(look.ask(f"mx{number}.shop.example", "A") for number in range(64)))
    assert resolver.most == DOMAIN_QUESTIONS
