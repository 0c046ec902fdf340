"""`strictmx domains`: what this installation publishes, one domain or all of a file at a time."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from strictmx.cli.arguments import STDIN, Help, Parser, UsageError, read_bytes, tell
from strictmx.cli.stores import existing_store, open_store
from strictmx.cli.terminal import json_document, standard_output
from strictmx.cli.terms import declare_terms, read_max_age, read_patterns, read_rua
from strictmx.standards import sts
from strictmx.standards.names import InvalidName, Name

if TYPE_CHECKING:
    from strictmx.config.domains import Wanted
    from strictmx.findings.observation import Observation
    from strictmx.store.database import Store
    from strictmx.store.domains import Published

LINES_TOLD = 20  # of a kind, about a file of many domains

_ADD = (
    "strictmx domains add example.com --mx mx1.example.com --mx mx2.example.com",
    "in testing mode, kept for a week",
)
_APPLY = ("strictmx domains apply domains.toml --dry-run", "what a file would change")
HELP = Help(
    about="The domains that this installation publishes: their policies with stored ids, and where reports go.\n"
    "Nothing waits for the network; what the last check saw is told.",
    examples=(_ADD, _APPLY),
)
ADD_HELP = Help(
    about="Publish a policy for one more domain. Its id is the time of the change, and stays while the text does.",
    examples=(_ADD, ("strictmx domains add example.com --mode enforce --max-age 4w", "for the MX hosts last seen")),
)
SET_HELP = Help(
    about="Change what is published for a domain: what is given, and nothing else. Lists are replaced as a whole.",
    examples=(
        ("strictmx domains set example.com --mode enforce --max-age 4w", "enforce it"),
        ("strictmx domains set example.com --mx mx3.example.com --rua mailto:tlsrpt@example.com", "other hosts"),
    ),
)
LIST_HELP = Help(
    about="List what is published.",
    examples=(("strictmx domains list", "a table"), ("strictmx domains list --json", "for a program")),
)
SHOW_HELP = Help(
    about="Show what is published for a domain: the policy, what belongs to it, what the last check saw.",
    examples=(
        ("strictmx domains show example.com", "for people"),
        ("strictmx domains show example.com --json", "for a program, with every policy that the domain ever had"),
    ),
)
REMOVE_HELP = Help(
    about="Publish nothing for a domain any more. Before that, serve mode none for as long as senders hold a policy.",
    examples=(
        ("strictmx domains set example.com --mode none --max-age 1d", "first"),
        ("strictmx domains remove example.com", "once no sender holds an earlier policy"),
    ),
)
APPLY_HELP = Help(
    about="Make what is published match a file (TOML), all at once; domains that it lacks are removed:\n\n"
    '  [domains."example.com"]\n  mode = "enforce"\n  mx = ["mx1.example.com", "*.example.net"]\n  max_age = "4w"\n'
    '  rua = ["mailto:tlsrpt@example.com"]',
    examples=(_APPLY, ("strictmx domains apply domains.toml --json", "for a program")),
)


def declare(parser: Parser) -> None:
    """Declare the verbs below it."""
    add = parser.add_verb("add", "publish one more domain", ADD_HELP)
    add.add_argument("domain", metavar="DOMAIN")
    declare_terms(add, mode="default: testing", mx="default: those last seen", max_age="default 1w, for mode none 1d")
    _declare_rua(add, "default: mailto:postmaster@DOMAIN")
    change = parser.add_verb("set", "change what is given, and nothing else", SET_HELP)
    change.add_argument("domain", metavar="DOMAIN")
    declare_terms(change, mode="default: as it is", mx="default: as they are", max_age="default: as it is")
    _declare_rua(change, "default: as they are")
    listing = parser.add_verb("list", "all domains", LIST_HELP)
    listing.add_argument("--json", action="store_true", help="as a JSON document")
    show = parser.add_verb("show", "one domain", SHOW_HELP)
    show.add_argument("domain", metavar="DOMAIN")
    show.add_argument("--json", action="store_true", help="as a JSON document")
    remove = parser.add_verb("remove", "publish nothing for a domain", REMOVE_HELP)
    remove.add_argument("domain", metavar="DOMAIN")
    apply = parser.add_verb("apply", "make it match a file", APPLY_HELP)
    apply.add_argument("file", metavar="FILE", help="a file, or - for standard input")
    apply.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    apply.add_argument("--json", action="store_true", help="as a JSON document")


def _declare_rua(parser: argparse.ArgumentParser, otherwise: str) -> None:
    what = "where TLS reports go, mailto:… or https://…; may be repeated"
    parser.add_argument("--rua", action="append", metavar="URI", help=f"{what} ({otherwise})")


def run(options: Namespace) -> int:
    """Do what the verb below says."""
    if "domain" in options:
        try:
            options.domain = Name.mail_domain(options.domain)
        except InvalidName as error:
            raise UsageError(f"domains {options.verb}: {error}") from error
    verbs = {"add": _add, "set": _set, "list": _list, "show": _show, "remove": _remove, "apply": _apply}
    verbs[options.verb](options)
    return 0


def _add(options: Namespace) -> None:
    from strictmx.cli.published import terms
    from strictmx.config.domains import Wanted
    from strictmx.standards.records import usual_rua
    from strictmx.store import domains, observations

    domain, mode = options.domain, sts.Mode(options.mode or "testing")
    max_age = sts.usual_max_age(mode) if options.max_age is None else read_max_age("domains add", options.max_age)
    mx = read_patterns("domains add", options.mx or [])
    rua = read_rua("domains add", options.rua or []) or (usual_rua(domain),)
    with open_store(options) as store:
        seen = observations.newest(store, domain)

        def decide(present: Published | None) -> Wanted:
            if present is not None:
                raise UsageError(f"domains add: {domain} is published already; change it with `strictmx domains set`")
            wanted = Wanted(domain, _policy("domains add", domain, (mode, mx, max_age), seen), rua)
            _refuse_faults("domains add", wanted)
            return wanted

        _, after = domains.change(store, domain, decide)
        assert after is not None  # noqa: S101 - it was added
        _tell_known(domain, after.wanted, seen)
        if not options.rua:
            tell(f"reports go to {rua[0]}; choose another address with --rua")
    standard_output().text(
        f"{domain} is published: {terms(after.wanted.policy)}, id {after.id}\n"
        f"serve what `strictmx domains show {domain}` shows, then publish what `strictmx records {domain}` prints\n"
    )


def _set(options: Namespace) -> None:
    from strictmx.cli.published import differences
    from strictmx.config.domains import Wanted
    from strictmx.store import domains, observations

    domain = options.domain
    if all(given is None for given in (options.mode, options.mx, options.max_age, options.rua)):
        raise UsageError("domains set: say what to change: --mode, --mx, --max-age or --rua")
    max_age = None if options.max_age is None else read_max_age("domains set", options.max_age)
    mx = None if options.mx is None else read_patterns("domains set", options.mx)
    rua = None if options.rua is None else read_rua("domains set", options.rua)
    with open_store(options) as store:
        seen = observations.newest(store, domain)

        def decide(present: Published | None) -> Wanted:
            if present is None:
                raise _not_there(options, domains.names(store))
            terms = (
                present.mode if options.mode is None else sts.Mode(options.mode),
                present.mx if mx is None else mx,
                present.max_age if max_age is None else max_age,
            )
            wanted = Wanted(domain, _policy("domains set", domain, terms, seen), present.rua if rua is None else rua)
            _refuse_faults("domains set", wanted)
            return wanted

        before, after = domains.change(store, domain, decide)
        assert before is not None and after is not None  # noqa: S101, PT018 - it was there, and is
        if before == after:
            standard_output().text(f"{domain} is so already; nothing was changed\n")
            return
        _tell_known(domain, after.wanted, seen)
        _tell_held(store, [(before, after.wanted)])
    same = before.id == after.id
    standard_output().text(
        f"{domain} is changed: {differences(before, after.wanted)}; the id {'stays' if same else 'is now'} {after.id}\n"
    )


def _policy(
    verb: str,
    domain: Name,
    terms: tuple[sts.Mode, tuple[sts.HostPattern, ...], int],
    seen: Observation | None,
) -> sts.Policy:
    """The policy of these terms; where its mode needs hosts and none are given, of those that the last check saw."""
    mode, mx, max_age = terms
    if not mx and mode is not sts.Mode.NONE:
        mx = _seen_hosts(verb, domain, seen)
    return sts.Policy(mode, mx, max_age)


def _seen_hosts(verb: str, domain: Name, seen: Observation | None) -> tuple[sts.HostPattern, ...]:
    from strictmx.findings.judge.published import Published as Seen

    if seen is None:
        raise UsageError(f"{verb}: name the MX hosts with --mx HOST; no check of {domain} is stored that tells them")
    if Seen(seen).null_mx:
        raise UsageError(f"{verb}: {domain} says with `MX 0 .` that it takes no mail, so it needs no policy")
    hosts = Seen(seen).mx_names
    try:
        patterns = tuple(dict.fromkeys(sts.HostPattern.parse(Name.parse(host)) for host in hosts))
    except ValueError as error:
        raise UsageError(f"{verb}: an MX record of {domain} names no host ({error}); name them with --mx") from error
    if not patterns:
        raise UsageError(f"{verb}: the last check saw no MX host of {domain}; name them with --mx HOST")
    tell(f"the policy names the MX hosts of {domain} that were seen last: {', '.join(map(str, patterns))}")
    return patterns


def _refuse_faults(verb: str, wanted: Wanted) -> None:
    """Raises UsageError: senders would ignore the policy."""
    from strictmx.findings.finding import Severity
    from strictmx.findings.judge.policy_file import lint

    found = [one for one in lint(wanted.text.encode(), domain=wanted.domain) if one.severity is Severity.ERROR]
    if found:
        raise UsageError(*(f"{verb}: {finding.code}: {finding.message}" for finding in found))


def _not_there(options: Namespace, known: list[str]) -> UsageError:
    from strictmx.config.keys import nearest

    hint = nearest(options.domain, known) or "; add it with `strictmx domains add`"
    return UsageError(f"domains {options.verb}: {options.domain} is not published here{hint}")


def _tell_known(domain: Name, wanted: Wanted, seen: Observation | None) -> None:
    """Say on standard error what the last check knows of one domain, and what is wrong with its policy."""
    from strictmx.cli.published import last_check

    tell(last_check(domain, seen, datetime.now(UTC)))
    _tell_findings([wanted], {} if seen is None else {domain: seen})


def _tell_findings(some: Iterable[Wanted], seen: Mapping[str, Observation]) -> None:
    """Say on standard error what is wrong with policies, by themselves and beside what was seen last."""
    from strictmx.cli.published import findings

    lines = [
        f"{wanted.domain}: {one.code}: {one.message}"
        for wanted in some
        for one in findings(wanted, seen.get(wanted.domain))
    ]
    for line in islice(lines, LINES_TOLD):
        tell(line)
    if len(lines) > LINES_TOLD:
        tell(f"and so on, {len(lines)} remarks in all")


def _tell_held(store: Store, changed: Iterable[tuple[Published, Wanted | None]]) -> None:
    """Say on standard error which senders still hold a policy of what is withdrawn or removed (None)."""
    from strictmx.cli.published import held_line
    from strictmx.store import domains

    withdrawn = {
        str(before.domain): after is None
        for before, after in changed
        if after is None or (after.policy.mode is sts.Mode.NONE and before.mode is not sts.Mode.NONE)
    }
    held = domains.held_until(store, withdrawn, int(store.now()))
    for domain in islice(held, LINES_TOLD):
        tell(held_line(domain, held[domain], removed=withdrawn[domain]))
    if len(held) > LINES_TOLD:
        tell(f"and so on: senders may hold earlier policies of {len(held)} domains")


def _list(options: Namespace) -> None:
    from strictmx.cli.published import list_lines
    from strictmx.store import domains

    with existing_store(options) as store:
        found = [] if store is None else domains.listed(store)
    if options.json:
        sys.stdout.write(json_document([one.to_json() for one in found]))
        return
    standard_output().lines(list_lines(found))
    if not found:
        tell("nothing is published yet; begin with `strictmx domains add DOMAIN`")


def _show(options: Namespace) -> None:
    from strictmx.cli.published import findings, last_check, show_lines
    from strictmx.store import domains, observations

    with existing_store(options) as store:
        published = None if store is None else domains.get(store, options.domain)
        if store is None or published is None:
            raise _not_there(options, [] if store is None else domains.names(store))
        past = domains.history(store, options.domain)
        if options.json:
            sys.stdout.write(json_document(published.to_json() | {"history": [one.to_json() for one in past]}))
            return
        seen = observations.newest(store, options.domain)
    known = [last_check(options.domain, seen, datetime.now(UTC))]
    known += [f"{finding.code}: {finding.message}" for finding in findings(published.wanted, seen)]
    standard_output().lines(show_lines(published, past, known))


def _remove(options: Namespace) -> None:
    from strictmx.store import domains

    with existing_store(options) as store:
        before = None if store is None else domains.remove(store, options.domain)
        if store is None or before is None:
            raise _not_there(options, [] if store is None else domains.names(store))
        _tell_held(store, [(before, None)])
    standard_output().text(f"{options.domain} is removed: remove its TXT record at _mta-sts first, then the file\n")


def _apply(options: Namespace) -> None:
    from strictmx.cli.published import plan_lines
    from strictmx.config.domains import FILE_BYTES, parse_domains
    from strictmx.config.settings import ConfigError
    from strictmx.findings.observation import Observation
    from strictmx.store import domains, observations

    name = "standard input" if options.file == STDIN else options.file
    try:
        wanted = parse_domains(read_bytes(options.file, FILE_BYTES), Path(name))
    except ConfigError as error:
        lines = str(error).splitlines()
        if len(lines) > LINES_TOLD:
            lines[LINES_TOLD:] = [f"{name}: and so on, {len(lines)} faults in all"]
        raise UsageError(*lines) from error
    plan, seen = domains.Plan(wanted, (), (), 0), dict[str, Observation]()
    with (existing_store if options.dry_run else open_store)(options) as store:
        if store is not None:
            plan = domains.plan(store, wanted) if options.dry_run else domains.apply(store, wanted)
            _tell_held(store, [*plan.changed, *((one, None) for one in plan.removed)])
        new = [*plan.added, *(after for _, after in plan.changed)]
        if store is not None:
            seen = {one.domain: one for one in observations.newest_of(store, [one.domain for one in new])}
    _tell_findings(new, seen)
    if len(new) > len(seen):
        tell(f"{len(new) - len(seen)} of the new or changed domains were never checked: run `strictmx check`")
    if options.json:
        document = {
            "added": [str(one.domain) for one in plan.added],
            "changed": [str(after.domain) for _, after in plan.changed],
            "removed": [str(one.domain) for one in plan.removed],
            "unchanged": plan.unchanged,
        }
        sys.stdout.write(json_document(document))
    else:
        standard_output().lines(plan_lines(plan))
