"""Chains judged: each fault by its name, healthy but unusual ones without any, and two foreign judges as oracles."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards import chain
from strictmx.standards.certificates import (
    NAMES_KEPT,
    AnchorIndex,
    Fault,
    FaultKind,
    dns_id_matches,
    examine,
)
from strictmx.standards.chain import SIGNATURE_CHECKS, Certificate, signed_by
from strictmx.standards.names import Name
from tests.certificates import (
    AT,
    DAY,
    Made,
    authority,
    ca_issuers,
    issue,
    name,
    rsa_key,
    server,
    signed_with,
    usage,
)

HOST = Name("mx1.example.com")
ROOT = authority("Test Root")
OTHER_ROOT = authority("Other Root")
MIDDLE = authority("Test Issuing CA", ROOT)
LEAF = server(MIDDLE, HOST)
K = FaultKind


def constrained(*permitted: x509.GeneralName, excluded: Sequence[x509.GeneralName] = ()) -> Made:
    limits = x509.NameConstraints(permitted or None, excluded or None)
    return issue("Constrained CA", ROOT, ca=True, critical=[limits], extensions=[usage("key_cert_sign")])


def unknown_extension() -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


def malformed(arc: int) -> x509.UnrecognizedExtension:
    """An extension of the id-ce arc whose value is cut off."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"2.5.29.{arc}"), b"\x30\x05\x01")


def signed_anew(template: Made, issuer: Made) -> Made:
    """The same subject and key under another issuer: a cross-signed CA."""
    return issue(template.certificate.subject, issuer, ca=True, key=template.key, not_after=AT + 900 * DAY)


EXPIRED = {"not_before": AT - 90 * DAY, "not_after": AT - 2 * DAY}
EARLY = {"not_before": AT + 2 * DAY, "not_after": AT + 90 * DAY}
EXPIRED_MIDDLE = issue("Test Issuing CA", ROOT, ca=True, key=MIDDLE.key, not_before=AT - 90 * DAY, not_after=AT - DAY)
EXPIRED_ROOT = issue("Old Root", ca=True, not_before=AT - 90 * DAY, not_after=AT - DAY)
SELF = server(None, HOST)
CROSS = signed_anew(MIDDLE, OTHER_ROOT)
UTF8_ROOT = issue(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Text Root", _ASN1Type.UTF8String)]), ca=True)
PRINTABLE = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEXT  Root", _ASN1Type.PrintableString)])
NO_KEY_ID = x509.AuthorityKeyIdentifier(b"\x01" * 20, None, None)
SHORT_PATH = authority("Short CA", ROOT, path_length=0)
BELOW_SHORT = authority("Too deep CA", SHORT_PATH)
NOT_A_CA = server(ROOT, "ca.example.com")
SAME_NAME = issue("Test Root", ca=True)  # another key under the name of an anchor
SIBLING = issue("Test Issuing CA", ROOT, ca=True)  # another key under the name of the issuer
SECOND = authority("Second CA", MIDDLE)
IP_NAMES = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])


@dataclass(frozen=True)
class Sent:
    """What the server sends, and what the judge knows."""

    leaf: Made
    more: tuple[Made, ...] = ()
    anchors: tuple[Made, ...] = (ROOT,)
    issuers: tuple[Made, ...] = ()
    host: Name = HOST

    @property
    def chain(self) -> list[bytes]:
        return [self.leaf.der, *(made.der for made in self.more)]


def below(issuer: Made, **changes: object) -> Sent:
    """A leaf of `issuer`, sent with it."""
    return Sent(server(issuer, HOST, **changes), (issuer,))


