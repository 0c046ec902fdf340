"""The command line as a whole: verbs, usage errors in one line, exit statuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from strictmx.cli import main
from strictmx.cli.arguments import Help, Parser
from strictmx.cli.verbs import VERBS, load
from strictmx.version import __version__
from tests.cli.conftest import Run
from tests.laboratory import ROOT, command, environment


def test_without_arguments_it_prints_the_verbs(run: Run) -> None:
    ended = run()
    assert ended.status == 0
    for verb, summary in VERBS.items():
        assert verb in ended.out
        assert summary in ended.out
    assert run("--help").out == ended.out


def test_version(run: Run) -> None:
    assert run("--version").out == f"strictmx {__version__}\n"


WRONG = [
    (["chekc"], "did you mean check?"),
    (["--frobnicate"], "unknown verb"),
    (["check"], "name a domain"),
    (["check", "a.example", "--frob"], "--frob"),
    (["check", "not a domain"], "is no domain name"),
    (["check", "192.0.2.1"], "IP address"),
    (["check", "_x.example"], "letters, digits and hyphens"),
    (["check", "\x1b[31mx"], r"\x1b[31mx"),
    (["check", "a.example", "--concurrency", "0"], "--concurrency"),
    (["check", "a.example", "--concurrency", "x"], "--concurrency"),
    (["check", "a.example", "--json", "--jsonl"], "exclude"),
    (["check", "--from", "/nonexistent"], "/nonexistent: No such file"),
    (["check", "--from", "/"], "Is a directory"),
    (["check", "--replay", "/nonexistent"], "/nonexistent: No such file"),
    (["check", "a.example", "--save", "/nonexistent/x"], "/nonexistent/x: No such file"),
    (["check", "a.example", "--config", "/nonexistent.toml"], "/nonexistent.toml"),
    (["--config", "/nonexistent.toml", "check", "a.example"], "/nonexistent.toml"),
    (["--config"], "needs a file"),
    (["policy"], "name new or lint"),
    (["policy", "new"], "DOMAIN"),
    (["policy", "new", "a..b", "--mx", "x.example"], "is no domain name"),
    (["policy", "new", "_x.example", "--mx", "x.example"], "letters, digits and hyphens"),
    (["policy", "new", "a.example", "--mx", "*"], "--mx"),
    (["policy", "new", "a.example", "--mx", "192.0.2.1"], "IP address"),
    (["policy", "new", "a.example", "--mx", "x.example", "--max-age", "2y"], "--max-age"),
    (["policy", "new", "a.example", "--mx", "x.example", "--max-age", "soon"], "--max-age"),
    (["policy", "new", "a.example", "--mx", "x.example", "--mode", "enforced"], "--mode"),
    (["policy", "lint", "/nonexistent"], "No such file"),
    (["policy", "lint", "/nonexistent\n\x1b[31m"], r"/nonexistent\n\x1b[31m: No such file"),
    (["check", "--from", "/nonexistent\u202e\nx"], r"\u202e\nx: No such file"),
    (["check", "a.example", "--config", "/nonexistent\n\x9b"], r"\n\x9b"),
    (["lab", "up", "--dir", "/dev/null/\n\x1b"], r"\n\x1b"),
    (["records", "a.example"], "--policy"),
    (["records", "_x.example"], "letters, digits and hyphens"),
    (["records", "a.example", "--policy", "/nonexistent"], "No such file"),
    (["records", "a.example", "--policy", "x", "--tlsa"], "go together"),
    (["lab"], "name up or list"),
    (["help", "chekc"], "did you mean check?"),
    (["lab", "upp"], "did you mean up?"),
    (["check", "--concurrency", "x", "a.example"], "--concurrency is a number"),
    (["check", "--save"], "--save needs a value"),
    (["check", "--related", "--selector", "s1._domainkey.a.example", "a.example"], "the selector alone, s1"),
    (["lab", "up", "--dir", "/dev/null/x"], "/dev/null"),
]


@pytest.mark.parametrize(("arguments", "part"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_wrong_use_is_one_line_and_status_2(run: Run, arguments: list[str], part: str) -> None:
    ended = run(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith("strictmx: ")
    assert ended.err.count("\n") == 1
    assert part in ended.err
    assert not set(ended.err) & {"\x1b", "\x9b", "\u202e"}


def declared(verb: str) -> Parser:
    """The options of a verb, as the command line declares them."""
    module = load(verb)
    parser = Parser(f"strictmx {verb}", module.HELP)
    module.declare(parser)
    return parser


def helps() -> Iterator[tuple[str, Help]]:
    """Every verb and every verb below one, as typed, with its help."""
    for verb in VERBS:
        yield verb, load(verb).HELP
        for name, about in declared(verb).verbs.items():
            yield f"{verb} {name}", about


HELPS = dict(helps())


def test_verbs_below_verbs_are_found() -> None:
    assert {"policy new", "policy lint", "lab up", "lab list"} <= set(HELPS)


@pytest.mark.parametrize("verb", sorted(HELPS))
def test_help_ends_with_examples(run: Run, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb.split(), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    examples = text.partition("examples:\n")[2].strip().splitlines()
    assert len(examples) >= 4
    assert any(line.strip().startswith(f"strictmx {verb} ") or f"| strictmx {verb} " in line for line in examples)
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("verb", sorted(HELPS))
def test_examples_can_be_parsed(verb: str) -> None:
    for line, purpose in HELPS[verb].examples:
        assert purpose
        words = line.partition("| ")[2].split() if line.startswith("curl") else line.partition(" | ")[0].split()
        words = [word for word in words[: words.index(">") if ">" in words else None] if word != "&"]
        assert words[0] == "strictmx"
        declared(words[1]).parse(words[2:])


def test_configuration_may_stand_before_or_after_the_verb(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[internet]\nnameserver = []\n")
    for arguments in (["--config", str(broken), "check", "a.example"], ["check", "a.example", f"--config={broken}"]):
        ended = run(*arguments)
        assert ended.status == 2
        assert "broken.toml:2: internet.nameserver: unknown key, did you mean nameservers?" in ended.err


def test_help_and_usage_errors_need_no_heavy_library() -> None:
    """Start-up stays short: what a verb does not use is not imported."""
    code = (
        "import sys; from strictmx.cli import main; main([]); main(['check']);"
        "print([name for name in ('dns', 'cryptography', 'rich', 'asyncio', 'ssl', 'h11') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(), cwd=ROOT
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        ended = subprocess.run(
            command("lab", "list"), stdout=gone, stderr=subprocess.PIPE, text=True, check=False, env=environment()
        )
    assert (ended.returncode, ended.stderr) == (0, "")


CLOSED = [  # how the shell closes it, arguments, status
    ("<&-", "policy lint -", 2),
    ("<&-", "check --from -", 2),
    (">&-", "policy new shop.example --mx mx.shop.example", 2),
    ("2>&-", "policy lint nowhere", 2),
    ("2>/dev/full", "nothing", 2),
]


@pytest.mark.parametrize(("redirection", "arguments", "status"), CLOSED)
def test_a_stream_that_is_closed_or_full_is_no_bug_of_ours(redirection: str, arguments: str, status: int) -> None:
    line = " ".join([*command(), arguments, redirection])
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == status
    assert "fault of strictmx" not in ended.stderr
