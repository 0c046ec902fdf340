"""A mail taken apart: its leaves decoded, and what its header fields tell of the report (RFC 8460 section 5.3).

Read by hand rather than by the standard library, which takes ten times the memory, calls itself for every level and
compares every line with every open boundary. One pass over offsets here: a message nested without end costs no more
than its size. What is declared is never trusted (DEV-12); what is missing, as a closing boundary (DEV-07), is no fault.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from msgspec import Struct

from strictmx.standards.tlsrpt import Deviation, Hints

DEPTH = 100  # open boundaries
ENTITIES = 1_000  # parts, multiparts and messages
HEADER_BYTES = 262_144  # of one header; the longest of large providers take 20 KiB
FIELD_CHARACTERS = 16_384
BOUNDARY_BYTES = 1_024  # RFC 2046 section 5.1.1 allows 70
NAME_CHARACTERS = 255

_HEADER = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t])[^\n]*(?:\n|\Z))*+")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*+)", re.MULTILINE)
_LINE_END = re.compile(rb"\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*+"|[^;]*)')
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?([BbQq])\?([^?\s]*)\?=(?:\s+(?==\?))?")
_SUBJECT = re.compile(r"Report Domain:\s*(\S+)\s+Submitter:\s*(\S+)\s+Report-ID:\s*<?([^\s>]*)", re.IGNORECASE)
_NO_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_WANTED = {b"content-type", b"content-transfer-encoding", b"content-disposition"}
_OF_MESSAGE = {b"subject", b"tls-report-domain", b"tls-report-submitter"}
_OF_ANY_MAIL = _OF_MESSAGE | _WANTED | {b"from", b"date", b"received", b"return-path", b"message-id", b"mime-version"}

_Fields = dict[bytes, str]


class MailError(ValueError):
    """The message is nested too deep, or has too many parts or too long a header."""


class Part(Struct, frozen=True):
    """A leaf, its transfer encoding undone.

    number: from one. content_type: as declared, lower case. hints: from the fields of the message around it and from
    its file name.
    """

    number: int
    content_type: str
    data: bytes
    hints: Hints
    deviations: tuple[Deviation, ...] = ()


def is_mail(data: bytes) -> bool:
    """Whether the bytes begin as a message does: with fields, one of them of those that every mail has."""
    header = _HEADER.match(data, 0, HEADER_BYTES)
    return header is not None and any(
        field[1].lower() in _OF_ANY_MAIL for field in _FIELD.finditer(data, 0, header.end())
    )


def parts(data: bytes) -> Iterator[Part]:
    """The leaves of a message, also of the messages in it. Raises MailError, after what came before the fault."""
    boundaries: list[tuple[bytes, Hints]] = []
    position, of_message, hints, leaves = 0, True, Hints(), 0
    for _ in range(ENTITIES):
        fields, body = _fields(data, position)
        if of_message:
            hints = _of_message(fields)
        content_type, parameters = _with_parameters(fields.get(b"content-type", ""))
        encoding = fields.get(b"content-transfer-encoding", "").strip().lower()
        if content_type in {"message/rfc822", "message/global"} and encoding not in {"base64", "quoted-printable"}:
            position, of_message = body, True
            continue
        delimiter = None
        boundary = _parameter(parameters, "boundary").rstrip().encode("latin-1", "replace")
        if content_type.startswith("multipart/") and boundary:
            if len(boundaries) == DEPTH:
                raise MailError(f"parts are nested deeper than {DEPTH}")
            boundaries.append((boundary, hints))
            delimiter = _next_delimiter(data, body, boundaries)
            if delimiter is None or delimiter.level < len(boundaries) - 1:  # never used: a leaf
                boundaries.pop()
                delimiter = None
        if delimiter is None:
            delimiter = _next_delimiter(data, body, boundaries)
            leaves += 1
            raw = data[body : delimiter.start if delimiter else len(data)]
            decoded, deviations = _decoded(raw, encoding)
            name = _file_name(fields, parameters)
            yield Part(leaves, content_type or "text/plain", decoded, with_file_name(hints, name), deviations)
        while delimiter is not None:
            hints = boundaries[delimiter.level][1]
            del boundaries[delimiter.level + (0 if delimiter.closes else 1) :]
            if not delimiter.closes:
                break
            delimiter = _next_delimiter(data, delimiter.end, boundaries)
        if delimiter is None:
            return
        position, of_message = delimiter.end, False
    raise MailError(f"it has more than {ENTITIES} parts")


def with_file_name(hints: Hints, name: str) -> Hints:
    """The hints with a file name, and with what it says where nothing else does (RFC 8460 section 5.1)."""
    name = re.split(r"[/\\]", name)[-1][:NAME_CHARACTERS]
    if not name:
        return hints
    submitter, domain, *dates = name.split("!") if name.count("!") in {3, 4} else ("", "")
    return Hints(
        domain=hints.domain or (domain if dates else "") or None,
        submitter=hints.submitter or (submitter if dates else "") or None,
        report_id=hints.report_id,
        file_name=name,
    )


class _Delimiter(Struct, frozen=True):
    """A boundary line. start: where the part before it ends; end: where the line ends; level: in open boundaries."""

    start: int
    end: int
    level: int
    closes: bool


def _next_delimiter(data: bytes, position: int, boundaries: list[tuple[bytes, Hints]]) -> _Delimiter | None:
    """The next line at or after `position` that is one of the open boundaries."""
    levels = {boundary: level for level, (boundary, _) in enumerate(boundaries)}
    at = data.find(b"\n--", position - 1) if levels else -1
    while at >= 0:
        end = data.find(b"\n", at + 1)
        end = len(data) if end < 0 else end
        line = data[at + 3 : min(end, at + BOUNDARY_BYTES)].rstrip(b" \t\r")
        closes = line not in levels and line.endswith(b"--")
        level = levels.get(line[:-2] if closes else line)
        if level is not None:
            start = at - 1 if data[at - 1 : at] == b"\r" else at
            return _Delimiter(start, end + 1, level, closes)
        at = data.find(b"\n--", end)
    return None


def _fields(data: bytes, position: int) -> tuple[_Fields, int]:
    """The wanted fields of the header at `position`, the first of each, and where its body begins."""
    most = position + HEADER_BYTES
    header = _HEADER.match(data, position, most)
    end = header.end() if header else position
    if most < len(data) and data.find(b"\n", end, most) < 0:
        raise MailError(f"a header is larger than {HEADER_BYTES} bytes")
    fields: _Fields = {}
    for field in _FIELD.finditer(data, position, end):
        name = field[1].lower()
        if name in _WANTED or name in _OF_MESSAGE:
            value = field[2][:FIELD_CHARACTERS].strip()
            fields.setdefault(name, _FOLD.sub(" ", _text(value)))
    blank = _LINE_END.match(data, end)
    return fields, blank.end() if blank else end


def _of_message(fields: _Fields) -> Hints:
    """What a message tells of its report; the fields of RFC 8460 section 5.3 before the Subject."""
    found = _SUBJECT.search(_words_decoded(fields.get(b"subject", "")))
    domain, submitter, report_id = found.groups() if found else (None, None, None)
    return Hints(
        domain=_cut(fields.get(b"tls-report-domain") or domain),
        submitter=_cut(fields.get(b"tls-report-submitter") or submitter),
        report_id=_cut(report_id),
    )


def _cut(text: str | None) -> str | None:
    return (text or "")[:NAME_CHARACTERS] or None


def _with_parameters(value: str) -> tuple[str, dict[str, str]]:
    """A field as `type; name=value` (RFC 2045 section 5.1)."""
    parameters: dict[str, str] = {}
    for name, text in _PARAMETER.findall(value):
        unquoted = re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text.strip()
        parameters.setdefault(name.lower(), unquoted)
    return value.partition(";")[0].strip().lower(), parameters


def _parameter(parameters: dict[str, str], name: str) -> str:
    """A parameter; in pieces or percent-encoded as RFC 2231 allows, or in encoded words as many write."""
    if name in parameters:
        return _words_decoded(parameters[name])
    if f"{name}*" in parameters:
        return unquote(parameters[f"{name}*"].rpartition("'")[2])
    pieces: list[str] = []
    for number in range(ENTITIES):
        piece = parameters.get(f"{name}*{number}")
        encoded = parameters.get(f"{name}*{number}*")
        if piece is None and encoded is None:
            break
        pieces.append(piece if piece is not None else unquote((encoded or "").rpartition("'")[2]))
    return "".join(pieces)


def _file_name(fields: _Fields, of_type: dict[str, str]) -> str:
    _, of_disposition = _with_parameters(fields.get(b"content-disposition", ""))
    return _parameter(of_disposition, "filename") or _parameter(of_type, "name")


def _words_decoded(text: str) -> str:
    """RFC 2047 undone. The charset is not asked: what is looked for is ASCII."""

    def decoded(word: re.Match[str]) -> str:
        raw = word[2].encode("utf-8", "replace")
        return _text(_from_base64(raw)[0] if word[1] in "Bb" else binascii.a2b_qp(raw, header=True))

    return _ENCODED_WORD.sub(decoded, text)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _decoded(raw: bytes, encoding: str) -> tuple[bytes, tuple[Deviation, ...]]:
    if encoding == "base64":
        return _from_base64(raw)
    return binascii.a2b_qp(raw) if encoding == "quoted-printable" else raw, ()


def _from_base64(raw: bytes) -> tuple[bytes, tuple[Deviation, ...]]:
    """Base64 undone; what is no base64 between is skipped, padding may be missing (DEV-12)."""
    try:
        return binascii.a2b_base64(raw), ()
    except binascii.Error:
        kept = raw.translate(None, _NO_BASE64)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        decoded = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
        return decoded, (Deviation("DEV-12", "mail", "its base64 ends without padding; read up to its end"),)
