"""Judge a policy file by itself: its grammar, its max_age, patterns that are too wide for any domain (RFC 8461 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from strictmx.findings import words
from strictmx.findings.catalogue import policy as kinds
from strictmx.findings.catalogue import policy_host as host_kinds
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.standards import sts
from strictmx.standards.names import Name
from strictmx.standards.sts import Effect, PolicyFault, Stranger
from strictmx.standards.suffixes import is_public_suffix

MAX_AGE_SHORT = 86_400  # seconds; STS-30: below a day a warning
MAX_AGE_USUAL = 604_800  # seconds; STS-30: below a week a notice; the default of `policy new`
LINES_SHOWN = 10  # `mx` lines that a mend proposes
PATTERNS_TOLD = 10  # patterns that are wrong by themselves; a file can hold thousands

_SEVERITY = {Effect.FATAL: Severity.ERROR, Effect.FORGIVEN: Severity.WARNING, Effect.HARMLESS: Severity.NOTICE}
_KINDS: dict[PolicyFault, Kind] = {
    PolicyFault.ENCODING: kinds.ENCODING,
    PolicyFault.CARRIAGE_RETURN: kinds.LINE_CR_WITHIN,
    PolicyFault.VERSION_MISSING: kinds.VERSION_MISSING,
    PolicyFault.VERSION: kinds.VERSION,
    PolicyFault.MODE_MISSING: kinds.MODE_MISSING,
    PolicyFault.MODE_INVALID: kinds.MODE_INVALID,
    PolicyFault.MAX_AGE_MISSING: kinds.MAX_AGE_MISSING,
    PolicyFault.MX_MISSING: kinds.MX_MISSING,
}
_STRANGERS: dict[Stranger, Kind] = {
    Stranger.EMPTY: kinds.NOT_A_POLICY_EMPTY,
    Stranger.RICH_TEXT: kinds.NOT_A_POLICY_RICH_TEXT,
    Stranger.BINARY: kinds.NOT_A_POLICY_BINARY,
    Stranger.WEB_PAGE: kinds.NOT_A_POLICY_WEB_PAGE,
    Stranger.DNS_RECORD: kinds.NOT_A_POLICY_DNS_RECORD,
    Stranger.FRONT_MATTER: kinds.NOT_A_POLICY_FRONT_MATTER,
    Stranger.JSON: kinds.NOT_A_POLICY_JSON,
    Stranger.YAML: kinds.NOT_A_POLICY_YAML,
    Stranger.INDENTED: kinds.NOT_A_POLICY_INDENTED,
    Stranger.ONE_LINE: kinds.NOT_A_POLICY_ONE_LINE,
    Stranger.DRESSED: kinds.NOT_A_POLICY_DRESSED,
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


def lint(
    data: bytes,
    media_type: str | None = None,
    *,
    subject: str = "policy",
    file_name: str = "",
    domain: str = kinds.SOME_DOMAIN,
    mx_hosts: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Findings about a file alone, worst first, as `policy lint` prints them. Its mode is no fault of a file (STS-29).

    data: the file. media_type: the Content-Type it was served with; None when it was not served. file_name: for the
    commands of a mend, as a shell takes it; empty where it is not known. domain, mx_hosts: the domain that it is for
    and its MX hosts, where these are known.
    """
    findings: list[Finding] = []
    if media_type is not None and sts.response_fault(200, media_type, None):
        findings.append(host_kinds.MEDIA_TYPE(subject, Severity.ERROR, found=f"`{media_type}`"))
    if len(data) > sts.POLICY_BYTES:
        findings.append(host_kinds.TOO_LARGE_FILE(subject, Severity.ERROR, limit=sts.POLICY_BYTES))
    else:
        reading = sts.read_policy(data)
        findings += judge_file(reading, subject, File(domain, mx_hosts, name=file_name))
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank))


