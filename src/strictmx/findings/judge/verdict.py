"""The verdict: is mail to the domain protected? It speaks of protection alone (design: check --json)."""

from __future__ import annotations

from collections.abc import Sequence

from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.published import Published
from strictmx.findings.judge.sessions import HostView
from strictmx.findings.result import DaneStatus, Verdict

# Warnings that say: what protects now ends soon.
_ENDING = frozenset({"mx-certificate-expires-soon", "policy-host-certificate-expires-soon"})


def protected_by_dane(published: Published, hosts: Sequence[HostView]) -> bool:
    """Whether DANE protects mail to the domain: a signed MX answer, and a match at every MX host (DANE-06)."""
    return bool(hosts) and published.seen.mx.secure and all(_matched(host) for host in hosts)


def relies_on_dane(published: Published, hosts: Sequence[HostView]) -> bool:
    """Whether the domain has chosen DANE for all its MX hosts, well or badly done."""
    return bool(hosts) and published.seen.mx.secure and all(host.tlsa.applies for host in hosts)


def _matched(host: HostView) -> bool:
    return host.dane_status is DaneStatus.MATCH and host.delivers.dane is True


def verdict(published: Published, hosts: Sequence[HostView], findings: Sequence[Finding]) -> Verdict:
    """The verdict over a domain's hosts and findings."""
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Verdict.BROKEN
    policy = published.applied_policy
    if not hosts:
        return Verdict.NONE
    satisfied = policy is not None and all(host.delivers.sts is True for host in hosts)
    if protected_by_dane(published, hosts) or (published.enforced and satisfied):
        return Verdict.PARTIAL if _ends_soon(findings) else Verdict.SECURE
    if satisfied:
        return Verdict.PARTIAL if _ends_soon(findings) else Verdict.TESTING
    if policy is not None or any(_matched(host) for host in hosts):
        return Verdict.PARTIAL
    return Verdict.NONE


def _ends_soon(findings: Sequence[Finding]) -> bool:
    return any(finding.code in _ENDING and finding.severity is Severity.WARNING for finding in findings)
