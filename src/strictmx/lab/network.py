"""The lab as a running thing: every domain of the table turned into records, addresses, ports and servers.

MX hosts get one address of 127.25/16 for each thing they do, policy hosts share one of 127.44/16 (told apart by SNI)
unless they misbehave before the certificate; so one port serves all hosts of a kind, as 25 and 443 do on the internet.
Ports are high and free, nothing needs privileges, nothing leaves loopback, and two labs may run side by side.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from strictmx.lab.authority import Authority
from strictmx.lab.domains import DOMAINS, domain
from strictmx.lab.domains.public import PUBLIC
from strictmx.lab.journal import Journal
from strictmx.lab.listeners import IPV6_LOOPBACK, Listeners, bind_dns, bind_everywhere, has_ipv6_loopback
from strictmx.lab.mail_host import MailHost
from strictmx.lab.model import Certificate, Domain, Family, Mail, Mx, Reach, Text, Tls, Web, Zone
from strictmx.lab.nameserver import Nameserver, Records, txt
from strictmx.lab.policy_host import PolicyServer, Site, hang_up
from strictmx.lab.reports import write_reports
from strictmx.lab.tls import Contexts

DNS_ADDRESS = "127.0.0.2"  # AD from 127.0.0.53 and .54 is not believed: systemd-resolved lives there
MAIL_NETWORK = IPv4Address("127.25.0.0")
WEB_NETWORK = IPv4Address("127.44.0.0")
TIMEOUT = "3s"  # in the configuration written: long enough for the slowest healthy host, short for the silent ones
TRUST_FILE = "ca.pem"
CONFIGURATION_FILE = "strictmx.toml"
REPORTS = "reports"
DATA = "data"  # beside it, so that what is tried here never meets a real store
DOMAINS_FILE = "ALL"
CERTIFICATES = "certificates"
POLICY_AGE = timedelta(days=10)  # how long the policies have been there, by their ids
MX_PORT = 25  # the port in TLSA names of the internet; the lab publishes for its own port as well


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the lab listens; 0 takes a port that is free."""

    dns: int = 0
    https: int = 0
    smtp: int = 0


INTERNET_PORTS = Ports(dns=53, https=443, smtp=MX_PORT)  # for programs that know no others; need privileges


@dataclass(frozen=True, slots=True)
class _MailPlan:
    """One address of one MX host."""

    address: str
    host: str
    mail: Mail


@dataclass(frozen=True, slots=True)
class _WebPlan:
    """One policy host that has an address to itself."""

    address: str
    host: str
    web: Web


