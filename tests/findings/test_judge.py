"""The judge over observations: which codes at which severity, what each sender does, the verdict (standards 14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.findings.finding import Severity
from strictmx.findings.judge import judge
from strictmx.findings.judge.policy_file import lint
from strictmx.findings.judge.published import CHAIN_SIGNATURE_CHECKS, SIGNATURE_CHECKS, Published
from strictmx.findings.observation import (
    Fetch,
    FetchStage,
    LookupStatus,
    MxHost,
    Observation,
    Probe,
    ProbeStage,
    ReportUri,
)
from strictmx.findings.result import CheckResult, DaneStatus, Verdict
from strictmx.standards import dane
from strictmx.standards.names import Name
from tests.certificates import AT, DAY, authority, issue, server
from tests.findings import seen
from tests.findings.seen import DOMAIN, POLICY, change, fetch, healthy, lookup, mx_host, policy_host, probe, stopped

MX1, MX2 = "mx1.shop.example", "mx2.shop.example"
TESTING = POLICY.replace("enforce", "testing")
Codes = dict[str, str]


def told(result: CheckResult) -> Codes:
    """Codes with their worst severity, `ok` ones left out."""
    found: Codes = {}
    for finding in result.findings:  # worst first
        if finding.severity is not Severity.OK:
            found.setdefault(finding.code, finding.severity.value)
    return found


def with_record(*texts: str) -> Observation:
    return healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", *texts))


def with_others(*others: Fetch, first: Fetch | None = None) -> Observation:
    """A domain whose policy host has further addresses."""
    return healthy(policy_host=policy_host(first or fetch(), others=others))


def with_fetch(**changes: object) -> Observation:
    return healthy(policy_host=policy_host(fetch(**changes)))  # type: ignore[arg-type]


def with_reports(*texts: str) -> Observation:
    return healthy(tlsrpt=lookup(f"_smtp._tls.{DOMAIN}", "TXT", *texts), report_uris=())


def with_mx1(*probes: Probe, policy: str = POLICY) -> Observation:
    return healthy([mx_host(MX1, *probes), mx_host(MX2)], policy=policy)


def shown(certificate_chain: tuple[bytes, ...]) -> Probe:
    return probe(MX1, chain=certificate_chain)


def leaf(*names: str, **changes: object) -> tuple[bytes, ...]:
    return server(seen.intermediate(), *names, **changes).der, seen.intermediate().der


EXPIRED = leaf(MX1, not_after=AT - 2 * DAY)
OTHER = leaf("other.example")
TWO_FAULTS = leaf("other.example", not_after=AT - 2 * DAY)
SOON = leaf(MX1, not_after=AT + 5 * DAY)
LEAF_ONLY = seen.chain(MX1)[:1]
STRANGER = (server(authority("Stranger"), MX1).der,)
SELF = (server(None, MX1).der,)
NO_SAN = (server(seen.intermediate(), subject="mx1.shop.example").der, seen.intermediate().der)

FAULTS = [  # rule, observation, codes, verdict
    ("STS-62", healthy(), {}, Verdict.SECURE),
    # the record
    ("STS-02", with_record(), {"sts-record-missing": "warning"}, Verdict.NONE),
    ("STS-02", with_record("v=STSv1; id=1", "v=STSv1; id=2"), {"sts-record-multiple": "error"}, Verdict.BROKEN),
    ("STS-03", with_record("v=STSv1; id=1-2"), {"sts-record-invalid": "error"}, Verdict.BROKEN),
    ("STS-04", with_record("v=STSv1;"), {"sts-record-no-id": "error"}, Verdict.BROKEN),
    ("STS-04", with_record("id=1; v=STSv1"), {"sts-record-missing": "error"}, Verdict.BROKEN),
    ("STS-04", with_record("v=STSv2; id=1"), {"sts-record-missing": "error"}, Verdict.BROKEN),
    ("STS-04", with_record(f"https://mta-sts.{DOMAIN}/"), {"sts-record-missing": "error"}, Verdict.BROKEN),
    ("STS-02", with_record("v=spf1 -all"), {"sts-record-missing": "warning"}, Verdict.NONE),
    ("STS-02", with_record("v=TLSRPTv1; rua=mailto:a@x.example"), {"sts-record-missing": "warning"}, Verdict.NONE),
    ("RPT-01", with_reports("v=STSv1; id=1;"), {"tlsrpt-record-missing": "warning"}, Verdict.SECURE),
    (
        "RPT-01",
        with_reports("v=tlsrptv1; rua=mailto:a@x.example"),
        {"tlsrpt-record-missing": "warning"},
        Verdict.SECURE,
    ),
    ("STS-05", with_record("v=STSv1; id=1; a=b"), {"sts-record-unknown-field": "notice"}, Verdict.SECURE),
    ("STS-06", with_record("v=STSv1; id=1; id=2"), {"sts-record-unknown-field": "notice"}, Verdict.SECURE),
    ("DEC-03", with_record("v=STSv1 ; id=1"), {"sts-record-invalid": "warning"}, Verdict.SECURE),
    (
        "STS-07",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=1", cnames=("sts.provider.example",))),
        {},
        Verdict.SECURE,
    ),
    (
        "STS-07",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", cnames=("_mta-sts.nowhere.example",))),
        {"sts-record-missing": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-07",  # a wildcard alias of the zone means no record
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", cnames=("www.shop.example",))),
        {"sts-record-missing": "warning"},
        Verdict.NONE,
    ),
    (
        "STS-10",
        change(with_record(), sts_elsewhere=(lookup(DOMAIN, "TXT", "v=STSv1; id=1;"),)),
        {"sts-record-wrong-place": "error"},
        Verdict.BROKEN,
    ),
    # the policy host
    ("STS-40", healthy(policy_host=policy_host(None)), {"policy-host-unresolvable": "error"}, Verdict.BROKEN),
    (
        "STS-41",
        with_fetch(chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT - DAY)),
        {"policy-host-certificate-expired": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-41",
        with_fetch(chain=leaf(f"mta-sts.{DOMAIN}", not_before=AT + DAY)),
        {"policy-host-certificate-not-yet-valid": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-42",
        with_fetch(chain=leaf("provider.example")),
        {"policy-host-certificate-name-mismatch": "error"},
        Verdict.BROKEN,
    ),
    (  # the file of the provider's own domain: nothing is said of it
        "STS-42",
        with_fetch(text=TESTING.replace("shop.example", "provider.example"), chain=leaf("provider.example")),
        {"policy-host-certificate-name-mismatch": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-42",
        with_fetch(text=TESTING + "mx: old.shop.example\r\n", chain=leaf("provider.example")),
        {
            "policy-host-certificate-name-mismatch": "error",
            "policy-mode-testing": "notice",
            "policy-mx-unused": "notice",
        },
        Verdict.BROKEN,
    ),
    ("STS-41", with_others(fetch(address="2001:db8::80")), {}, Verdict.SECURE),
    (  # senders do not try another address once one took the connection
        "STS-41",
        with_others(fetch(address="2001:db8::80", chain=leaf("provider.example"))),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-44",
        with_others(fetch(address="2001:db8::80", status=404)),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-45",
        with_others(fetch(TESTING, address="2001:db8::80")),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (  # the same policy, written otherwise
        "STS-41",
        with_others(fetch(POLICY.replace("\r\n", "\n").replace("mx1", "MX1"), address="2001:db8::80")),
        {},
        Verdict.SECURE,
    ),
    (
        "STS-41",
        with_others(fetch(address="2001:db8::80"), first=fetch(POLICY.replace("enforce", "enforced"))),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-41",
        with_others(
            fetch(address="2001:db8::80"),
            first=fetch(POLICY.replace("mx: mx1.shop.example\r\n", "")),  # as strict, and less
        ),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-41",  # the certificate that ends first counts
        with_others(
            fetch(address="2001:db8::80", chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT + 5 * DAY)), first=fetch()
        ),
        {"policy-host-certificate-expires-soon": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-41",  # wrong everywhere, and for several reasons
        with_others(fetch(address="2001:db8::80", status=404), first=fetch(chain=leaf("provider.example"))),
        {"policy-host-certificate-name-mismatch": "error", "policy-host-addresses-differ": "warning"},
        Verdict.BROKEN,
    ),
    (
        "STS-41",  # in whatever order DNS gives them
        with_others(fetch(address="2001:db8::80"), first=fetch(chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT - DAY))),
        {"policy-host-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "STS-41",  # wrong everywhere is told once
        with_others(
            fetch(address="2001:db8::80", chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT - DAY)),
            first=fetch(chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT - DAY)),
        ),
        {"policy-host-certificate-expired": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-40",  # a sender tries the next address
        with_others(Fetch(FetchStage.CONNECT_REFUSED, "2001:db8::80")),
        {"policy-host-addresses-differ": "notice"},
        Verdict.SECURE,
    ),
    (
        "STS-40",
        with_others(Fetch(FetchStage.NOT_ALLOWED, "10.0.0.1")),
        {"policy-host-addresses-differ": "notice"},
        Verdict.SECURE,
    ),
    ("STS-40", with_others(Fetch(FetchStage.NO_ROUTE, "2001:db8::80")), {}, Verdict.SECURE),
    ("STS-41", with_fetch(chain=leaf(f"*.{DOMAIN}")), {}, Verdict.SECURE),
    (
        "STS-41",
        with_fetch(chain=STRANGER),
        {"policy-host-certificate-untrusted": "error", "policy-host-certificate-name-mismatch": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-41",
        with_fetch(chain=(server(None, f"mta-sts.{DOMAIN}").der,)),
        {"policy-host-certificate-self-signed": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-41",
        with_fetch(chain=seen.chain(f"mta-sts.{DOMAIN}")[:1]),
        {"policy-host-chain-incomplete": "error"},
        Verdict.BROKEN,
    ),
    (
        "TLS-06",
        with_fetch(chain=leaf(f"mta-sts.{DOMAIN}", not_after=AT + 3 * DAY)),
        {"policy-host-certificate-expires-soon": "warning"},
        Verdict.PARTIAL,
    ),
    ("STS-44", with_fetch(status=404), {"policy-host-http-status": "error"}, Verdict.BROKEN),
    ("STS-44", with_fetch(status=304), {"policy-host-http-status": "error"}, Verdict.BROKEN),
    (
        "STS-45",
        with_fetch(status=301, location="https://www.shop.example/"),
        {"policy-host-redirect": "error"},
        Verdict.BROKEN,
    ),
    ("STS-47", with_fetch(media_type="text/html"), {"policy-host-media-type": "error"}, Verdict.BROKEN),
    ("DEC-28", with_fetch(content_encoding="gzip"), {"policy-host-media-type": "error"}, Verdict.BROKEN),
    ("STS-48", with_fetch(stage=FetchStage.TOO_LARGE), {"policy-host-too-large": "error"}, Verdict.BROKEN),
    ("STS-48", with_fetch(stage=FetchStage.TIMEOUT), {"policy-host-timeout": "error"}, Verdict.BROKEN),
    (
        "STS-51",
        with_fetch(stage=FetchStage.CONNECT_REFUSED, chain=()),
        {"policy-host-unreachable": "error"},
        Verdict.BROKEN,
    ),
    (
        "STS-51",
        with_fetch(stage=FetchStage.NOT_ALLOWED, chain=()),
        {"policy-host-unreachable": "error"},
        Verdict.BROKEN,
    ),
    ("STS-43", with_fetch(stage=FetchStage.TLS_FAILED, chain=()), {"policy-host-unreachable": "error"}, Verdict.BROKEN),
    (
        "TLS-07",
        with_fetch(stage=FetchStage.TLS_TOO_OLD, tls_version="TLSv1.1"),
        {"policy-host-tls-too-old": "error"},
        Verdict.BROKEN,
    ),
    # the policy
    (
        "STS-20",
        healthy(policy=POLICY.replace("version: STSv1\r\n", "")),
        {"policy-version": "error", "policy-invalid": "error"},
        Verdict.BROKEN,
    ),
    ("STS-21", healthy(policy=POLICY.replace("enforce", "enforced")), {"policy-mode-invalid": "error"}, Verdict.BROKEN),
    ("STS-68", healthy(policy=TESTING), {"policy-mode-testing": "notice"}, Verdict.TESTING),
    ("STS-69", healthy(policy=POLICY.replace("enforce", "none")), {"policy-mode-none": "notice"}, Verdict.NONE),
    ("STS-30", healthy(policy=POLICY.replace("604800", "3600")), {"policy-max-age-short": "warning"}, Verdict.SECURE),
    ("STS-30", healthy(policy=POLICY.replace("604800", "86400")), {"policy-max-age-short": "notice"}, Verdict.SECURE),
    ("DEC-08", healthy(policy=POLICY.replace("604800", "0")), {"policy-max-age-short": "warning"}, Verdict.SECURE),
    (
        "STS-76",
        healthy(policy="version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"),
        {"policy-mode-none": "notice"},
        Verdict.NONE,
    ),
    (
        "DEC-09",
        healthy(policy=POLICY.replace("604800", "99999999")),
        {"policy-max-age-invalid": "warning"},
        Verdict.SECURE,
    ),
    ("DEC-11", healthy(policy=POLICY + "mx: old.shop.example\r\n"), {"policy-mx-unused": "notice"}, Verdict.SECURE),
    (
        "STS-31",
        healthy(policy=POLICY.replace("mx: mx1", "mx: *")),
        {"policy-wildcard-broad": "warning"},
        Verdict.SECURE,
    ),
    (
        "STS-62",
        healthy(policy=POLICY.replace("mx2.shop.example", "mx3.shop.example")),
        {"mx-not-in-policy": "error", "policy-mx-unused": "notice"},
        Verdict.BROKEN,
    ),
    (
        "STS-62",
        healthy(policy=TESTING.replace("mx: mx2.shop.example\r\n", "")),
        {"mx-not-in-policy": "warning", "policy-mode-testing": "notice"},
        Verdict.PARTIAL,
    ),
    (
        "STS-62",
        healthy(
            [mx_host("a.b.mx.example")],
            policy=POLICY.replace("mx1.shop.example", "*.mx.example").replace("mx: mx2.shop.example\r\n", ""),
        ),
        {"mx-not-in-policy": "error", "policy-wildcard-depth": "error"},
        Verdict.BROKEN,
    ),
    # MX records
    (
        "MX-02",
        healthy([], mx=lookup(DOMAIN, "MX")),
        {"mx-missing": "error", "tlsrpt-record-rua-unresolvable": "warning"},
        Verdict.BROKEN,
    ),
    (
        "MX-03",
        healthy([], mx=lookup(DOMAIN, "MX", status=LookupStatus.NXDOMAIN), report_uris=()),
        {"mx-missing": "error"},
        Verdict.BROKEN,
    ),
    (
        "MX-04",
        seen.without_sts(healthy([], mx=lookup(DOMAIN, "MX", "0 ."), tlsrpt=lookup("x", "TXT"), report_uris=())),
        {"mx-null": "notice"},
        Verdict.NONE,
    ),
    ("MX-04", healthy([], mx=lookup(DOMAIN, "MX", "0 ."), report_uris=()), {"mx-null": "warning"}, Verdict.NONE),
    ("MX-04", change(healthy(), mx=lookup(DOMAIN, "MX", "0 .", f"10 {MX1}")), {"mx-null": "error"}, Verdict.BROKEN),
    (
        "MX-05",
        healthy([mx_host(MX1), MxHost(MX2, 20, a=lookup(MX2, "A"), aaaa=lookup(MX2, "AAAA"))]),
        {"mx-unresolvable": "error"},
        Verdict.BROKEN,
    ),
    (
        "MX-05",
        healthy([mx_host(MX1), MxHost("192.0.2.7", 20)]),
        {"mx-is-ip-address": "error", "policy-mx-unused": "notice"},
        Verdict.BROKEN,
    ),
    (
        "MX-05",
        healthy([mx_host(MX1, a=lookup(MX1, "A", "192.0.2.1", cnames=("real.shop.example",))), mx_host(MX2)]),
        {"mx-is-cname": "warning"},
        Verdict.SECURE,
    ),
    (
        "DEC-31",
        healthy(
            [mx_host(DOMAIN, implicit=True, preference=0)],
            mx=lookup(DOMAIN, "MX"),
            report_uris=(),
            policy=POLICY.replace(MX1, DOMAIN).replace(f"mx: {MX2}\r\n", ""),
        ),
        {"mx-missing": "warning"},
        Verdict.SECURE,
    ),
    # sessions
    ("STS-67", with_mx1(stopped(MX1, ProbeStage.NO_STARTTLS)), {"mx-no-starttls": "error"}, Verdict.BROKEN),
    (
        "STS-68",
        with_mx1(stopped(MX1, ProbeStage.NO_STARTTLS), policy=TESTING),
        {"mx-no-starttls": "warning", "policy-mode-testing": "notice"},
        Verdict.PARTIAL,
    ),
    (
        "SMTP-04",
        with_mx1(stopped(MX1, ProbeStage.STARTTLS_REFUSED, reply="454 no")),
        {"mx-starttls-refused": "error"},
        Verdict.BROKEN,
    ),
    ("SMTP-01", with_mx1(stopped(MX1, ProbeStage.INJECTED)), {"mx-tls-failed": "error"}, Verdict.BROKEN),
    (
        "STS-66",
        with_mx1(probe(MX1, stage=ProbeStage.TLS_TOO_OLD, tls_version="TLSv1.1")),
        {"mx-tls-too-old": "error"},
        Verdict.BROKEN,
    ),
    ("SMTP-06", with_mx1(stopped(MX1, ProbeStage.SILENT)), {"mx-timeout": "warning"}, Verdict.PARTIAL),
    (
        "SMTP-06",
        with_mx1(stopped(MX1, ProbeStage.THROTTLED, reply="421 later")),
        {"mx-throttled": "warning"},
        Verdict.PARTIAL,
    ),
    ("SMTP-06", with_mx1(stopped(MX1, ProbeStage.CONNECT_REFUSED)), {"mx-unreachable": "error"}, Verdict.BROKEN),
    ("SMTP-06", with_mx1(stopped(MX1, ProbeStage.CONNECT_TIMEOUT)), {"mx-unreachable": "warning"}, Verdict.PARTIAL),
    (
        "MX-01",
        with_mx1(probe(MX1), stopped(MX1, ProbeStage.NO_STARTTLS, "192.0.2.2")),
        {"mx-no-starttls": "error", "mx-addresses-differ": "warning"},
        Verdict.BROKEN,
    ),
    (
        "MX-01",
        with_mx1(probe(MX1), stopped(MX1, ProbeStage.CONNECT_REFUSED, "192.0.2.2")),
        {"mx-unreachable": "warning", "mx-addresses-differ": "warning"},
        Verdict.PARTIAL,
    ),
    (
        "MX-01",
        with_mx1(probe(MX1), stopped(MX1, ProbeStage.NO_ROUTE, "2001:db8::1")),
        {"mx-address-not-tested": "notice"},
        Verdict.SECURE,
    ),
    # certificates
    ("STS-63", with_mx1(shown(EXPIRED)), {"mx-certificate-expired": "error"}, Verdict.BROKEN),
    ("STS-63", with_mx1(shown(OTHER)), {"mx-certificate-name-mismatch": "error"}, Verdict.BROKEN),
    (
        "STS-63",
        with_mx1(shown(OTHER), policy=TESTING),
        {"mx-certificate-name-mismatch": "warning", "policy-mode-testing": "notice"},
        Verdict.PARTIAL,
    ),
    (
        "TLS-04",
        with_mx1(shown(TWO_FAULTS)),
        {"mx-certificate-name-mismatch": "error", "mx-certificate-expired": "error"},
        Verdict.BROKEN,
    ),
    ("STS-64", with_mx1(shown(NO_SAN)), {"mx-certificate-no-san": "error"}, Verdict.BROKEN),
    ("TLS-05", with_mx1(shown(LEAF_ONLY)), {"mx-chain-incomplete": "error"}, Verdict.BROKEN),
    ("TLS-05", with_mx1(shown(STRANGER)), {"mx-certificate-untrusted": "error"}, Verdict.BROKEN),
    ("TLS-05", with_mx1(shown(SELF)), {"mx-certificate-self-signed": "error"}, Verdict.BROKEN),
    ("TLS-06", with_mx1(shown(SOON)), {"mx-certificate-expires-soon": "warning"}, Verdict.PARTIAL),
    # TLSRPT
    (
        "RPT-01",
        with_reports("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@c.example"),
        {"tlsrpt-record-multiple": "warning"},
        Verdict.SECURE,
    ),
    ("RPT-02", with_reports("v=TLSRPTv1; x=1"), {"tlsrpt-record-no-rua": "warning"}, Verdict.SECURE),
    ("DEC-12", with_reports("v=TLSRPTv1; rua"), {"tlsrpt-record-invalid": "warning"}, Verdict.SECURE),
    (
        "RPT-03",
        with_reports("v=TLSRPTv1; rua=ftp://x,mailto:a@b.example"),
        {"tlsrpt-record-rua-invalid": "warning"},
        Verdict.SECURE,
    ),
    ("RPT-08", with_reports(), {"tlsrpt-record-missing": "warning"}, Verdict.SECURE),
    (
        "RPT-08",
        seen.without_sts(with_reports()),
        {"tlsrpt-record-missing": "notice", "sts-record-missing": "warning"},
        Verdict.NONE,
    ),
    (
        "RPT-08",
        healthy(
            report_uris=(
                ReportUri(
                    "mailto:a@gone.example",
                    "gone.example",
                    (lookup("gone.example", "MX", status=LookupStatus.NXDOMAIN),),
                ),
            )
        ),
        {"tlsrpt-record-rua-unresolvable": "warning"},
        Verdict.SECURE,
    ),
    (
        "MX-04",  # the host of the address takes no mail, whatever the preference
        healthy(report_uris=(ReportUri("mailto:a@no.example", "no.example", (lookup("no.example", "MX", "10 ."),)),)),
        {"tlsrpt-record-rua-unresolvable": "warning"},
        Verdict.SECURE,
    ),
    # DNS
    (
        "DEC-04",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", status=LookupStatus.SERVFAIL)),
        {"dns-failure": "error"},
        Verdict.BROKEN,
    ),
    (
        "DANE-02",
        healthy(sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", status=LookupStatus.BOGUS)),
        {"dnssec-bogus": "error"},
        Verdict.BROKEN,
    ),
    (
        "DANE-03",
        healthy([], mx=lookup(DOMAIN, "MX", status=LookupStatus.TIMEOUT), report_uris=()),
        {"dns-failure": "error"},
        Verdict.BROKEN,
    ),
]


@pytest.mark.parametrize(("rule", "observation", "codes", "verdict"), FAULTS)
def test_faults(rule: str, observation: Observation, codes: Codes, verdict: Verdict) -> None:
    result = judge(observation)
    assert (told(result), result.verdict) == (codes, verdict)
    assert not any("\\n" in finding.mend for finding in result.findings)  # a line end that was escaped as a fact


# ---- DANE ----------------------------------------------------------------------------------------------------------

KEY = str(dane.make(3, 1, 1, seen.chain(MX1)[0]))
KEY_512 = str(dane.make(3, 1, 2, seen.chain(MX1)[0]))
ISSUER = str(dane.make(2, 0, 1, seen.intermediate().der))
WRONG, WRONG_512, WRONG_ISSUER = "3 1 1 " + "ab" * 32, "3 1 2 " + "ab" * 64, "2 0 1 " + "ab" * 32


def with_tlsa(*tlsa: str, secure_mx: bool = True, chain: tuple[bytes, ...] | None = None) -> Observation:
    """A domain without MTA-STS, with one MX host and these TLSA records."""
    host = seen.signed(MX1, *tlsa, probes=(probe(MX1, chain=chain or seen.chain(MX1)),))
    mx = lookup(DOMAIN, "MX", f"10 {MX1}", secure=secure_mx)
    return seen.without_sts(healthy([host], mx=mx))


def with_expired_twin(observation: Observation) -> Observation:
    """The TLSA record names an expired certificate of the issuing CA's key, which is sent beside the good one."""
    ca = seen.intermediate()
    twin = issue("Test Intermediate", seen.root(), ca=True, key=ca.key, not_after=AT - DAY)
    shown = probe(MX1, chain=(*seen.chain(MX1), twin.der))
    host = seen.signed(MX1, str(dane.make(2, 0, 1, twin.der)), probes=(shown,))
    return change(observation, hosts=(host, *observation.hosts[1:]))  # type: ignore[no-any-return]


