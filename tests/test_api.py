"""The library as a program meets it: `strictmx.__all__`, and documents equal to those of the verbs."""

from __future__ import annotations

import asyncio
import doctest
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

import strictmx
from strictmx import api
from strictmx.cli import main
from strictmx.config import ConfigError, settings
from strictmx.findings.finding import Severity
from strictmx.internet.trust import TrustError
from strictmx.standards.names import InvalidName
from tests import typed_use
from tests.laboratory import environment, running

GOOD = b"version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmax_age: 604800\r\n"
UNREADABLE = "RPT-40"
BAD = GOOD.replace(b"testing", b"tesing")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running(tmp_path_factory.mktemp("lab")) as configuration:
        yield configuration


def test_the_public_surface_is_there_and_nothing_more() -> None:
    for name in strictmx.__all__:
        assert getattr(strictmx, name) is not None
    assert dir(strictmx) == sorted(strictmx.__all__)
    with pytest.raises(AttributeError, match="observe"):
        strictmx.observe  # noqa: B018 - reading it is the test


def _reached(hint: Any, found: set[type]) -> set[type]:
    """The types of ours that a hint leads to, through the fields of what it names."""
    for part in get_args(hint):
        _reached(part, found)
    if isinstance(hint, type) and hint.__module__.startswith("strictmx.") and hint not in found:
        found.add(hint)
        if hint is not strictmx.Settings:  # its sections are the configuration's; programs load a file
            for each in get_type_hints(hint).values():
                _reached(each, found)
    return found


def test_whatever_the_functions_take_or_return_is_public() -> None:
    found: set[type] = set()
    for function in (strictmx.check, strictmx.parse_policy, strictmx.parse_report):
        for hint in get_type_hints(function).values():
            _reached(hint, found)
    assert strictmx.DaneStatus in found
    assert found <= {getattr(strictmx, name) for name in strictmx.__all__}


def test_importing_it_imports_two_modules() -> None:
    code = (
        "import __future__, sys, typing; before = set(sys.modules); import strictmx;"
        "print(sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert ended.stdout == "['strictmx', 'strictmx.version']\n"


@pytest.mark.parametrize("read", ["parse_policy(b'')", "parse_report(bytes.fromhex('{report}'))"])
def test_reading_loads_no_network(read: str) -> None:
    code = (
        f"import sys, strictmx; strictmx.{read.format(report=typed_use.REPORT.hex())};"
        "print([name for name in ('dns', 'asyncio', 'ssl', 'h11') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert ended.stdout == "[]\n"


def test_the_examples_of_docstrings_run() -> None:
    for module in (api, settings):
        ended = doctest.testmod(module)
        assert ended.attempted
        assert not ended.failed


def test_typed_use_reads_policies() -> None:
    assert typed_use.policies() == "enforce *.example.com True"


def test_typed_use_reads_reports() -> None:
    assert typed_use.reports() == [
        "2026-11-24 Example Inc. example.com sts None 3",
        "certificate-expired mx1.example.com 3",
        "DEC-32 policies[0].summary.total-successful-session-count",
        "RPT-40 it is no JSON document: Expecting value: line 1 column 1 (char 0)",
    ]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"[" + typed_use.REPORT + b"," + typed_use.REPORT + b"]", UNREADABLE),
        (b"PK\x03\x04", "DEV-12"),
        (gzip.compress(typed_use.REPORT)[:40], "RPT-30"),
    ],
)
def test_what_is_not_one_report_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(strictmx.ReportError) as raised:
        strictmx.parse_report(data)
    assert raised.value.rule == rule


def test_how_a_report_was_packed_is_told_with_it() -> None:
    whole = gzip.compress(typed_use.REPORT)
    plain, cut = strictmx.parse_report(typed_use.REPORT), strictmx.parse_report(whole[:-8])
    assert strictmx.parse_report(whole) == strictmx.parse_report(b"[" + typed_use.REPORT + b"]") == plain
    assert [each.rule for each in cut.deviations] == ["RPT-30", "DEC-32"]
    assert cut.policies == plain.policies