class Lab:
    """A running mail internet. Made by `Lab.start` only, which also ends it.

        async with Lab.start() as lab:
            settings = lab.settings()               # the [internet] table that leads here
            expected = lab.domain("mx-certificate-expired").codes

    directory: holds `ca.pem`, and key and chain of each certificate. dns: the records, which may be changed while it
    runs. journal: what the servers saw, delivered messages included.
    """

    def __init__(self, domains: Sequence[Domain], directory: Path, at: datetime, ports: Ports) -> None:
        self.domains = tuple(domains)
        self._rows = (*self.domains, *PUBLIC)
        self.directory = directory
        self.dns = Records()
        self.journal = Journal()
        self.authority = Authority(at)
        self._at = at
        self._policy_id = (at - POLICY_AGE).strftime("%Y%m%d%H%M%S")
        self.nameserver = (DNS_ADDRESS, ports.dns)
        self.https_port = ports.https
        self.smtp_port = ports.smtp
        self._sites: dict[str, Site] = {}
        self._shared: dict[str, Certificate] = {}
        self._shown: dict[str, Certificate] = {}
        self._mail: list[_MailPlan] = []
        self._web: list[_WebPlan] = []
        self._mail_addresses = _addresses(MAIL_NETWORK)
        self._web_addresses = _addresses(WEB_NETWORK)
        self._shared_address = next(self._web_addresses)
        self._ipv6 = has_ipv6_loopback()
        certificates = directory / CERTIFICATES
        certificates.mkdir(parents=True, exist_ok=True)
        self._contexts = Contexts(self.authority, certificates)
        self.trust.write_bytes(self.authority.trust())

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        directory: Path | None = None,
        *,
        domains: Sequence[Domain] = DOMAINS,
        at: datetime | None = None,
        ports: Ports = Ports(),
    ) -> AsyncIterator[Lab]:
        """Run a lab until the block is left.

        directory: where its files go; without one they lie in a temporary folder that goes with the lab.
        domains: the mail domains of it. at: the time (aware UTC) from which certificates count; now, if left out.
        ports: free ones, if left out. Raises OSError: a file could not be written, or no port was free.
        """
        with tempfile.TemporaryDirectory(prefix="strictmx-lab-") as temporary:
            lab = cls(domains, directory or Path(temporary), at or datetime.now(UTC), ports)
            listeners = Listeners()
            try:
                await lab._open(listeners)
                yield lab
            finally:
                await listeners.close()

    @property
    def trust(self) -> Path:
        """The PEM file of the one root that the lab's certificates lead to."""
        return self.directory / TRUST_FILE

    def settings(self) -> dict[str, object]:
        """The [internet] table of a configuration that sees this lab as the internet; `trust` is an absolute path."""
        return {
            "nameservers": ["{}:{}".format(*self.nameserver)],
            "trust": str(self.trust.absolute()),
            "https_port": self.https_port,
            "smtp_port": self.smtp_port,
            "allow_private_addresses": True,
            "timeout": TIMEOUT,
        }

    def configuration(self) -> str:
        """The same as the text of a configuration file that lies beside `ca.pem`."""
        return (
            "# Written by `strictmx lab up`: the laboratory in place of the internet.\n"
            "[internet]\n"
            'nameservers = ["{}:{}"]\n'.format(*self.nameserver)
            + f'trust = "{TRUST_FILE}"\n'
            f"https_port = {self.https_port}\n"
            f"smtp_port = {self.smtp_port}\n"
            "allow_private_addresses = true\n"
            f'timeout = "{TIMEOUT}"\n'
            "[store]\n"
            f'data = "{DATA}"\n'
        )

    def write_configuration(self, directory: Path) -> Path:
        """Write `strictmx.toml`, `ca.pem`, `ALL` (every domain, one a line) and `reports` there; returns the first."""
        directory.mkdir(parents=True, exist_ok=True)
        write_reports(directory / REPORTS, self._at)
        (directory / TRUST_FILE).write_bytes(self.authority.trust())
        names = "".join(f"{each.name}\n" for each in self.domains)
        (directory / DOMAINS_FILE).write_text(
            f"# The domains of the laboratory; `strictmx lab list` tells what each shows.\n{names}", encoding="ascii"
        )
        path = directory / CONFIGURATION_FILE
        path.write_text(self.configuration(), encoding="utf-8")
        return path

    def domain(self, name: str) -> Domain:
        """The row of a domain, by its name or by its left label: `mx-certificate-expired`."""
        return domain(name, self.domains)

    def certificate(self, host: str) -> Path:
        """The file with key and chain that a host shows (the first one, where it has several).

        Raises KeyError: no such host.
        """
        return self._contexts.pem(host, self._shown[host])

    def set_policy(self, name: str, policy: bytes) -> None:
        """Let the policy host of a domain serve these octets from now on. Raises KeyError: it has none."""
        self._sites[f"mta-sts.{name}"].policy = policy

    async def _open(self, listeners: Listeners) -> None:
        """Bind all sockets, fill the records, and serve."""
        for each in self._rows:
            self._plan_domain(each)
        sockets = bind_dns(*self.nameserver)
        self.nameserver = (DNS_ADDRESS, sockets.port)
        await Nameserver(self.dns).start(listeners, sockets)
        await self._open_mail(listeners)
        await self._open_web(listeners)
        for each in self._rows:
            self._publish_tlsa(each)

    async def _open_mail(self, listeners: Listeners) -> None:
        plans = [plan for plan in self._mail if plan.mail.reach is not Reach.REFUSED]
        sockets = bind_everywhere(tuple(plan.address for plan in plans), self.smtp_port)
        self.smtp_port = sockets[0].getsockname()[1]
        for plan, bound in zip(plans, sockets, strict=True):
            if plan.mail.reach is Reach.TIMED_OUT:
                listeners.never_accept(bound)
                continue
            host = MailHost(plan.host, plan.address, plan.mail, self._contexts, self.journal)
            await listeners.serve(bound, host.session)

    async def _open_web(self, listeners: Listeners) -> None:
        plans = [plan for plan in self._web if plan.web.reach is not Reach.REFUSED]
        sockets = bind_everywhere((self._shared_address, *(plan.address for plan in plans)), self.https_port)
        self.https_port = sockets[0].getsockname()[1]
        server = PolicyServer(self._sites, self.journal)
        await listeners.serve(sockets[0], server.session, self._contexts.shared(self._shared))
        for plan, bound in zip(plans, sockets[1:], strict=True):
            if plan.web.reach is Reach.TIMED_OUT:
                listeners.never_accept(bound)
            elif plan.web.tls is Tls.HANG_UP:
                await listeners.serve(bound, hang_up)
            else:
                context = self._contexts.context(plan.host, plan.web.certificate, plan.web.tls)
                await listeners.serve(bound, server.session, context)

    def _plan_domain(self, row: Domain) -> None:
        """Give a domain its addresses, and put all its records but TLSA into DNS."""
        self.dns.add_zone(row.name, signed=row.zone is Zone.SIGNED)
        for place, texts in (("_mta-sts", row.sts), ("_smtp._tls", row.tlsrpt)):
            for text in texts:
                self.dns.add(row.below(place), "TXT", txt(self._fill(each, row) for each in _strings(text)))
        for mx in row.mx:
            self.dns.add(row.name, "MX", f"{mx.preference} {row.written(mx.host)}.")
        for mx in (*row.mx, *row.hosts):
            self._plan_mail(row, mx)
        self._plan_web(row)
        for name, rdtype, text in row.records:
            self.dns.add(row.below(name), rdtype, self._fill(text, row))
        for name, rdtype, fault in row.faults:
            self.dns.fail(row.below(name), rdtype, fault)

    def _fill(self, text: str, row: Domain) -> str:
        """A text of the table with the name of the domain and the id of its policy in it."""
        return text.replace("{domain}", row.name).replace("{id}", self._policy_id)

    def _plan_mail(self, row: Domain, mx: Mx) -> None:
        host = row.below(mx.host)
        holder = self._alias(row, host, mx.alias)
        for mail in mx.addresses:
            if mail.family is Family.IPV6 and not self._ipv6:
                continue
            address = IPV6_LOOPBACK if mail.family is Family.IPV6 else next(self._mail_addresses)
            self.dns.add(holder, mail.family.value, address)
            self._mail.append(_MailPlan(address, host, mail))
            self._shown.setdefault(host, mail.certificate)

    def _plan_web(self, row: Domain) -> None:
        web, host = row.web, row.below("mta-sts")
        if web is None:
            return
        holder = self._alias(row, host, web.alias)
        self._sites[host] = Site(web.http, row.policy_file())
        self._shown[host] = web.certificate
        if web.tls is Tls.MODERN and web.reach is Reach.OPEN:
            self._shared[host] = web.certificate
            self.dns.add(holder, "A", self._shared_address)
            further = row.webs
        else:
            further = (web, *row.webs)
        for each in further:
            address = next(self._web_addresses)
            self._web.append(_WebPlan(address, host, each))
            self.dns.add(holder, "A", address)

    def _alias(self, row: Domain, host: str, alias: str) -> str:
        """Publish a CNAME from `host` to its alias, if it has one; the name that holds the addresses."""
        if not alias:
            return host
        self.dns.put(host, "CNAME", f"{row.written(alias)}.")
        return row.below(alias)

    def _publish_tlsa(self, row: Domain) -> None:
        """Publish TLSA records for port 25 and for the lab's own port (DANE-11)."""
        for mx in row.mx:
            if not mx.tlsa:
                continue
            host = row.below(mx.host)
            leaf = self._contexts.issued(host, mx.addresses[0].certificate).leaf
            texts = [self.authority.tlsa(record, leaf) for record in mx.tlsa]
            base = row.below(mx.alias) if mx.alias else host
            for port in {MX_PORT, self.smtp_port}:
                holder = self._alias(row, f"_{port}._tcp.{base}", mx.tlsa_alias)
                self.dns.put(holder, "TLSA", *texts)
        port_25, port_lab = f"_{MX_PORT}._tcp.", f"_{self.smtp_port}._tcp."
        for name, rdtype, fault in row.faults:
            if name.startswith(port_25):
                self.dns.fail(row.below(name.replace(port_25, port_lab)), rdtype, fault)


def _addresses(network: IPv4Address) -> Iterator[str]:
    """The addresses of a /16, from .0.1 on."""
    return (str(network + number) for number in range(1, 65_535))


def _strings(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text
