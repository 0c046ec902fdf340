"""The pages of docs/ that are made from the code: `./test pages` writes them, `tests/test_pages.py` finds stale ones.

One module a page, each with `SOURCE` (where to change what it says) and `page()`; `observations` holds what examples
are made of. No network, no clock: the same code gives the same pages.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

from strictmx.cli import main

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 80  # of the terminal that help texts are shown for


class Missing(Exception):
    """Something of the code has no words or no example yet; the text says what to do."""


def printed(*arguments: str) -> str:
    """What a command prints, without colour."""
    output = io.StringIO()
    plain = patch.dict(os.environ, {"COLUMNS": str(COLUMNS), "NO_COLOR": "1"})
    with plain, redirect_stdout(output), suppress(SystemExit):  # argparse leaves after a help text
        main(arguments)
    return output.getvalue()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
