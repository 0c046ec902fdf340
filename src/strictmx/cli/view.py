"""How a result looks to people: lines of styled text, worst first. Pure; `terminal` puts them on a screen or a pipe."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from strictmx.findings.catalogue import RELATED
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.result import CheckResult, MxFacts, RelatedFacts, Verdict
from strictmx.findings.words import duration, listed
from strictmx.roles.doctor.result import Check, Diagnosis, State
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
_STATE_STYLES = {State.WORKS: "ok", State.WARNING: "warning", State.BROKEN: "error", State.UNKNOWN: "notice"}
_STATE_SUMS = {State.BROKEN: "Does not work", State.WARNING: "Works in part"}
_INDENT = " " * 10
_RECORD_SHOWN = 200  # characters of a record that is no more than mentioned
_HOSTS_SHOWN = 4
_TABLE_WIDTH = 72  # from here on there is room for a column of text beside the names of checks
_LEAST_ROOM = 20  # characters of a line of text, however narrow the terminal
_TO_PASTE = re.compile(r".* IN .*|[a-z_]+: \S+")  # a record, or a line of a policy
_NO_BREAK = "\ue000"  # stands for a blank while text is wrapped; no text of ours or from outside holds it
_KEYS = {"rsa": "RSA", "ed25519": "Ed25519"}
_HEADINGS = ("MX host", "TLS", "certificate until", "MTA-STS", "DANE", "plain")
_CELL_STYLES = {"yes": "ok", "no": "error", "in part": "warning"}
_LEGEND = (
    "MTA-STS: a sender that enforces your policy; DANE: one that honours DANE; plain: one that does neither; "
    "-: nothing published for it, or not to be told from here."
)


def result_lines(result: CheckResult, width: int) -> Iterator[Line]:
    """One domain: verdict, findings with their mends, and what each kind of sender does at each MX host."""
    style, _ = VERDICT_WORDS[result.verdict]
    word = (result.verdict.value.upper(), style)
    yield from _headed(((escaped(result.domain), "bold"), ("  ", ""), word), _verdict_words(result), width, "  ")
    for finding in result.findings:
        if finding.code not in RELATED:
            yield ()
            yield from finding_lines(finding, width)
    if result.mx:
        yield ()
        yield from _mx_table(result.mx, width)
    if result.related is not None:
        yield ()
        yield from _related_lines(result, result.related, width)
    yield ()
    yield _seen_line(result.observed_at, result.elapsed_ms)


def _seen_line(at: datetime, elapsed_ms: int) -> Line:
    return ((f"  seen {at.strftime('%Y-%m-%d %H:%M:%S UTC')} in {elapsed_ms / 1000:.1f} s", "dim"),)


def _verdict_words(result: CheckResult) -> str:
    """The verdict in half a sentence, as exact as the facts allow."""
    codes = {finding.code for finding in result.findings} - RELATED
    if codes == {"dns-failure"} and result.findings[0].subject == result.domain and not result.mx:
        return "nothing about it could be looked up"
    if codes == {"mx-missing"} and not result.mx:
        return "mail to it cannot arrive"
    if result.verdict is Verdict.NONE and "mx-null" in codes:
        return "it takes no mail"
    if result.verdict is Verdict.PARTIAL:
        if codes & {"mx-certificate-expires-soon", "policy-host-certificate-expires-soon"}:
            return "protected now; what protects it ends soon"
        if "policy-mode-testing" in codes:
            return "the policy is in testing mode, and not every MX host is known to pass it"
    return VERDICT_WORDS[result.verdict][1]


def _related_lines(result: CheckResult, related: RelatedFacts, width: int) -> Iterator[Line]:
    """What belongs beside it: a line for each record, then the notices."""
    yield (("  Beside it, no part of the verdict", "bold"),)
    for name, text in _related_facts(related, result.domain):
        first, *rest = wrapped(escaped(text), width - len(_INDENT)) or ["-"]
        yield ((f"  {name:<8}", "dim"), (first, ""))
        yield from (((_INDENT + line, ""),) for line in rest)
    for finding in result.findings:
        if finding.code in RELATED:
            yield ()
            yield from finding_lines(finding, width)


def _related_facts(related: RelatedFacts, domain: str) -> Iterator[tuple[str, str]]:
    """Each record in a few words, a dash for none."""
    spf, dmarc = related.spf, related.dmarc
    lookups = f" ({spf.lookups} of 10 look-ups)" if spf.lookups is not None else ""
    yield "SPF", f"{cut(spf.record, _RECORD_SHOWN)}{lookups}" if spf.record is not None else "-"
    above = f" (at {dmarc.location})" if dmarc.location != domain else ""
    yield "DMARC", f"{cut(dmarc.record, _RECORD_SHOWN)}{above}" if dmarc.record is not None else "-"
    for key in related.dkim:
        kind = f"{_KEYS[key.key]}, {key.bits} bits" if key.key is not None else "no usable key" if key.record else "-"
        yield "DKIM", f"{key.selector}: {kind}"
    for location in dict.fromkeys(one.location for one in related.caa):
        here = [one for one in related.caa if one.location == location]
        place = f" (at {location})" if location not in (None, domain) else ""
        records = cut(", ".join(here[0].records) or "-", _RECORD_SHOWN)
        yield "CAA", f"{listed([one.host for one in here])}: {records}{place}"
    zones = [("the domain", related.dnssec.domain), *((one.host, one.signed) for one in related.dnssec.mx)]
    for signed, word in ((True, "signed"), (False, "not signed"), (None, "not to be told from here")):
        names = [name for name, one in zones if one is signed]
        if names:
            yield "DNSSEC", f"{word}: {listed(names)}"


def finding_lines(finding: Finding, width: int) -> Iterator[Line]:
    """One finding: what is the case, what to do."""
    word = SEVERITY_WORDS[finding.severity]
    yield from _headed(((f"  {word:<8}", word), (finding.code, "bold")), finding.subject, width, _INDENT)
    room = width - len(_INDENT)
    for line in wrapped(finding.message, room):
        yield ((_INDENT + line, ""),)
    yield from _mend_lines(finding.mend, _INDENT, room)
    if finding.severity is not Severity.OK:
        for line in wrapped(finding.reference, room):
            yield ((_INDENT + line, "dim"),)


def _mend_lines(mend: str, indent: str, room: int) -> Iterator[Line]:
    """What to do, behind an arrow; what is there to be pasted is never broken."""
    for number, paragraph in enumerate(mend.split("\n") if mend else ()):
        prefix = "→ " if number == 0 else "  "
        # What is there to be pasted stays whole; sentences are wrapped.
        whole = number > 0 and _TO_PASTE.fullmatch(paragraph)
        parts = [paragraph] if whole else wrapped(paragraph, room - len(prefix))
        for part_number, part in enumerate(parts):
            yield ((indent + (prefix if part_number == 0 else "  "), "bold"), (part, ""))


def _headed(head: Line, words: str, width: int, indent: str) -> Iterator[Line]:
    """A line that begins with `head`; its words follow, on lines of their own where the terminal is too narrow."""
    if sum(len(text) for text, _ in head) + 2 + len(words) <= width:
        yield (*head, (f"  {words}", ""))
        return
    yield head
    for line in wrapped(words, width - len(indent)):
        yield ((indent + line, ""),)


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines of `room` characters; a command between backticks is never broken: it is there to be pasted."""
    joined = re.sub(r"`[^`]*`", lambda match: match.group().replace(" ", _NO_BREAK), text)
    lines = textwrap.wrap(joined, max(_LEAST_ROOM, room), break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _mx_table(hosts: Sequence[MxFacts], width: int) -> Iterator[Line]:
    """What each kind of sender does at each host; host by host where the table is wider than the terminal."""
    rows = [(f"{host.preference} {escaped(host.host)}", *_cells(host)) for host in hosts]
    widths = [max(len(row[column]) for row in [_HEADINGS, *rows]) for column in range(len(_HEADINGS))]
    for line in wrapped("Would a sender hand over mail here now?", width - 2):
        yield ((f"  {line}", "bold"),)
    if sum(widths) + 2 * len(widths) > width:
        for name, *cells in rows:
            yield ((f"  {name}", ""),)
            for heading, cell in zip(_HEADINGS[1:], cells, strict=True):
                yield ((f"    {heading:<18}", "dim"), (cell, _CELL_STYLES.get(cell, "")))
    else:
        headings = [f"{cell:<{size}}" for cell, size in zip(_HEADINGS, widths, strict=True)]
        yield (("  " + "  ".join(headings).rstrip(), "dim"),)
        for row in rows:
            padded = [f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)]
            padded[-1] = padded[-1].rstrip()
            yield tuple(
                segment
                for cell, text in zip(row, padded, strict=True)
                for segment in (("  ", ""), (text, _CELL_STYLES.get(cell, "")))
            )
    for line in wrapped(_LEGEND, width - len(_INDENT)):
        yield ((f"  {line}", "dim"),)


