"""Look-ups in the form that the readers of SPF and DMARC records take."""

from __future__ import annotations

from collections.abc import Iterable

from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.standards.offline import Absence, Known


def known(lookups: Iterable[Lookup]) -> Known:
    """What the look-ups say."""
    return {(lookup.name, lookup.type): _said(lookup) for lookup in lookups}


def _said(lookup: Lookup) -> tuple[str, ...] | Absence:
    if lookup.failed:
        return Absence.FAILED
    return Absence.NXDOMAIN if lookup.status is LookupStatus.NXDOMAIN else lookup.records
