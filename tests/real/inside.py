"""The first process of the network namespace: brings up addresses and servers, says so, and holds them.

Ends when its standard input does; the kernel ends the servers with it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.real import servers

COMMAND_SECONDS = 10
READY_SECONDS = 20.0  # until all servers listen; 1 on an idle machine
POLL_SECONDS = 0.05
MAIL = servers.SITES[0].mx[0].address
QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace"


def main(folder: Path) -> None:
    """Hold the servers whose configurations lie in `folder`."""
    _bring_up_addresses()
    _empty_postfix_directories()
    running: dict[str, subprocess.Popen[bytes]] = {}
    for name, command in _commands(folder).items():
        with (folder / f"{name}.log").open("wb") as log:
            running[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + READY_SECONDS
    for address, port in ((servers.AUTHORITY, 53), (servers.VALIDATOR, 53), (servers.WEB[0], 443), (MAIL, 25)):
        while not _listens(address, port):
            ended = [name for name, process in running.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                sys.exit(f"nobody listens at {address} port {port}; ended: {', '.join(ended) or 'no server'}")
            time.sleep(POLL_SECONDS)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


def _bring_up_addresses() -> None:
    lines = ["link set lo up"]  # which brings ::1
    lines += [f"address add {address}/{128 if ':' in address else 32} dev lo" for address in servers.ADDRESSES]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, timeout=COMMAND_SECONDS)


def _empty_postfix_directories() -> None:
    """Postfix keeps its own paths, which nobody outside sees us use."""
    for directory in ("/var/lib/postfix", "/var/spool/postfix"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=True, timeout=COMMAND_SECONDS)
    shutil.chown("/var/lib/postfix", "postfix")
    for name in QUEUES.split():
        path = Path("/var/spool/postfix") / name
        path.mkdir()
        shutil.chown(path, "root" if name == "pid" else "postfix")


def _commands(folder: Path) -> dict[str, list[str]]:
    """Each server in the foreground."""
    return {
        "named": [_copied("named", folder), "-g", "-c", f"{folder}/named.conf"],
        "unbound": [_copied("unbound", folder), "-d", "-c", f"{folder}/unbound.conf"],
        "nginx": ["nginx", "-c", f"{folder}/nginx.conf"],
        "master": ["/usr/lib/postfix/sbin/master", "-d", "-c", f"{folder}/postfix"],
    }


def _copied(program: str, folder: Path) -> str:
    """The program under another path, since AppArmor holds the installed one to the system's own folders."""
    path = shutil.which(program)
    assert path, program
    return shutil.copy(path, str(folder / program))


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
