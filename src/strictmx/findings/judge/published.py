"""What a domain publishes, read once: its STS record and policy, its TLSRPT record, whether it takes mail at all.

Every other judge asks this, so that none reads the raw answers again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from strictmx.findings.observation import Fetch, FetchStage, LookupStatus, MxHost, Observation
from strictmx.standards import dane, sts, tlsrpt
from strictmx.standards.certificates import Examination, examine
from strictmx.standards.chain import Budget
from strictmx.standards.mx import Exchange, exchanges, is_null_mx
from strictmx.standards.names import Name
from strictmx.standards.records import id_at

SIGNATURE_CHECKS = 512  # in one observation, whatever was sent
CHAIN_SIGNATURE_CHECKS = 4  # and for each chain; one of a public authority needs its leaf's, and shares the others
_MEANT_AS_STS = re.compile(r"\bv\s*=\s*\W?(mta-?)?sts|stsv[0-9]|mta-sts", re.IGNORECASE)  # a URL of the policy, too
_STRICTEST = (sts.Mode.ENFORCE, sts.Mode.TESTING, sts.Mode.NONE)
POOLED_CERTIFICATES = 500  # CA certificates taken from the other chains of one observation


def terms(policy: sts.Policy | None) -> tuple[str, tuple[str, ...], int]:
    """What a policy says, however its file is written."""
    if policy is None:
        return "", (), 0
    return policy.mode.value, tuple(sorted({str(pattern).lower() for pattern in policy.mx})), policy.max_age


@dataclass(frozen=True)
class Published:
    """One observation, with what it says read and interpreted. Nothing here is a finding yet."""

    seen: Observation

    @property
    def domain(self) -> Name:
        """The policy domain, as it was asked for."""
        return Name(self.seen.domain)

    @property
    def at(self) -> datetime:
        """The time that everything is judged at."""
        return self.seen.observed_at

    @property
    def fresh_id(self) -> str:
        """An id that a record published now could carry."""
        return id_at(self.at)

    # ---- mail -------------------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether DNS knows the name at all."""
        return self.seen.mx.status is not LookupStatus.NXDOMAIN

    @property
    def null_mx(self) -> bool:
        """Whether the domain says that it takes no mail (MX-04)."""
        return is_null_mx(self.seen.mx.records)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The MX records, in the order of the answer."""
        return exchanges(self.seen.mx.records)

    @property
    def takes_mail(self) -> bool:
        """Whether there is, or may be, a host to deliver to; a failed look-up leaves that open."""
        return self.exists and not self.null_mx

    @cached_property
    def mx_names(self) -> tuple[str, ...]:
        """The present MX host names in order of preference."""
        return tuple(host.host for host in self.seen.hosts)

    # ---- MTA-STS ----------------------------------------------------------------------------------------------------

    @cached_property
    def record(self) -> sts.RecordReading:
        """The answer at `_mta-sts`, read."""
        return sts.read_records(self.seen.sts.records)

    @cached_property
    def misplaced_records(self) -> tuple[str, ...]:
        """The names of places where an STS record stands and no sender looks."""
        elsewhere = (*self.seen.sts_elsewhere, self.seen.tlsrpt)
        return tuple(one.name for one in elsewhere if sts.read_records(one.records).candidates)

    @cached_property
    def record_strangers(self) -> tuple[str, ...]:
        """TXT records at `_mta-sts` that mean to be an STS record and are none."""
        return tuple(text for text in self.record.others if _MEANT_AS_STS.search(text))

    @cached_property
    def tlsrpt_misplaced(self) -> tuple[str, ...]:
        """TLSRPT records that stand at `_mta-sts`."""
        return tlsrpt.read_records(self.record.others).candidates

    @cached_property
    def tlsrpt_strangers(self) -> tuple[str, ...]:
        """TXT records at `_smtp._tls` that mean to be a TLSRPT record, or an STS record, and are no TLSRPT record."""
        return tuple(text for text in self.tlsrpt.others if "tlsrpt" in text.lower() or _MEANT_AS_STS.search(text))

    @cached_property
    def record_alias(self) -> str:
        """Where the alias at `_mta-sts` leads, if it means an STS record; a wildcard of the zone leads elsewhere."""
        target = self.seen.sts.target
        return target if self.seen.sts.cnames and ("mta-sts" in target or target.startswith("_")) else ""

    @property
    def intends_sts(self) -> bool:
        """Whether the domain publishes anything as its STS record, right or wrong; a failed look-up counts as so."""
        if self.seen.sts.failed:
            return self.fetched_reading is not None
        return bool(self.record.candidates or self.record_strangers or self.misplaced_records or self.record_alias)

    @cached_property
    def fetch(self) -> Fetch | None:
        """The GET that counts, in whatever order DNS gives the addresses: of those with a policy the strictest."""
        return min(self.seen.policy_host.fetches, key=self._standing, default=None)

    def _standing(self, fetch: Fetch) -> tuple[object, ...]:
        policy, serves = self.policy_at(fetch), self.serves(fetch)
        certificate = self.examine(fetch.chain, Name(self.seen.policy_host.host)) if serves else None
        lasts = certificate is None or certificate.expires_soon(self.at) is None
        strictness = _STRICTEST.index(policy.mode) if policy is not None else len(_STRICTEST)
        address = (":" in fetch.address, fetch.address)
        return not serves, strictness, terms(policy), lasts, not fetch.connected, address

    def serves(self, fetch: Fetch) -> bool:
        """Whether senders take what an address answers for a policy, by its certificate and its head."""
        if fetch.stage is not FetchStage.DONE or fetch.status is None or not fetch.chain:
            return False
        fault = sts.response_fault(fetch.status, fetch.media_type, fetch.content_encoding)
        return fault is None and self.examine(fetch.chain, Name(self.seen.policy_host.host)).verifies

    def policy_at(self, fetch: Fetch) -> sts.Policy | None:
        """The policy that senders get at one address."""
        return self._read(fetch.body).policy if self.serves(fetch) else None

    def _read(self, body: str) -> sts.PolicyReading:
        """A file, each read once."""
        if body not in self._readings:
            self._readings[body] = sts.read_policy(body.encode("latin-1"))
        return self._readings[body]

    @cached_property
    def _readings(self) -> dict[str, sts.PolicyReading]:
        return {}

    @cached_property
    def host_certificate(self) -> Examination | None:
        """The policy host's chain, judged; None when there was no handshake."""
        fetch = self.fetch
        if fetch is None or not fetch.chain:
            return None
        return self.examine(fetch.chain, Name(self.seen.policy_host.host))

    @property
    def policy_host_ends_soon(self) -> bool:
        """Whether the policy host's certificate ends soon."""
        return self.host_certificate is not None and self.host_certificate.expires_soon(self.at) is not None

    @cached_property
    def response_fault(self) -> sts.ResponseFault | None:
        """Why the response is no policy, by its head alone; None for a good one and for none at all."""
        fetch = self.fetch
        if fetch is None or fetch.status is None:
            return None
        return sts.response_fault(fetch.status, fetch.media_type, fetch.content_encoding)

    @cached_property
    def fetched_reading(self) -> sts.PolicyReading | None:
        """The file that was served, read, even where a sender would not accept the response; None for no file."""
        fetch = self.fetch
        unread = (sts.ResponseFault.STATUS, sts.ResponseFault.REDIRECT, sts.ResponseFault.CONTENT_ENCODING)
        if fetch is None or fetch.stage is not FetchStage.DONE or self.response_fault in unread:
            return None
        return self._read(fetch.body)

    @cached_property
    def fetched_policy(self) -> sts.Policy | None:
        """The policy that a sender gets from the policy host: right response, right certificate, valid file."""
        certificate = self.host_certificate
        if self.response_fault or certificate is None or not certificate.verifies or self.fetched_reading is None:
            return None
        return self.fetched_reading.policy

    @cached_property
    def applied_policy(self) -> sts.Policy | None:
        """The policy that senders find and apply; None for mode none, and when record, host or file is at fault."""
        policy = self.fetched_policy
        if self.record.record is None or policy is None or policy.mode is sts.Mode.NONE:
            return None
        return policy

    @property
    def policy_unknown(self) -> bool:
        """Whether senders may find a policy that this machine cannot: a record, and no route to the policy host."""
        fetch = self.fetch
        return self.record.record is not None and fetch is not None and fetch.stage is FetchStage.NO_ROUTE

    @property
    def enforced(self) -> bool:
        """Whether senders refuse hosts that fail the policy."""
        return self.applied_policy is not None and self.applied_policy.mode is sts.Mode.ENFORCE

    # ---- TLS reporting ----------------------------------------------------------------------------------------------

    @cached_property
    def tlsrpt(self) -> tlsrpt.RecordReading:
        """The answer at `_smtp._tls`, read."""
        return tlsrpt.read_records(self.seen.tlsrpt.records)

    # ---- certificates -----------------------------------------------------------------------------------------------

    @cached_property
    def known_issuers(self) -> tuple[bytes, ...]:
        """CA certificates known here: those of the observer, and those that any server seen here sent."""
        pool = dict.fromkeys([*self.seen.issuers, *(der for chain in self._chains for der in chain[1:])])
        return tuple(pool)[:POOLED_CERTIFICATES]

    @cached_property
    def _chains(self) -> tuple[tuple[bytes, ...], ...]:
        """Every chain that was sent, each once."""
        chains = [probe.chain for host in self.seen.hosts for probe in host.probes]
        chains += [fetch.chain for fetch in self.seen.policy_host.fetches]
        return tuple(dict.fromkeys(chains))

    def examine(self, chain: tuple[bytes, ...], host: Name) -> Examination:
        """A chain judged for one host name, at the time of the observation and with its trust anchors; each once."""
        if (chain, host) not in self._examined:
            self._examined[chain, host] = examine(
                chain,
                reference_names=(host,),
                anchors=self.seen.anchors,
                issuers=self.known_issuers,
                at=self.at,
                budget=self.budget,
            )
        return self._examined[chain, host]

    def match(
        self, records: tuple[dane.TlsaRecord, ...], chain: tuple[bytes, ...], names: tuple[Name, ...]
    ) -> dane.DaneResult:
        """A chain held against TLSA records, with these reference names for usage 2; each once."""
        key = (records, chain, names)
        if key not in self._matched:
            known = (*self.known_issuers, *self.seen.anchors)
            self._matched[key] = dane.match(
                records, chain, reference_names=names, at=self.at, known=known, budget=self.budget
            )
        return self._matched[key]

    @cached_property
    def budget(self) -> Budget:
        """The signature checks that all chains of the observation share."""
        return Budget(SIGNATURE_CHECKS + CHAIN_SIGNATURE_CHECKS * len(self._chains))

    @cached_property
    def _examined(self) -> dict[tuple[tuple[bytes, ...], Name], Examination]:
        return {}

    @cached_property
    def _matched(
        self,
    ) -> dict[tuple[tuple[dane.TlsaRecord, ...], tuple[bytes, ...], tuple[Name, ...]], dane.DaneResult]:
        return {}

    def alone(self, host: MxHost) -> bool:
        """Whether the domain has no other MX host to go to."""
        return len(self.seen.hosts) == 1 and self.seen.hosts[0] == host
