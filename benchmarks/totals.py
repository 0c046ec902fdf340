"""Fills a store with a year of totals and measures the summary of it: `totals.py FOLDER DOMAINS`, prints JSON.

Reports come from 20 organizations every day; a thousand domains make 7.3 million reports. Their totals are written
by SQL, as taking in the reports would have left them (tests hold that), since that many reports would take hours.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from strictmx.store import totals
from strictmx.store.database import Store
from strictmx.store.place import Place

DAYS = 365
ORGANIZATIONS = 20
FIRST_DAY = 20_418  # 2025-11-26
RESULT_TYPES = ("certificate-expired", "starttls-not-supported", "certificate-host-mismatch")
HOSTS = 2  # of a domain
FAULTY = 10  # every so many days a session of some organization fails


def fill(path: Path, domains: int) -> None:
    chance = random.Random(8460)  # noqa: S311 - no secret
    names = [
        *(f"Organization {number}" for number in range(ORGANIZATIONS)),
        *(f"d{number:05}.example" for number in range(domains)),
        *(f"mx{host}.d{number:05}.example" for number in range(domains) for host in range(HOSTS)),
        *RESULT_TYPES,
    ]
    number_of = {name: number for number, name in enumerate(names, start=1)}
    each = [number_of[f"d{number:05}.example"] for number in range(domains)]

    def by_organization() -> Iterator[tuple[int, ...]]:
        for domain in each:
            for organization in range(1, ORGANIZATIONS + 1):
                for day in range(FIRST_DAY, FIRST_DAY + DAYS):
                    yield domain, organization, day, chance.randrange(1, 200), 0, 1

    def failures() -> Iterator[tuple[int, ...]]:
        for at, domain in enumerate(each):
            for day in range(FIRST_DAY, FIRST_DAY + DAYS, FAULTY):
                host = number_of[f"mx{chance.randrange(HOSTS)}.d{at:05}.example"]
                kind = number_of[chance.choice(RESULT_TYPES)]
                yield domain, host, kind, chance.randrange(1, 6), day, 3, 3, 1

    Store.open(Place(path=path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany("INSERT INTO names (name, id) VALUES (?, ?)", number_of.items())
        connection.executemany(
            "INSERT INTO organization_totals (domain, organization, day, successful, failed, reports)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            by_organization(),
        )
        connection.executemany("INSERT INTO failure_totals VALUES (?, ?, ?, ?, ?, ?, ?, ?)", failures())
        connection.execute(
            "UPDATE organization_totals SET failed = 3 WHERE (domain, organization, day) IN"
            " (SELECT domain, organization, day FROM failure_totals)"
        )
        connection.execute(
            "INSERT INTO day_totals (domain, day, successful, failed, unexplained, reports)"
            " SELECT domain, day, sum(successful), sum(failed), 0, count(*) FROM organization_totals"
            " GROUP BY domain, day"
        )
        connection.execute(
            "INSERT INTO type_totals (domain, policy_type, day, successful, failed, reports)"
            " SELECT domain, 'sts', day, successful, failed, reports FROM day_totals"
        )


def least(function: Callable[[], object], times: int = 5) -> float:
    """The least wall time of several calls."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    from strictmx.roles.receive import summary
    from strictmx.store.reports import Range

    folder, domains = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "strictmx.db"
    fill(path, domains)
    configuration = folder / "strictmx.toml"
    configuration.write_text(f'[store]\nurl = "sqlite://{path}"\n')
    year = Range("d00007.example", FIRST_DAY, FIRST_DAY + DAYS - 1)
    with Store.open(Place(path=path)) as store:
        one = least(lambda: list(summary.summaries(store, year)))
        sums = least(lambda: totals.by_domain(store))
    began = time.perf_counter()
    command = [sys.executable, "-m", "strictmx.cli", "reports", "summary", "--json", "--config", str(configuration)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    whole = time.perf_counter() - began
    assert len(json.loads(ended.stdout)["domains"]) == domains
    size = path.stat().st_size
    print(json.dumps({"one": one, "sums": sums, "whole": whole, "bytes": size, "json": len(ended.stdout)}))


if __name__ == "__main__":
    main()
