"""What a finding is, and how one is declared: code, words and mend stand once, in `findings.catalogue`.

Terminal and JSON come from the declaration. A code never changes its meaning once released.
Severity belongs to a finding, not to its code: the same expired certificate is an error where an enforced policy makes
senders refuse it, and a warning where nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from strictmx.text import cut, escaped

SUBJECT_CHARACTERS = 255  # a subject is a name or an address; what strangers made longer is cut
FACT_CHARACTERS = 300  # a text from outside inside a message; the rest is cut and marked


class Severity(Enum):
    """How much a finding matters, worst first."""

    ERROR = "error"  # mail is lost, delayed or unprotected although the owner asked for protection
    WARNING = "warning"  # works now; weak, or about to break
    NOTICE = "notice"  # worth knowing
    OK = "ok"  # looked at and good

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting puts errors first."""
        return list(Severity).index(self)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong, or worth knowing, about one subject.

    code: never changes its meaning. severity: how much it matters in this case. subject: the domain, host, address or
    record it is about. message: what is the case, then what follows from it. mend: what to do, in the order to do it,
    ready to paste; empty when there is nothing to do. reference: the rule it rests on. evidence: the words of a
    library or a server that led here, or our number of the rule; never part of the message.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    mend: str
    reference: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One code of the catalogue, or one wording of it.

    meaning: one general sentence about the code, whatever the case. message, mend: templates (`str.format`) over the
    facts that the judge passes as ready texts; `{subject}` is always there.
    """

    code: str
    reference: str
    meaning: str
    message: str
    mend: str

    def __call__(self, subject: str, severity: Severity, evidence: str = "", **facts: Any) -> Finding:
        """The finding about `subject`, its words filled in with `facts`; a tuple of texts becomes lines."""
        known = {name: _printable(value) for name, value in facts.items()}
        known["subject"] = escaped(cut(subject, SUBJECT_CHARACTERS))
        return Finding(
            code=self.code,
            severity=severity,
            subject=known["subject"],
            message=self.message.format_map(known),
            mend=self.mend.format_map(known),
            reference=self.reference,
            evidence=escaped(cut(evidence, FACT_CHARACTERS)),
        )

    def wording(self, *, message: str, mend: str) -> Kind:
        """The same code in other words, for a cause that asks for another act."""
        return Kind(code=self.code, reference=self.reference, meaning=self.meaning, message=message, mend=mend)


def _printable(value: object) -> Any:
    """A fact as a message may hold it: text from outside is cut, and steers no terminal."""
    if isinstance(value, str):
        return escaped(cut(value, FACT_CHARACTERS))
    if isinstance(value, tuple):
        return "\n".join(escaped(cut(str(line), SUBJECT_CHARACTERS)) for line in value)
    return value
