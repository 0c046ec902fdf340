"""A server's certificate chain as a TLS client that verifies would judge it, with every fault named (TLS-04, TLS-05).

Pure: the clock, the names asked for, the trust anchors come in as arguments. The search for paths is `chain`, the
rules of one certificate on a path are `constraints`. Who asks servers (`internet`) verifies nothing; whether a
chain is good is said here, and agrees with OpenSSL.
Chosen where the text is open: of all paths the one with the fewest faults counts, so extra, unordered, expired or
cross-signed certificates do no harm while another path is good; a wildcard needs two labels behind its star, as
OpenSSL and GnuTLS want it; an issuer that was not sent but is known, or whose address the certificate gives (AIA), is
an incomplete chain, any other unknown issuer is an untrusted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from strictmx.standards import constraints
from strictmx.standards.chain import (
    CHAIN_CERTIFICATES,
    TEXT_CHARACTERS,
    Budget,
    Certificate,
    Link,
    NameKey,
    Path,
    Pool,
    Signatures,
    Unreadable,
    authority_issuer_names,
    find_paths,
    issuer_url,
    read_certificate,
    read_known,
)
from strictmx.standards.names import Name
from strictmx.standards.strength import key_text, weak_key, weak_signature

NAMES_KEPT = 200  # DNS-IDs of a leaf kept as evidence; all of them are compared
EXPIRES_SOON = timedelta(days=14)  # TLS-06, or a sixth of the lifetime where that is shorter
LIFETIME_SHARE = 6


class FaultKind(Enum):
    """What can be wrong with a chain; each is one finding."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    NAME_MISMATCH = "name-mismatch"
    NO_SAN = "no-san"  # no DNS-ID at all, so that no name can match (STS-64)
    SELF_SIGNED = "self-signed"  # the leaf is issued by itself
    UNTRUSTED = "untrusted"  # the path ends at an issuer that is no anchor
    CHAIN_INCOMPLETE = "chain-incomplete"  # an issuer is known, but the server did not send it
    CONSTRAINT = "constraint"  # a certificate is used for what it does not allow
    WEAK = "weak"  # key or signature below TLS-06; local policy decides whether that refuses
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, with the evidence that a message needs.

    subject: whose certificate, for people. position: its place in the chain as sent, 0 the leaf; None for a trust
    anchor that was not sent. not_before, not_after: of that certificate, for the faults of dates. issuer: the missing
    or unknown issuer, for people. presented: the DNS-IDs, for a mismatch. detail: one clause.
    """

    kind: FaultKind
    subject: str
    position: int | None
    not_before: datetime | None = None
    not_after: datetime | None = None
    issuer: str = ""
    presented: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """The lifetime of a certificate that the server sends and its owner renews."""

    subject: str
    position: int
    not_before: datetime
    not_after: datetime

    @property
    def warns_from(self) -> datetime:
        """When `expires soon` begins: 14 days or a sixth of the lifetime before the end, the shorter of the two."""
        return self.not_after - min(EXPIRES_SOON, (self.not_after - self.not_before) / LIFETIME_SHARE)


@dataclass(frozen=True, slots=True)
class Examination:
    """What a chain shows: the leaf's facts, and all faults of its best path.

    Facts are empty or None where the leaf cannot be read. validities: the leaf and the intermediates sent, as far as
    they stand on the path. anchored: a trusted certificate or key ends it. anchor: that certificate, for people; empty
    for a key. anchor_position: its place in the chain, None when it was not sent.
    """

    faults: tuple[Fault, ...]
    subject: str = ""
    issuer: str = ""
    common_name: str = ""
    subject_alternative_names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: str = ""
    anchored: bool = False
    anchor: str = ""
    anchor_position: int | None = None
    validities: tuple[Validity, ...] = ()

    @property
    def verifies(self) -> bool:
        """Whether a client that verifies accepts the chain; weakness alone is left to local policy."""
        return all(fault.kind is FaultKind.WEAK for fault in self.faults)

    def of(self, *kinds: FaultKind) -> tuple[Fault, ...]:
        """The faults of these kinds."""
        return tuple(fault for fault in self.faults if fault.kind in kinds)

    def expires_soon(self, at: datetime) -> Validity | None:
        """The certificate that ends first among those that end soon at that time (TLS-06); None when none does.

        One that has ended already is a fault and not soon.
        """
        soon = [one for one in self.validities if one.warns_from < at <= one.not_after]
        return min(soon, key=lambda one: one.not_after, default=None)


def examine(  # noqa: PLR0913 - each is a fact that the judgement rests on
    chain: Sequence[bytes],
    *,
    reference_names: Sequence[Name],
    anchors: Sequence[bytes],
    issuers: Sequence[bytes] = (),
    anchor_keys: Sequence[bytes] = (),
    at: datetime,
    budget: Budget | None = None,
) -> Examination:
    """Judge a chain as sent (RFC 5280 section 6.1, RFC 8461 section 4.2, RFC 6125). Never raises on content.

    chain: DER, the leaf first, the rest in any order. reference_names: one of them must match; none: names are not
    judged. anchors: DER of what is trusted, roots or not. issuers: DER of certificates known besides, used only to
    tell an incomplete chain from an untrusted one. anchor_keys: trusted bare keys (SubjectPublicKeyInfo, DANE-15).
    at: aware. budget: signature checks shared with other chains; beside it each has its own limit.
    """
    try:
        leaf = read_certificate(chain[0]) if chain else None
    except Unreadable as error:
        return Examination((_unreadable(0, str(error)),))
    if leaf is None:
        return Examination((_unreadable(0, "the server sent none"),))
    sent, unreadable = _read_sent(leaf, chain)
    signatures = Signatures(budget or Budget())
    verdict = _best(sent, read_known(anchors), issuers, anchor_keys, at, signatures)
    faults = [*verdict.faults, *_name_faults(leaf, reference_names)]
    if leaf.extensions is None:
        faults.append(_unreadable(0, "its extensions cannot be read", leaf.subject_text))
    if not verdict.path.anchored:
        faults += unreadable
    top = verdict.path.links[-1]
    return Examination(
        faults=tuple(sorted(faults, key=_order)),
        subject=leaf.subject_text,
        issuer=leaf.issuer_text,
        common_name=leaf.common_name,
        subject_alternative_names=tuple(name[:TEXT_CHARACTERS] for name in leaf.dns_ids[:NAMES_KEPT]),
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        key=key_text(leaf),
        anchored=verdict.path.anchored,
        anchor=top.certificate.subject_text if top.anchor else "",
        anchor_position=top.position if top.anchor else None,
        validities=tuple(
            Validity(one.certificate.subject_text, one.position, one.certificate.not_before, one.certificate.not_after)
            for one in verdict.path.links
            if one.position is not None and (not one.anchor or one.position == 0)
        ),
    )


def dns_id_matches(pattern: str, name: Name) -> bool:
    """Whether the DNS-ID of a certificate names that host (TLS-01, TLS-02; RFC 6125 section 6.4).

    A star counts as the complete left-most label only, stands for exactly one label, and needs two more behind it.
    """
    presented = pattern.lower()
    if not presented.startswith("*."):
        return presented == name
    rest = presented[2:]
    return "." in rest and name.partition(".")[2] == rest


class AnchorIndex:
    """A trust store, read once, that picks the few anchors that a chain could lead to."""

    def __init__(self, anchors: Sequence[bytes]) -> None:
        self._by_subject: dict[NameKey, list[bytes]] = {}
        for anchor in read_known(anchors):
            self._by_subject.setdefault(anchor.subject, []).append(anchor.der)
        self._all = frozenset(der for ders in self._by_subject.values() for der in ders)

    def relevant(self, chains: Sequence[Sequence[bytes]], issuers: Sequence[bytes] = ()) -> tuple[bytes, ...]:
        """The anchors named as issuer by a certificate of `chains` or `issuers`, or sent themselves; each once."""
        found: dict[bytes, None] = {}
        ders = [der for chain in chains for der in chain[:CHAIN_CERTIFICATES]]
        for certificate in read_known([*ders, *issuers]):
            if certificate.der in self._all:
                found[certificate.der] = None
            for name in (certificate.issuer, *authority_issuer_names(certificate)):
                found.update(dict.fromkeys(self._by_subject.get(name, ())))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A path, what is wrong with it, and how it compares with others: the least is the best."""

    path: Path
    faults: tuple[Fault, ...]
    rank: tuple[int, int, int, float]


