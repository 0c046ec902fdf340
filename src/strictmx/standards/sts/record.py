"""The TXT record at `_mta-sts` (RFC 8461 section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from strictmx.standards.names import Name
from strictmx.standards.txt_record import (
    FAULTS,
    FIELD_NAME,
    FIELD_VALUE,
    FOUND_CHARACTERS,
    choose,
    has_blank_before_semicolon,
    split,
    why_no_field,
)

RECORD_LABEL = "_mta-sts"

_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")


class RecordFault(Enum):
    """Why there is no record for a sender to act on (STS-02 to STS-04)."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    NO_ID = "no-id"


class RecordDeviation(Enum):
    """What a valid record has that a publisher should mend or know."""

    UNKNOWN_FIELD = "unknown-field"  # STS-05: ignored by senders
    DUPLICATE_FIELD = "duplicate-field"  # STS-06: only the first counts
    BLANK_BEFORE_SEMICOLON = "blank-before-semicolon"  # DEC-03: allowed by the grammar, missed by literal readers


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record that RFC 8461 section 3.1 accepts: its `id` (1 to 32 letters and digits) and other fields."""

    id: str
    extensions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(f"an id is 1 to 32 letters and digits, not {self.id[:FOUND_CHARACTERS]!r}")


@dataclass(frozen=True, slots=True)
class RecordReading:
    """What the TXT answer at `_mta-sts` holds: a record, or the fault that makes senders see none.

    candidates: the TXT records that begin as an STS record does. others: the rest of the answer.
    detail: the part that breaks the grammar, for `INVALID`.
    """

    record: Record | None = None
    fault: RecordFault | None = None
    candidates: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    detail: str = ""
    deviations: tuple[tuple[RecordDeviation, str], ...] = ()


def read_records(records: Sequence[str]) -> RecordReading:
    """Pick the STS record out of the TXT records at `_mta-sts` and read it (RFC 8461 section 3.1).

    records: one string a record, its parts already joined (STS-01), octets as Latin-1. Never raises.
    """
    chosen = choose(records, "STSv1")
    if chosen.fault is not None:
        fault = RecordFault(chosen.fault.value)
        return RecordReading(fault=fault, candidates=chosen.candidates, others=chosen.others, detail=chosen.detail)
    return _read_record(chosen.candidates[0], chosen.others)


def _read_record(text: str, others: tuple[str, ...]) -> RecordReading:
    """Read one candidate: `v=STSv1` 1*(delim field) [delim]."""

    def faulty(fault: RecordFault, detail: str) -> RecordReading:
        return RecordReading(fault=fault, candidates=(text,), others=others, detail=detail)

    identifier: str | None = None
    extensions: dict[str, str] = {}
    deviations: list[tuple[RecordDeviation, str]] = []
    if has_blank_before_semicolon(text):
        deviations.append((RecordDeviation.BLANK_BEFORE_SEMICOLON, "v=STSv1 ;"))
    for part in split(text):
        name, equals, value = part.partition("=")
        if not equals or not FIELD_NAME.match(name) or not FIELD_VALUE.match(value):
            return faulty(RecordFault.INVALID, why_no_field(part))
        if name == "id":
            if identifier is not None:
                deviations.append((RecordDeviation.DUPLICATE_FIELD, name))
            elif not _ID.match(value):
                detail = f"an id is 1 to 32 letters and digits, not `{value[:FOUND_CHARACTERS]}`"
                return faulty(RecordFault.INVALID, detail)
            else:
                identifier = value
        elif name == "v" or name in extensions:
            deviations.append((RecordDeviation.DUPLICATE_FIELD, name))
        else:
            extensions[name] = value
            deviations.append((RecordDeviation.UNKNOWN_FIELD, name))
    if identifier is None:
        return faulty(RecordFault.NO_ID, "")
    record = Record(identifier, tuple(extensions.items()))
    return RecordReading(record=record, candidates=(text,), others=others, deviations=tuple(deviations[:FAULTS]))


def format_record(record: Record) -> str:
    """The TXT record as a publisher writes it: `v=STSv1; id=…;`."""
    fields = [("id", record.id), *record.extensions]
    return "v=STSv1;" + "".join(f" {name}={value};" for name, value in fields)


def record_name(domain: Name) -> Name:
    """Where the TXT record of a domain stands (RFC 8461 section 3.1)."""
    return domain.below(RECORD_LABEL)
