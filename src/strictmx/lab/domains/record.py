"""Domains whose TXT records are at fault: `_mta-sts` (RFC 8461 section 3.1) and `_smtp._tls` (RFC 8460 section 3)."""

from __future__ import annotations

from strictmx.lab.model import Certificate, Domain, Mail, Mx, Policy, Smtp, Web

_OTHER_RECORD = "v=STSv1; id=20260101000000;"
_OLD_RECORD = "v=STSv1; id=20240101000000;"

_STS = (
    Domain(
        name="sts-record-missing.example",
        shows="Publishes no MTA-STS policy and no DANE records: nothing protects its mail.",
        verdict="none",
        codes={"sts-record-missing": "warning"},
        sts=(),
        web=None,
    ),
    Domain(
        name="sts-record-missing-policy-served.example",
        shows="Serves a policy, but no record tells senders that it exists.",
        verdict="none",
        codes={"sts-record-missing": "warning"},
        sts=(),
    ),
    Domain(
        name="sts-record-missing-cname.example",
        shows="The record is a CNAME to a name that does not exist.",
        verdict="broken",
        codes={"sts-record-missing": "error"},
        sts=(),
        records=(("_mta-sts", "CNAME", "_mta-sts.nowhere.example."),),
    ),
    Domain(
        name="sts-record-missing-wildcard.example",
        shows="A wildcard alias of the zone answers for `_mta-sts` and `mta-sts`; nobody meant MTA-STS by it.",
        verdict="none",
        codes={"sts-record-missing": "warning"},
        sts=(),
        web=Web(
            alias="www.sts-record-missing-wildcard.example.",
            certificate=Certificate(names=("www.sts-record-missing-wildcard.example",)),
        ),
        records=(("_mta-sts", "CNAME", "www.sts-record-missing-wildcard.example."),),
    ),
    Domain(
        name="sts-record-missing-version-last.example",
        shows="The record begins with the id, so that it is none (STS-04).",
        verdict="broken",
        codes={"sts-record-missing": "error"},
        sts=("id={id}; v=STSv1",),
    ),
    Domain(
        name="sts-record-multiple.example",
        shows="Two STS records stand side by side; senders act on neither.",
        verdict="broken",
        codes={"sts-record-multiple": "error"},
        sts=("v=STSv1; id={id};", _OTHER_RECORD),
    ),
    Domain(
        name="sts-record-invalid.example",
        shows="The id holds hyphens, which the grammar does not allow.",
        verdict="broken",
        codes={"sts-record-invalid": "error"},
        sts=("v=STSv1; id=2026-11-24;",),
    ),
    Domain(
        name="sts-record-invalid-blank.example",
        shows="A blank stands before the first semicolon, where some senders read no record (DEC-03).",
        verdict="secure",
        codes={"sts-record-invalid": "warning"},
        sts=("v=STSv1 ; id={id};",),
    ),
    Domain(
        name="sts-record-no-id.example",
        shows="The record has no id.",
        verdict="broken",
        codes={"sts-record-no-id": "error"},
        sts=("v=STSv1;",),
    ),
    Domain(
        name="sts-record-cname.example",
        shows="The record is a CNAME to that of a provider, which is allowed (STS-07).",
        verdict="secure",
        sts=(),
        records=(
            ("_mta-sts", "CNAME", "_mta-sts.sts-record-cname.hosting.example."),
            ("_mta-sts.sts-record-cname.hosting.example.", "TXT", '"v=STSv1; id={id};"'),
        ),
    ),
    Domain(
        name="sts-record-unknown-field.example",
        shows="The record has a field that RFC 8461 does not know; senders ignore it.",
        verdict="secure",
        codes={"sts-record-unknown-field": "notice"},
        sts=("v=STSv1; id={id}; note=autumn;",),
    ),
    Domain(
        name="sts-record-wrong-place.example",
        shows="The record stands at the domain itself, where no sender looks.",
        verdict="broken",
        codes={"sts-record-wrong-place": "error"},
        sts=(),
        records=(("@", "TXT", '"v=STSv1; id={id};"'), ("@", "TXT", '"v=spf1 mx -all"')),
    ),
    Domain(
        name="sts-record-wrong-place-policy-host.example",
        shows="The record stands at the policy host.",
        verdict="broken",
        codes={"sts-record-wrong-place": "error"},
        sts=(),
        records=(("mta-sts", "TXT", '"v=STSv1; id={id};"'),),
    ),
    Domain(
        name="sts-record-wrong-place-twice.example",
        shows="The domain was appended twice, as some DNS editors do.",
        verdict="broken",
        codes={"sts-record-wrong-place": "error"},
        sts=(),
        records=(("_mta-sts.sts-record-wrong-place-twice.example", "TXT", '"v=STSv1; id={id};"'),),
    ),
)

