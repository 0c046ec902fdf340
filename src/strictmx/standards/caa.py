"""CAA records (RFC 8659): which certificate authorities may issue for a name, and by what name a public one is known.

Pure. The table of authorities is what they publish in their certification practice statements (section "CAA"); it
holds those that issue most of the certificates of mail and policy hosts, and nothing is said of any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strictmx.standards.names import Name

STEPS = 10  # names looked at from a host upwards; a host with more labels is nobody's mail server
PROPERTIES = 100  # read of one answer
CRITICAL = 128  # the flag: an authority that does not know the property must not issue (section 4.1)

_ORGANIZATION = "2.5.4.10"
_RECORD = re.compile(r"(\d{1,3}) ([a-zA-Z0-9]{1,255}) (.*)\Z", re.DOTALL)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ISSUER = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*)?\Z")
_PARAMETER = re.compile(r"[A-Za-z0-9]+[ \t]*=[ \t]*[!-:<-~]*\Z")
_KNOWN_TAGS = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})
_SECTIGO = ("sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com")
_DIGICERT = ("digicert.com", "www.digicert.com", "digicert.ne.jp", "cybertrust.ne.jp", "symantec.com")
_DIGICERT_BRANDS = (*_DIGICERT, "thawte.com", "geotrust.com", "rapidssl.com")
_AUTHORITIES = {  # the organization that issued a certificate → the names that allow it, the one to write first
    "let's encrypt": ("letsencrypt.org",),
    "google trust services": ("pki.goog",),
    "google trust services llc": ("pki.goog",),
    "digicert inc": _DIGICERT_BRANDS,
    "digicert, inc.": _DIGICERT_BRANDS,
    "sectigo limited": _SECTIGO,
    "zerossl": _SECTIGO,
    "globalsign nv-sa": ("globalsign.com",),
    "amazon": ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"),
    "godaddy.com, inc.": ("godaddy.com", "starfieldtech.com"),
    "starfield technologies, inc.": ("starfieldtech.com", "godaddy.com"),
    "ssl corporation": ("ssl.com",),
    "actalis s.p.a.": ("actalis.it",),
    "buypass as-983163327": ("buypass.com", "buypass.no"),
    "hellenic academic and research institutions ca": ("harica.gr",),
    "swisssign ag": ("swisssign.com",),
    "microsoft corporation": ("microsoft.com",),
}


@dataclass(frozen=True, slots=True)
class Property:
    """One CAA record: `0 issue letsencrypt.org`."""

    flags: int
    tag: str
    value: str

    @property
    def issuer(self) -> str:
        """The authority that an `issue` names; empty for nobody, and for a value outside the grammar (section 4.2)."""
        name, *parameters = (part.strip(" \t") for part in self.value.split(";"))
        if parameters and not parameters[-1]:  # a `;` at the end is read as well
            parameters.pop()
        return name.lower() if _ISSUER.match(name) and all(map(_PARAMETER.match, parameters)) else ""


def read(texts: Sequence[str]) -> tuple[Property, ...]:
    """The records of an answer, `FLAGS TAG VALUE` each; a text that is none is left out."""
    found = [_RECORD.match(text) for text in texts[:PROPERTIES]]
    return tuple(Property(int(one[1]), one[2].lower(), one[3]) for one in found if one is not None)


def climb(name: str) -> Iterator[Name]:
    """The names whose records count for `name`, the first that has any decides (section 3): itself, then upwards."""
    step: Name | None = Name(name)
    for _ in range(STEPS):
        if step is None:
            return
        yield step
        step = step.parent


def allows(properties: Sequence[Property], names: Sequence[str], *, wildcard: bool) -> bool:
    """Whether the authority known by any of `names` may issue under these records (section 4.2 and 4.3).

    wildcard: for a certificate of `*.` names, where `issuewild` comes before `issue`.
    """
    if forbidding(properties) is not None:
        return False
    issuers = allowed(properties, wildcard=wildcard)
    return not issuers or any(name in issuers for name in names)


def forbidding(properties: Sequence[Property]) -> Property | None:
    """The critical property that no authority knows, so that none may issue (section 4.1)."""
    return next((one for one in properties if one.flags & CRITICAL and one.tag not in _KNOWN_TAGS), None)


def allowed(properties: Sequence[Property], *, wildcard: bool) -> list[str]:
    """The authorities that are allowed, an empty name for none of them; an empty list: every one is."""
    by_tag = {tag: [one.issuer for one in properties if one.tag == tag] for tag in ("issue", "issuewild")}
    return by_tag["issuewild"] if wildcard and by_tag["issuewild"] else by_tag["issue"]


def authority_names(issuer: Sequence[frozenset[tuple[str, str | bytes]]]) -> tuple[str, ...]:
    """By what names the issuer of a certificate (folded, as `chain.folded` does) is allowed; empty when unknown."""
    for part in issuer:
        for kind, value in part:
            if kind == _ORGANIZATION and isinstance(value, str) and value in _AUTHORITIES:
                return _AUTHORITIES[value]
    return ()
