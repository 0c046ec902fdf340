"""What strangers send to hurt: each is refused with a reason, in bounded time, and what stands beside it is found."""

from __future__ import annotations

import zipfile
from collections.abc import Callable

import pytest

from strictmx.roles.receive.found import PACKED_BYTES, Found, Refused
from strictmx.roles.receive.work import read_anything
from tests.roles.receive.made import MIB, bomb, encrypted, gz, mail, part, report, told, zipped

GZIP = "application/tlsrpt+gzip"


def nested(levels: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)
    )
    return b"From: a@b.example\n" + opened + part(GZIP, gz(report()))


def messages_in_messages(levels: int) -> bytes:
    return b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * levels + part(GZIP, gz(report()))


def beside(attachment: bytes) -> bytes:
    """A mail with the attachment before a good report."""
    return mail(part(GZIP, attachment), part(GZIP, gz(report(7))))


def in_zips(levels: int) -> bytes:
    data = report()
    for _ in range(levels):
        data = zipped(("inner.zip", data))
    return data


def many_members() -> bytes:
    return zipped(*((f"{number}.json", b"{}") for number in range(1_001)))


# rule, what arrives (made when it is tried), what is found (numbers) and refused (`-`), a word of the last reason
SMALL: list[tuple[str, Callable[[], bytes], list[str], str]] = [
    ("RPT-44", lambda: b"", ["-"], "no report"),
    ("RPT-44", lambda: b"{" * 100_000, ["-"], ""),
    ("RPT-44", lambda: b"[" * 100_000 + b"{}" + b"]" * 100_000, ["-"], ""),
    ("RPT-44", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000, ["-"], ""),
    ("RPT-44", lambda: gz(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), ["-"], ""),
    ("RPT-44", lambda: report().replace(b": 5,", b": NaN,", 1), ["-"], ""),
    ("RPT-44", lambda: b'{"organization-name": "\xff\xfe\x80"}', ["-"], ""),
    ("RPT-44", lambda: gz(report())[:-30], ["-"], ""),
    ("RPT-44", lambda: beside(gz(report())[:40]), ["-", "7"], ""),
    ("RPT-44", lambda: beside(b"\x1f\x8b\x08" + b"junk" * 9), ["-", "7"], ""),
    ("RPT-44", lambda: beside(b"PK\x03\x04" + b"junk" * 9), ["-", "7"], ""),
    ("RPT-44", lambda: zipped(("a.json", report(1)))[:-30], ["-"], "zip"),
    ("RPT-44", lambda: zipped(("a.json", b"{"), ("b.json", report(2))), ["-", "2"], ""),
    ("RPT-44", lambda: encrypted(zipped(("a.json", report(1)), ("b.json", report(2)))), ["-", "2"], "encrypted"),
    ("RPT-44", lambda: zipped(("a.json", report(1)), method=zipfile.ZIP_BZIP2), ["-"], "method"),
    ("RPT-44", lambda: zipped(("a.json", report(1)), method=zipfile.ZIP_LZMA), ["-"], "method"),
    ("RPT-44", many_members, ["-"], "1000 members"),
    ("RPT-44", lambda: in_zips(4), ["1"], ""),
    ("RPT-44", lambda: in_zips(5), ["-"], "nested deeper than 4"),
    ("RPT-44", lambda: nested(90), ["1"], ""),
    ("RPT-44", lambda: nested(200), ["-"], "nested deeper than 100"),
    ("RPT-44", lambda: nested(5_000), ["-"], "nested deeper than 100"),
    ("RPT-44", lambda: messages_in_messages(900), ["1"], ""),
    ("RPT-44", lambda: messages_in_messages(1_100), ["-"], "1000 parts"),
    ("RPT-44", lambda: mail(*[part(GZIP, gz(report()))] * 1_100), ["1"] * 999 + ["-"], "1000 parts"),
    ("RPT-44", lambda: b"From: a@b.example\nX: " + b"x" * 300_000 + b"\n\n" + report(), ["-"], "header"),
    ("RPT-44", lambda: b"From: a@b.example\n" + b"X: y\n" * 60_000 + b"\n" + report(), ["-"], "header"),
    ("RPT-44", lambda: b"{}\n" * 10_002, ["-"] * 10_001, "10000 reports"),
    ("RPT-44", lambda: b"From x\nFrom: x\n\n{\n\n" * 10_002, ["-"] * 10_001, "10000 reports"),
]