JUDGED: list[tuple[str, str, Sent, list[tuple[FaultKind, int | None]]]] = [
    # healthy, and healthy but unusual
    ("STS-63", "a leaf and its issuer", Sent(LEAF, (MIDDLE,)), []),
    ("TLS-04", "directly below the root", Sent(server(ROOT, HOST)), []),
    ("TLS-04", "the root sent too", Sent(LEAF, (MIDDLE, ROOT)), []),
    ("TLS-04", "sent in the wrong order", Sent(LEAF, (ROOT, MIDDLE)), []),
    ("TLS-04", "unrelated certificates between", Sent(LEAF, (OTHER_ROOT, SELF, MIDDLE)), []),
    ("TLS-04", "the leaf sent twice", Sent(LEAF, (LEAF, MIDDLE)), []),
    ("TLS-04", "an expired twin of the issuer beside", Sent(LEAF, (EXPIRED_MIDDLE, MIDDLE)), []),
    ("TLS-04", "cross-signed, both roots known", Sent(LEAF, (CROSS, MIDDLE), (ROOT, OTHER_ROOT)), []),
    ("TLS-04", "cross-signed, the first way unknown", Sent(LEAF, (CROSS, MIDDLE)), []),
    ("TLS-04", "another key under the issuer's name beside", Sent(LEAF, (SIBLING, MIDDLE)), []),
    ("TLS-04", "pinned self-signed", Sent(SELF, (), (SELF,)), []),
    ("TLS-04", "pinned, issued by somebody", Sent(LEAF, (), (LEAF,)), []),
    ("TLS-04", "an intermediate as anchor", Sent(LEAF, (MIDDLE,), (MIDDLE,)), []),
    (
        "TLS-04",
        "names in another string type",
        Sent(server(UTF8_ROOT, HOST, issuer_name=PRINTABLE), (), (UTF8_ROOT,)),
        [],
    ),
    ("TLS-04", "leaf without key identifiers", Sent(server(ROOT, HOST, key_identifiers=False)), []),
    ("TLS-04", "leaf that says it is a CA", Sent(server(ROOT, HOST, ca=True)), []),
    ("TLS-04", "CA without keyUsage", below(issue("Plain CA", ROOT, ca=True)), []),
    ("TLS-04", "empty subject", Sent(server(ROOT, HOST, subject="")), []),
    (
        "TLS-04",
        "leaf with no extension but its names",
        Sent(issue(HOST, ROOT, names=[HOST], key_identifiers=False)),
        [],
    ),
    ("TLS-04", "Ed25519 keys", Sent(server(ROOT, HOST, key=ed25519.Ed25519PrivateKey.generate())), []),
    ("TLS-04", "path length just reached", below(SHORT_PATH), []),
    ("TLS-04", "name constraints that permit", below(constrained(x509.DNSName("example.com"))), []),
    (
        "TLS-04",
        "name constraints on addresses only",
        below(constrained(excluded=[x509.IPAddress(ipaddress.ip_network("0.0.0.0/0"))])),
        [],
    ),
    ("TLS-04", "a malformed policy in the leaf", Sent(server(ROOT, HOST, extensions=[malformed(32)])), []),
    ("TLS-04", "a malformed policy in the CA", below(issue("P", ROOT, ca=True, extensions=[malformed(32)])), []),
    ("TLS-02", "a wildcard name", Sent(server(ROOT, "*.example.com")), []),
    # dates
    ("TLS-04", "expired leaf", Sent(server(MIDDLE, HOST, **EXPIRED), (MIDDLE,)), [(K.EXPIRED, 0)]),
    ("TLS-04", "leaf of tomorrow", Sent(server(MIDDLE, HOST, **EARLY), (MIDDLE,)), [(K.NOT_YET_VALID, 0)]),
    ("TLS-04", "expired intermediate", Sent(LEAF, (EXPIRED_MIDDLE,)), [(K.EXPIRED, 1)]),
    ("TLS-04", "expired anchor", Sent(server(EXPIRED_ROOT, HOST), (), (EXPIRED_ROOT,)), [(K.EXPIRED, None)]),
    # names
    ("STS-63", "another host's name", Sent(server(ROOT, "mx.example.net")), [(K.NAME_MISMATCH, 0)]),
    ("STS-64", "the name in the common name only", Sent(server(ROOT, subject=HOST)), [(K.NO_SAN, 0)]),
    ("TLS-03", "common name right, names wrong", Sent(server(ROOT, "a.example", subject=HOST)), [(K.NAME_MISMATCH, 0)]),
    ("TLS-03", "an address is no DNS-ID", Sent(server(ROOT, subject=HOST, extensions=[IP_NAMES])), [(K.NO_SAN, 0)]),
    ("TLS-02", "a wildcard one label too far", Sent(server(ROOT, "*.com")), [(K.NAME_MISMATCH, 0)]),
    # who issued it
    ("TLS-05", "self-signed", Sent(SELF), [(K.SELF_SIGNED, 0)]),
    ("TLS-05", "private root, not sent", Sent(server(OTHER_ROOT, HOST)), [(K.UNTRUSTED, 0)]),
    ("TLS-05", "private root, sent", Sent(server(OTHER_ROOT, HOST), (OTHER_ROOT,)), [(K.UNTRUSTED, 0)]),
    ("TLS-05", "cross-signed, no root known", Sent(LEAF, (CROSS, MIDDLE), ()), [(K.UNTRUSTED, 1)]),
    ("TLS-05", "an anchor's name, not its key", Sent(server(SAME_NAME, HOST)), [(K.UNTRUSTED, 0)]),
    ("TLS-05", "the issuer's name, not its key", Sent(LEAF, (SIBLING,)), [(K.UNTRUSTED, 0)]),
    ("TLS-05", "issuer known, not sent", Sent(LEAF, (), (ROOT,), (MIDDLE,)), [(K.CHAIN_INCOMPLETE, 0)]),
    (
        "TLS-05",
        "second issuer not sent",
        Sent(server(SECOND, HOST), (SECOND,), (ROOT,), (MIDDLE,)),
        [(K.CHAIN_INCOMPLETE, 1)],
    ),
    ("TLS-05", "issuer known, its root is not", Sent(LEAF, (), (OTHER_ROOT,), (MIDDLE,)), [(K.UNTRUSTED, 0)]),
    (
        "TLS-05",
        "issuer's issuer named in the key identifier",
        Sent(
            server(
                MIDDLE,
                HOST,
                key_identifiers=False,
                extensions=[x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name("Test Root"))], 7)],
            )
        ),
        [(K.CHAIN_INCOMPLETE, 0)],
    ),
    (
        "TLS-05",
        "issuer's address in the certificate",
        Sent(server(MIDDLE, HOST, extensions=[ca_issuers("http://ca.example/m.der")])),
        [(K.CHAIN_INCOMPLETE, 0)],
    ),
    (
        "TLS-05",
        "issuer's address, but the issuer is a root",
        Sent(
            server(
                OTHER_ROOT,
                HOST,
                key_identifiers=False,
                extensions=[
                    ca_issuers("http://ca.example/m.der"),
                    x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name("Other Root"))], 7),
                ],
            )
        ),
        [(K.UNTRUSTED, 0)],
    ),
    (
        "TLS-05",
        "issuer's address by ldap only",
        Sent(server(MIDDLE, HOST, extensions=[ca_issuers("ldap:///x")])),
        [(K.UNTRUSTED, 0)],
    ),
    # constraints
    ("TLS-04", "issued by a server certificate", Sent(server(NOT_A_CA, HOST), (NOT_A_CA,)), [(K.CONSTRAINT, 1)]),
    ("TLS-04", "CA without basicConstraints", below(issue("No CA", ROOT)), [(K.CONSTRAINT, 1)]),
    (
        "TLS-04",
        "CA that may not sign",
        below(issue("U", ROOT, ca=True, extensions=[usage("crl_sign")])),
        [(K.CONSTRAINT, 1)],
    ),
    (
        "TLS-04",
        "path length exceeded",
        Sent(server(BELOW_SHORT, HOST), (BELOW_SHORT, SHORT_PATH)),
        [(K.CONSTRAINT, 2)],
    ),
    (
        "TLS-04",
        "leaf for clients only",
        Sent(server(ROOT, HOST, extensions=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])])),
        [(K.CONSTRAINT, 0)],
    ),
    (
        "TLS-04",
        "CA for mail only",
        below(issue("M", ROOT, ca=True, extensions=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])])),
        [(K.CONSTRAINT, 1)],
    ),
    ("TLS-04", "key usage without TLS", Sent(server(ROOT, HOST, extensions=[usage("crl_sign")])), [(K.CONSTRAINT, 0)]),
    (
        "TLS-04",
        "unknown critical extension, leaf",
        Sent(server(ROOT, HOST, critical=[unknown_extension()])),
        [(K.CONSTRAINT, 0)],
    ),
    (
        "TLS-04",
        "unknown critical extension, CA",
        below(issue("X", ROOT, ca=True, critical=[unknown_extension()])),
        [(K.CONSTRAINT, 1)],
    ),
    ("TLS-04", "name not permitted", below(constrained(x509.DNSName("example.net"))), [(K.CONSTRAINT, 0)]),
    ("TLS-04", "name excluded", below(constrained(excluded=[x509.DNSName("example.com")])), [(K.CONSTRAINT, 0)]),
    ("TLS-04", "directory name not permitted", below(constrained(x509.DirectoryName(name("x")))), [(K.CONSTRAINT, 0)]),
    (
        "TLS-04",
        "key identifier of another key",
        Sent(server(ROOT, HOST, key_identifiers=False, extensions=[NO_KEY_ID])),
        [(K.CONSTRAINT, 0)],
    ),
    ("TLS-04", "malformed key usage", Sent(server(ROOT, HOST, extensions=[malformed(15)])), [(K.UNREADABLE, 0)]),
    (
        "TLS-04",
        "malformed constraints in the CA",
        below(issue("Q", ROOT, extensions=[malformed(19)])),
        [(K.UNREADABLE, 1)],
    ),
    # strength
    ("TLS-06", "RSA 1024", Sent(server(ROOT, HOST, key=rsa_key(1024))), [(K.WEAK, 0)]),
    ("TLS-06", "short curve", Sent(server(ROOT, HOST, key=ec.generate_private_key(ec.SECP192R1()))), [(K.WEAK, 0)]),
    ("TLS-06", "RSA 1024 in the intermediate", below(issue("W", ROOT, ca=True, key=rsa_key(1024))), [(K.WEAK, 1)]),
    # several at once
    (
        "TLS-04",
        "expired and another name",
        Sent(server(ROOT, "a.example", **EXPIRED)),
        [(K.EXPIRED, 0), (K.NAME_MISMATCH, 0)],
    ),
    (
        "TLS-04",
        "expired, another name, issuer missing",
        Sent(server(MIDDLE, "a.example", **EXPIRED), (), (ROOT,), (MIDDLE,)),
        [(K.EXPIRED, 0), (K.NAME_MISMATCH, 0), (K.CHAIN_INCOMPLETE, 0)],
    ),
    (
        "TLS-05",
        "self-signed, expired, no name, weak",
        Sent(server(None, subject=HOST, key=rsa_key(1024), **EXPIRED)),
        [(K.EXPIRED, 0), (K.NO_SAN, 0), (K.SELF_SIGNED, 0), (K.WEAK, 0)],
    ),
    (
        "TLS-04",
        "expired leaf below an expired intermediate",
        Sent(server(MIDDLE, HOST, **EXPIRED), (EXPIRED_MIDDLE,)),
        [(K.EXPIRED, 0), (K.EXPIRED, 1)],
    ),
]
TITLES = [title for _, title, _, _ in JUDGED]


