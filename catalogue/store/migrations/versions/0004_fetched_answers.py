"""Certificate chains and status lists are fetched once for all workers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the shared cache of answers."""
    op.create_table(
        "fetched",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("fetched_at", sa.String(27), nullable=False),
    )
    op.create_index("ix_fetched_fetched_at", "fetched", ["fetched_at"])
