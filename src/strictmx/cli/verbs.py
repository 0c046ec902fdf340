"""The verbs that exist. Each is a module of this package with HELP, `declare(parser)` and `run(options)`."""

from __future__ import annotations

import importlib
from argparse import Namespace
from typing import Protocol, cast

from strictmx.cli.arguments import Help, Parser

VERBS = {
    "check": "find out what is wrong with a domain's mail security, and how to mend it",
    "policy": "write a policy file, or see it as senders see it",
    "reports": "the TLS reports that others send: take them in, see what they say and what to mend",
    "records": "the DNS records of a domain, ready to paste",
    "domains": "what this installation publishes: policies, their ids, where reports go",
    "store": "back up, restore, verify and migrate what is kept",
    "doctor": "this installation: what works, what does not, why",
    "lab": "a mail internet on loopback, with a domain for every fault",
}


class Verb(Protocol):
    """What a verb's module offers."""

    HELP: Help

    def declare(self, parser: Parser) -> None:
        """Declare the options and arguments."""

    def run(self, options: Namespace) -> int:
        """Do it, and return the exit status."""


def load(verb: str) -> Verb:
    """The module of one verb; the others are not imported, so that start-up stays short."""
    return cast("Verb", importlib.import_module(f"strictmx.cli.{verb}"))
