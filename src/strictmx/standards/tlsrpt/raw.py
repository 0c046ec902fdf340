"""What the two readers make of the bytes before it is judged, and the notes that they take.

`typed` is for reports by the book and those of the big senders: every value has its type and its bounds, no key is
unknown. `loose.py` makes the same of anything else; only the lines of its policies may still be too many or too long.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from strictmx.standards.tlsrpt.report import (
    Deviation,
    FailureDetails,
    Organization,
    Policy,
    PolicyReport,
    ReportId,
    ShortText,
    Summary,
    Text,
)
from strictmx.text import cut, escaped

DEVIATIONS_MOST = 100  # a report: what a person still reads; beyond, they are counted
QUOTED_CHARACTERS = 80  # of a text from outside in a message


class RawRange(Struct, frozen=True, gc=False, rename="kebab", forbid_unknown_fields=True):
    """`date-range` as it stands; None where it is absent."""

    start_datetime: ShortText | None = None
    end_datetime: ShortText | None = None


class RawReport(Struct, frozen=True, gc=False, rename="kebab", forbid_unknown_fields=True):
    """The document as it stands; None where a text is absent."""

    policies: tuple[PolicyReport, ...]
    date_range: RawRange
    organization_name: Organization | None = None
    report_id: ReportId | None = None
    contact_info: Text | None = None


SET_ASIDE = PolicyReport(Policy(""), Summary())  # by identity: a policy that the loose reader has refused, and told
LEFT_OUT = FailureDetails("")  # as SET_ASIDE, for a failure detail

_DECODER = msgspec.json.Decoder(RawReport)


def typed(data: bytes) -> RawReport | None:
    r"""The report by the book; None leaves it to the loose reader. data: UTF-8.

    `\u0000` goes the long way, too: databases refuse such text.
    """
    escape = data.find(b"\\")  # one byte is found ten times faster, and most documents have none
    if escape >= 0 and data.find(b"\\u0000", escape) >= 0:
        return None
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


class Notes:
    """The deviations found so far, at most `DEVIATIONS_MOST` and the number of the others."""

    __slots__ = ("_found", "_more")

    def __init__(self) -> None:
        self._found: list[Deviation] = []
        self._more = 0

    def add(self, rule: str, path: str, message: str, *, sets_aside: bool = False) -> None:
        """Note a deviation. message: one sentence, in which texts from outside are `quoted`."""
        if len(self._found) < DEVIATIONS_MOST:
            self._found.append(Deviation(rule, path, message, sets_aside))
        else:
            self._more += 1

    def held(self, text: str, most: int, path: str) -> str:
        """The text, cut where it is too long to be kept (RPT-44)."""
        if len(text) <= most:
            return text
        self.add("RPT-44", path, f"It is longer than {most} characters; it is cut.")
        return cut(text, most)

    def all(self) -> tuple[Deviation, ...]:
        """The deviations, in the order in which they were found."""
        if not self._more:
            return tuple(self._found)
        return (*self._found, Deviation("RPT-44", "", f"{self._more} more deviations are not listed."))


def quoted(value: object) -> str:
    """A text or number from outside in a message, cut and escaped."""
    return f"`{escaped(cut(value if isinstance(value, str) else repr(value), QUOTED_CHARACTERS))}`"
