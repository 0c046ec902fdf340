from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ended, Run

Reports = Callable[..., Ended]

EXPIRED = {"result-type": "certificate-expired", "receiving-mx-hostname": "mx1.example.com", "failed-session-count": 2}


def report(number: str = "1", **changes: Any) -> dict[str, Any]:
    """A report by the book; changes replace its keys."""
    return {
        "organization-name": "Example Net",
        "date-range": {"start-datetime": "2026-11-24T00:00:00Z", "end-datetime": "2026-11-24T23:59:59Z"},
        "contact-info": "tlsrpt@example.net",
        "report-id": number,
        "policies": [policy()],
        **changes,
    }


def policy(successful: object = 10, failed: object = 2, **changes: Any) -> dict[str, Any]:
    """A policy entry."""
    return {
        "policy": {
            "policy-type": "sts",
            "policy-string": ["version: STSv1", "mode: enforce", "mx: mx1.example.com", "max_age: 604800"],
            "policy-domain": "example.com",
            "mx-host": ["mx1.example.com"],
        },
        "summary": {"total-successful-session-count": successful, "total-failure-session-count": failed},
        "failure-details": [EXPIRED],
        **changes,
    }


def packed(document: object) -> bytes:
    return gzip.compress(json.dumps(document).encode(), mtime=0)


def mail(*attachments: bytes) -> bytes:
    """A report mail with so many reports."""
    message = EmailMessage()
    message["From"] = "tlsrpt@example.net"
    message["Subject"] = "Report Domain: example.com Submitter: example.net Report-ID: <1@example.net>"
    message.set_content("A report.")
    for number, data in enumerate(attachments):
        message.add_attachment(data, maintype="application", subtype="tlsrpt+gzip", filename=f"{number}.json.gz")
    return message.as_bytes()


@pytest.fixture
def reports(run: Run, tmp_path: Path) -> Reports:
    """The verb on a store of its own."""
    configuration = tmp_path / "strictmx.toml"
    configuration.write_text(f'[store]\nurl = "sqlite://{tmp_path}/store/strictmx.db"\n')
    return lambda *arguments: run("reports", *arguments, "--config", str(configuration))


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


def test_a_folder_of_everything_is_taken_in(reports: Reports, box: Path) -> None:
    (box / "plain.json").write_text(json.dumps(report("1")))
    (box / "packed.json.gz").write_bytes(packed(report("2")))
    (box / "mail.eml").write_bytes(mail(packed(report("3")), packed(report("4"))))
    with zipfile.ZipFile(box / "two.zip", "w") as archive:
        archive.writestr("../../etc/passwd", json.dumps(report("5")))
        archive.writestr("b.json.gz", packed(report("1")))
    (box / "letter.txt").write_text("Dear aunt")
    (box / "negative.json").write_text(json.dumps(report("6", policies=[policy(-1)])))
    (box / "half.json").write_text(json.dumps(report("7", policies=[policy(-1), policy()])))
    ended = reports("import", str(box), "--json")
    assert ended.status == 1, ended.err
    told = json.loads(ended.out)
    assert (told["files"], told["reports"], told["new"], told["duplicates"]) == (7, 7, 6, 1)
    assert [Path(each["source"]).name for each in told["rejected"]] == ["letter.txt", "negative.json"]
    assert {(Path(each["source"]).name, each["rule"]) for each in told["deviations"]} >= {("half.json", "DEC-32")}
    again = json.loads(reports("import", str(box), "--json").out)
    assert (again["new"], again["duplicates"]) == (0, 7)
    listed = json.loads(reports("list", "--json").out)
    assert sorted(each["report_id"] for each in listed) == ["1", "2", "3", "4", "5", "7"]
    assert {each["authenticated"] for each in listed} == {None, False}
    summary = json.loads(reports("summary", "--json").out)
    assert summary["domains"][0]["failed"] == sum(each["failed"] for each in listed) == 12
    aside = json.loads(reports("list", "--set-aside", "--json").out)
    assert len(aside) == 2


def test_one_report_is_shown(reports: Reports, box: Path) -> None:
    (box / "one.json").write_text(json.dumps(report("odd+", **{"contact-info": None})))
    assert reports("import", str(box / "one.json")).status == 0
    document = json.loads(reports("show", "odd+", "--json").out)
    assert document["organization-name"] == "Example Net"
    assert document["policies"] == report()["policies"]
    assert [each["rule"] for each in document["deviations"]]
    text = reports("show", "1").out
    assert "10 successful, 2 failed" in text
    assert "certificate-expired" in text
    assert json.loads(reports("show", "1", "--raw").out) == report("odd+", **{"contact-info": None})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "77"), "no report 77"),
        (("show", "a7"), "nothing set aside is called a7"),
        (("list", "--since", "yesterday"), "--since is a day such as 2026-11-24"),
        (("list", "--since", "2026-13-01"), "--since is a day such as 2026-11-24"),
        (("list", "--since", "2026-11-02", "--until", "2026-11-01"), "--since is after --until"),
        (("list", "--limit", "0"), "--limit is 1 or more"),
        (("list", "--domain", "a b"), "--domain"),
        (("export", "--format", "parquet"), "needs a file"),
        (("accept", "12"), "a number such as a3"),
        (("accept", "a12"), "nothing set aside is called a12"),
        (("import", "/nonexistent/report.json"), "No such file"),
        (("delete", "--domain", "example.com", "--before", "soon"), "--before is a day"),
    ],
)
def test_wrong_use_is_told_in_a_line(reports: Reports, arguments: tuple[str, ...], told: str) -> None:
    ended = reports(*arguments)
    assert ended.status in (1, 2)
    assert told in ended.err + ended.out


