"""./run on a small copy of the checkout: no package to install, and a program that says what it was given.

What only another machine shows (no pip, no right to install, a checkout of somebody else) is shown by programs of the
same names earlier on PATH.
"""

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
    for lock in ("build.txt", "extras.txt"):
        (root / "requirements" / lock).touch()
    (root / "src" / "strictmx" / "cli").mkdir(parents=True)
    (root / "src" / "strictmx" / "cli" / "__init__.py").write_text(PROGRAM, encoding="utf-8")
    return root


def start(checkout: Path, *arguments: str, python: str = sys.executable, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.Popen(
        [checkout / "run", *arguments],
        env={**inherited, "STRICTMX_PYTHON": python, "HOME": str(checkout), **environment},
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

    (checkout / "requirements" / "extras.txt").write_text("# changed\n", encoding="utf-8")
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
    (checkout / "requirements" / "extras.txt").write_text("./no-such-file.whl\n", encoding="utf-8")
    process = start(checkout)
    _, said = process.communicate("", timeout=60)
    assert process.returncode == 2
    assert said.splitlines()[-1].startswith("strictmx: pip could not install requirements/extras.txt")
    assert not list(checkout.glob(".cache/run-*/stamp"))


def test_a_checkout_that_cannot_be_written_uses_the_users_cache(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".cache").symlink_to("/nonexistent/cache")  # nobody can make that folder, root neither
    cache = tmp_path / "users cache"
    out, said = start(checkout, XDG_CACHE_HOME=str(cache)).communicate("", timeout=60)
    assert (out, said.count("strictmx: making ")) == ("[] \n", 1)
    assert len(list(cache.glob("strictmx/*/run-*/stamp"))) == 1
    assert start(checkout, XDG_CACHE_HOME=str(cache)).communicate("", timeout=60) == ("[] \n", "")


def test_no_place_for_an_environment_is_one_line(checkout: Path) -> None:
    (checkout / ".cache").symlink_to("/nonexistent/cache")
    process = start(checkout, XDG_CACHE_HOME=str(checkout / ".cache"))
    out, said = process.communicate("", timeout=60)
    assert (out, process.returncode, said.count("\n")) == ("", 2, 1)
    assert said.endswith("can be written; set XDG_CACHE_HOME to a folder that can\n")


class Machine:
    """A machine whose programs are those of this one, after the fakes in `bin`; `log` holds how they were called."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.bin, self.log = checkout, folder / "bin", folder / "log"
        self.wheels = folder / "wheels"  # stands for Debian's /usr/share/python-wheels
        self.path = f"{self.bin}:{os.environ['PATH']}"
        for made in (self.bin, self.wheels):
            made.mkdir()
        script = checkout / "tools" / "environment.sh"
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace(" /usr/share/python-wheels/", f" {self.wheels}/"), encoding="utf-8")

    def fake(self, name: str, script: str = "") -> Path:
        """A program that logs its arguments and then does what the script says."""
        program = self.bin / name
        program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >>{self.log}\n{script}\n', encoding="utf-8")
        program.chmod(0o755)
        return program

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run lines of bash that use tools/environment.sh."""
        return subprocess.run(
            ["bash", "-c", f". tools/environment.sh\n{script}"],
            cwd=self.checkout,
            env={"PATH": self.path, "HOME": str(self.checkout)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def make_venv(self) -> subprocess.CompletedProcess[str]:
        """Make an environment with the fake Python; prints PIP, a word a line."""
        environment = self.checkout / "made"
        prepare = f"PYTHON={self.bin / 'python'} PYTHON_VERSION=3.11 ENVIRONMENT={str(environment)!r}"
        return self.sh(f"{prepare}\nmake_venv\nprintf '%s\\n' \"${{PIP[@]}}\"")

    @property
    def calls(self) -> list[str]:
        """The calls of the package manager so far."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith("apt-get ")]


@pytest.fixture
def machine(checkout: Path, tmp_path: Path) -> Machine:
    folder = tmp_path / "machine"
    folder.mkdir()
    return Machine(checkout, folder)


UPDATE, INSTALL = "apt-get -qq update", "apt-get -qq install -y --no-install-recommends --no-remove"


def test_root_gets_a_missing_command(machine: Machine) -> None:
    machine.fake("id", "echo 0")
    machine.fake("apt-get")
    ended = machine.sh("need bash bash; need frob frob-tools; need frob2 frob2; echo on")
    assert (ended.returncode, ended.stdout) == (0, "on\n")
    assert ended.stderr == (
        "strictmx: the command frob is missing, installing frob-tools\n"
        "strictmx: the command frob2 is missing, installing frob2\n"
    )
    assert machine.calls == [UPDATE, f"{INSTALL} frob-tools", f"{INSTALL} frob2"]


@pytest.mark.parametrize(
    ("user", "manager", "said", "calls"),
    [
        ("1000", "", "", []),
        ("0", "exit 100", "strictmx: the command frob is missing, installing frob-tools\n", [UPDATE, INSTALL]),
        ("0", None, "", []),  # no Debian
    ],
)
def test_anybody_else_is_told_the_line_to_type(
    machine: Machine, user: str, manager: str | None, said: str, calls: list[str]
) -> None:
    machine.fake("id", f"echo {user}")
    if manager is None:
        for needed in ("bash", "env", "dirname", "readlink"):
            (machine.bin / needed).symlink_to(str(shutil.which(needed)))
        machine.path = str(machine.bin)
    else:
        machine.fake("apt-get", manager)
    ended = machine.sh("need frob frob-tools; echo on")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{said}strictmx: the command frob is missing: sudo apt-get install frob-tools\n"
    assert [call.removesuffix(" frob-tools") for call in machine.calls] == calls


NO_ENSUREPIP = """
case "$*" in
"-c import ensurepip"*) [ -e "$0.venv" ] ;;
"-m venv "*) mkdir -p "${!#}/bin" ;;
"-m pip "*) [ -e "$0.pip" ] ;;
esac"""


def test_root_gets_the_missing_venv(machine: Machine) -> None:
    python = machine.fake("python", NO_ENSUREPIP)
    machine.fake("id", "echo 0")
    machine.fake("apt-get", f"[ $2 != install ] || touch {python}.venv")
    ended = machine.make_venv()
    assert ended.stdout.split("\n")[:-1] == [f"{machine.checkout}/made/bin/python", "-m", "pip"]
    assert ended.stderr == "strictmx: Python's venv is missing, installing python3.11-venv\n"
    assert machine.calls == [UPDATE, f"{INSTALL} python3.11-venv"]


def test_without_ensurepip_the_interpreters_own_pip_installs(machine: Machine) -> None:
    python = machine.fake("python", NO_ENSUREPIP)
    Path(f"{python}.pip").touch()
    machine.fake("id", "echo 1000")
    machine.fake("apt-get")
    ended = machine.make_venv()
    made = f"{machine.checkout}/made/bin/python"
    assert ended.stdout.split("\n")[:-1] == [str(python), "-m", "pip", "--python", made]
    assert (ended.returncode, ended.stderr, machine.calls) == (0, "", [])


@pytest.mark.parametrize("fetched", [False, True])
def test_else_the_wheel_of_debian_installs(machine: Machine, fetched: bool) -> None:
    machine.fake("python", NO_ENSUREPIP)
    machine.fake("id", "echo 1000")
    machine.fake("apt-get", "touch python3-pip-whl.deb")
    folder = "usr/share/python-wheels"
    machine.fake("dpkg-deb", f"mkdir -p {folder} && touch {folder}/pip-24.whl")
    if not fetched:
        (machine.wheels / "pip-23.whl").touch()
    ended = machine.make_venv()
    made = f"{machine.checkout}/made"
    wheel = f"{made}/pip/usr/share/python-wheels/pip-24.whl" if fetched else f"{machine.wheels}/pip-23.whl"
    assert ended.stdout.split("\n")[:-1] == [f"{made}/bin/python", f"{wheel}/pip"]
    assert machine.calls == (["apt-get -qq download python3-pip-whl"] if fetched else [])


@pytest.mark.parametrize(("python", "what"), [(NO_ENSUREPIP, "pip"), ("exit 1", "Python's venv")])
def test_no_way_to_install_is_one_line(machine: Machine, python: str, what: str) -> None:
    machine.fake("python", python)
    machine.fake("id", "echo 1000")
    machine.fake("apt-get", "exit 100")
    ended = machine.make_venv()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"strictmx: {what} is missing: sudo apt-get install python3.11-venv\n"
    assert not (machine.checkout / "made" / "bin").exists()
