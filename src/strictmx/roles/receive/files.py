"""The sources in files, directories, Maildirs, mboxes and standard input, one after the other."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from strictmx.roles.receive import mbox
from strictmx.roles.receive.found import BUNDLE_BYTES, MIB, SOURCE_BYTES
from strictmx.text import escaped

STDIN = "-"
STDIN_NAME = "standard input"

_MAILDIR = {"cur", "new", "tmp"}


class Source(Struct, frozen=True):
    """Bytes that may hold reports, or why there are none.

    name: for people. size: by how much a progress bar moves on. error: a clause; empty where the bytes are there.
    begins: whether it is the first of its file; a box holds several.
    """

    name: str
    size: int = 0
    data: bytes = b""
    error: str = ""
    begins: bool = True


class _File(Struct, frozen=True):
    """A file as the walk met it, or a directory that could not be listed."""

    path: Path
    error: str = ""


def total(paths: Sequence[str]) -> int | None:
    """The octets that `sources` will go through; None where they cannot be known."""
    if STDIN in paths:
        return None
    octets = 0
    for each in _walk_all(paths):
        try:
            octets += 0 if each.error else each.path.stat().st_size
        except OSError:
            continue
    return octets


def sources(paths: Sequence[str], stdin: BinaryIO) -> Iterator[Source]:
    """All that lies at the paths; directories with all below them, by name. One source is held at a time.

    paths: `-` is `stdin`. Symbolic links to directories are followed only where they are named; what is no regular
    file is skipped below a directory. Of a Maildir `cur` and `new` are read and its folders, never `tmp`.
    """
    for each in _walk_all(paths):
        name = str(each.path)
        if each.error:
            yield Source(escaped(name), error=each.error)
        elif name == STDIN:
            yield from _read(stdin, STDIN_NAME)
        else:
            try:
                with _open(each.path) as file:
                    yield from _read(file, escaped(name))
            except OSError as error:
                yield Source(escaped(name), error=_reason(error))


def _read(file: BinaryIO, name: str) -> Iterator[Source]:
    """A box message by message, anything else as it is."""
    head = file.read(5)
    if mbox.is_mbox(head):
        for number, (size, message) in enumerate(mbox.messages(file, head), 1):
            place = f"{name}:{number}"
            if message is None:
                error = f"the message is larger than {BUNDLE_BYTES // MIB} MiB"
                yield Source(place, size, error=error, begins=number == 1)
            else:
                yield Source(place, size, message, begins=number == 1)
        return
    data = head + file.read(SOURCE_BYTES + 1 - len(head))
    if len(data) > SOURCE_BYTES:
        yield Source(name, len(data), error=f"it is larger than {SOURCE_BYTES // MIB} MiB and no mbox")
    else:
        yield Source(name, len(data), data)


def _open(path: Path) -> BinaryIO:
    """Raises OSError, also where it is no regular file; never waits for the other end of a pipe."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    file = open(number, "rb")  # noqa: SIM115, PTH123 - the caller closes it
    if not stat.S_ISREG(os.fstat(number).st_mode):
        file.close()
        raise OSError(0, "it is neither a file nor a directory")
    return file


def _walk_all(paths: Sequence[str]) -> Iterator[_File]:
    for text in paths:
        path = Path(text)
        if text != STDIN and path.is_dir():
            yield from _walk(path)
        else:
            yield _File(path)


def _walk(top: Path) -> Iterator[_File]:
    waiting = [(top, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield _File(path)
            continue
        try:
            with os.scandir(path) as listed:
                entries = sorted(listed, key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            yield _File(path, _reason(error))
            continue
        folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        is_maildir = folders >= _MAILDIR
        for entry in entries:
            is_folder = entry.name in folders
            if is_maildir and (entry.name == "tmp" or not is_folder):
                continue
            if is_folder or _is_file(entry):
                waiting.append((path / entry.name, is_folder))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads round in a circle
        return False


def _reason(error: OSError) -> str:
    return escaped(error.strerror or str(error))