@dataclass(frozen=True, slots=True)
class File:
    """What is known around a file, for the mends: its domain, the present MX hosts, the record that a change needs.

    name: of the file, as a shell takes it; empty where it is not known.
    """

    domain: str = kinds.SOME_DOMAIN
    mx_hosts: tuple[str, ...] = ()
    new_record: str = ""
    name: str = kinds.SERVED_FILE

    @property
    def facts(self) -> dict[str, Any]:
        """What every wording about a policy may print."""
        record = (":", self.new_record) if self.new_record else (".",)
        run = kinds.RUN if self.name else kinds.RUN_SOMEWHERE
        return {
            "domain": self.domain,
            "lines": mx_lines(self.mx_hosts),
            "record": record,
            "to_crlf": run.format(program=kinds.TO_CRLF, file=self.name),
            "from_mac": run.format(program=kinds.FROM_MAC, file=self.name),
        }


def judge_file(reading: sts.PolicyReading, subject: str, file: File) -> Iterator[Finding]:
    """A finding for each rule that the file bends, and for what weakens any policy."""
    for fault in reading.faults:
        finding = _judge_fault(fault, subject, file)
        yield finding
        if fault.kind is PolicyFault.VERSION_MISSING:  # STS-20: without its version a file is no policy at all
            facts = file.facts | _lines(fault) | {"where": ""}
            unversioned = kinds.INVALID(subject, Severity.ERROR, reason=fault.reason, **facts)
            yield msgspec.structs.replace(unversioned, mend=finding.mend)
    policy = reading.policy
    if policy is not None and policy.mode is not sts.Mode.NONE:
        yield from _judge_max_age(policy.max_age, subject, file)
        yield from islice(_judge_patterns(policy, subject, file), PATTERNS_TOLD)


def _judge_fault(fault: sts.Fault, subject: str, file: File) -> Finding:
    more = kinds.MORE.format(count=fault.more) if fault.more else ""
    return _kind_of(fault)(
        subject,
        _SEVERITY[fault.effect],
        evidence=kinds.EVIDENCE.format(rule=fault.rule, line=fault.line) if fault.line else str(fault.rule),
        reason=fault.reason + more,
        found=fault.found,
        **_lines(fault),
        **file.facts,
    )


def _lines(fault: sts.Fault) -> dict[str, Any]:
    """The lines at fault, and those to write in their place."""
    several = words.listed([str(line) for line in fault.lines], most=len(fault.lines))
    where = kinds.IN_LINES if fault.others else kinds.IN_LINE if fault.line else ""
    return {
        "line": fault.line,
        "place": (kinds.LINES if fault.others else kinds.LINE).format(lines=several),
        "where": where.format(line=fault.line, lines=several, found=fault.found),
        "meant": fault.meant or (kinds.USUAL_MAX_AGE,),
        "then": (":", *fault.meant, kinds.THEN_AFTER) if fault.meant else (kinds.THEN,),
    }


def _kind_of(fault: sts.Fault) -> Kind:
    """The wording for a fault; some kinds have one for each of their faces."""
    if fault.stranger is not None:
        return _STRANGERS[fault.stranger]
    if fault.kind is PolicyFault.LINE_ENDING:
        return _LINE_ENDINGS[fault.effect]
    if fault.kind is PolicyFault.SYNTAX and not fault.line:
        return kinds.INVALID_LINE_ENDS
    if fault.kind is PolicyFault.SYNTAX:
        return kinds.INVALID if fault.meant else kinds.INVALID_STRAY
    if fault.kind is PolicyFault.NEAR_KEY:
        return kinds.NEAR_KEY if fault.meant else kinds.NEAR_KEY_STRAY
    if fault.kind is PolicyFault.DUPLICATE_FIELD:
        return kinds.DUPLICATE_FIELDS if fault.others else kinds.DUPLICATE_FIELD
    if fault.kind is PolicyFault.MAX_AGE_INVALID:
        return kinds.MAX_AGE_INVALID if fault.effect is Effect.FATAL else kinds.MAX_AGE_HIGH
    if fault.kind is PolicyFault.MX_INVALID and fault.effect is Effect.FORGIVEN:
        return kinds.MX_ADDRESS
    if fault.kind is PolicyFault.MX_INVALID:
        return kinds.MX_INVALID_NEAR if fault.meant else kinds.MX_INVALID
    if fault.kind is PolicyFault.ENCODING and fault.line:
        return kinds.ENCODING_CONTROL
    if fault.kind in _MISSPELT and fault.meant:
        return _MISSPELT[fault.kind]
    return _KINDS[fault.kind]