def _read_sent(leaf: Certificate, chain: Sequence[bytes]) -> tuple[list[Link], list[Fault]]:
    """The chain as links, and a fault for each certificate behind the leaf that cannot be read."""
    sent, unreadable = [Link(leaf, 0)], []
    for position, der in enumerate(chain[1:CHAIN_CERTIFICATES], start=1):
        try:
            certificate = read_certificate(der)
        except Unreadable as error:
            unreadable.append(_unreadable(position, str(error)))
            continue
        if certificate.extensions is None:
            unreadable.append(_unreadable(position, "its extensions cannot be read", certificate.subject_text))
        sent.append(Link(certificate, position))
    return sent, unreadable


def _best(
    sent: Sequence[Link],
    anchors: Sequence[Certificate],
    issuers: Sequence[bytes],
    keys: Sequence[bytes],
    at: datetime,
    signatures: Signatures,
) -> _Verdict:
    """The path with the fewest faults; one that uses certificates that were not sent only when no other ends well."""
    leaf = sent[0]
    pool = Pool.of(sent, anchors, keys=keys)
    paths = list(find_paths(leaf, pool, signatures))
    given_up = signatures.given_up
    anchored = [path for path in paths if path.anchored]
    if anchored:
        return min((_judge_anchored(path, at, signatures) for path in anchored), key=lambda verdict: verdict.rank)
    if issuers and not _self_signed(leaf.certificate, signatures):
        wider = Pool.of(sent, anchors, read_known(issuers), keys)
        known = [path for path in find_paths(leaf, wider, signatures) if path.anchored]
        if known:
            return min((_judge_with_known(path, at, signatures) for path in known), key=lambda verdict: verdict.rank)
    return min(
        (_judge_unanchored(path, pool, at, signatures, given_up=given_up) for path in paths),
        key=lambda verdict: verdict.rank,
    )


