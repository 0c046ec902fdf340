"""The lab's certificates: a trusted root, its intermediate, a root that nobody trusts, and leaves with any fault.

Dates count from the start of the lab. Leaves of one kind share a key, since making keys costs time and no test here
depends on their being different; a TLSA record for another key is computed from one that no host shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from strictmx.lab.model import Certificate, Chain, Issuer, Key, Naming, Tlsa, TlsaOf, Validity

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

COMMON_NAME_CHARACTERS = 64  # RFC 5280 appendix A: the upper bound of a common name
ISSUER_URL = (
    "http://ca.example/intermediate.der"  # where a public CA tells that its intermediate lies (RFC 5280 4.2.2.1)
)

_DAY = timedelta(days=1)
_VALIDITY = {  # days from the start of the lab; the lifetimes are the 90 days of a public CA
    Validity.NOW: (-30, 60),
    Validity.EXPIRED: (-100, -10),
    Validity.NOT_YET: (2, 92),
    Validity.ENDS_SOON: (-85, 5),
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A leaf, its key, and the chain that a server sends, leaf first."""

    leaf: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...]

    def pem(self) -> bytes:
        """Key and chain in one file, as `ssl.SSLContext.load_cert_chain` and most servers read it."""
        return _key_pem(self.key) + b"".join(_pem(certificate) for certificate in self.chain)


class Authority:
    """Two hierarchies of certificates that are valid at `at` (aware UTC), made anew for each lab."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._root_key, self._intermediate_key, self._unknown_key = (_p256() for _ in range(3))
        self._leaf_key = _p256()
        self.root = self._self_signed("Lab Trusted Root", self._root_key)
        self.unknown_root = self._self_signed("Lab Unknown Root", self._unknown_key)
        self.intermediate = self._signed_authority(
            _name("Lab Issuing Authority"), self._intermediate_key, self.root, self._root_key
        )

    def trust(self) -> bytes:
        """The trusted root as PEM."""
        return _pem(self.root)

    def issue(self, host: str, certificate: Certificate) -> Issued:
        """A certificate as described, for the names that it gives, else for `host`."""
        names = certificate.names or (host,)
        key = self._key(certificate.key)
        first, last = _VALIDITY[certificate.validity]
        subject = _name(names[0][:COMMON_NAME_CHARACTERS])
        issuer, signer = {
            Issuer.INTERMEDIATE: (self.intermediate.subject, self._intermediate_key),
            Issuer.PUBLIC_NAME: (self._namesake.subject, self._intermediate_key),
            Issuer.UNKNOWN_ROOT: (self.unknown_root.subject, self._unknown_key),
            Issuer.SELF: (subject, key),
        }[certificate.issuer]
        builder = (
            _builder(subject, key.public_key(), self._at + first * _DAY, self._at + last * _DAY)
            .issuer_name(issuer)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_authority_key(signer), critical=False)
        )
        if certificate.naming is Naming.ALTERNATIVE_NAMES:
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        if certificate.issuer is Issuer.INTERMEDIATE:
            where = x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(ISSUER_URL)
            )
            builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
        leaf = builder.sign(signer, hashes.SHA256())
        return Issued(leaf, key, (leaf, *self._sent(certificate)))

    def tlsa(self, record: Tlsa, leaf: x509.Certificate) -> str:
        """The presentation form of a TLSA record for a host that shows `leaf` (RFC 6698 section 2.1)."""
        if record.data:  # of a length that only the form for unknown types can write (RFC 3597 section 5)
            octets = bytes((record.usage, record.selector, record.matching_type)) + bytes.fromhex(record.data)
            return f"\\# {len(octets)} {octets.hex()}"
        certificate = {
            TlsaOf.LEAF: leaf,
            TlsaOf.INTERMEDIATE: self.intermediate,
            TlsaOf.ROOT: self.root,
            TlsaOf.OTHER: self.unknown_root,
        }[record.of]
        octets = certificate.public_bytes(serialization.Encoding.DER) if not record.selector else _spki(certificate)
        data = {0: octets.hex, 1: hashlib.sha256(octets).hexdigest, 2: hashlib.sha512(octets).hexdigest}[
            record.matching_type
        ]()
        return f"{record.usage} {record.selector} {record.matching_type} {data}"

    def _sent(self, certificate: Certificate) -> tuple[x509.Certificate, ...]:
        """What goes behind the leaf."""
        if certificate.chain is Chain.LEAF_ONLY or certificate.issuer is Issuer.SELF:
            return ()
        if certificate.issuer is Issuer.UNKNOWN_ROOT:
            return (self.unknown_root,)
        if certificate.issuer is Issuer.PUBLIC_NAME:
            return (self._namesake,)
        return {
            Chain.COMPLETE: (self.intermediate,),
            Chain.WITH_ROOT: (self.intermediate, self.root),
            Chain.WITH_EXTRA: (self._stranger, self.intermediate, self._cross_signed),
        }[certificate.chain]

    @cached_property
    def _cross_signed(self) -> x509.Certificate:
        """The trusted root's name and key, signed by the root that nobody trusts, as an older root would have."""
        return self._signed_authority(self.root.subject, self._root_key, self.unknown_root, self._unknown_key)

    @cached_property
    def _namesake(self) -> x509.Certificate:
        """An intermediate with the name of an authority that CAA records can allow."""
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Let's Encrypt"),
                x509.NameAttribute(NameOID.COMMON_NAME, "Lab R10"),
            ]
        )
        return self._signed_authority(name, self._intermediate_key, self.root, self._root_key)

    @cached_property
    def _stranger(self) -> x509.Certificate:
        """A certificate that has nothing to do with any chain."""
        return self._self_signed("Lab Stranger", _p256())

    @cached_property
    def _rsa_2048(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    @cached_property
    def _rsa_1024(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 - the weak key is what the domain shows

    def _key(self, kind: Key) -> PrivateKey:
        match kind:
            case Key.P256:
                return self._leaf_key
            case Key.RSA_2048:
                return self._rsa_2048
            case Key.RSA_1024:
                return self._rsa_1024

    def _self_signed(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        return (
            _builder(_name(name), key.public_key(), self._at - 1000 * _DAY, self._at + 3000 * _DAY)
            .issuer_name(_name(name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(key_cert_sign=True), critical=True)
            .add_extension(_authority_key(key), critical=False)
            .sign(key, hashes.SHA256())
        )

    def _signed_authority(
        self, subject: x509.Name, key: PrivateKey, parent: x509.Certificate, signer: PrivateKey
    ) -> x509.Certificate:
        """An authority below another one."""
        return (
            _builder(subject, key.public_key(), self._at - 500 * _DAY, self._at + 1500 * _DAY)
            .issuer_name(parent.subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(key_cert_sign=True), critical=True)
            .add_extension(_authority_key(signer), critical=False)
            .sign(signer, hashes.SHA256())
        )


def _builder(
    subject: x509.Name, public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    """A certificate without issuer, names and purposes."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key(signer: PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
