"""What belongs beside the security of transport: the questions for SPF, DMARC, DKIM and CAA records.

Which questions an SPF record needs is known once the answers before are read, so reading and asking take turns; all
goes through the one resolver and ends with the look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from strictmx.findings.answered import known
from strictmx.findings.observation import MX_HOSTS, Lookup, LookupStatus, Related
from strictmx.internet.look import Look
from strictmx.standards import caa, dmarc, spf, sts
from strictmx.standards.mx import exchanges
from strictmx.standards.names import InvalidName, Name
from strictmx.standards.offline import RECORD_CHARACTERS, Question

CAA_NAMES = 60  # the hosts of a domain share the names above them
SPF_QUESTIONS = 60  # RFC 7208 allows 10 terms; an `mx` among them is some questions more
SPF_SECONDS = 12.0  # all of its turns: a question that gets no answer takes 10
CHARACTERS = 65_536  # of all these answers together, so that an observation can be read back


async def look_at_related(look: Look, domain: Name, selectors: Sequence[str]) -> Related:
    """Ask all of it, side by side."""
    keys = [(f"{selector}._domainkey.{domain}", "TXT") for selector in selectors]
    async with asyncio.TaskGroup() as group:
        sender_policy = group.create_task(_look_at_spf(look, domain))
        policy = group.create_task(_ask(look, [(name, "TXT") for name in dmarc.names(domain)]))
        key_records = group.create_task(_ask(look, keys))
        authorities = group.create_task(_look_at_caa(look, domain))
    return _within_room(
        Related(
            spf=sender_policy.result(),
            dmarc=policy.result(),
            dkim=key_records.result(),
            caa=authorities.result(),
        )
    )


async def _look_at_spf(look: Look, domain: Name) -> tuple[Lookup, ...]:
    """The domain's record, and what evaluating it leads to."""
    until = asyncio.get_running_loop().time() + SPF_SECONDS
    asked: dict[Question, Lookup] = {}
    wanted: Sequence[Question] = [(str(domain), "TXT")]
    while wanted and asyncio.get_running_loop().time() < until:
        for lookup in await _ask(look, wanted, until):
            asked[lookup.name, lookup.type] = _spf_records(lookup) if lookup.type == "TXT" else lookup
        reading = await asyncio.to_thread(spf.read, str(domain), known(asked.values()))
        wanted = [question for question in reading.wanted if question not in asked][: SPF_QUESTIONS - len(asked)]
    return tuple(asked.values())


def _spf_records(lookup: Lookup) -> Lookup:
    """The answer without what others keep in TXT records, which may be much."""
    records = tuple(text for text in lookup.records if spf.is_nearly(text))
    status = lookup.status if records or not lookup.records else LookupStatus.NODATA
    return replace(lookup, records=records, status=status)


async def _look_at_caa(look: Look, domain: Name) -> tuple[Lookup, ...]:
    """The records for the policy host and for MX hosts of the domain itself, of all names that may decide."""
    hosts = [sts.policy_host(domain)]
    for exchange in exchanges((await look.ask(domain, "MX")).records)[:MX_HOSTS]:
        try:
            host = Name.parse(exchange.host)
        except InvalidName:
            continue
        if host == domain or host.endswith(f".{domain}"):
            hosts.append(host)
    names = dict.fromkeys(step for host in hosts for step in caa.climb(host))
    return await _ask(look, [(str(name), "CAA") for name in list(names)[:CAA_NAMES]])


async def _ask(look: Look, questions: Iterable[Question], until: float | None = None) -> tuple[Lookup, ...]:
    """Side by side; what is not settled at `until` (of the loop's clock) is left out."""

    async def settled(name: str, rdtype: str) -> Lookup | None:
        try:
            async with asyncio.timeout_at(until):
                return await look.ask(name, rdtype)
        except TimeoutError:
            return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(settled(*question)) for question in questions]
    return tuple(lookup for task in tasks if (lookup := task.result()) is not None)


def _within_room(related: Related) -> Related:
    """The look-ups as far as CHARACTERS go for their records; those of SPF come last, since strangers have a say."""
    room = CHARACTERS

    def kept(lookups: Iterable[Lookup]) -> tuple[Lookup, ...]:
        nonlocal room
        found = []
        for lookup in lookups:
            records = tuple(text[: RECORD_CHARACTERS + 1] for text in lookup.records)  # one more: it was longer
            size = sum(map(len, records))
            if size <= room:
                room -= size
                found.append(replace(lookup, records=records))
        return tuple(found)

    dmarc, dkim, caa = kept(related.dmarc), kept(related.dkim), kept(related.caa)
    return Related(kept(related.spf), dmarc, dkim, caa)
