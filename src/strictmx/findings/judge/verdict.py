"""The verdict: is mail to the domain protected? It speaks of protection alone (design: check --json)."""

from __future__ import annotations

from collections.abc import Sequence

from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.host import HostView
from strictmx.findings.judge.policy_host import by_chance
from strictmx.findings.judge.published import Published
from strictmx.findings.result import Verdict


def verdict(published: Published, hosts: Sequence[HostView], findings: Sequence[Finding]) -> Verdict:
    """The verdict over a domain's hosts and findings."""
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Verdict.BROKEN
    policy = published.applied_policy
    if not hosts:
        return Verdict.NONE
    by_dane = published.seen.mx.secure and all(host.protected_by_dane for host in hosts)
    by_policy = policy is not None and all(host.delivers.sts is True for host in hosts)
    dane_lasts = not any(host.dane_ends_soon for host in hosts)
    policy_lasts = not (
        by_chance(published) or published.policy_host_ends_soon or any(host.certificate_ends_soon for host in hosts)
    )
    if (by_dane and dane_lasts) or (by_policy and policy_lasts and published.enforced):
        return Verdict.SECURE
    if by_policy and policy_lasts and not by_dane:
        return Verdict.TESTING
    if policy is not None or published.policy_unknown or any(_dane_at(host) for host in hosts):
        return Verdict.PARTIAL
    return Verdict.NONE


def _dane_at(host: HostView) -> bool:
    """Whether DANE protects the host, or may: its records apply and it could not be looked at."""
    return host.protected_by_dane or (host.context.tlsa.applies and host.dane_status is None)
