"""Which records belong to a domain; how they are written is tested with `strictmx records`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from strictmx.standards import records, sts, zone
from strictmx.standards.names import Name
from strictmx.standards.sts import HostPattern, Mode, Policy
from tests.certificates import authority, server

DOMAIN = Name("example.com")


@pytest.mark.parametrize(
    ("rule", "changed", "identifier"),
    [
        ("STS-08", datetime(2026, 11, 24, 9, 0, 5, tzinfo=UTC), "20261124090005"),
        ("STS-08", datetime(2026, 11, 24, 1, 0, 5, tzinfo=timezone(timedelta(hours=2))), "20261123230005"),
    ],
)
def test_an_id_is_the_time_of_the_change_in_utc(rule: str, changed: datetime, identifier: str) -> None:
    assert records.id_at(changed) == identifier
    assert sts.read_records([records.policy_record(DOMAIN, identifier).value]).record == sts.Record(identifier)


def test_addresses_or_one_alias() -> None:
    addresses = records.policy_host_records(DOMAIN, ["192.0.2.1", "[2001:DB8::1]"])
    assert [(one.name, one.type, one.value) for one in addresses] == [
        ("mta-sts.example.com", "A", "192.0.2.1"),
        ("mta-sts.example.com", "AAAA", "2001:db8::1"),
    ]
    (alias,) = records.policy_host_records(DOMAIN, ["Policies.example.net."])
    assert (alias.type, alias.value) == ("CNAME", "policies.example.net.")
    with pytest.raises(ValueError, match="one name"):
        records.policy_host_records(DOMAIN, [])


def test_tlsa_records_stand_at_own_hosts_that_the_certificate_is_for() -> None:
    """DANE-30: `3 1 1`; hosts of others and wildcards get none."""
    texts = ["mx1.example.com", "mx2.example.com", "example.com", "*.example.com", "mx.notexample.com"]
    hosts = records.own_hosts(DOMAIN, Policy(Mode.ENFORCE, tuple(map(HostPattern.parse, texts)), 86_400))
    assert hosts == ("mx1.example.com", "mx2.example.com", "example.com")
    der = server(authority("Root"), "mx1.example.com", "example.com", "mx.notexample.com").der
    found = records.tlsa_records(hosts, der)
    assert [record.name for record in found] == ["_25._tcp.mx1.example.com", "_25._tcp.example.com"]
    assert {record.value[:6] for record in found} == {"3 1 1 "}
    assert records.tlsa_records(hosts[1:2], der) == ()


def test_an_update_clears_the_policy_host_once() -> None:
    """Updates apply in order: a second deletion would take away what was added before."""
    found = records.policy_host_records(Name("example.com"), ["192.0.2.1", "2001:db8::1", "192.0.2.2"])
    lines = zone.as_nsupdate(found).splitlines()
    assert [line.split()[1] for line in lines[:-1]] == ["delete"] * 3 + ["add"] * 3


def test_a_number_is_no_name_of_a_policy_host() -> None:
    with pytest.raises(ValueError, match="neither an address nor a name"):
        records.policy_host_records(Name("example.com"), ["999.1.1.1"])
