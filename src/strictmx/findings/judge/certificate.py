"""Judge a certificate that a policy host or an MX host shows: its faults as kinds, and the facts that they print."""

from __future__ import annotations

from typing import Protocol

from strictmx.findings import words
from strictmx.findings.catalogue import certificate as texts
from strictmx.findings.finding import Kind
from strictmx.findings.judge.published import Published
from strictmx.standards.certificates import Examination, Fault, FaultKind, Validity

NAMES_SHOWN = 4  # names of a certificate that a message lists


class CertificateKinds(Protocol):
    """A module of the catalogue that has a wording for each fault of a certificate."""

    CERTIFICATE_EXPIRED: Kind
    CERTIFICATE_NOT_YET_VALID: Kind
    CERTIFICATE_NAME_MISMATCH: Kind
    CERTIFICATE_NO_SAN: Kind
    CERTIFICATE_SELF_SIGNED: Kind
    CERTIFICATE_UNTRUSTED: Kind
    CHAIN_INCOMPLETE: Kind


def by_fault(kinds: CertificateKinds) -> dict[FaultKind, Kind]:
    """The kind for each fault that makes senders refuse; weakness is left to local policy, so it is not here."""
    return {
        FaultKind.EXPIRED: kinds.CERTIFICATE_EXPIRED,
        FaultKind.NOT_YET_VALID: kinds.CERTIFICATE_NOT_YET_VALID,
        FaultKind.NAME_MISMATCH: kinds.CERTIFICATE_NAME_MISMATCH,
        FaultKind.NO_SAN: kinds.CERTIFICATE_NO_SAN,
        FaultKind.SELF_SIGNED: kinds.CERTIFICATE_SELF_SIGNED,
        FaultKind.UNTRUSTED: kinds.CERTIFICATE_UNTRUSTED,
        FaultKind.CHAIN_INCOMPLETE: kinds.CHAIN_INCOMPLETE,
        FaultKind.CONSTRAINT: kinds.CERTIFICATE_UNTRUSTED,
        FaultKind.UNREADABLE: kinds.CERTIFICATE_UNTRUSTED,
    }


def fault_facts(host: str, fault: Fault, certificate: Examination, published: Published) -> dict[str, object]:
    """The facts of a fault that any wording of it may print."""
    presented = words.listed([f"`{name}`" for name in fault.presented], most=NAMES_SHOWN)
    common = f"`{certificate.common_name}`" if certificate.common_name else texts.NO_NAME
    return {
        "certificate": _whose(host, fault.position, fault.subject),
        "not_before": words.day(fault.not_before) if fault.not_before else "",
        "not_after": words.day(fault.not_after) if fault.not_after else "",
        "ago": words.ago(fault.not_after, published.at) if fault.not_after else "",
        "presented": presented or common,
        "issuer": f"`{fault.issuer or certificate.issuer}`",
        "why": f" ({fault.detail})" if fault.detail else "",
    }


def ending_facts(host: str, ending: Validity, published: Published) -> dict[str, object]:
    """The facts of a certificate that ends soon."""
    return {
        "certificate": _whose(host, ending.position, ending.subject),
        "not_after": words.day(ending.not_after),
        "left": words.left(ending.not_after, published.at),
    }


def _whose(host: str, position: int | None, subject: str) -> str:
    """Whose certificate a message speaks of: the host's own, or one that it rests on."""
    if position == 0:
        return host
    role = texts.TRUST_ANCHOR if position is None else texts.INTERMEDIATE
    return role.format(subject=subject, host=host)
