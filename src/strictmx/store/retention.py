"""What is older than `keep` in [store] says goes, at most once a day, in pieces so that nobody waits long for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from strictmx.config.sections import Keep
from strictmx.store import aside, changes, domains, leases, notices, observations, reports, sessions
from strictmx.store.database import Store
from strictmx.store.errors import StoreError
from strictmx.store.reports import DAY_SECONDS

LEASE = "retention"
CHANGES_SECONDS = 7 * DAY_SECONDS  # a process that was away for longer reads everything anew

Deleted = dict[str, int]


def prune_daily(store: Store, keep: Keep) -> Deleted | None:
    """Delete what is old, unless that was done within a day, here or on another node; None then. Raises StoreError.

    The lease is given back after a fault only, so that the next one tries; else it runs out when it is time again.
    """
    holder = leases.new_holder()
    if not leases.acquire(store, LEASE, holder, DAY_SECONDS):
        return None
    try:
        return prune(store, keep)
    except StoreError:
        with suppress(StoreError):
            leases.release(store, LEASE, holder)
        raise


def prune(store: Store, keep: Keep) -> Deleted:
    """Delete what is old; how many rows of each kind."""
    now = int(store.now())

    def at(kept: float) -> int:
        return now - int(kept)

    works: dict[str, Callable[[Connection], int]] = {
        "reports": partial(reports.delete_received_before, at=at(keep.reports.total_seconds())),
        "aside": partial(aside.delete_before, at=at(keep.aside.total_seconds())),
        "sessions": partial(sessions.delete_before, day=at(keep.sessions.total_seconds()) // DAY_SECONDS),
        "session_policies": sessions.delete_unused_policies,
        "observations": partial(observations.delete_before, at=at(keep.observations.total_seconds())),
        "policies": partial(domains.delete_history_before, at=at(keep.history.total_seconds())),
        "notices": partial(notices.delete_before, at=at(keep.history.total_seconds())),
        "changes": partial(changes.delete_before, at=at(CHANGES_SECONDS)),
    }
    deleted = dict.fromkeys(works, 0)
    for name, work in works.items():
        while some := store.write(work):
            deleted[name] += some
    return deleted
