"""How strong the key and the signature of a certificate are (TLS-06), and the key as people write it."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from strictmx.standards.chain import Certificate, signature_hash

RSA_BITS = 2_048  # TLS-06; DSA is held to the same
EC_BITS = 224  # TLS-06

_WEAK_HASHES = {"md5": "MD5", "sha1": "SHA-1"}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def weak_key(certificate: Certificate) -> str | None:
    """One clause when the key is shorter than TLS-06 wants; None otherwise, for unknown algorithms too."""
    match certificate.key:
        case rsa.RSAPublicKey() | dsa.DSAPublicKey() as key if key.key_size < RSA_BITS:
            return f"its key has {key.key_size} bits, {RSA_BITS} are the least"
        case ec.EllipticCurvePublicKey() as key if key.key_size < EC_BITS:
            return f"its key has {key.key_size} bits, {EC_BITS} are the least for an elliptic curve"
        case _:
            return None


def weak_signature(certificate: Certificate) -> str | None:
    """One clause when the signature is made with a broken digest; None otherwise."""
    digest = signature_hash(certificate)
    weak = _WEAK_HASHES.get(digest.name) if digest is not None else None
    return f"its signature is made with {weak}" if weak else None


def key_text(certificate: Certificate) -> str:
    """The key in short: `RSA 2048`, `EC P-256`, `Ed25519`; `unknown` for others."""
    match certificate.key:
        case rsa.RSAPublicKey() as key:
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey() as key:
            return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
        case dsa.DSAPublicKey() as key:
            return f"DSA {key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case _:
            return "unknown"
