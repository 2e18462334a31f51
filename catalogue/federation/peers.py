"""Whom this node follows: the operator's decisions about peers, each one a durable transaction.

Nothing that a peer does deletes anything here but its own erasures, and least of all its silence. What goes
when a peer goes is the operator's choice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from catalogue.errors import PeerRefused
from catalogue.federation.door import Lister, erase_copied
from catalogue.federation.introduction import Introduction, introduce
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.roster import MAX_PEERS, every_peer, peer_named
from catalogue.fetching import WebFetcher
from catalogue.ledger import lines_of_digest, tell_listed
from catalogue.log import Op
from catalogue.node_key import ensure_key, log_origin, node_name
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import heads, peers, received, stored_time
from credentials.keys import KeyUnusable
from credentials.times import Clock
from credentials.transparency.log_keys import MAX_ROTATIONS
from credentials.transparency.notes import NoteKey

#: Entries dropped in one transaction: writers in other processes wait for it.
_CHUNK = 100
#: A leaf that no log reaches: all that a peer listed is over, whenever it was received.
_BEYOND = 2**62
#: Keys that were a log's, the present one included; as many as statements may lead to.
MAX_KEYS = MAX_ROTATIONS + 1

_LISTED = (received.c.op == Op.LIST.value) & (received.c.state == EntryState.ACCEPTED.value)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may be followed. `known` is the peer of the same log, if there was one before.

    `former` is a peer of the same name with another log: the node has made its log anew.
    """

    introduction: Introduction
    known: Peer | None
    former: Peer | None


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal did: `dropped` entries are in force no longer, `left` are still to be dropped.

    `kept` entries stay in force, under the name of a node that is followed no longer.
    """

    name: str
    dropped: int
    left: int
    kept: int


class Peers:
    """The operator's side of the table `peers`; whoever follows them reads it at every poll."""

    def __init__(self, settings: Settings, database: Database, fetcher: WebFetcher, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._fetcher = fetcher
        self._clock = clock

    def meet(self, url: str, key: str | None = None) -> Candidate:
        """Ask a node who it is; see `introduce`. Nothing is stored.

        PeerRefused when it can't be followed: it doesn't answer, isn't what it says, is this node, or is
        followed already.
        """
        introduction = introduce(self._fetcher, url, key)
        with self._database.read() as connection:
            return self._candidate(connection, introduction)

    def add(self, introduction: Introduction) -> Peer:
        """Follow a node from now on, with the key that it was introduced with. PeerRefused as for `meet`.

        The log of a peer that was removed is followed on from where it ended. Of a node that has made its log
        anew, the former log stays as a peer of its own that is followed no longer, under its origin.
        """
        now = self._clock()
        with self._database.write() as connection:
            candidate = self._candidate(connection, introduction)
            if candidate.known is not None:
                self._follow_again(connection, candidate.known, introduction, now)
            else:
                self._insert(connection, candidate, now)
        if candidate.former is not None:
            self._tell_renamed(candidate.former.id, introduction.name)
        with self._database.read() as connection:
            return peer_named(connection, introduction.name)

    def every(self) -> list[Peer]:
        """All of them, by name."""
        with self._database.read() as connection:
            return list(every_peer(connection))

    def get(self, name: str) -> Peer:
        """One of them. NotFound."""
        with self._database.read() as connection:
            return peer_named(connection, name)

    def pause(self, name: str, reason: str | None = None) -> Peer:
        """Ask nothing of a peer for now. NotFound, PeerRefused."""
        return self._change(name, PeerState.PAUSED, (PeerState.FOLLOWED, PeerState.QUARANTINED), reason)

    def resume(self, name: str) -> Peer:
        """Follow a peer again, at once, and look at once at what was put off. NotFound, PeerRefused.

        One that was contradicted too: whoever resumes it has looked at the evidence. Of one that is followed
        already only what was put off is looked at: what was lacking, a DID document say, may be there now.
        """
        return self._change(
            name,
            PeerState.FOLLOWED,
            (PeerState.PAUSED, PeerState.QUARANTINED, PeerState.CONTRADICTED),
            None,
        )

    def rekey(self, name: str, key: str) -> Peer:
        """Believe another key of the same log because the operator says so. NotFound, PeerRefused.

        What is known of the log stays. Who was in quarantine, for signatures by a key unknown here, say, is
        followed again.
        """
        try:
            new = NoteKey.parse(key)
        except KeyUnusable as error:
            raise PeerRefused("key", error.problem) from error
        with self._database.write() as connection:
            peer = _followed(connection, name)
            if new.name != peer.origin:
                raise PeerRefused("key", f"the key is of the log {new.name}, not of {peer.origin}")
            if key in peer.keys:
                was = "is its key already" if key == peer.keys[-1] else "was its key before"
                raise PeerRefused("key", f"this {was}")
            if len(peer.keys) >= MAX_KEYS:
                raise PeerRefused("key", f"a log with more than {MAX_KEYS} keys is to be added anew")
            values = {"keys": json.dumps([*peer.keys, key])}
            if peer.state is PeerState.QUARANTINED:
                values["state"] = PeerState.FOLLOWED.value
            _update(connection, peer, **values, faults=0, due_at=stored_time(self._clock()))
            return peer_named(connection, name)

    def remove(self, name: str, *, drop: bool = False, until: datetime | None = None) -> Removal:
        """Follow a peer no longer. NotFound.

        What only it lists stays, marked as that of a node that is followed no longer; with `drop` it goes, as
        if the peer had erased it, and may be taken again from whoever lists it. Dropping happens in small
        transactions, and ends after `until`, to be called again; an interruption leaves a part of the work.
        """
        with self._database.write() as connection:
            peer = peer_named(connection, name)
            _update(
                connection, peer, state=PeerState.REMOVED.value, reason=None, due_at=None, last_error=None
            )
        dropped = 0
        while True:
            while drop and (done := self._drop_some(peer)):
                dropped += done
                if until is not None and self._clock() >= until:
                    break
            with self._database.write() as connection:
                left = _listed(connection, peer)
                if not left:
                    # Nothing is left to be said of it; withdrawals that it brought are their issuers' words.
                    connection.execute(delete(received).where(received.c.peer == peer.id))
                    connection.execute(delete(peers).where(peers.c.id == peer.id))
            # More may have come: whoever decides on a batch of its entries isn't interrupted.
            if not drop or not left or (until is not None and self._clock() >= until):
                break
        return Removal(name, dropped, left if drop else 0, 0 if drop else left)

    def _candidate(self, connection: Connection, introduction: Introduction) -> Candidate:
        self._refuse_oneself(connection, introduction)
        others = every_peer(connection)
        known = next((peer for peer in others if peer.origin == introduction.origin), None)
        if known is not None and known.state is not PeerState.REMOVED:
            raise PeerRefused("url", f"this log is followed already, as {known.name} at {known.url}")
        former = next(
            (
                peer
                for peer in others
                if peer.name == introduction.name and peer.origin != introduction.origin
            ),
            None,
        )
        if known is None and len(others) >= MAX_PEERS:
            raise PeerRefused("url", f"a node follows at most {MAX_PEERS} others; remove one first")
        return Candidate(introduction, known, former)

    def _refuse_oneself(self, connection: Connection, introduction: Introduction) -> None:
        log_id = connection.execute(select(heads.c.log_id)).scalar_one()
        own = NoteKey(introduction.origin, ensure_key(self._settings.data).public())
        if (
            introduction.name == node_name(self._settings.url)
            or introduction.origin == log_origin(self._settings.url, log_id)
            or introduction.key == own.text()
        ):
            raise PeerRefused("url", f"{introduction.name} is this node itself")

    def _insert(self, connection: Connection, candidate: Candidate, now: datetime) -> None:
        found, former = candidate.introduction, candidate.former
        if former is not None:
            _update(
                connection,
                former,
                name=former.origin,
                state=PeerState.REMOVED.value,
                reason=f"the node has made its log anew, as {found.origin}",
                due_at=None,
                last_error=None,
            )
        connection.execute(
            insert(peers).values(
                name=found.name,
                url=found.url,
                origin=found.origin,
                keys=json.dumps([found.key]),
                state=PeerState.FOLLOWED.value,
                size=0,
                added_at=stored_time(now),
                due_at=stored_time(now),
            )
        )

    def _follow_again(
        self, connection: Connection, known: Peer, introduction: Introduction, now: datetime
    ) -> None:
        keys = known.keys if known.keys[-1] == introduction.key else (*known.keys, introduction.key)
        _update(
            connection,
            known,
            name=introduction.name,
            url=introduction.url,
            keys=json.dumps(keys),
            state=PeerState.FOLLOWED.value,
            reason=None,
            faults=0,
            last_error=None,
            due_at=stored_time(now),
        )

    def _tell_renamed(self, former: int, name: str) -> None:
        """Have everything that the former log lists described anew, under its new name."""
        after = -1
        while True:
            with self._database.write() as connection:
                rows = connection.execute(
                    select(received.c.leaf, received.c.digest)
                    .where(received.c.peer == former, received.c.leaf > after, _LISTED)
                    .order_by(received.c.leaf)
                    .limit(_CHUNK)
                ).all()
                for row in rows:
                    for content in {line.content_id for line in lines_of_digest(connection, row.digest)}:
                        tell_listed(connection, content, name, self._clock(), still=False)
                if not rows:
                    return
                after = rows[-1].leaf

    def _change(self, name: str, state: PeerState, before: tuple[PeerState, ...], reason: str | None) -> Peer:
        now = stored_time(self._clock())
        with self._database.write() as connection:
            peer = _followed(connection, name)
            if peer.state is not state:
                if peer.state not in before:
                    raise PeerRefused("state", f"{name} is {peer.state.value}, and can't be {state.value}")
                due = now if state is PeerState.FOLLOWED else None
                _update(
                    connection, peer, state=state.value, reason=reason, faults=0, last_error=None, due_at=due
                )
            if state is PeerState.FOLLOWED:
                put_off = received.c.peer == peer.id, received.c.state == EntryState.DEFERRED.value
                connection.execute(update(received).where(*put_off).values(due_at=now))
            return peer_named(connection, name)

    def _drop_some(self, peer: Peer) -> int:
        """Drop a few of the entries in force; returns how many."""
        lister = Lister(peer.id, peer.name, self._settings.admission == "allowlist")
        now = self._clock()
        with self._database.write() as connection:
            digests = (
                connection.execute(
                    select(received.c.digest)
                    .where(received.c.peer == peer.id, _LISTED)
                    .order_by(received.c.leaf)
                    .limit(_CHUNK)
                )
                .scalars()
                .all()
            )
            reason = f"the operator follows {peer.name} no longer, and nobody else lists it"
            for digest in dict.fromkeys(digests):
                erase_copied(connection, lister, digest, _BEYOND, reason, now)
        return len(digests)


def _followed(connection: Connection, name: str) -> Peer:
    """The peer, unless it was removed. NotFound, PeerRefused."""
    peer = peer_named(connection, name)
    if peer.state is PeerState.REMOVED:
        raise PeerRefused("name", f"{name} is followed no longer; add it anew")
    return peer


def _listed(connection: Connection, peer: Peer) -> int:
    """How many of its entries list something here."""
    return connection.execute(
        select(func.count()).select_from(received).where(received.c.peer == peer.id, _LISTED)
    ).scalar_one()


def _update(connection: Connection, peer: Peer, **values: object) -> None:
    connection.execute(update(peers).where(peers.c.id == peer.id).values(**values))
