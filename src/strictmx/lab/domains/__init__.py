"""The table of lab domains: what each shows, and what `check` must say of it.

One module a subject; to add a domain, add a row there. A row's `codes` and `verdict` are the promise that
`strictmx lab list` prints and that tests hold `check` to. A domain is named after the code that it shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from strictmx.lab.domains import dane, dns, healthy, mx, mx_certificate, policy, policy_host, record, related
from strictmx.lab.model import Domain

DOMAINS: tuple[Domain, ...] = (
    *healthy.ROWS,
    *record.ROWS,
    *policy_host.ROWS,
    *policy.ROWS,
    *mx.ROWS,
    *mx_certificate.ROWS,
    *dane.ROWS,
    *dns.ROWS,
    *related.ROWS,
)


def domain(name: str, domains: Sequence[Domain] = DOMAINS) -> Domain:
    """The row of a domain, by its name or by its left label. Raises KeyError: there is none."""
    for row in domains:
        if name in (row.name, row.name.partition(".")[0]):
            return row
    raise KeyError(name)


def domains_table(domains: Sequence[Domain] = DOMAINS) -> list[dict[str, object]]:
    """What `strictmx lab list --json` prints: name, shows, verdict, codes (code to its worst severity).

    related: the further notices of `check --related` with these DKIM selectors; None where the row is about others.
    """
    return [
        {
            "domain": row.name,
            "shows": row.shows,
            "verdict": row.verdict,
            "codes": dict(row.codes),
            "related": None if row.related is None else list(row.related),
            "selectors": list(row.selectors),
        }
        for row in domains
    ]
