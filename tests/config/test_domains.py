"""The file that `domains apply` reads: what it takes, and what it refuses, each fault with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from strictmx.config import ConfigError
from strictmx.config.domains import FILE_BYTES, Wanted, parse_domains, read_age, read_pattern
from strictmx.standards.names import Name

FILE = Path("domains.toml")
HEAD = '[domains."example.com"]\n'


def read(text: str) -> tuple[Wanted, ...]:
    return parse_domains(text.encode(), FILE)


TAKEN = [  # text below the head of example.com; mode, mx, max_age, rua
    ('mx = ["m.example"]', "testing", ["m.example"], 604_800, ["mailto:postmaster@example.com"]),
    ('mode = "none"', "none", [], 86_400, ["mailto:postmaster@example.com"]),
    ('mx = ["M.Example.", "*.ü.example", "m.example"]', "testing", ["m.example", "*.xn--tda.example"], 604_800, None),
    ('mode = "enforce"\nmx = ["m.example"]\nmax_age = 86400', "enforce", ["m.example"], 86_400, None),
    ('mx = ["m.example"]\nmax_age = "4w"', "testing", ["m.example"], 2_419_200, None),
    ('mx = ["m.example"]\nmax_age = "86400"', "testing", ["m.example"], 86_400, None),
    (
        'mx = ["m.example"]\nrua = ["https://r.example/x", "mailto:a@b.example", "https://r.example/x"]',
        "testing",
        ["m.example"],
        604_800,
        ["https://r.example/x", "mailto:a@b.example"],
    ),
]


@pytest.mark.parametrize(("text", "mode", "mx", "max_age", "rua"), TAKEN)
def test_taken(text: str, mode: str, mx: list[str], max_age: int, rua: list[str] | None) -> None:
    (one,) = read(HEAD + text)
    assert one.domain == "example.com"
    assert (one.policy.mode.value, list(map(str, one.policy.mx)), one.policy.max_age) == (mode, mx, max_age)
    assert rua is None or list(one.rua) == rua


def test_names_are_a_labels_in_order() -> None:
    found = read(
        '[domains]\n"ü.example" = {mode = "none"}\n"B.example" = {mode = "none"}\n"a.example." = {mode = "none"}\n'
    )
    assert [one.domain for one in found] == ["a.example", "b.example", "xn--tda.example"]


def test_no_domain_is_said_in_so_many_words() -> None:
    """An empty file is more likely a program that failed than the wish to remove all."""
    assert read("[domains]\n") == ()


MANY_HOSTS = ", ".join(f'"mx{number}.{"a" * 50}.example"' for number in range(1_000))
REFUSED = [  # rule or empty; text, line, key, part of what is said
    ("", "", None, "domains", "is missing"),
    ("", "domains = 1", 1, "domains", "is a table"),
    ("", '[domans."a.example"]\n', 1, "domans", "did you mean domains?"),
    ("", '[domains.example.com]\nmode = "none"', 1, "domains.example.com", '[domains."example.com"]'),
    ("", "[domains]\n[internet]\n", 2, "internet", "allowed: domains"),
    ("", "[domains\n", 1, "", "no TOML"),
    ("", '[domains]\nx = "a', 2, "", "no TOML"),
    ("", '[domains]\n"a.example" = 1\n', 2, 'domains."a.example"', "mode, mx, max_age, rua"),
    ("", '\n[domains."a b"]\nmode = "none"\n', 2, "domains.a b", "is no domain name"),
    ("", '[domains."_x.example"]\nmode = "none"\n', 1, 'domains."_x.example"', "letters, digits and hyphens"),
    ("", HEAD + 'mode = "none"\n[domains."Example.COM."]\nmode = "none"\n', 3, 'domains."Example.COM."', "twice"),
    ("", HEAD + 'mods = "none"\nmx = ["m.example"]', 2, 'domains."example.com".mods', "did you mean mode?"),
    ("STS-21", HEAD + 'mode = "Enforce"\nmx = ["m.example"]', 2, 'domains."example.com".mode', "did you mean enforce?"),
    ("STS-22", HEAD + 'mode = "enforce"\n', 1, 'domains."example.com"', "mx is missing"),
    ("STS-22", HEAD + "mx = []\n", 1, 'domains."example.com"', "mx is missing"),
    ("STS-23", HEAD + 'mx = [\n"m.example",\n"a*.example"]', 4, 'domains."example.com".mx[1]', "may hold letters"),
    ("STS-23", HEAD + 'mx = ["a.example, b.example"]', 2, 'domains."example.com".mx[0]', "may hold letters"),
    ("STS-23", HEAD + 'mx = "m.example"', 2, 'domains."example.com".mx', "a list"),
    ("STS-25", HEAD + 'mode = "none"\nmax_age = -1', 3, 'domains."example.com".max_age', "0 to 31557600"),
    ("STS-25", HEAD + 'mode = "none"\nmax_age = 31557601', 3, 'domains."example.com".max_age', "0 to 31557600"),
    ("STS-25", HEAD + 'mode = "none"\nmax_age = true', 3, 'domains."example.com".max_age', "true is not allowed"),
    ("STS-25", HEAD + 'mode = "none"\nmax_age = 1.5', 3, 'domains."example.com".max_age', "1.5 is not allowed"),
    ("STS-25", HEAD + f'mode = "none"\nmax_age = 0x{"f" * 9_000}', 3, 'domains."example.com".max_age', "60 digits"),
    ("RPT-03", HEAD + 'mode = "none"\nrua = ["a@b.example"]', 3, 'domains."example.com".rua[0]', "mailto:a@b.example"),
    ("RPT-03", HEAD + 'mode = "none"\nrua = ["ftp://b.example"]', 3, 'domains."example.com".rua[0]', "`ftp`"),
    ("STS-48", HEAD + f"mx = [{MANY_HOSTS}]", 1, 'domains."example.com"', "policy-host-too-large"),
]


@pytest.mark.parametrize(("rule", "text", "line", "key", "part"), REFUSED)
def test_refused(rule: str, text: str, line: int | None, key: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    (fault,) = caught.value.faults
    assert (fault.line, fault.key) == (line, key)
    assert part in fault.text


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read('[domains."a.example"]\nmode = "off"\nmax_age = "ever"\n[domains."b.example"]\n[x]\n')
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4, 5]
    assert str(caught.value).startswith('domains.toml:2: domains."a.example".mode: "off" is not allowed')


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"\xff", "domains.toml:1: no TOML: it is not UTF-8"),
        (b"#" * (FILE_BYTES + 1), "is longer than 16 MiB"),
        (b"[domains]\nx = " + b"[" * 100_000, "nested too deep"),
        (b"domains" + b".a" * 100_000 + b" = 1", "more than 8 parts"),
    ],
)
def test_octets_that_are_no_file_of_domains(data: bytes, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        parse_domains(data, FILE)


@pytest.mark.parametrize("text", ["", "-1", "31557601", "2y", "soon", "1 w 2", "٣", "9" * 5_000])
def test_no_age(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_age(text)


def test_a_pattern_as_a_person_writes_it() -> None:
    assert str(read_pattern("*.Ü.example.")) == "*.xn--tda.example"
    assert read_pattern("mx1.example").name == Name("mx1.example")
