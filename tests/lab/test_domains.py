"""The table of lab domains: complete, consistent, and each named after what it shows."""

from __future__ import annotations

import json

import pytest

from strictmx.lab import DOMAINS, Domain, domain, domains_table
from strictmx.standards.names import Name
from tests.findings.test_catalogue import CODES

OK_CODES = {"sts-record-cname", "dane-ok"}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_domain_named_after_it(code: str) -> None:
    row = domain(code)
    assert row.name == f"{code}.example"
    assert code in (row.related or row.codes) or code in OK_CODES


def test_no_domain_promises_a_code_outside_the_contract() -> None:
    assert {code for row in DOMAINS for code in (*row.codes, *(row.related or ()))} <= CODES


def test_names_are_unique_and_in_normal_form() -> None:
    names = [row.name for row in DOMAINS]
    assert len(set(names)) == len(names)
    assert [Name.parse(name) for name in names] == names


@pytest.mark.parametrize("row", DOMAINS, ids=lambda row: row.name)
def test_verdict_agrees_with_severities(row: Domain) -> None:
    assert (row.verdict == "broken") == ("error" in row.codes.values())
    if row.verdict == "testing":
        assert row.codes["policy-mode-testing"] == "notice"


def test_healthy_domains_are_many_and_without_error() -> None:
    healthy = [row for row in DOMAINS if "healthy-" in row.name]
    assert len(healthy) >= 20
    assert all(row.verdict in ("secure", "none") for row in healthy)


def test_the_default_policy_is_what_a_publisher_writes() -> None:
    assert domain("healthy-minimal").policy_file() == (
        b"version: STSv1\r\nmode: enforce\r\nmx: mx1.healthy-minimal.example\r\nmax_age: 604800\r\n"
    )


POLICY_OCTETS = [  # rule, domain, octets of its policy
    ("STS-48", "healthy-largest-policy", 65_536),
    ("STS-48", "policy-host-too-large", 65_537),
]


@pytest.mark.parametrize(("rule", "name", "octets"), POLICY_OCTETS)
def test_padded_policies_have_the_exact_size(rule: str, name: str, octets: int) -> None:
    assert len(domain(name).policy_file()) == octets


def test_the_table_is_plain_data() -> None:
    (row,) = [each for each in domains_table() if each["domain"] == "mx-certificate-expired.example"]
    assert json.loads(json.dumps(row)) == {
        "domain": "mx-certificate-expired.example",
        "shows": "The certificate ended ten days ago.",
        "verdict": "broken",
        "codes": {"mx-certificate-expired": "error"},
        "related": None,
        "selectors": [],
    }


def test_an_unknown_domain_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        domain("nobody")
