"""`strictmx records`: the DNS records that belong to a policy, ready to paste."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_bytes, read_settings, tell
from strictmx.cli.terminal import json_document
from strictmx.standards import records, sts, zone
from strictmx.standards.names import InvalidName, Name
from strictmx.standards.zone import DnsRecord

CERTIFICATE_BYTES = 1_048_576
NAMES_SHOWN = 4
FORMATS = ("zone", "nsupdate", "json", "terraform")

HELP = Help(
    about="Print the DNS records of a domain: the MTA-STS record for a policy file, the TLSRPT record, the address or\n"
    "alias of the policy host, and on demand the TLSA records for a certificate.",
    examples=(
        ("strictmx records example.com --policy mta-sts.txt --host policies.example.net", "lines for a zone file"),
        ("strictmx records example.com", "of a domain that `strictmx domains` publishes"),
        ("strictmx records example.com --policy mta-sts.txt --format nsupdate | nsupdate -k key", "straight into DNS"),
        ("strictmx records example.com --policy mta-sts.txt --tlsa --certificate fullchain.pem", "with TLSA records"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the options of `records`."""
    parser.add("domain", metavar="DOMAIN")
    parser.add(
        "--policy",
        metavar="FILE",
        help="the policy file that is served; - is standard input (default: what `strictmx domains` publishes)",
    )
    parser.add(
        "--rua",
        action="append",
        default=[],
        metavar="URI",
        help="where TLS reports go, mailto:… or https://…; may be repeated (default: those stored with the policy, "
        "else mailto:postmaster@DOMAIN)",
    )
    parser.add(
        "--id",
        metavar="ID",
        help="the id of the MTA-STS record (default: the stored one; of a file the time it was changed)",
    )
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
    policy = _stored(domain, options) if options.policy is None else _of_file(options.policy)
    if policy is None:
        return 1
    found = [
        _policy_record(domain, options),
        *_reporting(domain, options),
        *_policy_host(domain, options),
    ]
    if options.certificate is not None:
        found += _tlsa(domain, policy, options.certificate)
    for assumption in _assumed(domain, options, found):
        tell(assumption)
    sys.stdout.write(_formatted(found, domain, options.format))
    return 0


def _stored(domain: Name, options: Namespace) -> sts.Policy:
    """The policy that is published here; its id and addresses where the options name none. Raises UsageError: none."""
    from strictmx.cli.stores import existing_store
    from strictmx.store import domains

    with existing_store(options) as store:
        published = None if store is None else domains.get(store, domain)
    if published is None:
        raise UsageError(
            f"records: name the policy file of {domain} with --policy FILE, or publish one with "
            f"`strictmx domains add {domain}`"
        )
    options.id = published.id if options.id is None else options.id
    options.rua = options.rua or list(published.rua)
    return published.wanted.policy


def _of_file(name: str) -> sts.Policy | None:
    """The policy in a file; None, and a line that says so, where senders ignore it."""
    from strictmx.api import parse_policy

    data = read_bytes(name, sts.POLICY_BYTES)
    if not data and name == STDIN:
        raise UsageError("records: standard input is empty")
    policy, _ = parse_policy(data)
    if policy is None:
        tell(f"{'standard input' if name == STDIN else name}: senders ignore this policy; see strictmx policy lint")
    return policy


def _policy_record(domain: Name, options: Namespace) -> DnsRecord:
    """The STS record. Without --id its id is the time at which the file was changed, so that it follows the text."""
    if options.id is not None:
        identifier = options.id
    elif options.policy == STDIN:
        identifier = records.id_at(datetime.now(UTC))
    else:
        identifier = _id_of_file(options.policy)
    try:
        return records.policy_record(domain, identifier)
    except ValueError as error:
        raise UsageError(f"records: {error}") from error


def _id_of_file(file: str) -> str:
    try:
        return records.id_at(datetime.fromtimestamp(Path(file).stat().st_mtime, UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{file}: the time at which it was changed is no date; name an id with --id") from error


def _reporting(domain: Name, options: Namespace) -> tuple[DnsRecord, ...]:
    """The TLSRPT record. An update never replaces one that is there by an address that nobody chose."""
    if not options.rua and options.format == "nsupdate":
        return ()
    rua = options.rua or [records.usual_rua(domain)]
    try:
        return (records.reporting_record(domain, rua),)
    except ValueError as error:
        hint = "; repeat --rua for each address" if any("," in uri for uri in options.rua) else ""
        raise UsageError(f"records: --rua {', '.join(rua)}: {error}{hint}") from error


def _policy_host(domain: Name, options: Namespace) -> tuple[DnsRecord, ...]:
    """The address or alias of the policy host, as --host or the configuration has it."""
    configured = read_settings(options, dict(os.environ)).publish.host
    targets = options.host or ([configured] if configured else [])
    try:
        return records.policy_host_records(domain, targets) if targets else ()
    except ValueError as error:
        raise UsageError(f"records: --host {', '.join(targets)}: {error}") from error


def _tlsa(domain: Name, policy: sts.Policy, file: str) -> tuple[DnsRecord, ...]:
    """The TLSA records of the MX hosts that the policy names and the certificate in the file is for."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from strictmx.standards import dane

    try:
        leaf = x509.load_pem_x509_certificates(read_bytes(file, CERTIFICATE_BYTES))[0]
    except ValueError as error:
        raise UsageError(f"records: {file}: holds no certificate in PEM") from error
    der = leaf.public_bytes(Encoding.DER)
    hosts = records.own_hosts(domain, policy)
    if not hosts:
        raise UsageError(
            f"records: the policy names no host within {domain}; TLSA records stand in the host's own zone"
        )
    found = records.tlsa_records(hosts, der)
    if not found:
        has = ", ".join(records.certificate_names(der)[:NAMES_SHOWN]) or "no name"
        raise UsageError(f"records: {file}: the certificate is for {has}, not for {', '.join(hosts[:NAMES_SHOWN])}")
    given = {record.name for record in found}
    for pattern in policy.mx:
        if pattern.wildcard:
            tell(f"no TLSA record for {pattern}: it names no single host")
        elif pattern.name not in hosts:
            tell(f"no TLSA record for {pattern}: it stands in the zone of that host, outside {domain}")
        elif dane.query_name(pattern.name) not in given:
            tell(f"no TLSA record for {pattern}: the certificate is not for it")
    return found


def _assumed(domain: Name, options: Namespace, found: list[DnsRecord]) -> Iterator[str]:
    """What nobody chose, in a sentence each."""
    if options.id is None and options.policy == STDIN:
        yield "the id is the time of now; where the policy has not changed, give the old one with --id"
    if not options.rua and options.format == "nsupdate":
        yield "the TLSRPT record stays as it is; choose where reports go with --rua"
    elif not options.rua:
        yield f"reports go to {records.usual_rua(domain)}; choose another address with --rua"
    host = sts.policy_host(domain)
    if not any(record.name == host for record in found):
        yield (
            f"{host} must lead to the web server that serves the policy; "
            "name it with --host, or set `host` in `[publish]`"
        )


def _formatted(found: list[DnsRecord], domain: Name, form: str) -> str:
    match form:
        case "nsupdate":
            return zone.as_nsupdate(found)
        case "terraform":
            return zone.as_terraform(found, domain)
        case "json":
            return json_document([record.to_json() for record in found])
    return zone.as_zone(found)
