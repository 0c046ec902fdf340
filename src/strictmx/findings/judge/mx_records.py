"""Judge the MX records: whether there are any, and whether each names a host (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterator

from strictmx.findings.catalogue import mx as kinds
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge.published import Published
from strictmx.findings.observation import MX_HOSTS, LookupStatus, MxHost
from strictmx.standards import sts
from strictmx.standards.names import address_of

_NO_ADDRESS = {LookupStatus.NXDOMAIN: kinds.NO_SUCH_NAME, LookupStatus.NODATA: kinds.NO_SUCH_RECORD}


def judge_mx_records(published: Published) -> Iterator[Finding]:
    """Findings about the MX answer and the names in it. A failed look-up is told by `judge.dns`."""
    seen, domain = published.seen, published.domain
    if not published.exists:
        yield kinds.MISSING_NO_DOMAIN(domain, Severity.ERROR)
        return
    if published.null_mx:
        if published.exchanges[0].preference:
            yield kinds.NULL_PREFERENCE(domain, Severity.WARNING, record=f"MX {published.exchanges[0]}")
        elif published.intends_sts and not _says_none(published):
            yield kinds.NULL_WITH_POLICY(domain, Severity.WARNING)
        else:
            yield kinds.NULL(domain, Severity.NOTICE)
        return
    if seen.mx.status is LookupStatus.NODATA:
        yield from _judge_implicit(published)
    if any(exchange.is_root for exchange in published.exchanges):
        yield kinds.NULL_BESIDE_OTHERS(domain, Severity.ERROR)
    left_out = [host for host in seen.hosts if host.left_out]
    if left_out:
        yield kinds.HOSTS_LEFT_OUT(domain, Severity.NOTICE, count=len(seen.hosts), limit=MX_HOSTS)
    for host in seen.hosts:
        if not host.left_out and not host.implicit:
            yield from _judge_name(published, host)


def _says_none(published: Published) -> bool:
    policy = published.fetched_policy
    return policy is not None and policy.mode is sts.Mode.NONE


def _judge_implicit(published: Published) -> Iterator[Finding]:
    """No MX record: the domain itself is the host, if it has an address (MX-02)."""
    seen = published.seen
    if any(host.implicit for host in seen.hosts):
        host = next(host for host in seen.hosts if host.implicit)
        if has_address(host):
            yield kinds.MISSING(published.domain, Severity.WARNING)
            return
        if failed_addresses(host):
            return
    yield kinds.MISSING_NO_ADDRESS(published.domain, Severity.ERROR)


def _judge_name(published: Published, host: MxHost) -> Iterator[Finding]:
    address = address_of(host.host)
    if address is not None:
        family = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004
        yield kinds.IS_IP_ADDRESS(host.host, Severity.ERROR, domain=published.domain, address=address, family=family)
        return
    if host.a is not None and host.a.cnames:
        yield kinds.IS_CNAME(
            host.host,
            Severity.WARNING,
            target=host.a.target,
            domain=published.domain,
            preference=host.preference,
        )
    if not has_address(host) and not failed_addresses(host):
        status = host.a.status if host.a is not None else LookupStatus.NXDOMAIN
        yield kinds.UNRESOLVABLE(host.host, Severity.ERROR, status=_NO_ADDRESS.get(status, status.value))


def has_address(host: MxHost) -> bool:
    """Whether any address record of the host was found."""
    return any(lookup is not None and lookup.records for lookup in (host.a, host.aaaa))


def failed_addresses(host: MxHost) -> bool:
    """Whether an address question of the host got no answer."""
    return any(lookup is not None and lookup.failed for lookup in (host.a, host.aaaa))
