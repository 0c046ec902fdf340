"""What a backup or a restore does when it is killed, when others write, and when the file is not what it should be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from strictmx.store import backup, migrate, reports
from strictmx.store.database import Store
from strictmx.store.errors import SchemaMismatch, StoreError, StoreUnavailable
from strictmx.store.place import Place
from strictmx.store.reports import Range
from strictmx.store.verify import verify
from tests.store.reporting import arrival, policy, report

PROGRAM = """
import os, sys
from pathlib import Path
from strictmx.store import backup
from strictmx.store.database import Store
from strictmx.store.place import Place
what, where, kind, file, at = sys.argv[1:]
store = Store.open(Place(path=Path(where)) if kind == "file" else Place(url=where))
def told(name, done):
    if name in at.split():
        os.kill(os.getpid(), 9)
getattr(backup, what)(store, Path(file), replace=True, told=told)
"""


def _killed(what: str, place: Place, file: Path, at: str) -> None:
    """Back up or restore in a process that is killed when it says that it is at this table."""
    where = (str(place.path), "file") if place.path else (place.url, "url")
    words = [sys.executable, "-c", PROGRAM, what, *where, str(file), at]
    ended = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert ended.returncode == -9, ended.stderr


def _add(store: Store, *numbers: str) -> None:
    reports.add(store, [arrival(report(policy(), number=number)) for number in numbers])


def _numbers(store: Store) -> list[str]:
    return sorted(one.report_id for one in reports.listed(store, Range()))


@pytest.mark.servers
def test_a_backup_that_is_killed_leaves_the_one_before(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    with Store.open(place) as store:
        _add(store, "first")
        backup.backup(store, file)
        _add(store, "second")
        before = file.read_bytes()
        _killed("backup", place, file, "pages report_bytes")
        assert file.read_bytes() == before
        assert file.with_name("backup.db.part").exists()
        assert backup.backup(store, file, replace=True)["reports"] == 2
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == ["backup.db"]


@pytest.mark.servers
@pytest.mark.parametrize("table", ["names", "report_failures", "failure_totals"])
def test_a_restore_that_is_killed_leaves_what_was_there(place: Place, tmp_path: Path, table: str) -> None:
    file = tmp_path / "backup.db"
    details = (("mx1.example.com", "certificate-expired", 1),)
    with Store.open(place) as store:
        reports.add(store, [arrival(report(policy(failed=1, details=details), number="in the backup"))])
        backup.backup(store, file)
        _add(store, "later")
    _killed("restore", place, file, table)
    with Store.open(place) as store:
        assert _numbers(store) == ["in the backup", "later"]
        assert verify(store)[1] == []
        backup.restore(store, file, replace=True)
        assert _numbers(store) == ["in the backup"]


@pytest.mark.servers
def test_a_backup_ends_while_others_write(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.store.backup.PAGES_AT_ONCE", 1)
    file = tmp_path / "backup.db"
    written: list[str] = []
    with Store.open(place) as store, Store.open(place) as other:
        _add(store, "before")
        known = backup.backup(store, file)["reports"]

        def write_between(name: str, done: int) -> None:
            if len(written) < 50:
                written.append(f"{name} {done} {len(written)}")
                _add(other, written[-1])

        assert backup.backup(store, file, replace=True, told=write_between)["reports"] == known
        assert len(_numbers(store)) == len(written) + 1
    with Store.open(Place(path=tmp_path / "new.db")) as restored:
        backup.restore(restored, file)
        assert verify(restored)[1] == []


def test_two_backups_into_one_file_are_one(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    began, go = Event(), Event()

    def wait(_: str, __: int) -> None:
        began.set()
        go.wait(20)

    with Store.open(place) as store, Store.open(place) as other:
        _add(store, "one")
        first = Thread(target=backup.backup, args=(store, file), kwargs={"told": wait})
        first.start()
        began.wait(20)
        try:
            with pytest.raises(StoreUnavailable, match="another process is writing"):
                backup.backup(other, file, replace=True)
        finally:
            go.set()
            first.join()
        assert backup.check(file)["reports"] == 1


def test_the_store_is_no_backup_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "strictmx.db"
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with Store.open(Place(path=path)) as store:
        _add(store, "one")
        for file in (path, link):
            for work in (backup.backup, backup.restore):
                with pytest.raises(StoreUnavailable, match="the store itself"):
                    work(store, file, replace=True)
        assert _numbers(store) == ["one"]


def test_what_lies_in_the_log_of_another_store_is_restored(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with Store.open(Place(path=path)) as other, Store.open(place) as store:
        _add(other, "in its log only")
        backup.restore(store, path)
        assert _numbers(store) == ["in its log only"]


def test_a_folder_that_is_missing_or_a_file_is_told(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store.open(place) as store:
        for file in (tmp_path / "none" / "backup.db", tmp_path / "file" / "backup.db", tmp_path):
            with pytest.raises(StoreUnavailable, match=r"cannot be written|exists"):
                backup.backup(store, file)
            with pytest.raises(StoreUnavailable, match="cannot be read"):
                backup.restore(store, file)


@pytest.mark.parametrize("ahead", [1, 2])
def test_a_backup_of_a_newer_release_is_refused_by_its_name(place: Place, tmp_path: Path, ahead: int) -> None:
    file = tmp_path / "backup.db"
    with Store.open(place) as store:
        _add(store, "one")
        backup.backup(store, file)
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (f"{migrate.HEAD + ahead:04}",))
        with pytest.raises(SchemaMismatch, match=r"backup\.db is of a newer release"):
            backup.restore(store, file, replace=True)
        assert _numbers(store) == ["one"]


@pytest.mark.servers
def test_a_restore_waits_for_no_writer_for_ever(
    server: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes goes first; a restore that cannot have the tables says so, and nothing was done."""
    monkeypatch.setattr("strictmx.store.connection.BUSY_SECONDS", 0.2)
    file = tmp_path / "backup.db"
    began, go = Event(), Event()

    def write(connection: object) -> None:
        reports.add_in(connection, [arrival(report(policy(), number="two"))])  # type: ignore[arg-type]
        began.set()
        go.wait(20)

    with Store.open(place) as store, Store.open(place) as other:
        _add(store, "one")
        backup.backup(store, file)
        writing = other.submit(write)
        began.wait(20)
        try:
            with pytest.raises(StoreError, match="another process is writing"):
                backup.restore(store, file, replace=True)
        finally:
            go.set()
        writing.result(20)
        assert _numbers(store) == ["one", "two"]
