"""Judge the SMTP sessions with one MX host: what each address shows, what each kind of sender does about it.

Findings are made for each address and then joined: a fault that all addresses share is told once, of the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from strictmx.findings import words
from strictmx.findings.catalogue import mx as kinds
from strictmx.findings.finding import Finding, Kind, Severity, listed
from strictmx.findings.judge import dane as judge_dane
from strictmx.findings.judge.dane import HostDane
from strictmx.findings.judge.policy_host import certificate_facts, whose
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import MxHost, Probe, ProbeStage
from strictmx.findings.result import DaneStatus, Delivers
from strictmx.standards import dane, sts
from strictmx.standards.certificates import Examination, FaultKind
from strictmx.standards.names import InvalidName, Name

ADDRESSES_SHOWN = 4

_FAULTS: dict[FaultKind, Kind] = {
    FaultKind.EXPIRED: kinds.CERTIFICATE_EXPIRED,
    FaultKind.NOT_YET_VALID: kinds.CERTIFICATE_NOT_YET_VALID,
    FaultKind.NAME_MISMATCH: kinds.CERTIFICATE_NAME_MISMATCH,
    FaultKind.NO_SAN: kinds.CERTIFICATE_NO_SAN,
    FaultKind.SELF_SIGNED: kinds.CERTIFICATE_SELF_SIGNED,
    FaultKind.UNTRUSTED: kinds.CERTIFICATE_UNTRUSTED,
    FaultKind.CHAIN_INCOMPLETE: kinds.CHAIN_INCOMPLETE,
    FaultKind.CONSTRAINT: kinds.CERTIFICATE_UNTRUSTED,
    FaultKind.UNREADABLE: kinds.CERTIFICATE_UNTRUSTED,
    FaultKind.WEAK: kinds.CERTIFICATE_WEAK,
}
_TLS_STAGES: dict[ProbeStage, Kind] = {
    ProbeStage.NO_STARTTLS: kinds.NO_STARTTLS,
    ProbeStage.STARTTLS_REFUSED: kinds.STARTTLS_REFUSED,
    ProbeStage.INJECTED: kinds.TLS_INJECTED,
    ProbeStage.HANDSHAKE_FAILED: kinds.TLS_FAILED,
    ProbeStage.TLS_TOO_OLD: kinds.TLS_TOO_OLD,
}
_UNREACHABLE: dict[ProbeStage, tuple[Kind, Severity]] = {
    ProbeStage.CONNECT_REFUSED: (kinds.UNREACHABLE, Severity.ERROR),
    ProbeStage.CONNECT_TIMEOUT: (kinds.UNREACHABLE_TIMEOUT, Severity.WARNING),
    ProbeStage.CONNECT_FAILED: (kinds.UNREACHABLE_NETWORK, Severity.WARNING),
    ProbeStage.NOT_ALLOWED: (kinds.UNREACHABLE_PRIVATE, Severity.ERROR),
    ProbeStage.REJECTED: (kinds.UNREACHABLE_REJECTED, Severity.WARNING),
    ProbeStage.CLOSED: (kinds.UNREACHABLE_CLOSED, Severity.WARNING),
    ProbeStage.NOT_SMTP: (kinds.UNREACHABLE_NOT_SMTP, Severity.ERROR),
}
# Stages after which it cannot be told from here what the host does for others.
_UNKNOWN = frozenset({ProbeStage.NO_ROUTE, ProbeStage.THROTTLED, ProbeStage.REJECTED, ProbeStage.CLOSED})
# Faults of trust: DANE takes the place of the public authorities, so they say nothing to it.
_TRUST = frozenset({FaultKind.UNTRUSTED, FaultKind.SELF_SIGNED, FaultKind.CHAIN_INCOMPLETE, FaultKind.CONSTRAINT})
_UNREFUSED = {
    Severity.NOTICE: "Its TLSA record matches, so senders that honour DANE deliver; others do not look.",
    Severity.WARNING: "Mail still arrives, but no sender can tell this host from an impostor.",
    Severity.ERROR: "",
}
_TLS_CODES = frozenset(kind.code for kind in (*_TLS_STAGES.values(), *_FAULTS.values())) - {"mx-certificate-weak"}


def port_25_blocked(published: Published) -> bool:
    """Whether port 25 seems blocked from here: nothing connected, nothing was refused, something was tried."""
    probes = [probe for host in published.seen.hosts for probe in host.probes]
    tried = [probe for probe in probes if probe.stage not in (ProbeStage.NO_ROUTE, ProbeStage.NOT_ALLOWED)]
    waited = {ProbeStage.CONNECT_TIMEOUT, ProbeStage.CONNECT_FAILED}
    return bool(tried) and all(probe.stage in waited for probe in tried)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A finding of one address, before it is joined with those of the others."""

    kind: Kind
    severity: Severity
    evidence: str
    facts: dict[str, object]


