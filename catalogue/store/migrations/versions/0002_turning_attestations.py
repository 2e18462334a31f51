"""Attestations that begin or cease to hold on a day of their own are noticed on that day."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the moment at which what a record says changes by itself. The next index enters it for each."""
    op.add_column("bearings", sa.Column("turns_at", sa.String(27)))
    op.create_index("ix_bearings_turns_at", "bearings", ["turns_at"])
