"""What `check` sees of domains that the store knows is kept there, so that reports can be told beside it.

Nothing of the store is imported before there is one, and none is made. What goes wrong with it is one line on standard
error and changes nothing of the check.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strictmx.cli.arguments import tell
from strictmx.config.places import data_directory
from strictmx.config.sections import Store as StoreSettings
from strictmx.store.errors import StoreError
from strictmx.store.place import Place, place

if TYPE_CHECKING:
    from strictmx.findings.observation import Observation
    from strictmx.store.database import Store

AT_ONCE = 20  # observations held until they are kept; as many as are looked at side by side


class Keeping:
    """Keeps observations, some at a time; after the first fault of the store no more."""

    def __init__(self, settings: StoreSettings) -> None:
        self._waiting: list[tuple[Observation, str]] = []
        self._store: Store | None = None
        self._place: Place | None = None
        with self._told():
            self._place = _existing(settings)

    def add(self, observation: Observation, verdict: str) -> None:
        """Take one observation with its verdict."""
        if self._place is not None:
            self._waiting.append((observation, verdict))
            if len(self._waiting) == AT_ONCE:
                self._keep()

    def end(self) -> None:
        """Keep what waits, and let go of the store."""
        self._keep()
        if self._store is not None:
            self._store.close()

    def _keep(self) -> None:
        some, self._waiting = self._waiting, []
        if self._place is None or not some:
            return
        from strictmx.store import observations
        from strictmx.store.database import Store

        with self._told():
            self._store = self._store or Store.open_existing(self._place)
            if self._store is not None:
                observations.add(self._store, some)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._place = None
            tell(f"check: what was seen is not kept: {error}")


def _existing(settings: StoreSettings) -> Place | None:
    """The database that is configured; None where a SQLite file has not been made. Raises StoreUnavailable."""
    root = os.geteuid() == 0
    named = settings.url is not None or settings.url_file is not None
    if not named and data_directory(settings, os.environ, root=root) is None:
        return None  # no home, no store
    at = place(settings, os.environ, root=root)
    return at if at.path is None or at.is_there else None