def with_alias(*names: str) -> Observation:
    """The MX host is a signed alias whose target has the TLSA record; the certificate is for `names`."""
    target = "mail.shop.example"
    tlsa = lookup(f"_25._tcp.{target}", "TLSA", ISSUER, secure=True)
    signed = seen.signed(MX1, probes=(probe(MX1, chain=leaf(*names)),))
    alias = lookup(MX1, "A", "192.0.2.1", cnames=(target,), secure=True)
    host = change(signed, a=alias, tlsa=(tlsa,), tlsa_base=target)
    return seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True)))


def beside_wildcard(observation: Observation) -> Observation:
    """A wildcard alias of the zone answers at `_mta-sts`."""
    answer = lookup(f"_mta-sts.{DOMAIN}", "TXT", cnames=("www.shop.example",))
    return change(observation, sts=answer)  # type: ignore[no-any-return]


def failing(status: LookupStatus) -> Observation:
    host = change(seen.signed(MX1), tlsa=(lookup(f"_25._tcp.{MX1}", "TLSA", status=status),))
    return seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True)))


BESIDE: Codes = {"sts-record-missing": "notice"}
WEAKLY: Codes = {"sts-record-missing": "warning"}
DANE = [  # rule, observation, codes, verdict, status, whether a DANE sender delivers
    ("DANE-20", with_tlsa(KEY), BESIDE, Verdict.SECURE, DaneStatus.MATCH, True),
    (
        "DANE-06",
        with_tlsa(KEY, secure_mx=False),
        WEAKLY | {"dane-not-signed": "warning"},
        Verdict.PARTIAL,
        DaneStatus.MATCH,
        True,
    ),
    ("DANE-20", with_tlsa(WRONG), BESIDE | {"dane-mismatch": "error"}, Verdict.BROKEN, DaneStatus.MISMATCH, False),
    ("DANE-31", with_tlsa(KEY, WRONG), BESIDE, Verdict.SECURE, DaneStatus.MATCH, True),  # the next key beside this one
    (
        "DANE-31",
        with_tlsa(KEY, WRONG_ISSUER),
        BESIDE | {"dane-mismatch": "warning"},
        Verdict.SECURE,
        DaneStatus.MATCH,
        True,
    ),
    (
        "DANE-19",
        with_tlsa(KEY, WRONG_512),
        BESIDE | {"dane-mismatch": "error"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "DANE-14",
        with_tlsa(str(dane.make(3, 1, 1, EXPIRED[0])), chain=EXPIRED),
        BESIDE | {"mx-certificate-expired": "notice"},
        Verdict.SECURE,
        DaneStatus.MATCH,
        True,
    ),
    ("DANE-15", with_tlsa(ISSUER), BESIDE, Verdict.SECURE, DaneStatus.MATCH, True),
    (
        "DANE-15",
        with_tlsa(ISSUER, chain=LEAF_ONLY),
        BESIDE | {"dane-mismatch": "error", "mx-certificate-untrusted": "notice"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "DANE-15",
        with_tlsa(ISSUER, chain=EXPIRED),
        BESIDE | {"mx-certificate-expired": "error"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "DANE-15",
        with_expired_twin(with_tlsa(ISSUER)),
        BESIDE | {"dane-mismatch": "error"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "STS-73",
        with_expired_twin(healthy()),
        {"dane-mismatch": "error"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "DANE-16",
        with_alias(MX1),
        BESIDE | {"dane-mismatch": "error", "mx-is-cname": "warning"},
        Verdict.BROKEN,
        DaneStatus.MISMATCH,
        False,
    ),
    (
        "DANE-16",
        with_alias(MX1, "mail.shop.example"),
        BESIDE | {"mx-is-cname": "warning"},
        Verdict.SECURE,
        DaneStatus.MATCH,
        True,
    ),
    ("STS-02", beside_wildcard(with_tlsa(KEY)), BESIDE, Verdict.SECURE, DaneStatus.MATCH, True),
    (
        "DANE-16",
        with_tlsa(ISSUER, chain=leaf(DOMAIN)),
        BESIDE | {"mx-certificate-name-mismatch": "notice"},
        Verdict.SECURE,
        DaneStatus.MATCH,
        True,
    ),
    (
        "DANE-13",
        with_tlsa("1 1 1 " + "ab" * 32),
        BESIDE | {"dane-unusable": "warning"},
        Verdict.NONE,
        DaneStatus.UNUSABLE,
        True,
    ),
    (
        "DANE-04",
        failing(LookupStatus.SERVFAIL),
        WEAKLY | {"dane-lookup-failed": "error"},
        Verdict.BROKEN,
        DaneStatus.BOGUS,
        False,
    ),
    ("DANE-02", failing(LookupStatus.BOGUS), WEAKLY | {"dane-bogus": "error"}, Verdict.BROKEN, DaneStatus.BOGUS, False),
    ("DANE-02", with_tlsa(), WEAKLY, Verdict.NONE, DaneStatus.NONE, None),
]


@pytest.mark.parametrize(("rule", "observation", "codes", "verdict", "status", "delivers"), DANE)
def test_dane(
    rule: str, observation: Observation, codes: Codes, verdict: Verdict, status: DaneStatus, delivers: bool | None
) -> None:
    result = judge(observation)
    assert (told(result), result.verdict) == (codes, verdict)
    assert (result.mx[0].dane.status, result.mx[0].delivers.dane) == (status, delivers)


@pytest.mark.parametrize(("validating", "severity"), [(True, "warning"), (False, "notice")])
def test_tlsa_in_an_unsigned_zone(validating: bool, severity: str) -> None:  # DANE-01, DANE-35
    host = mx_host(MX1, tlsa=(lookup(f"_25._tcp.{MX1}", "TLSA", WRONG),))
    result = judge(seen.without_sts(healthy([host], validating=validating)))
    assert told(result)["dane-not-signed"] == severity
    assert result.mx[0].dane.status is DaneStatus.INSECURE
    assert result.mx[0].delivers.dane is None


def test_tlsa_that_fails_in_an_unsigned_zone_harms_nobody() -> None:  # DANE-09, DEV-25
    host = mx_host(MX1, tlsa=(lookup(f"_25._tcp.{MX1}", "TLSA", status=LookupStatus.SERVFAIL),))
    assert judge(healthy([host, mx_host(MX2)])).verdict is Verdict.SECURE


def test_dane_does_not_excuse_an_enforced_policy() -> None:  # DEC-19, STS-73
    host = seen.signed(MX1, str(dane.make(3, 1, 1, OTHER[0])), probes=(probe(MX1, chain=OTHER),))
    result = judge(healthy([host, mx_host(MX2)]))
    assert told(result) == {"mx-certificate-name-mismatch": "error"}
    assert (result.mx[0].delivers.sts, result.mx[0].delivers.dane) == (False, True)


# ---- what each kind of sender does ---------------------------------------------------------------------------------

DELIVERS = [  # rule, session, sts, plain
    ("STS-67", probe(MX1), True, True),
    ("STS-67", shown(EXPIRED), False, True),
    ("STS-67", stopped(MX1, ProbeStage.NO_STARTTLS), False, True),
    ("SMTP-04", stopped(MX1, ProbeStage.HANDSHAKE_FAILED), False, True),
    ("SMTP-06", stopped(MX1, ProbeStage.CONNECT_REFUSED), False, False),
    ("SMTP-06", stopped(MX1, ProbeStage.SILENT), False, False),
    ("SMTP-06", stopped(MX1, ProbeStage.THROTTLED), None, None),
    ("SMTP-06", stopped(MX1, ProbeStage.NO_ROUTE), None, None),
]


@pytest.mark.parametrize(("rule", "session", "sts", "plain"), DELIVERS)
def test_delivers(rule: str, session: Probe, sts: bool | None, plain: bool | None) -> None:
    answer = judge(with_mx1(session)).mx[0].delivers
    assert (answer.sts, answer.dane, answer.plain) == (sts, None, plain)


def test_the_worst_address_speaks_for_the_host() -> None:
    result = judge(with_mx1(probe(MX1), probe(MX1, "192.0.2.2", chain=EXPIRED)))
    assert result.mx[0].delivers.sts is False
    assert result.mx[0].certificate is not None
    assert result.mx[0].certificate.faults == ("mx-certificate-expired",)
    assert [address.findings for address in result.mx[0].addresses] == [(), ("mx-certificate-expired",)]
    message = next(finding.message for finding in result.findings if finding.code == "mx-certificate-expired")
    assert "192.0.2.2" in message


def test_blocked_port_25_says_nothing_about_the_domain() -> None:
    sessions = [mx_host(name, stopped(name, ProbeStage.CONNECT_TIMEOUT)) for name in (MX1, MX2)]
    result = judge(healthy(sessions))
    assert told(result) == {"mx-unreachable": "warning"}
    assert len(result.findings) == 1
    assert "blocked" in result.findings[0].message
    assert result.verdict is Verdict.PARTIAL
    assert result.mx[0].delivers.plain is None


def test_nothing_answered_is_one_finding() -> None:
    dead = LookupStatus.TIMEOUT
    observation = healthy(
        [],
        mx=lookup(DOMAIN, "MX", status=dead),
        sts=lookup("x", "TXT", status=dead),
        tlsrpt=lookup("y", "TXT", status=dead),
        policy_host=policy_host(None, a=lookup("z", "A", status=dead), aaaa=lookup("z", "AAAA", status=dead)),
    )
    result = judge(observation)
    assert [finding.code for finding in result.findings] == ["dns-failure"]
    assert result.verdict is Verdict.BROKEN


def test_none_that_stood_for_months_is_stale() -> None:
    none = POLICY.replace("enforce", "none")
    then = (AT - timedelta(days=90)).strftime("%Y%m%d")
    stale = healthy(policy=none, sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", f"v=STSv1; id={then}T0900;"))
    fresh = healthy(policy=none, sts=lookup(f"_mta-sts.{DOMAIN}", "TXT", f"v=STSv1; id={AT:%Y%m%d%H%M%S};"))
    assert told(judge(stale))["policy-none-stale"] == "warning"
    assert "policy-none-stale" not in told(judge(fresh))


def test_the_missing_issuer_is_named() -> None:  # TLS-05
    result = judge(with_mx1(shown(LEAF_ONLY)))
    assert "Test Intermediate" in result.findings[0].message


def test_json_has_the_keys_of_the_contract() -> None:
    document = judge(healthy()).to_json()
    assert list(document) == [
        "domain",
        "verdict",
        "findings",
        "sts",
        "tlsrpt",
        "mx",
        "dnssec",
        "observed_at",
        "elapsed_ms",
        "related",
    ]
    assert list(document["sts"]) == ["record", "policy", "fetch"]
    assert list(document["mx"][0]) == [
        "host",
        "preference",
        "matches_policy",
        "starttls",
        "tls_version",
        "certificate",
        "dane",
        "delivers",
        "addresses",
    ]
    assert document["observed_at"] == AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert document["dnssec"] == {"mx": False, "addresses": False}


TEXTS = st.text(max_size=30)


@given(
    st.lists(TEXTS, max_size=3),
    st.lists(TEXTS, max_size=3),
    TEXTS,
    st.sampled_from(ProbeStage),
    st.lists(st.binary(max_size=40), max_size=3),
)
def test_anything_seen_can_be_judged(
    sts: list[str], reports: list[str], body: str, stage: ProbeStage, certificates: list[bytes]
) -> None:
    hostile = probe(MX1, stage=stage, chain=tuple(certificates), reply=body, detail=body)
    observation = healthy(
        [mx_host(MX1, hostile), MxHost(body, 5)],
        sts=lookup("x", "TXT", *sts),
        tlsrpt=lookup("y", "TXT", *reports),
        policy_host=policy_host(fetch(body, chain=tuple(certificates), location=body, media_type=body)),
    )
    result = judge(observation)
    assert result.verdict in Verdict
    assert all(finding.message.isprintable() for finding in result.findings)


# ---- addresses of one host that differ ----------------------------------------------------------------------------


def messages(result: CheckResult, code: str) -> list[str]:
    return [finding.message for finding in result.findings if finding.code == code]


def test_unlike_faults_of_one_code_are_told_apart() -> None:
    sessions = [
        stopped(MX1, ProbeStage.CONNECT_TIMEOUT, "192.0.2.1"),
        stopped(MX1, ProbeStage.REJECTED, "192.0.2.2", reply="554 no"),
    ]
    first, second = messages(judge(with_mx1(*sessions)), "mx-unreachable")
    assert ("192.0.2.1" in first, "192.0.2.2" in first) == (True, False)
    assert ("192.0.2.1" in second, "554 no" in second) == (False, True)


def test_two_certificates_with_one_fault_are_two_findings() -> None:
    old = authority("Old Intermediate", seen.root())
    leaf_chain = server(old, MX1, not_after=AT - DAY).der
    aged = issue("Old Intermediate", seen.root(), ca=True, key=old.key, not_after=AT - 5 * DAY).der
    result = judge(with_mx1(shown((leaf_chain, aged))))
    told_of = messages(result, "mx-certificate-expired")
    assert len(told_of) == 2
    assert not any("192.0.2.1" in message for message in told_of)  # the host has one address; it need not be named


def test_no_other_address_is_promised_where_there_is_none() -> None:
    sessions = [stopped(MX1, ProbeStage.CONNECT_REFUSED, "192.0.2.1"), stopped(MX1, ProbeStage.SILENT, "192.0.2.2")]
    (message,) = messages(judge(healthy([mx_host(MX1, *sessions)])), "mx-unreachable")
    assert "another address" not in message
    assert "only MX host" in message


def test_a_session_that_was_cut_off_says_nothing() -> None:
    late = judge(with_mx1(stopped(MX1, ProbeStage.CUT_OFF)))
    assert told(late) == {"mx-address-not-tested": "notice"}
    assert late.verdict is Verdict.PARTIAL
    assert late.mx[0].delivers.plain is None


def test_dane_that_could_not_be_looked_at_is_no_mismatch() -> None:
    blocked = stopped(MX1, ProbeStage.CONNECT_TIMEOUT)
    host = seen.signed(MX1, KEY, probes=(blocked,))
    result = judge(seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True))))
    assert result.mx[0].dane.status is None
    assert result.verdict is Verdict.PARTIAL
    assert "dane-mismatch" not in told(result)


def test_dane_is_not_blamed_where_it_matches() -> None:  # DANE-14
    host = seen.signed(MX1, str(dane.make(3, 1, 1, EXPIRED[0])), probes=(shown(EXPIRED),))
    (message,) = messages(judge(healthy([host, mx_host(MX2)])), "mx-certificate-expired")
    assert "enforce your policy" in message
    assert "DANE" not in message


def test_a_certificate_that_dane_ee_vouches_for_may_end() -> None:
    host = seen.signed(MX1, str(dane.make(3, 1, 1, SOON[0])), probes=(shown(SOON),))
    signed_mx = lookup(DOMAIN, "MX", f"10 {MX1}", secure=True)
    result = judge(healthy([host], mx=signed_mx, policy=TESTING.replace(f"mx: {MX2}\r\n", "")))
    assert result.verdict is Verdict.SECURE
    assert not any("no sender can verify" in message for message in messages(result, "mx-certificate-expires-soon"))


def test_findings_of_a_hostile_file_are_few() -> None:
    assert len(judge(healthy(policy="x\n" * 32_768)).findings) < 30
    many = POLICY + "".join(f"mx: m{number}.e\r\n" for number in range(6_000))
    assert len(judge(healthy(policy=many)).findings) < 5
    for pattern in ("mx: m{}", "mx: *.m{}", "mx: imap.m{}.e", "mx: *.ess.m{}.barracudanetworks.com"):
        many = POLICY + "".join(f"{pattern.format(number)}\r\n" for number in range(1_500))
        assert len(judge(healthy(policy=many)).findings) < 15


NULLS = [  # rule, MX records, code, severity
    ("MX-04", ["0 ."], "mx-null", "notice"),
    ("MX-04", ["10 ."], "mx-null", "warning"),
    ("MX-04", ["0 .", "0 mx1.shop.example"], "mx-null", "error"),
]


@pytest.mark.parametrize(("rule", "records", "code", "severity"), NULLS)
def test_null_mx(rule: str, records: list[str], code: str, severity: str) -> None:
    observation = seen.without_sts(healthy([], mx=lookup(DOMAIN, "MX", *records), report_uris=()))
    assert told(judge(observation))[code] == severity


def test_a_blank_in_the_tlsrpt_record_is_told() -> None:  # DEC-03
    assert told(judge(with_reports("v=TLSRPTv1 ; rua=mailto:a@b.example"))) == {"tlsrpt-record-invalid": "warning"}


def test_a_mended_tlsrpt_record_keeps_the_addresses_that_work() -> None:
    result = judge(with_reports("v=TLSRPTv1; rua=ftp://x,mailto:a@b.example"))
    assert 'rua=mailto:a@b.example"' in result.findings[0].mend


def test_one_family_whose_look_up_fails_does_not_stop_mail() -> None:  # DANE-03
    host = mx_host(MX1, aaaa=lookup(MX1, "AAAA", status=LookupStatus.SERVFAIL))
    result = judge(healthy([host, mx_host(MX2)]))
    assert told(result) == {"dns-failure": "warning"}
    assert result.verdict is Verdict.SECURE


LINT = [  # rule, file, codes
    ("STS-31", POLICY.replace("mx1.shop.example", "*.com"), {"policy-wildcard-broad": "warning"}),
    (
        "STS-31",
        POLICY.replace("mx1.shop.example", "*.mail.protection.outlook.com"),
        {"policy-wildcard-broad": "notice"},
    ),
    ("STS-30", POLICY.replace("604800", "60480"), {"policy-max-age-short": "warning"}),
    ("STS-30", POLICY.replace("604800", "3155760"), {"policy-max-age-short": "notice"}),
    ("STS-27", POLICY + "MX: mx3.shop.example\r\n", {"policy-invalid": "notice"}),
    ("STS-24", POLICY.replace("mx1.shop.example", "mx_1.shop.example"), {"policy-mx-invalid": "error"}),
    ("STS-48", POLICY + "x: " + "y" * 65_536, {"policy-host-too-large": "error"}),
    ("DEC-06", "", {"policy-not-a-policy": "error"}),
    ("DEC-07", "\ufeff" + POLICY, {"policy-encoding": "error"}),
]


@pytest.mark.parametrize(("rule", "text", "codes"), LINT, ids=range(len(LINT)))
def test_lint(rule: str, text: str, codes: Codes) -> None:
    assert {finding.code: finding.severity.value for finding in lint(text.encode())} == codes


def test_lost_digit_is_named() -> None:
    (finding,) = lint(POLICY.replace("604800", "60480").encode())
    assert "about 17 hours" in finding.message
    assert "604800 is a week" in finding.message


HANGING = [  # rule, session, part of the message
    ("SMTP-06", stopped(MX1, ProbeStage.SILENT, helo=""), "does not greet"),
    ("SMTP-06", stopped(MX1, ProbeStage.SILENT, helo="mx1"), "does not finish its answer"),
    ("SMTP-06", change(stopped(MX1, ProbeStage.SILENT, helo="mx1"), starttls=True), "does not finish the handshake"),
]


@pytest.mark.parametrize(("rule", "session", "part"), HANGING)
def test_a_silent_host_is_told_by_how_far_it_came(rule: str, session: Probe, part: str) -> None:
    assert part in messages(judge(with_mx1(session)), "mx-timeout")[0]


def test_hanging_up_on_starttls_is_a_fault_of_tls() -> None:  # SMTP-04
    session = change(stopped(MX1, ProbeStage.CLOSED), starttls=True)
    assert told(judge(with_mx1(session))) == {"mx-tls-failed": "error"}


def test_addresses_beyond_the_limit_are_told_and_not_vouched_for() -> None:
    result = judge(with_mx1(probe(MX1), stopped(MX1, ProbeStage.LEFT_OUT, "192.0.2.2")))
    assert told(result) == {"mx-address-not-tested": "notice"}
    assert result.verdict is Verdict.PARTIAL


def test_a_refusal_that_may_be_about_us_makes_no_difference_of_addresses() -> None:
    result = judge(with_mx1(probe(MX1), stopped(MX1, ProbeStage.REJECTED, "192.0.2.2", reply="554 no")))
    assert told(result) == {"mx-unreachable": "warning"}


def test_a_policy_host_without_route_from_here_says_nothing_about_the_domain() -> None:
    result = judge(with_fetch(stage=FetchStage.NO_ROUTE, chain=(), status=None))
    assert told(result) == {"policy-host-unreachable": "warning"}
    assert result.verdict is Verdict.PARTIAL


def test_one_family_of_the_policy_host_that_fails_is_a_warning() -> None:
    aaaa = lookup(f"mta-sts.{DOMAIN}", "AAAA", status=LookupStatus.SERVFAIL)
    result = judge(healthy(policy_host=policy_host(fetch(), aaaa=aaaa)))
    assert told(result) == {"dns-failure": "warning"}
    assert result.verdict is Verdict.SECURE


def test_unusable_tlsa_is_told_beside_a_host_without_starttls() -> None:  # DANE-13
    host = seen.signed(MX1, "1 1 1 " + "ab" * 32, probes=(stopped(MX1, ProbeStage.NO_STARTTLS),))
    result = judge(seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True))))
    assert told(result) == BESIDE | {"mx-no-starttls": "error", "dane-unusable": "warning"}


