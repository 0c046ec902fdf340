"""The TXT record of RFC 8460 section 3, that says where reports go.

Chosen where the text is open: a record with bad syntax counts as absent, several `rua` fields are joined, and a URI
that cannot be used is skipped while the others still are (DEC-12, RPT-03).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urlsplit

from strictmx.standards.names import InvalidName, Name, address_of
from strictmx.standards.txt_record import (
    FAULTS,
    FIELD_NAME,
    FIELD_VALUE,
    FOUND_CHARACTERS,
    choose,
    has_blank_before_semicolon,
    split,
    why_no_field,
)

RECORD_LABELS = "_smtp._tls"

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@$&'()*+=%-]+\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")


class RecordFault(Enum):
    """Why senders see no record (RPT-01, RPT-02)."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    INVALID = "invalid"
    NO_RUA = "no-rua"


class RecordDeviation(Enum):
    """What a valid record has that a publisher should mend."""

    BLANK_BEFORE_SEMICOLON = "blank-before-semicolon"  # DEC-03: allowed by the grammar, missed by literal readers


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """One usable `rua`: the URI as published, and the host that must exist for it to work.

    mailbox: the addr-spec of a mailto URI, header fields dropped (RPT-04); empty for https.
    """

    uri: str
    host: Name
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A record that RFC 8460 section 3 accepts; `rua` may be empty when no URI in it can be used."""

    rua: tuple[ReportAddress, ...]


@dataclass(frozen=True, slots=True)
class RecordReading:
    """What the TXT answer at `_smtp._tls` holds.

    refused: URIs that no sender can use, each with the reason in a clause. detail: what breaks the grammar.
    deviations: each with the place.
    """

    record: Record | None = None
    fault: RecordFault | None = None
    candidates: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    detail: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    deviations: tuple[tuple[RecordDeviation, str], ...] = ()


def record_name(domain: Name) -> Name:
    """Where the TLSRPT record of a domain stands; never at a parent or an MX host (RPT-07)."""
    return domain.below(RECORD_LABELS)


def read_records(records: Sequence[str]) -> RecordReading:
    """Pick the TLSRPT record out of the TXT records at `_smtp._tls` and read it (RFC 8460 section 3).

    records: one string a record, its parts already joined, octets as Latin-1. Never raises.
    """
    chosen = choose(records, "TLSRPTv1")
    if chosen.fault is not None:
        fault = RecordFault(chosen.fault.value)
        return RecordReading(fault=fault, candidates=chosen.candidates, others=chosen.others, detail=chosen.detail)
    return _read_record(chosen.candidates[0], chosen.others)


def _read_record(text: str, others: tuple[str, ...]) -> RecordReading:
    """Read one candidate: `v=TLSRPTv1` 1*(delim field) [delim]."""
    usable: dict[ReportAddress, None] = {}
    refused: list[tuple[str, str]] = []
    deviations: list[tuple[RecordDeviation, str]] = []
    if has_blank_before_semicolon(text):
        deviations.append((RecordDeviation.BLANK_BEFORE_SEMICOLON, "v=TLSRPTv1 ;"))
    seen_rua = False
    for part in split(text):
        name, equals, value = part.partition("=")
        is_rua = name == "rua"
        if not equals or not FIELD_NAME.match(name) or not (is_rua or FIELD_VALUE.match(value)):
            detail = why_no_field(part)
            return RecordReading(fault=RecordFault.INVALID, candidates=(text,), others=others, detail=detail)
        if not is_rua or not value.strip(" \t,"):
            continue
        seen_rua = True
        for uri in value.split(","):
            try:
                address = read_uri(uri.strip(" \t"))
            except ValueError as error:
                if len(refused) < FAULTS:
                    refused.append((uri.strip(" \t")[:FOUND_CHARACTERS], str(error)))
            else:
                usable[address] = None
    if not seen_rua:
        return RecordReading(fault=RecordFault.NO_RUA, candidates=(text,), others=others)
    record = Record(tuple(usable))
    return RecordReading(
        record=record,
        candidates=(text,),
        others=others,
        refused=tuple(refused),
        deviations=tuple(deviations),
    )


def read_uri(uri: str) -> ReportAddress:
    """Read one report address (RPT-03, RPT-04).

    Raises ValueError with the reason in a clause: no scheme, a scheme other than mailto and https, characters that
    must be percent-encoded, no mailbox, no host.
    """
    scheme = _SCHEME.match(uri)
    if not scheme:
        hint = f"; write `mailto:{uri}`" if re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", uri) else ""
        raise ValueError(f"it has no scheme{hint}")
    kind = scheme.group(1).lower()
    if kind not in ("mailto", "https"):
        raise ValueError(f"the scheme is `{kind}`; only `mailto` and `https` are reported to")
    if not _URI_CHARACTERS.match(uri):
        raise ValueError("a character must be percent-encoded (`,` is %2C, `!` is %21, `;` is %3B)")
    return _read_mailto(uri) if kind == "mailto" else _read_https(uri)


def _read_mailto(uri: str) -> ReportAddress:
    mailbox = unquote(uri.partition(":")[2].partition("?")[0])
    mailbox = mailbox.partition(",")[0]  # several addresses in one URI: the first is where reports go (RFC 6068)
    local, at, domain = mailbox.rpartition("@")
    if not at or not _LOCAL_PART.match(local) or local.startswith("//"):
        raise ValueError("it holds no mail address")
    return ReportAddress(uri, _host(domain), f"{local}@{domain}")


def _read_https(uri: str) -> ReportAddress:
    try:
        split = urlsplit(uri)
        host, _ = split.hostname, split.port
    except ValueError as error:
        raise ValueError("it is no URL") from error
    if not host:
        raise ValueError("it names no host")
    return ReportAddress(uri, _host(host))


def _host(text: str) -> Name:
    if address_of(text) is not None:
        raise ValueError("its host is an IP address; a name is needed")
    try:
        return Name.parse(text)
    except InvalidName as error:
        raise ValueError(f"its host is no domain name: {error.reason}") from error


def format_record(rua: Sequence[str]) -> str:
    """The TXT record as a publisher writes it. rua: URIs that `read_uri` accepts, in order.

    Raises ValueError: no URI, or one that a sender could not use.
    """
    if not rua:
        raise ValueError("a record needs at least one address for reports")
    for uri in rua:
        read_uri(uri)
    return f"v=TLSRPTv1; rua={','.join(rua)}"
