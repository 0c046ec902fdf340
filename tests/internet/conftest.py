"""What the tests of this folder share: a little PKI."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.certificates import Made, authority, server


@dataclass(frozen=True)
class Pki:
    root: Made
    intermediate: Made

    def leaf(self, *names: str) -> Made:
        return server(self.intermediate, *names)


@pytest.fixture(scope="session")
def pki() -> Pki:
    root = authority("Test Root")
    return Pki(root, authority("Test Intermediate", root))