def mx_lines(mx_hosts: Sequence[str]) -> tuple[str, ...]:
    """The `mx` lines of a policy for these hosts, ready to paste."""
    return tuple(kinds.MX_LINE.format(host=host) for host in mx_hosts[:LINES_SHOWN]) or (
        kinds.MX_LINE.format(host=kinds.SOME_HOST),
    )


def _judge_max_age(max_age: int, subject: str, file: File) -> Iterator[Finding]:
    """A max_age that is short, or looks as if digits were lost (STS-30)."""
    whole = _whole_age(str(max_age))
    if max_age >= MAX_AGE_USUAL and not whole:
        return
    severity = Severity.WARNING if max_age < MAX_AGE_SHORT else Severity.NOTICE
    kind = kinds.MAX_AGE_BELOW_A_DAY if max_age < MAX_AGE_SHORT else kinds.MAX_AGE_SHORT
    kind = kind if max_age else kinds.MAX_AGE_ZERO
    yield (kinds.MAX_AGE_LOST_DIGIT if whole else kind)(
        subject,
        severity,
        age=words.duration(max_age),
        max_age=max_age,
        proposal=whole or MAX_AGE_USUAL,
        meant=kinds.USUAL_AGES.get(whole, ""),
        **file.facts,
    )


def _whole_age(written: str) -> str:
    """The usual max_age of which the last zeros were lost; empty where one is written, or none is like it."""
    if written in kinds.USUAL_AGES:
        return ""
    return next(
        (usual for usual in kinds.USUAL_AGES if usual.startswith(written) and not usual[len(written) :].strip("0")), ""
    )


def _judge_patterns(policy: sts.Policy, subject: str, file: File) -> Iterator[Finding]:
    """Patterns that are wrong whatever the domain: too wide, a label short, no MX host (STS-31, DEC-11)."""
    for pattern in policy.mx:
        facts = file.facts | {"pattern": f"`{pattern}`", "name": str(pattern.name)}
        if pattern.wildcard:
            yield from _judge_wildcard(pattern.name, subject, file, facts)
            continue
        role = unused_role(pattern, file.mx_hosts)
        if role is not None:
            yield kinds.MX_NO_HOST(subject, Severity.WARNING, role=kinds.ROLES[role.value], **facts)


def unused_role(pattern: sts.HostPattern, mx_hosts: Sequence[str]) -> sts.HostRole | None:
    """What the host of a pattern is for, when it surely is no MX host and is none now; None for all others."""
    if pattern.wildcard or any(pattern.matches(host) for host in mx_hosts):
        return None
    return sts.host_role(pattern.name)


def _judge_wildcard(name: Name, subject: str, file: File, facts: dict[str, Any]) -> Iterator[Finding]:
    """A wildcard over everybody's names, every customer's of a provider, or all of the domain's own (STS-31)."""
    provider, deeper = sts.shared_by_tenants(name), sts.hosts_lie_deeper(name)
    if is_public_suffix(name):
        yield kinds.WILDCARD_PUBLIC(subject, Severity.WARNING, **facts)
    elif file.domain == name or file.domain.endswith(f".{name}"):
        yield kinds.WILDCARD_BROAD(subject, Severity.WARNING, **facts)
    elif deeper and not file.mx_hosts:  # where the present MX hosts are known, they tell
        yield kinds.WILDCARD_DEEPER(subject, Severity.WARNING, provider=deeper[0], host=f"`{deeper[1]}`", **facts)
    elif provider:
        yield kinds.WILDCARD_TENANTS(subject, Severity.NOTICE, provider=provider, **facts)
