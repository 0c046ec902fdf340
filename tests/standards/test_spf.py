"""SPF over answers that are there: what the library makes of them, and that hostile ones cost little."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.standards.offline import Absence, Known
from strictmx.standards.spf import Fault, mended, read
from tests.standards.offline import no_network, texts

DOMAIN = "shop.example"
GONE = Absence.NXDOMAIN
LONG = "v=spf1 " + "ip4:192.0.2.1 " * 2_000 + "-all"
MANY = " ".join(f"exists:{number}.shop.example" for number in range(11))

FAULTS = [  # section of RFC 7208, answers, fault, the name and term it is about
    ("3", {}, Fault.UNKNOWN, DOMAIN, ""),
    ("3", texts(shop_example=GONE), Fault.MISSING, DOMAIN, ""),
    ("4.5", texts(shop_example=("v=spf10 -all", "v=spf1x", "v=spf2.0/pra -all")), Fault.MISSING, DOMAIN, ""),
    *(
        ("4.5", texts(shop_example=(text,)), Fault.NEARLY, DOMAIN, text)
        for text in (" v=spf1 -all", '"v=spf1 mx -all"', "v=spf1; mx", "v=spf1,mx", "v=spf1\tmx", "v=spf1\xa0mx")
    ),
    ("4.6", texts(shop_example="v=spf1 mx\t-all"), Fault.SYNTAX, DOMAIN, "mx\t-all"),
    ("4.6", texts(shop_example="v=spf1 mx\xa0-all"), Fault.SYNTAX, DOMAIN, "mx\xa0-all"),
    ("6", texts(shop_example="v=spf1 exp=a.example -all EXP=b.example"), Fault.SYNTAX, DOMAIN, ""),
    ("6", texts(shop_example="v=spf1 -all redirect=a.example redirect=a.example"), Fault.SYNTAX, DOMAIN, ""),
    ("3.4", texts(shop_example=LONG), Fault.TOO_LONG, DOMAIN, ""),
    ("3.4", texts(shop_example="v=spf1 include:a.example -all", a_example=LONG), Fault.TOO_LONG, "a.example", ""),
    (
        "5",
        texts(shop_example="v=spf1 a:a.example -all") | {("a.example", "A"): Absence.FAILED},
        Fault.UNANSWERED,
        "a.example",
        "",
    ),
    (
        "5",
        texts(shop_example="v=spf1 mx:a.example include:b.example -all") | {("a.example", "MX"): Absence.FAILED},
        Fault.UNANSWERED,
        "a.example",
        "",
    ),
    ("4.5", texts(shop_example=("v=spf1 -all", "V=SPF1 mx")), Fault.MULTIPLE, DOMAIN, ""),
    ("4.4", texts(shop_example=Absence.FAILED), Fault.UNANSWERED, DOMAIN, ""),
    ("4.6", texts(shop_example="v=spf1 mx ip4:1.2.3 -all"), Fault.SYNTAX, DOMAIN, "ip4:1.2.3"),
    ("4.6", texts(shop_example="v=spf1 mxx -all"), Fault.SYNTAX, DOMAIN, "mxx"),
    ("7.1", texts(shop_example="v=spf1 a:192.0.2.1/24 -all"), Fault.SYNTAX, DOMAIN, "a:192.0.2.1/24"),
    ("7.1", texts(shop_example="v=spf1 mx:localhost -all"), Fault.SYNTAX, DOMAIN, "mx:localhost"),
    (
        "6",
        texts(shop_example="v=spf1 redirect=a.example redirect=b.example", a_example="v=spf1 -all"),
        Fault.SYNTAX,
        DOMAIN,
        "",
    ),
    (
        "4.6",
        texts(shop_example="v=spf1 include:a.example -all", a_example="v=spf1 ip6:1::2::3 -all"),
        Fault.SYNTAX,
        "a.example",
        "ip6:1::2::3",
    ),
    ("5.2", texts(shop_example="v=spf1 include:a.example -all", a_example=()), Fault.NO_TARGET, "a.example", ""),
    ("5.2", texts(shop_example="v=spf1 include:a.example -all", a_example=GONE), Fault.NO_TARGET, "a.example", ""),
    ("5.2", texts(shop_example="v=spf1 include:A.example. -all"), Fault.UNKNOWN, "a.example", ""),
    ("6.1", texts(shop_example="v=spf1 redirect=a.example", a_example=GONE), Fault.NO_TARGET, "a.example", ""),
    (
        "5.2",
        texts(shop_example="v=spf1 include:a.example -all", a_example=Absence.FAILED),
        Fault.UNANSWERED,
        "a.example",
        "",
    ),
    (
        "5.2",
        texts(shop_example="v=spf1 include:a.example -all", a_example=("v=spf1 -all", "v=spf1 ?all")),
        Fault.TARGET_MULTIPLE,
        "a.example",
        "",
    ),
    (
        "4.6.4",
        texts(shop_example="v=spf1 include:a.example -all", a_example="v=spf1 include:shop.example"),
        Fault.LOOP,
        DOMAIN,
        "",
    ),
    ("4.6.4", texts(shop_example="v=spf1 redirect=shop.example"), Fault.LOOP, DOMAIN, ""),
    ("4.6.4", texts(shop_example=f"v=spf1 {MANY} -all"), Fault.LOOKUPS, DOMAIN, ""),
    (
        "4.6.4",
        texts(shop_example="v=spf1 a:a.example a:b.example a:c.example -all")
        | {(f"{name}.example", "A"): GONE for name in "abc"},
        Fault.VOID_LOOKUPS,
        DOMAIN,
        "",
    ),
]


@pytest.mark.parametrize(("section", "known", "fault", "where", "term"), FAULTS)
def test_faults(section: str, known: Known, fault: Fault, where: str, term: str) -> None:
    reading = read(DOMAIN, known)
    assert (reading.fault, reading.where, reading.term) == (fault, where, term)


RESULTS = [  # section of RFC 7208, record, look-ups, `all`
    ("5.1", "v=spf1 -all", 0, "fail"),
    ("5.1", "V=SPF1 ip4:192.0.2.1 ~ALL", 0, "softfail"),
    ("5.1", "v=spf1 ?all", 0, "neutral"),
    ("5.1", "v=spf1 all", 0, "pass"),
    ("4.7", "v=spf1", 0, "neutral"),
    ("4.6.4", f"v=spf1 {MANY.partition(' ')[2]} -all", 10, "fail"),
    ("4.6.4", "v=spf1 include:a.example include:a.example -all", 4, "fail"),
    ("6.1", "v=spf1 redirect=a.example", 2, "softfail"),
    ("6.1", "v=spf1 redirect=%{d}.a.example", 1, ""),
    ("6.2", "v=spf1 -all exp=%{ir}.explain.example", 0, "fail"),
    ("6.2", "v=spf1 exp=explain.example -all", 0, "fail"),
    ("4.6", "v=spf1 " + "ip4:192.0.2.1 " * 560 + "-all", 0, "fail"),
]


@pytest.mark.parametrize(("section", "record", "lookups", "others"), RESULTS)
def test_results(section: str, record: str, lookups: int, others: str) -> None:
    with no_network():
        reading = read(DOMAIN, texts(shop_example=record, a_example="v=spf1 exists:x.example ~all"))
    assert (reading.fault, reading.lookups, reading.all, reading.wanted) == (None, lookups, others, ())


OPEN = [  # section of RFC 7208, record, the term that passes everybody
    ("5.6", "v=spf1 mx ip4:0.0.0.0/0 -all", "ip4:0.0.0.0/0"),
    ("5.6", "v=spf1 +IP6:::/0 -all", "+IP6:::/0"),
    ("5.3", "v=spf1 a//0 -all", "a//0"),
    ("5.4", "v=spf1 mx:x.example/0//64 -all", "mx:x.example/0//64"),
    ("5.2", "v=spf1 include:a.example -all", "include:a.example"),
    ("5.2", "v=spf1 include:b.example -all", "include:b.example"),
    ("5.2", "v=spf1 include:c.example -all", ""),
    ("5.2", "v=spf1 -include:a.example -all", ""),
    ("4.6.2", "v=spf1 -all ip4:0.0.0.0/0", ""),
    ("5.6", "v=spf1 -ip4:0.0.0.0/0 ip4:192.0.2.0/24 a/24//64 -all", ""),
]


@pytest.mark.parametrize(("section", "record", "term"), OPEN)
def test_terms_that_pass_everybody(section: str, record: str, term: str) -> None:
    others = {"a_example": "v=spf1 +all", "b_example": "v=spf1 redirect=a.example", "c_example": "v=spf1 ?all"}
    reading = read(DOMAIN, texts(shop_example=record, **others))
    assert (reading.fault, reading.term) == (None, term)


def test_nobody_failed_to_answer_for_what_is_no_name() -> None:
    known = texts(shop_example="v=spf1 a:a..example -all") | {("a..example", "A"): Absence.FAILED}
    assert read(DOMAIN, known).fault is None


def test_what_was_meant_as_a_record_is_mended() -> None:
    assert [mended(text) for text in (' "v=spf1 mx -all"', "v=spf1; mx;-all", "V = spf1,mx,,-all", "v=spf1\xa0mx")] == [
        "v=spf1 mx -all",
        "v=spf1 mx -all",
        "v=spf1 mx -all",
        "v=spf1 mx",
    ]


def test_a_redirect_names_where_all_stands() -> None:
    assert read(DOMAIN, texts(shop_example="v=spf1 redirect=a.example", a_example="v=spf1 ?all")).where == "a.example"


def test_readings_share_nothing() -> None:
    """The library remembers answers for the whole process; ours must not leak from one observation into another."""
    first = read(DOMAIN, texts(shop_example="v=spf1 include:a.example", a_example="v=spf1 -all"))
    second = read(DOMAIN, texts(shop_example="v=spf1 include:a.example", a_example=()))
    assert (first.fault, second.fault) == (None, Fault.NO_TARGET)


def test_reading_and_asking_take_turns() -> None:
    """Each reading names what the next answers must hold; with all of them it wants no more."""
    world = texts(shop_example="v=spf1 a:h.example include:a.example mx -all", a_example="v=spf1 ip4:192.0.2.1")
    world = {**world, ("h.example", "A"): ("192.0.2.1",), ("h.example", "AAAA"): (), ("shop.example", "MX"): ()}
    known = {(DOMAIN, "TXT"): world[DOMAIN, "TXT"]}
    rounds = []
    while wanted := read(DOMAIN, known).wanted:
        rounds.append(set(wanted))
        known |= {question: world[question] for question in wanted}
    assert rounds == [
        {("h.example", "A"), ("h.example", "AAAA"), ("a.example", "TXT")},
        {("shop.example", "MX")},
    ]
    assert read(DOMAIN, known).lookups == 3


HOSTILE = [
    "v=spf1 " + " ".join(f"include:{number}.example" for number in range(10_000)),
    "v=spf1 " + "a " * 32_000,
    "v=spf1 " + "(" * 65_000,
    "v=spf1 " + "?" * 65_000 + "all",
    "v=spf1" + " " * 65_000 + "x",
    "v=spf1 exists:" + "%{i}" * 16_000,
    "v=spf1 exists:%{d" + "1" * 65_000 + "}",
    "v=spf1 " + "x=1 " * 16_000 + "exp=a.example",
    "v=spf1 include:" + "a." * 32_000,
    "v=spf1 include:shop.example.",
    "v=spf1 mx:\u2603 a:\x00 \ud800",
]


@pytest.mark.parametrize("record", HOSTILE, ids=[record[:16] for record in HOSTILE])
def test_hostile_records_cost_little(record: str) -> None:
    known = texts(shop_example=record) | {(f"{number}.example", "TXT"): (record,) for number in range(12)}
    began = time.process_time()
    with no_network():
        read(DOMAIN, known)
    assert time.process_time() - began < 0.2


TERM = (
    st.sampled_from(
        [
            "a",
            "mx",
            "include:",
            "redirect=",
            "exp=",
            "+exp=",
            "ptr",
            "exists:",
            "ip4:",
            "all",
            "shop.example",
            "a.example",
        ]
    )
    | st.sampled_from([" ", "\t", "\x1c", '"', "\\", "%{i}", "%", "/24", "//64", ":", "-", "?"])
    | st.text(max_size=3)
)


@given(st.lists(st.lists(TERM, max_size=12).map("".join), min_size=3, max_size=3))
def test_any_answers_are_read_without_a_network(records: list[str]) -> None:
    first, second, third = (f"v=spf1 {record}" for record in records)
    with no_network():
        read(DOMAIN, {**texts(shop_example=first, a_example=second), ("a.example", "A"): (third,)})
