"""Observations for tests: `healthy()` is a domain with nothing to mend; each test changes what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from strictmx.findings.observation import (
    Fetch,
    FetchStage,
    Lookup,
    LookupStatus,
    MxHost,
    Observation,
    PolicyHost,
    Probe,
    ProbeStage,
    ReportUri,
)
from tests.certificates import AT, Made, authority, server

DOMAIN = "shop.example"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx1.shop.example\r\nmx: mx2.shop.example\r\nmax_age: 604800\r\n"


@cache
def root() -> Made:
    return authority("Test Root")


@cache
def intermediate() -> Made:
    return authority("Test Intermediate", root())


@cache
def chain(*names: str) -> tuple[bytes, ...]:
    """A healthy chain for these names."""
    return server(intermediate(), *names).der, intermediate().der


def change(plain: Any, **changes: object) -> Any:
    """A copy of an observation, or of a part of one."""
    return msgspec.structs.replace(plain, **changes)


def lookup(name: str, kind: str, *records: str, status: LookupStatus | None = None, **more: Any) -> Lookup:
    """An answer; without records NODATA, unless told otherwise."""
    return Lookup(name, kind, status or (LookupStatus.ANSWER if records else LookupStatus.NODATA), records, **more)


def probe(host: str, address: str = "192.0.2.1", **changes: Any) -> Probe:
    """A session that ended well."""
    good = Probe(
        address=address,
        stage=ProbeStage.DONE,
        sni=host,
        helo=host,
        starttls=True,
        tls_version="TLSv1.3",
        chain=chain(host),
    )
    return change(good, **changes)  # type: ignore[no-any-return]


def stopped(host: str, stage: ProbeStage, address: str = "192.0.2.1", **changes: Any) -> Probe:
    """A session that ended at an earlier stage."""
    later = {ProbeStage.NO_STARTTLS: False, ProbeStage.STARTTLS_REFUSED: True}
    return probe(
        host,
        address,
        stage=stage,
        chain=(),
        tls_version=None,
        starttls=later.get(stage, True if stage in (ProbeStage.HANDSHAKE_FAILED, ProbeStage.INJECTED) else None),
        **changes,
    )


def mx_host(host: str, *probes: Probe, preference: int = 10, secure: bool = False, **changes: Any) -> MxHost:
    """A host with the addresses of its probes; by default one session that ended well."""
    sessions = probes or (probe(host),)
    addresses = [one.address for one in sessions]
    good = MxHost(
        host=host,
        preference=preference,
        a=lookup(host, "A", *[one for one in addresses if ":" not in one], secure=secure),
        aaaa=lookup(host, "AAAA", *[one for one in addresses if ":" in one], secure=secure),
        probes=sessions,
    )
    return change(good, **changes)  # type: ignore[no-any-return]


def signed(host: str, *tlsa: str, **changes: Any) -> MxHost:
    """A host in a signed zone with these TLSA records."""
    records = lookup(f"_25._tcp.{host}", "TLSA", *tlsa, secure=True)
    return mx_host(host, secure=True, tlsa=(records,), tlsa_base=host if tlsa else None, **changes)


def fetch(text: str = POLICY, **changes: Any) -> Fetch:
    """A whole response with this body."""
    host = f"mta-sts.{DOMAIN}"
    body = text.encode().decode("latin-1")
    good = Fetch(
        stage=FetchStage.DONE,
        address="192.0.2.80",
        tls_version="TLSv1.3",
        chain=chain(host),
        status=200,
        media_type="text/plain",
        body=body,
        bytes_read=len(body),
    )
    return change(good, **changes)  # type: ignore[no-any-return]


def policy_host(answer: Fetch | None, **changes: Any) -> PolicyHost:
    """The policy host with what it answered; None: it has no address."""
    host = f"mta-sts.{DOMAIN}"
    address = ("192.0.2.80",) if answer is not None else ()
    good = PolicyHost(host, lookup(host, "A", *address), lookup(host, "AAAA"), answer)
    return change(good, **changes)  # type: ignore[no-any-return]


def healthy(hosts: Sequence[MxHost] | None = None, *, policy: str = POLICY, **changes: Any) -> Observation:
    """A domain with an enforced policy that two MX hosts satisfy, and a TLSRPT record."""
    names = ["mx1.shop.example", "mx2.shop.example"]
    seen = tuple(mx_host(name) for name in names) if hosts is None else tuple(hosts)
    uri = f"mailto:tlsrpt@{DOMAIN}"
    mx = lookup(DOMAIN, "MX", *[f"{host.preference} {host.host}" for host in seen])
    good = Observation(
        domain=DOMAIN,
        observed_at=AT,
        elapsed_ms=120,
        validating=True,
        sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=1;"),
        policy_host=policy_host(fetch(policy)),
        tlsrpt=lookup(f"_smtp._tls.{DOMAIN}", "TXT", f"v=TLSRPTv1; rua={uri}"),
        report_uris=(ReportUri(uri, DOMAIN, (mx,)),),
        mx=mx,
        hosts=seen,
        anchors=(root().der,),
    )
    return change(good, **changes)  # type: ignore[no-any-return]


def without_sts(observation: Observation) -> Observation:
    """The same domain, publishing nothing of MTA-STS."""
    return change(  # type: ignore[no-any-return]
        observation, sts=lookup(f"_mta-sts.{DOMAIN}", "TXT"), policy_host=policy_host(None)
    )
