"""How results look to people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from strictmx.cli.view import Line, lint_lines, result_lines, summary_lines
from strictmx.findings.judge import judge
from strictmx.findings.judge.policy_file import lint
from strictmx.findings.observation import Observation, Probe, ProbeStage
from strictmx.findings.result import Verdict
from strictmx.standards.sts import read_policy
from tests.findings import seen
from tests.findings.seen import healthy, mx_host, probe, stopped
from tests.findings.test_judge import DANE, FAULTS, LINT

MX1 = "mx1.shop.example"


def shown(observation: Observation, width: int = 100) -> list[str]:
    return plain(result_lines(judge(observation), width))


def plain(lines: Iterable[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def one_host(*probes: Probe) -> Observation:
    return healthy([mx_host(MX1, *probes)], policy=seen.POLICY.replace("mx: mx2.shop.example\r\n", ""))


def test_the_verdict_comes_first() -> None:
    assert shown(healthy())[0] == "shop.example  SECURE  mail to it travels over verified TLS"


def test_a_command_to_paste_is_never_broken() -> None:
    lines = shown(one_host(stopped(MX1, ProbeStage.NO_STARTTLS)), width=60)
    command = "`postconf -e smtpd_tls_security_level=may smtpd_tls_cert_file=/PATH/fullchain.pem"
    assert any(command in line for line in lines)


def test_a_record_to_paste_stays_on_one_line() -> None:
    lines = shown(seen.without_sts(healthy()), width=60)
    assert any(line.strip().startswith('_mta-sts.shop.example. 3600 IN TXT "v=STSv1; id=') for line in lines)


WIDTHS = [40, 60, 80, 100]


def too_long(lines: list[str], width: int) -> list[str]:
    """The lines that could have been broken: no record, no line of a policy, more than a mark and a name or command."""
    return [
        line
        for line in lines
        if len(line) > width
        and " IN " not in line
        and not re.fullmatch(r" +[a-z_]+: \S+", line)
        and len(re.sub(r"`[^`]*`", "`", line).split()) > 2
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_finding_fits_the_terminal(width: int) -> None:
    observations: list[Any] = [row[1] for row in (*FAULTS, *DANE)]
    findings = 0
    for observation in observations:
        lines = shown(observation, width)
        assert too_long(lines, width) == []
        findings += sum(line.startswith(("  error ", "  warning ", "  notice ")) for line in lines)
    assert findings > 100  # the tables are not empty


@pytest.mark.parametrize("width", WIDTHS)
def test_policies_and_sums_fit_the_terminal(width: int) -> None:
    for _, text, _ in LINT:
        assert too_long(plain(lint_lines("mta-sts.txt", None, lint(text.encode()), width)), width) == []
    policy = read_policy(seen.POLICY.encode()).policy
    assert too_long(plain(lint_lines("mta-sts.txt", policy, (), width)), width) == []
    assert too_long(plain(summary_lines(list(Verdict) * 1_000, width)), width) == []


def test_lines_of_a_policy_to_paste_stay_whole() -> None:
    host = "a-rather-long-name-of-a-host.shop.example"
    lines = shown(healthy([mx_host(host)]), width=40)
    assert any(line.endswith(f" mx: {host}") for line in lines)


def test_addresses_that_differ_are_answered_in_part() -> None:
    lines = shown(one_host(probe(MX1), stopped(MX1, ProbeStage.CONNECT_REFUSED, "192.0.2.2")))
    (row,) = [line for line in lines if line.startswith(f"  10 {MX1}")]
    assert row.count("in part") == 2


def test_narrow_terminals_get_the_table_host_by_host() -> None:
    lines = shown(healthy(), width=50)
    assert f"  10 {MX1}" in lines
    assert any(line.split() == ["MTA-STS", "yes"] for line in lines)


def test_text_from_outside_is_inert() -> None:
    hostile = "\x1b[31m\u202e\n"
    session = stopped(MX1, ProbeStage.REJECTED, reply=f"554 {hostile}", detail=hostile, helo=hostile)
    text = "".join(shown(one_host(session)))
    assert not set(text) & {"\x1b", "\u202e", "\n"}
