"""How a key of the configuration is declared and read; which values there are is told by `values`.

A `Reader` turns one TOML value into a typed one or refuses it with the sentence of what is allowed; readers of arrays
and tables refuse all their parts at once. `key` binds default, reader and text on the field of a section, so that the
declaration is the one place that reading, errors and the printed reference come from. Nothing here touches a file.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from strictmx.config.lines import KeyPath
from strictmx.text import cut, escaped

T = TypeVar("T")
U = TypeVar("U")
E = TypeVar("E", bound=Enum)

SHOWN = 60  # characters of a refused value in a message; the line number leads to the rest


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: `path` leads to it from where the reader stands, `text` says what and what is allowed."""

    path: KeyPath
    text: str


class Refused(Exception):
    """The value is not allowed. `.problems` says why, one for each part that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)

    def below(self, part: str | int) -> tuple[Problem, ...]:
        """The problems as the container sees them, whose `part` was refused."""
        return tuple(Problem((part, *problem.path), problem.text) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """One kind of value. `read` takes the TOML value and the folder of the file, and raises Refused."""

    allowed: str
    read: Callable[[object, Path], T]
    members: type | None = None  # the dataclass of a table, for the reference


@dataclass(frozen=True, slots=True)
class Key:
    """What a field of a section knows of itself: its name in TOML, its default there, reader and text."""

    name: str | None
    default: object
    reader: Reader[Any]
    text: str
    is_secret: Callable[[Any], bool] | None = None


_ABSENT = object()


def key(default: object, reader: Reader[T], text: str, *, name: str | None = None) -> T:
    """Declare a key: its default as TOML writes it, how it is read, what it is for (with its unit).

    name: the key in TOML where Python reserves the word.
    """
    return field(default=reader.read(default, Path("/")), metadata={"key": Key(name, default, reader, text)})


def optional(reader: Reader[T], text: str, *, name: str | None = None) -> T | None:
    """Declare a key that may be absent and then is None; `name` as in `key`."""
    return cast("T | None", field(default=None, metadata={"key": Key(name, None, reader, text)}))


def needed(reader: Reader[T], text: str) -> T:
    """Declare a key that its table cannot do without."""
    return cast("T", field(metadata={"key": Key(None, _ABSENT, reader, text)}))


def secret(default: object, reader: Reader[T], text: str, is_secret: Callable[[T], bool] = bool) -> T:
    """Declare a key that may hold a secret: never shown, and refused in a file that others can read.

    is_secret: whether this value is one (a database URL without a password is none).
    """
    value = reader.read(default, Path("/"))
    return field(default=value, repr=False, metadata={"key": Key(None, default, reader, text, is_secret)})


def optional_secret(reader: Reader[T], text: str, is_secret: Callable[[T], bool] = bool) -> T | None:
    """Declare a key like `secret` that may be absent and then is None."""
    return cast("T | None", field(default=None, repr=False, metadata={"key": Key(None, None, reader, text, is_secret)}))


def keys_of(section: type) -> dict[str, tuple[str, Key]]:
    """The keys of a section as TOML names them, each with the name of its field."""
    found = {}
    for each in fields(section):
        declared = cast("Key", each.metadata["key"])
        found[declared.name or each.name] = (each.name, declared)
    return found


def is_needed(declared: Key) -> bool:
    """Whether the table is incomplete without this key."""
    return declared.default is _ABSENT


def shown(value: object) -> str:
    """A value or text from the file, cut, without characters that could steer a terminal."""
    return printable(as_toml(value))


def printable(text: str) -> str:
    """The text cut to `SHOWN` characters, and escaped."""
    return escaped(cut(text, SHOWN))


def as_toml(value: object) -> str:
    """A value roughly as TOML writes it, for messages and the reference; long ones are cut inside."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value[:SHOWN]}"'
        case list():
            return "[" + ", ".join(as_toml(each) for each in value[:SHOWN]) + "]"
        case dict():
            return "{" + ", ".join(f"{name} = {as_toml(each)}" for name, each in list(value.items())[:SHOWN]) + "}"
        case int() if abs(value) > 10**SHOWN:
            return "a number of more than 60 digits"
        case _:
            return str(value)


def nearest(word: str, known: Sequence[str]) -> str:
    """`, did you mean X?` for the known word that resembles it, else nothing."""
    close = difflib.get_close_matches(word[:SHOWN].lower(), known, n=1, cutoff=0.6)
    return f", did you mean {close[0]}?" if close else ""


