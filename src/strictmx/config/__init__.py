"""Configuration: one frozen dataclass a section, every key documented with its unit and default (`sections`).

`settings` reads a file and tells all its faults at once; `keys` says how a key is declared, `values` which kinds of
values there are, `lines` where a key stands in the text.
"""

from __future__ import annotations

from strictmx.config.sections import (
    Acme,
    Alerts,
    CertificateDirectory,
    CertificateFiles,
    Challenge,
    DnsUpdate,
    Enforce,
    Guard,
    Imap,
    Internet,
    Keep,
    Log,
    LogFormat,
    LogLevel,
    Publish,
    Receive,
    Report,
    Rollout,
    Store,
    Web,
)
from strictmx.config.settings import ConfigError, Documented, Fault, Settings, find, parse, reference
from strictmx.config.values import Endpoint, Listen, Network, UnixSocket

__all__ = [
    "Acme",
    "Alerts",
    "CertificateDirectory",
    "CertificateFiles",
    "Challenge",
    "ConfigError",
    "DnsUpdate",
    "Documented",
    "Endpoint",
    "Enforce",
    "Fault",
    "Guard",
    "Imap",
    "Internet",
    "Keep",
    "Listen",
    "Log",
    "LogFormat",
    "LogLevel",
    "Network",
    "Publish",
    "Receive",
    "Report",
    "Rollout",
    "Settings",
    "Store",
    "UnixSocket",
    "Web",
    "find",
    "parse",
    "reference",
]
