"""Measures `check` beside the bare floor (`floor.py`) and the peer (`peer.py`), and prints each figure with its aim.

Started by `benchmarks/run`, inside a network of its own; the first argument is a folder for scratch files.
CPU seconds are user and system time of the process measured, never of the mail internet that it looks at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
WORK = Path(sys.argv[1])
DELAY = ("--delay", "20")  # milliseconds until an answer
DOMAINS = 500
MANY = 10_000


class Took(NamedTuple):
    """What a command took. peak: MiB of memory."""

    output: str
    wall: float
    cpu: float
    peak: float


class World(NamedTuple):
    """A running mail internet: its configuration and its domains."""

    configuration: str
    domains: list[str]


def took(*command: str) -> Took:
    """Run a command to its end. Exit status 1 is a finding, no failure."""
    with (WORK / "output").open("w+b") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in {0, 1}, command
        output.seek(0)
        text = output.read().decode()
    return Took(text, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def strictmx(*arguments: str) -> Took:
    return took(sys.executable, "-m", "strictmx.cli", *arguments)


def script(name: str, *arguments: str) -> Took:
    return took(sys.executable, str(HERE / name), *arguments)


def checkdmarc(*domains: str) -> Took:
    """The peer's own command."""
    return took(str(Path(sys.executable).parent / "checkdmarc"), "-n", "127.0.0.2", "--check-mx-tls", *domains)


