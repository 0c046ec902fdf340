"""`strictmx records`: the DNS records that belong to a policy, ready to paste."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_bytes, read_settings, tell
from strictmx.cli.terminal import json_document
from strictmx.standards import sts, tlsrpt, zone
from strictmx.standards.names import InvalidName, Name, address_of
from strictmx.standards.zone import DnsRecord

CERTIFICATE_BYTES = 1_048_576
NAMES_SHOWN = 4
FORMATS = ("zone", "nsupdate", "json", "terraform")

HELP = Help(
    about="Print the DNS records of a domain: the MTA-STS record for a policy file, the TLSRPT record, the address or\n"
    "alias of the policy host, and on demand the TLSA records for a certificate.",
    examples=(
        ("strictmx records example.com --policy mta-sts.txt --host policies.example.net", "lines for a zone file"),
        ("strictmx records example.com --policy mta-sts.txt --format nsupdate | nsupdate -k key", "straight into DNS"),
        ("strictmx records example.com --policy mta-sts.txt --tlsa --certificate fullchain.pem", "with TLSA records"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the options of `records`."""
    parser.add("domain", metavar="DOMAIN")
    parser.add("--policy", metavar="FILE", help="the policy file that is served; - is standard input")
    parser.add(
        "--rua",
        action="append",
        default=[],
        metavar="URI",
        help="where TLS reports go, mailto:… or https://…; may be repeated (default: mailto:postmaster@DOMAIN)",
    )
    parser.add("--id", metavar="ID", help="the id of the MTA-STS record (default: the time the file was changed)")
    parser.add(
        "--host",
        action="append",
        default=[],
        metavar="NAME|ADDRESS",
        help="what mta-sts.DOMAIN leads to: a name (CNAME) or addresses (default: `host` in `[publish]`)",
    )
    parser.add("--format", choices=FORMATS, default="zone", help="default: zone")
    parser.add("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add("--tlsa", action="store_true", help="also the TLSA records for the certificate (needs --certificate)")
    parser.add("--certificate", metavar="FILE", help="the certificate of the MX hosts, PEM")


def run(options: Namespace) -> int:
    """Print the records; exit 1 when the policy is none that senders accept."""
    try:
        domain = Name.mail_domain(options.domain)
    except InvalidName as error:
        raise UsageError(f"records: {error}") from error
    if options.tlsa != (options.certificate is not None):
        raise UsageError("records: --tlsa and --certificate go together")
    if options.policy is None:
        raise UsageError(f"records: name the policy file of {domain} with --policy FILE")
    policy = _policy(options.policy)
    if policy is None:
        tell(f"{options.policy}: senders ignore this policy; see strictmx policy lint")
        return 1
    records = [
        DnsRecord(sts.record_name(domain), "TXT", sts.format_record(_record(options))),
        *_reporting(domain, options),
        *_policy_host(domain, options),
    ]
    if options.certificate is not None:
        records += _tlsa(domain, policy, options.certificate)
    sys.stdout.write(_formatted(records, domain, options.format))
    return 0


def _policy(name: str) -> sts.Policy | None:
    data = read_bytes(name, sts.POLICY_BYTES)
    return sts.read_policy(data).policy if len(data) <= sts.POLICY_BYTES else None


def _record(options: Namespace) -> sts.Record:
    """The STS record. Without --id its id is the time at which the file was changed, so that it follows the text."""
    if options.id is not None:
        identifier = options.id
    elif options.policy == STDIN:
        identifier = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    else:
        changed = Path(options.policy).stat().st_mtime
        identifier = datetime.fromtimestamp(changed, UTC).strftime("%Y%m%d%H%M%S")
    try:
        return sts.Record(identifier)
    except ValueError as error:
        raise UsageError(f"records: {error}") from error


def _reporting(domain: Name, options: Namespace) -> list[DnsRecord]:
    """The TLSRPT record. An update never replaces one that is there by an address that nobody chose."""
    rua = options.rua
    if not rua and options.format == "nsupdate":
        tell("the TLSRPT record stays as it is; choose where reports go with --rua")
        return []
    if not rua:
        rua = [f"mailto:postmaster@{domain}"]
        tell(f"reports go to {rua[0]}; choose another address with --rua")
    try:
        return [DnsRecord(tlsrpt.record_name(domain), "TXT", tlsrpt.format_record(rua))]
    except ValueError as error:
        raise UsageError(f"records: --rua {rua[0] if len(rua) == 1 else ', '.join(rua)}: {error}") from error


def _policy_host(domain: Name, options: Namespace) -> list[DnsRecord]:
    """The address or alias of the policy host."""
    host = sts.policy_host(domain)
    targets = options.host or [read_settings(options, dict(os.environ)).publish.host]
    targets = [target for target in targets if target]
    if not targets:
        tell(
            f"{host} must lead to the web server that serves the policy; "
            "name it with --host, or set `host` in `[publish]`"
        )
        return []
    addresses = [address_of(target) for target in targets]
    if all(addresses):
        return [DnsRecord(host, "A" if one.version == 4 else "AAAA", str(one)) for one in addresses if one]  # noqa: PLR2004
    if len(targets) > 1:
        raise UsageError("records: --host is one name, or one or more addresses")
    try:
        return [DnsRecord(host, "CNAME", f"{Name.parse(targets[0])}.")]
    except InvalidName as error:
        raise UsageError(f"records: --host: {error}") from error


def _tlsa(domain: Name, policy: sts.Policy, file: str) -> list[DnsRecord]:
    """`3 1 1` for each MX host that the policy names, lies in the domain, and is covered by the certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from strictmx.standards import dane
    from strictmx.standards.certificates import dns_id_matches
    from strictmx.standards.chain import read_certificate

    try:
        leaf = x509.load_pem_x509_certificates(read_bytes(file, CERTIFICATE_BYTES))[0]
    except ValueError as error:
        raise UsageError(f"records: {file}: holds no certificate in PEM") from error
    der = leaf.public_bytes(Encoding.DER)
    named = [pattern.name for pattern in policy.mx if not pattern.wildcard]
    hosts = [host for host in named if host == domain or host.endswith(f".{domain}")]
    if not hosts:
        raise UsageError(
            f"records: the policy names no host within {domain}; TLSA records stand in the host's own zone"
        )
    presented = read_certificate(der).dns_ids
    covered = [host for host in hosts if any(dns_id_matches(pattern, host) for pattern in presented)]
    if not covered:
        has = ", ".join(presented[:NAMES_SHOWN]) or "no name"
        raise UsageError(f"records: {file}: the certificate is for {has}, not for {', '.join(hosts[:NAMES_SHOWN])}")
    value = str(dane.make(dane.EE, dane.KEY, 1, der))
    return [DnsRecord(dane.query_name(host), "TLSA", value) for host in covered]


def _formatted(records: list[DnsRecord], domain: Name, form: str) -> str:
    match form:
        case "nsupdate":
            return zone.as_nsupdate(records)
        case "terraform":
            return zone.as_terraform(records, domain)
        case "json":
            return json_document(
                [
                    {"name": f"{record.name}.", "type": record.type, "ttl": record.ttl, "value": record.value}
                    for record in records
                ]
            )
    return zone.as_zone(records)
