"""The report of RFC 8460 section 4: one model, written by `report` and read by `receive`.

    report = read_report(data)        # forgiving, with every rule that was bent in `report.deviations`
    data = format_report(report)      # strict: what it cannot say by the book it refuses

The attributes are the RFC's keys with underscores. What a report does not say is None or empty, never zero (DEC-32).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from strictmx.standards.names import Name
from strictmx.text import escaped

COUNT_MOST = 2**53 - 1  # RPT-44: what every JSON reader holds exactly
UNKNOWN = "unknown"  # an MX host, a kind of policy or a result type that a report does not name


class PolicyType(Enum):
    """The kinds of policy that RFC 8460 section 4.2 knows."""

    STS = "sts"
    TLSA = "tlsa"
    NO_POLICY_FOUND = "no-policy-found"


RESULT_TYPES = frozenset(  # section 4.3; its registry may grow (RPT-20)
    {
        "starttls-not-supported",
        "certificate-host-mismatch",
        "certificate-expired",
        "certificate-not-trusted",
        "validation-failure",
        "tlsa-invalid",
        "dnssec-invalid",
        "dane-required",
        "sts-policy-fetch-error",
        "sts-policy-invalid",
        "sts-webpki-invalid",
    }
)


class Deviation(Struct, frozen=True):
    """A rule that a report bends, and what was made of it.

    rule: its id in the project's list of requirements (`DEC-32`). path: where in the report (`policies[1].summary`).
    sets_aside: whether the policy at `path` is not counted for it.
    """

    rule: str
    path: str
    message: str
    sets_aside: bool = False

    @property
    def told(self) -> str:
        """Place and sentence in one text."""
        return f"{self.path}: {self.message}" if self.path else self.message


class ReportError(ValueError):
    """The bytes hold no report that can be counted. `.rule` is what it breaks, `.found` what was found (cut)."""

    def __init__(self, rule: str, reason: str, found: str = "") -> None:
        super().__init__(escaped(reason))
        self.rule, self.found = rule, escaped(found[:200])


class DateRange(Struct, frozen=True, rename="kebab"):
    """When the sessions took place; both in UTC. A report belongs to the UTC day of its start (DEC-18)."""

    start_datetime: datetime
    end_datetime: datetime


class Policy(Struct, frozen=True, rename="kebab", omit_defaults=True):
    """The policy that was applied.

    policy_type: a value of `PolicyType`, or what the report says in its place (DEC-25).
    policy_domain: A-labels, lower case; None where nothing names it.
    policy_string: the lines of an STS policy, or one TLSA record an entry. mx_host: the patterns of an STS policy.
    """

    policy_type: str
    policy_string: tuple[str, ...] = ()
    policy_domain: str | None = None
    mx_host: tuple[str, ...] = ()


class Summary(Struct, frozen=True, rename="kebab"):
    """How many sessions kept to the policy and how many did not; None where the report does not say."""

    total_successful_session_count: int | None = None
    total_failure_session_count: int | None = None


class FailureDetails(Struct, frozen=True, rename="kebab", omit_defaults=True):
    """Sessions that failed alike (section 4.3). Addresses in their canonical form where they are addresses (DEC-26)."""

    result_type: str
    sending_mta_ip: str | None = None
    receiving_mx_hostname: str | None = None
    receiving_mx_helo: str | None = None
    receiving_ip: str | None = None
    failed_session_count: int | None = None
    additional_information: str | None = None
    failure_reason_code: str | None = None


class PolicyReport(Struct, frozen=True, rename="kebab", omit_defaults=True):
    """One entry of `policies`."""

    policy: Policy
    summary: Summary
    failure_details: tuple[FailureDetails, ...] = ()


class Report(Struct, frozen=True, rename="kebab", omit_defaults=True):
    """A report, and the rules it bends.

    contact_info: as sent, None where it is absent. policies: those that count; faulty ones are set aside (DEC-32)
    and told in `deviations`.
    """

    organization_name: str
    date_range: DateRange
    report_id: str
    policies: tuple[PolicyReport, ...]
    contact_info: str | None = None
    deviations: tuple[Deviation, ...] = ()

    @property
    def day(self) -> str:
        """The UTC day that the report belongs to, `2026-11-24` (DEC-18)."""
        return self.date_range.start_datetime.astimezone(UTC).date().isoformat()

    @property
    def domains(self) -> tuple[Name, ...]:
        """The domains of its policies, each once, in their order."""
        named = (Name(entry.policy.policy_domain) for entry in self.policies if entry.policy.policy_domain is not None)
        return tuple(dict.fromkeys(named))

    def to_json(self) -> dict[str, Any]:
        """The document under the keys of RFC 8460, null for unknown counts, with the `deviations`."""
        document: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(self, deviations=()))
        for entry in document["policies"]:
            for detail in entry.get("failure-details", ()):
                detail.setdefault("failed-session-count", None)
        document["deviations"] = [
            {"rule": each.rule, "path": each.path, "message": each.message, "set_aside": each.sets_aside}
            for each in self.deviations
        ]
        return document
