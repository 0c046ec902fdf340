"""One domain checked again and again in one process, each time anew: prints the median wall seconds of a check.

python one.py CONFIGURATION DOMAIN TIMES
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

import strictmx


async def measure(configuration: str, domain: str, times: int) -> float:
    settings = strictmx.Settings.load(configuration)
    walls = []
    for _ in range(times + 1):  # the first one imports
        began = time.perf_counter()
        result = await strictmx.check(domain, settings)
        walls.append(time.perf_counter() - began)
        assert result.verdict is strictmx.Verdict.SECURE, result
    return statistics.median(walls[1:])


if __name__ == "__main__":
    print(asyncio.run(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
