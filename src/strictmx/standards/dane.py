"""DANE for SMTP: TLSA records, where they are looked for, and whether a chain matches (RFC 6698, 7671, 7672).

Pure. Look-ups and what of them is secure come from `internet.dns`; what senders then do is judged in `findings`.
Chosen where the text is open: usages 0 and 1 are unusable (RFC 7672 section 3.1.3 leaves treating them as 3 and 2 to
the client, and no common one does); a usage 2 record that fits the leaf itself matches nothing, since a trust anchor
is an issuer (OpenSSL likewise); weak keys are left to local policy and never turn a match into a mismatch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import assert_never

from strictmx.standards.certificates import Examination, Fault, FaultKind, dns_id_matches, examine
from strictmx.standards.chain import (
    CHAIN_CERTIFICATES,
    Budget,
    Certificate,
    Link,
    Pool,
    Signatures,
    Unreadable,
    find_paths,
    read_certificate,
    read_known,
)
from strictmx.standards.der import InvalidDer, is_public_key_info, public_key_info
from strictmx.standards.names import Name

DATA_OCTETS = 65_535  # RFC 1035 section 3.2.1: RDLENGTH has 16 bits
RECORDS = 64  # records of one RRset that are compared; healthy ones hold two to six

TA, EE = 2, 3  # usages that SMTP has (RFC 7672 section 3.1): trust anchor and end entity
CERTIFICATE, KEY = 0, 1  # selectors (RFC 6698 section 2.1.2)
FULL = 0  # matching type (RFC 6698 section 2.1.3): the data itself, no digest

_DIGESTS = {1: "sha256", 2: "sha512"}  # by matching type, the stronger one higher (RFC 7671 section 9)
_DIGEST_OCTETS = {1: 32, 2: 64}
_RECORD = re.compile(r"\s*([0-9]{1,3})\s+([0-9]{1,3})\s+([0-9]{1,3})((?:\s+[0-9A-Fa-f]+)*)\s*\Z", re.ASCII)


class InvalidTlsa(ValueError):
    """The text is no TLSA record, or the wanted record cannot be made; the text of the error says why."""


@dataclass(frozen=True, slots=True)
class TlsaRecord:
    """One TLSA record as RFC 6698 section 2.1 has it: three numbers of 0 to 255, and the association data.

    One that exists has the right form; whether SMTP can use it, `unusable_reason` says.
    """

    usage: int
    selector: int
    matching_type: int
    data: bytes

    @classmethod
    def parse(cls, text: str) -> TlsaRecord:
        """Read the presentation form, `3 1 1 ab12…`; the hexadecimal digits may be parted by blanks.

        Raises InvalidTlsa.
        """
        found = _RECORD.match(text) if len(text) <= 4 * DATA_OCTETS else None
        if found is None:
            raise InvalidTlsa(f"{text[:80]!r} is no TLSA record: three numbers and hexadecimal digits")
        usage, selector, matching_type = (int(number) for number in found.groups()[:3])
        digits = "".join(found[4].split())
        if max(usage, selector, matching_type) > 255:  # noqa: PLR2004 - one octet each
            raise InvalidTlsa(f"{text[:80]!r} is no TLSA record: a number is above 255")
        if len(digits) % 2 or len(digits) > 2 * DATA_OCTETS:
            raise InvalidTlsa(f"{text[:80]!r} is no TLSA record: the digits are no whole octets, or too many")
        return cls(usage, selector, matching_type, bytes.fromhex(digits))

    def __str__(self) -> str:
        return f"{self.combination} {self.data.hex()}".rstrip()

    @property
    def combination(self) -> str:
        """Usage, selector and matching type, as people name a kind of record: `3 1 1`."""
        return f"{self.usage} {self.selector} {self.matching_type}"


def make(usage: int, selector: int, matching_type: int, der: bytes) -> TlsaRecord:
    """The record for a certificate (DER); DANE-30 wants `3 1 1` of the server's, else `2 0 1` of its issuer's.

    Raises InvalidTlsa: a number that SMTP cannot use, or octets that are no certificate.
    """
    data = _association(selector, matching_type, der)
    if data is None:
        raise InvalidTlsa("no certificate in DER, or a selector or matching type that does not exist")
    record = TlsaRecord(usage, selector, matching_type, data)
    reason = unusable_reason(record)
    if reason is not None:
        raise InvalidTlsa(f"{record.combination}: {reason}")
    return record


def unusable_reason(record: TlsaRecord) -> str | None:
    """Why SMTP cannot use the record, as one clause; None when it can (DANE-13, RFC 7672 section 3.1.3)."""
    if record.usage not in (TA, EE):
        names = {0: " (PKIX-TA)", 1: " (PKIX-EE)"}
        return f"usage {record.usage}{names.get(record.usage, '')} is not used for SMTP, only 2 and 3 are"
    if record.selector not in (CERTIFICATE, KEY):
        return f"selector {record.selector} does not exist, only 0 and 1 do"
    if record.matching_type == FULL:
        return None if _is_full(record) else "its data are not the DER that its selector names"
    octets = _DIGEST_OCTETS.get(record.matching_type)
    if octets is None:
        return f"matching type {record.matching_type} does not exist, only 0, 1 and 2 do"
    if len(record.data) != octets:
        return f"a digest of matching type {record.matching_type} has {octets} octets, this one has {len(record.data)}"
    return None


def base_domains(
    host: str, cnames: Sequence[str], *, chain_secure: bool, first_step_secure: bool = False
) -> tuple[str, ...]:
    """The names below which TLSA records are looked for, in order; the first that has secure ones is the base domain.

    host: the MX host, or the domain without MX (DANE-12). cnames: the aliases followed by its address look-up.
    chain_secure: the whole address answer is. first_step_secure: the first CNAME is, which only a question of type
    CNAME tells. Empty: no DANE for this host (DANE-09, DANE-10; RFC 7672 section 2.2.2).
    """
    if not cnames:
        return (host,) if chain_secure else ()
    if chain_secure:
        return (cnames[-1], host)
    return (host,) if first_step_secure else ()


def query_name(base_domain: Name, port: int = 25) -> Name:
    """Where the TLSA records of a base domain stand (DANE-11)."""
    return base_domain.below(f"_{port}._tcp")


class MxLookup(Enum):
    """How the host was found, which decides the names that a usage 2 certificate may have."""

    SECURE = "secure"
    INSECURE = "insecure"
    NONE = "none"  # no MX record: the domain itself is the host


def reference_names(
    base_domain: Name, mx: MxLookup, *, mx_host: Name, next_hop: Name, next_hop_target: Name | None = None
) -> tuple[Name, ...]:
    """The names of which a usage 2 certificate must have one (DANE-16, RFC 7672 section 3.2.2).

    next_hop: the domain as addressed. next_hop_target: where its CNAMEs lead, if it has any.
    With an insecure MX "the MX hostname is the only" one, yet the base domain counts "in all cases": both, where an
    alias of the host makes them differ.
    """
    names: tuple[Name, ...]
    match mx:
        case MxLookup.SECURE:
            names = (base_domain, next_hop, next_hop_target or next_hop)
        case MxLookup.INSECURE:
            names = (base_domain, mx_host)
        case MxLookup.NONE:
            names = (base_domain, next_hop)
        case _:
            assert_never(mx)
    return tuple(dict.fromkeys(names))


class Outcome(Enum):
    """What a TLSA RRset says of a chain."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNUSABLE = "unusable"  # no record that SMTP can use: TLS is required, but nothing is authenticated


