"""Judge the TLSRPT record and where its addresses lead (RFC 8460 section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from strictmx.findings.catalogue import tlsrpt as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import LookupStatus, ReportUri
from strictmx.standards import sts, tlsrpt
from strictmx.standards.mx import is_null_mx


def judge_tlsrpt(published: Published) -> Iterator[Finding]:
    """Findings about the record; warnings at most, since mail is not at risk. `judge.dns` tells a failed look-up."""
    if published.seen.tlsrpt.failed or not published.exists:
        return
    reading, name = published.tlsrpt, tlsrpt.record_name(published.domain)
    facts = {"domain": published.domain, "name": name, "rua": _proposal(published)}
    found = reading.candidates[0] if reading.candidates else ""
    match reading.fault:
        case tlsrpt.RecordFault.MISSING:
            if published.takes_mail:
                severity = Severity.WARNING if published.fetched_policy or published.intends_sts else Severity.NOTICE
                if published.tlsrpt_misplaced:
                    place = sts.record_name(published.domain)
                    yield kinds.MISSING_ELSEWHERE(name, Severity.WARNING, place=place, **facts)
                elif published.tlsrpt_strangers:
                    yield kinds.MISSING_STRANGER(name, Severity.WARNING, found=published.tlsrpt_strangers[0], **facts)
                else:
                    yield kinds.MISSING(name, severity, **facts)
        case tlsrpt.RecordFault.MULTIPLE:
            yield kinds.MULTIPLE(name, Severity.WARNING, count=len(reading.candidates), **facts)
        case tlsrpt.RecordFault.INVALID:
            yield kinds.INVALID(name, Severity.WARNING, detail=reading.detail, found=found, **facts)
        case tlsrpt.RecordFault.NO_RUA:
            yield kinds.NO_RUA(name, Severity.WARNING, **facts)
        case None:
            yield from _judge_addresses(published, reading, facts)


def _judge_addresses(
    published: Published, reading: tlsrpt.RecordReading, facts: Mapping[str, str]
) -> Iterator[Finding]:
    for deviation, _ in reading.deviations:
        match deviation:
            case tlsrpt.RecordDeviation.BLANK_BEFORE_SEMICOLON:
                yield kinds.BLANK(facts["name"], Severity.WARNING, **facts)
    record = reading.record
    usable = len(record.rua) if record else 0
    for uri, reason in reading.refused:
        consequence = kinds.SOME_REPORTS if usable else kinds.NO_REPORTS
        yield kinds.RUA_INVALID(
            facts["name"], Severity.WARNING, found=uri, reason=reason, consequence=consequence, **facts
        )
    dead = [(seen, why) for seen in published.seen.report_uris if (why := _leads_nowhere(seen))]
    for seen, why in dead:
        consequence = kinds.SOME_REPORTS if usable > len(dead) else kinds.NO_REPORTS
        yield kinds.RUA_UNRESOLVABLE(
            facts["name"],
            Severity.WARNING,
            found=seen.uri,
            host=seen.host,
            reason=why,
            consequence=consequence,
            **facts,
        )


def _proposal(published: Published) -> str:
    """The addresses that a mended record should name: those that work, else one to be made."""
    dead = {seen.uri for seen in published.seen.report_uris if _leads_nowhere(seen)}
    candidates = (*published.tlsrpt.candidates, *published.tlsrpt_misplaced)
    readings = [published.tlsrpt, *(tlsrpt.read_records((text,)) for text in candidates)]
    working = [
        address.uri
        for reading in readings
        if reading.record is not None
        for address in reading.record.rua
        if address.uri not in dead
    ]
    own = kinds.OWN_ADDRESS.format(domain=published.domain)
    return ",".join(dict.fromkeys(working)) or (own if own not in dead else kinds.SOME_ADDRESS)


def _leads_nowhere(uri: ReportUri) -> str:
    """Why nothing can arrive at the host of a report address, in a clause; empty when something can, or may."""
    by_type = {lookup.type: lookup for lookup in uri.lookups}
    mail = by_type.get("MX")
    if mail is not None and is_null_mx(mail.records):
        return kinds.TAKES_NO_MAIL.format(record=mail.records[0])
    if any(lookup.records for lookup in uri.lookups) or any(lookup.failed for lookup in uri.lookups):
        return ""
    if any(lookup.status is LookupStatus.NXDOMAIN for lookup in uri.lookups):
        return kinds.DOES_NOT_EXIST
    return kinds.NO_MX_NO_ADDRESS if mail is not None else kinds.NO_ADDRESS
