"""The sections of the configuration: one frozen dataclass each, every key with its unit, default and meaning.

A role is handed its own section and nothing else. A value that exists is valid. The texts beside the keys are the
reference that is printed in the documents; defaults stand as TOML writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from pathlib import Path

from strictmx.config import values as v
from strictmx.config.keys import (
    either,
    key,
    list_of,
    needed,
    one_of,
    optional,
    optional_secret,
    secret,
    table_of,
    whole,
)
from strictmx.standards.names import Name


@dataclass(frozen=True, slots=True)
class Internet:
    """[internet]: how this installation reaches the outside world."""

    nameservers: tuple[v.Endpoint, ...] = key(
        [], list_of(v.NAMESERVER), "The DNS servers to ask. Empty: those of the system."
    )
    validating: tuple[str, ...] = key(
        [],
        list_of(v.ADDRESS),
        "Nameservers whose AD bit is believed. Those on loopback are, but for 127.0.0.53 and 127.0.0.54.",
    )
    trust: str = key("system", v.TRUST, "The trust anchors for policy hosts and MX hosts.")
    trust_extra: tuple[str, ...] = key(
        [], list_of(v.FILE_NAME), "PEM files with trust anchors beside those of `trust`."
    )
    https_port: int = key(443, v.PORT, "The port of policy hosts; another one is for laboratories.")
    smtp_port: int = key(25, v.PORT, "The port of MX hosts; another one is for laboratories.")
    allow_private_addresses: bool = key(
        False,
        v.FLAG,
        "Connect to special-purpose addresses (private, loopback, link-local) that a domain names.",
    )
    helo: str = key("", v.HOST_OR_NONE, "The name given in EHLO. Empty: the address that the connection comes from.")
    timeout: float = key("10s", v.SECONDS, "How long one SMTP session may take; fetching a policy may take twice that.")


@dataclass(frozen=True, slots=True)
class Keep:
    """[store] keep: how long what was stored is kept."""

    reports: timedelta = key("400d", v.DURATION, "Reports received.")
    aside: timedelta = key("90d", v.DURATION, "Reports and mail set aside.")
    sessions: timedelta = key("60d", v.DURATION, "Counted sessions of our own sending.")
    observations: timedelta = key("400d", v.DURATION, "What checks saw.")
    history: timedelta = key("5y", v.DURATION, "Changes of policies and what was decided.")


@dataclass(frozen=True, slots=True)
class Store:
    """[store]: where state lies."""

    url: str | None = optional_secret(
        v.STORE_URL, "The database. Absent: SQLite, strictmx.db in `data`.", v.has_password
    )
    url_file: Path | None = optional(v.FILE, "A file whose first line is `url`.")
    data: Path | None = optional(
        v.FILE, "The data directory. Absent: the system's state directory for root, the user's data directory else."
    )
    keep: Keep = key({}, table_of(Keep), "How long things are kept.")


@dataclass(frozen=True, slots=True)
class Enforce:
    """[enforce]: answer Postfix's TLS policy look-ups."""

    socketmap: tuple[v.Listen, ...] = key([], list_of(v.LISTEN), "Where to answer socketmap questions. Empty: nowhere.")
    workers: int = key(1, whole(1, 64, "processes"), "How many processes answer.")
    socket_mode: int = key("0660", v.MODE, "Permissions of UNIX sockets.")
    socket_group: str = key("", v.TEXT, "The group of UNIX sockets. Empty: that of the process.")
    shadow: bool = key(False, v.FLAG, "Answer as without a policy, and record what enforcing would have done.")
    deadline: timedelta = key("10s", v.DURATION, "How long an answer may take.")
    unused_after: timedelta = key("180d", v.DURATION, "A policy nobody asked for this long is dropped from the cache.")


@dataclass(frozen=True, slots=True)
class Report:
    """[report]: count our own sessions and report them (RFC 8460)."""

    datagram: Path | None = optional(v.FILE, "The socket that Postfix's TLSRPT client writes to.")
    datagram_mode: int = key("0660", v.MODE, "Permissions of that socket.")
    datagram_group: str = key("", v.TEXT, "The group of that socket. Empty: that of the process.")
    organization: str = key("", v.TEXT, "`organization-name` of the reports.")
    contact: str | None = optional(v.MAILTO, "`contact-info` of the reports.")
    sender: str | None = optional(v.MAILBOX, "The address that reports are mailed from.", name="from")
    smarthost: v.Endpoint | None = optional(
        v.SERVER, "The server that takes report mail. Absent: delivered to the receiver's MX."
    )
    dkim_selector: str = key("", v.TEXT, "The selector of the DKIM key.")
    dkim_key: Path | None = optional(v.FILE, "The private DKIM key, PEM.")
    dkim_domain: str | None = optional(v.DOMAIN, "The domain that signs. Absent: that of `from`.")
    not_before: time = key("00:10", v.CLOCK, "When sending of a closed day begins.")
    spread: timedelta = key("4h", v.DURATION, "How long sending is spread over (RFC 8460 section 4.1).")
    mail_log: Path | None = optional(v.FILE, "A mail log to count sessions from, where there is no TLSRPT client.")


@dataclass(frozen=True, slots=True)
class Imap:
    """[receive] imap: a mailbox that is polled for reports."""

    url: str = needed(v.IMAP_URL, "The mailbox, with the user's name.")
    password: str = secret("", v.TEXT, "The user's password.")
    password_file: Path | None = optional(v.FILE, "A file whose first line is `password`.")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """tls: a certificate and its key, read again when they change."""

    certificate: Path = needed(v.FILE, "The certificate chain, PEM, leaf first.")
    key: Path = needed(v.FILE, "The private key, PEM.")


