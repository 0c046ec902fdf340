"""The answer of a check: verdict, findings, and the facts beneath them, as `check --json` prints it."""

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
    """The STS record: its text and its id."""

    txt: str
    id: str


class PolicyFacts(_Result, frozen=True):
    """The policy that was read, and the text that it was read from."""

    mode: str
    mx: tuple[str, ...]
    max_age: int
    text: str


class FetchFacts(_Result, frozen=True):
    """What the policy host answered; `text` is cut to 64 KiB."""

    status: int
    media_type: str | None
    bytes: int
    text: str


class StsFacts(_Result, frozen=True):
    """Everything about MTA-STS."""

    record: RecordFacts | None
    policy: PolicyFacts | None
    fetch: FetchFacts | None


class TlsrptFacts(_Result, frozen=True):
    """The TLSRPT record: its text, and the addresses that can be used."""

    record: str
    rua: tuple[str, ...]


class CertificateFacts(_Result, frozen=True):
    """What a server's certificate says; `faults` are the codes of the findings it leads to."""

    subject_alternative_names: tuple[str, ...]
    not_after: str | None
    issuer: str
    faults: tuple[str, ...]


class DaneFacts(_Result, frozen=True):
    """The TLSA records found, and what they are worth; `status` is None when the host could not be looked at."""

    records: tuple[str, ...]
    status: DaneStatus | None


class Delivers(_Result, frozen=True):
    """Would a sender of that kind hand over mail here now? None: no such policy, or it cannot be told from here.

    sts: one that enforces the policy (also while its mode is testing: what it will do). dane: one that honours DANE.
    plain: one that does neither.
    """

    sts: bool | None
    dane: bool | None
    plain: bool | None


class AddressFacts(_Result, frozen=True):
    """What one address of an MX host shows."""

    address: str
    starttls: bool | None
    tls_version: str | None
    certificate: CertificateFacts | None
    findings: tuple[str, ...]
    delivers: Delivers


class MxFacts(_Result, frozen=True):
    """What one MX host shows: the worst of its addresses."""

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
    """Whether a trusted validator vouched for the MX answer, and for all addresses of the MX hosts."""

    mx: bool
    addresses: bool


class SpfFacts(_Result, frozen=True):
    """The SPF record; None where there is none, or more than one.

    lookups: that evaluating it takes. all: what it says of senders that it does not name. Both None where receivers
    cannot evaluate it.
    """

    record: str | None
    lookups: int | None
    all: str | None


class DmarcFacts(_Result, frozen=True):
    """The DMARC record that counts for the domain, the name that it is of, and the policy for the domain's own mail."""

    record: str | None
    location: str | None
    policy: str | None
    rua: tuple[str, ...]


class DkimFacts(_Result, frozen=True):
    """The record of one selector, None where there is none or more than one, and its key, None where it has none."""

    selector: str
    record: str | None
    key: str | None
    bits: int | None
    testing: bool


class CaaFacts(_Result, frozen=True):
    """Who may issue for one host. location: the name whose records decide; None where no name has any.

    issuer: of the certificate that the host shows. allowed: may it issue again? None where that cannot be told.
    """

    host: str
    location: str | None
    records: tuple[str, ...]
    issuer: str | None
    allowed: bool | None


class SignedFacts(_Result, frozen=True):
    """Whether a trusted validator vouched for the addresses of a host; None where that cannot be told."""

    host: str
    signed: bool | None


class ZoneFacts(_Result, frozen=True):
    """Whether the domain's zone is signed, told by its MX answer, and those of its MX hosts."""

    domain: bool | None
    mx: tuple[SignedFacts, ...]


class RelatedFacts(_Result, frozen=True):
    """What belongs beside the security of transport."""

    spf: SpfFacts
    dmarc: DmarcFacts
    dkim: tuple[DkimFacts, ...]
    caa: tuple[CaaFacts, ...]
    dnssec: ZoneFacts


class CheckResult(_Result, frozen=True):
    """The answer of a check. `findings` are sorted, worst first. related: None when it was not asked for."""

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
