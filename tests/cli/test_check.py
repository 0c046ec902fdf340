"""`strictmx check` against the laboratory, through the command line as people use it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from strictmx.lab import DOMAINS, Domain
from tests.cli.conftest import Ended, Run
from tests.laboratory import command, environment

pytestmark = pytest.mark.servers

Documents = dict[str, dict[str, Any]]
GOOD, EXPIRED = "healthy-minimal.example", "mx-certificate-expired.example"


def codes(findings: list[dict[str, str]]) -> dict[str, str]:
    """Codes with their worst severity, `ok` ones left out."""
    found: dict[str, str] = {}
    for finding in findings:
        if finding["severity"] != "ok":
            found.setdefault(finding["code"], finding["severity"])
    return found


@pytest.fixture(scope="module")
def everything(lab: Path) -> Documents:
    """Every domain of the laboratory, checked in one run."""
    ended = subprocess.run(
        command("check", "--config", str(lab), "--from", "ALL", "--jsonl"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    return {document["domain"]: document for document in map(json.loads, ended.stdout.splitlines())}


@pytest.mark.parametrize("row", DOMAINS, ids=lambda row: row.name)
def test_every_domain_shows_what_it_promises(everything: Documents, row: Domain) -> None:
    document = everything[row.name]
    assert (codes(document["findings"]), document["verdict"]) == (dict(row.codes), row.verdict)


RULES = [  # rule, domain, verdict, part of what it shows
    ("DANE-09", "dane-not-signed.example", "secure", "dane-not-signed"),
    ("DANE-18", "healthy-dane-mx-cname.example", "secure", "dane-ok"),
    ("DANE-33", "dane-no-starttls.example", "broken", "mx-no-starttls"),
    ("DANE-35", "dane-not-signed.example", "secure", "dane-not-signed"),
    ("STS-65", "healthy-sni.example", "secure", ""),
    ("STS-77", "healthy-delegated.example", "secure", "sts-record-cname"),
    ("MX-06", "healthy-alias.example", "secure", ""),
]


@pytest.mark.parametrize(("rule", "domain", "verdict", "code"), RULES)
def test_rules_that_need_servers(everything: Documents, rule: str, domain: str, verdict: str, code: str) -> None:
    document = everything[domain]
    assert document["verdict"] == verdict
    assert not code or code in {finding["code"] for finding in document["findings"]}


def test_one_domain_for_people(run: Run, lab: Path) -> None:
    ended = run("check", EXPIRED, "--config", str(lab))
    assert (ended.status, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"{EXPIRED}  BROKEN  something does not work as published"
    assert lines[2].split() == ["error", "mx-certificate-expired", f"mx1.{EXPIRED}"]
    assert "→ Renew it" in ended.out
    assert "\x1b" not in ended.out


def test_json_is_an_object_for_one_and_a_list_for_several(run: Run, lab: Path) -> None:
    one = json.loads(run("check", GOOD, "--json", "--config", str(lab)).out)
    several = run("check", "--json", GOOD, EXPIRED, "--config", str(lab))
    assert one["verdict"] == "secure"
    assert {document["domain"] for document in json.loads(several.out)} == {GOOD, EXPIRED}
    assert several.status == 1


def test_a_domain_named_twice_is_checked_once(run: Run, lab: Path) -> None:
    ended = run("check", GOOD, GOOD.upper(), f"{GOOD}.", "--jsonl", "--config", str(lab))
    assert ended.out.count("\n") == 1


def test_saved_and_replayed_is_the_same(run: Run, lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    first = run("check", GOOD, EXPIRED, "--jsonl", "--save", str(file), "--config", str(lab))
    again = run("check", "--replay", str(file), "--jsonl")
    assert sorted(first.out.splitlines()) == sorted(again.out.splitlines())
    assert all(json.loads(line)["observation"] == 1 for line in file.read_text().splitlines())
    only = run("check", "--replay", str(file), GOOD, "--json")
    assert json.loads(only.out)["domain"] == GOOD
    assert run("check", "--replay", str(file), "other.example").status == 2


def test_a_file_of_domains_may_hold_comments_and_slips(run: Run, lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "domains"
    file.write_bytes(f"# ours\n\n{GOOD}  # the first\nno domain at all\n\xff\n{GOOD}\r\n".encode("latin-1"))
    ended = run("check", "--from", str(file), "--jsonl", "--config", str(lab))
    assert ended.status == 2
    assert ended.out.count("\n") == 1
    assert [line.split(":")[2] for line in ended.err.splitlines()] == ["4", "5"]


def test_escapes_in_a_list_reach_no_terminal(run: Run, lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "domains"
    file.write_text("user@\x1b[31mRED\nhttps://\x9bfoo\u202e/\n", encoding="utf-8")
    ended = run("check", "--from", str(file), "--config", str(lab))
    assert ended.status == 2
    assert not set(ended.err) & {"\x1b", "\x9b", "\u202e"}


@pytest.mark.parametrize(
    ("content", "part"), [(b"", "names no domain"), (b"# none\n", "names no domain"), (b"\0\1", "binary")]
)
def test_files_without_domains(run: Run, tmp_path: Path, content: bytes, part: str) -> None:
    file = tmp_path / "domains"
    file.write_bytes(content)
    ended = run("check", "--from", str(file))
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert part in ended.err


def test_what_is_read_is_not_overwritten(run: Run, lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    run("check", GOOD, "--save", str(file), "--config", str(lab))
    before = file.read_bytes()
    ended = run("check", "--replay", str(file), "--save", str(file))
    assert ended.status == 2
    assert "would overwrite" in ended.err
    assert file.read_bytes() == before


def test_a_terminal_that_is_not_utf_8_is_no_error(lab: Path) -> None:
    variables = environment() | {"PYTHONIOENCODING": "latin-1"}
    for arguments in ([], ["check", EXPIRED, "--config", str(lab)], ["check", "--help"]):
        ended = subprocess.run(command(*arguments), capture_output=True, check=False, env=variables, timeout=60)
        assert ended.stderr == b""
        assert ended.returncode in (0, 1)


def test_several_end_with_a_sum(run: Run, lab: Path) -> None:
    assert run("check", GOOD, EXPIRED, "--config", str(lab)).out.endswith("\n2 domains:  1 secure  1 broken\n")


def test_dead_nameservers_end_in_time(run: Run, tmp_path: Path) -> None:
    configuration = tmp_path / "dead.toml"
    configuration.write_text('[internet]\nnameservers = ["127.0.0.1:1"]\n')
    ended = run("check", "example.com", "--config", str(configuration), "--json")
    document = json.loads(ended.out)
    assert ended.status == 1
    assert [finding["code"] for finding in document["findings"]] == ["dns-failure"]


def test_an_unreadable_trust_store_is_one_line(run: Run, tmp_path: Path) -> None:
    configuration = tmp_path / "trust.toml"
    configuration.write_text('[internet]\ntrust = "missing.pem"\nnameservers = ["127.0.0.1:1"]\n')
    ended = run("check", "example.com", "--config", str(configuration))
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "missing.pem" in ended.err


def test_interrupted_it_tells_what_was_found(lab: Path, tmp_path: Path) -> None:
    """Ctrl-C ends in under a second with what was found so far."""
    file = tmp_path / "domains"
    file.write_text(f"{GOOD}\nmx-timeout.example\n")
    with subprocess.Popen(
        command("check", "--from", str(file), "--jsonl", "--config", str(lab)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # the healthy one; the silent one is still waited for
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)
        took = time.monotonic() - began
    ended = Ended(process.returncode, first + rest, errors)
    assert json.loads(first)["domain"] == GOOD
    assert ended.status == 2
    assert ended.err == "strictmx: check: interrupted, 1 of 2 domains were checked\n"
    assert took < 1


def test_interrupted_it_ends_though_nobody_reads(lab: Path, tmp_path: Path) -> None:
    """A pager that was left open: the pipe is full, and a thread is stuck in its write."""
    saved = tmp_path / "saved"
    os.mkfifo(saved)  # says when the first result is about to be printed
    reader, writer = os.pipe()
    os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)))
    arguments = command("check", "--from", "ALL", "--jsonl", "--save", str(saved), "--config", str(lab))
    with (
        subprocess.Popen(arguments, stdout=writer, stderr=subprocess.PIPE, env=environment()) as process,
        saved.open("rb") as observations,
    ):
        assert observations.readline()
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        took = time.monotonic() - began
    os.close(reader)
    os.close(writer)
    assert (process.returncode, errors) == (2, b"strictmx: check: interrupted while nobody read the output\n")
    assert took < 1


def test_on_a_terminal_it_uses_colour_and_progress(lab: Path) -> None:
    """In a pseudo-terminal, unless NO_COLOR asks otherwise."""
    for colour, expected in ((None, True), ("1", False)):
        variables = {name: value for name, value in environment().items() if name != "NO_COLOR"} | {"TERM": "xterm"}
        if colour:
            variables["NO_COLOR"] = colour
        shown = _in_terminal(command("check", GOOD, EXPIRED, "--config", str(lab)), variables)
        assert "SECURE" in shown
        assert ("\x1b[1;31m" in shown) is expected


def _in_terminal(arguments: list[str], variables: dict[str, str]) -> str:
    """What a command writes to a pseudo-terminal."""
    master, slave = os.openpty()
    with subprocess.Popen(arguments, stdout=slave, stderr=slave, stdin=slave, env=variables) as process:
        os.close(slave)
        shown = bytearray()
        while True:
            try:
                piece = os.read(master, 65_536)
            except OSError:  # the terminal is gone when its last writer is
                break
            if not piece:
                break
            shown += piece
        process.wait(timeout=30)
    os.close(master)
    return shown.decode()


def test_output_that_cannot_be_written_is_one_line(lab: Path) -> None:
    """A full disk is no fault of strictmx, and a reader that goes away is no fault at all."""
    many = [GOOD, EXPIRED, "policy-invalid.example"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("check", *many, "--jsonl", "--config", str(lab)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (2, "strictmx: the output cannot be written: No space left on device\n")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        ended = subprocess.run(
            command("check", *many, "--jsonl", "--config", str(lab)),
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_list_beside_the_configuration_is_found_unless_one_is_here(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, here = tmp_path / "etc", tmp_path / "here"
    for folder, text in ((beside, "not a name beside\n"), (here, "not a name here\n")):
        folder.mkdir()
        (folder / "domains").write_text(text)
    configuration = beside / "strictmx.toml"
    configuration.write_text("")
    monkeypatch.chdir(tmp_path)
    assert f"{beside / 'domains'}:1" in run("check", "--from", "domains", "--config", str(configuration)).err
    monkeypatch.chdir(here)
    assert run("check", "--from", "domains", "--config", str(configuration)).err.startswith("strictmx: domains:1")
