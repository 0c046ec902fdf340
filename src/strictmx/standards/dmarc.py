"""DMARC (RFC 9989, before it RFC 7489) as receivers find and read it.

Pure. checkdmarc finds the record over answers that are there already: at the domain, else by the tree walk at the
names above it (RFC 9989 section 4.10). The record is read tag by tag, as receivers do: one that is faulty costs
itself only, unless it is one that names a policy (section 4.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from checkdmarc import dmarc as library

from strictmx.standards.offline import RECORD_CHARACTERS, Absence, Answers, Known

WALK = 8  # names asked in one tree walk, RFC 9989 section 4.10
TAGS, URIS = 50, 50  # read of one record, of one tag
MENDED_CHARACTERS = 1_000  # a longer record is not mended: nobody reads that

_RECORD = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_NEARLY = re.compile(r"dmarc1(?![a-z0-9])|\A[^a-z0-9]{0,20}p\s*=\s*(?:none|quarantine|reject)", re.IGNORECASE)
_TAG = re.compile(r"([a-z]+)[ \t]*=[ \t]*([ -:<-~]+)", re.IGNORECASE)
_POLICY = re.compile(r"none|quarantine|reject")
_VALUES = {  # of the tags that receivers know, those for reports aside
    "p": _POLICY,
    "sp": _POLICY,
    "np": _POLICY,
    "adkim": re.compile(r"[rs]"),
    "aspf": re.compile(r"[rs]"),
    "fo": re.compile(r"[01ds](?::[01ds])*"),
    "psd": re.compile(r"[ynu]"),
    "t": re.compile(r"[yn]"),
    "pct": re.compile(r"100|\d{1,2}"),
    "ri": re.compile(r"\d{1,10}"),
    "rf": re.compile(r"afrf(?::afrf)*"),
}
_REPORTS = ("rua", "ruf")
_BETWEEN = re.compile(  # tags, as people part them by mistake
    rf';|(?:[^!-~]|[\\,"])+(?=(?:v|{"|".join((*_VALUES, *_REPORTS))})\s*=)', re.IGNORECASE
)


class Fault(Enum):
    """What is wrong with what receivers find."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    NEARLY = "nearly"  # something stands there that was meant to be a record, and is none
    INVALID = "invalid"  # receivers skip a tag, and apply a policy
    TWICE = "twice"  # a tag stands there twice, which makes the record void (RFC 6376 section 3.2)
    NO_POLICY = "no-policy"  # neither a policy nor an address for reports: DMARC is not applied
    UNANSWERED = "unanswered"  # a look-up failed
    UNKNOWN = "unknown"  # a look-up is not among the answers


@dataclass(frozen=True, slots=True)
class Reading:
    """What receivers find for a domain.

    location: the name that the record is of, the domain or one above it. policy: what it asks for mail of the domain
    itself (`none`, `quarantine`, `reject`); empty where none is applied. rua: addresses of aggregate reports.
    tag: the first one at fault, for NEARLY the whole text. lesser: the tag that keeps receivers from applying the
    policy (`t=y`, `pct=0`). mended: the record without what is at fault, else without `lesser`, and with a policy;
    empty for one too long. said: the library's words.
    """

    record: str | None = None
    location: str = ""
    policy: str = ""
    rua: tuple[str, ...] = ()
    fault: Fault | None = None
    tag: str = ""
    lesser: str = ""
    mended: str = ""
    said: str = ""


def names(domain: str) -> tuple[str, ...]:
    """The names whose TXT records the tree walk may need, the domain's own first."""
    labels = domain.split(".")
    first = 1 if len(labels) <= WALK else len(labels) - WALK + 1
    return tuple(f"_dmarc.{'.'.join(labels[start:])}" for start in (0, *range(first, len(labels))))


def read(domain: str, known: Known) -> Reading:
    """Find the record and read it. Never raises on content."""
    texts = _texts(known, domain)
    own = list(filter(_RECORD.match, texts))
    if len(own) == 1:
        return _read(own[0], domain, domain)
    meant = next(filter(_NEARLY.search, texts), None)
    if meant is not None and not own:
        return Reading(location=domain, fault=Fault.NEARLY, tag=meant, mended=_mended(meant))
    answers = Answers(known)
    try:
        found = library.query_dmarc_record(domain, resolver=answers, retries=0, ignore_unrelated_records=True)
    except Exception as error:  # noqa: BLE001 - a library on hostile text: whatever it raises is a finding
        return _nothing(error, domain, known, answers)
    return _read(found["record"], found["location"], domain)


def _texts(known: Known, domain: str) -> tuple[str, ...]:
    texts = known.get((f"_dmarc.{domain}", "TXT"), ())
    return () if isinstance(texts, Absence) else texts


