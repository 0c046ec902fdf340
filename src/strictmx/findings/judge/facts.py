"""The facts beneath a verdict, in the form of `check --json`."""

from __future__ import annotations

from strictmx.findings.catalogue import dns as dane_kinds
from strictmx.findings.catalogue import mx as kinds
from strictmx.findings.judge import certificate as certificates
from strictmx.findings.judge.address import AddressView
from strictmx.findings.judge.host import HostView
from strictmx.findings.judge.published import Published
from strictmx.findings.result import (
    AddressFacts,
    CertificateFacts,
    DaneFacts,
    DnssecFacts,
    FetchFacts,
    MxFacts,
    PolicyFacts,
    RecordFacts,
    StsFacts,
    TlsrptFacts,
    timestamp,
)

_UNTESTED = kinds.ADDRESS_NOT_TESTED.code
_CERTIFICATE_FAULTS = frozenset(
    kind.code for kind in (*certificates.by_fault(kinds).values(), kinds.CERTIFICATE_WEAK)
)  # one that ends soon has no fault yet


def sts_facts(published: Published) -> StsFacts | None:
    """Record, policy and fetch; None for a domain that publishes nothing of MTA-STS."""
    fetch, reading = published.fetch, published.record
    answered = None
    body = ""
    if fetch is not None and fetch.status is not None:
        body = fetch.body.encode("latin-1").decode("utf-8", "replace")
        answered = FetchFacts(status=fetch.status, media_type=fetch.media_type, bytes=fetch.bytes_read, text=body)
    if answered is None and not reading.candidates:
        return None
    record = reading.record
    policy = published.fetched_policy
    return StsFacts(
        record=RecordFacts(txt=reading.candidates[0], id=record.id) if record is not None else None,
        policy=PolicyFacts(mode=policy.mode.value, mx=tuple(map(str, policy.mx)), max_age=policy.max_age, text=body)
        if policy is not None
        else None,
        fetch=answered,
    )


def tlsrpt_facts(published: Published) -> TlsrptFacts | None:
    """The TLSRPT record that senders follow; None when they see none."""
    reading = published.tlsrpt
    if reading.record is None:
        return None
    return TlsrptFacts(record=reading.candidates[0], rua=tuple(address.uri for address in reading.record.rua))


def mx_facts(host: HostView) -> MxFacts:
    """One MX host: the worst of its addresses."""
    tested = host.tested
    addresses = tuple(_address_facts(address) for address in host.addresses)
    shown = [facts for facts in (_certificate_facts(address) for address in tested) if facts is not None]
    offered = [address.probe.starttls for address in tested if address.probe.starttls is not None]
    versions = [address.probe.tls_version or "" for address in tested if address.probe.greeted]
    return MxFacts(
        host=host.context.seen.host,
        preference=host.context.seen.preference,
        matches_policy=host.context.matches_policy,
        starttls=all(offered) if offered else None,
        tls_version=min(versions, default="") or None,
        certificate=max(shown, key=lambda facts: len(facts.faults), default=None),
        dane=DaneFacts(records=tuple(map(str, host.context.tlsa.records)), status=host.dane_status),
        delivers=host.delivers,
        addresses=addresses,
    )


def _address_facts(address: AddressView) -> AddressFacts:
    codes = tuple(code for code in address.codes if code != dane_kinds.DANE_OK.code)
    return AddressFacts(
        address=address.probe.address,
        starttls=address.probe.starttls,
        tls_version=address.probe.tls_version,
        certificate=_certificate_facts(address),
        findings=codes if address.tested else (_UNTESTED,),
        delivers=address.delivers,
    )


def _certificate_facts(address: AddressView) -> CertificateFacts | None:
    certificate = address.certificate
    if certificate is None:
        return None
    return CertificateFacts(
        subject_alternative_names=certificate.subject_alternative_names,
        not_after=timestamp(certificate.not_after) if certificate.not_after is not None else None,
        issuer=certificate.issuer,
        faults=tuple(code for code in address.codes if code in _CERTIFICATE_FAULTS),
    )


def dnssec_facts(published: Published) -> DnssecFacts:
    """What a trusted validator vouched for."""
    lookups = [lookup for host in published.seen.hosts for lookup in (host.a, host.aaaa) if lookup is not None]
    answers = [lookup for lookup in lookups if lookup.records]
    return DnssecFacts(mx=published.seen.mx.secure, addresses=bool(answers) and all(one.secure for one in answers))
