"""Judge DNS itself: questions that got no answer, and answers whose signatures do not verify (DANE-02, DEC-04).

TLSA questions are judged by `judge.dane`, since their failure means something else to a sender.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from strictmx.findings import words
from strictmx.findings.catalogue import dns as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import Lookup, LookupStatus

_KINDS = {
    LookupStatus.BOGUS: kinds.BOGUS,
    LookupStatus.REFUSED: kinds.FAILURE_REFUSED,
    LookupStatus.CNAME_LOOP: kinds.FAILURE_LOOP,
}


def judge_dns(published: Published) -> Iterator[Finding]:
    """One finding for each purpose whose questions failed in the same way; one in all when nothing was answered."""
    seen = published.seen
    main = (seen.mx, seen.sts, seen.tlsrpt)
    if all(lookup.failed and lookup.status is not LookupStatus.BOGUS for lookup in main):
        statuses = dict.fromkeys(kinds.said(lookup) for lookup in main)
        yield kinds.FAILURE_ALL(
            published.domain, Severity.ERROR, evidence=seen.mx.detail, status=words.listed(tuple(statuses))
        )
        return
    if all(lookup.status is LookupStatus.BOGUS for lookup in main):
        yield _finding(main, Severity.ERROR, kinds.MAIL_WAITS)
        return
    for lookups, severity, consequence in _purposes(published):
        groups: dict[LookupStatus, list[Lookup]] = defaultdict(list)
        for lookup in lookups:
            if lookup.failed:
                groups[lookup.status].append(lookup)
        for group in groups.values():
            yield _finding(tuple(group), severity, consequence)


def _purposes(published: Published) -> Iterator[tuple[tuple[Lookup, ...], Severity, str]]:
    """The questions that a sender needs, each with what follows when it fails."""
    seen = published.seen
    yield (seen.mx,), Severity.ERROR, kinds.MAIL_WAITS
    yield (seen.sts,), Severity.ERROR, kinds.NO_STS
    yield (seen.tlsrpt,), Severity.WARNING, kinds.NO_REPORTS
    for host in seen.hosts:
        lookups = tuple(lookup for lookup in (host.a, host.aaaa) if lookup is not None)
        if any(lookup.records for lookup in lookups):  # DANE-03: the other family is left, so mail arrives
            yield lookups, Severity.WARNING, kinds.FAMILY_LOST
        else:
            yield lookups, Severity.ERROR, kinds.HOST_SKIPPED
    if published.intends_sts:
        policy_host = (seen.policy_host.a, seen.policy_host.aaaa)
        if any(lookup.records for lookup in policy_host):
            yield policy_host, Severity.WARNING, kinds.FAMILY_LOST_THERE
        else:
            yield policy_host, Severity.ERROR, kinds.NO_POLICY


def _finding(lookups: tuple[Lookup, ...], severity: Severity, consequence: str) -> Finding:
    first = lookups[0]
    questions = words.listed([kinds.QUESTION.format(type=lookup.type, name=lookup.name) for lookup in lookups])
    told = kinds.ONE_QUESTION if len(lookups) == 1 else kinds.SOME_QUESTIONS
    kind = _KINDS.get(first.status, kinds.FAILURE)
    return kind(
        first.name,
        severity,
        evidence=first.detail,
        questions=told.format(questions=questions),
        status=kinds.said(first),
        name=first.name,
        type=first.type,
        consequence=consequence,
    )
