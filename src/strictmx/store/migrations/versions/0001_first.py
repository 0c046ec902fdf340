"""The first schema: domains and their policies, observations, reports with their totals, sessions, where roles meet."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "aside",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside")),
        sa.UniqueConstraint("digest", name=op.f("uq_aside_digest")),
    )
    op.create_index(op.f("ix_aside_received_at"), "aside", ["received_at"], unique=False)
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_changes_at"), "changes", ["at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "names",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_names")),
        sa.UniqueConstraint("name", name=op.f("uq_names_name")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_at"), "notices", ["at"], unique=False)
    op.create_index(op.f("ix_notices_taken_at_id"), "notices", ["taken_at", "id"], unique=False)
    op.create_table(
        "observations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(op.f("ix_observations_domain_observed_at"), "observations", ["domain", "observed_at"], unique=False)
    op.create_index(op.f("ix_observations_observed_at"), "observations", ["observed_at"], unique=False)
    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("max_age", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_index(op.f("ix_policies_domain_identifier"), "policies", ["domain", "identifier"], unique=True)
    op.create_table(
        "session_policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("policy_type", sa.Text(), nullable=False),
        sa.Column("policy_domain", sa.Text(), nullable=True),
        sa.Column("policy_string", sa.Text(), nullable=False),
        sa.Column("mx_host", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_policies")),
        sa.UniqueConstraint("digest", name=op.f("uq_session_policies_digest")),
    )
    op.create_table(
        "turns", sa.Column("name", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("name", name=op.f("pk_turns"))
    )
    op.create_table(
        "day_totals",
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unexplained", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reports", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_day_totals_domain")),
        sa.PrimaryKeyConstraint("domain", "day", name=op.f("pk_day_totals")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_day_totals_day"), "day_totals", ["day"], unique=False)
    op.create_table(
        "domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("mx", sa.Text(), nullable=False),
        sa.Column("max_age", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rua", sa.Text(), nullable=False),
        sa.Column("policy", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["policy"], ["policies.id"], name=op.f("fk_domains_policy")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domains")),
    )
    op.create_table(
        "failure_totals",
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("host", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("result_type", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sessions", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("counted", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reports", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_failure_totals_domain")),
        sa.ForeignKeyConstraint(["host"], ["names.id"], name=op.f("fk_failure_totals_host")),
        sa.ForeignKeyConstraint(["organization"], ["names.id"], name=op.f("fk_failure_totals_organization")),
        sa.ForeignKeyConstraint(["result_type"], ["names.id"], name=op.f("fk_failure_totals_result_type")),
        sa.PrimaryKeyConstraint("domain", "host", "result_type", "organization", "day", name=op.f("pk_failure_totals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "organization_totals",
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reports", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_organization_totals_domain")),
        sa.ForeignKeyConstraint(["organization"], ["names.id"], name=op.f("fk_organization_totals_organization")),
        sa.PrimaryKeyConstraint("domain", "organization", "day", name=op.f("pk_organization_totals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("organization", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("begin", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("received_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("authenticated", sa.Boolean(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("deviations", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["names.id"], name=op.f("fk_reports_organization")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_counted",
        "reports",
        ["key"],
        unique=True,
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
    op.create_index(op.f("ix_reports_day_id"), "reports", ["day", "id"], unique=False)
    op.create_index(op.f("ix_reports_key"), "reports", ["key"], unique=False)
    op.create_index(op.f("ix_reports_received_at"), "reports", ["received_at"], unique=False)
    op.create_index(op.f("ix_reports_report_id"), "reports", ["report_id"], unique=False)
    op.create_table(
        "session_failures",
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("policy", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("result_type", sa.Text(), nullable=False),
        sa.Column("sending_mta_ip", sa.Text(), nullable=True),
        sa.Column("receiving_mx_hostname", sa.Text(), nullable=True),
        sa.Column("receiving_mx_helo", sa.Text(), nullable=True),
        sa.Column("receiving_ip", sa.Text(), nullable=True),
        sa.Column("additional_information", sa.Text(), nullable=True),
        sa.Column("failure_reason_code", sa.Text(), nullable=True),
        sa.Column("sessions", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["policy"], ["session_policies.id"], name=op.f("fk_session_failures_policy")),
        sa.PrimaryKeyConstraint("day", "domain", "policy", "digest", name=op.f("pk_session_failures")),
    )
    op.create_table(
        "sessions",
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("policy", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["policy"], ["session_policies.id"], name=op.f("fk_sessions_policy")),
        sa.PrimaryKeyConstraint("day", "domain", "policy", name=op.f("pk_sessions")),
    )
    op.create_table(
        "type_totals",
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy_type", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reports", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_type_totals_domain")),
        sa.PrimaryKeyConstraint("domain", "policy_type", "day", name=op.f("pk_type_totals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report_bytes",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("packing", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("hints", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["reports.id"], name=op.f("fk_report_bytes_report"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_report_bytes")),
    )
    op.create_table(
        "report_domains",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("unexplained", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_report_domains_domain")),
        sa.ForeignKeyConstraint(["report"], ["reports.id"], name=op.f("fk_report_domains_report"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report", "domain", name=op.f("pk_report_domains")),
    )
    op.create_index(op.f("ix_report_domains_domain_report"), "report_domains", ["domain", "report"], unique=False)
    op.create_table(
        "report_failures",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("host", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("result_type", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sessions", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("counted", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_report_failures_domain")),
        sa.ForeignKeyConstraint(["host"], ["names.id"], name=op.f("fk_report_failures_host")),
        sa.ForeignKeyConstraint(["report"], ["reports.id"], name=op.f("fk_report_failures_report"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["result_type"], ["names.id"], name=op.f("fk_report_failures_result_type")),
        sa.PrimaryKeyConstraint("report", "domain", "host", "result_type", name=op.f("pk_report_failures")),
    )
    op.create_table(
        "report_types",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy_type", sa.Text(), nullable=False),
        sa.Column("successful", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.ForeignKeyConstraint(["domain"], ["names.id"], name=op.f("fk_report_types_domain")),
        sa.ForeignKeyConstraint(["report"], ["reports.id"], name=op.f("fk_report_types_report"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report", "domain", "policy_type", name=op.f("pk_report_types")),
    )
    # ### end Alembic commands ###
