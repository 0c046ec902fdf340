"""Retention, backup, restore, verify."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from strictmx.config.domains import Wanted
from strictmx.config.sections import Keep
from strictmx.standards.names import Name
from strictmx.standards.sts import HostPattern, Mode, Policy
from strictmx.store import aside, backup, changes, domains, observations, reports, retention, totals
from strictmx.store.aside import NewItem
from strictmx.store.database import Store
from strictmx.store.errors import StoreDamaged, StoreError, StoreUnavailable
from strictmx.store.place import Place
from strictmx.store.reports import Range
from strictmx.store.schema import report_bytes
from strictmx.store.verify import verify
from tests import postgresql
from tests.findings.seen import healthy
from tests.store.conftest import migrated, new_place
from tests.store.reporting import DAY, arrival, policy, report

WANTED = Wanted(
    Name("example.com"),
    Policy(Mode.TESTING, (HostPattern(Name("mx.example.com")),), 604_800),
    ("mailto:a@example.com",),
)


def _fill(store: Store, days: int = 5) -> None:
    details = (("mx1.example.com", "certificate-expired", 1),)
    reports.add(store, [arrival(report(policy(failed=1, details=details), day=day)) for day in range(days)])
    reports.add(store, [arrival(report(policy(successful=1)))])  # a copy with other content
    domains.put(store, WANTED)
    item = NewItem(b"Dear aunt", "RPT-44", "it holds no report", "letter.txt", "file", int(DAY.timestamp()))
    store.write(lambda connection: aside.add_in(connection, [item]))


def test_what_is_older_than_keep_says_goes(place: Place) -> None:
    now = DAY + timedelta(days=100)
    with Store.open(place, now=now.timestamp) as store:
        _fill(store)
        came = int((DAY + timedelta(days=50)).timestamp())  # late, and of a day long ago
        late = [report(policy(), number="late", day=-1_000), report(policy(), number="later", day=-2_000)]
        reports.add(store, [msgspec.structs.replace(arrival(each), received_at=came) for each in late])
        keep = Keep(reports=timedelta(days=90), aside=timedelta(days=99), observations=timedelta(days=1))
        deleted = retention.prune_daily(store, keep)
        assert deleted is not None
        assert (deleted["reports"], deleted["aside"], deleted["policies"]) == (6, 1, 0)
        assert [one.report_id for one in reports.listed(store, Range())] == ["late", "later"]
        with store.read() as connection:
            assert list(totals.differences(connection)) == []
        assert retention.prune_daily(store, keep) is None  # once a day


def test_pruning_that_failed_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise StoreUnavailable("another process is writing")

    with monkeypatch.context() as patch:
        patch.setattr(aside, "delete_before", fail)
        with pytest.raises(StoreUnavailable):
            retention.prune_daily(store, Keep())
    assert retention.prune_daily(store, Keep()) is not None


@pytest.fixture
def full(store: Store) -> Store:
    _fill(store)
    return store


def _everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr) for table in backup.tables()
        }


def test_a_backup_restores_everything_on_either_engine(
    full: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "backup.db"
    rows = backup.backup(full, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rows["reports"] == 6
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == ["backup.db"]
    engines = ["sqlite"] if full.is_sqlite else ["sqlite", "postgresql"]
    for engine in engines:
        with Store.open(new_place(engine, tmp_path / engine, request)) as other:
            assert backup.restore(other, file) == rows
            assert _everything(other) == _everything(full)
            assert verify(other)[1] == []
            reports.add(other, [arrival(report(policy(), number="new"))])  # numbers go on where they were
            assert len(list(reports.listed(other, Range()))) == 6
            with pytest.raises(StoreUnavailable, match="--force"):
                backup.restore(other, file)
            backup.restore(other, file, replace=True)
            assert _everything(other) == _everything(full)
            assert changes.since(other, 0)[-1].topic == "store"


def test_a_backup_replaces_nothing_by_itself(full: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("mine")
    with pytest.raises(StoreUnavailable, match="--force"):
        backup.backup(full, file)
    assert file.read_text() == "mine"
    backup.backup(full, file, replace=True)
    assert backup.check(file)["reports"] == 6


@pytest.mark.parametrize("content", [b"", b"Dear aunt", b"SQLite format 3\0" + b"x" * 4_096])
def test_another_file_is_no_backup(full: Store, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    before = _everything(full)
    with pytest.raises(StoreDamaged, match="no backup"):
        backup.restore(full, file, replace=True)
    assert _everything(full) == before


def test_another_database_is_no_backup(full: Store, tmp_path: Path) -> None:
    file = tmp_path / "odd.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE aunts (name)")
    with pytest.raises(StoreDamaged, match="no backup"):
        backup.restore(full, file, replace=True)


def test_a_fault_half_way_leaves_what_was_there(full: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup.backup(full, file)
    reports.add(full, [arrival(report(policy(), number="later"))])
    before = _everything(full)

    def interrupt(name: str, _: int) -> None:
        if name == "reports":
            raise KeyError(name)

    with pytest.raises(KeyError):
        backup.restore(full, file, replace=True, told=interrupt)
    assert _everything(full) == before


def test_a_whole_store_verifies_and_faults_are_told(full: Store) -> None:
    rows, problems = verify(full)
    assert (rows["reports"], problems) == (6, [])
    damage = update(report_bytes).where(report_bytes.c.report == 1).values(payload=b"no gzip")
    full.write(lambda connection: connection.execute(damage))
    full.write(lambda connection: connection.exec_driver_sql("DELETE FROM type_totals"))
    _, problems = verify(full)
    assert "reports: the bytes of report 1 do not unpack" in problems
    assert any(problem.startswith("totals: type_totals") for problem in problems)


def test_observations_are_kept_of_known_domains_only(full: Store) -> None:
    at_times = (("example.com", 5), ("example.com", 30), ("stranger.example", 5))
    seen = [healthy(domain=name, observed_at=DAY + timedelta(hours=hours)) for name, hours in at_times]
    assert observations.add(full, [(each, "secure") for each in seen]) == 2
    assert observations.newest(full, "example.com") == seen[1]
    at = int(DAY.timestamp())
    first, second = observations.times(full, "example.com", at, at + 2 * 86_400)
    assert observations.made_at(full, "example.com", first) == seen[0]
    assert observations.times(full, "example.com", at, first - 1) == []
    assert second - first == 25 * 3_600
    assert observations.newest(full, "stranger.example") is None


@pytest.mark.servers
def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    path = tmp_path / "strictmx.db"
    with Store.open(Place(path=path)) as store:
        _fill(store)
    program = """
