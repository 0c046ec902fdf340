"""A PostgreSQL of our own for the tests: one cluster a session, a database a test, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg

SECONDS = 60
_NUMBERS = count()


def programs() -> Path | None:
    """Where initdb lies; None where no PostgreSQL is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A running cluster. url: of its superuser's connection, without a database."""

    url: str
    control: tuple[object, ...]

    def restart(self) -> None:
        """Stop it at once, as a crash does, and start it again."""
        _run(*self.control, "-m", "immediate", "restart")


@contextmanager
def running(binaries: Path) -> Iterator[Cluster]:
    """A cluster, gone at the end."""
    work = Path(mkdtemp(prefix="strictmx-pg-"))  # short, and its parents may be entered by the user that serves it
    as_user: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        work.chmod(0o755)
        shutil.chown(work, "postgres", "postgres")
    port = _free_port()
    data = work / "data"
    options = f"-p {port} -k {work} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
    control = (*as_user, binaries / "pg_ctl", "-D", data, "-w", "-t", "30", "-l", work / "log", "-o", options)
    try:
        _run(*as_user, binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        _run(*control, "start")
        try:
            yield Cluster(f"postgresql://postgres@127.0.0.1:{port}", control)
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        with suppress(OSError):
            shutil.rmtree(work)


def new_database(server: str) -> str:
    """The URL of an empty database."""
    name = f"t{os.getpid()}_{next(_NUMBERS)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, timeout=SECONDS, capture_output=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
