"""The functions of the library; `strictmx.__all__` names them, what they return and what they raise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import structs

from strictmx.config import Settings
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.policy_file import lint
from strictmx.findings.result import CheckResult
from strictmx.standards import sts, tlsrpt
from strictmx.standards.names import Name


def parse_policy(
    data: bytes, media_type: str | None = None, *, file_name: str = ""
) -> tuple[sts.Policy | None, tuple[Finding, ...]]:
    r"""Read a policy file as a sender does (RFC 8461 section 3.2). Never raises on content.

    data: the file. media_type: the Content-Type it was served with; None when it was not served.
    file_name: for the commands that a mend names, quoted as a shell takes it; empty where there is none.
    Returns the policy, None when a finding is an error, and the findings, worst first.

    >>> policy, findings = parse_policy(b"version: STSv1\nmode: none\nmax_age: 86400\n")
    >>> policy.mode.value, policy.max_age, [finding.code for finding in findings]
    ('none', 86400, ['policy-line-ending'])
    >>> policy, findings = parse_policy(b"version: STSv1\r\nmode: none\r\n")
    >>> policy, findings[0].code
    (None, 'policy-max-age-missing')
    """
    findings = lint(data, media_type, file_name=file_name)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return sts.read_policy(data).policy, findings


def parse_report(data: bytes) -> tlsrpt.Report:
    r"""Read one TLS report (RFC 8460 section 4), as forgiving as its senders need it.

    data: the JSON document, or a gzip file with it. The result has every rule that is bent in `.deviations`; a policy
    that cannot be counted is left out of `.policies` and told there, too.
    Raises ReportError (a ValueError) with `.rule` and `.found`: no report, one that cannot be counted, more than one,
    or larger than 64 MiB unpacked.

    >>> report = parse_report(b'''{"organization-name": "Example Inc.", "contact-info": "tlsrpt@example.net",
    ...     "report-id": "1", "date-range": {"start-datetime": "2026-11-24T00:00:00", "end-datetime":
    ...     "2026-11-24T23:59:59Z"}, "policies": [{"policy": {"policy-type": "no-policy-found", "policy-domain":
    ...     "example.com"}, "summary": {"total-successful-session-count": 7, "total-failure-session-count": 0}}]}''')
    >>> report.day, report.policies[0].summary.total_successful_session_count
    ('2026-11-24', 7)
    >>> [deviation.message for deviation in report.deviations]
    ['It has no offset; UTC is assumed.']
    """
    if tlsrpt.sniff(data) == "zip":
        raise tlsrpt.ReportError("DEV-12", "it is a zip archive; unpack the reports in it")
    unpacked, bent = tlsrpt.unpack(data, tlsrpt.DOCUMENT_BYTES)
    document, *others = tlsrpt.documents(unpacked)
    if others:
        raise tlsrpt.ReportError("RPT-40", f"it holds {1 + len(others)} documents; read each of them")
    report = tlsrpt.read_report(document)
    return structs.replace(report, deviations=(*bent, *report.deviations)) if bent else report


async def check(domain: str, settings: Settings | None = None, *, related: Sequence[str] | None = None) -> CheckResult:
    """Check a domain as a sender meets it: DNS, the policy over HTTPS, every address of every MX host over SMTP.

    domain: any case, U-labels admitted. settings: default the built-in configuration; no file is read.
    related: DKIM selectors, to look also at SPF, DMARC, DKIM, CAA and DNSSEC; None: at nothing of that.
    What the domain does never raises, it is in the result; `result.to_json()` is what `check --json` prints.
    Takes 30 seconds at most.
    Raises InvalidName or NoSelector (ValueErrors): no mail domain, no selector; TrustError: the trust store cannot be
    read; LocalFault: this machine has no room for a connection; ImportError: `related` needs the packages of
    `pip install 'strictmx[related]'`.

        result = asyncio.run(strictmx.check("example.com"))
        if result.verdict is strictmx.Verdict.BROKEN:
            print(result.findings[0].message)
    """
    from strictmx.roles import check as role  # the network is loaded by who asks it; reading a policy needs none
    from strictmx.standards.dkim import read_selectors

    internet = (settings or Settings()).internet
    selectors = None if related is None else read_selectors(related)
    _, result = await role.check(Name.mail_domain(domain), internet, now=lambda: datetime.now(UTC), related=selectors)
    return result
