"""The names of the public internet that `doctor` asks, as the lab answers them; not in its list of domains.

Written apart from `roles.doctor.asked`; a test of `doctor` against the lab shows that they are the same.
"""

from __future__ import annotations

from strictmx.lab.model import DnsFault, Domain, Mx, Web, Zone


def _zone(name: str, shows: str, *faults: tuple[str, str, DnsFault]) -> Domain:
    """A signed zone with an address and nothing else."""
    return Domain(
        name=name,
        shows=shows,
        verdict="none",
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        tlsrpt=(),
        mx=(),
        records=(("@", "A", "127.44.255.255"),),
        faults=faults,
    )


def _signed(name: str) -> Domain:
    return _zone(name, "A signed zone.")


def _bogus(name: str) -> Domain:
    return _zone(name, "A zone that is signed wrongly on purpose.", ("@", "A", DnsFault.BOGUS))


def _provider(name: str, mx: str, web: Web | None = None) -> Domain:
    """A large provider of mail: its MX host, and its policy host where it has one."""
    return Domain(name=name, shows="A provider of mail.", verdict="secure", mx=(Mx(host=f"{mx}."),), web=web)


PUBLIC = (
    _signed("isc.org"),
    _signed("nlnetlabs.nl"),
    _bogus("dnssec-failed.org"),
    _bogus("rhybar.cz"),
    _provider("gmail.com", "gmail-smtp-in.l.google.com", Web()),
    _provider("outlook.com", "outlook-com.olc.protection.outlook.com", Web()),
    _provider("gmx.net", "mx00.gmx.net"),
)
