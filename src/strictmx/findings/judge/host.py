"""Judge one MX host: the findings of its addresses joined, and the worst of what senders meet there.

A fault that all addresses share is told once, of the host; else the addresses that have it are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from strictmx.findings import words
from strictmx.findings.catalogue import dns as dane_kinds
from strictmx.findings.catalogue import mx as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge import dane as judge_dane
from strictmx.findings.judge.address import AddressView
from strictmx.findings.judge.draft import Draft
from strictmx.findings.judge.published import Published
from strictmx.findings.judge.senders import Context, rests_on_dates
from strictmx.findings.observation import MxHost, ProbeStage
from strictmx.findings.result import DaneStatus, Delivers
from strictmx.standards import dane

ADDRESSES_SHOWN = 4

_NOTHING_SAID = (ProbeStage.NO_ROUTE, ProbeStage.CUT_OFF, ProbeStage.LEFT_OUT, ProbeStage.NOT_ALLOWED)
_UNANSWERED = frozenset({ProbeStage.CONNECT_TIMEOUT, ProbeStage.CONNECT_FAILED})


def port_25_blocked(published: Published) -> bool:
    """Whether port 25 seems blocked from here: nothing connected, nothing was refused, something was tried."""
    tried = [probe for host in published.seen.hosts for probe in host.probes if probe.stage not in _NOTHING_SAID]
    return bool(tried) and all(probe.stage in _UNANSWERED for probe in tried)


@dataclass(frozen=True)
class HostView:
    """One MX host, judged."""

    context: Context

    @classmethod
    def of(cls, published: Published, seen: MxHost, *, blocked: bool) -> HostView:
        """Look at one host of the observation. blocked: port 25 seems blocked from here."""
        return cls(Context.of(published, seen, blocked=blocked))

    @cached_property
    def addresses(self) -> tuple[AddressView, ...]:
        """Its addresses, in the order they were found."""
        return tuple(AddressView(self.context, probe) for probe in self.context.seen.probes)

    @cached_property
    def tested(self) -> tuple[AddressView, ...]:
        """The addresses that this machine tried."""
        return tuple(address for address in self.addresses if address.tested)

    # ---- the worst of the addresses ---------------------------------------------------------------------------------

    @cached_property
    def delivers(self) -> Delivers:
        """What each kind of sender does at the worst address."""
        counted = [address for address in self.addresses if address.probe.stage is not ProbeStage.NO_ROUTE]
        answers = [address.delivers for address in counted or self.addresses]
        if not answers:
            return self._delivers_without_address()
        return Delivers(
            sts=worst([answer.sts for answer in answers]),
            dane=worst([answer.dane for answer in answers]),
            plain=worst([answer.plain for answer in answers]),
        )

    def _delivers_without_address(self) -> Delivers:
        """Nobody delivers to a host without an address; of one that was left out nothing is known."""
        answer = None if self.context.seen.left_out else False
        tlsa = self.context.tlsa
        return Delivers(
            sts=answer if self.context.published.applied_policy is not None else None,
            dane=answer if tlsa.applies or tlsa.status is DaneStatus.BOGUS else None,
            plain=answer,
        )

    @cached_property
    def dane_status(self) -> DaneStatus | None:
        """The worst of what DANE senders find; None when records are there and the host could not be looked at."""
        tlsa = self.context.tlsa
        if not tlsa.applies:
            return tlsa.status
        if all(dane.unusable_reason(record) is not None for record in tlsa.records):
            return DaneStatus.UNUSABLE
        results = {address.match.status for address in self.tested if address.match is not None}
        bare = any(address.probe.greeted and address.match is None for address in self.tested)
        if bare or dane.Outcome.MISMATCH in results:
            return DaneStatus.MISMATCH
        return DaneStatus.MATCH if results else None

    @property
    def protected_by_dane(self) -> bool:
        """Whether the TLSA records match at every address."""
        return self.dane_status is DaneStatus.MATCH and self.delivers.dane is True

    @property
    def dane_ends_soon(self) -> bool:
        """Whether a certificate that DANE rests on ends soon; for usage 3 dates do not count."""
        return any(
            address.ends_soon and address.match is not None and rests_on_dates(address.match) for address in self.tested
        )

    @property
    def certificate_ends_soon(self) -> bool:
        """Whether a certificate that MTA-STS rests on ends soon."""
        return any(address.ends_soon for address in self.tested)

    # ---- findings ---------------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """The findings of the host, those of its addresses joined."""
        yield from judge_dane.judge_host(self.context.published, self.context.seen, self.context.tlsa)
        yield from self._untested()
        groups: dict[object, list[tuple[AddressView, Draft]]] = {}
        for address in self.tested:
            for draft in address.drafts:
                groups.setdefault(draft.key, []).append((address, draft))
        for group in groups.values():
            yield from self._joined(group)
        yield from self._differing()

    def _joined(self, group: Sequence[tuple[AddressView, Draft]]) -> Iterator[Finding]:
        draft = group[0][1]
        where = tuple(dict.fromkeys(address.probe.address for address, _ in group))
        everywhere = len(where) == len(self.tested)
        addresses = words.listed(where, most=ADDRESSES_SHOWN)
        host = self.context.seen.host
        if draft.kind.code != kinds.UNREACHABLE.code:
            facts = draft.facts | {"where": "" if everywhere else kinds.AT.format(addresses=addresses)}
            yield draft.kind(host, draft.severity, draft.evidence, **facts)
        elif not self.context.blocked:  # else told once, of the domain
            yield self._unreachable(draft, addresses, everywhere=everywhere)

    def _unreachable(self, draft: Draft, addresses: str, *, everywhere: bool) -> Finding:
        host = self.context.seen.host
        spare = "" if self.context.published.alone(self.context.seen) else kinds.OR_REMOVE
        facts = draft.facts | {"addresses": addresses, "spare": spare}
        if not everywhere and draft.kind is kinds.UNREACHABLE_PRIVATE:
            return kinds.ADDRESS_PRIVATE(host, Severity.WARNING, draft.evidence, **facts)
        reachable = any(address.reachable for address in self.tested)
        if reachable:
            effect = kinds.OTHER_ADDRESS
        elif self.context.published.alone(self.context.seen):
            effect = kinds.ONLY_HOST
        else:
            effect = kinds.OTHER_HOSTS
        severity = Severity.WARNING if reachable else draft.severity
        return draft.kind(host, severity, draft.evidence, **(facts | {"effect": effect}))

    def _untested(self) -> Iterator[Finding]:
        host = self.context.seen.host
        skipped = [address.probe for address in self.addresses if not address.tested]
        for version, family in ((4, "IPv4"), (6, "IPv6")):
            routeless = [
                probe.address
                for probe in skipped
                if probe.stage is ProbeStage.NO_ROUTE and ip_address(probe.address).version == version
            ]
            if routeless:
                addresses = words.listed(routeless, most=ADDRESSES_SHOWN)
                yield kinds.ADDRESS_NOT_TESTED(host, Severity.NOTICE, addresses=addresses, family=family)
        rest = [probe.address for probe in skipped if probe.stage is ProbeStage.LEFT_OUT]
        if rest:
            addresses = words.listed(rest, most=ADDRESSES_SHOWN)
            yield kinds.ADDRESSES_LEFT_OUT(host, Severity.NOTICE, count=len(rest), addresses=addresses)
        late = [probe.address for probe in skipped if probe.stage is ProbeStage.CUT_OFF]
        if late:
            addresses = words.listed(late, most=ADDRESSES_SHOWN)
            yield kinds.ADDRESS_NO_TIME(host, Severity.NOTICE, addresses=addresses)

    def _differing(self) -> Iterator[Finding]:
        """One address of several is bad: the commonest outage that nobody sees (mx-addresses-differ)."""
        faulty = {address.probe.address: address.lasting_faults for address in self.tested}
        bad = [address for address, codes in faulty.items() if codes]
        good = [address for address, codes in faulty.items() if not codes]
        if bad and good and not self.context.blocked:
            yield kinds.ADDRESSES_DIFFER(
                self.context.seen.host,
                Severity.WARNING,
                bad=words.listed(bad, most=ADDRESSES_SHOWN),
                good=words.listed(good, most=ADDRESSES_SHOWN),
            )


def judge_mx_signature(published: Published, hosts: Sequence[HostView]) -> Iterator[Finding]:
    """TLSA records that match, behind an MX answer that is not signed: they bind the host, not the domain (DANE-06)."""
    matching = [host.context.seen.host for host in hosts if host.protected_by_dane]
    if matching and not published.seen.mx.secure and published.seen.validating and not published.enforced:
        names = words.listed(matching, most=ADDRESSES_SHOWN)
        yield dane_kinds.DANE_MX_NOT_SIGNED(published.domain, Severity.WARNING, hosts=names)


def worst(answers: Sequence[bool | None]) -> bool | None:
    """False if any is, else None if any is, else True; None for none at all."""
    if False in answers:
        return False
    return None if None in answers or not answers else True
