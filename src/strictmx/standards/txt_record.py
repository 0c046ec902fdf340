"""The TXT record form that MTA-STS and TLSRPT share: a version tag, then `;`-separated `name=value` fields.

    record  = "v=TAG" 1*(delim field) [delim]     delim = *WSP ";" *WSP     (RFC 8461 section 3.1, RFC 8460 section 3)

Pure. What a field means is for `sts` and `tlsrpt` to say. A record that has a blank before its first `;` is a candidate
too: the grammar allows it, although the rule for choosing among records does not (DEC-03).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
FIELD_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")
FOUND_CHARACTERS = 80  # how much of a faulty text an error quotes

_BLANKS = " \t"
FAULTS = 10  # of one kind kept of one record or file; nobody reads on


class ChoiceFault(Enum):
    """Why no record of an answer is the one to read; both record kinds have faults of these values."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Choice:
    """A TXT answer sorted: the one candidate to read, or the fault that makes senders see none.

    candidates: the records of this kind; for `INVALID` those that only nearly are. others: the rest of the answer.
    detail: for `INVALID`, what breaks the grammar.
    """

    candidates: tuple[str, ...]
    others: tuple[str, ...]
    fault: ChoiceFault | None = None
    detail: str = ""


def choose(records: Sequence[str], tag: str) -> Choice:
    """Choose the record to read among those of a TXT answer (STS-02, RPT-01).

    records: one string a record, its parts already joined, octets as Latin-1. tag: the version, as in `v=TAG`.
    Those that are UTF-8 come out as text, to be shown; what the grammar allows is ASCII and stays as it is.
    """
    records = [_as_utf_8(text) for text in records]
    candidate = re.compile(rf"v={tag}[ \t]*;")
    nearly = re.compile(rf"v={tag}(?![A-Za-z0-9])")
    rest = [text for text in records if not candidate.match(text)]
    candidates = tuple(text for text in records if candidate.match(text))
    if candidates:
        return Choice(candidates, tuple(rest), None if len(candidates) == 1 else ChoiceFault.MULTIPLE)
    almost = tuple(text for text in rest if nearly.match(text))
    if almost:
        strangers = tuple(text for text in rest if not nearly.match(text))
        return Choice(almost, strangers, ChoiceFault.INVALID, f"no semicolon after `v={tag}`{strange(almost[0])}")
    return Choice((), tuple(rest), ChoiceFault.MISSING)


def _as_utf_8(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def strange(text: str) -> str:
    """A character that only looks as if it belonged there, as the end of a clause; empty where there is none."""
    found = next((character for character in text if not character.isascii()), "")
    return f"; the character U+{ord(found):04X} stands in it" if found else ""


def split(candidate: str) -> tuple[str, ...]:
    """The fields of a candidate, the version tag left out; an empty one is a fault that the caller names."""
    *between, last = candidate.split(";")
    last = last.lstrip(_BLANKS)  # blanks at the very end belong to no delimiter
    return (*(part.strip(_BLANKS) for part in between[1:]), *([last] if last and between else ()))


def why_no_field(field: str) -> str:
    """What keeps a text from being a field, in a clause."""
    name, equals, value = field.partition("=")
    if not field:
        return "a field is empty"
    if not equals:
        return f"`{field[:FOUND_CHARACTERS]}` is no `name=value`{strange(field)}"
    if not FIELD_NAME.match(name):
        return f"`{name[:FOUND_CHARACTERS]}` is no name of a field{strange(name)}"
    if not value:
        return f"the value of `{name}` is empty"
    return f"the value of `{name}` holds a blank or another character that has no place in it{strange(value)}"


def has_blank_before_semicolon(candidate: str) -> bool:
    """Whether white space stands before the first `;` (DEC-03)."""
    return candidate.partition(";")[0][-1:] in (" ", "\t")
