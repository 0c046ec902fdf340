"""Healthy domains that look odd: each is something that the standards allow and that a checker must not complain of."""

from __future__ import annotations

from strictmx.lab.domains.policy_host import padded
from strictmx.lab.model import (
    Certificate,
    Chain,
    Domain,
    Family,
    Http,
    Issuer,
    Key,
    Mail,
    Mx,
    Policy,
    Smtp,
    Tls,
    Tlsa,
    TlsaOf,
    Validity,
    Web,
    Zone,
)

_LEAF = Tlsa(3, 1, 1)
_TEN_THOUSAND = " ".join(['"text"'] * 10_000)  # one TXT record of ten thousand strings, far beyond a datagram


def _mail(suffix: str, shows: str, mail: Mail) -> Domain:
    """A domain whose only MX host does `mail`."""
    return Domain(name=f"healthy-{suffix}.example", shows=shows, verdict="secure", mx=(Mx(addresses=(mail,)),))


def _web(suffix: str, shows: str, web: Web) -> Domain:
    """A domain whose policy host is `web`."""
    return Domain(name=f"healthy-{suffix}.example", shows=shows, verdict="secure", web=web)


def _dane(suffix: str, shows: str, *mx: Mx) -> Domain:
    """A domain in a signed zone that rests on DANE alone."""
    return Domain(
        name=f"healthy-{suffix}.example",
        shows=shows,
        verdict="secure",
        codes={"sts-record-missing": "notice"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=mx,
    )


_RECORDS = (
    Domain(
        name="healthy-minimal.example",
        shows="One MX host, an enforced policy, a TLSRPT record: all that it takes.",
        verdict="secure",
    ),
    Domain(
        name="healthy-delegated.example",
        shows="Record and policy host are CNAMEs to a provider that has a certificate for each customer.",
        verdict="secure",
        sts=(),
        web=Web(alias="healthy-delegated.hosting.example."),
        records=(
            ("_mta-sts", "CNAME", "_mta-sts.healthy-delegated.hosting.example."),
            ("_mta-sts.healthy-delegated.hosting.example.", "TXT", '"v=STSv1; id={id};"'),
        ),
    ),
    Domain(
        name="healthy-alias.example",
        shows="The mail domain itself is a CNAME: MX is taken at the target, policy and record at the name (MX-06).",
        verdict="secure",
        tlsrpt=("v=TLSRPTv1; rua=mailto:tlsrpt@healthy-minimal.example",),
        mx=(),
        hosts=(Mx(),),
        policy=Policy(mx=("mx1.{domain}",)),
        records=(
            ("@", "CNAME", "healthy-alias.hosting.example."),
            ("healthy-alias.hosting.example.", "MX", "10 mx1.healthy-alias.example."),
        ),
    ),
    Domain(
        name="healthy-txt-strings.example",
        shows="The STS record is cut into several strings, in the middle of a word (STS-01).",
        verdict="secure",
        sts=(("v=STSv1; i", "d=20261", "124090000;"),),
    ),
    Domain(
        name="healthy-txt-beside.example",
        shows="Other TXT records stand beside the STS and the TLSRPT record.",
        verdict="secure",
        records=(
            ("_mta-sts", "TXT", '"v=spf1 -all"'),
            ("_mta-sts", "TXT", '"verification=0123456789"'),
            ("_smtp._tls", "TXT", '"v=spf1 -all"'),
        ),
    ),
    Domain(
        name="healthy-txt-thousands.example",
        shows="Ten thousand strings beside the STS record, an answer that needs TCP.",
        verdict="secure",
        records=(("_mta-sts", "TXT", _TEN_THOUSAND),),
    ),
    Domain(
        name="healthy-unknown-field.example",
        shows="Record and policy have fields from the future.",
        verdict="secure",
        codes={"sts-record-unknown-field": "notice"},
        sts=("v=STSv1; x-1=y; id={id}",),
        policy=Policy(more=("x-note: früh am Morgen",)),
    ),
    Domain(
        name="healthy-several-rua.example",
        shows="Reports are asked for at three addresses.",
        verdict="secure",
        tlsrpt=(
            "v=TLSRPTv1; rua=mailto:tlsrpt@{domain}, mailto:tlsrpt@healthy-minimal.example,https://mx1.{domain}/in",
        ),
    ),
    Domain(
        name="healthy-https-rua.example",
        shows="Reports are asked for by HTTPS only.",
        verdict="secure",
        tlsrpt=("v=TLSRPTv1;rua=https://mx1.{domain}/tlsrpt/v1",),
    ),
    Domain(
        name="mail.healthy-sub-domain.example",
        shows="A mail domain below another one, with a policy of its own (STS-10).",
        verdict="secure",
    ),
    Domain(
        name="xn--healthy-mller-4ob.example",
        shows="An internationalised domain (healthy-müller.example), in A-labels everywhere.",
        verdict="secure",
    ),
    Domain(
        name="healthy-null-mx.example",
        shows="Takes no mail and says so; publishes nothing else.",
        verdict="none",
        codes={"mx-null": "notice"},
        sts=(),
        web=None,
        tlsrpt=(),
        mx=(),
        records=(("@", "MX", "0 ."),),
    ),
)

_POLICIES = (
    Domain(
        name="healthy-line-feed.example",
        shows="The policy ends its lines with LF, as that of a large provider does (DEV-20).",
        verdict="secure",
        codes={"policy-line-ending": "notice"},
        policy=Policy(end="\n"),
    ),
    Domain(
        name="healthy-key-order.example",
        shows="The policy gives its keys backwards, with blanks at the ends, and lacks the last line end.",
        verdict="secure",
        policy=Policy(body="max_age:604800  \r\nmx:   mx1.{domain}\r\nmode:enforce\t\r\nversion: STSv1"),
    ),
    Domain(
        name="healthy-wildcard.example",
        shows="The pattern is a wildcard for one label below a name for mail hosts only.",
        verdict="secure",
        policy=Policy(mx=("*.mail.{domain}",)),
        mx=(Mx(host="mx1.mail"), Mx(host="mx2.mail", preference=20)),
    ),
    Domain(
        name="healthy-mixed-case.example",
        shows="MX record and pattern spell the host in different case.",
        verdict="secure",
        policy=Policy(mx=("MX1.Healthy-Mixed-Case.example",)),
        mx=(Mx(host="Mx1.HEALTHY-mixed-case.Example."),),
    ),
    Domain(
        name="healthy-largest-policy.example",
        shows="The policy is exactly 65,536 octets long, all that senders read.",
        verdict="secure",
        policy=Policy(body=padded("healthy-largest-policy.example", 65_536)),
    ),
    Domain(
        name="healthy-longest-max-age.example",
        shows="The policy holds for a year, the most there is.",
        verdict="secure",
        policy=Policy(max_age=31_557_600),
    ),
    Domain(
        name="healthy-withdrawn.example",
        shows="The policy is withdrawn as it should be: mode none, for a day, without mx.",
        verdict="none",
        codes={"policy-mode-none": "notice"},
        policy=Policy(mode="none", mx=(), max_age=86_400),
    ),
    _web("chunked", "The policy comes in chunks.", Web(http=Http.CHUNKED)),
    _web("http-1-0", "The policy comes by HTTP/1.0 without a length.", Web(http=Http.HTTP_1_0)),
    _web("charset", "The media type has parameters and capitals.", Web(http=Http.CHARSET)),
    _web("no-close-notify", "The policy host closes without the TLS farewell.", Web(http=Http.NO_CLOSE_NOTIFY)),
    _web("policy-host-tls-1-2", "The policy host speaks TLS 1.2 only.", Web(tls=Tls.ONLY_1_2)),
    _web(
        "policy-host-wildcard",
        "The policy host's certificate is for a wildcard.",
        Web(certificate=Certificate(names=("*.healthy-policy-host-wildcard.example",))),
    ),
)

_HOSTS = (
    Domain(
        name="healthy-equal-preference.example",
        shows="Three MX hosts of equal preference.",
        verdict="secure",
        mx=(Mx(host="mx1"), Mx(host="mx2"), Mx(host="mx3")),
    ),
    Domain(
        name="healthy-two-addresses.example",
        shows="The MX host has two addresses.",
        verdict="secure",
        mx=(Mx(addresses=(Mail(), Mail())),),
    ),
    Domain(
        name="healthy-ipv6.example",
        shows="The MX host has an IPv4 and an IPv6 address.",
        verdict="secure",
        mx=(Mx(addresses=(Mail(), Mail(family=Family.IPV6))),),
    ),
    Domain(
        name="healthy-elsewhere.example",
        shows="The MX hosts belong to a provider in another domain.",
        verdict="secure",
        mx=(Mx(host="mx1.mail-provider.example."), Mx(host="mx2.mail-provider.example.", preference=20)),
    ),
    _mail("tls-1-2", "The MX host speaks TLS 1.2 only.", Mail(tls=Tls.ONLY_1_2)),
    _mail("tls-1-3", "The MX host speaks TLS 1.3 only.", Mail(tls=Tls.ONLY_1_3)),
    _mail("greeting", "The MX host greets in three lines.", Mail(smtp=Smtp.MULTI_LINE_GREETING)),
    _mail("slow-greeting", "The MX host takes two seconds to greet.", Mail(smtp=Smtp.SLOW_GREETING)),
    _mail("lower-case", "The MX host offers `starttls` in lower case.", Mail(smtp=Smtp.LOWER_CASE)),
    _mail(
        "client-certificate",
        "The MX host asks for a client certificate that may be missing.",
        Mail(tls=Tls.CLIENT_CERTIFICATE),
    ),
    _mail(
        "sni",
        "The MX host shows the right certificate only to those who name it (STS-65).",
        Mail(
            certificate=Certificate(names=("fallback.mail-provider.example",)),
            by_name=(Certificate(names=("mx1.healthy-sni.example",)),),
        ),
    ),
    _mail("rsa", "The certificate has an RSA key.", Mail(certificate=Certificate(key=Key.RSA_2048))),
    _mail(
        "wildcard-certificate",
        "The certificate is for a wildcard.",
        Mail(certificate=Certificate(names=("*.healthy-wildcard-certificate.example",))),
    ),
    _mail("root-sent", "The root is sent with the chain.", Mail(certificate=Certificate(chain=Chain.WITH_ROOT))),
    _mail(
        "cross-signed",
        "The chain holds a stranger, and a second path to a root that nobody trusts.",
        Mail(certificate=Certificate(chain=Chain.WITH_EXTRA)),
    ),
)

_DANE = (
    Domain(
        name="healthy-dane.example",
        shows="DANE-EE and an enforced policy side by side.",
        verdict="secure",
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF,)),),
    ),
    Domain(
        name="healthy-dane-roll-over.example",
        shows="TLSA records for the present key and for the next one.",
        verdict="secure",
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF, Tlsa(3, 1, 1, TlsaOf.OTHER))),),
    ),
    Domain(
        name="healthy-dane-tlsa-cname.example",
        shows="The TLSA name is a CNAME in the signed zone (DANE-11).",
        verdict="secure",
        zone=Zone.SIGNED,
        mx=(Mx(tlsa=(_LEAF,), tlsa_alias="tlsa._dane"),),
    ),
    _dane("dane-only", "DANE-EE alone.", Mx(tlsa=(_LEAF,))),
    _dane("dane-anchor", "DANE-TA alone, for the intermediate.", Mx(tlsa=(Tlsa(2, 0, 1, TlsaOf.INTERMEDIATE),))),
    Domain(
        name="healthy-dane-any-certificate.example",
        shows="DANE-EE with a self-signed certificate for another name that has ended; DANE-EE ignores all of that.",
        verdict="secure",
        codes={
            "mx-certificate-expired": "notice",
            "mx-certificate-name-mismatch": "notice",
            "mx-certificate-self-signed": "notice",
            "sts-record-missing": "notice",
        },
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(
            Mx(
                addresses=(
                    Mail(
                        certificate=Certificate(
                            names=("localhost.localdomain",), validity=Validity.EXPIRED, issuer=Issuer.SELF
                        )
                    ),
                ),
                tlsa=(_LEAF,),
            ),
        ),
    ),
    Domain(
        name="healthy-dane-mx-cname.example",
        shows="The MX host is an alias within the signed zone; TLSA and certificate are the target's (DANE-10).",
        verdict="secure",
        codes={"mx-is-cname": "warning", "sts-record-missing": "notice"},
        zone=Zone.SIGNED,
        sts=(),
        web=None,
        mx=(
            Mx(
                alias="host1",
                addresses=(
                    Mail(
                        certificate=Certificate(
                            names=("host1.healthy-dane-mx-cname.example", "mx1.healthy-dane-mx-cname.example")
                        )
                    ),
                ),
                tlsa=(_LEAF,),
            ),
        ),
    ),
)

ROWS = _RECORDS + _POLICIES + _HOSTS + _DANE
