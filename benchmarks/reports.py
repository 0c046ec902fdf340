"""Reports as big senders write them: how fast they are read, beside the floor and parsedmarc, on the same files.

    python reports.py FOLDER PEER_PYTHON

Writes 2,000 `.json.gz` files into FOLDER (the same ones every time) and prints JSON: microseconds of CPU a report,
the least of five runs over all. The floor unpacks with zlib and decodes with msgspec into plain structs, and knows no
deviation. The peer's own parser of one file (`parse_report_file`) tries DMARC first; its inner function for TLSRPT
(`parse_smtp_tls_report_json`, after `extract_report`) is measured, too.
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from strictmx.roles.receive.found import Room
from strictmx.roles.receive.unpack import read_source
from strictmx.standards.tlsrpt.packing import unpack
from strictmx.standards.tlsrpt.reading import read_report

REPORTS = 2_000
RUNS = 5
MOST = 64 << 20
DAY = datetime(2026, 11, 1, tzinfo=UTC)
MX = ("mx1", "mx2", "mx-backup", "mail")
FAULTS = ("certificate-expired", "certificate-host-mismatch", "starttls-not-supported", "validation-failure")


def write(folder: Path) -> None:
    chance = random.Random(8460)  # noqa: S311 - no secret
    folder.mkdir(parents=True, exist_ok=True)
    makers = (_google, _google, _microsoft, _microsoft, _postfix, _mail_ru)
    for number in range(REPORTS):
        domain = f"d{chance.randrange(400)}.example"
        day = DAY + timedelta(days=chance.randrange(20))
        name, report = chance.choice(makers)(chance, domain, day)
        begin = int(day.timestamp())
        path = folder / f"{name}!{domain}!{begin}!{begin + 86_399}!{number}.json.gz"
        path.write_bytes(gzip.compress(json.dumps(report, separators=(",", ":")).encode(), mtime=0))


def _range(day: datetime, end: timedelta = timedelta(seconds=86_399)) -> dict[str, str]:
    return {"start-datetime": f"{day:%Y-%m-%dT%H:%M:%SZ}", "end-datetime": f"{day + end:%Y-%m-%dT%H:%M:%SZ}"}


def _policy(kind: str, domain: str, *strings: str, **more: Any) -> dict[str, Any]:
    return {
        "policy-type": kind,
        **({"policy-string": list(strings)} if strings else {}),
        "policy-domain": domain,
        **more,
    }


def _sts(domain: str, **more: Any) -> dict[str, Any]:
    strings = ("version: STSv1", "mode: enforce", *(f"mx: {host}.{domain}" for host in MX[:2]), "max_age: 604800")
    return _policy("sts", domain, *strings, **more)


def _entry(chance: random.Random, policy: dict[str, Any], details: list[dict[str, Any]]) -> dict[str, Any]:
    failed = sum(each["failed-session-count"] for each in details)
    counts = {"total-successful-session-count": chance.randrange(1, 900), "total-failure-session-count": failed}
    return {"policy": policy, "summary": counts} | ({"failure-details": details} if details else {})


def _details(chance: random.Random, domain: str, share: float) -> list[dict[str, Any]]:
    if chance.random() > share:
        return []
    return [
        {
            "result-type": chance.choice(FAULTS),
            "sending-mta-ip": f"192.0.2.{chance.randrange(256)}",
            "receiving-ip": f"2001:db8::{chance.randrange(1, 9_999):x}",
            "receiving-mx-hostname": f"{chance.choice(MX)}.{domain}",
            "failed-session-count": chance.randrange(1, 40),
        }
        for _ in range(chance.randrange(1, 6))
    ]


def _google(chance: random.Random, domain: str, day: datetime) -> tuple[str, dict[str, Any]]:
    plain = chance.random() < 0.2
    policy = _policy("no-policy-found", domain) if plain else _sts(domain, **{"mx-host": [f"*.{domain}"]})
    entries = [_entry(chance, policy, _details(chance, domain, 0.15))]
    if chance.random() < 0.3:
        entries.append(_entry(chance, _sts(f"mail.{domain}", **{"mx-host": [f"mx1.{domain}"]}), []))
    return "google.com", {
        "organization-name": "Google Inc.",
        "date-range": _range(day),
        "contact-info": "smtp-tls-reporting@google.com",
        "report-id": f"{day:%Y-%m-%dT%H:%M:%SZ}_{domain}",
        "policies": entries,
    }


def _microsoft(chance: random.Random, domain: str, day: datetime) -> tuple[str, dict[str, Any]]:
    entries = [_entry(chance, _sts(domain), _details(chance, domain, 0.15)) | {"failure-details": []}]
    if chance.random() < 0.5:
        records = json.dumps([f"3 1 1 {chance.randbytes(32).hex().upper()}" for _ in range(2)])
        entries.append(_entry(chance, _policy("tlsa", domain, records), []) | {"failure-details": []})
    return "microsoft.com", {
        "organization-name": "Microsoft Corporation",
        "date-range": _range(day),
        "contact-info": "tlsrpt-noreply@microsoft.com",
        "report-id": f"{chance.randrange(10**17, 10**18)}+{domain}",
        "policies": entries,
    }


def _postfix(chance: random.Random, domain: str, day: datetime) -> tuple[str, dict[str, Any]]:
    tlsa = _policy("tlsa", f"mx1.{domain}", f"3 1 1 {chance.randbytes(32).hex()}", **{"mx-host": [f"mx1.{domain}"]})
    entries = [_entry(chance, tlsa, _details(chance, domain, 0.5))]
    if chance.random() < 0.6:
        entries.append(_entry(chance, _sts(domain, **{"mx-host": [f"mx1.{domain}"]}), _details(chance, domain, 0.5)))
    return "mail.example.net", {
        "organization-name": "Example Hosting",
        "date-range": _range(day),
        "contact-info": "tlsrpt@mail.example.net",
        "report-id": f"{day:%Y-%m-%d}T00:00:00Z_idx{chance.randrange(999)}_{domain}",
        "policies": entries,
    }


def _mail_ru(chance: random.Random, domain: str, day: datetime) -> tuple[str, dict[str, Any]]:
    fault = [{"result-type": "sts-policy-fetch-error", "failed-session-count": chance.randrange(1, 9)}]
    return "mail.ru", {
        "organization-name": "Mail.ru",
        "date-range": _range(day, timedelta(days=1)),
        "contact-info": "tls@corp.mail.ru",
        "report-id": f"{chance.randbytes(16).hex()}@mail.ru",
        "policies": [_entry(chance, _policy("sts", domain), fault if chance.random() < 0.3 else [])],
    }


class _Range(msgspec.Struct, rename="kebab"):
    start_datetime: datetime
    end_datetime: datetime


class _Policy(msgspec.Struct, rename="kebab"):
    policy_type: str
    policy_domain: str
    policy_string: tuple[str, ...] = ()
    mx_host: tuple[str, ...] = ()


class _Summary(msgspec.Struct, rename="kebab"):
    total_successful_session_count: int
    total_failure_session_count: int


class _Details(msgspec.Struct, rename="kebab"):
    result_type: str
    failed_session_count: int
    sending_mta_ip: str | None = None
    receiving_ip: str | None = None
    receiving_mx_hostname: str | None = None


class _Entry(msgspec.Struct, rename="kebab"):
    policy: _Policy
    summary: _Summary
    failure_details: tuple[_Details, ...] = ()


class _Report(msgspec.Struct, rename="kebab"):
    organization_name: str
    date_range: _Range
    contact_info: str
    report_id: str
    policies: tuple[_Entry, ...]


_FLOOR = msgspec.json.Decoder(_Report)


def floor(data: bytes, _: str) -> None:
    _FLOOR.decode(zlib.decompress(data, 31))


def parse(data: bytes, _: str) -> None:
    read_report(unpack(data, MOST)[0])


def find(data: bytes, name: str) -> None:
    list(read_source(data, name, Room(here=True)))


def microseconds(function: Callable[[bytes, str], None], files: dict[str, bytes]) -> float:
    """CPU a report, the least of a few runs over all."""
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        for name, data in files.items():
            function(data, name)
        best = min(best, time.process_time() - began)
    return best / len(files) * 1e6


def main() -> None:
    folder, peer = Path(sys.argv[1]), sys.argv[2]
    write(folder)
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    took: dict[str, Any] = {function.__name__: microseconds(function, files) for function in (floor, parse, find)}
    script = Path(__file__).with_name("peer_reports.py")
    ended = subprocess.run([peer, str(script), str(folder), str(RUNS)], stdout=subprocess.PIPE, check=True)
    print(json.dumps(took | json.loads(ended.stdout)))


if __name__ == "__main__":
    main()
