"""A report of the store, read again from its bytes, and the documents that verbs and pages print of it."""

from __future__ import annotations

import zlib
from typing import Any

from strictmx.findings.words import instant
from strictmx.standards.tlsrpt import Report, read_report
from strictmx.standards.tlsrpt.packing import unpack
from strictmx.standards.tlsrpt.reading import DOCUMENT_BYTES
from strictmx.store.aside import Item
from strictmx.store.reports import Kept, Listed


def raw_of(kept: Kept) -> bytes:
    """The JSON text as it came, unpacked."""
    if kept.packing == "zlib":
        return zlib.decompressobj().decompress(kept.payload, DOCUMENT_BYTES)
    data, _ = unpack(kept.payload, DOCUMENT_BYTES)
    return data


def report_of(kept: Kept) -> Report:
    """The report, as this release reads it. Raises ReportError: it no longer does."""
    return read_report(raw_of(kept), kept.hints)


def document_of(kept: Kept) -> dict[str, Any]:
    """The document of `reports show --json`: the keys of RFC 8460, what was bent, and how it came."""
    listed = kept.listed
    return {
        **report_of(kept).to_json(),
        "id": listed.id,
        "received_at": instant(listed.received_at),
        "via": listed.via,
        "source": listed.source,
        "authenticated": listed.authenticated,
        "counts": kept.counts,
        "conflicts": list(kept.conflicts),
    }


def entry_of(listed: Listed) -> dict[str, Any]:
    """One entry of `reports list --json`."""
    return {
        "id": listed.id,
        "report_id": listed.report_id,
        "organization": listed.organization,
        "contact": listed.contact,
        "begin": instant(listed.begin),
        "end": instant(listed.end),
        "domains": list(listed.domains),
        "successful": listed.successful,
        "failed": listed.failed,
        "received_at": instant(listed.received_at),
        "via": listed.via,
        "authenticated": listed.authenticated,
        "deviations": [{"rule": each.rule, "path": each.path, "message": each.told} for each in listed.deviations],
        "source": listed.source,
        "conflicts": listed.conflicts,
    }


def aside_entry_of(item: Item) -> dict[str, Any]:
    """One entry of `reports list --set-aside --json`."""
    return {
        "id": item.id,
        "received_at": instant(item.received_at),
        "via": item.via,
        "reason": item.reason,
        "rule": item.rule,
        "source": item.source,
    }
