"""Where a key stands in a TOML text: `tomllib` gives values without lines, and an error that names no line is no help.

The text of `key_lines` is one that `tomllib` has read, so this is no second parser: it follows keys, strings and
brackets only. On a text that is no TOML it gives wrong lines, and still ends in time linear in the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

KeyPath = tuple[str | int, ...]
"""Keys from the root; an integer is the place in an array."""

KEY_PARTS = 8  # parts of one dotted key; ours have three. tomllib's time grows with the square of their number
DEPTH = 16  # parts of a path that is followed; ours have five. Deeper values get the line of what is around them

# A string that does not end takes all that is left of its line (or of the text), so that no character is read twice.
_TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|[\"'][^\n]*)"
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<mark>[\[\]{}=,.])"
    r"|(?P<bare>[^\s\[\]{}=,.\#\"']+)",
    re.DOTALL,
)

_Tokens = Iterator[tuple[str, str, int]]


class _Await(Enum):
    """What comes next inside a bracket: an element of an array, or the key or the value of an inline table."""

    ELEMENT = "element"
    KEY = "key"
    VALUE = "value"


@dataclass(slots=True)
class _Bracket:
    """An array or inline table that is open; `index` counts the elements of an array."""

    path: KeyPath
    awaits: _Await
    index: int = 0


@dataclass(slots=True)
class _Scan:
    """What is known at one token: the lines found, the table of the last header, the key being read."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    table: KeyPath = ()
    counts: dict[KeyPath, int] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)
    key_line: int = 0

    def note(self, path: KeyPath, line: int) -> None:
        """Remember the first line of a key, and of the tables that its dots make."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                break
            self.lines[path[:length]] = line

    def add_to_key(self, token: str, line: int) -> None:
        """Take one part of a dotted key."""
        if not self.key:
            self.key_line = line
        if len(self.key) < KEY_PARTS:
            self.key.append(_unquoted(token))

    def end_key(self, table: KeyPath) -> KeyPath:
        """The path of the key that was read, below `table`."""
        path = (*table, *self.key) if len(table) < DEPTH else table
        self.note(path, self.key_line)
        self.key.clear()
        return path


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, where each key, table and array element first stands."""
    scan = _Scan()
    tokens = _tokens(text)
    for kind, word, line in tokens:
        if kind == "newline":
            scan.key.clear()
        elif word == "[" and not scan.key:
            _header(scan, tokens, line)
        elif word == "=" and scan.key:
            _value(scan, tokens, scan.end_key(scan.table))
        elif kind in {"bare", "string"}:
            scan.add_to_key(word, line)
    return scan.lines


def overlong_key(text: str) -> int | None:
    """The line of the first dotted key with more than `KEY_PARTS` parts, in any text; None where there is none."""
    parts, after_dot = 0, False
    for kind, word, line in _tokens(text):
        if word == ".":
            after_dot = True
            continue
        parts = (parts if after_dot else 0) + 1 if kind in {"bare", "string"} else 0
        after_dot = False
        if parts > KEY_PARTS:
            return line
    return None


def _tokens(text: str) -> _Tokens:
    """Kind, text and line of each token; comments are left out."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match.group()
        if kind != "comment":
            yield kind, token, line
        line += token.count("\n")


def _unquoted(token: str) -> str:
    """The key that a token spells; quotes and escapes are TOML's own."""
    if token[0] not in "\"'":
        return token
    try:
        return str(tomllib.loads(f"key = {token}")["key"])
    except tomllib.TOMLDecodeError:
        return token


def _header(scan: _Scan, tokens: _Tokens, line: int) -> None:
    """Read `[a.b]` or `[[a.b]]` up to its last bracket; the first one is behind us."""
    depth, deepest = 1, 1
    for kind, word, _ in tokens:
        if kind in {"bare", "string"}:
            scan.add_to_key(word, line)
        elif word == "[":
            depth, deepest = depth + 1, deepest + 1
        elif word == "]":
            depth -= 1
        if kind == "newline" or depth == 0:
            break
    scan.table = scan.end_key(())
    if deepest > 1:
        index = scan.counts.get(scan.table, 0)
        scan.counts[scan.table] = index + 1
        scan.table = (*scan.table, index)
        scan.note(scan.table, line)


def _value(scan: _Scan, tokens: _Tokens, path: KeyPath) -> None:
    """Read one value up to the line end outside brackets; elements of arrays and keys of inline tables are noted."""
    brackets: list[_Bracket] = []
    here = path  # what the next value belongs to
    for kind, word, line in tokens:
        inside = brackets[-1] if brackets else None
        if kind == "newline":
            if inside is None:
                return
        elif word in {"]", "}"}:
            del brackets[-1:]
            scan.key.clear()
        elif inside is not None and word == ",":
            inside.index += 1
            if inside.awaits is _Await.VALUE:
                inside.awaits = _Await.KEY
        elif inside is not None and inside.awaits is _Await.KEY:
            here = _inline_key(scan, inside, (kind, word, line), here)
        else:
            if inside is not None and inside.awaits is _Await.ELEMENT:
                here = (*inside.path, inside.index) if len(inside.path) < DEPTH else inside.path
                scan.note(here, line)
            if word in {"[", "{"}:
                brackets.append(_Bracket(here, _Await.ELEMENT if word == "[" else _Await.KEY))


def _inline_key(scan: _Scan, inside: _Bracket, token: tuple[str, str, int], here: KeyPath) -> KeyPath:
    """Take a token of a key in an inline table; at `=` the key is whole, and what follows belongs to it."""
    kind, word, line = token
    if kind in {"bare", "string"}:
        scan.add_to_key(word, line)
    if word != "=":
        return here
    inside.awaits = _Await.VALUE
    return scan.end_key(inside.path)
