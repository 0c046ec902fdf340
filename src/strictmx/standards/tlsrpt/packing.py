"""How the bytes of a report are packed (RFC 8460 section 5.2)."""

from __future__ import annotations

import zlib

from strictmx.standards.tlsrpt.report import Deviation, ReportError

_STEP = 8 << 20  # bytes unpacked at a time
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def sniff(data: bytes) -> str:
    """What the bytes are by their first octets: `gzip`, `zip`, `json` or `other` (DEV-12)."""
    if data.startswith(b"\x1f\x8b"):
        return "gzip"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "json" if head[:1] in {b"{", b"["} or data.startswith(_BOMS[1:]) else "other"


def unpack(data: bytes, most: int) -> tuple[bytes, tuple[Deviation, ...]]:
    """The bytes of a gzip file, at most so many. Raises ReportError."""
    if sniff(data) != "gzip":
        return data, ()
    pieces: list[bytes] = []
    size = members = 0
    rest = data
    while rest.startswith(b"\x1f\x8b"):
        machine = zlib.decompressobj(31)
        members += 1
        while True:
            try:
                piece = machine.decompress(rest, min(_STEP, most + 1 - size))
            except zlib.error as error:
                raise ReportError("RPT-30", f"damaged gzip: {error}") from error
            if not (piece or machine.eof or machine.unconsumed_tail):
                raise ReportError("RPT-30", "the gzip data end too early")
            pieces.append(piece)
            size += len(piece)
            rest = machine.unconsumed_tail
            if size > most:
                raise ReportError("RPT-44", f"more than {most} bytes unpacked")
            if machine.eof:
                break
        rest = machine.unused_data
    deviations = (Deviation("RPT-30", "", "several gzip members"),) if members > 1 else ()
    return b"".join(pieces), deviations
