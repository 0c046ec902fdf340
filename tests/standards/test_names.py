from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.names import InvalidName, Name, address_of

GOOD = [  # rule, text, name
    ("STS-13", "Example.COM", "example.com"),
    ("STS-13", "müller.example", "xn--mller-kva.example"),
    ("STS-13", "MÜLLER.Example", "xn--mller-kva.example"),
    ("STS-13", "faß.example", "xn--fa-hia.example"),  # IDNA 2008; the 2003 form was fass
    ("STS-13", "例え。テスト", "xn--r8jz45g.xn--zckzah"),  # the ideographic full stop separates labels, too
    ("TLS-01", "example.com.", "example.com"),
    ("TLS-01", "  example.com ", "example.com"),
    ("TLS-01", "_mta-sts.example.com", "_mta-sts.example.com"),
    ("TLS-01", "a", "a"),
    ("TLS-01", "xn--mller-kva.example", "xn--mller-kva.example"),
]


@pytest.mark.parametrize(("rule", "text", "name"), GOOD)
def test_names_that_are(rule: str, text: str, name: str) -> None:
    assert Name.parse(text) == name


BAD = [  # rule, text, part of the reason
    ("TLS-01", "", "empty"),
    ("TLS-01", ".", "empty"),
    ("TLS-01", "a..b", "empty"),
    ("TLS-01", ".example.com", "empty"),
    ("TLS-01", "example.com..", "empty"),
    ("TLS-01", "a b.example", "letters"),
    ("TLS-01", "exa\x1bmple.com", "letters"),
    ("TLS-01", "user@example.com", "after the @, example.com"),
    ("TLS-01", "-a.example", "hyphen"),
    ("TLS-01", "https://example.com/x", "write example.com"),
    ("TLS-01", "192.0.2.1", "address"),
    ("TLS-01", "x" * 64 + ".example", "63"),
    ("TLS-01", ".".join(["x" * 60] * 5), "253"),
    ("STS-13", "ü" * 80 + ".example", "A-label"),
    ("STS-13", "☃☃\u202e.example", "A-label"),
]


@pytest.mark.parametrize(("rule", "text", "reason"), BAD)
def test_names_that_are_none(rule: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidName) as caught:
        Name.parse(text)
    assert reason in caught.value.reason
    assert "\x1b" not in str(caught.value)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = Name.parse(text)
    except InvalidName:
        return
    assert Name.parse(name) == name
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= 253


def test_parts_of_a_name() -> None:
    name = Name.parse("mail.example.com")
    assert name.labels == ("mail", "example", "com")
    assert name.parent == "example.com"
    assert Name("com").parent is None
    assert name.below("_25._tcp") == "_25._tcp.mail.example.com"
    assert name.is_host
    assert not Name.parse("_dmarc.example.com").is_host


ADDRESSES = [  # rule, text, address
    ("STS-12", "[192.0.2.1]", "192.0.2.1"),
    ("STS-12", "[IPv6:2001:db8::1]", "2001:db8::1"),
    ("MX-05", "192.0.2.1.", "192.0.2.1"),
    ("MX-05", "2001:DB8::1", "2001:db8::1"),
    ("MX-05", "mx1.example.com", None),
    ("MX-05", "1", None),
]


@pytest.mark.parametrize(("rule", "text", "address"), ADDRESSES)
def test_addresses_where_a_name_belongs(rule: str, text: str, address: str | None) -> None:
    found = address_of(text)
    assert (str(found) if found else None) == address
