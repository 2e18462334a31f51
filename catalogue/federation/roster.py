"""The nodes whose logs are copied, as the store has them: every part of the federation reads them here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from catalogue.errors import NotFound
from catalogue.federation.model import Peer, PeerState
from catalogue.store.tables import peers, read_time

#: Nodes that one node follows at most: every list of them is given whole, and each is a line of `/metrics`.
#: Twenty-seven member states with seven nodes each are fewer.
MAX_PEERS = 200

#: What is read of a peer; the state of its log, which is larger, is read by whoever follows it.
COLUMNS = tuple(column for column in peers.c if column.name != "trusted")


def every_peer(connection: Connection, *states: PeerState) -> Sequence[Peer]:
    """The peers in these states, by name; those in any state if none is named."""
    chosen = select(*COLUMNS).order_by(peers.c.name)
    if states:
        chosen = chosen.where(peers.c.state.in_([state.value for state in states]))
    return [peer_in(row) for row in connection.execute(chosen)]


def peer_named(connection: Connection, name: str) -> Peer:
    """The peer of that name, in whatever state. NotFound."""
    row = connection.execute(select(*COLUMNS).where(peers.c.name == name)).one_or_none()
    if row is None:
        raise NotFound("peer", name)
    return peer_in(row)


def peer_of_origin(connection: Connection, origin: str) -> Peer | None:
    """The peer whose log has that origin, in whatever state."""
    row = connection.execute(select(*COLUMNS).where(peers.c.origin == origin)).one_or_none()
    return peer_in(row) if row is not None else None


def peer_in(row: Row[Any]) -> Peer:
    """The peer that a row of the table holds."""

    def time(name: str) -> Any:
        value = row._mapping[name]
        return read_time(value) if value else None

    return Peer(
        id=row.id,
        name=row.name,
        url=row.url,
        origin=row.origin,
        keys=tuple(json.loads(row.keys)),
        state=PeerState(row.state),
        reason=row.reason,
        size=row.size,
        added_at=read_time(row.added_at),
        signed_size=row.signed_size,
        signed_at=time("signed_at"),
        renewed_at=time("renewed_at"),
        answered_at=time("answered_at"),
        grew_at=time("grew_at"),
        due_at=time("due_at"),
        faults=row.faults,
        last_error=row.last_error,
    )
