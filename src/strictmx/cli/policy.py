"""`strictmx policy`: write a policy file, or see one as senders see it."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_bytes, read_settings, tell
from strictmx.cli.terminal import json_document, standard_output
from strictmx.cli.terms import declare_terms, read_max_age, read_patterns
from strictmx.standards import sts
from strictmx.standards.mx import exchanges, is_null_mx
from strictmx.standards.names import InvalidName, Name

if TYPE_CHECKING:
    from strictmx.config import Internet
    from strictmx.findings.observation import Lookup

NO_MX = "name the MX hosts with --mx HOST"

HELP = Help(
    about="Write an MTA-STS policy file, or see one as RFC 8461 does.",
    examples=(
        ("strictmx policy new example.com > mta-sts.txt", "a policy in testing mode for the domain's present MX hosts"),
        ("strictmx policy new example.com --mode enforce --mx mx1.example.com --max-age 4w", "another one"),
        ("strictmx policy lint mta-sts.txt", "what senders make of a file"),
        (
            "curl -sSf https://mta-sts.example.com/.well-known/mta-sts.txt | strictmx policy lint -",
            "of one that is served",
        ),
    ),
)
NEW_HELP = Help(
    about="Print a policy file for a domain. Serve it, octet for octet, as\n"
    "https://mta-sts.DOMAIN/.well-known/mta-sts.txt, then publish what `strictmx records` prints.",
    examples=(
        ("strictmx policy new example.com > mta-sts.txt", "in testing mode, for the domain's present MX hosts"),
        ("strictmx policy new example.com --mode enforce --mx mx1.example.com --max-age 4w", "another one"),
    ),
)
LINT_HELP = Help(
    about="Say what senders make of a policy file, and what to mend. Exit 1 when they ignore it.",
    examples=(
        ("strictmx policy lint mta-sts.txt", "a file"),
        (
            "curl -sSf https://mta-sts.example.com/.well-known/mta-sts.txt | strictmx policy lint - --json",
            "one that is served, for a program",
        ),
    ),
)


def declare(parser: Parser) -> None:
    """Declare `policy new` and `policy lint`."""
    new = parser.add_verb("new", "print a policy file (CRLF, ready to serve)", NEW_HELP)
    new.add_argument("domain", metavar="DOMAIN")
    declare_terms(
        new,
        mode="default: testing",
        mx="default: the domain's MX records",
        max_age="default 1w, for mode none 1d",
    )
    lint = parser.add_verb("lint", "what senders make of a policy file; exit 1 when they ignore it", LINT_HELP)
    lint.add_argument("file", metavar="FILE", help="a file, or - for standard input")
    lint.add_argument("--json", action="store_true", help="as a JSON document")


def run(options: Namespace) -> int:
    """Write or read a policy."""
    return _new(options) if options.verb == "new" else _lint(options)


def _new(options: Namespace) -> int:
    from strictmx.api import parse_policy

    try:
        domain = Name.mail_domain(options.domain)
    except InvalidName as error:
        raise UsageError(f"policy new: {error}") from error
    mode = sts.Mode(options.mode or "testing")
    usual = sts.usual_max_age(mode)
    max_age = usual if options.max_age is None else read_max_age("policy new", options.max_age)
    patterns = read_patterns("policy new", options.mx or [])
    if not patterns and mode is not sts.Mode.NONE:
        patterns = _present(domain, options)
    text = sts.format_policy(sts.Policy(mode, patterns, max_age))
    for finding in parse_policy(text)[1]:
        tell(f"{finding.code}: {finding.message}")
    sys.stdout.flush()
    sys.stdout.buffer.write(text)  # octets, so that the line ends stay CRLF
    sys.stdout.buffer.flush()
    return 0


def _present(domain: Name, options: Namespace) -> tuple[sts.HostPattern, ...]:
    """The domain's MX hosts, as DNS says now, with a line on standard error that says so."""
    import asyncio

    from strictmx.findings.observation import LookupStatus

    settings = read_settings(options, dict(os.environ)).internet
    lookup, reachable = asyncio.run(_ask_mx(domain, settings))
    if lookup.status is LookupStatus.NXDOMAIN:
        raise UsageError(f"policy new: the domain {domain} does not exist; check the spelling, or {NO_MX}")
    if lookup.failed:
        raise UsageError(f"policy new: the MX records of {domain} could not be had ({lookup.status.value}); {NO_MX}")
    found = exchanges(lookup.records)
    if is_null_mx(lookup.records):
        raise UsageError(f"policy new: {domain} says with `MX 0 .` that it takes no mail, so it needs no policy")
    if any(exchange.is_root for exchange in found):
        raise UsageError(
            f"policy new: {domain} has `MX 0 .` (it takes no mail) beside other MX records; remove one or the other"
        )
    if not found and not reachable:
        raise UsageError(f"policy new: {domain} has no MX record and no address, so mail to it bounces; {NO_MX}")
    if not found:
        tell(f"{domain} has no MX record; the policy names {domain} itself")
        return (sts.HostPattern(domain),)
    try:
        patterns = tuple(dict.fromkeys(sts.HostPattern.parse(Name.parse(exchange.host)) for exchange in found))
    except ValueError as error:
        raise UsageError(f"policy new: an MX record of {domain} names no host ({error}); {NO_MX}") from error
    if lookup.detail:
        tell(f"the answer was not whole: {lookup.detail}")
    tell(f"the policy names the present MX hosts of {domain}: {', '.join(map(str, patterns))}")
    return patterns


async def _ask_mx(domain: Name, settings: Internet) -> tuple[Lookup, bool]:
    """The MX records; and where there are none, whether the domain has, or may have, an address to go to (MX-02)."""
    from strictmx.findings.observation import LookupStatus
    from strictmx.internet.dns import Resolver

    async with Resolver(settings) as resolver:
        mx = await resolver.ask(domain, "MX")
        if mx.status is not LookupStatus.NODATA:
            return mx, True
        addresses = [await resolver.ask(domain, kind) for kind in ("A", "AAAA")]
        return mx, any(lookup.records or lookup.failed for lookup in addresses)


def _lint(options: Namespace) -> int:
    from strictmx.api import parse_policy
    from strictmx.cli import view

    name = "" if options.file == STDIN else shlex.quote(options.file)
    data = read_bytes(options.file, sts.POLICY_BYTES)
    if not data and options.file == STDIN:
        raise UsageError("policy lint: standard input is empty")
    policy, findings = parse_policy(data, file_name=name)
    if options.json:
        document = {
            "verdict": "valid" if policy is not None else "invalid",
            "policy": policy.to_json() if policy is not None else None,
            "findings": findings,
        }
        sys.stdout.write(json_document(document))
    else:
        output = standard_output()
        output.lines(
            view.lint_lines("standard input" if options.file == STDIN else options.file, policy, findings, output.width)
        )
    return 0 if policy is not None else 1
