"""What was seen of one domain: plain data, saved as one JSON line, and judged again later by a newer catalogue.

An observation holds facts and no opinion: look-ups with their status, one HTTPS fetch, one SMTP session an address,
certificates as sent. It carries the few trust anchors that its chains could lead to, so that judging it needs neither
network nor trust store. Names are lower-case A-labels without a trailing dot; what DNS answered may be no valid name.
`internet.observe` writes it, `findings.judge` reads it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from ipaddress import ip_address
from typing import Annotated, Literal

import msgspec

from strictmx.standards.names import Name

OBSERVATION_VERSION = 1  # the key `observation` of a saved line; a reader refuses a higher one
FIRST_YEAR = 2_018  # the year of RFC 8461; years of fewer than four digits have no form in our JSON
OBSERVATION_BYTES = 6_291_456  # a saved line: 32 MX hosts of 16 addresses, four answers of a policy host stay below

MX_HOSTS = 32  # hosts probed of one domain; the largest seen in the field have about ten
HOST_ADDRESSES = 16  # addresses probed of one host
RECORDS = 256  # kept of one DNS answer; the largest honest ones have some dozens
REPORT_URIS = 10  # addresses of a TLSRPT record whose host is looked up

Number = Annotated[int, msgspec.Meta(ge=0, le=4_294_967_295)]  # no count, TTL or time of ours needs more than 32 bits


class UnreadableObservation(ValueError):
    """The line is no saved observation of a version that this program reads; the text says why."""


class LookupStatus(Enum):
    """How a DNS question ended (DANE-02: the first three are answers, the rest are failures)."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    BOGUS = "bogus"  # the validator refused the signatures: EDE says so, or the same question with CD is answered
    MALFORMED = "malformed"  # no DNS message, an answer to another question, or records that cannot be read
    CNAME_LOOP = "cname-loop"  # a chain that returns to itself or is longer than 8 hops


class _Plain(msgspec.Struct, frozen=True, omit_defaults=True):
    """Plain data: immutable, compared by value, defaults left out of the saved line."""


