"""`strictmx` without what the peer does not look at: TLSA records, and the hosts that reports go to.

python parts.py check …
"""

from __future__ import annotations

import sys

from strictmx.cli import main
from strictmx.findings.observation import Lookup, ReportUri
from strictmx.internet import mx_hosts, observe
from strictmx.standards.tlsrpt import ReportAddress


async def no_tlsa(*_: object) -> tuple[tuple[Lookup, ...], str | None]:
    return (), None


async def not_asked(_: object, address: ReportAddress) -> ReportUri:
    return ReportUri(address.uri, str(address.host), ())


if __name__ == "__main__":
    mx_hosts._tlsa = no_tlsa  # noqa: SLF001 - there is no other way to leave it out, and nobody wants one
    observe._look_at_report_address = not_asked  # noqa: SLF001
    sys.exit(main())
