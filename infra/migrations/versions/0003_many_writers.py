"""0003: many writers: outbox, handled messages and writers; on PostgreSQL the transaction of what is followed, and places beyond 32 bits"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PLACES = (("log", "seq"), ("offsets", "seq"), ("parked", "seq"), ("dead_letters", "seq"), ("intake_postings", "received_seq"))
_FOLLOWED = ("matching_people", "matching_postings", "matching_employers")
_TRANSACTION = "pg_current_xact_id()::text::bigint"


def upgrade() -> None:
    place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outbox",
        sa.Column("n", place, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("causation_id", sa.String(), nullable=True),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("xid", place, nullable=False),
        sa.PrimaryKeyConstraint("n"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_by_transaction", "outbox", ["xid", "n"])
    op.create_table(
        "handled",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("seq", place, nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("page", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("n", place, nullable=True),
        sa.PrimaryKeyConstraint("subject", "message_id"),
    )
    op.create_index("handled_by_place", "handled", ["subject", "seq"])
    op.create_index("handled_by_change", "handled", ["subject", "n"])
    op.create_table(
        "writers",
        sa.Column("writer", sa.String(), nullable=False),
        sa.Column("n", place, nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("writer"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()


def _postgresql() -> None:
    for table, column in _PLACES:
        op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer())
    op.execute("ALTER SEQUENCE log_seq_seq AS bigint")
    op.execute(f"ALTER TABLE outbox ALTER COLUMN xid SET DEFAULT {_TRANSACTION}")
    # Not among the columns that the program knows: a rebuild compares and copies those, and a row's transaction is none of its business.
    op.execute(
        f"CREATE FUNCTION say_transaction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.xid := {_TRANSACTION}; RETURN NEW; END $$"
    )
    for table in _FOLLOWED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN xid bigint NOT NULL DEFAULT 0")
        op.execute(f"CREATE INDEX {table}_by_transaction ON {table} (xid)")
        op.execute(f"CREATE TRIGGER {table}_transaction BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION say_transaction()")
    # A queue: every row lives for milliseconds, so what is left of it is swept up early.
    op.execute("ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)")
