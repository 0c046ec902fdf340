from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strictmx.store.connection import engine
from strictmx.store.database import Store
from strictmx.store.migrate import migrate
from strictmx.store.place import Place
from tests import postgresql

ENGINES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.servers),
]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server."""
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.running(binaries) as cluster:
        yield cluster.url


def migrated(at: Place) -> Place:
    """The same database with the tables."""
    writers = engine(at, writes=True)
    migrate(at, writers)
    writers.dispose()
    return at


def new_place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    """A database of this kind, empty but for its schema."""
    if kind == "sqlite":
        return Place(path=folder / "strictmx.db")
    return migrated(Place(url=postgresql.new_database(request.getfixturevalue("server"))))


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A database, empty but for its schema, of each kind in turn."""
    return new_place(request.param, tmp_path, request)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An open store, on each engine in turn."""
    with Store.open(place) as opened:
        yield opened