def faults_of(sent: Sent) -> tuple[Fault, ...]:
    return examine(
        sent.chain,
        reference_names=[sent.host],
        anchors=[made.der for made in sent.anchors],
        issuers=[made.der for made in sent.issuers],
        at=AT,
    ).faults


@pytest.mark.parametrize(("rule", "title", "sent", "expected"), JUDGED, ids=TITLES)
def test_each_fault_by_its_name(
    rule: str, title: str, sent: Sent, expected: list[tuple[FaultKind, int | None]]
) -> None:
    assert [(fault.kind, fault.position) for fault in faults_of(sent)] == expected
    assert all(fault.subject and fault.detail for fault in faults_of(sent))


# Where OpenSSL (ssl.PROTOCOL_TLS_CLIENT, security level 2) judges otherwise, and why we keep to ours.
OPENSSL_DIFFERS = {
    "pinned, issued by somebody": "without X509_V_FLAG_PARTIAL_CHAIN only a self-signed certificate ends a path",
    "an intermediate as anchor": "as above; create_default_context() of Python 3.13 and DANE-TA accept it",
    "cross-signed, the first way unknown": "it never tries a second sent issuer of the same name; others do",
}
# cryptography holds the Web PKI profile (CA/Browser Forum), which mail servers and their senders do not.
CRYPTOGRAPHY_DIFFERS = {
    "names in another string type": "compares names by their encoding",
    "leaf without key identifiers": "wants an authority key identifier",
    "leaf with no extension but its names": "wants an authority key identifier",
    "leaf that says it is a CA": "wants a leaf that is none",
    "CA without keyUsage": "wants keyUsage in every CA",
    "a malformed policy in the CA": "reads all extensions of a CA or none",
    "empty subject": "wants a critical alternative name then",
    "key identifier of another key": "does not compare key identifiers",
    "key usage without TLS": "does not look at a leaf's key usage",
    "RSA 1024": "does not look at the length of a leaf's key",
    "short curve": "as above",
}


