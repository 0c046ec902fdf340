"""Reports as tables for other programs: a row a policy and a row a failure, in JSON, CSV or Parquet.

Sums over a column are right: sessions stand in the rows of policies only, failed sessions by cause only in the rows
of failures.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from strictmx.findings.words import instant
from strictmx.roles.receive.stored import document_of, report_of
from strictmx.standards.tlsrpt import PolicyReport
from strictmx.store import reports
from strictmx.store.database import Store
from strictmx.store.reports import Kept, Range

# Columns and their types in Parquet.
COLUMNS = {
    "row": "VARCHAR",  # policy or failure
    "id": "BIGINT",
    "report_id": "VARCHAR",
    "organization": "VARCHAR",
    "contact": "VARCHAR",
    "begin": "TIMESTAMP",
    "end": "TIMESTAMP",
    "domain": "VARCHAR",
    "policy_type": "VARCHAR",
    "successful": "BIGINT",
    "failed": "BIGINT",
    "result_type": "VARCHAR",
    "failed_sessions": "BIGINT",
    "receiving_mx_hostname": "VARCHAR",
    "receiving_ip": "VARCHAR",
    "sending_mta_ip": "VARCHAR",
    "failure_reason_code": "VARCHAR",
    "received_at": "TIMESTAMP",
    "via": "VARCHAR",
    "authenticated": "BOOLEAN",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for the beginning of a formula


def documents(store: Store, asked: Range) -> Iterator[dict[str, Any]]:
    """Each report as `reports show` has it."""
    for kept in _each(store, asked):
        yield document_of(kept)


def rows(store: Store, asked: Range) -> Iterator[dict[str, Any]]:
    """The rows of each report; with a domain only those about it."""
    for kept in _each(store, asked):
        listed = kept.listed
        head = {
            "id": listed.id,
            "report_id": listed.report_id,
            "organization": listed.organization,
            "contact": listed.contact,
            "begin": instant(listed.begin),
            "end": instant(listed.end),
            "received_at": instant(listed.received_at),
            "via": listed.via,
            "authenticated": listed.authenticated,
        }
        for entry in report_of(kept).policies:
            if asked.domain is None or entry.policy.policy_domain == asked.domain:
                yield from _rows_of(entry, head)


def _each(store: Store, asked: Range) -> Iterator[Kept]:
    for listed in reports.listed(store, asked):
        kept = reports.kept(store, listed.id)
        if kept is not None:  # it may have been deleted meanwhile
            yield kept


def _rows_of(entry: PolicyReport, head: dict[str, Any]) -> Iterator[dict[str, Any]]:
    policy = {"domain": entry.policy.policy_domain, "policy_type": entry.policy.policy_type}
    yield {
        **dict.fromkeys(COLUMNS),
        **head,
        **policy,
        "row": "policy",
        "successful": entry.summary.total_successful_session_count,
        "failed": entry.summary.total_failure_session_count,
    }
    for detail in entry.failure_details:
        yield {
            **dict.fromkeys(COLUMNS),
            **head,
            **policy,
            "row": "failure",
            "result_type": detail.result_type,
            "failed_sessions": detail.failed_session_count,
            "receiving_mx_hostname": detail.receiving_mx_hostname,
            "receiving_ip": detail.receiving_ip,
            "sending_mta_ip": detail.sending_mta_ip,
            "failure_reason_code": detail.failure_reason_code,
        }


def as_csv(table: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), head first; no cell is taken for a formula by a spreadsheet."""
    line = io.StringIO()
    writer = csv.DictWriter(line, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    for row in table:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow({name: _cell(value) for name, value in row.items()})
    yield line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


@dataclass(frozen=True, slots=True)
class ParquetUnavailable(Exception):
    """The package that writes Parquet is missing, or could not write."""

    reason: str


def write_parquet(table: Iterator[dict[str, Any]], file: Path) -> None:
    """Write the rows as Parquet; `file` is there when it is whole. Raises ParquetUnavailable, OSError."""
    try:
        import duckdb
    except ImportError as error:
        raise ParquetUnavailable("Parquet needs one more package: pip install 'strictmx[parquet]'") from error
    lines = file.with_name(file.name + ".jsonl")
    part = file.with_name(file.name + ".part")
    try:
        with lines.open("wb") as written:
            for row in table:
                written.write(msgspec.json.encode(row) + b"\n")
        columns = ", ".join(f"\"{name}\": '{kind}'" for name, kind in COLUMNS.items())
        source, target = (str(path).replace("'", "''") for path in (lines, part))
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '256MB'")
            query = f"SELECT * FROM read_json('{source}', format = 'newline_delimited', columns = {{{columns}}})"  # noqa: S608
            connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
        part.replace(file)
    except duckdb.Error as error:
        raise ParquetUnavailable(f"Parquet could not be written: {error}") from error
    finally:
        lines.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
