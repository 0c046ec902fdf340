"""Domains that are published: ids, history, changes of many at once, two writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from strictmx.config.domains import Wanted, parse_domains
from strictmx.standards import sts
from strictmx.standards.names import Name
from strictmx.store import domains, schema
from strictmx.store.database import Store
from strictmx.store.place import Place

NOW = int(datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp())
DOMAIN = Name("example.com")
RUA = ("mailto:postmaster@example.com",)
DAY = 86_400


def wanted(
    *mx: str, mode: str = "testing", max_age: int = 604_800, rua: tuple[str, ...] = RUA, domain: Name = DOMAIN
) -> Wanted:
    patterns = tuple(map(sts.HostPattern.parse, mx))
    return Wanted(domain, sts.Policy(sts.Mode(mode), patterns, max_age), rua)


@dataclass
class Clock:
    at: int = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(place: Place, clock: Clock) -> Iterator[Store]:
    with Store.open(place, now=clock) as opened:
        yield opened


A, B = wanted("a.example"), wanted("b.example")
OTHER_RUA = wanted("a.example", rua=("mailto:tls@example.net",))
IDS = [  # rule; steps: seconds since NOW, and what is put (None: removed); the ids after each
    ("STS-08", [(0, A), (60, A)], ["20261124090000", "20261124090000"]),  # nothing changed
    ("STS-08", [(0, A), (60, B)], ["20261124090000", "20261124090100"]),
    ("STS-08", [(0, A), (0, B)], ["20261124090000", "20261124090001"]),  # within one second
    ("STS-08", [(0, A), (0, B), (1, A)], ["20261124090000", "20261124090001", "20261124090002"]),
    ("STS-08", [(0, A), (60, B), (120, A)], ["20261124090000", "20261124090100", "20261124090200"]),  # back again
    ("STS-08", [(0, A), (60, OTHER_RUA)], ["20261124090000", "20261124090000"]),  # the text stays
    ("STS-08", [(0, A), (-60, B), (-60, A)], ["20261124090000", "20261124085900", "20261124085901"]),  # clock back
    ("STS-08", [(60, A), (0, B), (60, A)], ["20261124090100", "20261124090000", "20261124090101"]),
    ("STS-08", [(0, A), (0, None), (0, A)], ["20261124090000", None, "20261124090001"]),  # removed, and there again
    ("STS-08", [(59, A), (59, B)], ["20261124090059", "20261124090060"]),  # the next number, no time of day
]


@pytest.mark.parametrize(("rule", "steps", "ids"), IDS)
def test_ids(store: Store, clock: Clock, rule: str, steps: list[tuple[int, Wanted | None]], ids: list[str]) -> None:
    found = []
    for seconds, one in steps:
        clock.at = NOW + seconds
        _, after = domains.change(store, DOMAIN, lambda _, one=one: one)  # type: ignore[misc]
        found.append(None if after is None else after.id)
    assert found == ids


def test_a_domain_is_kept_as_it_was_put(store: Store) -> None:
    one = wanted("a.example", "*.b.example", mode="enforce", rua=("mailto:a@example.com", "https://r.example/x"))
    domains.put(store, one)
    kept = domains.get(store, DOMAIN)
    assert kept is not None
    assert kept.wanted == one
    assert kept.to_json() == {
        "domain": "example.com",
        "mode": "enforce",
        "mx": ["a.example", "*.b.example"],
        "max_age": 604_800,
        "id": "20261124090000",
        "rua": ["mailto:a@example.com", "https://r.example/x"],
        "policy": "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmx: *.b.example\r\nmax_age: 604800\r\n",
        "changed_at": "2026-11-24T09:00:00Z",
    }


def test_history_outlives_the_domain(store: Store, clock: Clock) -> None:
    for one in (A, B, None, A):
        domains.change(store, DOMAIN, lambda _, one=one: one)  # type: ignore[misc]
        clock.at += 60
    past = domains.history(store, DOMAIN)
    assert [(one.policy, one.since - NOW, one.until and one.until - NOW) for one in past] == [
        (A.text, 0, 60),
        (B.text, 60, 120),
        (A.text, 180, None),
    ]
    assert past[-1].to_json() == {
        "id": "20261124090300",
        "mode": "testing",
        "max_age": 604_800,
        "policy": A.text,
        "since": "2026-11-24T09:03:00Z",
        "until": None,
    }


def test_a_policy_never_ends_before_it_began(store: Store, clock: Clock) -> None:
    domains.put(store, A)
    clock.at -= 60
    domains.put(store, B)
    assert [(one.since, one.until) for one in domains.history(store, DOMAIN)] == [(NOW, NOW), (NOW - 60, None)]


LONG, SHORT = wanted("a.example", max_age=30 * DAY), wanted("a.example", max_age=DAY)
NONE = wanted(mode="none", max_age=300 * DAY)
HELD = [  # rule; days, what is put then; the day asked, the day until senders hold a policy
    ("STS-76", [(0, LONG), (1, SHORT), (2, None)], 2, 31),  # the older one is held longer
    ("STS-76", [(0, SHORT), (1, LONG), (2, None)], 2, 32),
    ("STS-76", [(0, LONG), (1, None)], 31, None),  # that moment is past
    ("STS-76", [(0, LONG), (1, NONE)], 2, 31),  # mode none asks for nothing
    ("STS-76", [(0, NONE), (1, None)], 2, None),
    ("STS-76", [(0, LONG), (1, None), (2, SHORT), (3, None)], 3, 31),  # also one from before a removal
    ("STS-76", [(0, SHORT)], 5, 6),  # still served
]


@pytest.mark.parametrize(("rule", "steps", "asked", "until"), HELD)
def test_until_when_senders_hold_a_policy(
    store: Store, clock: Clock, rule: str, steps: list[tuple[int, Wanted | None]], asked: int, until: int | None
) -> None:
    for day, one in steps:
        clock.at = NOW + day * DAY
        domains.change(store, DOMAIN, lambda _, one=one: one)  # type: ignore[misc]
    expected = {} if until is None else {DOMAIN: NOW + until * DAY}
    assert domains.held_until(store, [DOMAIN, "other.example"], NOW + asked * DAY) == expected


def test_what_decides_and_fails_changes_nothing(store: Store) -> None:
    domains.put(store, A)

    def refuse(present: domains.Published | None) -> Wanted | None:
        assert present is not None
        raise LookupError(present.domain)

    with pytest.raises(LookupError, match=r"example\.com"):
        domains.change(store, DOMAIN, refuse)
    assert domains.put(store, A).id == "20261124090000"
    assert domains.remove(store, "never.example") is None


NAMES = sorted(Name(f"d{number}.example") for number in range(1_203))


def test_apply_makes_it_so(store: Store, clock: Clock) -> None:
    """More domains than one question of SQL holds."""
    first = [wanted(f"mx1.{name}", domain=name) for name in NAMES[:1_200]]
    domains.apply(store, first)
    clock.at += 60
    new = [wanted(f"mx2.{name}", domain=name) for name in [*NAMES[:600], *NAMES[1_200:]]] + first[600:1_100]
    told = domains.plan(store, new)
    assert domains.names(store) == sorted(NAMES[:1_200])  # a plan changes nothing
    assert domains.apply(store, new) == told
    assert (len(told.added), len(told.changed), len(told.removed), told.unchanged) == (3, 600, 100, 500)
    listed = domains.listed(store)
    assert [one.wanted for one in listed] == sorted(new, key=lambda one: one.domain)
    assert [one.id for one in listed] == [
        "20261124090000" if one.wanted in first[600:1_100] else "20261124090100" for one in listed
    ]


def test_every_change_is_announced(store: Store) -> None:
    domains.put(store, A)
    domains.put(store, A)  # none
    domains.apply(store, [wanted("m.example", domain=Name("other.example"))])
    with store.read() as connection:
        rows = connection.execute(select(schema.changes.c.topic, schema.changes.c.key).order_by(schema.changes.c.seq))
        assert rows.all() == [("domains", "example.com"), ("domains", "example.com"), ("domains", "other.example")]


def test_two_writers_give_no_id_twice_and_one_policy_is_present(place: Place, store: Store) -> None:
    """Each changes the text at every turn, or both would have nothing to do."""

    def flip(present: domains.Published | None) -> Wanted:
        return B if present is not None and present.policy == A.text else A

    def work(one: Store) -> list[str]:
        return [after.id for _ in range(20) if (after := domains.change(one, DOMAIN, flip)[1]) is not None]

    with Store.open(place, now=Clock()) as other, ThreadPoolExecutor() as threads:
        ids = [one for found in threads.map(work, [store, other]) for one in found]
    assert sorted(map(int, ids)) == [20261124090000 + number for number in range(40)]
    with store.read() as connection:
        present = select(func.count()).where(schema.policies.c.until.is_(None))
        assert connection.scalar(present) == 1


@pytest.mark.parametrize("both", [[A, A], [A, B]])
def test_two_that_add_at_once_add_one(place: Place, store: Store, both: list[Wanted]) -> None:
    def add(one: Wanted) -> Callable[[domains.Published | None], Wanted]:
        def decide(present: domains.Published | None) -> Wanted:
            if present is not None:
                raise LookupError
            return one

        return decide

    with Store.open(place) as other, ThreadPoolExecutor() as threads:
        futures = [
            threads.submit(domains.change, *pair, add(one))
            for pair, one in zip([(store, DOMAIN), (other, DOMAIN)], both, strict=True)
        ]
        failed = [future for future in futures if isinstance(future.exception(10), LookupError)]
    assert len(failed) == 1
    assert len(domains.history(store, DOMAIN)) == 1


HOSTS = st.builds(
    sts.HostPattern,
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?\.(example|xn--mller-kva\.test)", fullmatch=True).map(Name),
    st.booleans(),
)
WANTED = st.builds(
    lambda name, mode, mx, max_age, rua: wanted(
        *dict.fromkeys(map(str, mx)), mode=mode, max_age=max_age, rua=tuple(dict.fromkeys(rua)), domain=Name(name)
    ),
    st.from_regex(r"[a-z]{1,3}\.example", fullmatch=True),
    st.sampled_from(["enforce", "testing", "none"]),
    st.lists(HOSTS, min_size=1, max_size=4),
    st.integers(0, sts.MAX_AGE_SECONDS),
    st.lists(
        st.sampled_from(["mailto:a@b.example", "https://r.example/a?b='c'", "mailto:a%2Bb@d.example"]), min_size=1
    ),
)


def toml(some: list[domains.Published]) -> str:
    """A file for `apply` that says what is published."""
    return "[domains]\n" + "".join(
        f'[domains."{one.domain}"]\nmode = "{one.mode.value}"\nmx = {[str(mx) for mx in one.mx]}\n'
        f"max_age = {one.max_age}\nrua = [{', '.join(f'{chr(34)}{uri}{chr(34)}' for uri in one.rua)}]\n"
        for one in some
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WANTED, max_size=5, unique_by=lambda one: one.domain))
def test_a_file_of_what_is_published_changes_nothing(store: Store, some: list[Wanted]) -> None:
    domains.apply(store, some)
    again = parse_domains(toml(domains.listed(store)).encode(), Path("domains.toml"))
    assert domains.plan(store, again) == domains.Plan((), (), (), len(some))
