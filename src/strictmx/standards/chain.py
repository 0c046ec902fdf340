"""Certificates read with all that judging needs, and the search for paths from a server's to a trusted one (RFC 5280).

Pure, and bounded whatever a server sends. What is wrong with a path, and what to call it, is `certificates`; the rules
of one certificate on a path are `constraints`.
Chosen where the text is open: names are equal when their text is, whatever string type encodes it (RFC 5280 section
7.1; OpenSSL does likewise); who signed is decided by the key alone; a trust anchor ends a path whether it is a root or
not, and whether it was sent or not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TypeVar, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.extensions import Extensions, ExtensionType
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from strictmx.standards.extensions import READING_ERRORS, read_extensions

CHAIN_CERTIFICATES = 16  # certificates of one chain that are looked at; a healthy server sends two to four
CERTIFICATE_OCTETS = 102_400  # OpenSSL's bound for a whole chain (SSL_MAX_CERT_LIST_DEFAULT)
KNOWN_CERTIFICATES = 4_096  # anchors and known issuers read at most; a system's trust store has about 150
PATH_ISSUERS = 14  # issuers above the server's own certificate; the public Web has at most four
CACHED_CERTIFICATES = 1_024  # read once: intermediates recur in a run, and in the pool of one observation
SIGNATURE_CHECKS = 32  # of one chain; a check costs 0.1 ms, with the largest keys some 5 ms
RSA_EXPONENT_BITS = 32  # beyond them a check costs a hundred times as much, and no authority has such a key
NAME_COMPARISONS = 262_144  # of names with name constraints, in all chains that share a budget; about a second's work
CACHED_OCTETS = 8_192  # of one certificate that is kept for later; larger ones are read again
SEARCH_STEPS = 256  # certificates put on a path while searching: cross-signed ones multiply the ways
TEXT_CHARACTERS = 200  # of a name kept as evidence

NameKey = tuple[frozenset[tuple[str, str | bytes]], ...]  # a distinguished name, folded for comparison

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_MD5_RSA = "1.2.840.113549.1.1.4"  # cryptography gives no padding for it, but it is PKCS #1 v1.5


class Unreadable(ValueError):
    """The octets are no certificate that can be read; the text says why, as one clause."""


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """A certificate that could be read.

    subject, issuer: folded names, for comparison. subject_text, issuer_text: for people, cut to TEXT_CHARACTERS.
    key: None when its algorithm is unknown here. extensions: None when they cannot be read; by_kind: their values.
    dns_ids: the dNSName entries of the subject alternative name, as they stand.
    """

    der: bytes
    x509: x509.Certificate
    subject: NameKey
    issuer: NameKey
    subject_text: str
    issuer_text: str
    common_name: str
    not_before: datetime
    not_after: datetime
    key: CertificatePublicKeyTypes | None
    extensions: Extensions | None
    by_kind: Mapping[type, ExtensionType]
    dns_ids: tuple[str, ...]

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name; that alone does not make it self-signed."""
        return self.subject == self.issuer

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """The value of the extension of that kind; None when it is not there or none can be read."""
        return cast("_Extension | None", self.by_kind.get(kind))


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate.

    Raises Unreadable: no DER, no certificate, or larger than CERTIFICATE_OCTETS. Extensions that cannot be read do
    not raise: `extensions` is None then.
    """
    if len(der) > CERTIFICATE_OCTETS:
        raise Unreadable(f"it is larger than {CERTIFICATE_OCTETS} octets")
    return _read_and_keep(der) if len(der) <= CACHED_OCTETS else _read(der)


def _read(der: bytes) -> Certificate:
    with warnings.catch_warnings():
        # old roots have a serial number below one, which the library announces to refuse one day
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            loaded = x509.load_der_x509_certificate(der)
            subject, issuer = loaded.subject, loaded.issuer
            not_before, not_after = loaded.not_valid_before_utc, loaded.not_valid_after_utc
        except READING_ERRORS as error:
            raise Unreadable("it is no X.509 certificate in DER") from error
        key, extensions = _key_of(loaded), read_extensions(loaded, der)
    dns_ids = _dns_ids(extensions)
    common_names = [str(name.value) for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Certificate(
        der=der,
        x509=loaded,
        subject=folded(subject),
        issuer=folded(issuer),
        subject_text=readable(subject) or (dns_ids[0][:TEXT_CHARACTERS] if dns_ids else "a certificate without a name"),
        issuer_text=readable(issuer) or "an issuer without a name",
        common_name=common_names[-1][:TEXT_CHARACTERS] if common_names else "",
        not_before=not_before,
        not_after=not_after,
        key=key,
        extensions=extensions,
        by_kind={type(extension.value): extension.value for extension in extensions or ()},
        dns_ids=dns_ids,
    )


_read_and_keep = lru_cache(maxsize=CACHED_CERTIFICATES)(_read)


def read_known(ders: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Those of `ders` that can be read, each once; they come from this side, so a bad one is passed over."""
    found: list[Certificate] = []
    for der in dict.fromkeys(ders[:KNOWN_CERTIFICATES]):
        try:
            found.append(read_certificate(der))
        except Unreadable:
            continue
    return tuple(found)


