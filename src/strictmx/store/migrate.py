"""The schema's version: made, migrated, or refused. Alembic does the work, and is imported only where there is some.

SQLite is migrated when it is opened, after a copy was made beside it; PostgreSQL by `strictmx store migrate` only,
since other nodes may still run the release before. Migrations expand first and contract a release later, so a schema
that is one version newer serves as well.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from strictmx.store.errors import SchemaMismatch, StoreUnavailable
from strictmx.store.place import Place

HEAD = 1  # the number of the newest file in `migrations/versions`
_TABLE = "alembic_version"


def prepare(at: Place, writers: Engine, readers: Engine) -> None:
    """Make sure that the schema serves this release. Raises SchemaMismatch, StoreUnavailable, and the engine's own."""
    with readers.connect() as connection:
        version = version_of(connection)
    if version == HEAD:
        return
    if at.path is None:
        if version < HEAD:
            what = "has no tables of strictmx yet" if version == 0 else "has the tables of an older release"
            raise SchemaMismatch(f"the store {at} {what}: run `strictmx store migrate`")
    elif version < HEAD:
        migrate(at, writers)
        return
    if version > HEAD + 1:
        raise SchemaMismatch(
            f"the store {at} belongs to a newer release (its schema is {version}, ours {HEAD}): upgrade strictmx"
        )


def version_of(connection: Connection) -> int:
    """The version of the schema; 0 where there is none."""
    if not inspect(connection).has_table(_TABLE):
        return 0
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_TABLE}").scalar()  # noqa: S608 - a constant
    return int(found) if found is not None and str(found).isdecimal() else 0


def migrate(at: Place, writers: Engine) -> tuple[int, int]:
    """Bring the schema to this release; the version before and after. Two that do it at once do it once."""
    with writers.begin() as connection:
        if at.path is None:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(8460)")
        before = version_of(connection)
        if before >= HEAD:
            return before, before
        if before and at.path is not None:
            _copy(at.path, at.path.with_name(f"{at.path.name}.before-{HEAD:04}"))
        _upgrade(connection)
    return before, HEAD


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config(attributes={"connection": connection})
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    command.upgrade(configuration, f"{HEAD:04}")


def _copy(path: Path, copy: Path) -> None:
    """A copy of the database as it is now; it stays, for the operator to go back to."""
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            copy.chmod(0o600)
            source.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(
            f"no copy of the store could be made before its migration, as {copy}: {error}"
        ) from error
