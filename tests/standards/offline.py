"""Answers for the readers of SPF and DMARC, and the proof that they ask nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from strictmx.standards.offline import Absence, Question


def texts(**names: str | tuple[str, ...] | Absence) -> dict[Question, tuple[str, ...] | Absence]:
    """TXT answers; `_` in a name stands for a dot: `example_com="v=spf1 -all"`."""
    return {
        (name.replace("_", "."), "TXT"): (value,) if isinstance(value, str) else value for name, value in names.items()
    }


@contextmanager
def no_network() -> Iterator[None]:
    """Whoever opens a socket within the block fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket is opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", refuse)
        yield
