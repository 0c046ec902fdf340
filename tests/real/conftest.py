"""The real servers, started once, and their words about the domain of a test that fails."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.real.domains import Domain
from tests.real.world import World, is_possible, logged, running


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not is_possible():
        pytest.skip("no root, or no servers: ./test real says what is missing")
    with running(tmp_path_factory.mktemp("real")) as started:
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers logged about the domain of a failed test."""
    report = yield
    callspec, started = getattr(item, "callspec", None), getattr(item, "funcargs", {}).get("world")
    if report.failed and isinstance(started, World):
        domain = callspec.params.get("domain") if callspec else None
        report.sections.append(
            ("real servers", logged(started.folder, domain.name if isinstance(domain, Domain) else ""))
        )
    return report
