"""One poll of one peer's log: what it has signed since, checked and taken piece by piece.

A piece of entries and the cursor beyond it are kept in one transaction, and only once tiles or the root have
shown that they lie in the signed tree. So a log of any length is taken in bounded memory, whatever is kept is
proven, and whoever is killed goes on where the last piece ended. The cursor says what was *received*.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, insert, select, update

from catalogue.errors import CatalogueError, LimitExceeded
from catalogue.federation.limits import FAULTS_TOLERATED, PeerLimits, pause_after
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.peer_client import PeerClient, PeerFault, PeerUnreachable
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.rows import RowInsert
from catalogue.store.tables import contradictions, peers, received, stored_time
from credentials.identity import digest_of
from credentials.times import Clock
from credentials.transparency.entries import parse_entry
from credentials.transparency.evidence import Evidence
from credentials.transparency.notes import NoteKey
from credentials.transparency.refusals import (
    BadSignature,
    EntryMalformed,
    EvidenceProvesNothing,
    Fork,
    InconsistentTree,
    LogRefused,
    ReplayedCheckpoint,
    Rollback,
    RotationInvalid,
)
from credentials.transparency.tiles import TILE_WIDTH, Tile
from credentials.transparency.trusted_log import TrustedLog, Update

#: Bundles taken in one piece: 4,096 entries, some 600 kB and 50 ms of writing.
PIECE = 16
#: Tiles of one tree that are remembered while a piece is taken and proven.
TILES_KEPT = 64
#: A peer that answers as ever is noted as alive this often, since each note is a transaction.
NOTED_EVERY = timedelta(seconds=30)
#: What an entry of a later version is called here; it is refused, and the next are taken.
UNKNOWN_OP = "unknown"
#: States in which a peer is asked.
ASKED = (PeerState.FOLLOWED, PeerState.QUARANTINED)

_RECEIVE = RowInsert(received, "peer", "leaf", "op", "digest", "at", "state", "tries", "detail")


class Contradiction(CatalogueError):
    """The peer signed what can't both be true. The evidence is kept, and nothing more is taken from it."""

    def __init__(self, peer: str, problem: str) -> None:
        super().__init__(f"{peer}: {problem}")
        self.peer = peer
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought: new entries, and whether more of the signed tree is still to be taken."""

    entries: int
    more: bool


class Follower:
    """Takes peers' logs. One thread at a time works on one peer."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        limits: PeerLimits,
        client_of: Callable[[Peer], PeerClient],
        clock: Clock,
    ) -> None:
        self._every = timedelta(seconds=settings.peer_poll_seconds)
        # What is taken at once must fit into what is taken in a day.
        self._piece_size = min(PIECE, settings.peer_entries // (2 * TILE_WIDTH))
        self._database = database
        self._limits = limits
        self._client_of = client_of
        self._clock = clock

    def poll(self, peer: Peer) -> Polled:
        """Ask the peer what it has signed, and take up to one piece of what is new.

        Raises PeerUnreachable and LimitExceeded, which say nothing against it, PeerFault and LogRefused,
        which do, and Contradiction. What they mean for the peer is noted before they are raised.
        """
        kept = self._trusted(peer)
        try:
            log, taken = self._take(peer, self._client_of(peer), kept)
        except (Rollback, Fork) as proof:
            self._contradicted(peer, proof.problem, proof.evidence)
            raise Contradiction(peer.name, proof.problem) from proof
        except ReplayedCheckpoint as error:
            # A cache that is behind, or an old state shown again: nothing new was said.
            raise self.silent(peer, PeerUnreachable(peer.name, error.problem)) from error
        except PeerUnreachable as error:
            raise self.silent(peer, error) from error
        except (PeerFault, LogRefused) as error:
            self.fault(peer, error.reason if isinstance(error, PeerFault) else error.problem)
            raise
        except LimitExceeded as error:
            self._note(peer, {"last_error": str(error)} | _hint_taken(peer))
            raise
        return Polled(taken, bool(log.ahead))

    def _trusted(self, peer: Peer) -> TrustedLog:
        """What is believed of the log, with the key that is pinned now."""
        pinned = NoteKey.parse(peer.keys[-1])
        with self._database.read() as connection:
            data = connection.execute(select(peers.c.trusted).where(peers.c.id == peer.id)).scalar()
        if data is None:
            return TrustedLog.start(peer.origin, pinned)
        return TrustedLog.from_bytes(bytes(data)).repin(pinned)

    def _take(self, peer: Peer, client: PeerClient, log: TrustedLog) -> tuple[TrustedLog, int]:
        note = client.checkpoint()
        answered = self._clock()
        changed = self._updated(client, log, note, answered)
        before = log = changed.log
        rows: list[dict[str, Any]] = []
        if log.ahead:
            try:
                log, rows = self._piece(peer, client, log)
            except Fork:
                # The evidence has it. What is believed stays as it was, should the operator go on one day.
                raise
            except (CatalogueError, LogRefused):
                # What is signed is remembered, also when its entries don't come.
                self._keep(peer, before, [], answered)
                raise
        if rows or changed.outcome != "unchanged" or self._is_news(peer, answered):
            self._keep(peer, log, rows, answered)
        return log, len(rows)

    def _updated(self, client: PeerClient, log: TrustedLog, note: bytes, now: datetime) -> Update:
        try:
            return log.update_checkpoint(note, now)
        except BadSignature:
            rotated = log
            for statement in client.key_statements():
                try:
                    rotated = rotated.rotate(statement)
                except RotationInvalid:
                    # One that is followed already, or none that leads on from here.
                    continue
            if rotated is log:
                raise
            return rotated.update_checkpoint(note, now)

    def _piece(
        self, peer: Peer, client: PeerClient, log: TrustedLog
    ) -> tuple[TrustedLog, list[dict[str, Any]]]:
        """The next entries, proven, with the state after them."""
        tile_of = _Tiles(client)
        rows: list[dict[str, Any]] = []
        try:
            for _ in range(self._piece_size):
                bundle = next(log.bundles(), None)
                if bundle is None:
                    break
                added = log.add_bundle(bundle.index, client.bundle(bundle))
                log = added.log
                rows += [
                    _row(peer, added.first + place, entry, self._clock())
                    for place, entry in enumerate(added.entries)
                ]
            if log.ahead:
                log = log.prove(tile_of)
        except InconsistentTree as problem:
            try:
                log.accuse(tile_of)
            except EvidenceProvesNothing:
                raise problem from None
        self._limits.entries(peer.name, len(rows))
        return log, rows

    def _is_news(self, peer: Peer, answered: datetime) -> bool:
        """Whether it is worth a transaction that the peer has answered."""
        return (
            peer.last_error is not None
            or peer.faults > 0
            or peer.state is not PeerState.FOLLOWED
            or peer.due_at is not None
            or peer.answered_at is None
            or answered - peer.answered_at >= NOTED_EVERY
        )

    def _keep(self, peer: Peer, log: TrustedLog, rows: list[dict[str, Any]], answered: datetime) -> None:
        """Entries, cursor and state, in one transaction; nothing if somebody else was faster."""
        seen = stored_time(peer.due_at) if peer.due_at else None
        values: dict[str, Any] = {
            "size": log.proven.size,
            "trusted": log.to_bytes(),
            "keys": json.dumps([key.text() for key in log.keys]),
            "answered_at": stored_time(answered),
            "state": PeerState.FOLLOWED.value,
            "faults": 0,
            "last_error": None,
            # A hint that came meanwhile stays.
            "due_at": case((peers.c.due_at == seen, None), else_=peers.c.due_at),
        }
        newest = log.newest
        if newest is not None:
            values |= {"signed_size": newest.size, "signed_at": stored_time(newest.signed_at)}
            if peer.signed_at is None or newest.signed_at > peer.signed_at:
                values["renewed_at"] = stored_time(answered)
        if rows:
            values["grew_at"] = stored_time(answered)
        with self._database.write() as connection:
            kept = connection.execute(
                update(peers)
                .where(
                    peers.c.id == peer.id,
                    peers.c.size == peer.size,
                    peers.c["keys"] == json.dumps(list(peer.keys)),
                    peers.c.state.in_([state.value for state in ASKED]),
                )
                .values(**values)
            )
            if kept.rowcount and rows:
                _RECEIVE.all(connection, rows)

    def silent(self, peer: Peer, error: PeerUnreachable) -> PeerUnreachable:
        """Note that a peer didn't answer; returns the error. It is no fault, and changes nothing else."""
        if peer.last_error != error.reason:
            self._note(peer, {"last_error": error.reason} | _hint_taken(peer))
        return error

    def fault(self, peer: Peer, problem: str) -> None:
        """Count a fault; after several in a row the peer is left alone for a while."""
        faults = peer.faults + 1
        values: dict[str, Any] = {"faults": faults, "last_error": problem}
        if faults >= FAULTS_TOLERATED:
            due_at = self._clock() + pause_after(faults, self._every)
            values |= {"state": PeerState.QUARANTINED.value, "due_at": stored_time(due_at)}
        self._note(peer, values)

    def _note(self, peer: Peer, values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(peers)
                .where(peers.c.id == peer.id, peers.c.state.in_([state.value for state in ASKED]))
                .values(**values)
            )

    def _contradicted(self, peer: Peer, problem: str, evidence: Evidence) -> None:
        data = evidence.to_bytes()
        name = digest_of(data)
        now = stored_time(self._clock())
        with self._database.write() as connection:
            known = connection.execute(
                select(contradictions.c.id).where(contradictions.c.id == name)
            ).scalar()
            if known is None:
                connection.execute(
                    insert(contradictions).values(
                        id=name,
                        peer=peer.name,
                        origin=peer.origin,
                        kind=evidence.kind,
                        found_at=now,
                        evidence=data,
                    )
                )
            connection.execute(
                update(peers)
                .where(peers.c.id == peer.id, peers.c.state != PeerState.REMOVED.value)
                .values(state=PeerState.CONTRADICTED.value, reason=problem, last_error=problem, due_at=None)
            )


def _hint_taken(peer: Peer) -> dict[str, Any]:
    """A followed peer's time was a hint; one in quarantine is let out by an answer only."""
    return {"due_at": None} if peer.state is PeerState.FOLLOWED else {}


class _Tiles:
    """A peer's tiles of one tree; the last few are remembered."""

    def __init__(self, client: PeerClient) -> None:
        self._client = client
        self._kept: dict[Tile, bytes] = {}

    def __call__(self, tile: Tile) -> bytes:
        data = self._kept.get(tile)
        if data is None:
            data = self._client.tile(tile)
            if len(self._kept) < TILES_KEPT:
                self._kept[tile] = data
        return data


def _row(peer: Peer, leaf: int, data: bytes, now: datetime) -> dict[str, Any]:
    """The row of an entry; one that can't be read is refused at once, and holds up nothing."""
    try:
        entry = parse_entry(data)
    except EntryMalformed as error:
        return {
            "peer": peer.id,
            "leaf": leaf,
            "op": UNKNOWN_OP,
            "digest": digest_of(data),
            "at": stored_time(now),
            "state": EntryState.REFUSED.value,
            "tries": 0,
            "detail": error.problem,
        }
    return {
        "peer": peer.id,
        "leaf": leaf,
        "op": entry.op.value,
        "digest": entry.digest,
        "at": stored_time(entry.at),
        "state": EntryState.PENDING.value,
        "tries": 0,
        "detail": None,
    }
