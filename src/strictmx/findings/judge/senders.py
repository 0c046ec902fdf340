"""What senders make of a fault of one MX host: how bad it is, and what follows (standards section 14).

A fault of STARTTLS or TLS is an error where a policy or TLSA records make senders refuse, one of the certificate where
an enforced policy or DANE-TA does; else a warning; beside matching TLSA records and without a policy a notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from strictmx.findings.catalogue import senders as texts
from strictmx.findings.finding import Severity
from strictmx.findings.judge import dane as judge_dane
from strictmx.findings.judge.dane import HostDane
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import MxHost
from strictmx.standards import dane, sts
from strictmx.standards.certificates import FaultKind
from strictmx.standards.names import InvalidName, Name

# Faults of trust: DANE takes the place of the public authorities, so they say nothing to it.
_TRUST = frozenset({FaultKind.UNTRUSTED, FaultKind.SELF_SIGNED, FaultKind.CHAIN_INCOMPLETE, FaultKind.CONSTRAINT})


@dataclass(frozen=True)
class Context:
    """One MX host as senders meet it: what the domain publishes, the host's TLSA records, and whether we can see it.

    blocked: port 25 seems blocked from here, so that what was not reached says nothing about the host.
    """

    published: Published
    seen: MxHost
    tlsa: HostDane
    blocked: bool

    @classmethod
    def of(cls, published: Published, seen: MxHost, *, blocked: bool) -> Context:
        """The context of one host of the observation."""
        return cls(published, seen, judge_dane.read_host(published, seen), blocked)

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
    def tls_severity(self) -> Severity:
        """Of faults of STARTTLS and TLS."""
        return Severity.ERROR if self.published.enforced or self.tlsa.applies else Severity.WARNING

    def certificate_severity(self, result: dane.DaneResult | None, kind: FaultKind) -> Severity:
        """Of a fault of the certificate, beside what the TLSA records say of it; names and dates bind DANE-TA only."""
        if self.published.enforced:
            return Severity.ERROR
        anchored = any(record.usage == dane.TA and not dane.unusable_reason(record) for record in self.tlsa.records)
        if anchored and result is not None and result.status is dane.Outcome.MISMATCH and kind not in _TRUST:
            return Severity.ERROR
        if result is None or self.published.applied_policy is not None:
            return Severity.WARNING
        if result.status is dane.Outcome.MATCH:
            return Severity.WARNING if kind is FaultKind.EXPIRED and rests_on_dates(result) else Severity.NOTICE
        return Severity.NOTICE if anchored else Severity.WARNING

    def after_tls_fault(self, *, encrypts: bool) -> str:
        """What follows from a fault of STARTTLS or TLS. encrypts: weak encryption is left."""
        unrefused = texts.WEAKLY_ENCRYPTED if encrypts else texts.UNENCRYPTED
        return self._consequence(self._refusers(self.tlsa.applies), unrefused)

    def after_certificate_fault(self, result: dane.DaneResult | None, severity: Severity) -> str:
        """What follows from a fault of the certificate."""
        by_dane = severity is Severity.ERROR and result is not None and result.status is dane.Outcome.MISMATCH
        if severity is Severity.NOTICE:
            return texts.LEFT_TO_DANE
        return self._consequence(self._refusers(by_dane), texts.UNVERIFIED)

    def after_the_end(self, result: dane.DaneResult | None) -> str:
        """What follows once the certificate has ended."""
        by_dane = result is not None and result.status is dane.Outcome.MATCH and rests_on_dates(result)
        refusers = self._refusers(by_dane)
        if refusers:
            return texts.REFUSED_THEN.format(refusers=refusers)
        if result is not None and result.status is dane.Outcome.MATCH:
            return texts.LEFT_TO_DANE_THEN
        return texts.UNVERIFIED_THEN

    def _refusers(self, by_dane: bool) -> str:  # noqa: FBT001 - a fact
        kinds = [texts.BY_POLICY] * self.published.enforced + [texts.BY_DANE] * by_dane
        return texts.OR.join(kinds)

    def _consequence(self, refusers: str, unrefused: str) -> str:
        if refusers:
            return texts.REFUSED.format(refusers=refusers)
        if self.published.applied_policy is not None:
            return texts.REFUSED_LATER
        return unrefused


def rests_on_dates(result: dane.DaneResult) -> bool:
    """Whether the match is one of usage 2, for which the dates of the certificate count (DANE-15)."""
    return result.matched is not None and result.matched.usage == dane.TA
