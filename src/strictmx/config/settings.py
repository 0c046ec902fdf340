"""Reading a configuration: which file, its text to `Settings`, and what is wrong with it, all at once.

`parse` is pure; `Settings.load` opens the file and refuses one that holds a secret and can be read by everybody.
Relative paths count from the file. Files that a key names are opened by the role that uses them.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path

from strictmx.config import sections as s
from strictmx.config.keys import Problem, Refused, as_toml, is_needed, keys_of, nearest, printable, read_table
from strictmx.config.lines import KEY_PARTS, KeyPath, key_lines, overlong_key
from strictmx.text import escaped

CONFIGURATION_BYTES = 1_048_576  # a configuration has some hundred lines; more is another file
SYSTEM_FILE = Path("/etc/strictmx/strictmx.toml")
VARIABLE = "STRICTMX_CONFIG"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a configuration: its line (None where there is none), its key, and what is allowed."""

    line: int | None
    key: str
    text: str


class ConfigError(ValueError):
    """The configuration cannot be used. Its text is one line for each of `.faults`: FILE:LINE: KEY: what is allowed."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        self.path, self.faults = path, faults
        super().__init__("\n".join(self._line(fault) for fault in faults))

    def _line(self, fault: Fault) -> str:
        name = escaped(str(self.path))
        place = name if fault.line is None else f"{name}:{fault.line}"
        return ": ".join(part for part in (place, fault.key, fault.text) if part)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration; `Settings()` holds the built-in defaults. `path` is the file it came from.

    >>> Settings().internet.smtp_port
    25
    """

    internet: s.Internet = field(default_factory=s.Internet)
    store: s.Store = field(default_factory=s.Store)
    enforce: s.Enforce = field(default_factory=s.Enforce)
    report: s.Report = field(default_factory=s.Report)
    receive: s.Receive = field(default_factory=s.Receive)
    publish: s.Publish = field(default_factory=s.Publish)
    rollout: s.Rollout = field(default_factory=s.Rollout)
    guard: s.Guard = field(default_factory=s.Guard)
    alerts: s.Alerts = field(default_factory=s.Alerts)
    web: s.Web = field(default_factory=s.Web)
    log: s.Log = field(default_factory=s.Log)
    path: Path | None = None

    @classmethod
    def load(cls, path: str | Path) -> Settings:
        """Read the file. Raises ConfigError: unreadable, no TOML, a key or value that is not allowed."""
        return _load(Path(path))


SECTIONS: Mapping[str, type] = {
    "internet": s.Internet,
    "store": s.Store,
    "enforce": s.Enforce,
    "report": s.Report,
    "receive": s.Receive,
    "publish": s.Publish,
    "rollout": s.Rollout,
    "guard": s.Guard,
    "alerts": s.Alerts,
    "web": s.Web,
    "log": s.Log,
}
# What this release acts on, sections or single keys; the rest is read and checked, and waits for its role.
IN_USE = frozenset({"internet", "store", "publish.host"})


def find(explicit: str | None, environment: Mapping[str, str]) -> Path | None:
    """The file to read: the one named, else that of STRICTMX_CONFIG, else the system's if it exists, else None."""
    named = explicit or environment.get(VARIABLE)
    if named:
        return Path(named)
    return SYSTEM_FILE if _is_there(SYSTEM_FILE) else None


