"""Judge what belongs beside the security of transport: SPF, DMARC, DKIM, CAA, and DNSSEC that DANE could use.

Notices only; the verdict is made without them. Each subject is one function that yields its findings, and one that
states its facts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from strictmx.findings import words
from strictmx.findings.answered import known
from strictmx.findings.catalogue import dns as dane_kinds
from strictmx.findings.catalogue import related as kinds
from strictmx.findings.finding import SUBJECT_CHARACTERS, Finding, Kind, Severity
from strictmx.findings.judge.dane import proposal, read_host
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import RECORDS, Lookup, MxHost, Related
from strictmx.findings.result import (
    CaaFacts,
    DaneStatus,
    DkimFacts,
    DmarcFacts,
    RelatedFacts,
    SignedFacts,
    SpfFacts,
    ZoneFacts,
)
from strictmx.standards import caa, dkim, dmarc, spf
from strictmx.standards.certificates import dns_id_matches
from strictmx.standards.chain import Certificate, read_certificate
from strictmx.standards.names import InvalidName, Name
from strictmx.standards.offline import RECORD_CHARACTERS
from strictmx.standards.zone import DnsRecord, as_zone

_SPF_KINDS = {
    spf.Fault.NEARLY: kinds.SPF_NEARLY,
    spf.Fault.UNKNOWN: kinds.SPF_NOT_EVALUATED,
    spf.Fault.TOO_LONG: kinds.SPF_TOO_LONG,
    spf.Fault.SYNTAX: kinds.SPF_INVALID,
    spf.Fault.UNREADABLE: kinds.SPF_UNREADABLE,
    spf.Fault.LOOP: kinds.SPF_LOOP,
    spf.Fault.NO_TARGET: kinds.SPF_NO_TARGET,
    spf.Fault.TARGET_MULTIPLE: kinds.SPF_TARGET_MULTIPLE,
    spf.Fault.UNANSWERED: kinds.SPF_LOOKUP_FAILED,
}
_DMARC_KINDS = {
    dmarc.Fault.NEARLY: kinds.DMARC_NEARLY,
    dmarc.Fault.INVALID: kinds.DMARC_INVALID,
    dmarc.Fault.TWICE: kinds.DMARC_TWICE,
    dmarc.Fault.NO_POLICY: kinds.DMARC_NO_POLICY,
}
_ALL = re.compile(r"(?<!\S)[+?]?all(?!\S)", re.IGNORECASE)
_NONE = re.compile(r"(?<![a-z])p\s*=\s*none", re.IGNORECASE)
_BEYOND_ASCII = re.compile(r"[^\x20-~]")
_LESS = re.compile(
    r";\s*(?:t\s*=\s*y|pct\s*=\s*0+)\s*(?=;|\Z)", re.IGNORECASE
)  # what keeps a policy from being applied
_SOFT, _QUARANTINE = "~all", "p=quarantine"


def judge_related(published: Published, seen: Related) -> tuple[RelatedFacts, tuple[Finding, ...]]:
    """The facts, and the notices that follow; a domain that does not exist gets none."""
    beside = _Beside(published, seen)
    facts = RelatedFacts(
        spf=_spf_facts(beside),
        dmarc=_dmarc_facts(beside),
        dkim=tuple(_dkim_facts(selector, reading) for selector, _, reading in beside.keys),
        caa=tuple(_caa_facts(shown) for shown in beside.shown),
        dnssec=_zone_facts(beside),
    )
    if not published.exists:
        return facts, ()
    found = (
        *_judge_spf(beside),
        *_judge_dmarc(beside),
        *_judge_dkim(beside),
        *_judge_caa(beside),
        *_judge_zone(beside),
    )
    return facts, found


@dataclass(frozen=True, slots=True)
class _Shown:
    """A host of the domain, the certificate that it shows, and the CAA answer that decides about the next one.

    wildcard: the certificate names the host by a star. decides: the first answer upwards that has records, or failed;
    None where no name has any.
    """

    host: str
    certificate: Certificate
    wildcard: bool
    decides: Lookup | None

    @property
    def properties(self) -> tuple[caa.Property, ...]:
        return caa.read(self.decides.records) if self.decides is not None else ()

    @property
    def authority(self) -> tuple[str, ...]:
        """The names by which CAA records allow the issuer; empty for one that is not in the table."""
        return caa.authority_names(self.certificate.issuer)

    @property
    def forbidding(self) -> caa.Property | None:
        return caa.forbidding(self.properties)

    @property
    def allowed(self) -> bool | None:
        if self.forbidding is not None:
            return False
        if not self.authority or (self.decides is not None and self.decides.failed):
            return None
        return caa.allows(self.properties, self.authority, wildcard=self.wildcard)


@dataclass(frozen=True)
class _Beside:
    """What was seen, read once."""

    published: Published
    seen: Related

    @property
    def domain(self) -> Name:
        return self.published.domain

    @cached_property
    def spf(self) -> spf.Reading:
        return spf.read(str(self.domain), known(self.seen.spf))

    @cached_property
    def dmarc(self) -> dmarc.Reading:
        return dmarc.read(str(self.domain), known(self.seen.dmarc))

    @cached_property
    def keys(self) -> tuple[tuple[str, Lookup, dkim.Reading], ...]:
        """Each selector with its answer."""
        suffix = f"._domainkey.{self.domain}"
        return tuple((one.name.removesuffix(suffix), one, dkim.read(one.records)) for one in self.seen.dkim)

    @cached_property
    def shown(self) -> tuple[_Shown, ...]:
        """The policy host and the MX hosts below the domain that show a certificate of a trusted authority."""
        fetch = self.published.fetch
        chains = {self.published.seen.policy_host.host: fetch.chain if fetch is not None else ()}
        for host in self.published.seen.hosts:
            if host.host == self.domain or host.host.endswith(f".{self.domain}"):
                chains[host.host] = _chain(host)
        answers = {lookup.name: lookup for lookup in self.seen.caa}
        return tuple(
            one for host, chain in chains.items() if chain and (one := self._shown(host, chain, answers)) is not None
        )

    def _shown(self, host: str, chain: tuple[bytes, ...], answers: dict[str, Lookup]) -> _Shown | None:
        try:
            name = Name.parse(host)
        except InvalidName:
            return None
        if not self.published.examine(chain, name).anchored:
            return None
        certificate = read_certificate(chain[0])  # one that cannot be read has no anchor
        wildcard = name not in certificate.dns_ids and any(dns_id_matches(one, name) for one in certificate.dns_ids)
        start = name.parent if wildcard else name
        steps = [answers.get(step) for step in caa.climb(start or name)]
        decides = next((lookup for lookup in steps if lookup is None or lookup.records or lookup.failed), None)
        if decides is None and None in steps:  # one that might decide was not looked at
            return None
        return _Shown(host, certificate, wildcard, decides)


def _notice(kind: Kind, subject: str, evidence: str = "", **facts: object) -> Finding:
    shown = {name: _named(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return kind(subject, Severity.NOTICE, evidence=evidence, **shown)


def _named(text: str) -> str:
    """A record's text with each character beyond ASCII by its number: most of them look like another one."""
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode()
    return _BEYOND_ASCII.sub(lambda one: f"<U+{ord(one[0]):04X}>", text)


