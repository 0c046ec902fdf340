"""The library: what `strictmx.__all__` names, beside `Settings`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from strictmx.config import Settings
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.policy_file import lint
from strictmx.findings.result import CheckResult
from strictmx.standards import sts
from strictmx.standards.names import Name


def parse_policy(data: bytes, media_type: str | None = None) -> tuple[sts.Policy | None, tuple[Finding, ...]]:
    """Read a policy file as a sender does (RFC 8461 section 3.2). Never raises on content.

    data: the file. media_type: the Content-Type it was served with; None when it was not served.
    Returns the policy, None when a finding is an error, and the findings, worst first.
    """
    findings = lint(data, media_type)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return sts.read_policy(data).policy, findings


async def check(domain: str, settings: Settings | None = None, *, related: Sequence[str] | None = None) -> CheckResult:
    """Check a domain as a sender meets it: DNS, the policy over HTTPS, every address of every MX host over SMTP.

    domain: any case, U-labels admitted. settings: default the built-in configuration. Takes 30 seconds at most.
    related: DKIM selectors, to look also at SPF, DMARC, DKIM, CAA and DNSSEC; None: at nothing of that.
    Raises InvalidName (a ValueError): no mail domain; TrustError: the trust store cannot be read; ImportError:
    `related` needs the packages of `pip install 'strictmx[related]'`.
    """
    from strictmx.roles import check as role  # the network is loaded by who asks it; reading a policy needs none

    internet = (settings or Settings()).internet
    _, result = await role.check(Name.mail_domain(domain), internet, now=lambda: datetime.now(UTC), related=related)
    return result
