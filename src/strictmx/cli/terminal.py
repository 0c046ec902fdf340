"""Where output goes: plain text to a pipe, colour and progress to a terminal (`NO_COLOR` honoured); JSON made safe."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from strictmx.cli.view import STYLES, Line

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 100  # characters a line where there is no terminal to ask
LEAST_WIDTH = 20  # narrower nobody reads
MOST_WIDTH = 110  # longer lines are hard to read, however wide the terminal
_UNSAFE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\U000e0000-\U000e007f]"
)


class Terminal:
    """One output stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.interactive = stream.isatty() and os.environ.get("TERM") != "dumb"
        columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns  # COLUMNS holds for pipes, too
        self.width = min(max(columns, LEAST_WIDTH), MOST_WIDTH)
        self._console: Console | None = None

    @property
    def console(self) -> Console:
        """The rich console of this stream, made at first use: its import takes 0.1 s."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
        return self._console

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines of styled text."""
        if not self.interactive:
            for line in lines:
                self._stream.write("".join(text for text, _ in line) + "\n")
        else:
            from rich.text import Text

            for line in lines:
                styled = Text.assemble(*((text, STYLES.get(style, "")) for text, style in line))
                self.console.print(styled, soft_wrap=True)
        self._stream.flush()

    def text(self, text: str) -> None:
        """Write text that is ours."""
        self._stream.write(text)
        self._stream.flush()


def json_line(document: Any) -> str:
    """A document on one line, line end included."""
    return _safe(msgspec.json.encode(document).decode()) + "\n"


def json_document(document: Any) -> str:
    """A document with indentation, line end included."""
    return _safe(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()) + "\n"


def _safe(encoded: str) -> str:
    """JSON whose texts from outside cannot steer a terminal: such characters become JSON's own escapes."""
    return _UNSAFE.sub(_escape, encoded)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def standard_output() -> Terminal:
    """Where results go."""
    return Terminal(sys.stdout)


def standard_error() -> Terminal:
    """Where progress and complaints go."""
    return Terminal(sys.stderr)
