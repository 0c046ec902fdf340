"""Reports, archives and mails made for the tests of receiving."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterable

from strictmx.roles.receive.found import Found, Refused

FILE_NAME = "sender.example!example.com!1795478400!1795564799.json.gz"
PROSE = b"This is a TLS report from sender.example.\n"
LOGO = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MIB = 1_048_576


def report(number: int = 1, details: int = 0, note: str = "") -> bytes:
    """A report by the book. number: part of its id. details, note: how many failure details, each with this note."""
    detail = {"result-type": "certificate-expired", "failed-session-count": 1, "additional-information": note}
    return json.dumps(
        {
            "organization-name": "Café GmbH",
            "date-range": {"start-datetime": "2026-11-24T00:00:00Z", "end-datetime": "2026-11-24T23:59:59Z"},
            "contact-info": "tls@sender.example",
            "report-id": f"{number}@sender.example",
            "policies": [
                {
                    "policy": {
                        "policy-type": "sts",
                        "policy-string": ["version: STSv1"],
                        "policy-domain": "example.com",
                    },
                    "summary": {"total-successful-session-count": 5, "total-failure-session-count": details},
                    "failure-details": [detail] * details,
                }
            ],
        },
        ensure_ascii=False,
    ).encode()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def bomb(mebibytes: int, begin: bytes = b"") -> bytes:
    """So many MiB of blanks in gzip."""
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * MIB
    packed = [machine.compress(begin)] + [machine.compress(blanks) for _ in range(mebibytes)]
    return b"".join(packed) + machine.flush()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return file.getvalue()


def encrypted(archive: bytes) -> bytes:
    """The archive with its first member marked as encrypted, in both of its headers."""
    marked = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        marked[archive.index(signature) + offset] |= 1
    return bytes(marked)


def part(content_type: str, data: bytes, *fields: str, encoding: str = "base64") -> bytes:
    """A part of a mail; without encoding as it is."""
    lines = [f"Content-Type: {content_type}", *fields]
    if encoding:
        lines.append(f"Content-Transfer-Encoding: {encoding}")
    body = base64.encodebytes(data) if encoding == "base64" else data
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def mail(*parts: bytes, fields: Iterable[str] = (), boundary: str = "limit", end: bytes = b"--limit--\r\n") -> bytes:
    """A mail of these parts."""
    head = "\r\n".join(
        [
            "From: tls@sender.example",
            "Subject: Report",
            *fields,
            f'Content-Type: multipart/report; report-type=tlsrpt;\r\n\tboundary="{boundary}"',
        ]
    )
    return head.encode() + b"\r\n\r\n" + b"".join(b"--limit\r\n" + each + b"\r\n" for each in parts) + end


def report_mail(number: int = 1) -> bytes:
    """A mail as senders by the book write it."""
    attached = part(
        "application/tlsrpt+gzip", gz(report(number)), f'Content-Disposition: attachment; filename="{FILE_NAME}"'
    )
    return mail(part("text/plain", PROSE, encoding=""), attached)


def told(results: Iterable[Found | Refused]) -> list[str]:
    """What was found by the number in its id, and what was refused as `-`, in order."""
    return [each.facts.report_id.partition("@")[0] if isinstance(each, Found) else "-" for each in results]
