"""Judge DANE at one MX host: are there TLSA records that senders use, and does what the host shows match (RFC 7672)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from strictmx.findings import words
from strictmx.findings.catalogue import dns as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.draft import Draft
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import Lookup, LookupStatus, MxHost, Probe
from strictmx.findings.result import DaneStatus
from strictmx.standards import dane
from strictmx.standards.certificates import FaultKind
from strictmx.standards.names import InvalidName, Name

RECORDS_SHOWN = 3
# Faults of a certificate that a path of usage 2 may have and that have findings of their own.
OWN_FAULTS = frozenset({FaultKind.EXPIRED, FaultKind.NOT_YET_VALID, FaultKind.NAME_MISMATCH, FaultKind.NO_SAN})
STATUS = {
    dane.Outcome.MATCH: DaneStatus.MATCH,
    dane.Outcome.MISMATCH: DaneStatus.MISMATCH,
    dane.Outcome.UNUSABLE: DaneStatus.UNUSABLE,
}


@dataclass(frozen=True, slots=True)
class HostDane:
    """What DNS says of DANE at one host, before any session.

    status: NONE, INSECURE or BOGUS are final; MATCH stands for "records that senders use", to be held against what
    the host shows. records: as found, secure or not. failed: the TLSA question that got no answer.
    """

    status: DaneStatus
    records: tuple[dane.TlsaRecord, ...] = ()
    base: str = ""
    reference_names: tuple[Name, ...] = ()
    failed: Lookup | None = None

    @property
    def applies(self) -> bool:
        """Whether DANE senders demand TLS of the host, matched or not."""
        return self.status is DaneStatus.MATCH


def read_host(published: Published, host: MxHost) -> HostDane:
    """What DNS says of DANE at the host (DANE-04, DANE-06, DANE-09 to DANE-11)."""
    answers = [lookup for lookup in host.tlsa if lookup.records]
    chosen = next((lookup for lookup in answers if lookup.secure and _base(lookup) == host.tlsa_base), None)
    signed = _addresses_signed(host)
    if signed and chosen is not None:
        records = _records(chosen)
        base = str(host.tlsa_base)
        if records:
            return HostDane(DaneStatus.MATCH, records, base, _reference_names(published, host, base))
    failed = next((lookup for lookup in host.tlsa if lookup.failed), None)
    if signed and failed is not None:
        return HostDane(DaneStatus.BOGUS, base=_base(failed), failed=failed)
    if answers:
        return HostDane(DaneStatus.INSECURE, _records(answers[0]), _base(answers[0]))
    return HostDane(DaneStatus.NONE)


def _base(lookup: Lookup) -> str:
    """The base domain of a TLSA question: its name without the port and protocol labels."""
    return lookup.name.split(".", 2)[2] if lookup.name.count(".") > 1 else lookup.name


def _records(lookup: Lookup) -> tuple[dane.TlsaRecord, ...]:
    records = []
    for text in lookup.records[: dane.RECORDS]:
        try:
            records.append(dane.TlsaRecord.parse(text))
        except dane.InvalidTlsa:
            continue
    return tuple(records)


def _addresses_signed(host: MxHost) -> bool:
    """Whether the host's address answer is secure, or at least the first step of its alias (DANE-09, DANE-10)."""
    answers = [lookup for lookup in (host.a, host.aaaa) if lookup is not None and lookup.records]
    if answers and all(lookup.secure for lookup in answers):
        return True
    return host.cname is not None and host.cname.secure


def _reference_names(published: Published, host: MxHost, base: str) -> tuple[Name, ...]:
    """The names that a usage 2 certificate may have (DANE-16)."""
    mx = published.seen.mx
    kind = dane.MxLookup.NONE if host.implicit else dane.MxLookup.SECURE if mx.secure else dane.MxLookup.INSECURE
    try:
        target = Name.parse(mx.target)
        return dane.reference_names(
            Name.parse(base), kind, mx_host=Name.parse(host.host), next_hop=published.domain, next_hop_target=target
        )
    except InvalidName:
        return (published.domain,)


