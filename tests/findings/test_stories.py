"""Domains that owners told of, rebuilt as observations, saved and judged again: the exact findings and verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strictmx.findings.judge import judge
from strictmx.findings.observation import Observation, dump, load
from strictmx.findings.result import Verdict
from tests.certificates import AT
from tests.findings.seen import DOMAIN, POLICY, healthy, lookup, mx_host

NONE = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"


def policy(*mx: str, mode: str = "enforce", max_age: int = 604_800) -> str:
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in mx), f"max_age: {max_age}"]
    return "".join(f"{line}\r\n" for line in lines)


def domain(text: str, *hosts: str) -> Observation:
    """A domain that serves this file and has these MX hosts, in good order; its reports go elsewhere."""
    return healthy([mx_host(host) for host in hosts], policy=text, report_uris=())


def since(days: int, form: str) -> Observation:
    """A policy of mode none; the id of the record says since when, in one of the forms that people use."""
    then = AT - timedelta(days=days)
    text = form.format(day=then.strftime("%Y%m%d"), seconds=int(then.timestamp()))
    return healthy(policy=NONE, sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", f"v=STSv1; id={text};"))


MX1, MX2 = "mx1.shop.example", "mx2.shop.example"
TENANT, OLD_TENANT = "shop-example.h-v1.mx.microsoft", "shop-example.mail.protection.outlook.com"
STORIES = [  # rule, what happened, observation, codes with severities, verdict
    (
        "STS-62",
        "the host moved to another zone of its provider, and the wildcard is a label short",
        domain(policy("*.mx.microsoft"), TENANT),
        {"policy-wildcard-depth": "error", "mx-not-in-policy": "error"},
        Verdict.BROKEN,
    ),
    ("STS-62", "the new host was named before it was used", domain(policy(TENANT), TENANT), {}, Verdict.SECURE),
    (
        "STS-31",
        "the wildcard of the provider's manual",
        domain(policy("*.mail.protection.outlook.com"), OLD_TENANT),
        {"policy-wildcard-broad": "notice"},
        Verdict.SECURE,
    ),
    (
        "STS-31",
        "one zone of the provider, full of other tenants",
        domain(policy("*.h-v1.mx.microsoft"), TENANT),
        {"policy-wildcard-broad": "notice"},
        Verdict.SECURE,
    ),
    (
        "STS-62",
        "mail moved to a provider, the policy names the old hosts",
        domain(POLICY, "aspmx.l.google.com"),
        {"mx-not-in-policy": "error", "policy-mx-unused": "notice"},
        Verdict.BROKEN,
    ),
    (
        "STS-62",
        "the same in testing mode",
        domain(policy(MX1, mode="testing"), "aspmx.l.google.com"),
        {"mx-not-in-policy": "warning", "policy-mx-unused": "notice", "policy-mode-testing": "notice"},
        Verdict.PARTIAL,
    ),
    (
        "DEC-11",
        "the server that mail programs send through, in place of the MX hosts",
        domain(policy("smtp.zoho.com"), "mx.zoho.com", "mx2.zoho.com"),
        {"mx-not-in-policy": "error", "policy-mx-unused": "warning"},
        Verdict.BROKEN,
    ),
    (
        "DEC-11",
        "the same beside the MX hosts",
        domain(policy("mx.zoho.com", "smtp.zoho.com"), "mx.zoho.com"),
        {"policy-mx-unused": "warning"},
        Verdict.SECURE,
    ),
    (
        "DEC-11",
        "the policy host as MX host",
        domain(policy(MX1, "mta-sts.shop.example"), MX1),
        {"policy-mx-unused": "warning"},
        Verdict.SECURE,
    ),
    (
        "DEC-11",
        "an MX host may have any name",
        domain(policy("imap.shop.example"), "imap.shop.example"),
        {},
        Verdict.SECURE,
    ),
    (
        "STS-31",
        "all names of the domain",
        domain(policy("*.shop.example"), MX1),
        {"policy-wildcard-broad": "warning"},
        Verdict.SECURE,
    ),
    (
        "STS-31",
        "all names of a top-level domain",
        domain(policy(MX1, "*.com"), MX1),
        {"policy-wildcard-broad": "warning", "policy-mx-unused": "notice"},
        Verdict.SECURE,
    ),
    (
        "STS-76",
        "withdrawn months ago and left so",
        since(120, "{day}T090000"),
        {"policy-mode-none": "notice", "policy-none-stale": "warning"},
        Verdict.NONE,
    ),
    (
        "STS-76",
        "the same, the id in seconds",
        since(120, "{seconds}"),
        {"policy-mode-none": "notice", "policy-none-stale": "warning"},
        Verdict.NONE,
    ),
    (
        "STS-76",
        "the same, the id in milliseconds",
        since(120, "{seconds}000"),
        {"policy-mode-none": "notice", "policy-none-stale": "warning"},
        Verdict.NONE,
    ),
    ("STS-76", "withdrawing since a week", since(7, "{day}"), {"policy-mode-none": "notice"}, Verdict.NONE),
    (
        "DEC-06",
        "the TXT record in place of the policy",
        domain("v=STSv1; id=20260301;\n", MX1),
        {"policy-not-a-policy": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-28",
        "a policy indented by the script that writes it",
        domain(POLICY.replace("\r\n", "\r\n    ").strip(), MX1, MX2),
        {"policy-not-a-policy": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-30",
        "a digit lost in max_age",
        domain(policy(MX1, max_age=60_480), MX1),
        {"policy-max-age-short": "warning"},
        Verdict.SECURE,
    ),
    (
        "STS-10",
        "the record at the domain itself",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT"), sts_elsewhere=(lookup(DOMAIN, "TXT", "v=STSv1; id=1;"),)),
        {"sts-record-wrong-place": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-02",
        "the two TXT records were pasted at each other's names",
        healthy(
            sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", "v=TLSRPTv1; rua=mailto:reports@shop.example"),
            tlsrpt=lookup(f"_smtp._tls.{DOMAIN}", "TXT", "v=STSv1; id=1;"),
            report_uris=(),
        ),
        {"sts-record-wrong-place": "error", "tlsrpt-record-missing": "warning"},
        Verdict.BROKEN,
    ),
    (
        "STS-02",
        "a new record beside the old one",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=20260301;", "v=STSv1; id=20260401;")),
        {"sts-record-multiple": "error"},
        Verdict.BROKEN,
    ),
]


@pytest.mark.parametrize(("rule", "story", "observation", "codes", "verdict"), STORIES, ids=[row[1] for row in STORIES])
def test_a_story_is_told_rightly(
    rule: str, story: str, observation: Observation, codes: dict[str, str], verdict: Verdict
) -> None:
    result = judge(load(dump(observation)))
    told: dict[str, str] = {}
    for finding in result.findings:  # worst first
        told.setdefault(finding.code, finding.severity.value)
    assert (told, result.verdict) == (codes, verdict)


def test_a_line_one_label_short_is_mended_by_the_host_itself() -> None:  # STS-62
    result = judge(domain(policy("*.mx.microsoft"), TENANT))
    short = next(finding for finding in result.findings if finding.code == "policy-wildcard-depth")
    assert f"\nmx: {TENANT}\n" in short.mend
    assert "has two before mx.microsoft" in short.message


def test_what_a_host_is_for_is_told_once() -> None:  # DEC-11
    result = judge(domain(policy(MX1, "smtp.zoho.com", "old.shop.example"), MX1))
    told = [finding for finding in result.findings if finding.code == "policy-mx-unused"]
    assert [(finding.severity.value, "smtp.zoho.com" in finding.message) for finding in told] == [
        ("warning", True),
        ("notice", False),
    ]
