"""The domains of the real servers: a fault a row, made in the servers themselves, and what `check` must say of it.

To add a fault, add a row: the certificate by its name in CERTIFICATES, everything else in the server's own words
(`smtpd` options of Postfix, directives of nginx).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.certificates import AT, DAY, Made, authority, ca_issuers, new_key, server, server_use, usage

ROOT = authority("Real Root")
INTERMEDIATE = authority("Real Intermediate", ROOT)
STRANGER = authority("Root That Nobody Trusts")
OTHER_KEY = new_key()

Chain = tuple[Made, ...]


def _leaf(host: str, **changes: object) -> Made:
    """As public authorities issue them: with a link to the issuer's certificate, so that a missing one is noticed."""
    extensions = [usage("digital_signature"), server_use(), ca_issuers("http://ca.example/intermediate.der")]
    return server(INTERMEDIATE, host, **{"extensions": extensions, **changes})


def _healthy(host: str) -> Chain:
    return _leaf(host), INTERMEDIATE


def _another_key(host: str) -> Chain:
    """The certificate was renewed, the key file was not."""
    return Made(_leaf(host).certificate, OTHER_KEY), INTERMEDIATE


CERTIFICATES: dict[str, Callable[[str], Chain]] = {
    "healthy": _healthy,
    "expired": lambda host: (_leaf(host, not_after=AT - 3 * DAY), INTERMEDIATE),
    "not yet valid": lambda host: (_leaf(host, not_before=AT + 3 * DAY), INTERMEDIATE),
    "wrong name": lambda host: (_leaf(f"www.{host}"), INTERMEDIATE),
    "untrusted": lambda host: (server(STRANGER, host), STRANGER),
    "self-signed": lambda host: (server(None, host),),
    "leaf alone": lambda host: (_leaf(host),),
    "another key": _another_key,
}

TLSA: dict[str, Callable[[Chain], str]] = {
    "key": lambda chain: f"3 1 1 {hashlib.sha256(chain[0].spki).hexdigest()}",
    "issuer": lambda _: f"2 0 1 {hashlib.sha256(INTERMEDIATE.der).hexdigest()}",
    "old key": lambda chain: f"3 1 1 {hashlib.sha256(Made(chain[0].certificate, OTHER_KEY).spki).hexdigest()}",
}


@dataclass(frozen=True)
class Server:
    """What stands at one address: Postfix for an MX host, nginx for a policy host.

    certificate: by its name in CERTIFICATES. options: of smtpd, as `-o` takes them, or directives of nginx's server
    block. location: directives of nginx for the policy's path. alone: at an address that no other name shares, since
    nginx takes the TLS versions from there. up: whether it is there at all.
    """

    certificate: str = "healthy"
    options: tuple[str, ...] = ()
    location: str = ""
    alone: bool = False
    up: bool = True


# At the IPv4 and at the IPv6 address; None where the host has no such address
Servers = tuple[Server | None, Server | None]


@dataclass(frozen=True)
class Domain:
    """A domain with one MX host and one policy host, and what `check` says of it.

    findings: `severity code`, all that are not `ok`. zone: the zone below `example.` that it lies in; `servers.py` says
    what is wrong with it. policy: whether there is an MTA-STS policy. tlsa: by its name in TLSA.
    """

    label: str
    verdict: str
    findings: tuple[str, ...] = ()
    zone: str = "unsigned"
    policy: bool = True
    tlsa: str = ""
    mx: Servers = (Server(), Server())
    web: Servers = (Server(), Server())

    @property
    def name(self) -> str:
        """The domain's name."""
        return f"{self.label}.{self.zone}.example"


def _mx(label: str, code: str, server: Server) -> Domain:
    """A fault of the MX host, at both addresses, under an enforced policy."""
    return Domain(f"mx-{label}", "broken", (f"error {code}",), mx=(server, server))


def _web(label: str, code: str, server: Server) -> Domain:
    """A fault of the policy host, at both addresses."""
    return Domain(f"web-{label}", "broken", (f"error {code}",), web=(server, server))


HEALTHY = Server()
DOWN = Server(alone=True, up=False)
SELF_SIGNED = Server("self-signed")
NO_STARTTLS = Server(options=("smtpd_tls_security_level=none",))
MX_TLS_1_1 = Server(
    options=("smtpd_tls_protocols=TLSv1.1", "smtpd_tls_ciphers=medium", "tls_medium_cipherlist=DEFAULT@SECLEVEL=0")
)
WEB_TLS_1_1 = Server(options=("ssl_protocols TLSv1.1", "ssl_ciphers DEFAULT@SECLEVEL=0"), alone=True)
ASKING = Server(options=("smtpd_tls_ask_ccert=yes",))  # for a certificate of the client, which many Postfix do
REJECTING = Server(options=("smtpd_delay_reject=no", "smtpd_client_restrictions=reject"))
TUNED = Server(options=("gzip on", "gzip_min_length 1", "gzip_types text/plain", "charset utf-8"))

_DANE_ALONE = "notice sts-record-missing"

