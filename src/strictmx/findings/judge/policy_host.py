"""Judge the policy host: address, connection, certificate, response (RFC 8461 section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from strictmx.findings import words
from strictmx.findings.catalogue import policy_host as kinds
from strictmx.findings.finding import Finding, Kind, Severity, listed
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import Fetch, FetchStage
from strictmx.standards import sts
from strictmx.standards.certificates import Examination, Fault, FaultKind

NAMES_SHOWN = 4  # names of a certificate that a message lists

_STAGES: dict[FetchStage, Kind] = {
    FetchStage.NO_ROUTE: kinds.UNREACHABLE_FROM_HERE,
    FetchStage.NOT_ALLOWED: kinds.UNREACHABLE_PRIVATE,
    FetchStage.CONNECT_REFUSED: kinds.UNREACHABLE,
    FetchStage.CONNECT_TIMEOUT: kinds.UNREACHABLE_NETWORK,
    FetchStage.CONNECT_FAILED: kinds.UNREACHABLE_NETWORK,
    FetchStage.TLS_FAILED: kinds.UNREACHABLE_TLS,
    FetchStage.TLS_TOO_OLD: kinds.TLS_TOO_OLD,
    FetchStage.TIMEOUT: kinds.TIMEOUT,
    FetchStage.NOT_HTTP: kinds.UNREACHABLE_HTTP,
    FetchStage.TOO_LARGE: kinds.TOO_LARGE,
}
_REASONS = {
    FetchStage.CONNECT_TIMEOUT: "it did not answer within the time",
}
_FAULTS: dict[FaultKind, Kind] = {
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


def judge_policy_host(published: Published) -> Iterator[Finding]:
    """Findings about the policy host of a domain that publishes a record, right or wrong."""
    host = published.seen.policy_host
    if not published.intends_sts:
        return
    if host.fetch is None:
        if not (host.a.failed or host.aaaa.failed):
            yield kinds.UNRESOLVABLE(host.host, Severity.ERROR, evidence=host.a.status.value)
        return
    fetch = host.fetch
    if published.host_certificate is not None:
        yield from _judge_certificate(host.host, published.host_certificate, published)
    if fetch.stage in (FetchStage.DONE, FetchStage.TOO_LARGE):
        yield from _judge_response(published, host.host, fetch)
    if fetch.stage is not FetchStage.DONE:
        yield _STAGES[fetch.stage](
            host.host,
            Severity.WARNING if fetch.stage is FetchStage.NO_ROUTE else Severity.ERROR,
            evidence=fetch.detail,
            address=fetch.address,
            why=_REASONS.get(fetch.stage, fetch.detail or "the network reports an error"),
            seconds=max(1.0, fetch.elapsed_ms / 1000),
            version=fetch.tls_version or "an old version of TLS",
            limit=sts.POLICY_BYTES,
        )


def _judge_certificate(host: str, certificate: Examination, published: Published) -> Iterator[Finding]:
    for fault in certificate.faults:
        if fault.kind in _FAULTS:
            facts = certificate_facts(host, fault, certificate, published)
            yield _FAULTS[fault.kind](host, Severity.ERROR, evidence=fault.detail, **facts)
    ending = certificate.expires_soon(published.at)
    if ending is not None and not certificate.of(FaultKind.EXPIRED):
        yield kinds.CERTIFICATE_EXPIRES_SOON(
            host,
            Severity.WARNING,
            certificate=whose(host, ending.position, ending.subject),
            not_after=ending.not_after,
            left=words.left(ending.not_after, published.at),
        )


def _judge_response(published: Published, host: str, fetch: Fetch) -> Iterator[Finding]:
    match published.response_fault:
        case sts.ResponseFault.STATUS:
            yield kinds.HTTP_STATUS(host, Severity.ERROR, status=fetch.status)
        case sts.ResponseFault.REDIRECT:
            yield kinds.REDIRECT(host, Severity.ERROR, status=fetch.status, location=fetch.location or "nowhere")
        case sts.ResponseFault.MEDIA_TYPE:
            found = f"`{fetch.media_type}`" if fetch.media_type else "no media type at all"
            yield kinds.MEDIA_TYPE(host, Severity.ERROR, found=found)
        case sts.ResponseFault.CONTENT_ENCODING:
            yield kinds.CONTENT_ENCODING(host, Severity.ERROR, found=fetch.content_encoding)
        case None:
            pass


def whose(host: str, position: int | None, subject: str) -> str:
    """Whose certificate a message speaks of: the host's own, or one that it rests on."""
    if position == 0:
        return host
    role = "the trust anchor" if position is None else "the intermediate"
    return f"{role} {subject}, on which {host} rests,"


def certificate_facts(host: str, fault: Fault, certificate: Examination, published: Published) -> dict[str, object]:
    """The facts of a certificate fault that any wording of it may print."""
    presented = listed([f"`{name}`" for name in fault.presented], most=NAMES_SHOWN)
    common = f"`{certificate.common_name}`" if certificate.common_name else "no name at all"
    return {
        "certificate": whose(host, fault.position, fault.subject),
        "not_before": fault.not_before,
        "not_after": fault.not_after,
        "ago": words.ago(fault.not_after, published.at) if fault.not_after else "",
        "presented": presented or common,
        "issuer": f"`{fault.issuer}`" if fault.issuer else f"`{certificate.issuer}`",
        "why": f" ({fault.detail})" if fault.detail else "",
    }
