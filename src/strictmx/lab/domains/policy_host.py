"""Domains whose policy host is at fault (RFC 8461 section 3.3): the policy is good, but senders cannot have it."""

from __future__ import annotations

from strictmx.lab.model import (
    Certificate,
    Chain,
    Domain,
    Http,
    Issuer,
    Naming,
    Policy,
    Reach,
    Severity,
    Tls,
    Validity,
    Web,
)

_POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx1.{domain}\r\nmax_age: 604800\r\n"
_FILLING = 200  # characters of one line of filling


def padded(name: str, octets: int) -> str:
    """A valid policy of the domain `name` that is exactly so many octets long, by fields that senders ignore."""
    text = _POLICY.replace("{domain}", name)
    number = 0
    while octets - len(text) > 2 * _FILLING:
        number += 1
        text += f"x-filling-{number}: ".ljust(_FILLING - 2, ".") + "\r\n"
    last = "x-filling-last: "
    return text + last.ljust(octets - len(text) - 2, ".") + "\r\n"


def _broken(suffix: str, shows: str, code: str, web: Web | None) -> Domain:
    """A domain whose policy cannot be had."""
    return Domain(name=f"policy-host-{suffix}.example", shows=shows, verdict="broken", codes={code: "error"}, web=web)


def _certificate(suffix: str, shows: str, certificate: Certificate, *codes: str) -> Domain:
    """A domain whose policy host shows a certificate that no sender accepts."""
    found: dict[str, Severity] = dict.fromkeys(codes or (f"policy-host-{suffix}",), "error")
    return Domain(
        name=f"policy-host-{suffix}.example",
        shows=shows,
        verdict="broken",
        codes=found,
        web=Web(certificate=certificate),
    )


_REACHING = (
    _broken("unresolvable", "The policy host has no address.", "policy-host-unresolvable", None),
    _broken(
        "unreachable",
        "Nothing listens at the address of the policy host.",
        "policy-host-unreachable",
        Web(reach=Reach.REFUSED),
    ),
    _broken(
        "unreachable-timed-out",
        "A connection to the policy host is never completed.",
        "policy-host-unreachable",
        Web(reach=Reach.TIMED_OUT),
    ),
    _broken(
        "unreachable-handshake",
        "The policy host hangs up in place of a TLS handshake.",
        "policy-host-unreachable",
        Web(tls=Tls.HANG_UP),
    ),
    _broken(
        "unreachable-garbage",
        "The policy host answers with octets that are no HTTP.",
        "policy-host-unreachable",
        Web(http=Http.GARBAGE),
    ),
    _broken(
        "tls-too-old",
        "The policy host speaks TLS 1.1 at most.",
        "policy-host-tls-too-old",
        Web(tls=Tls.ONLY_1_1),
    ),
)

_ANSWERING = (
    _broken("http-status", "The policy host answers 404.", "policy-host-http-status", Web(http=Http.NOT_FOUND)),
    _broken(
        "redirect",
        "The policy host redirects to the policy; senders must not follow.",
        "policy-host-redirect",
        Web(http=Http.REDIRECT),
    ),
    _broken("media-type", "The policy is served as text/html.", "policy-host-media-type", Web(http=Http.HTML)),
    _broken(
        "media-type-missing",
        "The policy is served without a media type.",
        "policy-host-media-type",
        Web(http=Http.NO_TYPE),
    ),
    _broken(
        "timeout",
        "The policy host sends its policy one octet a second.",
        "policy-host-timeout",
        Web(http=Http.DRIP),
    ),
    _broken(
        "timeout-silent",
        "The policy host takes the request and never answers.",
        "policy-host-timeout",
        Web(http=Http.SILENT),
    ),
    Domain(
        name="policy-host-too-large.example",
        shows="The policy is 65,537 octets long, one more than senders read.",
        verdict="broken",
        codes={"policy-host-too-large": "error"},
        policy=Policy(body=padded("policy-host-too-large.example", 65_537)),
    ),
)

_CERTIFICATES = (
    _certificate(
        "certificate-expired",
        "The policy host's certificate ended ten days ago.",
        Certificate(validity=Validity.EXPIRED),
    ),
    _certificate(
        "certificate-not-yet-valid",
        "The policy host's certificate is valid from the day after tomorrow.",
        Certificate(validity=Validity.NOT_YET),
    ),
    _certificate(
        "certificate-name-mismatch",
        "The policy host shows a certificate for its web site's name only.",
        Certificate(names=("www.policy-host-certificate-name-mismatch.example",)),
    ),
    Domain(
        name="policy-host-certificate-name-mismatch-provider.example",
        shows="The policy host is a CNAME to a provider that shows its own certificate (STS-42).",
        verdict="broken",
        codes={"policy-host-certificate-name-mismatch": "error"},
        web=Web(
            alias="policy-host-certificate-name-mismatch-provider.hosting.example.",
            certificate=Certificate(names=("hosting.example", "*.hosting.example")),
        ),
    ),
    _certificate(
        "certificate-name-mismatch-no-san",
        "The policy host's certificate carries the right name, but as Common Name only.",
        Certificate(naming=Naming.COMMON_NAME),
        "policy-host-certificate-name-mismatch",
    ),
    _certificate(
        "certificate-untrusted",
        "The policy host's certificate comes from an authority that nobody trusts.",
        Certificate(issuer=Issuer.UNKNOWN_ROOT),
    ),
    _certificate(
        "certificate-self-signed", "The policy host's certificate is self-signed.", Certificate(issuer=Issuer.SELF)
    ),
    _certificate(
        "chain-incomplete",
        "The policy host does not send the intermediate certificate.",
        Certificate(chain=Chain.LEAF_ONLY),
    ),
    _certificate(
        "certificate-expired-name-mismatch",
        "The policy host's certificate has ended, and is for another name besides.",
        Certificate(validity=Validity.EXPIRED, names=("old.hosting.example",)),
        "policy-host-certificate-expired",
        "policy-host-certificate-name-mismatch",
    ),
    Domain(
        name="policy-host-certificate-expires-soon.example",
        shows="The policy host's certificate ends in five days.",
        verdict="partial",
        codes={"policy-host-certificate-expires-soon": "warning"},
        web=Web(certificate=Certificate(validity=Validity.ENDS_SOON)),
    ),
)
_SEVERAL = (
    Domain(
        name="policy-host-addresses-differ.example",
        shows="The policy host has two addresses; at the second its certificate is for another name.",
        verdict="partial",
        codes={"policy-host-addresses-differ": "warning"},
        webs=(Web(certificate=Certificate(names=("www.shop.example",))),),
    ),
    Domain(
        name="policy-host-addresses-differ-dead.example",
        shows="The policy host has two addresses; nothing listens at the second.",
        verdict="secure",
        codes={"policy-host-addresses-differ": "notice"},
        webs=(Web(reach=Reach.REFUSED),),
    ),
    Domain(
        name="policy-host-addresses-alike.example",
        shows="The policy host has two addresses that are alike.",
        verdict="secure",
        webs=(Web(),),
    ),
)

ROWS = _SEVERAL + _REACHING + _ANSWERING + _CERTIFICATES
