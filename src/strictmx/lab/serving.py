"""`strictmx lab up` without its command line: a lab that runs until the process is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from strictmx.lab.network import CONFIGURATION_FILE, DOMAINS_FILE, Lab

ENDING = (signal.SIGINT, signal.SIGTERM)


async def serve(directory: Path, announce: Callable[[str], None]) -> None:
    """Run the lab of all domains until SIGINT or SIGTERM; its files stay in `directory`.

    announce: told one line of text at a time; the first one comes when everything answers.
    Raises OSError: the directory cannot be written, or no port is free.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in ENDING:
        loop.add_signal_handler(number, ended.set)
    try:
        async with Lab.start(directory) as lab:
            configuration = lab.write_configuration(directory)
            announce(f"ready: {len(lab.domains)} domains, configuration in {configuration}")
            announce(f"try: strictmx check --config {configuration} {lab.domains[0].name}")
            announce(f"all: strictmx check --config {directory / CONFIGURATION_FILE} --from {directory / DOMAINS_FILE}")
            await ended.wait()
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
