"""The servers of a running lab do what the table says, seen by clients that share no code with them."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import smtplib
import socket
import ssl
import tomllib
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID

from strictmx.lab import DOMAINS, Lab, domain, serve
from strictmx.lab.model import Family, Mail
from tests.lab.conftest import WAIT_SECONDS, Client, read_reply

pytestmark = pytest.mark.servers

# OpenSSL's verification errors (x509_vfy.h)
NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_ROOT, NO_ISSUER, HOSTNAME, WEAK = 9, 10, 18, 19, 20, 62, 66

MX_CERTIFICATES = [  # rule, domain, what OpenSSL says
    ("TLS-04", "mx-certificate-expired", EXPIRED),
    ("TLS-04", "mx-certificate-not-yet-valid", NOT_YET_VALID),
    ("STS-63", "mx-certificate-name-mismatch", HOSTNAME),
    ("TLS-02", "mx-certificate-name-mismatch-wildcard", HOSTNAME),
    ("STS-64", "mx-certificate-no-san", HOSTNAME),
    ("TLS-05", "mx-certificate-untrusted", SELF_SIGNED_ROOT),
    ("TLS-05", "mx-certificate-self-signed", SELF_SIGNED),
    ("TLS-05", "mx-chain-incomplete", NO_ISSUER),
    ("TLS-06", "mx-certificate-weak", WEAK),
]


@pytest.mark.parametrize(("rule", "name", "code"), MX_CERTIFICATES)
async def test_mx_certificate_faults(client: Client, rule: str, name: str, code: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await client.starttls(f"mx1.{name}.example", client.verifying())
    assert caught.value.verify_code == code


POLICY_HOST_CERTIFICATES = [  # rule, domain, what OpenSSL says
    ("STS-41", "policy-host-certificate-expired", EXPIRED),
    ("STS-41", "policy-host-certificate-not-yet-valid", NOT_YET_VALID),
    ("STS-41", "policy-host-certificate-name-mismatch", HOSTNAME),
    ("STS-42", "policy-host-certificate-name-mismatch-provider", HOSTNAME),
    ("STS-41", "policy-host-certificate-name-mismatch-no-san", HOSTNAME),
    ("TLS-05", "policy-host-certificate-untrusted", SELF_SIGNED_ROOT),
    ("TLS-05", "policy-host-certificate-self-signed", SELF_SIGNED),
    ("TLS-05", "policy-host-chain-incomplete", NO_ISSUER),
]


@pytest.mark.parametrize(("rule", "name", "code"), POLICY_HOST_CERTIFICATES)
async def test_policy_host_certificate_faults(client: Client, rule: str, name: str, code: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await client.https(f"mta-sts.{name}.example", client.verifying())
    assert caught.value.verify_code == code


def _blind() -> ssl.SSLContext:
    """A client context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


async def _leaf(client: Client, host: str) -> x509.Certificate:
    der = (await client.starttls(host, _blind())).getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


async def test_two_faults_at_once(client: Client) -> None:
    leaf = await _leaf(client, "mx1.mx-certificate-expired-name-mismatch.example")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert leaf.not_valid_after_utc < datetime.now(UTC)
    assert names.get_values_for_type(x509.DNSName) == ["old.mx-certificate-expired-name-mismatch.example"]


async def test_keys_and_dates_are_as_told(client: Client) -> None:
    soon = await _leaf(client, "mx1.mx-certificate-expires-soon.example")
    assert timedelta(days=4) < soon.not_valid_after_utc - datetime.now(UTC) <= timedelta(days=5)
    for host, bits in (("mx1.mx-certificate-weak.example", 1024), ("mx1.healthy-rsa.example", 2048)):
        key = (await _leaf(client, host)).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == bits


async def test_a_certificate_without_alternative_names_has_its_name_as_common_name(client: Client) -> None:
    leaf = await _leaf(client, "mx1.mx-certificate-no-san.example")
    assert leaf.subject.rfc4514_string() == "CN=mx1.mx-certificate-no-san.example"
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)


HEALTHY_HOSTS = [
    (row.name, row.below(mx.host))
    for row in DOMAINS
    if "healthy-" in row.name and "dane" not in row.name
    for mx in row.mx
    if not mx.alias
]


@pytest.mark.parametrize(("name", "host"), HEALTHY_HOSTS)
async def test_healthy_mx_hosts_verify(client: Client, name: str, host: str) -> None:
    assert (await client.starttls(host, client.verifying())).version() in ("TLSv1.2", "TLSv1.3")


async def test_ipv6_is_served_where_there_is_some(lab: Lab, client: Client) -> None:
    addresses = await client.ask("mx1.healthy-ipv6.example", "AAAA")
    assert addresses in ([], ["::1"])
    if addresses:
        reader, writer = await asyncio.open_connection("::1", lab.smtp_port)
        assert await read_reply(reader) == ["220 mx1.healthy-ipv6.example ESMTP"]
        writer.transport.abort()


