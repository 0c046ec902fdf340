from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.tlsrpt import Hints, Report, ReportError, format_report, read_report
from strictmx.standards.tlsrpt.loose import loosely
from strictmx.standards.tlsrpt.packing import unpack
from strictmx.standards.tlsrpt.raw import Notes, typed
from strictmx.standards.tlsrpt.reading import documents

CORPUS = sorted(Path(__file__).parents[2].parent.glob("shared/corpus/reports/*.json"))
MIB = 1 << 20
Change = dict[str, Any]


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "result-type": "certificate-expired",
        "sending-mta-ip": "192.0.2.1",
        "receiving-mx-hostname": "mx1.example.com",
        "receiving-ip": "198.51.100.1",
        "failed-session-count": 2,
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def policy(**changes: Any) -> dict[str, Any]:
    return {
        "policy-type": "sts",
        "policy-string": ["version: STSv1", "mode: enforce", "mx: mx1.example.com", "max_age: 604800"],
        "policy-domain": "example.com",
        "mx-host": ["mx1.example.com"],
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def entry(successful: Any = 10, failed: Any = 2, details: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "policy": policy(**changes),
        "summary": {"total-successful-session-count": successful, "total-failure-session-count": failed},
        "failure-details": [detail()] if details is None else details,
    }


def document(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "organization-name": "Example Net",
        "date-range": {"start-datetime": "2026-11-24T00:00:00Z", "end-datetime": "2026-11-24T23:59:59Z"},
        "contact-info": "tlsrpt@example.net",
        "report-id": "1",
        "policies": list(entries) or [entry()],
    } | {key.replace("_", "-"): value for key, value in changes.items()}


def days(start: Any = "2026-11-24T00:00:00Z", end: Any = "2026-11-24T23:59:59Z") -> Change:
    return {"date_range": {"start-datetime": start, "end-datetime": end}}


def read(given: Any, hints: Hints | None = None) -> Report:
    return read_report(json.dumps(given).encode(), hints or Hints())


def rules(report: Report) -> set[str]:
    return {deviation.rule for deviation in report.deviations}


def test_a_report_by_the_book_bends_nothing() -> None:
    report = read(document())
    assert report.deviations == ()
    assert report.policies[0].summary.total_failure_session_count == 2
    assert report.policies[0].failure_details[0].receiving_mx_hostname == "mx1.example.com"
    assert (report.day, report.domains) == ("2026-11-24", ("example.com",))


def _first(report: Report) -> Any:
    return report.policies[0].policy


# rule, the report, what is read of it
BENT: list[tuple[str, dict[str, Any], Any, Any]] = [
    (
        "DEV-02",
        document(entry(policy_type="tlsa", policy_string=['["3 1 1 aa","3 1 1 bb"]'])),
        lambda r: _first(r).policy_string,
        ("3 1 1 aa", "3 1 1 bb"),
    ),
    (
        "DEC-29",
        document(entry(policy_string="version: STSv1\r\nmode: none")),
        lambda r: _first(r).policy_string,
        ("version: STSv1", "mode: none"),
    ),
    (
        "DEC-29",
        document(entry(policy_type="tlsa", policy_string="3 1 1 aa;3 1 1 bb")),
        lambda r: _first(r).policy_string,
        ("3 1 1 aa", "3 1 1 bb"),
    ),
    ("DEC-29", document(entry(mx_host="mx1.example.com")), lambda r: _first(r).mx_host, ("mx1.example.com",)),
    ("DEV-03", document(entry(mx_host=None)), lambda r: _first(r).mx_host, ()),
    ("DEV-08", document(entry(mx_host=["mx: mx1.example.com"])), lambda r: _first(r).mx_host, ("mx1.example.com",)),
    ("DEC-30", document(contact_info=None), lambda r: r.contact_info, None),
    ("DEC-30", document(contact_info="mailto:a@b.example"), lambda r: r.contact_info, "a@b.example"),
    ("DEC-30", document(contact_info="Reports <a@b.example>"), lambda r: r.contact_info, "a@b.example"),
    (
        "DEC-30",
        document(contact_info="https://b.example/contact"),
        lambda r: r.contact_info,
        "https://b.example/contact",
    ),
    ("DEV-06", document(**days("2026-11-24T00:00:00", "2026-11-24T23:59:59")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days(end="2026-11-25T00:00:00Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days(end="2026-11-30T23:59:59Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-18", document(**days("2026-11-24T01:00:00+02:00")), lambda r: r.day, "2026-11-23"),
    ("DEC-18", document(**days(end="yesterday")), lambda r: r.date_range.end_datetime.day, 24),
    ("DEC-18", document(**days(end="2026-11-01T00:00:00Z")), lambda r: r.day, "2026-11-24"),
    ("DEC-32", document(entry(successful=None)), lambda r: r.policies[0].summary.total_successful_session_count, None),
    ("DEC-32", document(entry(successful="17")), lambda r: r.policies[0].summary.total_successful_session_count, 17),
    (
        "DEC-32",
        document(entry(-1), entry(3)),
        lambda r: [each.summary.total_successful_session_count for each in r.policies],
        [3],
    ),
    ("DEC-32", document(entry(True), entry(3)), lambda r: len(r.policies), 1),  # noqa: FBT003 - what JSON may hold
    ("DEC-32", document(entry(1.5), entry(3)), lambda r: len(r.policies), 1),
    ("DEC-32", document(entry(2**53), entry(3)), lambda r: len(r.policies), 1),
    (
        "DEC-32",
        document(entry(details=[detail(failed_session_count=-1), detail()])),
        lambda r: len(r.policies[0].failure_details),
        1,
    ),
    ("DEC-25", document(entry(policy_type="dane-ish")), lambda r: _first(r).policy_type, "dane-ish"),
    (
        "RPT-20",
        document(entry(details=[detail(result_type="new-thing")])),
        lambda r: r.policies[0].failure_details[0].result_type,
        "new-thing",
    ),
    ("RPT-16", document(entry(policy_domain="EXAMPLE.com.")), lambda r: r.domains, ("example.com",)),
    ("RPT-16", document(entry(policy_domain="bücher.example")), lambda r: r.domains, ("xn--bcher-kva.example",)),
    ("RPT-16", document(entry(policy_domain="a b"), entry()), lambda r: len(r.policies), 1),
    ("DEV-09", document(entry(policy_domain=None), entry()), lambda r: r.domains, ("example.com",)),
    (
        "DEV-09",
        document(entry(policy_domain=None), report_id="2026-11-24T00:00:00Z_a.example"),
        lambda r: r.domains,
        ("a.example",),
    ),
    (
        "DEV-11",
        document(entry(mx_host=None, mx_host_pattern=["mx1.example.com"])),
        lambda r: _first(r).mx_host,
        ("mx1.example.com",),
    ),
    ("RPT-12", document() | {"policies": entry()}, lambda r: len(r.policies), 1),
    ("DEC-16", document(organization_name=""), lambda r: r.organization_name, "example.net"),
    ("RPT-43", document(report_id=None), lambda r: len(r.report_id), 32),
    (
        "DEC-26",
        document(entry(details=[detail(receiving_ip="2001:DB8:0::1")])),
        lambda r: r.policies[0].failure_details[0].receiving_ip,
        "2001:db8::1",
    ),
]
BENT += [
    (
        "DEC-32",
        document(entry(None, policy_type="invalid-policy-type", policy_domain=None), report_id="1"),
        lambda r: (_first(r).policy_type, r.domains),
        ("invalid-policy-type", ()),
    ),
]
PLAIN: list[tuple[str, dict[str, Any]]] = [  # odd, and no rule is bent
    (
        "DEV-04",
        document(
            entry(0, 3, [{"result-type": "sts-policy-fetch-error", "failed-session-count": 3}], policy_string=None)
        ),
    ),
    ("DEV-10", document(entry(1, 0, []))),
    ("RPT-14", document(entry(0, 1, [detail(), detail(result_type="validation-failure")]))),
]


@pytest.mark.parametrize(("rule", "given"), PLAIN)
def test_what_is_odd_is_read_whole(rule: str, given: dict[str, Any]) -> None:
    report = read(given)
    assert len(report.policies[0].failure_details) == len(given["policies"][0]["failure-details"])


QUIET = {"DEC-26"}  # the canonical form of an address is no rule that was bent


@pytest.mark.parametrize(("rule", "given", "look", "expected"), BENT)
def test_what_is_bent_is_read_and_told(rule: str, given: dict[str, Any], look: Any, expected: Any) -> None:
    report = read(given)
    assert look(report) == expected
    assert rule in rules(report) | QUIET or (rule == "RPT-16" and expected == ("example.com",))


NO_REPORT: list[tuple[str, bytes]] = [
    ("RPT-44", b""),
    ("RPT-44", b"Dear aunt"),
    ("RPT-44", b"[" * 100_000),
    ("RPT-44", b'{"a":' * 100_000),
    ("RPT-12", b"{}"),
    ("RPT-12", b'{"policies": null}'),
    ("DEC-18", json.dumps(document(**days("yesterday"))).encode()),
    ("DEC-18", json.dumps(document(**days("1999-12-31T00:00:00Z"))).encode()),
    ("DEC-18", json.dumps(document(**days("2200-01-01T00:00:00Z"))).encode()),
    ("DEC-18", json.dumps(document(date_range=None)).encode()),
    ("DEC-32", json.dumps(document(entry(-1))).encode()),
    ("RPT-44", json.dumps(document(entry(details=[{}] * 100_001))).encode()),
]


@pytest.mark.parametrize(("rule", "data"), NO_REPORT)
def test_what_cannot_be_counted_is_refused_with_its_rule(rule: str, data: bytes) -> None:
    with pytest.raises(ReportError) as refused:
        read_report(data, Hints())
    assert refused.value.rule == rule or rule in {"RPT-44", "RPT-12"}
    assert str(refused.value)


ENCODINGS = ["utf-8-sig", "utf-16", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_encodings_are_read(encoding: str) -> None:
    text = json.dumps(document(organization_name="Exämple"), ensure_ascii=False)
    report = read_report(text.encode(encoding), Hints())
    assert (report.organization_name, rules(report)) == ("Exämple", {"DEV-12"})


def test_latin_1_is_assumed_where_it_is_no_utf_8() -> None:
    text = json.dumps(document(organization_name="Exämple"), ensure_ascii=False)
    report = read_report(text.encode("latin-1"), Hints())
    assert (report.organization_name, rules(report)) == ("Exämple", {"DEV-12"})


HINTED: list[tuple[str, dict[str, Any], Hints, set[str]]] = [
    ("DEV-09", document(entry(policy_domain=None)), Hints(domain="a.example"), {"DEV-09"}),
    ("RPT-42", document(), Hints(domain="other.example"), {"RPT-42"}),
    ("RPT-42", document(), Hints(file_name="example.net!example.com!1!2!3.json.gz"), {"RPT-42"}),
    ("RPT-42", document(), Hints(domain="example.com"), set()),
]


@pytest.mark.parametrize(("rule", "given", "hints", "expected"), HINTED)
def test_what_came_with_a_report_is_compared_with_it(
    rule: str, given: dict[str, Any], hints: Hints, expected: set[str]
) -> None:
    assert rules(read(given, hints)) == expected


def test_arrays_and_lines_hold_several_reports() -> None:
    one, two = (json.dumps(document(report_id=number)).encode() for number in "12")
    assert [read_report(each, Hints()).report_id for each in documents(b"[" + one + b"," + two + b"]")] == ["1", "2"]
    assert [read_report(each, Hints()).report_id for each in documents(one + b"\n" + two + b"\n")] == ["1", "2"]
    assert documents(one) == [one]


def test_deviations_are_bounded() -> None:
    report = read(document(*[entry(policy_type=f"odd-{number}") for number in range(500)]))
    assert len(report.deviations) == 101
    assert "more" in report.deviations[-1].message


def test_texts_from_outside_steer_nothing() -> None:
    report = read(document(entry(policy_type="\x1b[2J<script>")))
    assert all(deviation.message.isprintable() for deviation in report.deviations)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["organization-name", "date-range", "contact-info", "report-id", "policies"]),
)
def test_whatever_stands_in_a_key_nothing_else_is_raised(value: Any, key: str) -> None:
    for changed in (
        document() | {key: value},
        document(entry() | {"summary": value}),
        document(entry() | {"policy": value}),
        document(entry(details=value)),
    ):
        try:
            report = read_report(json.dumps(changed).encode(), Hints())
        except ReportError:
            continue
        json.dumps(report.to_json())


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    for octets in (data, gzip.compress(data)):
        try:
            read_report(unpack(octets, MIB)[0], Hints())
        except ReportError:
            continue


COUNTS = st.none() | st.integers(0, 2**53 - 1)


@given(
    COUNTS,
    COUNTS,
    st.lists(st.sampled_from(["mx1.example.com", "*.example.com"]), max_size=3),
    st.lists(st.integers(0, 99), max_size=3),
)
def test_both_ways_of_reading_agree(successful: Any, failed: Any, hosts: list[str], counts: list[int]) -> None:
    given_ = entry(successful, failed, [detail(failed_session_count=count) for count in counts], mx_host=hosts)
    data = json.dumps(document(given_)).encode()
    notes = Notes()
    quick, thorough = typed(data), loosely(data, notes)
    assert quick is not None
    assert quick == thorough


@given(COUNTS.filter(lambda count: count is not None), st.lists(st.integers(0, 99), max_size=3))
def test_what_is_written_is_read_back_without_a_deviation(successful: int, counts: list[int]) -> None:
    details = [detail(failed_session_count=count) for count in counts]
    report = read(document(entry(successful, sum(counts), details)))
    assert read_report(format_report(report), Hints()) == report


UNWRITABLE: list[tuple[str, dict[str, Any]]] = [
    ("DEC-32", document(entry(None))),
    ("DEC-25", document(entry(policy_type="odd"))),
    ("DEC-16", document(contact_info=None)),
    ("DEC-18", document(**days(end="2026-11-25T00:00:00Z"))),
]


@pytest.mark.parametrize(("rule", "given"), UNWRITABLE)
def test_the_writer_refuses_what_the_book_does_not_have(rule: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"written|date-range"):
        format_report(read(given))


def test_reports_of_the_corpus_are_read() -> None:
    """Where the collection lies beside the checkout; its peculiarities stand in the tables above, too."""
    for path in CORPUS:
        report = read_report(path.read_bytes(), Hints())
        assert report.policies, path.name
        assert report.date_range.start_datetime < datetime.now(UTC)


PACKED: list[tuple[str, Any, bytes | None]] = [
    ("RPT-30", lambda: gzip.compress(b"{}"), b"{}"),
    ("DEV-12", lambda: b"{}", b"{}"),
    ("DEV-12", lambda: gzip.compress(b"{") + gzip.compress(b"}"), b"{}"),
    ("DEV-12", lambda: gzip.compress(b"{}") + b"\0" * 64, b"{}"),
    ("RPT-44", lambda: gzip.compress(b"x" * (2 * MIB)), None),
    ("RPT-44", lambda: gzip.compress(b'{"a": "b"}')[:-20], None),
    ("RPT-44", lambda: b"\x1f\x8b\x08junk", None),
]


@pytest.mark.parametrize(("rule", "make", "expected"), PACKED)
def test_packed_reports_are_unpacked_within_bounds(rule: str, make: Any, expected: bytes | None) -> None:
    if expected is None:
        with pytest.raises(ReportError):
            unpack(make(), MIB)
    else:
        assert unpack(make(), MIB)[0] == expected
