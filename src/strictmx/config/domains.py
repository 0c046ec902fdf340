"""What an operator wants published: a policy's values as people write them, and the file that `domains apply` reads.

[domains."example.com"]
mode = "enforce"
mx = ["mx1.example.com", "*.example.net"]
max_age = "4w"
rua = ["mailto:tlsrpt@example.com"]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from strictmx.config.keys import (
    Problem,
    Reader,
    Refused,
    key,
    list_of,
    nearest,
    one_of,
    optional,
    printable,
    read_table,
    refuse,
)
from strictmx.config.settings import ConfigError, Fault, decoded, faults, read_toml
from strictmx.config.values import parse_duration
from strictmx.findings.finding import Severity
from strictmx.findings.judge.policy_file import lint
from strictmx.standards import sts, tlsrpt
from strictmx.standards.names import InvalidName, Name
from strictmx.standards.records import usual_rua

FILE_BYTES = 16 * 1_048_576  # a hundred thousand domains
AGE = f"0 to {sts.MAX_AGE_SECONDS} seconds (1y), or as much with s, m, h, d, w or y"
_TABLE = "domains"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be published for one domain. rua: where reports go, URIs that senders can use; never empty."""

    domain: Name
    policy: sts.Policy
    rua: tuple[str, ...]

    @property
    def text(self) -> str:
        """The policy file."""
        return sts.format_policy(self.policy).decode("ascii")


def read_age(text: str) -> int:
    """A max_age in seconds, from a number of them or a duration such as `4w`. Raises ValueError."""
    seconds = int(text) if text.isascii() and text.isdecimal() else int(parse_duration(text).total_seconds())
    if not 0 <= seconds <= sts.MAX_AGE_SECONDS:
        raise ValueError(text)
    return seconds


def read_pattern(text: str) -> sts.HostPattern:
    """A pattern as a person gives it: U-labels and a trailing dot are fine here, though not in the file.

    Raises ValueError with what is wrong.
    """
    star, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    try:
        return sts.HostPattern.parse(star + Name.parse(rest))
    except InvalidName as error:
        raise ValueError(error.reason) from error


def _age(value: object, _folder: Path) -> int:
    try:
        if isinstance(value, str):
            return read_age(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return read_age(str(value))
    except ValueError as error:
        raise refuse(value, AGE) from error
    raise refuse(value, AGE)


def _told(allowed: str, convert: Callable[[str], object]) -> Reader[str]:
    """A reader of texts that `convert` takes, which says why it does not."""

    def read(value: object, _folder: Path) -> str:
        if not isinstance(value, str):
            raise refuse(value, allowed)
        try:
            convert(value)
        except ValueError as error:
            raise refuse(value, allowed, f": {error}") from error
        return value

    return Reader(allowed, read)


@dataclass(frozen=True, slots=True)
class _Table:
    """The keys of a domain in the file."""

    mode: sts.Mode = key("testing", one_of(sts.Mode), "what senders do with an MX host that fails")
    mx: tuple[str, ...] = key(
        [], list_of(_told("a host or a wildcard such as *.example.net", read_pattern)), "the MX hosts"
    )
    max_age: int | None = optional(Reader(AGE, _age), "how long senders keep the policy, seconds")
    rua: tuple[str, ...] = key([], list_of(_told("a mailto: or https:// URI", tlsrpt.read_uri)), "where reports go")

    def wanted(self, domain: Name) -> Wanted:
        """The same with its defaults. Raises Refused: no MX host where the mode needs one, a text that is no policy."""
        if not self.mx and self.mode is not sts.Mode.NONE:
            raise Refused([Problem((), "mx is missing (the MX hosts; only mode none needs none)")])
        patterns = tuple(dict.fromkeys(map(read_pattern, self.mx)))
        max_age = sts.usual_max_age(self.mode) if self.max_age is None else self.max_age
        wanted = Wanted(domain, sts.Policy(self.mode, patterns, max_age), tuple(dict.fromkeys(self.rua)))
        return wanted if wanted.rua else Wanted(domain, wanted.policy, (usual_rua(domain),))


def parse_domains(data: bytes, path: Path) -> tuple[Wanted, ...]:
    """The domains that a file describes, by name. path: where it comes from, for messages.

    Raises ConfigError with every fault at once. A file without the table `domains` is one: it would remove every
    domain, and is more likely the wrong file, or that of a program that failed.
    """
    if len(data) > FILE_BYTES:
        raise ConfigError(path, (Fault(None, "", f"is longer than {FILE_BYTES // 1_048_576} MiB"),))
    text = decoded(data, path)
    root = read_toml(text, path)
    problems = [
        Problem((name,), f"unknown table{nearest(name, [_TABLE])} (allowed: {_TABLE})")
        for name in root
        if name != _TABLE
    ]
    tables = root.get(_TABLE)
    taken: dict[Name, Wanted] = {}
    if not isinstance(tables, dict):
        if tables is not None or not problems:  # a misspelt table is one fault, not two
            why = "is missing" if tables is None else "is a table"
            problems.append(Problem((_TABLE,), f'{why}: write [{_TABLE}."example.com"] and its keys below'))
        tables = {}
    for name, table in tables.items():
        try:
            wanted = _wanted(name, table, path.parent)
        except Refused as refused:
            problems += [Problem((_TABLE, *problem.path), problem.text) for problem in refused.below(name)]
            continue
        if taken.setdefault(wanted.domain, wanted) is not wanted:
            problems.append(Problem((_TABLE, name), f"{wanted.domain} stands here twice"))
    if problems:
        raise ConfigError(path, faults(text, problems))
    return tuple(taken[domain] for domain in sorted(taken))


def _wanted(name: str, table: object, folder: Path) -> Wanted:
    try:
        domain = Name.mail_domain(name)
    except InvalidName as error:
        raise Refused([Problem((), f"is no domain name: {error.reason}")]) from error
    if not isinstance(table, dict):
        raise Refused([Problem((), "is a table: mode, mx, max_age, rua")])
    dotted = next((key for key, value in table.items() if isinstance(value, dict)), None)
    if dotted is not None:
        raise Refused([Problem((dotted,), f'a domain stands in quotes: [{_TABLE}."{printable(f"{name}.{dotted}")}"]')])
    wanted = read_table(_Table, table, folder).wanted(domain)
    wrong = [finding for finding in lint(wanted.text.encode(), domain=domain) if finding.severity is Severity.ERROR]
    if wrong:
        raise Refused([Problem((), f"{finding.code}: {finding.message}") for finding in wrong])
    return wanted
