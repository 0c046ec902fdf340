"""docs/findings.md: the catalogue, each code with an example from the saved observations."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence

from strictmx.cli.terminal import PIPE_WIDTH
from strictmx.cli.view import finding_lines
from strictmx.findings import catalogue
from strictmx.findings.catalogue import KINDS, RELATED
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.findings.observation import load
from strictmx.lab import DOMAINS
from tools.pages import Missing, table
from tools.pages.observations import judged, saved

SOURCE = "src/strictmx/findings/catalogue and tests/observations"
HEAD = """\
# Findings

What `check` and `policy lint` can find: what a code means, its rule, the severities that it has in the laboratory, \
and an example as `check` prints it.
The laboratory has a domain for each, named after the code (`./run lab list`); `./run lab up --dir D` runs it, and \
above each example stands the command that shows it then.

A severity belongs to the case, not to the code.
**error**: mail is lost, delayed or unprotected although the owner asked for protection; **warning**: it works now, \
and is weak or about to break; **notice**: worth knowing; **ok**: looked at and good.
A code never changes its meaning ([versions.md](versions.md)).
"""


REMARKS = {  # below the title of a subject, by its first code
    "policy-not-a-policy": "`./run policy lint FILE` finds these in a file on disk, before it is published.\n",
    "spf-missing": "Looked for on demand: with `--related`, DKIM keys with `--selector` for each selector in use. "
    "It needs the packages of the extra `related`.\n",
}


def page() -> str:
    """The page. Raises Missing."""
    found = examples(saved())
    subjects = list(_subjects())
    parts = [HEAD]
    for title, kinds in subjects:
        rows = [(f"[{kind.code}](#{kind.code})", _severities(kind, found[kind.code]), kind.meaning) for kind in kinds]
        parts.append(f"**{title}**\n\n{table(('code', 'severities', 'meaning'), rows)}")
    for title, kinds in subjects:
        parts.append(f"## {title}\n")
        parts += [REMARKS[kind.code] for kind in kinds if kind.code in REMARKS]
        parts += [_entry(kind, found[kind.code]) for kind in kinds]
    return "\n".join(parts)


def examples(lines: Mapping[str, bytes]) -> dict[str, list[tuple[str, Finding]]]:
    """The findings of saved observations for each code, those of the domain named after the code first.

    Each with the command that shows it.

    Raises Missing: a code without one.
    """
    found: dict[str, list[tuple[str, Finding]]] = {code: [] for code in KINDS}
    for domain, line in sorted(lines.items()):
        for finding in judged(line).findings:
            place = 0 if domain == f"{finding.code}.example" else len(found[finding.code])
            found[finding.code].insert(place, (_command(domain, line, finding), finding))
    unseen = [f"{code}.example" for code in found if not found[code]]
    if unseen:
        raise Missing(f"codes without an example: run `./test pages observe {' '.join(unseen)}`")
    return found


def _subjects() -> Iterator[tuple[str, list[Kind]]]:
    """Each module of the catalogue that declares codes: its title, and its codes as it declares them."""
    order = list(KINDS.values())
    names = [f"{catalogue.__name__}.{each.name}" for each in pkgutil.iter_modules(catalogue.__path__)]
    modules = [importlib.import_module(name) for name in names]
    declared = {module: [kind for kind in vars(module).values() if kind in order] for module in modules}
    for module in sorted(filter(declared.get, modules), key=lambda one: order.index(declared[one][0])):
        about = (module.__doc__ or "").partition("\n")[0].removeprefix("Findings about ")
        title = re.sub(r"( \(RFC|:|\.$).*", "", about)
        yield title[:1].upper() + title[1:], declared[module]


def _command(domain: str, line: bytes, finding: Finding) -> str:
    """What shows the finding in a laboratory that runs in the folder D."""
    options = ["./run check --config D/strictmx.toml"]
    related = load(line).related
    if related is not None and finding.code in RELATED:
        options.append("--related")
        if finding.code.startswith("dkim-"):
            options += [f"--selector {lookup.name.partition('._domainkey.')[0]}" for lookup in related.dkim]
    return " ".join((*options, domain))


def _severities(kind: Kind, found: Sequence[tuple[str, Finding]]) -> str:
    occurring = {finding.severity.value for _, finding in found}
    occurring |= {row.codes[kind.code] for row in DOMAINS if kind.code in row.codes}
    return ", ".join(severity.value for severity in Severity if severity.value in occurring)


def _entry(kind: Kind, found: Sequence[tuple[str, Finding]]) -> str:
    command, finding = found[0]
    example = "".join("".join(text for text, _ in line) + "\n" for line in finding_lines(finding, PIPE_WIDTH))
    rule = f"{_linked(kind.reference)}; {_severities(kind, found)}."
    return f"### {kind.code}\n\n{kind.meaning}\n\n{rule}\n\n`{command}`\n\n```text\n{example}```\n"


def _linked(rule: str) -> str:
    """A reference such as `RFC 8461 section 3.1` as a link to that section."""
    place = re.fullmatch(r"RFC (\d+) section ([\d.]+)", rule)
    return f"[{rule}](https://www.rfc-editor.org/rfc/rfc{place[1]}#section-{place[2]})" if place else rule
