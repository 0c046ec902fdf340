"""A mail is taken apart as the standard library does it, and its fields tell of the report."""

from __future__ import annotations

import email
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.roles.receive.mail import is_mail, parts
from strictmx.standards.tlsrpt import Hints
from tests.roles.receive.made import FILE_NAME, mail, part

G = "google.com!example.com!1795478400!1795564799!001.json.gz"
BOTH = ("TLS-Report-Domain: example.com", "TLS-Report-Submitter: google.com")
FOLDED = "Subject: Report Domain: example.com\r\n Submitter: mail.ru\r\n Report-ID:\r\n\t<1@mail.ru>"
WORDS = (
    "Subject: =?utf-8?B?UmVwb3J0IERvbWFpbjogZXhhbXBsZS5jb20g?=\r\n"
    " =?UTF-8?Q?Submitter:_a.example_Report-ID:_<2@a.example>?="
)

# rule, fields of the mail, fields of the part, what they tell
TELLS: list[tuple[str, tuple[str, ...], tuple[str, ...], Hints]] = [
    ("RPT-42", (), (), Hints()),
    ("RPT-42", BOTH, (), Hints("example.com", "google.com")),
    (
        "DEV-01",
        (
            *BOTH,
            "Subject: Report Domain: other.example Submitter: b.example Report-ID: <2024.09.03T00.00.00Z+x@google.com>",
        ),
        (),
        Hints("example.com", "google.com", "2024.09.03T00.00.00Z+x@google.com"),
    ),
    (
        "DEV-05",
        ("Subject: Report Domain: krvtz.net Submitter: microsoft.com Report-ID: 133708152202987951+krvtz.net",),
        (),
        Hints("krvtz.net", "microsoft.com", "133708152202987951+krvtz.net"),
    ),
    ("DEV-07", (FOLDED,), (), Hints("example.com", "mail.ru", "1@mail.ru")),
    ("RPT-42", (WORDS,), (), Hints("example.com", "a.example", "2@a.example")),
    (
        "RPT-42",
        ("subject: [EXT] report domain: a.example submitter: b.example report-id: <1>",),
        (),
        Hints("a.example", "b.example", "1"),
    ),
    (
        "RPT-42",
        ("TLS-Report-Domain:", "Subject: Report Domain: a.example Submitter: b.example Report-ID: <1>"),
        (),
        Hints("a.example", "b.example", "1"),
    ),
    (
        "RPT-42",
        (),
        (f'Content-Disposition: attachment; filename="{FILE_NAME}"',),
        Hints("example.com", "sender.example", None, FILE_NAME),
    ),
    (
        "DEV-01",
        BOTH,
        (f"Content-Disposition: attachment;\r\n\tfilename={G}",),
        Hints("example.com", "google.com", None, G),
    ),
    (
        "RPT-42",
        (),
        (f'Content-Disposition: attachment; filename*0="{G[:30]}";\r\n filename*1="{G[30:]}"',),
        Hints("example.com", "google.com", None, G),
    ),
    (
        "RPT-42",
        (),
        (f"Content-Disposition: attachment; filename*=utf-8''{G.replace('!', '%21')}",),
        Hints("example.com", "google.com", None, G),
    ),
    ("RPT-42", (), ('Content-Disposition: attachment; filename="..\\\\..\\\\a!b!c"',), Hints(file_name="a!b!c")),
    ("RPT-44", (f"TLS-Report-Domain: {'x' * 9_000}",), (), Hints("x" * 255)),
]


@pytest.mark.parametrize(("rule", "of_mail", "of_part", "expected"), TELLS)
def test_what_a_mail_tells_of_its_report(
    rule: str, of_mail: tuple[str, ...], of_part: tuple[str, ...], expected: Hints
) -> None:
    message = mail(part("application/tlsrpt+json", b"{}", *of_part), fields=of_mail).replace(
        b"Subject: Report\r\n", b"", 1
    )
    (leaf,) = parts(message)
    assert leaf.hints == expected


def test_the_name_of_the_content_type_does_as_well() -> None:
    (leaf,) = parts(mail(part(f'application/tlsrpt+gzip; name="{FILE_NAME}"', b"x")))
    assert leaf.hints.file_name == FILE_NAME


def test_a_message_within_speaks_for_its_own_parts() -> None:
    inner = mail(part("text/plain", b"in"), fields=BOTH).replace(b"limit", b"inner")
    outer = mail(part("message/rfc822", inner, encoding=""), part("text/plain", b"out"))
    assert [(leaf.data, leaf.hints.domain) for leaf in parts(outer)] == [(b"in", "example.com"), (b"out", None)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Received: x\n\ny", True),
        (b"Return-Path: <>\r\nX: y", True),
        (b"Dear: all\n\nhello", False),
        (b"hello", False),
        (b"\nFrom: a", False),
        (b"", False),
    ],
)
def test_what_begins_as_a_mail_does(data: bytes, expected: bool) -> None:
    assert is_mail(data) is expected


LEAF = st.builds(
    lambda kind, data, encoding: part(kind, data if encoding else data.hex().encode(), encoding=encoding),
    st.sampled_from(["text/plain", "application/json", "image/png"]),
    st.binary(max_size=60),
    st.sampled_from(["base64", ""]),
)


def multipart(children: list[bytes]) -> bytes:
    boundary = b"b%d" % zlib.crc32(b"".join(children))
    inside = b"".join(b"--%s\r\n%s\r\n" % (boundary, child) for child in children)
    head = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\npreamble\r\n' % boundary
    return head + inside + b"--%s--\r\nepilogue" % boundary


TREE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(multipart),
    max_leaves=12,
)


@given(TREE)
def test_the_leaves_are_those_of_the_standard_library(tree: bytes) -> None:
    message = b"From: a@b.example\r\n" + tree
    expected = [
        (leaf.get_content_type(), leaf.get_payload(decode=True))
        for leaf in email.message_from_bytes(message).walk()
        if not leaf.is_multipart()
    ]
    assert [(leaf.content_type, leaf.data) for leaf in parts(message)] == expected
