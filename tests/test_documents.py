"""Documents point at what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|requirements|tools)/[^`\s*:]+)(?:::\w+)?`", text)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    missing = [path for path in named if "VERB" not in path and not (ROOT / path).exists()]
    missing += [path for path in linked if not (document.parent / path).exists()]
    assert not missing


def anchors(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_headings_that_are_linked_exist(document: Path) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text(encoding="utf-8"))
    missing = [
        f"{path}#{anchor}"
        for path, anchor in linked
        if anchor not in anchors(document.parent / path if path else document)
    ]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_named_tests_exist(document: Path) -> None:
    named = re.findall(r"`(tests/[^`\s:]+)::(\w+)`", document.read_text(encoding="utf-8"))
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not missing


def test_modules_of_the_architecture_exist() -> None:
    """A bare `name.py` stands in the room that its paragraph is about."""
    missing = []
    for paragraph in (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("\n\n"):
        rooms = re.findall(r"\*\*`(src/strictmx/\w+)/`\*\*", paragraph) or ["src/strictmx"]
        modules = {file.name for room in rooms for file in (ROOT / room).rglob("*.py")}
        missing += [name for name in re.findall(r"`(\w+\.py)`", paragraph) if name not in modules]
    assert not missing
