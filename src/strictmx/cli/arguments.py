"""Options and arguments: argparse with errors in one line, and help texts that end with examples."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from strictmx.config import ConfigError, Settings, find
from strictmx.text import escaped

STDIN = "-"


class UsageError(Exception):
    """The command was used wrongly or cannot run; its text is one line, or a line for each fault.

    lines: may hold file names and other text from outside, which steers no terminal and breaks no line.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(escaped, lines)))


def tell(line: str) -> None:
    """Write one line on standard error; text from outside in it steers no terminal.

    Where it cannot be written nobody is left to tell, and the exit status still says how it ended.
    """
    with suppress(OSError):
        sys.stderr.write(f"strictmx: {escaped(line)}\n")
        sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Help:
    """What `--help` says of a verb: a paragraph, and commands that can be pasted, each with what it is for."""

    about: str
    examples: tuple[tuple[str, str], ...]

    @property
    def for_argparse(self) -> dict[str, Any]:
        """The keywords that make argparse say it."""
        examples = "".join(f"  {command}\n      {purpose}\n" for command, purpose in self.examples)
        return {
            "description": self.about,
            "epilog": f"examples:\n{examples}",
            "formatter_class": _Formatter,
        }


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal: paragraphs are filled, indented lines stay as they are, to be pasted."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for kept, block in groupby(text.splitlines(), key=lambda line: not line or line.startswith(" ")):
            gathered = list(block)
            lines += gathered if kept else textwrap.wrap(" ".join(gathered), width)
        return "\n".join(indent + line for line in lines)


class _OneLine(argparse.ArgumentParser):
    """Argparse that raises in place of printing its usage and leaving."""

    def error(self, message: str) -> NoReturn:
        name = self.prog.removeprefix("strictmx ")
        raise UsageError(f"{name}: {self._plainly(message)} (see {self.prog} --help)")

    def _plainly(self, message: str) -> str:
        """What argparse says, for people."""
        if match := re.match(r"argument (\S+): expected one argument", message):
            return f"{match[1]} needs a value"
        if match := re.match(r"argument (\S+): invalid int value: (.*)", message):
            return f"{match[1]} is a number, not {match[2]}"
        import difflib

        verbs = [verb for action in self._actions if action.dest == "verb" for verb in action.choices or ()]
        if match := re.match(r"argument VERB: invalid choice: '(.*)' \(", message):
            near = difflib.get_close_matches(match[1], verbs, n=1)
            return f"unknown verb {match[1]}" + (f", did you mean {near[0]}?" if near else "")
        if match := re.match(r"the following arguments are required: (.*)", message):
            return f"name {' or '.join(verbs) if match[1] == 'VERB' else match[1]}"
        return message


def _unknown(word: str, parser: argparse.ArgumentParser) -> str:
    """What to say of a word that the verb does not know."""
    import difflib  # only a slip pays for it

    options = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001 - no other way
    near = difflib.get_close_matches(word, options, n=1)
    return f"unknown {'option' if word.startswith('-') else 'argument'} {word}" + (
        f", did you mean {near[0]}?" if near else ""
    )


class Parser:
    """One verb's options. `--config` is always there. `verbs` are those below it, with their help."""

    def __init__(self, program: str, about: Help) -> None:
        self._parser = _OneLine(prog=program, allow_abbrev=False, **about.for_argparse)
        self._add_configuration(self._parser)
        self._verbs: Any = None
        self.verbs: dict[str, Help] = {}

    @staticmethod
    def _add_configuration(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--config", metavar="FILE", help="the configuration (TOML); also STRICTMX_CONFIG")

    def add(self, *names: str, **options: Any) -> None:
        """Declare an option or argument, as argparse's add_argument does."""
        self._parser.add_argument(*names, **options)

    def add_verb(self, name: str, summary: str, about: Help) -> argparse.ArgumentParser:
        """Declare a verb below the verb (`policy lint`); its name ends up in `options.verb`.

        summary: what the help of the verb above says of it.
        """
        if self._verbs is None:
            self._verbs = self._parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_OneLine)
        parser: argparse.ArgumentParser = self._verbs.add_parser(
            name, help=summary, allow_abbrev=False, **about.for_argparse
        )
        self.verbs[name] = about
        parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return parser

    def parse(self, arguments: Sequence[str]) -> Namespace:
        """Read the arguments; options may stand between them. Raises UsageError."""
        if self._verbs is None:
            options, unknown = self._parser.parse_known_intermixed_args(arguments)
            known = self._parser
        else:
            options, unknown = self._parser.parse_known_args(arguments)
            known = self._verbs.choices[options.verb]
        if unknown:
            known.error(_unknown(unknown[0], known))
        return options


def read_settings(options: Namespace, environment: dict[str, str]) -> Settings:
    """The configuration that the command line, the environment or the system names, else built-in defaults.

    Raises UsageError with a line for each fault.
    """
    path = find(options.config, environment)
    if path is None:
        return Settings()
    try:
        return Settings.load(path)
    except ConfigError as error:
        raise UsageError(*str(error).splitlines()) from error


def read_bytes(name: str, most: int) -> bytes:
    """A file, or standard input for `-`; at most one octet more than `most`, so that the caller sees it is too long.

    Raises UsageError: unreadable.
    """
    try:
        with _opened(name) as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def read_lines(name: str, most: int) -> Iterator[bytes]:
    """The lines of a file, or of standard input for `-`, as they come, with their line ends.

    A line longer than `most` octets is cut at `most` + 1 and is the last, so that the caller sees it is too long.
    Raises UsageError: unreadable.
    """
    try:
        with _opened(name) as file:
            while line := file.readline(most + 1):
                yield line
                if len(line) > most:
                    return
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name != STDIN:
        return Path(name).open("rb")
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return nullcontext(sys.stdin.buffer)


def _unreadable(name: str, error: OSError | ValueError) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(f"{name}: {reason}")
