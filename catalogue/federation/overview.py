"""What can be said of this node's log and of its peers: read from the store, for people and for monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catalogue.errors import NotFound
from catalogue.federation.model import EntryState, Peer, PeerState, ReceivedEntry
from catalogue.federation.roster import every_peer, peer_named
from catalogue.federation.standing import Standing, standing_of
from catalogue.ledger import unpack_report
from catalogue.node_key import ensure_key, log_origin, node_name
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import NOT_IN_FORCE, checkpoints, contradictions, heads, read_time, received
from credentials.report import Report
from credentials.times import Clock
from credentials.transparency.checkpoints import origin_key

#: Contradictions that are listed, newest first: one is enough to know, and each can be asked for by its id.
MAX_CONTRADICTIONS = 100
#: Characters of what went wrong last. The sentences are this node's own, but may quote a peer.
MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class OwnHead:
    """This node's log as it was signed last; `size`, `root` (hex) and `signed_at` are None before that.

    `key` is in the text form of signed notes. `held` says why the log may neither grow nor be signed.
    """

    name: str
    url: str
    origin: str
    key: str
    size: int | None
    root: str | None
    signed_at: datetime | None
    held: str | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """That a log signed what can't both be true; the evidence is under `id`."""

    id: str
    peer: str
    origin: str
    kind: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """A peer, how it stands, and how many of its entries are in each state."""

    peer: Peer
    standing: Standing
    entries: Mapping[EntryState, int]
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Received entries by leaf, each with the report of why it was refused, where one is kept."""

    items: tuple[tuple[ReceivedEntry, Report | None], ...]
    total: int
    next: int | None


class Overview:
    """The reading side; every method is one consistent snapshot."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._allowed = timedelta(seconds=settings.peer_stale_seconds)

    def federation(self) -> tuple[OwnHead, list[PeerStatus], list[Contradiction]]:
        """This node's log, every peer by name, and what is held against logs."""
        with self._database.read() as connection:
            return (
                own_head(connection, self._settings),
                statuses(connection, self._clock(), self._allowed),
                every_contradiction(connection),
            )

    def peers(self) -> list[PeerStatus]:
        """Every peer, by name."""
        with self._database.read() as connection:
            return statuses(connection, self._clock(), self._allowed)

    def standings(self) -> list[tuple[Peer, Standing]]:
        """Every peer that is followed, with how it stands; cheaper than all that `peers` tells."""
        now = self._clock()
        with self._database.read() as connection:
            return [
                (peer, standing_of(peer, now, self._allowed))
                for peer in every_peer(connection)
                if peer.state is not PeerState.REMOVED
            ]

    def peer(self, name: str) -> PeerStatus:
        """One peer. NotFound."""
        with self._database.read() as connection:
            return status_of(connection, name, self._clock(), self._allowed)

    def entries(self, name: str, state: EntryState | None, *, after: int, size: int) -> EntryPage:
        """A page of a peer's entries from leaf `after` on, in one state or in any. NotFound."""
        with self._database.read() as connection:
            return entries_of(connection, peer_named(connection, name), state, after, size)

    def evidence(self, contradiction: str) -> bytes:
        """The evidence as it was made, for anybody to check offline. NotFound."""
        with self._database.read() as connection:
            return evidence_of(connection, contradiction)


def own_head(connection: Connection, settings: Settings) -> OwnHead:
    """This node's own log."""
    head = connection.execute(select(heads.c.log_id, heads.c.held)).one()
    origin = log_origin(settings.url, head.log_id)
    last = connection.execute(
        select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.signed_at)
        .order_by(checkpoints.c.size.desc())
        .limit(1)
    ).one_or_none()
    return OwnHead(
        name=node_name(settings.url),
        url=settings.url,
        origin=origin,
        key=origin_key(origin, ensure_key(settings.data)).text(),
        size=last.size if last else None,
        root=last.root if last else None,
        signed_at=read_time(last.signed_at) if last else None,
        held=head.held,
    )


def statuses(connection: Connection, now: datetime, allowed: timedelta) -> list[PeerStatus]:
    """Every peer, by name; a signature may be `allowed` old."""
    return _with_counts(connection, every_peer(connection), now, allowed)