def judge_host(published: Published, host: MxHost, seen: HostDane) -> Iterator[Finding]:
    """Findings that DNS alone gives: look-ups that fail, records in an unsigned zone or of no use."""
    if seen.failed is not None:
        kind = kinds.DANE_BOGUS if seen.failed.status is LookupStatus.BOGUS else kinds.DANE_LOOKUP_FAILED
        status = kinds.STATUS_WORDS[seen.failed.status]
        yield kind(host.host, Severity.ERROR, evidence=seen.failed.detail, base=seen.base, status=status)
    elif seen.applies and all(dane.unusable_reason(record) is not None for record in seen.records):
        reasons = dict.fromkeys(dane.unusable_reason(record) or "" for record in seen.records)
        shown = next((probe for probe in host.probes if probe.chain), None)
        why = words.listed(tuple(reasons), most=RECORDS_SHOWN)
        facts = {"base": seen.base, "why": why, "proposal": proposal(shown.chain if shown is not None else ())}
        yield kinds.DANE_UNUSABLE(host.host, Severity.WARNING, **facts)
    elif seen.status is DaneStatus.INSECURE and published.seen.validating:
        yield kinds.DANE_NOT_SIGNED(host.host, Severity.WARNING, zone=seen.base)
    elif seen.status is DaneStatus.INSECURE:
        yield kinds.DANE_NOT_VALIDATED(host.host, Severity.NOTICE)


def match_probe(published: Published, seen: HostDane, probe: Probe) -> dane.DaneResult | None:
    """What one address shows, held against the records; None when DANE does not apply or nothing is shown."""
    if not seen.applies or not probe.chain:
        return None
    return published.match(seen.records, probe.chain, seen.reference_names)


def drafts(
    seen: HostDane, probe: Probe, result: dane.DaneResult, told: Collection[tuple[FaultKind, int | None]]
) -> Iterator[Draft]:
    """Findings of one address, to be joined with those of the host's other addresses.

    told: faults of the certificate, and where in the chain, of which an error is told already.
    """
    facts: dict[str, object] = {"base": seen.base, "proposal": proposal(probe.chain)}
    match result.status:
        case dane.Outcome.MATCH:
            yield Draft(kinds.DANE_OK, Severity.OK, "", facts | {"record": _short(result.matched)})
            if result.uncovered:
                combination = words.listed([f"{one} …" for one in result.uncovered])
                yield Draft(kinds.DANE_COMBINATION, Severity.WARNING, "", facts | {"combination": combination})
        case dane.Outcome.UNUSABLE:
            return  # told of the host, since DNS alone shows it
        case dane.Outcome.MISMATCH:
            yield from _mismatch(result.missed, facts, told)


def _mismatch(
    missed: Sequence[dane.Missed], facts: dict[str, object], told: Collection[tuple[FaultKind, int | None]]
) -> Iterator[Draft]:
    """The wording that leads to the mend: an anchor not sent, a faulty path, or simply another key.

    Names and dates of usage 2 keep their own findings (DEC-15) where the path to a public authority has them too.
    """
    usable = [one for one in missed if one.miss is not dane.Miss.UNUSABLE]
    own = {fault for fault in told if fault[0] in OWN_FAULTS}
    if usable and all(one.miss is dane.Miss.PATH and own.issuperset(_places(one)) for one in usable):
        return
    for one in usable:
        if one.miss is dane.Miss.PATH:
            details = facts | {"record": _short(one.record), "why": one.detail}
            yield Draft(kinds.DANE_TA_FAULT, Severity.ERROR, one.detail, details)
            return
    for one in usable:
        if one.miss is dane.Miss.NOT_SENT and all(other.record.usage == dane.TA for other in usable):
            details = facts | {"record": _short(one.record)}
            yield Draft(kinds.DANE_TA_MISSING, Severity.ERROR, one.detail, details)
            return
    superseded = next((one.record for one in usable if one.miss is dane.Miss.SUPERSEDED), None)
    if superseded is not None:
        alike = superseded.usage, superseded.selector  # DANE-19: only among these the stronger digest decides
        kin = [one.record for one in usable if (one.record.usage, one.record.selector) == alike]
        stronger = max(kin, key=lambda record: record.matching_type)
        yield Draft(kinds.DANE_SUPERSEDED, Severity.ERROR, "", facts | {"stale": _short(stronger)})
        return
    yield Draft(kinds.DANE_MISMATCH, Severity.ERROR, usable[0].detail if usable else "", facts)


def _places(missed: dane.Missed) -> set[tuple[FaultKind, int | None]]:
    return {(fault.kind, fault.position) for fault in missed.faults}


def proposal(chain: Sequence[bytes]) -> str:
    """The record that matches the key in use (DANE-30)."""
    try:
        return str(dane.make(dane.EE, dane.KEY, 1, chain[0]))
    except (dane.InvalidTlsa, IndexError):
        return kinds.DANE_PROPOSAL


def _short(record: dane.TlsaRecord | None) -> str:
    if record is None:
        return ""
    return f"{record.combination} {record.data.hex()[:8]}…"
