"""Judge the policy file: its grammar (`policy lint`, `check`), and how it fits the domain (RFC 8461 3.2, 4.1)."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from strictmx.findings import words
from strictmx.findings.catalogue import mx as mx_kinds
from strictmx.findings.catalogue import policy as kinds
from strictmx.findings.catalogue import policy_host as host_kinds
from strictmx.findings.finding import Finding, Severity, listed
from strictmx.findings.judge.published import Published
from strictmx.standards import sts
from strictmx.standards.names import address_of
from strictmx.standards.sts import Effect, PolicyFault

MAX_AGE_SHORT = 86_400  # seconds; STS-30: below a day a warning
MAX_AGE_USUAL = 604_800  # seconds; STS-30: below a week a notice; the default of `policy new`
STALE_DAYS = 60  # mode none is a step of a withdrawal; the longest takes as long as the longest max_age served

PATTERNS_SHOWN = 4
# Names below which every customer of a provider has hosts; the wildcard is what the provider's manual recommends.
_TENANTS = {
    "mail.protection.outlook.com": "Microsoft 365",
    "mx.microsoft": "Microsoft 365",
    "google.com": "Google Workspace",
    "googlemail.com": "Google Workspace",
    "aspmx.l.google.com": "Google Workspace",
    "pphosted.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "messagelabs.com": "Symantec",
    "secureserver.net": "GoDaddy",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "ovh.net": "OVH",
}
_SEVERITY = {Effect.FATAL: Severity.ERROR, Effect.FORGIVEN: Severity.WARNING, Effect.HARMLESS: Severity.NOTICE}
_OLD_MODES = {"report": "testing", "test": "testing", "off": "none", "strict": "enforce", "live": "enforce"}


def lint(data: bytes, media_type: str | None = None, *, subject: str = "policy") -> tuple[Finding, ...]:
    """Findings about a file alone, as `policy lint` prints them.

    data: the file. media_type: the Content-Type it was served with; None when it was not served.
    """
    findings: list[Finding] = []
    if media_type is not None and sts.response_fault(200, media_type, None):
        findings.append(host_kinds.MEDIA_TYPE(subject, Severity.ERROR, found=f"`{media_type}`"))
    if len(data) > sts.POLICY_BYTES:
        findings.append(host_kinds.TOO_LARGE(subject, Severity.ERROR, limit=sts.POLICY_BYTES))
        return tuple(findings)
    reading = sts.read_policy(data)
    findings += judge_grammar(reading, subject, domain="DOMAIN", mx_hosts=())
    if reading.policy is not None:
        findings += _judge_max_age(reading.policy, subject)  # its mode is no fault of a file (STS-29)
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank))


def judge_policy(published: Published) -> Iterator[Finding]:
    """Findings about the file that the policy host serves."""
    reading = published.fetched_reading
    if reading is None or not published.intends_sts:
        return
    subject = published.seen.policy_host.host
    yield from judge_grammar(reading, subject, domain=published.domain, mx_hosts=published.mx_names)
    if reading.policy is None:
        return
    yield from _judge_max_age(reading.policy, subject)
    if reading.policy.mode is sts.Mode.NONE:
        yield from _judge_none(published, subject)
        return
    if reading.policy.mode is sts.Mode.TESTING:
        yield kinds.MODE_TESTING(subject, Severity.NOTICE)
    yield from _judge_patterns(published, reading.policy, subject)


def judge_grammar(
    reading: sts.PolicyReading, subject: str, *, domain: str, mx_hosts: Sequence[str]
) -> Iterator[Finding]:
    """One finding for each rule that the file bends."""
    for fault in reading.faults:
        yield _judge_fault(fault, subject, domain=domain, mx_hosts=mx_hosts)
        if fault.kind is PolicyFault.VERSION_MISSING:  # STS-20: without its version a file is no policy at all
            yield kinds.INVALID(subject, Severity.ERROR, reason=fault.reason, where="")


def _judge_fault(fault: sts.Fault, subject: str, *, domain: str, mx_hosts: Sequence[str]) -> Finding:
    kind = {
        PolicyFault.NOT_A_POLICY: kinds.NOT_A_POLICY,
        PolicyFault.ENCODING: kinds.ENCODING,
        PolicyFault.SYNTAX: kinds.INVALID,
        PolicyFault.VERSION_MISSING: kinds.VERSION_MISSING,
        PolicyFault.VERSION: kinds.VERSION,
        PolicyFault.MODE_MISSING: kinds.MODE_MISSING,
        PolicyFault.MODE_INVALID: kinds.MODE_INVALID,
        PolicyFault.MAX_AGE_MISSING: kinds.MAX_AGE_MISSING,
        PolicyFault.MX_MISSING: kinds.MX_MISSING,
        PolicyFault.MX_INVALID: kinds.MX_INVALID,
        PolicyFault.DUPLICATE_FIELD: kinds.DUPLICATE_FIELD,
        PolicyFault.MAX_AGE_INVALID: kinds.MAX_AGE_INVALID if fault.effect is Effect.FATAL else kinds.MAX_AGE_HIGH,
        PolicyFault.LINE_ENDING: {
            Effect.FATAL: kinds.LINE_CR,
            Effect.FORGIVEN: kinds.LINE_EMPTY,
            Effect.HARMLESS: kinds.LINE_ENDING,
        }[fault.effect],
    }[fault.kind]
    return kind(
        subject,
        _SEVERITY[fault.effect],
        evidence=f"{fault.rule}{f', line {fault.line}' if fault.line else ''}",
        reason=fault.reason,
        found=fault.found,
        line=fault.line,
        where=f" (line {fault.line}: `{fault.found}`)" if fault.line else "",
        domain=domain,
        nearest=_nearest_mode(fault.found),
        hint=f": here `mx: *{fault.found}`" if fault.found.startswith(".") else "",
        lines=mx_lines(mx_hosts),
    )


def _nearest_mode(found: str) -> str:
    """The mode that somebody who wrote `found` most likely meant; testing when it cannot be told."""
    word = found.lower()
    if word in _OLD_MODES:
        return _OLD_MODES[word]
    near = difflib.get_close_matches(word, [mode.value for mode in sts.Mode], n=1, cutoff=0.5)
    return near[0] if near else sts.Mode.TESTING.value


def mx_lines(mx_hosts: Sequence[str]) -> tuple[str, ...]:
    """The `mx` lines of a policy for these hosts, ready to paste."""
    return tuple(f"mx: {host}" for host in mx_hosts) or ("mx: YOUR-MX-HOST",)


def _judge_max_age(policy: sts.Policy, subject: str) -> Iterator[Finding]:
    if policy.mode is sts.Mode.NONE or policy.max_age >= MAX_AGE_USUAL:
        return
    severity = Severity.WARNING if policy.max_age < MAX_AGE_SHORT else Severity.NOTICE
    yield kinds.MAX_AGE_SHORT(
        subject,
        severity,
        age=words.duration(policy.max_age),
        max_age=policy.max_age,
        proposal=MAX_AGE_USUAL,
    )


def _judge_none(published: Published, subject: str) -> Iterator[Finding]:
    yield kinds.MODE_NONE(subject, Severity.NOTICE, domain=published.domain)
    record = published.record.record
    since = id_date(record.id, published.at) if record else None
    if since is not None and (published.at - since).days > STALE_DAYS:
        days = (published.at - since).days
        yield kinds.NONE_STALE(subject, Severity.WARNING, since=since, days=days, domain=published.domain)


def id_date(identifier: str, now: datetime) -> datetime | None:
    """The day that an id speaks of, where it is a date (`20260301…`) or Unix seconds; None where it is neither.

    Ids have no order (RFC 8461 section 3.1); this is a hint for people and decides nothing about a policy.
    """
    candidates = []
    if re.match(r"[0-9]{8}(?![0-9])|[0-9]{10,14}\Z", identifier):
        with contextlib.suppress(ValueError):
            candidates.append(datetime.strptime(identifier[:8], "%Y%m%d").replace(tzinfo=UTC))
    if re.match(r"[0-9]{10}\Z", identifier):
        candidates.append(datetime.fromtimestamp(int(identifier), UTC))
    earliest = datetime(2018, 9, 1, tzinfo=UTC)  # RFC 8461 is of September 2018
    return next((date for date in candidates if earliest <= date <= now), None)


def _judge_patterns(published: Published, policy: sts.Policy, subject: str) -> Iterator[Finding]:
    """How the patterns fit the present MX hosts: unused, broad, one label short."""
    hosts = published.mx_names
    for pattern in policy.mx:
        tenants = _TENANTS.get(pattern.name) if pattern.wildcard else None
        own = published.domain == pattern.name or published.domain.endswith(f".{pattern.name}")
        facts: dict[str, Any] = {
            "pattern": f"`{pattern}`",
            "name": pattern.name,
            "domain": published.domain,
            "lines": mx_lines(hosts),
        }
        if pattern.wildcard and own:
            yield kinds.WILDCARD_BROAD(subject, Severity.WARNING, **facts)
        elif tenants:
            yield kinds.WILDCARD_TENANTS(subject, Severity.NOTICE, provider=tenants, **facts)
        short = [host for host in hosts if stops_short(pattern, host) and not policy.matches(host)]
        for host in short:
            severity = Severity.ERROR if published.enforced else Severity.WARNING
            yield kinds.WILDCARD_DEPTH(subject, severity, host=host, labels=_labels_before(pattern, host), **facts)
        if hosts and not short and not any(pattern.matches(host) for host in hosts):
            yield kinds.MX_UNUSED(
                subject,
                Severity.NOTICE,
                pattern=str(pattern),
                domain=published.domain,
                present=listed(hosts, most=PATTERNS_SHOWN),
            )


def stops_short(pattern: sts.HostPattern, host: str) -> bool:
    """Whether a wildcard fails a host only by the number of labels before its name."""
    below = host == pattern.name or host.endswith(f".{pattern.name}")
    return pattern.wildcard and below and not pattern.matches(host)


def _labels_before(pattern: sts.HostPattern, host: str) -> str:
    count = host.count(".") - pattern.name.count(".")
    return {0: "none", 2: "two", 3: "three"}.get(count, str(count))


def judge_coverage(published: Published) -> Iterator[Finding]:
    """Present MX hosts that the policy does not name (STS-62)."""
    policy = published.fetched_policy
    if policy is None or policy.mode is sts.Mode.NONE or published.record.record is None:
        return
    enforced = policy.mode is sts.Mode.ENFORCE
    consequence = (
        "Senders that enforce the policy do not deliver to it."
        if enforced
        else "The policy is in testing mode, so mail still arrives; once it is enforced, senders do not deliver to it."
    )
    for host in published.mx_names:
        if not policy.matches(host) and address_of(host) is None:
            yield mx_kinds.NOT_IN_POLICY(
                host,
                Severity.ERROR if enforced else Severity.WARNING,
                patterns=listed([f"`{pattern}`" for pattern in policy.mx], most=PATTERNS_SHOWN),
                consequence=consequence,
            )
