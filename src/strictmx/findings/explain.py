"""What reports say, in the language of a check: each fault with its MX host, its days, its sessions, and the mend.

Pure. A fault is told beside what our own check saw nearest to its days, where there is such an observation.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from strictmx.findings.catalogue import reported as words
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.findings.result import CheckResult, DaneStatus, MxFacts, timestamp
from strictmx.findings.words import day as day_words
from strictmx.findings.words import listed, moment
from strictmx.standards.tlsrpt import UNKNOWN
from strictmx.text import cut, escaped

STILL_DAYS = 3  # the last ones that have reports: a fault seen on one of them is taken to go on
GRAVE_SHARE = 0.01  # of the sessions; from here on a fault that goes on is an error
ORGANIZATIONS_NAMED = 3
NAME_CHARACTERS = 40  # of an organization in a sentence
MESSAGE_CHARACTERS = 300  # of a finding of our check inside of another


class ReportedFault(Struct, frozen=True):
    """One kind of failure at one MX host. organizations: who says so, most sessions first. first, last: UTC days."""

    host: str
    result_type: str
    sessions: int
    organizations: tuple[str, ...]
    first: date
    last: date


class Observed(Struct, frozen=True):
    """What our own check saw of the same host or policy.

    at: when it looked; UTC, `2026-11-24T09:00:00Z`.
    codes: its findings there, those of the same fault alone where there are some.
    message: the first of them; empty where it found nothing wrong.
    """

    at: str
    codes: tuple[str, ...]
    message: str


class Explained(Struct, frozen=True):
    """A finding from reports; the keys of a finding of `check`, and what our own check saw near that time.

    code: that of `check`.
    severity: `error` while the fault goes on and meets one session in a hundred, `warning` else while it goes on,
    `notice` when it was not reported lately.
    subject: the MX host, or the domain where reports name none.
    message: what was reported, when, how often and by whom.
    mend: what to do.
    reference: the RFC section.
    result_type: as the reports have it.
    sessions: how many failed so.
    organizations: how many say so.
    first: the first day of it in this range.
    last: the last day of it.
    observed: null where no check was kept within 36 hours of the last day.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    mend: str
    reference: str
    result_type: str
    sessions: int
    organizations: int
    first: date
    last: date
    observed: Observed | None


def explain(
    domain: str, fault: ReportedFault, *, all_sessions: int, still_from: date, check: CheckResult | None
) -> Explained:
    """One fault that reports tell of.

    all_sessions: of the domain in the same days, those that failed among them. still_from: what was seen on this day
    or later goes on.
    check: what our own check saw nearest to the fault's last day.
    """
    kind = words.BY_RESULT_TYPE.get(fault.result_type, words.UNKNOWN)
    return _explained(kind, domain, fault, (all_sessions, still_from), _observed(domain, fault, check))


def without_details(domain: str, fault: ReportedFault, *, all_sessions: int, still_from: date) -> Explained:
    """Sessions that failed, and of which no detail says where or why."""
    return _explained(words.WITHOUT_DETAILS, domain, fault, (all_sessions, still_from), None)


def _explained(
    kind: Kind, domain: str, fault: ReportedFault, of: tuple[int, date], observed: tuple[Observed, str] | None
) -> Explained:
    all_sessions, still_from = of
    goes_on = fault.last >= still_from
    grave = fault.sessions >= GRAVE_SHARE * all_sessions
    severity = Severity.NOTICE if not goes_on else Severity.ERROR if grave else Severity.WARNING
    finding: Finding = kind(
        domain if fault.host == UNKNOWN else fault.host,
        severity,
        domain=domain,
        host=words.NO_HOST if fault.host == UNKNOWN else fault.host,
        result_type=fault.result_type,
        who=listed([cut(name, NAME_CHARACTERS) for name in fault.organizations], most=ORGANIZATIONS_NAMED),
        sessions="1 session" if fault.sessions == 1 else f"{fault.sessions} sessions",
        when=_when(fault, goes_on=goes_on),
        seen=observed[1] if observed else "",
    )
    return Explained(
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        message=finding.message,
        mend=finding.mend,
        reference=finding.reference,
        result_type=escaped(fault.result_type),
        sessions=fault.sessions,
        organizations=len(fault.organizations),
        first=fault.first,
        last=fault.last,
        observed=observed[0] if observed else None,
    )


def _when(fault: ReportedFault, *, goes_on: bool) -> str:
    first, last = (day_words(datetime(each.year, each.month, each.day)) for each in (fault.first, fault.last))  # noqa: DTZ001 - a day
    template = words.ON_ONE_DAY if fault.first == fault.last else words.STILL if goes_on else words.BETWEEN
    return template.format(first=first, last=last)


def _observed(domain: str, fault: ReportedFault, check: CheckResult | None) -> tuple[Observed, str] | None:
    """What a check saw of the fault, as data and in a sentence; None where it says nothing about it."""
    if check is None:
        return None
    bad = [each for each in check.findings if each.severity in {Severity.ERROR, Severity.WARNING}]
    beginnings = words.OF_THE_POLICY.get(fault.result_type)
    if beginnings is not None:
        there = same = [each for each in bad if each.code.startswith(beginnings)]
        sound = check.sts is not None and check.sts.policy is not None
    else:
        hosts = [host for host in check.mx if fault.host in {host.host, UNKNOWN}]
        subjects = {host.host for host in hosts} | ({domain} if fault.result_type in words.OF_THE_ZONE else set())
        there = [each for each in bad if each.subject in subjects and not each.code.startswith("policy-")]
        same = [each for each in there if each.code in words.SAME_FAULT.get(fault.result_type, ())]
        sound = bool(hosts) and all(_passed(host, fault.result_type, check) for host in hosts)
    told = same or there
    if not told and not sound:
        return None
    template = words.OUR_CHECK_SAW if same else words.OUR_CHECK_SAW_OTHERS if there else words.OUR_CHECK_SAW_NOTHING
    message = cut(told[0].message, MESSAGE_CHARACTERS) if told else ""
    observed = Observed(timestamp(check.observed_at), tuple(dict.fromkeys(each.code for each in told)), message)
    return observed, template.format(moment=moment(check.observed_at), message=message)


def _passed(host: MxFacts, result_type: str, check: CheckResult) -> bool:
    """Whether a check got far enough at a host to say that it does not have the fault."""
    if result_type in words.OF_THE_ZONE:
        return check.dnssec.mx
    if result_type in words.OF_DANE:
        return host.dane.status is DaneStatus.MATCH
    return host.tls_version is not None
