"""Reads a source here when it is small, else in a work process with bounded memory and time, one at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from threading import Lock

import msgspec

from strictmx.roles.receive.found import HERE_BYTES, MIB, Found, Refused, Room, TooLarge, refused
from strictmx.roles.receive.unpack import read_source
from strictmx.roles.receive.worker import LENGTH_BYTES, MEMORY_BYTES, OUT_OF_MEMORY
from strictmx.text import escaped

DEADLINE_SECONDS = 30.0
NAME_CHARACTERS = 1_000

_ONE = Lock()  # a second process would double the memory
_COMMAND = (sys.executable, "-P", "-m", "strictmx.roles.receive.worker")
_DECODER = msgspec.msgpack.Decoder(Found | Refused)


def read_anything(data: bytes, name: str, *, deadline: float = DEADLINE_SECONDS) -> Iterator[Found | Refused]:
    """As `unpack.read_source`, for bytes of any kind and size: what costs too much ends as a refusal.

    deadline: seconds for what is large. What was found before that stands.
    """
    if len(data) <= HERE_BYTES:
        try:
            yield from list(read_source(data, name, Room(here=True)))
        except TooLarge:
            pass
        else:
            return
    name = escaped(name[-NAME_CHARACTERS:])
    with _ONE:
        results, why = _results(data, name, deadline)
    at = 0
    while length := int.from_bytes(results[at : at + LENGTH_BYTES], "big"):
        at += LENGTH_BYTES + length
        if at > len(results):  # it ended amid a result
            break
        yield _DECODER.decode(memoryview(results)[at - length : at])
    if why:
        yield refused(name, why, data)


def _results(data: bytes, name: str, deadline: float) -> tuple[bytes, str]:
    """What the work process wrote, and why it ended early if it did.

    All is taken before anything is handed on: a slow reader must not use up the time of the process.
    """
    late = f"reading it takes longer than {deadline:g} s"
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours, and a name that is only shown
            (*_COMMAND, name),
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return expired.stdout or b"", late
    if done.returncode == OUT_OF_MEMORY:
        return done.stdout, f"reading it takes more than {MEMORY_BYTES // MIB} MiB of memory"
    if done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return done.stdout, late
    return done.stdout, f"reading it ended the work process (status {done.returncode})" if done.returncode else ""
