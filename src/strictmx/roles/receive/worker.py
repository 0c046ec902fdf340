"""The work process: reads one source that is large, under limits that it sets itself first thing. `work.py` starts it.

    python -P -m strictmx.roles.receive.worker NAME < bytes > results

A result is its length in four octets, then MessagePack; after the last stands a length of zero.
"""

from __future__ import annotations

import resource
import sys

MEMORY_BYTES = 288 * 1_048_576  # of address space; a report of 64 MiB by the book needs less
CPU_SECONDS = 30
OUT_OF_MEMORY = 3  # exit status
LENGTH_BYTES = 4


def main(name: str) -> None:
    """Read standard input, answer on standard output."""
    import msgspec

    from strictmx.roles.receive.found import Room
    from strictmx.roles.receive.unpack import read_source

    out = sys.stdout.buffer
    for each in read_source(sys.stdin.buffer.read(), name, Room()):
        result = msgspec.msgpack.encode(each)
        out.write(len(result).to_bytes(LENGTH_BYTES, "big") + result)
        out.flush()
    out.write(bytes(LENGTH_BYTES))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        main(sys.argv[1])
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
