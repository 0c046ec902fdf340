"""What the summary says beside its figures: the days it covers, and the check of our own nearest to each fault.

That its figures are right is held against `tests/summary_by_hand.py`, in `tests/cli/test_reports.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from strictmx.findings.explain import Explained
from strictmx.findings.finding import Severity
from strictmx.findings.observation import Observation, ProbeStage
from strictmx.roles.receive import summary
from strictmx.store import observations
from strictmx.store.database import Store
from strictmx.store.place import Place
from strictmx.store.reports import Range, add
from tests.findings.seen import DOMAIN, change, healthy, mx_host, stopped
from tests.store.reporting import DAY, DAY_NUMBER, arrival, policy, report

HOST = "mx1.shop.example"
NO_STARTTLS = ((HOST, "starttls-not-supported", 2),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(Place(path=tmp_path / "strictmx.db")) as opened:
        yield opened


def take(store: Store, *days: int, failed: int = 2, details: tuple[tuple[str | None, str, int | None], ...]) -> None:
    """A report of each day, so many days after DAY."""
    given = [report(policy(failed=failed, details=details, domain=DOMAIN), number=str(day), day=day) for day in days]
    add(store, [arrival(each) for each in given])


def keep(store: Store, at: datetime, *, broken: bool) -> None:
    """What a check saw at a time: the first host without STARTTLS, or nothing wrong."""
    bad = mx_host(HOST, stopped(HOST, ProbeStage.NO_STARTTLS))
    seen: Observation = change(healthy([bad] if broken else None), observed_at=at)
    assert observations.add(store, [(seen, "broken")])


def findings(store: Store, since: int | None = None, until: int | None = None) -> tuple[Explained, ...]:
    (one,) = summary.summaries(store, Range(None, since, until))
    return one.findings


def test_a_year_without_failures_has_no_findings(store: Store) -> None:
    take(store, 0, 1, 2, failed=0, details=())
    (one,) = summary.summaries(store, Range())
    assert (one.successful, one.failed, one.success_rate, one.findings) == (30, 0, 1.0, ())
    assert one.by_policy_type.keys() == {"sts", "tlsa", "no-policy-found"}


def test_without_sessions_there_is_no_rate(store: Store) -> None:
    add(store, [arrival(report(policy(successful=0)))])
    (one,) = summary.summaries(store, Range())
    assert one.success_rate is None


def test_a_type_of_policy_that_nobody_knows_is_shown_apart(store: Store) -> None:
    add(store, [arrival(report(policy(), policy("dkim", 3, 4)))])
    (one,) = summary.summaries(store, Range())
    assert (one.successful, one.failed) == (10, 0)
    assert one.by_policy_type["unknown"] == {"successful": 3, "failed": 4}


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (Range(), date(2026, 11, 24), date(2026, 11, 27)),
        (Range(since=DAY_NUMBER - 9), date(2026, 11, 15), date(2026, 11, 27)),
        (Range(until=DAY_NUMBER + 9), date(2026, 11, 24), date(2026, 12, 3)),
        (Range(domain="nobody.example"), None, None),
    ],
)
def test_the_days_are_those_asked_for_else_those_with_figures(
    store: Store, asked: Range, first: date | None, last: date | None
) -> None:
    take(store, 0, 3, failed=0, details=())
    assert summary.days_of(store, asked) == (first, last)


def test_a_fault_has_its_days_its_sessions_and_who_says_so(store: Store) -> None:
    take(store, 0, 1, 2, details=NO_STARTTLS)
    take(store, 3, failed=0, details=())
    (one,) = findings(store)
    assert (one.code, one.severity, one.subject) == ("mx-no-starttls", Severity.ERROR, HOST)
    assert (one.sessions, one.organizations, one.first, one.last) == (6, 1, date(2026, 11, 24), date(2026, 11, 26))
    assert one.observed is None
    (one,) = findings(store, since=DAY_NUMBER + 1, until=DAY_NUMBER + 1)
    assert (one.sessions, one.first, one.last) == (2, date(2026, 11, 25), date(2026, 11, 25))


def test_sessions_without_details_are_told_of_their_own_days(store: Store) -> None:
    take(store, 0, failed=5, details=NO_STARTTLS)
    take(store, 1, details=NO_STARTTLS)
    found = {each.result_type: each for each in findings(store)}
    silent = found["unknown"]
    assert (silent.sessions, silent.first, silent.last) == (3, date(2026, 11, 24), date(2026, 11, 24))
    assert silent.subject == DOMAIN


@pytest.mark.parametrize(("quiet", "severity"), [((7, 30), Severity.ERROR), ((7, 30, 31), Severity.NOTICE)])
def test_a_fault_goes_on_for_three_days_with_reports(store: Store, quiet: tuple[int, ...], severity: Severity) -> None:
    take(store, 0, details=NO_STARTTLS)
    take(store, *quiet, failed=0, details=())
    (one,) = findings(store)
    assert one.severity is severity


HOURS_12 = timedelta(hours=12)
REACH = timedelta(hours=36)


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (DAY + HOURS_12, ("mx-no-starttls",)),
        (DAY - REACH, ("mx-no-starttls",)),
        (DAY - REACH - timedelta(seconds=1), None),
        (DAY + timedelta(days=1) + REACH, ("mx-no-starttls",)),
        (DAY + timedelta(days=1) + REACH + timedelta(seconds=1), None),
    ],
)
def test_a_check_within_36_hours_of_the_last_day_is_told(
    store: Store, at: datetime, codes: tuple[str, ...] | None
) -> None:
    take(store, 0, details=NO_STARTTLS)
    keep(store, at, broken=True)
    (one,) = findings(store)
    assert (one.observed.codes if one.observed else None) == codes


def test_the_check_nearest_to_the_fault_is_told(store: Store) -> None:
    take(store, 0, details=NO_STARTTLS)
    keep(store, DAY + timedelta(hours=14), broken=True)
    keep(store, DAY + timedelta(hours=26), broken=False)
    (one,) = findings(store)
    assert one.observed is not None
    assert one.observed.at == (DAY + timedelta(hours=14)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "Our check of 14:00 UTC on 24 November 2026 saw the same: mx1.shop.example does not offer" in one.message
