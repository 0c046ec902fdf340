"""The store that a verb works on, by the configuration; what it cannot do ends the verb in one line."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from strictmx.cli.arguments import UsageError, read_settings
from strictmx.config.sections import Store as StoreSettings
from strictmx.store.database import Store
from strictmx.store.errors import StoreError
from strictmx.store.place import Place, place


@contextmanager
def told() -> Iterator[None]:
    """Raises UsageError, one line and exit status 2, where the store cannot do what is asked."""
    try:
        yield
    except StoreError as error:
        raise UsageError(str(error)) from error


def store_settings(options: Namespace) -> StoreSettings:
    """The section [store] of the configuration. Raises UsageError."""
    return read_settings(options, dict(os.environ)).store


def place_of(options: Namespace) -> Place:
    """The database that the configuration names. Raises UsageError."""
    with told():
        return place(store_settings(options), os.environ, root=os.geteuid() == 0)


@contextmanager
def open_store(options: Namespace) -> Iterator[Store]:
    """The store, made where it is missing (SQLite), for as long as the verb runs. Raises UsageError, in the block too.

    with open_store(options) as store: …
    """
    with told(), Store.open(place_of(options)) as store:
        yield store


@contextmanager
def existing_store(options: Namespace) -> Iterator[Store | None]:
    """As `open_store`; None where there is no store yet, and none is made for a look."""
    with told():
        store = Store.open_existing(place_of(options))
        if store is None:
            yield None
            return
        with store:
            yield store
