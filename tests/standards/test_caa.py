"""CAA records: who may issue for a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.caa import STEPS, allows, authority_names, climb, read

ISSUE = "0 issue ca.example"

RECORDS = [  # section of RFC 8659, records, for a wildcard, whether ca.example may issue
    ("3", [], False, True),
    ("4.2", [ISSUE], False, True),
    ("4.2", ["0 issue CA.Example ; account=1; validationmethods=dns-01"], False, True),
    ("4.2", ["0 issue ca.example;"], False, True),
    ("4.2", ["0 issue ca.example."], False, False),  # outside the grammar, so nobody may
    ("4.2", ["0 issue ca.example; account"], False, False),
    ("4.2", [f"0 issue {' ' * 16_000}!"], False, False),
    ("4.2", [f"0 issue ca.example; a=1{' ' * 16_000}!"], False, False),
    ("4.2", ["0 ISSUE ca.example"], False, True),
    ("4.2", ["0 issue other.example"], False, False),
    ("4.2", ["0 issue other.example", ISSUE], False, True),
    ("4.2", ["0 issue ;"], False, False),
    ("4.2", ["0 issue "], False, False),
    ("4.2", ["0 iodef mailto:a@b.example"], False, True),
    ("4.3", ["0 issuewild ;"], False, True),
    ("4.3", ["0 issuewild ;"], True, False),
    ("4.3", [ISSUE], True, True),
    ("4.3", [ISSUE, "0 issuewild other.example"], True, False),
    ("4.3", ["0 issue ;", "0 issuewild ca.example"], True, True),
    ("4.1", [ISSUE, "0 tbs unknown"], False, True),
    ("4.1", [ISSUE, "128 tbs unknown"], False, False),
    ("4.1", ["128 issue ca.example"], False, True),
    ("4.1", ["issue ca.example"], False, True),  # no CAA record at all
]


@pytest.mark.parametrize(("section", "records", "wildcard", "expected"), RECORDS)
def test_who_may_issue(section: str, records: list[str], wildcard: bool, expected: bool) -> None:
    assert allows(read(records), ("also.example", "ca.example"), wildcard=wildcard) is expected


def test_names_are_looked_at_from_the_host_upwards() -> None:
    assert list(climb("a.b.example")) == ["a.b.example", "b.example", "example"]
    assert len(list(climb(".".join("a" * 50)))) == STEPS


def test_authorities_are_known_by_their_organization() -> None:
    organization, common = "2.5.4.10", "2.5.4.3"
    assert authority_names([frozenset({(organization, "let's encrypt")}), frozenset({(common, "r10")})]) == (
        "letsencrypt.org",
    )
    assert authority_names([frozenset({(common, "let's encrypt")}), frozenset({(organization, b"\xff")})]) == ()


@given(st.lists(st.text(max_size=20) | st.from_regex(r"\d{1,3} \w+ .*")))
def test_any_texts_are_read(texts: list[str]) -> None:
    allows(read(texts), ("ca.example",), wildcard=True)
