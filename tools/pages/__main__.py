"""`./test pages`: write the pages; `./test pages observe DOMAIN…` keeps observations of the laboratory before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tools.pages import ROOT, Missing, commands, configuration, documents, findings
from tools.pages.observations import observe

FIRST_LINE = "<!-- Made by `./test pages` from {source}: change it there. -->\n"
PAGES: dict[str, tuple[str, Callable[[], str]]] = {  # where to change what it says, what makes it
    "docs/commands.md": (commands.SOURCE, commands.page),
    "docs/configuration.md": (configuration.SOURCE, configuration.page),
    "docs/findings.md": (findings.SOURCE, findings.page),
    "docs/json.md": (documents.SOURCE, documents.page),
}


def written(name: str) -> str:
    """A page as it must stand in docs/. Raises Missing."""
    source, page = PAGES[name]
    return FIRST_LINE.format(source=source) + page()


def run(arguments: Sequence[str]) -> int:
    """Write the pages, after observing where that is asked for. Returns the exit status."""
    if arguments and arguments[0] != "observe":
        sys.stderr.write("usage: ./test pages [observe DOMAIN…]   (and options of check)\n")
        return 2
    try:
        if arguments:
            observe(arguments[1:])
        for name in PAGES:
            (ROOT / name).write_text(written(name), encoding="utf-8")
    except Missing as missing:
        sys.stderr.write(f"./test pages: {missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
