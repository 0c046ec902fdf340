"""./run on a small copy of the checkout: no package to install, and a program that says what it was given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.servers  # no server, but seconds: each case makes environments

ROOT = Path(__file__).parent.parent
PROGRAM = '"""Fake."""\nimport sys\n\n\ndef main():\n    print(sys.argv[1:], sys.stdin.read())\n    return 3\n'
MAKING = "making .cache/run-"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "a checkout"
    shutil.copytree(ROOT / "tools", root / "tools")
    shutil.copy(ROOT / "run", root / "run")
    (root / "requirements").mkdir()
    (root / "requirements" / "core.txt").touch()
    (root / "src" / "strictmx" / "cli").mkdir(parents=True)
    (root / "src" / "strictmx" / "cli" / "__init__.py").write_text(PROGRAM, encoding="utf-8")
    return root


def start(checkout: Path, *arguments: str, python: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [checkout / "run", *arguments],
        env={**os.environ, "STRICTMX_PYTHON": python, "HOME": str(checkout)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=checkout.parent,
    )


def stamp(checkout: Path) -> Path:
    [path] = checkout.glob(".cache/run-*/stamp")
    return path


def test_what_is_missing_is_made_once(checkout: Path) -> None:
    first = start(checkout, "a b", "-")
    out, said = first.communicate("input", timeout=60)
    assert (out, first.returncode) == ("['a b', '-'] input\n", 3)
    assert said.count(MAKING) == 1
    second = start(checkout)
    assert second.communicate("", timeout=60) == ("[] \n", "")  # nothing is said when nothing is done

    stamp(checkout).unlink()  # interrupted before the end
    (checkout / ".cache" / stamp_folder(checkout) / "bin" / "python").unlink()
    both = [start(checkout, name) for name in ("one", "two")]
    said_by = [each.communicate("", timeout=60) for each in both]
    assert sorted(out for out, _ in said_by) == ["['one'] \n", "['two'] \n"]
    assert "".join(said for _, said in said_by).count(MAKING) == 1

    (checkout / "requirements" / "core.txt").write_text("# changed\n", encoding="utf-8")
    assert MAKING in start(checkout).communicate("", timeout=60)[1]


def stamp_folder(checkout: Path) -> str:
    [folder] = [path.name for path in (checkout / ".cache").iterdir() if path.is_dir()]
    return folder


@pytest.mark.parametrize("python", ["/bin/true", "/nonexistent"])
def test_an_interpreter_that_is_none_is_one_line(checkout: Path, python: str) -> None:
    process = start(checkout, python=python)
    out, said = process.communicate("", timeout=60)
    assert (out, process.returncode) == ("", 2)
    assert said == f"strictmx: STRICTMX_PYTHON={python} is no Python 3.11 or later\n"


def test_a_lock_that_cannot_be_installed_is_told(checkout: Path) -> None:
    (checkout / "requirements" / "core.txt").write_text("./no-such-file.whl\n", encoding="utf-8")
    process = start(checkout)
    _, said = process.communicate("", timeout=60)
    assert process.returncode == 2
    assert said.splitlines()[-1].startswith("strictmx: pip could not install requirements/core.txt")
    assert not list(checkout.glob(".cache/run-*/stamp"))
