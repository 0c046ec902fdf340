"""The answer of a check: verdict, findings, and the facts beneath them, as `check --json` prints it.

A docstring has a sentence for each key, `key: sentence`; docs/json.md is made of them. None is JSON's null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec

from strictmx.findings.finding import Finding, Severity


class Verdict(Enum):
    """Whether mail to the domain is protected (design: check --json)."""

    SECURE = "secure"  # an enforced policy that every MX satisfies, or DANE that every MX satisfies
    TESTING = "testing"  # would be secure, but the mode is testing
    PARTIAL = "partial"  # some mail paths are protected and others are not, or what protects ends soon
    NONE = "none"  # no policy published
    BROKEN = "broken"  # at least one error


class DaneStatus(Enum):
    """What a DANE sender finds at one MX host."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNUSABLE = "unusable"  # records, but none that mail senders use: encrypt, do not authenticate
    INSECURE = "insecure"  # records, but no DNSSEC, so that senders ignore them
    NONE = "none"
    BOGUS = "bogus"  # the look-up fails or does not verify: senders skip the host


class _Result(msgspec.Struct, frozen=True):
    """Plain data; keys in the order of the JSON."""


class RecordFacts(_Result, frozen=True):
    """The record at `_mta-sts` (RFC 8461 section 3.1).

    txt: the whole record. id: changes whenever the policy does.
    """

    txt: str
    id: str


class PolicyFacts(_Result, frozen=True):
    """The policy that senders read (RFC 8461 section 3.2).

    mode: `enforce`, `testing` or `none`. mx: the patterns, in the order of the file. max_age: seconds that senders
    keep it. text: the file that it was read from.
    """

    mode: str
    mx: tuple[str, ...]
    max_age: int
    text: str


class FetchFacts(_Result, frozen=True):
    """What the policy host answered (RFC 8461 section 3.3).

    status: the status of HTTP. media_type: the Content-Type; null where there is none. bytes: how many the body has,
    one more than allowed where it is too large. text: the body, cut to 64 KiB.
    """

    status: int
    media_type: str | None
    bytes: int
    text: str


class StsFacts(_Result, frozen=True):
    """MTA-STS.

    record: the one record that counts; null where senders see none. policy: null where the policy host serves none
    that senders accept. fetch: null where no answer by HTTP came.
    """

    record: RecordFacts | None
    policy: PolicyFacts | None
    fetch: FetchFacts | None


class TlsrptFacts(_Result, frozen=True):
    """The record at `_smtp._tls` (RFC 8460 section 3).

    record: the whole record. rua: where reports go, addresses that no sender can use left out.
    """

    record: str
    rua: tuple[str, ...]


class CertificateFacts(_Result, frozen=True):
    """The certificate that a server shows.

    subject_alternative_names: the DNS names it is for. not_after: its last moment; null where that cannot be read.
    issuer: who signed it. faults: the codes of the findings that it leads to.
    """

    subject_alternative_names: tuple[str, ...]
    not_after: str | None
    issuer: str
    faults: tuple[str, ...]


class DaneFacts(_Result, frozen=True):
    """DANE at one MX host (RFC 7672).

    records: the TLSA records found. status: what they are worth to a sender that honours DANE; null where the host
    could not be looked at.
    """

    records: tuple[str, ...]
    status: DaneStatus | None


class Delivers(_Result, frozen=True):
    """Whether a sender of each kind hands over mail here now; null also where it cannot be told from here.

    sts: a sender that enforces the policy (while its mode is testing: what it will do); null without a policy.
    dane: a sender that honours DANE; null without TLSA records that count.
    plain: a sender that does neither.
    """

    sts: bool | None
    dane: bool | None
    plain: bool | None


class AddressFacts(_Result, frozen=True):
    """What one address of an MX host shows.

    address: IPv4 or IPv6.
    starttls: whether it is offered; null where the session never came that far.
    tls_version: null without a handshake.
    certificate: null where none was seen.
    findings: the codes of the findings about this address.
    delivers: whether a sender of each kind hands over mail here now; null: it cannot be told from here.
    """

    address: str
    starttls: bool | None
    tls_version: str | None
    certificate: CertificateFacts | None
    findings: tuple[str, ...]
    delivers: Delivers