def folded(name: x509.Name) -> NameKey:
    """A distinguished name for comparison: case and white space folded, no string types (RFC 5280 section 7.1)."""
    return tuple(
        frozenset(
            (
                part.oid.dotted_string,
                part.value if isinstance(part.value, bytes) else " ".join(part.value.split()).casefold(),
            )
            for part in rdn
        )
        for rdn in name.rdns
    )


def readable(name: x509.Name) -> str:
    """A distinguished name for people: `R11 (Let's Encrypt)`; empty when the name is."""

    def first(*kinds: x509.ObjectIdentifier) -> str:
        for kind in kinds:
            for part in reversed(name.get_attributes_for_oid(kind)):
                if isinstance(part.value, str) and part.value.strip():
                    return part.value.strip()
        return ""

    common = first(NameOID.COMMON_NAME)
    organization = first(NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if common and organization and organization.casefold() not in common.casefold():
        return f"{common[: TEXT_CHARACTERS // 2]} ({organization[: TEXT_CHARACTERS // 2 - 3]})"
    if common or organization:
        return (common or organization)[:TEXT_CHARACTERS]
    return ",".join(str(part.value) for part in name)[:TEXT_CHARACTERS]


@dataclass(slots=True)
class Budget:
    """Signature checks that several chains share, so that many hostile ones together cost no more than a few.

    known: who signed what, (certificate, issuer or bare key) in DER; chains of one authority pay for its part once.
    comparisons: of names with name constraints, likewise. compared: their outcome, by (certificate, issuer) in DER and
    whether the certificate is the leaf: a clause that says what is broken, or nothing.
    """

    left: int = SIGNATURE_CHECKS
    known: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    comparisons: int = NAME_COMPARISONS
    compared: dict[tuple[bytes, bytes, bool], str] = field(default_factory=dict)


@dataclass(slots=True)
class Signatures:
    """Who signed what, for one chain: at most `left` checks that nobody made before, or what `budget` has left.

    given_up: a pair was left unchecked for want of either, so that a path may have been missed.
    """

    budget: Budget = field(default_factory=Budget)
    left: int = SIGNATURE_CHECKS
    given_up: bool = False

    def made_by(self, child: Certificate, issuer: Certificate) -> bool:
        """Whether the key of `issuer` made the signature of `child`; False once no checks are left."""
        return self._made(child, issuer.der, lambda: issuer.key)

    def made_by_key(self, child: Certificate, key: bytes) -> bool:
        """As `made_by`, for a bare SubjectPublicKeyInfo (TLSA `2 1 0`)."""
        return self._made(child, key, lambda: _load_key(key))

    def _made(self, child: Certificate, signer: bytes, key: Callable[[], PublicKeyTypes | None]) -> bool:
        pair = (child.der, signer)
        if pair not in self.budget.known:
            if self.left <= 0 or self.budget.left <= 0:
                self.given_up = True
                return False
            self.left -= 1
            self.budget.left -= 1
            self.budget.known[pair] = signed_by(child, key())
        return self.budget.known[pair]


def signed_by(child: Certificate, key: PublicKeyTypes | None) -> bool:
    """Whether `key` made the signature of `child`; False for algorithms that are unknown here."""
    certificate = child.x509
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        algorithm = certificate.signature_hash_algorithm
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        elif algorithm is None:
            return False
        elif isinstance(key, rsa.RSAPublicKey):
            if key.public_numbers().e.bit_length() > RSA_EXPONENT_BITS:
                return False
            key.verify(signature, signed, _padding(certificate), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, dsa.DSAPublicKey):
            key.verify(signature, signed, algorithm)
        else:
            return False
    except (InvalidSignature, *READING_ERRORS):
        return False
    return True


def signature_hash(certificate: Certificate) -> hashes.HashAlgorithm | None:
    """The digest that the signature is made over; None for algorithms that have none or are unknown."""
    try:
        return certificate.x509.signature_hash_algorithm
    except READING_ERRORS:
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A certificate on a path. position: its place in the chain as sent, 0 the leaf; None when it was not sent."""

    certificate: Certificate
    position: int | None
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A way from the leaf upwards: to an anchor (`anchored`), or as far as it goes.

    by_key: the last certificate is signed by a bare key that is trusted, so no certificate ends the path.
    """

    links: tuple[Link, ...]
    anchored: bool
    by_key: bool = False

    @property
    def last(self) -> Certificate:
        """The certificate at the upper end."""
        return self.links[-1].certificate


@dataclass(frozen=True, slots=True)
class Pool:
    """The certificates that a path may be built of, by subject, in the order in which they are tried."""

    by_subject: Mapping[NameKey, Sequence[Link]]
    anchors: frozenset[bytes]
    keys: tuple[bytes, ...] = ()

    @classmethod
    def of(
        cls,
        sent: Sequence[Link],
        anchors: Sequence[Certificate],
        issuers: Sequence[Certificate] = (),
        keys: Sequence[bytes] = (),
    ) -> Pool:
        """Put together what was sent, what is trusted, and what is known besides; anchors are tried first."""
        trusted = frozenset(anchor.der for anchor in anchors)
        places = {link.certificate.der: link.position for link in reversed(sent)}
        by_subject: dict[NameKey, list[Link]] = {}
        links = [Link(anchor, places.get(anchor.der), anchor=True) for anchor in anchors]
        links += [link for link in sent if link.certificate.der not in trusted]
        links += [Link(one, None) for one in issuers if one.der not in trusted and one.der not in places]
        seen: set[bytes] = set()
        for link in links:
            if link.certificate.der not in seen:
                seen.add(link.certificate.der)
                by_subject.setdefault(link.certificate.subject, []).append(link)
        return cls(by_subject, trusted, tuple(keys))

    def named(self, name: NameKey) -> Sequence[Link]:
        """The certificates of that subject."""
        return self.by_subject.get(name, ())


def find_paths(leaf: Link, pool: Pool, signatures: Signatures) -> Iterator[Path]:
    """Every path from the leaf, within the bounds: those that reach an anchor, and those that end before one.

    A path never holds a certificate twice. Each step is a name that fits and a signature that verifies.
    """
    steps = SEARCH_STEPS
    waiting: list[tuple[Link, ...]] = [(leaf,)]
    while waiting and steps > 0:
        steps -= 1
        links = waiting.pop()
        last = links[-1].certificate
        if last.der in pool.anchors:
            yield Path((*links[:-1], Link(last, links[-1].position, anchor=True)), anchored=True)
            continue
        if any(signatures.made_by_key(last, key) for key in pool.keys):
            yield Path(links, anchored=True, by_key=True)
        further = _further(links, pool, signatures) if len(links) <= PATH_ISSUERS else []
        if not further:
            yield Path(links, anchored=False)
        waiting.extend((*links, link) for link in reversed(further))


def authority_key(certificate: Certificate) -> x509.AuthorityKeyIdentifier | None:
    """What the certificate says of its issuer's key (RFC 5280 section 4.2.1.1)."""
    return certificate.extension(x509.AuthorityKeyIdentifier)


def issuer_key_fits(child: Certificate, issuer: Certificate) -> bool:
    """Whether nothing in the child's authority key identifier speaks against `issuer` (OpenSSL insists on that)."""
    named = authority_key(child)
    if named is None:
        return True
    own = issuer.extension(x509.SubjectKeyIdentifier)
    if named.key_identifier is not None and own is not None and own.digest != named.key_identifier:
        return False
    if named.authority_cert_serial_number is not None:
        if named.authority_cert_serial_number != issuer.x509.serial_number:
            return False
        names = authority_issuer_names(child)
        return not names or issuer.issuer in names
    return True


def authority_issuer_names(certificate: Certificate) -> tuple[NameKey, ...]:
    """The names of the issuer's issuer, where the authority key identifier holds them (authorityCertIssuer)."""
    named = authority_key(certificate)
    if named is None or not named.authority_cert_issuer:
        return ()
    return tuple(folded(name.value) for name in named.authority_cert_issuer if isinstance(name, x509.DirectoryName))


def issuer_url(certificate: Certificate) -> str:
    """Where the certificate says that its issuer's certificate lies (AIA caIssuers, http only); empty without one."""
    access = certificate.extension(x509.AuthorityInformationAccess)
    places = (
        one.access_location for one in access or () if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    )
    urls = (place.value for place in places if isinstance(place, x509.UniformResourceIdentifier))
    return next((url[:TEXT_CHARACTERS] for url in urls if url.lower().startswith(("http://", "https://"))), "")


def _further(links: tuple[Link, ...], pool: Pool, signatures: Signatures) -> list[Link]:
    """The certificates that signed the last one of the path, likely ones first."""
    last = links[-1].certificate
    used = {link.certificate.der for link in links}
    candidates = [link for link in pool.named(last.issuer) if link.certificate.der not in used]
    candidates.sort(key=lambda link: not issuer_key_fits(last, link.certificate))
    return [link for link in candidates if signatures.made_by(last, link.certificate)]


def _dns_ids(extensions: Extensions | None) -> tuple[str, ...]:
    if extensions is None:
        return ()
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def _key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes | None:
    try:
        return certificate.public_key()
    except READING_ERRORS:
        return None


def _load_key(spki: bytes) -> PublicKeyTypes | None:
    try:
        return load_der_public_key(spki)
    except READING_ERRORS:
        return None


def _padding(certificate: x509.Certificate) -> padding.AsymmetricPadding:
    if certificate.signature_algorithm_oid.dotted_string == _MD5_RSA:
        return padding.PKCS1v15()
    parameters = certificate.signature_algorithm_parameters
    if isinstance(parameters, padding.PKCS1v15 | padding.PSS):
        return parameters
    raise UnsupportedAlgorithm("an RSA signature with parameters that are unknown here")
