from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.names import Name
from strictmx.standards.tlsrpt import RecordDeviation, RecordFault, format_record, read_records, read_uri, record_name
from strictmx.standards.txt_record import FAULTS

A, B = "mailto:a@example.com", "https://reports.example.net/v1?x=1"

RECORDS = [  # rule, TXT records, usable addresses or the fault
    ("RPT-01", [f"v=TLSRPTv1; rua={A}"], [A]),
    ("RPT-01", [f"v=TLSRPTv1;rua={A}", "v=spf1 -all"], [A]),
    ("RPT-01", [f"v=TLSRPTv1;rua={A}", f"v=TLSRPTv1;rua={B}"], RecordFault.MULTIPLE),
    ("RPT-01", ["something"], RecordFault.MISSING),
    ("RPT-01", [f"v=tlsrptv1; rua={A}"], RecordFault.MISSING),
    ("RPT-02", ["v=TLSRPTv1; x=1"], RecordFault.NO_RUA),
    ("RPT-02", ["v=TLSRPTv1;"], RecordFault.NO_RUA),
    ("RPT-02", ["v=TLSRPTv1; rua="], RecordFault.NO_RUA),
    ("RPT-02", [f"v=TLSRPTv1; rua={A};; x=1"], RecordFault.INVALID),
    ("DEC-12", ["v=TLSRPTv1; rua"], RecordFault.INVALID),
    ("DEC-12", [f"v=TLSRPTv1 rua={A}"], RecordFault.INVALID),
    ("DEC-12", [f"v=TLSRPTv1; rua={A}; rua={B}"], [A, B]),
    ("DEC-03", [f"v=TLSRPTv1 ; rua={A}"], [A]),
    ("RPT-03", [f"v=TLSRPTv1; rua=ftp://x,{A}; foo=bar"], [A]),
    ("RPT-03", ["v=TLSRPTv1; rua=ftp://x"], []),
    ("RPT-05", [f"v=TLSRPTv1; rua={A} , {B}"], [A, B]),
    ("RPT-05", [f"v=TLSRPTv1; rua={A},{A}"], [A]),
    ("DEV-14", [f"v=TLSRPTv1; rua=postmaster@example.com,{A}"], [A]),
    ("DEV-16", ["v=TLSRPTv1;rua=https://tlsrpt.example.net/report"], ["https://tlsrpt.example.net/report"]),
]


@pytest.mark.parametrize(("rule", "records", "expected"), RECORDS)
def test_record(rule: str, records: list[str], expected: list[str] | RecordFault) -> None:
    reading = read_records(records)
    if isinstance(expected, RecordFault):
        assert (reading.record, reading.fault) == (None, expected)
    else:
        assert reading.record is not None
        assert [address.uri for address in reading.record.rua] == expected


DEVIATIONS = [  # rule, TXT record, deviations
    ("DEC-03", f"v=TLSRPTv1 ; rua={A}", ((RecordDeviation.BLANK_BEFORE_SEMICOLON, "v=TLSRPTv1 ;"),)),
    ("DEC-03", f"v=TLSRPTv1; rua={A} ; x=1", ()),
]


@pytest.mark.parametrize(("rule", "record", "deviations"), DEVIATIONS)
def test_deviations_of_a_record(rule: str, record: str, deviations: tuple[tuple[RecordDeviation, str], ...]) -> None:
    assert read_records([record]).deviations == deviations


URIS = [  # rule, URI, host, mailbox
    ("RPT-04", "mailto:a@example.com", "example.com", "a@example.com"),
    ("RPT-04", "MAILTO:a@Example.COM", "example.com", "a@Example.COM"),
    ("RPT-04", "mailto:a@example.com?subject=x", "example.com", "a@example.com"),
    ("RPT-04", "mailto:a%21b@example.com", "example.com", "a!b@example.com"),
    ("RPT-04", "mailto:a@example.com%2Cb@example.net", "example.com", "a@example.com"),
    ("RPT-04", "https://example.com:8443/x?y=%2C", "example.com", ""),
    ("RPT-04", "https://[2001:db8::1]/", None, None),
    ("RPT-04", "mailto:a!b@example.com", None, None),
    ("RPT-04", "mailto:", None, None),
    ("RPT-04", "mailto:example.com", None, None),
    ("RPT-04", "mailto:a@", None, None),
    ("RPT-04", "mailto:a@192.0.2.1", None, None),
    ("RPT-04", "https://", None, None),
    ("RPT-04", "https://example.com:port/", None, None),
    ("RPT-03", "http://example.com/", None, None),
    ("RPT-03", "postmaster@example.com", None, None),
    ("RPT-03", "", None, None),
    ("RPT-03", "mailto:ü@example.com", None, None),
]


@pytest.mark.parametrize(("rule", "uri", "host", "mailbox"), URIS)
def test_uri(rule: str, uri: str, host: str | None, mailbox: str | None) -> None:
    if host is None:
        with pytest.raises(ValueError, match=r"\S"):
            read_uri(uri)
    else:
        address = read_uri(uri)
        assert (address.host, address.mailbox) == (host, mailbox)


def test_a_forgotten_scheme_is_shown_how_to_write() -> None:  # DEV-14
    with pytest.raises(ValueError, match=re.escape("mailto:postmaster@example.com")):
        read_uri("postmaster@example.com")


@given(st.lists(st.text(max_size=80), max_size=4))
def test_any_txt_answer_is_read(texts: list[str]) -> None:
    reading = read_records(texts)
    assert (reading.record is None) != (reading.fault is None)


@given(st.text(max_size=120))
def test_any_rua_is_read(text: str) -> None:
    read_records([f"v=TLSRPTv1; rua={text}"])


@given(st.lists(st.sampled_from([A, B, "mailto:x%21y@a.example"]), min_size=1, max_size=3, unique=True))
def test_record_written_is_read_back(rua: list[str]) -> None:
    record = read_records([format_record(rua)]).record
    assert record is not None
    assert [address.uri for address in record.rua] == rua


@pytest.mark.parametrize(
    ("rule", "rua"), [("RPT-02", []), ("RPT-03", ["ftp://x"]), ("RPT-04", ["mailto:a!b@c.example"])]
)
def test_only_a_usable_record_is_written(rule: str, rua: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        format_record(rua)


def test_where_the_record_is() -> None:  # RPT-07
    assert record_name(Name.parse("a.b.example")) == "_smtp._tls.a.b.example"


def test_of_many_addresses_that_are_none_a_few_are_kept() -> None:
    reading = read_records(["v=TLSRPTv1; rua=" + "x," * 30_000 + "mailto:a@example.com"])
    assert len(reading.refused) == FAULTS
    assert reading.record is not None
    assert len(reading.record.rua) == 1
