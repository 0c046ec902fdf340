"""Judge a policy file by itself: its grammar, its max_age, patterns that are too wide for any domain (RFC 8461 3.2)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from strictmx.findings import words
from strictmx.findings.catalogue import policy as kinds
from strictmx.findings.catalogue import policy_host as host_kinds
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.standards import sts
from strictmx.standards.sts import Effect, PolicyFault, Stranger

MAX_AGE_SHORT = 86_400  # seconds; STS-30: below a day a warning
MAX_AGE_USUAL = 604_800  # seconds; STS-30: below a week a notice; the default of `policy new`
LINES_SHOWN = 10  # `mx` lines that a mend proposes

# Wildcards that providers recommend and that cover all their customers.
_TENANTS = {
    "mail.protection.outlook.com": "Microsoft 365",
    "mx.microsoft": "Microsoft 365",
    "pphosted.com": "Proofpoint",
}
_SEVERITY = {Effect.FATAL: Severity.ERROR, Effect.FORGIVEN: Severity.WARNING, Effect.HARMLESS: Severity.NOTICE}
_OLD_MODES = {"report": "testing", "test": "testing", "off": "none", "strict": "enforce", "live": "enforce"}
_KINDS: dict[PolicyFault, Kind] = {
    PolicyFault.ENCODING: kinds.ENCODING,
    PolicyFault.SYNTAX: kinds.INVALID,
    PolicyFault.NEAR_KEY: kinds.NEAR_KEY,
    PolicyFault.VERSION_MISSING: kinds.VERSION_MISSING,
    PolicyFault.VERSION: kinds.VERSION,
    PolicyFault.MODE_MISSING: kinds.MODE_MISSING,
    PolicyFault.MODE_INVALID: kinds.MODE_INVALID,
    PolicyFault.MAX_AGE_MISSING: kinds.MAX_AGE_MISSING,
    PolicyFault.MX_MISSING: kinds.MX_MISSING,
    PolicyFault.DUPLICATE_FIELD: kinds.DUPLICATE_FIELD,
}
_STRANGERS: dict[Stranger, Kind] = {
    Stranger.EMPTY: kinds.NOT_A_POLICY_EMPTY,
    Stranger.RICH_TEXT: kinds.NOT_A_POLICY_RICH_TEXT,
    Stranger.WEB_PAGE: kinds.NOT_A_POLICY_WEB_PAGE,
    Stranger.DNS_RECORD: kinds.NOT_A_POLICY_DNS_RECORD,
    Stranger.FRONT_MATTER: kinds.NOT_A_POLICY_FRONT_MATTER,
    Stranger.JSON: kinds.NOT_A_POLICY_JSON,
    Stranger.YAML: kinds.NOT_A_POLICY_YAML,
    Stranger.INDENTED: kinds.NOT_A_POLICY_INDENTED,
    Stranger.ONE_LINE: kinds.NOT_A_POLICY_ONE_LINE,
    Stranger.OTHER_TEXT: kinds.NOT_A_POLICY,
}
_MISSPELT: dict[PolicyFault, Kind] = {  # a missing key that is there under another name
    PolicyFault.VERSION_MISSING: kinds.VERSION_MISSPELT,
    PolicyFault.MODE_MISSING: kinds.MODE_MISSPELT,
    PolicyFault.MAX_AGE_MISSING: kinds.MAX_AGE_MISSPELT,
    PolicyFault.MX_MISSING: kinds.MX_MISSPELT,
}
_LINE_ENDINGS = {
    Effect.FATAL: kinds.LINE_CR,
    Effect.FORGIVEN: kinds.LINE_EMPTY,
    Effect.HARMLESS: kinds.LINE_ENDING,
}


def lint(data: bytes, media_type: str | None = None, *, subject: str = "policy") -> tuple[Finding, ...]:
    """Findings about a file alone, worst first, as `policy lint` prints them. Its mode is no fault of a file (STS-29).

    data: the file. media_type: the Content-Type it was served with; None when it was not served.
    """
    findings: list[Finding] = []
    if media_type is not None and sts.response_fault(200, media_type, None):
        findings.append(host_kinds.MEDIA_TYPE(subject, Severity.ERROR, found=f"`{media_type}`"))
    if len(data) > sts.POLICY_BYTES:
        findings.append(host_kinds.TOO_LARGE_FILE(subject, Severity.ERROR, limit=sts.POLICY_BYTES))
    else:
        reading = sts.read_policy(data)
        findings += judge_file(reading, subject, File())
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank))


@dataclass(frozen=True, slots=True)
class File:
    """What is known around a file, for the mends: its domain, the present MX hosts, the record that a change needs."""

    domain: str = kinds.SOME_DOMAIN
    mx_hosts: tuple[str, ...] = ()
    new_record: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What every wording about a policy may print."""
        record = (":", self.new_record) if self.new_record else (".",)
        return {"domain": self.domain, "lines": mx_lines(self.mx_hosts), "record": record}


