"""The range of reports that a verb works on: `--domain`, `--since`, `--until`."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from datetime import date

from strictmx.cli.arguments import UsageError
from strictmx.standards.names import InvalidName, Name
from strictmx.store.reports import Range

EPOCH = date(1970, 1, 1)


def add_range(parser: ArgumentParser) -> None:
    """Declare --domain, --since and --until."""
    parser.add_argument("--domain", metavar="D", help="only what is about this domain")
    parser.add_argument("--since", metavar="DATE", help="from this UTC day on, YYYY-MM-DD")
    parser.add_argument("--until", metavar="DATE", help="up to this UTC day, itself included")


def read_range(options: Namespace) -> Range:
    """The domain and the days asked for. Raises UsageError."""
    since, until = (read_day(options, name) for name in ("since", "until"))
    if since is not None and until is not None and since > until:
        raise UsageError(f"reports {options.verb}: --since is after --until")
    return Range(read_domain(options), since, until)


def read_domain(options: Namespace) -> str | None:
    """The domain of --domain, None where it is not given. Raises UsageError."""
    if options.domain is None:
        return None
    try:
        return str(Name.parse(options.domain))
    except InvalidName as error:
        raise UsageError(f"reports {options.verb}: --domain: {error}") from error


def read_day(options: Namespace, name: str) -> int | None:
    """The day of an option as the store counts days, None where it is not given. Raises UsageError."""
    text = getattr(options, name)
    if text is None:
        return None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):  # fromisoformat takes other forms, too
        with suppress(ValueError):
            return (date.fromisoformat(text) - EPOCH).days
    raise UsageError(f"reports {options.verb}: --{name} is a day such as 2026-11-24, not {text!r}")
