"""`strictmx lab`: the mail internet on loopback."""

from __future__ import annotations

import fcntl
import sys
import tempfile
import textwrap
from argparse import Namespace
from pathlib import Path

from strictmx.cli.arguments import Help, Parser, UsageError
from strictmx.cli.terminal import json_document, standard_output
from strictmx.lab import DOMAINS, domains_table
from strictmx.text import escaped

LOCK_FILE = "lock"  # held while a laboratory runs in the folder

HELP = Help(
    about="A mail internet on loopback: DNS, policy hosts, MX hosts, a certificate authority; a domain for every\n"
    "finding that `check` knows, and healthy ones that look odd. Needs no privileges; nothing leaves the machine.",
    examples=(
        ("strictmx lab list", "what each domain shows"),
        ("strictmx lab up --dir /tmp/lab &", "run it; it writes /tmp/lab/strictmx.toml"),
        ("strictmx check --config /tmp/lab/strictmx.toml mx-certificate-expired.example", "look at one of its domains"),
    ),
)
UP_HELP = Help(
    about="Run the laboratory until Ctrl-C. It says `ready:` once every server listens, on ports that were free.",
    examples=(
        ("strictmx lab up --dir /tmp/lab &", "run it; it writes /tmp/lab/strictmx.toml"),
        ("strictmx check --config /tmp/lab/strictmx.toml --from /tmp/lab/ALL", "look at all of its domains"),
    ),
)
LIST_HELP = Help(
    about="List the domains of the laboratory: what each shows, and the verdict that `check` gives.",
    examples=(
        ("strictmx lab list", "for people"),
        ("strictmx lab list --json", "with the codes that `check` finds, for a program"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare `lab up` and `lab list`."""
    up = parser.add_verb("up", "run the laboratory until Ctrl-C", UP_HELP)
    up.add_argument(
        "--dir",
        metavar="DIR",
        help="where its configuration and certificates go (default: a new one, removed at the end)",
    )
    listing = parser.add_verb("list", "what each domain shows", LIST_HELP)
    listing.add_argument("--json", action="store_true", help="as a JSON list")


def run(options: Namespace) -> int:
    """Run the laboratory, or list its domains."""
    if options.verb == "list":
        return _list(options)
    if not options.dir:
        with tempfile.TemporaryDirectory(prefix="strictmx-lab-") as directory:
            return _up(Path(directory))
    return _up(Path(options.dir))


def _up(directory: Path) -> int:
    import asyncio

    from strictmx.lab import serve

    output = standard_output()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / LOCK_FILE).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(f"lab: {directory}: a laboratory runs here already") from error
            asyncio.run(serve(directory, lambda line: output.text(f"{escaped(line)}\n")))
    except OSError as error:
        raise UsageError(f"lab: {error.filename or directory}: {error.strerror or error}") from error
    return 0


def _list(options: Namespace) -> int:
    if options.json:
        sys.stdout.write(json_document(domains_table()))
        return 0
    output = standard_output()
    for row in DOMAINS:
        output.lines([((row.name, "bold"), (f"  {row.verdict}", ""))])
        output.lines(((f"  {line}", ""),) for line in textwrap.wrap(row.shows, output.width - 2))
        if row.related:
            selectors = "".join(f" --selector {selector}" for selector in row.selectors)
            output.lines([((f"  check --related{selectors}", ""),)])
    return 0
