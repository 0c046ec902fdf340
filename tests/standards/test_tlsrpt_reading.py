from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.tlsrpt import COUNT_MOST, Hints, Report, ReportError, count, documents, read_report
from strictmx.standards.tlsrpt.bounds import DEPTH_MOST, DOCUMENT_BYTES
from strictmx.standards.tlsrpt.raw import Notes, typed
from strictmx.standards.tlsrpt.reading import read_loosely
from tests.standards.reports import days, detail, document, encoded, entry, policy, read, rules

ROOT = Path(__file__).parents[2]
CORPUS = sorted(ROOT.parent.glob("shared/corpus/reports/*.json"))  # where the collection lies beside the checkout
OURS = ROOT / "tests/data/reports"
UNREADABLE = "RPT-40"


def test_a_report_by_the_book_bends_nothing() -> None:
    report = read(document())
    assert report.deviations == ()
    assert report.policies[0].summary.total_failure_session_count == 2
    assert report.policies[0].failure_details[0].receiving_mx_hostname == "mx1.example.com"
    assert (report.day, report.domains) == ("2026-11-24", ("example.com",))


def _policy(report: Report) -> Any:
    return report.policies[0].policy


def _summary(report: Report) -> Any:
    return report.policies[0].summary


def _detail(report: Report) -> Any:
    return report.policies[0].failure_details[0]


