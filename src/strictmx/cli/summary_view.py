"""How a summary of reports looks to people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from strictmx.cli.view import Line, finding_lines, wrapped
from strictmx.findings.finding import Finding
from strictmx.findings.words import listed
from strictmx.roles.receive.summary import EPOCH, Summary
from strictmx.store.totals import DomainTotals
from strictmx.text import cut, escaped

_BLOCKS = " ▁▂▃▄▅▆▇█"
_SPARKS = 60  # columns of the line of days, at most
_ORGANIZATIONS = 8
_HOSTS = 8
DOMAINS_SHOWN = 40  # lines of the overview; the worst stand first
_WIDE = 96  # columns from which on the overview has the last day and the most frequent fault
_LEAST_NAME = 20  # characters of a domain in the overview, however narrow the terminal
_FAULT = 23  # characters of a fault there; the names of RFC 8460 are shorter
_NAME = 40  # characters of a domain or organization in a table


def domain_lines(one: Summary, width: int) -> Iterator[Line]:
    """One domain: its figures, its days, what fails and what to do, who says so."""
    yield ((one.domain, "bold"), (f"  {_sessions(one.successful, one.failed)}", _style(one.failed)))
    for line in wrapped(_share(one), width - 2):
        yield ((f"  {line}", ""),)
    if len(one.by_day) > 1:
        yield from _day_lines(one, width)
    for finding in one.findings:
        yield ()
        yield from finding_lines(
            Finding(finding.code, finding.severity, finding.subject, finding.message, finding.mend, finding.reference),
            width,
        )
    yield ()
    yield from _table(
        ("organization", "successful", "failed"),
        [(each.organization, each.successful, each.failed) for each in one.by_organization],
        _ORGANIZATIONS,
    )
    if one.by_mx:
        yield ()
        yield from _table(
            ("MX host", "failed", ""),
            [
                (host.host, host.failed, ", ".join(f"{name} {count}" for name, count in host.by_result_type.items()))
                for host in one.by_mx
            ],
            _HOSTS,
        )


def _sessions(successful: int, failed: int) -> str:
    total = successful + failed
    return f"{total} session{'' if total == 1 else 's'}, {failed or 'none'} failed"


def _style(failed: int) -> str:
    return "error" if failed else "ok"


def _share(one: Summary) -> str:
    rate = "no session" if one.success_rate is None else f"{_percent(one.success_rate)} kept to the policy"
    days = [each.day for each in one.by_day]
    last = f", last on {max(days)}" if days else ""
    names = [cut(each.organization, _NAME) for each in one.by_organization]
    return escaped(f"{rate}; reports from {listed(names)} on {len(days)} day{'' if len(days) == 1 else 's'}{last}")


def _percent(rate: float) -> str:
    """A share that never rounds a failure away."""
    text = f"{rate * 100:.2f}".rstrip("0").rstrip(".")
    return "almost 100 %" if text == "100" and rate < 1 else f"{text} %"


def _day_lines(one: Summary, width: int) -> Iterator[Line]:
    """Sessions and failures by day; several days share a column where there are more than columns."""
    first, last = one.by_day[0].day, one.by_day[-1].day
    span = (last - first).days + 1
    columns = min(span, _SPARKS, max(10, width - 30))
    sessions, failed = [0] * columns, [0] * columns
    for each in one.by_day:
        at = (each.day - first).days * columns // span
        sessions[at] += each.successful + each.failed
        failed[at] += each.failed
    for name, numbers, style in (("sessions", sessions, ""), ("failed", failed, "error")):
        if any(numbers):
            most = f"  up to {max(numbers)} a day" if columns == span else ""
            yield ((f"  {name:<10}", "dim"), (_spark(numbers), style), (most, "dim"))
    yield ((f"{'':12}{first}{' ' * max(1, columns - 20)}{last}", "dim"),)


def _spark(numbers: Sequence[int]) -> str:
    """Bars by height; the smallest number that is not zero is still seen."""
    most = max(numbers) or 1
    return "".join(_BLOCKS[0 if not number else max(1, round(number / most * 8))] for number in numbers)


def _table(headings: tuple[str, str, str], rows: Sequence[tuple[str, int, object]], most: int) -> Iterator[Line]:
    size = max(len(headings[0]), *(min(_NAME, len(escaped(row[0]))) for row in rows)) if rows else len(headings[0])
    yield ((f"  {headings[0]:<{size}}  {headings[1]:>10}  {headings[2]:>8}".rstrip(), "dim"),)
    for name, count, other in rows[:most]:
        last = f"{other:>8}" if isinstance(other, int) else escaped(str(other))
        yield ((f"  {cut(escaped(name), _NAME):<{size}}  {count:>10}  {last}", ""),)
    if len(rows) > most:
        yield ((f"  and {len(rows) - most} more (--json has all)", "dim"),)


def overview_lines(
    found: Sequence[DomainTotals],
    shown: Sequence[DomainTotals],
    days: tuple[date | None, date | None],
    width: int,
) -> Iterator[Line]:
    """A line a domain, and all in one line. found: those with most failures first; shown: the first, with tables."""
    if not found:
        yield from nothing_lines(None, ())
        return
    wide = width >= _WIDE
    size = min(max(len(one.domain) for one in shown), max(_LEAST_NAME, width - (_WIDE - _LEAST_NAME if wide else 36)))
    more = f"  {'last report':<11}  most frequent fault" if wide else ""
    yield ((f"{'domain':<{size}}  {'sessions':>10}  {'failed':>8}  {'kept':<12}{more}".rstrip(), "dim"),)
    for one in shown:
        total = one.sums.successful + one.sums.failed
        rate = _percent(one.sums.successful / total) if total else "-"
        line = f"{cut(one.domain, size):<{size}}  {total:>10}  {one.sums.failed:>8}  {rate:<12}"
        if wide:
            fault = max(one.result_types, key=one.result_types.__getitem__, default="")
            line += f"  {EPOCH + timedelta(days=max(one.days))!s:<11}  {cut(escaped(fault), _FAULT)}"
        yield ((line.rstrip(), "error" if one.sums.failed else ""),)
    if len(found) > len(shown):
        yield ((f"and {len(found) - len(shown)} more (--json has all)", "dim"),)
    successful, failed = sum(one.sums.successful for one in found), sum(one.sums.failed for one in found)
    yield ()
    head = f"{len(found)} domains, {_sessions(successful, failed)}"
    yield ((head, "bold"), (f"  {days[0]} to {days[1]}", "dim"))
    if failed:
        yield ((f"why, and what to do: strictmx reports summary --domain {found[0].domain}", "dim"),)


def nothing_lines(domain: str | None, near: Sequence[str]) -> Iterator[Line]:
    """That there is no report, and what may be meant."""
    if domain is None:
        yield (("no reports; take some in with `strictmx reports import PATH`", "dim"),)
    else:
        hint = f"; did you mean {listed(list(near))}?" if near else ""
        yield ((f"no reports on {domain} in these days{hint}", "dim"),)
