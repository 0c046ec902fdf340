"""Domains whose MX hosts are at fault before any certificate is seen: names, connections, SMTP, STARTTLS."""

from __future__ import annotations

from strictmx.lab.model import (
    Certificate,
    Domain,
    Issuer,
    Mail,
    Mx,
    Naming,
    Policy,
    Reach,
    Severity,
    Smtp,
    Tls,
    Validity,
)

_REPORTS_ELSEWHERE = ("v=TLSRPTv1; rua=mailto:tlsrpt@healthy-minimal.example",)
_UNROUTED = "fe80::25"  # a link-local address without a zone: no machine has a route to it, whatever its network


def _mail(suffix: str, shows: str, code: str, mail: Mail, severity: Severity = "error") -> Domain:
    """A domain with one MX host at one address that does `mail`."""
    return Domain(
        name=f"mx-{suffix}.example",
        shows=shows,
        verdict="broken" if severity == "error" else "partial",
        codes={code: severity},
        mx=(Mx(addresses=(mail,)),),
    )


_NAMES = (
    Domain(
        name="mx-missing.example",
        shows="No MX record: mail goes to the address of the domain itself (MX-02).",
        verdict="secure",
        codes={"mx-missing": "warning"},
        policy=Policy(mx=("{domain}",)),
        mx=(),
        hosts=(Mx(host="@"),),
    ),
    Domain(
        name="mx-missing-no-address.example",
        shows="No MX record and no address: mail goes nowhere.",
        verdict="broken",
        codes={"mx-missing": "error"},
        policy=Policy(mx=("{domain}",)),
        tlsrpt=_REPORTS_ELSEWHERE,
        mx=(),
    ),
    Domain(
        name="mx-null.example",
        shows="A null MX record: the domain takes no mail, and says so properly.",
        verdict="none",
        codes={"mx-null": "notice"},
        sts=(),
        web=None,
        tlsrpt=_REPORTS_ELSEWHERE,
        mx=(),
        records=(("@", "MX", "0 ."),),
    ),
    Domain(
        name="mx-null-with-policy.example",
        shows="A null MX record beside an enforced policy.",
        verdict="none",
        codes={"mx-null": "warning"},
        policy=Policy(mx=("mx1.{domain}",)),
        tlsrpt=_REPORTS_ELSEWHERE,
        mx=(),
        records=(("@", "MX", "0 ."),),
    ),
    Domain(
        name="mx-null-beside-others.example",
        shows="A null MX record beside a real one.",
        verdict="broken",
        codes={"mx-null": "error"},
        records=(("@", "MX", "0 ."),),
    ),
    Domain(
        name="mx-unresolvable.example",
        shows="One of two MX hosts has no address.",
        verdict="broken",
        codes={"mx-unresolvable": "error"},
        mx=(Mx(), Mx(host="mx2", preference=20, addresses=())),
    ),
    Domain(
        name="mx-is-ip-address.example",
        shows="One MX record holds an IP address in place of a name.",
        verdict="broken",
        codes={"mx-is-ip-address": "error"},
        records=(("@", "MX", "20 192.0.2.1."),),
    ),
    Domain(
        name="mx-is-cname.example",
        shows="The MX host is an alias, which SMTP forbids and many senders accept.",
        verdict="secure",
        codes={"mx-is-cname": "warning"},
        mx=(Mx(alias="host1"),),
    ),
    Domain(
        name="mx-not-in-policy.example",
        shows="The policy forgot the second MX host.",
        verdict="broken",
        codes={"mx-not-in-policy": "error"},
        policy=Policy(mx=("mx1.{domain}",)),
        mx=(Mx(), Mx(host="mx2", preference=20)),
    ),
    Domain(
        name="mx-not-in-policy-testing.example",
        shows="The policy forgot the second MX host, and is in mode testing.",
        verdict="partial",
        codes={"mx-not-in-policy": "warning", "policy-mode-testing": "notice"},
        policy=Policy(mode="testing", mx=("mx1.{domain}",)),
        mx=(Mx(), Mx(host="mx2", preference=20)),
    ),
)

