from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, Run
from tests.cli.test_reports import packed, report

Store = Callable[..., Ended]


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Store:
    """`strictmx store …` on the store below tmp_path/data, with one report in it."""
    configuration = tmp_path / "strictmx.toml"
    configuration.write_text('[store]\ndata = "data"\n')
    (tmp_path / "one.json.gz").write_bytes(packed(report()))
    assert run("reports", "import", str(tmp_path / "one.json.gz"), "--config", str(configuration)).status == 0
    return lambda *words: run("store", *words, "--config", str(configuration))


def test_a_backup_and_the_way_back(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    made = store("backup", str(file))
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith(f"{file}: ")
    again = store("backup", str(file))
    assert (again.status, again.out) == (2, "")
    assert again.err == f"strictmx: {file} exists already; --force replaces it\n"
    rows = json.loads(store("backup", str(file), "--force", "--json").out)
    assert (rows["file"], rows["rows"]["reports"]) == (str(file), 1)
    refused = store("restore", str(file))
    assert refused.status == 2
    assert "holds data; --force" in refused.err
    assert json.loads(store("restore", str(file), "--force", "--json").out) == rows
    assert store("verify").out.endswith("rows, all is well\n")


def test_into_a_new_store(store: Store, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    store("backup", str(file))
    configuration = tmp_path / "new.toml"
    configuration.write_text('[store]\ndata = "new"\n')
    assert run("store", "restore", str(file), "--config", str(configuration)).status == 0
    assert json.loads(run("reports", "list", "--json", "--config", str(configuration)).out)[0]["report_id"] == "1"


def test_the_schema_is_brought_to_this_release_once(store: Store) -> None:
    document = json.loads(store("migrate", "--json").out)
    assert document["before"] == document["after"] > 0
    assert "the schema is that of this release" in store("migrate").out


@pytest.mark.parametrize("words", [("verify",), ("backup", "backup.db")])
def test_no_store_is_made_for_a_look(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    configuration = tmp_path / "strictmx.toml"
    configuration.write_text('[store]\ndata = "data"\n')
    ended = run("store", *words, "--config", str(configuration))
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"strictmx: there is no store at {tmp_path / 'data' / 'strictmx.db'}\n"
    assert list(tmp_path.iterdir()) == [configuration]


def test_what_is_wrong_is_told_and_ends_with_1(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "strictmx.db")) as connection, connection:
        connection.execute("UPDATE day_totals SET failed = failed + 1")
    ended = store("verify")
    assert ended.status == 1
    assert "something is wrong\n  totals: day_totals: stored: " in ended.out
    assert len(json.loads(store("verify", "--json").out)["problems"]) == 2


@pytest.mark.parametrize(("page", "status"), [(0, 2), (2, 1), (3, 1)])
def test_a_damaged_file_is_told_in_lines(store: Store, tmp_path: Path, page: int, status: int) -> None:
    """Where not even its version can be read it is no store."""
    path = tmp_path / "data" / "strictmx.db"
    data = bytearray(path.read_bytes())
    data[page * 4_096 : page * 4_096 + 4_000] = b"\xa5" * 4_000
    path.write_bytes(data)
    ended = store("verify")
    told = "something is wrong\n  database: " if status == 1 else "cannot be read: "
    assert (ended.status, told in ended.out + ended.err) == (status, True), ended
    backup = store("backup", str(tmp_path / "backup.db"))
    assert (backup.status, backup.err.count("\n")) == (2, 1)
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "store: name migrate or backup or restore or verify (see strictmx store --help)"),
        (("verfy",), "store: unknown verb verfy, did you mean verify? (see strictmx store --help)"),
        (("backup",), "store backup: name FILE (see strictmx store backup --help)"),
        (("restore", "none.db"), "none.db cannot be read: No such file or directory"),
    ],
)
def test_wrong_use_is_one_line(run: Run, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    configuration = tmp_path / "strictmx.toml"
    configuration.write_text('[store]\ndata = "data"\n')
    ended = run("--config", str(configuration), "store", *words)
    assert (ended.status, ended.out, ended.err) == (2, "", f"strictmx: {told}\n")
