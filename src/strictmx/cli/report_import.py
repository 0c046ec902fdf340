"""`strictmx reports import`, `accept` and `retry`: from bytes to counted reports."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_settings, tell
from strictmx.cli.stores import open_store, store_settings
from strictmx.cli.terminal import json_document, standard_error, standard_output

if TYPE_CHECKING:
    from strictmx.roles.receive.take import Proves, Taken
    from strictmx.store.aside import Item
    from strictmx.store.database import Store

REFUSALS_SHOWN = 20  # on a terminal or in a pipe; --json and `reports list --set-aside` have all
DEVIATIONS_SHOWN = 10

IMPORT = Help(
    about="Take in TLS reports: files, directories, Maildir, mbox, .json, .gz, .zip, .eml, or - for standard input.\n"
    "All reports in a mail or archive are found, wherever they hide; what was imported before counts once. What holds\n"
    "no readable report is kept aside and listed. Exit 1 when anything was.",
    examples=(
        ("strictmx reports import ~/Maildir", "all mail of a mailbox"),
        ("strictmx reports import 'google.com!example.com!1795392000!1795478399!001.json.gz'", "one report"),
        ("strictmx reports import reports/ --json | jq .rejected", "what could not be read, for a program"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare `reports import`."""
    verb = parser.add_verb("import", "take in reports from files, mailboxes, archives", IMPORT)
    verb.add_argument("paths", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    verb.add_argument("--json", action="store_true", help="as a JSON document")


def run(options: Namespace) -> int:
    """Take in what the paths hold."""
    from strictmx.roles.receive import files
    from strictmx.roles.receive.take import Taking
    from strictmx.store import retention
    from strictmx.store.errors import StoreError

    if STDIN in options.paths and sys.stdin is None:
        raise UsageError("standard input is closed")
    interrupted = False
    with open_store(options) as store, _prover(options) as proves:
        taking = Taking(store, via="file", proves=proves)
        with _progress(files.total(options.paths)) as advance:
            try:
                for source in files.sources(options.paths, sys.stdin.buffer):
                    taking.take(source)
                    advance(source.size)
            except KeyboardInterrupt:
                interrupted = True
            taken = taking.end()
        try:
            retention.prune_daily(store, store_settings(options).keep)
        except StoreError as error:  # what was read is committed; what is old goes another time
            tell(f"what is older than `keep` in [store] was not deleted now: {error}")
    _tell(taken, options)
    if interrupted:
        raise UsageError(f"reports import: interrupted after {taken.files} files; what was read is in the store")
    return 1 if taken.rejected else 0


def accept(options: Namespace) -> int:
    """Count one thing that was set aside."""
    from strictmx.store import aside

    number = aside.number_of(options.id)
    if number is None:
        raise UsageError("reports accept: ID is a number such as a3 (see strictmx reports list --set-aside)")
    with open_store(options) as store:
        item = aside.one(store, number)
        if item is None:
            raise UsageError(f"reports accept: nothing set aside is called {options.id}")
        return _read_again(store, iter([item]), options)


def retry(options: Namespace) -> int:
    """Read again all that was set aside."""
    from strictmx.store import aside

    with open_store(options) as store:
        return _read_again(store, aside.listed(store), options)


def _read_again(store: Store, items: Iterator[Item], options: Namespace) -> int:
    from strictmx.roles.receive.take import take_again

    with _prover(options) as proves:
        taken = take_again(store, items, proves)
    _tell(taken, options)
    return 1 if taken.rejected else 0


@contextmanager
def _prover(options: Namespace) -> Iterator[Proves | None]:
    """Whoever tells whether a mail is from whom it says, made for the first mail; where none can, that is said once."""
    from strictmx.roles.receive.proof import NoVerifier, ProofState, Prover, received_at

    settings = read_settings(options, dict(os.environ)).internet
    now = datetime.now(UTC)
    made: list[Prover] = []
    refused: list[str] = []

    def proves(mail: bytes, submitter: str) -> bool:
        if refused:
            return False
        if not made:
            try:
                made.append(Prover(settings))
            except NoVerifier as error:
                refused.append(str(error))
                tell(f"the origin of mails is not proven; it needs one more package: {error}")
                return False
        return made[0].prove(mail, submitter, received_at(mail, now)).state is ProofState.PROVEN

    try:
        yield proves
    finally:
        for prover in made:
            prover.close()


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar over the octets that are read, on a terminal only."""
    output = standard_error()
    if not output.interactive:
        yield lambda _: None
        return
    from strictmx.cli.progress import octets

    with octets(output.console, total) as advance:
        yield advance


def _tell(taken: Taken, options: Namespace) -> None:
    if options.json:
        sys.stdout.write(json_document(taken.to_json()))
        return
    from strictmx.cli import report_view

    standard_output().lines(report_view.taken_lines(taken, REFUSALS_SHOWN, DEVIATIONS_SHOWN))
