"""What the documents show is what the program prints: their console and Python blocks run against the laboratory."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from strictmx.cli.verbs import VERBS
from tests.laboratory import ROOT, command, environment

pytestmark = pytest.mark.servers

TEXTS = {
    str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
    for file in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
}
CHANGING = [  # what differs from run to run, and what stands for it
    (r"\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}", "DAY"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC in \d+\.\d s", "MOMENT"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"id=\d{14}", "id=TIME"),
    (r"id \d{14}", "id TIME"),
    (r"\d\d:\d\d UTC", "MINUTE"),
    (r"127\.25\.\d+\.\d+", "ADDRESS"),  # counts the domains before it
    (r"port \d+", "port PORT"),
    (r"(?m)^  \w+ +(ipv6|ipv4|data|open-files|program) .*\n(?: {10}.*\n)*", r"\1\n"),  # of the machine, not the lab
    (r"(?m)^  (Everything works\.|Works in part: .*)$", "SUM"),
    (r"\s+", " "),  # a day of one digit moves the line ends
]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of the console blocks with the output shown; the laboratory itself is started elsewhere."""
    for _, block in re.findall(r"^( *)```console\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
        for line, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", dedent(block), re.MULTILINE):
            if not line.startswith("./run lab up"):
                yield line, output


def programs(text: str) -> Iterator[tuple[str, str]]:
    """Each Python block that is followed by the output it prints."""
    return iter(re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL))


def settled(text: str) -> str:
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text.strip()


COMMANDS = {name: list(commands(text)) for name, text in TEXTS.items()}
PROGRAMS = {name: list(programs(text)) for name, text in TEXTS.items()}


def ran(words: list[str], folder: Path, directory: Path) -> str:
    """What a command prints. directory: the laboratory's, which the documents call /tmp/lab."""
    ended = subprocess.run(
        words, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return settled(ended.stdout.replace(str(directory), "/tmp/lab"))  # noqa: S108


def test_no_block_is_left_out() -> None:
    for name, text in TEXTS.items():
        assert text.count("```python") == len(PROGRAMS[name]), f"{name}: the output of each program follows it"
        assert ("```console" in text) == bool(COMMANDS[name]), name


def test_there_are_examples_of_every_verb() -> None:
    shown = re.findall(r"\./run (\w+)", "\n".join(line for line, _ in COMMANDS["README.md"]))
    assert set(shown) == set(VERBS)


@pytest.mark.parametrize("document", [name for name in TEXTS if COMMANDS[name]])
def test_console_blocks(lab: Path, tmp_path: Path, document: str) -> None:
    """In one folder and in order, since later commands read what earlier ones wrote."""
    for line, output in COMMANDS[document]:
        script = line.replace("./run", shlex.join(command())).replace("/tmp/lab", str(lab.parent))  # noqa: S108
        assert ran(["bash", "-c", script], tmp_path, lab.parent) == settled(output), line


@pytest.mark.parametrize("document", [name for name in TEXTS if PROGRAMS[name]])
def test_python_blocks(lab: Path, tmp_path: Path, document: str) -> None:
    for program, output in PROGRAMS[document]:
        script = program.replace("/tmp/lab", str(lab.parent))  # noqa: S108
        assert ran([sys.executable, "-c", script], tmp_path, lab.parent) == settled(output), program


def test_the_laboratory_says_what_the_readme_shows(lab: Path) -> None:
    shown = re.search(r"^ready: (\d+) domains", TEXTS["README.md"], re.MULTILINE)
    domains = [line for line in (lab.parent / "ALL").read_text().splitlines() if line and not line.startswith("#")]
    assert shown is not None
    assert int(shown.group(1)) == len(domains)
