"""`reports summary`: its figures against those made by hand, its document, and how it reads."""

from __future__ import annotations

import gzip
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import summary_by_hand
from tests.cli.test_reports import EXPIRED, Reports, box, policy, report, reports

__all__ = ["box", "reports"]

TYPES = ("sts", "tlsa", "no-policy-found", "STS-like")
RESULTS = ("certificate-expired", "starttls-not-supported", "validation-failure", "sts-policy-fetch-error", "new-thing")
HOSTS = ("mx1.example.com", "MX2.Example.COM.", None, "")
COUNTS: tuple[Any, ...] = (0, 1, 2, 17, 400, "12", None, 3.0)
NO_COUNTS: tuple[Any, ...] = (-1, 2.5, True)


def entry(chance: random.Random) -> dict[str, Any]:
    """A policy of a report, one in ten with a count that is none (DEC-32)."""
    details = [
        {
            "result-type": chance.choice(RESULTS),
            "receiving-mx-hostname": chance.choice(HOSTS),
            "failed-session-count": chance.choice(COUNTS),
        }
        for _ in range(chance.randrange(4))
    ]
    odd = chance.random() < 0.1
    made = policy(chance.choice(COUNTS), chance.choice(NO_COUNTS if odd else COUNTS), **{"failure-details": details})
    made["policy"] |= {
        "policy-type": chance.choice(TYPES),
        "policy-domain": chance.choice(("example.com", "Example.COM", "example.org", "xn--bcher-kva.example")),
        "policy-string": chance.choice(([], "version: STSv1\nmode: none", None)),  # DEC-29
    }
    if chance.random() < 0.1:
        del made["summary"]
    return made