LARGE: list[tuple[str, Callable[[], bytes], list[str], str]] = [
    ("RPT-44", lambda: gz(report(3, 20_000, "x" * 300)), ["3"], ""),
    ("RPT-44", lambda: report(4, 20_000, "x" * 300), ["4"], ""),
    ("RPT-44", lambda: bomb(200), ["-"], ""),
    ("RPT-44", lambda: beside(bomb(200, b"{")), ["-", "7"], ""),
    ("RPT-44", lambda: gz(report(1, 1_000_000)), ["-"], ""),
    ("RPT-44", lambda: zipped(("a.json", b" " * 70 * MIB), ("b.json", report(2))), ["-", "2"], "64 MiB"),
    ("RPT-44", lambda: b"{}," * 20 * MIB, ["-"], ""),
    ("RPT-44", lambda: b"[" + b"{}," * 15 * MIB + b"{}]", ["-"], ""),
    ("RPT-44", lambda: mail(part("image/png", b"x" * 18 * MIB), part(GZIP, gz(report(5)))), ["5"], ""),
    ("RPT-44", lambda: mail(part("image/png", b"x" * 24 * MIB), part(GZIP, gz(report(5)))), ["-"], "30 MiB"),
    ("RPT-44", lambda: b"\x1f\x8b" + bytes(PACKED_BYTES), ["-"], "10 MiB"),
    ("RPT-44", lambda: b"{" + bytes(64 * MIB), ["-"], "64 MiB"),
]


@pytest.mark.parametrize(("rule", "arrives", "expected", "word"), SMALL)
def test_small_things_are_read_here(
    rule: str, arrives: Callable[[], bytes], expected: list[str], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strictmx.roles.receive.work.subprocess", None)
    _expect(arrives(), expected, word)


@pytest.mark.servers
@pytest.mark.parametrize(("rule", "arrives", "expected", "word"), LARGE)
def test_large_things_are_read_by_the_work_process(
    rule: str, arrives: Callable[[], bytes], expected: list[str], word: str
) -> None:
    _expect(arrives(), expected, word)


def _expect(data: bytes, expected: list[str], word: str) -> None:
    results = list(read_anything(data, "source"))
    assert told(results) == expected
    refused = [each for each in results if isinstance(each, Refused)]
    assert all(each.reason and each.reason.isprintable() and each.source.startswith("source") for each in refused)
    assert not word or word in refused[-1].reason


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "source/../../etc/passwd"),
        ("/etc/passwd", "source//etc/passwd"),
        ("..\\..\\x.json", "source/..\\..\\x.json"),
        ("\x1b[2Jx.json", "source/\\x1b[2Jx.json"),
        ("\u202egpj.json", "source/\\u202egpj.json"),
        ("x" * 5_000, "source/" + "x" * 199 + "…"),
    ],
)
def test_names_in_archives_are_shown_and_nothing_else(name: str, shown: str) -> None:
    (found,) = read_anything(zipped((name, report())), "source")
    assert isinstance(found, Found)
    assert found.source == shown


def test_a_refusal_keeps_what_can_be_read_again() -> None:
    broken = gz(b'{"policies"')
    (refused,) = read_anything(mail(part(GZIP, broken)), "m.eml")
    assert isinstance(refused, Refused)
    assert refused.payload == broken


@pytest.mark.servers
def test_a_work_process_that_takes_too_long_is_ended() -> None:
    (refused,) = read_anything(b"{" + b" " * 5 * MIB, "slow", deadline=0.001)
    assert isinstance(refused, Refused)
    assert "longer than 0.001 s" in refused.reason


@pytest.mark.servers
def test_a_work_process_that_dies_takes_nobody_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.roles.receive.work._COMMAND", ("/bin/false",))
    (refused,) = read_anything(report() + b" " * 5 * MIB, "dead")
    assert isinstance(refused, Refused)
    assert "status 1" in refused.reason
    assert refused.payload is not None
