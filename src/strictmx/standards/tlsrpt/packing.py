"""How the bytes of a report are packed (RFC 8460 section 5.2): told by content, type and name are hints (DEV-12)."""

from __future__ import annotations

import zlib
from typing import Literal

import msgspec

from strictmx.standards.tlsrpt.report import Deviation, ReportError

MEMBERS_MOST = 100  # of a gzip file; each costs a copy of what follows it

_STEP = 8 << 20  # bytes unpacked at a time, so that a bomb is seen early
_GZIP_BITS = 16 + zlib.MAX_WBITS  # zlib's word for gzip alone
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # byte order marks of UTF-16 and UTF-32
_MARGIN = b"\xef\xbb\xbf \t\r\n"  # byte order mark of UTF-8, and blanks
_HEAD_BYTES = 1_024  # in which JSON must begin


def sniff(data: bytes) -> Literal["gzip", "zip", "json", "other"]:
    """What the bytes are by how they begin."""
    if data.startswith(_GZIP):
        return "gzip"
    if data.startswith(_ZIP):
        return "zip"
    if data.startswith(_WIDE) or data[:_HEAD_BYTES].lstrip(_MARGIN).startswith((b"{", b"[")):
        return "json"
    return "other"


def unpack(data: bytes, most: int) -> tuple[bytes, tuple[Deviation, ...]]:
    """Unpack a gzip file to at most so many bytes; anything else is passed on as it is. Returns what was bent, too.

    Several members are joined. A file that is cut off or followed by junk is read when whole JSON was in it.
    Raises ReportError: more than `most` (RPT-44), or damaged (RPT-30).
    """
    if not data.startswith(_GZIP):
        return data, ()
    machine = zlib.decompressobj(_GZIP_BITS)
    try:
        whole = machine.decompress(data, min(_STEP, most + 1))
    except zlib.error:
        whole = b""
    if machine.eof and not machine.unused_data and len(whole) <= most:
        return whole, ()  # nearly every file is one member, and whole
    return _unpack_slowly(data, most)


def _unpack_slowly(data: bytes, most: int) -> tuple[bytes, tuple[Deviation, ...]]:
    pieces: list[bytes] = []
    rest, members, fault = data, 0, ""
    while rest and not fault:
        if members and not rest.strip(b"\0"):
            break
        if members == MEMBERS_MOST or not rest.startswith(_GZIP):
            fault = "is followed by what is no gzip data"
            break
        members += 1
        rest, fault = _member(rest, most, pieces)
    whole = b"".join(pieces)
    deviations = []
    if members > 1:
        deviations.append(Deviation("RPT-30", "", f"The gzip file has {members} members; they are joined."))
    if fault:
        _demand_json(whole, fault)
        deviations.append(Deviation("RPT-30", "", f"The gzip file {fault}; the whole document before it is read."))
    return whole, tuple(deviations)


def _member(data: bytes, most: int, pieces: list[bytes]) -> tuple[bytes, str]:
    """Unpack one member onto the pieces. Returns what follows it, and what is wrong with it."""
    machine = zlib.decompressobj(_GZIP_BITS)
    size = sum(map(len, pieces))
    while not machine.eof:
        try:
            piece = machine.decompress(data, min(_STEP, most - size + 1))
        except zlib.error:
            return b"", "is damaged"
        data = machine.unconsumed_tail
        size += len(piece)
        if size > most:
            raise ReportError("RPT-44", f"it is larger than {most} bytes unpacked")
        pieces.append(piece)
        if not piece and not data and not machine.eof:
            return b"", "is cut off"
    return machine.unused_data, ""


def _demand_json(data: bytes, fault: str) -> None:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError("RPT-30", f"the gzip file {fault}, and what is in it is no whole JSON document") from error
