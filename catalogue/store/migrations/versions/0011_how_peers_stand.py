"""When a peer's newest signature was first seen, and an index of received entries that aren't in force."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing is known of peers before this, so the column starts empty."""
    op.add_column("peers", sa.Column("renewed_at", sa.String(27)))
    still_open = sa.text("state <> 'accepted'")
    op.create_index(
        "ix_received_open",
        "received",
        ["peer", "state", "leaf"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
