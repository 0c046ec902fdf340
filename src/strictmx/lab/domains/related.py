"""Domains for `check --related`: healthy in their transport, each with one thing beside it that is at fault.

All have DANE beside an enforced policy, an SPF, a DMARC and a CAA record; a row says what it has in place of one.
"""

from __future__ import annotations

from typing import Any

from strictmx.lab.model import Certificate, DnsFault, Domain, Issuer, Mail, Mx, Tlsa, Web, Zone

Records = tuple[tuple[str, str, str], ...]

_RSA_2048 = (  # in two strings, since one holds 255 octets
    '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA5OSJO1rh9O2TFi1gVlw4YE8a657wT0hgAMInZvwOberj+o8'
    'F2w1iGqt7cfGTvH9k0fWib+iOtLe1a33Ezpp2I4JfuOxyIPzAyTfg2my1mXCVFlY8jvFGqQLAV/JndJQf+vYAl87sXXthhtNbpcpV9QHqXB2R"'
    ' "fWSTJzWWAjBK20g2Y57ZGv0RpfcyPQNfT+Qzet6cTTGZzws3fuklXJPjMIZeehYrnensPU3rTklcxPMr+Cmn4t5GuaKrZQV+ZiBnLAGpjNQC'
    'ajcG4x7+GvbfumsjiT9qeEZIaNum+i8G925O2kzegJs2D0Vk/JmYgf8DLuc5i4Ga2yOXMwqUgQZd9wIDAQAB"'
)
_RSA_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDcGQqGwkXylucpdieNPj3Up1GwXGQ17Nxk/sdeNmyV6WHmGNANz0dC0zOmDsOf593Hptzmkw6t"
    "zaTNooJY+9VDhZYYAVg2+0QgA7HmfT+oaEc05tWNmyxmJVzWFNrvcautjSt23Rov0iU8X5Bx8W3LBW2NIFrCAQZQD6yciYoWJQIDAQAB"
)
_RSA_768 = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAL5gfCHwGOz3XwaeJ1AYmfjq5RzkExiGw6GjMTi8+8jWTUPfXbWm+qUzavWeBglGzHk3QkrqEcLb4XBi"
    "0XiVefc/Wp9BMl5hymSYBPiNm51fyVis6iW43/dmDoz4Wcb+KQIDAQAB"
)
_ED25519 = "R5lFxl6pKKdoYd43/n6Pk92jYrHmbPkCFy7d7IVE5Ro="
_LEAF = (Tlsa(3, 1, 1),)
_PUBLIC = Certificate(issuer=Issuer.PUBLIC_NAME)
_LONG = '" "'.join(["v=spf1", *[" ip4:192.0.2.1" * 18] * 64, " -all"])  # 16,000 characters and more
_LOOKUPS = '" "'.join(f" a:host{number}.{{domain}}" for number in range(11))


def _row(
    name: str,
    shows: str,
    *related: str,
    spf: tuple[str, ...] = ("v=spf1 mx -all",),
    dmarc: tuple[str, ...] = ("v=DMARC1; p=reject; rua=mailto:dmarc@{domain}",),
    caa: tuple[str, ...] = ('0 issue "letsencrypt.org"',),
    records: Records = (),
    **changes: Any,
) -> Domain:
    """A domain that shows these notices. spf, dmarc: TXT at the domain and at `_dmarc`; caa: at the domain."""
    whole: dict[str, Any] = {"verdict": "secure", "zone": Zone.SIGNED, "mx": (Mx(tlsa=_LEAF),)} | changes
    return Domain(
        name=f"{name}.example",
        shows=shows,
        related=related,
        records=(
            *(("@", "TXT", f'"{text}"') for text in spf),
            *(("_dmarc", "TXT", f'"{text}"') for text in dmarc),
            *(("@", "CAA", text) for text in caa),
            *records,
        ),
        **whole,
    )


def _key(name: str, shows: str, *related: str, record: str) -> Domain:
    """A domain with a DKIM key record at the selector `s1`, which is what it shows."""
    return _row(name, shows, *related, records=(("s1._domainkey", "TXT", record),), selectors=("s1",))


