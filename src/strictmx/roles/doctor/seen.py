"""What was seen of this installation: facts without opinion, filled in while it is looked at.

What is not filled in, because the look was cut short or had nothing to go on, stays empty or None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from strictmx.config import Fault
from strictmx.findings.observation import Fetch, Lookup, Probe
from strictmx.internet.nameservers import Server


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One name server. signed, bogus: A of `asked.SIGNED` and `asked.BOGUS`.

    In these look-ups `secure` is the AD bit as it came, whether the server is believed or not.
    """

    server: Server
    signed: tuple[Lookup, ...]
    bogus: tuple[Lookup, ...]


@dataclass(frozen=True, slots=True)
class MailSeen:
    """One MX host of `asked.MX_HOSTS`: a session with an address of each family; none where it has no address."""

    host: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class WebSeen:
    """One policy host of `asked.POLICY_HOSTS`; `fetch` is None where it has no address.

    ahead: seconds that our clock is ahead of its Date; None where it gave none. distrusted: why its chain does not
    verify as of its own Date, empty where it does; None where there was no chain or no trust store.
    """

    host: str
    fetch: Fetch | None
    ahead: float | None = None
    distrusted: str | None = None


@dataclass(frozen=True, slots=True)
class TrustSeen:
    """The trust store: how many roots, how many certificates that cannot be read; why it is of no use, and its file.

    path: empty where the system has no trust store at all.
    """

    anchors: int = 0
    skipped: int = 0
    error: str = ""
    path: str = ""


class Use(Enum):
    """What a path of the configuration is for."""

    READ = "read"
    SECRET = "secret"  # noqa: S105 - the word for one
    SOCKET = "socket"  # is made here; its folder must be there


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A path that the configuration names. problem: of the system, empty where it can be used. shared: all may read."""

    key: str
    path: Path
    use: Use
    problem: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class DataSeen:
    """The data directory; `path` is None for a user without a home. needed: this configuration stores something."""

    path: Path | None
    exists: bool = False
    problem: str = ""
    needed: bool = False


@dataclass(slots=True)
class Seen:
    """All of it. user: who runs this. configuration: the file read, None for built-in defaults.

    faults: why it cannot be used; then nothing that depends on it is looked at. files_limit: open files that the
    system allows. old_tls: TLS below 1.2 can be tried. extras: optional parts and whether they are installed.
    nameservers_from: the file that names the servers asked; empty for the configuration.
    """

    user: str
    versions: tuple[str, ...]
    old_tls: bool
    files_limit: int
    extras: dict[str, bool]
    configuration: Path | None = None
    faults: tuple[Fault, ...] = ()
    trust_source: str = ""
    trust: TrustSeen | None = None
    data: DataSeen | None = None
    files: tuple[FileSeen, ...] = ()
    smtp_port: int = 25
    https_port: int = 443
    nameservers_from: str = ""
    ipv4: bool | None = None
    ipv6: bool | None = None
    servers: list[ServerSeen] = field(default_factory=list)
    mail: list[MailSeen] = field(default_factory=list)
    web: list[WebSeen] = field(default_factory=list)