def test_many_hostile_chains_cost_no_more_than_a_few() -> None:
    """Chains that ask for every signature share one budget, counted in checks so that no clock decides."""
    top = authority("Same")
    mesh = tuple(issue("Same", top, ca=True).der for _ in range(15))
    probes = [
        probe(MX1, f"192.0.2.{number}", chain=(server(top, MX1, subject="Same").der, *mesh)) for number in range(1, 17)
    ]
    published = Published(healthy([mx_host(MX1, *probes)], anchors=mesh))
    for one in probes:
        published.examine(one.chain, Name(MX1))
    assert published.budget.left >= 0
    assert published.budget.left <= SIGNATURE_CHECKS - 16


def test_a_large_healthy_domain_stays_within_the_budget() -> None:
    """Each host has a certificate of its own, and TLSA records that lead to the same authority by two ways."""
    ca = seen.intermediate()
    tlsa = str(dane.make(2, 0, 1, ca.der)), str(dane.make(2, 1, 1, ca.der))
    names = [f"mx{number}.shop.example" for number in range(CHAIN_SIGNATURE_CHECKS * 30)]
    hosts = [seen.signed(name, *tlsa) for name in names]
    observation = healthy(hosts, policy=POLICY.replace("mx1.", "*."))
    published = Published(observation)
    for host in hosts:
        assert published.examine(host.probes[0].chain, Name(host.host)).verifies
    spent = SIGNATURE_CHECKS + CHAIN_SIGNATURE_CHECKS * (len(hosts) + 1) - published.budget.left
    assert spent == len(hosts) + 1  # each leaf's signature, and the authority's once
    assert judge(observation).verdict is Verdict.SECURE


