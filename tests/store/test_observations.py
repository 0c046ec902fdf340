"""What checks saw: kept of known domains alone, found again by its time."""

from __future__ import annotations

from datetime import timedelta

from strictmx.findings.observation import Observation
from strictmx.store import observations, reports
from strictmx.store.database import Store
from tests.certificates import AT
from tests.findings.seen import DOMAIN, change, healthy
from tests.store.reporting import arrival, policy, report

NOW = int(AT.timestamp())


def seen(hours: int = 0, domain: str = DOMAIN) -> tuple[Observation, str]:
    """An observation so many hours after AT, with its verdict."""
    observation: Observation = change(healthy(), domain=domain, observed_at=AT + timedelta(hours=hours))
    return observation, "secure"


def know(store: Store) -> None:
    reports.add(store, [arrival(report(policy(domain=DOMAIN)))])


def test_what_is_seen_of_strangers_is_not_kept(store: Store) -> None:
    assert observations.add(store, [seen()]) == 0
    know(store)
    assert observations.add(store, [seen(), seen(domain="stranger.example")]) == 1
    assert observations.newest(store, "stranger.example") is None


def test_an_observation_is_found_by_its_time(store: Store) -> None:
    know(store)
    observations.add(store, [seen(hours) for hours in (0, 5, 48)])
    assert observations.times(store, DOMAIN, NOW, NOW + 5 * 3_600) == [NOW, NOW + 5 * 3_600]
    found = observations.made_at(store, DOMAIN, NOW + 5 * 3_600)
    assert found is not None
    assert found.observed_at == (AT + timedelta(hours=5)).replace(microsecond=found.observed_at.microsecond)
    assert observations.made_at(store, DOMAIN, NOW + 1) is None
    newest = observations.newest(store, DOMAIN)
    assert newest is not None
    assert int(newest.observed_at.timestamp()) == NOW + 48 * 3_600
