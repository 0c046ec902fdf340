"""DKIM key records (RFC 6376 section 3.6.1), with the key sizes of RFC 8301 and the Ed25519 keys of RFC 8463.

Pure. Signatures are not looked at: a key record is all that DNS tells of them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from strictmx.standards.names import InvalidName, Name

LEAST_BITS, GOOD_BITS = 1_024, 2_048  # RSA, RFC 8301 section 3.2: below the first no receiver verifies
ED25519_OCTETS = 32  # RFC 8463 section 3
KEY_CHARACTERS = 8_192  # of base64; RSA 16384 has 2,800
SELECTORS = 16  # of one look
FOUND_CHARACTERS = 40  # how much of a faulty value a clause quotes
MAIL = frozenset({"*", "email"})  # services (`s=`) of a key for mail, RFC 6376 section 3.6.1
REPORT_MAIL = MAIL | {"tlsrpt"}  # of one for mails that bring reports, RFC 8460 section 3

_KEY = re.compile(r"v=dkim1|(?:.*;)?[ \t]*p[ \t]*=", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class NoSelector(ValueError):
    """A text that cannot be a DKIM selector, or too many of them."""


def read_selectors(texts: Sequence[str]) -> tuple[str, ...]:
    """Selectors as people give them, each once, in lower case (RFC 6376 section 3.1).

    Raises NoSelector: a text that is none, the whole name of a key, more than SELECTORS.
    """
    if isinstance(texts, str):
        raise NoSelector("selectors are a list")
    if len(texts) > SELECTORS:
        raise NoSelector(f"{len(texts)} selectors are given, at most {SELECTORS} are looked for")
    names: dict[str, None] = {}
    for text in texts:
        selector, key, _ = text.partition("._domainkey")
        if key:
            raise NoSelector(f"{text!r}: name the selector alone, {selector}")
        try:
            names[str(Name.parse(text))] = None
        except InvalidName as error:
            raise NoSelector(f"{text!r} is no DKIM selector: {error.reason}") from error
    return tuple(names)


class Fault(Enum):
    """Why signatures of a selector do not verify."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    REVOKED = "revoked"  # an empty `p=`
    TOO_SHORT = "too-short"


@dataclass(frozen=True, slots=True)
class Reading:
    """A selector's answer, read. octets: the key itself. bits: of an RSA key, 256 for Ed25519.

    detail: for INVALID, a clause.
    """

    candidates: tuple[str, ...] = ()
    key: str = ""
    octets: bytes = b""
    bits: int | None = None
    testing: bool = False
    fault: Fault | None = None
    detail: str = ""

    @property
    def weak(self) -> bool:
        """Whether the key verifies today and is shorter than RFC 8301 wants it."""
        return self.fault is None and self.key == "rsa" and (self.bits or 0) < GOOD_BITS


def read(texts: Sequence[str], services: frozenset[str] = MAIL) -> Reading:
    """Read the TXT records of a selector. services: the key must be for one of these. Never raises on content."""
    candidates = tuple(text for text in texts if _KEY.match(text))
    if len(candidates) != 1:
        return Reading(candidates, fault=Fault.MULTIPLE if candidates else Fault.MISSING)
    tags: dict[str, str] = {}
    for number, part in enumerate(candidates[0].split(";")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not equals or not _TAG.match(name):
            return _invalid(candidates, f"`{part.strip()[:FOUND_CHARACTERS]}` is no `tag=value`")
        if name in tags:
            return _invalid(candidates, f"the tag `{name[:FOUND_CHARACTERS]}` stands there twice")
        if name == "v" and (number or value != "DKIM1"):
            return _invalid(candidates, "`v` is not `v=DKIM1` at the beginning")
        tags[name] = value
    return _read_tags(candidates, tags, services)


def _read_tags(candidates: tuple[str, ...], tags: dict[str, str], services: frozenset[str]) -> Reading:
    testing = "y" in _listed(tags.get("t", ""))
    if "p" not in tags:
        return _invalid(candidates, "it has no `p=`, the key")
    if not tags["p"]:
        return Reading(candidates, testing=testing, fault=Fault.REVOKED)
    if "sha256" not in _listed(tags.get("h", "sha256")):
        return _invalid(candidates, "`h=` leaves out sha256, the hash that receivers accept (RFC 8301)")
    if not services & set(_listed(tags.get("s", "*"))):
        return _invalid(candidates, "`s=` says that the key is not for mail")
    key = tags.get("k", "rsa").lower()
    if key not in ("rsa", "ed25519"):
        return _invalid(candidates, f"`k={key[:FOUND_CHARACTERS]}` is no kind of key that receivers know")
    try:
        octets = base64.b64decode("".join(tags["p"][:KEY_CHARACTERS].split()), validate=True)
    except (binascii.Error, ValueError):
        return _invalid(candidates, "`p=` is no base64: a piece of the key may be missing")
    bits = _bits(key, octets)
    if bits is None:
        return _invalid(candidates, f"`p=` holds no {'RSA' if key == 'rsa' else 'Ed25519'} key: a piece may be missing")
    fault = Fault.TOO_SHORT if key == "rsa" and bits < LEAST_BITS else None
    return Reading(candidates, key, octets, bits, testing, fault)


def _bits(key: str, octets: bytes) -> int | None:
    """The size of a key; None where the octets are none."""
    if key == "ed25519":
        return 256 if len(octets) == ED25519_OCTETS else None
    try:
        loaded = load_der_public_key(octets)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return loaded.key_size if isinstance(loaded, RSAPublicKey) else None


def _listed(value: str) -> list[str]:
    return [one.strip().lower() for one in value.split(":")]


def _invalid(candidates: tuple[str, ...], detail: str) -> Reading:
    return Reading(candidates, fault=Fault.INVALID, detail=detail)
