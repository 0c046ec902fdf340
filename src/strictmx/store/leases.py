"""Leases: work that one process at a time does, on whichever node; each ends by itself when its holder is gone."""

from __future__ import annotations

import math
import secrets

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from strictmx.store.database import Store
from strictmx.store.schema import leases


def new_holder() -> str:
    """A name that no other process has; make one at the start."""
    return secrets.token_hex(16)


def acquire(store: Store, name: str, holder: str, seconds: int) -> bool:
    """Have the lease for so many seconds from now, or go on having it; False while another holds it.

    Committed when it returns. Raises StoreError.
    """

    def work(connection: Connection) -> bool:
        now = _now(connection, store)
        kind = sqlite if store.is_sqlite else postgresql
        upsert = kind.insert(leases).values(name=name, holder=holder, until=math.ceil(now + seconds))
        connection.execute(
            upsert.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"holder": upsert.excluded.holder, "until": upsert.excluded.until},
                where=(leases.c.holder == holder) | (leases.c.until <= int(now)),
            )
        )
        return connection.scalar(select(leases.c.holder).where(leases.c.name == name)) == holder

    return store.write(work)


def release(store: Store, name: str, holder: str) -> None:
    """Give it back; another may have it at once. Nothing happens where it is not held."""
    store.write(
        lambda connection: connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
    )


def _now(connection: Connection, store: Store) -> float:
    """The time by which leases end: that of the server where several nodes share one."""
    if store.is_sqlite:
        return store.now()
    return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
