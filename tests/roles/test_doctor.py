"""What `doctor` makes of what it saw: each case of each check, and one cause told once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strictmx.config import Fault
from strictmx.findings.observation import Fetch, FetchStage, Lookup, LookupStatus, Probe, ProbeStage
from strictmx.internet.nameservers import Server
from strictmx.roles.doctor import asked, words
from strictmx.roles.doctor.judge import judge
from strictmx.roles.doctor.result import Check, Said, State
from strictmx.roles.doctor.seen import DataSeen, FileSeen, MailSeen, Seen, ServerSeen, TrustSeen, Use, WebSeen

HERE, FAR, STUB = "127.0.0.1", "192.0.2.53", "127.0.0.53"
ANSWER, NODATA, BOGUS = LookupStatus.ANSWER, LookupStatus.NODATA, LookupStatus.BOGUS
SERVFAIL, TIMEOUT, NXDOMAIN = LookupStatus.SERVFAIL, LookupStatus.TIMEOUT, LookupStatus.NXDOMAIN
FIRST, SECOND = asked.MX_HOSTS[:2]
WEB, OTHER_WEB = asked.POLICY_HOSTS


def lookup(name: str, status: LookupStatus, *, ad: bool = False) -> Lookup:
    return Lookup(name, "A", status, ("192.0.2.1",) if status is ANSWER else (), secure=ad)


def server(
    address: str = HERE,
    signed: tuple[LookupStatus, ...] = (ANSWER, ANSWER),
    bogus: tuple[LookupStatus, ...] = (BOGUS, BOGUS),
    *,
    ad: bool = True,
    bogus_ad: bool = False,
) -> ServerSeen:
    """A name server: what it answers for the signed and the bogus names, and for which of them it sets AD."""
    return ServerSeen(
        Server(address, 53, believed=address == HERE),
        tuple(lookup(name, status, ad=ad) for name, status in zip(asked.SIGNED, signed, strict=True)),
        tuple(lookup(name, status, ad=bogus_ad) for name, status in zip(asked.BOGUS, bogus, strict=True)),
    )


def mail(*stages: ProbeStage, v6: ProbeStage | None = None) -> list[MailSeen]:
    """Sessions with the MX hosts in their order, over IPv4, and over IPv6 where that is given."""
    more = () if v6 is None else (Probe("2001:db8::25", v6),)
    return [
        MailSeen(host, (Probe("192.0.2.25", stage), *more)) for host, stage in zip(asked.MX_HOSTS, stages, strict=False)
    ]


def web(host: str = WEB, ahead: float | None = 0.0, distrusted: str | None = "") -> WebSeen:
    return WebSeen(host, Fetch(FetchStage.DONE, "192.0.2.80", status=404), ahead, distrusted)


def silent_web(host: str) -> WebSeen:
    return WebSeen(host, Fetch(FetchStage.CONNECT_TIMEOUT, "192.0.2.80"))


def seen(**changes: Any) -> Seen:
    """A machine on which everything works, but for the changes."""
    known: dict[str, Any] = {
        "user": "mta",
        "versions": ("strictmx 1", "Python 3"),
        "old_tls": True,
        "files_limit": 4_096,
        "extras": {},
        "trust_source": "system",
        "trust": TrustSeen(anchors=140),
        "data": DataSeen(Path("/data"), exists=True),
        "nameservers_from": "/etc/resolv.conf",
        "ipv4": True,
        "ipv6": True,
        "servers": [server()],
        "mail": mail(*[ProbeStage.DONE] * 3, v6=ProbeStage.DONE),
        "web": [web(), web(OTHER_WEB)],
    }
    return Seen(**{**known, **changes})


def check(state: Seen, name: str) -> Check:
    return next(one for one in judge(state) if one.check == name)


DEAD = [server(FAR, (TIMEOUT, TIMEOUT), (TIMEOUT, TIMEOUT))]
NO_NETWORK: dict[str, Any] = {
    "servers": DEAD,
    "ipv4": False,
    "ipv6": False,
    "mail": [MailSeen(host, ()) for host in asked.MX_HOSTS],
    "web": [WebSeen(host, None) for host in asked.POLICY_HOSTS],
}
FAULTY: dict[str, Any] = {"faults": (Fault(2, "internet.x", "unknown key"), Fault(None, "store", "is a section"))}
KEY = FileSeen("report.dkim_key", Path("/k.pem"), Use.SECRET)

CASES: list[tuple[str, str, Said, dict[str, Any], str]] = [  # rule, check, what is said, what was seen, part of it
    ("", "port-25", words.PORT_OPEN, {}, f"{FIRST}, {SECOND} and {asked.MX_HOSTS[2]} answered"),
    ("", "port-25", words.PORT_OPEN, {"mail": mail(ProbeStage.CONNECT_TIMEOUT, ProbeStage.REJECTED)}, SECOND),
    ("", "port-25", words.PORT_OPEN, {"mail": mail(ProbeStage.NO_STARTTLS, ProbeStage.DONE)}, FIRST),
    ("", "port-25", words.PORT_BLOCKED, {"mail": mail(*[ProbeStage.CONNECT_TIMEOUT] * 3)}, "Port 25 is blocked"),
    ("", "port-25", words.PORT_BLOCKED, {"mail": mail(ProbeStage.CONNECT_FAILED)}, FIRST),
    ("", "port-25", words.PORT_REFUSED, {"mail": mail(ProbeStage.CONNECT_TIMEOUT, ProbeStage.CONNECT_REFUSED)}, ""),
    ("", "port-25", words.PORT_SILENT, {"mail": mail(ProbeStage.SILENT, ProbeStage.CONNECT_REFUSED)}, ""),
    ("", "port-25", words.PORT_STRIPPED, {"mail": mail(*[ProbeStage.NO_STARTTLS] * 3)}, "takes it out"),
    ("", "port-25", words.UNTESTED, {"mail": mail(ProbeStage.CUT_OFF, ProbeStage.CUT_OFF)}, words.NO_ADDRESS),
    ("", "port-25", words.UNTESTED, {"mail": []}, words.CUT_SHORT),
    ("", "ipv6", words.FAMILY_WORKS, {}, "IPv6"),
    ("", "ipv6", words.IPV6_MISSING, {"ipv6": False}, "Nothing needs doing"),
    ("", "ipv6", words.FAMILY_BLOCKED, {"mail": mail(ProbeStage.DONE, v6=ProbeStage.CONNECT_TIMEOUT)}, "IPv4 only"),
    ("", "ipv6", words.FAMILY_ROUTED, {"mail": mail(ProbeStage.SILENT, v6=ProbeStage.CONNECT_TIMEOUT)}, ""),
    ("", "ipv4", words.FAMILY_BLOCKED, {"mail": mail(ProbeStage.SILENT, v6=ProbeStage.DONE)}, "IPv6 only"),
    ("", "ipv4", words.IPV4_MISSING, {"ipv4": False}, "NAT64"),
    ("", "ipv4", words.IPV4_MISSING, {"ipv4": False, "ipv6": False}, ""),  # a laboratory needs no route
    ("", "dns", words.DNS_WORKS, {}, "127.0.0.1 port 53 (/etc/resolv.conf)"),
    ("", "dns", words.DNS_WORKS, {"servers": [server(bogus=(TIMEOUT, BOGUS), signed=(SERVFAIL, TIMEOUT))]}, ""),
    ("", "dns", words.DNS_PARTLY, {"servers": [server(), *DEAD]}, "Take 192.0.2.53 port 53 out of /etc/resolv.conf"),
    ("", "dns", words.DNS_BROKEN, {"servers": DEAD}, "no answer"),
    ("", "dns", words.DNS_LOCAL, {"servers": [server(FAR, (NXDOMAIN, NXDOMAIN), (NXDOMAIN, NXDOMAIN))]}, "public"),
    ("", "dns", words.DNS_BROKEN_HERE, {"servers": [server(HERE, (TIMEOUT,) * 2, (TIMEOUT,) * 2)]}, "no answer"),
    ("", "dns", words.DNS_BROKEN, {"servers": [server(HERE, (SERVFAIL,) * 2, (SERVFAIL,) * 2)]}, "SERVFAIL"),
    ("", "dns", words.DNS_OFFLINE, NO_NETWORK, "ip route"),
    ("DANE-01", "dnssec", words.DNSSEC_WORKS, {}, HERE),
    ("", "dnssec", words.DNSSEC_WORKS, {"servers": [server(signed=(NODATA, TIMEOUT), bogus=(SERVFAIL, ANSWER))]}, ""),
    ("", "dnssec", words.DNSSEC_OFF, {"servers": [server(FAR, bogus=(ANSWER, ANSWER), ad=False)]}, "DANE is off, here"),
    ("", "dnssec", words.DNSSEC_OFF, {"servers": [server(), server(FAR, bogus=(ANSWER, TIMEOUT))]}, "whenever"),
    ("", "dnssec", words.DNSSEC_HIDDEN, {"servers": [server(ad=False)]}, "AD bit"),
    ("DANE-01", "dnssec", words.DNSSEC_STUB, {"servers": [server(STUB)]}, '["127.0.0.1:53"]'),
    ("DANE-01", "dnssec", words.DNSSEC_FAR, {"servers": [server(FAR)]}, 'validating = ["192.0.2.53"]'),
    ("", "dnssec", words.DNSSEC_LIES, {"servers": [server(bogus=(ANSWER, ANSWER))]}, asked.BOGUS[0]),
    ("", "dnssec", words.DNSSEC_LIES, {"servers": [server(bogus=(ANSWER, TIMEOUT), bogus_ad=True)]}, "Forged"),
    ("", "dnssec", words.DNSSEC_WORKS, {"servers": [server(bogus=(ANSWER, BOGUS), bogus_ad=True)]}, ""),  # repaired
    ("", "dnssec", words.DNSSEC_UNCLEAR, {"servers": [server(bogus=(NXDOMAIN, NXDOMAIN))]}, asked.BOGUS[0]),
    ("", "dnssec", words.DNSSEC_ALL_BOGUS, {"servers": [server(signed=(BOGUS, BOGUS), ad=False)]}, asked.SIGNED[0]),
    ("", "dnssec", words.DNSSEC_UNCLEAR, {"servers": [server(bogus=(TIMEOUT, TIMEOUT))]}, asked.BOGUS[1]),
    ("", "dnssec", words.UNTESTED, NO_NETWORK, "see `dns`"),
    ("", "https", words.HTTPS_WORKS, {"web": [web(), silent_web(OTHER_WEB)]}, WEB),
    ("", "https", words.HTTPS_BROKEN, {"web": [silent_web(WEB), silent_web(OTHER_WEB)]}, "port 443"),
    ("", "https", words.UNTESTED, {"web": []}, words.CUT_SHORT),
    ("", "clock", words.CLOCK_WORKS, {"web": [web(ahead=299.0), silent_web(OTHER_WEB)]}, WEB),
    ("", "clock", words.CLOCK_AHEAD, {"web": [web(ahead=301.0), web(OTHER_WEB, 302.0)]}, "about 5 minutes ahead"),
    ("", "clock", words.CLOCK_BEHIND, {"web": [web(ahead=-864_000.0)]}, "10 days behind"),
    ("", "clock", words.CLOCK_UNCLEAR, {"web": [web(), web(OTHER_WEB, 400.0)]}, OTHER_WEB),
    ("", "clock", words.UNTESTED, {"web": [web(ahead=None)]}, words.NO_DATE),
    ("", "clock", words.UNTESTED, {"web": [silent_web(WEB)]}, words.NO_HTTPS),
    ("STS-53", "trust", words.TRUST_WORKS, {}, "system: 140. Revocation (OCSP, CRL) is not checked."),
    ("", "trust", words.TRUST_WORKS, {"web": [web(distrusted="untrusted"), web(OTHER_WEB)]}, ""),
    ("", "trust", words.TRUST_FOREIGN, {"web": [web(distrusted="untrusted"), silent_web(OTHER_WEB)]}, f"{WEB}:443"),
    ("", "trust", words.TRUST_NOT_INSTALLED, {"trust": TrustSeen(error="none")}, "ca-certificates"),
    ("", "trust", words.TRUST_EMPTY, {"trust": TrustSeen(error="is empty", path="/r.pem")}, "/r.pem: is empty"),
    ("", "trust", words.TRUST_EMPTY, {"trust": TrustSeen(), "trust_source": "/r.pem"}, "holds no root"),
    ("", "configuration", words.CONFIGURATION_NONE, {}, "built-in"),
    ("", "configuration", words.CONFIGURATION_READ, {"configuration": Path("/s.toml")}, "/s.toml"),
    ("", "configuration", words.CONFIGURATION_BROKEN, FAULTY, "\nline 2: internet.x: unknown key\nstore: is a section"),
    ("", "configuration", words.CONFIGURATION_UNREADABLE, {"faults": (Fault(None, "", "is away"),)}, "toml is away."),
    ("", "data", words.DATA_WORKS, {}, "/data"),
    ("", "data", words.DATA_TO_COME, {"data": DataSeen(Path("/new"))}, "/new"),
    ("", "data", words.DATA_WARNING, {"data": DataSeen(Path("/d"), problem="denied")}, "do without"),
    ("", "data", words.DATA_BROKEN, {"data": DataSeen(Path("/d"), problem="denied", needed=True)}, "-o mta"),
    ("", "data", words.DATA_WARNING_HOMELESS, {"data": DataSeen(None)}, "no home"),
    ("", "data", words.DATA_BROKEN_HOMELESS, {"data": DataSeen(None, needed=True)}, "`data = "),
    ("", "files", words.FILES_NONE, {}, ""),
    ("", "files", words.FILES_WORK, {"files": (KEY,)}, "`report.dkim_key`"),
    (
        "",
        "files",
        words.FILE_SHARED,
        {"files": (FileSeen("a.key", Path("/k"), Use.SECRET, shared=True),)},
        "chmod o= /k",
    ),
    ("", "files", words.FILES_WORK, {"files": (FileSeen("a.b", Path("/k"), Use.READ, shared=True),)}, ""),
    ("", "files", words.FILE_BROKEN, {"files": (FileSeen("a.b", Path("/k"), Use.READ, "is away"),)}, "is away"),
    ("", "files", words.SOCKET_BROKEN, {"files": (FileSeen("a.b", Path("/x/s"), Use.SOCKET, "is away"),)}, "/x/s"),
    ("", "files", words.UNTESTED, FAULTY, "see `configuration`"),
    ("", "open-files", words.OPEN_FILES_WORK, {"files_limit": 128}, "128"),
    ("", "open-files", words.OPEN_FILES_FEW, {"files_limit": 127}, "needs 128"),
    ("", "program", words.PROGRAM_WORKS, {}, "strictmx 1, Python 3."),
    ("", "program", words.PROGRAM_NO_OLD_TLS, {"old_tls": False}, "tls-too-old"),
    ("", "extras", words.EXTRAS_WORK, {"extras": {"a": True, "b": False}}, "installed: a; that are not: b"),
]


@pytest.mark.parametrize(("rule", "name", "said", "changes", "part"), CASES)
def test_cases(rule: str, name: str, said: Said, changes: dict[str, Any], part: str) -> None:
    found = check(seen(**changes), name)
    template = re.sub(r"\\\{\w+\\\}", ".+", re.escape(said.message))
    assert re.fullmatch(template, found.message)
    assert found.state is said.state
    assert bool(found.mend) is bool(said.mend)
    assert part in f"{found.message} {found.mend}"


def test_every_case_has_a_row() -> None:
    declared = {name for name, value in vars(words).items() if isinstance(value, Said)}
    shown = {name for name in declared if any(getattr(words, name) is said for _, _, said, _, _ in CASES)}
    assert shown == declared


@pytest.mark.parametrize("said", [value for value in vars(words).values() if isinstance(value, Said)])
def test_what_is_broken_has_a_mend(said: Said) -> None:
    assert said.message.endswith((".", "{consequence}"))
    assert bool(said.mend) == (said.state in (State.WARNING, State.BROKEN)) or said.state is State.UNKNOWN


ONE_CAUSE: list[tuple[dict[str, Any], str, str]] = [  # what was seen, the check that tells it, those that refer to it
    (NO_NETWORK, "dns", "port-25 ipv6 ipv4 dnssec https clock"),
    ({"servers": DEAD, "mail": NO_NETWORK["mail"], "web": NO_NETWORK["web"]}, "dns", "port-25 dnssec https clock"),
    (
        FAULTY | {"servers": [], "mail": [], "web": [], "trust": None, "data": None, "ipv4": None, "ipv6": None},
        "configuration",
        "port-25 ipv6 ipv4 dns dnssec https clock trust data files",
    ),
]


@pytest.mark.parametrize(("changes", "cause", "dependants"), ONE_CAUSE)
def test_one_cause_is_told_once(changes: dict[str, Any], cause: str, dependants: str) -> None:
    checks = judge(seen(**changes))
    assert [one.check for one in checks if one.state is State.BROKEN] == [cause]
    untested = [one for one in checks if one.state is State.UNKNOWN]
    assert [one.check for one in untested] == dependants.split()
    assert {one.message for one in untested if f"see `{cause}`" not in one.message} == set()


def test_what_was_seen_before_the_end_is_told() -> None:
    """Interrupted: what is empty was not tested, and nothing is broken by that."""
    early = seen(servers=[], mail=mail(ProbeStage.DONE), web=[], trust=None)
    assert check(early, "port-25").state is State.WORKS
    assert {one.state for one in judge(early)} == {State.WORKS, State.UNKNOWN}


@pytest.mark.parametrize("steer", [lambda text: f"\x1b[2J{text}\u202e", lambda text: text * 999])
def test_texts_from_outside_are_cut_and_steer_nothing(steer: Callable[[str], str]) -> None:
    refused = Probe("192.0.2.25", ProbeStage.REJECTED, reply=steer("554 no"), detail=steer("d"))
    for one in judge(seen(mail=[MailSeen(FIRST, (refused,))], extras={steer("x"): True}, trust_source=steer("/f"))):
        assert f"{one.message}{one.evidence}".isprintable()
        assert len(one.message) + len(one.evidence) < 2_000