@contextmanager
def world(domains: int, mx: int, *more: str) -> Iterator[World]:
    folder = WORK / "-".join(("world", str(domains), str(mx), *more))
    command = ["--domains", str(domains), "--mx", str(mx), "--dir", str(folder), *more]
    with subprocess.Popen([sys.executable, str(HERE / "world.py"), *command], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        trust = str(folder / "ca.pem")
        os.environ |= {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust}  # where the peer looks
        names = [line for line in (folder / "ALL").read_text().splitlines() if not line.startswith("#")]
        yield World(str(folder / "strictmx.toml"), names)
        process.terminate()


def told(figure: str, found: str, aim: str, *, reached: bool) -> None:
    print(f"{figure:<58} {found:>21}   {aim:<24} {'reached' if reached else 'MISSED'}", flush=True)


def least(measure: Callable[[], Took], times: int = 5) -> float:
    """The least CPU seconds of several runs."""
    return min(measure().cpu for _ in range(times))


def least_told(measure: Callable[[], Took]) -> float:
    """The least CPU seconds that three runs of a script tell; what they looked at was in order."""
    told = [json.loads(measure().output) for _ in range(3)]
    assert all(one.get("good", one["domains"]) == one["domains"] for one in told)
    return min(one["cpu"] for one in told)


def startup() -> None:
    bare = least(lambda: took(sys.executable, "-c", "pass"))
    with world(1, 2) as lab:
        for words, arguments, aim in (
            ("check --help", ["check", "--help"], 120),
            ("check DOMAIN", ["check", "--config", lab.configuration, lab.domains[0]], 450),
        ):
            ours = (least(lambda arguments=arguments: strictmx(*arguments)) - bare) * 1000  # type: ignore[misc]
            told(
                f"start-up: CPU of {words} above bare Python",
                f"{ours:.0f} ms",
                f"at most {aim} ms",
                reached=ours <= aim,
            )


def latency() -> None:
    with world(2, 2, *DELAY) as lab:
        domain = lab.domains[0]
        bare = json.loads(script("floor.py", "--config", lab.configuration, "--times", "20", domain).output)["wall"]
        ours = float(script("one.py", lab.configuration, domain, "20").output)
    told("latency: bare critical path of one domain, 20 ms away", f"{bare * 1000:.0f} ms", "", reached=True)
    told(
        "latency: one check", f"{ours * 1000:.0f} ms = {ours / bare:.2f} x", "at most 1.5 x", reached=ours <= 1.5 * bare
    )


def cpu() -> None:
    with world(DOMAINS, 2) as lab:
        every = ["check", "--config", lab.configuration, "--concurrency", "50", "--jsonl"]
        bare = least_told(lambda: script("floor.py", "--config", lab.configuration, *lab.domains)) / DOMAINS
        start = least(lambda: strictmx("check", "--config", lab.configuration, lab.domains[0]), 3)
        ours = (least(lambda: strictmx(*every, *lab.domains), 3) - start) / DOMAINS
        parts = (least(lambda: script("parts.py", *every, *lab.domains), 3) - start) / DOMAINS
        theirs = least_told(lambda: script("peer.py", "127.0.0.2", *lab.domains[:100])) / 100
        whole = least(lambda: checkdmarc(*lab.domains[:101]), 3) - least(lambda: checkdmarc(lab.domains[0]), 3)
        whole /= 100
    told("cpu: bare floor, a domain", f"{bare * 1000:.1f} ms", "", reached=True)
    told("cpu: strictmx", f"{ours * 1000:.1f} ms = {ours / bare:.2f} x", "at most 2.5 x", reached=ours <= 2.5 * bare)
    told("cpu: checkdmarc, the parts that both check", f"{theirs * 1000:.1f} ms", "", reached=True)
    told(
        "cpu: strictmx without TLSA and hosts of reports",
        f"{parts * 1000:.1f} ms, {theirs / parts:.2f} x less",
        "at least 3 x less",
        reached=theirs >= 3 * parts,
    )
    told("cpu: checkdmarc with all that it checks", f"{whole * 1000:.1f} ms", "", reached=True)
    told("cpu: strictmx with all that it checks", f"{whole / ours:.2f} x less", "", reached=True)


def throughput() -> None:
    with world(DOMAINS, 2, *DELAY) as lab:
        every = ["check", "--config", lab.configuration, "--concurrency", "50", "--jsonl", *lab.domains]
        ours = DOMAINS / strictmx(*every).wall
        peer = json.loads(script("peer.py", "127.0.0.2", *lab.domains[:20]).output)
        assert peer["good"] == 20
        theirs = 20 / peer["wall"]
    told("throughput, 20 ms away: checkdmarc, domains a second", f"{theirs:.2f}", "", reached=True)
    told("throughput: strictmx", f"{ours:.1f} = {ours / theirs:.0f} x", "at least 10 x", reached=ours >= 10 * theirs)


def nine() -> None:
    from world import NINE, NINE_CODES

    with world(1, 2, "--nine") as lab:
        taken = strictmx("check", "--config", lab.configuration, "--json", NINE)
        result = json.loads(taken.output)
        seconds = float(Path(lab.configuration).read_text().partition('timeout = "')[2].partition("s")[0])
    codes = {host: _codes(result["findings"], host) for host in NINE_CODES}
    right = sum(codes[host] == {code} - {""} for host, code in NINE_CODES.items())
    told("nine MX, each with a fault of its own: told rightly", f"{right} of 9", "9 of 9", reached=right == 9)
    over = taken.wall - seconds
    told(
        f"nine MX: wall time ({seconds:g} s is the deadline of one)",
        f"{taken.wall:.2f} s",
        "the deadline and 1 s",
        reached=over <= 1,
    )


def _codes(findings: Sequence[dict[str, str]], host: str) -> set[str]:
    return {
        each["code"]
        for each in findings
        if each["subject"].startswith(host) and each["severity"] in {"error", "warning"}
    }


def memory() -> None:
    with world(MANY, 1) as lab:
        listed = WORK / "domains"
        listed.write_text("\n".join(lab.domains))
        arguments = ["check", "--config", lab.configuration, "--concurrency", "50", "--jsonl", "--from", str(listed)]
        taken = strictmx(*arguments)
        assert taken.output.count('"verdict":"secure"') == MANY
    told(f"memory: {MANY} domains streamed", f"{taken.peak:.0f} MiB", "below 200 MiB", reached=taken.peak < 200)
    told("memory: the same, domains a second", f"{MANY / taken.wall:.0f}", "", reached=True)


def pieces() -> None:
    with world(DOMAINS, 2) as lab:
        print(script("pieces.py", str(Path(lab.configuration).parent)).output, end="")


def reports() -> None:
    read = json.loads(script("reports.py", str(WORK / "reports"), os.environ["PEER_PYTHON"]).output)
    ours, floor, peer = read["parse"], read["floor"], read["peer"]
    told("reports: floor, CPU of one", f"{floor:.1f} us", "", reached=True)
    told("reports: parsed", f"{ours:.1f} us = {ours / floor:.1f} x", "at most 2 x", reached=ours <= 2 * floor)
    told(
        f"reports: parsedmarc {read['peer_version']}",
        f"{peer:.1f} us = {peer / ours:.1f} x ours",
        "at least 3 x",
        reached=peer >= 3 * ours,
    )
    told("reports: its inner function alone", f"{read['peer_inner']:.1f} us", "", reached=True)
    told("reports: found in a file, parsed, counted", f"{read['find']:.1f} us", "", reached=True)
    files = sorted(map(str, (WORK / "reports").iterdir()))
    program = str(Path(os.environ["PEER_PYTHON"]).parent / "parsedmarc")
    theirs = least(lambda: took(program, "--offline", *files), 3)
    mine = least(_import, 3)
    told("reports import: parsedmarc, CPU of 2,000 (stores nothing)", f"{theirs:.2f} s", "", reached=True)
    told(
        "reports import: strictmx, CPU of 2,000, durable",
        f"{mine:.2f} s = {mine / theirs:.2f} x",
        "at most 0.25 x",
        reached=mine <= theirs / 4,
    )
    start = least(lambda: strictmx("reports", "list", "--limit", "1", "--config", str(WORK / "store.toml")), 3)
    told("reports import: of it start-up, SQLAlchemy included", f"{start:.2f} s", "", reached=True)


def _import() -> Took:
    """Take in the 2,000 reports into a store that is there and empty."""
    configuration = WORK / "store.toml"
    configuration.write_text(f'[store]\nurl = "sqlite://{WORK}/store.db"\n')
    for file in WORK.glob("store.db*"):
        file.unlink()
    strictmx("store", "migrate", "--config", str(configuration))
    return strictmx("reports", "import", str(WORK / "reports"), "--config", str(configuration))


def totals() -> None:
    """A year of reports from 20 organizations: 100 domains, then ten times as many."""
    few, many = (json.loads(script("totals.py", str(WORK / f"totals-{n}"), str(n)).output) for n in (100, 1_000))
    for what, key, aim in (
        ("summary of one domain over a year", "one", 0.05),
        ("totals of all domains", "sums", 0.3),
        ("the whole JSON, as a program", "whole", 5.0),
    ):
        told(
            f"totals: {what}, 1,000 domains",
            f"{many[key] * 1000:.0f} ms ({few[key] * 1000:.0f} ms)",
            f"at most {aim * 1000:.0f} ms",
            reached=many[key] <= aim,
        )
    told(
        "totals: the store, 7.3 million (a tenth of it)",
        f"{many['bytes'] >> 20} ({few['bytes'] >> 20}) MiB",
        "",
        reached=True,
    )


FIGURES = {
    figure.__name__: figure for figure in (startup, latency, cpu, throughput, nine, memory, pieces, reports, totals)
}

if __name__ == "__main__":
    wanted = sys.argv[2:] or list(FIGURES)
    if not FIGURES.keys() >= set(wanted):
        sys.exit(f"benchmarks/run: the figures are {' '.join(FIGURES)}")
    for name in wanted:
        FIGURES[name]()