@pytest.mark.parametrize(("rule", "title", "sent", "expected"), JUDGED, ids=TITLES)
def test_openssl_agrees(rule: str, title: str, sent: Sent, expected: list[tuple[FaultKind, int | None]]) -> None:
    accepted = openssl_accepts(sent)
    assert (accepted is (not expected)) is (title not in OPENSSL_DIFFERS)


@pytest.mark.parametrize(("rule", "title", "sent", "expected"), JUDGED, ids=TITLES)
def test_cryptography_agrees(rule: str, title: str, sent: Sent, expected: list[tuple[FaultKind, int | None]]) -> None:
    accepted = cryptography_accepts(sent)
    assert (accepted is (not expected)) is (title not in CRYPTOGRAPHY_DIFFERS)


def openssl_accepts(sent: Sent) -> bool:
    """The verdict of a real handshake in memory."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.set_ciphers("DEFAULT:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain.pem"
        file.write_bytes(sent.leaf.pem + b"".join(made.pem for made in sent.more) + sent.leaf.key_pem)
        try:
            serving.load_cert_chain(file)
        except ssl.SSLError:  # OpenSSL cannot even read it
            return False
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.hostname_checks_common_name = False
    asking.set_ciphers("DEFAULT:@SECLEVEL=2")
    if sent.anchors:
        asking.load_verify_locations(cadata=b"".join(made.der for made in sent.anchors))
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_side = serving.wrap_bio(there, back, server_side=True)
    client_side = asking.wrap_bio(back, there, server_hostname=sent.host)
    for _ in range(4):  # flights of a handshake; two suffice
        for side in (client_side, server_side):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:  # the client's verdict, or a key that no TLS 1.3 suite takes
                return False
    return client_side.version() is not None


def cryptography_accepts(sent: Sent) -> bool:
    if not sent.anchors:
        return False
    store = Store([made.certificate for made in sent.anchors])
    verifier = PolicyBuilder().store(store).time(AT).build_server_verifier(x509.DNSName(sent.host))
    try:
        verifier.verify(sent.leaf.certificate, [made.certificate for made in sent.more])
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize(("rule", "digest", "text"), [("TLS-06", "sha1", "SHA-1"), ("TLS-06", "md5", "MD5")])
def test_broken_digest_in_the_signature(rule: str, digest: str, text: str, tmp_path: Path) -> None:
    """The openssl command signs by its own clock, so the time is a little after it."""
    root = issue("RSA Root", ca=True, key=rsa_key(2048))
    leaf = signed_with(digest, root, HOST, tmp_path)
    result = examine([leaf], reference_names=[HOST], anchors=[root.der], at=AT + DAY)
    assert [(fault.kind, text in fault.detail) for fault in result.faults] == [(K.WEAK, True)]
    assert result.verifies


def test_strength_of_an_anchor_does_not_count() -> None:
    weak = issue("Weak Root", ca=True, key=rsa_key(1024))
    assert faults_of(Sent(server(weak, HOST), (weak,), (weak,))) == ()


EVIDENCE: list[tuple[str, Sent, str, dict[str, object]]] = [
    ("TLS-05", Sent(LEAF, (), (ROOT,), (MIDDLE,)), "incomplete", {"issuer": "Test Issuing CA", "subject": HOST}),
    (
        "TLS-05",
        Sent(server(SECOND, HOST), (SECOND,), (ROOT,), (MIDDLE,)),
        "second",
        {"issuer": "Test Issuing CA", "subject": "Second CA"},
    ),
    (
        "TLS-05",
        Sent(server(OTHER_ROOT, HOST), (OTHER_ROOT,)),
        "untrusted root",
        {"issuer": "Other Root", "subject": HOST},
    ),
    ("TLS-05", Sent(server(OTHER_ROOT, HOST)), "untrusted", {"issuer": "Other Root"}),
    ("TLS-04", Sent(server(ROOT, HOST, **EXPIRED)), "dates", {"not_after": AT - 2 * DAY, "not_before": AT - 90 * DAY}),
    (
        "STS-64",
        Sent(server(ROOT, subject=HOST)),
        "common name",
        {"presented": (), "detail": f"it names {HOST} in the common name only, which does not count"},
    ),
    ("STS-63", Sent(server(ROOT, "a.example", "*.b.example")), "names", {"presented": ("a.example", "*.b.example")}),
    (
        "TLS-05",
        Sent(server(issue(name("R11", "Some Trust"), ca=True), HOST)),
        "issuer with its organisation",
        {"issuer": "R11 (Some Trust)"},
    ),
]


@pytest.mark.parametrize(("rule", "sent", "title", "evidence"), EVIDENCE, ids=[row[2] for row in EVIDENCE])
def test_a_fault_carries_its_evidence(rule: str, sent: Sent, title: str, evidence: dict[str, object]) -> None:
    (fault,) = faults_of(sent)
    assert {key: getattr(fault, key) for key in evidence} == evidence


def test_the_facts_of_the_leaf() -> None:
    leaf = server(MIDDLE, HOST, "*.example.net", subject=name("A Common Name"), key=rsa_key(2048))
    result = examine([leaf.der, MIDDLE.der], reference_names=[HOST], anchors=[ROOT.der], at=AT)
    assert result.subject_alternative_names == (HOST, "*.example.net")
    assert (result.common_name, result.issuer, result.key) == ("A Common Name", "Test Issuing CA", "RSA 2048")
    assert (result.not_before, result.not_after) == (AT - 30 * DAY, AT + 60 * DAY)
    assert (result.anchor, result.verifies) == ("Test Root", True)
    assert [one.position for one in result.validities] == [0, 1]


MATCHES = [  # rule, DNS-ID of the certificate, host, matches
    ("TLS-01", "mx1.example.com", "mx1.example.com", True),
    ("TLS-01", "MX1.Example.COM", "mx1.example.com", True),
    ("TLS-01", "mx1.example.com", "mx1.example.com.", True),
    ("TLS-01", "xn--mx-hka.example.com", "mx\u00e4.example.com", False),
    ("TLS-01", "xn--mller-kva.example", "m\u00fcller.example", True),
    ("TLS-01", "mx1.example.com.", "mx1.example.com", False),
    ("TLS-01", "example.com", "mx1.example.com", False),
    ("TLS-01", "mx1.example.com\0.evil.example", "mx1.example.com", False),
    ("TLS-01", "mx1.example.com\0", "mx1.example.com", False),
    ("TLS-02", "*.example.com", "mx1.example.com", True),
    ("TLS-02", "*.EXAMPLE.com", "xn--mller-kva.example.com", True),
    ("TLS-02", "*.example.com", "example.com", False),
    ("TLS-02", "*.example.com", "a.mx1.example.com", False),
    ("TLS-02", "m*.example.com", "mx1.example.com", False),
    ("TLS-02", "*1.example.com", "mx1.example.com", False),
    ("TLS-02", "mx1.*.com", "mx1.example.com", False),
    ("TLS-02", "*.*.com", "mx1.example.com", False),
    ("TLS-02", "xn--*.example.com", "xn--mller-kva.example.com", False),
    ("TLS-02", "*.com", "example.com", False),
    ("TLS-02", "*", "example", False),
    ("TLS-02", "", "example.com", False),
    ("STS-41", "*.example.com", "mta-sts.example.com", True),
]


@pytest.mark.parametrize(("rule", "pattern", "host", "matches"), MATCHES)
def test_dns_id_matches(rule: str, pattern: str, host: str, *, matches: bool) -> None:
    assert dns_id_matches(pattern, Name.parse(host)) is matches


@given(st.lists(st.from_regex(r"[a-z0-9]{1,5}", fullmatch=True), min_size=2, max_size=4), st.integers(0, 3))
def test_a_wildcard_matches_exactly_one_label(labels: list[str], more: int) -> None:
    host = Name(".".join(["x"] * more + labels))
    assert dns_id_matches("*." + ".".join(labels), host) is (more == 1)


SOON = [  # rule, lifetime in days, days left, warned
    ("TLS-06", 90, 15, False),
    ("TLS-06", 90, 13, True),
    ("TLS-06", 6, 2, False),  # a sixth of a short life is less than 14 days
    ("TLS-06", 6, 0.9, True),
    ("TLS-06", 90, -1, False),  # ended: a fault, not soon
]


@pytest.mark.parametrize(("rule", "lifetime", "left", "warned"), SOON)
def test_expires_soon(rule: str, lifetime: float, left: float, *, warned: bool) -> None:
    end = AT + timedelta(days=left)
    leaf = server(MIDDLE, HOST, not_before=end - timedelta(days=lifetime), not_after=end)
    result = examine([leaf.der, MIDDLE.der], reference_names=[HOST], anchors=[ROOT.der], at=AT)
    soon = result.expires_soon(AT)
    assert (soon is not None) is warned
    assert soon is None or (soon.position, soon.not_after) == (0, end)


def test_a_sent_intermediate_expires_soon_but_an_anchor_does_not() -> None:
    ending = issue("Ending CA", ROOT, ca=True, not_before=AT - 900 * DAY, not_after=AT + 3 * DAY)
    result = examine([server(ending, HOST).der, ending.der], reference_names=[HOST], anchors=[ROOT.der], at=AT)
    soon = result.expires_soon(AT)
    assert soon is not None
    assert (soon.subject, soon.position) == ("Ending CA", 1)
    as_anchor = examine([server(ending, HOST).der, ending.der], reference_names=[HOST], anchors=[ending.der], at=AT)
    assert as_anchor.expires_soon(AT) is None


def test_anchors_kept() -> None:
    store = [ROOT.der, OTHER_ROOT.der, UTF8_ROOT.der, b"no certificate"]
    assert AnchorIndex(store).relevant([[LEAF.der, MIDDLE.der]]) == (ROOT.der,)
    assert AnchorIndex(store).relevant([[LEAF.der]]) == ()
    assert AnchorIndex(store).relevant([[LEAF.der]], [MIDDLE.der]) == (ROOT.der,)
    assert AnchorIndex([LEAF.der]).relevant([[LEAF.der]]) == (LEAF.der,)
    assert AnchorIndex(store).relevant([[b"\x00"], []]) == ()
    assert AnchorIndex(store).relevant([[LEAF.der, CROSS.der], [server(UTF8_ROOT, HOST).der]]) == (
        OTHER_ROOT.der,
        UTF8_ROOT.der,
    )


@pytest.mark.parametrize(("rule", "title", "sent", "expected"), JUDGED, ids=TITLES)
def test_anchors_kept_suffice(rule: str, title: str, sent: Sent, expected: list[tuple[FaultKind, int | None]]) -> None:
    """Judging with the few anchors that an observation keeps is judging with all."""
    everything = [*(made.der for made in sent.anchors), UTF8_ROOT.der, EXPIRED_ROOT.der]
    issuers = [made.der for made in sent.issuers]
    few = AnchorIndex(everything).relevant([sent.chain], issuers)
    faults = examine(sent.chain, reference_names=[sent.host], anchors=few, issuers=issuers, at=AT).faults
    assert [(fault.kind, fault.position) for fault in faults] == expected


def test_names_are_not_judged_unless_asked() -> None:
    assert examine([SELF.der], reference_names=[], anchors=[SELF.der], at=AT).faults == ()


def test_one_of_several_names_suffices() -> None:
    leaf = server(ROOT, "b.example")
    names = [Name("a.example"), Name("b.example")]
    assert examine([leaf.der], reference_names=names, anchors=[ROOT.der], at=AT).faults == ()


UNREADABLE: list[tuple[str, list[bytes], list[tuple[FaultKind, int | None]]]] = [
    ("TLS-04", [], [(K.UNREADABLE, 0)]),
    ("TLS-04", [b""], [(K.UNREADABLE, 0)]),
    ("TLS-04", [b"\x30\x00", MIDDLE.der], [(K.UNREADABLE, 0)]),
    ("TLS-04", [LEAF.der[:-1], MIDDLE.der], [(K.UNREADABLE, 0)]),
    ("TLS-04", [LEAF.der, b"junk", MIDDLE.der], []),  # a good path is there
    ("TLS-04", [LEAF.der, b"junk"], [(K.UNTRUSTED, 0), (K.UNREADABLE, 1)]),
    (
        "TLS-04",
        [LEAF.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x12", 1), MIDDLE.der],
        [(K.UNREADABLE, 0)],
    ),  # version 19
    ("TLS-04", [LEAF.der + b"\0" * 200_000], [(K.UNREADABLE, 0)]),
]


@pytest.mark.parametrize(("rule", "chain", "expected"), UNREADABLE)
def test_what_cannot_be_read(rule: str, chain: list[bytes], expected: list[tuple[FaultKind, int | None]]) -> None:
    result = examine(chain, reference_names=[HOST], anchors=[ROOT.der], at=AT)
    assert [(fault.kind, fault.position) for fault in result.faults] == expected


def test_many_names_are_all_compared_and_few_kept() -> None:
    leaf = server(ROOT, *(f"h{number}.example.org" for number in range(1_500)), HOST, subject="many")
    result = examine([leaf.der], reference_names=[HOST], anchors=[ROOT.der], at=AT)
    assert result.faults == ()
    assert len(result.subject_alternative_names) == NAMES_KEPT


def test_a_tangle_of_cross_signed_authorities_is_searched_within_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names that sign each other, seven certificates each: the ways through them are without number."""
    pair = [authority("A"), authority("B")]
    tangle = [signed_anew(pair[number % 2], pair[1 - number % 2]) for number in range(14)]
    leaf = server(pair[0], HOST)
    checked: list[bytes] = []

    def counted(child: Certificate, key: PublicKeyTypes | None) -> bool:
        checked.append(child.der)
        return signed_by(child, key)

    monkeypatch.setattr(chain, "signed_by", counted)
    result = examine([leaf.der, *(made.der for made in tangle)], reference_names=[HOST], anchors=[ROOT.der], at=AT)
    assert [fault.kind for fault in result.faults] == [K.UNTRUSTED]
    assert len(checked) == SIGNATURE_CHECKS


