"""Which nodes list what: this one in its own log, peers in theirs, by the statements that the bytes carry."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select, union

from catalogue.federation.model import EntryState
from catalogue.log import Op
from catalogue.store.tables import intake, listings, peers, received, repeats

#: Stands for this node among the names of nodes, none of which is empty.
HERE = ""

_CARRIED = union(
    select(listings.c.content_id, listings.c.digest).where(
        listings.c.content_id.in_(bindparam("contents", expanding=True))
    ),
    select(repeats.c.content_id, repeats.c.digest).where(
        repeats.c.content_id.in_(bindparam("contents", expanding=True))
    ),
)
_OURS = select(intake.c.digest).where(
    intake.c.digest.in_(bindparam("digests", expanding=True)),
    intake.c.op == Op.LIST.value,
    intake.c.leaf.is_not(None),
)


_THEIRS = (
    select(received.c.digest, peers.c.name)
    .join(peers, peers.c.id == received.c.peer)
    .where(
        received.c.digest.in_(bindparam("digests", expanding=True)),
        received.c.op == Op.LIST.value,
        received.c.state == EntryState.ACCEPTED.value,
    )
)


def listers_of(connection: Connection, contents: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names of the nodes that list each statement, by content_id, in order; `HERE` first, if it does.

    Of a statement that nobody lists, because it isn't known here, there is no key.
    """
    wanted = list(dict.fromkeys(contents))
    if not wanted:
        return {}
    carried: dict[str, list[str]] = {}
    for row in connection.execute(_CARRIED, {"contents": wanted}):
        carried.setdefault(row.content_id, []).append(row.digest)
    digests = list({digest for found in carried.values() for digest in found})
    if not digests:
        return {}
    names: dict[str, set[str]] = {}
    for digest in connection.execute(_OURS, {"digests": digests}).scalars():
        names.setdefault(digest, set()).add(HERE)
    for digest, name in connection.execute(_THEIRS, {"digests": digests}):
        names.setdefault(digest, set()).add(name)
    return {
        content: tuple(sorted({name for digest in found for name in names.get(digest, ())}))
        for content, found in carried.items()
    }


def bytes_listed_by(connection: Connection, digest: str) -> tuple[str, ...]:
    """The names of the nodes whose logs list these very bytes, and haven't erased them since."""
    names = {row.name for row in connection.execute(_THEIRS, {"digests": [digest]})}
    if connection.execute(_OURS, {"digests": [digest]}).first() is not None:
        names.add(HERE)
    return tuple(sorted(names))
