"""TLSA records read, written, looked for and held against chains (RFC 6698, 7671, 7672)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.certificates import FaultKind
from strictmx.standards.dane import (
    RECORDS,
    InvalidTlsa,
    Miss,
    MxLookup,
    Outcome,
    TlsaRecord,
    base_domains,
    make,
    match,
    query_name,
    reference_names,
    unusable_reason,
)
from strictmx.standards.der import InvalidDer, public_key_info
from strictmx.standards.names import Name
from tests.certificates import AT, DAY, Made, authority, issue, name, rsa_key, server

HOST = Name("mx1.example.com")
OTHER = Name("mx.example.net")
TA = authority("Private Root")
MIDDLE = authority("Private Issuing CA", TA)
LEAF = server(MIDDLE, HOST)
FULL_CHAIN = (LEAF, MIDDLE, TA)
NEXT = server(MIDDLE, HOST)  # the certificate of tomorrow
ELSEWHERE = authority("Another Root")
EXPIRED = {"not_before": AT - 90 * DAY, "not_after": AT - DAY}


def tlsa(combination: str, made: Made) -> TlsaRecord:
    """The record of that kind for a certificate; `make` refuses what SMTP cannot use, this does not."""
    usage, selector, matching_type = (int(number) for number in combination.split())
    content = made.spki if selector else made.der
    data = (content, hashlib.sha256(content).digest(), hashlib.sha512(content).digest())[matching_type]
    return TlsaRecord(usage, selector, matching_type, data)


WRITTEN = [  # rule, text, as written back, or None for no record
    ("DANE-13", "3 1 1 " + "AB" * 32, "3 1 1 " + "ab" * 32),
    ("DANE-13", "  3   1 1\t" + "ab" * 16 + "  " + "cd" * 16 + " ", "3 1 1 " + "ab" * 16 + "cd" * 16),
    ("DANE-13", "255 255 255 00", "255 255 255 00"),
    ("DANE-13", "3 1 1 a bcd", "3 1 1 abcd"),
    ("DANE-13", "3 1 1", "3 1 1"),
    ("DANE-13", "256 1 1 00", None),
    ("DANE-13", "3 1 1 a bc", None),
    ("DANE-13", "3 1", None),
    ("DANE-13", "3 1 1 0", None),
    ("DANE-13", "3 1 1 xy", None),
    ("DANE-13", "-3 1 1 00", None),
    ("DANE-13", "\u0663 1 1 00", None),
    ("DANE-13", "", None),
    ("DANE-13", "3 1 1 " + "00" * 65_536, None),
]


@pytest.mark.parametrize(("rule", "text", "written"), WRITTEN)
def test_records_are_read_and_written(rule: str, text: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(InvalidTlsa):
            TlsaRecord.parse(text)
        return
    assert str(TlsaRecord.parse(text)) == written


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=80))
def test_a_record_written_is_read_back(usage: int, selector: int, matching_type: int, data: bytes) -> None:
    record = TlsaRecord(usage, selector, matching_type, data)
    assert TlsaRecord.parse(str(record)) == record


@given(st.text(max_size=60) | st.from_regex(r"[0-9 ]{1,8}[0-9a-fA-F ]{0,20}", fullmatch=True))
def test_no_text_raises_another_error(text: str) -> None:
    try:
        record = TlsaRecord.parse(text)
    except InvalidTlsa:
        return
    assert TlsaRecord.parse(str(record)) == record


USABLE: list[tuple[str, TlsaRecord, str | None]] = [  # rule, record, a word of the reason
    ("DANE-13", tlsa("3 1 1", LEAF), None),
    ("DANE-13", tlsa("3 0 2", LEAF), None),
    ("DANE-13", tlsa("2 0 1", TA), None),
    ("DANE-13", tlsa("2 0 0", TA), None),
    ("DANE-13", tlsa("3 1 0", LEAF), None),
    ("DANE-13", tlsa("1 1 1", LEAF), "usage 1"),
    ("DANE-13", tlsa("0 0 1", TA), "usage 0"),
    ("DANE-13", TlsaRecord(4, 1, 1, bytes(32)), "usage 4"),
    ("DANE-13", TlsaRecord(3, 2, 1, bytes(32)), "selector 2"),
    ("DANE-13", TlsaRecord(3, 1, 3, bytes(32)), "matching type 3"),
    ("DANE-13", TlsaRecord(3, 1, 1, bytes(31)), "32 octets, this one has 31"),
    ("DANE-13", TlsaRecord(3, 1, 2, bytes(32)), "64 octets"),
    ("DANE-13", TlsaRecord(3, 1, 1, b""), "has 0"),
    ("DANE-13", TlsaRecord(3, 0, 0, b"junk"), "DER"),
    ("DANE-13", TlsaRecord(2, 0, 0, LEAF.der[:-1]), "DER"),
    ("DANE-13", TlsaRecord(2, 1, 0, TA.der), "DER"),
    ("DANE-13", TlsaRecord(2, 0, 0, TA.spki), "DER"),
]


@pytest.mark.parametrize(("rule", "record", "word"), USABLE)
def test_unusable_records_say_why(rule: str, record: TlsaRecord, word: str | None) -> None:
    reason = unusable_reason(record)
    assert (reason is None) is (word is None)
    assert word is None or (reason is not None and word in reason)


MADE = [  # rule, combination, certificate
    ("DANE-30", "3 1 1", LEAF),
    ("DANE-30", "2 0 1", TA),
    ("DANE-30", "3 0 2", LEAF),
    ("DANE-30", "2 1 0", TA),
]


@pytest.mark.parametrize(("rule", "combination", "made"), MADE)
def test_make(rule: str, combination: str, made: Made) -> None:
    usage, selector, matching_type = (int(number) for number in combination.split())
    assert make(usage, selector, matching_type, made.der) == tlsa(combination, made)


@pytest.mark.parametrize("numbers", [(1, 1, 1), (3, 2, 1), (3, 1, 3), (4, 0, 0)])
def test_make_refuses_what_smtp_cannot_use(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidTlsa):
        make(*numbers, LEAF.der)
    with pytest.raises(InvalidTlsa):
        make(3, 1, 1, b"no certificate")


BASES: list[
    tuple[str, list[str], bool, bool, tuple[str, ...]]
] = [  # rule, cnames, all secure, first secure, candidates
    ("DANE-10", [], True, False, ("mx.example",)),
    ("DANE-10", [], False, False, ()),
    ("DANE-10", ["target.example"], True, True, ("target.example", "mx.example")),
    ("DANE-10", ["between.example", "target.example"], True, True, ("target.example", "mx.example")),
    ("DANE-10", ["target.example"], False, True, ("mx.example",)),
    ("DANE-10", ["target.example"], False, False, ()),
    ("DANE-12", [], True, True, ("mx.example",)),
]


@pytest.mark.parametrize(("rule", "cnames", "chain_secure", "first_step_secure", "candidates"), BASES)
def test_base_domains(
    rule: str, cnames: list[str], *, chain_secure: bool, first_step_secure: bool, candidates: tuple[str, ...]
) -> None:
    found = base_domains("mx.example", cnames, chain_secure=chain_secure, first_step_secure=first_step_secure)
    assert found == candidates


def test_query_name() -> None:
    assert query_name(HOST) == "_25._tcp.mx1.example.com"


BASE, MX, DOMAIN, TARGET = Name("base.example"), Name("mx.example"), Name("example.com"), Name("target.example")
NAMES: list[
    tuple[str, Name, MxLookup, Name | None, tuple[Name, ...]]
] = [  # rule, base, MX, where the domain leads, names
    ("DANE-16", MX, MxLookup.SECURE, None, (MX, DOMAIN)),
    ("DANE-16", MX, MxLookup.SECURE, TARGET, (MX, DOMAIN, TARGET)),
    ("DANE-16", BASE, MxLookup.SECURE, None, (BASE, DOMAIN)),
    ("DANE-16", MX, MxLookup.INSECURE, TARGET, (MX,)),
    ("DANE-16", BASE, MxLookup.INSECURE, None, (BASE, MX)),
    ("DANE-16", DOMAIN, MxLookup.NONE, None, (DOMAIN,)),
    ("DANE-16", TARGET, MxLookup.NONE, TARGET, (TARGET, DOMAIN)),
]


@pytest.mark.parametrize(("rule", "base", "mx", "target", "names"), NAMES)
def test_reference_names(rule: str, base: Name, mx: MxLookup, target: Name | None, names: tuple[Name, ...]) -> None:
    assert reference_names(base, mx, mx_host=MX, next_hop=DOMAIN, next_hop_target=target) == names


OLD = server(MIDDLE, HOST, **EXPIRED)
WRONG_NAME = server(MIDDLE, OTHER)
CN_ONLY = server(MIDDLE, subject=HOST)
CN_BESIDE = server(MIDDLE, OTHER, subject=HOST)
SELF = server(None, HOST)
WEAK = server(MIDDLE, HOST, key=rsa_key(1024))
ALIAS_TA = issue("Private Root", ca=True, key=TA.key)  # the same key in a renewed root
OLD_TA = issue("Old Private Root", ca=True, not_before=AT - 90 * DAY, not_after=AT - DAY)
M, N, U = Outcome.MATCH, Outcome.MISMATCH, Outcome.UNUSABLE

# rule, records, chain, status, matched record (its number), position of what it fits
MATCHED: list[tuple[str, list[TlsaRecord], tuple[Made, ...], Outcome, int | None, int | None]] = [
    ("DANE-14", [tlsa("3 1 1", LEAF)], FULL_CHAIN, M, 0, 0),
    ("DANE-14", [tlsa("3 0 1", LEAF)], FULL_CHAIN, M, 0, 0),
    ("DANE-14", [tlsa("3 0 0", LEAF)], FULL_CHAIN, M, 0, 0),
    ("DANE-14", [tlsa("3 1 0", LEAF)], FULL_CHAIN, M, 0, 0),
    ("DANE-14", [tlsa("3 1 2", LEAF)], (LEAF,), M, 0, 0),
    ("DANE-14", [tlsa("3 1 1", OLD)], (OLD, MIDDLE), M, 0, 0),  # dates do not count
    ("DANE-14", [tlsa("3 1 1", WRONG_NAME)], (WRONG_NAME,), M, 0, 0),  # nor names
    ("DANE-14", [tlsa("3 1 1", SELF)], (SELF,), M, 0, 0),
    ("DANE-14", [tlsa("3 0 1", MIDDLE)], FULL_CHAIN, N, None, None),  # the leaf only
    ("DANE-20", [tlsa("3 1 1", NEXT), tlsa("3 1 1", LEAF)], FULL_CHAIN, M, 1, 0),
    ("DANE-20", [tlsa("3 1 1", NEXT)], FULL_CHAIN, N, None, None),
    ("DANE-20", [tlsa("2 0 1", TA), tlsa("3 1 1", LEAF)], FULL_CHAIN, M, 1, 0),
    ("DANE-15", [tlsa("2 0 1", TA)], FULL_CHAIN, M, 0, 2),
    ("DANE-15", [tlsa("2 1 1", TA)], FULL_CHAIN, M, 0, 2),
    ("DANE-15", [tlsa("2 0 1", MIDDLE)], (LEAF, MIDDLE), M, 0, 1),  # a trust anchor need not be a root
    ("DANE-15", [tlsa("2 1 2", MIDDLE)], FULL_CHAIN, M, 0, 1),
    ("DANE-15", [tlsa("2 1 1", TA)], (LEAF, MIDDLE, ALIAS_TA), M, 0, 2),  # the key counts
    ("DANE-15", [tlsa("2 0 1", TA)], (LEAF, MIDDLE, ALIAS_TA), N, None, None),
    ("DANE-15", [tlsa("2 0 1", TA)], (LEAF, MIDDLE), N, None, None),  # not sent
    ("DANE-15", [tlsa("2 0 0", TA)], (LEAF, MIDDLE), M, 0, None),  # in DNS instead
    ("DANE-15", [tlsa("2 0 0", TA)], FULL_CHAIN, M, 0, 2),
    ("DANE-15", [tlsa("2 1 0", TA)], (LEAF, MIDDLE), M, 0, None),
    ("DANE-15", [tlsa("2 1 0", TA)], FULL_CHAIN, M, 0, 2),
    ("DANE-15", [tlsa("2 0 0", ELSEWHERE)], FULL_CHAIN, N, None, None),
    ("DANE-15", [tlsa("2 1 0", ELSEWHERE)], FULL_CHAIN, N, None, None),
    ("DANE-15", [tlsa("2 0 1", TA)], (OLD, MIDDLE, TA), N, None, None),
    ("DANE-15", [tlsa("2 0 1", OLD_TA)], (server(OLD_TA, HOST), OLD_TA), N, None, None),
    ("DANE-15", [tlsa("2 0 1", ELSEWHERE)], (LEAF, MIDDLE, ELSEWHERE), N, None, None),  # sent, but no issuer
    ("DANE-15", [tlsa("2 0 1", TA)], (LEAF, TA), N, None, None),  # the intermediate is missing
    ("DANE-15", [tlsa("2 0 1", SELF)], (SELF,), N, None, None),  # a leaf is no trust anchor
    ("DANE-15", [tlsa("2 1 1", TA)], (WEAK, MIDDLE, TA), M, 0, 2),  # strength is local policy
    ("DANE-16", [tlsa("2 0 1", TA)], (WRONG_NAME, MIDDLE, TA), N, None, None),
    ("DANE-17", [tlsa("2 0 1", TA)], (CN_ONLY, MIDDLE, TA), M, 0, 2),
    ("DANE-17", [tlsa("2 0 1", TA)], (CN_BESIDE, MIDDLE, TA), N, None, None),
    ("DANE-17", [tlsa("2 0 1", TA)], (server(MIDDLE, "*.example.com"), MIDDLE, TA), M, 0, 2),
    ("DANE-17", [tlsa("2 0 1", TA)], (server(MIDDLE, subject=name("x")), MIDDLE, TA), N, None, None),
    ("DANE-19", [tlsa("3 1 1", LEAF), tlsa("3 1 2", NEXT)], FULL_CHAIN, N, None, None),
    ("DANE-19", [tlsa("3 1 1", NEXT), tlsa("3 1 2", LEAF)], FULL_CHAIN, M, 1, 0),
    ("DANE-19", [tlsa("3 1 0", LEAF), tlsa("3 1 2", NEXT)], FULL_CHAIN, M, 0, 0),  # full data stay
    ("DANE-19", [tlsa("3 1 1", LEAF), tlsa("3 0 2", NEXT)], FULL_CHAIN, M, 0, 0),  # another selector
    ("DANE-19", [tlsa("3 1 1", LEAF), tlsa("2 1 2", ELSEWHERE)], FULL_CHAIN, M, 0, 0),  # another usage
    ("DANE-19", [tlsa("3 1 1", LEAF), TlsaRecord(3, 1, 2, bytes(63))], FULL_CHAIN, M, 0, 0),  # an unusable one is none
    ("DANE-13", [tlsa("1 1 1", LEAF), tlsa("0 0 1", TA)], FULL_CHAIN, U, None, None),
    ("DANE-13", [tlsa("1 1 1", LEAF), tlsa("3 1 1", LEAF)], FULL_CHAIN, M, 1, 0),
    ("DANE-13", [tlsa("1 1 1", LEAF), tlsa("3 1 1", NEXT)], FULL_CHAIN, N, None, None),
]


@pytest.mark.parametrize(("rule", "records", "sent", "status", "number", "position"), MATCHED)
def test_match(
    rule: str,
    records: list[TlsaRecord],
    sent: tuple[Made, ...],
    status: Outcome,
    number: int | None,
    position: int | None,
) -> None:
    result = match(records, [made.der for made in sent], reference_names=[HOST], at=AT)
    assert (result.status, result.position) == (status, position)
    assert result.matched == (None if number is None else records[number])
    assert all(one.detail for one in result.missed)


REASONS: list[tuple[str, TlsaRecord, tuple[Made, ...], tuple[Made, ...], Miss, str, list[FaultKind]]] = [
    # rule, record, chain, known besides, why it misses, the certificate to send, faults of the path
    ("DANE-20", tlsa("3 1 1", NEXT), FULL_CHAIN, (), Miss.OTHER, "", []),
    ("DANE-34", tlsa("2 0 1", TA), (LEAF, MIDDLE), (), Miss.NOT_SENT, "Private Root", []),
    ("DANE-34", tlsa("2 0 1", TA), (LEAF,), (TA,), Miss.NOT_SENT, "Private Root", []),
    ("DANE-34", tlsa("2 1 1", MIDDLE), (LEAF,), (), Miss.NOT_SENT, "Private Issuing CA", []),
    ("DANE-34", tlsa("2 0 1", ELSEWHERE), FULL_CHAIN, (), Miss.OTHER, "", []),
    ("DANE-34", tlsa("2 0 0", ELSEWHERE), (LEAF, MIDDLE), (), Miss.OTHER, "", []),
    ("DANE-15", tlsa("2 0 1", SELF), (SELF,), (), Miss.FITS_LEAF, "", []),
    ("DANE-15", tlsa("2 1 1", LEAF), FULL_CHAIN, (), Miss.FITS_LEAF, "", []),
    ("DANE-15", tlsa("2 0 1", TA), (OLD, MIDDLE, TA), (), Miss.PATH, "", [FaultKind.EXPIRED]),
    ("DANE-15", tlsa("2 0 1", TA), (WRONG_NAME, MIDDLE, TA), (), Miss.PATH, "", [FaultKind.NAME_MISMATCH]),
    ("DANE-15", tlsa("2 0 1", TA), (LEAF, TA), (), Miss.PATH, "", [FaultKind.UNTRUSTED]),
    ("DANE-13", tlsa("0 0 1", TA), FULL_CHAIN, (), Miss.UNUSABLE, "", []),
]


@pytest.mark.parametrize(("rule", "record", "sent", "known", "miss", "issuer", "kinds"), REASONS)
def test_a_miss_says_why(
    rule: str,
    record: TlsaRecord,
    sent: tuple[Made, ...],
    known: tuple[Made, ...],
    *,
    miss: Miss,
    issuer: str,
    kinds: list[FaultKind],
) -> None:
    result = match(
        [record], [made.der for made in sent], reference_names=[HOST], at=AT, known=[made.der for made in known]
    )
    (missed,) = result.missed
    assert (missed.miss, missed.issuer, [fault.kind for fault in missed.faults]) == (miss, issuer, kinds)
    assert result.faults == missed.faults


UNCOVERED: list[tuple[str, list[TlsaRecord], Outcome, tuple[str, ...]]] = [
    ("DANE-31", [tlsa("3 1 1", LEAF)], M, ()),
    ("DANE-31", [tlsa("3 1 1", LEAF), tlsa("3 1 1", NEXT)], M, ()),
    ("DANE-31", [tlsa("3 1 1", LEAF), tlsa("2 1 1", ELSEWHERE)], M, ("2 1 1",)),
    ("DANE-31", [tlsa("3 1 1", NEXT), tlsa("3 1 2", LEAF)], M, ("3 1 1",)),
    ("DANE-31", [tlsa("3 1 1", LEAF), tlsa("3 1 2", NEXT)], N, ("3 1 2",)),
    ("DANE-31", [tlsa("3 1 1", LEAF), tlsa("1 1 1", NEXT)], M, ()),  # nobody uses it
]


@pytest.mark.parametrize(("rule", "records", "status", "uncovered"), UNCOVERED)
def test_combinations_without_a_fitting_record(
    rule: str, records: list[TlsaRecord], status: Outcome, uncovered: tuple[str, ...]
) -> None:
    result = match(records, [made.der for made in FULL_CHAIN], reference_names=[HOST], at=AT)
    assert (result.status, result.uncovered) == (status, uncovered)


def test_more_records_than_are_compared() -> None:
    records = [TlsaRecord(3, 1, 1, bytes([number]) * 32) for number in range(RECORDS)] + [tlsa("3 1 1", LEAF)]
    result = match(records, [LEAF.der], reference_names=[HOST], at=AT)
    assert result.status is Outcome.MISMATCH
    assert [one.miss for one in result.missed].count(Miss.TOO_MANY) == 1


@given(
    st.lists(
        st.builds(TlsaRecord, st.integers(2, 3), st.integers(0, 1), st.integers(0, 2), st.binary(max_size=70)),
        max_size=4,
    ),
    st.lists(st.binary(max_size=60) | st.just(LEAF.der), max_size=4),
)
def test_no_bytes_raise_or_match(records: list[TlsaRecord], chain: list[bytes]) -> None:
    assert match(records, chain, reference_names=[HOST], at=AT, known=chain).status is not Outcome.MATCH


def test_an_unreadable_leaf_is_still_compared_octet_for_octet() -> None:
    """DANE-14: `3 0 1` needs no certificate that anybody can read."""
    record = TlsaRecord(3, 0, 1, hashlib.sha256(b"what was sent").digest())
    assert match([record], [b"what was sent"], reference_names=[HOST], at=AT).status is Outcome.MATCH


@pytest.mark.parametrize("made", [LEAF, TA, WEAK, SELF])
def test_the_key_is_cut_out_as_signed(made: Made) -> None:
    assert public_key_info(made.der) == made.spki


@given(st.binary(max_size=80) | st.integers(0, len(LEAF.der)).map(lambda size: LEAF.der[:size]))
def test_der_raises_its_own_error_only(data: bytes) -> None:
    try:
        assert public_key_info(data) == LEAF.spki
    except InvalidDer:
        assert data != LEAF.der
