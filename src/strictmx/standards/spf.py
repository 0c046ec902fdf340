"""SPF (RFC 7208) as receivers evaluate it, read by checkdmarc over answers that are there already.

Pure. `read` is called again with more answers until it wants none; who asks sets the bound. The library stops at the
first fault; which term it is about is found by reading each term alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import Any

from checkdmarc import spf as library

from strictmx.standards.names import InvalidName, Name
from strictmx.standards.offline import RECORD_CHARACTERS, Absence, Answers, Known, Question, shortened

TERMS = 200  # read alone in search of the faulty one
LOOKUPS, VOID_LOOKUPS = 10, 2  # RFC 7208 section 4.6.4

_NEARLY = re.compile(r"[^a-z0-9]{0,20}v\s*=\s*spf1(?![a-z0-9.])", re.IGNORECASE)
_BETWEEN = re.compile(r'(?:[^!-~]|[,;"\\])+')  # what people put between terms in place of a blank
_TARGET = re.compile(r"(?:[-+?~]?(?:a|mx|ptr|exists|include):|redirect=)([^/]+)", re.IGNORECASE)
_ALL = re.compile(r"[-+?~]?all", re.IGNORECASE)
_EVERYBODY = re.compile(  # a prefix of length 0, of either family
    r"\+?(?:ip[46]:[^/]+|(?:a|mx)(?::[^/]+)?)(?:/0(?://\d+)?|(?:/\d+)?//0)", re.IGNORECASE
)


class _Bounded(Answers):
    """Answers for one evaluation: the library counts look-ups on the way back, which a long chain never begins."""

    steps = 0  # records asked for, each by an `include` or `redirect`, so each is a look-up that counts

    def resolve(self, name: str, rdtype: str, lifetime: float = 0.0) -> list[Any]:
        self.steps += rdtype == "TXT"
        if self.steps > LOOKUPS:
            raise library.SPFTooManyDNSLookups("more included records than look-ups", dns_lookups=self.steps)
        return super().resolve(name, rdtype, lifetime)


class Fault(Enum):
    """Why there is no result; from MULTIPLE on receivers have a permanent error."""

    MISSING = "missing"
    NEARLY = "nearly"  # something stands there that was meant to be a record, and is none
    UNKNOWN = "unknown"  # a record that it needs is not among the answers
    TOO_LONG = "too-long"  # to be read here
    UNANSWERED = "unanswered"  # a look-up that it needs failed (temperror): receivers defer, or go on without SPF
    MULTIPLE = "multiple"
    SYNTAX = "syntax"
    LOOP = "loop"
    NO_TARGET = "no-target"  # an include or redirect leads to a name without a record
    TARGET_MULTIPLE = "target-multiple"
    LOOKUPS = "lookups"
    VOID_LOOKUPS = "void-lookups"
    UNREADABLE = "unreadable"  # the library gave up in another way


_FAULTS = (  # in this order: later ones are wider
    (library.SPFTooManyDNSLookups, Fault.LOOKUPS),
    (library.SPFTooManyVoidDNSLookups, Fault.VOID_LOOKUPS),
    (library.SPFIncludeLoop, Fault.LOOP),
    (library.SPFRedirectLoop, Fault.LOOP),
    (library.MultipleSPFRTXTRecords, Fault.TARGET_MULTIPLE),
    (library.SPFRecordNotFound, Fault.NO_TARGET),
    (library.SPFSyntaxError, Fault.SYNTAX),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What receivers make of a domain's SPF.

    candidates: its SPF records. where: the name that the fault is about, else the one whose `all`
    counts, which a redirect makes another. rdtype: of a look-up that failed. term: the term at fault, where one alone
    is; for NEARLY the whole text; without a fault one that passes everybody before `all` is reached.
    lookups, void_lookups: counted as RFC 7208 section 4.6.4 does. all: `fail`, `softfail`, `neutral` or `pass` for a
    sender that nothing matches; empty where that depends on the mail. wanted: questions whose answers may change this.
    said: the library's words.
    """

    candidates: tuple[str, ...] = ()
    fault: Fault | None = None
    where: str = ""
    rdtype: str = "TXT"
    term: str = ""
    lookups: int | None = None
    void_lookups: int | None = None
    all: str = ""
    wanted: tuple[Question, ...] = ()
    said: str = ""


def is_record(text: str) -> bool:
    """Whether a TXT record is one of SPF (RFC 7208 section 4.5)."""
    return text.lower() == "v=spf1" or text[:7].lower() == "v=spf1 "


def is_nearly(text: str) -> bool:
    """Whether a TXT record is one of SPF, or was meant to be one."""
    return _NEARLY.match(text) is not None


def mended(text: str) -> str:
    """The record that a text was meant to be: one blank between terms, no quotes."""
    begins = _NEARLY.match(text)
    return " ".join(["v=spf1", *filter(None, _BETWEEN.split(text[begins.end() if begins else 0 :]))])