TLS_VERSIONS = [  # rule, host, newest version that the client speaks, version agreed on
    ("STS-66", "mx1.healthy-tls-1-2.example", ssl.TLSVersion.TLSv1_3, "TLSv1.2"),
    ("STS-66", "mx1.healthy-tls-1-3.example", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    ("STS-66", "mx1.healthy-minimal.example", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
    ("TLS-07", "mx1.mx-tls-too-old.example", ssl.TLSVersion.TLSv1_1, "TLSv1.1"),
]


@pytest.mark.parametrize(("rule", "host", "newest", "agreed"), TLS_VERSIONS)
async def test_tls_versions(client: Client, rule: str, host: str, newest: ssl.TLSVersion, agreed: str) -> None:
    context = _blind()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is meant
        context.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = newest
    assert (await client.starttls(host, context)).version() == agreed


@pytest.mark.parametrize("host", ["mx1.mx-tls-too-old.example", "mx1.mx-tls-failed.example"])
async def test_hosts_that_fail_a_modern_handshake(client: Client, host: str) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await client.starttls(host, _blind())


async def test_certificate_by_server_name(lab: Lab, client: Client) -> None:
    named = await _leaf(client, "mx1.healthy-sni.example")
    assert named.subject.rfc4514_string() == "CN=mx1.healthy-sni.example"
    assert [session.server_name for session in lab.journal.sessions] == ["mx1.healthy-sni.example"]
    shown = x509.load_pem_x509_certificate(lab.certificate("mx1.healthy-sni.example").read_bytes())
    assert shown.subject.rfc4514_string() == "CN=fallback.mail-provider.example"


async def test_unknown_server_name_at_the_policy_host_is_an_alert(lab: Lab, client: Client) -> None:
    (address,) = await client.ask("mta-sts.healthy-minimal.example", "A")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):  # STS-43
        await asyncio.open_connection(address, lab.https_port, ssl=_blind(), server_hostname="mta-sts.nobody.example")


POLICY_ANSWERS = [  # rule, domain, how the answer begins, what else its head holds
    ("STS-40", "healthy-minimal", b"HTTP/1.1 200 OK\r\n", b"Content-Type: text/plain\r\n"),
    ("STS-44", "policy-host-http-status", b"HTTP/1.1 404 Not Found\r\n", b""),
    (
        "STS-45",
        "policy-host-redirect",
        b"HTTP/1.1 301 Moved Permanently\r\n",
        b"Location: https://mta-sts.policy-host-",
    ),
    ("STS-47", "policy-host-media-type", b"HTTP/1.1 200 OK\r\n", b"Content-Type: text/html\r\n"),
    ("STS-47", "healthy-charset", b"HTTP/1.1 200 OK\r\n", b"Content-Type: Text/Plain; charset=iso-8859-1; x=y\r\n"),
    ("STS-48", "policy-host-too-large", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 65537\r\n"),
    ("STS-48", "healthy-largest-policy", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 65536\r\n"),
    ("STS-40", "healthy-chunked", b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n"),
    ("STS-40", "healthy-http-1-0", b"HTTP/1.0 200 OK\r\n", b""),
    ("STS-40", "policy-host-unreachable-garbage", b"\x00\x01\x02", b""),
]


@pytest.mark.parametrize(("rule", "name", "start", "holds"), POLICY_ANSWERS)
async def test_policy_host_answers(client: Client, rule: str, name: str, start: bytes, holds: bytes) -> None:
    answer = await client.get(f"mta-sts.{name}.example")
    assert answer.startswith(start)
    assert holds in answer


async def test_a_policy_without_media_type_has_none(client: Client) -> None:
    head = (await client.get("mta-sts.policy-host-media-type-missing.example")).partition(b"\r\n\r\n")[0]
    assert b"content-type" not in head.lower()


WHOLE_POLICIES = [
    row.name for row in DOMAINS if "healthy-" in row.name and row.web and row.name != "healthy-chunked.example"
]


@pytest.mark.parametrize("name", WHOLE_POLICIES)
async def test_healthy_policy_hosts_serve_the_policy(client: Client, name: str) -> None:
    head, _, body = (await client.get(f"mta-sts.{name}")).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == b"200"
    assert body == domain(name).policy_file()


async def test_chunks_hold_the_policy(client: Client) -> None:
    body = (await client.get("mta-sts.healthy-chunked.example")).partition(b"\r\n\r\n")[2]
    policy = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        policy, body = policy + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert policy == domain("healthy-chunked").policy_file()


async def test_a_policy_can_be_exchanged_and_requests_are_kept(lab: Lab, client: Client) -> None:
    lab.set_policy("healthy-minimal.example", b"version: STSv1\r\nmode: none\r\nmax_age: 1\r\n")
    assert (await client.get("mta-sts.healthy-minimal.example")).endswith(b"mode: none\r\nmax_age: 1\r\n")
    (request,) = lab.journal.requests
    assert (request.method, request.path, request.host) == (
        "GET",
        "/.well-known/mta-sts.txt",
        "mta-sts.healthy-minimal.example",
    )


@pytest.mark.parametrize("name", ["policy-host-timeout", "policy-host-timeout-silent"])
async def test_slow_policy_hosts_do_not_end(client: Client, name: str) -> None:
    host = f"mta-sts.{name}.example"
    reader, writer = await client.https(host, client.verifying())
    writer.write(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await reader.read(-1)
    writer.transport.abort()


UNREACHED = [  # host, its port's name, what a connection meets
    ("mx1.mx-unreachable.example", "smtp_port", ConnectionRefusedError),
    ("mx1.mx-unreachable-timed-out.example", "smtp_port", TimeoutError),
    ("mta-sts.policy-host-unreachable.example", "https_port", ConnectionRefusedError),
    ("mta-sts.policy-host-unreachable-timed-out.example", "https_port", TimeoutError),
]


@pytest.mark.parametrize(("host", "port", "error"), UNREACHED)
async def test_unreached_hosts(lab: Lab, client: Client, host: str, port: str, error: type[OSError]) -> None:
    (address,) = await client.ask(host, "A")
    with pytest.raises(error):
        async with asyncio.timeout(0.5):
            await asyncio.open_connection(address, getattr(lab, port))


GREETINGS = [  # rule, domain, how the greeting begins
    ("SMTP-06", "healthy-greeting", ["220-mx1.healthy-greeting.example ESMTP", "220-No spam, please.", "220 Ready."]),
    (
        "SMTP-06",
        "mx-throttled",
        ["421 4.7.0 mx1.mx-throttled.example too many connections from your address, try again later"],
    ),
    ("SMTP-06", "mx-unreachable-rejected", ["554 5.7.1 mx1.mx-unreachable-rejected.example does not talk to you"]),
    ("SMTP-06", "mx-unreachable-megabyte", ["220 " + "x" * 1_048_576]),
]


@pytest.mark.parametrize(("rule", "name", "lines"), GREETINGS)
async def test_greetings(client: Client, rule: str, name: str, lines: list[str]) -> None:
    reader, writer = await client.smtp(f"mx1.{name}.example")
    async with asyncio.timeout(WAIT_SECONDS):
        assert await read_reply(reader) == lines
    writer.transport.abort()


async def test_hostile_greetings(client: Client) -> None:
    reader, writer = await client.smtp("mx1.mx-unreachable-endless.example")
    endless = await reader.readexactly(1_000_000)
    assert all(line.startswith(b"220-") for line in endless.split(b"\r\n")[:-1])
    writer.transport.abort()
    reader, writer = await client.smtp("mx1.mx-unreachable-garbage.example")
    assert not (await reader.read(-1))[:100].isascii()
    writer.transport.abort()
    reader, writer = await client.smtp("mx1.mx-timeout.example")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.read(1)
    writer.transport.abort()


OFFERS = [  # rule, domain, reply code to EHLO, whether STARTTLS is offered, reply code to STARTTLS
    ("SMTP-04", "healthy-minimal", 250, True, 220),
    ("SMTP-06", "healthy-lower-case", 250, True, 220),
    ("SMTP-04", "mx-starttls-refused", 250, True, 454),
    ("STS-67", "mx-no-starttls", 250, False, 503),
    ("SMTP-06", "mx-no-starttls-helo", 502, False, 503),
]


@pytest.mark.parametrize(("rule", "name", "ehlo", "offered", "starttls"), OFFERS)
async def test_offers(
    *, lab: Lab, client: Client, rule: str, name: str, ehlo: int, offered: bool, starttls: int
) -> None:
    (address,) = await client.ask(f"mx1.{name}.example", "A")

    def dialogue() -> tuple[int, bool, int]:
        with smtplib.SMTP(address, lab.smtp_port, "client.example", WAIT_SECONDS) as smtp:
            code = smtp.ehlo()[0]
            if code != 250:
                assert smtp.helo()[0] == 250
            seen = smtp.has_extn("starttls")
            answer = smtp.docmd("STARTTLS")[0]
            if answer == 220:
                smtp.close()  # the server waits for a handshake, and QUIT is none
            return code, seen, answer

    assert await asyncio.to_thread(dialogue) == (ehlo, offered, starttls)


async def test_injection_stands_behind_the_reply_in_one_segment(client: Client) -> None:
    reader, writer = await client.smtp("mx1.mx-tls-failed-injection.example")  # SMTP-01
    async with asyncio.timeout(WAIT_SECONDS):
        await read_reply(reader)
        writer.write(b"STARTTLS\r\n")
        assert await reader.readexactly(41) == b"220 2.0.0 Go ahead\r\n250 injected in clear"
    writer.transport.abort()


async def test_mail_is_taken_and_counted(lab: Lab, client: Client) -> None:
    (address,) = await client.ask("mx1.healthy-minimal.example", "A")
    context = client.verifying()
    context.check_hostname = False  # smtplib checks the address that it connected to

    def send() -> None:
        with smtplib.SMTP(address, lab.smtp_port, "client.example", WAIT_SECONDS) as smtp:
            smtp.starttls(context=context)
            assert not smtp.ehlo()[1].upper().count(b"STARTTLS")  # SMTP-03
            smtp.sendmail("a@sender.example", ["b@healthy-minimal.example"], b"Subject: hello\r\n\r\n.dot\r\n")

    await asyncio.to_thread(send)
    (delivery,) = lab.journal.deliveries
    assert (delivery.host, delivery.mail_from, delivery.rcpt_to, delivery.content, delivery.tls_version) == (
        "mx1.healthy-minimal.example",
        "a@sender.example",
        ("b@healthy-minimal.example",),
        b"Subject: hello\r\n\r\n.dot\r\n",
        "TLSv1.3",
    )
    (session,) = lab.journal.sessions
    assert [command.split()[0].upper() for command in session.commands] == [
        "EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip


async def test_large_answers_come_by_tcp(client: Client) -> None:
    records = await client.ask("_mta-sts.healthy-txt-thousands.example", "TXT")
    assert sorted(len(record) for record in records) == [len('"v=STSv1; id=20261114090000;"'), 7 * 10_000 - 1]


async def test_tlsa_records_are_those_of_the_certificate(lab: Lab, client: Client) -> None:
    host = "mx1.healthy-dane-tlsa-cname.example"  # DANE-11
    spki = (await _leaf(client, host)).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    expected = [f"3 1 1 {hashlib.sha256(spki).hexdigest()}"]
    assert await client.ask(f"_25._tcp.{host}", "TLSA") == expected
    assert await client.ask(f"_{lab.smtp_port}._tcp.{host}", "TLSA") == expected
    assert await client.ask("_25._tcp.mx1.dane-mismatch.example", "TLSA") != expected


async def test_configuration_leads_to_the_lab(lab: Lab, tmp_path: Path) -> None:
    path = lab.write_configuration(tmp_path)
    internet = tomllib.loads(path.read_text())["internet"]
    assert internet == {**lab.settings(), "trust": "ca.pem"}
    assert (tmp_path / "ca.pem").read_bytes() == lab.trust.read_bytes()
    names = [line for line in (tmp_path / "ALL").read_text().splitlines() if not line.startswith("#")]
    assert names == [row.name for row in DOMAINS]


async def test_two_labs_run_side_by_side(lab: Lab) -> None:
    async with Lab.start() as other:
        assert other.smtp_port != lab.smtp_port
        host = "mx1.healthy-minimal.example"
        assert (await Client(other).starttls(host, Client(other).verifying())).version() == "TLSv1.3"
        with pytest.raises(ssl.SSLCertVerificationError):
            await Client(other).starttls(host, Client(lab).verifying())


async def test_a_lab_of_its_own_domains() -> None:
    mine = domain("healthy-ipv6")
    async with Lab.start(domains=(mine,)) as lab:
        assert lab.domains == (mine,)
        assert lab.domain("healthy-ipv6") is mine
        assert Mail(family=Family.IPV6) in mine.mx[0].addresses


def _open_files() -> int:
    """How many files and sockets this process has open; 0 where the system does not tell."""
    listed = Path("/proc/self/fd")
    return len(list(listed.iterdir())) if listed.exists() else 0


async def test_closing_leaves_nothing() -> None:
    before = _open_files()
    async with Lab.start() as lab:
        client = Client(lab)
        silent = await client.smtp("mx1.mx-timeout.example")
        slow = await client.https("mta-sts.policy-host-timeout.example", client.verifying())
        port = lab.smtp_port
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await silent[0].read(-1) == b""
    for _, writer in (silent, slow):
        writer.transport.abort()
    await asyncio.sleep(0)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.25.0.1", port)) != 0
    assert _open_files() <= before


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


async def test_serve_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(serve(tmp_path, lines.put_nowait))
    async with asyncio.timeout(WAIT_SECONDS):
        assert (await lines.get()).startswith("ready: ")
        assert "strictmx.toml" in _names(tmp_path)
        signal.raise_signal(signal.SIGTERM)
        await running
    assert _names(tmp_path) == {"strictmx.toml", "ca.pem", "ALL", "certificates", "reports"}
