"""Judging what belongs beside the security of transport."""

from __future__ import annotations

import json

import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from strictmx.findings.catalogue import RELATED
from strictmx.findings.finding import Finding, Severity
from strictmx.findings.judge import judge
from strictmx.findings.observation import Lookup, LookupStatus, Observation, ProbeStage, Related
from tests.certificates import authority, server
from tests.findings import seen
from tests.findings.seen import change, lookup
from tests.standards.test_dkim import rsa_key

DOMAIN, MX1, MX2 = seen.DOMAIN, "mx1.shop.example", "mx2.shop.example"
GOOD_SPF, GOOD_DMARC = "v=spf1 mx -all", "v=DMARC1; p=reject"
GOOD_KEY, GOOD_CAA = f"v=DKIM1; p={rsa_key(2048)}", "0 issue ca.example"
SERVFAIL = LookupStatus.SERVFAIL


def spf(*records: str, status: LookupStatus | None = None) -> tuple[Lookup, ...]:
    """The domain's answer and what these records lead to: `a.example` has the second, `b.example` the third."""
    names = (DOMAIN, "a.example", "b.example")
    answers = [lookup(name, "TXT", record) for name, record in zip(names, records, strict=False)]
    return (
        *(answers or [lookup(DOMAIN, "TXT", status=status)]),
        *(lookup(name, "TXT") for name in names[max(1, len(records)) :]),
        lookup(DOMAIN, "MX", f"10 {MX1}"),
        lookup(MX1, "A", "192.0.2.1"),
        lookup(MX1, "AAAA"),
    )


def observation(
    spf: tuple[Lookup, ...] = spf(GOOD_SPF),
    dmarc: str | Lookup | None = GOOD_DMARC,
    dkim: str | Lookup | None = GOOD_KEY,
    caa: str | Lookup | None = GOOD_CAA,
    base: Observation | None = None,
) -> Observation:
    """A domain with everything in order beside it, in a signed zone with TLSA records; each test changes one thing."""

    def answer(name: str, kind: str, given: str | Lookup | None) -> Lookup:
        return given if isinstance(given, Lookup) else lookup(name, kind, *([given] if given is not None else ()))

    related = Related(
        spf=spf,
        dmarc=(answer(f"_dmarc.{DOMAIN}", "TXT", dmarc), lookup("_dmarc.example", "TXT")),
        dkim=(answer(f"s1._domainkey.{DOMAIN}", "TXT", dkim),),
        caa=(
            *(lookup(f"{host}.{DOMAIN}", "CAA") for host in ("mta-sts", "mx1", "mx2")),
            answer(DOMAIN, "CAA", caa),
            lookup("example", "CAA"),
        ),
    )
    return change(base or signed(), related=related)  # type: ignore[no-any-return]


def signed(tlsa: str = "3 1 1 " + "ab" * 32) -> Observation:
    hosts = [seen.signed(host, *([tlsa] if tlsa else ())) for host in (MX1, MX2)]
    good = seen.healthy(hosts)
    return change(good, mx=change(good.mx, secure=True))  # type: ignore[no-any-return]


def without_tls() -> Observation:
    """A signed domain whose MX hosts offer no STARTTLS."""
    good = signed("")
    stopped = [
        change(host, probes=tuple(seen.stopped(host.host, ProbeStage.NO_STARTTLS) for _ in host.probes))
        for host in good.hosts
    ]
    return change(good, hosts=tuple(stopped))  # type: ignore[no-any-return]


def issued_by_lets_encrypt(*names: str) -> Observation:
    """The signed domain, with certificates of a known authority at these hosts, of an unknown one at the others."""
    known = authority(
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Let's Encrypt"),
                x509.NameAttribute(NameOID.COMMON_NAME, "R10"),
            ]
        ),
        seen.root(),
    )
    good = signed()
    hosts = [
        change(host, probes=(seen.probe(host.host, chain=(server(known, host.host).der, known.der)),))
        if host.host in names
        else host
        for host in good.hosts
    ]
    name = f"mta-sts.{DOMAIN}"
    fetch = seen.fetch(chain=(server(known, name).der, known.der)) if name in names else seen.fetch()
    return change(good, hosts=tuple(hosts), policy_host=seen.policy_host(fetch))  # type: ignore[no-any-return]


def notices(observed: Observation) -> list[Finding]:
    return [finding for finding in judge(observed, related=True).findings if finding.code in RELATED]