def judge_file(reading: sts.PolicyReading, subject: str, file: File) -> Iterator[Finding]:
    """A finding for each rule that the file bends, and for what weakens any policy."""
    for fault in reading.faults:
        yield _judge_fault(fault, subject, file)
        if fault.kind is PolicyFault.VERSION_MISSING:  # STS-20: without its version a file is no policy at all
            yield kinds.INVALID(subject, Severity.ERROR, reason=fault.reason, where="", **file.facts)
    policy = reading.policy
    if policy is not None and policy.mode is not sts.Mode.NONE:
        yield from _judge_max_age(policy.max_age, subject, file)
        yield from _judge_wildcards(policy, subject, file)


def _judge_fault(fault: sts.Fault, subject: str, file: File) -> Finding:
    meant = sts.meant_patterns(fault.found) if fault.kind is PolicyFault.MX_INVALID else ()
    more = kinds.MORE.format(count=fault.more) if fault.more else ""
    return _kind_of(fault, meant)(
        subject,
        _SEVERITY[fault.effect],
        evidence=kinds.EVIDENCE.format(rule=fault.rule, line=fault.line) if fault.line else str(fault.rule),
        reason=fault.reason + more,
        found=fault.found,
        line=fault.line,
        value=fault.found.partition(":")[2].strip(),
        where=kinds.IN_LINE.format(line=fault.line, found=fault.found) if fault.line else "",
        nearest=_nearest_mode(fault.found),
        meant=mx_lines(meant),
        **file.facts,
    )


def _kind_of(fault: sts.Fault, meant: Sequence[str]) -> Kind:
    """The wording for a fault; some kinds have one for each of their faces."""
    if fault.stranger is not None:
        return _STRANGERS[fault.stranger]
    if fault.kind is PolicyFault.LINE_ENDING:
        return _LINE_ENDINGS[fault.effect]
    if fault.kind is PolicyFault.MAX_AGE_INVALID:
        return kinds.MAX_AGE_INVALID if fault.effect is Effect.FATAL else kinds.MAX_AGE_HIGH
    if fault.kind is PolicyFault.MX_INVALID:
        return kinds.MX_INVALID_NEAR if meant else kinds.MX_INVALID
    if fault.kind is PolicyFault.ENCODING and fault.line:
        return kinds.ENCODING_CONTROL
    if fault.kind in _MISSPELT and fault.line:
        return _MISSPELT[fault.kind]
    return _KINDS[fault.kind]


def _nearest_mode(found: str) -> str:
    """The mode that somebody who wrote `found` most likely meant; testing when it cannot be told."""
    word = found.lower()
    if word in _OLD_MODES:
        return _OLD_MODES[word]
    near = difflib.get_close_matches(word, [mode.value for mode in sts.Mode], n=1, cutoff=0.5)
    return near[0] if near else sts.Mode.TESTING.value


def mx_lines(mx_hosts: Sequence[str]) -> tuple[str, ...]:
    """The `mx` lines of a policy for these hosts, ready to paste."""
    return tuple(kinds.MX_LINE.format(host=host) for host in mx_hosts[:LINES_SHOWN]) or (
        kinds.MX_LINE.format(host=kinds.SOME_HOST),
    )


def _judge_max_age(max_age: int, subject: str, file: File) -> Iterator[Finding]:
    """A max_age that is short, or looks as if a digit were lost (STS-30)."""
    whole = next((usual for usual in kinds.USUAL_AGES if str(max_age) == usual[:-1]), None)
    if max_age >= MAX_AGE_USUAL and whole is None:
        return
    severity = Severity.WARNING if max_age < MAX_AGE_SHORT else Severity.NOTICE
    kind = kinds.MAX_AGE_BELOW_A_DAY if max_age < MAX_AGE_SHORT else kinds.MAX_AGE_SHORT
    kind = kind if whole is None else kinds.MAX_AGE_LOST_DIGIT
    yield kind(
        subject,
        severity,
        age=words.duration(max_age),
        max_age=max_age,
        proposal=whole or MAX_AGE_USUAL,
        meant=kinds.USUAL_AGES.get(whole or "", ""),
        **file.facts,
    )


def _judge_wildcards(policy: sts.Policy, subject: str, file: File) -> Iterator[Finding]:
    """Wildcards that cover a whole top-level domain, or every customer of a provider (STS-31)."""
    for pattern in policy.mx:
        if not pattern.wildcard:
            continue
        facts = file.facts | {"pattern": f"`{pattern}`", "name": str(pattern.name)}
        if "." not in pattern.name:
            yield kinds.WILDCARD_BROAD(subject, Severity.WARNING, **facts)
        elif pattern.name in _TENANTS:
            yield kinds.WILDCARD_TENANTS(subject, Severity.NOTICE, provider=_TENANTS[pattern.name], **facts)
