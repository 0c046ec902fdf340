"""The options that say what a policy says, for the verbs that write one: mode, MX hosts, max_age, report addresses."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from strictmx.cli.arguments import UsageError
from strictmx.standards import sts, tlsrpt


def declare_terms(parser: argparse.ArgumentParser, *, mode: str, mx: str, max_age: str) -> None:
    """Declare --mode, --mx and --max-age; the arguments say what holds without them. Absent, they are None."""
    parser.add_argument("--mode", choices=[one.value for one in sts.Mode], help=mode)
    parser.add_argument(
        "--mx",
        action="append",
        metavar="HOST",
        help=f"an MX host or a wildcard such as *.example.net; may be repeated ({mx})",
    )
    parser.add_argument("--max-age", metavar="AGE", help=f"how long senders keep it, seconds or 1d, 2w, 1y; {max_age}")


def read_max_age(verb: str, text: str) -> int:
    """The seconds that --max-age gives. Raises UsageError."""
    from strictmx.config.domains import AGE, read_age

    try:
        return read_age(text)
    except ValueError as error:
        raise UsageError(f"{verb}: --max-age is {AGE}, not {text!r}") from error


def read_patterns(verb: str, texts: Sequence[str]) -> tuple[sts.HostPattern, ...]:
    """The patterns that --mx gives, each once. Raises UsageError."""
    return tuple(dict.fromkeys(_pattern(verb, text) for text in texts))


def _pattern(verb: str, text: str) -> sts.HostPattern:
    from strictmx.config.domains import read_pattern

    try:
        return read_pattern(text)
    except ValueError as error:
        raise UsageError(f"{verb}: --mx {text!r}: {error}") from error


def read_rua(verb: str, uris: Sequence[str]) -> tuple[str, ...]:
    """The addresses that --rua gives, each once. Raises UsageError: one that no sender can use."""
    for uri in uris:
        try:
            tlsrpt.read_uri(uri)
        except ValueError as error:
            hint = "; repeat --rua for each address" if "," in uri else ""
            raise UsageError(f"{verb}: --rua {uri}: {error}{hint}") from error
    return tuple(dict.fromkeys(uris))
