"""What was seen of laboratory domains, as `check --save` writes it, with what was found beside it.

The examples of the catalogue come from these lines, and every later release must read and judge them.
"""

from __future__ import annotations

import gzip
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from strictmx.findings.judge import judge
from strictmx.findings.observation import load
from strictmx.findings.result import CheckResult
from tools.pages import ROOT

LINES = ROOT / "tests/observations/lab.jsonl.gz"
EXPECTED = ROOT / "tests/observations/expected.txt"  # a line a domain, see `summary`


@cache
def saved() -> dict[str, bytes]:
    """The saved lines, by domain."""
    return {load(line).domain: line for line in gzip.decompress(LINES.read_bytes()).splitlines()}


def expected() -> dict[str, str]:
    """What was found when a line was saved, by domain."""
    return {line.partition(" ")[0]: line for line in EXPECTED.read_text(encoding="utf-8").splitlines()}


def judged(line: bytes) -> CheckResult:
    """What is found in a saved line now, with what belongs beside it where that was looked at."""
    observation = load(line)
    return judge(observation, related=observation.related is not None)


def summary(result: CheckResult) -> str:
    """The line that stands for a result: domain, verdict, each code with its severity."""
    found = sorted({f"{finding.code}={finding.severity.value}" for finding in result.findings})
    return " ".join([result.domain, result.verdict.value, *found])


def observe(arguments: Sequence[str]) -> None:
    """Run `check` with these arguments on a laboratory of its own, and keep what it saw and found.

    A line of the same domain is replaced; all others stay as they are, octet for octet.
    """
    from tests.laboratory import command, environment, running

    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.jsonl"
        with running(Path(folder) / "lab") as configuration:
            check = command("check", "--config", str(configuration), "--save", str(seen), *arguments)
            subprocess.run(check, env=environment(), check=False)  # noqa: S603 - our own program, by its path
        new = {load(line).domain: line for line in seen.read_bytes().splitlines()}
    lines = saved() | new
    found = expected() | {domain: summary(judged(line)) for domain, line in new.items()}
    LINES.write_bytes(gzip.compress(b"".join(lines[domain] + b"\n" for domain in sorted(lines)), mtime=0))
    EXPECTED.write_text("".join(f"{found[domain]}\n" for domain in sorted(found)), encoding="utf-8")
    saved.cache_clear()