def _cells(host: MxFacts) -> tuple[str, ...]:
    """One host's row, its name left out."""
    by_address = [address.delivers for address in host.addresses]
    certificate = host.certificate.not_after if host.certificate else None
    return (
        escaped(host.tls_version or "") or {True: "failed", False: "none", None: "?"}[host.starttls],
        (certificate or "?")[:10],
        _answer(host.delivers.sts, [answer.sts for answer in by_address]),
        _answer(host.delivers.dane, [answer.dane for answer in by_address]),
        _answer(host.delivers.plain, [answer.plain for answer in by_address]),
    )


def _answer(worst: bool | None, by_address: Sequence[bool | None]) -> str:  # noqa: FBT001 - a tri-state fact, no flag
    """What to show of an answer and of those of the addresses that it stands for."""
    if worst is not True and True in by_address:
        return "in part"
    return {True: "yes", False: "no", None: "-"}[worst]


def summary_lines(results: Iterable[Verdict], width: int) -> Iterator[Line]:
    """How many domains ended with which verdict, when there were several."""
    counts = Counter(results)
    total = sum(counts.values())
    if total < 2:  # noqa: PLR2004 - one domain needs no sum
        return
    yield ()
    sums = [(f"  {counts[one]} {one.value}", VERDICT_WORDS[one][0]) for one in Verdict if counts[one]]
    head = (f"{total} domains:", "bold")
    if sum(len(text) for text, _ in (head, *sums)) <= width:
        yield (head, *sums)
    else:
        yield (head,)
        yield from ((one,) for one in sums)