def folder(box: Path) -> None:
    """300 reports of three senders, some of them copies, some odd."""
    chance = random.Random(8460)  # noqa: S311 - no secret
    for number in range(300):
        start = date(2026, 10, 1) + timedelta(days=chance.randrange(40))
        offset = chance.choice(("Z", "Z", "+02:00", ""))  # DEC-18
        begin, end = (f"{start}T{time}{offset}" for time in ("00:00:00", "23:59:59"))
        policies: Any = [entry(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
        document = report(
            str(number),
            **{
                "organization-name": chance.choice(("Example Net", "Beispiel GmbH", "=cmd|' /C calc'!A0")),
                "contact-info": chance.choice(("tlsrpt@example.net", None)),
                "date-range": {"start-datetime": begin, "end-datetime": end},
                "policies": policies[0] if len(policies) == 1 and chance.random() < 0.2 else policies,  # RPT-12
            },
        )
        for copy in range(chance.choice((1, 1, 1, 2))):  # DEC-17
            if copy and chance.random() < 0.5:  # another content: kept, not counted
                document["organization-name"] = "Another Net"
            data = json.dumps(document).encode()
            name = f"{number:03}-{copy}.json"
            (box / f"{name}.gz").write_bytes(gzip.compress(data)) if copy else (box / name).write_bytes(data)


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its findings, and without the orders that are ours."""
    for one in document["domains"]:
        one.pop("findings", None)
        for table, key in (("by_organization", "organization"), ("by_mx", "host")):
            one[table].sort(key=lambda row, key=key: row[key])
    return document


def test_every_figure_is_the_one_computed_by_hand(reports: Reports, box: Path) -> None:
    folder(box)
    reports("import", str(box))
    ours = comparable(json.loads(reports("summary", "--json").out))
    by_hand = comparable(json.loads(json.dumps(summary_by_hand.summary(box))))
    assert ours == by_hand
    assert len(ours["domains"]) == 3


def put(box: Path, *documents: dict[str, Any]) -> None:
    for number, document in enumerate(documents):
        (box / f"{number}.json").write_text(json.dumps(document))


def about(domain: str, successful: int, failed: int = 0, **changes: Any) -> dict[str, Any]:
    """A report on a domain; all that failed met an expired certificate."""
    details = [{**EXPIRED, "failed-session-count": failed}] if failed else []
    made = policy(successful, failed, **{"failure-details": details})
    made["policy"]["policy-domain"] = domain
    return report(f"{domain} {changes}", policies=[made], **changes)


def on(day: str) -> dict[str, Any]:
    return {"date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"}}


def test_the_document_is_the_one_of_the_contract(reports: Reports, box: Path) -> None:
    put(box, about("example.com", 9, 1))
    reports("import", str(box))
    ended = reports("summary", "--json", "--domain", "EXAMPLE.com")
    assert (ended.status, ended.err) == (0, "")
    document = json.loads(ended.out)
    (domain,) = document["domains"]
    (finding,) = domain.pop("findings")
    assert document == {
        "since": "2026-11-24",
        "until": "2026-11-24",
        "domains": [
            {
                "domain": "example.com",
                "successful": 9,
                "failed": 1,
                "success_rate": 0.9,
                "by_result_type": {"certificate-expired": 1},
                "by_organization": [{"organization": "Example Net", "successful": 9, "failed": 1}],
                "by_mx": [{"host": "mx1.example.com", "failed": 1, "by_result_type": {"certificate-expired": 1}}],
                "by_day": [{"day": "2026-11-24", "successful": 9, "failed": 1}],
                "by_policy_type": {
                    "sts": {"successful": 9, "failed": 1},
                    "tlsa": {"successful": 0, "failed": 0},
                    "no-policy-found": {"successful": 0, "failed": 0},
                },
                "failures_without_details": 0,
            }
        ],
    }
    assert (finding["code"], finding["severity"], finding["observed"]) == ("mx-certificate-expired", "error", None)


def test_an_empty_store_is_no_error(reports: Reports) -> None:
    assert json.loads(reports("summary", "--json").out) == {"since": None, "until": None, "domains": []}
    ended = reports("summary")
    assert (ended.status, ended.out) == (0, "no reports; take some in with `strictmx reports import PATH`\n")


def test_a_domain_that_nobody_reports_on_is_told_with_the_nearest(reports: Reports, box: Path) -> None:
    put(box, about("example.com", 9))
    reports("import", str(box))
    ended = reports("summary", "--domain", "exampel.com")
    assert (ended.status, ended.out) == (0, "no reports on exampel.com in these days; did you mean example.com?\n")


def test_one_domain_for_people(reports: Reports, box: Path) -> None:
    put(
        box,
        about("example.com", 90),
        about("example.com", 80, 20, **on("2026-11-25"), **{"organization-name": "\x1b[2J"}),
    )
    reports("import", str(box))
    ended = reports("summary")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert lines[:2] == [
        "example.com  190 sessions, 20 failed",
        "  89.47 % kept to the policy; reports from \\x1b[2J and Example Net on 2 days, last on 2026-11-25",
    ]
    assert lines[2:4] == ["  sessions  ▇█  up to 100 a day", "  failed     █  up to 20 a day"]
    assert "  error   mx-certificate-expired  mx1.example.com" in lines
    assert any("→ Renew it" in line for line in lines)
    assert lines[-1] == "  mx1.example.com          20  certificate-expired 20"
    assert max(map(len, lines)) <= 100


def test_what_goes_well_is_told_in_two_lines(reports: Reports, box: Path) -> None:
    put(box, about("example.com", 90))
    reports("import", str(box))
    assert reports("summary").out.splitlines()[:2] == [
        "example.com  90 sessions, none failed",
        "  100 % kept to the policy; reports from Example Net on 1 day, last on 2026-11-24",
    ]


def test_several_domains_are_a_table_worst_first(reports: Reports, box: Path) -> None:
    put(box, about("a.example", 9), about("b.example", 99_999, 1), *(about(f"c{n}.example", 1) for n in range(45)))
    reports("import", str(box))
    ended = reports("summary")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["domain", "sessions", "failed", "kept", "last", "report", "most", "frequent", "fault"]
    assert lines[1].split() == ["b.example", "100000", "1", "almost", "100", "%", "2026-11-24", "certificate-expired"]
    assert lines[2].split() == ["a.example", "9", "0", "100", "%", "2026-11-24"]
    assert lines[41:] == [
        "and 7 more (--json has all)",
        "",
        "47 domains, 100054 sessions, 1 failed  2026-11-24 to 2026-11-24",
        "why, and what to do: strictmx reports summary --domain b.example",
    ]


@pytest.mark.parametrize("width", [60, 80, 110])
def test_it_fits_the_terminal(reports: Reports, box: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    put(box, *(about("example.com", 50, 5, **on(str(date(2026, 8, 1) + timedelta(days=day)))) for day in range(90)))
    reports("import", str(box))
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, reports("summary").out.splitlines())) <= width
    put(box, about("a-domain-with-a-name-that-is-longer-than-others.example", 7))
    reports("import", str(box))
    assert max(map(len, reports("summary").out.splitlines()[:3])) <= width


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--since", "24.11.2026"), "reports summary: --since is a day such as 2026-11-24, not '24.11.2026'"),
        (("--until", "2026-02-30"), "reports summary: --until is a day such as 2026-11-24, not '2026-02-30'"),
        (("--since", "2026-11-25", "--until", "2026-11-24"), "reports summary: --since is after --until"),
        (("--domain", "a b"), "reports summary: --domain: "),
    ],
)
def test_a_wrong_use_is_told_in_a_line(reports: Reports, arguments: tuple[str, ...], line: str) -> None:
    ended = reports("summary", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err
