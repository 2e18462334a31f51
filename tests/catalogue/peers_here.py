"""Peers and what was copied from them, entered in a node's store as following them does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select

from catalogue.federation.model import EntryState, PeerState
from catalogue.ledger import (
    is_held,
    is_listed,
    list_verified,
    store_verified,
    tell_listed,
)
from catalogue.log import Op, copy_in
from catalogue.node import Node
from catalogue.store.tables import peers, received, stored_time
from credentials.identity import digest_of


def follow(
    node: Node,
    name: str,
    *,
    url: str = "",
    state: PeerState = PeerState.FOLLOWED,
    renewed_at: datetime | None = None,
) -> int:
    """A peer of that name, last heard of at `renewed_at` (now, if nothing else is said); its id."""
    now = node.clock()
    with node.database.write() as connection:
        made = connection.execute(
            insert(peers)
            .values(
                name=name,
                url=url or f"https://{name}",
                origin=f"{name}/log/0123456789abcdef",
                keys="[]",
                state=state.value,
                size=0,
                added_at=stored_time(now - timedelta(days=30)),
                renewed_at=stored_time(renewed_at or now),
            )
            .returning(peers.c.id)
        )
        number: int = made.scalar_one()
    return number


def copy(node: Node, data: bytes, peer: int, leaf: int) -> str:
    """Take in what entry `leaf` of a peer's log lists, verified by this node; the digest."""
    verified = node.verification.verify(data, None)
    digest = digest_of(data)
    now = node.clock()
    with node.database.write() as connection:
        connection.execute(
            insert(received).values(
                peer=peer,
                leaf=leaf,
                op=Op.LIST.value,
                digest=digest,
                at=stored_time(now),
                state=EntryState.ACCEPTED.value,
            )
        )
        contents = {one.content_id for one in verified.credentials}
        listed = {content for content in contents if is_listed(connection, content)}
        if not is_held(connection, digest):
            entry = copy_in(connection, Op.LIST, digest, now)
            store_verified(connection, entry, data, verified)
            list_verified(connection, entry, verified, listed, now)
        name = connection.execute(select(peers.c.name).where(peers.c.id == peer)).scalar_one()
        for content in listed:
            tell_listed(connection, content, name, now)
    return digest