def refuse(value: object, allowed: str, hint: str = "") -> Refused:
    """The error for a value that is not what is allowed."""
    return Refused([Problem((), f"{shown(value)} is not allowed{hint} ({allowed})")])


def of_text(allowed: str, convert: Callable[[str], T]) -> Reader[T]:
    """A reader of strings; `convert` raises ValueError for those that are not allowed."""

    def read(value: object, _folder: Path) -> T:
        if not isinstance(value, str) or "\0" in value:
            raise refuse(value, allowed)
        try:
            return convert(value)
        except (ValueError, OverflowError) as error:
            raise refuse(value, allowed) from error

    return Reader(allowed, read)


def list_of(item: Reader[T]) -> Reader[tuple[T, ...]]:
    """A reader of arrays; each element that is wrong is told."""
    allowed = f"a list, each {item.allowed}"

    def read(value: object, folder: Path) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise refuse(value, allowed)
        taken: list[T] = []
        problems: list[Problem] = []
        for index, each in enumerate(value):
            try:
                taken.append(item.read(each, folder))
            except Refused as refused:
                problems += refused.below(index)
        if problems:
            raise Refused(problems)
        return tuple(taken)

    return Reader(allowed, read)


def table_of(section: type[T]) -> Reader[T]:
    """A reader of tables: every unknown, missing and wrong key is told."""
    known = keys_of(section)
    allowed = "a table with " + ", ".join(known)

    def read(value: object, folder: Path) -> T:
        if not isinstance(value, dict):
            raise refuse(value, allowed)
        return read_table(section, value, folder)

    return Reader(allowed, read, section)


def read_table(section: type[T], table: Mapping[str, object], folder: Path) -> T:
    """The section that a table describes.

    Raises Refused, with every fault of the table: unknown keys with the nearest name, values, keys that are missing,
    a key given both itself and as a file.
    """
    known = keys_of(section)
    problems: list[Problem] = []
    taken: dict[str, object] = {}
    for name, value in table.items():
        if name not in known:
            hint = nearest(name, list(known))
            problems.append(Problem((name,), f"unknown key{hint} (allowed: {', '.join(known)})"))
            continue
        attribute, declared = known[name]
        try:
            taken[attribute] = declared.reader.read(value, folder)
        except Refused as refused:
            hidden = declared.is_secret is not None
            problems += [_without_value(name, declared)] if hidden else refused.below(name)
        if f"{name}_file" in table and f"{name}_file" in known:
            problems.append(Problem((name,), f"stands here and in {name}_file; one of them goes"))
    missing = [name for name, (_, declared) in known.items() if is_needed(declared) and name not in table]
    problems += [Problem((), f"{name} is missing ({known[name][1].reader.allowed})") for name in missing]
    if problems:
        raise Refused(problems)
    return section(**taken)


def _without_value(name: str, declared: Key) -> Problem:
    """A secret that is wrong is not repeated: the message goes to logs."""
    return Problem((name,), f"this value is not allowed ({declared.reader.allowed})")


def either(word: str, other: Reader[U]) -> Reader[str | U]:
    """A reader that takes one word as it is, and hands anything else on."""
    allowed = f'"{word}" or {other.allowed}'

    def read(value: object, folder: Path) -> str | U:
        if value == word:
            return word
        if isinstance(value, dict) and other.members is not None:
            return other.read(value, folder)
        try:
            return other.read(value, folder)
        except Refused as refused:
            raise refuse(value, allowed) from refused

    return Reader(allowed, read, other.members)


def one_of(choices: type[E]) -> Reader[E]:
    """A reader of the values of an Enum."""
    values = [str(each.value) for each in choices]
    allowed = "one of " + ", ".join(f'"{each}"' for each in values)

    def read(value: object, _folder: Path) -> E:
        if not isinstance(value, str) or value not in values:
            raise refuse(value, allowed, nearest(value, values) if isinstance(value, str) else "")
        return choices(value)

    return Reader(allowed, read)


def whole(least: int, most: int, unit: str = "") -> Reader[int]:
    """A reader of whole numbers, both ends included."""
    allowed = f"a whole number{' of ' + unit if unit else ''}, {least} to {most}"

    def read(value: object, _folder: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise refuse(value, allowed)
        return value

    return Reader(allowed, read)