def test_csv_holds_no_formula_and_sums_are_right(reports: Reports, box: Path) -> None:
    (box / "one.json").write_text(json.dumps(report("=1+1", **{"organization-name": '=HYPERLINK("http://x")'})))
    (box / "two.json").write_text(json.dumps(report("2", **{"organization-name": "@sum"})))
    assert reports("import", str(box)).status == 0
    file = box.parent / "reports.csv"
    assert reports("export", "--format", "csv", "--output", str(file)).status == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert sum(int(row["failed"] or 0) for row in rows) == 4
    assert sum(int(row["failed_sessions"] or 0) for row in rows) == 4
    assert {row["row"] for row in rows} == {"policy", "failure"}


def test_json_that_was_exported_is_read_again(reports: Reports, run: Run, box: Path) -> None:
    (box / "one.json").write_text(json.dumps(report("1")))
    (box / "two.json").write_text(json.dumps(report("2", policies=[policy(None)])))
    reports("import", str(box))
    exported = box.parent / "exported.json"
    assert reports("export", "--output", str(exported)).status == 0
    other = box.parent / "other.toml"
    other.write_text(f'[store]\nurl = "sqlite://{box.parent}/other.db"\n')
    told = json.loads(run("reports", "import", str(exported), "--json", "--config", str(other)).out)
    assert (told["new"], told["rejected"]) == (2, [])


def test_parquet_is_read_by_another_program(reports: Reports, box: Path) -> None:
    import duckdb

    (box / "one.json").write_text(json.dumps(report("1")))
    reports("import", str(box))
    file = box.parent / "it's.parquet"
    assert reports("export", "--format", "parquet", "--output", str(file)).status == 0
    query = "SELECT sum(successful), sum(failed_sessions), min(begin) FROM read_parquet(?)"
    found = duckdb.connect().execute(query, [str(file)])
    assert [str(value) for value in found.fetchone() or ()] == ["10", "2", "2026-11-24 00:00:00"]
    assert sorted(each.name for each in box.parent.iterdir() if "parquet" in each.name) == ["it's.parquet"]


def test_what_was_set_aside_stays_until_it_is_read(reports: Reports, box: Path) -> None:
    (box / "letter.txt").write_text("Dear aunt")
    reports("import", str(box))
    (item,) = json.loads(reports("list", "--set-aside", "--json").out)
    ended = reports("accept", item["id"], "--json")
    assert ended.status == 1
    assert json.loads(ended.out)["rejected"]
    assert reports("retry").status == 1
    assert len(json.loads(reports("list", "--set-aside", "--json").out)) == 1


def test_deleted_reports_are_gone(reports: Reports, box: Path) -> None:
    (box / "one.json").write_text(json.dumps(report("1")))
    reports("import", str(box))
    assert "1 report on example.com" in reports("delete", "--domain", "example.com", "--before", "2026-11-25").out
    assert json.loads(reports("list", "--json").out) == []
    assert json.loads(reports("summary", "--json").out)["domains"] == []
    assert json.loads(reports("import", str(box), "--json").out)["new"] == 1


def test_pages_of_a_list(reports: Reports, box: Path) -> None:
    for number in range(5):
        (box / f"{number}.json").write_text(json.dumps(report(str(number))))
    reports("import", str(box))
    first = json.loads(reports("list", "--json", "--limit", "2").out)
    rest = [json.loads(line) for line in reports("list", "--jsonl", "--after", str(first[-1]["id"])).out.splitlines()]
    assert sorted(each["report_id"] for each in first + rest) == ["0", "1", "2", "3", "4"]
    assert reports("list").out.count("example.com") == 5
    assert json.loads(reports("list", "--json", "--since", "2026-11-25").out) == []


@pytest.mark.servers
def test_kill_loses_nothing_and_doubles_nothing(reports: Reports, box: Path) -> None:
    for number in range(3_000):
        (box / f"{number}.json").write_text(json.dumps(report(str(number))))
    configuration = str(box.parent / "strictmx.toml")
    words = [sys.executable, "-m", "strictmx.cli", "reports", "import", str(box), "--config", configuration]
    killed = 0
    for wait in (0.5, 0.7, 0.9):
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
    assert killed
    told = json.loads(reports("import", str(box), "--json").out)
    assert told["new"] + told["duplicates"] == 3_000
    (summary,) = json.loads(reports("summary", "--json").out)["domains"]
    assert (summary["successful"], summary["failed"]) == (30_000, 6_000)