def _counted(records: tuple[str, ...]) -> str:
    """How many there are; of many, or of long ones, only some are kept of an answer."""
    whole = len(records) < RECORDS and sum(map(len, records)) < RECORD_CHARACTERS // 2
    return (kinds.COUNTED if whole else kinds.COUNTED_IN_PART).format(count=len(records))


def _record(name: str, rdtype: str, *values: str) -> tuple[str, ...]:
    """Lines to paste, the first of them empty: they stand below a sentence. Nothing where one would be cut."""
    lines = [as_zone((DnsRecord(Name(name), rdtype, value),)).rstrip() for value in values]
    whole = all(len(line) <= SUBJECT_CHARACTERS and not _BEYOND_ASCII.search(line) for line in lines)
    return ("", *lines) if whole else ()


def _chain(host: MxHost) -> tuple[bytes, ...]:
    return next((probe.chain for probe in host.probes if probe.chain), ())


# ---- SPF ------------------------------------------------------------------------------------------------------------


def _spf_facts(beside: _Beside) -> SpfFacts:
    reading = beside.spf
    record = reading.candidates[0] if len(reading.candidates) == 1 else None
    return SpfFacts(record=record, lookups=reading.lookups, all=reading.all or None)


def _judge_spf(beside: _Beside) -> Iterator[Finding]:
    reading, domain = beside.spf, str(beside.domain)
    no_mail = not beside.published.takes_mail
    match reading.fault:
        case spf.Fault.MISSING:
            mechanism = "mx" if beside.published.exchanges else "a"
            text = kinds.SPF_NO_SENDERS if no_mail else kinds.SPF_FOR_SENDERS.format(mechanism=mechanism)
            kind = kinds.SPF_MISSING_NO_MAIL if no_mail else kinds.SPF_MISSING
            yield _notice(kind, domain, record=_record(domain, "TXT", text))
        case spf.Fault.MULTIPLE:
            yield _notice(kinds.SPF_MULTIPLE, domain, count=_counted(reading.candidates))
        case spf.Fault.LOOKUPS:
            yield _notice(kinds.SPF_TOO_MANY_LOOKUPS, domain, reading.said, most=spf.LOOKUPS)
        case spf.Fault.VOID_LOOKUPS:
            yield _notice(kinds.SPF_TOO_MANY_VOID_LOOKUPS, domain, reading.said, most=spf.VOID_LOOKUPS)
        case None if reading.term or reading.all in ("pass", "neutral"):
            kind = kinds.SPF_PERMISSIVE if reading.all == "pass" else kinds.SPF_NEUTRAL
            kind = kinds.SPF_PERMISSIVE_TERM if reading.term else kind
            text = _softened(reading.candidates[0]) if reading.where == domain else ""
            if no_mail:
                kind, text = kinds.SPF_PERMISSIVE_NO_MAIL, kinds.SPF_NO_SENDERS
            record = _record(domain, "TXT", text) if text else ()
            yield _notice(kind, domain, where=reading.where, term=reading.term, record=record)
        case None:
            return
        case fault:
            kind = _SPF_KINDS[fault]
            if fault is spf.Fault.SYNTAX and not reading.term:
                kind = kinds.SPF_UNREADABLE
            record = _record(domain, "TXT", spf.mended(reading.term)) if fault is spf.Fault.NEARLY else ()
            yield _notice(
                kind,
                domain,
                reading.said,
                where=reading.where,
                rdtype=reading.rdtype,
                term=reading.term,
                most=RECORD_CHARACTERS,
                record=record,
            )