import resource, signal, sys
from pathlib import Path
from strictmx.store import reports
from strictmx.store.database import Store
from strictmx.store.errors import StoreError
from strictmx.store.place import Place
from tests.store.reporting import arrival, policy, report
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open(Place(path=Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for number in range(5_000):
        reports.add(store, [arrival(report(policy(), number=f"many{number}"))])
        print(number)
except StoreError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    *added, told = ended.stdout.splitlines()
    assert "cannot be used" in told, ended.stderr
    with Store.open(Place(path=path)) as store:
        assert verify(store)[1] == []
        known = {one.report_id for one in reports.listed(store, Range())}
    assert {f"many{number}" for number in added} <= known


def test_a_store_that_another_writes_to_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strictmx.store.connection.BUSY_SECONDS", 0.1)
    path = tmp_path / "strictmx.db"
    with Store.open(Place(path=path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another process is writing"):
            reports.add(store, [arrival(report(policy()))])
        other.execute("ROLLBACK")
        reports.add(store, [arrival(report(policy()))])


@pytest.mark.servers
def test_a_server_that_was_restarted_is_used_again(tmp_path: Path) -> None:
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.running(binaries) as cluster:
        at = Place(url=postgresql.new_database(cluster.url))
        with Store.open(migrated(at)) as store:
            _fill(store)
            cluster.restart()
            for _ in range(2):  # the writer's connection, or the readers', may be found dead once
                try:
                    reports.add(store, [arrival(report(policy(), number="after"))])
                except StoreError:
                    continue
            assert "after" in {one.report_id for one in reports.listed(store, Range())}
