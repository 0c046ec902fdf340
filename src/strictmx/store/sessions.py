"""Sessions of our own sending, counted by UTC day, recipient domain, policy and kind of failure.

What `enforce`, `Sender` and the collector write, from any number of nodes, and what `report` makes its reports of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from strictmx.standards.tlsrpt import FailureDetails, Policy, PolicyReport, Summary
from strictmx.store.database import Store, in_turn
from strictmx.store.names import batched, insert_or_ignore
from strictmx.store.schema import session_failures, session_policies, sessions

TURN = "sessions"
_KINDS = (
    *("result_type", "sending_mta_ip", "receiving_mx_hostname", "receiving_mx_helo", "receiving_ip"),
    *("additional_information", "failure_reason_code"),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Sessions to be added. day: days since 1970 (UTC). failures: each with its `failed_session_count` (RPT-14)."""

    day: int
    domain: str
    policy: Policy
    successful: int = 0
    failed: int = 0
    failures: tuple[FailureDetails, ...] = ()


def count_in(connection: Connection, some: Sequence[Counted]) -> None:
    """Add sessions within a transaction; two nodes that add at once give the sum."""
    in_turn(connection, TURN)
    numbers = _numbers(connection, {each.policy for each in some})
    sums: dict[tuple[Any, ...], list[int]] = {}
    failures: dict[tuple[Any, ...], tuple[dict[str, str | None], int]] = {}
    for each in some:
        key = (each.day, each.domain, numbers[each.policy])
        row = sums.setdefault(key, [0, 0])
        row[0] += each.successful
        row[1] += each.failed
        for failure in each.failures:
            facts = _facts(failure)
            of_kind = (*key, sha256(msgspec.json.encode(list(facts.values()))).digest())
            known = failures.get(of_kind, (facts, 0))[1]
            failures[of_kind] = (facts, known + (failure.failed_session_count or 0))
    _add(
        connection,
        sessions,
        [
            dict(zip(("day", "domain", "policy", "successful", "failed"), (*key, *row), strict=True))
            for key, row in sorted(sums.items())
        ],
        ("successful", "failed"),
    )
    rows = [
        dict(zip(("day", "domain", "policy", "digest"), key, strict=True)) | facts | {"sessions": number}
        for key, (facts, number) in sorted(failures.items(), key=lambda each: each[0])
    ]
    _add(connection, session_failures, rows, ("sessions",))


def _add(connection: Connection, table: Any, rows: list[dict[str, Any]], sums: tuple[str, ...]) -> None:
    if not rows:
        return
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    upsert = kind.insert(table)
    upsert = upsert.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: table.c[name] + upsert.excluded[name] for name in sums}
    )
    connection.execute(upsert, rows)


def _numbers(connection: Connection, policies: set[Policy]) -> dict[Policy, int]:
    digests = {policy: sha256(msgspec.json.encode(policy)).digest() for policy in policies}
    rows = [
        {
            "digest": digest,
            "policy_type": policy.policy_type,
            "policy_domain": policy.policy_domain,
            "policy_string": msgspec.json.encode(policy.policy_string).decode(),
            "mx_host": msgspec.json.encode(policy.mx_host).decode(),
        }
        for policy, digest in digests.items()
    ]
    insert_or_ignore(connection, session_policies, rows)
    by_digest: dict[bytes, int] = {}
    for some in batched(digests.values()):
        query = select(session_policies.c.digest, session_policies.c.id).where(session_policies.c.digest.in_(some))
        by_digest.update((digest, number) for digest, number in connection.execute(query))
    return {policy: by_digest[digest] for policy, digest in digests.items()}


def _facts(failure: FailureDetails) -> dict[str, str | None]:
    """What tells one kind of failure from another. A mail server chooses some of it, and PostgreSQL takes no NUL."""
    facts = {name: getattr(failure, name) for name in _KINDS}
    return {name: value and value.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, value in facts.items()}


def domains_of(store: Store, day: int) -> list[str]:
    """The domains with sessions on a day, by name."""
    query = select(sessions.c.domain).where(sessions.c.day == day).distinct().order_by(sessions.c.domain)
    with store.read() as connection:
        return list(connection.scalars(query))


def of_day(store: Store, day: int, domain: str) -> Iterator[PolicyReport]:
    """What a report on a day and a domain says: one entry a policy, failures merged by equal facts (RPT-12, RPT-14)."""
    with store.read() as connection:
        of_this = (session_failures.c.day == day, session_failures.c.domain == domain)
        details: dict[int, list[FailureDetails]] = {}
        for row in connection.execute(select(session_failures).where(*of_this).order_by(session_failures.c.digest)):
            facts = {name: getattr(row, name) for name in _KINDS}
            details.setdefault(row.policy, []).append(FailureDetails(**facts, failed_session_count=row.sessions))
        query = (
            select(session_policies, sessions.c.successful, sessions.c.failed)
            .join(sessions, sessions.c.policy == session_policies.c.id)
            .where(sessions.c.day == day, sessions.c.domain == domain)
            .order_by(session_policies.c.id)
        )
        rows = connection.execute(query).all()
    for row in rows:
        strings, hosts = (msgspec.json.decode(text, type=tuple[str, ...]) for text in (row.policy_string, row.mx_host))
        yield PolicyReport(
            Policy(row.policy_type, strings, row.policy_domain, hosts),
            Summary(row.successful, row.failed),
            tuple(details.get(row.id, ())),
        )


def delete_before(connection: Connection, day: int, most: int = 500) -> int:
    """Take away the sessions of at most `most` days and domains before `day`; how many rows it were."""
    in_turn(connection, TURN)
    query = select(sessions.c.day, sessions.c.domain).where(sessions.c.day < day).distinct().limit(most)
    gone = 0
    for old, domain in connection.execute(query).all():
        for table in (session_failures, sessions):
            gone += connection.execute(delete(table).where(table.c.day == old, table.c.domain == domain)).rowcount
    return gone


def delete_unused_policies(connection: Connection, most: int = 20) -> int:
    """Take away at most `most` policies under which nothing is counted any more; how many it were.

    For each the engine looks through all sessions, whether one refers to it; therefore so few.
    """
    in_turn(connection, TURN)
    used = select(sessions.c.policy).distinct()
    query = select(session_policies.c.id).where(session_policies.c.id.not_in(used)).limit(most)
    found = connection.scalars(query).all()
    connection.execute(delete(session_policies).where(session_policies.c.id.in_(found)))
    return len(found)
