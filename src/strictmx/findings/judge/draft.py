"""A finding of one address, before it is joined with those of the host's other addresses."""

from __future__ import annotations

from dataclasses import dataclass

from strictmx.findings.finding import Kind, Severity


@dataclass(frozen=True, slots=True)
class Draft:
    """What is wrong at one address; the host's judge adds where, and what follows for the host."""

    kind: Kind
    severity: Severity
    evidence: str
    facts: dict[str, object]

    @property
    def key(self) -> tuple[str, Severity, str]:
        """What two addresses must share to be told in one finding: the words, whatever the place."""
        empty = {"where": "", "addresses": "", "effect": "", "spare": ""}
        return self.kind.code, self.severity, self.kind("", self.severity, "", **(empty | self.facts)).message