def doctor_lines(diagnosis: Diagnosis, width: int) -> Iterator[Line]:
    """An installation: each thing looked at, the one thing to do where it does not work, and a summary."""
    column = max(len(check.check) for check in diagnosis.checks) + 2
    narrow = width < _TABLE_WIDTH
    indent = _INDENT if narrow else _INDENT + column * " "
    room = width - len(indent)
    for message, checks in _by_cause(diagnosis.checks):
        check, names = checks[0], ", ".join(check.check for check in checks)
        head = ((f"  {check.state.value:<8}", _STATE_STYLES[check.state]), (names, "bold"))
        apart = narrow or len(names) >= column
        first, *more = ["", *wrapped(message, room)] if apart else wrapped(message, room)
        yield (*head, ("" if apart else " " * (column - len(names)) + first, ""))
        for line in more:
            yield ((indent + line, ""),)
        yield from _mend_lines(check.mend, indent, room)
    yield ()
    for state, sentence in _STATE_SUMS.items():
        sums = dict.fromkeys(check.check for check in diagnosis.checks if check.state is state)
        if sums:
            for line in wrapped(f"{sentence}: {', '.join(sums)}", width - 2):
                yield ((f"  {line}", _STATE_STYLES[state]),)
    if all(check.state is State.WORKS for check in diagnosis.checks):
        yield (("  Everything works.", "ok"),)
    yield _seen_line(diagnosis.observed_at, diagnosis.elapsed_ms)


def _by_cause(checks: Sequence[Check]) -> Iterator[tuple[str, Sequence[Check]]]:
    """The checks with their messages in order; those that were not tested for one reason come last, together, once."""
    by_message: dict[object, list[Check]] = {}
    for number, check in enumerate(checks):
        by_message.setdefault(check.message if check.state is State.UNKNOWN else number, []).append(check)
    in_order = sorted(by_message.values(), key=lambda some: some[0].state is State.UNKNOWN)
    return ((some[0].message, some) for some in in_order)


def lint_lines(name: str, policy: Policy | None, findings: Sequence[Finding], width: int) -> Iterator[Line]:
    """A policy file: what senders make of it, and what to mend."""
    if policy is None:
        head: Line = ((f"{escaped(name)}  ", "bold"), ("INVALID", "error"))
        yield from _headed(head, "every sender ignores this file", width, "  ")
    else:
        hosts = listed(tuple(map(str, policy.mx)), most=_HOSTS_SHOWN) or "no host"
        meaning = f"mode {policy.mode.value}, {hosts}, kept for {duration(policy.max_age)}"
        yield from _headed(((f"{escaped(name)}  ", "bold"), ("VALID", "ok")), meaning, width, "  ")
    for finding in findings:
        yield ()
        yield from finding_lines(finding, width)
