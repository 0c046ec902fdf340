"""What `doctor` says: one `Check` for each thing looked at, and the document of them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import msgspec

from strictmx.text import cut, escaped

FACT_CHARACTERS = 300  # a text from outside in a sentence; the rest is cut and marked
EVIDENCE_CHARACTERS = 1_000


class State(Enum):
    """How a thing stands."""

    WORKS = "works"
    WARNING = "warning"  # works for now or in part; the message says what does not
    BROKEN = "broken"
    UNKNOWN = "unknown"  # could not be tested; the message says why


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    check: its name, which never changes its meaning. message: what is the case, then what follows from it. mend: the
    one thing to do, ready to paste; empty where there is nothing to do. evidence: what servers and libraries said.
    """

    check: str
    state: State
    message: str
    mend: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One case of a check. message, mend: templates (`str.format`) over ready texts."""

    state: State
    message: str
    mend: str = ""

    def __call__(self, check: str, evidence: str = "", **facts: str | tuple[str, ...]) -> Check:
        """The check of that name, its words filled in; a tuple of texts becomes lines."""
        known = {name: _printable(value) for name, value in facts.items()}
        return Check(
            check,
            self.state,
            self.message.format_map(known),
            self.mend.format_map(known),
            escaped(cut(evidence, EVIDENCE_CHARACTERS)),
        )


class Diagnosis(msgspec.Struct, frozen=True):
    """All of it: what `doctor --json` prints. configuration: the file that was read; None for built-in defaults."""

    checks: tuple[Check, ...]
    configuration: str | None
    observed_at: datetime
    elapsed_ms: int

    @property
    def works(self) -> bool:
        """Whether nothing is broken; a warning is not, and what could not be tested has its cause elsewhere."""
        return all(check.state is not State.BROKEN for check in self.checks)

    def to_json(self) -> dict[str, object]:
        """The document; keys are only ever added."""
        return {"works": self.works, **msgspec.structs.asdict(self)}


def _printable(value: str | tuple[str, ...]) -> str:
    """A fact as a sentence may hold it: text from outside is cut, and steers no terminal."""
    lines = (value,) if isinstance(value, str) else value
    return "\n".join(escaped(cut(line, FACT_CHARACTERS)) for line in lines)
