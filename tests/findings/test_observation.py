from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.findings.judge import judge
from strictmx.findings.observation import OBSERVATION_BYTES, ProbeStage, UnreadableObservation, dump, load
from tests.findings import seen, test_related

MX1, MX2 = "mx1.shop.example", "mx2.shop.example"


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


def at_time(moment: str) -> bytes:
    document = json.loads(dump(seen.healthy()))
    document["observed_at"] = moment
    return json.dumps(document).encode()


def test_its_time_is_utc() -> None:
    observed_at = load(at_time("2026-11-24T01:00:00+02:00")).observed_at
    assert (observed_at, observed_at.tzinfo) == (datetime(2026, 11, 23, 23, tzinfo=UTC), UTC)


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
    at_time("9999-12-31T23:59:59-12:00"),
    at_time("0001-01-01T00:00:00Z"),
    at_time("0001-01-01T00:00:00+12:00"),
    dump(seen.healthy()).replace(b'"elapsed_ms":120', b'"elapsed_ms":1' + b"0" * 30),
]


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_lines_that_are_none(line: bytes) -> None:
    with pytest.raises(UnreadableObservation):
        load(line)


@given(st.binary(max_size=200))
def test_any_octets_are_an_observation_or_refused(line: bytes) -> None:
    with pytest.raises(UnreadableObservation):
        load(line)


DAMAGED = [
    seen.healthy(),
    seen.healthy(
        [
            seen.signed(MX1, "3 1 1 " + "ab" * 32),
            seen.mx_host(
                MX2,
                seen.stopped(MX2, ProbeStage.REJECTED, reply="554 no"),
                seen.stopped(MX2, ProbeStage.CONNECT_REFUSED, "2001:db8::1"),
            ),
        ]
    ),
    test_related.observation(
        spf=test_related.spf("v=spf1 mx include:a.example -all", "v=spf1 redirect=b.example"),
        dmarc="v=DMARC1; p=none; rua=mailto:a@shop.example",
        dkim="v=DKIM1; p=AAAA",
        caa="0 issue ca.example",
    ),
]
WRONG_VALUES: list[object] = [  # of the right type more often than not, so that they come past the reader
    *[
        "",
        " ",
        ".",
        "0 .",
        "10",
        "a b c",
        "\0",
        "\x1b[31m",
        "☃",
        "x" * 300,
        "1" * 5_000,
        "a..b",
        "[::1]",
        "fe80::1%eth0",
    ],
    *["v=spf1 include:shop.example", "v=DMARC1; p=x", "v=DKIM1;p=", "128 x y", "_dmarc.shop.example", "TXT", "CAA"],
    *["MIIB", "3 1 1", "3 1 1 ab", "v=STSv1; id=", "v=TLSRPTv1; rua=https://[", "text/html", "gzip", "xn--a.example"],
    *["nxdomain", "bogus", "done", "tls-failed", "tls-too-old", "handshake-failed", "no-starttls", MX1, "192.0.2.9"],
    *["version: STSv1\nmode: enforce\nmx: *.com\nmax_age: 1\n", "mode: none\nmax_age: " + "9" * 5_000],
    *["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    *[None, True, False, 0, -1, 2**31, 2**63, 10**30, 1.5, [], {}, [[]], ["a"], ["10 ."]],
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON document: what holds it, and its key or index."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def is_refused_or_judged(line: bytes) -> None:
    try:
        observation = load(line)
    except UnreadableObservation:
        return
    document = judge(observation, related=True).to_json()
    assert datetime.fromisoformat(document["observed_at"]) == observation.observed_at.replace(microsecond=0)
    assert load(dump(observation)) == observation


@given(
    st.sampled_from(DAMAGED), st.lists(st.tuples(st.integers(0, 1_000_000), st.sampled_from(WRONG_VALUES)), max_size=4)
)
def test_what_load_takes_can_be_judged_whatever_its_values(observation: Any, changes: list[tuple[int, object]]) -> None:
    document = json.loads(dump(observation))
    for number, value in changes:
        there = list(places(document))
        holder, key = there[number % len(there)]
        holder[key] = deepcopy(value)
    is_refused_or_judged(json.dumps(document).encode())


@given(
    st.sampled_from(DAMAGED),
    st.lists(st.tuples(st.integers(0, 1_000_000), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_what_load_takes_can_be_judged_whatever_its_octets(
    observation: Any, changes: list[tuple[int, bytes, int]]
) -> None:
    line = dump(observation)
    for number, octets, replaced in changes:
        at = number % len(line)
        line = line[:at] + octets + line[at + replaced :]
    is_refused_or_judged(line)