def null_mx() -> Observation:
    return seen.healthy([], mx=lookup(DOMAIN, "MX", "0 ."), tlsrpt=lookup("_smtp._tls.shop.example", "TXT"))


def failing(name: str, kind: str) -> Lookup:
    return lookup(name, kind, status=SERVFAIL)


CASES = [  # what is seen, codes, part of the message, part of the mend
    (observation(), [], "", ""),
    (observation(spf()), ["spf-missing"], "no SPF record", f'{DOMAIN}. 3600 IN TXT "v=spf1 mx ~all"'),
    (
        observation(spf(), base=null_mx(), caa=None),
        ["spf-missing", "caa-missing"],
        "takes no mail",
        '3600 IN TXT "v=spf1 -all"',
    ),
    (observation((lookup(DOMAIN, "TXT", GOOD_SPF, "v=spf1 ~all"),)), ["spf-multiple"], "has 2 SPF", "Keep one"),
    (observation(spf("v=spf1 ip4:x -all")), ["spf-invalid"], "holds `ip4:x`", "ip4:192.0.2.0/24"),
    (observation(spf("v=spf1 -all exp=")), [], "", ""),  # an explanation is never judged
    (observation(spf("v=spf1 all:x -all")), ["spf-invalid"], "`all:x`", ""),
    (observation(spf("v=spf1 include:a.example -all")), ["spf-invalid"], "leads to a.example", "names a.example"),
    (
        observation(spf("v=spf1 include:a.example -all", "v=spf1 include:shop.example")),
        ["spf-invalid"],
        "includes itself",
        "leads back",
    ),
    (
        observation(spf("v=spf1 " + " ".join(f"exists:{n}.example" for n in range(11)))),
        ["spf-too-many-lookups"],
        "more than 10",
        "include",
    ),
    (observation(dmarc="v=DMARC1; p=reject; sp=x"), ["dmarc-invalid"], "`sp=x` in the DMARC", "p=reject; rua="),
    (observation(spf("v=spf1 exists:%{i}.a.example -all")), [], "", ""),
    (
        observation(dmarc="v=DMARC1; p=none; t=y; rua=mailto:a@shop.example"),
        ["dmarc-policy-none"],
        "",
        '"v=DMARC1; p=quarantine; rua=mailto:a@shop.example"',
    ),
    (observation(spf("v=spf1 mx +all")), ["spf-permissive"], "passes every", '"v=spf1 mx ~all"'),
    (observation(spf("v=spf1 mx ?ALL ")), ["spf-permissive"], "says nothing", '"v=spf1 mx ~all "'),
    (observation(spf("v=spf1 mx")), ["spf-permissive"], "says nothing", '"v=spf1 mx ~all"'),
    (observation(spf("v=spf1 redirect=a.example", "v=spf1 +all")), ["spf-permissive"], "of a.example passes", "~all"),
    (observation(spf("v=spf1 mx ~all")), [], "", ""),
    (observation(spf("v=spf1 ip4:0.0.0.0/0 -all")), ["spf-permissive"], "holds `ip4:0.0.0.0/0`", "Take that term out"),
    (observation(spf("v=spf1 +all"), base=null_mx()), ["spf-permissive"], "takes no mail", '"v=spf1 -all"'),
    (observation(spf('"v=spf1 mx -all"')), ["spf-invalid"], '`"v=spf1 mx -all"` at', 'TXT "v=spf1 mx -all"'),
    (observation(spf("v=spf1 mx\t-all")), ["spf-invalid"], "`mx<U+0009>-all`", ""),
    (observation(()), ["spf-not-evaluated"], "was not looked at", ""),
    (observation(spf("v=spf1 " + "ip4:192.0.2.1 " * 2_000)), ["spf-not-evaluated"], "longer than 16000", ""),
    (
        observation((lookup(DOMAIN, "TXT", "v=spf1 a:a.example -all"), failing("a.example", "A"))),
        ["spf-lookup-failed"],
        "question for A of a.example",
        "a.example A`",
    ),
    (
        observation((lookup(DOMAIN, "TXT", *[GOOD_SPF] * 256),)),
        ["spf-multiple"],
        "has at least 256 SPF records",
        "",
    ),
    (observation(spf(status=SERVFAIL)), ["spf-lookup-failed"], f"TXT of {DOMAIN}", f"{DOMAIN} TXT"),
    (
        observation(dmarc=None),
        ["dmarc-missing"],
        "no DMARC record",
        '_dmarc.shop.example. 3600 IN TXT "v=DMARC1; p=none',
    ),
    (
        observation(dmarc=None, base=null_mx(), caa=None),
        ["dmarc-missing", "caa-missing"],
        "takes no mail",
        '"v=DMARC1; p=reject"',
    ),
    (
        observation(dmarc=lookup(f"_dmarc.{DOMAIN}", "TXT", GOOD_DMARC, GOOD_DMARC)),
        ["dmarc-multiple"],
        "more than one",
        "Keep one",
    ),
    (observation(dmarc="v=DMARC1; p=x"), ["dmarc-invalid"], "`v=DMARC1; p=x`, names neither", "v=DMARC1; p=none; rua="),
    (
        observation(dmarc="v=DMARC1; p=reject; rua=mailto:a@b.example; fo=z"),
        ["dmarc-invalid"],
        "holds `fo=z`, which is not valid. Receivers skip it; the policy that they apply is `reject`",
        '"v=DMARC1; p=reject; rua=mailto:a@b.example"',
    ),
    (observation(dmarc="v=DMARC1, p=reject"), ["dmarc-invalid"], "`v=DMARC1, p=reject` at", '"v=DMARC1; p=reject"'),
    (observation(dmarc="v=DMARC1; p=none"), ["dmarc-policy-none"], "nobody learns", "p=none; rua=mailto:dmarc@shop."),
    (observation(dmarc="v=DMARC1; p=quarantine; t=y"), ["dmarc-policy-none"], "`t=y` at", '"v=DMARC1; p=quarantine"'),
    (observation(dmarc="v=DMARC1; p=reject; x\xe2\x80\x9c"), ["dmarc-invalid"], "holds `x<U+201C>`", ""),
    (observation(dmarc="v=DMARC1; p=none; p=none"), ["dmarc-invalid"], "twice: `p=none`", "v=DMARC1; p=none"),
    (
        observation(dmarc="v=DMARC1; sp=none; p=none; rua=mailto:a@b.example"),
        ["dmarc-policy-none"],
        "is `none`",
        '"v=DMARC1; sp=none; p=quarantine; rua=mailto:a@b.example"',
    ),
    (observation(dmarc=failing(f"_dmarc.{DOMAIN}", "TXT")), ["dmarc-lookup-failed"], f"_dmarc.{DOMAIN}", "dig"),
    (observation(dkim=None), ["dkim-missing"], f"s1._domainkey.{DOMAIN}", f"-d {DOMAIN} -s s1"),
    (observation(dkim="v=DKIM1; p=AAAA"), ["dkim-invalid"], "no RSA key", "Publish again"),
    (
        observation(dkim=lookup(f"s1._domainkey.{DOMAIN}", "TXT", GOOD_KEY, GOOD_KEY)),
        ["dkim-invalid"],
        "2 DKIM key records",
        "Keep",
    ),
    (observation(dkim="v=DKIM1; p="), ["dkim-revoked"], "revoked", "NEW-SELECTOR"),
    (observation(dkim=f"p={rsa_key(1024)}"), ["dkim-weak"], "1024 bits. RFC 8301", "-b 2048"),
    (observation(dkim=f"p={rsa_key(1016)}"), ["dkim-weak"], "do not verify", "-b 2048"),
    (observation(dkim=f"{GOOD_KEY}; t=y"), ["dkim-testing"], "t=y", "t=y"),
    (observation(dkim=failing("s1._domainkey.shop.example", "TXT")), ["dkim-lookup-failed"], "no answer", "dig"),
    (observation(caa="128 tbs x"), ["caa-excludes-issuer"], "`128 tbs x` of shop.example is critical", "Remove that"),
    (observation(caa="0 issuewild ca.example"), ["caa-missing"], f"mta-sts.{DOMAIN}, {MX1} and {MX2}", "CAA 0 issue"),
    (observation(caa=None), ["caa-missing"], f"mta-sts.{DOMAIN}, {MX1} and {MX2}", "CAA 0 issue"),
    (observation(caa=failing(DOMAIN, "CAA")), ["caa-lookup-failed"], "(SERVFAIL)", f"{DOMAIN} CAA"),
    (observation(caa="0 issue ;"), [], "", ""),  # the authority is none that is known by name
    (
        observation(base=change(signed(), mx=lookup(DOMAIN, "MX", f"10 {MX1}", f"10 {MX2}"))),
        ["dnssec-missing"],
        f"zone of {DOMAIN} is not signed",
        "DS record",
    ),
    (
        observation(base=change(seen.healthy(), mx=lookup(DOMAIN, "MX", f"10 {MX1}", secure=True))),
        ["dnssec-missing"],
        f"the addresses of {MX1} and {MX2} are not",
        "",
    ),
    (observation(base=change(seen.healthy(), validating=False)), [], "", ""),
    (
        observation(caa=None, base=issued_by_lets_encrypt(MX1, MX2, f"mta-sts.{DOMAIN}")),
        ["caa-missing"],
        "every certificate authority may",
        f'{DOMAIN}. 3600 IN CAA 0 issue "letsencrypt.org"',
    ),
    (  # a record for one of two authorities would forbid the other
        observation(caa=None, base=issued_by_lets_encrypt(MX1)),
        ["caa-missing"],
        "every certificate authority may",
        "for each authority that you use; the name",
    ),
    (observation(base=without_tls()), [], "", ""),  # TLSA there would make senders hold its mail
    (observation(base=signed("")), ["dane-missing"], "no TLSA record", f"_25._tcp.{MX2}. 3600 IN TLSA 3 1 1 "),
    (
        change(observation(spf()), mx=lookup(DOMAIN, "MX", status=LookupStatus.NXDOMAIN), hosts=()),
        [],
        "",
        "",
    ),
]