def _softened(record: str) -> str:
    """The record with `~all` as its last word."""
    return _ALL.sub(_SOFT, record) if _ALL.search(record) else f"{record.rstrip()} {_SOFT}"


# ---- DMARC ----------------------------------------------------------------------------------------------------------


def _dmarc_facts(beside: _Beside) -> DmarcFacts:
    reading = beside.dmarc
    return DmarcFacts(
        record=reading.record,
        location=reading.location if reading.record is not None else None,
        policy=reading.policy or None,
        rua=reading.rua,
    )


def _judge_dmarc(beside: _Beside) -> Iterator[Finding]:
    reading, domain = beside.dmarc, str(beside.domain)
    no_mail = not beside.published.takes_mail
    match reading.fault:
        case dmarc.Fault.MISSING:
            kind = kinds.DMARC_MISSING_NO_MAIL if no_mail else kinds.DMARC_MISSING
            text = kinds.DMARC_NO_MAIL if no_mail else kinds.DMARC_FIRST
            yield _notice(kind, domain, record=_policy(domain, text))
        case dmarc.Fault.MULTIPLE:
            yield _notice(kinds.DMARC_MULTIPLE, domain, where=reading.location)
        case dmarc.Fault.UNANSWERED:
            name = next((lookup.name for lookup in beside.seen.dmarc if lookup.failed), domain)
            yield _notice(kinds.DMARC_LOOKUP_FAILED, domain, reading.said, name=name)
        case dmarc.Fault.UNKNOWN:
            return
        case None if reading.lesser:
            yield _dmarc_notice(kinds.DMARC_POLICY_LESSER, beside, reading.lesser)
        case None if reading.policy == "none":
            above, text = reading.location != domain, kinds.DMARC_NEXT
            kind = kinds.DMARC_POLICY_NONE_ABOVE if above else kinds.DMARC_POLICY_NONE
            if no_mail:
                kind, text = (
                    kinds.DMARC_POLICY_NONE_ABOVE if above else kinds.DMARC_POLICY_NONE_NO_MAIL,
                    kinds.DMARC_NO_MAIL,
                )
            elif not above and reading.rua:
                text = _LESS.sub("", _NONE.sub(_QUARANTINE, reading.mended))
            elif not above:
                kind, text = kinds.DMARC_POLICY_NONE_UNSEEN, _with_reports(reading.mended)
            yield _notice(kind, domain, where=reading.location, record=_policy(domain, text))
        case None:
            return
        case fault:
            below = fault is dmarc.Fault.NO_POLICY and reading.tag[:2].lower() in ("sp", "np")
            kind = kinds.DMARC_NO_POLICY_BELOW if below else _DMARC_KINDS[fault]
            yield _dmarc_notice(kind, beside, reading.tag)


