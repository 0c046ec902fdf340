"""`strictmx doctor` as people and programs use it; what it sees and says is tested in `tests/roles`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strictmx.cli.view import doctor_lines
from strictmx.roles.doctor.result import Check, Diagnosis, State
from tests.cli.conftest import Run
from tests.laboratory import command, environment

pytestmark = pytest.mark.servers

CHECKS = [  # the contract; a release with optional parts adds `extras`
    *("port-25", "ipv6", "ipv4", "dns", "dnssec", "https", "clock", "trust"),
    *("configuration", "data", "files", "open-files", "program"),
]


def test_json_for_a_program(run: Run, lab: Path) -> None:
    ended = run("doctor", "--config", str(lab), "--json")
    document = json.loads(ended.out)
    assert (ended.status, ended.err) == (0, "")
    assert set(document) == {"works", "checks", "configuration", "observed_at", "elapsed_ms"}
    assert (document["works"], document["configuration"]) == (True, str(lab))
    assert [check["check"] for check in document["checks"] if check["check"] != "extras"] == CHECKS
    assert all(set(check) == {"check", "state", "message", "mend", "evidence"} for check in document["checks"])


def test_dead_nameservers_are_one_cause(run: Run, tmp_path: Path) -> None:
    configuration = tmp_path / "dead.toml"
    configuration.write_text('[internet]\nnameservers = ["127.0.0.1:1"]\n')
    ended = run("doctor", "--config", str(configuration))
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.count("Not tested") == 1
    assert "\n  Does not work: dns\n" in ended.out


FAULTY = [  # what the file holds (None: there is no file), a part of what is said
    (
        '[internet]\nnameserver = []\n[store]\nurl = "postgresql://u:secret@h/d"\n',
        "line 2: internet.nameserver: unknown",
    ),
    ("\x1b[", r"line 1: no TOML"),
    (None, "cannot be read: No such file or directory"),
]


@pytest.mark.parametrize(("text", "part"), FAULTY)
def test_a_faulty_configuration_is_a_finding_and_no_end(run: Run, tmp_path: Path, text: str | None, part: str) -> None:
    configuration = tmp_path / "faulty.toml"
    if text is not None:
        configuration.write_text(text)
    ended = run("doctor", "--config", str(configuration), "--json")
    document = json.loads(ended.out)
    assert (ended.status, ended.err, document["works"]) == (1, "", False)
    (broken,) = [check for check in document["checks"] if check["state"] == "broken"]
    assert part in f"{broken['message']}\n{broken['mend']}"
    assert "secret" not in ended.out
    untested = [check["check"] for check in document["checks"] if check["state"] == "unknown"]
    assert untested == [name for name in CHECKS if name not in ("configuration", "open-files", "program")]


def test_interrupted_it_tells_what_was_found(tmp_path: Path) -> None:
    """Ctrl-C while a name server keeps silent ends in under a second."""
    configuration = tmp_path / "silent.toml"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(20)
        configuration.write_text(f'[internet]\nnameservers = ["127.0.0.1:{silent.getsockname()[1]}"]\n')
        with subprocess.Popen(
            command("doctor", "--config", str(configuration), "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        ) as process:
            assert silent.recv(1_000)  # the first question
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=10)
            took = time.monotonic() - began
    states = {check["check"]: check["state"] for check in json.loads(out)["checks"]}
    assert (states["dns"], states["configuration"]) == ("unknown", "works")
    assert (process.returncode, errors) == (2, "strictmx: doctor: interrupted before everything was tested\n")
    assert took < 1


def shown(checks: list[Check], width: int) -> list[str]:
    diagnosis = Diagnosis(tuple(checks), None, datetime(2026, 11, 25, tzinfo=UTC), 1_234)
    return ["".join(text for text, _ in line) for line in doctor_lines(diagnosis, width)]


LONG = "One sentence of fact with all that it takes, and one of what follows from it for people."
SEEN = "  seen 2026-11-25 00:00:00 UTC in 1.2 s"


def test_a_wide_terminal_gets_a_table() -> None:
    checks = [
        Check("a", State.UNKNOWN, "Not tested."),
        Check("port-25", State.BROKEN, LONG, "Do `this and that`.\nThen that."),
        Check("b", State.UNKNOWN, "Not tested."),
        Check("b", State.WARNING, "So so.", "Do it."),
    ]
    assert shown(checks, 80) == [
        "  broken  port-25  One sentence of fact with all that it takes, and one of what",
        "                   follows from it for people.",
        "                   → Do `this and that`.",
        "                     Then that.",
        "  warning b        So so.",
        "                   → Do it.",
        "  unknown a, b     Not tested.",
        "",
        "  Does not work: port-25",
        "  Works in part: b",
        SEEN,
    ]


@pytest.mark.parametrize("width", [40, 71, 72, 110])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    checks = [Check(name, State.BROKEN, LONG, LONG) for name in CHECKS]
    checks += [Check(name, State.UNKNOWN, LONG) for name in CHECKS[:3]]
    assert max(map(len, shown(checks, width))) <= width


def test_when_everything_works_it_says_so() -> None:
    assert shown([Check("a", State.WORKS, "Fine.")], 80) == ["  works   a  Fine.", "", "  Everything works.", SEEN]
    assert shown([Check("a", State.UNKNOWN, "Not tested.")], 80) == ["  unknown a  Not tested.", "", SEEN]
