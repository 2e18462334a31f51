"""Another log in place of one that can't go on: a new name, and everything that the node still lists."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, exists, select, update

from catalogue.federation.heads import log_state
from catalogue.log import Op
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import blobs, checkpoints, heads, intake, log_keys, tiles
from credentials.times import Clock
from credentials.transparency.entries import LogEntry, parse_entry
from credentials.transparency.refusals import EntryMalformed

#: Bytes of a log's number: enough to tell the few logs of one node apart.
ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Renewed:
    """The names of the two logs, the entries of the new one, and how many of the old one's it hasn't."""

    before: str
    origin: str
    entries: int
    left_out: int


def renew(settings: Settings, database: Database, clock: Clock) -> Renewed:
    """Begin another log under another name. Whoever follows this node must add it anew.

    In it is what the node still lists, and the withdrawals and erasures, each as it was entered; whatever
    held the old log up is over. The old one's heads and statements of keys go, since they speak of that one.
    """
    with database.write() as connection:
        before = log_state(connection, settings.url).origin
        held = exists().where(blobs.c.digest == intake.c.digest)
        rows = connection.execute(
            select(intake.c.position, intake.c.op, intake.c.digest, intake.c.entry, held.label("held"))
            .where(intake.c.leaf.is_not(None))
            .order_by(intake.c.position)
        ).all()
        kept = [row for row in rows if row.op == Op.ERASE.value or (row.held and row.op != Op.KEY.value)]
        connection.execute(update(intake).where(intake.c.leaf.is_not(None)).values(leaf=None))
        for leaf, row in enumerate(kept):
            changed: dict[str, int | str] = {"leaf": leaf}
            if not _is_whole(row.entry, row.op, row.digest):
                # Altered by hand: it says again what the rest of the store says.
                entry = LogEntry(Op(row.op), row.digest, clock()).to_bytes()
                changed["entry"] = entry.decode("ascii")
            connection.execute(update(intake).where(intake.c.position == row.position).values(**changed))
        for table in (checkpoints, tiles, log_keys):
            connection.execute(delete(table))
        connection.execute(
            update(heads).values(log_id=secrets.token_hex(ID_BYTES), tree_size=len(kept), held=None)
        )
        origin = log_state(connection, settings.url).origin
    return Renewed(before, origin, len(kept), len(rows) - len(kept))


def _is_whole(text: str, op: str, digest: str) -> bool:
    try:
        entry = parse_entry(text.encode())
    except EntryMalformed:
        return False
    return (entry.op.value, entry.digest) == (op, digest)
