"""The MX hosts of a domain: addresses, TLSA records, one SMTP session with each address.

Unlike a sender, a check asks for TLSA records also where the addresses are not signed (DANE-35) and connects to
hosts that no sender would use any more, since it is to say what is wrong with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from strictmx.findings.observation import HOST_ADDRESSES, MX_HOSTS, Lookup, LookupStatus, MxHost, Probe, ProbeStage
from strictmx.internet.look import Look, choose_addresses
from strictmx.internet.once import together
from strictmx.standards.dane import base_domains
from strictmx.standards.mx import exchanges
from strictmx.standards.names import Name, address_of

SMTP_PORT = 25  # the port of TLSA records, RFC 7672 section 2.2.3; a laboratory listens elsewhere and may publish both


async def look_at_mail(look: Look, domain: Name) -> tuple[Lookup, tuple[MxHost, ...]]:
    """The MX question, and every host that it names or implies (MX-02), in order of preference."""
    mx = await look.ask(domain, "MX")
    if mx.status in (LookupStatus.NODATA, LookupStatus.NXDOMAIN):
        host = await _look_at_host(look, MxHost(host=str(domain), implicit=True))
        lookups = [lookup for lookup in (host.a, host.aaaa) if lookup is not None]
        if mx.status is LookupStatus.NXDOMAIN and any(lookup.records for lookup in lookups):
            # Simple servers say so of a type that they do not hold; the name exists, since it has an address.
            mx = msgspec.structs.replace(mx, status=LookupStatus.NODATA, detail="NXDOMAIN, yet the name has an address")
        exists = mx.status is LookupStatus.NODATA and any(lookup.records or lookup.failed for lookup in lookups)
        return mx, (host,) if exists else ()
    named = _named(mx.records)
    return mx, await together(*(_look_at_host(look, host) for host in named))


def _named(records: Sequence[str]) -> list[MxHost]:
    """The hosts of the MX records, each once at its best preference; the root of a null MX is no host (MX-04)."""
    preferences: dict[str, int] = {}
    for exchange in exchanges(records):
        if not exchange.is_root:
            preferences.setdefault(exchange.host, exchange.preference)
    return [
        MxHost(host=host, preference=preference, left_out=position >= MX_HOSTS)
        for position, (host, preference) in enumerate(preferences.items())
    ]


async def _look_at_host(look: Look, host: MxHost) -> MxHost:
    if host.left_out or address_of(host.host) is not None:  # an address is no host name: nothing to ask (MX-05)
        return host
    a, aaaa = await look.addresses(host.host)
    addresses = choose_addresses(a, aaaa)
    cname: Lookup | None = None
    tlsa: tuple[Lookup, ...] = ()
    base: str | None = None
    probes: tuple[Probe, ...] = ()
    cnames = a.cnames or aaaa.cnames
    answered = [lookup for lookup in (a, aaaa) if not lookup.failed]
    secure = bool(answered) and all(lookup.secure for lookup in answered)
    if cnames and not secure:
        cname = await look.ask(host.host, "CNAME")
    if addresses:
        first_step = secure or (cname is not None and cname.secure and bool(cname.records))
        candidates = base_domains(host.host, cnames, chain_secure=secure, first_step_secure=first_step)
        if cnames:  # the name in SNI is known only when the TLSA records are (DANE-18)
            tlsa, base = await _tlsa(look, candidates or (host.host,))
            probes = await _probes(look, host.host, addresses, base or host.host)
        else:
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(_tlsa(look, candidates or (host.host,)))
                probes = await _probes(look, host.host, addresses, host.host)
            tlsa, base = asking.result()
    return MxHost(
        host=host.host,
        preference=host.preference,
        implicit=host.implicit,
        a=a,
        aaaa=aaaa,
        cname=cname,
        tlsa=tlsa,
        tlsa_base=base,
        probes=probes,
    )


async def _probes(look: Look, host: str, addresses: Sequence[str], sni: str) -> tuple[Probe, ...]:
    """A session with each address; those beyond HOST_ADDRESSES are recorded as left out."""
    probed = await together(*(look.probe(host, address, sni) for address in addresses[:HOST_ADDRESSES]))
    return (*probed, *(Probe(address, ProbeStage.LEFT_OUT, sni) for address in addresses[HOST_ADDRESSES:]))


async def _tlsa(look: Look, candidates: Sequence[str]) -> tuple[tuple[Lookup, ...], str | None]:
    """The TLSA questions in order, and the base domain: the first candidate with a secure answer (DANE-11)."""
    asked: list[Lookup] = []
    for candidate in candidates:
        lookup = await _tlsa_of(look, candidate)
        asked.append(lookup)
        if lookup.secure and lookup.records:
            return tuple(asked), candidate
        if lookup.failed:  # DANE-04: a failed question is no absence, so the next candidate must not stand in
            break
    return tuple(asked), None


async def _tlsa_of(look: Look, base: str) -> Lookup:
    """TLSA at port 25 of `base`; in a laboratory also at the port spoken to, whichever has records."""
    port = look.settings.smtp_port
    if port == SMTP_PORT:
        return await look.ask(f"_{SMTP_PORT}._tcp.{base}", "TLSA")
    usual, actual = await together(*(look.ask(f"_{each}._tcp.{base}", "TLSA") for each in (SMTP_PORT, port)))
    return actual if actual.records and not usual.records else usual
