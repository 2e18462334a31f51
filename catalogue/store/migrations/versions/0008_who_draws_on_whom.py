"""Who draws on whom is kept, so that a change at one participant reaches whatever rests on it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table. The index is made anew, which enters what is listed already."""
    op.create_table(
        "draws",
        sa.Column("record_id", sa.String(32), primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
    )
    op.create_index("ix_draws_target", "draws", ["target", "kind", "record_id"])
    op.execute("UPDATE heads SET generation = generation + 1 WHERE log_size > 0")
