from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.findings.observation import OBSERVATION_BYTES, UnreadableObservation, dump, load
from tests.findings import seen


def test_an_observation_is_one_line_that_reads_back() -> None:
    observation = seen.healthy()
    line = dump(observation)
    assert b"\n" not in line
    assert json.loads(line)["observation"] == 1
    assert load(line) == observation


def test_unknown_keys_are_ignored() -> None:
    document = json.loads(dump(seen.healthy()))
    document["later"] = {"more": 1}
    assert load(json.dumps(document).encode()) == seen.healthy()


BAD = [
    b"",
    b"{}",
    b"null",
    b"[1]",
    b"\xff\xfe",
    b'{"observation": 2}',
    b"[" * 100_000,
    b" " * (OBSERVATION_BYTES + 1),
    dump(seen.healthy()).replace(b'"observation":1', b'"observation":2'),
    dump(seen.healthy()).replace(b'"elapsed_ms":120', b'"elapsed_ms":"x"'),
    dump(seen.healthy()).replace(b'"stage":"done"', b'"stage":"flying"'),
    dump(seen.healthy()).replace(b'"domain":"shop.example"', b'"domain":"not a name"'),
    dump(seen.healthy()).replace(b'"domain":"shop.example"', b'"domain":"SHOP.example"'),
    dump(seen.healthy()).replace(b'"address":"192.0.2.1"', b'"address":"abc"'),
    dump(seen.healthy()).replace(b"mode: enforce", "mode: ☃".encode()),
    dump(seen.healthy()).replace(b'Z","elapsed_ms"', b'","elapsed_ms"'),
]


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_lines_that_are_none(line: bytes) -> None:
    with pytest.raises(UnreadableObservation):
        load(line)


@given(st.binary(max_size=200))
def test_any_octets_are_an_observation_or_refused(line: bytes) -> None:
    with pytest.raises(UnreadableObservation):
        load(line)