def _is_there(path: Path) -> bool:
    """Whether there is such a file; one in a folder that is closed to us counts, so that its reading says why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def parse(text: str, path: Path) -> Settings:
    """The settings that a TOML text describes.

    path: the file it stands in, for messages; relative paths in the text count from its folder.
    Raises ConfigError with every fault at once.
    """
    return _parse(text, path, path.parent)


def _parse(text: str, path: Path, folder: Path) -> Settings:
    root = read_toml(text, path)
    taken: dict[str, object] = {}
    problems: list[Problem] = []
    for name, table in root.items():
        section = SECTIONS.get(name)
        if section is None:
            hint = nearest(name, list(SECTIONS))
            problems.append(Problem((name,), f"unknown section{hint} (allowed: {', '.join(SECTIONS)})"))
        elif not isinstance(table, dict):
            problems.append(Problem((name,), f"is a section: write [{name}] and its keys below"))
        else:
            try:
                taken[name] = read_table(section, table, folder)
            except Refused as refused:
                problems += refused.below(name)
    if problems:
        raise ConfigError(path, faults(text, problems))
    return Settings(**taken, path=folder / path.name)  # type: ignore[arg-type]  # each section was read by its own class


def inline_secrets(settings: Settings) -> tuple[KeyPath, ...]:
    """The keys whose value is a secret that stands in the configuration itself."""
    return tuple(path for name in SECTIONS for path in _secrets(getattr(settings, name), (name,)))


@dataclass(frozen=True, slots=True)
class Documented:
    """One key as the reference prints it; `default` is TOML, empty where the key has none."""

    section: str
    key: str
    default: str
    allowed: str
    text: str
    is_needed: bool


def reference() -> Iterator[Documented]:
    """Every key there is, in the order of the sections."""
    for name, section in SECTIONS.items():
        yield from _documented(name, section)


def _documented(name: str, section: type) -> Iterator[Documented]:
    for key, (_, declared) in keys_of(section).items():
        needed = is_needed(declared)
        default = "" if declared.default is None or needed else as_toml(declared.default)
        yield Documented(name, key, default, declared.reader.allowed, declared.text, needed)
        if declared.reader.members is not None:
            yield from _documented(f"{name}.{key}", declared.reader.members)


def _secrets(table: object, path: KeyPath) -> Iterator[KeyPath]:
    for name, (attribute, declared) in keys_of(type(table)).items():
        value = getattr(table, attribute)
        if declared.is_secret is not None and value and declared.is_secret(value):
            yield (*path, name)
        elif is_dataclass(value) and declared.reader.members is type(value):
            yield from _secrets(value, (*path, name))


def read_toml(text: str, path: Path) -> dict[str, object]:
    """The text as nested tables. Raises ConfigError: a fault of syntax is one fault with its line."""
    line = overlong_key(text)
    if line is not None:
        raise ConfigError(path, (Fault(line, "", f"a key has more than {KEY_PARTS} parts"),))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, (_syntax(text, str(error)),)) from error
    except RecursionError as error:
        raise ConfigError(path, (Fault(None, "", "brackets are nested too deep"),)) from error
    except ValueError as error:  # an integer of more than 4,300 digits
        raise ConfigError(path, (Fault(None, "", "a number is too long"),)) from error


def _syntax(text: str, message: str) -> Fault:
    """What tomllib says, with the line that stands in its text only."""
    place = re.search(r" ?\(at (?:line (\d+), column \d+|end of document)\)\Z", message)
    line = None
    if place is not None:
        message = message[: place.start()]
        line = int(place[1]) if place[1] else text.rstrip("\n").count("\n") + 1
    return Fault(line, "", f"no TOML: {printable(message)}")


def faults(text: str, problems: list[Problem]) -> tuple[Fault, ...]:
    """The problems with their lines, in the order of the text."""
    lines = key_lines(text)
    found = [Fault(_line_of(problem.path, lines), _shown(problem.path), problem.text) for problem in problems]
    return tuple(sorted(found, key=lambda fault: fault.line or 0))


def _line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of the key, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _shown(path: KeyPath) -> str:
    """`publish.acme.contact`, `internet.nameservers[1]`, `domains."example.com".mode`."""
    text = ""
    for part in path:
        text += (
            f"[{part}]" if isinstance(part, int) else f'."{printable(part)}"' if "." in part else f".{printable(part)}"
        )
    return text.removeprefix(".")


def decoded(data: bytes, path: Path) -> str:
    """The octets as text. Raises ConfigError with the line that is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, (Fault(line, "", "no TOML: it is not UTF-8"),)) from error


def _load(path: Path) -> Settings:
    shared = False
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            shared = stat.S_ISREG(mode) and bool(mode & stat.S_IROTH)
            data = file.read(CONFIGURATION_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise ConfigError(path, (Fault(None, "", f"cannot be read: {reason}"),)) from error
    except ValueError as error:  # a name with NUL
        raise ConfigError(path, (Fault(None, "", "is no name of a file"),)) from error
    if len(data) > CONFIGURATION_BYTES:
        raise ConfigError(path, (Fault(None, "", f"is longer than {CONFIGURATION_BYTES} bytes"),))
    text = decoded(data, path)
    settings = _parse(text, path, path.absolute().parent)
    secrets = inline_secrets(settings) if shared else ()
    if secrets:
        remedy = f"is a secret in a file that everybody can read: chmod o-r {escaped(str(path))}"
        raise ConfigError(path, faults(text, [Problem(each, remedy) for each in secrets]))
    return settings
