from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import dns.zone
import pytest

from tests.certificates import authority, server
from tests.cli.conftest import Run

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
CHANGED = 1_763_975_045  # 2025-11-24 09:04:05 UTC


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "mta-sts.txt"
    file.write_bytes(POLICY.encode())
    os.utime(file, (CHANGED, CHANGED))
    return str(file)


def test_json(run: Run, policy: str) -> None:
    rua = ["--rua", "mailto:tls@example.com", "--rua", "https://r.example.net/x"]
    ended = run("records", "example.com", "--policy", policy, "--host", "www.example.net", *rua, "--format", "json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out) == [
        {"name": "_mta-sts.example.com.", "type": "TXT", "ttl": 3600, "value": "v=STSv1; id=20251124090405;"},
        {
            "name": "_smtp._tls.example.com.",
            "type": "TXT",
            "ttl": 3600,
            "value": "v=TLSRPTv1; rua=mailto:tls@example.com,https://r.example.net/x",
        },
        {"name": "mta-sts.example.com.", "type": "CNAME", "ttl": 3600, "value": "www.example.net."},
    ]


def test_id_and_addresses_can_be_given(run: Run, policy: str) -> None:
    arguments = ["--id", "abc", "--host", "192.0.2.1", "--host", "2001:db8::1", "--json"]
    records = json.loads(run("records", "example.com", "--policy", policy, *arguments).out)
    assert records[0]["value"] == "v=STSv1; id=abc;"
    assert [(record["type"], record["value"]) for record in records[2:]] == [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
    ]


def test_zone_is_read_by_a_foreign_parser(run: Run, policy: str) -> None:
    long = [argument for number in range(12) for argument in ("--rua", f"mailto:reports-{number}@long.example.com")]
    ended = run("records", "example.com", "--policy", policy, "--host", "www.example.net", *long)
    zone = dns.zone.from_text(ended.out, origin="example.com.", relativize=False, check_origin=False)
    (record,) = zone.find_rdataset("_smtp._tls.example.com.", "TXT")
    assert b"".join(record.strings).decode() == "v=TLSRPTv1; rua=" + ",".join(long[1::2])
    assert all(len(part) <= 255 for part in record.strings)


@pytest.mark.parametrize(("rule", "seconds"), [("STS-08", 0), ("STS-08", 1), ("STS-08", 86_400)])
def test_the_id_follows_the_file(run: Run, policy: str, rule: str, seconds: int) -> None:
    """The same file keeps its id; one that was changed later gets another."""

    def identifier() -> str:
        records = json.loads(run("records", "example.com", "--policy", policy, "--json").out)
        return str(records[0]["value"])

    before = identifier()
    os.utime(policy, (CHANGED + seconds, CHANGED + seconds))
    assert (identifier() == before) is (seconds == 0)


def test_nsupdate_replaces_what_is_there(run: Run, policy: str) -> None:
    lines = run("records", "example.com", "--policy", policy, "--format", "nsupdate").out.splitlines()
    assert lines[:2] == [
        "update delete _mta-sts.example.com. TXT",
        'update add _mta-sts.example.com. 3600 TXT "v=STSv1; id=20251124090405;"',
    ]
    assert lines[-1] == "send"
    assert not any("_smtp._tls" in line for line in lines)  # nobody chose an address for reports


def test_nsupdate_keeps_the_tlsa_record_of_the_key_in_use(run: Run, policy: str, tmp_path: Path) -> None:
    """DANE-32: the next record is published beside the present one."""
    certificate = tmp_path / "next.pem"
    certificate.write_bytes(server(authority("Root"), "mx1.example.com").pem)
    arguments = ["--tlsa", "--certificate", str(certificate), "--format", "nsupdate"]
    lines = run("records", "example.com", "--policy", policy, *arguments).out.splitlines()
    assert not any(line.startswith("update delete _25._tcp") for line in lines)
    assert any(line.startswith("update add _25._tcp.mx1.example.com. 3600 TLSA 3 1 1 ") for line in lines)


