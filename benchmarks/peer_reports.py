"""parsedmarc reads the files of `reports.py`, run by the Python that it is installed in: FOLDER RUNS; prints JSON."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import parsedmarc


def whole(data: bytes) -> object:
    return parsedmarc.parse_report_file(data, offline=True)["report_type"]


def inner(data: bytes) -> object:
    return parsedmarc.parse_smtp_tls_report_json(parsedmarc.extract_report(data))


def microseconds(function: Callable[[bytes], object], files: list[bytes], runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        for data in files:
            function(data)
        best = min(best, time.process_time() - began)
    return best / len(files) * 1e6


if __name__ == "__main__":
    folder, runs = Path(sys.argv[1]), int(sys.argv[2])
    files = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert all(whole(data) == "smtp_tls" for data in files)
    took = {"peer": microseconds(whole, files, runs), "peer_inner": microseconds(inner, files, runs)}
    print(json.dumps(took | {"peer_version": importlib.metadata.version("parsedmarc")}))
