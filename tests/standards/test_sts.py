from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.names import Name
from strictmx.standards.sts import (
    MAX_AGE_SECONDS,
    Effect,
    HostPattern,
    HostRole,
    Mode,
    Policy,
    PolicyFault,
    Record,
    RecordDeviation,
    RecordFault,
    ResponseFault,
    Stranger,
    format_policy,
    format_record,
    host_role,
    hosts_lie_deeper,
    meant_patterns,
    policy_host,
    read_policy,
    read_records,
    record_name,
    response_fault,
    shared_by_tenants,
)
from strictmx.standards.sts.meant import meant_max_age, meant_mode
from strictmx.standards.txt_record import FAULTS

# ---- the record ----------------------------------------------------------------------------------------------------

RECORDS = [  # rule, TXT records, id or the fault
    ("STS-01", ["v=STSv1; id=abc"], "abc"),
    ("STS-02", ["v=STSv1; id=a", "v=spf1 -all"], "a"),
    ("STS-02", ["v=STSv1; id=a;", "v=STSv1; id=b;"], RecordFault.MULTIPLE),
    ("STS-02", ["v=spf1 -all"], RecordFault.MISSING),
    ("STS-02", [], RecordFault.MISSING),
    ("STS-03", ["v=STSv1; id=20-1"], RecordFault.INVALID),
    ("STS-03", ["v=STSv1; id=a b"], RecordFault.INVALID),
    ("STS-03", ["v=STSv1; id="], RecordFault.INVALID),
    ("STS-03", ["v=STSv1;; id=a"], RecordFault.INVALID),
    ("STS-03", ["v=STSv1 id=a"], RecordFault.INVALID),
    ("STS-03", ["v=STSv1"], RecordFault.INVALID),
    ("STS-04", ["v=STSv1; x=1; id=a;"], "a"),
    ("STS-04", ["v=STSv1;id=a"], "a"),
    ("STS-04", ["v=STSv1;\tid=a ;"], "a"),
    ("STS-04", ["id=a; v=STSv1"], RecordFault.MISSING),
    ("STS-04", ["v=STSv1;"], RecordFault.NO_ID),
    ("STS-04", ["v=STSv1; ID=a"], RecordFault.NO_ID),  # names are case-sensitive; ID is an unknown field
    ("STS-04", ["v=STSv1; id=" + "x" * 32], "x" * 32),
    ("STS-04", ["v=STSv1; id=" + "x" * 33], RecordFault.INVALID),
    ("STS-04", ["v=stsv1; id=a"], RecordFault.MISSING),
    ("STS-04", ["v=STSv10; id=a"], RecordFault.MISSING),
    ("STS-05", ["v=STSv1; id=a; foo=bar"], "a"),
    ("STS-05", ["v=STSv1; id=a; foo"], RecordFault.INVALID),
    ("STS-05", ["v=STSv1; id=a; " + "n" * 33 + "=1"], RecordFault.INVALID),
    ("STS-06", ["v=STSv1; id=a; id=b"], "a"),
    ("STS-06", ["v=STSv1; id=a; id=-"], "a"),
    ("DEC-03", ["v=STSv1 ; id=a"], "a"),
    ("DEC-06", ["v=STSv1; id=ä"], RecordFault.INVALID),
    ("STS-79", ["v=STSv1; id=a; version=STSv1"], "a"),
]


@pytest.mark.parametrize(("rule", "records", "expected"), RECORDS)
def test_record(rule: str, records: list[str], expected: str | RecordFault) -> None:
    reading = read_records(records)
    if isinstance(expected, RecordFault):
        assert (reading.record, reading.fault) == (None, expected)
    else:
        assert reading.record is not None
        assert (reading.record.id, reading.fault) == (expected, None)


DEVIATIONS = [  # rule, record, deviation, where
    ("STS-05", "v=STSv1; id=a; foo=bar", RecordDeviation.UNKNOWN_FIELD, "foo"),
    ("STS-06", "v=STSv1; id=a; id=b", RecordDeviation.DUPLICATE_FIELD, "id"),
    ("DEC-03", "v=STSv1 ; id=a", RecordDeviation.BLANK_BEFORE_SEMICOLON, "v=STSv1 ;"),
]


@pytest.mark.parametrize(("rule", "record", "deviation", "where"), DEVIATIONS)
def test_deviations_of_a_record(rule: str, record: str, deviation: RecordDeviation, where: str) -> None:
    assert read_records([record]).deviations == ((deviation, where),)


