"""All reports in files, archives and mails are found, wherever they hide and however they are declared."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.roles.receive.found import Found, Refused, Room
from strictmx.roles.receive.unpack import read_source
from strictmx.roles.receive.work import read_anything
from tests.roles.receive.made import FILE_NAME, LOGO, PROSE, gz, mail, part, report, report_mail, told, zipped

GZIP, JSON = "application/tlsrpt+gzip", "application/tlsrpt+json"
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
PRETTY = json.dumps(json.loads(report()), indent=2, ensure_ascii=False).encode()
READ = "DEV-12"  # the deviation that tells what was taken for what

# rule, what arrives, where reports are found, whether a deviation of DEV-12 tells of it
HIDING: list[tuple[str, bytes, list[str], bool]] = [
    ("RPT-30", report(), ["s"], False),
    ("RPT-30", gz(report()), ["s"], False),
    ("RPT-30", PRETTY, ["s"], False),
    ("DEV-12", b"[" + report(1) + b"," + report(2) + b"]", ["s#1", "s#2"], False),
    ("DEV-12", report(1) + b"\n" + report(2) + b"\n", ["s#1", "s#2"], False),
    ("DEV-12", gz(report(1) + b"\n" + report(2)), ["s#1", "s#2"], False),
    ("DEV-12", b"\xef\xbb\xbf" + report(), ["s"], False),
    (
        "DEV-12",
        zipped(("a.json", report(1)), ("dir/", b""), ("dir/b.json.gz", gz(report(2)))),
        ["s/a.json", "s/dir/b.json.gz"],
        True,
    ),
    ("DEV-12", zipped(("LIES.txt", PROSE), ("a.txt", report())), ["s/a.txt"], True),
    ("DEV-12", zipped(("in.zip", zipped(("a.json", report())))), ["s/in.zip/a.json"], True),
    ("DEV-12", zipped(("m.eml", report_mail())), [f"s/m.eml/{FILE_NAME}"], True),
    ("DEV-12", gz(report_mail()), [f"s/{FILE_NAME}"], False),
    ("DEV-12", b"From a@b.example Tue Nov 24\n" + report_mail(), [f"s:1/{FILE_NAME}"], False),
    ("RPT-45", report_mail(), [f"s/{FILE_NAME}"], False),
    ("RPT-45", mail(part("text/plain", PROSE), part("image/png", LOGO), part(GZIP, gz(report()))), ["s/part 3"], False),
    ("RPT-45", mail(part(GZIP, gz(report(1))), part(JSON, report(2))), ["s/part 1", "s/part 2"], False),
    ("RPT-45", part(GZIP, gz(report())), ["s/part 1"], False),
    ("RPT-45", part(JSON, report(), encoding=""), ["s/part 1"], False),
    ("RPT-45", part(JSON, PRETTY, encoding="8bit"), ["s/part 1"], False),
    (
        "RPT-45",
        mail(part("multipart/mixed; boundary=x", b"--x\r\n" + part(GZIP, gz(report())) + b"\r\n--x--", encoding="")),
        ["s/part 1"],
        False,
    ),
    ("RPT-45", mail(part("message/rfc822", report_mail(), encoding="")), [f"s/{FILE_NAME}"], False),
    ("DEV-12", mail(part("message/rfc822", report_mail())), [f"s/part 1/{FILE_NAME}"], False),
    ("DEV-12", mail(part("application/octet-stream", report_mail())), [f"s/part 1/{FILE_NAME}"], False),
    ("DEV-12", mail(part("application/tlsrpt", PRETTY, encoding="8bit")), ["s/part 1"], True),
    ("DEV-12", mail(part("application/json", report(), encoding="7bit")), ["s/part 1"], True),
    ("DEV-12", mail(part("text/plain; charset=utf-8", report(), encoding="")), ["s/part 1"], True),
    ("DEV-12", mail(part(JSON, gz(report()))), ["s/part 1"], True),
    ("DEV-12", mail(part(GZIP, report())), ["s/part 1"], True),
    ("DEV-12", mail(part("application/x-gzip", gz(report()))), ["s/part 1"], True),
    ("DEV-12", mail(part("application/octet-stream", gz(report()))), ["s/part 1"], True),
    ("DEV-12", mail(part("image/png", gz(report()))), ["s/part 1"], True),
    ("DEV-12", mail(part("application/zip", zipped(("a.json", report())))), ["s/part 1/a.json"], True),
    ("DEV-12", mail(part(JSON, binascii.b2a_qp(report()), encoding="Quoted-Printable")), ["s/part 1"], False),
    (
        "DEV-12",
        mail(part(GZIP, base64.b64encode(gz(report())).rstrip(b"="), encoding="BASE64 ")).replace(
            b"BASE64 \r\n\r\n", b"base64\r\n\r\n"
        ),
        ["s/part 1"],
        False,
    ),
    ("DEV-07", mail(part(GZIP, gz(report())), end=b""), ["s/part 1"], False),
    ("DEV-07", mail(part(GZIP, gz(report())), end=b"--limit\r\n"), ["s/part 1"], False),
    ("DEV-07", report_mail().replace(b"\r\n", b"\n"), [f"s/{FILE_NAME}"], False),
    ("DEV-07", mail(part(GZIP, gz(report())), boundary="limit  "), ["s/part 1"], False),
    (
        "DEV-13",
        mail(part("text/plain", b"[EXTERNAL] Take care!\n\n" + PROSE), part(GZIP, gz(report()))),
        ["s/part 2"],
        False,
    ),
]


@pytest.mark.parametrize(("rule", "data", "places", "tells"), HIDING)
def test_reports_are_found(rule: str, data: bytes, places: list[str], tells: bool) -> None:
    results = list(read_anything(data, "s"))
    assert [each.source for each in results] == places
    for each in results:
        assert isinstance(each, Found)
        assert each.facts.organization == "Café GmbH"
        assert any(deviation.rule == READ for deviation in each.facts.deviations) >= tells
        unpacked = gzip.decompress(each.payload) if each.packing == "gzip" else zlib.decompress(each.payload)
        assert json.loads(unpacked.removeprefix(b"\xef\xbb\xbf"))["organization-name"] == "Café GmbH"


def test_a_report_by_the_book_bends_nothing_by_its_way() -> None:
    (found,) = read_anything(report_mail(), "m.eml")
    assert isinstance(found, Found)
    assert found.facts.deviations == ()
    assert found.in_mail
    assert found.packing == "gzip"
    assert found.payload == gz(report())


NO_REPORT: list[tuple[str, bytes, int]] = [
    ("RPT-44", b"From: cron@a.example\nSubject: nightly\n\nAll went well.\n", 1),
    ("RPT-44", mail(part("text/plain", PROSE), part("image/png", LOGO)), 1),
    ("RPT-44", mail(part("text/plain", b"[EXTERNAL] hello")), 1),
    ("RPT-44", zipped(("a.txt", PROSE), ("b.png", LOGO)), 1),
    ("RPT-44", mail(part("application/zip", zipped(("dmarc.xml", b"<feedback/>")))), 1),
    ("RPT-44", mail(part("application/gzip", gz(b"<feedback/>"))), 1),
    ("RPT-44", gz(PROSE), 1),
    ("RPT-44", LOGO, 1),
    ("RPT-44", b"[]", 1),
    ("RPT-44", b"\n", 1),
    ("RPT-44", zipped(), 1),
    ("RPT-44", mail(), 1),
    ("RPT-44", mail(part(JSON, b'{"policies": 1}'), part(JSON, b"{")), 2),
]


@pytest.mark.parametrize(("rule", "data", "refusals"), NO_REPORT)
def test_what_holds_no_report_is_told_once(rule: str, data: bytes, refusals: int) -> None:
    results = list(read_anything(data, "s"))
    assert told(results) == ["-"] * refusals


@given(st.binary(max_size=4_000))
def test_any_bytes_are_found_or_refused(data: bytes) -> None:
    for begin in (b"", b"\x1f\x8b\x08", b"PK\x03\x04", b"{", b"[{", b"From: a\n", b"From a\n"):
        assert list(read_source(begin + data, "s", Room()))


SEEDS: tuple[Callable[[], bytes], ...] = (
    report_mail,
    lambda: mail(
        part("message/rfc822", report_mail(), encoding=""),
        part(JSON, binascii.b2a_qp(PRETTY), encoding="quoted-printable"),
    ),
    lambda: zipped(("a.json", report(1)), ("m.eml", report_mail()), ("b.zip", zipped(("c.json.gz", gz(report(2)))))),
    lambda: gz(report(1) + b"\n" + report(2)),
    lambda: b"[" + report(1) + b"," + report(2) + b"]",
)


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 40), st.binary(max_size=8)), max_size=6),
)
def test_mutated_sources_are_found_or_refused(seed: Callable[[], bytes], edits: list[tuple[int, int, bytes]]) -> None:
    data = seed()
    for place, removed, put in edits:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + removed :]
    results = list(read_source(data, "s", Room()))
    assert results
    assert all(isinstance(each, Found) or each.reason for each in results)


OTHERS = [(path.name, path.read_bytes()) for path in sorted(CORPUS.glob("*/*.[je]*"))]


@pytest.mark.parametrize(("name", "data"), [("own.eml", report_mail()), (FILE_NAME, gz(report())), *OTHERS])
def test_the_reports_of_others_are_found(name: str, data: bytes) -> None:
    (found,) = read_anything(data, name)
    assert isinstance(found, Found)
    assert found.in_mail == name.endswith(".eml")
    if found.in_mail:
        assert None not in {found.hints.domain, found.hints.submitter, found.hints.file_name}


def test_a_refused_part_is_told_beside_what_is_found() -> None:
    results = list(read_anything(mail(part(GZIP, gz(report(1))), part(JSON, b"{"), part(JSON, report(2))), "m.eml"))
    assert told(results) == ["1", "-", "2"]
    refused = results[1]
    assert isinstance(refused, Refused)
    assert refused.source == "m.eml/part 2"
    assert refused.payload == b"{"
