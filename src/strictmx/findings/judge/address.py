"""Judge the SMTP session with one address of an MX host: its findings, and what each kind of sender does there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from strictmx.findings.catalogue import dns as dane_kinds
from strictmx.findings.catalogue import mx as kinds
from strictmx.findings.finding import Kind, Severity
from strictmx.findings.judge import certificate as certificates
from strictmx.findings.judge import dane as judge_dane
from strictmx.findings.judge.draft import Draft
from strictmx.findings.judge.senders import Context
from strictmx.findings.observation import Probe, ProbeStage
from strictmx.findings.result import DaneStatus, Delivers
from strictmx.standards import dane
from strictmx.standards.certificates import Examination, FaultKind

_CERTIFICATE_FAULTS = certificates.by_fault(kinds)
_TLS_FAULTS: dict[ProbeStage, Kind] = {
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
_UNKNOWN = frozenset(
    {
        ProbeStage.NO_ROUTE,
        ProbeStage.CUT_OFF,
        ProbeStage.LEFT_OUT,
        ProbeStage.THROTTLED,
        ProbeStage.REJECTED,
        ProbeStage.CLOSED,
    }
)
# What makes one address worse than another; being throttled or slow is a matter of the moment.
LASTING = frozenset(
    kind.code
    for kind in (
        *_TLS_FAULTS.values(),
        *_CERTIFICATE_FAULTS.values(),
        kinds.UNREACHABLE,
        dane_kinds.DANE_MISMATCH,
    )
)


@dataclass(frozen=True)
class AddressView:
    """One address of a host, judged."""

    host: Context
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
        """Whether this machine tried the address at all."""
        return self.probe.stage not in (ProbeStage.NO_ROUTE, ProbeStage.CUT_OFF, ProbeStage.LEFT_OUT)

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
        by_policy = by_dane = None
        if self.host.published.applied_policy is not None:
            certificate = self.certificate
            good = bool(self.host.matches_policy) and self.encrypts and certificate is not None and certificate.verifies
            by_policy = good if plain else plain
        if self.host.tlsa.status is DaneStatus.BOGUS:
            by_dane = False
        elif self.host.tlsa.applies:
            matched = self.match is not None and self.match.status is not dane.Outcome.MISMATCH
            by_dane = (self.encrypts and matched) if plain else plain
        return Delivers(sts=by_policy, dane=by_dane, plain=plain)

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        """The findings of this address."""
        return (*self._session(), *self._certificate(), *self._ending(), *self._dane())

    @property
    def lasting_faults(self) -> frozenset[str]:
        """The codes that make this address worse than another; a refusal may be about our own address."""
        if self.probe.stage in _UNKNOWN:
            return frozenset()
        grave = {draft.kind.code for draft in self.drafts if draft.severity in (Severity.ERROR, Severity.WARNING)}
        return LASTING & grave

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its findings."""
        return tuple(dict.fromkeys(draft.kind.code for draft in self.drafts))

    def _session(self) -> Iterator[Draft]:
        probe, host = self.probe, self.host
        stage = probe.stage
        if stage is ProbeStage.CLOSED and probe.starttls:  # it hung up on STARTTLS, which is an answer, too
            stage = ProbeStage.HANDSHAKE_FAILED
        if stage in _TLS_FAULTS:
            consequence = host.after_tls_fault(encrypts=stage is ProbeStage.TLS_TOO_OLD)
            version = probe.tls_version or kinds.OLD_VERSION
            facts: dict[str, object] = {"reply": probe.reply, "version": version, "consequence": consequence}
            yield Draft(_TLS_FAULTS[stage], host.tls_severity, probe.detail, facts)
        elif stage is ProbeStage.SILENT:
            waited = {"progress": _progress(probe), "seconds": max(1, round(probe.elapsed_ms / 1000))}
            yield Draft(kinds.TIMEOUT, Severity.WARNING, probe.detail, waited)
        elif stage is ProbeStage.THROTTLED:
            yield Draft(kinds.THROTTLED, Severity.WARNING, probe.detail, {"reply": probe.reply})
        elif stage in _UNREACHABLE:
            kind, severity = _UNREACHABLE[stage]
            yield Draft(kind, severity, probe.detail, {"why": probe.reply or probe.detail or kinds.NO_REASON})

    def _certificate(self) -> Iterator[Draft]:
        certificate, host = self.certificate, self.host
        if certificate is None:
            return
        for fault in certificate.faults:
            severity = host.certificate_severity(self.match, fault.kind)
            facts = certificates.fault_facts(host.name, fault, certificate, host.published)
            if fault.kind is FaultKind.WEAK:
                facts["why"] = fault.detail
                yield Draft(kinds.CERTIFICATE_WEAK, milder(severity, Severity.WARNING), fault.detail, facts)
            else:
                facts["consequence"] = host.after_certificate_fault(self.match, severity)
                yield Draft(_CERTIFICATE_FAULTS[fault.kind], severity, fault.detail, facts)

    def _ending(self) -> Iterator[Draft]:
        certificate, host = self.certificate, self.host
        ending = certificate.expires_soon(host.published.at) if certificate is not None else None
        if certificate is None or ending is None or certificate.of(FaultKind.EXPIRED):
            return
        severity = milder(host.certificate_severity(self.match, FaultKind.EXPIRED), Severity.WARNING)
        facts = certificates.ending_facts(host.name, ending, host.published)
        facts["consequence"] = host.after_the_end(self.match)
        yield Draft(kinds.CERTIFICATE_EXPIRES_SOON, severity, "", facts)

    @property
    def ends_soon(self) -> bool:
        """Whether its certificate ends soon."""
        return self.certificate is not None and self.certificate.expires_soon(self.host.published.at) is not None

    def _dane(self) -> Iterator[Draft]:
        if self.match is None:
            return
        faults = self.certificate.faults if self.certificate is not None else ()
        told = {
            (fault.kind, fault.position)
            for fault in faults
            if self.host.certificate_severity(self.match, fault.kind) is Severity.ERROR
        }
        yield from judge_dane.drafts(self.host.tlsa, self.probe, self.match, told)


def _progress(probe: Probe) -> str:
    """How far a session came that did not end."""
    if probe.starttls:
        return kinds.STOPS_IN_HANDSHAKE
    if probe.helo or probe.greeted:
        return kinds.STOPS_IN_ANSWER
    return kinds.STOPS_BEFORE_GREETING


def milder(one: Severity, other: Severity) -> Severity:
    """The milder of two severities."""
    return max(one, other, key=lambda severity: severity.rank)