def test_the_same_chain_is_examined_once() -> None:
    published = Published(healthy())
    first = published.examine(seen.chain(MX1), Name(MX1))
    left = published.budget.left
    assert published.examine(seen.chain(MX1), Name(MX1)) is first
    assert published.budget.left == left


def test_the_record_that_decides_is_of_the_same_kind() -> None:  # DANE-19
    other = "2 0 2 " + "ab" * 64
    result = judge(with_tlsa(other, KEY, WRONG_512))
    told_of = next(finding for finding in result.findings if finding.code == "dane-mismatch")
    assert "3 1 2" in told_of.message
    assert "2 0 2" not in told_of.message


def test_addresses_differ_only_by_what_harms() -> None:  # DANE-14: a self-signed certificate is none beside TLSA
    own = str(dane.make(3, 1, 1, SELF[0]))
    probes = probe(MX1, chain=seen.chain(MX1)), probe(MX1, "192.0.2.2", chain=SELF)
    host = seen.signed(MX1, KEY, own, probes=probes)
    result = judge(seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True))))
    assert "mx-addresses-differ" not in told(result)
    assert result.verdict is Verdict.SECURE


def test_unusable_tlsa_excuses_no_certificate() -> None:  # DANE-13
    assert told(judge(with_tlsa("2 1 1 abcd", chain=SELF)))["mx-certificate-self-signed"] == "warning"


