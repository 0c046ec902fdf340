"""Files that were never a policy, or are one in disguise: what people put at the policy's address by mistake.

Only asked of a file that no sender accepts, so that nothing here can refuse a policy.
"""

from __future__ import annotations

import re
from enum import Enum

_KNOWN_FIELD = re.compile(r"^[ \t]*(version|mode|mx|max_age)[ \t]*[:=]", re.MULTILINE | re.IGNORECASE)
_DNS_RECORD = re.compile(
    r"\bv[ \t]*[=:][ \t]*\"?(stsv1|tlsrptv1|spf1|dmarc1)|^\"?_mta-sts", re.MULTILINE | re.IGNORECASE
)
_LIST = re.compile(r"^mx:[ \t]*\r?\n[ \t]*(-|[^\s:]+\.[^\s:]+[ \t\r]*$)", re.MULTILINE)


class Stranger(Enum):
    """What a file is, in place of a policy."""

    EMPTY = "empty"
    RICH_TEXT = "rich-text"
    BINARY = "binary"
    WEB_PAGE = "web-page"
    DNS_RECORD = "dns-record"
    FRONT_MATTER = "front-matter"
    JSON = "json"
    YAML = "yaml"
    INDENTED = "indented"
    ONE_LINE = "one-line"
    DRESSED = "dressed"
    OTHER_TEXT = "other-text"


def recognise(text: str) -> Stranger | None:
    """What a file is by its looks; None for one that at least tries to be a policy."""
    body = text.lstrip()
    start = (re.sub(r"\A(<!--.*?-->\s*)+", "", body, flags=re.DOTALL) or body)[:200].lower()  # a comment tells nothing
    tries = _KNOWN_FIELD.search(text) is not None
    if not start:
        return Stranger.EMPTY
    if start.startswith("{\\rtf"):
        return Stranger.RICH_TEXT
    if re.match(r"<(!doctype|!--|\?xml|html|head|body|h[1-6]\b|title|meta|script|center|p\b|pre\b|div\b)", start):
        return Stranger.WEB_PAGE
    if re.match(r"(---|\+\+\+)[ \t]*\r?\n", start):
        return Stranger.FRONT_MATTER
    if re.match(r"[{\[]\s*([\"'{}\[\]]|\w+[\"']?\s*:)", start):
        return Stranger.JSON
    if not tries and _DNS_RECORD.search(text):
        return Stranger.DNS_RECORD
    if _LIST.search(text):
        return Stranger.YAML
    if any(_holds_all(line.lower()) for line in re.split("[\r\n]", text)):
        return Stranger.ONE_LINE
    return None if tries else Stranger.OTHER_TEXT


def is_binary(raw: bytes) -> bool:
    """Whether a file is a document of a word processor, an archive or an image rather than text of any encoding."""
    return b"\0" in raw or raw.startswith((b"PK\x03\x04", b"%PDF-", b"\x1f\x8b"))


def without_indentation(text: str) -> str:
    """The text with each line moved to the first column."""
    return "\n".join(line.lstrip(" \t") for line in text.split("\n"))


def is_indented(text: str) -> bool:
    """Whether every line that names a key of a policy begins with white space; the first may have lost it."""
    first, *rest = [line for line in text.split("\n") if _KNOWN_FIELD.match(line)] or [""]
    return all(line.startswith((" ", "\t")) for line in rest or [first])


def _holds_all(line: str) -> bool:
    """Whether the fields of a policy stand on one line."""
    return all(f"{key}:" in line for key in ("version", "mode", "max_age"))
