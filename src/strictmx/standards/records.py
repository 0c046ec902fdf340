"""Which DNS records belong to a domain that publishes MTA-STS, TLSRPT and DANE; `zone` writes them down.

Pure. What each record says is for `sts`, `tlsrpt` and `dane`; when an id changes and who chose an address is for the
caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from strictmx.standards import sts, tlsrpt
from strictmx.standards.names import Name, address_of
from strictmx.standards.zone import DnsRecord


def id_at(changed: datetime) -> str:
    """The id of a policy that was changed at that time (aware): `20261124090000`, so that it follows the text."""
    return changed.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def usual_rua(domain: Name) -> str:
    """Where reports go when nobody chose an address."""
    return f"mailto:postmaster@{domain}"


def policy_record(domain: Name, identifier: str) -> DnsRecord:
    """The STS record (RFC 8461 section 3.1). Raises ValueError: an id that is none."""
    return DnsRecord(sts.record_name(domain), "TXT", sts.format_record(sts.Record(identifier)))


def reporting_record(domain: Name, rua: Sequence[str]) -> DnsRecord:
    """The TLSRPT record (RFC 8460 section 3). Raises ValueError: no address, or one that senders cannot use."""
    return DnsRecord(tlsrpt.record_name(domain), "TXT", tlsrpt.format_record(rua))


def policy_host_records(domain: Name, targets: Sequence[str]) -> tuple[DnsRecord, ...]:
    """How `mta-sts.DOMAIN` leads to the server of the policy: an alias of one name, or addresses.

    Raises ValueError: neither one name nor addresses alone, an alias of itself, an address with a scope.
    """
    host = sts.policy_host(domain)
    addresses = [found for found in map(address_of, targets) if found is not None]
    if targets and len(addresses) == len(targets):
        return tuple(_address_record(host, address) for address in addresses)
    if len(targets) != 1:
        raise ValueError("it is one name, or one or more addresses")
    target = Name.parse(targets[0])
    if target.rpartition(".")[2].isdecimal():
        raise ValueError("it is neither an address nor a name")
    if target == host:
        raise ValueError(f"{host} cannot be an alias of itself")
    return (DnsRecord(host, "CNAME", f"{target}."),)


def _address_record(host: Name, address: IPv4Address | IPv6Address) -> DnsRecord:
    if isinstance(address, IPv4Address):
        return DnsRecord(host, "A", str(address))
    if address.scope_id is not None:
        raise ValueError("an address with a scope (`%`) means something on one machine only")
    return DnsRecord(host, "AAAA", str(address))


def own_hosts(domain: Name, policy: sts.Policy) -> tuple[Name, ...]:
    """The hosts within the domain that the policy names; TLSA records of others stand in the zones of their owners."""
    named = (pattern.name for pattern in policy.mx if not pattern.wildcard)
    return tuple(host for host in named if host == domain or host.endswith(f".{domain}"))


def tlsa_records(hosts: Sequence[Name], der: bytes) -> tuple[DnsRecord, ...]:
    """`3 1 1` of a certificate (DER) at each of the hosts that it is for (DANE-30); empty when it is for others.

    Raises InvalidTlsa (a ValueError): the octets are no certificate.
    """
    from strictmx.standards import dane  # only who has a certificate pays for the library that reads it
    from strictmx.standards.certificates import dns_id_matches

    value = str(dane.make(dane.EE, dane.KEY, 1, der))
    presented = certificate_names(der)
    # DANE-14: names do not count; one that names other hosts is most likely the wrong file, one without any is not.
    covered = [host for host in hosts if not presented or any(dns_id_matches(one, host) for one in presented)]
    return tuple(DnsRecord(dane.query_name(host), "TLSA", value) for host in covered)


def certificate_names(der: bytes) -> tuple[str, ...]:
    """The names that a certificate (DER) is for, as it writes them. Raises Unreadable: no certificate."""
    from strictmx.standards.chain import read_certificate

    return tuple(read_certificate(der).dns_ids)
