"""Every rule of the standards that binds check or publish is tested by a table row that carries its id.

The ids are those of the project's list of requirements; a row's first column names the rule that it shows. A rule
without a row stands in `WITHOUT`, with the reason, and leaves it as soon as it gets one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
RULE = re.compile(r"(?:STS|RPT|DANE|MX|SMTP|TLS|DEC|DEV)-\d\d")


def _ids(prefix: str, numbers: str) -> Iterator[str]:
    return (f"{prefix}-{number}" for number in numbers.split())


BINDING = (  # rules for check (C), publish (P) and receive (I)
    *_ids("STS", "01 02 03 04 05 06 07 08 10 13 20 21 22 23 24 25 26 27 28 29 30 31"),
    *_ids("STS", "40 41 42 43 44 45 47 48 49 53 62 63 64 65 66 75 76 77 78 79"),
    *_ids("RPT", "01 02 03 04 06 08 35"),
    *_ids("RPT", "12 14 16 20 30 36 40 42 43 44 45"),
    *_ids("DANE", "01 02 06 09 10 11 12 13 14 15 16 17 18 19 30 31 32 33 34 35 36"),
    *_ids("MX", "01 02 04 05 06"),
    *_ids("SMTP", "01 03 04 05 06"),
    *_ids("TLS", "01 02 03 04 05 06 07"),
    *_ids("DEC", "01 02 03 04 05 06 07 08 09 10 11 12 28 31"),  # readings of the RFCs that check rests on
    *_ids("DEC", "13 14 16 17 18 25 26 27 29 30 32"),  # readings that receiving rests on
    *_ids("DEV", "01 02 03 04 05 06 07 08 09 10 11 12 13 15 17"),  # deviations of reports
    *_ids("DEV", "14 16 20 22"),  # deviations seen in the wild that check meets
)

INTAKE = "binds the intake by mail and HTTPS, which does not exist yet"
PUBLISHING = "binds the policy host and the roll-out, which do not exist yet"
WITHOUT = {
    "STS-49": PUBLISHING,
    "STS-75": PUBLISHING,
    "STS-78": PUBLISHING,
    "DANE-32": PUBLISHING,
    "DANE-36": PUBLISHING,
    "RPT-06": "advice on the zone (TTL, signing) without an act of the program",
    "RPT-40": INTAKE,
    "DEC-27": INTAKE,
    "DEV-15": "binds sending reports, which does not exist yet",
    "SMTP-03": "the probe ends after the handshake and never sends a second STARTTLS",
    "SMTP-05": "the probe never sends MAIL, so it cannot meet a server that demands TLS for it",
}


def _tables(module: ast.Module) -> Iterator[ast.expr]:
    """The tables of a module: lists and tuples at its top, and what `parametrize` is given."""
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.List | ast.Tuple):
            yield statement.value
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize":
            yield from node.args


def _tested() -> set[str]:
    """The rules named by a string of their own in the table of any test."""
    return {
        node.value
        for file in TESTS.rglob("test_*.py")
        if file != Path(__file__)
        for table in _tables(ast.parse(file.read_text(encoding="utf-8")))
        for node in ast.walk(table)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RULE.fullmatch(node.value)
    }


@pytest.fixture(scope="module")
def tested() -> set[str]:
    return _tested()


@pytest.mark.parametrize("rule", BINDING)
def test_the_rule_has_a_row_or_a_reason(tested: set[str], rule: str) -> None:
    assert (rule in tested) != (rule in WITHOUT)


def test_reasons_are_for_rules_that_bind() -> None:
    assert set(WITHOUT) <= set(BINDING)