@pytest.mark.parametrize(("observed", "codes", "message", "mend"), CASES, ids=range(len(CASES)))
def test_notices(observed: Observation, codes: list[str], message: str, mend: str) -> None:
    found = notices(observed)
    assert [finding.code for finding in found] == codes
    assert {finding.severity for finding in found} <= {Severity.NOTICE}
    if found:
        assert message in found[0].message
        assert mend in found[0].mend


@pytest.mark.parametrize("observed", [case[0] for case in CASES], ids=range(len(CASES)))
def test_all_else_is_as_without_them(observed: Observation) -> None:
    """Verdict, worst severity and every other finding: the exit status follows them."""
    without, beside = judge(observed), judge(observed, related=True)
    rest = tuple(finding for finding in beside.findings if finding.code not in RELATED)
    assert without.related is None
    assert msgspec.structs.replace(beside, findings=rest, related=None) == without
    assert (beside.worst is Severity.ERROR) == (without.worst is Severity.ERROR)


def test_a_record_from_above_is_named() -> None:
    related = observation(dmarc=None).related
    assert related is not None
    above = lookup("_dmarc.example", "TXT", "v=DMARC1; p=reject; sp=none")
    [finding] = notices(change(observation(), related=change(related, dmarc=(related.dmarc[0], above))))
    assert finding.code == "dmarc-policy-none"
    assert finding.message.startswith("The DMARC record of example counts for shop.example")
    assert "_dmarc.shop.example. 3600 IN TXT" in finding.mend