# rule, the report, what is looked at, what is read of it; the rule is the only one that is bent
BENT: list[tuple[str, Any, Any, Any]] = [
    ("RPT-12", document() | {"policies": entry()}, lambda r: len(r.policies), 1),
    ("RPT-12", document(entry(details=detail())), lambda r: len(r.policies[0].failure_details), 1),
    (
        "RPT-12",
        {k: v for k, v in document().items() if k != "policies"} | entry(),
        lambda r: r.domains,
        ("example.com",),
    ),
    ("RPT-12", document() | {"policies": []}, lambda r: r.policies, ()),
    ("RPT-12", document("odd", entry()), lambda r: len(r.policies), 1),
    ("RPT-12", document(entry(details=[7, detail()])), lambda r: len(r.policies[0].failure_details), 1),
    ("RPT-16", document(entry(policy_domain="bücher.example")), lambda r: r.domains, ("xn--bcher-kva.example",)),
    ("RPT-16", document(entry(policy_domain="a b"), entry()), lambda r: len(r.policies), 1),
    ("RPT-16", document(entry(policy_domain="x." * 200), entry()), lambda r: len(r.policies), 1),
    ("RPT-20", document(entry(details=[detail(result_type="new")])), lambda r: _detail(r).result_type, "new"),
    ("RPT-20", document(entry(details=[detail(result_type=None)])), lambda r: _detail(r).result_type, "unknown"),
    (
        "RPT-20",
        document(entry(details=[detail(result_type="Certificate-Expired")])),
        lambda r: _detail(r).result_type,
        "certificate-expired",
    ),
    ("RPT-43", document(report_id=None), lambda r: len(r.report_id), 32),
    ("RPT-44", document(organization_name="x" * 9_000), lambda r: len(r.organization_name), 200),
    ("RPT-44", document(report_id="x" * 9_000), lambda r: len(r.report_id), 500),
    ("RPT-44", document(entry(policy_string=["x" * 9_000])), lambda r: len(_policy(r).policy_string[0]), 4_096),
    ("RPT-44", document(entry(policy_string=["x"] * 9_000)), lambda r: len(_policy(r).policy_string), 1_000),
    (
        "RPT-44",
        document(entry(details=[detail(failure_reason_code="x" * 9_000)])),
        lambda r: len(_detail(r).failure_reason_code),
        1_000,
    ),
    ("DEC-16", document(organization_name=""), lambda r: r.organization_name, "example.net"),
    ("DEC-16", document(organization_name=["x"]), lambda r: r.organization_name, "example.net"),
    ("DEC-16", document(report_id=17), lambda r: r.report_id, "17"),
    ("DEC-16", document(entry(details=[detail(sending_mta_ip="")])), lambda r: _detail(r).sending_mta_ip, None),
    ("DEC-16", document(entry(details="none")), lambda r: r.policies[0].failure_details, ()),
    ("DEC-18", document(**days(end="2026-11-25T00:00:00Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days(end="2026-11-30T23:59:59Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days("2026-11-24T01:00:00+02:00")), lambda r: r.day, "2026-11-23"),
    ("DEC-18", document(**days("20261124T000000Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days(end="yesterday")), lambda r: f"{r.date_range.end_datetime:%d %X}", "24 23:59:59"),
    ("DEC-18", document(**days(end=None)), lambda r: f"{r.date_range.end_datetime:%d %X}", "24 23:59:59"),
    ("DEC-18", document(**days(end="2026-11-01T00:00:00Z")), lambda r: r.date_range.end_datetime.day, 24),
    ("DEC-25", document(entry(policy_type="dane-ish")), lambda r: _policy(r).policy_type, "dane-ish"),
    ("DEC-25", document(entry(policy_type="STS")), lambda r: _policy(r).policy_type, "sts"),
    ("DEC-25", document(entry(policy_type=None)), lambda r: _policy(r).policy_type, "unknown"),
    ("DEC-26", document(entry(details=[detail(receiving_ip="x.x.x.x")])), lambda r: _detail(r).receiving_ip, "x.x.x.x"),
    (
        "DEC-29",
        document(entry(policy_string="version: STSv1\r\nmode: none")),
        lambda r: _policy(r).policy_string,
        ("version: STSv1", "mode: none"),
    ),
    (
        "DEC-29",
        document(entry(policy_string=["version: STSv1\nmode: none\n"])),
        lambda r: _policy(r).policy_string,
        ("version: STSv1", "mode: none"),
    ),
    (
        "DEC-29",
        document(entry(policy_type="tlsa", policy_string=["3 1 1 aa; 3 1 1 bb", "3 1 1 cc"])),
        lambda r: _policy(r).policy_string,
        ("3 1 1 aa", "3 1 1 bb", "3 1 1 cc"),
    ),
    (
        "DEC-29",
        document(entry(policy_string=["mode: none", None])),
        lambda r: _policy(r).policy_string,
        ("mode: none",),
    ),
    ("DEC-29", document(entry(mx_host="mx1.example.com")), lambda r: _policy(r).mx_host, ("mx1.example.com",)),
    ("DEC-30", document(contact_info=None), lambda r: r.contact_info, None),
    ("DEC-30", document(contact_info="mailto:a@b.example?subject=x"), lambda r: r.contact_info, "a@b.example"),
    ("DEC-30", document(contact_info="Reports <a@b.example>"), lambda r: r.contact_info, "a@b.example"),
    ("DEC-30", document(contact_info="https://b.example/"), lambda r: r.contact_info, "https://b.example/"),
    ("DEC-32", document(entry(successful=None)), lambda r: _summary(r).total_successful_session_count, None),
    ("DEC-32", document(entry(failed="")), lambda r: _summary(r).total_failure_session_count, None),
    ("DEC-32", document(entry() | {"summary": None}), lambda r: _summary(r).total_failure_session_count, None),
    ("DEC-32", document(entry(successful="17")), lambda r: _summary(r).total_successful_session_count, 17),
    ("DEC-32", document(entry(successful=5.0)), lambda r: _summary(r).total_successful_session_count, 5),
    (
        "DEC-32",
        document(entry(details=[detail(failed_session_count=None)])),
        lambda r: _detail(r).failed_session_count,
        None,
    ),
    ("DEC-32", document(entry(details=[detail(failed_session_count=-1)])), lambda r: r.policies[0].failure_details, ()),
    (
        "DEV-02",
        document(entry(policy_type="tlsa", policy_string=['["3 1 1 aa"]'])),
        lambda r: _policy(r).policy_string,
        ("3 1 1 aa",),
    ),
    ("DEV-03", document(entry(mx_host=None)), lambda r: _policy(r).mx_host, ()),
    ("DEV-03", document(entry(mx_host=[])), lambda r: _policy(r).mx_host, ()),
    ("DEV-06", document(**days("2026-11-24T00:00:00", "2026-11-24T23:59:59")), lambda r: r.day, "2026-11-24"),
    ("DEV-08", document(entry(mx_host=["mx: mx1.example.com"])), lambda r: _policy(r).mx_host, ("mx1.example.com",)),
    ("DEV-09", document(entry(policy_domain=None), entry()), lambda r: r.domains, ("example.com",)),
    (
        "DEV-09",
        document(entry(policy_domain=None), entry(), entry(policy_domain="b.example")),
        lambda r: _policy(r).policy_domain,
        None,
    ),
    (
        "DEV-09",
        document(entry(policy_domain=None), entry(policy_type="tlsa", policy_domain="mx1.a.example")),
        lambda r: _policy(r).policy_domain,
        None,
    ),
    (
        "DEV-09",
        document(entry(policy_domain=""), report_id="2026-11-24T00:00:00Z_a.example"),
        lambda r: r.domains,
        ("a.example",),
    ),
    (
        "DEV-09",
        document(entry(policy_domain=None), report_id="2026-11-24T00:00:00Z_idx3_a.example"),
        lambda r: r.domains,
        ("a.example",),
    ),
    ("DEV-09", document(entry(policy_domain=None), report_id="2026-11-24T00:00:00Z_idx3"), lambda r: r.domains, ()),
    (
        "DEV-11",
        document(entry(mx_host=None, mx_host_pattern=["mx1.example.com"])),
        lambda r: _policy(r).mx_host,
        ("mx1.example.com",),
    ),
    (
        "DEV-11",
        document(entry(details=[detail(additional_info_uri="https://a.example/")])),
        lambda r: _detail(r).additional_information,
        "https://a.example/",
    ),
    ("DEV-12", document(organization_name="a\ud800b"), lambda r: r.organization_name, "a\ufffdb"),
    ("DEV-12", document(organization_name="a\0b"), lambda r: r.organization_name, "a\ufffdb"),
]


@pytest.mark.parametrize(("rule", "value", "look", "expected"), BENT)
def test_what_is_bent_is_read_and_told(rule: str, value: Any, look: Any, expected: Any) -> None:
    report = read(value)
    assert look(report) == expected
    assert rules(report) == {rule}


# rule, the report, what is looked at, what is read of it; nothing is bent
ODD: list[tuple[str, Any, Any, Any]] = [
    ("RPT-12", document(entry(), entry(1, 0, policy_string=["mode: none"])), lambda r: len(r.policies), 2),
    ("RPT-14", document(entry(0, 1, [detail(), detail()])), lambda r: _summary(r).total_failure_session_count, 1),
    ("RPT-16", document(entry(policy_domain="EXAMPLE.com.")), lambda r: r.domains, ("example.com",)),
    ("RPT-44", document(entry(0, COUNT_MOST)), lambda r: _summary(r).total_failure_session_count, COUNT_MOST),
    (
        "DEC-14",
        document(entry(policy_type="tlsa", policy_domain="mx1.a.example")),
        lambda r: r.domains,
        ("mx1.a.example",),
    ),
    ("DEC-16", document(entry() | {"failure-details": None}), lambda r: r.policies[0].failure_details, ()),
    (
        "DEC-16",
        document(entry(details=[detail(receiving_ip=None, receiving_mx_helo="")])),
        lambda r: _detail(r).receiving_mx_helo,
        None,
    ),
    ("DEC-18", document(**days("2026-11-24 00:00:00.000z")), lambda r: r.day, "2026-11-24"),
    (
        "DEC-26",
        document(entry(details=[detail(receiving_ip="2001:DB8:0::1")])),
        lambda r: _detail(r).receiving_ip,
        "2001:db8::1",
    ),
    (
        "DEC-26",
        document(entry(details=[detail(sending_mta_ip="[192.0.2.1]")])),
        lambda r: _detail(r).sending_mta_ip,
        "192.0.2.1",
    ),
    (
        "DEV-01",
        document(entry(policy_type="no-policy-found", policy_string=None, mx_host=None)),
        lambda r: _policy(r).mx_host,
        (),
    ),
    (
        "DEV-04",
        document(entry(details=[{"result-type": "sts-policy-fetch-error", "failed-session-count": 3}])),
        lambda r: _detail(r).receiving_ip,
        None,
    ),
    ("DEV-05", document(report_id="1234567890+"), lambda r: r.report_id, "1234567890+"),
    (
        "DEV-07",
        document(entry(details=[detail(failure_reason_code="bad https response code: 404")])),
        lambda r: _detail(r).failure_reason_code,
        "bad https response code: 404",
    ),
    (
        "DEV-11",
        document(entry(details=[detail(receiving_mx_hostname="MX1.example.com.")])),
        lambda r: _detail(r).receiving_mx_hostname,
        "mx1.example.com",
    ),
    (
        "DEV-11",
        document(entry(details=[detail(receiving_mx_hostname="no host")])),
        lambda r: _detail(r).receiving_mx_hostname,
        "no host",
    ),
]


@pytest.mark.parametrize(("rule", "value", "look", "expected"), ODD)
def test_what_is_odd_is_read_and_nothing_told(rule: str, value: Any, look: Any, expected: Any) -> None:
    report = read(value)
    assert look(report) == expected
    assert report.deviations == ()


@pytest.mark.parametrize(("rule", "value", "look", "expected"), BENT + ODD)
def test_the_long_way_reads_the_same(rule: str, value: Any, look: Any, expected: Any) -> None:
    data = encoded(value)
    assert read_report(data) == read_loosely(data, Hints(), Notes())


NO_COUNT = [-1, 1.5, True, COUNT_MOST + 1, 10**400, float("nan"), float("inf"), "many", "-1", [], {"a": 1}]


@pytest.mark.parametrize("count_", NO_COUNT)
def test_a_policy_with_an_impossible_count_is_set_aside_and_its_neighbours_count(count_: Any) -> None:
    report = read(document(entry(count_), entry(3)))
    assert [each.summary.total_successful_session_count for each in report.policies] == [3]
    assert [(each.rule, each.path, each.sets_aside) for each in report.deviations] == [("DEC-32", "policies[0]", True)]


@pytest.mark.parametrize("number", ["1e400", "9" * 5_000, "-" + "9" * 5_000, "NaN", "-Infinity"])
def test_numbers_that_no_json_has_are_no_counts(number: str) -> None:
    data = encoded(document(entry("here"), entry(3))).replace(b'"here"', number.encode())
    assert [each.summary.total_successful_session_count for each in read_report(data).policies] == [3]


# rule, the bytes, what the refusal says
NO_REPORT: list[tuple[str, bytes, str]] = [
    (UNREADABLE, b"", "no JSON"),
    (UNREADABLE, b"Dear aunt", "no JSON"),
    (UNREADABLE, encoded(document())[:-9], "no JSON"),
    (UNREADABLE, b"[]", "no object"),
    (UNREADABLE, b'"report"', "no object"),
    ("RPT-12", b"{}", "no policies"),
    ("RPT-12", encoded(document() | {"policies": None}), "no policies"),
    ("RPT-12", encoded(document() | {"policies": "sts"}), "no policies"),
    ("RPT-12", encoded(document("odd")), r"policies\[0\]: It is no object"),
    ("RPT-16", encoded(document(entry(policy_domain="a b"), entry(-1))), r"policies\[1\]: .*-1"),
    ("DEC-18", encoded(document(date_range=None)), "day is unknown"),
    ("DEC-18", encoded(document(**days("yesterday"))), "day is unknown"),
    ("DEC-18", encoded(document(**days(None))), "day is unknown"),
    ("DEC-18", encoded(document(**days(1_795_478_400))), "day is unknown"),
    ("DEC-18", encoded(document(**days("1999-12-31T00:00:00Z"))), "2000 to 2199"),
    ("DEC-18", encoded(document(**days(end="2200-01-01T00:00:00Z"))), "2000 to 2199"),
    ("DEC-18", encoded(document(**days("0001-01-01T00:00:00+12:00"))), "2000 to 2199"),
    ("DEC-18", encoded(document(**days("2000-01-01T00:00:00+12:00"))), "2000 to 2199"),
    ("DEC-32", encoded(document(entry(-1))), "no policy in it can be counted"),
    ("RPT-44", b"[" * 100_000, "nested"),
    ("RPT-44", b'{"a":' * 100_000, "nested"),
    ("RPT-44", b"[" * 300_000, "more than 100000"),
    ("RPT-44", b"1," * 2_000_000, "more than 100000"),
    ("RPT-44", b" " * (DOCUMENT_BYTES + 1), "64 MiB"),
    ("RPT-44", encoded(document(entry(details=[{}] * 100_001))), "more than 10000"),
    ("RPT-44", encoded(document(*[{}] * 10_001)), "more than 10000"),
]


@pytest.mark.parametrize(("rule", "data", "says"), NO_REPORT)
def test_what_cannot_be_counted_is_refused_with_its_rule(rule: str, data: bytes, says: str) -> None:
    with pytest.raises(ReportError, match=says) as refused:
        read_report(data)
    assert refused.value.rule == rule or says.endswith("-1")
    assert len(refused.value.found) <= 2_000


def nested(depth: int, text: str = "") -> bytes:
    """A report with an unknown key nested so deep; text stands beside it."""
    inner = b"[" * (depth - 1) + b"]" * (depth - 1)
    return encoded(document(x=1, y=text)).replace(b'"x": 1', b'"x": ' + inner)


@pytest.mark.parametrize("text", ["", "[" * 500, '"[{\\', "\\" * 7 + '"' * 5 + "{[" * 9, "]}" * 99])
def test_brackets_in_texts_are_no_depth(text: str) -> None:
    assert read_report(nested(DEPTH_MOST, text)).deviations == ()
    with pytest.raises(ReportError, match="nested"):
        read_report(nested(DEPTH_MOST + 1, text))


@pytest.mark.parametrize(
    ("rule", "encoding"),
    [("DEV-12", name) for name in ("utf-8-sig", "utf-16", "utf-32", "latin-1")],
)
def test_other_encodings_are_read_and_told(rule: str, encoding: str) -> None:
    text = json.dumps(document(organization_name="Exämple"), ensure_ascii=False)
    report = read_report(text.encode(encoding))
    assert (report.organization_name, rules(report)) == ("Exämple", {rule})


def test_duplicate_keys_leave_the_last() -> None:
    data = encoded(document()).replace(b'"report-id": "1"', b'"report-id": "0", "report-id": "1"')
    assert read_report(data) == read(document())


NAMED = "example.net!example.com!1795478400!1795564799!1.json.gz"
# rule, the report, what came with it, the rules that are bent
HINTED: list[tuple[str, Any, Hints, set[str]]] = [
    ("DEV-09", document(entry(policy_domain=None)), Hints(domain="a.example"), {"DEV-09"}),
    ("DEC-16", document(organization_name=None, contact_info=None), Hints(submitter="a.example"), {"DEC-16", "DEC-30"}),
    ("RPT-42", document(), Hints(domain="other.example"), {"RPT-42"}),
    ("RPT-42", document(), Hints(domain="EXAMPLE.com"), set()),
    ("RPT-42", document(), Hints(file_name=NAMED), set()),
    ("RPT-42", document(), Hints(file_name=NAMED.replace("8400", "8401")), {"RPT-42"}),
    ("RPT-42", document(), Hints(file_name=NAMED.replace("example.com", "b.example")), {"RPT-42"}),
    ("RPT-42", document(), Hints(file_name="../../etc/!" + "!" * 5_000), set()),
    ("RPT-42", document(), Hints(report_id="other@example.net"), {"RPT-42"}),
    (
        "DEV-01",
        document(report_id="2026-11-24T00:00:00Z_example.com"),
        Hints(report_id="2026.11.24T00.00.00Z+example.com@google.com"),
        set(),
    ),
    ("DEC-30", document(), Hints(submitter="example.net"), set()),
    ("DEC-30", document(), Hints(submitter="mail.example.net"), {"DEC-30"}),
]


@pytest.mark.parametrize(("rule", "value", "hints", "bent"), HINTED)
def test_what_came_with_a_report_is_compared_and_the_report_is_right(
    rule: str, value: Any, hints: Hints, bent: set[str]
) -> None:
    report = read(value, hints)
    assert rules(report) == bent
    if "DEV-09" not in bent:
        assert report.policies == read(value).policies


# rule, our own report with the peculiarities of a sender, rules bent, domains with sessions and failures
SENDERS: list[tuple[str, str, set[str], list[tuple[str | None, int | None, int | None]]]] = [
    ("DEC-29", "rfc-as-printed.json", {"DEC-29"}, [("harbour.example", 900, 67)]),
    ("DEV-11", "rfc-repaired.json", set(), [("harbour.example", 900, 67)]),
    ("RPT-16", "a-label.json", {"DEC-29"}, [("xn--bcher-kva.example", 900, 67)]),
    ("DEV-07", "mail-ru.json", {"DEC-18"}, [("example.com", 0, 2)]),
    ("DEV-01", "two-senders.json", {"DEV-03"}, [("example.com", 0, 5)]),
    ("DEC-18", "week.json", {"DEC-18", "DEV-03"}, [("example.com", 31, 1)]),
    ("DEV-10", "domain-in-id.json", {"DEC-25", "DEC-32", "DEV-09"}, [("example.org", 4, None)]),
    ("RPT-14", "failures-unexplained.json", set(), [("xn--bcher-kva.example", 88, 17)]),
    ("DEV-01", "no-policy.json", set(), [("example.org", 13, 0)]),
    ("DEV-01", "google.json", set(), [("example.org", 6, 0)]),
    ("DEV-01", "empty-address.json", {"DEC-16"}, [("example.com", 0, 2)]),
    ("DEV-03", "microsoft.json", {"DEV-02", "DEV-03"}, [("example.net", 9, 1)]),
    ("DEV-04", "fetch-error.json", set(), [("example.com", 0, 3)]),
    ("DEV-06", "no-offset.json", {"DEV-03", "DEV-06"}, [("example.com", 7, 0)]),
    ("DEV-08", "no-contact.json", {"DEC-18", "DEC-30", "DEV-08"}, [("server.example", 1, 0)]),
    ("DEV-09", "postfix.json", {"DEV-09"}, [(None, 3, 0), ("mx1.example.com", 8, 0)]),
    ("DEV-11", "other-keys.json", {"DEV-11", "RPT-20"}, [("example.com", 5, 1)]),
]


@pytest.mark.parametrize(("rule", "name", "bent", "figures"), SENDERS)
def test_reports_of_the_senders_are_read(rule: str, name: str, bent: set[str], figures: Any) -> None:
    report = read_report((OURS / name).read_bytes())
    assert rules(report) == bent
    assert [(each.domain, each.successful, each.failed) for each in count(report)] == figures


def test_every_report_of_our_own_is_in_the_table() -> None:
    assert {path.name for path in OURS.iterdir()} == {name for _, name, _, _ in SENDERS}


def test_reports_of_the_corpus_are_read() -> None:
    for path in CORPUS:
        report = read_report(path.read_bytes())
        assert len(report.policies) == len(json.loads(path.read_bytes())["policies"]), path.name


def test_arrays_and_lines_hold_several_reports() -> None:
    one, two = (encoded(document(report_id=number)) for number in "12")
    pretty = json.dumps(document(), indent=2).encode()
    for data in (b"[" + one + b"," + two + b"]", one + b"\n" + two + b"\n\n", b"\xef\xbb\xbf" + one + b"\r\n" + two):
        assert [read_report(each).report_id for each in documents(data)] == ["1", "2"]
    for data in (one, pretty, b"", b"[]", b"[" * 100_000, b"[1,", b"{}x\n{}"):
        assert documents(data) == [data]


def test_deviations_are_bounded_and_the_others_counted() -> None:
    report = read(document(*[entry(policy_type=f"odd-{number}") for number in range(500)]))
    assert len(report.deviations) == 101
    assert report.deviations[-1].message == "400 more deviations are not listed."


@pytest.mark.parametrize("text", ["\x1b[2J", "<script>", "\u202eevil", "a\r\nb", "x" * 9_000])
def test_texts_from_outside_steer_nothing(text: str) -> None:
    given_ = entry(policy_type=text, details=[detail(result_type=text, receiving_ip=text)])
    for value in (document(given_, contact_info=text), document(entry(policy_domain=text), given_)):
        for deviation in read(value).deviations:
            assert deviation.message.isprintable()
            assert len(deviation.message) < 400


def test_hostile_reports_take_seconds_at_most() -> None:
    many = encoded(document(entry(details=[detail(result_type=f"odd-{number}") for number in range(50_000)])))
    for data in (many, b'{"policies": "' + b'"["' * 90_000, b'{"a": "' + b"\\" * (8 << 20), b'"' * (8 << 20)):
        began = time.process_time()
        with suppress(ReportError):
            read_report(data)
        assert time.process_time() - began < 5


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING, st.sampled_from([*document(), *policy(), *detail(), "summary", "policy", "failure-details"]))
def test_whatever_stands_in_a_key_nothing_else_is_raised(value: Any, key: str) -> None:
    for changed in (
        document() | {key: value},
        document(entry() | {key: value}),
        document(entry(**{key: value})),
        document(entry(details=[detail(**{key: value})])),
    ):
        try:
            report = read(changed)
        except ReportError:
            continue
        json.dumps(report.to_json()).encode()


MUTATED = json.dumps(document(entry(), entry(policy_type="tlsa", policy_string=['["3 1 1 aa"]']))).encode()


@given(st.binary(max_size=9), st.integers(0, len(MUTATED)), st.integers(0, 9))
def test_damaged_reports_raise_nothing_else(junk: bytes, place: int, lost: int) -> None:
    for data in (junk, MUTATED[:place] + junk + MUTATED[place + lost :]):
        try:
            read_report(data)
        except ReportError:
            continue


LINES = st.lists(
    st.sampled_from(["mx: a.example", "mode: none", "[]", '["3 1 1 a"]', "a;b", "a\nb", "\t", "é", ""]), max_size=3
)
TYPED_DETAILS = st.builds(
    detail,
    result_type=st.sampled_from(["certificate-expired", "new", "Tlsa-Invalid", " "]),
    sending_mta_ip=st.sampled_from([None, "192.0.2.1", "2001:DB8::1", "192.0.2.01", "x", " "]),
    receiving_mx_hostname=st.sampled_from([None, "mx1.example.com", "MX1.", "."]),
    failed_session_count=st.none() | st.integers(0, 9),
    failure_reason_code=st.sampled_from([None, "code", "\n"]),
)
TYPED_ENTRIES = st.builds(
    entry,
    st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 9),
    st.lists(TYPED_DETAILS, max_size=2),
    policy_type=st.sampled_from(["sts", "tlsa", "no-policy-found", "odd", "STS"]),
    policy_domain=st.sampled_from([None, "example.com", "Example.com.", "bücher.example", "a b"]),
    policy_string=LINES,
    mx_host=st.lists(st.sampled_from(["*.a.example", "mx: a.example", "a:b", "a;b", "[]"]), max_size=3),
)
TYPED = st.builds(
    document,
    TYPED_ENTRIES,
    TYPED_ENTRIES,
    organization_name=st.sampled_from([None, "", "A", "Ä"]),
    contact_info=st.sampled_from([None, "a@b.example", "mailto:a@b.example", "x"]),
    report_id=st.sampled_from([None, "", "1", "2026-11-24_a.example"]),
    date_range=st.fixed_dictionaries(
        {
            "start-datetime": st.sampled_from(["2026-11-24T00:00:00Z", "2026-11-24 00:00:00", "1999-01-01T00:00:00Z"]),
            "end-datetime": st.sampled_from([None, "2026-11-24T23:59:59Z", "2026-11-25T00:00:00+01:00", "x"]),
        }
    ),
)


@given(TYPED)
def test_both_ways_of_reading_end_in_the_same_report(value: Any) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    assert typed(data) is not None
    assert _outcome(lambda: read_report(data)) == _outcome(lambda: read_loosely(data, Hints(), Notes()))


def _outcome(read_: Any) -> Any:
    try:
        return read_()
    except ReportError as error:
        return error.rule, str(error)
