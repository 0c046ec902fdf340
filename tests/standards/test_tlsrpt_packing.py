from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.tlsrpt import ReportError, sniff, unpack
from strictmx.standards.tlsrpt.packing import MEMBERS_MOST

MIB = 1 << 20
JSON = b'{"a": "' + b"b" * 400 + b'"}'
PACKED = gzip.compress(JSON)
EMPTY = gzip.compress(b"")


@pytest.mark.parametrize(
    ("rule", "data", "kind"),
    [
        ("DEV-12", PACKED, "gzip"),
        ("DEV-12", b"PK\x03\x04...", "zip"),
        ("DEV-12", JSON, "json"),
        ("DEV-12", b"\xef\xbb\xbf \r\n[]", "json"),
        ("DEV-12", "{}".encode("utf-16"), "json"),
        ("DEV-12", "{}".encode("utf-32"), "json"),
        ("DEV-12", b"<feedback>", "other"),
        ("DEV-12", b"", "other"),
    ],
)
def test_content_tells_what_it_is(rule: str, data: bytes, kind: str) -> None:
    assert sniff(data) == kind


# rule, bytes, what is unpacked, what is told of it
READ: list[tuple[str, bytes, bytes, list[str]]] = [
    ("RPT-30", PACKED, JSON, []),
    ("DEV-12", JSON, JSON, []),
    ("DEV-12", b"PK\x03\x04", b"PK\x03\x04", []),
    ("RPT-30", PACKED + b"\0" * 512, JSON, []),
    (
        "RPT-30",
        gzip.compress(JSON[:100]) + gzip.compress(JSON[100:]),
        JSON,
        ["The gzip file has 2 members; they are joined."],
    ),
    (
        "RPT-30",
        PACKED + b"-- \nA banner",
        JSON,
        ["The gzip file is followed by what is no gzip data; the whole document before it is read."],
    ),
    ("RPT-30", PACKED[:-8], JSON, ["The gzip file is cut off; the whole document before it is read."]),
]


@pytest.mark.parametrize(("rule", "data", "whole", "told"), READ)
def test_what_is_whole_is_unpacked(rule: str, data: bytes, whole: bytes, told: list[str]) -> None:
    unpacked, deviations = unpack(data, MIB)
    assert unpacked == whole
    assert [each.message for each in deviations] == told
    assert {each.rule for each in deviations} <= {rule}


# rule, bytes
REFUSED: list[tuple[str, bytes]] = [
    ("RPT-44", gzip.compress(b" " * (MIB + 1))),
    ("RPT-44", gzip.compress(b" " * MIB) + gzip.compress(b" ")),
    ("RPT-44", gzip.compress(b"\0" * (64 * MIB))),
    ("RPT-30", PACKED[:20]),
    ("RPT-30", PACKED[:-4] + b"\0\0\0\0"),
    ("RPT-30", b"\x1f\x8b"),
    ("RPT-30", b"\x1f\x8bjunk"),
    ("RPT-30", EMPTY * (MEMBERS_MOST + 1)),
]


@pytest.mark.parametrize(("rule", "data"), REFUSED)
def test_what_is_too_large_or_damaged_is_refused(rule: str, data: bytes) -> None:
    with pytest.raises(ReportError) as refused:
        unpack(data, MIB)
    assert refused.value.rule == rule


def test_as_much_as_may_be_is_unpacked() -> None:
    assert unpack(gzip.compress(b"1" * MIB), MIB) == (b"1" * MIB, ())


@given(st.binary(max_size=60), st.integers(0, len(PACKED)), st.integers(0, len(PACKED)))
def test_damage_raises_nothing_else(junk: bytes, begin: int, end: int) -> None:
    for data in (PACKED[:begin] + junk + PACKED[end:], zlib.compress(junk), b"\x1f\x8b" + junk):
        try:
            unpacked, _ = unpack(data, MIB)
        except ReportError:
            continue
        assert len(unpacked) <= MIB
