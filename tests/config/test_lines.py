"""The line of each key: a table of layouts, and two laws on arbitrary text."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.config.lines import KEY_PARTS, KeyPath, key_lines, overlong_key

LAYOUTS: list[tuple[str, str, KeyPath, int]] = [
    ("plain", "a = 1\nb = 2", ("b",), 2),
    ("below a header", "[t]\n\n# c\nk = 1", ("t", "k"), 4),
    ("the header itself", "\n[t]\nk = 1", ("t",), 2),
    ("dotted", "[t]\na.b.c = 1", ("t", "a", "b", "c"), 2),
    ("table made by dots", "[t]\nx = 1\na.b.c = 1", ("t", "a"), 3),
    ("dotted header", "[t . u]\nk = 1", ("t", "u", "k"), 2),
    ("quoted key", '[t]\n"a.b" = 1', ("t", "a.b"), 2),
    ("literal key", "'a b' = 1", ("a b",), 1),
    ("escaped key", '"\\u0061" = 1', ("a",), 1),
    ("quoted header", '["t u"]\nk = 1', ("t u", "k"), 2),
    ("inline table", "t = {a = 1, b.c = 2}\nz = 1", ("t", "b", "c"), 1),
    ("after an inline table", "t = {a = 1, b.c = 2}\nz = 1", ("z",), 2),
    ("array element", "a = [\n 1,\n 2, # c\n 3\n]", ("a", 2), 4),
    ("after an array", "a = [\n 1,\n]\nb = 1", ("b",), 4),
    ("array in array", "a = [[1],\n [2,\n 3]]", ("a", 1, 1), 3),
    ("table in array", "a = [{b = 1},\n {b = 2}]", ("a", 1, "b"), 2),
    ("array in inline table", "t = {a = [1,\n2], b = 3}", ("t", "b"), 2),
    ("after a basic string over lines", 'a = """\n[x]\nb = 1\n"""\nc = 1', ("c",), 5),
    ("after a literal string over lines", "a = '''\n\"\"\"\n'''\nc = 1", ("c",), 4),
    ("after escaped quotes", 'a = "\\"#"\nc = 1', ("c",), 2),
    ("hash in a string", 'a = "#"\nc = "]"\nd = 1', ("d",), 3),
    ("dates and floats", "a = 1979-05-27 07:32:00\nb = 1.5\nc = 1", ("c",), 3),
    ("array of tables", "[[a]]\nk = 1\n[[a]]\nk = 2", ("a", 1, "k"), 4),
    ("first line wins", "[t]\na.b = 1\na.c = 1", ("t", "a"), 2),
    ("line ends of Windows", "a = 1\r\nb = 1\r\n", ("b",), 2),
]


@pytest.mark.parametrize(("layout", "text", "path", "line"), LAYOUTS, ids=[row[0] for row in LAYOUTS])
def test_line_of_a_key(layout: str, text: str, path: KeyPath, line: int) -> None:
    tomllib.loads(text)  # the table holds TOML only
    assert key_lines(text).get(path) == line, layout


@given(st.text(alphabet="ab.=[]{},\"'\\# \n1", max_size=200))
def test_any_text_ends(text: str) -> None:
    lines = key_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    overlong_key(text)


_KEYS = st.text(alphabet="ab-_19", min_size=1, max_size=3)
_VALUES = st.recursive(
    st.sampled_from(["1", '"#]"', "'{'", '"""\n=\n"""', "true"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[" + ",\n ".join(items) + "]"),
    max_leaves=5,
)


@given(st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=4))
def test_written_lines_are_found(document: dict[str, dict[str, str]]) -> None:
    text = ""
    wanted: dict[KeyPath, int] = {}
    for table, keys in document.items():
        wanted[table,] = text.count("\n") + 1
        text += f"[{table}]\n"
        for key, value in keys.items():
            wanted[table, key] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    found = key_lines(text)
    assert {path: found.get(path) for path in wanted} == wanted


OVERLONG = [
    ("a." * KEY_PARTS + "a = 1", 1),
    ("x = 1\n[" + '"a".' * KEY_PARTS + "a]", 2),
    ("a." * (KEY_PARTS - 1) + "a = 1", None),
    ('a = "' + "a." * 50 + '"', None),
    ("a = [" + "1.5, " * 50 + "]", None),
]


@pytest.mark.parametrize(("text", "line"), OVERLONG)
def test_overlong_keys(text: str, line: int | None) -> None:
    assert overlong_key(text) == line


@pytest.mark.parametrize("piece", ['\\"""', '"', "'''", "a.", "[", "{a=", '"""\\', "\\'", '= "\\"'])
def test_time_is_linear_in_hostile_text(piece: str) -> None:
    text = piece * 20_000
    before = time.process_time()
    key_lines(text)
    overlong_key(text)
    assert time.process_time() - before < 2  # a quadratic scan of these takes minutes
