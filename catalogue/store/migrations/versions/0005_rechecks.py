"""What is listed is verified again on a schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TIME = sa.String(27)
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the schedule, with everything listed so far due at once, and what re-checks find."""
    op.create_table(
        "rechecks",
        sa.Column("position", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("asked_at", _TIME, nullable=False),
    )
    op.create_index("ix_rechecks_asked_at", "rechecks", ["asked_at"])
    op.create_table(
        "standings",
        sa.Column("content_id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("unreachable_since", _TIME),
    )
    op.execute("INSERT INTO rechecks (position, asked_at) SELECT DISTINCT position, '' FROM listings")
