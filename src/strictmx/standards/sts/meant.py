"""What somebody meant who wrote a policy, or a line of one, that senders do not read: the lines to write in its place.

For mends alone. Nothing here makes a policy of what is none; RFC 8461 section 3.2 decides that, in `reading`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from math import prod

from strictmx.standards.names import Name
from strictmx.standards.sts.policy import MAX_AGE_SECONDS, HostPattern, Mode, Policy, format_policy
from strictmx.standards.txt_record import FOUND_CHARACTERS

LINES = 12  # of a policy proposed as a whole; nobody pastes more from a terminal

_KEYS = ("version", "mode", "mx", "max_age")
_NEAR_KEYS = {  # letters and digits of what people write for a key; the rest is told by likeness
    "version": "version",
    "ver": "version",
    "v": "version",
    "stsversion": "version",
    "mode": "mode",
    "policy": "mode",
    "mx": "mx",
    "mxs": "mx",
    "host": "mx",
    "mxhost": "mx",
    "mxrecord": "mx",
    "mxserver": "mx",
    "maxage": "max_age",
    "maximumage": "max_age",
    "age": "max_age",
    "ttl": "max_age",
}
_MODE_WORDS = {
    Mode.ENFORCE: "enforce live strict on enable enabled active true yes prod production require required reject block",
    Mode.TESTING: "testing test report reporting monitor monitoring audit dry",
    Mode.NONE: "none off disable disabled inactive false no null",
}
_MODES = {word: mode for mode, words in _MODE_WORDS.items() for word in words.split()}
_NEGATION = re.compile(
    r"(?<![a-z])(?:no|not|non|un|never|without|cannot|stop|later|was|formerly|disabled?|(?:do|does|is)n['’]?t)"  # noqa: RUF001
    r"(?![a-df-z])|!|=\s*0",
    re.IGNORECASE,
)
_UNITS = {  # seconds by the words of a unit
    word: seconds
    for seconds, words in {
        1: " s sec secs second seconds",
        60: "min mins minute minutes",
        3_600: "h hr hrs hour hours",
        86_400: "d day days",
        604_800: "w week weeks",
        2_592_000: "mo month months",
        31_536_000: "y yr year years",
    }.items()
    for word in words.split(" ")
}
_AGE = re.compile(r"(?:pt?)?\+?([0-9]{1,3}(?:[., '’_][0-9]{3})+|[0-9]{1,12})(?:[.,]0+)?[ ;,.]*([a-z]*)", re.IGNORECASE)  # noqa: RUF001
_PRODUCT = re.compile(r"[0-9]{1,8}(?:(?: *[*×·] *| +x +)[0-9]{1,8}){1,5}")  # noqa: RUF001
_MORE = re.compile(r".*[0-9]| *-")  # behind a number: arithmetic, a fraction, a second number, `1-week`
_COMMENT = re.compile(r"\([^()]*\)|(?:#|(?<!:)//| ;).*")
_QUOTES = "\"'`“”„‘’«»"  # noqa: RUF001 - what editors make of quotation marks
_FIELD = re.compile(
    rf"(?:-[en][ ])?[^\w]*(?:[0-9]+[.)]?[ ]+)?[{_QUOTES}]?"  # an option of `echo`, bullets, line numbers
    rf"([A-Za-z][A-Za-z0-9_. \[\]-]{{0,19}}?)[{_QUOTES}]?[ ]*[:=][ ]*(.*)"
)
_WORDS = re.compile(r"[^\w]*(version|mode|mx|max_age)[ ]+(\S.*)")
_PARTS = re.compile(rf"(?<![\w.-])(version|mode|mx|max[_-]?age)[{_QUOTES}]?[ ]*[:=]", re.IGNORECASE)
# A name torn apart by a blank at a dot, or by a comma in place of one: `mx1 .a.example`, `mx1.a,example`.
_TORN = re.compile(r"(?:^|[\s,;|])(?![0-9]+[\s,])[\w-]+(?:\s+\.|\.\s+\S|,(?=\S))|,(?![0-9]+\b)[\w-]+(?![\w.-])")
_BETWEEN = frozenset({"and", "or", "in", "mx"})  # what stands between names
_RTF_WORD = re.compile(r"\\[a-z]+-?[0-9]* ?|[{}]")


def meant_key(key: str) -> str:
    """The key that an unknown one stands for; empty when none is near."""
    letters = re.sub(r"[^a-z0-9]", "", key.lower())
    return "mx" if re.fullmatch(r"mx[0-9]{1,3}", letters) else _NEAR_KEYS.get(letters, "")


def is_near_spelling(key: str) -> bool:
    """Whether an unknown key is a known one in other letters (`MX`, `max-age`), or one with a number (`mx2`)."""
    letters = re.sub(r"[^a-z0-9]", "", key.lower())
    return letters in ("version", "mode", "maxage") or re.fullmatch(r"mx[0-9]{0,3}", letters) is not None


def nearest_key(key: str, written: Sequence[str]) -> str:
    """Of the keys written, the one that is most like `key`; empty when none is."""
    return next(iter(difflib.get_close_matches(key, written, n=1, cutoff=0.75)), "")


def meant_mode(text: str) -> Mode:
    """The mode that somebody who wrote `text` most likely meant; testing when it cannot be told."""
    said = _COMMENT.sub("", text[:FOUND_CHARACTERS])
    words = re.findall(r"[^\W\d_]+", said.lower())
    plain = len(words) == 1 and words[0] in _MODES and "!" not in said
    if _NEGATION.search(said) and not plain:
        return Mode.TESTING
    modes = {_MODES[word] for word in words if word in _MODES}
    if not modes and words:
        near = difflib.get_close_matches(max(words, key=len), [mode.value for mode in Mode], n=1, cutoff=0.6)
        modes = {Mode(value) for value in near}
    return modes.pop() if len(modes) == 1 else Mode.TESTING


def meant_max_age(text: str) -> int | None:
    """The seconds that a text which is no plain number gives (`604,800`, `1w`, `86400 # a day`); None for no number."""
    plain = _COMMENT.sub("", _plain(text)).strip(_QUOTES + " ")
    product = _PRODUCT.match(plain)
    if product:
        plain = f"{prod(map(int, re.findall('[0-9]+', product.group())))}{plain[product.end() :]}"
    number = _AGE.match(plain)
    if number is None or _MORE.match(plain, number.end()):
        return None
    seconds = _UNITS.get(number.group(2).lower())
    return min(int(re.sub(r"\D", "", number.group(1))) * seconds, MAX_AGE_SECONDS) if seconds is not None else None


def meant_patterns(text: str) -> tuple[str, ...]:
    """The patterns that somebody meant who wrote a text that is none; empty when they cannot be told."""
    plain = _COMMENT.sub("", re.sub(r"<br ?/?>|&nbsp;", " ", _plain(text)))
    plain = re.sub(r"^.*\bMX[ ]+[0-9]+[ ]+", "", plain, count=1, flags=re.IGNORECASE)  # an MX record
    if _TORN.search(plain):
        return ()
    parts = re.split(r"[\s,;|]+", plain.strip(" ,;|"), maxsplit=LINES)[:LINES]
    found = [_meant_pattern(part) for part in parts if part.lower() not in _BETWEEN and re.search("[A-Za-z_*]", part)]
    return tuple(dict.fromkeys(found)) if all(found) else ()  # a part that is no name may be half of one


def _meant_pattern(text: str) -> str:
    bare = re.sub(r"^[a-z]+://", "", text.strip(_QUOTES + "<>[]()\\")).partition("/")[0]
    bare = re.sub(r":[0-9]{1,5}$", "", bare).rstrip(".")
    star, rest = ("*.", bare.lstrip("*").lstrip(".")) if bare.startswith(("*.", ".")) else ("", bare)
    try:
        return str(HostPattern.parse(star + Name.parse(rest))) if "." in rest else ""
    except ValueError:
        return ""


def meant_lines(key: str, value: str) -> tuple[str, ...]:
    """The lines to write for a known key whose value is wrong; empty when the value cannot be told.

    A value that further fields stand in gives the lines of all.
    """
    fields = fields_of(key, value)
    if len(fields) > 1:
        return tuple(dict.fromkeys(line for one in fields for line in meant_lines(*one)))
    if key == "version":
        return ("version: STSv1",)
    if key == "mode":
        return (f"mode: {meant_mode(value).value}",)
    if key == "max_age":
        seconds = meant_max_age(value)
        return () if seconds is None else (f"max_age: {seconds}",)
    return tuple(f"mx: {pattern}" for pattern in meant_patterns(value))


def fields_of(key: str, value: str) -> list[tuple[str, str]]:
    """The field, and those that stand behind it on its line: keys and values."""
    first, *parts = _PARTS.split(_plain(value))
    behind = [(meant_key(name), text) for name, text in zip(parts[::2], parts[1::2], strict=True)][:LINES]
    said_again = not first.strip() and any(key == name for name, _ in behind)
    return behind if said_again else [(key, first), *behind]


def meant_field(line: str) -> tuple[str, tuple[str, ...]]:
    """For a line that is no field: the known key that it means to be, and the lines to write; empty for neither."""
    plain = _plain(line).strip()
    if plain.startswith("#"):  # switched off on purpose
        return "", ()
    bare = re.fullmatch(r"(?:- *)?([^\s:=]+\.[^\s:=]+)", plain)
    if bare and not plain.endswith(".txt"):  # the file's own name
        return "mx", meant_lines("mx", bare.group(1))
    match = _FIELD.fullmatch(plain) or _WORDS.fullmatch(plain)
    key = meant_key(match.group(1)) if match else ""
    if match is None or (key == "version" and match.group(2).strip(_QUOTES + "; ").lower() != "stsv1"):
        return "", ()
    return key, meant_lines(key, match.group(2)) if key else ()


def meant_policy(text: str) -> tuple[str, ...]:
    """The lines of the policy whose fields stand in a text, however it is dressed up; empty when it is not whole."""
    plain = _plain(re.sub(r"\\[rn]", "\n", _RTF_WORD.sub("", text) if text.startswith("{\\rtf") else text))
    _, *parts = _PARTS.split(plain)
    mode: Mode | None = None
    max_age: int | None = None
    patterns: dict[str, None] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if key.lower() == "mx":
            patterns |= dict.fromkeys(meant_patterns(_list(value)))
            if len(patterns) > LINES:
                return ()
        elif key.lower() == "mode":
            mode = mode or meant_mode(value.partition("\n")[0])
        elif key.lower() != "version":
            max_age = meant_max_age(value.partition("\n")[0]) if max_age is None else max_age
    if mode is None or max_age is None or not (patterns or mode is Mode.NONE):
        return ()
    policy = Policy(mode, tuple(HostPattern.parse(pattern) for pattern in patterns), max_age)
    return tuple(format_policy(policy).decode("ascii").split("\r\n")[:-1])


def _list(value: str) -> str:
    """What stands behind `mx:`, with the lines below as long as each is one name, as in a list of YAML or JSON."""
    first, *below = value.split("\n", LINES)
    lines = [first]
    for line in below:
        if not re.fullmatch(r"[ \t]*(-[ ]*)?[^\s:]+\.[^\s:]+[ \r]*", line):
            break
        lines.append(line)
    return " ".join(lines)


def undressed(text: str) -> str:
    """The text with every line freed of quotation marks, bullets, line numbers and look-alikes around its field."""
    lines = (re.sub(f"[{_QUOTES}]", "", line).strip(" ,\r") for line in _plain(text).split("\n"))
    return "\n".join(re.sub(r"^(?:[-*+>•‣·–—#]|[0-9]+[.):]?)[ ]*", "", line) for line in lines)  # noqa: RUF001


def _plain(text: str) -> str:
    """The text with the look-alikes of ASCII as ASCII (full width, blanks of all kinds), and without the invisible."""
    if text.isascii():
        return text.replace("\t", " ")
    folded = unicodedata.normalize("NFKC", text.replace("\x85", "\n").replace("\u2028", "\n").replace("\t", " "))
    return "".join(character for character in folded if unicodedata.category(character) != "Cf")