_TLSRPT = (
    Domain(
        name="tlsrpt-record-missing.example",
        shows="Publishes a policy and asks nobody to report how it fares.",
        verdict="secure",
        codes={"tlsrpt-record-missing": "warning"},
        tlsrpt=(),
    ),
    Domain(
        name="tlsrpt-record-missing-no-policy.example",
        shows="Publishes nothing at all, as most domains do.",
        verdict="none",
        codes={"sts-record-missing": "warning", "tlsrpt-record-missing": "notice"},
        sts=(),
        web=None,
        tlsrpt=(),
    ),
    Domain(
        name="tlsrpt-record-multiple.example",
        shows="Two TLSRPT records stand side by side; no report is sent.",
        verdict="secure",
        codes={"tlsrpt-record-multiple": "warning"},
        tlsrpt=("v=TLSRPTv1; rua=mailto:one@{domain}", "v=TLSRPTv1; rua=mailto:two@{domain}"),
    ),
    Domain(
        name="tlsrpt-record-invalid.example",
        shows="A part of the TLSRPT record is no field.",
        verdict="secure",
        codes={"tlsrpt-record-invalid": "warning"},
        tlsrpt=("v=TLSRPTv1; rua=mailto:tlsrpt@{domain}; please report",),
    ),
    Domain(
        name="tlsrpt-record-no-rua.example",
        shows="The TLSRPT record has no rua.",
        verdict="secure",
        codes={"tlsrpt-record-no-rua": "warning"},
        tlsrpt=("v=TLSRPTv1; ruf=mailto:tlsrpt@{domain}",),
    ),
    Domain(
        name="tlsrpt-record-rua-invalid.example",
        shows="One of two report addresses has a scheme that no sender uses.",
        verdict="secure",
        codes={"tlsrpt-record-rua-invalid": "warning"},
        tlsrpt=("v=TLSRPTv1; rua=ftp://reports.{domain}/in,mailto:tlsrpt@{domain}",),
    ),
    Domain(
        name="tlsrpt-record-rua-invalid-no-scheme.example",
        shows="The only report address lacks its `mailto:` (DEV-14).",
        verdict="secure",
        codes={"tlsrpt-record-rua-invalid": "warning"},
        tlsrpt=("v=TLSRPTv1; rua=tlsrpt@{domain}",),
    ),
    Domain(
        name="tlsrpt-record-rua-unresolvable.example",
        shows="Reports are to go to a domain that does not exist.",
        verdict="secure",
        codes={"tlsrpt-record-rua-unresolvable": "warning"},
        tlsrpt=("v=TLSRPTv1; rua=mailto:tlsrpt@nobody.example",),
    ),
)

_MODE = (
    Domain(
        name="policy-mode-testing.example",
        shows="The policy is in mode testing: failures are reported, mail is delivered regardless.",
        verdict="testing",
        codes={"policy-mode-testing": "notice"},
        policy=Policy(mode="testing"),
    ),
    Domain(
        name="policy-mode-testing-fault.example",
        shows="In mode testing, and one MX host would be refused once the policy is enforced.",
        verdict="partial",
        codes={"policy-mode-testing": "notice", "mx-no-starttls": "warning"},
        policy=Policy(mode="testing"),
        mx=(Mx(), Mx(host="mx2", preference=20, addresses=(Mail(smtp=Smtp.NO_STARTTLS),))),
    ),
    Domain(
        name="policy-mode-none.example",
        shows="The policy says that there is none any more.",
        verdict="none",
        codes={"policy-mode-none": "notice"},
        policy=Policy(mode="none", max_age=86_400),
    ),
    Domain(
        name="policy-none-stale.example",
        shows="Mode none for years already, a withdrawal that was never finished (STS-76).",
        verdict="none",
        codes={"policy-mode-none": "notice", "policy-none-stale": "warning"},
        sts=(_OLD_RECORD,),
        policy=Policy(mode="none", max_age=31_557_600),
    ),
)

ROWS = _STS + _TLSRPT + _MODE