def _nothing(error: Exception, domain: str, known: Known, answers: Answers) -> Reading:
    """Why no record was found to read."""
    for fault, questions in ((Fault.UNANSWERED, answers.failed), (Fault.UNKNOWN, answers.wanted)):
        if any(name.startswith("_dmarc.") for name, _ in questions):
            return Reading(fault=fault, location=domain, said=str(error))
    if isinstance(error, library.DMARCRecordNotFound):
        return Reading(fault=Fault.MISSING, location=domain)
    above = (name.removeprefix("_dmarc.") for name in names(domain))
    location, text = next(
        ((name, text) for name in above for text in _texts(known, name) if _NEARLY.search(text)), (domain, "")
    )
    if isinstance(error, library.MultipleDMARCRecords):
        return Reading(fault=Fault.MULTIPLE, location=location, said=str(error))
    return Reading(fault=Fault.NEARLY, location=location, tag=text, mended=_mended(text), said=str(error))


def _read(record: str, location: str, domain: str) -> Reading:
    tags: dict[str, str] = {}
    faulty: list[str] = []
    seen = {"v"}
    twice = ""
    for part in _parts(record):
        tag = _TAG.fullmatch(part)
        name, value = (tag[1].lower(), tag[2].strip()) if tag is not None else ("", "")
        if tag is not None and name in seen:  # RFC 6376 section 3.2: such a list is void as a whole
            twice = twice or part
        seen.add(name)
        if tag is None or not _is_valid(name, value):
            faulty.append(part)
        if tag is not None and name in _REPORTS:
            tags.setdefault(name, ",".join(filter(_is_uri, value.split(",", URIS)[:URIS])))
        elif tag is not None and name in _VALUES and _is_valid(name, value):
            tags.setdefault(name, value.lower())
    rua = tuple(uri.partition("!")[0].strip() if "mailto:" in uri.lower() else uri.strip() for uri in _uris(tags))
    policy = tags.get("p", "") if location == domain else tags.get("sp", tags.get("p", ""))
    if "p" not in tags or any(re.match(r"(?:sp|np)\s*=", part, re.IGNORECASE) for part in faulty):
        policy = "none" if rua else ""
    lesser = ""
    if tags.get("t") == "y" and policy != "none":
        lesser = "t=y"
    elif int(tags.get("pct", 100)) == 0 and policy == "quarantine":
        lesser = f"pct={tags['pct']}"
    fault = Fault.NO_POLICY if not policy else Fault.INVALID if faulty else None
    if twice:
        policy, fault = "", Fault.TWICE
    mended = _mended(record, ("t", "pct") if lesser and fault is None else ())
    return Reading(record, location, policy, rua, fault, twice or next(iter(faulty), ""), lesser, mended)


def _parts(record: str) -> Iterator[str]:
    """The tags behind the version, as far as they are read; that one is left out which the bound cuts."""
    parts = record[:RECORD_CHARACTERS].split(";", TAGS + 1)
    whole = parts[1:-1] if len(record) > RECORD_CHARACTERS else parts[1:]
    return filter(None, (part.strip(" \t") for part in whole[:TAGS]))


def _uris(tags: dict[str, str]) -> list[str]:
    return tags["rua"].split(",") if tags.get("rua") else []


def _is_valid(name: str, value: str) -> bool:
    """Whether the tag has a value that it may have; one that receivers do not know may have any."""
    if name in _REPORTS:
        return all(map(_is_uri, value.split(",", URIS)[:URIS]))
    return name not in _VALUES or _VALUES[name].fullmatch(value.lower()) is not None


def _is_uri(text: str) -> bool:
    try:
        library.parse_dmarc_report_uri(text)
    except library.InvalidDMARCReportURI:
        return False
    return True


def _mended(text: str, left_out: tuple[str, ...] = ()) -> str:
    """The record that a text was meant to be, as far as that can be told; its policy stays, or is `none`."""
    if len(text) > MENDED_CHARACTERS:
        return ""
    kept: dict[str, str] = {}
    for part in _BETWEEN.split(text):
        name, equals, value = (piece.strip(' \t\\",') for piece in part.partition("="))
        name = name.lower()
        value = _mended_value(name, value)
        if equals and value and name not in ("v", *left_out) and _TAG.fullmatch(f"{name}={value}"):
            kept.setdefault(name, value)
    if "p" not in kept:
        kept = {"p": "none", **kept}
    return "; ".join(("v=DMARC1", *(f"{name}={value}" for name, value in kept.items())))


def _mended_value(name: str, value: str) -> str:
    """The value with what is evidently wrong with it mended; empty where nothing is left of it."""
    if name in _REPORTS:
        uris = ["".join(uri.split()) for uri in value.split(",", URIS)[:URIS]]
        whole = (uri if ":" in uri else f"mailto:{uri}" for uri in uris)
        return ",".join(filter(_is_uri, whole))
    if name not in _VALUES or _is_valid(name, value):
        return value
    letters = re.sub(r"[^a-z]", "", value.lower())
    listed = ":".join(re.findall("[a-z0-9]+", value.lower()))
    meant = (listed, letters, {"strict": "s", "relaxed": "r"}.get(letters, ""))
    return next((one for one in meant if _is_valid(name, one)), "")
