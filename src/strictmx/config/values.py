"""The values that a configuration may hold, each a `Reader` with the sentence of what is allowed.

Addresses, ports, durations, files, URLs, names: checked here, once, so that whoever is handed a section checks nothing.
No file is opened and no name looked up: whether a path exists is found by the one who uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from strictmx.config.keys import Reader, of_text, refuse, whole
from strictmx.standards.names import InvalidName, Name, address_of

DURATION_SECONDS = 3_155_760_000  # a hundred years; more is a slip, and would overflow dates
PORTS = 65_535  # RFC 9293 section 3.1: 16 bits
UNIX_PATH_BYTES = 107  # Linux: sun_path holds 108 with its NUL

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port; `host` is an IP address or a name, without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in the configuration."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A socket of the file system."""

    path: Path

    def __str__(self) -> str:
        """As it stands in the configuration."""
        return f"unix:{self.path}"


Listen = Endpoint | UnixSocket


def _flag(value: object, _folder: Path) -> bool:
    if not isinstance(value, bool):
        raise refuse(value, FLAG.allowed)
    return value


def _file(value: object, folder: Path) -> Path:
    """A path; a relative one counts from the folder of the configuration."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise refuse(value, FILE.allowed)
    return folder / value


def _trust(value: object, folder: Path) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise refuse(value, TRUST.allowed)
    return value if value == "system" else str(folder / value)


_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([smhdwy])\Z", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def parse_duration(text: str) -> timedelta:
    """`10s`, `1.5h`, `2w`: a number with s, m, h, d, w or y (365 days). Raises ValueError."""
    match = _DURATION.match(text)
    if match is None:
        raise ValueError(text)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]]
    if not 0 < seconds <= DURATION_SECONDS:
        raise ValueError(text)
    return timedelta(seconds=seconds)


def _host_and_port(text: str, default_port: int | None) -> Endpoint:
    """`192.0.2.1:25`, `[2001:db8::1]:25`, `name:25`; a bare address or name where the port has a default."""
    bare = address_of(text)
    if bare is not None and default_port is not None:
        return Endpoint(str(bare), default_port)
    host, colon, port = text.rpartition(":")
    if not colon and default_port is not None:
        host, port = text, str(default_port)
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > PORTS:
        raise ValueError(text)
    address = address_of(host)
    if address is None:
        return Endpoint(_host(host), int(port))
    if address.version == 6 and not (host.startswith("[") and host.endswith("]")):  # noqa: PLR2004
        raise ValueError(text)
    return Endpoint(str(address), int(port))


def _host(text: str) -> str:
    name = Name.parse(text)
    if not name.is_host:
        raise InvalidName(text, "it is no host name")
    return str(name)


def _server(text: str) -> Endpoint:
    endpoint = _host_and_port(text, None)
    if not endpoint.port:
        raise ValueError(text)
    return endpoint


def _nameserver(text: str) -> Endpoint:
    endpoint = _host_and_port(text, 53)
    if not endpoint.port or address_of(endpoint.host) is None:
        raise ValueError(text)
    return endpoint


def _domain(text: str) -> Name:
    name = Name.parse(text)
    if not name.is_host:
        raise InvalidName(text, "it is no domain of mail")
    return name


def _listen(value: object, folder: Path) -> Listen:
    if not isinstance(value, str) or "\0" in value:
        raise refuse(value, LISTEN.allowed)
    if value.startswith("unix:"):
        path = folder / value.removeprefix("unix:")
        if path == folder or len(str(path).encode(errors="replace")) > UNIX_PATH_BYTES:
            raise refuse(value, LISTEN.allowed)
        return UnixSocket(path)
    try:
        return _host_and_port(value, None)
    except ValueError as error:
        raise refuse(value, LISTEN.allowed) from error


def _mode(text: str) -> int:
    if not re.fullmatch(r"0?[0-7]{3}", text):
        raise ValueError(text)
    return int(text, 8)


def _clock(text: str) -> time:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise ValueError(text)
    return time.fromisoformat(text)


def _url(*schemes: str) -> Callable[[str], str]:
    """A check that the text is a URL of one of the schemes, with a host, without spaces and controls."""

    def convert(text: str) -> str:
        parts = urlsplit(text)
        plain = text.isascii() and text.isprintable() and " " not in text
        if not plain or parts.scheme not in schemes or not parts.hostname or (parts.port or 0) > PORTS:
            raise ValueError(text)
        return text

    return convert


def _imap_url(text: str) -> str:
    if has_password(_url("imap", "imaps")(text)):
        raise ValueError(text)
    return text


def _store_url(text: str) -> str:
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return text
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:  # libpq has a host optional; the rest is its business
        raise ValueError(text)
    return text


def _any_url(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s]+", text, re.IGNORECASE):
        raise ValueError(text)
    return text


def _mailto(text: str) -> str:
    return "mailto:" + _mailbox(text.removeprefix("mailto:")) if text.startswith("mailto:") else _mailbox("")


def _mailbox(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not re.fullmatch(r"[!-~]{1,64}", local) or "@" in local:
        raise ValueError(text)
    _domain(domain)
    return text


def _network(text: str) -> Network:
    return ip_network(text.strip())


def has_password(url: str) -> bool:
    """Whether a URL carries a password, in its authority or as a parameter of libpq."""
    parts = urlsplit(url)
    return parts.password is not None or re.search(r"(?:^|[?&])password=", parts.query) is not None


FLAG = Reader("true or false", _flag)
FILE = Reader("a path; a relative one counts from this file", _file)
LISTEN: Reader[Listen] = Reader('ADDRESS:PORT, "[::1]:PORT" or "unix:/PATH"', _listen)
TRUST = Reader('"system" or a PEM file', _trust)
TEXT = of_text("a text", str)
DURATION = of_text('a number with s, m, h, d, w or y, such as "10s" or "2w"', parse_duration)
SECONDS = of_text(DURATION.allowed, lambda text: parse_duration(text).total_seconds())
NAMESERVER = of_text('an IP address, or ADDRESS:PORT such as "127.0.0.1:53" or "[::1]:53"', _nameserver)
SERVER = of_text('HOST:PORT such as "127.0.0.1:25"', _server)
ADDRESS = of_text("an IP address", lambda text: str(ip_address(text)))
NETWORK = of_text('an IP address or network such as "192.0.2.0/24"', _network)
HOST = of_text("a host name", _host)
HOST_OR_NONE = of_text("a host name", lambda text: _host(text) if text else "")
DOMAIN = of_text("a domain name", _domain)
MODE = of_text('file permissions in octal such as "0660"', _mode)
CLOCK = of_text('a time of day in UTC such as "00:10"', _clock)
HTTPS_URL = of_text("an https:// URL", _url("https"))
WEB_URL = of_text("an http:// or https:// URL", _url("http", "https"))
IMAP_URL = of_text('a URL such as "imaps://user@host/INBOX", no password in it', _imap_url)
STORE_URL = of_text("sqlite:// and an absolute path, or postgresql://…", _store_url)
ANY_URL = of_text("a URL", _any_url)
MAILTO = of_text('a mailto: URI such as "mailto:postmaster@example.com"', _mailto)
MAILBOX = of_text("a mail address", _mailbox)
PORT = whole(1, PORTS)

FILE_NAME = Reader(FILE.allowed, lambda value, folder: str(_file(value, folder)))
