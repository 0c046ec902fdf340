"""What can be wrong with a store. The text of each is one clause for an operator."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; nothing of it was done."""


class StoreUnavailable(StoreError):
    """It cannot be reached, is locked or full, or took too long: ask again later."""


class StoreDamaged(StoreError):
    """Its file is damaged, or no store at all: an operator must look."""


class SchemaMismatch(StoreError):
    """Its schema is not the one that this release works with. The text says what to do."""
