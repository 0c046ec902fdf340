"""The command line: one thin module a verb. `command` finds the verb and turns errors into one line."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. arguments: without the program's name; default those given."""
    try:
        from strictmx.cli.command import run
    except KeyboardInterrupt:  # Ctrl-C while the program still loads
        return 2
    return run(arguments)
