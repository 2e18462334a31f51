"""The hand that signs the node's log: it reads what is new again and never contradicts itself.

All of it happens in one writing transaction, so that two signers can't sign two roots for one size; who
signs is elected only to save work. What doesn't follow from what was signed before isn't signed: then the
log is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import Connection, delete, select

from catalogue.federation.heads import (
    LogState,
    Remembered,
    SignedHead,
    hold,
    keep_head,
    log_state,
    newest_head,
    remember,
    remembered,
)
from catalogue.federation.key_rotation import KeyMissing, SigningKeys, signing_keys
from catalogue.federation.own_tiles import (
    Edge,
    HistoryAltered,
    TileMissing,
    keep_tile,
    read_leaves,
    split,
)
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import checkpoints, tiles
from credentials.times import Clock
from credentials.transparency.checkpoints import SignedCheckpoint, sign_checkpoint, verify_checkpoint
from credentials.transparency.merkle import leaf_hash
from credentials.transparency.refusals import BadSignature, LogRefused
from credentials.transparency.tiles import TILE_WIDTH, Tile

#: New entries that one signature covers at most: the writers' place is held meanwhile, for about 0.2 s.
MAX_NEW = 16_384
#: Entries read at once when all are.
BATCH = 4_096

log = structlog.get_logger("catalogue.signer")


class Signer:
    """Signs one node's log. Any number of them may run; `sign` and `check` are safe at any time."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock

    @property
    def held(self) -> str | None:
        """Why the log is held, None while it isn't."""
        with self._database.read() as connection:
            return log_state(connection, self._settings.url).held

    def sign(self) -> SignedHead | None:
        """Sign what has grown, or sign again what was signed a while ago; None when neither is due.

        A log that is held isn't signed. One that isn't what was signed before is held from now on. Raises
        KeyMissing.
        """
        with self._database.read() as connection:
            state = log_state(connection, self._settings.url)
            if not self._due(state, newest_head(connection)):
                return None
        with self._database.write() as connection:
            state = log_state(connection, self._settings.url)
            newest = newest_head(connection)
            if not self._due(state, newest):
                return None
            try:
                return self._sign(connection, state, newest)
            except HistoryAltered as altered:
                self._hold(connection, altered.problem)
            except LogRefused as refused:
                self._hold(connection, refused.problem)
        return None

    def check(self) -> bool:
        """Read every entry again and compare it with what was signed; False when the log is held for it.

        Tiles that are missing or damaged are made anew. Signing and publishing go on meanwhile.
        """
        with self._database.read() as connection:
            origin = log_state(connection, self._settings.url).origin
            newest = newest_head(connection)
            try:
                damaged = damage(connection, newest)
            except HistoryAltered as altered:
                problem = altered.problem
            else:
                problem = ""
        if not problem and not damaged:
            return True
        with self._database.write() as connection:
            # Another log may have been begun meanwhile, whose tiles these are not.
            if log_state(connection, self._settings.url).origin != origin:
                return True
            if problem:
                self._hold(connection, problem)
            else:
                mend(connection, newest)
        return not problem

    def _hold(self, connection: Connection, problem: str) -> None:
        if log_state(connection, self._settings.url).held is None:
            hold(connection, problem)
        log.error("the log is held", problem=problem)

    def _due(self, state: LogState, newest: SignedHead | None) -> bool:
        if state.held is not None:
            return False
        if newest is None or state.size != newest.size or newest.origin != state.origin:
            return True
        known = remembered(self._settings.data)
        if known is not None and known.origin == state.origin and known.size > newest.size:
            return True
        return self._clock() - newest.signed_at >= timedelta(seconds=self._settings.log_resign_seconds)

    def _sign(self, connection: Connection, state: LogState, newest: SignedHead | None) -> SignedHead:
        keys = signing_keys(connection, self._settings.data, state.origin)
        known = self._remembered(state)
        previous = _previous(state.origin, newest, keys)
        edge = self._edge(connection, newest)
        if newest is not None and newest.origin != state.origin:
            log.warning("the log has another name now", before=newest.origin, now=state.origin)
            connection.execute(delete(checkpoints))
        size = min(state.size, edge.size + MAX_NEW)
        if known is not None:
            # A smaller tree must not be signed after a larger one.
            size = max(size, known.size)
        if size < edge.size:
            raise HistoryAltered(f"{edge.size} entries were signed, and the store holds {size}")
        while edge.size < size:
            aim = known.size if known is not None and edge.size < known.size else size
            leaves = read_leaves(connection, edge.size, min(aim, edge.size + BATCH))
            for tile, hashes in edge.extend(map(leaf_hash, leaves)):
                keep_tile(connection, tile, hashes)
            _compare(edge, known)
        for tile, hashes in edge.partial():
            keep_tile(connection, tile, hashes)
        times = [one.signed_at for one in (newest, known) if one is not None]
        at = max([self._clock().replace(microsecond=0), *times])
        root = edge.root()
        note = sign_checkpoint(
            state.origin,
            size,
            root,
            keys.current,
            at,
            previous=previous,
            further_keys=keys.beside(newest.size if newest else None),
        )
        remember(self._settings.data, Remembered(state.origin, size, root, at))
        head = SignedHead(size, root, note, at)
        keep_head(connection, head)
        return head

    def _remembered(self, state: LogState) -> Remembered | None:
        """What this folder's node has signed of this log. HistoryAltered when the store is behind it."""
        known = remembered(self._settings.data)
        if known is None or known.origin != state.origin:
            return None
        if known.size > state.size:
            raise HistoryAltered(
                f"this node has signed {known.size} entries, and its store holds {state.size}: it was put "
                "back to an earlier state"
            )
        return known

    def _edge(self, connection: Connection, newest: SignedHead | None) -> Edge:
        """The tree that was signed last, as its tiles and newest entries have it. HistoryAltered."""
        if newest is None:
            return Edge()
        try:
            edge = Edge.read(connection, newest.size)
        except TileMissing:
            edge = None
        if edge is None or edge.root() != newest.root:
            # Which entry it is, if it isn't a tile alone, shows when all are read.
            damage(connection, newest)
            mend(connection, newest)
            edge = Edge.read(connection, newest.size)
        return edge


