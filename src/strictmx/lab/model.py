"""What a lab domain is made of: its records, its policy host, its MX hosts, and what a check of it must show.

Plain data without I/O, so that the table of domains can be printed without starting anything. A default stands for
what a healthy domain has (one MX host, an enforced policy, a TLSRPT record); a row of the table states only what it
does differently. `network` turns the data into servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Severity = Literal["error", "warning", "notice"]
Verdict = Literal["secure", "testing", "partial", "none", "broken"]
Text = str | tuple[str, ...]  # a TXT record: its one string, or its several strings

STS_RECORD = "v=STSv1; id={id};"
TLSRPT_RECORD = "v=TLSRPTv1; rua=mailto:tlsrpt@{domain}"
MAX_AGE = 604_800  # seconds; a week, what `policy new` writes
APEX = "@"  # the domain itself, as in a zone file


class Zone(Enum):
    """Whether a validating resolver sets AD on the answers of a domain."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"


class DnsFault(Enum):
    """How the name server fails one question."""

    SERVFAIL = "SERVFAIL"
    SERVFAIL_EXTENDED = "SERVFAIL with an extended error that is not about DNSSEC"
    BOGUS = "SERVFAIL with the extended error DNSSEC Bogus, answered when CD is set"
    BOGUS_UNSAID = "SERVFAIL without an extended error, answered when CD is set"
    REFUSED = "REFUSED"
    SILENT = "no answer"
    GARBAGE = "octets that are no DNS message"
    WRONG_ID = "an answer with another id"


class Reach(Enum):
    """What a connection to an address meets."""

    OPEN = "a server"
    REFUSED = "nothing listens"
    TIMED_OUT = "the connection is never completed"


class Tls(Enum):
    """Which TLS versions a server speaks."""

    MODERN = "TLS 1.2 and 1.3"
    ONLY_1_1 = "TLS 1.1 only"
    ONLY_1_2 = "TLS 1.2 only"
    ONLY_1_3 = "TLS 1.3 only"
    HANG_UP = "closes the connection in place of a handshake"
    CLIENT_CERTIFICATE = "TLS 1.2 and 1.3, asks for a client certificate that may be missing"


class Validity(Enum):
    """When a certificate is valid, seen from the start of the lab."""

    NOW = "for two months more"
    EXPIRED = "ended ten days ago"
    NOT_YET = "begins in two days"
    ENDS_SOON = "for five days more"


class Issuer(Enum):
    """Who signed a certificate."""

    INTERMEDIATE = "the lab's intermediate, under the trusted root"
    PUBLIC_NAME = "another intermediate under it, which bears the name of a public authority"
    UNKNOWN_ROOT = "a root that nobody trusts"
    SELF = "itself"


class Chain(Enum):
    """What a server sends with its certificate."""

    COMPLETE = "leaf and intermediate"
    LEAF_ONLY = "the leaf alone"
    WITH_ROOT = "leaf, intermediate and root"
    WITH_EXTRA = "leaf, a stranger, intermediate, the root as another root signed it"


class Key(Enum):
    """The key of a leaf."""

    P256 = "EC P-256"
    RSA_2048 = "RSA 2048"
    RSA_1024 = "RSA 1024"


class Naming(Enum):
    """Where a certificate carries its names."""

    ALTERNATIVE_NAMES = "subjectAltName"
    COMMON_NAME = "the Common Name only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A leaf and what is sent with it. names: its DNS-IDs; empty for the name of the host that shows it."""

    names: tuple[str, ...] = ()
    naming: Naming = Naming.ALTERNATIVE_NAMES
    validity: Validity = Validity.NOW
    issuer: Issuer = Issuer.INTERMEDIATE
    chain: Chain = Chain.COMPLETE
    key: Key = Key.P256


class TlsaOf(Enum):
    """What a TLSA record is computed from."""

    LEAF = "the host's certificate"
    INTERMEDIATE = "the intermediate that signed it"
    ROOT = "the trusted root"
    OTHER = "a certificate that the host does not show"


@dataclass(frozen=True, slots=True)
class Tlsa:
    """A TLSA record of an MX host (RFC 6698 section 2.1). data: hexadecimal, in place of what is computed."""

    usage: int
    selector: int
    matching_type: int
    of: TlsaOf = TlsaOf.LEAF
    data: str = ""


class Smtp(Enum):
    """What an MX host says."""

    NORMAL = "greets, offers STARTTLS, takes mail"
    MULTI_LINE_GREETING = "greets in three lines"
    SLOW_GREETING = "greets after two seconds"
    LOWER_CASE = "offers starttls in lower case"
    THROTTLED = "greets with 421"
    REJECTED = "greets with 554"
    SILENT = "accepts the connection and says nothing"
    ENDLESS_BANNER = "never ends its greeting"
    GARBAGE = "sends octets that are no SMTP"
    MEGABYTE_LINE = "sends a greeting of one megabyte"
    NO_STARTTLS = "does not offer STARTTLS"
    STARTTLS_REFUSED = "offers STARTTLS and answers it with 454"
    INJECTION = "sends a reply in clear behind the 220 to STARTTLS"
    HELO_ONLY = "refuses EHLO"