_CONNECTIONS = (
    _mail("unreachable", "Nothing listens on the MX host.", "mx-unreachable", Mail(reach=Reach.REFUSED)),
    _mail(
        "unreachable-timed-out",
        "A connection to the MX host is never completed, as where port 25 is blocked.",
        "mx-unreachable",
        Mail(reach=Reach.TIMED_OUT),
        "warning",
    ),
    _mail(
        "unreachable-rejected", "The MX host greets with 554.", "mx-unreachable", Mail(smtp=Smtp.REJECTED), "warning"
    ),
    _mail("unreachable-garbage", "The MX host speaks no SMTP.", "mx-unreachable", Mail(smtp=Smtp.GARBAGE)),
    _mail(
        "unreachable-endless",
        "The greeting of the MX host never ends.",
        "mx-unreachable",
        Mail(smtp=Smtp.ENDLESS_BANNER),
    ),
    _mail(
        "unreachable-megabyte",
        "The MX host greets with a line of one megabyte.",
        "mx-unreachable",
        Mail(smtp=Smtp.MEGABYTE_LINE),
    ),
    _mail(
        "timeout", "The MX host accepts connections and stays silent.", "mx-timeout", Mail(smtp=Smtp.SILENT), "warning"
    ),
    _mail("throttled", "The MX host greets with 421.", "mx-throttled", Mail(smtp=Smtp.THROTTLED), "warning"),
    Domain(
        name="mx-address-not-tested.example",
        shows="The MX host has an IPv6 address to which this machine has no route.",
        verdict="secure",
        codes={"mx-address-not-tested": "notice"},
        records=(("mx1", "AAAA", _UNROUTED),),
    ),
    Domain(
        name="mx-addresses-differ.example",
        shows="One of two addresses of the MX host offers no STARTTLS.",
        verdict="broken",
        codes={"mx-addresses-differ": "warning", "mx-no-starttls": "error"},
        mx=(Mx(addresses=(Mail(), Mail(smtp=Smtp.NO_STARTTLS))),),
    ),
    Domain(
        name="mx-addresses-differ-certificate.example",
        shows="One of three addresses of the MX host still shows the old certificate.",
        verdict="broken",
        codes={"mx-addresses-differ": "warning", "mx-certificate-expired": "error"},
        mx=(Mx(addresses=(Mail(), Mail(), Mail(certificate=Certificate(validity=Validity.EXPIRED)))),),
    ),
    Domain(
        name="mx-addresses-differ-refused.example",
        shows="Nothing listens at one of two addresses of the MX host.",
        verdict="partial",
        codes={"mx-addresses-differ": "warning", "mx-unreachable": "warning"},
        mx=(Mx(addresses=(Mail(), Mail(reach=Reach.REFUSED))),),
    ),
)

_STARTTLS = (
    _mail("no-starttls", "The MX host offers no STARTTLS.", "mx-no-starttls", Mail(smtp=Smtp.NO_STARTTLS)),
    _mail("no-starttls-helo", "The MX host knows no EHLO.", "mx-no-starttls", Mail(smtp=Smtp.HELO_ONLY)),
    Domain(
        name="mx-no-starttls-without-policy.example",
        shows="No STARTTLS, and nothing published that would make senders insist.",
        verdict="none",
        codes={"mx-no-starttls": "warning", "sts-record-missing": "warning"},
        sts=(),
        web=None,
        mx=(Mx(addresses=(Mail(smtp=Smtp.NO_STARTTLS),)),),
    ),
    _mail(
        "starttls-refused",
        "The MX host offers STARTTLS and answers it with 454.",
        "mx-starttls-refused",
        Mail(smtp=Smtp.STARTTLS_REFUSED),
    ),
    _mail("tls-failed", "The MX host hangs up in place of a handshake.", "mx-tls-failed", Mail(tls=Tls.HANG_UP)),
    _mail(
        "tls-failed-injection",
        "The MX host sends a reply in clear between its 220 and the handshake (SMTP-01).",
        "mx-tls-failed",
        Mail(smtp=Smtp.INJECTION),
    ),
    _mail("tls-too-old", "The MX host speaks TLS 1.1 at most.", "mx-tls-too-old", Mail(tls=Tls.ONLY_1_1)),
)

_MANY = Domain(
    name="mx-nine-hosts.example",
    shows="Nine MX hosts, eight of them faulty in a different way, and the policy leaves out two.",
    verdict="broken",
    codes={
        "mx-certificate-expired": "error",
        "mx-certificate-name-mismatch": "error",
        "mx-certificate-no-san": "error",
        "mx-certificate-self-signed": "error",
        "mx-no-starttls": "error",
        "mx-not-in-policy": "error",
        "mx-timeout": "warning",
        "mx-unreachable": "error",
    },
    policy=Policy(mx=tuple(f"mx{number}.{{domain}}" for number in range(1, 8))),
    mx=(
        Mx(host="mx1"),
        Mx(host="mx2", addresses=(Mail(certificate=Certificate(validity=Validity.EXPIRED)),)),
        Mx(host="mx3", addresses=(Mail(certificate=Certificate(names=("other.mx-nine-hosts.example",))),)),
        Mx(host="mx4", addresses=(Mail(certificate=Certificate(issuer=Issuer.SELF)),)),
        Mx(host="mx5", addresses=(Mail(smtp=Smtp.NO_STARTTLS),)),
        Mx(host="mx6", addresses=(Mail(smtp=Smtp.SILENT),)),
        Mx(host="mx7", addresses=(Mail(reach=Reach.REFUSED),)),
        Mx(
            host="mx8",
            addresses=(
                Mail(smtp=Smtp.MULTI_LINE_GREETING, certificate=Certificate(names=("mx1.mx-nine-hosts.example",))),
            ),
        ),
        Mx(host="mx9", addresses=(Mail(certificate=Certificate(naming=Naming.COMMON_NAME)),)),
    ),
)

ROWS = (*_NAMES, *_CONNECTIONS, *_STARTTLS, _MANY)
