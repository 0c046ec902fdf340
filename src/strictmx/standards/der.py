"""Just enough DER (X.690) to cut a certificate into its parts, bounds checked at every step.

cryptography reads certificates; what it does not hand out are the octets of the public key as they were signed, and
TLSA selector 1 (RFC 6698 section 2.1.2) is computed over exactly those: a key encoded again may differ from them.
"""

from __future__ import annotations

from dataclasses import dataclass

SEQUENCE = 0x30
BIT_STRING = 0x03
EXPLICIT_VERSION = 0xA0  # RFC 5280 section 4.1: `version [0]`, left out in a version 1 certificate

_ELEMENTS = 4_096  # elements cut out of one SEQUENCE; a certificate has three, its inner part at most ten
_LONG_TAG = 0x1F  # all five bits of the tag number set: the number follows in further octets
_LONG_LENGTH = 0x80  # this bit set: the rest counts the octets that hold the length
_LENGTH_OCTETS = 4  # a length of more octets than these could only be a lie


class InvalidDer(ValueError):
    """The octets are not the DER structure that was asked for; the text says where they part from it."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: its tag octet, its content, and the whole encoding (tag and length included)."""

    tag: int
    content: bytes
    encoding: bytes


def element(data: bytes) -> Element:
    """Read `data` as exactly one element.

    Raises InvalidDer: cut off, followed by other octets, or in a form that DER does not have.
    """
    found, end = _read(data, 0)
    if end != len(data):
        raise InvalidDer(f"{len(data) - end} octets follow the value")
    return found


def elements(content: bytes) -> tuple[Element, ...]:
    """The elements that stand one after the other in the content of a SEQUENCE.

    Raises InvalidDer: as `element`, or more than any structure read here has.
    """
    parts: list[Element] = []
    at = 0
    while at < len(content):
        if len(parts) == _ELEMENTS:
            raise InvalidDer(f"more than {_ELEMENTS} elements")
        part, at = _read(content, at)
        parts.append(part)
    return tuple(parts)


def encoded(tag: int, content: bytes) -> bytes:
    """The encoding of one value, with the shortest form of its length, as DER wants it."""
    size = len(content)
    if size < _LONG_LENGTH:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG_LENGTH | len(octets)]) + octets + content


def public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, octet for octet (RFC 5280 section 4.1).

    Raises InvalidDer: `certificate` has not the outline of one.
    """
    outer = element(certificate)
    parts = elements(outer.content) if outer.tag == SEQUENCE else ()
    if len(parts) != 3 or parts[0].tag != SEQUENCE:  # noqa: PLR2004 - to be signed, algorithm, signature
        raise InvalidDer("not the outline of a certificate")
    fields = elements(parts[0].content)
    if fields and fields[0].tag == EXPLICIT_VERSION:
        fields = fields[1:]
    # serial number, algorithm, issuer, validity, subject, then the key
    if len(fields) < 6 or not is_public_key_info(fields[5].encoding):  # noqa: PLR2004
        raise InvalidDer("no public key where a certificate has it")
    return fields[5].encoding


def is_public_key_info(data: bytes) -> bool:
    """Whether the octets have the outline of a SubjectPublicKeyInfo: an algorithm and a BIT STRING."""
    try:
        outer = element(data)
        parts = elements(outer.content) if outer.tag == SEQUENCE else ()
    except InvalidDer:
        return False
    return tuple(part.tag for part in parts) == (SEQUENCE, BIT_STRING)


def _read(data: bytes, at: int) -> tuple[Element, int]:
    """The element that begins at `at`, and where the next one begins."""
    if at + 2 > len(data):
        raise InvalidDer("cut off within a tag or length")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & _LONG_TAG == _LONG_TAG:
        raise InvalidDer("a tag of several octets")
    if length & _LONG_LENGTH:
        octets = length & ~_LONG_LENGTH
        if not 1 <= octets <= _LENGTH_OCTETS or start + octets > len(data):
            raise InvalidDer("a length that is indefinite, too long or cut off")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    end = start + length
    if end > len(data):
        raise InvalidDer("cut off within a value")
    return Element(tag, data[start:end], data[at:end]), end