class Family(Enum):
    """The loopback that an address belongs to."""

    IPV4 = "A"
    IPV6 = "AAAA"  # ::1, of which there is one; left out on machines without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What one address of an MX host does. by_name: further certificates, each shown for its names by SNI."""

    smtp: Smtp = Smtp.NORMAL
    tls: Tls = Tls.MODERN
    reach: Reach = Reach.OPEN
    family: Family = Family.IPV4
    certificate: Certificate = Certificate()
    by_name: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mx:
    """An MX host: a label below the domain, `@`, or with a trailing dot a whole name. alias: it is a CNAME to that."""

    host: str = "mx1"
    preference: int = 10
    addresses: tuple[Mail, ...] = (Mail(),)
    alias: str = ""
    tlsa: tuple[Tlsa, ...] = ()
    tlsa_alias: str = ""


class Http(Enum):
    """How a policy host answers the request for its policy."""

    NORMAL = "200 text/plain with a length"
    CHARSET = "200 text/plain with a charset parameter"
    CHUNKED = "200 in chunks"
    HTTP_1_0 = "200 by HTTP/1.0 without a length"
    NO_CLOSE_NOTIFY = "200, then closes without the TLS farewell"
    NOT_FOUND = "404"
    REDIRECT = "301 to the policy at another path"
    HTML = "200 text/html"
    NO_TYPE = "200 without a media type"
    DRIP = "200, one octet a second"
    SILENT = "no answer"
    GARBAGE = "octets that are no HTTP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The policy host of a domain. alias: `mta-sts` is a CNAME to that name."""

    http: Http = Http.NORMAL
    tls: Tls = Tls.MODERN
    reach: Reach = Reach.OPEN
    certificate: Certificate = Certificate()
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The policy file. mx: the patterns; None for the MX hosts. body: the whole file, in place of the rest.

    `{domain}` in a pattern or the body stands for the name of the domain; `end` ends each line.
    """

    mode: str = "enforce"
    mx: tuple[str, ...] | None = None
    max_age: int = MAX_AGE
    more: tuple[str, ...] = ()
    end: str = "\r\n"
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One mail domain of the lab, and what a check of it must show.

    shows: one sentence. codes: each finding that is not `ok`, with the worst severity that it has here. related: the
    further notices of `check --related`, with `selectors` as its DKIM selectors; told of the rows that are about them.
    sts, tlsrpt: the TXT records at `_mta-sts` and `_smtp._tls`; in these and in `records`, `{domain}` stands for the
    name of the domain and `{id}` for an id of ten days before the start of the lab.
    web: None for a policy host without address.
    webs: the policy host at further addresses. hosts: mail hosts that no MX record names.
    records: further records (name, type, text), names as in `Mx.host`.
    faults: questions that fail (name, type or `ANY`, how); one for port 25 holds for the lab's own port too.
    """

    name: str
    shows: str
    verdict: Verdict
    codes: Mapping[str, Severity] = field(default_factory=dict)
    zone: Zone = Zone.UNSIGNED
    sts: tuple[Text, ...] = (STS_RECORD,)
    policy: Policy = Policy()
    web: Web | None = Web()
    webs: tuple[Web, ...] = ()
    tlsrpt: tuple[Text, ...] = (TLSRPT_RECORD,)
    mx: tuple[Mx, ...] = (Mx(),)
    hosts: tuple[Mx, ...] = ()
    records: tuple[tuple[str, str, str], ...] = ()
    faults: tuple[tuple[str, str, DnsFault], ...] = ()
    related: tuple[str, ...] | None = None
    selectors: tuple[str, ...] = ()

    def written(self, name: str) -> str:
        """A name of this domain as the table writes it, made whole: no trailing dot, the case kept."""
        if name == APEX:
            return self.name
        if name.endswith("."):
            return name[:-1]
        return f"{name}.{self.name}"

    def below(self, name: str) -> str:
        """A name of this domain as the lab's DNS holds it: whole, lower case, no trailing dot."""
        return self.written(name).lower()

    def policy_file(self) -> bytes:
        """The octets that the policy host serves."""
        policy = self.policy
        if policy.body is not None:
            return policy.body.replace("{domain}", self.name).encode("utf-8")
        patterns = policy.mx if policy.mx is not None else tuple(self.below(mx.host) for mx in self.mx)
        lines = ["version: STSv1", f"mode: {policy.mode}"]
        lines += [f"mx: {pattern}".replace("{domain}", self.name) for pattern in patterns]
        lines += [f"max_age: {policy.max_age}", *policy.more]
        return "".join(line + policy.end for line in lines).encode("utf-8")
