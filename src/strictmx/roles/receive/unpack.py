"""All reports in some bytes, wherever they hide: JSON, an array, JSON lines, gzip, zip, mail, and these in each other.

What something is, its content says; types and names are hints (DEV-12). Nothing is written, so a name is only shown.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec
from msgspec import Struct

from strictmx.roles.receive import mail, mbox
from strictmx.roles.receive.found import (
    BUNDLE_BYTES,
    HERE_BYTES,
    MIB,
    PACKED_BYTES,
    REPORTS,
    SOURCE_BYTES,
    Found,
    Refused,
    Room,
    TooLarge,
    refused,
)
from strictmx.standards.tlsrpt import Deviation, Hints, ReportError, facts_of
from strictmx.standards.tlsrpt.packing import sniff, unpack
from strictmx.standards.tlsrpt.reading import documents, read_report
from strictmx.text import cut, escaped

NESTING = 4  # archives, boxes and mails in each other
MEMBERS = 1_000  # of a zip archive, with those of archives stored in it
NAME_SHOWN = 200  # characters

_ENCRYPTED = 1  # bit of a member's flags
_ENTRY = b"PK\x01\x02"  # begins an entry of the list of members
_OBJECT_WITHIN = re.compile(rb"[\s\xef\xbb\xbf]*\[\s*\{")
_BY_THE_BOOK = {"gzip": "application/tlsrpt+gzip", "json": "application/tlsrpt+json"}
_ZIP_FAULTS = (BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, OverflowError)

_Results = Iterator[Found | Refused]


class _Place(Struct, frozen=True):
    """Where something was, and what is known of it from around it."""

    source: str
    hints: Hints
    in_mail: bool = False
    depth: int = 0
    deviations: tuple[Deviation, ...] = ()

    def within(self, name: str, hints: Hints, *deviations: Deviation, in_mail: bool = False) -> _Place:
        return _Place(
            source=f"{self.source}{name}",
            hints=hints,
            in_mail=self.in_mail or in_mail,
            depth=self.depth + 1,
            deviations=self.deviations + deviations,
        )


def read_source(data: bytes, name: str, room: Room) -> _Results:
    """The reports in these bytes, in order, and what is refused, each with its reason. At least one of both.

    name: where they come from, for people; its last part may be a file name of RFC 8460 section 5.1.
    What the bytes are never raises. Raises TooLarge when they are to be read in a work process (`work.py`).
    """
    if room.here and len(data) > HERE_BYTES:
        raise TooLarge
    source = escaped(name)
    number = 0
    for number, each in enumerate(_read(data, _Place(source, mail.with_file_name(Hints(), name)), room), 1):
        if number > REPORTS:
            yield refused(source, f"it holds more than {REPORTS} reports; the rest is not read", data)
            return
        yield each
    if not number:
        yield refused(source, "it holds no report", data)


def _read(data: bytes, at: _Place, room: Room) -> _Results:
    """What is in these bytes; nothing where they are something else."""
    kind = _kind(data)
    if kind == "other":
        return
    if kind != "json" and at.depth >= NESTING:
        yield refused(at.source, f"archives and mails are nested deeper than {NESTING}", data)
        return
    most = _BYTES[kind]
    if len(data) > most:
        yield refused(at.source, f"it is larger than {most // MIB} MiB")
        return
    yield from _READERS[kind](data, at, room)


def _kind(data: bytes) -> str:
    kind = sniff(data)
    if kind == "json" and data[:1] not in b"{\xff\xfe" and data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        return kind if _OBJECT_WITHIN.match(data) else "other"  # `[EXTERNAL] Dear …` begins human text
    if kind == "other" and mbox.is_mbox(data):
        return "mbox"
    return "mail" if kind == "other" and mail.is_mail(data) else kind


def _in_json(data: bytes, at: _Place, room: Room) -> _Results:
    if room.take(len(data)):
        yield from _documents(data, at, b"")
    else:
        yield refused(at.source, _too_much(), data)


def _in_gzip(data: bytes, at: _Place, room: Room) -> _Results:
    try:
        unpacked, deviations = unpack(data, room.unpacked)
    except ReportError as error:
        if room.here and error.rule == "RPT-44":
            raise TooLarge from error
        yield refused(at.source, str(error), data, error.rule)
        return
    room.take(len(unpacked))
    inner = at.within("", at.hints, *deviations)
    if _kind(unpacked) == "json":
        yield from _documents(unpacked, inner, data)
    else:
        yield from _read(unpacked, inner, room)


def _documents(data: bytes, at: _Place, gzipped: bytes) -> _Results:
    """The reports of an unpacked file. gzipped: it as received, where it came so."""
    found = documents(data)
    if len(found) == 1:
        yield _report(found[0], at, gzipped)
        return
    for number, document in enumerate(found, 1):
        yield _report(document, msgspec.structs.replace(at, source=f"{at.source}#{number}"), b"")


def _report(document: bytes, at: _Place, gzipped: bytes) -> Found | Refused:
    try:
        facts = facts_of(read_report(document, at.hints), at.hints)
        payload = gzipped or zlib.compress(document)
    except ReportError as error:
        return refused(at.source, str(error), gzipped or document, error.rule)
    except MemoryError:
        return refused(at.source, "reading it takes more memory than a report may", gzipped or document)
    if len(payload) > PACKED_BYTES:
        return refused(at.source, f"it is larger than {PACKED_BYTES // MIB} MiB when packed")
    if at.deviations:
        facts = msgspec.structs.replace(facts, deviations=at.deviations + facts.deviations)
    return Found(at.source, facts, payload, "gzip" if gzipped else "zlib", at.hints, at.in_mail)


def _in_zip(data: bytes, at: _Place, room: Room) -> _Results:
    if data.count(_ENTRY) > MEMBERS:
        yield refused(at.source, f"it has more than {MEMBERS} members", data)
        return
    try:
        archive = ZipFile(io.BytesIO(data))
    except _ZIP_FAULTS as error:
        yield refused(at.source, f"it is a damaged zip archive: {_clause(error)}", data)
        return
    packed = Deviation("DEV-12", "zip", "it came in a zip archive; reports come as JSON, plain or in gzip")
    with archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            place = at.within("/" + _shown(member.filename), mail.with_file_name(at.hints, member.filename), packed)
            content = _member(archive, member, room)
            if isinstance(content, str):
                yield refused(place.source, content)
            else:
                yield from _read(content, place, room)


def _member(archive: ZipFile, member: ZipInfo, room: Room) -> bytes | str:
    """The bytes of a member, or why it is not read. zipfile never reads more than the size that is declared."""
    if member.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:  # others unpack without a bound
        return f"it is packed by a method that is not read ({member.compress_type})"
    if not room.take(member.file_size):
        return _too_much()
    try:
        return archive.read(member)
    except _ZIP_FAULTS as error:
        return f"it is damaged: {_clause(error)}"


def _in_mail(data: bytes, at: _Place, room: Room) -> _Results:
    try:
        for part in mail.parts(data):
            name = _shown(part.hints.file_name or f"part {part.number}")
            kind = _kind(part.data)
            declared = part.content_type
            deviations = part.deviations
            if kind in {"gzip", "zip", "json"} and declared != _BY_THE_BOOK.get(kind):
                what = kind if kind != "json" else "JSON"
                told = f"its part is sent as {escaped(cut(declared, NAME_SHOWN))} and holds {what}; taken for that"
                deviations += (Deviation("DEV-12", "mail", told),)
            yield from _read(part.data, at.within("/" + name, part.hints, *deviations, in_mail=True), room)
    except mail.MailError as error:
        yield refused(at.source, str(error), data)


def _in_mbox(data: bytes, at: _Place, room: Room) -> _Results:
    for number, (_, message) in enumerate(mbox.messages(io.BytesIO(data)), 1):
        yield from _read(message or b"", at.within(f":{number}", Hints()), room)


_READERS = {"json": _in_json, "gzip": _in_gzip, "zip": _in_zip, "mail": _in_mail, "mbox": _in_mbox}
_BYTES = {
    "json": SOURCE_BYTES,
    "gzip": PACKED_BYTES,
    "zip": BUNDLE_BYTES,
    "mail": BUNDLE_BYTES,
    "mbox": SOURCE_BYTES,
}


def _too_much() -> str:
    return f"more than {SOURCE_BYTES // MIB} MiB would be unpacked from its source"


def _shown(name: str) -> str:
    return escaped(cut(name, NAME_SHOWN))


def _clause(error: Exception) -> str:
    return _shown(str(error) or type(error).__name__)
