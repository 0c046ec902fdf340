"""What the real servers are told: zones for named, and the configurations of named, unbound, nginx and Postfix.

Everything is written into one folder before anything starts. Each MX host has addresses of its own, the policy hosts
share theirs (told apart by SNI) unless the table says otherwise.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.real.domains import CERTIFICATES, DOMAINS, ROOT, TLSA, Chain, Domain, Server, Servers

AUTHORITY, VALIDATOR = "127.0.0.10", "::1"
WEB = ("127.0.2.1", "fd00::2:1")
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: {mx}\r\nmax_age: 604800\r\n"
SIGN_SECONDS = 30  # for one command of them; it takes 0.1 on an idle machine

# The zones, children before parents: how dnssec-signzone signs each, None where it stays unsigned.
_ENDED = ("-P", "-s", "now-20d", "-e", "now-10d")
_ZONES: dict[str, tuple[str, ...] | None] = {
    "unsigned.example": None,
    "signed.example": (),
    "stale.example": _ENDED,
    "bogus.example": (),  # its parent has _WRONG_DS
    "forged.example": (),  # its TLSA records are changed after signing
    "example": ("-3", "-", "-A"),  # NSEC3 with opt-out, as the large top-level domains are
    ".": (),
}
_WRONG_DS = f"bogus.example. DS 12345 13 2 {'0' * 64}\n"


@dataclass(frozen=True)
class Listener:
    """A server and where it listens. type: A or AAAA."""

    type: str
    address: str
    server: Server


@dataclass(frozen=True)
class Site:
    """A domain of the table, with the listeners of its MX host and of its policy host."""

    domain: Domain
    mx: tuple[Listener, ...]
    web: tuple[Listener, ...]

    @property
    def mx_host(self) -> str:
        """The name in its MX record."""
        return f"mx.{self.domain.name}"

    @property
    def policy_host(self) -> str:
        """Where its policy is asked for."""
        return f"mta-sts.{self.domain.name}"


def _listeners(addresses: tuple[str, str], servers: Servers) -> tuple[Listener, ...]:
    placed = zip(("A", "AAAA"), addresses, servers, strict=True)
    return tuple(Listener(kind, address, server) for kind, address, server in placed if server is not None)


def _site(number: int, domain: Domain) -> Site:
    own = f"127.0.3.{number}", f"fd00::3:{number}"
    alone = any(server is not None and server.alone for server in domain.web)
    mx = _listeners((f"127.0.1.{number}", f"fd00::1:{number}"), domain.mx)
    return Site(domain, mx, _listeners(own if alone else WEB, domain.web) if domain.policy else ())


SITES = tuple(_site(number, domain) for number, domain in enumerate(DOMAINS, 1))
ADDRESSES = (AUTHORITY, *dict.fromkeys(listener.address for site in SITES for listener in (*site.mx, *site.web)))


def write(folder: Path) -> None:
    """Write certificates, policies, zones and configurations."""
    (folder / "root.pem").write_bytes(ROOT.pem)
    for name, text in (
        ("named.conf", _named(folder)),
        ("unbound.conf", _unbound(folder)),
        ("nginx.conf", _nginx(folder)),
        ("postfix/main.cf", _main_cf(folder)),
        ("postfix/master.cf", _master_cf(folder)),
        ("strictmx.toml", _strictmx(folder)),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    _write_zones(folder)


def _strictmx(folder: Path) -> str:
    return f"""[internet]
nameservers = ["[{VALIDATOR}]:53"]
trust = "{folder}/root.pem"
allow_private_addresses = true
"""


@cache
def _chain(host: str, certificate: str) -> Chain:
    return CERTIFICATES[certificate](host)


def _pem(folder: Path, host: str, server: Server) -> Path:
    """A file with the key, then the chain, as both Postfix and nginx read it."""
    chain = _chain(host, server.certificate)
    path = folder / "tls" / f"{host}-{server.certificate.replace(' ', '-')}.pem"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join((chain[0].key_pem, *(one.pem for one in chain))))
    return path


# ---- the policy host -------------------------------------------------------------------------------------------------


def _nginx(folder: Path) -> str:
    blocks = (_server_block(folder, site, listener) for site in SITES for listener in site.web if listener.server.up)
    return f"""daemon off;
user root;
pid {folder}/nginx.pid;
error_log stderr info;
events {{ }}
http {{
    include /etc/nginx/mime.types;
    server_names_hash_bucket_size 128;
    access_log off;
{"".join(blocks)}}}
"""


def _server_block(folder: Path, site: Site, listener: Listener) -> str:
    policy = folder / "policies" / f"{site.domain.name}.txt"
    policy.parent.mkdir(exist_ok=True)
    policy.write_bytes(POLICY.format(mx=site.mx_host).encode())
    pem = _pem(folder, site.policy_host, listener.server)
    return f"""    server {{
        listen {_literal(listener.address)}:443 ssl http2;
        server_name {site.policy_host};
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        {"".join(f"{option}; " for option in listener.server.options)}
        location = /.well-known/mta-sts.txt {{ alias {policy}; {listener.server.location} }}
    }}
