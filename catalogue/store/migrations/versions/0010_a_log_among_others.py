"""The node's log as one among others: what of the intake is public, its signed heads, the logs of peers."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

DIGEST = sa.String(64)
TIME = sa.String(27)
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Number the public log's leaves: so far all that was taken in was submitted here."""
    with op.batch_alter_table("heads") as heads:
        heads.alter_column("log_size", new_column_name="intake_size")
        heads.add_column(sa.Column("tree_size", sa.BigInteger, nullable=False, server_default="0"))
        heads.add_column(sa.Column("log_id", sa.String(16), nullable=False, server_default=""))
        heads.add_column(sa.Column("held", sa.Text))
    # A name, not a secret: it tells the log from another one that this node may have later.
    op.execute(
        sa.text("UPDATE heads SET tree_size = intake_size, log_id = :id").bindparams(id=secrets.token_hex(4))
    )
    with op.batch_alter_table("heads") as heads:
        heads.alter_column("tree_size", server_default=None)
        heads.alter_column("log_id", server_default=None)
    op.drop_index("ix_log_digest", "log")
    op.rename_table("log", "intake")
    op.create_index("ix_intake_digest", "intake", ["digest"])
    op.add_column("intake", sa.Column("leaf", sa.BigInteger))
    op.execute("UPDATE intake SET leaf = position")
    op.create_index("uq_intake_leaf", "intake", ["leaf"], unique=True)
    op.create_table(
        "checkpoints",
        sa.Column("size", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("root", DIGEST, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "log_keys",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "peers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("trusted", sa.LargeBinary),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("signed_at", TIME),
        sa.Column("answered_at", TIME),
        sa.Column("grew_at", TIME),
        sa.Column("due_at", TIME),
        sa.Column("faults", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "received",
        sa.Column("peer", sa.Integer, sa.ForeignKey("peers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("op", sa.String(8), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", TIME),
        sa.Column("detail", sa.Text),
        sa.Column("report", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_received_digest", "received", ["digest"])
    op.create_index("ix_received_due", "received", ["due_at"])
    op.create_table(
        "contradictions",
        sa.Column("id", DIGEST, primary_key=True),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_contradictions_peer", "contradictions", ["peer"])
