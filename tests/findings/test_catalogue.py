from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from strictmx.findings import judge
from strictmx.findings.catalogue import KINDS, WORDINGS
from strictmx.findings.finding import FACT_CHARACTERS, Finding, Kind, Severity
from strictmx.findings.words import day, listed

CONTRACT = """
sts-record-: missing multiple invalid no-id cname unknown-field wrong-place
policy-host-: unresolvable unreachable certificate-expired certificate-not-yet-valid certificate-name-mismatch
policy-host-: certificate-untrusted certificate-self-signed chain-incomplete tls-too-old http-status redirect
policy-host-: media-type too-large timeout certificate-expires-soon addresses-differ
policy-: invalid version mode-missing mode-invalid mode-testing mode-none max-age-missing max-age-invalid
policy-: max-age-short mx-missing mx-invalid mx-unused line-ending encoding duplicate-field wildcard-broad
policy-: wildcard-depth none-stale not-a-policy
mx-: missing null unresolvable not-in-policy is-ip-address is-cname unreachable timeout no-starttls starttls-refused
mx-: tls-failed tls-too-old certificate-expired certificate-not-yet-valid certificate-expires-soon
mx-: certificate-name-mismatch certificate-untrusted certificate-self-signed chain-incomplete certificate-no-san
mx-: certificate-weak throttled addresses-differ address-not-tested
tlsrpt-record-: missing multiple invalid no-rua rua-invalid rua-unresolvable
dane-: mismatch unusable not-signed bogus lookup-failed ok missing
dns-: failure
dnssec-: bogus missing
spf-: missing multiple invalid too-many-lookups permissive lookup-failed not-evaluated
dmarc-: missing multiple invalid policy-none lookup-failed
dkim-: missing invalid revoked weak testing lookup-failed
caa-: missing excludes-issuer lookup-failed
"""
CODES = {
    prefix + word
    for line in CONTRACT.strip().splitlines()
    for prefix, _, words in [line.partition(": ")]
    for word in words.split()
}


def test_the_catalogue_is_the_contract() -> None:
    """A code once released is never taken away; a new one is added here, too."""
    assert set(KINDS) == CODES


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: wording.code)
def test_every_wording_can_be_said(wording: Kind) -> None:
    fields = {name for text in (wording.message, wording.mend) for _, name, _, _ in Formatter().parse(text) if name}
    facts: dict[str, Any] = dict.fromkeys(fields - {"subject"}, "FACT")  # every template takes ready texts
    finding = wording("SUBJECT", Severity.ERROR, **facts)
    assert finding.code == wording.code
    assert re.match(r"RFC \d+ section \d", finding.reference)
    assert "{" not in finding.message
    assert finding.message.endswith((".", "FACT"))
    for word in ("ssl.c", "Traceback", "Error(", "X509"):
        assert word not in finding.message


@pytest.mark.parametrize("code", sorted(KINDS))
def test_a_code_says_what_it_means_in_one_sentence(code: str) -> None:
    meaning = KINDS[code].meaning
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", code)
    assert meaning.endswith(".")
    assert meaning[0].isupper() or meaning.startswith(("max_age", "`"))


def test_wordings_of_a_code_share_its_meaning() -> None:
    for wording in WORDINGS:
        assert wording.meaning == KINDS[wording.code].meaning
        assert wording.reference == KINDS[wording.code].reference


KIND = Kind(
    code="a-b", reference="RFC 1 section 1", meaning="M.", message="It says {found} to {subject}.", mend="{lines}"
)


def test_texts_from_outside_are_cut_and_steer_nothing() -> None:
    finding = KIND("x\x1b[2J", Severity.ERROR, "e\u202e", found="\x9b31m{subject}" + "y" * 999, lines=("a", "b\n"))
    assert finding.subject == r"x\x1b[2J"
    assert finding.evidence == r"e\u202e"
    assert finding.message.startswith(r"It says \x9b31m{subject}yyy")
    assert len(finding.message) < FACT_CHARACTERS + 50
    assert finding.mend == "a\nb\\n"


def test_severities_are_ordered() -> None:
    assert [one.rank for one in Severity] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b"), "a and b"),
        (("a", "b", "c"), "a, b and c"),
        (tuple("abcdef"), "a, b, c and 3 more"),
    ],
)
def test_names_in_a_sentence(items: tuple[str, ...], text: str) -> None:
    assert listed(items) == text


def test_a_finding_is_plain_data() -> None:
    finding = KIND("x", Severity.ERROR, found="f", lines=())
    assert finding == Finding("a-b", Severity.ERROR, "x", "It says f to x.", "", "RFC 1 section 1")


def _words(file: Path) -> Iterator[str]:
    """The texts of a module that hold more than one word, docstrings left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
        if isinstance(text, str) and " " in text.strip():
            yield text


@pytest.mark.parametrize("file", sorted(Path(judge.__file__).parent.glob("*.py")), ids=lambda file: file.stem)
def test_judges_hold_no_words(file: Path) -> None:
    """Whoever translates finds all words in `findings/catalogue/` and `findings/words.py`."""
    assert set(_words(file)) <= {"Microsoft 365"}  # a name


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 5, tzinfo=UTC), "5 November 2026"),
        (datetime(1, 1, 1, tzinfo=UTC), "1 January 1"),
        (datetime(9999, 12, 31, tzinfo=UTC), "31 December 9999"),
    ],
)
def test_days(moment: datetime, text: str) -> None:
    assert day(moment) == text
