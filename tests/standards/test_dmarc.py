"""DMARC over answers that are there: where the record is found, what it asks for, and what is wrong with it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.dmarc import Fault, names, read
from strictmx.standards.offline import Absence, Known, Question
from tests.standards.offline import no_network

DOMAIN, BELOW = "shop.example", "a.shop.example"
NOTHING: Known = {("_dmarc.example", "TXT"): Absence.NXDOMAIN}


def at(domain: str, *records: str) -> dict[Question, tuple[str, ...] | Absence]:
    return {(f"_dmarc.{domain}", "TXT"): records}


FOUND = [  # section of RFC 9989, domain, answers, location and policy
    ("4.7", DOMAIN, at(DOMAIN, "v=DMARC1; p=reject"), (DOMAIN, "reject")),
    ("4.7", DOMAIN, at(DOMAIN, "v=DMARC1; p=None"), (DOMAIN, "none")),
    ("4.7", DOMAIN, at(DOMAIN, "v=DMARC1; x=y; p=quarantine"), (DOMAIN, "quarantine")),
    ("4.7", DOMAIN, at(DOMAIN, "v=DMARC1; rua=mailto:a@shop.example"), (DOMAIN, "none")),
    ("4.10", DOMAIN, at(DOMAIN, "something", "v=DMARC1; p=reject"), (DOMAIN, "reject")),
    ("4.10", BELOW, at(BELOW, "v=DMARC1; p=none") | at(DOMAIN, "v=DMARC1; p=reject"), (BELOW, "none")),
    ("4.10", BELOW, at(BELOW) | at(DOMAIN, "v=DMARC1; p=reject"), (DOMAIN, "reject")),
    ("4.10", BELOW, at(BELOW) | at(DOMAIN, "v=DMARC1; p=reject; sp=none"), (DOMAIN, "none")),
    ("4.10", DOMAIN, at(DOMAIN) | at("example", "v=DMARC1; p=reject; psd=y"), ("example", "reject")),
]


@pytest.mark.parametrize(("section", "domain", "known", "expected"), FOUND)
def test_records(section: str, domain: str, known: Known, expected: tuple[str, str]) -> None:
    with no_network():
        reading = read(domain, {**NOTHING, **known})
    assert (reading.location, reading.policy) == expected
    assert reading.fault is None


FAULTS = [  # section of RFC 9989, answers, fault, the part it is about
    ("4.10", {}, Fault.UNKNOWN, ""),
    ("4.10", at(DOMAIN), Fault.MISSING, ""),
    ("4.10", at(DOMAIN, "v=spf1 -all"), Fault.MISSING, ""),
    ("4.10", at(DOMAIN, "v=DMARC1; p=none", "v=DMARC1; p=none"), Fault.MULTIPLE, ""),
    ("4.10", {("_dmarc.shop.example", "TXT"): Absence.FAILED}, Fault.UNANSWERED, ""),
    ("4.8", at(DOMAIN, " v=DMARC1; p=none"), Fault.NEARLY, " v=DMARC1; p=none"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=none; p=reject"), Fault.TWICE, "p=reject"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=reject; p=foo"), Fault.TWICE, "p=foo"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=reject; foo=1; foo=2"), Fault.TWICE, "foo=2"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=block; sp=none"), Fault.NO_POLICY, "p=block"),
    (
        "4.7",
        at(DOMAIN, "v=DMARC1; p=none; rua=mailto:a@shop.example,xxx"),
        Fault.INVALID,
        "rua=mailto:a@shop.example,xxx",
    ),
    ("4.7", at(DOMAIN, "v=DMARC1; p=reject; sp=block"), Fault.NO_POLICY, "sp=block"),
    ("4.7", at(DOMAIN, "v=DMARC1"), Fault.NO_POLICY, ""),
    ("4.7", at(DOMAIN, "v=DMARC1; "), Fault.NO_POLICY, ""),
    ("4.7", at(DOMAIN, "v=DMARC1;\xa0p=reject"), Fault.NO_POLICY, "\xa0p=reject"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=none; rua=shop.example"), Fault.INVALID, "rua=shop.example"),
    ("4.8", at(DOMAIN, "v=DMARC1; p=none; p none"), Fault.INVALID, "p none"),
]


@pytest.mark.parametrize(("section", "known", "fault", "tag"), FAULTS)
def test_faults(section: str, known: Known, fault: Fault, tag: str) -> None:
    reading = read(DOMAIN, {**NOTHING, **known})
    assert (reading.fault, reading.tag, reading.location) == (fault, tag, DOMAIN)


SKIPPED = [  # section of RFC 9989, the tags, the faulty one, the policy that stands, the tags mended
    ("4.7", "p=reject; rua=mailto:a@shop.example; fo=z", "fo=z", "reject", "p=reject; rua=mailto:a@shop.example"),
    ("4.7", "p=reject; rua=a@shop.example", "rua=a@shop.example", "reject", "p=reject; rua=mailto:a@shop.example"),
    ("4.7", "p=reject; rua=", "rua=", "reject", "p=reject"),
    ("4.8", "p=reject; !!!", "!!!", "reject", "p=reject"),
    ("4.7", "p=reject; adkim=x; x=y", "adkim=x", "reject", "p=reject; x=y"),
    ("4.7", "p=quarantine; ri=abc", "ri=abc", "quarantine", "p=quarantine"),
    ("4.7", "p=reject; pct=abc", "pct=abc", "reject", "p=reject"),
    ("4.7", "p=blok; rua=mailto:a@shop.example", "p=blok", "none", "p=none; rua=mailto:a@shop.example"),
    ("4.7", "p=blok; rua=mailto:a@b.example,x", "p=blok", "none", "p=none; rua=mailto:a@b.example"),
    ("4.7", "p=reject; adkim=strict", "adkim=strict", "reject", "p=reject; adkim=s"),
    ("4.7", "p=reject; fo=1,d", "fo=1,d", "reject", "p=reject; fo=1:d"),
    ("4.8", "p=reject;;", "", "reject", "p=reject"),
    ("4.7", "p=quarantine; t=y; aspf=s", "", "quarantine", "p=quarantine; aspf=s"),
    ("4.7", "p=quarantine; t=y; fo=z", "fo=z", "quarantine", "p=quarantine; t=y"),
    ("4.7", "p=quarantine; pct=0", "", "quarantine", "p=quarantine"),
]


@pytest.mark.parametrize(("section", "tags", "faulty", "policy", "mended"), SKIPPED)
def test_a_faulty_tag_costs_itself_only(section: str, tags: str, faulty: str, policy: str, mended: str) -> None:
    reading = read(DOMAIN, {**NOTHING, **at(DOMAIN, f"v=DMARC1; {tags}")})
    assert (reading.tag, reading.policy, reading.mended) == (faulty, policy, f"v=DMARC1; {mended}")
    assert reading.fault is (Fault.INVALID if faulty else None)


LESSER = [("t=y; p=reject", "t=y"), ("p=quarantine; pct=0", "pct=0"), ("p=reject; pct=0", ""), ("p=none; t=y", "")]


@pytest.mark.parametrize(("tags", "lesser"), LESSER)
def test_a_policy_that_is_not_applied(tags: str, lesser: str) -> None:
    assert read(DOMAIN, at(DOMAIN, f"v=DMARC1; {tags}")).lesser == lesser


NEARLY = [
    "v=DMARC1\\; p=reject\\;",
    '"v=DMARC1; p=reject"',
    "v=DMARC1 p=reject",
    "v=DMARC1, p=reject",
    "p=reject; v=DMARC1",
    "v=dmarc1; p=reject",
]


@pytest.mark.parametrize("text", NEARLY)
def test_what_was_meant_as_a_record_is_shown_and_mended(text: str) -> None:
    above = at("example", "v=DMARC1; p=none")
    reading = read(DOMAIN, {**above, **at(DOMAIN, text)})
    assert (reading.fault, reading.tag, reading.mended) == (Fault.NEARLY, text, "v=DMARC1; p=reject")


def test_report_addresses() -> None:
    record = "v=DMARC1; p=none; rua=mailto:a@shop.example!10m, mailto:b@reports.example,https://c.example/x"
    with no_network():
        reading = read(DOMAIN, at(DOMAIN, record))
    assert reading.rua == ("mailto:a@shop.example", "mailto:b@reports.example", "https://c.example/x")


WALKS = [  # section of RFC 9989, domain, names asked
    ("4.10", "a.b", ["a.b", "b"]),
    ("4.10", "1.2.3.4.5.6.7.8", [".".join("12345678"[start:]) for start in range(8)]),
    ("4.10", "1.2.3.4.5.6.7.8.9", ["1.2.3.4.5.6.7.8.9", *(".".join("123456789"[start:]) for start in range(2, 9))]),
]


@pytest.mark.parametrize(("section", "domain", "expected"), WALKS)
def test_the_walk_asks_eight_names_at_most(section: str, domain: str, expected: list[str]) -> None:
    assert list(names(domain)) == [f"_dmarc.{name}" for name in expected]


HOSTILE = [
    "v=DMARC1; p=none; rua=" + "mailto:a@b.example," * 4_000,
    "v=DMARC1; p=none; " + "a=b; " * 13_000,
    "v=DMARC1;" + " " * 65_000 + "; p=none",
    "v=DMARC1; p=none; rua=x:" + "/a" * 32_000 + "^",
    "v=DMARC1; p=none; rua=mailto:" + "a" * 65_000,
    "v=DMARC1;" + ";" * 65_000,
]


@pytest.mark.parametrize("record", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_records_cost_little(record: str) -> None:
    began = time.process_time()
    with no_network():
        read(DOMAIN, at(DOMAIN, record))
    assert time.process_time() - began < 0.2


PART = st.sampled_from(["v=DMARC1", ";", "p=", "none", "rua=", "mailto:a@b.example", "https://[", "psd=y", " ", '"'])


@given(st.lists(PART | st.text(max_size=4), max_size=12).map("".join), st.booleans())
def test_any_answer_is_read_without_a_network(record: str, begins_well: bool) -> None:
    text = f"v=DMARC1;{record}" if begins_well else record
    with no_network():
        read(BELOW, {**at(BELOW, text), **at(DOMAIN, text, text)})
