"""Domains that publish TLSA records (RFC 7672), good and bad. Their zones are signed unless that is what they show."""

from __future__ import annotations

from strictmx.lab.model import (
    Certificate,
    DnsFault,
    Domain,
    Issuer,
    Mail,
    Mx,
    Smtp,
    Tlsa,
    TlsaOf,
    Validity,
    Zone,
)

_LEAF = Tlsa(3, 1, 1)


def _sts(suffix: str, shows: str, mx: tuple[Mx, ...]) -> Domain:
    """A domain with an enforced policy, whose TLSA records no MX host satisfies."""
    return Domain(
        name=f"dane-{suffix}.example",
        shows=shows,
        verdict="broken",
        codes={"dane-mismatch": "error"},
        zone=Zone.SIGNED,
        mx=mx,
    )


def _failing(suffix: str, shows: str, code: str, fault: DnsFault) -> Domain:
    """A domain whose TLSA question fails."""
    return Domain(
        name=f"dane-{suffix}.example",
        shows=shows,
        verdict="broken",
        codes={code: "error"},
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF,)),),
        faults=(("_25._tcp.mx1", "TLSA", fault),),
    )


ROWS = (
    Domain(
        name="dane-ok.example",
        shows="DANE-EE records match at every MX host, beside an enforced policy.",
        verdict="secure",
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF,)), Mx(host="mx2", preference=20, tlsa=(_LEAF,))),
    ),
    _sts("mismatch", "The TLSA record is of a key that was replaced.", (Mx(tlsa=(Tlsa(3, 1, 1, TlsaOf.OTHER),)),)),
    Domain(
        name="dane-mismatch-without-policy.example",
        shows="The TLSA record is of a key that was replaced, and there is no MTA-STS policy.",
        verdict="broken",
        codes={"dane-mismatch": "error", "sts-record-missing": "notice"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(Mx(tlsa=(Tlsa(3, 1, 1, TlsaOf.OTHER),)),),
    ),
    _sts(
        "mismatch-digest",
        "The SHA2-512 record is stale; the SHA2-256 record that matches is passed over for it (DANE-19).",
        (Mx(tlsa=(_LEAF, Tlsa(3, 1, 2, TlsaOf.OTHER))),),
    ),
    _sts(
        "mismatch-anchor-not-sent",
        "The DANE-TA record is of a root that the MX host does not send (DANE-34).",
        (Mx(tlsa=(Tlsa(2, 0, 1, TlsaOf.ROOT),)),),
    ),
    Domain(
        name="dane-mismatch-one-kind.example",
        shows="DANE-EE matches, but the DANE-TA records are all of another authority (DANE-31).",
        verdict="secure",
        codes={"dane-mismatch": "warning"},
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF, Tlsa(2, 1, 1, TlsaOf.OTHER))),),
    ),
    Domain(
        name="dane-unusable.example",
        shows="The only TLSA record has a usage that SMTP does not use; MTA-STS protects alone.",
        verdict="secure",
        codes={"dane-unusable": "warning"},
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(Tlsa(1, 1, 1),)),),
    ),
    Domain(
        name="dane-unusable-length.example",
        shows="The digest of the only TLSA record is cut off.",
        verdict="secure",
        codes={"dane-unusable": "warning"},
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(Tlsa(3, 1, 1, data="0123456789abcdef"),)),),
    ),
    Domain(
        name="dane-not-signed.example",
        shows="The TLSA records lie in a zone that is not signed, so that senders ignore them.",
        verdict="secure",
        codes={"dane-not-signed": "warning"},
        mx=(Mx(tlsa=(_LEAF,)),),
    ),
    _failing("bogus", "The signature of the TLSA records does not verify.", "dane-bogus", DnsFault.BOGUS),
    _failing(
        "lookup-failed",
        "The name server answers SERVFAIL for TLSA records; senders with DANE keep the mail.",
        "dane-lookup-failed",
        DnsFault.SERVFAIL,
    ),
    _failing(
        "lookup-failed-silent",
        "The name server never answers for TLSA records.",
        "dane-lookup-failed",
        DnsFault.SILENT,
    ),
    Domain(
        name="dane-partial.example",
        shows="One of two MX hosts has TLSA records, and there is no MTA-STS policy.",
        verdict="partial",
        codes={"sts-record-missing": "warning"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(Mx(tlsa=(_LEAF,)), Mx(host="mx2", preference=20)),
    ),
    Domain(
        name="dane-mx-unsigned.example",
        shows="TLSA records match at the MX host, but the MX record that names it is not signed (DANE-06).",
        verdict="partial",
        codes={"sts-record-missing": "warning", "dane-not-signed": "warning"},
        sts=(),
        web=None,
        mx=(Mx(host="mx1.dane-ok.example.", addresses=()),),
    ),
    Domain(
        name="dane-no-starttls.example",
        shows="TLSA records for a host that offers no STARTTLS (DANE-33).",
        verdict="broken",
        codes={"mx-no-starttls": "error", "sts-record-missing": "notice"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(Mx(addresses=(Mail(smtp=Smtp.NO_STARTTLS),), tlsa=(_LEAF,)),),
    ),
    Domain(
        name="dane-self-signed-sts.example",
        shows="DANE-EE matches a self-signed certificate that an enforced policy makes other senders refuse.",
        verdict="broken",
        codes={"mx-certificate-self-signed": "error"},
        zone=Zone.SIGNED,
        mx=(Mx(addresses=(Mail(certificate=Certificate(issuer=Issuer.SELF)),), tlsa=(_LEAF,)),),
    ),
    Domain(
        name="dane-anchor-expired.example",
        shows="A DANE-TA record with a certificate that has ended, which DANE-TA does not forgive.",
        verdict="broken",
        codes={"mx-certificate-expired": "error", "sts-record-missing": "notice"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(
            Mx(
                addresses=(Mail(certificate=Certificate(validity=Validity.EXPIRED)),),
                tlsa=(Tlsa(2, 0, 1, TlsaOf.INTERMEDIATE),),
            ),
        ),
    ),
)
