"""What reading a source gives, and how much of it is read (RPT-44)."""

from __future__ import annotations

from msgspec import Struct

from strictmx.standards.tlsrpt import Hints, ReportFacts

MIB = 1_048_576
SOURCE_BYTES = 64 * MIB  # a file; more is no report, and what is unpacked from it counts alike
BUNDLE_BYTES = 30 * MIB  # a mail or an archive: mail servers stop at 25 to 30 MiB
PACKED_BYTES = 10 * MIB  # a packed report (RFC 8460 section 5.2), and what is kept of a thing refused
HERE_BYTES = 4 * MIB  # read in this process; more goes to a work process
REPORTS = 10_000  # found or refused in one source


class Found(Struct, frozen=True, tag=True):
    """A report, and where it was.

    source: `box.mbox:3/report.json.gz`, fit to be shown. payload: its bytes, packed as `packing` says: `gzip`, as
    received, or `zlib`, packed here. in_mail: whether it came in a mail.
    """

    source: str
    facts: ReportFacts
    payload: bytes
    packing: str
    hints: Hints
    in_mail: bool


class Refused(Struct, frozen=True, tag=True):
    """Something that holds no report that can be counted. rule: what it breaks; reason: a clause, fit to be shown.

    payload: the bytes as they came, so that they can be read again; None when they are too many to be kept.
    """

    source: str
    rule: str
    reason: str
    payload: bytes | None = None


class TooLarge(Exception):
    """The source is to be read in a work process."""


class Room:
    """How much may still be read from one source. here: whether this process must stop early, by `TooLarge`."""

    def __init__(self, *, here: bool = False) -> None:
        self.here = here
        self.unpacked = HERE_BYTES if here else SOURCE_BYTES

    def take(self, octets: int) -> bool:
        """Whether so many unpacked octets still fit; they are used up then. Raises TooLarge."""
        if octets > self.unpacked:
            if self.here:
                raise TooLarge
            return False
        self.unpacked -= octets
        return True


def refused(source: str, reason: str, payload: bytes = b"", rule: str = "RPT-44") -> Refused:
    """A refusal that keeps the bytes where they are few enough."""
    return Refused(source, rule, reason, payload if 0 < len(payload) <= PACKED_BYTES else None)
