"""Whether the mail that brought a report comes from its submitter: DKIM (RFC 8460 section 3, RFC 6376).

dkimpy compares hash and signature; which signature counts is decided here, and everything is bounded before dkimpy
sees it, since much of it takes time quadratic in what a stranger sends.
Chosen where the text is open: signer and From may be any name of the submitter's organization, as with relaxed DMARC
(DEV-07, DEV-17); a key for ordinary mail will do, since hardly a sender names the service tlsrpt (RPT-35); `l=` proves
nothing (RPT-33), and neither does what RFC 8301 forbids; a key that cannot be had now leaves the question open.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from enum import Enum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.internet.dns import Resolver
from strictmx.standards import dkim as keys_of_dkim
from strictmx.standards.dkim import Fault
from strictmx.standards.names import InvalidName, Name
from strictmx.standards.suffixes import organizational_domain
from strictmx.text import escaped

if TYPE_CHECKING:
    from dkim import DKIM

    from strictmx.config import Internet

MAIL_OCTETS = 30 * 1024 * 1024  # as the intake by LMTP takes them
HEADER_OCTETS = 65_536  # the longest known header of a report mail has 14,000
HEADER_FIELDS = 1_000  # usual are 60; dkimpy looks through all of them for every field of `h=`
SIGNATURE_OCTETS = 4_096  # of one field; usual are 800
SIGNATURES = 5  # of the organization, tried in the order of the mail
KEY_CHARACTERS = 4_096  # of a key record; RSA 4096 has 800
MOST_BITS = 4_096  # RFC 8301 section 3.2: longer need not be verified, and costs seconds
KEYS = 10_000  # answers remembered in a run; a mail may name a selector of its own
TIMEOUTS = 2  # in a row, after which this run asks no more

_HEADER_END = re.compile(rb"(?:\A|\n)\r?\n")
_RECEIVED = re.compile(rb"^Received:((?:[^\n]|\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_EMPTY_LINES = b"\r\n" * 4_096
_NEEDED = frozenset({b"v", b"a", b"b", b"bh", b"d", b"h", b"s"})  # RFC 6376 section 3.5
_BODY_FORMS = frozenset({b"", b"simple", b"relaxed"})


class ProofState(Enum):
    """What is known of a mail's origin."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"  # the key could not be had now: a later try may tell


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a mail's signatures.

    reason: a clause on the signature that decided; safe to show. domain, selector: its `d=` and `s=`, empty where no
    signature is the organization's. key: its key record as DNS has it, not yet fit to show; empty where none was seen.
    """

    state: ProofState
    reason: str
    domain: str = ""
    selector: str = ""
    key: str = ""


class NoVerifier(Exception):
    """dkimpy is not installed; the text is the way to have it."""


class _Refused(Exception):
    """Nothing is proven by this mail or signature; the text is the reason."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """A DKIM-Signature field as it stands in the mail, and its tags. domain: `d=`."""

    field: tuple[bytes, bytes]
    tags: dict[bytes, bytes]
    domain: Name


class Keys:
    """The keys of one run: each is asked for once, and nobody once DNS is away, so that a run without it ends soon.

    ask: a look-up by name and type, as `Resolver.ask`.
    """

    def __init__(self, ask: Callable[[str, str], Awaitable[Lookup]]) -> None:
        self._ask = ask
        self._kept: dict[str, Lookup] = {}
        self._timeouts = 0  # in a row

    async def get(self, name: str) -> Lookup:
        """The TXT records of a name."""
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        if self._timeouts >= TIMEOUTS:
            return Lookup(name, "TXT", LookupStatus.TIMEOUT, detail=f"not asked after {TIMEOUTS} time-outs in a row")
        lookup = await self._ask(name, "TXT")
        self._timeouts = self._timeouts + 1 if lookup.status is LookupStatus.TIMEOUT else 0
        if len(self._kept) >= KEYS:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = lookup
        return lookup


class Prover:
    """`prove` for a thread without an event loop: one run with its keys, and its own resolver. Close it at the end.

    Raises NoVerifier.
    """

    def __init__(self, settings: Internet) -> None:
        if find_spec("dkim") is None:
            raise NoVerifier("pip install 'strictmx[receive]'")
        self._runner = asyncio.Runner()
        self._resolver = Resolver(settings)
        self._keys = Keys(self._resolver.ask)

    def prove(self, mail: bytes, submitter: str, at: datetime) -> Proof:
        """As the function `prove`. Raises LocalFault."""
        return self._runner.run(prove(mail, submitter, self._keys, at))

    def close(self) -> None:
        """Give sockets and loop back."""
        self._runner.run(self._resolver.__aexit__())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def prove(mail: bytes, submitter: str, keys: Keys, at: datetime) -> Proof:
    """Whether a mail bears a valid signature of its submitter's organization (RPT-33, RPT-36).

    mail: as it was received, CRLF or LF. submitter: the domain that the report is from. at: when the mail was
    received, with a time zone; a signature may expire (RFC 6376 section 3.5, `x=`). Takes about 2 ms of CPU, for a
    hostile mail a few seconds, so that a loop with other work wants a `Prover` in a thread.
    Never raises on content; raises LocalFault.
    """
    try:
        organization = organizational_domain(Name.parse(submitter))
        opened, body = _open(mail)
        _check_sender(opened, organization)
        signatures = _signatures(opened, organization)
    except (InvalidName, _Refused) as error:
        return Proof(ProofState.UNPROVEN, str(error))
    proofs = []
    for signature in signatures[:SIGNATURES]:
        proof = await _try(opened, body, signature, keys, at)
        if proof.state is ProofState.PROVEN:
            return proof
        proofs.append(proof)
    return next((proof for proof in proofs if proof.state is ProofState.UNKNOWN), proofs[0])


def _open(mail: bytes) -> tuple[DKIM, bytes]:
    """The header as dkimpy reads it, so that it is read in one way only, and the body, which waits."""
    import dkim  # with dnspython 180 ms, paid by who has a mail

    if len(mail) > MAIL_OCTETS:
        raise _Refused(f"it is longer than {MAIL_OCTETS} octets")
    end = _HEADER_END.search(mail, 0, HEADER_OCTETS)
    if end is None and len(mail) > HEADER_OCTETS:
        raise _Refused(f"its header is longer than {HEADER_OCTETS} octets")
    length = end.end() if end is not None else len(mail)
    try:
        opened = dkim.DKIM(mail[:length], tlsrpt=True)
    except (dkim.MessageFormatError, IndexError) as error:  # IndexError: the first line continues none
        raise _Refused("its header cannot be read") from error
    if len(opened.headers) > HEADER_FIELDS:
        raise _Refused(f"its header has more than {HEADER_FIELDS} fields")
    return opened, mail[length:]


def _check_sender(opened: DKIM, organization: Name) -> None:
    senders = [value for name, value in opened.headers if name.lower() == b"from"]
    if len(senders) != 1:
        raise _Refused("it has no From" if not senders else "it has more than one From")
    try:
        addresses = getaddresses([senders[0].decode("utf-8", errors="replace")])
    except RecursionError:  # comments within comments
        addresses = []
    domains = [address.rpartition("@")[2] for _, address in addresses]
    if not domains or not all(_is_of(domain, organization) for domain in domains):
        raise _Refused(f"its From, {_shown(', '.join(domains) or 'nobody')}, is none of {organization}")


def _signatures(opened: DKIM, organization: Name) -> list[_Signature]:
    """The signatures of the organization, one at least."""
    from dkim.util import InvalidTagValueList, parse_tag_value

    found: list[_Signature] = []
    others = ""
    for name, value in opened.headers:
        if name.lower() != b"dkim-signature":
            continue
        others = others or "which cannot be read"
        if len(value) > SIGNATURE_OCTETS:
            continue
        try:
            tags = parse_tag_value(value)
            domain = Name.parse(tags[b"d"].decode("ascii"))
        except (InvalidTagValueList, KeyError, ValueError):
            continue
        if _is_of(domain, organization):
            found.append(_Signature((name, value), tags, domain))
        else:
            others = f"of {_shown(domain)}"
    if not found:
        raise _Refused(f"it has no signature of {organization}, but one {others}" if others else "it is not signed")
    return found


async def _try(opened: DKIM, body: bytes, signature: _Signature, keys: Keys, at: datetime) -> Proof:
    """What one signature proves."""
    selector = record = ""
    domain = signature.domain
    try:
        _check_tags(signature.tags, domain, at)
        selector = _selector(signature.tags)
        lookup = await keys.get(f"{selector}._domainkey.{domain}")
        if lookup.failed:
            said = f"its key {lookup.name} could not be had: {lookup.status.value}"
            return Proof(ProofState.UNKNOWN, said, domain, selector)
        reading = keys_of_dkim.read(lookup.records, keys_of_dkim.REPORT_MAIL)
        record = reading.candidates[0][:KEY_CHARACTERS] if reading.candidates else ""
        _check_key(reading, lookup.name)
        _verify(opened, body, signature, reading.octets)
    except _Refused as error:
        return Proof(ProofState.UNPROVEN, str(error), domain, selector, record)
    return Proof(ProofState.PROVEN, f"it is signed by {domain}, selector {selector}", domain, selector, record)


def _check_tags(tags: dict[bytes, bytes], domain: Name, at: datetime) -> None:
    """The rules that a signature must keep before a key is asked for (RFC 6376 sections 3.5 and 6.1.1)."""
    if not tags.keys() >= _NEEDED or tags[b"v"] != b"1":
        raise _Refused("its signature lacks a tag that RFC 6376 wants")
    if tags[b"a"] == b"ed25519-sha256":
        raise _Refused("its signature is Ed25519, which cannot be verified here")
    if tags[b"a"] != b"rsa-sha256":
        raise _Refused("its signature uses an algorithm other than rsa-sha256 (RFC 8301)")
    if b"l" in tags:
        raise _Refused("its signature leaves the end of the body open (l=), which RFC 8460 forbids")
    if b"from" not in _signed_fields(tags):
        raise _Refused("its signature leaves out From")
    expires = tags.get(b"x")
    if expires is not None and not (expires.isdigit() and len(expires) <= 12 and int(expires) >= at.timestamp()):  # noqa: PLR2004
        raise _Refused("its signature had expired (x=)")
    identity = tags.get(b"i", b"@" + domain.encode()).lower().rpartition(b"@")[2]
    if not (b"." + identity).endswith(b"." + domain.encode()):
        raise _Refused("its signature names an identity (i=) outside its domain")


def _selector(tags: dict[bytes, bytes]) -> Name:
    try:
        return Name.parse(tags[b"s"].decode("ascii"))
    except ValueError as error:  # InvalidName, UnicodeDecodeError
        raise _Refused("its signature names a selector that cannot be one") from error


def _signed_fields(tags: dict[bytes, bytes]) -> list[bytes]:
    return [name.strip().lower() for name in tags[b"h"].split(b":")]


def _check_key(reading: keys_of_dkim.Reading, name: str) -> None:
    said = {
        Fault.MISSING: f"there is no key at {name}",
        Fault.MULTIPLE: f"there is more than one key at {name}",
        Fault.REVOKED: f"the key {name} is revoked",
        Fault.TOO_SHORT: f"the key {name} has {reading.bits} bits only (RFC 8301)",
        Fault.INVALID: f"the key {name} is invalid: {escaped(reading.detail)}",
    }
    if reading.fault is not None:
        raise _Refused(said[reading.fault])
    if reading.key != "rsa":
        raise _Refused(f"the key {name} is none for RSA")
    if len(reading.candidates[0]) > KEY_CHARACTERS or (reading.bits or 0) > MOST_BITS:
        raise _Refused(f"the key {name} is longer than {MOST_BITS} bits")


def _verify(opened: DKIM, body: bytes, signature: _Signature, key: bytes) -> None:
    import dkim

    tags = signature.tags
    fields, _, form = tags.get(b"c", b"simple").partition(b"/")
    if form not in _BODY_FORMS:
        raise _Refused("its signature names a canonicalization that nobody knows")
    opened.body = _canonical(body, relaxed=form == b"relaxed")
    tags = tags | {b"c": fields + b"/simple"}
    record = b"p=" + base64.b64encode(key)  # without `s=`, of which dkimpy reads no list
    try:
        valid = opened.verify_sig(tags, _signed_fields(tags), signature.field, lambda *_, **__: record)
    except dkim.ValidationError as error:
        changed = f"its body is not what {signature.domain} signed, as after a gateway has added a banner"
        raise _Refused(changed) from error
    except (dkim.DKIMException, ValueError) as error:
        raise _Refused("its signature cannot be read") from error
    if not valid:
        raise _Refused(f"its signature is not by the key of {signature.domain}, or its header was changed")


def _canonical(body: bytes, *, relaxed: bool) -> bytes:
    """A body with the line ends and, if relaxed, the blanks of RFC 6376 section 3.4.4; dkimpy strips its empty lines.

    dkimpy's own way takes time quadratic in a run of blanks, memory for each word, and a step for each empty line.
    """
    body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if relaxed:
        body = body.replace(b"\t", b" ")
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(_EMPTY_LINES, 0, end):
        end -= len(_EMPTY_LINES)
    return body[:end]


def _is_of(domain: str, organization: Name) -> bool:
    try:
        return organizational_domain(Name.parse(domain)) == organization
    except InvalidName:
        return False


def _shown(text: str) -> str:
    return escaped(text[:100])


def received_at(mail: bytes, now: datetime) -> datetime:
    """When a mail was received: as its topmost Received field says, else `now`. A signature is judged as of then."""
    field = _RECEIVED.search(mail, 0, HEADER_OCTETS)
    if field is None:
        return now
    try:
        at = parsedate_to_datetime(field[1].rpartition(b";")[2].decode("ascii", "replace").strip())
        return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)
    except (ValueError, OverflowError):
        return now
