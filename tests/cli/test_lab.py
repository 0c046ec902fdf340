from __future__ import annotations

import json
from pathlib import Path

import pytest

from strictmx.lab import DOMAINS
from tests.cli.conftest import Run


def test_list_names_every_domain_and_what_it_shows(run: Run) -> None:
    shown = " ".join(run("lab", "list").out.split())
    for row in DOMAINS:
        assert f"{row.name} {row.verdict} {' '.join(row.shows.split())}" in shown


def test_list_names_the_options_that_show_it(run: Run) -> None:
    lines = run("lab", "list").out.splitlines()
    told = lines[lines.index("dkim-weak.example  secure") :]
    assert "  check --related --selector s1" in told[:4]


def test_no_terminal_is_too_narrow(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1")
    assert run("lab", "list").status == 0


def test_list_as_json(run: Run) -> None:
    rows = json.loads(run("lab", "list", "--json").out)
    assert [row["domain"] for row in rows] == [row.name for row in DOMAINS]
    assert set(rows[0]) >= {"domain", "shows", "verdict", "codes"}


def test_one_laboratory_a_folder(lab: Path, run: Run) -> None:
    ended = run("lab", "up", "--dir", str(lab.parent))
    assert ended.status == 2
    assert "runs here already" in ended.err
