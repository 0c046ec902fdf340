"""Every finding, once: code, words, mend, reference. `KINDS` is what exists; documents and the lab are held against it.

Add one by declaring it in the module of its subject; it is picked up here by itself. The parts of sentences that a
judge fills in stand above the declarations, as constants named after the `{field}` that they fill; those that several
subjects share are in `certificate` and `senders`.
"""

from __future__ import annotations

from types import ModuleType

from strictmx.findings.catalogue import dns, mx, policy, policy_host, related, reported, sts_record, tlsrpt
from strictmx.findings.finding import Kind


def _declared(module: ModuleType) -> list[Kind]:
    return [value for value in vars(module).values() if isinstance(value, Kind)]


WORDINGS: tuple[Kind, ...] = tuple(
    kind
    for module in (sts_record, policy_host, policy, mx, tlsrpt, dns, related, reported)
    for kind in _declared(module)
)

KINDS: dict[str, Kind] = {}
for _wording in WORDINGS:
    KINDS.setdefault(_wording.code, _wording)  # the first declaration of a code is the general one

RELATED = frozenset(kind.code for kind in _declared(related))  # notices that are asked for, beside the verdict
