"""What a peer signed last and when that was first seen, and an index of entries not in force."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing is known of peers before this, so the columns start empty."""
    op.add_column("peers", sa.Column("signed_size", sa.BigInteger))
    op.add_column("peers", sa.Column("renewed_at", sa.String(27)))
    still_open = sa.text("state <> 'accepted'")
    op.create_index(
        "ix_received_open",
        "received",
        ["peer", "leaf", "state"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