@dataclass(frozen=True)
class AddressView:
    """One address of a host, judged."""

    host: HostView
    probe: Probe

    @cached_property
    def certificate(self) -> Examination | None:
        """The chain, judged for the name in the MX record; None when there was no handshake."""
        if not self.probe.chain:
            return None
        return self.host.published.examine(self.probe.chain, self.host.name)

    @cached_property
    def match(self) -> dane.DaneResult | None:
        """The chain held against the TLSA records; None when DANE does not apply or nothing was shown."""
        return judge_dane.match_probe(self.host.published, self.host.tlsa, self.probe)

    @property
    def tested(self) -> bool:
        """Whether this machine could try the address at all."""
        return self.probe.stage is not ProbeStage.NO_ROUTE

    @property
    def reachable(self) -> bool | None:
        """Whether a sender without TLS could hand over mail; None when that cannot be told from here."""
        if self.probe.greeted:
            return True
        if self.probe.stage in _UNKNOWN or (self.host.blocked and not self.probe.connected):
            return None
        return False

    @property
    def encrypts(self) -> bool:
        """Whether TLS 1.2 or later came about."""
        return self.probe.stage is ProbeStage.DONE

    @property
    def delivers(self) -> Delivers:
        """What each kind of sender does at this address."""
        plain = self.reachable
        sts_answer = dane_answer = None
        if self.host.published.applied_policy is not None:
            certificate = self.certificate
            good = bool(self.host.matches_policy) and self.encrypts and certificate is not None and certificate.verifies
            sts_answer = good if plain else plain
        if self.host.tlsa.status is DaneStatus.BOGUS:
            dane_answer = False
        elif self.host.tlsa.applies:
            matched = self.match is not None and self.match.status is not dane.DaneStatus.MISMATCH
            dane_answer = (self.encrypts and matched) if plain else plain
        return Delivers(sts=sts_answer, dane=dane_answer, plain=plain)

    @cached_property
    def drafts(self) -> tuple[_Draft, ...]:
        """The findings of this address."""
        return (*self._session(), *self._certificate(), *self._dane())

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its findings."""
        return tuple(dict.fromkeys(draft.kind.code for draft in self.drafts))

    def _session(self) -> Iterator[_Draft]:
        probe, host = self.probe, self.host
        facts: dict[str, object] = {"reply": probe.reply, "version": probe.tls_version or "an old version of TLS"}
        if probe.stage in _TLS_STAGES:
            severity = host.tls_severity
            consequence = host.consequence(severity, unrefused="Mail to it travels unencrypted.")
            yield _Draft(_TLS_STAGES[probe.stage], severity, probe.detail, facts | {"consequence": consequence})
        elif probe.stage is ProbeStage.SILENT:
            yield _Draft(kinds.TIMEOUT, Severity.WARNING, probe.detail, facts)
        elif probe.stage is ProbeStage.THROTTLED:
            yield _Draft(kinds.THROTTLED, Severity.WARNING, probe.detail, facts)
        elif probe.stage in _UNREACHABLE:
            kind, severity = _UNREACHABLE[probe.stage]
            yield _Draft(
                kind, severity, probe.detail, facts | {"why": probe.reply or probe.detail or "no reason given"}
            )

    def _certificate(self) -> Iterator[_Draft]:
        certificate, host = self.certificate, self.host
        if certificate is None:
            return
        for fault in certificate.faults:
            severity = host.certificate_severity(self.match, fault.kind)
            facts = certificate_facts(host.name, fault, certificate, host.published)
            facts["consequence"] = host.consequence(severity, unrefused=_UNREFUSED[severity])
            if fault.kind is FaultKind.WEAK:
                facts["why"] = fault.detail
                yield _Draft(kinds.CERTIFICATE_WEAK, min_severity(severity, Severity.WARNING), fault.detail, facts)
            else:
                yield _Draft(_FAULTS[fault.kind], severity, fault.detail, facts)
        ending = certificate.expires_soon(host.published.at)
        if ending is not None and not certificate.of(FaultKind.EXPIRED):
            severity = host.certificate_severity(self.match, FaultKind.EXPIRED)
            yield _Draft(
                kinds.CERTIFICATE_EXPIRES_SOON,
                min_severity(severity, Severity.WARNING),
                "",
                {
                    "certificate": whose(host.name, ending.position, ending.subject),
                    "not_after": ending.not_after,
                    "left": words.left(ending.not_after, host.published.at),
                    "consequence": host.foresight(severity),
                },
            )

    def _dane(self) -> Iterator[_Draft]:
        if self.match is not None:
            for kind, severity, evidence, facts in judge_dane.drafts(self.host.tlsa, self.probe, self.match):
                yield _Draft(kind, severity, evidence, facts)


def min_severity(one: Severity, other: Severity) -> Severity:
    """The milder of two."""
    return max(one, other, key=lambda severity: severity.rank)


@dataclass(frozen=True)
class HostView:
    """One MX host, judged: its DANE records, its addresses, and what senders do."""

    published: Published
    seen: MxHost
    tlsa: HostDane
    blocked: bool

    @classmethod
    def of(cls, published: Published, seen: MxHost, *, blocked: bool) -> HostView:
        """Look at one host of the observation. blocked: port 25 seems blocked from here."""
        return cls(published, seen, judge_dane.read_host(published, seen), blocked)

    @cached_property
    def addresses(self) -> tuple[AddressView, ...]:
        """Its addresses, in the order they were found."""
        return tuple(AddressView(self, probe) for probe in self.seen.probes)

    @cached_property
    def name(self) -> Name:
        """The name in the MX record, which a certificate must carry; the domain's own where it is no name."""
        try:
            return Name.parse(self.seen.host)
        except InvalidName:
            return self.published.domain

    @property
    def matches_policy(self) -> bool | None:
        """Whether the policy names the host; None without a policy."""
        policy = self.published.fetched_policy
        if policy is None or policy.mode is sts.Mode.NONE:
            return None
        return policy.matches(self.seen.host)

    @property
    def tested(self) -> tuple[AddressView, ...]:
        """The addresses that this machine could try."""
        return tuple(address for address in self.addresses if address.tested)

    # ---- severities and consequences (standards section 14) ---------------------------------------------------------

    @property
    def tls_severity(self) -> Severity:
        """Of faults of STARTTLS and TLS: an error where a policy or TLSA records make senders refuse."""
        return Severity.ERROR if self.published.enforced or self.tlsa.applies else Severity.WARNING

    def certificate_severity(self, result: dane.DaneResult | None, kind: FaultKind) -> Severity:
        """Of a fault of the certificate: an error where senders refuse, a notice beside matching TLSA and no policy.

        Whether a public authority vouches for it is nothing to DANE; names and dates are, for usage 2 (DANE-15).
        """
        if self.published.enforced:
            return Severity.ERROR
        if result is None or self.published.applied_policy is not None:
            return Severity.WARNING
        if result.status is dane.DaneStatus.MATCH:
            ends = kind is FaultKind.EXPIRED and result.matched is not None and result.matched.usage == dane.TA
            return Severity.WARNING if ends else Severity.NOTICE
        anchored = any(record.usage == dane.TA for record in self.tlsa.records)
        return Severity.ERROR if anchored and kind not in _TRUST else Severity.WARNING

    def consequence(self, severity: Severity, *, unrefused: str) -> str:
        """What senders do about a fault. unrefused: what to say where nobody refuses."""
        if severity is Severity.ERROR:
            refuse = [words for applies, words in self._refusers() if applies]
            return f"Senders that {' or '.join(refuse)} do not deliver to this host; others still do."
        if self.published.applied_policy is not None:
            return (
                "The policy is in testing mode, so mail still arrives; once it is enforced, senders refuse this host."
            )
        return unrefused

    def foresight(self, severity: Severity) -> str:
        """What senders will do once a certificate has ended."""
        if severity is Severity.ERROR:
            refuse = [words for applies, words in self._refusers() if applies]
            return f"From then on senders that {' or '.join(refuse)} do not deliver to this host."
        if severity is Severity.NOTICE:
            return "Its TLSA record matches, so senders that honour DANE go by that."
        return "From then on no sender can verify this host."

    def _refusers(self) -> tuple[tuple[bool, str], ...]:
        return (self.published.enforced, "enforce your policy"), (self.tlsa.applies, "honour DANE")

    # ---- the worst of the addresses ---------------------------------------------------------------------------------

    @property
    def delivers(self) -> Delivers:
        """What each kind of sender does at the worst address."""
        answers = [address.delivers for address in self.tested or self.addresses]
        if not answers:
            published = self.published.applied_policy is not None
            demanded = self.tlsa.applies or self.tlsa.status is DaneStatus.BOGUS
            unknown = self.seen.left_out
            return Delivers(
                sts=False if published and not unknown else None,
                dane=False if demanded and not unknown else None,
                plain=None if unknown else False,
            )
        return Delivers(
            sts=worst([answer.sts for answer in answers]),
            dane=worst([answer.dane for answer in answers]),
            plain=worst([answer.plain for answer in answers]),
        )

    @property
    def dane_status(self) -> DaneStatus:
        """The worst of what DANE senders find."""
        if not self.tlsa.applies:
            return self.tlsa.status
        results = {address.match.status for address in self.tested if address.match is not None}
        for status in (dane.DaneStatus.MISMATCH, dane.DaneStatus.UNUSABLE, dane.DaneStatus.MATCH):
            if status in results:
                return judge_dane.STATUS[status]
        usable = any(dane.unusable_reason(record) is None for record in self.tlsa.records)
        return DaneStatus.MISMATCH if usable else DaneStatus.UNUSABLE

    # ---- findings ---------------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """The findings of the host, those of its addresses joined."""
        yield from judge_dane.judge_host(self.published, self.seen, self.tlsa)
        yield from self._untested()
        groups: dict[tuple[str, Severity], list[tuple[AddressView, _Draft]]] = {}
        for address in self.tested:
            for draft in address.drafts:
                groups.setdefault((draft.kind.code, draft.severity), []).append((address, draft))
        for group in groups.values():
            finding = self._joined(group)
            if finding is not None:
                yield finding
        yield from self._differing()

    def _joined(self, group: Sequence[tuple[AddressView, _Draft]]) -> Finding | None:
        draft = group[0][1]
        where = [address.probe.address for address, _ in group]
        addresses = listed(where, most=ADDRESSES_SHOWN)
        everywhere = len(where) == len(self.tested)
        if draft.kind.code == kinds.UNREACHABLE.code:
            if self.blocked:
                return None  # told once, of the domain
            return self._unreachable(draft, addresses, everywhere=everywhere)
        facts = draft.facts | {"where": "" if everywhere else f" at {addresses}"}
        return draft.kind(self.seen.host, draft.severity, draft.evidence, **facts)

    def _unreachable(self, draft: _Draft, addresses: str, *, everywhere: bool) -> Finding:
        if not everywhere and draft.kind is kinds.UNREACHABLE_PRIVATE:
            facts = {"addresses": addresses, "why": draft.facts["why"]}
            return kinds.ADDRESS_PRIVATE(self.seen.host, Severity.WARNING, draft.evidence, **facts)
        if not everywhere:
            effect = "Senders lose time and go on to the next address."
        elif self.published.alone(self.seen):
            effect = "It is the only MX host, so mail waits until it is back."
        else:
            effect = "Mail goes to the other MX hosts."
        severity = draft.severity if everywhere else Severity.WARNING
        return draft.kind(
            self.seen.host, severity, draft.evidence, **(draft.facts | {"addresses": addresses, "effect": effect})
        )

    def _untested(self) -> Iterator[Finding]:
        for version, family in ((4, "IPv4"), (6, "IPv6")):
            skipped = [
                address.probe.address
                for address in self.addresses
                if not address.tested and ip_address(address.probe.address).version == version
            ]
            if skipped:
                addresses = listed(skipped, most=ADDRESSES_SHOWN)
                yield kinds.ADDRESS_NOT_TESTED(self.seen.host, Severity.NOTICE, addresses=addresses, family=family)

    def _differing(self) -> Iterator[Finding]:
        """One address of several is bad: the commonest outage that nobody sees (mx-addresses-differ)."""
        faulty = {address.probe.address: _faults(address) for address in self.tested}
        bad = [address for address, codes in faulty.items() if codes]
        good = [address for address, codes in faulty.items() if not codes]
        if bad and good and not self.blocked:
            yield kinds.ADDRESSES_DIFFER(
                self.seen.host,
                Severity.WARNING,
                bad=listed(bad, most=ADDRESSES_SHOWN),
                good=listed(good, most=ADDRESSES_SHOWN),
            )


def _faults(address: AddressView) -> frozenset[str]:
    """The codes that make an address worse than another; being throttled or slow is a matter of the moment."""
    counted = _TLS_CODES | {kinds.UNREACHABLE.code, "dane-mismatch"}
    return frozenset(address.codes) & counted


def worst(answers: Sequence[bool | None]) -> bool | None:
    """False if any is, else None if any is, else True; None for none at all."""
    if False in answers:
        return False
    return None if None in answers or not answers else True
