"""Numbers, dates and times in the words of a message."""

from __future__ import annotations

from datetime import datetime, timedelta

_READABLE = 100  # a larger number of a unit is told in the next unit, rounded
_UNITS = (("year", 31_557_600), ("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


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


def _distance(span: timedelta) -> str:
    if span < timedelta(days=2):
        hours = int(span.total_seconds() // 3_600)
        return _count(hours, "hour") if hours else "less than an hour"
    return _count(span.days, "day")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