def test_a_path_of_fourteen_issuers_is_found_and_a_longer_one_is_not() -> None:
    issuers = [ROOT]
    for depth in range(14):
        issuers.append(authority(f"Depth {depth}", issuers[-1]))
    for count, expected in ((13, []), (14, [K.UNTRUSTED])):
        sent = [server(issuers[count], HOST), *reversed(issuers[1 : count + 1])]
        result = examine([made.der for made in sent], reference_names=[HOST], anchors=[ROOT.der], at=AT)
        assert [fault.kind for fault in result.faults] == expected


@given(st.lists(st.binary(max_size=64), max_size=4), st.lists(st.binary(max_size=64), max_size=3))
def test_no_bytes_raise(chain: list[bytes], anchors: list[bytes]) -> None:
    result = examine(chain, reference_names=[HOST], anchors=anchors, issuers=anchors, anchor_keys=anchors, at=AT)
    assert result.faults[0].kind is K.UNREADABLE


@given(st.sampled_from([LEAF.der, MIDDLE.der]), st.data())
def test_no_altered_certificate_raises_or_passes(der: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(der) - 1))
    altered = bytearray(der)
    altered[place] ^= data.draw(st.integers(1, 255))
    chain = [bytes(altered) if one == der else one for one in (LEAF.der, MIDDLE.der)]
    first = examine(chain, reference_names=[HOST], anchors=[ROOT.der], issuers=chain, at=AT)
    assert first.faults
    examine([LEAF.der, MIDDLE.der], reference_names=[HOST], anchors=chain, issuers=[ROOT.der], at=AT)
    AnchorIndex(chain).relevant([chain])