async def test_typed_use_is_refused(tmp_path: Path) -> None:
    assert await typed_use.refused(tmp_path) == [
        "a label may hold letters, digits, hyphens and underscores only",
        "cannot be read: No such file or directory",
        "missing.pem: No such file or directory",
    ]


@pytest.mark.servers
async def test_typed_use_checks_domains(lab: Path) -> None:
    assert await typed_use.domains(lab) == [
        "healthy-minimal.example secure",
        "mx1.healthy-minimal.example True True",
        "mx-certificate-expired.example broken",
        "mx-certificate-expired",
        "mx1.mx-certificate-expired.example False True mx-certificate-expired",
    ]


def test_a_policy_is_read_with_its_findings() -> None:
    policy, findings = strictmx.parse_policy(GOOD)
    assert policy is not None
    assert (policy.mode.value, [str(pattern) for pattern in policy.mx]) == ("testing", ["mx1.example.com"])
    assert findings == ()


@pytest.mark.parametrize("data", [BAD, b"", b"\xff\0", GOOD + b"x: " + b"y" * 70_000])
def test_what_senders_ignore_is_no_policy(data: bytes) -> None:
    policy, findings = strictmx.parse_policy(data)
    assert policy is None
    assert findings[0].severity is Severity.ERROR


@pytest.mark.parametrize(("media_type", "taken"), [("text/plain", True), ("text/html", False)])
def test_the_media_type_counts_where_it_is_known(media_type: str, taken: bool) -> None:
    policy, _ = strictmx.parse_policy(GOOD, media_type)
    assert (policy is not None) is taken


@pytest.mark.parametrize("data", [GOOD, BAD])
def test_a_policy_is_the_document_of_policy_lint(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mta-sts.txt"
    file.write_bytes(data)
    main(["policy", "lint", str(file), "--json"])
    document = json.loads(capsys.readouterr().out)
    policy, findings = strictmx.parse_policy(data)
    assert document["policy"] == (policy.to_json() if policy else None)
    assert document["findings"] == msgspec.to_builtins(list(findings))


@pytest.mark.parametrize("domain", ["", "not a domain", "_x.example", "192.0.2.1", "user@example.com"])
async def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(InvalidName):
        await strictmx.check(domain)


async def test_an_unreadable_trust_store_is_told(tmp_path: Path) -> None:
    configuration = tmp_path / "strictmx.toml"
    configuration.write_text('[internet]\ntrust = "missing.pem"\nnameservers = ["127.0.0.1:1"]\n')
    with pytest.raises(TrustError, match=r"missing\.pem"):
        await strictmx.check("example.com", strictmx.Settings.load(configuration))


def test_settings_have_defaults_and_tell_their_faults(tmp_path: Path) -> None:
    assert strictmx.Settings().internet.https_port == 443
    wrong = tmp_path / "strictmx.toml"
    wrong.write_text("[internet]\nhttps_prt = 1\n")
    with pytest.raises(ConfigError, match="did you mean https_port"):
        strictmx.Settings.load(wrong)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("domain", "selectors"),
    [("healthy-minimal.example", None), ("mx-certificate-expired.example", None), ("dkim-weak.example", ["s1"])],
)
def test_a_result_is_the_document_of_check(lab: Path, domain: str, selectors: list[str] | None) -> None:
    result = asyncio.run(strictmx.check(domain.upper(), strictmx.Settings.load(lab), related=selectors))
    beside = ["--related", *(f"--selector={selector}" for selector in selectors)] if selectors is not None else []
    ended = subprocess.run(
        [sys.executable, "-m", "strictmx.cli", "check", domain, "--json", "--config", str(lab), *beside],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=60,
    )
    theirs, ours = json.loads(ended.stdout), json.loads(json.dumps(result.to_json()))
    for document in (theirs, ours):
        del document["observed_at"], document["elapsed_ms"]
    assert ours == theirs
