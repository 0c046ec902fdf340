"""`strictmx doctor`: look at this installation, and print what works, what does not, why, and the one thing to do."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from strictmx.cli.arguments import Help, Parser, UsageError
from strictmx.cli.terminal import json_document, standard_error, standard_output
from strictmx.config import ConfigError, Settings, find
from strictmx.internet.local import LocalFault
from strictmx.roles.doctor import asked

if TYPE_CHECKING:
    from strictmx.config import Internet
    from strictmx.roles.doctor.seen import Seen

HELP = Help(
    about="Look at this installation: what works, what does not, why, and the one thing to do about it. Run it as the\n"
    "user that strictmx runs as. Exit status 1 where something does not work; a warning is none.\n\n"
    "It asks your name servers for\n"
    f"  {', '.join((*asked.SIGNED, *asked.BOGUS))}\n"
    "(signed well, and wrongly on purpose), opens an SMTP session, without mail, with\n"
    f"  {', '.join(asked.MX_HOSTS)}\n"
    "and fetches the policies of\n"
    f"  {', '.join(asked.POLICY_HOSTS)}\n"
    "for the time and for certificates of public authorities. Revocation of certificates (OCSP, CRL) is not checked,\n"
    "here and everywhere in strictmx.",
    examples=(
        ("strictmx doctor", "for people"),
        ("strictmx doctor --config /etc/strictmx/strictmx.toml --json", "one JSON document, for a program"),
    ),
)


def declare(parser: Parser) -> None:
    """Declare the options of `doctor`."""
    parser.add("--json", action="store_true", help="one JSON document")


def run(options: Namespace) -> int:
    """Look, print, and return 1 when something does not work."""
    from strictmx.cli import view
    from strictmx.roles.doctor import machine
    from strictmx.roles.doctor.judge import judge
    from strictmx.roles.doctor.result import Diagnosis

    environment = dict(os.environ)
    settings = _settings(options, environment)
    observed_at, began = _now(), monotonic()
    seen = machine.look(settings, environment)
    unfinished = ""
    try:
        if isinstance(settings, Settings):
            _look_outside(settings.internet, seen)
    except KeyboardInterrupt:
        unfinished = "interrupted before everything was tested"
    except LocalFault as fault:
        unfinished = str(fault)
    diagnosis = Diagnosis(
        judge(seen),
        configuration=str(seen.configuration) if seen.configuration else None,
        observed_at=observed_at,
        elapsed_ms=round((monotonic() - began) * 1000),
    )
    output = standard_output()
    if options.json:
        output.text(json_document(diagnosis.to_json()))
    else:
        output.lines(view.doctor_lines(diagnosis, output.width))
    if unfinished:
        raise UsageError(f"doctor: {unfinished}")
    return 0 if diagnosis.works else 1


def _settings(options: Namespace, environment: dict[str, str]) -> Settings | ConfigError:
    """The configuration that every verb would read, or why it cannot be read: here that is no end."""
    path = find(options.config, environment)
    try:
        return Settings.load(path) if path is not None else Settings()
    except ConfigError as error:
        return error


def _look_outside(settings: Internet, seen: Seen) -> None:
    """Fill in what is seen over the network, with progress on a terminal."""
    import asyncio

    from strictmx.roles.doctor import network

    error_output = standard_error()
    if not error_output.interactive:
        asyncio.run(network.look(settings, seen, now=_now))
        return
    from strictmx.cli.progress import spinner

    with spinner(error_output.console, "this installation") as step:
        asyncio.run(network.look(settings, seen, now=_now, on_step=step))


def _now() -> datetime:
    return datetime.now(UTC)