DOMAINS = (
    # ---- nothing is wrong --------------------------------------------------------------------------------------------
    Domain("sts", "secure"),
    Domain("sts-by-ipv4", "secure", mx=(HEALTHY, None), web=(HEALTHY, None)),
    Domain("sts-by-ipv6", "secure", mx=(None, HEALTHY), web=(None, HEALTHY)),
    Domain("sts-tuned", "secure", mx=(ASKING, ASKING), web=(TUNED, TUNED)),
    Domain(
        "sts-web-down-at-ipv4",
        "secure",
        ("notice policy-host-addresses-differ",),
        web=(DOWN, Server(alone=True)),
    ),
    Domain("both", "secure", zone="signed", tlsa="key"),
    Domain("both-by-ipv6", "secure", zone="signed", tlsa="key", mx=(None, HEALTHY), web=(None, HEALTHY)),
    Domain("dane", "secure", (_DANE_ALONE,), zone="signed", tlsa="key", policy=False),
    Domain("dane-issuer", "secure", (_DANE_ALONE,), zone="signed", tlsa="issuer", policy=False),
    Domain(
        "dane-self-signed",
        "secure",
        (_DANE_ALONE, "notice mx-certificate-self-signed"),
        zone="signed",
        tlsa="key",
        policy=False,
        mx=(SELF_SIGNED, SELF_SIGNED),
    ),
    # ---- the MX host -------------------------------------------------------------------------------------------------
    _mx("expired", "mx-certificate-expired", Server("expired")),
    _mx("not-yet-valid", "mx-certificate-not-yet-valid", Server("not yet valid")),
    _mx("wrong-name", "mx-certificate-name-mismatch", Server("wrong name")),
    _mx("untrusted", "mx-certificate-untrusted", Server("untrusted")),
    _mx("self-signed", "mx-certificate-self-signed", SELF_SIGNED),
    _mx("leaf-alone", "mx-chain-incomplete", Server("leaf alone")),
    _mx("no-starttls", "mx-no-starttls", NO_STARTTLS),
    _mx("another-key", "mx-starttls-refused", Server("another key")),
    _mx("tls-1-1", "mx-tls-too-old", MX_TLS_1_1),
    _mx("down", "mx-unreachable", DOWN),
    # told for each address, since the reply quotes the one that asks
    Domain("mx-rejecting", "partial", ("warning mx-unreachable",) * 2, mx=(REJECTING, REJECTING)),
    Domain(
        "mx-expired-at-ipv6",
        "broken",
        ("error mx-certificate-expired", "warning mx-addresses-differ"),
        mx=(HEALTHY, Server("expired")),
    ),
    Domain("mx-down-at-ipv6", "partial", ("warning mx-unreachable", "warning mx-addresses-differ"), mx=(HEALTHY, DOWN)),
    # ---- the policy host ---------------------------------------------------------------------------------------------
    _web("expired", "policy-host-certificate-expired", Server("expired")),
    _web("not-yet-valid", "policy-host-certificate-not-yet-valid", Server("not yet valid")),
    _web("wrong-name", "policy-host-certificate-name-mismatch", Server("wrong name")),
    _web("untrusted", "policy-host-certificate-untrusted", Server("untrusted")),
    _web("self-signed", "policy-host-certificate-self-signed", SELF_SIGNED),
    _web("leaf-alone", "policy-host-chain-incomplete", Server("leaf alone")),
    _web("tls-1-1", "policy-host-tls-too-old", WEB_TLS_1_1),
    _web("forgotten", "policy-host-certificate-name-mismatch", Server(up=False)),  # nginx answers as another name
    _web("down", "policy-host-unreachable", DOWN),
    _web("redirects", "policy-host-redirect", Server(location="return 301 https://www.example/mta-sts.txt;")),
    _web("not-found", "policy-host-http-status", Server(location="return 404;")),
    _web("html", "policy-host-media-type", Server(location="types {} default_type text/html;")),
    Domain(
        "web-expired-at-ipv6",
        "partial",
        ("warning policy-host-addresses-differ",),
        web=(HEALTHY, Server("expired", alone=True)),
    ),
    # ---- DANE and DNSSEC ---------------------------------------------------------------------------------------------
    Domain("tlsa-wrong", "broken", ("error dane-mismatch",), zone="signed", tlsa="old key"),
    Domain("tlsa", "secure", ("warning dane-not-signed",), tlsa="key"),
    Domain("tlsa", "broken", ("error dane-bogus",), zone="forged", tlsa="key"),
    Domain(
        "tlsa-no-starttls",
        "broken",
        ("error mx-no-starttls", _DANE_ALONE),
        zone="signed",
        tlsa="key",
        policy=False,
        mx=(NO_STARTTLS, NO_STARTTLS),
    ),
    Domain("wrong-ds", "broken", ("error dnssec-bogus",), zone="bogus", tlsa="key"),
    Domain("signatures-ended", "broken", ("error dnssec-bogus",), zone="stale", tlsa="key"),
)