def test_record_by_the_book_deviates_in_nothing() -> None:
    assert read_records(["v=STSv1; id=20261124T0900;"]).deviations == ()


SHOWN = [  # rule, record as its octets, part of the detail
    ("DEC-06", "v=STSv1; id=früh", "U+00FC"),
    ("DEC-06", "v=STSv1;\u00a0id=a", "`\u00a0id` is no name of a field; the character U+00A0"),
    ("DEC-06", "v=STSv1\u200b; id=a", "U+200B"),
]


@pytest.mark.parametrize(("rule", "record", "part"), SHOWN)
def test_a_record_in_utf_8_is_shown_as_that(rule: str, record: str, part: str) -> None:
    reading = read_records([record.encode().decode("latin-1")])
    assert reading.candidates == (record,)
    assert part in reading.detail


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_txt_answer_is_read(texts: list[str]) -> None:
    reading = read_records(texts)
    assert (reading.record is None) != (reading.fault is None)


@given(
    st.from_regex(r"\A[A-Za-z0-9]{1,32}\Z"), st.dictionaries(st.from_regex(r"\Ax[A-Za-z0-9_.-]{0,31}\Z"), st.just("1"))
)
def test_record_written_is_read_back(identifier: str, extensions: dict[str, str]) -> None:
    record = Record(identifier, tuple(extensions.items()))
    assert read_records([format_record(record)]).record == record


@pytest.mark.parametrize(("rule", "identifier"), [("STS-04", ""), ("STS-04", "a-b"), ("STS-04", "x" * 33)])
def test_a_record_that_exists_is_valid(rule: str, identifier: str) -> None:
    with pytest.raises(ValueError, match="1 to 32"):
        Record(identifier)


def test_where_record_and_policy_are() -> None:  # STS-07, STS-10, STS-40
    domain = Name.parse("mail.example.com")
    assert record_name(domain) == "_mta-sts.mail.example.com"
    assert policy_host(domain) == "mta-sts.mail.example.com"


# ---- host patterns -------------------------------------------------------------------------------------------------

MX_MATCH = [  # rule, pattern, host, matches
    ("STS-62", "mx.example.com", "MX.Example.COM", True),
    ("STS-62", "mx.example.com", "mx.example.com.", True),
    ("STS-62", "192.0.2.1", "192.0.2.1", False),  # an address in the place of a name
    ("STS-62", "*.0.2.1", "192.0.2.1", False),
    ("STS-62", "mx.example.com", "a.mx.example.com", False),
    ("STS-62", "*.example.com", "a.example.com", True),
    ("STS-62", "*.example.com", "a.b.example.com", False),  # exactly one label
    ("STS-62", "*.example.com", "example.com", False),
    ("STS-62", "*.example.com", ".example.com", False),
    ("STS-62", "*.example.com", "aexample.com", False),
    ("DEC-31", "example.com", "example.com", True),  # implicit MX: the domain itself, literally
]


@pytest.mark.parametrize(("rule", "pattern", "host", "matches"), MX_MATCH)
def test_mx_match(rule: str, pattern: str, host: str, matches: bool) -> None:
    assert HostPattern.parse(pattern).matches(host) is matches


@given(st.from_regex(r"\A[a-z0-9]{1,10}(\.[a-z0-9]{1,10}){0,4}\Z"))
def test_a_wildcard_matches_exactly_one_label(below: str) -> None:
    assert HostPattern.parse("*.example.com").matches(f"{below}.example.com") is ("." not in below)


BAD_PATTERNS = [  # rule, text
    ("STS-23", "a.example, b.example"),
    ("STS-23", "a.example b.example"),
    ("STS-23", "*"),
    ("STS-23", "*."),
    ("STS-23", "m*.example"),
    ("STS-23", "*m.example"),
    ("STS-23", "*.*.example"),
    ("STS-23", "a.*.example"),
    ("STS-23", "[192.0.2.1]"),
    ("STS-23", "[IPv6:2001:db8::1]"),
    ("STS-23", "mx.example."),
    ("STS-23", ""),
    ("STS-23", "under_score.example"),
    ("STS-23", "a..example"),
    ("STS-23", "-a.example"),
    ("STS-23", "hostname protocols=SSLv3"),
    ("STS-24", "mx.müller.example"),
    ("DEV-22", ".example"),
]


