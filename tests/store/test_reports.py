from __future__ import annotations

import random
from functools import partial

import pytest
from sqlalchemy import func, select

from strictmx.standards.tlsrpt import Report
from strictmx.store import reports, totals
from strictmx.store.database import Store
from strictmx.store.reports import Outcome, Range
from strictmx.store.schema import METADATA
from strictmx.store.totals import Sums
from tests.store.reporting import DAY_NUMBER, arrival, policy, report

TEN = report(policy(successful=10))
NINE = report(policy(successful=9))
PROVEN, UNPROVEN, FILE = True, False, None
NEW, COPY, CONFLICT = Outcome.NEW, Outcome.DUPLICATE, Outcome.CONFLICT

# rule, what comes one after the other, what becomes of each, and the sessions that count in the end
DUPLICATES: list[tuple[str, list[tuple[Report, bool | None]], list[Outcome], int]] = [
    ("DEC-17", [(TEN, FILE), (TEN, FILE)], [NEW, COPY], 10),
    ("DEC-17", [(TEN, FILE), (NINE, FILE)], [NEW, CONFLICT], 10),
    ("DEC-17", [(TEN, FILE), (NINE, FILE), (NINE, FILE)], [NEW, CONFLICT, COPY], 10),
    ("DEC-17", [(TEN, UNPROVEN), (TEN, PROVEN)], [NEW, COPY], 10),
    ("DEC-17", [(TEN, UNPROVEN), (NINE, PROVEN)], [NEW, COPY], 9),
    ("DEC-17", [(NINE, PROVEN), (TEN, UNPROVEN)], [NEW, COPY], 9),
    ("DEC-17", [(TEN, FILE), (NINE, UNPROVEN), (NINE, PROVEN)], [NEW, CONFLICT, COPY], 9),
    ("DEC-17", [(NINE, PROVEN), (TEN, PROVEN)], [NEW, CONFLICT], 9),
    ("DEC-17", [(TEN, FILE), (report(policy(successful=9), number="2"), FILE)], [NEW, NEW], 19),
    ("DEC-17", [(TEN, FILE), (report(policy(successful=9), day=1), FILE)], [NEW, NEW], 19),
    ("DEC-17", [(TEN, FILE), (report(policy(successful=9), organization="Other"), FILE)], [NEW, NEW], 19),
    ("DEC-17", [(TEN, FILE), (report(policy(successful=9, domain="example.org")), FILE)], [NEW, NEW], 19),
]


@pytest.mark.parametrize("together", [True, False], ids=["at once", "one by one"])
@pytest.mark.parametrize(("rule", "given", "outcomes", "sessions"), DUPLICATES)
def test_of_the_copies_of_a_report_one_counts(
    store: Store,
    rule: str,
    given: list[tuple[Report, bool | None]],
    outcomes: list[Outcome],
    sessions: int,
    together: bool,
) -> None:
    arrivals = [arrival(each, authenticated=proven) for each, proven in given]
    if together:
        assert reports.add(store, arrivals) == outcomes
    else:
        assert [outcome for each in arrivals for outcome in reports.add(store, [each])] == outcomes
    assert sum(one.sums.successful for one in totals.by_domain(store)) == sessions
    assert sum(one.successful or 0 for one in reports.listed(store, Range())) == sessions
    assert _differences(store) == []


def _differences(store: Store) -> list[str]:
    with store.read() as connection:
        return list(totals.differences(connection))


def test_a_proven_copy_makes_a_report_proven(store: Store) -> None:
    reports.add(store, [arrival(TEN), arrival(TEN, authenticated=True)])
    (one,) = reports.listed(store, Range())
    assert one.authenticated is True


def test_a_copy_with_other_content_is_told_and_kept(store: Store) -> None:
    reports.add(store, [arrival(TEN), arrival(NINE)])
    (one,) = reports.listed(store, Range())
    assert one.conflicts == 1
    kept = reports.kept(store, one.id)
    assert kept is not None
    (other,) = kept.conflicts
    copy = reports.kept(store, other)
    assert copy is not None
    assert (copy.counts, copy.listed.successful) == (False, 9)
    assert reports.found(store, "1") == [one.id]


def test_unknown_counts_stay_unknown(store: Store) -> None:
    reports.add(store, [arrival(report(policy(successful=None, failed=3)))])
    (one,) = reports.listed(store, Range())
    assert (one.successful, one.failed) == (None, 3)
    (total,) = totals.by_domain(store)
    assert total.sums == Sums(0, 3)


