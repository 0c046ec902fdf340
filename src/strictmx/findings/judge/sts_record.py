"""Judge the answer at `_mta-sts` (RFC 8461 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strictmx.findings import words
from strictmx.findings.catalogue import sts_record as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.published import Published
from strictmx.standards import sts


def judge_record(published: Published, dane_hosts: Sequence[str]) -> Iterator[Finding]:
    """Findings about the STS record. A failed look-up is told by `judge.dns`, not here.

    dane_hosts: the MX hosts whose TLSA records senders use, as far as a signed MX answer leads to them.
    """
    if published.seen.sts.failed or not published.exists:
        return
    reading, name = published.record, sts.record_name(published.domain)
    facts = {"domain": published.domain, "name": name, "id": published.fresh_id}
    found = reading.candidates[0] if reading.candidates else ""
    match reading.fault:
        case sts.RecordFault.MISSING:
            yield from _judge_missing(published, facts, dane_hosts)
            return
        case sts.RecordFault.MULTIPLE:
            records = words.listed([f"`{text}`" for text in reading.candidates])
            yield kinds.MULTIPLE(name, Severity.ERROR, count=len(reading.candidates), found=records, **facts)
        case sts.RecordFault.INVALID:
            yield kinds.INVALID(name, Severity.ERROR, detail=reading.detail, found=found, **facts)
        case sts.RecordFault.NO_ID:
            yield kinds.NO_ID(name, Severity.ERROR, found=found, **facts)
        case None:
            for deviation, field in reading.deviations:
                yield _judge_deviation(name, deviation, field, facts)
    if published.seen.sts.cnames:
        yield kinds.CNAME(name, Severity.OK, name=name, target=published.seen.sts.target)


def _judge_missing(published: Published, facts: Mapping[str, str], dane_hosts: Sequence[str]) -> Iterator[Finding]:
    name = facts["name"]
    protected = bool(dane_hosts) and set(dane_hosts) == set(published.mx_names)
    if published.misplaced_records:
        for place in published.misplaced_records:
            yield kinds.WRONG_PLACE(name, Severity.ERROR, place=place, **facts)
    elif published.record_strangers:
        yield kinds.MISSING_STRANGER(name, Severity.ERROR, found=published.record_strangers[0], **facts)
    elif published.tlsrpt_misplaced:
        yield kinds.MISSING_TLSRPT(name, Severity.WARNING, found=published.tlsrpt_misplaced[0], **facts)
    elif published.record_alias:
        yield kinds.MISSING_ALIAS(name, Severity.ERROR, target=published.record_alias, **facts)
    elif published.seen.sts.cnames and published.takes_mail and not protected:
        target = published.seen.sts.target
        yield kinds.MISSING_BEHIND_ALIAS(name, Severity.WARNING, target=target, **facts)
    elif published.fetched_policy is not None:
        yield kinds.MISSING_BESIDE_POLICY(name, Severity.WARNING, **facts)
    elif not published.takes_mail:
        return
    elif protected:
        yield kinds.MISSING_BESIDE_DANE(name, Severity.NOTICE, **facts)
    elif dane_hosts:
        bare = [host for host in published.mx_names if host not in dane_hosts]
        told = {"protected": words.listed(list(dane_hosts)), "unprotected": words.listed(bare)}
        yield kinds.MISSING_BESIDE_SOME_DANE(name, Severity.WARNING, **told, **facts)
    else:
        yield kinds.MISSING(name, Severity.WARNING, **facts)


def _judge_deviation(name: str, deviation: sts.RecordDeviation, field: str, facts: Mapping[str, str]) -> Finding:
    match deviation:
        case sts.RecordDeviation.UNKNOWN_FIELD:
            return kinds.UNKNOWN_FIELD(name, Severity.NOTICE, found=field, **facts)
        case sts.RecordDeviation.DUPLICATE_FIELD:
            return kinds.FIELD_TWICE(name, Severity.NOTICE, found=field, **facts)
        case sts.RecordDeviation.BLANK_BEFORE_SEMICOLON:
            return kinds.BLANK(name, Severity.WARNING, **facts)
