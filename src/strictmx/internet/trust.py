"""The trust store: which roots count, and which other CA certificates are known on this side.

`trust = "system"` is what OpenSSL would read on this machine (SSL_CERT_FILE and SSL_CERT_DIR honoured), else the
bundle that distributions keep in a well-known place; otherwise a PEM file. Certificates are read one by one, so that
one that cannot be read costs itself only. What is not issued by itself is no anchor but a known issuer: it lets a
missing intermediate be named (TLS-05) and never makes a chain trusted.
"""

from __future__ import annotations

import binascii
import re
import ssl
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

    from strictmx.config import Internet
    from strictmx.standards.certificates import AnchorIndex

FILE_OCTETS = 33_554_432  # a bundle has 0.25 MB; more than 32 MB is another file by mistake
SYSTEM = "system"
_BUNDLES = (  # Debian and Alpine; Fedora and RHEL; macOS, BSD and old RHEL; SUSE
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)
_PEM = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]{1,200000}?)-----END ")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")  # how OpenSSL names the files of a certificate directory


class TrustError(Exception):
    """The trust store cannot be used. `.path` is the file, empty where the system has none; the text is for people."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class TrustStore:
    """What was read. anchors, issuers: DER. skipped: certificates that could not be read."""

    anchors: tuple[bytes, ...]
    issuers: tuple[bytes, ...]
    skipped: int = 0

    @classmethod
    def load(cls, settings: Internet) -> TrustStore:
        """Read the certificates that the configuration names; blocking, some 10 ms for a system's roots.

        Raises TrustError: a file cannot be read, holds no certificate, or the system has no trust store.
        """
        if settings.trust == SYSTEM:
            ders = list(_system())
            if not ders and not settings.trust_extra:
                raise TrustError(
                    "", "this system has no CA certificates: install ca-certificates or set internet.trust"
                )
        else:
            ders = list(_file(settings.trust))
        for path in settings.trust_extra:
            ders += _file(path)
        anchors, issuers, skipped = [], [], 0
        for der in dict.fromkeys(ders):
            certificate = _certificate(der)
            if certificate is None:
                skipped += 1
            elif certificate.subject == certificate.issuer:
                anchors.append(der)
            elif is_authority(certificate):
                issuers.append(der)
        return cls(tuple(anchors), tuple(issuers), skipped)

    @cached_property
    def index(self) -> AnchorIndex:
        """The anchors by subject, made once, to pick those that a chain could lead to."""
        from strictmx.standards.certificates import AnchorIndex

        return AnchorIndex(self.anchors)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate says of itself that it may issue others (basicConstraints)."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _system() -> Iterator[bytes]:
    paths = ssl.get_default_verify_paths()
    found = False
    for path in filter(None, (paths.cafile, *_hashed(paths.capath))):
        for der in _read(Path(path)):
            found = True
            yield der
    if not found:
        bundle = next((Path(path) for path in _BUNDLES if Path(path).is_file()), None)
        if bundle is not None:
            yield from _read(bundle)


def _hashed(directory: str | None) -> list[str]:
    if directory is None:
        return []
    try:
        return sorted(str(path) for path in Path(directory).iterdir() if _HASHED.match(path.name))
    except OSError:
        return []


def _file(path: str) -> list[bytes]:
    """The certificates of a file that the configuration names: there must be one at least."""
    ders = list(_read(Path(path)))
    if not ders:
        raise TrustError(path, "holds no PEM certificate")
    return ders


def _read(path: Path) -> Iterator[bytes]:
    try:
        if not path.is_file():  # opening a pipe would wait for its writer
            raise TrustError(str(path), "is no regular file" if path.exists() else "No such file or directory")
        with path.open("rb") as file:
            text = file.read(FILE_OCTETS + 1)
    except OSError as error:
        raise TrustError(str(path), error.strerror or "cannot be read") from error
    if len(text) > FILE_OCTETS:
        raise TrustError(str(path), f"is larger than {FILE_OCTETS} octets")
    for block in _PEM.finditer(text):
        try:
            yield binascii.a2b_base64(block[1])
        except binascii.Error:
            yield b""  # counted as skipped


def _certificate(der: bytes) -> x509.Certificate | None:
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old roots with a negative serial or an odd name are still roots
            certificate = x509.load_der_x509_certificate(der)
            _ = certificate.subject, certificate.issuer  # parsed on access: a name that cannot be read shows here
    except ValueError:
        return None
    return certificate
