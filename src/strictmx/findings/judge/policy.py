"""Judge how the policy fits its domain: mode, patterns against the present MX hosts (RFC 8461 section 4.1)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from strictmx.findings import words
from strictmx.findings.catalogue import mx as mx_kinds
from strictmx.findings.catalogue import policy as kinds
from strictmx.findings.catalogue import sts_record as record_kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.policy_file import File, judge_file, unused_role
from strictmx.findings.judge.published import Published
from strictmx.standards import sts
from strictmx.standards.certificates import FaultKind
from strictmx.standards.names import address_of

STALE_DAYS = 60  # mode none is a step of a withdrawal; the longest takes as long as the longest max_age served

PATTERNS_SHOWN = 4


def judge_policy(published: Published) -> Iterator[Finding]:
    """Findings about the file that the policy host serves."""
    reading = published.fetched_reading
    if reading is None or not published.intends_sts or _is_of_another(published, reading):
        return
    subject = published.seen.policy_host.host
    yield from judge_file(reading, subject, _file(published))
    if reading.policy is None:
        return
    if reading.policy.mode is sts.Mode.NONE:
        yield from _judge_none(published, subject)
        return
    if reading.policy.mode is sts.Mode.TESTING:
        yield kinds.MODE_TESTING(subject, Severity.NOTICE, **_file(published).facts)
    yield from _judge_patterns(published, reading.policy, subject)


def _is_of_another(published: Published, reading: sts.PolicyReading) -> bool:
    """Whether the file is another domain's: served under another name's certificate, and none of our hosts is in it.

    So answers a web server that was not told of the policy host: with the first of its sites.
    """
    certificate, policy, hosts = published.host_certificate, reading.policy, published.mx_names
    if policy is None or not (policy.mx and hosts) or any(policy.matches(host) for host in hosts):
        return False
    return certificate is not None and bool(certificate.of(FaultKind.NAME_MISMATCH))


def _file(published: Published) -> File:
    """What is known around the file of a domain."""
    record = record_kinds.RECORD.format(name=sts.record_name(published.domain), id=published.fresh_id)
    return File(published.domain, published.mx_names, record)


def _judge_none(published: Published, subject: str) -> Iterator[Finding]:
    yield kinds.MODE_NONE(subject, Severity.NOTICE, domain=published.domain)
    record = published.record.record
    since = id_date(record.id, published.at) if record else None
    if since is not None and (published.at - since).days > STALE_DAYS:
        days = (published.at - since).days
        yield kinds.NONE_STALE(subject, Severity.WARNING, since=words.day(since), days=days, domain=published.domain)


def id_date(identifier: str, now: datetime) -> datetime | None:
    """The day that an id speaks of, where it is a date (`20260301…`) or Unix seconds; None where it is neither.

    Ids have no order (RFC 8461 section 3.1); this is a hint for people and decides nothing about a policy.
    """
    candidates = []
    if re.match(r"[0-9]{8}(?![0-9])|[0-9]{10,14}\Z", identifier):
        with contextlib.suppress(ValueError):
            candidates.append(datetime.strptime(identifier[:8], "%Y%m%d").replace(tzinfo=UTC))
    if re.match(r"[0-9]{10}([0-9]{3})?\Z", identifier):  # or milliseconds
        candidates.append(datetime.fromtimestamp(int(identifier[:10]), UTC))
    earliest = datetime(2018, 9, 1, tzinfo=UTC)  # RFC 8461 is of September 2018
    return next((date for date in candidates if earliest <= date <= now), None)


def _judge_patterns(published: Published, policy: sts.Policy, subject: str) -> Iterator[Finding]:
    """How the patterns fit the present MX hosts: unused, one label short."""
    hosts = published.mx_names
    unused: list[str] = []
    for pattern in policy.mx:
        facts: dict[str, Any] = _file(published).facts | {"pattern": f"`{pattern}`", "name": pattern.name}
        short = [host for host in hosts if stops_short(pattern, host) and not policy.matches(host)]
        for host in short:
            severity = Severity.ERROR if published.enforced else Severity.WARNING
            yield kinds.WILDCARD_DEPTH(subject, severity, host=host, labels=_labels_before(pattern, host), **facts)
        known = pattern.is_address or unused_role(pattern, hosts) is not None  # told with the file
        if hosts and not short and not known and not any(pattern.matches(host) for host in hosts):
            unused.append(f"`{pattern}`")
    if unused:
        yield kinds.MX_UNUSED(
            subject,
            Severity.NOTICE,
            unused=words.listed(unused, most=PATTERNS_SHOWN),
            **_file(published).facts,
            present=words.listed(hosts, most=PATTERNS_SHOWN),
        )


def stops_short(pattern: sts.HostPattern, host: str) -> bool:
    """Whether a wildcard fails a host only by the number of labels before its name."""
    below = host == pattern.name or host.endswith(f".{pattern.name}")
    return pattern.wildcard and below and not pattern.matches(host)


def _labels_before(pattern: sts.HostPattern, host: str) -> str:
    count = host.count(".") - pattern.name.count(".")
    return kinds.LABELS.get(count, str(count))


def judge_coverage(published: Published) -> Iterator[Finding]:
    """Present MX hosts that the policy does not name (STS-62)."""
    policy = published.fetched_policy
    if policy is None or policy.mode is sts.Mode.NONE or published.record.record is None:
        return
    yield from _judge_left_out(published, policy)


def judge_fit(published: Published, policy: sts.Policy) -> Iterator[Finding]:
    """How a policy that nobody has fetched yet fits the MX hosts that were seen: hosts left out, idle patterns."""
    if policy.mode is not sts.Mode.NONE:
        yield from _judge_left_out(published, policy)
        yield from _judge_patterns(published, policy, sts.policy_host(published.domain))


def _judge_left_out(published: Published, policy: sts.Policy) -> Iterator[Finding]:
    enforced = policy.mode is sts.Mode.ENFORCE
    consequence = kinds.HOST_REFUSED if enforced else kinds.HOST_REFUSED_LATER
    for host in published.mx_names:
        if not policy.matches(host) and address_of(host) is None:
            yield mx_kinds.NOT_IN_POLICY(
                host,
                Severity.ERROR if enforced else Severity.WARNING,
                patterns=words.listed([f"`{pattern}`" for pattern in policy.mx], most=PATTERNS_SHOWN),
                **_file(published).facts,
                consequence=consequence,
            )
