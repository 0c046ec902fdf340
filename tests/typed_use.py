"""What a program that uses the library may rely on, as its author would write it: `import strictmx` and nothing else.

mypy holds the types, `tests/test_api.py` runs it against the laboratory.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

import strictmx

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 604800\r\n"
REPORT = b"""{"organization-name": "Example Inc.", "contact-info": "tlsrpt@example.net", "report-id": "1",
"date-range": {"start-datetime": "2026-11-24T00:00:00Z", "end-datetime": "2026-11-24T23:59:59Z"},
"policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.com"},
"summary": {"total-failure-session-count": 3}, "failure-details": [{"result-type": "certificate-expired",
"receiving-mx-hostname": "mx1.example.com", "failed-session-count": 3}]}]}"""


def policies() -> str:
    """A policy file: what senders make of it, and what is wrong."""
    policy, findings = strictmx.parse_policy(POLICY, "text/plain")
    assert_type(policy, strictmx.Policy | None)
    assert_type(findings, tuple[strictmx.Finding, ...])
    if policy is None:
        return findings[0].mend
    assert_type(policy.mode, strictmx.Mode)
    assert_type(policy.mx, tuple[strictmx.HostPattern, ...])
    assert_type(policy.max_age, int)
    assert_type(policy.matches("mx1.example.com"), bool)
    assert_type(policy.to_json(), dict[str, object])
    return f"{policy.mode.value} {policy.mx[0]} {policy.matches('mx1.example.com')}"


def reports() -> list[str]:
    """A TLS report: what it counts, which rules it bends; what is none raises."""
    report = strictmx.parse_report(REPORT)
    assert_type(report, strictmx.Report)
    assert_type(report.date_range, strictmx.DateRange)
    assert_type(report.deviations, tuple[strictmx.Deviation, ...])
    assert_type(report.to_json(), dict[str, Any])
    told = []
    for entry in report.policies:
        assert_type(entry, strictmx.PolicyReport)
        assert_type(entry.policy, strictmx.ReportedPolicy)
        assert_type(entry.summary, strictmx.Summary)
        counts = f"{entry.summary.total_successful_session_count} {entry.summary.total_failure_session_count}"
        told.append(
            f"{report.day} {report.organization_name} {entry.policy.policy_domain} {entry.policy.policy_type} {counts}"
        )
        for detail in entry.failure_details:
            assert_type(detail, strictmx.FailureDetails)
            told.append(f"{detail.result_type} {detail.receiving_mx_hostname} {detail.failed_session_count}")
    told += [f"{deviation.rule} {deviation.path}" for deviation in report.deviations]
    try:
        strictmx.parse_report(b"no report")
    except strictmx.ReportError as error:
        told.append(f"{error.rule} {error}")
    return told


async def domains(configuration: Path) -> list[str]:
    """Domains: verdict, findings, and what each kind of sender does at each MX host."""
    settings = strictmx.Settings.load(configuration)
    assert_type(settings, strictmx.Settings)
    told = []
    for domain in ("healthy-minimal.example", "mx-certificate-expired.example"):
        result = await strictmx.check(domain, settings)
        assert_type(result, strictmx.CheckResult)
        assert_type(result.verdict, strictmx.Verdict)
        assert_type(result.worst, strictmx.Severity)
        assert_type(result.observed_at, datetime)
        assert_type(result.to_json(), dict[str, Any])
        told.append(f"{result.domain} {result.verdict.value}")
        told += [finding.code for finding in result.findings if finding.severity is strictmx.Severity.ERROR]
        told += [described(host) for host in result.mx]
    return told


def described(host: strictmx.MxFacts) -> str:
    """An MX host, worst of its addresses; a fact is None where it could not be seen."""
    assert_type(host.certificate, strictmx.CertificateFacts | None)
    assert_type(host.dane.status, strictmx.DaneStatus | None)
    assert_type(host.delivers, strictmx.Delivers)
    assert_type(host.addresses, tuple[strictmx.AddressFacts, ...])
    faults = host.certificate.faults if host.certificate else ()
    return f"{host.host} {host.delivers.sts} {host.delivers.plain} {' '.join(faults)}".strip()


async def refused(directory: Path) -> list[str]:
    """What is raised is the caller's or this machine's fault, never the domain's."""
    told = []
    try:
        await strictmx.check("no domain")
    except strictmx.InvalidName as error:
        told.append(error.reason)
    missing = directory / "missing.toml"
    try:
        strictmx.Settings.load(missing)
    except strictmx.ConfigError as error:
        told += [fault.text for fault in error.faults]
    configuration = directory / "strictmx.toml"
    configuration.write_text('[internet]\ntrust = "missing.pem"\n')
    try:
        await strictmx.check("example.com", strictmx.Settings.load(configuration))
    except (strictmx.TrustError, strictmx.LocalFault) as error:
        told.append(str(error).rpartition("/")[2])
    return told
