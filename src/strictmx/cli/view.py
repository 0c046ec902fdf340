"""How a result looks to people: lines of styled text, worst first. Pure; `terminal` puts them on a screen or a pipe."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from strictmx.findings.finding import Finding, Severity, listed
from strictmx.findings.result import CheckResult, MxFacts, Verdict
from strictmx.findings.words import duration
from strictmx.standards.sts import Policy
from strictmx.text import cut, escaped

Segment = tuple[str, str]  # text, style (a name of `STYLES`, or "")
Line = tuple[Segment, ...]

STYLES = {
    "error": "bold red",
    "warning": "yellow",
    "notice": "cyan",
    "ok": "green",
    "bold": "bold",
    "dim": "dim",
}
SEVERITY_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "notice", Severity.OK: "ok"}
VERDICT_WORDS = {
    Verdict.SECURE: ("ok", "mail to it travels over verified TLS"),
    Verdict.TESTING: ("notice", "would be secure; the policy is in testing mode, so nothing is enforced yet"),
    Verdict.PARTIAL: ("warning", "not every path of the mail is known to be protected"),
    Verdict.NONE: ("warning", "mail to it is not protected"),
    Verdict.BROKEN: ("error", "something does not work as published"),
}
_INDENT = " " * 10
_HOST_CHARACTERS = 48
_HOSTS_SHOWN = 4
_UNKNOWN = "-"  # no such policy, or not to be told from here


def result_lines(result: CheckResult, width: int) -> Iterator[Line]:
    """One domain: verdict, findings with their mends, and what each kind of sender does at each MX host."""
    style, _ = VERDICT_WORDS[result.verdict]
    word = (result.verdict.value.upper(), style)
    yield ((escaped(result.domain), "bold"), ("  ", ""), word, (f"  {_verdict_words(result)}", ""))
    shown = [finding for finding in result.findings if finding.severity is not Severity.OK]
    for finding in shown:
        yield ()
        yield from finding_lines(finding, width)
    good = [finding.code for finding in result.findings if finding.severity is Severity.OK]
    if good:
        yield ()
        yield (("  ok      ", "ok"), (", ".join(dict.fromkeys(good)), ""))
    if result.mx:
        yield ()
        yield from _mx_table(result.mx)
    yield ()
    moment = result.observed_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    yield ((f"  seen {moment} in {result.elapsed_ms / 1000:.1f} s", "dim"),)


def _verdict_words(result: CheckResult) -> str:
    """The verdict in half a sentence, as exact as the facts allow."""
    codes = {finding.code for finding in result.findings}
    if result.verdict is Verdict.NONE and "mx-null" in codes:
        return "it takes no mail"
    if result.verdict is Verdict.PARTIAL:
        if codes & {"mx-certificate-expires-soon", "policy-host-certificate-expires-soon"}:
            return "protected now; what protects it ends soon"
        if "policy-mode-testing" in codes:
            return "the policy is in testing mode, and not every MX host is known to pass it"
    return VERDICT_WORDS[result.verdict][1]


def finding_lines(finding: Finding, width: int) -> Iterator[Line]:
    """One finding: what is the case, what to do."""
    word = SEVERITY_WORDS[finding.severity]
    yield ((f"  {word:<8}", word), (f"{finding.code}", "bold"), (f"  {finding.subject}", ""))
    for line in _wrapped(finding.message, width):
        yield ((_INDENT + line, ""),)
    for number, paragraph in enumerate(finding.mend.split("\n") if finding.mend else ()):
        prefix = "→ " if number == 0 else "  "
        # A line after the first is a record or a line of a file: it must stay whole to be pasted.
        parts = _wrapped(paragraph, width - 2) if number == 0 else [paragraph]
        for part_number, part in enumerate(parts):
            yield ((_INDENT + (prefix if part_number == 0 else "  "), "bold"), (part, ""))
    yield ((f"{_INDENT}{finding.reference}", "dim"),)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(40, width - len(_INDENT)), break_long_words=False, break_on_hyphens=False)


def _mx_table(hosts: Sequence[MxFacts]) -> Iterator[Line]:
    """What each kind of sender does at each host."""
    rows = [("MX host", "TLS", "certificate until", "MTA-STS", "DANE", "plain")]
    rows += [
        (
            f"{host.preference} {cut(escaped(host.host), _HOST_CHARACTERS)}",
            host.tls_version or {True: "failed", False: "none", None: "?"}[host.starttls],
            (host.certificate.not_after or "?")[:10] if host.certificate else "?",
            _answer(host.delivers.sts),
            _answer(host.delivers.dane),
            _answer(host.delivers.plain),
        )
        for host in hosts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    yield (("  Would a sender hand over mail here now?", "dim"),)
    for number, row in enumerate(rows):
        cells = [f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)]
        if number == 0:
            yield (("  " + "  ".join(cells).rstrip(), "dim"),)
            continue
        segments: list[Segment] = []
        for cell in [*cells[:-1], cells[-1].rstrip()]:
            segments += [("  ", ""), (cell, {"yes": "ok", "no": "error"}.get(cell.strip(), ""))]
        yield tuple(segments)


def _answer(answer: bool | None) -> str:  # noqa: FBT001 - a tri-state fact, not a flag
    return {True: "yes", False: "no", None: _UNKNOWN}[answer]


def summary_lines(results: Iterable[Verdict]) -> Iterator[Line]:
    """How many domains ended with which verdict, when there were several."""
    counts = Counter(results)
    total = sum(counts.values())
    if total < 2:  # noqa: PLR2004 - one domain needs no sum
        return
    yield ()
    yield (
        (f"{total} domains:", "bold"),
        *((f"  {counts[one]} {one.value}", VERDICT_WORDS[one][0]) for one in Verdict if counts[one]),
    )


def lint_lines(name: str, policy: Policy | None, findings: Sequence[Finding], width: int) -> Iterator[Line]:
    """A policy file: what senders make of it, and what to mend."""
    if policy is None:
        yield ((f"{escaped(name)}  ", "bold"), ("INVALID", "error"), ("  every sender ignores this file", ""))
    else:
        hosts = listed(tuple(map(str, policy.mx)), most=_HOSTS_SHOWN) or "no host"
        meaning = f"mode {policy.mode.value}, {hosts}, kept for {duration(policy.max_age)}"
        yield ((f"{escaped(name)}  ", "bold"), ("VALID", "ok"), (f"  {meaning}", ""))
    for finding in findings:
        yield ()
        yield from finding_lines(finding, width)