def _judge_anchored(path: Path, at: datetime, signatures: Signatures) -> _Verdict:
    faults = _path_faults(path, at, signatures)
    return _Verdict(path, faults, (0, *_rank(path, faults)))


def _judge_with_known(path: Path, at: datetime, signatures: Signatures) -> _Verdict:
    """A path that reaches an anchor through an issuer that the server should have sent."""
    first = next(i for i, link in enumerate(path.links) if link.position is None and not link.anchor)
    child, missing = path.links[first - 1], path.links[first].certificate
    own = Path(path.links[:first], anchored=False)
    fault = _issuer_fault(
        FaultKind.CHAIN_INCOMPLETE, child, missing.subject_text, "that issuer is known, but was not sent"
    )
    faults = (fault, *_path_faults(own, at, signatures))
    return _Verdict(own, faults, (0, *_rank(path, faults)))


def _judge_unanchored(path: Path, pool: Pool, at: datetime, signatures: Signatures, *, given_up: bool) -> _Verdict:
    """A path that ends before an anchor: name why (TLS-05). given_up: not all that was sent could be searched."""
    fault = _search_given_up(path) if given_up else _end_fault(path, pool, signatures)
    faults = (fault, *_path_faults(path, at, signatures))
    return _Verdict(path, faults, (int(fault.kind is not FaultKind.CHAIN_INCOMPLETE), *_rank(path, faults)))


def _rank(path: Path, faults: Sequence[Fault]) -> tuple[int, int, float]:
    """Fewer faults first; without an anchor the longer way, since it says more; then what stays valid longer."""
    ends = min(link.certificate.not_after for link in path.links).timestamp()
    return (len(faults), 0, -ends) if path.anchored else (-len(path.links), len(faults), -ends)


def _search_given_up(path: Path) -> Fault:
    detail = "so many certificates of the same names were sent that the search for a trusted path was given up"
    return _issuer_fault(FaultKind.UNTRUSTED, path.links[-1], path.last.issuer_text, detail)


def _end_fault(path: Path, pool: Pool, signatures: Signatures) -> Fault:
    link, last = path.links[-1], path.last
    if _self_signed(last, signatures):
        if len(path.links) == 1:
            return _issuer_fault(FaultKind.SELF_SIGNED, link, last.issuer_text, "it is issued by itself")
        below = path.links[-2]
        detail = "that root was sent, but is not among the trusted ones"
        return _issuer_fault(FaultKind.UNTRUSTED, below, last.subject_text, detail)
    namesakes = pool.named(last.issuer)
    if any(one.anchor for one in namesakes):
        detail = "a trusted certificate has that name, but its key did not make the signature"
        return _issuer_fault(FaultKind.UNTRUSTED, link, last.issuer_text, detail)
    above = authority_issuer_names(last)
    if any(one.anchor for name in above for one in pool.named(name)):
        detail = "that issuer is itself issued by a trusted one, but was not sent"
        return _issuer_fault(FaultKind.CHAIN_INCOMPLETE, link, last.issuer_text, detail)
    url = issuer_url(last)
    if url and last.issuer not in above:  # an issuer issued by itself is a root, and an unknown one
        detail = f"that issuer was not sent; its certificate lies at {url}"
        return _issuer_fault(FaultKind.CHAIN_INCOMPLETE, link, last.issuer_text, detail)
    if any(one.position is not None for one in namesakes):
        detail = "a certificate of that name was sent, but its key did not make the signature"
    else:
        detail = "no trusted certificate has that name"
    return _issuer_fault(FaultKind.UNTRUSTED, link, last.issuer_text, detail)