def test_the_summary_has_every_table(store: Store) -> None:
    expired, mx1, mx2 = "certificate-expired", "mx1.example.com", "mx2.example.com"
    reports.add(
        store,
        [
            arrival(
                report(
                    policy("sts", 7, 3, details=((mx1, expired, 2), (None, "validation-failure", 2))),
                    policy("tlsa", 4, 1, details=((mx2, "tlsa-invalid", 1),)),
                    policy("no-policy-found", 5, 0),
                )
            ),
            arrival(report(policy("sts", 1, 4, details=((mx1, expired, 1),)), organization="Other", day=1)),
        ],
    )
    (total,) = totals.in_full(store, domain="example.com")
    assert total.sums == Sums(13, 7)
    assert total.unexplained == 3
    assert total.days == {DAY_NUMBER: Sums(12, 3), DAY_NUMBER + 1: Sums(1, 4)}
    assert total.organizations == {"Example Net": Sums(12, 3), "Other": Sums(1, 4)}
    assert total.types == {"sts": Sums(8, 7), "tlsa": Sums(4, 1), "no-policy-found": Sums(5, 0)}
    assert total.result_types == {expired: 3, "validation-failure": 2, "tlsa-invalid": 1}
    assert total.hosts == {mx1: {expired: 3}, "unknown": {"validation-failure": 2}}
    faults = totals.faults(store, "example.com")
    assert [(fault.host, fault.total, fault.last - fault.first) for fault in faults] == [
        (mx1, 3, 1),
        ("unknown", 2, 0),
        (mx2, 1, 0),
    ]
    assert totals.span(store, "example.com") == (DAY_NUMBER, DAY_NUMBER + 1)
    (first_day,) = totals.in_full(store, until=DAY_NUMBER)
    assert first_day.sums == Sums(12, 3)


def test_totals_are_what_the_reports_add_up_to_whatever_comes_and_goes(store: Store) -> None:
    chance = random.Random(8460)  # noqa: S311 - no secret
    for _ in range(6):
        some = []
        for _ in range(30):
            policies = [
                policy(
                    chance.choice(["sts", "tlsa", "no-policy-found", "odd"]),
                    chance.choice([None, 0, 5]),
                    chance.choice([None, 0, 2]),
                    domain=chance.choice(["example.com", "example.org", None]),
                    details=tuple(
                        (
                            chance.choice(["mx1.example.com", None]),
                            chance.choice(["x", "y"]),
                            chance.choice([None, 1, 3]),
                        )
                        for _ in range(chance.randrange(3))
                    ),
                )
                for _ in range(chance.randrange(1, 4))
            ]
            one = report(
                *policies,
                number=str(chance.randrange(9)),
                organization=chance.choice("AB"),
                day=chance.randrange(5),
            )
            some.append(arrival(one, authenticated=chance.choice([True, False, None])))
        reports.add(store, some)
        assert _differences(store) == []
        day, domain = DAY_NUMBER + chance.randrange(4), chance.choice(["example.com", None])
        store.write(partial(reports.delete_before, day=day, domain=domain, most=20))
        assert _differences(store) == []
    assert next(reports.listed(store, Range()), None) is not None


def test_differences_are_told(store: Store) -> None:
    reports.add(store, [arrival(TEN)])
    store.write(lambda connection: connection.exec_driver_sql("UPDATE day_totals SET failed = 1"))
    stored, rebuilt = _differences(store)
    assert "day_totals: stored" in stored
    assert "failed 1" in stored
    assert "failed 0" in rebuilt


def test_what_is_deleted_leaves_nothing_behind(store: Store) -> None:
    reports.add(store, [arrival(TEN), arrival(NINE), arrival(report(policy(details=(("mx", "x", 1),)), number="2"))])
    while store.write(lambda connection: reports.delete_before(connection, DAY_NUMBER + 1, "example.com", 2)):
        pass
    with store.read() as connection:
        left = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in METADATA.sorted_tables
            if table.name.startswith("report") or table.name.endswith("_totals")
        }
    assert set(left.values()) == {0}


def test_of_a_report_on_two_domains_one_part_can_be_deleted(store: Store) -> None:
    both = report(policy(successful=3), policy(successful=4, domain="example.org"))
    reports.add(store, [arrival(both)])
    store.write(lambda connection: reports.delete_before(connection, DAY_NUMBER + 1, "example.com"))
    (one,) = reports.listed(store, Range())
    assert (one.domains, one.successful) == (("example.org",), 4)
    assert [total.domain for total in totals.by_domain(store)] == ["example.org"]
    assert _differences(store) == []


def test_pages_follow_each_other(store: Store) -> None:
    reports.add(store, [arrival(report(policy(), number=str(number))) for number in range(7)])
    ids = [one.id for one in reports.listed(store, Range())]
    first = [one.id for one in reports.listed(store, Range(), limit=3)]
    rest = [one.id for one in reports.listed(store, Range(), after=first[-1])]
    assert first + rest == ids
    assert [one.id for one in reports.listed(store, Range(), newest_first=True)] == ids[::-1]
