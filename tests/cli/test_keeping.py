"""`check` keeps what it sees of the domains that the store knows, and never for the price of its result."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from strictmx.cli import keeping
from strictmx.cli.keeping import Keeping
from strictmx.config.sections import Store as StoreSettings
from strictmx.store import observations
from strictmx.store.database import Store
from strictmx.store.place import Place
from strictmx.store.reports import add
from tests.cli.conftest import Run
from tests.findings.seen import DOMAIN, change, healthy
from tests.laboratory import environment
from tests.store.reporting import arrival, policy, report

GOOD, STRANGER = "healthy-minimal.example", "mx-certificate-expired.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "strictmx.db"


def settings(file: Path) -> StoreSettings:
    return StoreSettings(url=f"sqlite://{file}")


def make(file: Path, domain: str) -> None:
    """A store that knows a domain."""
    with Store.open(Place(path=file)) as store:
        add(store, [arrival(report(policy(domain=domain)))])


def kept(file: Path, domain: str) -> int:
    with Store.open(Place(path=file)) as store:
        return len(observations.times(store, domain, 0, 2**40))


def test_what_the_store_knows_is_kept(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(file, DOMAIN)
    keeps = Keeping(settings(file))
    keeps.add(healthy(), "secure")
    keeps.add(change(healthy(), domain="stranger.example"), "secure")
    keeps.end()
    assert (kept(file, DOMAIN), kept(file, "stranger.example")) == (1, 0)
    assert capsys.readouterr().err == ""


def test_a_long_run_holds_few_at_a_time(file: Path) -> None:
    make(file, DOMAIN)
    keeps = Keeping(settings(file))
    for _ in range(keeping.AT_ONCE):
        keeps.add(healthy(), "secure")
    assert kept(file, DOMAIN) == keeping.AT_ONCE
    keeps.end()


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        (StoreSettings(data=Path("/nonexistent/strictmx")), {}),
        (StoreSettings(url="sqlite:///nonexistent/strictmx.db"), {}),
        (StoreSettings(), {"HOME": "", "XDG_DATA_HOME": ""}),
    ],
)
def test_without_a_store_none_is_made_and_nothing_said(
    given: StoreSettings,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1_000)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    keeps = Keeping(given)
    keeps.add(healthy(), "secure")
    keeps.end()
    assert capsys.readouterr().err == ""
    assert not Path("/nonexistent").exists()


def test_a_store_that_fails_is_told_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"no database, but long enough to be taken for one" * 99)
    keeps = Keeping(settings(file))
    for _ in range(2 * keeping.AT_ONCE):
        keeps.add(healthy(), "secure")
    keeps.end()
    told = capsys.readouterr().err
    assert told.startswith("strictmx: check: what was seen is not kept: ")
    assert told.count("\n") == 1


def test_a_check_without_a_store_imports_nothing_of_it(file: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from strictmx.cli.keeping import Keeping, StoreSettings\n"
        f"Keeping(StoreSettings(url='sqlite://{file}')).end(); print('sqlalchemy' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment(), timeout=30
    )
    assert ended.stdout == "False\n"


@pytest.mark.servers
def test_checks_are_kept_and_replayed_ones_are_not(run: Run, lab: Path, file: Path, tmp_path: Path) -> None:
    configuration = lab.with_name("keeping.toml")  # its paths count from there
    configuration.write_text(f'{lab.read_text()}url = "sqlite://{file}"\n')  # [store] is its last section
    saved = tmp_path / "seen.jsonl"
    assert run("check", GOOD, "--config", str(configuration)).status == 0
    assert not file.exists()
    make(file, GOOD)
    assert run("check", GOOD, "--config", str(configuration), "--save", str(saved)).status == 0
    assert run("check", "--replay", str(saved), "--config", str(configuration)).status == 0
    assert kept(file, GOOD) == 1
    ended = run("check", GOOD, STRANGER, "--config", str(configuration), "--jsonl")
    assert (ended.status, ended.out.count("\n"), ended.err) == (1, 2, "")
    assert (kept(file, GOOD), kept(file, STRANGER)) == (2, 0)
    file.write_bytes(b"no database" * 999)
    ended = run("check", GOOD, "--config", str(configuration))
    assert (ended.status, ended.err.count("\n")) == (0, 1)
