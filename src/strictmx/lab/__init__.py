"""A mail internet on loopback, for tests, demonstrations and developers.

DNS, policy hosts, MX hosts and a certificate authority; a domain for every finding of `check`, and healthy ones that
look odd. `DOMAINS` says what each shows. Nothing needs privileges or leaves the machine.

    async with Lab.start() as lab:
        ...  # lab.settings() is the [internet] table that makes strictmx see the lab as the internet

Imports `standards` only; the servers are written apart from the code that they test, so that one can prove the other
wrong. `Lab` and `serve` are imported when first used: the table alone needs no library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strictmx.lab.domains import DOMAINS, domain, domains_table
from strictmx.lab.model import Domain

if TYPE_CHECKING:
    from strictmx.lab.network import Lab
    from strictmx.lab.serving import serve

__all__ = ["DOMAINS", "Domain", "Lab", "domain", "domains_table", "serve"]


def __getattr__(name: str) -> object:
    if name == "Lab":
        from strictmx.lab.network import Lab

        return Lab
    if name == "serve":
        from strictmx.lab.serving import serve

        return serve
    raise AttributeError(name)
