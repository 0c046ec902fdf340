"""Look at this machine: who runs this, versions, limits, the files and directories that the configuration names.

Nothing is made, changed or locked; permissions are those of the user who runs `doctor`.
"""

from __future__ import annotations

import errno
import os
import platform
import pwd
import re
import resource
import ssl
import stat
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import metadata
from pathlib import Path

from strictmx.config import ConfigError, Settings, UnixSocket
from strictmx.config.keys import keys_of
from strictmx.config.places import data_directory
from strictmx.config.settings import SECTIONS
from strictmx.internet.local import WANTED
from strictmx.internet.tls import legacy_context
from strictmx.roles.doctor.seen import DataSeen, FileSeen, Seen, Use
from strictmx.version import __version__

_SECRETS = re.compile(r".*(?:_file|\.key|\.dkim_key)\Z")  # keys that name a file with a secret
_STATELESS = frozenset({"internet", "log"})  # sections of a configuration that needs no data directory
_SQLITE = "sqlite://"
_EXTRA = re.compile(r"([A-Za-z0-9._-]+)[^;]*;.*\bextra == ['\"]([^'\"]+)['\"]")


def look(settings: Settings | ConfigError, environment: Mapping[str, str]) -> Seen:
    """What can be seen without network. settings: the configuration, or why there is none to go by."""
    seen = Seen(
        user=_user(),
        versions=(f"strictmx {__version__}", f"Python {platform.python_version()}", ssl.OPENSSL_VERSION),
        old_tls=legacy_context() is not None,
        files_limit=_files_limit(),
        extras=_extras(),
        configuration=settings.path,
    )
    if isinstance(settings, ConfigError):
        seen.faults = settings.faults
        return seen
    seen.trust_source = settings.internet.trust
    seen.smtp_port, seen.https_port = settings.internet.smtp_port, settings.internet.https_port
    seen.data = _data(settings, environment)
    seen.files = tuple(_files(settings))
    return seen


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _files_limit() -> int:
    """How many files the system lets this process open; what a run raises its own limit to, where that is more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if hard == resource.RLIM_INFINITY else hard


def _extras() -> dict[str, bool]:
    """The optional parts that this release declares, and whether all packages of each are installed."""
    extras: dict[str, bool] = {}
    try:
        required = metadata.requires("strictmx") or []
    except metadata.PackageNotFoundError:  # run from its sources
        return extras
    for match in filter(None, map(_EXTRA.match, required)):
        extras[match[2]] = extras.get(match[2], True) and _installed(match[1])
    return extras


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _data(settings: Settings, environment: Mapping[str, str]) -> DataSeen:
    url = settings.store.url or ""
    needed = any(getattr(settings, name) != section() for name, section in SECTIONS.items() if name not in _STATELESS)
    if url.startswith(_SQLITE):
        path: Path | None = Path(url.removeprefix(_SQLITE)).parent
    else:
        path = data_directory(settings.store, environment, root=os.geteuid() == 0)
    if path is None:
        return DataSeen(None, needed=needed)
    nearest = next(each for each in (path, *path.parents) if _exists(each))
    return DataSeen(path, nearest == path, _problem(nearest, os.W_OK | os.X_OK, folder=True), needed)


def _paths(table: object, key: str = "") -> Iterator[tuple[str, Path | UnixSocket]]:
    """Every path that a section or a table in it names, with its key."""
    for name, (attribute, _) in keys_of(type(table)).items():
        value = getattr(table, attribute)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Path | UnixSocket):
                yield f"{key}.{name}", each
            elif is_dataclass(each) and all("key" in member.metadata for member in fields(each)):
                yield from _paths(each, f"{key}.{name}")


def _files(settings: Settings) -> Iterator[FileSeen]:
    for section in SECTIONS:
        for key, value in _paths(getattr(settings, section), section):
            if key == "store.data":  # looked at apart
                continue
            if isinstance(value, UnixSocket) or key == "report.datagram":
                path = value.path if isinstance(value, UnixSocket) else value
                yield FileSeen(key, path, Use.SOCKET, _problem(path.parent, os.W_OK | os.X_OK, folder=True))
                continue
            use = Use.SECRET if _SECRETS.fullmatch(key) else Use.READ
            problem = _problem(value, os.R_OK)
            yield FileSeen(key, value, use, problem, shared=not problem and bool(value.stat().st_mode & stat.S_IROTH))


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - never raises


def _problem(path: Path, use: int, *, folder: bool = False) -> str:
    """Why this user cannot use the path so, in the system's words; empty where it can."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if folder and not stat.S_ISDIR(mode):
        return os.strerror(errno.ENOTDIR)
    if use & os.W_OK and os.statvfs(path).f_flag & os.ST_RDONLY:
        return os.strerror(errno.EROFS)
    return "" if os.access(path, use) else os.strerror(errno.EACCES)
