"""Where the roles meet in the store: changes, leases, notices."""

from __future__ import annotations

from pathlib import Path
from queue import Queue
from threading import Event, Thread

import psycopg
import pytest

from strictmx.store import changes, leases, notices
from strictmx.store.changes import Change, Watch, announce
from strictmx.store.database import Store
from strictmx.store.errors import StoreUnavailable
from strictmx.store.notices import Notice
from strictmx.store.place import Place
from tests import postgresql
from tests.store.conftest import migrated

SECONDS = 20  # a test that waits longer has failed


def _announce(store: Store, *keys: str) -> None:
    store.write(lambda connection: announce(connection, "reports", keys, store.now()))


def test_changes_are_read_from_a_number_on(store: Store) -> None:
    _announce(store, "a.example", "b.example")
    number = changes.newest(store)
    _announce(store, "c.example")
    assert [change.key for change in changes.since(store, 0)] == ["a.example", "b.example", "c.example"]
    assert [(change.topic, change.key) for change in changes.since(store, number)] == [("reports", "c.example")]
    assert changes.since(store, changes.newest(store)) == []


@pytest.mark.parametrize("listens", [True, False], ids=["notified", "poll alone"])
def test_a_watch_hears_what_another_process_changes(place: Place, listens: bool) -> None:
    heard: Queue[list[Change]] = Queue()
    with Store.open(place) as one, Store.open(place) as other:
        _announce(other, "before")
        watch = Watch(one, heard.put, listens=listens, seconds=60.0 if listens and not one.is_sqlite else 0.05)
        try:
            for key in ("first", "second"):
                _announce(other, key)
                assert [change.key for change in heard.get(timeout=SECONDS)] == [key]
        finally:
            watch.close()


def test_a_watch_that_could_not_pass_changes_on_tells_them_again(place: Place) -> None:
    heard: Queue[list[str]] = Queue()
    faults = iter([True])

    def tell(some: list[Change]) -> None:
        heard.put([change.key for change in some])
        if next(faults, False):
            raise StoreUnavailable("what has changed cannot be read just now")

    with Store.open(place) as store:
        watch = Watch(store, tell, seconds=0.05)
        try:
            _announce(store, "a")
            assert [heard.get(timeout=SECONDS) for _ in range(2)] == [["a"], ["a"]]
        finally:
            watch.close()


def test_a_watch_asks_where_it_cannot_wait(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: Queue[list[Change]] = Queue()

    def refuse() -> None:
        raise StoreUnavailable("the server has no connection left")

    with Store.open(place) as store:
        monkeypatch.setattr(store, "listening", refuse)
        watch = Watch(store, heard.put, seconds=0.05)
        try:
            _announce(store, "a")
            assert [change.key for change in heard.get(timeout=SECONDS)] == ["a"]
        finally:
            watch.close()


@pytest.mark.servers
def test_a_watch_whose_connection_is_lost_makes_another(server: str) -> None:
    heard: Queue[list[Change]] = Queue()
    url = postgresql.new_database(server)
    with Store.open(migrated(Place(url=url))) as store:
        watch = Watch(store, heard.put, seconds=0.2)
        try:
            for key in ("before", "after"):
                _announce(store, key)
                assert [change.key for change in heard.get(timeout=SECONDS)] == [key]
                with psycopg.connect(url, autocommit=True) as connection:
                    ended = connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                    )
                    assert key == "after" or ended.fetchall() == [(True,)]
        finally:
            watch.close()


def _announce_often(store: Store, writer: int) -> None:
    for number in range(15):
        _announce(store, f"{writer}.{number}")


def test_no_change_is_missed_by_many_writers(place: Place) -> None:
    heard: list[str] = []
    last = Event()

    def hear(some: list[Change]) -> None:
        heard.extend(change.key for change in some)
        if heard[-1] == "last":
            last.set()

    with Store.open(place) as reader:
        stores = [Store.open(place) for _ in range(4)]
        watch = Watch(reader, hear, seconds=0.05)
        threads = [Thread(target=_announce_often, args=(store, writer)) for writer, store in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _announce(stores[0], "last")
        assert last.wait(SECONDS)
        watch.close()
        for store in stores:
            store.close()
    assert sorted(heard[:-1]) == sorted(f"{writer}.{number}" for writer in range(4) for number in range(15))


def test_old_changes_go_and_the_newest_stays(store: Store) -> None:
    _announce(store, "a", "b", "c")
    assert store.write(lambda connection: changes.delete_before(connection, 2**40)) == 2
    assert [change.key for change in changes.since(store, 0)] == ["c"]


def test_a_lease_has_one_holder(place: Place) -> None:
    with Store.open(place) as one, Store.open(place) as other:
        assert leases.acquire(one, "send", "one", 60)
        assert not leases.acquire(other, "send", "other", 60)
        assert leases.acquire(one, "send", "one", 60)
        assert leases.acquire(other, "fetch", "other", 60)
        leases.release(other, "send", "other")  # not its own
        assert not leases.acquire(other, "send", "other", 60)
        leases.release(one, "send", "one")
        assert leases.acquire(other, "send", "other", 60)


def test_a_lease_that_ran_out_is_anybodys(store: Store) -> None:
    assert leases.acquire(store, "send", "gone", -1)
    assert leases.acquire(store, "send", "next", 60)
    assert not leases.acquire(store, "send", "gone", 60)


@pytest.mark.parametrize(("later", "gets"), [(9.5, False), (10.0, False), (10.6, True), (-3_600.0, False)])
def test_a_lease_lasts_as_long_as_it_was_asked_for(tmp_path: Path, later: float, gets: bool) -> None:
    now = 1_795_600_000.5
    at = Place(path=tmp_path / "strictmx.db")
    with Store.open(at, now=lambda: now) as one, Store.open(at, now=lambda: now + later) as other:
        assert leases.acquire(one, "send", "one", 10)
        assert leases.acquire(other, "send", "other", 10) is gets
        assert leases.acquire(one, "send", "one", 10) is not gets


def test_notices_are_taken_once(store: Store) -> None:
    some = [Notice("kind", f"{n}.example", "cause", n == 1, "warning", "A sentence.", 1_795_600_000) for n in range(3)]
    store.write(lambda connection: notices.write_in(connection, some))
    found = notices.untaken(store)
    assert [notice for _, notice in found] == some
    store.write(lambda connection: notices.take_in(connection, [found[0][0]], 1_795_600_001))
    assert [notice for _, notice in notices.untaken(store)] == some[1:]
