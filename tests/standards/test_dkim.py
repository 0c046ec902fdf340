"""DKIM key records: the faults that keep signatures from verifying, and the sizes of keys."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.dkim import MAIL, REPORT_MAIL, Fault, read

# The modulus is no product of primes: nobody signs with it, and a key of any size costs no time.
ED25519 = base64.b64encode(bytes(range(32))).decode()


@cache
def rsa_key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return encoded(rsa.RSAPublicNumbers(65_537, 2 ** (bits - 1) + 1).public_key(), form)


def encoded(key: PublicKeyTypes, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


GOOD = [  # rule, record, kind of key, bits, testing
    ("RFC 6376 3.6.1", f"v=DKIM1; k=rsa; p={rsa_key(2048)}", "rsa", 2048, False),
    ("RFC 6376 3.6.1", f"p={rsa_key(2048)}", "rsa", 2048, False),
    ("RFC 6376 3.6.1", f"k=rsa; t=s:y; p={rsa_key(4096)};", "rsa", 4096, True),
    ("RFC 6376 3.2", f"v=DKIM1 ; n=a note; p = {rsa_key(2048)[:50]} \t{rsa_key(2048)[50:]}", "rsa", 2048, False),
    ("RFC 6376 3.6.1", f"v=DKIM1; s=tlsrpt:email; h=sha1:sha256; p={rsa_key(1024)}", "rsa", 1024, False),
    ("RFC 6376 A", f"v=DKIM1; p={rsa_key(2048, PublicFormat.PKCS1)}", "rsa", 2048, False),
    ("RFC 8463 4", f"v=DKIM1; k=ed25519; p={ED25519}", "ed25519", 256, False),
]


@pytest.mark.parametrize(("rule", "record", "key", "bits", "testing"), GOOD)
def test_keys(rule: str, record: str, key: str, bits: int, testing: bool) -> None:
    reading = read(["v=spf1 -all", record])
    assert (reading.fault, reading.key, reading.bits, reading.testing) == (None, key, bits, testing)
    assert reading.weak == (bits == 1024)


FAULTS = [  # rule, records, fault, part of what is said
    ("RFC 6376 3.6.2.2", [], Fault.MISSING, ""),
    ("RFC 6376 3.6.2.2", ["v=spf1 -all", "something; q=1"], Fault.MISSING, ""),
    ("RFC 6376 3.6.2.2", [f"p={ED25519}", "v=DKIM1; p="], Fault.MULTIPLE, ""),
    ("RFC 6376 3.6.1", ["v=DKIM1; p="], Fault.REVOKED, ""),
    ("RFC 6376 3.6.1", ["v=DKIM1; k=rsa"], Fault.INVALID, "no `p=`"),
    ("RFC 6376 3.6.1", [f"v=DKIM2; p={rsa_key(2048)}"], Fault.INVALID, "v=DKIM1"),
    ("RFC 6376 3.6.1", [f"p={rsa_key(2048)}; v=DKIM1"], Fault.INVALID, "beginning"),
    ("RFC 6376 3.2", [f"v=DKIM1; p={ED25519}; p={ED25519}"], Fault.INVALID, "twice"),
    ("RFC 6376 3.2", [f"v=DKIM1; rsa; p={ED25519}"], Fault.INVALID, "`rsa` is no"),
    ("RFC 6376 3.6.1", [f"v=DKIM1; p={rsa_key(2048)[:101]}"], Fault.INVALID, "no base64"),
    ("RFC 6376 3.6.1", [f"v=DKIM1; p={rsa_key(2048)[:100]}"], Fault.INVALID, "no RSA key"),
    (
        "RFC 6376 3.6.1",
        [f"v=DKIM1; p={encoded(ec.derive_private_key(7, ec.SECP256R1()).public_key())}"],
        Fault.INVALID,
        "no RSA key",
    ),
    ("RFC 8463 4", [f"v=DKIM1; k=ed25519; p={rsa_key(2048)}"], Fault.INVALID, "no Ed25519 key"),
    ("RFC 6376 3.6.1", [f"v=DKIM1; k=dsa; p={ED25519}"], Fault.INVALID, "k=dsa"),
    ("RFC 8301 3.1", [f"v=DKIM1; h=sha1; p={rsa_key(2048)}"], Fault.INVALID, "sha256"),
    ("RFC 6376 3.6.1", [f"v=DKIM1; s=tlsrpt; p={rsa_key(2048)}"], Fault.INVALID, "not for mail"),
    ("RFC 8301 3.2", [f"v=DKIM1; p={rsa_key(1016)}"], Fault.TOO_SHORT, ""),
]


@pytest.mark.parametrize(("rule", "records", "fault", "part"), FAULTS)
def test_faults(rule: str, records: list[str], fault: Fault, part: str) -> None:
    reading = read(records)
    assert reading.fault is fault
    assert part in reading.detail
    assert not reading.weak


@given(st.lists(st.sampled_from(["v=DKIM1", ";", "p=", "k=ed25519", ED25519, "=", " "]) | st.text(max_size=5)))
def test_any_text_is_read(parts: list[str]) -> None:
    reading = read(["".join(parts)])
    assert (reading.bits is None) or reading.key


SERVICES = [  # rule, `s=` as it stands in the record, for mail, for mails that bring reports
    ("RFC 6376 3.6.1", "", True, True),
    ("RFC 6376 3.6.1", "s=*;", True, True),
    ("RPT-35", "s=email;", True, True),
    ("RPT-35", "s=tlsrpt;", False, True),
    ("RPT-35", "s=tlsrpt:email;", True, True),
    ("RPT-35", "s = other : TLSRPT ;", False, True),
    ("RFC 6376 3.6.1", "s=other;", False, False),
    ("RFC 6376 3.6.1", "s=;", False, False),
]


@pytest.mark.parametrize(("rule", "service", "mail", "reports"), SERVICES)
def test_services(rule: str, service: str, mail: bool, reports: bool) -> None:
    readings = [read([f"v=DKIM1; k=ed25519; {service} p={ED25519}"], services) for services in (MAIL, REPORT_MAIL)]
    assert [reading.fault is None for reading in readings] == [mail, reports]
    assert {reading.octets for reading in readings if reading.fault is None} <= {bytes(range(32))}