@pytest.mark.parametrize(("rule", "text"), BAD_PATTERNS)
def test_patterns_that_are_none(rule: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        HostPattern.parse(text)


# ---- the policy ----------------------------------------------------------------------------------------------------

GOOD = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
F = PolicyFault

POLICIES = [  # rule, file, faults (empty: by the book), whether a policy is left
    ("STS-20", GOOD, [], True),
    ("STS-20", GOOD.replace("version: STSv1\r\n", ""), [F.VERSION_MISSING], False),
    ("STS-20", GOOD.replace("mode: enforce\r\n", ""), [F.MODE_MISSING], False),
    ("STS-20", GOOD.replace("max_age: 604800\r\n", ""), [F.MAX_AGE_MISSING], False),
    ("STS-20", "", [F.NOT_A_POLICY], False),
    ("STS-20", "version: STSv1\r\n", [F.MODE_MISSING, F.MAX_AGE_MISSING, F.MX_MISSING], False),
    ("STS-21", GOOD.replace("STSv1", "STSv2"), [F.VERSION], False),
    ("STS-21", GOOD.replace("STSv1", "stsv1"), [F.VERSION], False),
    ("STS-21", GOOD.replace("enforce", "Enforce"), [F.MODE_INVALID], False),
    ("STS-21", GOOD.replace("enforce", "report"), [F.MODE_INVALID], False),
    ("STS-21", GOOD.replace("mode:", "Mode:"), [F.MODE_MISSING], False),  # keys are case-sensitive
    ("STS-22", "version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\n", [F.MX_MISSING], False),
    ("STS-22", "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n", [], True),
    ("DEC-10", "version: STSv1\r\nmode: none\r\nmx: a.example\r\nmax_age: 86400\r\n", [], True),
    ("STS-23", GOOD.replace("mail.example.com", "a.example, b.example"), [F.MX_INVALID], False),
    ("STS-25", GOOD.replace("604800", "-1"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "1w"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "+604800"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "6_04800"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "٦٠٤"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "12345678901"), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", ""), [F.MAX_AGE_INVALID], False),
    ("STS-25", GOOD.replace("604800", "31557600"), [], True),
    ("DEC-09", GOOD.replace("604800", "31557601"), [F.MAX_AGE_INVALID], True),
    ("DEC-08", GOOD.replace("604800", "0"), [], True),
    ("STS-26", GOOD.replace("mode: enforce\r\n", "mode: enforce\r\nmode: none\r\n"), [F.DUPLICATE_FIELD], True),
    ("STS-26", GOOD + "max_age: nonsense\r\n", [F.DUPLICATE_FIELD], True),
    ("STS-26", GOOD + "x: 1\r\nx: 2\r\n", [F.DUPLICATE_FIELD], True),
    ("STS-26", GOOD + "mx: mail.example.com\r\n", [], True),  # mx may repeat
    ("STS-27", GOOD + "x-note: früh\r\n", [], True),
    ("STS-27", GOOD + "x-note:\r\n", [F.SYNTAX], False),
    ("STS-27", GOOD + "x-note: a\tb\r\n", [F.SYNTAX], False),
    ("DEC-02", GOOD + "MX: mx2.example.com\r\n", [F.NEAR_KEY], True),
    ("DEC-02", GOOD.replace("max_age", "max-age"), [F.MAX_AGE_MISSING], False),
    ("STS-27", GOOD + "n" * 33 + ": 1\r\n", [F.SYNTAX], False),
    ("STS-28", GOOD.removesuffix("\r\n"), [], True),
    ("DEC-01", GOOD.replace("\r\n", "\n"), [F.LINE_ENDING], True),
    ("DEC-01", GOOD.replace("\r\n", "\n", 1), [F.LINE_ENDING], True),
    ("DEV-20", GOOD.replace("\r\n", "\n").removesuffix("\n"), [F.LINE_ENDING], True),
    ("STS-28", GOOD.replace("enforce", "enforce  \t"), [], True),
    ("STS-28", GOOD.replace("mode: ", "mode:"), [], True),
    ("STS-28", GOOD.replace("mode: ", "mode:\t "), [], True),
    ("STS-28", GOOD.replace("mode:", "mode :"), [F.SYNTAX], False),
    ("STS-28", GOOD.replace("version:", "version ="), [F.SYNTAX], False),
    ("STS-28", GOOD.replace("\r\n", "\r"), [F.LINE_ENDING, F.SYNTAX], False),
    ("STS-28", GOOD + "x: a\rb\r\n", [F.CARRIAGE_RETURN], False),
    ("STS-20", GOOD.replace("STSv1\r\n", "STSv1 "), [F.VERSION], False),
    ("STS-23", GOOD + "mx: 192.0.2.1\r\n", [F.MX_INVALID], True),
    ("STS-27", GOOD + "ttl: 1\r\nhost: w\r\nage: 5\r\nv: STSv1\r\npolicy: x\r\n", [], True),
    ("STS-27", GOOD + "max-age: 1\r\n", [F.NEAR_KEY], True),
    ("DEC-02", GOOD + "\r\n", [F.LINE_ENDING], True),
    ("DEC-02", GOOD.replace("mode", " \t\r\nmode"), [F.LINE_ENDING], True),
    ("DEC-02", GOOD + "a line that is none\r\n", [F.SYNTAX], False),
    ("DEC-06", GOOD.replace("mode: enforce", "mode: foo"), [F.MODE_INVALID], False),
]


@pytest.mark.parametrize(("rule", "text", "faults", "survives"), POLICIES)
def test_policy(rule: str, text: str, faults: list[PolicyFault], survives: bool) -> None:
    reading = read_policy(text.encode())
    assert [fault.kind for fault in reading.faults] == faults
    assert (reading.policy is not None) is survives


BYTES = [  # rule, file, fault
    ("DEC-07", b"\xef\xbb\xbf" + GOOD.encode(), F.ENCODING),
    ("DEC-07", GOOD.encode("utf-16"), F.ENCODING),
    ("DEC-07", GOOD.encode() + b"x: \xff\r\n", F.ENCODING),
    ("DEC-07", GOOD.encode() + b"x: a\x00b\r\n", F.ENCODING),
    ("DEC-07", GOOD.encode() + b"x: a\x1b[31mb\r\n", F.ENCODING),
    ("DEC-06", rb"{\rtf1\ansi version: STSv1\par}", F.NOT_A_POLICY),
    ("DEC-06", b"<!DOCTYPE html><html>version: STSv1</html>", F.NOT_A_POLICY),
    ("DEC-06", b"v=STSv1; id=20261124", F.NOT_A_POLICY),
    ("DEC-06", b"---\nlayout: none\n---\n" + GOOD.encode(), F.NOT_A_POLICY),
    ("DEC-06", b"version: STSv1\nmode: enforce\nmx:\n  - a.example\nmax_age: 86400\n", F.NOT_A_POLICY),
    ("DEC-06", b'{"version": "STSv1"}', F.NOT_A_POLICY),
    ("STS-28", GOOD.replace("\r\n", "\r\n  ").encode(), F.NOT_A_POLICY),
    ("STS-28", b" " + GOOD.encode(), F.SYNTAX),
    ("STS-28", GOOD.replace("mx:", " mx:").encode(), F.SYNTAX),
    ("STS-28", b"<!-- x -->\r\n" + GOOD.encode(), F.SYNTAX),
    ("DEC-06", b"<!-- x -->\n<html><pre>\n" + GOOD.encode(), F.NOT_A_POLICY),
    ("DEC-07", GOOD.encode("utf-32"), F.ENCODING),
    ("DEC-07", GOOD.encode("utf-32-be"), F.ENCODING),
]


@pytest.mark.parametrize(("rule", "data", "fault"), BYTES)
def test_files_that_are_no_policy(rule: str, data: bytes, fault: PolicyFault) -> None:
    reading = read_policy(data)
    assert reading.policy is None
    assert reading.faults[0].kind is fault


def test_first_entry_wins() -> None:  # STS-26
    reading = read_policy(GOOD.replace("mode: enforce\r\n", "mode: enforce\r\nmode: none\r\n").encode())
    assert reading.policy is not None
    assert reading.policy.mode is Mode.ENFORCE


def test_max_age_above_the_cap_is_clamped() -> None:  # DEC-09: refusing would fail open
    reading = read_policy(GOOD.replace("604800", "9999999999").encode())
    assert reading.policy is not None
    assert reading.policy.max_age == MAX_AGE_SECONDS
    assert reading.faults[0].effect is Effect.FORGIVEN


def test_two_faults_are_both_told() -> None:
    reading = read_policy(GOOD.replace("enforce", "enforced").replace("604800", "1 week").encode())
    assert [(fault.kind, fault.line) for fault in reading.faults] == [(F.MODE_INVALID, 2), (F.MAX_AGE_INVALID, 5)]


def test_the_four_line_ends_of_the_rfc_example_read_alike() -> None:  # STS-28
    variants = (GOOD, GOOD.removesuffix("\r\n"), GOOD.replace("\r\n", "\n"), GOOD.replace("\r\n", " \r\n"))
    assert len({read_policy(text.encode()).policy for text in variants}) == 1


STRANGERS = [  # rule, file, what it is
    ("DEC-06", "", Stranger.EMPTY),
    ("DEC-06", " \r\n\r\n", Stranger.EMPTY),
    ("DEC-06", "{\\rtf1\\ansi version: STSv1\\par}", Stranger.RICH_TEXT),
    ("DEC-06", "<!DOCTYPE html><html>", Stranger.WEB_PAGE),
    ("DEC-06", '"v=STSv1; id=1"', Stranger.DNS_RECORD),
    ("DEC-06", "---\n---\n" + GOOD, Stranger.FRONT_MATTER),
    ("DEC-06", '{"version": "STSv1"}', Stranger.JSON),
    ("DEC-06", "version: STSv1\nmode: testing\nmx:\n  - a.example\nmax_age: 1\n", Stranger.YAML),
    ("DEC-06", GOOD.replace("\r\n", "\r\n "), Stranger.INDENTED),
    ("DEC-06", GOOD.replace("\r\n", "; "), Stranger.ONE_LINE),
    ("DEC-06", GOOD.replace("\r\n", "\\n"), Stranger.ONE_LINE),
    ("DEC-06", "v=TLSRPTv1; rua=mailto:a@shop.example", Stranger.DNS_RECORD),
    ("DEC-06", "+++\ntitle = 'x'\n+++\n" + GOOD, Stranger.FRONT_MATTER),
    ("DEC-06", "version: STSv1\nmode: testing\nmx:\na.example\nmax_age: 1\n", Stranger.YAML),
    ("DEC-06", GOOD.replace("\r\n", "\u2028"), Stranger.ONE_LINE),
    ("DEC-06", "".join(f"> {line}\n" for line in GOOD.splitlines()), Stranger.DRESSED),
    ("DEC-06", "".join(f"{n}. {line}\n" for n, line in enumerate(GOOD.splitlines(), 1)), Stranger.DRESSED),
    ("DEC-06", "%PDF-1.7 \u2028", Stranger.BINARY),
    ("DEC-06", "Not found", Stranger.OTHER_TEXT),
]


@pytest.mark.parametrize(("rule", "text", "stranger"), STRANGERS)
def test_strangers_are_recognised(rule: str, text: str, stranger: Stranger) -> None:
    (fault,) = read_policy(text.encode()).faults
    assert (fault.kind, fault.stranger) == (F.NOT_A_POLICY, stranger)


MEANT = [  # rule, text of an mx line, the pattern meant
    ("STS-23", "mx1.acme net", ""),
    ("STS-23", "m x1.acme.net", ""),
    ("STS-23", "*. acme.net", ""),
    ("STS-23", "mx1.acme.net, mx2", ""),
    ("STS-23", "not mx1.acme.net", ""),
    ("STS-23", "mx1.acme.net and mx2.acme.net", "mx1.acme.net mx2.acme.net"),
    ("DEV-22", ".example.com", "*.example.com"),
    ("STS-23", "mx1.example.com.", "mx1.example.com"),
    ("STS-23", "10 mx1.example.com", "mx1.example.com"),
    ("STS-23", '"mx1.example.com"', "mx1.example.com"),
    ("STS-23", "https://mx1.example.com/", "mx1.example.com"),
    ("STS-23", "mx1.example.com:25", "mx1.example.com"),
    ("STS-23", "mx_1.example.com", ""),
    ("STS-23", "a.example, b.example", "a.example b.example"),
    ("STS-23", "a.example b.example", "a.example b.example"),
    ("STS-23", "[a.example, b.example]", "a.example b.example"),
    ("STS-23", "mx1.example.com (backup)", "mx1.example.com"),
    ("STS-23", "mx1.example.com;", "mx1.example.com"),
    ("STS-24", "mx.müller.example", "mx.xn--mller-kva.example"),
    ("STS-23", "shop.example. IN MX 10 mx1.shop.example.", "mx1.shop.example"),
    ("STS-23", "a.example and b.example", "a.example b.example"),
    ("STS-23", "mx1.example.com // first", "mx1.example.com"),
    ("STS-23", "\u201cmx1.example.com\u201d", "mx1.example.com"),
    ("STS-23", "mx1.example.com\u00a0", "mx1.example.com"),
    ("STS-23", "postmaster@example.com", ""),
    ("STS-23", "192.0.2.1", ""),
    ("STS-23", "mx1 .example.com", ""),  # never the wildcard of the old draft
    ("STS-23", "mx1. example.com", ""),
    ("STS-23", "mx1.example,com", ""),
    ("STS-23", "mx1,example.com", ""),
    ("STS-23", "10,mx1.example.com", "mx1.example.com"),
    ("STS-23", "a.example,b.example", "a.example b.example"),
    ("STS-23", "mx1", ""),
    ("STS-23", "*mail.example", ""),
    ("STS-23", "", ""),
]


@pytest.mark.parametrize(("rule", "text", "meant"), MEANT)
def test_the_pattern_that_was_meant(rule: str, text: str, meant: str) -> None:
    assert " ".join(meant_patterns(text)) == meant


MODES = [  # rule, text of a mode, the mode meant
    ("STS-21", "unenforced", Mode.TESTING),
    ("STS-21", "NotEnforced", Mode.TESTING),
    ("STS-21", "!enforce", Mode.TESTING),
    ("STS-21", "enforce later", Mode.TESTING),
    ("STS-21", "none (was enforce)", Mode.NONE),
    ("STS-21", "no", Mode.NONE),
    ("STS-21", "do not enforce", Mode.TESTING),
    ("STS-21", "don't enforce", Mode.TESTING),
    ("STS-21", "not enforced", Mode.TESTING),
    ("STS-21", "never enforce", Mode.TESTING),
    ("STS-21", "no enforcement", Mode.TESTING),
    ("STS-21", "enforce # do not change", Mode.ENFORCE),
    ("STS-21", "no", Mode.NONE),
    ("STS-21", "disabled", Mode.NONE),
]


@pytest.mark.parametrize(("rule", "text", "mode"), MODES)
def test_the_mode_that_was_meant(rule: str, text: str, mode: Mode) -> None:
    assert meant_mode(text) is mode


AGES = [  # rule, text of a max_age, the seconds meant
    ("STS-25", "604800 minimum", None),
    ("STS-25", "1 million", None),
    ("STS-25", "2 weeks", 1_209_600),
    ("STS-25", "1.5d", None),
    ("STS-25", "PT1H30M", None),
    ("STS-25", "10:00:00", None),
    ("STS-25", "86400*7", 604_800),
    ("STS-25", "7 x 24 * 60 * 60", 604_800),
    ("STS-25", "7*24h", 604_800),
    ("STS-25", "86400*9999", MAX_AGE_SECONDS),
    ("STS-25", "604800/2", None),
    ("STS-25", "86400+60", None),
    ("STS-25", "1-2 weeks", None),
]


@pytest.mark.parametrize(("rule", "text", "seconds"), AGES)
def test_the_max_age_that_was_meant(rule: str, text: str, seconds: int | None) -> None:
    assert meant_max_age(text) == seconds


REASONS = [  # rule, text of an mx line, part of the reason
    ("STS-23", "[192.0.2.1]", "IP address"),
    ("STS-23", "192.0.2.1.", "IP address"),
    ("STS-23", "2001:db8::1", "IP address"),
    ("STS-23", "postmaster@a.example", "mail address"),
    ("STS-23", "https://a.example", "URL"),
    ("STS-23", "10 a.example", "preference"),
    ("STS-23", "{{ mx }}", "placeholder"),
    ("STS-23", "a.example\u00a0", "U+00A0"),
    ("STS-24", "mx.müller.example", "A-labels"),
    ("STS-23", "a.example, b.example", "one name"),
]


@pytest.mark.parametrize(("rule", "text", "part"), REASONS)
def test_why_a_pattern_is_none(rule: str, text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        HostPattern.parse(text)


def test_lines_with_one_fault_are_told_once() -> None:  # STS-28
    (fault,) = read_policy(GOOD.replace(":", " :").encode()).faults
    assert (fault.lines, fault.meant) == ((1, 2, 3, 4, 5), tuple(GOOD.splitlines()))


def test_of_many_faults_a_few_are_kept_and_the_rest_counted() -> None:
    (fault,) = [one for one in read_policy((GOOD + "x\r\n" * 30).encode()).faults if one.kind is F.SYNTAX]
    assert (len(fault.lines), fault.more) == (FAULTS, 30 - FAULTS)


PROVIDERS = [  # rule, name below which a wildcard stands, who shares it, a host that lies deeper
    ("STS-31", "mail.protection.outlook.com", "Microsoft 365", None),
    ("STS-31", "h-v1.mx.microsoft", "Microsoft 365", None),
    ("STS-31", "ess.uk.barracudanetworks.com", "Barracuda", None),
    ("STS-62", "mx.microsoft", "", "TENANT.h-v1.mx.microsoft"),
    ("STS-62", "iphmx.com", "", "mx1.CUSTOMER.iphmx.com"),
    ("STS-31", "googlemail.com", "", None),  # all customers share these hosts
    ("STS-31", "aspmx.l.google.com", "", None),
    ("STS-31", "mimecast.com", "", None),
    ("STS-31", "shop.example", "", None),
]


@pytest.mark.parametrize(("rule", "name", "provider", "deeper"), PROVIDERS)
def test_what_lies_below_a_name(rule: str, name: str, provider: str, deeper: str | None) -> None:
    known = hosts_lie_deeper(Name(name))
    assert (shared_by_tenants(Name(name)), known[1] if known else None) == (provider, deeper)


ROLES = [  # rule, host, what it is for
    ("DEC-11", "smtp.zoho.eu", HostRole.SUBMISSION),
    ("DEC-11", "smtp.office365.com", HostRole.SUBMISSION),
    ("DEC-11", "email-smtp.eu-west-1.amazonaws.com", HostRole.SUBMISSION),
    ("DEC-11", "feedback-smtp.eu-west-1.amazonses.com", HostRole.BOUNCES),
    ("DEC-11", "imap.shop.example", HostRole.MAILBOX),
    ("DEC-11", "autodiscover.shop.example", HostRole.CLIENT_SETUP),
    ("DEC-11", "mta-sts.shop.example", HostRole.POLICY_HOST),
    ("DEC-11", "localhost", HostRole.NO_DOMAIN),
    ("DEC-11", "smtp.google.com", None),  # the MX host of Google Workspace
    ("DEC-11", "smtp.secureserver.net", None),  # an MX host of GoDaddy
    ("DEC-11", "mail.protonmail.ch", None),
    ("DEC-11", "mx.zoho.com", None),
    ("DEC-11", "mx.sendgrid.net", None),
    ("DEC-11", "inbound-smtp.eu-west-1.amazonaws.com", None),
    ("DEC-11", "smtp.shop.example", None),
    ("DEC-11", "mail.shop.example", None),
]


@pytest.mark.parametrize(("rule", "host", "role"), ROLES)
def test_hosts_that_are_no_mx_host(rule: str, host: str, role: HostRole | None) -> None:
    assert host_role(Name(host)) is role


HOSTILE = [  # rule, file of the largest size
    ("STS-48", GOOD + "".join(f"mx: {number}.e\r\n" for number in range(7_000))),
    ("STS-48", "x\n" * 32_768),
    ("STS-48", GOOD + "mx: " + "(" * 65_000),
    ("STS-48", GOOD + "mx: " + "<" * 65_000),
    ("STS-48", "mx: mx_.e\n" * 6_500),
    ("STS-48", "v: 1\n" * 13_000),
    ("STS-48", "  mx: a.e\n" * 6_500),
]


@pytest.mark.parametrize(("rule", "text"), HOSTILE, ids=range(len(HOSTILE)))
def test_the_largest_file_is_read_in_a_moment(rule: str, text: str) -> None:
    """Work grows with the size and no faster, counted in the calls of the interpreter so that no clock decides."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        reading = read_policy(text.encode())
    finally:
        sys.setprofile(None)
    assert calls < 60 * len(text)
    assert len(reading.faults) <= len(F) * FAULTS


@given(st.binary(max_size=400))
def test_any_octets_are_read(data: bytes) -> None:
    reading = read_policy(data)
    assert (reading.policy is None) == any(fault.effect is Effect.FATAL for fault in reading.faults)


@given(
    st.lists(st.sampled_from([*GOOD.splitlines(), "", " ", "mx: *", "mode: x", "\ufeff", "\r", "x: ü"]), max_size=12)
)
def test_any_lines_are_read(lines: list[str]) -> None:
    reading = read_policy("\n".join(lines).encode())
    assert (reading.policy is None) == any(fault.effect is Effect.FATAL for fault in reading.faults)


LABEL = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\Z")
PATTERNS = st.builds(
    lambda labels, wildcard: HostPattern(Name(".".join([*labels, "example"])), wildcard),
    st.lists(LABEL, min_size=1, max_size=3),
    st.booleans(),
)
POLICY = st.builds(
    Policy,
    st.sampled_from(Mode),
    st.lists(PATTERNS, min_size=1, max_size=5, unique=True).map(tuple),
    st.integers(0, MAX_AGE_SECONDS),
    st.dictionaries(st.from_regex(r"\Ax[a-z0-9_.-]{0,31}\Z"), st.from_regex(r"\A[!-~ü]([ -~]{0,10}[!-~])?\Z")).map(
        lambda fields: tuple(fields.items())
    ),
)


@given(POLICY)
def test_policy_written_is_read_back(policy: Policy) -> None:  # STS-29
    reading = read_policy(format_policy(policy))
    assert (reading.policy, reading.faults) == (policy, ())


def test_what_we_write_is_the_rfc_form() -> None:  # STS-29
    policy = Policy(Mode.TESTING, (HostPattern.parse("mx1.example.com"), HostPattern.parse("*.example.net")), 604_800)
    text = "version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
    assert format_policy(policy) == text.encode("ascii")


@pytest.mark.parametrize(
    ("rule", "mode", "mx", "max_age"),
    [("STS-22", Mode.ENFORCE, (), 1), ("STS-25", Mode.NONE, (), -1), ("STS-25", Mode.NONE, (), MAX_AGE_SECONDS + 1)],
)
def test_a_policy_that_exists_is_valid(rule: str, mode: Mode, mx: tuple[HostPattern, ...], max_age: int) -> None:
    with pytest.raises(ValueError, match=r"mx|max_age"):
        Policy(mode, mx, max_age)


# ---- the response --------------------------------------------------------------------------------------------------

RESPONSES = [  # rule, status, media type, content encoding, fault
    ("STS-44", 200, "text/plain", None, None),
    ("STS-44", 204, "text/plain", None, ResponseFault.STATUS),
    ("STS-44", 206, "text/plain", None, ResponseFault.STATUS),
    ("STS-44", 304, "text/plain", None, ResponseFault.STATUS),
    ("STS-44", 404, "text/plain", None, ResponseFault.STATUS),
    ("STS-44", 500, "text/plain", None, ResponseFault.STATUS),
    ("STS-45", 301, "text/plain", None, ResponseFault.REDIRECT),
    ("STS-45", 308, None, None, ResponseFault.REDIRECT),
    ("STS-47", 200, "TEXT/Plain", None, None),
    ("STS-47", 200, "text/plain; charset=iso-8859-1; x=y", None, None),
    ("STS-47", 200, "text/plain ;charset=utf-8", None, None),
    ("STS-47", 200, "text/html", None, ResponseFault.MEDIA_TYPE),
    ("STS-47", 200, "text/plainer", None, ResponseFault.MEDIA_TYPE),
    ("DEC-05", 200, None, None, ResponseFault.MEDIA_TYPE),
    ("DEC-28", 200, "text/plain", "gzip", ResponseFault.CONTENT_ENCODING),
    ("DEC-28", 200, "text/plain", "identity", None),
]


@pytest.mark.parametrize(("rule", "status", "media_type", "encoding", "fault"), RESPONSES)
def test_response(
    rule: str, status: int, media_type: str | None, encoding: str | None, fault: ResponseFault | None
) -> None:
    assert response_fault(status, media_type, encoding) is fault


def test_a_second_version_is_a_duplicate() -> None:  # STS-06
    reading = read_records(["v=STSv1; id=1; v=STSv1;"])
    assert reading.deviations == ((RecordDeviation.DUPLICATE_FIELD, "v"),)


def test_of_many_unknown_fields_a_few_are_kept() -> None:
    reading = read_records(["v=STSv1; id=1;" + "".join(f"a{number}=1;" for number in range(8_000))])
    assert len(reading.deviations) == FAULTS
