"""Where the data of an installation lie when the configuration does not say so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from strictmx.config.sections import Store

SYSTEM_DATA = Path("/var/lib/strictmx")


def data_directory(store: Store, environment: Mapping[str, str], *, root: bool) -> Path | None:
    """The data directory: as configured, else the system's for root, else the user's own (XDG base directories).

    environment: XDG_DATA_HOME where it is absolute, as that standard wants, else HOME. None: the user has no home.
    """
    if store.data is not None:
        return store.data
    if root:
        return SYSTEM_DATA
    named, home = environment.get("XDG_DATA_HOME", ""), environment.get("HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "strictmx"
    return Path(home) / ".local/share/strictmx" if Path(home).is_absolute() else None