def status_of(connection: Connection, name: str, now: datetime, allowed: timedelta) -> PeerStatus:
    """One peer. NotFound."""
    (status,) = _with_counts(connection, [peer_named(connection, name)], now, allowed)
    return status


def _with_counts(
    connection: Connection, found: Sequence[Peer], now: datetime, allowed: timedelta
) -> list[PeerStatus]:
    counts: dict[int, dict[EntryState, int]] = {}
    rows = connection.execute(
        select(received.c.peer, received.c.state, func.count().label("number"))
        .where(received.c.peer.in_([peer.id for peer in found]), NOT_IN_FORCE)
        .group_by(received.c.peer, received.c.state)
    )
    for row in rows:
        counts.setdefault(row.peer, {})[EntryState(row.state)] = row.number
    against = every_contradiction(connection)
    return [
        PeerStatus(
            peer,
            standing_of(peer, now, allowed),
            _all_states(counts.get(peer.id, {}), peer.size),
            tuple(one for one in against if one.origin == peer.origin),
        )
        for peer in found
    ]


def _all_states(counted: Mapping[EntryState, int], size: int) -> Mapping[EntryState, int]:
    """A number for every state; in force is what is left of all that was received."""
    numbers = {state: counted.get(state, 0) for state in EntryState}
    numbers[EntryState.ACCEPTED] = size - sum(numbers.values())
    return numbers


def every_contradiction(connection: Connection) -> list[Contradiction]:
    """What is held against logs, also against those that are followed no longer; newest first, bounded."""
    rows = connection.execute(
        select(
            contradictions.c.id,
            contradictions.c.peer,
            contradictions.c.origin,
            contradictions.c.kind,
            contradictions.c.found_at,
        )
        .order_by(contradictions.c.found_at.desc(), contradictions.c.id)
        .limit(MAX_CONTRADICTIONS)
    )
    return [Contradiction(row.id, row.peer, row.origin, row.kind, read_time(row.found_at)) for row in rows]


def evidence_of(connection: Connection, contradiction: str) -> bytes:
    """The evidence as it was made, for anybody to check offline. NotFound."""
    data = connection.execute(
        select(contradictions.c.evidence).where(contradictions.c.id == contradiction)
    ).scalar()
    if data is None:
        raise NotFound("contradiction", contradiction)
    return bytes(data)


def entries_of(
    connection: Connection, peer: Peer, state: EntryState | None, after: int, size: int
) -> EntryPage:
    """A page of a peer's entries from leaf `after` on, in one state or in any."""
    status = status_of(connection, peer.name, peer.added_at, timedelta(0))
    total = peer.size if state is None else status.entries[state]
    query = select(received).where(received.c.peer == peer.id, received.c.leaf >= after)
    if state is not None:
        query = query.where(received.c.state == state.value)
    if state not in (None, EntryState.ACCEPTED):
        # Written out, so that the index of the few is used.
        query = query.where(NOT_IN_FORCE)
    rows = connection.execute(query.order_by(received.c.leaf).limit(size + 1)).all()
    items = tuple((entry_in(row), report_in(row)) for row in rows[:size])
    return EntryPage(items, total, rows[size].leaf if len(rows) > size else None)


def entry_in(row: Row[Any]) -> ReceivedEntry:
    """The entry that a row of `received` holds."""
    return ReceivedEntry(
        peer=row.peer,
        leaf=row.leaf,
        op=row.op,
        digest=row.digest,
        at=read_time(row.at),
        state=EntryState(row.state),
        tries=row.tries,
        due_at=read_time(row.due_at) if row.due_at else None,
        detail=row.detail,
    )


def report_in(row: Row[Any]) -> Report | None:
    """The report that is kept with it, if any."""
    return unpack_report(bytes(row.report)) if row.report is not None else None


def shown_error(text: str | None) -> str | None:
    """What went wrong last, in a form that may be shown to anybody."""
    if text is None:
        return None
    return "".join(character if character.isprintable() else "\ufffd" for character in text)[:MAX_ERROR]