@dataclass(frozen=True, slots=True)
class Receive:
    """[receive]: take in the reports of others."""

    domains: tuple[Name, ...] = key([], list_of(v.DOMAIN), "Domains whose reports are ours, beside those of the store.")
    http: v.Listen | None = optional(v.LISTEN, "Where reports are taken by HTTP POST.")
    lmtp: v.Listen | None = optional(v.LISTEN, "Where report mail is taken by LMTP or SMTP.")
    maildir: Path | None = optional(v.FILE, "A Maildir that is polled for reports.")
    imap: Imap | None = optional(table_of(Imap), "A mailbox that is polled for reports.")
    tls: str | CertificateFiles | None = optional(
        either("acme", table_of(CertificateFiles)), "The certificate of `http`. Absent: no TLS."
    )
    trusted_proxies: tuple[v.Network, ...] = key(
        [], list_of(v.NETWORK), "Proxies whose word about the client's address is believed."
    )
    mail_from: tuple[v.Network, ...] = key(
        [], list_of(v.NETWORK), "Who may hand in mail by `lmtp`. Empty: whoever can connect."
    )
    unproven_weighs: bool = key(False, v.FLAG, "Reports of unproven origin count for the gate to enforce.")


class Challenge(Enum):
    """How a certificate authority is shown that a name is ours (RFC 8555, RFC 8737)."""

    TLS_ALPN = "tls-alpn-01"
    HTTP = "http-01"
    DNS = "dns-01"


@dataclass(frozen=True, slots=True)
class CertificateDirectory:
    """[publish] certificates: a folder with a certificate for each policy host."""

    directory: Path = needed(v.FILE, "Holds NAME.pem, or NAME/fullchain.pem and NAME/privkey.pem.")


@dataclass(frozen=True, slots=True)
class Acme:
    """[publish] acme: the certificate authority that issues for policy hosts."""

    directory: str = key(
        "https://acme-v02.api.letsencrypt.org/directory", v.HTTPS_URL, "The directory of the authority."
    )
    contact: str | None = optional(v.MAILTO, "Whom the authority writes to.")
    challenge: Challenge = key("tls-alpn-01", one_of(Challenge), "How names are proven.")


@dataclass(frozen=True, slots=True)
class DnsUpdate:
    """[publish] dns_update: the server that takes dynamic updates (RFC 2136)."""

    server: v.Endpoint = needed(v.SERVER, "The primary server.")
    key: str = secret("", v.TEXT, "The TSIG key, [ALGORITHM:]NAME:SECRET.")
    key_file: Path | None = optional(v.FILE, "A file with the TSIG key, as `key` or as BIND writes it.")


@dataclass(frozen=True, slots=True)
class Publish:
    """[publish]: serve the policies of our domains."""

    listen: v.Listen | None = optional(v.LISTEN, "Where the policy host answers.")
    host: str = key("", v.HOST_OR_NONE, "The name that `mta-sts.DOMAIN` points to by CNAME.")
    certificates: str | CertificateDirectory | None = optional(
        either("acme", table_of(CertificateDirectory)), "Where the certificates of the policy hosts come from."
    )
    acme: Acme = key({}, table_of(Acme), "The certificate authority.")
    dns_update: DnsUpdate | None = optional(table_of(DnsUpdate), "How DNS records are changed. Absent: by you.")
    mx_certificates: tuple[Path, ...] = key(
        [], list_of(v.FILE), "Certificates of our MX hosts, from which TLSA records are made."
    )


@dataclass(frozen=True, slots=True)
class Rollout:
    """[rollout]: when a policy may go from testing to enforce."""

    days: int = key(14, whole(1, 3_650, "days"), "How long testing lasts since the policy last changed.")
    organizations: int = key(
        3, whole(0, 1_000, "organizations"), "How many organizations of proven origin have reported."
    )
    quiet_days: int = key(14, whole(1, 3_650, "days"), "How long no failure that the owner could mend was reported.")
    auto: bool = key(False, v.FLAG, "Take the next step without being told.")


@dataclass(frozen=True, slots=True)
class Guard:
    """[guard]: check our own domains again and again."""

    every: timedelta = key("6h", v.DURATION, "The time between two checks of a domain.")


@dataclass(frozen=True, slots=True)
class Alerts:
    """[alerts]: tell an administrator."""

    urls: tuple[str, ...] = secret([], list_of(v.ANY_URL), "Whom to tell; they often hold passwords and tokens.")
    urls_file: Path | None = optional(v.FILE, "A file with one of `urls` a line.")


@dataclass(frozen=True, slots=True)
class Web:
    """[web]: the pages and the interface for programs."""

    listen: v.Listen | None = optional(v.LISTEN, "Where the pages are served.")
    url: str | None = optional(v.WEB_URL, "The address that browsers use, where it is another.")
    tls: str | CertificateFiles | None = optional(
        either("acme", table_of(CertificateFiles)), "The certificate. Absent: no TLS, loopback only."
    )
    trusted_proxies: tuple[v.Network, ...] = key([], list_of(v.NETWORK), "Proxies that do TLS in front of the pages.")
    metrics_from: tuple[v.Network, ...] = key(
        ["127.0.0.0/8", "::1/128"], list_of(v.NETWORK), "Who reads /metrics without a token."
    )


class LogLevel(Enum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(Enum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Log:
    """[log]: what `serve` writes to standard error."""

    level: LogLevel = key("info", one_of(LogLevel), "The least severe lines that are written.")
    format: LogFormat = key("text", one_of(LogFormat), "Lines for people, or one JSON object a line.")
