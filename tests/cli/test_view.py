"""How results look to people."""

from __future__ import annotations

import pytest

from strictmx.cli.view import result_lines
from strictmx.findings.judge import judge
from strictmx.findings.observation import Observation, Probe, ProbeStage
from tests.findings import seen
from tests.findings.seen import healthy, mx_host, probe, stopped

MX1 = "mx1.shop.example"


def shown(observation: Observation, width: int = 100) -> list[str]:
    return ["".join(text for text, _ in line) for line in result_lines(judge(observation), width)]


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


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_sentences_and_the_table_fit_the_terminal(width: int) -> None:
    for line in shown(healthy(), width):
        assert len(line) <= max(width, 60)


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
