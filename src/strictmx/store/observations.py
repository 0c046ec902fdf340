"""What checks saw of the domains that this store knows; a report is told beside the observation nearest to it."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select, union

from strictmx.findings.observation import OBSERVATION_BYTES, Observation, UnreadableObservation, dump, load
from strictmx.store.database import Store
from strictmx.store.names import batched
from strictmx.store.schema import day_totals, domains, names, observations


def add(store: Store, seen: Sequence[tuple[Observation, str]]) -> int:
    """Keep observations with their verdicts, those of domains that the store knows; how many were kept.

    Known is what is published here and what reports are about; `check` looks at anybody's domain, and what it sees
    of a stranger's is nobody's business later.
    """
    with store.read() as connection:  # strangers alone need no turn of the writer
        if not _known(connection, [observation.domain for observation, _ in seen]):
            return 0
    return store.write(lambda connection: add_in(connection, seen))


def add_in(connection: Connection, seen: Sequence[tuple[Observation, str]]) -> int:
    """Keep observations within a transaction."""
    known = _known(connection, [observation.domain for observation, _ in seen])
    rows = [
        {
            "domain": observation.domain,
            "observed_at": int(observation.observed_at.timestamp()),
            "verdict": verdict,
            "line": zlib.compress(dump(observation)),
        }
        for observation, verdict in seen
        if observation.domain in known
    ]
    if rows:
        connection.execute(insert(observations), rows)
    return len(rows)


def _known(connection: Connection, wanted: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in batched(wanted):
        published = select(domains.c.domain).where(domains.c.domain.in_(some))
        reported = select(names.c.name).where(
            names.c.name.in_(some), select(day_totals.c.day).where(day_totals.c.domain == names.c.id).exists()
        )
        found.update(connection.scalars(union(published, reported)))
    return found


def newest(store: Store, domain: str) -> Observation | None:
    """The last observation of a domain."""
    return next(newest_of(store, [domain]), None)


def newest_of(store: Store, some: Collection[str]) -> Iterator[Observation]:
    """The last observation of each of many domains; of those that were never seen none."""
    for portion in batched(some):
        last = (
            select(observations.c.domain, func.max(observations.c.observed_at).label("at"))
            .where(observations.c.domain.in_(portion))
            .group_by(observations.c.domain)
            .subquery()
        )
        of_last = (observations.c.domain == last.c.domain) & (observations.c.observed_at == last.c.at)
        with store.read() as connection:
            lines = connection.scalars(select(observations.c.line).join(last, of_last)).all()
        yield from filter(None, map(_read, lines))


def times(store: Store, domain: str, since: int, until: int) -> list[int]:
    """When a domain was looked at, from one time to another, both included; Unix seconds."""
    within = observations.c.observed_at.between(since, until)
    with store.read() as connection:
        query = select(observations.c.observed_at).where(observations.c.domain == domain, within)
        return list(connection.scalars(query))


def made_at(store: Store, domain: str, at: int) -> Observation | None:
    """The observation of a domain that was made at one of its `times`."""
    query = select(observations.c.line).where(observations.c.domain == domain, observations.c.observed_at == at)
    with store.read() as connection:
        packed = connection.scalar(query.limit(1))
    return None if packed is None else _read(packed)


def _read(packed: bytes) -> Observation | None:
    """An observation; None where it is of a release whose observations this one does not read."""
    try:
        return load(zlib.decompressobj().decompress(packed, OBSERVATION_BYTES))
    except (UnreadableObservation, zlib.error):
        return None


def delete_before(connection: Connection, at: int, most: int = 500) -> int:
    """Take away at most `most` that were made before `at` (Unix seconds); how many it were."""
    query = select(observations.c.id).where(observations.c.observed_at < at).order_by(observations.c.id).limit(most)
    found = connection.scalars(query).all()
    connection.execute(delete(observations).where(observations.c.id.in_(found)))
    return len(found)
