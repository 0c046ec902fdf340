"""A running laboratory for tests that use the command line: its own process, as a developer starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def environment() -> dict[str, str]:
    """The environment of a command under test: no configuration of the machine, our sources first."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STRICTMX_", "COLUMNS"))}
    return inherited | {"PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}


def command(*arguments: str) -> list[str]:
    """The command line of `strictmx ARGUMENTS`."""
    return [sys.executable, "-m", "strictmx.cli", *arguments]


@contextmanager
def running(directory: Path) -> Iterator[Path]:
    """`strictmx lab up --dir DIRECTORY` until the end of the block; gives its configuration."""
    with subprocess.Popen(
        command("lab", "up", "--dir", str(directory)), stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready:")
            yield directory / "strictmx.toml"
        finally:
            process.terminate()
            process.wait(timeout=10)