def _dmarc_notice(kind: Kind, beside: _Beside, tag: str) -> Finding:
    """A notice that ends in the mended record, at the name where the one at fault stands."""
    reading = beside.dmarc
    text = reading.mended
    if reading.fault is dmarc.Fault.NO_POLICY or (reading.fault is dmarc.Fault.NEARLY and _NONE.search(text)):
        text = _with_reports(text)
    facts: dict[str, object] = {"where": reading.location, "tag": tag, "policy": reading.policy}
    record = _policy(reading.location, text)
    return _notice(kind, beside.domain, reading.said, text=reading.record or "", record=record, **facts)


def _with_reports(record: str) -> str:
    """The record with an address for reports; nothing for nothing."""
    return f"{record}; {kinds.DMARC_REPORTS}" if record and "rua=" not in record else record


def _policy(domain: str, text: str) -> tuple[str, ...]:
    """The record to paste; nothing where there is no text."""
    return _record(f"_dmarc.{domain}", "TXT", text.replace("{domain}", domain)) if text else ()


# ---- DKIM -----------------------------------------------------------------------------------------------------------


def _dkim_facts(selector: str, reading: dkim.Reading) -> DkimFacts:
    record = reading.candidates[0] if len(reading.candidates) == 1 else None
    return DkimFacts(selector, record, reading.key or None, reading.bits, reading.testing)


def _judge_dkim(beside: _Beside) -> Iterator[Finding]:
    for selector, lookup, reading in beside.keys:
        name = lookup.name
        facts: dict[str, Any] = {"domain": beside.domain, "selector": selector, "bits": reading.bits}
        if lookup.failed:
            yield _notice(kinds.DKIM_LOOKUP_FAILED, name, lookup.detail)
            continue
        match reading.fault:
            case dkim.Fault.MISSING:
                yield _notice(kinds.DKIM_MISSING, name, **facts)
            case dkim.Fault.MULTIPLE:
                yield _notice(kinds.DKIM_MULTIPLE, name, count=_counted(reading.candidates))
            case dkim.Fault.INVALID:
                yield _notice(kinds.DKIM_INVALID, name, detail=reading.detail)
            case dkim.Fault.REVOKED:
                yield _notice(kinds.DKIM_REVOKED, name, **facts)
            case dkim.Fault.TOO_SHORT:
                yield _notice(kinds.DKIM_UNUSABLE, name, **facts)
        if reading.weak:
            yield _notice(kinds.DKIM_WEAK, name, **facts)
        if reading.testing and reading.fault is None:
            yield _notice(kinds.DKIM_TESTING, name)


# ---- CAA ------------------------------------------------------------------------------------------------------------


def _caa_facts(shown: _Shown) -> CaaFacts:
    decides = shown.decides if shown.properties else None
    return CaaFacts(
        host=shown.host,
        location=decides.target if decides is not None else None,
        records=decides.records if decides is not None else (),
        issuer=shown.certificate.issuer_text,
        allowed=shown.allowed,
    )


