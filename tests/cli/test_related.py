"""`strictmx check --related`: notices beside the verdict, for every domain of the laboratory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strictmx.cli import check
from strictmx.findings.catalogue import RELATED
from strictmx.findings.observation import dump
from strictmx.lab import DOMAINS, Domain
from tests.cli.conftest import Run
from tests.cli.test_check import codes
from tests.findings.test_related import observation
from tests.laboratory import command, environment

Documents = dict[str, dict[str, Any]]
WITH_KEYS = [row for row in DOMAINS if row.selectors]


def checked(lab: Path, *arguments: str) -> Documents:
    ended = subprocess.run(
        command("check", "--config", str(lab), "--related", "--jsonl", *arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    assert ended.stderr == ""
    return {document["domain"]: document for document in map(json.loads, ended.stdout.splitlines())}


@pytest.fixture(scope="module")
def everything(lab: Path) -> Documents:
    """Every domain of the laboratory, checked in one run."""
    return checked(lab, "--from", "ALL")


@pytest.fixture(scope="module")
def with_keys(lab: Path) -> Documents:
    """The domains that are about DKIM keys."""
    return checked(lab, "--selector", "s1", *(row.name for row in WITH_KEYS))


def split(document: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The codes of the check, and those beside it."""
    found = codes(document["findings"])
    beside = {code: severity for code, severity in found.items() if code in RELATED}
    return {code: severity for code, severity in found.items() if code not in RELATED}, beside


@pytest.mark.servers
@pytest.mark.parametrize("row", DOMAINS, ids=lambda row: row.name)
def test_no_verdict_changes(everything: Documents, row: Domain) -> None:
    document = everything[row.name]
    main, beside = split(document)
    assert (main, document["verdict"]) == (dict(row.codes), row.verdict)
    assert set(beside.values()) <= {"notice"}
    if row.related is not None:
        assert set(beside) == {code for code in row.related if not code.startswith("dkim-")}


@pytest.mark.servers
@pytest.mark.parametrize("row", WITH_KEYS, ids=lambda row: row.name)
def test_keys_show_what_they_promise(with_keys: Documents, row: Domain) -> None:
    document = with_keys[row.name]
    _, beside = split(document)
    assert set(beside) == set(row.related or ())
    assert [key["selector"] for key in document["related"]["dkim"]] == ["s1"]


@pytest.mark.servers
def test_what_was_seen_is_judged_again_without_network(run: Run, lab: Path, tmp_path: Path) -> None:
    saved = str(tmp_path / "seen.jsonl")
    domain = "caa-excludes-issuer.example"
    first = run("check", domain, "--related", "--selector", "s1", "--save", saved, "--json", "--config", str(lab))
    again = run("check", "--replay", saved, "--related", "--json")
    assert first.status == again.status == 0
    assert json.loads(again.out) == json.loads(first.out)
    without = json.loads(run("check", "--replay", saved, "--json").out)
    assert without["related"] is None
    assert not RELATED & codes(without["findings"]).keys()


WRONG = [
    (["--selector", "s1"], "--selector needs --related"),
    (["--related", "--selector", "a b"], "--selector 'a b' is no DKIM selector"),
    (["--related", "--selector", "a..b"], "is no DKIM selector: a label between two dots is empty"),
    (["--related", "--selector", "\x1b"], "\\x1b"),
    (["--related", "--replay", "x", "--selector", "s1"], "--selector asks for others"),
    (["--related", *(f"--selector=s{number}" for number in range(17))], "at most 16"),
]


@pytest.mark.parametrize(("arguments", "part"), WRONG, ids=[part for _, part in WRONG])
def test_wrong_use_is_one_line(run: Run, arguments: list[str], part: str) -> None:
    ended = run("check", "shop.example", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert part in ended.err


def test_without_its_packages_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "find_spec", lambda _: None)
    ended = run("check", "shop.example", "--related")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "strictmx: check: --related needs more packages: pip install 'strictmx[related]'\n"


@pytest.mark.parametrize(("options", "loaded"), [((), False), (("--related",), True)])
def test_its_packages_are_loaded_on_demand_only(tmp_path: Path, options: tuple[str, ...], loaded: bool) -> None:
    saved = tmp_path / "seen.jsonl"
    saved.write_bytes(dump(observation()))
    script = (
        "import sys\nfrom strictmx.cli import main\n"
        f"main(['check', '--replay', {str(saved)!r}, '--json', *{options!r}])\n"
        "print('checkdmarc' in sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    assert ended.stderr == f"{loaded}\n"
    assert (json.loads(ended.stdout)["related"] is not None) is loaded