def test_dane_status_is_that_of_the_worst_address() -> None:  # DANE-20
    bare = stopped(MX1, ProbeStage.NO_STARTTLS, "192.0.2.2")
    host = seen.signed(MX1, KEY, probes=(probe(MX1), bare))
    result = judge(seen.without_sts(healthy([host], mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True))))
    assert (result.mx[0].dane.status, result.mx[0].delivers.dane) == (DaneStatus.MISMATCH, False)


MISSPELT = [  # rule, line to write wrong, how it is written, the line that the mend gives
    ("STS-20", "version: STSv1", "Version: STSv1", "version: STSv1"),
    ("STS-20", "mode: enforce", "Mode: enforce", "mode: enforce"),
    ("STS-20", "max_age: 604800", "max-age: 604800", "max_age: 604800"),
    ("STS-22", "mx: mx1.shop.example", "mxs: mx1.shop.example", "mx: mx1.shop.example"),
]


@pytest.mark.parametrize(("rule", "right", "wrong", "mended"), MISSPELT)
def test_the_mend_of_a_misspelt_key_keeps_its_value(rule: str, right: str, wrong: str, mended: str) -> None:
    one_host = POLICY.replace("mx: mx2.shop.example\r\n", "")
    findings = [one for one in lint(one_host.replace(right, wrong).encode()) if one.severity is Severity.ERROR]
    assert any(f"\n{mended}\n" in one.mend for one in findings), rule


def test_a_control_character_is_to_be_removed() -> None:  # DEC-07
    (finding,) = [one for one in lint(POLICY.encode() + b"x: a\x1bb\r\n") if one.severity is Severity.ERROR]
    assert finding.mend.startswith("Remove the control character from line 6")
