"""MX records: a preference and a host (RFC 5321 section 5.1), or the root where no mail is taken (RFC 7505)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RECORD = re.compile(r"\s*([0-9]{1,5})\s+(\S+)\s*\Z", re.ASCII)


class InvalidMx(ValueError):
    """The text is no MX record."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One MX record. host: as DNS says it, without the dot at its end; it may be no valid name. The root is `.`."""

    preference: int
    host: str

    @classmethod
    def parse(cls, text: str) -> Exchange:
        """Read the presentation form, `10 mx.example.com`.

        Raises InvalidMx.
        """
        found = _RECORD.match(text)
        if found is None:
            raise InvalidMx(f"{text[:80]!r} is no MX record: a preference and a host")
        return cls(int(found[1]), found[2].removesuffix(".") or ".")

    def __str__(self) -> str:
        return f"{self.preference} {self.host}"

    @property
    def is_root(self) -> bool:
        """Whether it names no host; alone it says that the domain takes no mail (MX-04)."""
        return self.host == "."


def exchanges(records: Sequence[str]) -> tuple[Exchange, ...]:
    """The MX records of an answer in its order; a text that is none is left out."""
    found = []
    for record in records:
        try:
            found.append(Exchange.parse(record))
        except InvalidMx:
            continue
    return tuple(found)


def is_null_mx(records: Sequence[str]) -> bool:
    """Whether an MX answer says that no mail is taken: one record, and it names the root (MX-04).

    Its preference ought to be 0 (RFC 7505 section 3); what else it is, is no host either.
    """
    return len(records) == 1 and any(one.is_root for one in exchanges(records))
