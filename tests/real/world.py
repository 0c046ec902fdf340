"""The real servers from outside: started in a network namespace of their own, where any port is free and nothing leaks.

They run until the end of the block. The kernel ends all of them with the first process of the namespace, and that one
ends when the pipe to it closes, however the tests end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.laboratory import ROOT, environment
from tests.real import servers

PROGRAMS = ("named", "dnssec-signzone", "unbound", "nginx", "postfix", "ip", "unshare", "nsenter")
NAMESPACE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
RUN_SECONDS = 60
LOG_LINES = 30


@dataclass(frozen=True)
class World:
    """The running servers. config: of a strictmx that lives among them. process: their first, seen from outside."""

    folder: Path
    process: str

    @property
    def config(self) -> str:
        """The configuration of a strictmx that asks their resolver and trusts their root."""
        return str(self.folder / "strictmx.toml")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in their network."""
        return subprocess.run(
            ["nsenter", "--target", self.process, "--net", *command],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )


def logged(folder: Path, about: str = "") -> str:
    """The last lines of each log in the folder that speak of `about`."""
    found = []
    for log in sorted(folder.glob("*.log")):
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if about in line]
        found += [f"{log.stem}: {line}" for line in lines[-LOG_LINES:]]
    return "\n".join(found)


def is_possible() -> bool:
    """Whether this machine has the programs, and we the right to use them."""
    return os.geteuid() == 0 and all(map(shutil.which, PROGRAMS))


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """The servers of all domains, until the end of the block; their files lie in `folder`."""
    servers.write(folder)
    with (
        (folder / "inside.log").open("wb") as log,
        subprocess.Popen(
            [*NAMESPACE, sys.executable, "-m", "tests.real.inside", str(folder)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as holder,
    ):
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n", logged(folder)
            children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text(encoding="utf-8")
            yield World(folder, children.strip())
        finally:
            holder.kill()
