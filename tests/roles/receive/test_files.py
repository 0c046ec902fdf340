"""Files, directories, Maildirs, boxes and standard input, one source after the other."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from strictmx.roles.receive.files import sources, total
from tests.roles.receive.made import report, report_mail


def listed(*paths: str | Path, stdin: bytes = b"") -> list[tuple[str, bytes, str]]:
    return [(each.name, each.data, each.error) for each in sources([str(path) for path in paths], io.BytesIO(stdin))]


def names(top: Path) -> list[str]:
    return [each.name.removeprefix(f"{top}/") for each in sources([str(top)], io.BytesIO())]


def put(top: Path, *paths: str) -> None:
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(path.encode())


def test_a_directory_is_read_to_its_depth_by_name(tmp_path: Path) -> None:
    put(tmp_path, "b.json", "a/z.json", "a/b/c.json", "c.json", ".hidden/d.json")
    assert names(tmp_path) == [".hidden/d.json", "a/b/c.json", "a/z.json", "b.json", "c.json"]
    assert total([str(tmp_path)]) == sum(each.size for each in sources([str(tmp_path)], io.BytesIO())) == 44


def test_links_pipes_and_sockets_below_a_directory(tmp_path: Path) -> None:
    put(tmp_path, "in/a.json", "out/b.json")
    inside = tmp_path / "in"
    (inside / "folder").symlink_to(tmp_path / "out")
    (inside / "file").symlink_to(tmp_path / "out" / "b.json")
    (inside / "loop").symlink_to(inside / "loop")
    os.mkfifo(inside / "pipe")
    assert names(inside) == ["a.json", "file"]
    assert names(inside / "folder") == ["b.json"]


def test_a_deep_directory_is_no_matter_of_the_stack(tmp_path: Path) -> None:
    deep = str(tmp_path)
    for _ in range(1_200):
        deep += "/d"
        os.mkdir(deep)  # noqa: PTH102 - pathlib calls itself for every level
    put(Path(deep), "a.json")
    try:
        assert [each.name for each in sources([str(tmp_path)], io.BytesIO())] == [f"{deep}/a.json"]
    finally:  # pytest calls itself for every level, too, and would fail a later run
        (Path(deep) / "a.json").unlink()
        while deep != str(tmp_path):
            os.rmdir(deep)  # noqa: PTH106 - as above
            deep = os.path.dirname(deep)  # noqa: PTH120 - as above


def test_of_a_maildir_what_was_delivered(tmp_path: Path) -> None:
    put(tmp_path, "cur/1:2,S", "new/2", "tmp/3", "dovecot.index", ".Old/cur/4", ".Old/new/5", ".Old/tmp/6", ".Old/x")
    assert names(tmp_path) == [".Old/cur/4", ".Old/new/5", "cur/1:2,S", "new/2"]


@pytest.mark.parametrize(
    ("path", "error"),
    [("missing", "No such file or directory"), ("pipe", "neither a file nor a directory"), ("sock/none", "No such")],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, path: str, error: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    ((name, data, told),) = listed(tmp_path / path)
    assert name == str(tmp_path / path)
    assert not data
    assert error in told


def test_a_directory_or_file_that_is_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a/x.json", "b.json")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("strictmx.roles.receive.files.os.open", refuse)
    assert [error for _, _, error in listed(tmp_path)] == ["Permission denied"] * 2
    monkeypatch.setattr("strictmx.roles.receive.files.os.scandir", refuse)
    assert listed(tmp_path) == [(str(tmp_path), b"", "Permission denied")]


def test_names_are_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J").write_bytes(b"{}")
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"{}")
    assert names(tmp_path) == ["\\x1b[2J", "\\udcff"]


BOX = b"From a Tue\nA: 1\n\nbody\n>From me\n>>From you\nFrom here on\n\nFrom b Tue\nB: 2\n\n\n\nFrom \nC: 3\n"
MESSAGES = [b"A: 1\n\nbody\nFrom me\n>From you\nFrom here on\n\n", b"B: 2\n\n\n\n", b"C: 3\n"]


def test_a_box_is_read_message_by_message(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(BOX)
    assert listed(box) == [(f"{box}:{number}", message, "") for number, message in enumerate(MESSAGES, 1)]
    assert sum(each.size for each in sources([str(box)], io.BytesIO())) == total([str(box)]) == len(BOX)


def test_a_message_that_is_too_large_harms_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.roles.receive.mbox.BUNDLE_BYTES", 1_000)
    monkeypatch.setattr("strictmx.roles.receive.mbox.LINE_BYTES", 100)
    box = b"From a\nA: 1\n\nFrom b\n" + b"x" * 5_000 + b"\nFrom no line\n\n" + b"From c\nC: 3\n"
    got = [(data, bool(error)) for _, data, error in listed("-", stdin=box)]
    assert got == [(b"A: 1\n\n", False), (b"", True), (b"C: 3\n", False)]


@pytest.mark.parametrize("data", [report(), report_mail(), b"", b"Fro"])
def test_standard_input(data: bytes) -> None:
    assert listed("-", stdin=data) == [("standard input", data, "")]
    assert total(["-"]) is None


def test_a_box_on_standard_input() -> None:
    assert [data for _, data, _ in listed("-", stdin=BOX)] == MESSAGES


def test_a_file_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.roles.receive.files.SOURCE_BYTES", 10)
    put(tmp_path, "a.json")
    (tmp_path / "b.json").write_bytes(b"x" * 11)
    assert [bool(error) for _, _, error in listed(tmp_path)] == [False, True]
