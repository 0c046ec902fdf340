"""What reports mean in the language of a check (standards 9 and 14): a row for each result type."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from strictmx.findings.catalogue.reported import BY_RESULT_TYPE, OF_THE_POLICY, SAME_FAULT
from strictmx.findings.explain import Explained, ReportedFault, explain, without_details
from strictmx.findings.finding import Severity
from strictmx.findings.judge import judge
from strictmx.findings.observation import FetchStage, LookupStatus, Observation, ProbeStage
from strictmx.standards.tlsrpt import RESULT_TYPES
from tests.certificates import AT, DAY, server
from tests.findings.seen import (
    DOMAIN,
    change,
    fetch,
    healthy,
    intermediate,
    lookup,
    mx_host,
    policy_host,
    probe,
    stopped,
)

HOST, OTHER = "mx1.shop.example", "mx2.shop.example"
FIRST, LAST = date(2026, 11, 3), date(2026, 11, 5)


def fault(result_type: str = "starttls-not-supported", **changes: Any) -> ReportedFault:
    given = {"host": HOST, "sessions": 12, "organizations": ("Google",), "first": FIRST, "last": LAST}
    return ReportedFault(result_type=result_type, **{**given, **changes})


def told(
    given: ReportedFault, *, of: int = 100, still_from: date = FIRST, check: Observation | None = None
) -> Explained:
    seen = None if check is None else judge(check)
    return explain(DOMAIN, given, all_sessions=of, still_from=still_from, check=seen)


MEANT = [  # result type, host in the report, code, words of the message, words of the mend
    ("starttls-not-supported", HOST, "mx-no-starttls", "offered no encryption by mx1", "smtpd_tls_security_level"),
    ("certificate-host-mismatch", HOST, "mx-certificate-name-mismatch", "for another name", "certonly"),
    ("certificate-expired", HOST, "mx-certificate-expired", "an expired certificate at mx1", "certbot renew"),
    ("certificate-not-trusted", HOST, "mx-certificate-untrusted", "do not trust", "fullchain.pem"),
    ("validation-failure", HOST, "mx-tls-failed", "without a name of its own", "`strictmx check shop.example`"),
    ("tlsa-invalid", HOST, "dane-mismatch", "No TLSA record of mx1", "next key"),
    ("dnssec-invalid", HOST, "dnssec-bogus", "DNSSEC fails", "delv"),
    ("dane-required", HOST, "dane-unusable", "asks for DANE", "strictmx records shop.example --tlsa"),
    ("sts-policy-fetch-error", "unknown", "policy-host-unreachable", "from mta-sts.shop.example", "curl -v"),
    ("sts-policy-invalid", "unknown", "policy-invalid", "found it invalid", "policy lint -"),
    ("sts-webpki-invalid", "unknown", "policy-host-certificate-untrusted", "mta-sts.shop.example", "certbot renew"),
    ("new-thing", HOST, "mx-tls-failed", "`new-thing` at mx1", "Ask the reporter"),  # RPT-20
]


@pytest.mark.parametrize(("result_type", "host", "code", "message", "mend"), MEANT)
def test_a_result_type_is_told_as_a_finding(result_type: str, host: str, code: str, message: str, mend: str) -> None:
    found = told(fault(result_type, host=host))
    assert (found.code, found.result_type) == (code, result_type)
    assert found.subject == (DOMAIN if host == "unknown" else host)
    assert message in found.message
    assert "Google reported 12 sessions" in found.message
    assert mend in found.mend


def test_every_result_type_of_the_registry_has_its_words() -> None:
    assert BY_RESULT_TYPE.keys() == RESULT_TYPES == SAME_FAULT.keys() | OF_THE_POLICY.keys()
    assert {row[0] for row in MEANT} > RESULT_TYPES


@pytest.mark.parametrize(
    ("sessions", "still_from", "severity"),
    [
        (10, LAST, Severity.ERROR),
        (9, LAST, Severity.WARNING),
        (10, LAST + DAY, Severity.NOTICE),
        (9, LAST + DAY, Severity.NOTICE),
    ],
)
def test_it_matters_by_its_share_and_while_it_goes_on(sessions: int, still_from: date, severity: Severity) -> None:
    found = told(fault(sessions=sessions), of=1_000, still_from=still_from)
    assert found.severity is severity


@pytest.mark.parametrize(
    ("first", "still_from", "words"),
    [
        (LAST, LAST, "on 5 November 2026."),
        (FIRST, LAST, "from 3 November 2026 on, and last on 5 November 2026."),
        (FIRST, LAST + DAY, "between 3 November 2026 and 5 November 2026."),
    ],
)
def test_its_days_are_told(first: date, still_from: date, words: str) -> None:
    assert words in told(fault(first=first), still_from=still_from).message


def test_at_most_three_reporters_are_named_and_steer_nothing() -> None:
    found = told(fault("\x1b[2J", host="mx\u202e", organizations=("a\x1b[31m", "b" * 99, "c", "d")))
    assert r"a\x1b[31m, " in found.message
    assert "b" * 41 not in found.message
    assert "and 2 more reported" in found.message
    assert (found.result_type, found.subject, found.organizations) == (r"\x1b[2J", r"mx\u202e", 4)


def test_sessions_of_which_no_detail_tells() -> None:
    found = without_details(DOMAIN, fault("unknown", host="unknown"), all_sessions=100, still_from=FIRST)
    assert "12 sessions that failed from 3 November 2026" in found.message
    assert found.observed is None


def broken(stage: ProbeStage) -> Observation:
    return healthy([mx_host(HOST, stopped(HOST, stage)), mx_host(OTHER)])


EXPIRED = server(intermediate(), HOST, not_before=AT - 90 * DAY, not_after=AT - DAY).der
BOGUS = lookup(f"_25._tcp.{HOST}", "TLSA", status=LookupStatus.BOGUS)
NO_POLICY = change(healthy(), policy_host=policy_host(fetch(stage=FetchStage.CONNECT_REFUSED)))
SEEN: list[tuple[str, str, Observation, tuple[str, ...] | None]] = [
    ("starttls-not-supported", HOST, broken(ProbeStage.NO_STARTTLS), ("mx-no-starttls",)),
    ("starttls-not-supported", HOST, broken(ProbeStage.STARTTLS_REFUSED), ("mx-starttls-refused",)),
    ("starttls-not-supported", OTHER, broken(ProbeStage.NO_STARTTLS), ()),
    ("starttls-not-supported", "unknown", broken(ProbeStage.NO_STARTTLS), ("mx-no-starttls",)),
    ("certificate-expired", HOST, broken(ProbeStage.NO_STARTTLS), ("mx-no-starttls",)),
    ("certificate-expired", HOST, healthy(), ()),
    (
        "certificate-expired",
        HOST,
        healthy([mx_host(HOST, probe(HOST, chain=(EXPIRED, intermediate().der))), mx_host(OTHER)]),
        ("mx-certificate-expired",),
    ),
    ("certificate-expired", HOST, broken(ProbeStage.NO_ROUTE), None),
    ("certificate-expired", "gone.shop.example", healthy(), None),
    ("tlsa-invalid", HOST, healthy(), None),
    ("dnssec-invalid", HOST, healthy(), None),
    ("dnssec-invalid", HOST, healthy([mx_host(HOST, secure=True, tlsa=(BOGUS,))]), ("dane-bogus",)),
    ("sts-policy-fetch-error", "unknown", NO_POLICY, ("policy-host-unreachable",)),
    ("sts-policy-fetch-error", "unknown", healthy(), ()),
    ("sts-policy-invalid", "unknown", broken(ProbeStage.NO_STARTTLS), ()),
]


@pytest.mark.parametrize(("result_type", "host", "check", "codes"), SEEN)
def test_what_our_check_saw_of_the_same_is_told_beside_it(
    result_type: str, host: str, check: Observation, codes: tuple[str, ...] | None
) -> None:
    """None: the check did not get far enough to say anything about it."""
    found = told(fault(result_type, host=host), check=check)
    assert (found.observed.codes if found.observed else None) == codes
    assert ("Our check" in found.message) is (codes is not None)
    assert ("found nothing wrong there" in found.message) is (codes == ())
    assert ("saw something else" in found.message) is (
        result_type == "certificate-expired" and codes == ("mx-no-starttls",)
    )
