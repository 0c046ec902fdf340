"""TLS as probes use it: take whatever chain the server sends, and tell which protocol it speaks.

Nothing is verified here; `standards.certificates` judges what was sent.
One context a purpose, made at first use. No session is ever resumed, since a resumed one has no chain. Sessions below
TLS 1.2 are tried only to name the fault (`tls-too-old`) and nothing is sent in them.
"""

from __future__ import annotations

import ssl
import sys
import warnings
from functools import cache

from strictmx.standards.names import InvalidName, Name

CHAIN_CERTIFICATES = 16  # certificates kept of a chain; real ones have two to five
CHAIN_OCTETS = 106_496  # DER kept of a chain; OpenSSL itself takes no more than 100 KiB in a handshake
HANDSHAKE_ERRORS = (ssl.SSLError, ConnectionError, EOFError)  # how a handshake ends that the peer did not want

_CLEAR_TEXT = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "HTTPS_PROXY_REQUEST"})


@cache
def probe_context() -> ssl.SSLContext:
    """TLS 1.2 and later, any certificate, any cipher that OpenSSL still speaks: a probe looks and does not trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


@cache
def legacy_context() -> ssl.SSLContext | None:
    """TLS 1.0 and 1.1 only; None where this machine's OpenSSL was built without them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # we know that they are old: that is the question
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")  # either alone, version or level, does not reach TLS 1.0
    except (ValueError, ssl.SSLError):
        return None
    return context


def chain(ssl_object: ssl.SSLObject | None) -> tuple[bytes, ...]:
    """The certificates that the server sent, DER, leaf first, verified or not; at most CHAIN_OCTETS of them."""
    if ssl_object is None:
        return ()
    kept: list[bytes] = []
    octets = 0
    for certificate in _unverified_chain(ssl_object)[:CHAIN_CERTIFICATES]:
        octets += len(certificate)
        if octets > CHAIN_OCTETS:
            break
        kept.append(certificate)
    return tuple(kept)


def server_name(host: str) -> str:
    """What to send as SNI for `host`: the name, or nothing where it is no name that TLS could carry."""
    try:
        return str(Name.parse(host))
    except InvalidName:
        return ""


def describe(error: BaseException) -> str:
    """One clause on why a handshake failed, for people; never matched on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        if error.reason in _CLEAR_TEXT:
            return "the server answered the handshake in clear text"
        reason = error.reason or str(error.args[-1] if error.args else error)
        return f"the handshake failed: {reason.replace('_', ' ').lower()}"
    if isinstance(error, ConnectionResetError):
        return "the server hung up during the handshake (reset)"
    return "the server hung up during the handshake"


def _unverified_chain(ssl_object: ssl.SSLObject) -> list[bytes]:
    if sys.version_info >= (3, 13):
        return list(ssl_object.get_unverified_chain())
    # Python 3.11 and 3.12 have the method on the inner object only; a test holds this on each version
    certificates = ssl_object._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001
    return [certificate.public_bytes(ssl._ssl.ENCODING_DER) for certificate in certificates or ()]  # type: ignore[attr-defined]  # noqa: SLF001
