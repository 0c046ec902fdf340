"""Files that were never a policy, or are one in disguise: what people put at the policy's address by mistake.

Only asked of a file that no sender accepts, so that nothing here can refuse a policy.
"""

from __future__ import annotations

import re
from enum import Enum

_KNOWN_FIELD = re.compile(r"^[ \t]*(version|mode|mx|max_age)[ \t]*[:=]", re.MULTILINE | re.IGNORECASE)


class Stranger(Enum):
    """What a file is, in place of a policy."""

    EMPTY = "empty"
    RICH_TEXT = "rich-text"
    WEB_PAGE = "web-page"
    DNS_RECORD = "dns-record"
    FRONT_MATTER = "front-matter"
    JSON = "json"
    YAML = "yaml"
    INDENTED = "indented"
    ONE_LINE = "one-line"
    OTHER_TEXT = "other-text"


def recognise(text: str) -> Stranger | None:
    """What a file is by its looks; None for one that at least tries to be a policy."""
    start = text.lstrip()[:200].lower()
    if not start:
        return Stranger.EMPTY
    if start.startswith("{\\rtf"):
        return Stranger.RICH_TEXT
    if re.match(r"<(!doctype|!--|\?xml|html|head|body|p\b|pre\b|div\b)", start):
        return Stranger.WEB_PAGE
    if start.startswith(("v=stsv1", '"v=stsv1', "_mta-sts")):
        return Stranger.DNS_RECORD
    if re.match(r"---[ \t]*\r?\n", start):
        return Stranger.FRONT_MATTER
    if start.startswith(("{", "[")):
        return Stranger.JSON
    if re.search(r"^mx:[ \t]*\r?\n[ \t]*-", text, re.MULTILINE):
        return Stranger.YAML
    if any(_holds_all(line.lower()) for line in text.splitlines()):
        return Stranger.ONE_LINE
    return None if _KNOWN_FIELD.search(text) else Stranger.OTHER_TEXT


def without_indentation(text: str) -> str:
    """The text with each line moved to the first column."""
    return "\n".join(line.lstrip(" \t") for line in text.split("\n"))


def _holds_all(line: str) -> bool:
    """Whether the fields of a policy follow each other on one line."""
    place = 0
    for key in ("version:", "mode:", "max_age:"):
        place = line.find(key, place)
        if place < 0:
            return False
    return True
