"""Public suffixes, the names directly below which anybody can have one, and what lies below them.

Pure but for the list itself, which comes with the package publicsuffixlist and is read when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from strictmx.standards.names import Name

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # only who asks pays for the list

    return PublicSuffixList(accept_unknown=False)


def is_public_suffix(name: Name) -> bool:
    """Whether anybody can have a name directly below this one, by the list: `com`, `co.uk`, `github.io`."""
    return bool(_suffixes().is_public(name))


def organizational_domain(name: Name) -> Name:
    """The name that was registered: one label below the public suffix (RFC 7489 section 3.2).

    A top-level domain that the list does not have is taken for a suffix; a suffix itself is its own.
    """
    return Name(_suffixes().privatesuffix(name, accept_unknown=True) or name)