ROWS = (
    _row(
        "healthy-related",
        "SPF, DMARC, two DKIM keys, CAA and DNSSEC are all in order.",
        spf=("v=spf1 mx include:_spf.{domain} exp=explain.{domain} -all",),
        records=(
            ("_spf", "TXT", '"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ?all"'),
            ("s1._domainkey", "TXT", _RSA_2048),
            ("ed._domainkey", "TXT", f'"v=DKIM1; k=ed25519; p={_ED25519}"'),
        ),
        selectors=("s1", "ed"),
    ),
    _row(
        "below.healthy-related",
        "The DMARC record of the domain above counts (RFC 9989 section 4.10).",
        dmarc=(),
    ),
    _row(
        "healthy-related-no-mail",
        "A domain without mail says so in MX, SPF and DMARC.",
        spf=("v=spf1 -all",),
        dmarc=("v=DMARC1; p=reject",),
        records=(("@", "MX", "0 ."),),
        verdict="none",
        codes={"mx-null": "notice"},
        sts=(),
        web=None,
        tlsrpt=(),
        mx=(),
    ),
    _row("spf-missing", "There is no SPF record.", "spf-missing", spf=()),
    _row(
        "spf-missing-no-mail",
        "A domain without mail has neither an SPF nor a DMARC record.",
        "spf-missing",
        "dmarc-missing",
        spf=(),
        dmarc=(),
        records=(("@", "MX", "0 ."),),
        verdict="none",
        codes={"mx-null": "notice"},
        sts=(),
        web=None,
        tlsrpt=(),
        mx=(),
    ),
    _row("spf-multiple", "There are two SPF records.", "spf-multiple", spf=("v=spf1 mx -all", "v=spf1 a -all")),
    _row("spf-invalid", "An address of the SPF record is cut off.", "spf-invalid", spf=("v=spf1 ip4:192.0.2 -all",)),
    _row(
        "spf-invalid-include",
        "The SPF record includes a name that has none.",
        "spf-invalid",
        spf=("v=spf1 mx include:_spf.{domain} -all",),
    ),
    _row(
        "spf-invalid-loop",
        "The SPF record includes one that includes it.",
        "spf-invalid",
        spf=("v=spf1 include:_spf.{domain} -all",),
        records=(("_spf", "TXT", '"v=spf1 include:{domain} -all"'),),
    ),
    _row(
        "spf-too-many-lookups",
        "An included SPF record takes eleven look-ups.",
        "spf-too-many-lookups",
        spf=("v=spf1 include:_spf.{domain} -all",),
        records=(("_spf", "TXT", f'"v=spf1{_LOOKUPS}"'), *((f"host{n}", "A", "192.0.2.1") for n in range(11))),
    ),
    _row(
        "spf-too-many-lookups-void",
        "The SPF record names three hosts that are gone.",
        "spf-too-many-lookups",
        spf=("v=spf1 a:one.{domain} a:two.{domain} a:three.{domain} -all",),
    ),
    _row("spf-permissive", "The SPF record passes every sender.", "spf-permissive", spf=("v=spf1 mx +all",)),
    _row("spf-permissive-neutral", "The SPF record has no `all`.", "spf-permissive", spf=("v=spf1 mx",)),
    _row(
        "spf-permissive-address",
        "The SPF record passes every address.",
        "spf-permissive",
        spf=("v=spf1 ip4:0.0.0.0/0 -all",),
    ),
    _row(
        "spf-permissive-no-mail",
        "A domain without mail has an SPF record that lets others send.",
        "spf-permissive",
        spf=("v=spf1 ?all",),
        dmarc=("v=DMARC1; p=reject",),
        records=(("@", "MX", "0 ."),),
        verdict="none",
        codes={"mx-null": "notice"},
        sts=(),
        web=None,
        tlsrpt=(),
        mx=(),
    ),
    _row(
        "spf-invalid-quotes",
        "The SPF record stands in quotes of its own.",
        "spf-invalid",
        spf=('\\"v=spf1 mx -all\\"',),
    ),
    _row("spf-not-evaluated", "The SPF record is longer than is read.", "spf-not-evaluated", spf=(_LONG,)),
    _row(
        "spf-lookup-failed-address",
        "SERVFAIL for a host that the SPF record names.",
        "spf-lookup-failed",
        spf=("v=spf1 a:dead.{domain} -all",),
        faults=(("dead", "A", DnsFault.SERVFAIL), ("dead", "AAAA", DnsFault.SERVFAIL)),
    ),
    _row(
        "spf-lookup-failed",
        "SERVFAIL for a record that SPF includes.",
        "spf-lookup-failed",
        spf=("v=spf1 mx include:_spf.{domain} -all",),
        faults=(("_spf", "TXT", DnsFault.SERVFAIL),),
    ),
    _row("dmarc-missing", "There is no DMARC record.", "dmarc-missing", dmarc=()),
    _row(
        "dmarc-multiple",
        "There are two DMARC records.",
        "dmarc-multiple",
        dmarc=("v=DMARC1; p=reject", "v=DMARC1; p=none"),
    ),
    _row("dmarc-invalid", "The DMARC policy is none that there is.", "dmarc-invalid", dmarc=("v=DMARC1; p=block",)),
    _row(
        "dmarc-invalid-tag",
        "A tag of the DMARC record is faulty; its policy stands.",
        "dmarc-invalid",
        dmarc=("v=DMARC1; p=reject; rua=mailto:dmarc@{domain}; fo=z",),
    ),
    _row(
        "dmarc-invalid-commas",
        "Commas stand between the tags, so it is no DMARC record.",
        "dmarc-invalid",
        dmarc=("v=DMARC1, p=reject",),
    ),
    _row(
        "dmarc-policy-none-unseen",
        "The DMARC policy asks for nothing, and nobody gets reports.",
        "dmarc-policy-none",
        dmarc=("v=DMARC1; p=none",),
    ),
    _row(
        "dmarc-policy-none-testing",
        "The DMARC policy is marked as a test.",
        "dmarc-policy-none",
        dmarc=("v=DMARC1; p=quarantine; t=y; rua=mailto:dmarc@{domain}",),
    ),
    _row(
        "dmarc-policy-none",
        "The DMARC policy asks for nothing.",
        "dmarc-policy-none",
        dmarc=("v=DMARC1; p=none; rua=mailto:dmarc@{domain}",),
    ),
    _row(
        "dmarc-lookup-failed",
        "SERVFAIL for the DMARC record.",
        "dmarc-lookup-failed",
        dmarc=(),
        faults=(("_dmarc", "TXT", DnsFault.SERVFAIL),),
    ),
    _row("dkim-missing", "There is no key at the selector `s1`.", "dkim-missing", selectors=("s1",)),
    _key("dkim-invalid", "The DKIM key is cut off.", "dkim-invalid", record=f'"v=DKIM1; p={_RSA_1024[:150]}"'),
    _key("dkim-revoked", "The DKIM key was revoked.", "dkim-revoked", record='"v=DKIM1; p="'),
    _key("dkim-weak", "The DKIM key is RSA 1024.", "dkim-weak", record=f'"v=DKIM1; k=rsa; p={_RSA_1024}"'),
    _key("dkim-weak-768", "The DKIM key is RSA 768.", "dkim-weak", record=f'"v=DKIM1; k=rsa; p={_RSA_768}"'),
    _key(
        "dkim-testing",
        "The DKIM key is marked as a test.",
        "dkim-testing",
        record=f'"v=DKIM1; t=y; k=ed25519; p={_ED25519}"',
    ),
    _row(
        "dkim-lookup-failed",
        "SERVFAIL for the DKIM key at the selector `s1`.",
        "dkim-lookup-failed",
        faults=(("s1._domainkey", "TXT", DnsFault.SERVFAIL),),
        selectors=("s1",),
    ),
    _row("caa-missing", "There is no CAA record.", "caa-missing", caa=()),
    _row(
        "caa-missing-issue",
        "The CAA record says where to complain, not who may issue.",
        "caa-missing",
        caa=('0 iodef "mailto:a@{domain}"',),
    ),
    _row(
        "caa-excludes-issuer-critical",
        "A critical CAA record that no authority knows forbids all of them.",
        "caa-excludes-issuer",
        caa=('0 issue "letsencrypt.org"', '128 tbs "x"'),
        web=Web(certificate=_PUBLIC),
    ),
    _row(
        "caa-excludes-issuer",
        "The policy host's authority, by its name Let's Encrypt, is not allowed to issue again.",
        "caa-excludes-issuer",
        caa=('0 issue "ca.example"',),
        web=Web(certificate=_PUBLIC),
    ),
    _row(
        "caa-excludes-issuer-wildcard",
        "The MX host's wildcard certificate cannot be renewed: `issuewild` forbids it.",
        "caa-excludes-issuer",
        caa=('0 issue "letsencrypt.org"', '0 issuewild ";"'),
        mx=(
            Mx(
                addresses=(
                    Mail(
                        certificate=Certificate(
                            names=("*.caa-excludes-issuer-wildcard.example",), issuer=Issuer.PUBLIC_NAME
                        )
                    ),
                ),
                tlsa=_LEAF,
            ),
        ),
    ),
    _row(
        "caa-lookup-failed",
        "SERVFAIL for CAA of the policy host.",
        "caa-lookup-failed",
        faults=(("mta-sts", "CAA", DnsFault.SERVFAIL),),
    ),
    _row("dnssec-missing", "The zone is not signed.", "dnssec-missing", zone=Zone.UNSIGNED, mx=(Mx(),)),
    _row(
        "dnssec-missing-at-host",
        "The domain is signed, the zone of its MX host is not.",
        "dnssec-missing",
        mx=(Mx(host="mx1.dnssec-missing.example.", addresses=()),),
    ),
    _row("dane-missing", "Everything is signed, and there is no TLSA record.", "dane-missing", mx=(Mx(),)),
    _row(
        "dane-missing-elsewhere",
        "Everything is signed, and there is no TLSA record at the MX host, which somebody else runs.",
        "dane-missing",
        mx=(Mx(host="mx1.dane-missing.example.", addresses=()),),
    ),
)
