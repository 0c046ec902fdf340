"""Configuration: one frozen dataclass a section, every key documented with its unit and default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port; `host` is an IP address or a name, without brackets."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Internet:
    """[internet]: how this installation reaches the outside world."""

    nameservers: tuple[Endpoint, ...] = ()
    validating: tuple[str, ...] = ()
    trust: str = "system"
    trust_extra: tuple[str, ...] = ()
    https_port: int = 443
    smtp_port: int = 25
    allow_private_addresses: bool = False
    helo: str = ""
    timeout: float = 10.0
