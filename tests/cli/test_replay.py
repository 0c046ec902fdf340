"""`strictmx check --replay`: saved observations, read line by line, judged without network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from strictmx.findings.observation import OBSERVATION_BYTES, dump
from tests.cli.conftest import Run
from tests.findings.seen import change, healthy

GOOD = dump(healthy())
OTHER = dump(change(healthy(), domain="other.example"))
DAMAGED = GOOD[:-1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seen.jsonl"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \n"])
def test_every_line_is_judged(run: Run, file: Path, end: bytes) -> None:
    file.write_bytes(GOOD + end + OTHER)
    documents = json.loads(run("check", "--replay", str(file), "--json").out)
    assert [document["domain"] for document in documents] == ["shop.example", "other.example"]


def test_standard_input_is_read_as_it_comes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged line ends the run: what stands behind it is never asked for."""
    lines = iter([GOOD + b"\n", DAMAGED + b"\n"])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(readline=lambda _: next(lines))))
    ended = run("check", "--replay", "-", "--jsonl")
    assert (ended.status, ended.out.count("\n")) == (2, 1)
    assert ended.err.startswith("strictmx: -:2: no saved observation")


@pytest.mark.parametrize(
    ("damaged", "part"),
    [
        (DAMAGED, "no saved observation"),
        (b"x" * (OBSERVATION_BYTES + 10), "at most"),
        (b" " * (OBSERVATION_BYTES + 10), "at most"),
        (b"\r" * (OBSERVATION_BYTES + 10), "no saved observation"),
    ],
    ids=["cut", "long", "blank", "returns"],
)
@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_what_was_judged_before_a_damaged_line_stands(
    run: Run, file: Path, form: str, damaged: bytes, part: str
) -> None:
    file.write_bytes(GOOD + b"\n" + damaged + b"\n" + OTHER + b"\n")
    ended = run("check", "--replay", str(file), form)
    assert ended.status == 2
    assert json.loads(ended.out)["domain"] == "shop.example"
    assert ended.err.startswith(f"strictmx: {file}:2: ")
    assert ended.err.count("\n") == 1
    assert part in ended.err


@pytest.mark.parametrize("content", [b"", b"\n \n", DAMAGED, b"\0" * 100])
@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_a_file_without_observations_prints_nothing(run: Run, file: Path, content: bytes, form: str) -> None:
    file.write_bytes(content)
    ended = run("check", "--replay", str(file), form)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_only_the_domains_named(run: Run, file: Path) -> None:
    file.write_bytes(GOOD + b"\n" + OTHER + b"\n")
    ended = run("check", "--replay", str(file), "--json", "shop.example", "gone.example")
    assert (ended.status, ended.err) == (2, f"strictmx: {file}: holds no observation of gone.example\n")
    assert [document["domain"] for document in json.loads(ended.out)] == ["shop.example"]
