"""docs/commands.md: every verb and option, as `--help` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from strictmx.cli.arguments import Parser
from strictmx.cli.verbs import VERBS, load
from tools.pages import printed

SOURCE = "`HELP` and `declare` of the modules in src/strictmx/cli"
HEAD = """\
# Commands

Every verb and option, as `--help` prints them; [check.md](check.md) and [policy.md](policy.md) show them at work.
"""


def page() -> str:
    """The page."""
    sections = [("strictmx", printed()), *((f"strictmx {words}", text) for words, text in helps())]
    return "\n".join([HEAD, *(f"## {name}\n\n```text\n{text}```\n" for name, text in sections)])


def helps() -> Iterator[tuple[str, str]]:
    """Every verb, and every verb below one, with its help."""
    for verb in VERBS:
        parser = Parser(f"strictmx {verb}", load(verb).HELP)
        load(verb).declare(parser)
        for words in ([verb], *([verb, below] for below in parser.verbs)):
            yield " ".join(words), printed(*words, "--help")