def read(domain: str, known: Known) -> Reading:
    """Evaluate the domain's record as far as the answers go. Never raises on content."""
    texts = known.get((domain, "TXT"))
    if texts is None:
        return Reading(fault=Fault.UNKNOWN, where=domain, wanted=((domain, "TXT"),))
    if texts is Absence.FAILED:
        return Reading(fault=Fault.UNANSWERED, where=domain)
    texts = () if texts is Absence.NXDOMAIN else texts
    candidates = tuple(filter(is_record, texts))
    if len(candidates) > 1:
        return Reading(candidates, Fault.MULTIPLE, where=domain)
    if not candidates:
        meant = next(filter(is_nearly, texts), "")
        return Reading(fault=Fault.NEARLY if meant else Fault.MISSING, where=domain, term=meant)
    for name, records in _records(known):
        if any(len(record) > RECORD_CHARACTERS for record in records):
            return Reading(candidates, Fault.TOO_LONG, where=name)
    wrong = next(filter(_names_no_domain, candidates[0].split(" ")[1:]), "")
    if wrong:
        return Reading(candidates, Fault.SYNTAX, where=domain, term=wrong)
    return _evaluated(candidates, domain, known)


def _names_no_domain(term: str) -> bool:
    """Whether a term that takes a domain is given an address or a single label (RFC 7208 section 7.1: domain-end)."""
    match = _TARGET.match(term)
    if match is None:
        return False
    name = match[1].removesuffix(".")
    return "%" not in name and ("." not in name or name.rpartition(".")[2].isdecimal())


def _evaluated(candidates: tuple[str, ...], domain: str, known: Known) -> Reading:
    """The reading of a domain's one record."""
    answers, unknown = _Bounded(known), ""
    try:
        result = _parse(candidates[0], domain, answers)
    except Exception as error:  # noqa: BLE001 - a library on hostile text: whatever it raises is a finding
        fault, where, term = _fault(error, domain, known, answers)
        if fault is not Fault.UNKNOWN:
            return Reading(candidates, fault, where, term=term, said=str(error))
        result, unknown = None, where
    failed = next((question for question in answers.failed if _is_name(question[0])), None)
    if failed is not None:
        return Reading(candidates, Fault.UNANSWERED, *failed)
    if result is None:
        return Reading(candidates, Fault.UNKNOWN, unknown, wanted=tuple(answers.wanted))
    where, record, parsed, redirect = domain, candidates[0], result["parsed"], result["parsed"]["redirect"]
    term = _everybody(record, parsed)
    while redirect is not None and not term:
        where = redirect["domain"]
        if redirect["parsed"] is None:  # its name is a macro, made of the mail
            break
        record, parsed = redirect["record"], redirect["parsed"]
        term, redirect = _everybody(record, parsed), parsed["redirect"]
    return Reading(
        candidates,
        where=where,
        term=term,
        lookups=result["dns_lookups"],
        void_lookups=result["void_dns_lookups"],
        all=result["parsed"]["all"] if redirect is None else "",
        wanted=tuple(answers.wanted),
    )


def _is_name(text: str) -> bool:
    """Whether there can be such a name: only then did anybody fail to answer."""
    try:
        Name.parse(text)
    except InvalidName:
        return False
    return True


def _parse(record: str, domain: str, answers: Answers) -> Any:
    return library.parse_spf_record(shortened(record), domain, resolver=answers, retries=0)


def _everybody(record: str, parsed: Any) -> str:
    """The first term ahead of `all` that passes every sender, by itself or by what it includes; else nothing."""
    terms = list(takewhile(lambda term: not _ALL.fullmatch(term), record.split(" ")[1:]))
    includes = {
        one["value"]
        for one in parsed["mechanisms"]
        if one["mechanism"] == "include" and one["action"] == "pass" and one["parsed"] is not None
        if one["parsed"]["all"] == "pass" or _everybody(one["record"], one["parsed"])
    }
    return next(
        (term for term in terms if _EVERYBODY.fullmatch(term) or term.lower().partition("include:")[2] in includes), ""
    )


def _fault(error: Exception, domain: str, known: Known, answers: Answers) -> tuple[Fault, str, str]:
    """The fault that an error of the library stands for, and where it is."""
    fault = next((fault for kind, fault in _FAULTS if isinstance(error, kind)), Fault.UNREADABLE)
    if fault is Fault.NO_TARGET and isinstance(error, library.SPFRecordNotFound):
        target = error.domain.removesuffix(".")
        question = (target, "TXT")
        unsaid = Fault.UNKNOWN if question in answers.wanted else Fault.UNANSWERED
        return unsaid if question in (*answers.wanted, *answers.failed) else fault, target, ""
    if fault is Fault.TARGET_MULTIPLE:
        return fault, next((name for name, texts in _records(known) if len(texts) > 1), domain), ""
    if fault is Fault.SYNTAX:
        return fault, *next(_faulty_terms(domain, known), (domain, ""))
    return fault, domain, ""


def _records(known: Known) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that have SPF records, in the order asked."""
    for (name, rdtype), texts in known.items():
        if rdtype == "TXT" and not isinstance(texts, Absence):
            yield name, tuple(text for text in texts if is_record(text))


def _faulty_terms(domain: str, known: Known) -> Iterator[tuple[str, str]]:
    """The terms that no record may hold, each with the name whose record does; the domain's own first."""
    left = TERMS
    for name, texts in sorted(_records(known), key=lambda one: one[0] != domain):
        for term in (term for text in texts for term in text[:RECORD_CHARACTERS].split(" ")[1:]):
            left -= 1
            if left < 0:
                return
            try:
                _parse(f"v=spf1 {term}", name, Answers({}))
            except library.SPFSyntaxError:
                yield name, term
            except Exception:  # noqa: BLE001, S112 - what else is wrong with the term is no matter of its form
                continue
