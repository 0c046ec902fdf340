"""What the README shows is what the program prints: every console block runs against the laboratory."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from strictmx.cli.verbs import VERBS
from tests.laboratory import ROOT, command, environment

pytestmark = pytest.mark.servers

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGING = [  # what differs from run to run, and what stands for it
    (r"\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}", "DAY"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC in \d+\.\d s", "MOMENT"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"id=\d{14}", "id=TIME"),
    (r"port \d+", "port PORT"),
    (r"(?m)^  \w+ +(ipv6|ipv4|data|open-files|program) .*\n(?: {10}.*\n)*", r"\1\n"),  # of the machine, not the lab
    (r"(?m)^  (Everything works\.|Works in part: .*)$", "SUM"),
    (r"\s+", " "),  # a day of one digit moves the line ends
]


def examples() -> Iterator[tuple[str, str]]:
    """Each command of the console blocks with the output shown; the laboratory itself is started elsewhere."""
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if not line.startswith("./run lab up"):
                yield line, output


def settled(text: str) -> str:
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text.strip()


EXAMPLES = list(examples())


def test_there_are_examples_of_every_verb() -> None:
    assert {line.split("./run ")[1].split()[0] for line, _ in EXAMPLES} == set(VERBS)


def test_console_blocks(lab: Path, tmp_path: Path) -> None:
    """In one folder and in order, since later commands read what earlier ones wrote."""
    for line, output in EXAMPLES:
        script = line.replace("./run", shlex.join(command())).replace("/tmp/lab", str(lab.parent))  # noqa: S108
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert settled(ended.stdout.replace(str(lab.parent), "/tmp/lab")) == settled(output), line  # noqa: S108


def test_the_laboratory_says_what_the_readme_shows(lab: Path) -> None:
    shown = re.search(r"^ready: (\d+) domains", README, re.MULTILINE)
    domains = [line for line in (lab.parent / "ALL").read_text().splitlines() if line and not line.startswith("#")]
    assert shown is not None
    assert int(shown.group(1)) == len(domains)


def test_the_program_example_runs(lab: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    example = example.replace(
        'strictmx.check("example.com")',
        f'strictmx.check("healthy-minimal.example", strictmx.Settings.load({str(lab)!r}))',
    )
    ended = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    assert ended.stdout == "secure []\n"