"""


def _literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


# ---- the MX host -----------------------------------------------------------------------------------------------------


def _main_cf(folder: Path) -> str:
    """Queue and data directories are the installed ones, empty in the namespace (`inside.py`)."""
    return f"""compatibility_level = 3.6
myhostname = mail.example
mydestination =
local_recipient_maps =
alias_maps =
inet_protocols = all
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
"""


def _master_cf(folder: Path) -> str:
    lines = ["tlsmgr unix - - n 1000? 1 tlsmgr", "postlog unix-dgram n - n - 1 postlogd"]
    for site in SITES:
        for listener in (each for each in site.mx if each.server.up):
            pem = _pem(folder, site.mx_host, listener.server)
            options = (f"syslog_name={site.domain.name}", f"smtpd_tls_chain_files={pem}", *listener.server.options)
            lines.append(f"{_literal(listener.address)}:25 inet n - n - - smtpd")
            lines += [f"    -o {option}" for option in options]
    return "\n".join((*lines, ""))


# ---- DNS -------------------------------------------------------------------------------------------------------------


def _named(folder: Path) -> str:
    zones = (
        f'zone "{zone}" {{ type primary; file "{_file(zone)}{"" if options is None else ".signed"}"; }};\n'
        for zone, options in _ZONES.items()
    )
    return f"""options {{
    directory "{folder}/dns";
    listen-on {{ {AUTHORITY}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    notify no;
    pid-file none;
    session-keyfile none;
}};
controls {{ }};
{"".join(zones)}"""


def _unbound(folder: Path) -> str:
    return f"""server:
    interface: {VALIDATOR}
    do-daemonize: no
    username: ""
    chroot: ""
    pidfile: ""
    directory: "{folder}/dns"
    root-hints: "hints"
    trust-anchor-file: "anchor"
    module-config: "validator iterator"
    do-not-query-localhost: no
    use-syslog: no
    val-log-level: 2
    ede: yes
remote-control:
    control-enable: no
"""


def _file(zone: str) -> str:
    return "root" if zone == "." else zone


def _write_zones(folder: Path) -> None:
    dns = folder / "dns"
    dns.mkdir()
    records = {zone: [f"{zone.rstrip('.')}. NS ns.example."] for zone in _ZONES}
    for zone in ("example", "."):
        records[zone].append(f"ns.example. A {AUTHORITY}")
    for site in SITES:
        records[f"{site.domain.zone}.example"] += _records(site)
    for zone, options in _ZONES.items():
        head = ("$TTL 60", f"{zone.rstrip('.')}. SOA ns.example. root.example. 1 3600 600 86400 60")
        (dns / _file(zone)).write_text("\n".join((*head, *records[zone], "")), encoding="utf-8")
        ds = "" if options is None else _sign(dns, zone, options)
        if zone == ".":
            (dns / "anchor").write_text(ds, encoding="utf-8")
        else:
            records[zone.partition(".")[2] or "."] += [records[zone][0], _WRONG_DS if zone == "bogus.example" else ds]
    (dns / "hints").write_text(f". 60 NS ns.example.\nns.example. 60 A {AUTHORITY}\n", encoding="utf-8")
    forged = dns / "forged.example.signed"
    text = re.sub(r"(TLSA\s+3 1 1 )\w{4}", r"\g<1>0000", forged.read_text(encoding="utf-8"))
    forged.write_text(text, encoding="utf-8")


def _records(site: Site) -> Iterator[str]:
    name = site.domain.name
    yield f"{name}. MX 10 {site.mx_host}."
    yield f'_smtp._tls.{name}. TXT "v=TLSRPTv1; rua=mailto:tls@{name}"'
    yield from (f"{site.mx_host}. {listener.type} {listener.address}" for listener in site.mx)
    if site.domain.policy:
        yield f'_mta-sts.{name}. TXT "v=STSv1; id=1;"'
        yield from (f"{site.policy_host}. {listener.type} {listener.address}" for listener in site.web)
    if site.domain.tlsa:
        chain = _chain(site.mx_host, site.mx[0].server.certificate)
        yield f"_25._tcp.{site.mx_host}. TLSA {TLSA[site.domain.tlsa](chain)}"


def _sign(dns: Path, zone: str, options: Sequence[str]) -> str:
    """Sign the zone with one new key. Returns its DS record."""
    _run(dns, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
    files = ("-f", f"{_file(zone)}.signed", _file(zone))
    _run(dns, "dnssec-signzone", "-q", "-S", "-z", "-O", "full", *options, "-o", zone, *files)
    return (dns / f"dsset-{zone.rstrip('.')}.").read_text(encoding="utf-8")


def _run(folder: Path, *command: str) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SIGN_SECONDS, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"
