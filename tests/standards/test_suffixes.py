"""Public suffixes, and the names that were registered below them."""

from __future__ import annotations

import pytest

from strictmx.standards.names import Name
from strictmx.standards.suffixes import is_public_suffix, organizational_domain

SUFFIXES = [  # rule, name, whether anybody can have a name below, what was registered
    ("STS-31", "com", True, "com"),
    ("STS-31", "co.uk", True, "co.uk"),
    ("STS-31", "github.io", True, "github.io"),
    ("STS-31", "xn--p1ai", True, "xn--p1ai"),
    ("STS-31", "example", False, "example"),  # on no list
    ("STS-31", "shop.example", False, "shop.example"),
    ("STS-31", "outlook.com", False, "outlook.com"),
    ("DEC-30", "corp.mail.ru", False, "mail.ru"),
    ("DEC-30", "mx.reports.shop.example", False, "shop.example"),
    ("DEC-30", "a.b.co.uk", False, "b.co.uk"),
    ("DEC-30", "a.somebody.github.io", False, "somebody.github.io"),
]


@pytest.mark.parametrize(("rule", "name", "public", "registered"), SUFFIXES)
def test_public_suffixes(rule: str, name: str, public: bool, registered: str) -> None:
    assert is_public_suffix(Name(name)) is public
    assert organizational_domain(Name(name)) == registered
