"""docs/findings.md: the catalogue, each code with an example from the saved observations."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence

from strictmx.cli.terminal import PIPE_WIDTH
from strictmx.cli.view import finding_lines
from strictmx.findings import catalogue
from strictmx.findings.catalogue import KINDS
from strictmx.findings.finding import Finding, Kind, Severity
from strictmx.lab import DOMAINS
from tools.pages import Missing
from tools.pages.observations import judged, saved

SOURCE = "src/strictmx/findings/catalogue and tests/observations"
HEAD = """\
# Findings

What `check` and `policy lint` can find: what a code means, its rule, the severities that it has in the laboratory, \
and an example as `check` prints it.
The laboratory has a domain for each, named after the code (`./run lab list`).

A severity belongs to the case, not to the code.
**error**: mail is lost, delayed or unprotected although the owner asked for protection; **warning**: it works now, \
and is weak or about to break; **notice**: worth knowing; **ok**: looked at and good.
A code never changes its meaning ([versions.md](versions.md)).
"""


def page() -> str:
    """The page. Raises Missing."""
    found = examples(saved())
    subjects = list(_subjects())
    parts = [HEAD]
    for title, kinds in subjects:
        parts.append(f"**{title}**: {', '.join(f'[{kind.code}](#{kind.code})' for kind in kinds)}\n")
    for title, kinds in subjects:
        parts.append(f"## {title}\n")
        parts += [_entry(kind, found[kind.code]) for kind in kinds]
    return "\n".join(parts)


def examples(lines: Mapping[str, bytes]) -> dict[str, list[Finding]]:
    """The findings of saved observations for each code, those of the domain named after the code first.

    Raises Missing: a code without one.
    """
    found: dict[str, list[Finding]] = {code: [] for code in KINDS}
    for domain, line in sorted(lines.items()):
        for finding in judged(line).findings:
            place = 0 if domain == f"{finding.code}.example" else len(found[finding.code])
            found[finding.code].insert(place, finding)
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


def _entry(kind: Kind, found: Sequence[Finding]) -> str:
    occurring = {finding.severity.value for finding in found}
    occurring |= {row.codes[kind.code] for row in DOMAINS if kind.code in row.codes}
    severities = ", ".join(severity.value for severity in Severity if severity.value in occurring)
    example = "".join("".join(text for text, _ in line) + "\n" for line in finding_lines(found[0], PIPE_WIDTH))
    return f"### {kind.code}\n\n{kind.meaning}\n\n{_linked(kind.reference)}; {severities}.\n\n```text\n{example}```\n"


def _linked(rule: str) -> str:
    """A reference such as `RFC 8461 section 3.1` as a link to that section."""
    place = re.fullmatch(r"RFC (\d+) section ([\d.]+)", rule)
    return f"[{rule}](https://www.rfc-editor.org/rfc/rfc{place[1]}#section-{place[2]})" if place else rule