def damage(connection: Connection, newest: SignedHead | None) -> int:
    """How many tiles are missing or damaged. HistoryAltered unless the entries are what was signed."""
    return sum(1 for _ in _differences(connection, newest))


def mend(connection: Connection, newest: SignedHead | None) -> None:
    """Make what `damage` counts anew, inside the caller's writing transaction."""
    for tile, hashes in _differences(connection, newest):
        keep_tile(connection, tile, hashes)


def _differences(connection: Connection, newest: SignedHead | None) -> Iterator[tuple[Tile, bytes]]:
    """Every tile below the signed head that isn't kept as the entries make it. HistoryAltered at the end."""
    if newest is None:
        return
    edge = Edge()
    suspect: int | None = None
    while edge.size < newest.size:
        leaves = read_leaves(connection, edge.size, min(newest.size, edge.size + BATCH))
        for tile, hashes in edge.extend(map(leaf_hash, leaves)):
            kept = _kept(connection, tile)
            if kept != hashes:
                yield tile, hashes
                if suspect is None and kept is not None and tile.level == 0:
                    suspect = tile.index * TILE_WIDTH + _first_difference(kept, hashes)
    for tile, hashes in edge.partial():
        if _kept(connection, tile) != hashes:
            yield tile, hashes
    if edge.root() != newest.root:
        where = "an entry" if suspect is None else f"entry {suspect}"
        raise HistoryAltered(f"{where} of the log is not what was signed in {newest.size} entries", suspect)


def _kept(connection: Connection, tile: Tile) -> bytes | None:
    kept = connection.execute(
        select(tiles.c.hashes).where(tiles.c.level == tile.level, tiles.c.number == tile.index)
    ).scalar()
    return None if kept is None else bytes(kept)


def _first_difference(one: bytes, other: bytes) -> int:
    """The place of the first hash in which two tiles differ."""
    pairs = zip(split(one), split(other), strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), 0)


def _compare(edge: Edge, known: Remembered | None) -> None:
    if known is not None and edge.size == known.size and edge.root() != known.root:
        raise HistoryAltered(f"this node has signed another root for {known.size} entries than its store has")


def _previous(origin: str, newest: SignedHead | None, keys: SigningKeys) -> SignedCheckpoint | None:
    """What was signed last, once its signature is checked. KeyMissing when other keys signed it."""
    if newest is None or newest.origin != origin:
        return None
    try:
        return verify_checkpoint(newest.note, origin, keys.known)
    except BadSignature as error:
        raise KeyMissing(f"the log was signed by another key than this folder's: {error.problem}") from error
