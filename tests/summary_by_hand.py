"""The figures of `reports summary`, computed from a folder of reports by plain Python: no SQL, nothing of strictmx.

    python tests/summary_by_hand.py FOLDER > summary.json

Reads `.json` and `.json.gz`, each one report. Forgives what DEC-32 forgives of counts; a policy with any other count
is left out. Copies (same contact domain, report-id, dates and domains) count once.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

KINDS = ("sts", "tlsa", "no-policy-found")


def number(value: Any) -> int | None:
    """A count; 0 for one that is unknown, None for one that makes the policy faulty."""
    if value is None or (isinstance(value, str) and value.isdigit()):
        return int(value or 0)
    good = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return int(value) if good and 0 <= value < 2**53 else None


def entries(report: dict[str, Any]) -> list[tuple[str, str, int, int, list[dict[str, Any]]]]:
    """Domain, type, successful, failed, details of each policy that counts."""
    found = []
    for entry in report["policies"]:
        summary = entry.get("summary") or {}
        good, bad = (number(summary.get(f"total-{word}-session-count")) for word in ("successful", "failure"))
        domain = (entry["policy"].get("policy-domain") or "").lower().rstrip(".")
        if good is not None and bad is not None and domain:
            found.append((domain, entry["policy"]["policy-type"], good, bad, entry.get("failure-details") or []))
    return found


def key_of(report: dict[str, Any]) -> tuple[Any, ...]:
    submitter = (report.get("contact-info") or "").rpartition("@")[2] or report["organization-name"]
    return submitter, report["report-id"], *report["date-range"].values(), *sorted({e[0] for e in entries(report)})


def summary(folder: Path) -> dict[str, Any]:
    reports: dict[tuple[Any, ...], dict[str, Any]] = {}
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        report = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        reports.setdefault(key_of(report), report)
    domains: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for report in reports.values():
        of_domain: dict[str, list[Any]] = defaultdict(list)
        for domain, *rest in entries(report):
            of_domain[domain].append(rest)
        for domain, policies in of_domain.items():
            add(domains[domain], policies, report["organization-name"], report["date-range"]["start-datetime"][:10])
    return {domain: plain(tables) for domain, tables in sorted(domains.items())}


def add(tables: Any, policies: list[Any], organization: str, day: str) -> None:
    """Add what one report says of one domain."""
    sums = {kind: [sum(p[i] for p in policies if p[0] == kind) for i in (1, 2)] for kind in {p[0] for p in policies}}
    views = [kind for kind in ("sts", "tlsa") if kind in sums]
    counted = [max(views, key=lambda kind: (sum(sums[kind]), sums[kind][1]))] if views else []
    counted += [kind for kind in ("no-policy-found",) if kind in sums]
    for kind, values in sums.items():
        for table, name in (("by_policy_type", kind if kind in KINDS else "unknown"),):
            tables[table][name] = [a + b for a, b in zip(tables[table][name], values, strict=True)]
        if kind in counted:
            for table, name in (("sums", ""), ("by_organization", organization), ("by_day", day)):
                tables[table][name] = [a + b for a, b in zip(tables[table][name], values, strict=True)]
    for kind, _, _, details in policies:
        for detail in details:
            sessions = number(detail.get("failed-session-count")) or 0
            tables["by_result_type"][detail["result-type"]][0] += sessions
            if kind in counted and sessions:
                host = (detail.get("receiving-mx-hostname") or "unknown").lower().rstrip(".")
                tables["by_mx"][host, detail["result-type"]][0] += sessions


def plain(tables: Any) -> dict[str, Any]:
    good, bad = tables["sums"][""]
    sums = {"successful": good, "failed": bad, "success_rate": good / (good + bad) if good + bad else None}
    by_mx: dict[str, dict[str, int]] = defaultdict(dict)
    for (host, kind), (sessions, _) in tables["by_mx"].items():
        by_mx[host][kind] = sessions
    return sums | {
        "by_organization": dict(tables["by_organization"]),
        "by_day": dict(tables["by_day"]),
        "by_policy_type": dict(tables["by_policy_type"]),
        "by_result_type": {kind: sessions for kind, (sessions, _) in tables["by_result_type"].items() if sessions},
        "by_mx": dict(by_mx),
    }


if __name__ == "__main__":
    print(json.dumps(summary(Path(sys.argv[1])), indent=1))  # noqa: T201 - it is a script
