from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ended, Run

Domains = Callable[..., Ended]
FILE = """[domains."example.com"]
mode = "enforce"
mx = ["mx1.example.com", "*.example.net"]
max_age = "4w"
rua = ["mailto:tlsrpt@example.com"]

[domains."example.org"]
mode = "none"
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "strictmx.toml"
    path.write_text(f'[store]\nurl = "sqlite://{tmp_path}/strictmx.db"\n')
    return path


@pytest.fixture
def domains(run: Run, configuration: Path) -> Domains:
    """The verb on a store of its own."""
    return lambda *arguments: run("domains", *arguments, "--config", str(configuration))


def shown(domains: Domains, domain: str = "example.com") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(domains("show", domain, "--json").out)
    return document


def test_a_domain_is_added_changed_and_removed(domains: Domains, run: Run, configuration: Path) -> None:
    added = domains("add", "Example.COM.", "--mx", "mx1.example.com")
    assert (added.status, "never checked" in added.err) == (0, True)
    first = shown(domains)
    assert (first["mode"], first["mx"], first["max_age"]) == ("testing", ["mx1.example.com"], 604_800)
    assert first["rua"] == ["mailto:postmaster@example.com"]
    assert first["policy"] == "version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmax_age: 604800\r\n"
    domains("set", "example.com", "--rua", "https://r.example/")
    assert shown(domains)["id"] == first["id"]
    domains("set", "example.com", "--mode", "enforce")
    changed = shown(domains)
    assert changed["id"] > first["id"]
    assert [each["mode"] for each in changed["history"]] == ["testing", "enforce"]
    records = run("records", "example.com", "--json", "--config", str(configuration))
    values = [each["value"] for each in json.loads(records.out)]
    assert values == [f"v=STSv1; id={changed['id']};", "v=TLSRPTv1; rua=https://r.example/"]
    removed = domains("remove", "example.com")
    assert (removed.status, "senders" in removed.err.lower()) == (0, True)
    assert json.loads(domains("list", "--json").out) == []


def test_a_file_is_applied_as_a_whole(domains: Domains, tmp_path: Path) -> None:
    file = tmp_path / "domains.toml"
    file.write_text(FILE)
    domains("add", "example.net", "--mx", "mx.example.net")
    dry = json.loads(domains("apply", str(file), "--dry-run", "--json").out)
    assert dry == {
        "added": ["example.com", "example.org"],
        "changed": [],
        "removed": ["example.net"],
        "unchanged": 0,
    }
    assert [each["domain"] for each in json.loads(domains("list", "--json").out)] == ["example.net"]
    assert json.loads(domains("apply", str(file), "--json").out) == dry
    assert json.loads(domains("apply", str(file), "--json").out)["unchanged"] == 2
    assert shown(domains)["mx"] == ["mx1.example.com", "*.example.net"]
    file.write_text(FILE.replace("enforce", "enforced"))
    refused = domains("apply", str(file))
    assert (refused.status, refused.err.startswith(f"strictmx: {file}:2: ")) == (2, True)
    assert shown(domains)["mode"] == "enforce"


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("add", "example.com"), "name the MX hosts with --mx HOST"),
    (("add", "a b", "--mx", "mx.example.com"), "no domain name"),
    (("add", "example.com", "--mx", "192.0.2.1"), "--mx"),
    (("add", "example.com", "--mx", "mx.example.com", "--max-age", "9y"), "--max-age"),
    (("add", "example.com", "--mx", "mx.example.com", "--rua", "ftp://x"), "--rua"),
    (("add", "there.example", "--mx", "mx.example.com"), "published already"),
    (("set", "example.com", "--mode", "none"), "not published here"),
    (("set", "there.example"), "say what to change"),
    (("show", "ther.example"), "did you mean there.example?"),
    (("remove", "example.com"), "not published here"),
    (("apply", "/nonexistent.toml"), "No such file"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG)
def test_wrong_use_is_told_in_a_line(domains: Domains, arguments: tuple[str, ...], told: str) -> None:
    domains("add", "there.example", "--mx", "mx.example.com")
    before = domains("list", "--json").out
    ended = domains(*arguments)
    assert ended.status == 2
    assert told in ended.err
    assert domains("list", "--json").out == before
