"""What the lab's servers saw: requests for policies, SMTP sessions, delivered messages; the newest are kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

ENTRIES = 10_000  # of each kind


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. headers: names in lower case, in the order received."""

    method: str
    path: str
    host: str
    headers: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class SmtpSession:
    """One connection to an MX host. commands: the lines received, message content left out."""

    host: str
    address: str
    commands: list[str] = field(default_factory=list)
    tls_version: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One accepted message. content: the octets after DATA, dot-stuffing undone. tls_version: empty for clear text."""

    host: str
    address: str
    mail_from: str
    rcpt_to: tuple[str, ...]
    content: bytes
    tls_version: str = ""


@dataclass(slots=True)
class Journal:
    """All that was seen since the start, oldest first."""

    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=ENTRIES))
    sessions: deque[SmtpSession] = field(default_factory=lambda: deque(maxlen=ENTRIES))
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=ENTRIES))