def test_what_was_left_out_is_not_told() -> None:
    related = observation().related
    assert related is not None
    left_out = change(related, dmarc=(), dkim=(), caa=tuple(one for one in related.caa if one.name != DOMAIN))
    assert notices(change(observation(), related=left_out)) == []


def test_what_was_not_asked_is_not_told() -> None:
    assert judge(seen.healthy(), related=True).related is None


def test_facts() -> None:
    facts = json.loads(json.dumps(judge(observation(), related=True).to_json()["related"]))
    caa = {"location": DOMAIN, "records": [GOOD_CAA], "issuer": "Test Intermediate", "allowed": None}
    assert facts == {
        "spf": {"record": GOOD_SPF, "lookups": 1, "all": "fail"},
        "dmarc": {"record": GOOD_DMARC, "location": DOMAIN, "policy": "reject", "rua": []},
        "dkim": [{"selector": "s1", "record": GOOD_KEY, "key": "rsa", "bits": 2048, "testing": False}],
        "caa": [{"host": host, **caa} for host in (f"mta-sts.{DOMAIN}", MX1, MX2)],
        "dnssec": {"domain": True, "mx": [{"host": MX1, "signed": True}, {"host": MX2, "signed": True}]},
    }


def test_a_record_that_would_be_cut_is_not_shown() -> None:
    long = "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(40))
    [finding] = notices(observation(spf(long)))
    assert finding.mend == "Let it end in `~all`, and in `-all` once all of your senders are named:"
