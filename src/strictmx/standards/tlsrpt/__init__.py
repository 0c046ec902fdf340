"""TLS reporting as RFC 8460 defines it: the TXT record that says where reports go (section 3), and the report (4).

    _smtp._tls.example.com.  TXT  "v=TLSRPTv1; rua=mailto:tlsrpt@example.com"

A sender that reads it counts its TLS sessions to the domain and sends one report a day. Without reports an owner
learns of a broken policy only when mail stays away.
Pure. `record` reads and writes the record, `report` holds the one model of a report, `counting` says what its figures
mean, `facts` is what a store keeps of it. A report is unpacked by `packing`, read by `reading` (over `bounds`, `raw`
and `loose`) and written by `writing`.
"""

from __future__ import annotations

from strictmx.standards.tlsrpt.bounds import DOCUMENT_BYTES
from strictmx.standards.tlsrpt.counting import DomainFigures, FailureFigures, TypeFigures, count
from strictmx.standards.tlsrpt.facts import Hints, ReportFacts, facts_of
from strictmx.standards.tlsrpt.packing import sniff, unpack
from strictmx.standards.tlsrpt.reading import documents, read_report
from strictmx.standards.tlsrpt.record import (
    RECORD_LABELS,
    Record,
    RecordDeviation,
    RecordFault,
    RecordReading,
    ReportAddress,
    format_record,
    read_records,
    read_uri,
    record_name,
)
from strictmx.standards.tlsrpt.report import (
    COUNT_MOST,
    RESULT_TYPES,
    UNKNOWN,
    DateRange,
    Deviation,
    FailureDetails,
    Policy,
    PolicyReport,
    PolicyType,
    Report,
    ReportError,
    Summary,
)
from strictmx.standards.tlsrpt.writing import format_report

__all__ = [
    "COUNT_MOST",
    "DOCUMENT_BYTES",
    "RECORD_LABELS",
    "RESULT_TYPES",
    "UNKNOWN",
    "DateRange",
    "Deviation",
    "DomainFigures",
    "FailureDetails",
    "FailureFigures",
    "Hints",
    "Policy",
    "PolicyReport",
    "PolicyType",
    "Record",
    "RecordDeviation",
    "RecordFault",
    "RecordReading",
    "Report",
    "ReportAddress",
    "ReportError",
    "ReportFacts",
    "Summary",
    "TypeFigures",
    "count",
    "documents",
    "facts_of",
    "format_record",
    "format_report",
    "read_records",
    "read_report",
    "read_uri",
    "record_name",
    "sniff",
    "unpack",
]
