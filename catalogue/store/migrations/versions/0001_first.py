"""The first shape of the store."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

DIGEST = sa.String(64)
RECORD = sa.String(32)
TIME = sa.String(27)
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create every table and the one row of `heads`."""
    heads = op.create_table(
        "heads",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("log_size", sa.BigInteger, nullable=False),
        sa.Column("event_count", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(heads, [{"id": 1, "log_size": 0, "event_count": 0, "generation": 0}])
    op.create_table(
        "log",
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("op", sa.String(8), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
    )
    op.create_index("ix_log_digest", "log", ["digest"])
    op.create_table(
        "blobs",
        sa.Column("digest", DIGEST, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("judged_at", TIME),
    )
    op.create_table(
        "evidence",
        sa.Column("digest", DIGEST, sa.ForeignKey("blobs.digest", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("obtained", sa.String(16), nullable=False),
        sa.Column("source", DIGEST, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_evidence_source", "evidence", ["source"])
    op.create_table(
        "events",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("record_id", RECORD, nullable=False),
        sa.Column("content_id", DIGEST),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_events_record_id", "events", ["record_id"])
    op.create_table(
        "issuer_rules",
        sa.Column("did", sa.Text, primary_key=True),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    _create_derived()
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("claimed_issuer", sa.Text, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("check", sa.String(24), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_refusals_claimed_issuer", "refusals", ["claimed_issuer"])
    op.create_index("ix_refusals_at", "refusals", ["at"])
    op.create_table(
        "did_cache",
        sa.Column("did", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
    )
    op.create_index("ix_did_cache_fetched_at", "did_cache", ["fetched_at"])


def _create_derived() -> None:
    op.create_table(
        "reports",
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "listings",
        sa.Column("record_id", RECORD, primary_key=True),
        sa.Column("content_id", DIGEST, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("credential", sa.Text),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("obtained", sa.String(16), nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("valid_until", TIME),
        sa.Column("listed_at", TIME, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listings_subject", "listings", ["subject"])
    op.create_index("ix_listings_credential", "listings", ["credential"])
    op.create_index("ix_listings_position", "listings", ["position"])
    op.create_index("ix_listings_issuer", "listings", ["issuer", "position"])
    op.create_index("ix_listings_content", "listings", ["content_id"])
    op.create_index("ix_listings_expiry", "listings", ["state", "valid_until"])
    op.create_table(
        "repeats",
        sa.Column("digest", DIGEST, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("content_id", DIGEST, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_repeats_content_id", "repeats", ["content_id"])
    op.create_table(
        "withdrawals",
        sa.Column("content_id", DIGEST, primary_key=True),
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_index("ix_withdrawals_digest", "withdrawals", ["digest"])
    op.create_table(
        "bearings",
        sa.Column("record_id", RECORD, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
    )
    op.create_index("ix_bearings_target", "bearings", ["target", "kind"])
