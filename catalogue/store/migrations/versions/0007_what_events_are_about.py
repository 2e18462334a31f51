"""Events say which value changed and since when, and may have longer kinds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add both to the events; those told so far have neither."""
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("value", sa.Text))
        events.add_column(sa.Column("since", sa.String(27)))
        events.alter_column("kind", existing_type=sa.String(16), type_=sa.String(24), nullable=False)
