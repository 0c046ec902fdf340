from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.mx import Exchange, InvalidMx, exchanges, is_null_mx

RECORDS = [  # rule, MX record, preference, host
    ("MX-01", "10 mx1.example.com", 10, "mx1.example.com"),
    ("MX-01", "0 mx1.example.com.", 0, "mx1.example.com"),
    ("MX-01", " 10\tmx1.example.com ", 10, "mx1.example.com"),
    ("MX-04", "0 .", 0, "."),
    ("MX-05", "10 192.0.2.1", 10, "192.0.2.1"),
]
NONE = ["", "10", "mx1.example.com", "10 ", "-1 mx1.example.com", "\u0661 mx1.example.com", "10 a b"]
NULL = [  # rule, MX answer, whether it says that no mail is taken
    ("MX-04", ["0 ."], True),
    ("MX-04", ["10 ."], True),
    ("MX-04", ["0 .", "10 mx1.example.com"], False),
    ("MX-04", ["0 .", "nonsense"], False),
    ("MX-04", ["0 mx1.example.com"], False),
    ("MX-04", [], False),
]


@pytest.mark.parametrize(("rule", "text", "preference", "host"), RECORDS)
def test_record(rule: str, text: str, preference: int, host: str) -> None:
    exchange = Exchange.parse(text)
    assert (exchange.preference, exchange.host) == (preference, host)
    assert exchange.is_root == (host == ".")


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_record(text: str) -> None:
    with pytest.raises(InvalidMx):
        Exchange.parse(text)
    assert exchanges([text, "10 mx1.example.com"]) == (Exchange(10, "mx1.example.com"),)


@pytest.mark.parametrize(("rule", "records", "null"), NULL)
def test_null_mx(rule: str, records: list[str], null: bool) -> None:
    assert is_null_mx(records) is null


@given(st.text())
def test_any_text_is_a_record_or_none(text: str) -> None:
    for exchange in exchanges([text]):
        assert Exchange.parse(str(exchange)) == exchange
