"""The proof of a report mail's origin: which signatures count, and what hostile mails cost."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache

import dkim
import dkim.crypto
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.roles.receive import proof as proving
from strictmx.roles.receive.proof import Keys, NoVerifier, Proof, ProofState, Prover, prove
from tests.internet.servers import nameserver, settings, zone

AT = datetime(2026, 11, 25, tzinfo=UTC)
PROVEN, UNPROVEN, UNKNOWN = ProofState.PROVEN, ProofState.UNPROVEN, ProofState.UNKNOWN
KEY = "s1._domainkey.sender.example"
FIELDS = (b"from", b"to", b"subject", b"tls-report-domain", b"tls-report-submitter", b"content-type")
MAIL = b"""From: Reports <noreply@sender.example>\r
To: tlsrpt@shop.example\r
Subject: Report Domain: shop.example Submitter: sender.example\r
TLS-Report-Domain: shop.example\r
TLS-Report-Submitter: sender.example\r
Content-Type: application/tlsrpt+json\r
\r
{"organization-name":   "Sender",\t \r
 "policies": []}\r
\r
"""


@cache
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


def record(before: str = "v=DKIM1; k=rsa;", key: rsa.RSAPublicKey | None = None) -> str:
    octets = (key or private().public_key()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"{before} p={base64.b64encode(octets).decode()}"


def of_bits(bits: int) -> rsa.RSAPublicKey:
    """A key that nobody has, since its modulus is no product of primes; one of any size costs no time."""
    return rsa.RSAPublicNumbers(65_537, 2 ** (bits - 1) + 1).public_key()


def signed(mail: bytes = MAIL, /, **tags: str | None) -> bytes:
    """The mail with a signature by dkimpy on top; a tag replaces that of a usual signature, None leaves it out."""
    form = (tags.get("c") or "relaxed/relaxed").encode()
    policy = dkim.CanonicalizationPolicy.from_c_value(form)
    signer = dkim.DKIM(mail)
    signer.hasher = dkim.HASH_ALGORITHMS[signer.signature_algorithm]
    body = signer.hasher(policy.canonicalize_body(signer.body)).digest()
    usual = {
        "v": "1",
        "a": "rsa-sha256",
        "c": form.decode(),
        "d": "sender.example",
        "s": "s1",
        "h": ":".join(field.decode() for field in FIELDS),
        "bh": base64.b64encode(body).decode(),
    }
    fields = [(name.encode(), value.encode()) for name, value in (usual | tags).items() if value is not None]
    fields.append((b"b", b"0" * 60))
    pem = private().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    key = dkim.crypto.parse_pem_private_key(pem)
    include = [name.encode() for name in (tags.get("h") or usual["h"] or "").split(":")]
    return b"DKIM-Signature: " + bytes(signer.gen_header(fields, include, policy, b"DKIM-Signature", key)) + mail


class Zone:
    """Answers of a resolver: a record or records, or how the look-up ends; other names do not exist."""

    def __init__(self) -> None:
        self.answers: dict[str, str | list[str] | LookupStatus] = {}
        self.asked: list[str] = []

    async def ask(self, name: str, rdtype: str) -> Lookup:
        assert rdtype == "TXT"
        self.asked.append(name)
        answer = self.answers.get(name, LookupStatus.NXDOMAIN)
        if isinstance(answer, LookupStatus):
            return Lookup(name, "TXT", answer)
        return Lookup(name, "TXT", LookupStatus.ANSWER, records=(answer,) if isinstance(answer, str) else tuple(answer))


def at(name: str, answer: str | list[str] | LookupStatus) -> Zone:
    one = Zone()
    one.answers[name] = answer
    return one


def proof_of(mail: bytes, submitter: str = "sender.example", keys: Zone | None = None) -> Proof:
    return asyncio.run(prove(mail, submitter, Keys((keys or at(KEY, record())).ask), AT))


def test_a_valid_signature_is_proof_and_its_key_is_kept() -> None:
    found = proof_of(signed())
    assert found == Proof(PROVEN, "it is signed by sender.example, selector s1", "sender.example", "s1", record())


@pytest.mark.parametrize("form", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple", "relaxed"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_canonicalizations(form: str, end: bytes) -> None:
    assert proof_of(signed(c=form).replace(b"\r\n", end)).state is PROVEN


def test_the_default_of_the_signing_library_and_of_rfc_6376() -> None:
    mail = signed(c="simple/simple").replace(b" c=simple/simple;", b"")
    assert proof_of(mail).state is UNPROVEN, "the tag was signed"
    pem = private().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert proof_of(dkim.sign(MAIL, b"s1", b"sender.example", pem, tlsrpt=True) + MAIL).state is PROVEN


SIGNATURES: list[tuple[str, dict[str, str | None], ProofState, str]] = [
    ("RPT-33", {"l": "10"}, UNPROVEN, "l="),
    ("RPT-33", {"l": "1000000"}, UNPROVEN, "l="),
    ("RPT-33", {"d": "other.example"}, UNPROVEN, "no signature of sender.example, but one of other.example"),
    ("RPT-33", {"d": "example"}, UNPROVEN, "no signature of sender.example"),
    ("RPT-33", {"d": "not a name"}, UNPROVEN, "no signature of sender.example, but one which cannot be read"),
    ("RFC 6376 3.5", {"v": "2"}, UNPROVEN, "lacks a tag"),
    ("RFC 6376 3.5", {"bh": None}, UNPROVEN, "lacks a tag"),
    ("RFC 6376 3.5", {"s": "no selector"}, UNPROVEN, "selector"),
    ("RFC 6376 3.5", {"i": "robot@mail.sender.example"}, PROVEN, ""),
    ("RFC 6376 3.5", {"i": "robot@othersender.example"}, UNPROVEN, "i="),
    ("RFC 6376 3.5", {"x": str(int(AT.timestamp()) + 60)}, PROVEN, ""),
    ("RFC 6376 3.5", {"x": str(int(AT.timestamp()) - 60)}, UNPROVEN, "expired"),
    ("RFC 6376 3.5", {"x": "9" * 1_000}, UNPROVEN, "expired"),
    ("RFC 6376 3.5", {"x": "soon"}, UNPROVEN, "expired"),
    ("RFC 6376 3.4", {"c": "relaxed/simple", "h": "from"}, PROVEN, ""),
    ("RFC 6376 5.4", {"h": "to:subject"}, UNPROVEN, "leaves out From"),
    ("RFC 6376 5.4", {"h": "from:from:to:list-id"}, PROVEN, ""),
    ("RFC 6376 3.5", {"bh": "!"}, UNPROVEN, "is not what sender.example signed"),
    ("RFC 6376 3.5", {"bh": "a"}, UNPROVEN, "cannot be read"),
    ("RFC 8301 3.1", {"a": "rsa-sha1"}, UNPROVEN, "other than rsa-sha256"),
    ("RFC 8463 3", {"a": "ed25519-sha256"}, UNPROVEN, "Ed25519"),
]


@pytest.mark.parametrize(("rule", "tags", "state", "part"), SIGNATURES)
def test_signatures(rule: str, tags: dict[str, str | None], state: ProofState, part: str) -> None:
    found = proof_of(signed(**tags))
    assert (found.state, part in found.reason) == (state, True), found.reason


@pytest.mark.parametrize("form", ["odd/simple", "simple/odd", "simple/simple/simple"])
def test_a_canonicalization_that_nobody_knows(form: str) -> None:
    assert proof_of(signed().replace(b"c=relaxed/relaxed", f"c={form}".encode())).state is UNPROVEN


DOMAINS = [  # rule, d=, From, submitter, whether it is proof
    ("DEV-17", "sender.example", "sender.example", "sender.example", True),
    ("DEV-07", "corp.sender.example", "sender.example", "sender.example", True),
    ("DEV-07", "sender.example", "corp.sender.example", "reports.sender.example", True),
    ("DEV-17", "SENDER.example", "Sender.Example", "SENDER.EXAMPLE.", True),
    ("DEV-17", "sender.co.uk", "sender.co.uk", "other.co.uk", False),
    ("DEV-17", "co.uk", "sender.co.uk", "sender.co.uk", False),
    ("RPT-36", "other.example", "sender.example", "sender.example", False),
    ("RPT-36", "sender.example", "other.example", "sender.example", False),
    ("RPT-36", "sender.example", "sender.example", "other.example", False),
    ("DEC-30", "sender.example", "sender.example", "Sender Inc.", False),
    ("DEC-30", "sender.example", "sender.example", "", False),
]


@pytest.mark.parametrize(("rule", "domain", "sender", "submitter", "proven"), DOMAINS)
def test_domains(rule: str, domain: str, sender: str, submitter: str, proven: bool) -> None:
    mail = signed(MAIL.replace(b"noreply@sender.example", b"noreply@" + sender.encode()), d=domain)
    keys = at(f"s1._domainkey.{domain.lower()}", record())
    found = proof_of(mail, submitter, keys)
    assert (found.state is PROVEN, len(keys.asked)) == (proven, proven)
    assert found.domain == (domain.lower() if proven else "")


SENDERS = [  # rule, From as it stands in the mail, whether it is proof
    ("RFC 5322 3.4", "noreply@sender.example", True),
    ("RFC 5322 3.4", '"x@other.example" <noreply@sender.example>', True),
    ("RFC 5322 3.4", "noreply@sender.example (x@other.example)", True),
    ("RFC 5322 3.4", "a@sender.example,\r\n b@corp.sender.example", True),
    ("RPT-36", "a@sender.example, b@other.example", False),
    ("RPT-36", '"noreply@sender.example" <x@other.example>', False),
    ("RPT-36", "nobody", False),
    ("RPT-36", "", False),
    ("RPT-36", "(" * 20_000 + "a@sender.example", False),
]


@pytest.mark.parametrize(("rule", "sender", "proven"), SENDERS)
def test_senders(rule: str, sender: str, proven: bool) -> None:
    mail = signed(MAIL.replace(b"Reports <noreply@sender.example>", sender.encode()))
    assert (proof_of(mail).state is PROVEN) == proven


def test_one_from_only() -> None:
    assert proof_of(signed(b"From: a@sender.example\r\n" + MAIL)).reason == "it has more than one From"
    assert proof_of(signed().replace(b"From: ", b"Sender: ")).reason == "it has no From"


KEYS: list[tuple[str, str | list[str] | LookupStatus, ProofState, str]] = [
    ("DEV-17", record("v=DKIM1;"), PROVEN, ""),
    ("DEV-17", record(""), PROVEN, ""),
    ("RPT-35", record("v=DKIM1; s=*;"), PROVEN, ""),
    ("RPT-35", record("v=DKIM1; s=tlsrpt;"), PROVEN, ""),
    ("RPT-35", record("v=DKIM1; s=email;"), PROVEN, ""),
    ("RPT-35", record("v=DKIM1; k=rsa; s=tlsrpt:email;"), PROVEN, ""),
    ("RPT-35", record("v=DKIM1; s=other;"), UNPROVEN, "`s=`"),
    ("RFC 6376 3.6.1", ["v=spf1 -all", record()], PROVEN, ""),
    ("RFC 6376 3.6.1", "v=DKIM1; p=", UNPROVEN, "revoked"),
    ("RFC 6376 3.6.1", "v=DKIM1; k=rsa", UNPROVEN, "no `p=`"),
    ("RFC 6376 3.6.1", record("v=DKIM2;"), UNPROVEN, "v=DKIM1"),
    ("RFC 6376 3.6.1", record("v=DKIM1; h=sha1;"), UNPROVEN, "sha256"),
    ("RFC 6376 3.6.2.2", [record(), record("k=rsa;")], UNPROVEN, "more than one key"),
    ("RFC 6376 6.1.2", LookupStatus.NXDOMAIN, UNPROVEN, f"no key at {KEY}"),
    ("RFC 6376 6.1.2", LookupStatus.NODATA, UNPROVEN, f"no key at {KEY}"),
    ("RFC 6376 6.1.2", LookupStatus.SERVFAIL, UNKNOWN, f"{KEY} could not be had: servfail"),
    ("RFC 6376 6.1.2", LookupStatus.TIMEOUT, UNKNOWN, "timeout"),
    ("RFC 6376 6.1.2", LookupStatus.BOGUS, UNKNOWN, "bogus"),
    ("RFC 6376 6.1.3", record(key=of_bits(2048)), UNPROVEN, "is not by the key"),
    ("RFC 8301 3.2", record(key=of_bits(1016)), UNPROVEN, "1016 bits"),
    ("RFC 8301 3.2", record(key=of_bits(8192)), UNPROVEN, "longer than 4096 bits"),
    ("RFC 8463 4", f"k=ed25519; p={base64.b64encode(bytes(32)).decode()}", UNPROVEN, "none for RSA"),
    ("RFC 6376 3.6.1", record(f"v=DKIM1; n={'n' * 5_000};"), UNPROVEN, "longer"),
]


@pytest.mark.parametrize(("rule", "answer", "state", "part"), KEYS)
def test_keys(rule: str, answer: str | list[str] | LookupStatus, state: ProofState, part: str) -> None:
    found = proof_of(signed(), keys=at(KEY, answer))
    assert (found.state, part in found.reason) == (state, True), found.reason
    assert (found.domain, found.selector) == ("sender.example", "s1")
    assert bool(found.key) == (not isinstance(answer, LookupStatus))
    assert len(found.key) <= 4_096


CHANGES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("RPT-36", lambda mail: mail.replace(b'"Sender"', b'"Another"'), "its body is not what sender.example signed"),
    ("RPT-36", lambda mail: mail + b"more\r\n", "its body is not what sender.example signed"),
    ("DEV-13", lambda mail: mail.replace(b"\r\n\r\n", b"\r\n\r\nExternal Email\r\n", 1), "banner"),
    ("RPT-36", lambda mail: mail.replace(b"To: tlsrpt@", b"To: other@"), "its header was changed"),
    ("RPT-36", lambda mail: mail[mail.index(b"From:") :], "it is not signed"),
    ("RPT-36", lambda mail: mail[: mail.index(b"\r\n\r\n") + 2], "its body is not what sender.example signed"),
    ("RPT-36", lambda mail: b" " + mail, "its header cannot be read"),
    ("RPT-36", lambda mail: b"no header\r\n" + mail, "its header cannot be read"),
    ("RPT-36", lambda mail: b"\r\n" + mail, "it has no From"),
    ("RPT-36", lambda _: b"", "it has no From"),
]


@pytest.mark.parametrize(("rule", "change", "part"), CHANGES)
def test_changed_mails(rule: str, change: Callable[[bytes], bytes], part: str) -> None:
    found = proof_of(change(signed()))
    assert (found.state, part in found.reason) == (UNPROVEN, True), found.reason


UNTOUCHED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("RFC 6376 3.4.4", lambda mail: mail.replace(b"   ", b" \t ") + b"\r\n\r\n"),
    ("RFC 6376 3.4.2", lambda mail: mail.replace(b"To: tlsrpt", b"TO:\r\n  tlsrpt")),
    ("RFC 6376 3.5", lambda mail: b"Received: by mx.shop.example\r\n" + mail),
    ("RFC 4155", lambda mail: b"From noreply@sender.example Wed Nov 25 00:00:00 2026\r\n" + mail),
]


@pytest.mark.parametrize(("rule", "change"), UNTOUCHED)
def test_what_may_change_on_the_way(rule: str, change: Callable[[bytes], bytes]) -> None:
    assert proof_of(change(signed())).state is PROVEN


def test_one_good_signature_is_enough_and_an_open_one_outweighs_a_bad_one() -> None:
    keys = at(KEY, record())
    keys.answers["s2._domainkey.sender.example"] = LookupStatus.SERVFAIL
    others = signed(signed(signed(d="list.example"), a="ed25519-sha256"), s="s2")
    assert proof_of(others, keys=keys).state is UNKNOWN
    assert proof_of(signed(MAIL, s="s3"), keys=keys).state is UNPROVEN
    assert proof_of(signed(signed(), s="s2"), keys=keys).selector == "s1"


def test_five_signatures_are_tried() -> None:
    mail = signed()
    for number in range(5):
        mail = signed(mail, s=f"gone{number}")
    keys = at(KEY, record())
    assert proof_of(mail, keys=keys).reason == "there is no key at gone4._domainkey.sender.example"
    assert len(keys.asked) == 5
    assert proof_of(mail[mail.index(b"DKIM-Signature", 1) :]).state is PROVEN


async def test_a_run_asks_for_a_key_once_and_not_at_all_once_dns_is_away() -> None:
    mails = [signed(s=f"s{number}") for number in range(4)]
    zone = at("s0._domainkey.sender.example", record())
    zone.answers |= {f"s{number}._domainkey.sender.example": LookupStatus.TIMEOUT for number in (1, 2)}
    zone.answers["s3._domainkey.sender.example"] = record()
    keys = Keys(zone.ask)
    order = [mails[number] for number in (1, 0, 1, 2, 0, 3)]  # what is remembered breaks no row and makes none
    assert [(await prove(mail, "sender.example", keys, AT)).state for mail in order] == (
        [UNKNOWN, PROVEN, UNKNOWN, UNKNOWN, PROVEN, PROVEN]
    )
    assert len(zone.asked) == 4
    away = Zone()
    away.answers |= dict.fromkeys(zone.answers, LookupStatus.TIMEOUT)
    keys = Keys(away.ask)
    assert {(await prove(mail, "sender.example", keys, AT)).state for mail in mails} == {UNKNOWN}
    assert len(away.asked) == 2


async def test_a_run_remembers_so_many_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "KEYS", 2)
    zone = Zone()
    keys = Keys(zone.ask)
    for name in ("a", "b", "a", "c", "a"):
        await keys.get(name)
    assert zone.asked == ["a", "b", "c", "a"]


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [  # what, the mail, part of what is said
    ("signatures", lambda: signed().split(b"From:")[0] * 10_000 + MAIL, "header is longer than"),
    ("signatures", lambda: b"DKIM-Signature: v=1; a=rsa-sha256; d=sender.example; s=x\n" * 900 + MAIL, "lacks a tag"),
    ("header", lambda: b"X: " + b"x" * 20_000_000 + b"\r\n" + MAIL, "header is longer than"),
    ("header", lambda: MAIL.split(b"\r\n\r\n")[0] + b"\r\nX: y" * 5_000_000, "header is longer than"),
    ("header", lambda: b"X: x\n" + b" \n" * 30_000 + signed(), "is signed by"),
    ("header", lambda: b"a:\n" * 20_000 + MAIL, "more than 1000 fields"),
    ("signature", lambda: b"DKIM-Signature: d=sender.example;" + b" b" * 25_000 + b"\n" + MAIL, "cannot be read"),
    ("signature", lambda: signed().replace(b" b=", b" b" + b"\r\n " * 900 + b"=", 1), "header was changed"),
    ("signature", lambda: b"a:\r\n" * 900 + signed(h="from" + ":x" * 1_400), "is signed by"),
    ("mail", lambda: signed() + b"x" * 31_457_281, "longer than 31457280 octets"),
    ("body", lambda: signed() + b"\n" * 20_000_000, "is signed by"),
    ("body", lambda: signed() + b" " * 20_000_000 + b"x", "its body"),
    ("body", lambda: signed() + b"ab \t" * 5_000_000, "its body"),
]


def cpu_seconds(mail: bytes, keys: Zone, part: str) -> float:
    began = time.process_time()
    assert part in proof_of(mail, keys=keys).reason
    return time.process_time() - began


@pytest.mark.parametrize(("what", "make", "part"), HOSTILE)
def test_hostile_mails_cost_seconds(what: str, make: Callable[[], bytes], part: str) -> None:
    assert cpu_seconds(make(), at(KEY, record()), part) < 10


def test_hostile_keys_cost_seconds() -> None:
    great = rsa.RSAPublicNumbers(2**4095 - 1, 2**4095 + 1).public_key()
    assert cpu_seconds(signed(), at(KEY, record(key=great)), "not by the key") < 10


@given(st.lists(st.tuples(st.integers(0, 1_500), st.binary(max_size=3)), min_size=1, max_size=4))
def test_whatever_is_changed_is_told_and_what_is_proven_dkimpy_proves_too(changes: list[tuple[int, bytes]]) -> None:
    mail = signed()
    for place, octets in changes:
        mail = mail[:place] + octets + mail[place + len(octets) :]
    found = proof_of(mail)
    assert found.reason.isprintable()
    if found.state is PROVEN:
        assert dkim.verify(mail, dnsfunc=lambda *_, **__: record().encode(), tlsrpt=True)


@given(st.text("a \t\r\n", min_size=1, max_size=40), st.sampled_from(["simple/simple", "relaxed/relaxed"]))
def test_bodies_are_hashed_as_dkimpy_does(body: str, form: str) -> None:
    mail = MAIL + body.encode()
    assert proof_of(signed(mail, c=form)).state is PROVEN


def test_the_library_logs_nothing_of_a_mail(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert proof_of(signed() + b"more").state is UNPROVEN
    assert not caplog.records


@pytest.mark.servers
async def test_a_prover_in_a_thread_asks_by_udp() -> None:
    text = record("v=DKIM1; k=rsa; s=tlsrpt:email;")
    strings = " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))
    async with nameserver(zone(f"{KEY}. 300 TXT {strings}")) as server:

        def work() -> Iterable[ProofState]:
            with Prover(settings(server)) as prover:
                return [prover.prove(mail, "sender.example", AT).state for mail in (signed(), signed(s="s2"), signed())]

        assert await asyncio.to_thread(work) == [PROVEN, UNPROVEN, PROVEN]
        assert [name for name, *_ in server.asked] == [KEY, KEY.replace("s1", "s2")]


def test_without_the_library_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "find_spec", lambda _: None)
    with pytest.raises(NoVerifier, match=r"pip install 'strictmx\[receive\]'"):
        Prover(settings())
