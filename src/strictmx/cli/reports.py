"""`strictmx reports`: take in the TLS reports that others send, look at them, hand them on, delete them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strictmx.cli import report_import, report_summary
from strictmx.cli.arguments import STDIN, Help, Parser, UsageError
from strictmx.cli.report_range import add_range, read_day, read_domain, read_range
from strictmx.cli.stores import open_store
from strictmx.cli.terminal import json_document, json_line, standard_output
from strictmx.store.database import Store
from strictmx.store.reports import Kept

HELP = Help(
    about="The daily TLS reports (RFC 8460) that other senders write about your domains: take them in, see what they\n"
    "say and what to mend.",
    examples=(
        ("strictmx reports import ~/Maildir report.json.gz box.mbox", "take in whatever holds reports"),
        ("strictmx reports summary --domain example.com --since 2026-11-01", "what they say, and what to mend"),
        ("strictmx reports export --format csv --output reports.csv", "for a spreadsheet"),
    ),
)
LIST = Help(
    about="List the reports that count, one a line; or, with --set-aside, what could not be counted and why.",
    examples=(
        ("strictmx reports list --domain example.com --since 2026-11-01", "the reports of this month"),
        ("strictmx reports list --set-aside", "what could not be read"),
        ("strictmx reports list --json --limit 100 --after 4711", "page by page, for a program"),
    ),
)
SHOW = Help(
    about="Print one report as it was read, with the rules that it bends. ID is the number of `reports list`, or a\n"
    "report-id that only one report has; a number such as a3 names something that was set aside.",
    examples=(
        ("strictmx reports show 12", "one report"),
        ("strictmx reports show 12 --raw > report.json", "its bytes as they came, unpacked"),
    ),
)
EXPORT = Help(
    about="Write reports for other programs: JSON (as `reports show --json` has them), CSV or Parquet (a row a policy\n"
    "and a row a failure, so that sums over a column are right).",
    examples=(
        ("strictmx reports export --format csv --output reports.csv", "for a spreadsheet"),
        ("strictmx reports export --domain example.com --format parquet --output reports.parquet", "for analysis"),
        ("strictmx reports export > reports.json", "JSON, which `reports import` reads again"),
    ),
)
ACCEPT = Help(
    about="Count something that was set aside, whatever is known of its origin. Exit 1 when it holds no report.",
    examples=(
        ("strictmx reports accept a3", "the number is that of `reports list --set-aside`"),
        ("strictmx reports accept a3 --json", "for a program"),
    ),
)
RETRY = Help(
    about="Read again what was set aside, after an upgrade that reads more. What is read is counted.",
    examples=(
        ("strictmx reports retry", "everything that is set aside"),
        ("strictmx reports retry --json", "for a program"),
    ),
)
DELETE = Help(
    about="Delete the reports on a domain of days before a date, with their bytes and their share of every total.",
    examples=(
        ("strictmx reports delete --domain example.com --before 2026-01-01", "what is older than this year"),
        ("strictmx reports delete --domain example.com --before 2100-01-01", "everything"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the verbs below `reports`."""
    report_import.declare(parser)
    report_summary.declare(parser)
    listing = parser.add_verb("list", "the reports, or what was set aside", LIST)
    add_range(listing)
    listing.add_argument("--set-aside", action="store_true", help="what could not be counted, and why")
    listing.add_argument("--limit", type=int, metavar="N", help="at most N reports")
    listing.add_argument("--after", type=int, metavar="ID", help="only those with a higher number")
    listing.add_argument("--json", action="store_true", help="as a JSON document")
    listing.add_argument("--jsonl", action="store_true", help="one JSON line a report")
    show = parser.add_verb("show", "one report as it was read", SHOW)
    show.add_argument("id", metavar="ID")
    show.add_argument("--json", action="store_true", help="as a JSON document")
    show.add_argument("--raw", action="store_true", help="the bytes as they came, unpacked")
    export = parser.add_verb("export", "reports as JSON, CSV or Parquet", EXPORT)
    add_range(export)
    export.add_argument("--format", choices=("json", "csv", "parquet"), default="json", help="default: json")
    export.add_argument("--output", metavar="FILE", help="default: standard output; Parquet needs a file")
    accept = parser.add_verb("accept", "count something that was set aside", ACCEPT)
    accept.add_argument("id", metavar="ID")
    accept.add_argument("--json", action="store_true", help="as a JSON document")
    retry = parser.add_verb("retry", "read again what was set aside", RETRY)
    retry.add_argument("--json", action="store_true", help="as a JSON document")
    delete = parser.add_verb("delete", "delete old reports on a domain", DELETE)
    delete.add_argument("--domain", required=True, metavar="D")
    delete.add_argument("--before", required=True, metavar="DATE", help="a UTC day, YYYY-MM-DD")
    delete.add_argument("--json", action="store_true", help="as a JSON document")


def run(options: Namespace) -> int:
    """Do what the verb below `reports` says."""
    verbs: dict[str, Callable[[Namespace], int]] = {
        "import": report_import.run,
        "summary": report_summary.run,
        "list": _list,
        "show": _show,
        "export": _export,
        "accept": report_import.accept,
        "retry": report_import.retry,
        "delete": _delete,
    }
    return verbs[options.verb](options)


