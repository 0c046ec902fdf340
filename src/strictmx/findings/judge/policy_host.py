"""Judge the policy host: address, connection, certificate, response (RFC 8461 section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from strictmx.findings import words
from strictmx.findings.catalogue import policy_host as kinds
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.findings.judge import certificate as certificates
from strictmx.findings.judge.published import Published, terms
from strictmx.findings.observation import Fetch, FetchStage
from strictmx.standards import sts
from strictmx.standards.certificates import Examination, FaultKind
from strictmx.standards.names import Name

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
_FAULTS = certificates.by_fault(kinds)
_RESPONSES = {
    sts.ResponseFault.STATUS: kinds.HTTP_STATUS,
    sts.ResponseFault.REDIRECT: kinds.REDIRECT,
    sts.ResponseFault.MEDIA_TYPE: kinds.MEDIA_TYPE,
    sts.ResponseFault.CONTENT_ENCODING: kinds.CONTENT_ENCODING,
}


def judge_policy_host(published: Published) -> Iterator[Finding]:
    """Findings about the policy host of a domain that publishes a record, right or wrong."""
    host = published.seen.policy_host
    if not published.intends_sts:
        return
    fetch = published.fetch
    if fetch is None:
        if not (host.a.failed or host.aaaa.failed):
            yield kinds.UNRESOLVABLE(host.host, Severity.ERROR, evidence=host.a.status.value)
        return
    yield from _judge_addresses(published)
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
            why=_why(fetch),
            seconds=max(1, round(fetch.elapsed_ms / 1000)),
            version=fetch.tls_version or kinds.OLD_VERSION,
            limit=sts.POLICY_BYTES,
        )


def by_chance(published: Published) -> bool:
    """Whether senders get the policy at some addresses of its host only, and do not try the others."""
    wrong, right = _by_address(published)
    return bool(right) and any(fetch.connected for fetch, _ in wrong)


def _judge_addresses(published: Published) -> Iterator[Finding]:
    wrong, right = _by_address(published)
    reasons = {why for _, why in wrong}
    if not wrong or (not right and len(reasons) == 1):
        return
    private = all(fetch.stage is FetchStage.NOT_ALLOWED for fetch, _ in wrong)
    kind, severity = kinds.ADDRESSES_PRIVATE if private else kinds.ADDRESSES_DEAD, Severity.NOTICE
    if not right:
        kind, severity = kinds.ADDRESSES_ALL_WRONG, Severity.WARNING
    elif any(fetch.connected for fetch, _ in wrong):
        kind, severity = kinds.ADDRESSES_DIFFER, Severity.WARNING
    yield kind(
        published.seen.policy_host.host,
        severity,
        evidence="; ".join(filter(None, (fetch.detail for fetch, _ in wrong))),
        bad=words.listed([fetch.address for fetch, _ in wrong]),
        good=words.listed([fetch.address for fetch in right]),
        first=next((fetch.address for fetch, _ in wrong if fetch.connected), wrong[0][0].address),
        why=" ".join(dict.fromkeys(why for _, why in wrong)),
        each=" ".join(kinds.AT_ADDRESS.format(address=fetch.address, why=why) for fetch, why in wrong),
    )


def _by_address(published: Published) -> tuple[list[tuple[Fetch, str]], list[Fetch]]:
    """The addresses that give no policy, or another one than the one that counts, and why; and those that do."""
    wrong: list[tuple[Fetch, str]] = []
    right: list[Fetch] = []
    counts = None if published.fetch is None else published.policy_at(published.fetch)
    for fetch in sorted(published.seen.policy_host.fetches, key=lambda one: (":" in one.address, one.address)):
        if fetch.stage is FetchStage.NO_ROUTE:  # says nothing about the host
            continue
        policy = published.policy_at(fetch)
        if policy is None:
            meanings = dict.fromkeys(kind.meaning for kind in _fault_kinds(published, fetch))
            wrong.append((fetch, " ".join(meanings) or kinds.NO_VALID_POLICY))
        elif terms(policy) != terms(counts):
            wrong.append((fetch, kinds.ANOTHER_POLICY))
        else:
            right.append(fetch)
    return wrong, right


def _fault_kinds(published: Published, fetch: Fetch) -> Iterator[Kind]:
    """What keeps senders from taking a policy at one address."""
    if fetch.chain:
        faults = published.examine(fetch.chain, Name(published.seen.policy_host.host)).faults
        yield from (_FAULTS[fault.kind] for fault in faults if fault.kind in _FAULTS)
    fault = sts.response_fault(fetch.status, fetch.media_type, fetch.content_encoding) if fetch.status else None
    if fault is not None:
        yield _RESPONSES[fault]
    if fetch.stage is not FetchStage.DONE:
        yield _STAGES[fetch.stage]


def _judge_certificate(host: str, certificate: Examination, published: Published) -> Iterator[Finding]:
    for fault in certificate.faults:
        if fault.kind in _FAULTS:
            facts = certificates.fault_facts(host, fault, certificate, published)
            yield _FAULTS[fault.kind](host, Severity.ERROR, evidence=fault.detail, **facts)
    ending = certificate.expires_soon(published.at)
    if ending is not None and not certificate.of(FaultKind.EXPIRED):
        facts = certificates.ending_facts(host, ending, published)
        yield kinds.CERTIFICATE_EXPIRES_SOON(host, Severity.WARNING, "", **facts)


def _why(fetch: Fetch) -> str:
    """Why no connection came about, in a clause."""
    if fetch.stage is FetchStage.CONNECT_TIMEOUT:
        return kinds.NO_ANSWER_IN_TIME
    return fetch.detail or kinds.NETWORK_ERROR


def _judge_response(published: Published, host: str, fetch: Fetch) -> Iterator[Finding]:
    match published.response_fault:
        case sts.ResponseFault.STATUS:
            yield kinds.HTTP_STATUS(host, Severity.ERROR, status=fetch.status)
        case sts.ResponseFault.REDIRECT:
            yield kinds.REDIRECT(host, Severity.ERROR, status=fetch.status, location=fetch.location or kinds.NOWHERE)
        case sts.ResponseFault.MEDIA_TYPE:
            found = f"`{fetch.media_type}`" if fetch.media_type else kinds.NO_MEDIA_TYPE
            yield kinds.MEDIA_TYPE(host, Severity.ERROR, found=found)
        case sts.ResponseFault.CONTENT_ENCODING:
            yield kinds.CONTENT_ENCODING(host, Severity.ERROR, found=fetch.content_encoding)
        case None:
            pass
