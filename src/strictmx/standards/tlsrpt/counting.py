"""What the figures of a report mean: sessions, never twice.

In one report and domain the policies of one type are added, since their sessions differ. `sts` and `tlsa` are two
views of the same sessions: the one with more sessions counts, at a tie the one with more failures. `no-policy-found`
is added to it. An unknown type is counted apart (DEC-25), an unknown count adds nothing (DEC-32).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from strictmx.standards.tlsrpt.report import UNKNOWN, PolicyReport, PolicyType, Report

_KINDS = tuple(kind.value for kind in PolicyType)


class TypeFigures(Struct, frozen=True):
    """The sessions of one domain under policies of one type; None where no policy of it says.

    policy_type: `sts`, `tlsa`, `no-policy-found` or `unknown`. counts: whether it is part of the counted view.
    """

    policy_type: str
    successful: int | None
    failed: int | None
    counts: bool


class FailureFigures(Struct, frozen=True):
    """The failures of one kind at one MX host.

    host: as the report names it, lower case, or `unknown`. sessions: by the details of all policies.
    counted: by those of the counted view. Details may add up to more than the summary (RPT-14).
    """

    host: str
    result_type: str
    sessions: int
    counted: int


class DomainFigures(Struct, frozen=True):
    """What one report says of one domain.

    domain: None for policies that name none. successful, failed: the counted view; None where it does not say.
    unexplained: failed sessions of the counted view beyond those that details tell of.
    """

    domain: str | None
    successful: int | None
    failed: int | None
    types: tuple[TypeFigures, ...]
    failures: tuple[FailureFigures, ...]
    unexplained: int


def count(report: Report) -> tuple[DomainFigures, ...]:
    """The figures of a report, one entry a domain, in the order in which it names them."""
    policies = report.policies
    if len(policies) == 1:
        return (_of_domain(policies[0].policy.policy_domain, policies),)
    by_domain: dict[str | None, list[PolicyReport]] = {}
    for entry in policies:
        by_domain.setdefault(entry.policy.policy_domain, []).append(entry)
    return tuple(_of_domain(domain, entries) for domain, entries in by_domain.items())


def _of_domain(domain: str | None, entries: Sequence[PolicyReport]) -> DomainFigures:
    by_type: dict[str, list[PolicyReport]] = {}
    for entry in entries:
        kind = entry.policy.policy_type
        by_type.setdefault(kind if kind in _KINDS else UNKNOWN, []).append(entry)
    sums = {
        kind: (
            _sum(entry.summary.total_successful_session_count for entry in of_type),
            _sum(entry.summary.total_failure_session_count for entry in of_type),
        )
        for kind, of_type in by_type.items()
    }
    counted = _counted(sums)
    failed = _sum(sums[kind][1] for kind in counted)
    failures, explained = _failures(by_type, counted)
    return DomainFigures(
        domain=domain,
        successful=_sum(sums[kind][0] for kind in counted),
        failed=failed,
        types=tuple(TypeFigures(kind, *of_type, kind in counted) for kind, of_type in sums.items()),
        failures=failures,
        unexplained=max(0, (failed or 0) - explained),
    )


def _counted(sums: dict[str, tuple[int | None, int | None]]) -> tuple[str, ...]:
    """The types whose sessions are counted: one of the two views, and what came without a policy."""

    def weight(kind: str) -> tuple[int, int]:
        successful, failed = (number or 0 for number in sums[kind])
        return successful + failed, failed

    views = [kind.value for kind in (PolicyType.STS, PolicyType.TLSA) if kind.value in sums]
    view = max(views, key=weight) if views else None
    return tuple(kind for kind in (view, PolicyType.NO_POLICY_FOUND.value) if kind in sums)


def _failures(
    by_type: dict[str, list[PolicyReport]], counted: tuple[str, ...]
) -> tuple[tuple[FailureFigures, ...], int]:
    """The details by MX host and result type, and how many sessions those of the counted view tell of."""
    sums: dict[tuple[str, str], list[int]] = {}
    explained = 0
    for kind, of_type in by_type.items():
        counts = kind in counted
        for entry in of_type:
            for detail in entry.failure_details:
                sessions = detail.failed_session_count
                if not sessions:
                    continue
                row = sums.setdefault((detail.receiving_mx_hostname or UNKNOWN, detail.result_type), [0, 0])
                row[0] += sessions
                if counts:
                    row[1] += sessions
                    explained += sessions
    return tuple(FailureFigures(*key, *row) for key, row in sums.items()), explained


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of the numbers that are known; None where none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
