"""A rebuilt report tells how old a status list was when it was judged by."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add when evidence was fetched. Of what is there already it isn't known."""
    op.add_column("evidence", sa.Column("fetched_at", sa.String(27)))
