"""How reports look to people: lines of styled text, as `view` makes them of checks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from strictmx.findings.words import instant
from strictmx.text import cut, escaped

if TYPE_CHECKING:
    from strictmx.cli.view import Line
    from strictmx.roles.receive.take import Taken
    from strictmx.store.aside import Item
    from strictmx.store.reports import Kept, Listed

_PROOF = {True: "proven", False: "unproven", None: "-"}
_ORIGIN = {True: "proven by DKIM", False: "unproven", None: "nothing came with it that could prove it"}
_HEADINGS = ("id", "day", "organization", "domains", "sessions", "failed", "origin", "")
_WIDTHS = (6, 10, 16, 30, 8, 6, 8)  # of the columns; the last takes what is left
_RIGHT = (0, 4, 5)  # columns of numbers
_TEXT = 400  # characters of a text that is shown whole
_MESSAGE = 120  # characters of a message that stands for all of its rule
_VALUES = 12  # entries of a list that are shown
_DETAIL_KEYS = (
    ("receiving-mx-hostname", "at"),
    ("receiving-ip", "address"),
    ("sending-mta-ip", "from"),
    ("failure-reason-code", "reason"),
    ("additional-information", "see"),
)


def taken_lines(taken: Taken, refusals: int, deviations: int) -> Iterator[Line]:
    """What became of an import: numbers, the rules that were bent, and what could not be counted."""
    new = f"{taken.new} new" if taken.new != taken.reports or not taken.reports else "all new"
    known = f", {taken.duplicates} known already" if taken.duplicates else ""
    yield ((f"{_counted(taken.files, 'file')}, {_counted(taken.reports, 'report')}: {new}{known}", "bold"),)
    if taken.conflicts:
        yield ((f"{taken.conflicts} of these differ from the copy that counts; they are kept, not counted", "warning"),)
    by_rule: dict[str, list[str]] = {}
    for _, deviation in taken.deviations:
        by_rule.setdefault(deviation.rule, []).append(deviation.told)
    if by_rule:
        yield ((f"{_counted(len(taken.deviations), 'deviation')} from RFC 8460 tolerated:", ""),)
    for rule, messages in sorted(by_rule.items(), key=lambda each: -len(each[1]))[:deviations]:
        yield ((f"  {len(messages):>6}  {rule}  ", "notice"), (escaped(cut(messages[0], _MESSAGE)), "dim"))
    if taken.rejected:
        yield ((f"{len(taken.rejected)} could not be counted (`strictmx reports list --set-aside`):", "error"),)
    for source, reason in taken.rejected[:refusals]:
        yield ((f"  {escaped(cut(source, _TEXT))}: ", ""), (escaped(cut(reason, _TEXT)), "dim"))
    if len(taken.rejected) > refusals:
        yield ((f"  and {len(taken.rejected) - refusals} more", "dim"),)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def list_lines(listed: Iterable[Listed], width: int) -> Iterator[Line]:
    """The reports as a table, one a line."""
    count = 0
    for one in listed:
        if not count:
            yield ((_row(_HEADINGS, width), "dim"),)
        count += 1
        known = [number for number in (one.successful, one.failed) if number is not None]
        cells = (
            str(one.id),
            instant(one.begin)[:10],
            one.organization,
            _domains(one.domains),
            str(sum(known)) if known else "?",
            "?" if one.failed is None else str(one.failed),
            _PROOF[one.authenticated],
            _remarks(one),
        )
        yield ((_row(cells, width), "error" if one.failed else ""),)
    if not count:
        yield (("no reports; take some in with `strictmx reports import PATH`", "dim"),)


def _row(cells: Sequence[str], width: int) -> str:
    """Cells under each other; a long text is cut, a number never."""
    made = []
    for at, size in enumerate(_WIDTHS):
        cell = escaped(cells[at])
        made.append(cell.rjust(size) if at in _RIGHT else cut(cell, size).ljust(size))
    return "  ".join([*made, escaped(cells[-1])]).rstrip()[: max(width, sum(_WIDTHS))]


def _domains(domains: Sequence[str]) -> str:
    return "-" if not domains else domains[0] if len(domains) == 1 else f"{domains[0]} +{len(domains) - 1}"


def _remarks(one: Listed) -> str:
    deviations = len(one.deviations)
    bent = f"{deviations} deviation{'s' if deviations > 1 else ''}" if deviations else ""
    return ", ".join(filter(None, (bent, "conflicting copies" if one.conflicts else "")))


def aside_lines(items: Iterable[Item]) -> Iterator[Line]:
    """What was set aside, each with its reason."""
    none = True
    for item in items:
        none = False
        when = instant(item.received_at)[:16].replace("T", " ")
        yield ((f"{item.id:<6}", "bold"), (f" {when}  {item.via:<5}  {escaped(cut(item.source, _TEXT))}", ""))
        yield ((f"        {escaped(cut(item.reason, _TEXT))} ({item.rule})", "dim"),)
    if none:
        yield (("nothing is set aside", "dim"),)


def report_lines(kept: Kept, document: dict[str, Any]) -> Iterator[Line]:
    """One report: who, when, each policy with its sessions and failures, and the rules that it bends."""
    one = kept.listed
    yield ((escaped(one.organization), "bold"), (f"  report {one.id}", ""))
    begin, end = (instant(at)[:19].replace("T", " ") for at in (one.begin, one.end))
    yield (("  sessions ", "dim"), (f"{begin} to {end} UTC", ""))
    yield (("  report-id", "dim"), (f" {escaped(cut(one.report_id, _TEXT))}", ""))
    yield (("  contact  ", "dim"), (f" {escaped(cut(one.contact or '-', _TEXT))}", ""))
    came = f" {instant(one.received_at)[:16].replace('T', ' ')} by {one.via}, {escaped(cut(one.source, _TEXT))}"
    yield (("  came     ", "dim"), (came, ""))
    yield (
        ("  origin   ", "dim"),
        (f" {_ORIGIN[one.authenticated]}", ""),
    )
    if not kept.counts:
        yield (("  does not count: another copy with the same key does", "warning"),)
    if kept.conflicts:
        yield ((f"  other copies: {', '.join(map(str, kept.conflicts))}", "warning"),)
    for entry in document["policies"]:
        yield ()
        yield from _policy_lines(entry)
    deviations = document["deviations"]
    if deviations:
        yield ()
        yield (("Bent rules", "bold"),)
        for each in deviations:
            style = "warning" if each["set_aside"] else "notice"
            place = f" {escaped(each['path'])}" if each["path"] else ""
            yield ((f"  {each['rule']:<7}", style), (f"{place}: {escaped(each['message'])}"[:_TEXT].lstrip(": "), ""))


def _policy_lines(entry: dict[str, Any]) -> Iterator[Line]:
    policy, summary = entry["policy"], entry["summary"]
    successful, failed = (summary[f"total-{kind}-session-count"] for kind in ("successful", "failure"))
    style = "error" if failed else "ok" if failed == 0 else "warning"
    yield (
        (f"{escaped(str(policy.get('policy-domain') or 'no domain'))}", "bold"),
        (f"  {escaped(policy['policy-type'])}  ", ""),
        (f"{_number(successful)} successful, {_number(failed)} failed", style),
    )
    for name in ("mx-host", "policy-string"):
        values = policy.get(name) or ()
        if values:
            shown = ", ".join(escaped(cut(str(value), _TEXT)) for value in values[:_VALUES])
            more = f", and {len(values) - _VALUES} more" if len(values) > _VALUES else ""
            yield ((f"  {name}: ", "dim"), (f"{shown}{more}", ""))
    for detail in entry.get("failure-details", ()):
        where = "  ".join(
            f"{word} {escaped(cut(str(detail[key]), _TEXT))}" for key, word in _DETAIL_KEYS if detail.get(key)
        )
        sessions = _number(detail.get("failed-session-count"))
        yield ((f"  {sessions:>6}  ", "error"), (f"{escaped(detail['result-type'])}", ""), (f"  {where}", "dim"))


def _number(count: int | None) -> str:
    return "unknown" if count is None else str(count)
