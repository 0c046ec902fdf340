"""docs/configuration.md: every key of the configuration."""

from __future__ import annotations

from strictmx.config import reference
from strictmx.config.settings import IN_USE, SECTIONS
from tools.pages import table

SOURCE = "src/strictmx/config/sections.py"
HEAD = """\
# Configuration

One TOML file: the one that `--config FILE` names, else `STRICTMX_CONFIG`, else `/etc/strictmx/strictmx.toml` if it \
exists.
Without a file every key has its default, and `check` needs none.

Relative paths count from the folder of the file.
An unknown key or a value that is not allowed ends the program; all faults are told at once, with file, line, key and \
what is allowed.
A secret may stand in a file of its own, named by the key with `_file` behind it; a configuration that holds a secret \
itself and that everybody can read is refused.
"""
ALL_UNUSED = "Nothing acts on this section yet: its keys are read and checked, and wait for a later release.\n"
USED = "Only {keys} is acted on yet; the other keys are read and checked, and wait for a later release.\n"


def page() -> str:
    """The page."""
    parts = [HEAD]
    for name, section in SECTIONS.items():
        about = (section.__doc__ or "").partition(": ")[2]
        rows = [
            (
                f"`{f'{row.section}.{row.key}'.partition('.')[2]}`",
                f"`{row.default}`" if row.default else "needed" if row.is_needed else "absent",
                row.allowed,
                row.text,
            )
            for row in reference()
            if row.section.partition(".")[0] == name
        ]
        parts += [
            f"## {name}\n\n`[{name}]`: {about}\n{_use(name)}",
            table(("key", "default", "allowed", "meaning"), rows),
        ]
    return "\n".join(parts)


def _use(section: str) -> str:
    """A line that says how much of a section this release acts on; none where that is all of it."""
    keys = [f"`{name.partition('.')[2]}`" for name in sorted(IN_USE) if name.startswith(f"{section}.")]
    if section in IN_USE:
        return ""
    return USED.format(keys=", ".join(keys)) if keys else ALL_UNUSED
