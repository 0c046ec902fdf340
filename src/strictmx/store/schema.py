"""The tables. Times are Unix seconds, days are days since 1970-01-01, both UTC; flags and numbers are never text.

The migrations in `migrations/versions` make these tables; a test compares the two.
Totals hold what the tables of reports add up to, and are changed in the transaction that changes those.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Id = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null)


def _named(name: str, *, key: bool = False) -> Column[int]:
    """A column that holds the id of a name."""
    return Column(name, BigInteger, ForeignKey("names.id"), primary_key=key, nullable=False, autoincrement=False)


def _of_report() -> Column[int]:
    return Column(
        "report", BigInteger, ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


# The domains, organizations and hosts of reports, each text once: a year of totals holds them millions of times.
names = Table("names", METADATA, _id(), Column("name", Text, nullable=False, unique=True))

# What this installation publishes, and every policy that it ever had.
domains = Table(
    "domains",
    METADATA,
    _text("domain", key=True),
    _text("mode"),
    _text("mx"),  # JSON, as given
    _number("max_age"),
    _text("rua"),  # JSON
    Column("policy", BigInteger, ForeignKey("policies.id"), nullable=False),
    _number("changed_at"),
)
policies = Table(
    "policies",
    METADATA,
    _id(),
    _text("domain"),
    _text("identifier"),  # the `id` of the TXT record
    _text("mode"),
    _number("max_age"),
    _text("text"),
    _number("since"),
    _number("until", null=True),  # None: the present one
    Index(None, "domain", "identifier", unique=True),
)

# What checks saw. A row is one line of `check --save`, compressed.
observations = Table(
    "observations",
    METADATA,
    _id(),
    _text("domain"),
    _number("observed_at"),
    _text("verdict"),
    Column("line", LargeBinary, nullable=False),
    Index(None, "domain", "observed_at"),
    Index(None, "observed_at"),
)

# Reports received. Of the copies with one key at most one counts (DEC-17).
reports = Table(
    "reports",
    METADATA,
    _id(),
    Column("key", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("counts", Boolean, nullable=False),
    _text("report_id"),
    _named("organization"),
    _text("submitter"),
    _text("contact", null=True),
    _number("begin"),
    _number("end"),
    _number("day"),
    _number("successful", null=True),  # None: it does not say
    _number("failed", null=True),
    _number("received_at"),
    _text("via"),  # file, mail or https
    Column("authenticated", Boolean, nullable=True),  # None: it came without anything that could prove its origin
    _text("source"),
    _text("deviations"),  # JSON
    Index("ix_reports_counted", "key", unique=True, sqlite_where=text("counts"), postgresql_where=text("counts")),
    Index(None, "key"),
    Index(None, "day", "id"),
    Index(None, "report_id"),
    Index(None, "received_at"),
)
report_bytes = Table(
    "report_bytes",
    METADATA,
    _of_report(),
    _text("packing"),  # gzip, as received, or zlib, packed by us
    Column("payload", LargeBinary, nullable=False),
    _text("hints"),  # JSON: what came with it
)
report_domains = Table(
    "report_domains",
    METADATA,
    _of_report(),
    _named("domain", key=True),
    _number("successful", null=True),
    _number("failed", null=True),
    _number("unexplained"),
    Index(None, "domain", "report"),
)
report_types = Table(
    "report_types",
    METADATA,
    _of_report(),
    _named("domain", key=True),
    _text("policy_type", key=True),
    _number("successful", null=True),
    _number("failed", null=True),
)
report_failures = Table(
    "report_failures",
    METADATA,
    _of_report(),
    _named("domain", key=True),
    _named("host", key=True),
    _named("result_type", key=True),
    _number("sessions"),
    _number("counted"),
)

# Totals of the reports that count.
day_totals = Table(
    "day_totals",
    METADATA,
    _named("domain", key=True),
    _number("day", key=True),
    _number("successful"),
    _number("failed"),
    _number("unexplained"),
    _number("reports"),
    Index(None, "day"),
    sqlite_with_rowid=False,
)
organization_totals = Table(
    "organization_totals",
    METADATA,
    _named("domain", key=True),
    _named("organization", key=True),
    _number("day", key=True),
    _number("successful"),
    _number("failed"),
    _number("reports"),
    sqlite_with_rowid=False,
)
type_totals = Table(
    "type_totals",
    METADATA,
    _named("domain", key=True),
    _text("policy_type", key=True),
    _number("day", key=True),
    _number("successful"),
    _number("failed"),
    _number("reports"),
    sqlite_with_rowid=False,
)
failure_totals = Table(
    "failure_totals",
    METADATA,
    _named("domain", key=True),
    _named("host", key=True),
    _named("result_type", key=True),
    _named("organization", key=True),
    _number("day", key=True),
    _number("sessions"),
    _number("counted"),
    _number("reports"),
    sqlite_with_rowid=False,
)

# What could not be counted: unreadable, unproven or foreign; kept as received.
aside = Table(
    "aside",
    METADATA,
    _id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _number("received_at"),
    _text("via"),
    _text("source"),
    _text("rule"),
    _text("reason"),
    Column("payload", LargeBinary, nullable=False),  # compressed
    Index(None, "received_at"),
)

# Sessions of our own sending, counted by enforce and the collector, told by `report`.
session_policies = Table(
    "session_policies",
    METADATA,
    _id(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _text("policy_type"),
    _text("policy_domain", null=True),
    _text("policy_string"),  # JSON
    _text("mx_host"),  # JSON
)
sessions = Table(
    "sessions",
    METADATA,
    _number("day", key=True),
    _text("domain", key=True),
    Column("policy", BigInteger, ForeignKey("session_policies.id"), primary_key=True, autoincrement=False),
    _number("successful"),
    _number("failed"),
)
session_failures = Table(
    "session_failures",
    METADATA,
    _number("day", key=True),
    _text("domain", key=True),
    Column("policy", BigInteger, ForeignKey("session_policies.id"), primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),  # of the texts below
    _text("result_type"),
    _text("sending_mta_ip", null=True),
    _text("receiving_mx_hostname", null=True),
    _text("receiving_mx_helo", null=True),
    _text("receiving_ip", null=True),
    _text("additional_information", null=True),
    _text("failure_reason_code", null=True),
    _number("sessions"),
)

# Where the roles meet.
changes = Table(
    "changes",
    METADATA,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    _text("topic"),
    _text("key"),
    _number("at"),
    Index(None, "at"),
    sqlite_autoincrement=True,  # a number is never used again, so that a reader that was away misses none
)
leases = Table("leases", METADATA, _text("name", key=True), _text("holder"), _number("until"))
notices = Table(
    "notices",
    METADATA,
    _id(),
    _number("at"),
    _text("kind"),
    _text("subject"),
    _text("cause"),
    Column("proven", Boolean, nullable=False),
    _text("severity"),
    _text("text"),
    _number("taken_at", null=True),  # when alerts took it up
    Index(None, "taken_at", "id"),
    Index(None, "at"),
)
# One row a thing that one writer at a time may do, whichever node it is on; rows, since not every engine that speaks
# PostgreSQL's protocol has advisory locks.
turns = Table("turns", METADATA, _text("name", key=True))