class Lookup(_Plain, frozen=True, omit_defaults=True):
    """One DNS question and what came back.

    records: presentation form, one string a record: MX `10 mx.example.com`, A `192.0.2.1`, TLSA `3 1 1 ab12…`
    (lower-case hex), TXT the strings of the record joined with nothing between (STS-01), CAA `0 issue ca.example`,
    in both octets above 127 as the character of the same number (Latin-1). MX is sorted by preference; the rest keep
    the order of the answer.
    cnames: the targets followed, in order; `records` are those of the last one.
    secure: a validator that the configuration trusts set AD for the whole answer, denials included (DANE-01).
    ttl: the smallest of the answer and its chain, seconds.
    detail: what the server or the resolver said, extended errors (RFC 8914) included; evidence, never matched on.
    """

    name: str
    type: str
    status: LookupStatus
    records: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    secure: bool = False
    ttl: Number | None = None
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether the question got no answer at all; absence (NODATA, NXDOMAIN) is an answer."""
        return self.status not in _ANSWERS

    @property
    def target(self) -> str:
        """The name whose records these are: the end of the CNAME chain, else the name asked."""
        return self.cnames[-1] if self.cnames else self.name


_ANSWERS = frozenset({LookupStatus.ANSWER, LookupStatus.NODATA, LookupStatus.NXDOMAIN})


class FetchStage(Enum):
    """How far the one GET of the policy came. All but DONE say where it stopped."""

    NO_ROUTE = "no-route"  # this machine has no route to any address of the host's families
    NOT_ALLOWED = "not-allowed"  # every address is special-purpose (private, loopback …) and was not contacted
    CONNECT_REFUSED = "connect-refused"
    CONNECT_TIMEOUT = "connect-timeout"
    CONNECT_FAILED = "connect-failed"  # any other answer of the network: host or net unreachable
    TLS_FAILED = "tls-failed"
    TLS_TOO_OLD = "tls-too-old"  # the handshake works with TLS 1.0 or 1.1 only; nothing was asked for
    TIMEOUT = "timeout"  # connected, but the whole GET did not end within its deadline
    NOT_HTTP = "not-http"  # no readable HTTP response, or one that broke off
    TOO_LARGE = "too-large"  # the body passed the limit; `body` holds what was read, `bytes_read` one more than allowed
    DONE = "done"  # a whole response, whatever its status


_UNCONNECTED = frozenset(
    {
        FetchStage.NO_ROUTE,
        FetchStage.NOT_ALLOWED,
        FetchStage.CONNECT_REFUSED,
        FetchStage.CONNECT_TIMEOUT,
        FetchStage.CONNECT_FAILED,
    }
)


class Fetch(_Plain, frozen=True, omit_defaults=True):
    """The one GET of a policy host (RFC 8461 section 3.3), its certificate not yet judged.

    chain: DER certificates as sent, leaf first. body: the octets read, as Latin-1 characters of the same number.
    media_type, content_encoding, location, date: header values as received; None where the header is absent.
    """

    stage: FetchStage
    address: str = ""
    tls_version: str | None = None
    chain: tuple[bytes, ...] = ()
    status: Number | None = None
    media_type: str | None = None
    content_encoding: str | None = None
    location: str | None = None
    date: str | None = None
    body: str = ""
    bytes_read: Number = 0
    detail: str = ""
    elapsed_ms: Number = 0

    @property
    def connected(self) -> bool:
        """Whether an address took the connection; a sender tries the next address where none did."""
        return self.stage not in _UNCONNECTED


class PolicyHost(_Plain, frozen=True, omit_defaults=True):
    """`mta-sts.DOMAIN`: its addresses and the GET; `fetch` is None when there was no address to ask.

    fetch: from the first address that takes the connection. others: from further addresses, each alone.
    """

    host: str
    a: Lookup
    aaaa: Lookup
    fetch: Fetch | None = None
    others: tuple[Fetch, ...] = ()

    @property
    def fetches(self) -> tuple[Fetch, ...]:
        """All of them, the one that counts first."""
        return (self.fetch, *self.others) if self.fetch is not None else ()


class ProbeStage(Enum):
    """How far one SMTP session came. Never merged: each says something else about the host."""

    NO_ROUTE = "no-route"  # this machine has no route to the address's family
    NOT_ALLOWED = "not-allowed"  # special-purpose address, not contacted
    LEFT_OUT = "left-out"  # beyond HOST_ADDRESSES, or what it sent found no room in the observation
    CUT_OFF = "cut-off"  # the look at the domain ended before this session did
    CONNECT_REFUSED = "connect-refused"
    CONNECT_TIMEOUT = "connect-timeout"
    CONNECT_FAILED = "connect-failed"  # any other answer of the network: host or net unreachable
    SILENT = "silent"  # connected, then no answer within the deadline, at any later step
    CLOSED = "closed"  # the server hung up before the step was done
    NOT_SMTP = "not-smtp"  # what it sent is no SMTP reply, or is longer than a reply may be
    THROTTLED = "throttled"  # 421 or another 4yz to the greeting or EHLO: not now, which says nothing about TLS
    REJECTED = "rejected"  # 5yz to the greeting, or to both EHLO and HELO: not from here
    NO_STARTTLS = "no-starttls"
    STARTTLS_REFUSED = "starttls-refused"  # STARTTLS offered, then answered with 454, 5yz (421 is THROTTLED)
    INJECTED = "injected"  # octets between `220` and the handshake (SMTP-01)
    HANDSHAKE_FAILED = "handshake-failed"
    TLS_TOO_OLD = "tls-too-old"  # TLS 1.0 or 1.1 only; `tls_version` and `chain` are those of that handshake
    DONE = "done"  # TLS 1.2 or later stands


class Probe(_Plain, frozen=True, omit_defaults=True):
    """One SMTP session with one address of an MX host, up to the TLS handshake, then QUIT.

    reply: the server's reply that ended the session early, code and text. helo: the name in its greeting.
    starttls: offered in the EHLO reply; None when the session never came that far.
    sni: the name sent (DANE-18: the TLSA base domain where there is one, else the MX host).
    chain: DER certificates as sent, leaf first, whether they verify or not.
    """

    address: str
    stage: ProbeStage
    sni: str = ""
    reply: str = ""
    helo: str = ""
    starttls: bool | None = None
    tls_version: str | None = None
    chain: tuple[bytes, ...] = ()
    detail: str = ""
    elapsed_ms: Number = 0

    @property
    def connected(self) -> bool:
        """Whether TCP to the address worked."""
        return self.stage not in _NEVER_CONNECTED

    @property
    def greeted(self) -> bool:
        """Whether the session reached an accepted EHLO or HELO, so that a sender without TLS could go on."""
        return self.starttls is not None


_NEVER_CONNECTED = frozenset(
    {
        ProbeStage.NO_ROUTE,
        ProbeStage.NOT_ALLOWED,
        ProbeStage.CUT_OFF,
        ProbeStage.LEFT_OUT,
        ProbeStage.CONNECT_REFUSED,
        ProbeStage.CONNECT_TIMEOUT,
        ProbeStage.CONNECT_FAILED,
    }
)


class MxHost(_Plain, frozen=True, omit_defaults=True):
    """One MX host: its addresses, TLSA records, and a session with each address.

    host: as in the MX record, lower case; may be no valid name. implicit: no MX record, the domain itself (MX-02).
    cname: the question for type CNAME, asked when the host is an alias and the address answer is not secure as a
    whole, since the first step alone may be (DANE-10).
    tlsa: the TLSA questions in the order of `standards.dane.base_domains`; the last one asked may be an answer.
    tlsa_base: the base domain whose TLSA answer is secure and not empty; None where there is none.
    left_out: the host was not looked at, because the domain has more than MX_HOSTS.
    """

    host: str
    preference: Number = 0
    implicit: bool = False
    left_out: bool = False
    a: Lookup | None = None
    aaaa: Lookup | None = None
    cname: Lookup | None = None
    tlsa: tuple[Lookup, ...] = ()
    tlsa_base: str | None = None
    probes: tuple[Probe, ...] = ()


class ReportUri(_Plain, frozen=True, omit_defaults=True):
    """Where one `rua` leads: the look-ups that show whether its host exists (RPT-08)."""

    uri: str
    host: str
    lookups: tuple[Lookup, ...] = ()


class Related(_Plain, frozen=True, omit_defaults=True):
    """What belongs beside the security of transport, asked for on demand only; no part of any verdict.

    spf: TXT of the domain, then what its SPF record leads to (TXT, MX, A, AAAA); of TXT answers the SPF records only.
    dmarc: TXT at `_dmarc` of the domain and of the names above it. dkim: TXT at `SELECTOR._domainkey`.
    caa: CAA of the policy host, of MX hosts below the domain, and of the names above them.
    """

    spf: tuple[Lookup, ...] = ()
    dmarc: tuple[Lookup, ...] = ()
    dkim: tuple[Lookup, ...] = ()
    caa: tuple[Lookup, ...] = ()


class Observation(_Plain, frozen=True, omit_defaults=False, kw_only=True):
    """Everything that was seen of one domain, at one time, through one resolver.

    validating: the resolver that answered is one whose AD bit the configuration believes. Without it nothing here is
    `secure`, and that says nothing about the domain.
    sts_elsewhere: TXT of the places where a record that belongs at `_mta-sts` is put by mistake; asked only when
    `sts` holds none.
    anchors: DER of the trust anchors that a chain seen here could end in. issuers: DER of other CA certificates
    known on this side that a server should have sent. related: None when it was not asked for.
    """

    observation: Literal[1] = 1
    domain: str
    observed_at: datetime
    elapsed_ms: Number = 0
    validating: bool = False
    sts: Lookup
    sts_elsewhere: tuple[Lookup, ...] = ()
    policy_host: PolicyHost
    tlsrpt: Lookup
    report_uris: tuple[ReportUri, ...] = ()
    mx: Lookup
    hosts: tuple[MxHost, ...] = ()
    anchors: tuple[bytes, ...] = ()
    issuers: tuple[bytes, ...] = ()
    related: Related | None = None


def dump(observation: Observation) -> bytes:
    """The observation as one JSON line, without the line end."""
    return msgspec.json.encode(observation)


def load(line: bytes) -> Observation:
    """Read a saved line back, its time in UTC; unknown keys are ignored. What it returns can be judged.

    Raises UnreadableObservation: too long, no JSON, another version, or a value that no observation holds.
    """
    if len(line) > OBSERVATION_BYTES:
        raise UnreadableObservation(f"a saved observation is at most {OBSERVATION_BYTES} bytes long")
    try:
        observation = msgspec.json.decode(line, type=Observation)
        _check(observation)
        return msgspec.structs.replace(observation, observed_at=observation.observed_at.astimezone(UTC))
    except (ValueError, OverflowError, RecursionError) as error:  # OverflowError: a time that is beyond 9999 in UTC
        raise UnreadableObservation(f"no saved observation: {error}") from error


def _check(observation: Observation) -> None:
    """What the types alone do not say. Raises ValueError."""
    if observation.observed_at.tzinfo is None:
        raise ValueError("observed_at has no offset")
    if observation.observed_at.year < FIRST_YEAR:
        raise ValueError(f"observed_at lies before {FIRST_YEAR}")
    if Name.parse(observation.domain) != observation.domain:
        raise ValueError("the domain is not in lower-case A-labels")
    for fetch in observation.policy_host.fetches:
        fetch.body.encode("latin-1")
    for host in observation.hosts:
        for probe in host.probes:
            ip_address(probe.address)
