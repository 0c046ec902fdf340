"""What was seen of this installation as checks, in a fixed order. Pure, and without words: they stand in `words`.

One cause is told once: what could not be tested because of it says so in half a sentence and names the check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from strictmx.config.settings import SYSTEM_FILE
from strictmx.findings.observation import FetchStage, Lookup, LookupStatus, Probe, ProbeStage
from strictmx.findings.words import duration, listed
from strictmx.internet.dns import FORWARDING_STUBS
from strictmx.internet.local import KEPT, LEAST
from strictmx.roles.doctor import words
from strictmx.roles.doctor.result import Check, Said
from strictmx.roles.doctor.seen import FileSeen, Seen, ServerSeen, Use, WebSeen

CLOCK_SECONDS = 300.0  # what is tolerated: Kerberos allows as much, and certificates are dated back by more

_MUTE = frozenset({ProbeStage.SILENT, ProbeStage.CLOSED, ProbeStage.NOT_SMTP})
_ANSWERED = frozenset({LookupStatus.ANSWER, LookupStatus.NODATA})
_REFUSED = frozenset({LookupStatus.BOGUS, LookupStatus.SERVFAIL})
_WORST_FIRST = (  # of several name servers the worst is told
    words.DNSSEC_LIES,
    words.DNSSEC_ALL_BOGUS,
    words.DNSSEC_OFF,
    words.DNSSEC_HIDDEN,
    words.DNSSEC_STUB,
    words.DNSSEC_FAR,
    words.DNSSEC_UNCLEAR,
    words.DNSSEC_WORKS,
)


def judge(seen: Seen) -> tuple[Check, ...]:
    """A check for each thing looked at, the same ones in the same order every time."""
    return (
        _port_25(seen),
        _family("ipv6", seen, routed=seen.ipv6, missing=words.IPV6_MISSING),
        _family("ipv4", seen, routed=seen.ipv4, missing=words.IPV4_MISSING),
        _dns(seen),
        _dnssec(seen),
        _https(seen),
        _clock(seen),
        _trust(seen),
        _configuration(seen),
        _data(seen),
        *_files(seen),
        _open_files(seen),
        _program(seen),
        *_extras(seen),
    )


def _untested(check: str, *reasons: str) -> Check:
    """The first reason that holds; when none does, the look ended too early."""
    return words.UNTESTED(check, why=next(filter(None, reasons), words.CUT_SHORT))


def _cause(seen: Seen) -> str:
    """What keeps everything beyond this machine from being tested; empty where nothing does."""
    if seen.faults:
        return words.NO_CONFIGURATION
    return words.NO_DNS if seen.servers and not any(map(_gives_answers, seen.servers)) else ""


def _written(seen: Seen) -> str:
    """The configuration that a mend speaks of."""
    return str(seen.configuration or SYSTEM_FILE)


def _port_25(seen: Seen) -> Check:
    sessions = [(mail.host, probe) for mail in seen.mail for probe in mail.probes]
    sessions = [(host, probe) for host, probe in sessions if probe.stage is not ProbeStage.CUT_OFF]
    if not sessions:
        return _untested("port-25", _cause(seen), words.NO_ADDRESS if seen.mail else "")
    evidence = "; ".join(f"{host} {probe.address} {_stage(probe)}" for host, probe in sessions)
    spoke = {host: probe for host, probe in sessions if _speaks(probe)}
    if spoke:
        stripped = all(probe.stage is ProbeStage.NO_STARTTLS for probe in spoke.values())
        said = words.PORT_STRIPPED if stripped else words.PORT_OPEN
        return said("port-25", evidence, hosts=_hosts(spoke))
    if any(probe.connected for _, probe in sessions):
        said = words.PORT_SILENT
    elif any(probe.stage is ProbeStage.CONNECT_REFUSED for _, probe in sessions):
        said = words.PORT_REFUSED
    else:
        said = words.PORT_BLOCKED
    return said("port-25", evidence, hosts=_hosts(host for host, _ in sessions), port=str(seen.smtp_port))


def _speaks(probe: Probe) -> bool:
    """Whether there is an SMTP server at the other end, whatever it says."""
    return probe.connected and probe.stage not in _MUTE


def _stage(probe: Probe) -> str:
    return ": ".join(filter(None, (probe.stage.value, probe.reply or probe.detail)))


def _family(check: str, seen: Seen, *, routed: bool | None, missing: Said) -> Check:
    """The route of one address family, and whether port 25 is closed for it alone."""
    if routed is None or (not seen.ipv4 and not seen.ipv6 and _cause(seen)):
        return _untested(check, _cause(seen))
    if not routed:
        return missing(check)
    probes = [probe for mail in seen.mail for probe in mail.probes]
    own = [_speaks(probe) for probe in probes if (":" in probe.address) == (check == "ipv6")]
    names = {"ipv4": "IPv4", "ipv6": "IPv6"}
    if own and not any(own) and any(map(_speaks, probes)):
        (other,) = names.keys() - {check}
        return words.FAMILY_BLOCKED(check, family=names[check], other=names[other], port=str(seen.smtp_port))
    said = words.FAMILY_WORKS if any(own) else words.FAMILY_ROUTED
    return said(check, family=names[check])


def _gives_answers(one: ServerSeen) -> bool:
    """Whether the server resolves anything; that it refuses what is bogus is an answer, too."""
    return any(lookup.status in _ANSWERED or lookup.status is LookupStatus.BOGUS for lookup in one.signed + one.bogus)


def _dns(seen: Seen) -> Check:
    if seen.faults or not seen.servers:
        return _untested("dns", _cause(seen))
    good = [one for one in seen.servers if _gives_answers(one)]
    failing = [one for one in seen.servers if one not in good]
    facts = {
        "servers": _servers(good),
        "failing": _servers(failing),
        "source": seen.nameservers_from or _written(seen),
        "configuration": _written(seen),
        "status": "",
    }
    if not failing:
        return words.DNS_WORKS("dns", **facts)
    facts["status"] = words.STATUS[failing[0].signed[0].status]
    evidence = "; ".join(
        f"{one.server}: {lookup.detail or lookup.status.value}" for one in failing for lookup in one.signed
    )
    if good:
        return words.DNS_PARTLY("dns", evidence, **facts)
    mute = all(_is_mute(one) for one in failing)
    said = words.DNS_BROKEN_HERE if mute else words.DNS_BROKEN
    if all(lookup.status is LookupStatus.NXDOMAIN for one in failing for lookup in one.signed):
        said = words.DNS_LOCAL
    return (said if seen.ipv4 or seen.ipv6 else words.DNS_OFFLINE)("dns", evidence, **facts)


def _is_mute(one: ServerSeen) -> bool:
    """Whether it is a resolver of this machine that does not run; a forwarder answers for others."""
    silent = all(lookup.status is LookupStatus.TIMEOUT for lookup in one.signed)
    return silent and one.server.is_loopback and one.server.address not in FORWARDING_STUBS


def _dnssec(seen: Seen) -> Check:
    found = [(_validation(one), one) for one in seen.servers if _gives_answers(one)]
    if not found:
        return _untested("dnssec", _cause(seen))
    said = min((said for said, _ in found), key=_WORST_FIRST.index)
    those = [one for each, one in found if each is said]
    first = those[0]
    shown = first.signed if said is words.DNSSEC_ALL_BOGUS else first.bogus
    if said is words.DNSSEC_UNCLEAR:
        shown = tuple(lookup for lookup in first.signed + first.bogus if lookup.failed)
    elif said is not words.DNSSEC_ALL_BOGUS:
        shown = tuple(lookup for lookup in shown if lookup.status in _ANSWERED)
    shown = shown or first.signed + first.bogus
    validated = any(each is words.DNSSEC_WORKS for each, _ in found)
    return said(
        "dnssec",
        "; ".join(f"{lookup.name} {_lookup(lookup)}" for lookup in first.signed + first.bogus),
        servers=_servers(those),
        names=listed([lookup.name for lookup in shown]),
        dane=words.DANE_PARTLY if validated else words.DANE_OFF,
        configuration=_written(seen),
        hosts=", ".join(f'"{one.server.address}"' for one in those),
    )


def _validation(one: ServerSeen) -> Said:
    """What a name server does about DNSSEC. Of the bogus names one may be down, or use what is out of fashion."""
    marked = any(lookup.secure for lookup in one.signed)
    refused = any(lookup.status in _REFUSED for lookup in one.bogus)
    answered = any(lookup.status in _ANSWERED for lookup in one.bogus)
    if all(lookup.status is LookupStatus.BOGUS for lookup in one.signed):
        return words.DNSSEC_ALL_BOGUS
    claims = marked or any(lookup.secure for lookup in one.bogus)
    if one.server.believed and claims and answered and not refused:  # where one is refused, the other was repaired
        return words.DNSSEC_LIES
    if answered and not refused:
        return words.DNSSEC_OFF
    if not refused or all(lookup.failed for lookup in one.signed):
        return words.DNSSEC_UNCLEAR
    if not marked:
        return words.DNSSEC_HIDDEN
    if one.server.believed:
        return words.DNSSEC_WORKS
    return words.DNSSEC_STUB if one.server.is_loopback else words.DNSSEC_FAR


def _lookup(lookup: Lookup) -> str:
    marked = " AD" if lookup.secure else ""
    return f"{lookup.status.value}{marked}" + (f" ({lookup.detail})" if lookup.detail else "")


def _https(seen: Seen) -> Check:
    tried = [web for web in seen.web if web.fetch is not None]
    if not tried:
        return _untested("https", _cause(seen), words.NO_ADDRESS if seen.web else "")
    evidence = "; ".join(f"{web.host} {_fetch(web)}" for web in tried)
    answering = [web.host for web in tried if _answered(web)]
    if answering:
        return words.HTTPS_WORKS("https", evidence, hosts=_hosts(answering))
    hosts = _hosts(web.host for web in tried)
    return words.HTTPS_BROKEN("https", evidence, hosts=hosts, port=str(seen.https_port))


def _answered(web: WebSeen) -> bool:
    return web.fetch is not None and web.fetch.status is not None


def _fetch(web: WebSeen) -> str:
    if web.fetch is None or web.fetch.stage is FetchStage.DONE:
        return f"status {web.fetch.status}" if web.fetch else ""
    return ": ".join(filter(None, (web.fetch.stage.value, web.fetch.detail)))


def _clock(seen: Seen) -> Check:
    ahead = {web.host: web.ahead for web in seen.web if web.ahead is not None}
    if not ahead:
        return _untested(
            "clock",
            _cause(seen),
            words.NO_DATE if any(map(_answered, seen.web)) else "",
            words.NO_HTTPS if seen.web else "",
        )
    evidence = "; ".join(f"{host} {seconds:+.0f} s" for host, seconds in ahead.items())
    seconds = min(ahead.values(), key=abs)
    if max(ahead.values()) - min(ahead.values()) > CLOCK_SECONDS:
        said = words.CLOCK_UNCLEAR
    elif abs(seconds) <= CLOCK_SECONDS:
        said = words.CLOCK_WORKS
    else:
        said = words.CLOCK_AHEAD if seconds > 0 else words.CLOCK_BEHIND
    return said("clock", evidence, hosts=_hosts(ahead), distance=duration(round(abs(seconds))))


def _trust(seen: Seen) -> Check:
    trust = seen.trust
    if trust is None:
        return _untested("trust", _cause(seen))
    source = words.TRUST_SYSTEM if seen.trust_source == "system" else seen.trust_source
    facts = {"count": str(trust.anchors), "source": source, "configuration": _written(seen)}
    if trust.error and not trust.path:
        return words.TRUST_NOT_INSTALLED("trust", trust.error)
    if trust.error or not trust.anchors:
        reason = f"{trust.path}: {trust.error}" if trust.error else f"{source}: {words.TRUST_NO_ROOT}"
        return words.TRUST_EMPTY("trust", reason=reason, **facts)
    evidence = "; ".join(f"{web.host}: {web.distrusted}" for web in seen.web if web.distrusted)
    judged = [web for web in seen.web if web.distrusted is not None]
    if judged and all(web.distrusted for web in judged):
        hosts = [web.host for web in judged]
        return words.TRUST_FOREIGN(
            "trust", evidence, hosts=_hosts(hosts), host=hosts[0], port=str(seen.https_port), **facts
        )
    return words.TRUST_WORKS("trust", evidence, **facts)


def _configuration(seen: Seen) -> Check:
    if not seen.faults:
        said = words.CONFIGURATION_READ if seen.configuration else words.CONFIGURATION_NONE
        return said("configuration", path=_written(seen))
    if not any(fault.line or fault.key for fault in seen.faults):
        return words.CONFIGURATION_UNREADABLE(
            "configuration", path=_written(seen), fault=seen.faults[0].text, user=seen.user
        )
    lines = [
        ": ".join(filter(None, (words.LINE.format(line=fault.line) if fault.line else "", fault.key, fault.text)))
        for fault in seen.faults
    ]
    count = words.ONE_FAULT if len(lines) == 1 else words.FAULTS.format(count=len(lines))
    return words.CONFIGURATION_BROKEN("configuration", path=_written(seen), count=count, lines=tuple(lines))


def _data(seen: Seen) -> Check:
    data = seen.data
    if data is None:
        return _untested("data", _cause(seen))
    if data.path is None:
        said = words.DATA_BROKEN_HOMELESS if data.needed else words.DATA_WARNING_HOMELESS
    elif data.problem:
        said = words.DATA_BROKEN if data.needed else words.DATA_WARNING
    else:
        said = words.DATA_WORKS if data.exists else words.DATA_TO_COME
    return said(
        "data",
        path=str(data.path),
        user=seen.user,
        problem=data.problem,
        consequence=words.DATA_NEEDED if data.needed else words.DATA_NOT_NEEDED,
        configuration=_written(seen),
    )


def _files(seen: Seen) -> Iterator[Check]:
    """A check for each file that is at fault, or one for all."""
    if seen.faults:
        yield _untested("files", _cause(seen))
        return
    wrong = [_file(one, seen) for one in seen.files if one.problem or (one.shared and one.use is Use.SECRET)]
    yield from wrong
    if not wrong:
        keys = listed([f"`{one.key}`" for one in seen.files])
        yield (words.FILES_WORK if keys else words.FILES_NONE)("files", user=seen.user, keys=keys)


def _file(one: FileSeen, seen: Seen) -> Check:
    said = words.FILE_SHARED
    if one.problem:
        said = words.SOCKET_BROKEN if one.use is Use.SOCKET else words.FILE_BROKEN
    return said(
        "files",
        user=seen.user,
        key=one.key,
        path=str(one.path),
        problem=one.problem,
        configuration=_written(seen),
    )


def _open_files(seen: Seen) -> Check:
    said = words.OPEN_FILES_WORK if seen.files_limit >= KEPT + LEAST else words.OPEN_FILES_FEW
    return said("open-files", limit=str(seen.files_limit), least=str(KEPT + LEAST))


def _program(seen: Seen) -> Check:
    return (words.PROGRAM_WORKS if seen.old_tls else words.PROGRAM_NO_OLD_TLS)(
        "program", versions=", ".join(seen.versions)
    )


def _extras(seen: Seen) -> Iterator[Check]:
    """The optional parts, where this release has any."""
    if seen.extras:
        installed = listed([name for name, there in seen.extras.items() if there]) or words.NONE
        missing = listed([name for name, there in seen.extras.items() if not there]) or words.NONE
        yield words.EXTRAS_WORK("extras", installed=installed, missing=missing)


def _servers(some: Sequence[ServerSeen]) -> str:
    return listed([str(one.server) for one in some])


def _hosts(names: Iterable[str]) -> str:
    """Each host once."""
    return listed(list(dict.fromkeys(names)))