def _issuer_fault(kind: FaultKind, link: Link, issuer: str, detail: str) -> Fault:
    return Fault(kind, link.certificate.subject_text, link.position, issuer=issuer, detail=detail)


def _self_signed(certificate: Certificate, signatures: Signatures) -> bool:
    return certificate.self_issued and signatures.made_by(certificate, certificate)


def _path_faults(path: Path, at: datetime, signatures: Signatures) -> tuple[Fault, ...]:
    """Dates, constraints and strength of every certificate on the path."""
    faults: list[Fault] = []
    for link in path.links:
        faults += _date_faults(link, at)
        faults += _weakness(link, signatures)
        if link.position and link.certificate.extensions is None and path.anchored:
            detail = "its extensions cannot be read"
            faults.append(_unreadable(link.position, detail, link.certificate.subject_text))
    for index, clause in constraints.broken([link.certificate for link in path.links], signatures.budget):
        link = path.links[index]
        faults.append(Fault(FaultKind.CONSTRAINT, link.certificate.subject_text, link.position, detail=clause))
    return tuple(faults)


def _date_faults(link: Link, at: datetime) -> list[Fault]:
    certificate = link.certificate
    if at > certificate.not_after:  # RFC 5280 section 4.1.2.5: valid up to and with notAfter
        kind, detail = FaultKind.EXPIRED, f"it ended at {certificate.not_after:%Y-%m-%d %H:%M} UTC"
    elif at < certificate.not_before:
        kind, detail = FaultKind.NOT_YET_VALID, f"it begins at {certificate.not_before:%Y-%m-%d %H:%M} UTC"
    else:
        return []
    dates = certificate.not_before, certificate.not_after
    return [Fault(kind, certificate.subject_text, link.position, *dates, detail=detail)]


def _weakness(link: Link, signatures: Signatures) -> list[Fault]:
    """TLS-06. An anchor is trusted as it is; what a self-signed certificate says of itself carries no trust."""
    certificate = link.certificate
    clauses = []
    if not link.anchor or link.position == 0:
        clauses.append(weak_key(certificate))
    if not link.anchor:
        weak = weak_signature(certificate)
        clauses.append(weak if weak and not _self_signed(certificate, signatures) else None)
    return [
        Fault(FaultKind.WEAK, certificate.subject_text, link.position, detail=clause) for clause in clauses if clause
    ]


def _name_faults(leaf: Certificate, reference_names: Sequence[Name]) -> list[Fault]:
    """STS-63, STS-64: a DNS-ID must name the host; the common name never counts (TLS-03)."""
    if not reference_names or leaf.extensions is None:
        return []
    wanted = " or ".join(reference_names)
    if not leaf.dns_ids:
        detail = f"it has no subject alternative name for {wanted}"
        if any(dns_id_matches(leaf.common_name, name) for name in reference_names):
            detail = f"it names {wanted} in the common name only, which does not count"
        return [Fault(FaultKind.NO_SAN, leaf.subject_text, 0, detail=detail)]
    if any(dns_id_matches(pattern, name) for pattern in leaf.dns_ids for name in reference_names):
        return []
    presented = tuple(name[:TEXT_CHARACTERS] for name in leaf.dns_ids[:NAMES_KEPT])
    return [
        Fault(FaultKind.NAME_MISMATCH, leaf.subject_text, 0, presented=presented, detail=f"it does not name {wanted}")
    ]


def _unreadable(position: int, detail: str, subject: str = "") -> Fault:
    name = subject or ("the server's certificate" if position == 0 else f"certificate {position + 1} of the chain")
    return Fault(FaultKind.UNREADABLE, name, position, detail=detail)


def _order(fault: Fault) -> tuple[int, int]:
    """Faults in the order of the chain, and within a certificate in the order of FaultKind."""
    place = CHAIN_CERTIFICATES if fault.position is None else fault.position
    return place, list(FaultKind).index(fault.kind)
