"""A box of mails in one file: each begins with a line `From …` after a blank line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from strictmx.roles.receive.found import BUNDLE_BYTES

LINE_BYTES = 65_536  # read at a time

_QUOTED = re.compile(rb">+From ")


def is_mbox(data: bytes) -> bool:
    """Whether bytes begin as a box does."""
    return data.startswith(b"From ")


def messages(box: BinaryIO, head: bytes = b"") -> Iterator[tuple[int, bytes | None]]:
    """The messages of a box, each with its size in the box; None in place of one that is too large.

    Lines that were quoted (`>From `) are as they were before (mboxrd). Bounded in memory by one message.
    head: what was already read of the first line.
    """
    lines: list[bytes] = []
    size, begun, after_blank, line_begins = 0, False, True, True
    while line := head + box.readline(LINE_BYTES):
        head = b""
        if line_begins and after_blank and line.startswith(b"From "):
            if begun:
                yield size, b"".join(lines) if size <= BUNDLE_BYTES else None
            lines, size, begun = [], len(line), True
        else:
            size += len(line)
            if size <= BUNDLE_BYTES:
                lines.append(line[1:] if line_begins and _QUOTED.match(line) else line)
            else:
                lines.clear()
        after_blank = line_begins and line in {b"\n", b"\r\n"}
        line_begins = line.endswith(b"\n")
    if begun:
        yield size, b"".join(lines) if size <= BUNDLE_BYTES else None
