"""What a document may cost before anybody decodes it (RPT-44), and its text in UTF-8 (DEV-12)."""

from __future__ import annotations

from strictmx.standards.tlsrpt.raw import Notes
from strictmx.standards.tlsrpt.report import DETAILS_MOST, ReportError

DOCUMENT_BYTES = 64 << 20  # unpacked; RFC 8460 section 7 asks for a limit and names none
DEPTH_MOST = 64  # nested arrays and objects; a report has five
BRACKETS_MOST = 2 * DETAILS_MOST  # objects and arrays: one a detail, six a policy, and room for those in texts
COMMAS_MOST = 12 * DETAILS_MOST  # values: nine a detail, and room for the lines of policies

_BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins like that of UTF-16
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_OPEN_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))


def in_utf_8(data: bytes, notes: Notes) -> bytes:
    """The document in UTF-8 without a byte order mark. Raises ReportError: larger than `DOCUMENT_BYTES`."""
    if len(data) > DOCUMENT_BYTES:
        raise ReportError("RPT-44", f"it is larger than {DOCUMENT_BYTES >> 20} MiB unpacked")
    if data.isascii():
        return data
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            notes.add("DEV-12", "", f"It begins with the byte order mark of {codec.upper()}; it is read as that.")
            data = data.removeprefix(mark)
            if codec != "utf-8":
                return data.decode(codec, "replace").encode()
    try:
        data.decode()
    except UnicodeDecodeError:
        notes.add("DEV-12", "", "It is not UTF-8; Latin-1 is assumed.")
        return data.decode("latin-1").encode()
    return data


def hold(data: bytes) -> None:
    """Raise ReportError for a document (UTF-8) that would take too much memory or stack to decode."""
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > BRACKETS_MOST or (len(data) > COMMAS_MOST and data.count(b",") > COMMAS_MOST):
        raise ReportError("RPT-44", f"it holds more than {DETAILS_MOST} failure details could need")
    if brackets > DEPTH_MOST and _is_deep(data):
        raise ReportError("RPT-44", f"it is nested deeper than {DEPTH_MOST}")


def _is_deep(data: bytes) -> bool:
    """Whether the document is nested deeper than `DEPTH_MOST`, in linear time, without decoding it.

    Brackets and quotes alone are kept. Two quotes in a row change nothing about what stands inside of a string, so
    few are left to split at; then the innermost pairs go, a level at a time.
    """
    structure = data.replace(rb"\\", b"").replace(rb"\"", b"").translate(_OPEN_ALIKE, _NO_STRUCTURE)
    left = b"".join(structure.replace(b'""', b"").split(b'"')[::2])
    for _ in range(DEPTH_MOST):
        outer = left.replace(b"[]", b"")
        if len(outer) == len(left):
            break
        left = outer
    return left.count(b"[") > DEPTH_MOST or b"[]" in left
