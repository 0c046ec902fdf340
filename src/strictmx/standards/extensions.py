"""The extensions of a certificate, read as tolerantly as OpenSSL reads them (RFC 5280 section 4.2).

cryptography refuses all of them when one has a fault. OpenSSL, and so nearly every sender, minds only those that its
verification uses; a bad policy text or timestamp list in a certificate is no reason to call the host broken.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.x509.extensions import Extensions

from strictmx.standards.der import SEQUENCE, Element, InvalidDer, element, elements, encoded

EXTENSIONS = 64  # read one by one at most; certificates have about ten

_EXPLICIT_EXTENSIONS = 0xA3  # RFC 5280 section 4.1: `extensions [3]`
_USED = frozenset(  # id-ce arc: a fault in one of these makes OpenSSL refuse the certificate
    b"\x06\x03\x55\x1d" + bytes([arc])
    for arc in (
        14,  # subjectKeyIdentifier
        15,  # keyUsage
        17,  # subjectAltName
        19,  # basicConstraints
        30,  # nameConstraints
        31,  # cRLDistributionPoints
        35,  # authorityKeyIdentifier
        37,  # extKeyUsage
    )
)
# what cryptography raises for octets that are no certificate, no extension or no key; only some are ValueErrors
READING_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    InternalError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def read_extensions(certificate: x509.Certificate, der: bytes) -> Extensions | None:
    """The extensions of a certificate, without those that have a fault and are used by nobody.

    der: the same certificate. None: one that verification needs cannot be read, or stands there twice.
    """
    try:
        return certificate.extensions
    except READING_ERRORS:
        pass
    try:
        return _one_by_one(der)
    except InvalidDer:
        return None


def _one_by_one(der: bytes) -> Extensions | None:
    """Read each extension alone, in a copy of the certificate that has no other; the copy's signature is never used."""
    to_be_signed, *rest = elements(element(der).content)
    fields = elements(to_be_signed.content)
    wrapped = next((field for field in fields if field.tag == _EXPLICIT_EXTENSIONS), None)
    others = b"".join(field.encoding for field in fields if field.tag != _EXPLICIT_EXTENSIONS)
    tail = b"".join(part.encoding for part in rest)
    found: dict[bytes, x509.Extension[x509.ExtensionType]] = {}
    for part in elements(element(wrapped.content).content)[:EXTENSIONS] if wrapped else ():
        inner = elements(part.content)
        kind = inner[0].encoding if inner else b""
        extension = None if kind in found else _alone(others, part, tail)
        if extension is not None:
            found[kind] = extension
        elif kind in _USED:
            return None
    return Extensions(list(found.values()))


def _alone(others: bytes, extension: Element, tail: bytes) -> x509.Extension[x509.ExtensionType] | None:
    wrapped = encoded(_EXPLICIT_EXTENSIONS, encoded(SEQUENCE, extension.encoding))
    copy = encoded(SEQUENCE, encoded(SEQUENCE, others + wrapped) + tail)
    try:
        return next(iter(x509.load_der_x509_certificate(copy).extensions), None)
    except READING_ERRORS:
        return None
