"""Certificates for tests: any validity, any names, any fault. `issue` makes one; what is not asked for is healthy.

Elliptic keys unless told otherwise, since they cost nothing. A SHA-1 signature is made by the openssl command, which
`cryptography` refuses to do.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

AT = datetime.now(UTC).replace(microsecond=0)  # the time at which tests judge: OpenSSL, an oracle, knows no other
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """One key a size for the whole run: they are slow to make, and no test needs two."""
    return rsa.generate_private_key(65_537, bits)


def name(common_name: str = "", organization: str = "") -> x509.Name:
    parts = [(NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value])


def usage(*allowed: str) -> x509.KeyUsage:
    """Key usage with the named bits set: `digital_signature`, `key_cert_sign` …"""
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: bit in allowed for bit in bits})


def ca_issuers(url: str) -> x509.AuthorityInformationAccess:
    method = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, x509.UniformResourceIdentifier(url))])


def issue(
    subject: x509.Name | str,
    issuer: Made | None = None,
    *,
    names: Sequence[str] = (),
    ca: bool | None = None,
    path_length: int | None = None,
    key: Key | None = None,
    not_before: datetime = AT - 30 * DAY,
    not_after: datetime = AT + 60 * DAY,
    key_identifiers: bool = True,
    extensions: Sequence[x509.ExtensionType] = (),
    critical: Sequence[x509.ExtensionType] = (),
    issuer_name: x509.Name | None = None,
) -> Made:
    """Make a certificate signed by `issuer`, by itself without one.

    names: DNS-IDs. ca: the value of basicConstraints, None for none. extensions, critical: further ones.
    issuer_name: the issuer field, where it shall differ from the issuer's subject.
    """
    own = key or new_key()
    signer = issuer.key if issuer else own
    subject_name = name(subject) if isinstance(subject, str) else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(issuer_name or (issuer.certificate.subject if issuer else subject_name))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False
        )
    if key_identifiers:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        named = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(named, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    for extension in critical:
        builder = builder.add_extension(extension, critical=True)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Made(builder.sign(signer, algorithm), own)


def authority(common_name: x509.Name | str, issuer: Made | None = None, *, path_length: int | None = None) -> Made:
    """A healthy CA: a root, or an intermediate of `issuer`."""
    return issue(
        common_name,
        issuer,
        ca=True,
        path_length=path_length,
        not_before=AT - 1_000 * DAY,
        not_after=AT + 1_000 * DAY,
        extensions=[usage("key_cert_sign", "crl_sign")],
    )


def server(issuer: Made | None, *names: str, **changes: object) -> Made:
    """A healthy server certificate for `names`; `changes` are arguments of `issue`."""
    arguments: dict[str, object] = {
        "subject": names[0] if names else "",
        "issuer": issuer,
        "names": names,
        "ca": False,
        "extensions": [usage("digital_signature"), server_use()],
    }
    return issue(**{**arguments, **changes})  # type: ignore[arg-type] # checked when called


def server_use() -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def signed_with(digest: str, issuer: Made, host: str, folder: Path) -> bytes:
    """DER of a healthy leaf signed with `digest` (`sha1`, `md5`) by the openssl command; valid from today on."""
    for file, content in (("ca.pem", issuer.pem), ("ca.key", issuer.key_pem)):
        (folder / file).write_bytes(content)
    (folder / "san.ext").write_text(f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")
    request = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}"]
    _openssl(folder, [*request, "-keyout", "leaf.key", "-out", "leaf.csr"])
    sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "5", "-days", "90"]
    _openssl(folder, [*sign, f"-{digest}", "-extfile", "san.ext", "-outform", "DER", "-out", "leaf.der"])
    return (folder / "leaf.der").read_bytes()


def _openssl(folder: Path, arguments: Sequence[str]) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
