"""What the events told last of each offering's labels, levels, exposure and consortia."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table. The index that 0008 asks for fills it."""
    op.create_table(
        "concluded",
        sa.Column("record_id", sa.String(32), primary_key=True),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
    )
    op.execute("UPDATE heads SET generation = generation + 1 WHERE log_size > 0")
