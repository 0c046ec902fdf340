"""The CA certificates known on this side that are no anchors: of the trust file, and seen in the chains of a run.

They let `check` name the issuer that a server should have sent (TLS-05); nothing becomes trusted by them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from strictmx.internet.trust import is_authority

if TYPE_CHECKING:
    from strictmx.standards.chain import Certificate, NameKey

REMEMBERED = 500  # CA certificates of the chains seen in a run; the web has about as many intermediates in use
STEPS = 8  # issuers between what was sent and a root that are looked for; real servers lack one


class Authorities:
    """What is known besides the anchors. given: DER of the trust file's; they are never forgotten."""

    def __init__(self, given: Sequence[bytes]) -> None:
        from strictmx.standards.chain import read_known

        self._given = read_known(given)
        self._seen: OrderedDict[bytes, Certificate] = OrderedDict()

    def __len__(self) -> int:
        return len(self._given) + len(self._seen)

    def missing(self, chains: Iterable[Sequence[bytes]]) -> tuple[bytes, ...]:
        """Those that a certificate of `chains` names as its issuer, and their own issuers, as far as none was sent."""
        from strictmx.standards.chain import read_known

        sent = read_known([der for chain in chains for der in chain])
        present = {certificate.der for certificate in sent}
        by_subject: dict[NameKey, list[Certificate]] = {}
        for certificate in (*self._given, *self._seen.values()):
            if certificate.der not in present:
                by_subject.setdefault(certificate.subject, []).append(certificate)
        found: dict[bytes, None] = {}
        names = {certificate.issuer for certificate in sent}
        for _ in range(STEPS):
            step = [certificate for name in names for certificate in by_subject.pop(name, ())]
            found.update(dict.fromkeys(certificate.der for certificate in step))
            names = {certificate.issuer for certificate in step}
        return tuple(found)

    def remember(self, chains: Iterable[Sequence[bytes]]) -> None:
        """Keep the CA certificates that servers sent behind their leaf, roots left out."""
        from strictmx.standards.chain import read_known

        sent = dict.fromkeys(der for chain in chains for der in chain[1:])
        for der in sent:
            if der in self._seen:
                self._seen.move_to_end(der)
        for certificate in read_known([der for der in sent if der not in self._seen]):
            if not certificate.self_issued and is_authority(certificate.x509):
                self._seen[certificate.der] = certificate
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
