"""Which database a configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from strictmx.config.places import data_directory
from strictmx.config.sections import Store as StoreSettings
from strictmx.store.errors import StoreUnavailable

FILE = "strictmx.db"
_URL_BYTES = 4_096
_SQLITE = "sqlite://"


@dataclass(frozen=True, slots=True)
class Place:
    """One database: the path of a SQLite file, or a libpq URL of PostgreSQL."""

    path: Path | None = None
    url: str = ""

    def __str__(self) -> str:
        """For people: no password."""
        if self.path is not None:
            return str(self.path)
        head, at, tail = self.url.partition("?")[0].rpartition("@")
        return f"{head.partition('://')[0]}://…@{tail}" if at else tail

    @property
    def is_there(self) -> bool:
        """Whether a SQLite file has been made. Raises StoreUnavailable: it cannot be told."""
        try:
            return self.path is not None and self.path.stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StoreUnavailable(f"the store {self} cannot be opened: {error.strerror}") from error


def place(store: StoreSettings, environment: Mapping[str, str], *, root: bool) -> Place:
    """The database that is configured, else strictmx.db in the data directory.

    Raises StoreUnavailable: `url_file` cannot be read, or there is no data directory.
    """
    url = store.url
    if url is None and store.url_file is not None:
        url = _first_line(store.url_file)
    if url is not None:
        return Place(path=Path(url.removeprefix(_SQLITE))) if url.startswith(_SQLITE) else Place(url=url)
    folder = data_directory(store, environment, root=root)
    if folder is None:
        raise StoreUnavailable("there is no home directory for the data; set `data` in [store]")
    return Place(path=folder / FILE)


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            line = opened.readline(_URL_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"`url_file` in [store] cannot be read: {error}") from error
    url = line.strip()
    if not url.startswith((_SQLITE + "/", "postgresql://", "postgres://")):
        raise StoreUnavailable("the first line of `url_file` in [store] is no sqlite:// or postgresql:// URL")
    return url
