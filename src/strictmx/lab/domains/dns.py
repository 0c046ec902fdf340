"""Domains whose DNS fails: no answer to be had, or one that a validating resolver refuses (DANE-02, DEC-04)."""

from __future__ import annotations

from strictmx.lab.model import DnsFault, Domain, Zone


def _failing(suffix: str, shows: str, name: str, rdtype: str, fault: DnsFault) -> Domain:
    """A domain of which one question fails."""
    return Domain(
        name=f"dns-failure{suffix}.example",
        shows=shows,
        verdict="broken",
        codes={"dns-failure": "error"},
        faults=((name, rdtype, fault),),
    )


def _bogus(suffix: str, shows: str, name: str, rdtype: str, fault: DnsFault) -> Domain:
    """A signed domain of which one answer does not verify."""
    return Domain(
        name=f"dnssec-bogus{suffix}.example",
        shows=shows,
        verdict="broken",
        codes={"dnssec-bogus": "error"},
        zone=Zone.SIGNED,
        faults=((name, rdtype, fault),),
    )


ROWS = (
    _failing("", "The name server answers SERVFAIL for MX.", "@", "MX", DnsFault.SERVFAIL),
    _failing(
        "-extended",
        "SERVFAIL for MX, with the extended error that no server of the zone answers.",
        "@",
        "MX",
        DnsFault.SERVFAIL_EXTENDED,
    ),
    _failing("-sts", "SERVFAIL for the STS record.", "_mta-sts", "TXT", DnsFault.SERVFAIL),
    _failing("-sts-silent", "No answer for the STS record.", "_mta-sts", "TXT", DnsFault.SILENT),
    Domain(
        name="dns-failure-tlsrpt.example",
        shows="SERVFAIL for the TLSRPT record, which endangers no mail.",
        verdict="secure",
        codes={"dns-failure": "warning"},
        faults=(("_smtp._tls", "TXT", DnsFault.SERVFAIL),),
    ),
    _failing("-address", "SERVFAIL for the address of the MX host.", "mx1", "A", DnsFault.SERVFAIL),
    _failing("-policy-host", "SERVFAIL for the address of the policy host.", "mta-sts", "A", DnsFault.SERVFAIL),
    _failing("-refused", "The name server refuses the question for MX.", "@", "MX", DnsFault.REFUSED),
    _failing("-garbage", "The answer for MX is no DNS message.", "@", "MX", DnsFault.GARBAGE),
    _failing("-wrong-id", "The answer for MX has the id of another question.", "@", "MX", DnsFault.WRONG_ID),
    Domain(
        name="dns-failure-cname-loop.example",
        shows="The STS record is a CNAME that leads back to itself.",
        verdict="broken",
        codes={"dns-failure": "error"},
        sts=(),
        records=(
            ("_mta-sts", "CNAME", "_mta-sts-2.{domain}."),
            ("_mta-sts-2", "CNAME", "_mta-sts.{domain}."),
        ),
    ),
    _bogus("", "The signature of the MX record does not verify.", "@", "MX", DnsFault.BOGUS),
    _bogus(
        "-unsaid",
        "The signature of the MX record does not verify, and the resolver does not say so.",
        "@",
        "MX",
        DnsFault.BOGUS_UNSAID,
    ),
    _bogus("-sts", "The signature of the STS record does not verify.", "_mta-sts", "TXT", DnsFault.BOGUS),
    _bogus("-address", "The signature of the MX host's address does not verify.", "mx1", "A", DnsFault.BOGUS),
)