def _list(options: Namespace) -> int:
    from strictmx.cli import report_view
    from strictmx.roles.receive.stored import aside_entry_of, entry_of
    from strictmx.store import aside, reports

    if options.json and options.jsonl:
        raise UsageError("reports list: --json and --jsonl exclude each other")
    if options.limit is not None and options.limit < 1:
        raise UsageError("reports list: --limit is 1 or more")
    asked = read_range(options)
    output = standard_output()
    with open_store(options) as store:
        if options.set_aside:
            items = aside.listed(store)
            if options.json or options.jsonl:
                _write_json((aside_entry_of(item) for item in items), lines=options.jsonl)
            else:
                output.lines(report_view.aside_lines(items))
            return 0
        found = reports.listed(store, asked, limit=options.limit, after=options.after)
        if options.json or options.jsonl:
            _write_json(map(entry_of, found), lines=options.jsonl)
        else:
            output.lines(report_view.list_lines(found, output.width))
    return 0


def _write_json(documents: Iterable[dict[str, Any]], *, lines: bool) -> None:
    """A list, one document after the other as they come; or a line each."""
    output = standard_output()
    if lines:
        for document in documents:
            output.text(json_line(document))
        return
    opened = "["
    for document in documents:
        output.text(opened + "\n" + json_line(document).rstrip("\n"))
        opened = ","
    output.text("[]\n" if opened == "[" else "\n]\n")


def _show(options: Namespace) -> int:
    from strictmx.cli import report_view
    from strictmx.roles.receive.stored import document_of, raw_of
    from strictmx.store import aside

    with open_store(options) as store:
        number = aside.number_of(options.id)
        if number is not None:
            return _show_aside(store, number, options)
        kept = _kept(store, options)
    if options.raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(raw_of(kept))
        sys.stdout.buffer.flush()
    elif options.json:
        sys.stdout.write(json_document(document_of(kept)))
    else:
        standard_output().lines(report_view.report_lines(kept, document_of(kept)))
    return 0


def _kept(store: Store, options: Namespace) -> Kept:
    from strictmx.store import reports

    found = reports.found(store, options.id)
    if len(found) > 1:
        numbers = ", ".join(map(str, found[:10]))
        raise UsageError(f"reports show: several reports have the report-id {options.id}; name a number: {numbers}")
    kept = reports.kept(store, found[0]) if found else None
    if kept is None:
        raise UsageError(f"reports show: no report {options.id} (see strictmx reports list)")
    return kept


def _show_aside(store: Store, number: int, options: Namespace) -> int:
    from strictmx.cli import report_view
    from strictmx.roles.receive.stored import aside_entry_of
    from strictmx.store import aside

    item = aside.one(store, number)
    if item is None:
        raise UsageError(
            f"reports show: nothing set aside is called {options.id} (see strictmx reports list --set-aside)"
        )
    if options.raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(aside.payload(store, number) or b"")
        sys.stdout.buffer.flush()
    elif options.json:
        sys.stdout.write(json_document(aside_entry_of(item)))
    else:
        standard_output().lines(report_view.aside_lines([item]))
    return 0


def _export(options: Namespace) -> int:
    from strictmx.roles.receive import export

    asked = read_range(options)
    if options.format == "parquet":
        if options.output in (None, STDIN):
            raise UsageError("reports export: Parquet needs a file: --output FILE")
        with open_store(options) as store:
            try:
                export.write_parquet(export.rows(store, asked), Path(options.output))
            except export.ParquetUnavailable as error:
                raise UsageError(f"reports export: {error.reason}") from error
        return 0
    with open_store(options) as store, _output(options.output) as write:
        if options.format == "csv":
            for text in export.as_csv(export.rows(store, asked)):
                write(text)
            return 0
        opened = "["
        for document in export.documents(store, asked):
            write(opened + "\n" + json_line(document).rstrip("\n"))
            opened = ","
        write("[]\n" if opened == "[" else "\n]\n")
    return 0


@contextmanager
def _output(name: str | None) -> Iterator[Callable[[str], object]]:
    """Where an export goes: standard output, or a file that is there when it is whole."""
    if name in (None, STDIN):
        if sys.stdout is None:
            raise UsageError("standard output is closed")
        yield lambda text: sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    file = Path(name)
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as opened:
            yield opened.write
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _delete(options: Namespace) -> int:
    from strictmx.store import reports

    domain, before = read_domain(options), read_day(options, "before")
    assert before is not None  # noqa: S101 - it is required
    deleted = 0
    with open_store(options) as store:
        while some := store.write(lambda connection: reports.delete_before(connection, before, domain)):
            deleted += some
    if options.json:
        sys.stdout.write(json_document({"domain": domain, "before": options.before, "deleted": deleted}))
    else:
        what = "1 report" if deleted == 1 else f"{deleted} reports"
        standard_output().text(f"{what} on {domain} of days before {options.before} deleted\n")
    return 0
