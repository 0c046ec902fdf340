"""`strictmx store`: migrate, back up, restore and verify what this installation keeps."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from strictmx.cli.arguments import Help, Parser, UsageError
from strictmx.cli.stores import existing_store, open_store, place_of, told
from strictmx.cli.terminal import json_document, standard_error, standard_output

if TYPE_CHECKING:
    from strictmx.store.database import Store

HELP = Help(
    about="The store: reports, domains with their policies, what checks saw. SQLite in one file, or PostgreSQL.",
    examples=(
        ("strictmx store backup /backup/strictmx.db", "everything, while others go on"),
        ("strictmx store verify", "whether all is as it should be"),
    ),
)
MIGRATE = Help(
    about="Bring the schema to this release. SQLite is migrated by itself, after a copy was made beside it;\n"
    "PostgreSQL by this verb only, since other nodes may still run the release before.",
    examples=(
        ("strictmx store migrate", "once after an upgrade; again it does nothing"),
        ("strictmx store migrate --config postgresql.toml", "make the tables in a new database"),
    ),
)
BACKUP = Help(
    about="Write all of the store as of one moment into a file, while others read and write. The file is a SQLite\n"
    "database whatever the engine, so it is also the way from one engine to the other.",
    examples=(
        ("strictmx store backup /backup/strictmx.db", "a new file"),
        ("strictmx store backup /backup/strictmx.db --force", "in place of an older one"),
    ),
)
RESTORE = Help(
    about="Make the store hold what a backup holds, all or nothing. A store that holds data needs --force.",
    examples=(
        ("strictmx store restore /backup/strictmx.db", "into an empty store"),
        ("strictmx store restore /backup/strictmx.db --config postgresql.toml", "from SQLite to PostgreSQL"),
    ),
)
VERIFY = Help(
    about="Look whether the store is whole: the engine's own checks, the schema, the bytes of every report, and every\n"
    "total added up anew. Exit 1 when something is wrong.",
    examples=(
        ("strictmx store verify", "reads everything, so it takes its time"),
        ("strictmx store verify --json", "for a program"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the verbs below `store`."""
    _declare_json(parser.add_verb("migrate", "bring the schema to this release", MIGRATE))
    for name, summary, about in (
        ("backup", "write everything into a file", BACKUP),
        ("restore", "make it hold what a backup holds", RESTORE),
    ):
        verb = parser.add_verb(name, summary, about)
        verb.add_argument("file", metavar="FILE")
        verb.add_argument("--force", action="store_true", help="replace what is there")
        _declare_json(verb)
    _declare_json(parser.add_verb("verify", "whether all is as it should be", VERIFY))


def _declare_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as a JSON document")


def run(options: Namespace) -> int:
    """Do what the verb below `store` says."""
    verbs: dict[str, Callable[[Namespace], int]] = {
        "migrate": _migrate,
        "backup": _backup,
        "restore": _restore,
        "verify": _verify,
    }
    return verbs[options.verb](options)


def _migrate(options: Namespace) -> int:
    from strictmx.store import migrate
    from strictmx.store.connection import engine, make_file
    from strictmx.store.connection import told as engine_told

    with told():
        at = place_of(options)
        if at.path is not None:
            make_file(at.path)
        writers = engine(at, writes=True)
        try:
            with engine_told(at):
                before, after = migrate.migrate(at, writers)
        finally:
            writers.dispose()
    text = f"the schema is that of this release ({after})" if before == after else f"migrated from {before} to {after}"
    _print(options, {"before": before, "after": after}, f"{at}: {text}")
    return 0


def _backup(options: Namespace) -> int:
    from strictmx.store import backup

    file = Path(options.file)
    with _present(options) as store, _steps() as step:
        rows = backup.backup(store, file, replace=options.force, told=lambda name, done: step(f"{name} {done}"))
    _print(options, {"file": str(file), "rows": rows}, f"{file}: {sum(rows.values())} rows, checked")
    return 0


def _restore(options: Namespace) -> int:
    from strictmx.store import backup

    file = Path(options.file)
    with open_store(options) as store, _steps() as step:
        rows = backup.restore(store, file, replace=options.force, told=lambda name, done: step(f"{name} {done}"))
        where = str(store.place)
    _print(options, {"file": str(file), "rows": rows}, f"{where}: {sum(rows.values())} rows from {file}")
    return 0


def _verify(options: Namespace) -> int:
    from strictmx.store.verify import verify

    with _present(options) as store, _steps() as step:
        rows, problems = verify(store, step)
        where = str(store.place)
    counted = f"{sum(rows.values())} rows, " if rows else ""
    head = f"{where}: {counted}{'something is wrong' if problems else 'all is well'}"
    _print(options, {"rows": rows, "problems": problems}, head, *(f"  {problem}" for problem in problems))
    return 1 if problems else 0


@contextmanager
def _present(options: Namespace) -> Iterator[Store]:
    """The store; where there is none, most likely the configuration is another's, and none is made."""
    with existing_store(options) as store:
        if store is None:
            raise UsageError(f"there is no store at {place_of(options)}")
        yield store


def _print(options: Namespace, document: object, *lines: str) -> None:
    if options.json:
        sys.stdout.write(json_document(document))
    else:
        standard_output().lines(((line, ""),) for line in lines)


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says how far it is."""
    output = standard_error()
    if not output.interactive:
        yield lambda _: None
        return
    from rich.text import Text

    with output.console.status(Text("store")) as status:
        yield lambda step: status.update(Text(f"store: {step}"))
