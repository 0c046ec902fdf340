"""The report of RFC 8460 section 4: one model, written by `report` and read by `receive`.

    report = read_report(data)        # forgiving, with every rule that was bent in `report.deviations`
    data = format_report(report)      # strict: what it cannot say by the book it refuses

The attributes are the RFC's keys with underscores. What a report does not say is None or empty, never zero (DEC-32).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

from msgspec import Meta, Struct, structs, to_builtins

from strictmx.standards.names import Name
from strictmx.text import escaped

COUNT_MOST = 2**53 - 1  # RPT-44: what every JSON reader holds exactly
UNKNOWN = "unknown"  # an MX host, a kind of policy or a result type that a report does not name

# RPT-44: what is kept of a report. `read_report` cuts longer texts and says so; nothing longer was ever seen.
POLICIES_MOST = 10_000
DETAILS_MOST = 100_000  # of a report
LINES_MOST = 1_000  # of a policy-string or mx-host
LINE_CHARACTERS = 4_096
ORGANIZATION_CHARACTERS = 200
REPORT_ID_CHARACTERS = 500
TEXT_CHARACTERS = 1_000
TYPE_CHARACTERS = 100  # of an unknown policy type or result type, and of what stands for an address

Count = Annotated[int, Meta(ge=0, le=COUNT_MOST)]
Organization = Annotated[str, Meta(max_length=ORGANIZATION_CHARACTERS)]
ReportId = Annotated[str, Meta(max_length=REPORT_ID_CHARACTERS)]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS)]
ShortText = Annotated[str, Meta(min_length=1, max_length=TYPE_CHARACTERS)]
Line = Annotated[str, Meta(max_length=LINE_CHARACTERS)]
Pattern = Annotated[str, Meta(min_length=1, max_length=LINE_CHARACTERS)]


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


class Deviation(Struct, frozen=True, gc=False):
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


class DateRange(Struct, frozen=True, gc=False, rename="kebab"):
    """When the sessions took place; both in UTC. A report belongs to the UTC day of its start (DEC-18)."""

    start_datetime: datetime
    end_datetime: datetime


class Policy(Struct, frozen=True, gc=False, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """The policy that was applied.

    policy_type: a value of `PolicyType`, or what the report says in its place (DEC-25).
    policy_domain: A-labels, lower case; None where nothing names it.
    policy_string: the lines of an STS policy, or one TLSA record an entry. mx_host: the patterns of an STS policy.
    """

    policy_type: ShortText
    policy_string: Annotated[tuple[Line, ...], Meta(max_length=LINES_MOST)] = ()
    policy_domain: Text | None = None
    mx_host: Annotated[tuple[Pattern, ...], Meta(max_length=LINES_MOST)] = ()


class Summary(Struct, frozen=True, gc=False, rename="kebab", forbid_unknown_fields=True):
    """How many sessions kept to the policy and how many did not; None where the report does not say."""

    total_successful_session_count: Count | None = None
    total_failure_session_count: Count | None = None


class FailureDetails(Struct, frozen=True, gc=False, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """Sessions that failed alike (section 4.3). Addresses in their canonical form where they are addresses (DEC-26)."""

    result_type: ShortText
    sending_mta_ip: ShortText | None = None
    receiving_mx_hostname: Text | None = None
    receiving_mx_helo: Text | None = None
    receiving_ip: ShortText | None = None
    failed_session_count: Count | None = None
    additional_information: Text | None = None
    failure_reason_code: Text | None = None


class PolicyReport(Struct, frozen=True, gc=False, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """One entry of `policies`."""

    policy: Policy
    summary: Summary
    failure_details: Annotated[tuple[FailureDetails, ...], Meta(max_length=DETAILS_MOST)] = ()


class Report(Struct, frozen=True, gc=False, rename="kebab", omit_defaults=True):
    """A report, and the rules it bends.

    contact_info: as sent, None where it is absent. policies: those that count; faulty ones are set aside (DEC-32)
    and told in `deviations`.
    """

    organization_name: Organization
    date_range: DateRange
    report_id: ReportId
    policies: Annotated[tuple[PolicyReport, ...], Meta(max_length=POLICIES_MOST)]
    contact_info: Text | None = None
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
        """The report under the RFC's keys: whatever is known, null for unknown counts, and `deviations`."""
        document: dict[str, Any] = to_builtins(structs.replace(self, deviations=()))
        for entry in document["policies"]:
            for detail in entry.get("failure-details", ()):
                detail.setdefault("failed-session-count", None)
        document["deviations"] = [
            {"rule": each.rule, "path": each.path, "message": each.message, "set_aside": each.sets_aside}
            for each in self.deviations
        ]
        return document