def test_terraform(run: Run, policy: str) -> None:
    out = run("records", "example.com", "--policy", policy, "--host", "192.0.2.1", "--format", "terraform").out
    assert 'resource "dns_txt_record_set" "mta_sts_example_com_txt" {\n  zone = "example.com."\n' in out
    assert '  name = "_mta-sts"\n  txt = ["v=STSv1; id=20251124090405;"]\n  ttl = 3600\n}' in out
    assert 'resource "dns_a_record_set"' in out


def test_what_was_assumed_is_said(run: Run, policy: str) -> None:
    ended = run("records", "example.com", "--policy", policy)
    assert "mailto:postmaster@example.com" in ended.err
    assert "mta-sts.example.com must lead to the web server" in ended.err


def test_tlsa(run: Run, policy: str, tmp_path: Path) -> None:
    """DANE-30: `3 1 1` of the certificate, at each host that the policy names and the certificate covers."""
    certificate = tmp_path / "chain.pem"
    made = server(authority("Root"), "mx1.example.com")
    certificate.write_bytes(made.pem)
    records = json.loads(
        run("records", "example.com", "--policy", policy, "--tlsa", "--certificate", str(certificate), "--json").out
    )
    assert records[-1]["name"] == "_25._tcp.mx1.example.com."
    assert records[-1]["type"] == "TLSA"
    assert records[-1]["value"].startswith("3 1 1 ")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--id", "a-b"], "1 to 32"),
        (["--rua", "ftp://x"], "ftp"),
        (["--rua", "postmaster@example.com"], "mailto:postmaster@example.com"),
        (["--host", "a b"], "--host"),
        (["--host", "a.example", "--host", "b.example"], "one name"),
        (["--host", "192.0.2.1", "--host", "b.example"], "one name"),
        (["--host", "mta-sts.example.com"], "alias of itself"),
        (["--host", "fe80::1%\x1b[31m"], "scope"),
        (["--rua", "mailto:a@b\x1b[31m\n"], r"mailto:a@b\x1b[31m\n"),
        (["--tlsa", "--certificate", "POLICY"], "no certificate"),
        (["--tlsa", "--certificate", "STRANGER"], "is for other.example, not for mx1.example.com"),
    ],
)
def test_wrong_values(run: Run, policy: str, tmp_path: Path, arguments: list[str], part: str) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(server(authority("Root"), "other.example").pem)
    given = [{"POLICY": policy, "STRANGER": str(stranger)}.get(argument, argument) for argument in arguments]
    ended = run("records", "example.com", "--policy", policy, *given)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert part in ended.err
    assert "\x1b" not in ended.err


def test_records_of_an_invalid_policy_are_not_printed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "\x1b]0;bad\n.txt"
    file.write_text("mode: enforced\n")
    ended = run("records", "example.com", "--policy", str(file))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.endswith(r"\x1b]0;bad\n.txt: senders ignore this policy; see strictmx policy lint" + "\n")


def test_hosts_without_tlsa_are_named(run: Run, tmp_path: Path) -> None:
    policy, certificate = tmp_path / "mta-sts.txt", tmp_path / "mx.pem"
    lines = "mx: mx1.shop.example\r\nmx: mx2.shop.example\r\nmx: *.other.example\r\n"
    policy.write_bytes(f"version: STSv1\r\nmode: testing\r\n{lines}max_age: 604800\r\n".encode())
    certificate.write_bytes(server(authority("CA"), "mx1.shop.example").pem)
    ended = run("records", "shop.example", "--policy", str(policy), "--tlsa", "--certificate", str(certificate))
    assert "no TLSA record for mx2.shop.example: the certificate is not for it\n" in ended.err
    assert "no TLSA record for *.other.example: it names no single host\n" in ended.err


def test_a_file_from_the_far_future_needs_an_id(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "mta-sts.txt"
    policy.write_bytes(b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n")
    times = SimpleNamespace(st_mtime=300_000_000_000.0)
    real = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **more: times if path == policy else real(path, **more))
    assert "name an id with --id" in run("records", "shop.example", "--policy", str(policy)).err
