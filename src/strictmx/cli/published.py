"""What the verb `domains` tells people: the domains that are published, what changes, what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from strictmx.cli.view import Line
from strictmx.config.domains import Wanted
from strictmx.findings.finding import Finding
from strictmx.findings.judge.policy import judge_fit
from strictmx.findings.judge.policy_file import lint
from strictmx.findings.judge.published import Published as Seen
from strictmx.findings.observation import Observation
from strictmx.findings.words import ago, duration, listed
from strictmx.standards import sts
from strictmx.store.domains import Past, Plan, Published

HOSTS_SHOWN = 4
_HEADINGS = ("domain", "mode", "id", "max_age", "MX", "changed")


def findings(wanted: Wanted, seen: Observation | None) -> list[Finding]:
    """What is wrong with a policy by itself, worst first, then beside the MX hosts that were seen last."""
    known = Seen(seen) if seen is not None else None
    hosts = known.mx_names if known is not None else ()
    found = list(lint(wanted.text.encode(), domain=wanted.domain, mx_hosts=hosts))
    return found if known is None else [*found, *judge_fit(known, wanted.policy)]


def last_check(domain: str, seen: Observation | None, now: datetime) -> str:
    """What the last check knows, in a sentence."""
    if seen is None:
        return f"{domain} was never checked: run `strictmx check {domain}`"
    hosts = listed(Seen(seen).mx_names, most=HOSTS_SHOWN)
    return f"the last check of {domain}, {ago(seen.observed_at, now)}, saw {hosts or 'no MX host'}"


def terms(policy: sts.Policy) -> str:
    """A policy in a clause."""
    hosts = listed(tuple(map(str, policy.mx)), most=HOSTS_SHOWN) or "no host"
    return f"mode {policy.mode.value}, {hosts}, kept for {duration(policy.max_age)}"


def differences(before: Published, after: Wanted) -> str:
    """What changes, in a few words."""
    found = []
    if before.mode is not after.policy.mode:
        found.append(f"mode {before.mode.value} → {after.policy.mode.value}")
    found += _of_lists("mx", list(map(str, before.mx)), list(map(str, after.policy.mx)))
    if before.max_age != after.policy.max_age:
        found.append(f"max_age {before.max_age} → {after.policy.max_age}")
    return ", ".join([*found, *_of_lists("rua", before.rua, after.rua)]) or "the text of the policy"


def _of_lists(name: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    if list(before) == list(after):
        return []
    new = [f"+{one}" for one in after if one not in before]
    gone = [f"-{one}" for one in before if one not in after]
    shown = listed([*new, *gone], most=HOSTS_SHOWN) or "in another order"
    return [f"{name} {shown}"]


def plan_lines(plan: Plan) -> Iterator[Line]:
    """What `apply` does, a line for each domain that changes."""
    for added in plan.added:
        yield (("+ ", "ok"), (added.domain, "bold"), (f"  {terms(added.policy)}", ""))
    for before, after in plan.changed:
        yield (("~ ", "warning"), (after.domain, "bold"), (f"  {differences(before, after)}", ""))
    for removed in plan.removed:
        yield (("- ", "error"), (removed.domain, "bold"))
    yield ((f"= {plan.unchanged} unchanged", "dim"),)


def list_lines(published: Iterable[Published]) -> Iterator[Line]:
    """The domains as a table; nothing where there are none."""
    rows = [
        (one.domain, one.mode.value, one.id, str(one.max_age), str(len(one.mx)), _day(one.changed_at))
        for one in published
    ]
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    for row in (_HEADINGS, *rows):
        name, *others = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        style = "dim" if row is _HEADINGS else ""
        yield ((name, style or "bold"), ("  " + "  ".join(others).rstrip(), style))


def show_lines(published: Published, past: Sequence[Past], known: Iterable[str]) -> Iterator[Line]:
    """One domain: its policy, what belongs to it, what is known of it."""
    before = f"; {len(past)} policies since {_day(past[0].since)}" if len(past) > 1 else ""
    yield ((published.domain, "bold"), (f"  {terms(published.wanted.policy)}", ""))
    yield ((f"  id {published.id}, changed {_day(published.changed_at)}{before}", "dim"),)
    yield ()
    yield from (((f"  {line}", ""),) for line in published.policy.splitlines())
    yield ()
    yield ((f"  to be served as https://{sts.policy_host(published.domain)}{sts.POLICY_PATH}", ""),)
    yield ((f"  its records: strictmx records {published.domain}", ""),)
    yield ((f"  reports go to {listed(published.rua)}", ""),)
    yield from (((f"  {line}", ""),) for line in known)


def held_line(domain: str, until: int, *, removed: bool) -> str:
    """Senders that still hold an earlier policy, and what to do for them (STS-76)."""
    what = (
        f"keep its MX hosts as they are, or serve mode none until then (`strictmx domains add {domain} --mode none`)"
        if removed
        else "serve mode none until then, and remove the domain after that"
    )
    moment = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"senders may hold an earlier policy of {domain} until {moment}: {what}"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
