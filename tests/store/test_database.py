from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Barrier, Event

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select

from strictmx.store import migrate, schema
from strictmx.store.connection import engine
from strictmx.store.database import Store, in_turn
from strictmx.store.errors import SchemaMismatch, StoreDamaged, StoreUnavailable
from strictmx.store.place import Place
from tests.postgresql import new_database
from tests.store.conftest import migrated


def _add(name: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(insert(schema.names).values(name=name))


def _names(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.scalars(select(schema.names.c.name).order_by(schema.names.c.name)))


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.METADATA) == []


def test_what_was_written_is_read_by_another(place: Place) -> None:
    with Store.open(place) as one, Store.open(place) as other:
        one.write(_add("a.example"))
        assert _names(other) == ["a.example"]


def test_a_work_that_fails_takes_nothing_of_its_neighbours_with_it(store: Store) -> None:
    started, go = Event(), Event()

    def slow(connection: Connection) -> None:
        started.set()
        go.wait(10)
        connection.execute(insert(schema.names).values(name="first"))

    first = store.submit(slow)
    started.wait(10)
    second = store.submit(_add("first"))  # the name is there already
    third = store.submit(_add("third"))
    go.set()
    first.result(10)
    with pytest.raises(Exception, match=r"(?i)unique"):
        second.result(10)
    third.result(10)
    assert _names(store) == ["first", "third"]


def test_nothing_is_acknowledged_of_a_group_that_the_engine_gave_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strictmx.store.writer.GROUP_SECONDS", 30)
    started, go = Event(), Event()

    def slow(connection: Connection) -> None:
        connection.execute(insert(schema.names).values(name="lost"))
        started.set()
        go.wait(10)

    def fail(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")  # as SQLite does by itself where the disk is full
        connection.exec_driver_sql("no SQL")

    with Store.open(Place(path=tmp_path / "strictmx.db")) as store:
        works = [store.submit(slow)]
        started.wait(10)
        works.append(store.submit(fail))
        go.set()
        for work in works:
            with pytest.raises(Exception, match=r"(?i)savepoint|syntax"):
                work.result(10)
        store.write(_add("next"))
        assert _names(store) == ["next"]


@pytest.mark.servers
def test_a_work_that_ends_a_deadlock_is_done_again(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.store.writer.GROUP_SECONDS", 30)
    at = migrated(Place(url=new_database(server)))

    def having(store: Store, first: str, second: str) -> list[Future[None]]:
        """Hand in a group of two works: the first has one turn when the other node's has the other."""

        def begin(connection: Connection) -> None:
            in_turn(connection, first)
            both.wait()

        return [store.submit(begin), store.submit(lambda connection: in_turn(connection, second))]

    both = Barrier(2, timeout=20)
    with Store.open(at) as one, Store.open(at) as other:
        for work in having(one, "a", "b") + having(other, "b", "a"):
            work.result(20)


def test_a_read_sees_one_state(store: Store) -> None:
    store.write(_add("before"))
    with store.read() as connection:
        count = len(connection.execute(select(schema.names)).all())
        store.write(_add("after"))
        assert len(connection.execute(select(schema.names)).all()) == count
    assert _names(store) == ["after", "before"]


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"), store.read() as connection:
        connection.execute(insert(schema.names).values(name="x"))
    assert _names(store) == []


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "strictmx.db"
    with Store.open(Place(path=path)):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_store_is_made_for_a_look(tmp_path: Path) -> None:
    assert Store.open_existing(Place(path=tmp_path / "none" / "strictmx.db")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "strictmx.db"
    path.write_bytes(b"this is a letter to my aunt, and no database" * 100)
    with pytest.raises(StoreDamaged, match="cannot be read"):
        Store.open(Place(path=path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store.open(Place(path=tmp_path / "file" / "strictmx.db"))


@pytest.mark.servers
def test_postgresql_without_tables_is_refused_until_it_is_migrated(server: str) -> None:
    at = Place(url=new_database(server))
    with pytest.raises(SchemaMismatch, match="strictmx store migrate"):
        Store.open(at)
    writers = engine(at, writes=True)
    assert migrate.migrate(at, writers) == (0, migrate.HEAD)
    assert migrate.migrate(at, writers) == (migrate.HEAD, migrate.HEAD)
    writers.dispose()
    Store.open(at).close()


@pytest.mark.parametrize(("ahead", "serves"), [(1, True), (2, False)])
def test_one_version_newer_serves(place: Place, ahead: int, serves: bool) -> None:
    with Store.open(place) as store:
        change = f"UPDATE alembic_version SET version_num = '{migrate.HEAD + ahead:04}'"  # noqa: S608 - a number
        store.write(lambda connection: connection.exec_driver_sql(change))
    if serves:
        Store.open(place).close()
    else:
        with pytest.raises(SchemaMismatch, match="newer release"):
            Store.open(place)


@pytest.mark.servers
def test_a_server_that_is_away_is_told_in_a_clause() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be used") as raised:
        Store.open(Place(url="postgresql://someone:secret@127.0.0.1:1/strictmx"))
    assert "secret" not in str(raised.value)


@pytest.mark.servers
def test_what_was_acknowledged_survives_kill(place: Place, tmp_path: Path) -> None:
    Store.open(place).close()
    program = """
import os, sys
from pathlib import Path
from sqlalchemy import insert
from strictmx.store import schema
from strictmx.store.database import Store, in_turn
from strictmx.store.place import Place
store = Store.open(Place(path=Path(sys.argv[1])) if sys.argv[2] == "file" else Place(url=sys.argv[1]))
for number in range(5):
    store.write(lambda connection: connection.execute(insert(schema.names).values(name=str(number))))
    print(number, flush=True)
os.kill(os.getpid(), 9)
"""
    where = [str(place.path), "file"] if place.path else [place.url, "url"]
    ended = subprocess.run([sys.executable, "-c", program, *where], capture_output=True, timeout=60, check=False)
    assert ended.returncode == -9, ended.stderr
    with Store.open(place) as store:
        assert _names(store) == ended.stdout.decode().split()
