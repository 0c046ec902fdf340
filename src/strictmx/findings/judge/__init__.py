"""Judge an observation: every subject has its function, all run, none stops the rest.

Pure, as of the observation's own time; an observation saved last year can be judged by today's catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from strictmx.findings.catalogue import mx as mx_kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge import facts
from strictmx.findings.judge.dns import judge_dns
from strictmx.findings.judge.host import HostView, judge_mx_signature, port_25_blocked
from strictmx.findings.judge.mx_records import judge_mx_records
from strictmx.findings.judge.policy import judge_coverage, judge_policy
from strictmx.findings.judge.policy_host import judge_policy_host
from strictmx.findings.judge.published import Published
from strictmx.findings.judge.sts_record import judge_record
from strictmx.findings.judge.tlsrpt import judge_tlsrpt
from strictmx.findings.judge.verdict import verdict
from strictmx.findings.observation import Observation
from strictmx.findings.result import CheckResult, RelatedFacts


def judge(observation: Observation, *, related: bool = False) -> CheckResult:
    """The findings, worst first, the verdict, and the facts beneath. Never raises on content.

    related: judge also what belongs beside it, as far as the observation holds that; only then the packages of the
    extra `related` are needed. The verdict rests on the rest alone.
    """
    published = Published(observation)
    blocked = port_25_blocked(published)
    hosts = tuple(HostView.of(published, seen, blocked=blocked) for seen in observation.hosts)
    findings = _sorted(_findings(published, hosts))
    beside, notices = _related(published) if related else (None, ())
    return CheckResult(
        domain=observation.domain,
        verdict=verdict(published, hosts, findings),
        findings=_sorted((*findings, *notices)),
        sts=facts.sts_facts(published),
        tlsrpt=facts.tlsrpt_facts(published),
        mx=tuple(facts.mx_facts(host) for host in hosts),
        dnssec=facts.dnssec_facts(published),
        observed_at=observation.observed_at,
        elapsed_ms=observation.elapsed_ms,
        related=beside,
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank))


def _findings(published: Published, hosts: Sequence[HostView]) -> Iterator[Finding]:
    yield from judge_dns(published)
    yield from judge_mx_records(published)
    yield from judge_record(published, _dane_hosts(published, hosts))
    yield from judge_policy_host(published)
    yield from judge_policy(published)
    yield from judge_coverage(published)
    if any(host.context.blocked for host in hosts):
        yield mx_kinds.UNREACHABLE_BLOCKED(published.domain, Severity.WARNING, domain=published.domain)
    for host in hosts:
        yield from host.findings()
    yield from judge_mx_signature(published, hosts)
    yield from judge_tlsrpt(published)


def _related(published: Published) -> tuple[RelatedFacts | None, tuple[Finding, ...]]:
    if published.seen.related is None:
        return None, ()
    from strictmx.findings.judge.related import judge_related  # reads by a library of 0.6 s, an optional one

    return judge_related(published, published.seen.related)


def _dane_hosts(published: Published, hosts: Sequence[HostView]) -> tuple[str, ...]:
    """The MX hosts for which the domain has chosen DANE, well or badly done, and that a signed MX answer names."""
    return tuple(host.context.seen.host for host in hosts if published.seen.mx.secure and host.context.tlsa.applies)
