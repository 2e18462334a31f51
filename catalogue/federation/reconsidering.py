"""What the operator's own actions mean for entries that peers have listed already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from catalogue.federation.model import EntryState
from catalogue.store.tables import received, stored_time

#: How the reason begins of an entry that was refused by a rule of the operator, who may take it back.
BY_RULE = "rule: "
#: Why bytes that the operator has erased are not taken from anybody.
ERASED_HERE = "erased by the operator of this node"


def reconsider_rules(connection: Connection, now: datetime) -> None:
    """Have all entries looked at again that a rule about their issuer has kept out."""
    connection.execute(
        update(received)
        .where(received.c.state == EntryState.REFUSED.value, received.c.detail.startswith(BY_RULE))
        .values(state=EntryState.DEFERRED.value, due_at=stored_time(now), tries=0)
    )


def refuse_erased(connection: Connection, digest: str) -> None:
    """Bytes that the operator has erased here are in force no more, whoever lists them."""
    connection.execute(
        update(received)
        .where(
            received.c.digest == digest,
            received.c.op == "list",
            received.c.state != EntryState.ERASED.value,
        )
        .values(state=EntryState.REFUSED.value, due_at=None, detail=ERASED_HERE, report=None)
    )
