"""Shapes are checked: the operator's schemas, and what came of the check for each statement."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the schemas and the mark. What is listed already wasn't checked."""
    op.create_table(
        "schemas",
        sa.Column("digest", sa.String(64), sa.ForeignKey("blobs.digest"), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prepared", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.add_column(
        "listings", sa.Column("shapes", sa.String(12), nullable=False, server_default="not_checked")
    )
