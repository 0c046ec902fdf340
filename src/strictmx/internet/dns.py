"""The resolver that everything asks: a name and a type in, a `Lookup` out, never an exception for what others do.

It is a stub: recursion and validation are the nameservers' work. AD is believed only from a server on loopback that is
not systemd-resolved's stub, or from one that the configuration lists (DANE-01). Chosen where the text is open: servers
are asked in the order given, starting with the one that answered last, and a validator's verdict of bogus ends the
question, since another server's opinion must not undo it. Bogus is what an extended error says (RFC 8914), or a
question that fails but is answered with checking disabled.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from strictmx.findings.observation import Lookup, LookupStatus
from strictmx.internet import plain
from strictmx.internet.message import Form, Message, UnaskableName
from strictmx.internet.nameservers import Carrier, NoAnswer, NotDns, Question, Server, is_loopback
from strictmx.internet.once import Once

if TYPE_CHECKING:
    from strictmx.config import Internet

QUESTION_SECONDS = 5.0  # one question, all servers and repetitions together
ATTEMPT_SECONDS = 1.5  # one server, one try: three tries fit when there is one server
LOOKUP_SECONDS = 10.0  # one look-up with all steps of its alias chain
CNAME_HOPS = 8  # DANE-05: a chain longer than this is taken for a loop
CACHE_ENTRIES = 20_000  # about 20 MB of answers
LEAST_SECONDS, MOST_SECONDS = 5.0, 86_400.0  # how long an answer is remembered, whatever its TTL
FAILURE_SECONDS = 5.0  # a failure is remembered no longer than it takes to look at one domain
CONCURRENT = 1_000  # questions under way at once, so that a long list does not flood the nameserver

RESOLV_CONF = Path("/etc/resolv.conf")
RESOLV_CONF_SERVERS = 3  # resolv.conf(5): more are ignored
FORWARDING_STUBS = frozenset({"127.0.0.53", "127.0.0.54"})  # systemd-resolved: its AD says little of who validated

# Which failure to tell when the servers failed in different ways: what a server said before what it did not
_TELLING = (LookupStatus.TIMEOUT, LookupStatus.MALFORMED, LookupStatus.REFUSED, LookupStatus.SERVFAIL)


class _Outcome(msgspec.Struct, frozen=True):
    """How one question ended at one server. message is None for failures; again: the same server may do better."""

    status: LookupStatus
    detail: str = ""
    message: Message | None = None
    secure: bool = False
    again: bool = False
    believed: bool = True  # of the server that answered; where none did, nothing is to be doubted


class Answer(msgspec.Struct, frozen=True):
    """A look-up, whether its servers are believed to validate, and when it was made (loop clock)."""

    lookup: Lookup
    believed: bool
    at: float


class Resolver:
    """Look-ups through the configured nameservers, each (name, type) asked once while its answer lives.

    concurrent: look-ups under way at once, each with one question at a time. Use it as an async context manager: it
    owns the sockets and the questions under way.
    """

    def __init__(self, settings: Internet, *, concurrent: int = CONCURRENT) -> None:
        self._servers = servers(settings)
        self._carrier = Carrier()
        self._once: Once[Answer] = Once(CACHE_ENTRIES)
        self._room = asyncio.Semaphore(concurrent)
        self._first = 0  # the server that answered last

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._once.close()
        await self._carrier.close()

    @property
    def may_validate(self) -> bool:
        """Whether any of the servers is one whose AD bit is believed."""
        return any(server.believed for server in self._servers)

    async def ask(self, name: str, rdtype: str) -> Lookup:
        """The records of `name`, as `answer` gives them, without the word on who answered."""
        return (await self.answer(name, rdtype)).lookup

    async def answer(self, name: str, rdtype: str) -> Answer:
        """The records of `name`, and whether the servers that gave them are believed.

        Ends within LOOKUP_SECONDS, and one more attempt in search of bogus, once there is room for it; waiting for room
        is no fault of the nameservers.
        name: as in text, any case; what DNS cannot ask for is MALFORMED. rdtype: A, AAAA, MX, TXT, TLSA, CAA or CNAME;
        aliases are followed for all but CNAME. A remembered answer has the rest of its TTL. Raises LocalFault, and
        nothing else but cancellation.
        """
        key = (name.removesuffix(".").lower(), rdtype)
        answer = await self._once.get(key, lambda: self._look_up(*key), _lifetime)
        age = int(asyncio.get_running_loop().time() - answer.at)
        if not age or answer.lookup.ttl is None:
            return answer
        lookup = msgspec.structs.replace(answer.lookup, ttl=max(0, answer.lookup.ttl - age))
        return Answer(lookup, believed=answer.believed, at=answer.at)

    async def _look_up(self, name: str, rdtype: str) -> Answer:
        believed = True
        try:
            async with self._room:
                lookup, believed = await self._follow(name, rdtype)
        except UnaskableName as error:
            lookup = Lookup(name, rdtype, LookupStatus.MALFORMED, detail=str(error))
        return Answer(lookup, believed=believed, at=asyncio.get_running_loop().time())

    async def _follow(self, name: str, rdtype: str) -> tuple[Lookup, bool]:
        """Ask, and ask on at the alias's target where a server gave a part of the chain only.

        With the look-up comes whether all servers that answered are believed.
        """
        deadline = asyncio.get_running_loop().time() + LOOKUP_SECONDS
        cnames: list[str] = []
        secure, believed, ttls, details = True, True, [], []
        while True:
            current = cnames[-1] if cnames else name
            outcome = await self._exchange(_question(current, rdtype), deadline)
            if outcome.detail:
                details.append(outcome.detail)
            believed = believed and outcome.believed
            found = outcome.message.part if outcome.message is not None else None
            if found is None:
                failed = Lookup(name, rdtype, outcome.status, cnames=tuple(cnames), detail="; ".join(details))
                return failed, believed
            secure = secure and outcome.secure
            ttls += [] if found.ttl is None else [found.ttl]
            seen = {name, *cnames}
            for target in found.cnames:
                looped = target in seen or len(cnames) >= CNAME_HOPS
                if looped:
                    words = "returns to itself" if target in seen else f"is longer than {CNAME_HOPS} names"
                    details.append(f"the alias chain {words}")
                    detail = "; ".join(details)
                    return Lookup(name, rdtype, LookupStatus.CNAME_LOOP, cnames=tuple(cnames), detail=detail), believed
                cnames.append(target)
                seen.add(target)
            if found.unreadable:
                details.append(f"{found.unreadable} records cannot be read")
            if found.left_out:
                details.append(f"{found.left_out} more records are left out")
            if found.final:
                break
        if found.records:
            status = LookupStatus.ANSWER
        elif found.unreadable:
            status = LookupStatus.MALFORMED
        else:
            status = LookupStatus.NXDOMAIN if found.nxdomain else LookupStatus.NODATA
        lookup = Lookup(
            name,
            rdtype,
            status,
            records=found.records,
            cnames=tuple(cnames),
            secure=secure and status is not LookupStatus.MALFORMED,
            ttl=min(ttls, default=None),
            detail="; ".join(details),
        )
        return lookup, believed

    async def _exchange(self, asked: Question, deadline: float) -> _Outcome:
        """One question, tried at the servers in turn until one answers or QUESTION_SECONDS are over.

        deadline: loop clock; no attempt outlasts it.
        """
        loop = asyncio.get_running_loop()
        deadline = min(deadline, loop.time() + QUESTION_SECONDS)
        count = len(self._servers)
        turn = [(self._first + offset) % count for offset in range(count)]
        told = _Outcome(LookupStatus.TIMEOUT, "no nameserver answered")
        while turn:
            again = []
            for index in turn:
                left = deadline - loop.time()
                if left <= 0:
                    return told
                outcome = await self._attempt(self._servers[index], asked, min(ATTEMPT_SECONDS, left))
                if outcome.message is not None or outcome.status is LookupStatus.BOGUS:
                    self._first = index
                    return outcome
                if _TELLING.index(outcome.status) >= _TELLING.index(told.status):
                    told = outcome
                if outcome.again:
                    again.append(index)
            turn = again
        return told

    async def _attempt(self, server: Server, asked: Question, seconds: float) -> _Outcome:
        """One question to one server: UDP, TCP where the answer did not fit, and the search for bogus."""
        try:
            async with asyncio.timeout(seconds):
                message = await self._message(server, asked)
                if message.failure is LookupStatus.SERVFAIL and not message.says_bogus:
                    # A resolver that was let down itself often knows the second time; only then is it a failure.
                    message = await self._message(server, asked)
                if message.failure is None:
                    secure = message.authentic and server.believed
                    return _Outcome(
                        LookupStatus.ANSWER, message.detail, message, secure=secure, believed=server.believed
                    )
        except TimeoutError:
            return _Outcome(LookupStatus.TIMEOUT, f"no answer from {server}", again=True)
        except NoAnswer as error:
            return _Outcome(LookupStatus.TIMEOUT, f"no answer from {server}: {error}")
        except NotDns as error:
            return _Outcome(LookupStatus.MALFORMED, f"{server}: {error}")
        if message.failure is LookupStatus.SERVFAIL:
            if message.says_bogus:
                return _Outcome(LookupStatus.BOGUS, message.detail, believed=server.believed)
            if await self._answered_unchecked(server, asked):
                said = f"{message.detail}; answered with checking disabled"
                return _Outcome(LookupStatus.BOGUS, said, believed=server.believed)
        return _Outcome(message.failure, "; ".join(filter(None, (message.detail, f"from {server}"))))

    async def _answered_unchecked(self, server: Server, asked: Question) -> bool:
        """Whether the server answers the question that it failed on once it need not validate (CD)."""
        unchecked = _question(asked.name, asked.type, Form.UNCHECKED)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return (await self._message(server, unchecked)).failure is None
        except (TimeoutError, NoAnswer, NotDns):
            return False

    async def _message(self, server: Server, asked: Question) -> Message:
        message = _read(await self._carrier.udp(server, asked), asked)
        if message.refuses_edns:
            asked = _question(asked.name, asked.type, Form.PLAIN)
            message = _read(await self._carrier.udp(server, asked), asked)
        if message.truncated:
            message = _read(await self._carrier.tcp(server, asked), asked)
        return message


def _question(name: str, rdtype: str, form: Form = Form.USUAL) -> Question:
    """The query for a name. Raises UnaskableName."""
    asked = plain.question(name, rdtype, form)
    if asked is None:
        from strictmx.internet import answers  # dnspython costs 150 ms, paid by what is not plain

        asked = answers.question(name, rdtype, form)
    return asked


def _read(data: bytes, asked: Question) -> Message:
    """The answer to a question. Raises NotDns."""
    message = plain.read(data, asked)
    if message is None:
        from strictmx.internet import answers

        message = answers.read(data, asked)
    return message


def servers(settings: Internet) -> tuple[Server, ...]:
    """The nameservers to ask: those of the configuration, else of resolv.conf, else the one on this machine."""
    trusted = {_canonical(address) for address in settings.validating}
    chosen = [(endpoint.host, endpoint.port) for endpoint in settings.nameservers]
    if not chosen:
        chosen = [(address, 53) for address in _system_nameservers()] or [("127.0.0.1", 53)]
    return tuple(
        Server(host, port, believed=_canonical(host) in trusted or (is_loopback(host) and host not in FORWARDING_STUBS))
        for host, port in chosen
    )


def _system_nameservers() -> list[str]:
    try:
        lines = RESOLV_CONF.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"][:RESOLV_CONF_SERVERS]


def _canonical(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address.lower()


def _lifetime(answer: Answer) -> float:
    """How long an answer is remembered, seconds."""
    lookup = answer.lookup
    if lookup.failed:
        return FAILURE_SECONDS
    return min(max(float(lookup.ttl or 0), LEAST_SECONDS), MOST_SECONDS)
