from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from strictmx.standards.sts import POLICY_BYTES
from tests.cli.conftest import Run

TESTING = "version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"


def test_new_prints_the_file(run: Run) -> None:
    ended = run("policy", "new", "example.com", "--mx", "MX1.example.com.", "--mx", "*.example.net")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == TESTING


@pytest.mark.parametrize(
    ("age", "seconds"), [("86400", 86_400), ("1w", 604_800), ("2d", 172_800), ("1y", 31_536_000), ("0", 0)]
)
def test_ages(run: Run, age: str, seconds: int) -> None:
    assert f"max_age: {seconds}\r\n" in run("policy", "new", "a.example", "--mx", "m.example", "--max-age", age).out


def test_new_none_needs_no_hosts(run: Run) -> None:
    ended = run("policy", "new", "example.com", "--mode", "none")
    assert ended.out == "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"


def test_u_labels_are_converted(run: Run) -> None:
    assert "mx: xn--mx-yka.example\r\n" in run("policy", "new", "example.com", "--mx", "mxü.example").out


@pytest.mark.parametrize(("rule", "mode"), [("STS-29", "testing"), ("STS-29", "enforce"), ("STS-29", "none")])
def test_what_new_writes_lints_clean(run: Run, monkeypatch: pytest.MonkeyPatch, rule: str, mode: str) -> None:
    text = run("policy", "new", "example.com", "--mx", "mx1.example.com", "--mode", mode).out
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    ended = run("policy", "lint", "-", "--json")
    document = json.loads(ended.out)
    assert (ended.status, document["verdict"], document["findings"]) == (0, "valid", [])
    assert list(document["policy"]) == ["version", "mode", "mx", "max_age", "extensions"]


def test_lint_tells_every_fault(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("mta-sts.txt")
    file.write_text("version: STSv1\nmode: enforced\nmx: a.example, b.example\nmax_age: 1w\n")
    ended = run("policy", "lint", str(file), "--json")
    document = json.loads(ended.out)
    assert (ended.status, document["verdict"], document["policy"]) == (1, "invalid", None)
    assert [finding["code"] for finding in document["findings"]] == [
        "policy-mode-invalid",
        "policy-mx-invalid",
        "policy-max-age-invalid",
        "policy-line-ending",
    ]
    text = run("policy", "lint", str(file)).out
    assert text.splitlines()[0] == "mta-sts.txt  INVALID  every sender ignores this file"
    assert "mode: enforce\n" in text


@pytest.mark.parametrize(
    ("name", "command"), [("policy.txt", "`unix2dos policy.txt`"), ("my policy.txt", "`unix2dos 'my policy.txt'`")]
)
def test_lint_names_the_file_in_its_mends(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(TESTING.replace("\r\n", "\n"), newline="")
    assert command in run("policy", "lint", name).out


@pytest.mark.parametrize(("octets", "status"), [(POLICY_BYTES, 0), (POLICY_BYTES + 1, 1)])
def test_the_size_that_senders_read(run: Run, tmp_path: Path, octets: int, status: int) -> None:  # STS-48
    file = tmp_path / "large.txt"
    file.write_bytes(TESTING.encode() + b"x: " + b"y" * (octets - len(TESTING) - 3))
    ended = run("policy", "lint", str(file), "--json")
    assert ended.status == status
    codes = [finding["code"] for finding in json.loads(ended.out)["findings"]]
    assert codes == (["policy-host-too-large"] if status else [])


def test_escapes_in_a_file_reach_no_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "evil.txt"
    file.write_bytes(b"version: \x1b]0;owned\x07\r\nmode: \xc2\x9b31m\r\nmx: \xe2\x80\xae\r\n")
    for arguments in (["policy", "lint", str(file)], ["policy", "lint", str(file), "--json"]):
        out = run(*arguments).out
        assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.mark.servers
def test_new_takes_the_present_mx_hosts(run: Run, lab: Path) -> None:
    ended = run("policy", "new", "healthy-minimal.example", "--config", str(lab))
    assert "mx: mx1.healthy-minimal.example\r\n" in ended.out
    assert ended.err == (
        "strictmx: the policy names the present MX hosts of healthy-minimal.example: mx1.healthy-minimal.example\n"
    )


@pytest.mark.servers
@pytest.mark.parametrize(
    ("domain", "part"),
    [("mx-null.example", "takes no mail"), ("nowhere.example", "does not exist"), ("dns-failure.example", "--mx")],
)
def test_new_without_hosts_says_why(run: Run, lab: Path, domain: str, part: str) -> None:
    ended = run("policy", "new", domain, "--config", str(lab))
    assert (ended.status, ended.out) == (2, "")
    assert part in ended.err


REFUSED = [  # lab domain, what the refusal says
    ("mx-null-beside-others.example", "beside other MX records"),
    ("mx-missing-no-address.example", "no MX record and no address"),
]


@pytest.mark.parametrize(("domain", "said"), REFUSED)
def test_no_policy_for_hosts_that_take_no_mail(run: Run, lab: Path, domain: str, said: str) -> None:
    ended = run("policy", "new", domain, "--config", str(lab))
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
