"""Domains whose MX host shows a faulty certificate (RFC 8461 section 4.2), under an enforced policy unless said."""

from __future__ import annotations

from strictmx.lab.model import Certificate, Chain, Domain, Issuer, Key, Mail, Mx, Naming, Policy, Severity, Validity


def _certificate(suffix: str, shows: str, certificate: Certificate, *codes: str) -> Domain:
    """A domain whose only MX host shows a certificate that senders refuse."""
    found: dict[str, Severity] = dict.fromkeys(codes or (f"mx-{suffix}",), "error")
    return Domain(
        name=f"mx-{suffix}.example",
        shows=shows,
        verdict="broken",
        codes=found,
        mx=(Mx(addresses=(Mail(certificate=certificate),)),),
    )


ROWS = (
    _certificate("certificate-expired", "The certificate ended ten days ago.", Certificate(validity=Validity.EXPIRED)),
    Domain(
        name="mx-certificate-expired-testing.example",
        shows="The certificate ended ten days ago, and the policy is in mode testing.",
        verdict="partial",
        codes={"mx-certificate-expired": "warning", "policy-mode-testing": "notice"},
        policy=Policy(mode="testing"),
        mx=(Mx(addresses=(Mail(certificate=Certificate(validity=Validity.EXPIRED)),)),),
    ),
    _certificate(
        "certificate-not-yet-valid",
        "The certificate is valid from the day after tomorrow.",
        Certificate(validity=Validity.NOT_YET),
    ),
    _certificate(
        "certificate-name-mismatch",
        "The certificate is for another host of the domain.",
        Certificate(names=("www.mx-certificate-name-mismatch.example",)),
    ),
    _certificate(
        "certificate-name-mismatch-wildcard",
        "The wildcard of the certificate stands for one label, the host has two.",
        Certificate(names=("*.example",)),
        "mx-certificate-name-mismatch",
    ),
    _certificate(
        "certificate-no-san",
        "The certificate carries the right name, but as Common Name only.",
        Certificate(naming=Naming.COMMON_NAME),
    ),
    _certificate(
        "certificate-untrusted",
        "The certificate comes from an authority that nobody trusts.",
        Certificate(issuer=Issuer.UNKNOWN_ROOT),
    ),
    _certificate("certificate-self-signed", "The certificate is self-signed.", Certificate(issuer=Issuer.SELF)),
    _certificate("chain-incomplete", "The intermediate certificate is not sent.", Certificate(chain=Chain.LEAF_ONLY)),
    _certificate(
        "certificate-expired-name-mismatch",
        "The certificate has ended, and is for another name besides.",
        Certificate(validity=Validity.EXPIRED, names=("old.mx-certificate-expired-name-mismatch.example",)),
        "mx-certificate-expired",
        "mx-certificate-name-mismatch",
    ),
    _certificate(
        "certificate-expired-chain-incomplete",
        "The certificate has ended, and its intermediate is not sent.",
        Certificate(validity=Validity.EXPIRED, chain=Chain.LEAF_ONLY),
        "mx-certificate-expired",
        "mx-chain-incomplete",
    ),
    Domain(
        name="mx-certificate-expires-soon.example",
        shows="The certificate ends in five days.",
        verdict="partial",
        codes={"mx-certificate-expires-soon": "warning"},
        mx=(Mx(addresses=(Mail(certificate=Certificate(validity=Validity.ENDS_SOON)),)),),
    ),
    Domain(
        name="mx-certificate-weak.example",
        shows="The certificate has an RSA key of 1024 bits.",
        verdict="secure",
        codes={"mx-certificate-weak": "warning"},
        mx=(Mx(addresses=(Mail(certificate=Certificate(key=Key.RSA_1024)),)),),
    ),
)
