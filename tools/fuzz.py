"""Looks for bytes that make the readers of reports raise what they must not, or take too long, with atheris.

    python3 -m venv fuzz && fuzz/bin/pip install atheris . && fuzz/bin/python tools/fuzz.py CORPUS -runs=200000

CORPUS is a folder of reports and mails to start from; what libFuzzer's options mean: `-help=1`. No part of `./test`,
since an hour of it tells more than a minute; the properties in tests/ draw from the same readers.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["strictmx"]):
    from strictmx.roles.receive.found import Room, TooLarge
    from strictmx.roles.receive.unpack import read_source
    from strictmx.standards.tlsrpt import ReportError, read_report


def look(data: bytes) -> None:
    """One look: as a report, and as a source that may hold some."""
    try:
        report = read_report(data)
    except ReportError:
        pass
    else:
        report.to_json()
    try:
        found = list(read_source(data, "fuzz", Room(here=True)))
    except TooLarge:
        return
    if not found:
        raise AssertionError("a source gives a report or a refusal")


if __name__ == "__main__":
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()
