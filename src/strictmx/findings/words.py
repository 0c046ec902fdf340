"""Numbers, dates, times and lists in the words of a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_READABLE = 100  # a larger number of a unit is told in the next unit, rounded
_UNITS = (("year", 31_557_600), ("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


_MONTHS = (  # not strftime: its names are those of the machine's locale
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day(moment: datetime) -> str:
    """A day: `15 November 2026`."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment(at: datetime) -> str:
    """A moment, for people: `13:10 on 4 November 2026` (UTC)."""
    return f"{at.astimezone(UTC):%H:%M} UTC on {day(at.astimezone(UTC))}"


def instant(at: int) -> str:
    """A moment in JSON, from Unix seconds: `2026-11-24T09:00:00Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: int) -> str:
    """A length of time in words: whole in its largest fitting unit (`1 week`), else rounded (`about 17 hours`)."""
    if seconds == 0:
        return "no time at all"
    for unit, length in _UNITS:
        if seconds % length == 0 and seconds // length < _READABLE:
            return _count(seconds // length, unit)
    unit, length = next((unit, length) for unit, length in _UNITS if seconds >= 2 * length)
    return f"about {_count(round(seconds / length), unit)}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, in whole hours or days."""
    return f"{_distance(now - then)} ago"


def left(until: datetime, now: datetime) -> str:
    """How long something still holds."""
    return f"in {_distance(until - now)}"


def listed(items: Sequence[str], *, most: int = 4) -> str:
    """Names in a sentence: `a`, `a and b`, `a, b and 3 more`."""
    if len(items) > most:
        return f"{', '.join(items[: most - 1])} and {len(items) - most + 1} more"
    if len(items) > 1:
        return f"{', '.join(items[:-1])} and {items[-1]}"
    return "".join(items)


def _distance(span: timedelta) -> str:
    if span < timedelta(days=2):
        hours = int(span.total_seconds() // 3_600)
        return _count(hours, "hour") if hours else "less than an hour"
    return _count(span.days, "day")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
