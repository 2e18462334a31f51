"""A node's own log for tests: entries that name nothing, and the signer over them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from world import Clock

from catalogue.federation.heads import SignedHead, log_state, newest_head
from catalogue.federation.signer import Signer
from catalogue.log import append
from catalogue.node import Node
from catalogue.node_key import ensure_key
from catalogue.store.database import LogHeld
from catalogue.store.tables import heads, intake
from credentials.transparency.checkpoints import SignedCheckpoint, origin_key, verify_checkpoint
from credentials.transparency.entries import Op


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


class OwnLog:
    """One node's log, grown and signed by the test."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self.node = node
        self.clock = clock
        self.signer = Signer(node.settings, node.database, clock)

    def grow(self, count: int) -> None:
        """Append entries that list blobs which nobody has."""
        with self.node.database.write() as connection:
            for number in range(count):
                append(connection, Op.LIST, digest(number), self.clock.now)

    def sign(self) -> SignedHead:
        """The signature that is due."""
        head = self.signer.sign()
        assert head is not None
        return head

    def signed(self, count: int) -> SignedHead:
        """Grow, and sign."""
        self.grow(count)
        return self.sign()

    @property
    def origin(self) -> str:
        with self.node.database.read() as connection:
            return log_state(connection, self.node.settings.url).origin

    @property
    def held(self) -> str | None:
        with self.node.database.read() as connection:
            return log_state(connection, self.node.settings.url).held

    @property
    def newest(self) -> SignedHead | None:
        with self.node.database.read() as connection:
            return newest_head(connection)

    def entries(self) -> list[bytes]:
        """The exact entries of the public log."""
        with self.node.database.read() as connection:
            rows = connection.execute(
                select(intake.c.entry).where(intake.c.leaf.is_not(None)).order_by(intake.c.leaf)
            )
            return [entry.encode() for entry in rows.scalars()]

    def verified(self, head: SignedHead) -> SignedCheckpoint:
        """The head's note, as a reader who has pinned the node's key checks it."""
        key = ensure_key(self.node.settings.data)
        return verify_checkpoint(head.note, self.origin, (origin_key(self.origin, key),))

    def alter(self, leaf: int) -> None:
        """Change an entry by hand, as one who has the database can."""
        with self.node.database.write() as connection:
            entry = connection.execute(select(intake.c.entry).where(intake.c.leaf == leaf)).scalar_one()
            changed = entry.replace('"op":"list"', '"op":"erase"')
            assert changed != entry
            connection.execute(update(intake).where(intake.c.leaf == leaf).values(entry=changed))

    def cut(self, size: int) -> None:
        """Put the store back to an earlier state, as a copy from yesterday does."""
        with self.node.database.write() as connection:
            connection.execute(text("DELETE FROM intake WHERE leaf >= :size"), {"size": size})
            connection.execute(text("DELETE FROM checkpoints WHERE size > :size"), {"size": size})
            connection.execute(text("DELETE FROM tiles"))
            connection.execute(update(heads).values(tree_size=size, intake_size=size))

    def refuses_growth(self) -> str:
        """The reason with which a new entry is refused."""
        try:
            self.grow(1)
        except LogHeld as error:
            return error.reason
        return ""


def later(clock: Clock, seconds: float) -> datetime:
    clock.now += timedelta(seconds=seconds)
    return clock.now
