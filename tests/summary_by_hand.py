"""What `reports summary --json` says, findings left out, computed from a folder of .json and .json.gz reports.

Shares no code with strictmx, so that one can prove the other wrong. Reads reports by the book, and what DEC-18, DEC-25,
DEC-32 and RPT-12 forgive; of copies (DEC-17) the first by name counts.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TYPES = ("sts", "tlsa", "no-policy-found")


def count(value: Any) -> int:
    """A number of sessions; one that is not known adds nothing. Raises ValueError."""
    number = int(value or 0)
    if isinstance(value, bool) or number < 0 or (isinstance(value, float) and value != number):
        raise ValueError(value)
    return number


def policies(report: Any) -> Any:
    """Each policy that counts: domain, type, successful, failed, and its details as host, result type, sessions."""
    listed = report["policies"]
    for entry in [listed] if isinstance(listed, dict) else listed:
        kind, summary, details = entry["policy"]["policy-type"], entry.get("summary") or {}, []
        try:
            sums = [count(summary.get(f"total-{end}-session-count")) for end in ("successful", "failure")]
        except ValueError:
            continue
        for detail in entry.get("failure-details") or ():
            host = (detail.get("receiving-mx-hostname") or "unknown").lower().rstrip(".")
            details.append((host, detail["result-type"], count(detail.get("failed-session-count"))))
        yield entry["policy"]["policy-domain"].lower().rstrip("."), kind if kind in TYPES else "unknown", *sums, details


def add(tables: Any, report: Any, found: Any) -> None:
    """Add what one report says of one domain to the tables of that domain."""
    types: Any = defaultdict(Counter)
    for _, kind, successful, failed, _ in found:
        types[kind].update(successful=successful, failed=failed)
    for kind in {*TYPES, *types}:
        tables["type", kind].update(types.get(kind))
    views = [kind for kind in ("sts", "tlsa") if kind in types]  # of the same sessions: the one with more counts
    view = max(views, key=lambda kind: (types[kind].total(), types[kind]["failed"]), default=None)
    counted = types[view] + types["no-policy-found"]
    for _, kind, _, _, details in found:
        for host, result_type, sessions in details:
            tables["result types", ""][result_type] += sessions
            if kind in {view, "no-policy-found"}:
                tables["mx", host][result_type] += sessions
                counted["explained"] += sessions
    start = datetime.fromisoformat(report["date-range"]["start-datetime"])
    day = str((start.astimezone(UTC) if start.tzinfo else start).date())
    for table in (("all", ""), ("org", report["organization-name"]), ("day", day)):
        tables[table].update(counted)
    tables["all", ""]["unexplained"] += max(0, counted["failed"] - counted["explained"])


def document(domain: str, tables: Any) -> Any:
    """The figures of one domain."""

    def sides(table: str, name: str) -> Any:
        return {side: tables[table, name][side] for side in ("successful", "failed")}

    hosts = {name: +tables[kind, name] for kind, name in sorted(tables) if kind == "mx"}
    all_of, sessions = sides("all", ""), sum(sides("all", "").values())
    return {"domain": domain, **all_of, "success_rate": all_of["successful"] / sessions if sessions else None} | {
        "by_result_type": +tables["result types", ""],
        "by_organization": [{"organization": name, **sides(of, name)} for of, name in sorted(tables) if of == "org"],
        "by_mx": [{"host": host, "failed": of.total(), "by_result_type": of} for host, of in hosts.items() if of],
        "by_day": [{"day": name, **sides(of, name)} for of, name in sorted(tables) if of == "day"],
        "by_policy_type": {name: sides(kind, name) for kind, name in tables if kind == "type"},
        "failures_without_details": tables["all", ""]["unexplained"],
    }


def summary(folder: Path) -> Any:
    """The document."""
    domains: Any = defaultdict(lambda: defaultdict(Counter))
    seen = set()
    for file in sorted(folder.iterdir()):
        report = json.loads(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())
        found, contact = list(policies(report)), report.get("contact-info") or report["organization-name"]
        named = sorted({each[0] for each in found})
        key = (contact.rpartition("@")[2].lower(), report["report-id"], *report["date-range"].values(), *named)
        for domain in named if key not in seen else ():
            add(domains[domain], report, [each for each in found if each[0] == domain])
        seen.add(key)
    days = sorted(name for tables in domains.values() for kind, name in tables if kind == "day") or [None]
    return {"since": days[0], "until": days[-1], "domains": [document(*each) for each in sorted(domains.items())]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(summary(Path(sys.argv[1])), indent=2) + "\n")
