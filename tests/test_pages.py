"""The pages that are made from the code are those that stand in docs/, and what their examples rest on is readable."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest

from strictmx.config.settings import IN_USE, SECTIONS
from strictmx.lab import DOMAINS
from tools.pages import ROOT, Missing, documents, observations
from tools.pages.__main__ import PAGES, run, written
from tools.pages.findings import examples
from tools.pages.observations import expected, judged, saved, summary


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_fresh(name: str) -> None:
    fresh = (ROOT / name).read_text(encoding="utf-8") == written(name)
    assert fresh, f"{name} is not what the code says: run `./test pages` and read the difference"


def test_every_saved_line_says_what_was_found_in_it() -> None:
    assert saved().keys() == expected().keys()


@pytest.mark.parametrize("domain", sorted(saved()))
def test_saved_lines_are_judged_as_they_were(domain: str) -> None:
    """A line of an earlier release stays readable, and its codes and severities change on purpose only."""
    assert summary(judged(saved()[domain])) == expected()[domain]


def test_a_code_without_an_example_is_told_with_the_command() -> None:
    with pytest.raises(Missing, match=r"\./test pages observe .*mx-certificate-expired\.example"):
        examples({})


class Undocumented(msgspec.Struct):
    """A document.

    said: has a sentence.
    """

    said: str
    unsaid: str


def test_a_key_without_a_sentence_is_told() -> None:
    with pytest.raises(Missing, match=r"Undocumented lacks .*`unsaid: …`"):
        documents.keys_of(Undocumented)


def test_a_verb_that_prints_json_without_a_sample_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        documents, "SAMPLES", {name: sample for name, sample in documents.SAMPLES.items() if name != "lab list"}
    )
    with pytest.raises(Missing, match="lab list prints JSON"):
        documents.page()


def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--chekc"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_sections_in_use_are_those_that_the_code_asks_for() -> None:
    """A role that comes is said to act on its section, and one that is not there yet is not; doctor only looks."""
    code = [
        file.read_text(encoding="utf-8")
        for file in (ROOT / "src/strictmx").rglob("*.py")
        if not {"config", "doctor"} & set(file.parts)
    ]
    asked = re.findall(rf"ettings\b.*\.({'|'.join(SECTIONS)})\b", "\n".join(code))
    assert {name.partition(".")[0] for name in IN_USE} == set(asked)


@pytest.mark.servers
def test_an_observation_is_kept_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, before = DOMAINS[0].name, saved()
    for constant in ("LINES", "EXPECTED"):
        monkeypatch.setattr(observations, constant, Path(shutil.copy(getattr(observations, constant), tmp_path)))
    saved.cache_clear()
    try:
        observations.observe([name])
        assert expected()[name] == f"{name} secure"
        assert summary(judged(saved()[name])) == expected()[name]
        assert saved() == before | {name: saved()[name]}
    finally:
        saved.cache_clear()