def _judge_caa(beside: _Beside) -> Iterator[Finding]:
    """One finding for hosts that share a cause."""
    free: dict[str, list[_Shown]] = defaultdict(list)
    forbidden: dict[tuple[str, str], list[_Shown]] = defaultdict(list)
    failed: dict[str, list[_Shown]] = defaultdict(list)
    excluded: dict[tuple[str, str, bool], list[_Shown]] = defaultdict(list)
    for shown in beside.shown:
        decides, forbids = shown.decides, shown.forbidding
        if decides is not None and decides.failed:
            failed[decides.name].append(shown)
        elif decides is not None and forbids is not None:
            value = f"{forbids.flags} {forbids.tag} {forbids.value}"
            forbidden[decides.target, value].append(shown)
        elif decides is None or not caa.allowed(shown.properties, wildcard=shown.wildcard):
            above = decides is None or beside.domain.endswith(f".{decides.name}")
            free[str(beside.domain) if above or decides is None else decides.target].append(shown)
        elif shown.allowed is False:
            excluded[decides.target, shown.certificate.issuer_text, shown.wildcard].append(shown)
    for location, group in free.items():
        values = {
            kinds.CAA_VALUE.format(tag="issue", authority=one.authority[0]): None for one in group if one.authority
        }
        # a record for some of the authorities in use would forbid the others
        kind = kinds.CAA_MISSING if all(one.authority for one in group) else kinds.CAA_MISSING_UNKNOWN
        yield _notice(kind, location, hosts=_hosts(group), record=_record(location, "CAA", *values))
    for (location, value), group in forbidden.items():
        yield _notice(kinds.CAA_FORBIDS, location, value=value, hosts=_hosts(group))
    for name, group in failed.items():
        lookup = group[0].decides
        status = dane_kinds.said(lookup) if lookup is not None else ""
        yield _notice(kinds.CAA_LOOKUP_FAILED, name, hosts=_hosts(group), status=status)
    for (location, issuer, _), group in excluded.items():
        own = group[0].wildcard and any(one.tag == "issuewild" for one in group[0].properties)
        value = kinds.CAA_VALUE.format(tag="issuewild" if own else "issue", authority=group[0].authority[0])
        yield _notice(
            kinds.CAA_EXCLUDES_ISSUER,
            location,
            issuer=issuer,
            hosts=_hosts(group),
            record=_record(location, "CAA", value),
        )


def _hosts(group: list[_Shown]) -> str:
    return words.listed([shown.host for shown in group])


# ---- DNSSEC ---------------------------------------------------------------------------------------------------------


def _zone_facts(beside: _Beside) -> ZoneFacts:
    seen = beside.published.seen
    told = seen.validating and not seen.mx.failed
    return ZoneFacts(
        domain=seen.mx.secure if told else None,
        mx=tuple(SignedFacts(host.host, _signed(host) if seen.validating else None) for host in seen.hosts),
    )


def _signed(host: MxHost) -> bool | None:
    """Whether the host's addresses are vouched for; None where it has none."""
    answers = [lookup for lookup in (host.a, host.aaaa) if lookup is not None and lookup.records]
    return all(lookup.secure for lookup in answers) if answers else None


def _judge_zone(beside: _Beside) -> Iterator[Finding]:
    """The first thing that keeps DANE away: the domain's zone, the hosts' zones, the TLSA records."""
    published, zones = beside.published, _zone_facts(beside)
    if not published.takes_mail or zones.domain is None:
        return
    if not zones.domain:
        yield _notice(kinds.DNSSEC_MISSING, beside.domain)
        return
    unsigned = [one.host for one in zones.mx if one.signed is False]
    if unsigned:
        yield _notice(kinds.DNSSEC_MISSING_AT_HOSTS, beside.domain, hosts=words.listed(unsigned))
    # TLSA at a host without TLS would make senders hold its mail
    bare = [host for host in published.seen.hosts if _signed(host) and _chain(host) and _lacks_tlsa(published, host)]
    own = [host for host in bare if host.host == beside.domain or host.host.endswith(f".{beside.domain}")]
    if own:
        record = tuple(line for host in own for line in _tlsa(host))
        yield _notice(kinds.DANE_MISSING, beside.domain, hosts=_names(own), record=("", *record))
    others = [host for host in bare if host not in own]
    if others:
        yield _notice(kinds.DANE_MISSING_ELSEWHERE, beside.domain, hosts=_names(others))


def _lacks_tlsa(published: Published, host: MxHost) -> bool:
    asked = bool(host.tlsa) and not any(lookup.failed for lookup in host.tlsa)
    return asked and read_host(published, host).status is DaneStatus.NONE


def _tlsa(host: MxHost) -> tuple[str, ...]:
    return _record(f"_25._tcp.{host.host}", "TLSA", proposal(_chain(host)))[1:]


def _names(hosts: list[MxHost]) -> str:
    return words.listed([host.host for host in hosts])
