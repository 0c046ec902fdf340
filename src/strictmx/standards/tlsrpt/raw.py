"""A report before it is judged: what both readers make of the bytes, typed but neither checked nor completed.

`typed` decodes what is by the book, and what big senders do daily; `loose.py` makes the same of anything else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from strictmx.standards.tlsrpt.report import COUNT_MOST, Deviation
from strictmx.text import cut, escaped

DEVIATIONS_MOST = 100  # a report: what a person still reads; beyond, they are counted
QUOTED_CHARACTERS = 80  # of a text from outside in a message

Count = Annotated[int, Meta(ge=0, le=COUNT_MOST)]


class RawRange(Struct, rename="kebab", gc=False):
    """`date-range`; a time without an offset is naive."""

    start_datetime: datetime | None = None
    end_datetime: datetime | None = None


class RawPolicy(Struct, rename="kebab"):
    """`policy`, with the key that some write in place of `mx-host` (DEV-11)."""

    policy_type: str | None = None
    policy_string: list[str] | str | None = None
    policy_domain: str | None = None
    mx_host: list[str] | str | None = None
    mx_host_pattern: list[str] | str | None = None


class RawSummary(Struct, rename="kebab", gc=False):
    """`summary`."""

    total_successful_session_count: Count | None = None
    total_failure_session_count: Count | None = None


class RawDetail(Struct, rename="kebab", gc=False):
    """An entry of `failure-details`, with the key that some write in place of `additional-information` (DEV-11)."""

    result_type: str | None = None
    sending_mta_ip: str | None = None
    receiving_mx_hostname: str | None = None
    receiving_mx_helo: str | None = None
    receiving_ip: str | None = None
    failed_session_count: Count | None = None
    additional_information: str | None = None
    failure_reason_code: str | None = None
    additional_info_uri: str | None = None


class RawEntry(Struct, rename="kebab"):
    """An entry of `policies`."""

    policy: RawPolicy
    summary: RawSummary | None = None
    failure_details: list[RawDetail] | None = None


class RawReport(Struct, rename="kebab"):
    """The whole document."""

    policies: list[RawEntry]
    date_range: RawRange | None = None
    organization_name: str | None = None
    contact_info: str | None = None
    report_id: str | None = None


SET_ASIDE = RawEntry(RawPolicy())  # stands for a policy that the loose reader has refused, and told
LEFT_OUT = RawDetail()  # as SET_ASIDE, for a failure detail

_DECODER = msgspec.json.Decoder(RawReport)


def typed(data: bytes) -> RawReport | None:
    r"""The report, when every value has its type; None leaves it to the loose reader. data: UTF-8.

    `\u0000` goes the long way, too: databases refuse such text.
    """
    if b"\\u0000" in data:
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

    def all(self) -> tuple[Deviation, ...]:
        """The deviations, in the order in which they were found."""
        if not self._more:
            return tuple(self._found)
        return (*self._found, Deviation("RPT-44", "", f"{self._more} more deviations are not listed."))


def quoted(value: object) -> str:
    """A value from outside in a message, cut and escaped."""
    return f"`{escaped(cut(value if isinstance(value, str) else repr(value), QUOTED_CHARACTERS))}`"
