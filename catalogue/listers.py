"""Which nodes list what: this one in its own log, peers in theirs, by the statements that the bytes carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, literal, null, select, union

from catalogue.federation.model import EntryState
from catalogue.log import Op
from catalogue.store.tables import intake, listings, peers, received, repeats
from search.values import HERE as _HERE

#: Stands for this node among the names of nodes.
HERE = _HERE

#: Entries told of one statement: one for each node, and some for who submitted it in several forms.
MAX_PLACES = 300

#: The bytes that carry the statements asked for, those under which each is listed and any others.
_CARRIED = union(
    select(listings.c.content_id, listings.c.digest).where(
        listings.c.content_id.in_(bindparam("contents", expanding=True))
    ),
    select(repeats.c.content_id, repeats.c.digest).where(
        repeats.c.content_id.in_(bindparam("contents", expanding=True))
    ),
).cte("carried")
_IN_OURS = (intake.c.op == Op.LIST.value) & intake.c.leaf.is_not(None)
_IN_THEIRS = (received.c.op == Op.LIST.value) & (received.c.state == EntryState.ACCEPTED.value)
#: A line without a name for each statement that is known, and one for each node that lists it.
_LISTERS = union(
    select(_CARRIED.c.content_id, null().label("name")),
    select(_CARRIED.c.content_id, literal(HERE)).join(
        intake, (intake.c.digest == _CARRIED.c.digest) & _IN_OURS
    ),
    select(_CARRIED.c.content_id, peers.c.name)
    .join(received, (received.c.digest == _CARRIED.c.digest) & _IN_THEIRS)
    .join(peers, peers.c.id == received.c.peer),
)
_OUR_PLACES = (
    select(intake.c.leaf, intake.c.digest)
    .join(_CARRIED, intake.c.digest == _CARRIED.c.digest)
    .where(_IN_OURS)
    .order_by(intake.c.leaf)
    .limit(MAX_PLACES)
)
_THEIR_PLACES = (
    select(peers.c.name, received.c.leaf, received.c.digest)
    .join(received, peers.c.id == received.c.peer)
    .join(_CARRIED, received.c.digest == _CARRIED.c.digest)
    .where(_IN_THEIRS)
    .order_by(peers.c.name, received.c.leaf)
    .limit(MAX_PLACES)
)
_OURS = select(intake.c.digest).where(intake.c.digest == bindparam("of"), _IN_OURS).limit(1)
_THEIRS = (
    select(peers.c.name)
    .join(received, peers.c.id == received.c.peer)
    .where(received.c.digest == bindparam("of"), _IN_THEIRS)
)


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a statement stands: as `leaf` of the log of the node `name`, in the bytes `digest`."""

    name: str
    leaf: int
    digest: str


def listers_of(connection: Connection, contents: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names of the nodes that list each statement, by content_id, in order; `HERE` first, if it does.

    Of a statement that isn't known here there is no key; of one that nobody lists any more no name.
    """
    wanted = list(dict.fromkeys(contents))
    if not wanted:
        return {}
    found: dict[str, list[str]] = {}
    for content, name in connection.execute(_LISTERS, {"contents": wanted}):
        names = found.setdefault(content, [])
        if name is not None:
            names.append(name)
    return {content: tuple(sorted(names)) for content, names in found.items()}


def log_places(connection: Connection, content_id: str) -> Sequence[LogPlace]:
    """The entries that list a statement, this node's first, then by name and leaf; `MAX_PLACES` of each."""
    asked = {"contents": [content_id]}
    return [
        *(LogPlace(HERE, leaf, digest) for leaf, digest in connection.execute(_OUR_PLACES, asked)),
        *(LogPlace(name, leaf, digest) for name, leaf, digest in connection.execute(_THEIR_PLACES, asked)),
    ]


def bytes_listed_by(connection: Connection, digest: str) -> tuple[str, ...]:
    """The names of the nodes whose logs list these very bytes, and haven't erased them since."""
    names = set(connection.execute(_THEIRS, {"of": digest}).scalars())
    if connection.execute(_OURS, {"of": digest}).first() is not None:
        names.add(HERE)
    return tuple(sorted(names))
