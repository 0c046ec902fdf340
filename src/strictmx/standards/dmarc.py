"""DMARC (RFC 9989, before it RFC 7489) as receivers find and read it: checkdmarc over answers that are there already.

Pure. The record is looked for at the domain and, by the tree walk, at the names above it (RFC 9989 section 4.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from checkdmarc import dmarc as library

from strictmx.standards.offline import Absence, Answers, Known, shortened

WALK = 8  # names asked in one tree walk, RFC 9989 section 4.10
TAGS = 50  # read alone in search of the faulty one


class Fault(Enum):
    """Why receivers apply no policy."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    UNANSWERED = "unanswered"  # a look-up failed


@dataclass(frozen=True, slots=True)
class Reading:
    """What receivers find for a domain.

    location: the name that the record is of, the domain or one above it. policy: what it asks for mail of the domain
    itself (`none`, `quarantine`, `reject`). rua: addresses of aggregate reports. tag: the part at fault, where one
    alone is. said: the library's words.
    """

    record: str | None = None
    location: str = ""
    policy: str = ""
    rua: tuple[str, ...] = ()
    fault: Fault | None = None
    tag: str = ""
    said: str = ""


def names(domain: str) -> tuple[str, ...]:
    """The names whose TXT records the tree walk may need, the domain's own first."""
    labels = domain.split(".")
    first = 1 if len(labels) <= WALK else len(labels) - WALK + 1
    return tuple(f"_dmarc.{'.'.join(labels[start:])}" for start in (0, *range(first, len(labels))))


def read(domain: str, known: Known) -> Reading:
    """Find the record and read it. Never raises on content."""
    answers = Answers(known)
    try:
        found = library.query_dmarc_record(domain, resolver=answers, retries=0, ignore_unrelated_records=True)
    except Exception as error:  # noqa: BLE001 - a library on hostile text: whatever it raises is a finding
        return _nothing(error, domain, known, answers)
    record, location = found["record"], found["location"]
    try:
        tags = _parse(record, location, answers)["tags"]
    except Exception as error:  # noqa: BLE001 - as above
        return Reading(record, location, fault=Fault.INVALID, tag=_faulty_tag(record, location), said=str(error))
    policy = tags["p" if location == domain else "sp"]["value"]
    uris = tags.get("rua", {"value": ()})["value"]
    rua = tuple(f"mailto:{uri['address']}" if uri["scheme"] == "mailto" else uri["address"] for uri in uris)
    return Reading(record, location, policy, rua)


def _parse(record: str, location: str, answers: Answers) -> Any:
    return library.parse_dmarc_record(
        shortened(record), location, resolver=answers, retries=0, ignore_unrelated_records=True
    )


def _nothing(error: Exception, domain: str, known: Known, answers: Answers) -> Reading:
    """Why no record was found to read."""
    if any(name.startswith("_dmarc.") for name, _ in (*answers.failed, *answers.wanted)):
        return Reading(fault=Fault.UNANSWERED, location=domain, said=str(error))
    if isinstance(error, library.DMARCRecordNotFound):
        return Reading(fault=Fault.MISSING, location=domain)
    location = next((name.removeprefix("_dmarc.") for name in names(domain) if _means_it(known, name)), domain)
    fault = Fault.MULTIPLE if isinstance(error, library.MultipleDMARCRecords) else Fault.INVALID
    return Reading(fault=fault, location=location, said=str(error))


def _means_it(known: Known, name: str) -> bool:
    texts = known.get((name, "TXT"), Absence.NXDOMAIN)
    return not isinstance(texts, Absence) and any("dmarc1" in text.lower() for text in texts)


def _faulty_tag(record: str, location: str) -> str:
    """The first part of a record that is wrong also when it stands alone."""
    for part in shortened(record).split(";", TAGS)[1 : TAGS + 1]:
        try:
            _parse(f"v=DMARC1;{part}", location, Answers({}))
        except Exception:  # noqa: BLE001 - as in `read`
            return part.strip()
    return ""
