from __future__ import annotations

import pytest

from strictmx.standards.tlsrpt import DomainFigures, PolicyReport, count
from tests.store.reporting import policy, report

MX1, MX2, FAULT = "mx1.example.com", "mx2.example.com", "certificate-expired"


def figures(*policies: PolicyReport) -> DomainFigures:
    (one,) = count(report(*policies))
    return one


# rule, policies of one report and domain, (successful, failed) of what counts
COUNTING: list[tuple[str, tuple[PolicyReport, ...], tuple[int | None, int | None]]] = [
    ("DEV-03", (policy("sts", 2, 0), policy("tlsa", 2, 0)), (2, 0)),
    ("DEV-03", (policy("sts", 7, 3), policy("tlsa", 4, 1)), (7, 3)),
    ("DEV-03", (policy("sts", 4, 1), policy("tlsa", 7, 3)), (7, 3)),
    ("DEV-03", (policy("sts", 8, 2), policy("tlsa", 7, 3)), (7, 3)),
    ("DEV-03", (policy("sts", 7, 3), policy("tlsa", 8, 2)), (7, 3)),
    ("RPT-12", (policy("sts", 2, 1), policy("sts", 3, 1)), (5, 2)),
    ("RPT-12", (policy("sts", 2, 1), policy("sts", 3, 1), policy("tlsa", 6, 0)), (5, 2)),
    ("DEC-13", (policy("sts", 2, 1), policy("no-policy-found", 5, 0)), (7, 1)),
    ("DEC-13", (policy("no-policy-found", 5, 2),), (5, 2)),
    ("DEC-25", (policy("odd", 5, 2),), (None, None)),
    ("DEC-25", (policy("odd", 50, 2), policy("sts", 1, 0)), (1, 0)),
    ("DEC-32", (policy("sts", None, 3),), (None, 3)),
    ("DEC-32", (policy("sts", None, None), policy("sts", 2, None)), (2, None)),
    ("DEC-32", (policy("sts", None, None), policy("tlsa", 1, 0)), (1, 0)),
]


COUNTING += [  # details may add up to more than the summary, which stays as it is
    ("RPT-14", (policy("sts", 2, 1, details=((MX1, FAULT, 1), (MX1, "x", 1))),), (2, 1)),
]


@pytest.mark.parametrize(("rule", "policies", "counted"), COUNTING)
def test_a_session_is_counted_once(
    rule: str, policies: tuple[PolicyReport, ...], counted: tuple[int | None, int | None]
) -> None:
    one = figures(*policies)
    assert (one.successful, one.failed) == counted


def test_failures_are_those_of_all_and_of_what_counts() -> None:
    one = figures(
        policy("sts", 7, 3, details=((MX1, FAULT, 2), (MX1, FAULT, 1), (None, "x", 4))),
        policy("tlsa", 1, 1, details=((MX1, FAULT, 1), (MX2, "tlsa-invalid", None))),
    )
    assert {(each.host, each.result_type): (each.sessions, each.counted) for each in one.failures} == {
        (MX1, FAULT): (4, 3),
        ("unknown", "x"): (4, 4),
    }
    assert one.unexplained == 0
    assert figures(policy("no-policy-found", 0, 102)).unexplained == 102


def test_domains_are_counted_each_by_itself() -> None:
    one, two = count(report(policy(successful=1), policy(successful=2, domain="example.org")))
    assert [(each.domain, each.successful) for each in (one, two)] == [("example.com", 1), ("example.org", 2)]