class Miss(Enum):
    """Why a record did not match."""

    UNUSABLE = "unusable"
    SUPERSEDED = "superseded"  # it fits, but a stronger digest of its kind is there and decides (DANE-19)
    OTHER = "other"  # it belongs to another certificate or key
    FITS_LEAF = "fits-leaf"  # usage 2, but what it names is the server's own certificate
    NOT_SENT = "not-sent"  # usage 2, and the trust anchor is not (or may not be) among the certificates sent
    PATH = "path"  # usage 2, the trust anchor is there, but the path to it or the names have faults
    TOO_MANY = "too-many"  # beyond RECORDS, not compared


@dataclass(frozen=True, slots=True)
class Missed:
    """A record that does not match, and why.

    issuer: for NOT_SENT, the certificate to send, for people. faults: for PATH.
    """

    record: TlsaRecord
    miss: Miss
    detail: str
    issuer: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class DaneResult:
    """The verdict of an RRset on a chain.

    matched: the record that authenticates, usage 3 before usage 2. position: the certificate of the chain that it
    fits, 0 the leaf; None when the trust anchor stands in DNS only, which is allowed for `2 0 0` alone (DANE-34).
    missed: every other record that does not fit or does not count. uncovered: combinations that no record fits, which
    fails clients that know only those (DANE-31). faults: of the path, where usage 2 records failed for them.
    """

    status: Outcome
    matched: TlsaRecord | None = None
    position: int | None = None
    missed: tuple[Missed, ...] = ()
    uncovered: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def match(
    records: Sequence[TlsaRecord],
    chain: Sequence[bytes],
    *,
    reference_names: Sequence[Name],
    at: datetime,
    known: Sequence[bytes] = (),
    budget: Budget | None = None,
) -> DaneResult:
    """Hold a chain as sent against a secure TLSA RRset (RFC 7672 section 3, DANE-14, 15, 17, 19, 20). Never raises.

    records: not empty. chain: DER, the leaf first. reference_names: as the function of that name gives them; only
    usage 2 looks at them and at dates (DANE-14). at: aware. known: certificates known besides, used only to name a
    trust anchor that was not sent. budget: signature checks shared with other chains.
    """
    shown = _Shown(tuple(chain[:CHAIN_CERTIFICATES]), tuple(reference_names), at, tuple(known), budget or Budget())
    missed: list[Missed] = [_too_many(record) for record in records[RECORDS:]]
    fits: list[tuple[TlsaRecord, int | None]] = []
    usable: list[TlsaRecord] = []
    for record in records[:RECORDS]:
        reason = unusable_reason(record)
        if reason is not None:
            missed.append(Missed(record, Miss.UNUSABLE, reason))
            continue
        usable.append(record)
        compared = shown.compare(record)
        if isinstance(compared, Missed):
            missed.append(compared)
        else:
            fits.append((record, compared.position))
    if not usable:
        return DaneResult(Outcome.UNUSABLE, missed=tuple(missed))
    counting = _after_digest_agility(usable)
    for record, _ in fits:
        if record not in counting:
            missed.append(Missed(record, Miss.SUPERSEDED, "a stronger digest of its kind is published, and decides"))
    decisive = sorted((fit for fit in fits if fit[0] in counting), key=lambda fit: -fit[0].usage)
    covered = {record.combination for record, _ in fits}
    return DaneResult(
        Outcome.MATCH if decisive else Outcome.MISMATCH,
        matched=decisive[0][0] if decisive else None,
        position=decisive[0][1] if decisive else None,
        missed=tuple(missed),
        uncovered=tuple(sorted({record.combination for record in usable} - covered)),
        faults=tuple(dict.fromkeys(fault for one in missed for fault in one.faults)),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """A record fits the certificate at that place of the chain; None: the trust anchor stands in DNS only."""

    position: int | None


@dataclass(frozen=True, slots=True)
class _Shown:
    """The chain with all that comparing a record needs; each digest and each path is worked out once."""

    chain: tuple[bytes, ...]
    names: tuple[Name, ...]
    at: datetime
    known: tuple[bytes, ...]
    budget: Budget
    _associations: dict[tuple[bytes, int, int], bytes | None] = field(default_factory=dict)
    _tops: list[Certificate | None] = field(default_factory=list)  # the answer of `_top`, once it was needed
    _paths: dict[tuple[tuple[bytes, ...], tuple[bytes, ...]], Examination] = field(default_factory=dict)

    def compare(self, record: TlsaRecord) -> _Fit | Missed:
        """Whether a usable record fits."""
        if not self.chain:
            return Missed(record, Miss.OTHER, "the server sent no certificate")
        if record.usage == EE:
            if self._fits(record, self.chain[0]):
                return _Fit(0)
            what = "key" if record.selector == KEY else "certificate"
            return Missed(record, Miss.OTHER, f"it belongs to another {what} than the server shows")
        return self._compare_anchor(record)

    def _compare_anchor(self, record: TlsaRecord) -> _Fit | Missed:
        """DANE-15: the trust anchor is found, the path to it is sound, and a name matches."""
        leaf = self.chain[0]
        anchors = tuple(der for der in self.chain[1:] if der != leaf and self._fits(record, der))
        keys: tuple[bytes, ...] = ()
        if not anchors and self._fits(record, leaf):
            return Missed(record, Miss.FITS_LEAF, "it names the server's own certificate, usage 2 names an issuer")
        if not anchors and record.matching_type == FULL:
            if record.selector == CERTIFICATE:
                anchors = (record.data,)
            else:
                keys = (record.data,)
        if not anchors and not keys:
            return self._not_among_sent(record)
        result = self._examine(anchors, keys)
        faults = tuple(fault for fault in result.faults if self._counts(fault, result))
        if not faults:
            return _Fit(result.anchor_position)
        if (
            not result.anchored
            and record.matching_type == FULL
            and not any(self._fits(record, der) for der in self.chain)
        ):
            return Missed(record, Miss.OTHER, "what it holds issued none of the certificates that the server sent")
        return Missed(record, Miss.PATH, "; ".join(fault.detail for fault in faults), faults=faults)

    def _not_among_sent(self, record: TlsaRecord) -> Missed:
        """Tell a trust anchor that should be sent from a record of something else (DANE-34)."""
        for certificate in read_known(self.known):
            if self._fits(record, certificate.der):
                detail = f"it names {certificate.subject_text}, which the server does not send"
                return Missed(record, Miss.NOT_SENT, detail, issuer=certificate.subject_text)
        if not self._tops:
            self._tops.append(_top(self.chain, Signatures(self.budget)))
        top = self._tops[0]
        if top is None or top.self_issued:
            return Missed(record, Miss.OTHER, "it names none of the certificates that the server sent")
        detail = f"it names none of the certificates sent; if it names {top.issuer_text}, the server must send that too"
        return Missed(record, Miss.NOT_SENT, detail, issuer=top.issuer_text)

    def _counts(self, fault: Fault, result: Examination) -> bool:
        """Whether the fault is one under DANE: weakness is not, and without any DNS-ID the common name may match."""
        if fault.kind is FaultKind.NO_SAN:  # DANE-17
            return not any(dns_id_matches(result.common_name, name) for name in self.names)
        return fault.kind is not FaultKind.WEAK

    def _examine(self, anchors: tuple[bytes, ...], keys: tuple[bytes, ...]) -> Examination:
        if (anchors, keys) not in self._paths:
            self._paths[anchors, keys] = examine(
                self.chain,
                reference_names=self.names,
                anchors=anchors,
                anchor_keys=keys,
                at=self.at,
                budget=self.budget,
            )
        return self._paths[anchors, keys]

    def _fits(self, record: TlsaRecord, der: bytes) -> bool:
        key = (der, record.selector, record.matching_type)
        if key not in self._associations:
            self._associations[key] = _association(record.selector, record.matching_type, der)
        return self._associations[key] == record.data


def _association(selector: int, matching_type: int, der: bytes) -> bytes | None:
    """What a record holds for that certificate; None where there is no such thing."""
    try:
        content = der if selector == CERTIFICATE else public_key_info(der) if selector == KEY else None
    except InvalidDer:
        return None
    if content is None or matching_type == FULL:
        return content
    digest = _DIGESTS.get(matching_type)
    return hashlib.new(digest, content).digest() if digest else None


def _is_full(record: TlsaRecord) -> bool:
    """Whether the data of a record of matching type 0 are what its selector says (RFC 6698 section 4.1)."""
    if record.selector == KEY:
        return is_public_key_info(record.data)
    try:
        public_key_info(record.data)
    except InvalidDer:
        return False
    return True


def _after_digest_agility(records: Sequence[TlsaRecord]) -> frozenset[TlsaRecord]:
    """DANE-19, RFC 7671 section 9: of each usage and selector the full data and the strongest digest only."""
    strongest: dict[tuple[int, int], int] = {}
    for record in records:
        kind = (record.usage, record.selector)
        strongest[kind] = max(strongest.get(kind, FULL), record.matching_type)
    return frozenset(
        record for record in records if record.matching_type in (FULL, strongest[record.usage, record.selector])
    )


def _top(chain: Sequence[bytes], signatures: Signatures) -> Certificate | None:
    """The certificate at the upper end of the longest path through what was sent; None when the leaf is unreadable."""
    sent: list[Link] = []
    for position, der in enumerate(chain):
        try:
            sent.append(Link(read_certificate(der), position))
        except Unreadable:
            if not position:
                return None
    paths = find_paths(sent[0], Pool.of(sent, ()), signatures)
    return max(paths, key=lambda path: len(path.links)).last


def _too_many(record: TlsaRecord) -> Missed:
    return Missed(record, Miss.TOO_MANY, f"an RRset is compared up to {RECORDS} records")
