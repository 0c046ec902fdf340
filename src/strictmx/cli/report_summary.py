"""`strictmx reports summary`: the figures of what others report, and what they mean."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from strictmx.cli.arguments import Help, Parser
from strictmx.cli.report_range import add_range, read_range
from strictmx.cli.stores import open_store
from strictmx.cli.terminal import json_document, json_line, standard_output

if TYPE_CHECKING:
    from strictmx.store.database import Store
    from strictmx.store.reports import Range

HELP = Help(
    about="What the reports say: how many sessions kept to the policy, which failed, where, why, since when, by whose\n"
    "word, and what to mend; beside it what our own `check` saw near that time.",
    examples=(
        ("strictmx reports summary", "all domains, a line each"),
        ("strictmx reports summary --domain example.com --since 2026-11-01", "one domain in full"),
        ("strictmx reports summary --json | jq '.domains[] | select(.failed > 0)'", "for a program"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare `reports summary`."""
    verb = parser.add_verb("summary", "what the reports say, and what to mend", HELP)
    add_range(verb)
    verb.add_argument("--json", action="store_true", help="as a JSON document, written domain by domain")


def run(options: Namespace) -> int:
    """Print the figures."""
    asked = read_range(options)
    with open_store(options) as store:
        if options.json:
            _write_json(store, asked)
        else:
            _write_text(store, asked)
    return 0


def _write_json(store: Store, asked: Range) -> None:
    """The document, domain by domain: a year of a thousand domains is never held at once."""
    from strictmx.roles.receive import summary

    output = standard_output()
    since, until = (json_document(day).strip() for day in summary.days_of(store, asked))
    output.text(f'{{"since": {since}, "until": {until}, "domains": [')
    comma = ""
    for one in summary.summaries(store, asked):
        output.text(f"{comma}\n{json_line(one).rstrip()}")
        comma = ","
    output.text("]}\n" if not comma else "\n]}\n")


def _write_text(store: Store, asked: Range) -> None:
    from strictmx.cli import summary_view
    from strictmx.roles.receive import summary
    from strictmx.store import totals

    output = standard_output()
    if asked.domain is None:
        found = totals.by_domain(store, asked.since, asked.until)
        if len(found) != 1:
            found.sort(key=lambda one: (-one.sums.failed, one.domain))
            worst = totals.filled(store, found[: summary_view.DOMAINS_SHOWN], asked.since, asked.until)
            output.lines(summary_view.overview_lines(found, worst, summary.days_of(store, asked), output.width))
            return
    shown = False
    for one in summary.summaries(store, asked):
        shown = True
        output.lines(summary_view.domain_lines(one, output.width))
    if not shown:
        near = totals.domains_like(store, asked.domain or "")
        output.lines(summary_view.nothing_lines(asked.domain, near))