class MxFacts(_Result, frozen=True):
    """What one MX host shows: the worst of its addresses.

    host: as in the MX record; the domain itself where it has none.
    preference: the lower, the sooner it is tried.
    matches_policy: whether the policy names it; null without a policy.
    starttls: whether every address offers it; null where none came that far.
    tls_version: the oldest; null where an address completes no handshake.
    certificate: the one with the most faults; null where none was seen.
    dane: what its TLSA records say.
    delivers: whether a sender of each kind hands over mail here now, at the worst address; null: it cannot be told.
    addresses: each one.
    """

    host: str
    preference: int
    matches_policy: bool | None
    starttls: bool | None
    tls_version: str | None
    certificate: CertificateFacts | None
    dane: DaneFacts
    delivers: Delivers
    addresses: tuple[AddressFacts, ...]


class DnssecFacts(_Result, frozen=True):
    """What a validating resolver vouched for, one that the configuration believes.

    mx: the MX record, or its absence. addresses: the addresses of all MX hosts.
    """

    mx: bool
    addresses: bool


class SpfFacts(_Result, frozen=True):
    """The SPF record.

    record: null where there is none, or more than one.
    lookups: DNS look-ups that evaluating it takes; null where receivers cannot evaluate it.
    all: what it says of senders that it does not name; null where receivers cannot evaluate it.
    """

    record: str | None
    lookups: int | None
    all: str | None


class DmarcFacts(_Result, frozen=True):
    """The DMARC record that counts for the domain.

    record: null where there is none, or more than one.
    location: the name that it stands at.
    policy: for the domain's own mail, subdomain policies followed.
    rua: where reports go.
    """

    record: str | None
    location: str | None
    policy: str | None
    rua: tuple[str, ...]


class DkimFacts(_Result, frozen=True):
    """The record of one selector.

    selector: as asked for.
    record: null where there is none, or more than one.
    key: its algorithm; null where the record has no usable key.
    bits: the length of the key.
    testing: whether the record says that the domain is testing DKIM.
    """

    selector: str
    record: str | None
    key: str | None
    bits: int | None
    testing: bool


class CaaFacts(_Result, frozen=True):
    """Who may issue for one host.

    host: the policy host, or an MX host of the domain.
    location: the name whose records decide; null where no name has any.
    records: the CAA records there.
    issuer: of the certificate that the host shows.
    allowed: whether that issuer may issue again; null where that cannot be told.
    """

    host: str
    location: str | None
    records: tuple[str, ...]
    issuer: str | None
    allowed: bool | None


class SignedFacts(_Result, frozen=True):
    """Whether the zone of a host is signed.

    host: the MX host.
    signed: whether a trusted validator vouched for its addresses; null where that cannot be told.
    """

    host: str
    signed: bool | None


class ZoneFacts(_Result, frozen=True):
    """Which zones are signed.

    domain: whether that of the domain is, told by its MX answer; null where that cannot be told.
    mx: those of its MX hosts.
    """

    domain: bool | None
    mx: tuple[SignedFacts, ...]


class RelatedFacts(_Result, frozen=True):
    """What belongs beside the security of transport.

    spf: who may send for the domain.
    dmarc: what receivers do with mail that fails SPF and DKIM.
    dkim: the keys of the selectors asked for.
    caa: who may issue the certificates.
    dnssec: what is signed, so that DANE is possible.
    """

    spf: SpfFacts
    dmarc: DmarcFacts
    dkim: tuple[DkimFacts, ...]
    caa: tuple[CaaFacts, ...]
    dnssec: ZoneFacts


class CheckResult(_Result, frozen=True):
    """The answer of a check.

    domain: in lower-case A-labels.
    verdict: whether mail to it is protected.
    findings: what is wrong or worth knowing, worst first.
    sts: null where nothing of MTA-STS is published.
    tlsrpt: null where senders see no record.
    mx: the MX hosts, by preference.
    dnssec: what a trusted resolver found to be signed.
    related: what belongs beside it; null where it was not asked for.
    observed_at: when it was seen; UTC, `2026-11-24T09:00:00Z`.
    elapsed_ms: how long looking took, in milliseconds.
    """

    domain: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    sts: StsFacts | None
    tlsrpt: TlsrptFacts | None
    mx: tuple[MxFacts, ...]
    dnssec: DnssecFacts
    observed_at: datetime
    elapsed_ms: int
    related: RelatedFacts | None = None

    @property
    def worst(self) -> Severity:
        """The severity of the worst finding; OK when there is none."""
        return min((finding.severity for finding in self.findings), key=lambda one: one.rank, default=Severity.OK)

    def to_json(self) -> dict[str, Any]:
        """The document that `check --json` prints, as plain data."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        document["observed_at"] = timestamp(self.observed_at)
        return document


def timestamp(moment: datetime) -> str:
    """A moment as every JSON of ours writes it: UTC, whole seconds, `2026-11-24T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