def test_a_search_that_was_given_up_says_so() -> None:
    spent = examine([LEAF.der, MIDDLE.der], reference_names=(HOST,), anchors=[ROOT.der], at=AT, budget=chain.Budget(0))
    assert [fault.kind for fault in spent.faults] == [K.UNTRUSTED]
    assert "given up" in spent.faults[0].detail


def test_names_against_constraints_are_compared_once_and_within_the_budget() -> None:
    """Two certificates of each CA name multiply the ways; what is compared for one way serves the others."""
    subtrees = [x509.DirectoryName(name(f"Excluded {number}")) for number in range(20)]
    limits = x509.NameConstraints(None, subtrees)
    names = x509.SubjectAlternativeName([x509.DirectoryName(name(f"Name {number}")) for number in range(20)])
    issuer = ROOT
    sent: list[Made] = []
    for layer in range(4):
        twins = [issue(f"Layer {layer}", issuer, ca=True, extensions=[names], critical=[limits]) for _ in range(2)]
        twins[1] = issue(f"Layer {layer}", issuer, ca=True, key=twins[0].key, extensions=[names], critical=[limits])
        issuer, sent = twins[0], [*sent, *twins]
    shown = [server(issuer, HOST).der, *(made.der for made in sent)]
    budget = chain.Budget()
    assert examine(shown, reference_names=(HOST,), anchors=[ROOT.der], at=AT, budget=budget).verifies
    pairs = 2 * 2 * 6 + 2 * 4  # each CA against the twins of each layer above it, and the leaf against all
    assert len(budget.compared) == pairs
    assert budget.comparisons > 0
    empty = chain.Budget(comparisons=0)
    refused = examine(shown, reference_names=(HOST,), anchors=[ROOT.der], at=AT, budget=empty)
    assert {fault.kind for fault in refused.faults} == {K.CONSTRAINT}


def test_certificates_that_others_sent_do_not_make_a_search_given_up() -> None:
    stranger = authority("Appliance CA")
    others = [authority("Appliance CA").der for _ in range(SIGNATURE_CHECKS + 8)]
    result = examine([server(stranger, HOST).der], reference_names=(HOST,), anchors=[ROOT.der], issuers=others, at=AT)
    assert [(fault.kind, "given up" in fault.detail) for fault in result.faults] == [(K.UNTRUSTED, False)]
