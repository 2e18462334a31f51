"""Auditing a node's log from outside: all of it is read and worked out anew, and nothing is believed.

Signatures, every entry, every hash of every tile, the root; that an earlier checkpoint still holds; and,
where it is asked for, that every blob which the log names is there and is what its digest says.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from catalogue.errors import CatalogueError
from catalogue.federation.peer_client import MAX_DIGESTS, Blobs, PeerUnreachable
from credentials.times import Clock
from credentials.transparency.checkpoints import SignedCheckpoint
from credentials.transparency.entries import Op, parse_entry
from credentials.transparency.merkle import leaf_hash
from credentials.transparency.notes import NoteKey
from credentials.transparency.refusals import (
    BadSignature,
    EntryMalformed,
    EvidenceProvesNothing,
    InconsistentTree,
    LogRefused,
    RotationInvalid,
)
from credentials.transparency.tiles import (
    TILE_WIDTH,
    Bundle,
    Tile,
    bundles_between,
    perfect_hash,
    print_tile,
)
from credentials.transparency.trusted_log import TrustedLog, Update

#: A node signs its log anew every minute; one that hasn't for so long has stopped.
FRESH = timedelta(minutes=10)
#: Faults that are told one by one: what is wrong shows in the first, and a broken log may have millions.
MAX_FAULTS = 20
#: Pauses, in seconds, before what met a limit of the node is asked for again. Its counts are by the minute.
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_TOO_MANY = 429
_NOT_FOUND = 404

#: What names a blob.
_NAMING = frozenset({Op.LIST, Op.WITHDRAW, Op.KEY})
T = TypeVar("T")


class LogSource(Protocol):
    """Where a log is read (`peer_client.PeerClient`)."""

    def checkpoint(self) -> bytes:
        """The note that is served now."""

    def bundle(self, bundle: Bundle) -> bytes:
        """The bytes of a bundle."""

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile."""

    def key_statements(self) -> tuple[bytes, ...]:
        """The statements by which the log's key was changed, oldest first."""

    def blobs(self, digests: Sequence[str]) -> Blobs:
        """Bytes by their digests, as many as fit into one answer."""


class BlobsWithheld(CatalogueError):
    """The node answers about none of the blobs that it is asked for."""

    def __init__(self) -> None:
        super().__init__("it gives none of the bytes that it is asked for")


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found. `faults` are sentences; `fault_count` counts those too that are not among them.

    `entries` are counted by what they say, `blobs` (None when they were not asked for) by what came of them:
    `given` and `erased`.
    """

    checkpoint: SignedCheckpoint
    seen_at: datetime
    entries: dict[Op, int]
    tiles: int
    earlier: SignedCheckpoint | None
    blobs: dict[str, int] | None
    faults: tuple[str, ...]
    fault_count: int
    remarks: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault_count


def audit_log(
    source: LogSource,
    key: NoteKey,
    clock: Clock,
    *,
    earlier: bytes | None = None,
    blobs: bool = False,
    pause: Callable[[float], None] = time.sleep,
    moved: Callable[[int, int], None] = lambda _done, _all: None,
) -> Audit:
    """Read the whole log of `key.name`, signed by that key or one that it has handed over to.

    `earlier` is a checkpoint of this log from another day. Raises LogRefused where the log as a whole doesn't
    hold, Rollback and Fork with evidence among them; PeerUnreachable and PeerFault when it can't be read.
    What is wrong with single tiles, entries and blobs is in what is returned.
    """
    return _Auditor(source, key, clock, pause, moved).run(earlier, blobs)


@dataclass(slots=True)
class _Faults:
    """What is wrong: all counted, the first ones kept."""

    told: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, fault: str) -> None:
        self.count += 1
        if len(self.told) < MAX_FAULTS:
            self.told.append(fault)


class _Auditor:
    """One audit, step by step."""

    def __init__(
        self,
        source: LogSource,
        key: NoteKey,
        clock: Clock,
        pause: Callable[[float], None],
        moved: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._pause = pause
        self._moved = moved
        self._log = TrustedLog.start(key.name, key)
        self._faults = _Faults()
        self._entries: Counter[Op] = Counter()
        self._named: list[str] = []
        self._erased: set[str] = set()
        self._tiles = _TileAudit(self._compare_tile)

    def run(self, earlier: bytes | None, blobs: bool) -> Audit:
        """All of it. See `audit_log`."""
        known = None
        if earlier is not None:
            try:
                before = self._log.update_checkpoint(earlier, self._clock())
            except BadSignature as error:
                raise BadSignature(
                    f"the checkpoint from before is not by {self._log.key.text()}: give the key that signed "
                    "it then, and the log is followed to its present one"
                ) from error
            self._log, known = before.log, before.checkpoint
        update = self._update(self._ask(self._source.checkpoint))
        self._log = update.log
        self._read_entries(update.checkpoint.size)
        self._tiles.finish()
        counted = self._read_blobs() if blobs else None
        return Audit(
            checkpoint=update.checkpoint,
            seen_at=update.now,
            entries={op: self._entries[op] for op in Op},
            tiles=self._tiles.count,
            earlier=known,
            blobs=counted,
            faults=tuple(self._faults.told),
            fault_count=self._faults.count,
            remarks=_remarks(update),
        )

    def _update(self, note: bytes) -> Update:
        now = self._clock()
        try:
            return self._log.update_checkpoint(note, now)
        except BadSignature:
            rotated = self._log
            for statement in self._ask(self._source.key_statements):
                try:
                    rotated = rotated.rotate(statement)
                except RotationInvalid:
                    # From before the key that is believed here, or none that leads on from it.
                    continue
            if rotated is self._log:
                raise
            return rotated.update_checkpoint(note, now)

    def _read_entries(self, size: int) -> None:
        for bundle in bundles_between(0, size):
            data = self._ask(self._source.bundle, bundle)
            try:
                added = self._log.add_bundle(bundle.index, data)
            except InconsistentTree as inconsistent:
                self._accuse(inconsistent)
                raise
            self._log = added.log
            for position, entry in enumerate(added.entries, start=added.first):
                self._tiles.add(leaf_hash(entry))
                self._take(position, entry)
            self._moved(min(bundle.start + bundle.width, size), size)

    def _accuse(self, inconsistent: InconsistentTree) -> None:
        """Raise Fork where an earlier checkpoint and the tiles show one."""
        try:
            self._log.accuse(lambda tile: self._ask(self._source.tile, tile))
        except EvidenceProvesNothing:
            # The entries that are served are not those that were signed; nothing else was signed either.
            return

    def _take(self, position: int, data: bytes) -> None:
        try:
            entry = parse_entry(data)
        except EntryMalformed as error:
            self._faults.add(f"entry {position}: {error.problem}")
            return
        self._entries[entry.op] += 1
        if entry.op is Op.ERASE:
            self._erased.add(entry.digest)
        elif entry.op in _NAMING:
            self._named.append(entry.digest)

    def _compare_tile(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        try:
            data = self._ask(self._source.tile, tile)
        except PeerUnreachable as error:
            # A log may drop a partial tile once the full one is there (C2SP tlog-tiles).
            if error.status != _NOT_FOUND or tile.full:
                raise
            whole = Tile(tile.level, tile.index)
            data = self._ask(self._source.tile, whole)[: len(hashes) * len(hashes[0])]
        if data != print_tile(tile, hashes):
            self._faults.add(f"{tile.path} doesn't hold the hashes of the entries under it")

    def _read_blobs(self) -> dict[str, int]:
        """How many blobs were given, and how many are erased as the log says."""
        names = list(dict.fromkeys(self._named))
        found: Counter[str] = Counter()
        unexplained: list[str] = []
        done = 0
        while done < len(names):
            batch = names[done : done + MAX_DIGESTS]
            answer = self._ask(self._source.blobs, batch)
            settled = set(answer.found) | answer.erased | answer.unknown | answer.wrong
            if not settled:
                raise BlobsWithheld
            for digest in answer.wrong:
                self._faults.add(f"blob {digest}: other bytes are given for it")
            for digest in answer.unknown - self._erased:
                self._faults.add(f"blob {digest}: the log names it, and the node doesn't have it")
            for digest in self._erased.intersection(answer.found):
                self._faults.add(f"blob {digest}: the log says it is erased, and it is given")
            unexplained += answer.erased - self._erased
            found["given"] += len(answer.found.keys() - self._erased)
            found["erased"] += len((answer.erased | answer.unknown) & self._erased)
            # What had no room is asked for again, with what comes next.
            names[done : done + len(batch)] = [
                *(digest for digest in batch if digest in settled),
                *(digest for digest in batch if digest not in settled),
            ]
            done += len(settled)
            self._moved(done, len(names))
        if unexplained:
            found["erased"] += self._explain(unexplained)
        return {"given": found["given"], "erased": found["erased"]}

    def _explain(self, unexplained: Iterable[str]) -> int:
        """How many of these were erased after the checkpoint that was audited; the others are faults."""
        update = self._update(self._ask(self._source.checkpoint))
        log = update.log
        later: set[str] = set()
        for bundle in list(log.bundles()):
            added = log.add_bundle(bundle.index, self._ask(self._source.bundle, bundle))
            log = added.log
            for data in added.entries:
                try:
                    entry = parse_entry(data)
                except EntryMalformed:
                    # An entry after those that are audited here.
                    continue
                if entry.op is Op.ERASE:
                    later.add(entry.digest)
        explained = 0
        for digest in unexplained:
            if digest in later:
                explained += 1
            else:
                self._faults.add(f"blob {digest}: it is said to be erased, and no entry of the log says so")
        return explained

    def _ask(self, ask: Callable[..., T], *about: object) -> T:
        """The answer; asked for again after a pause where the node's limits were met."""
        for seconds in PAUSES:
            try:
                return ask(*about)
            except PeerUnreachable as error:
                if error.status != _TOO_MANY:
                    raise
            self._pause(seconds)
        return ask(*about)


class _TileAudit:
    """Works out every tile from the leaves, level by level, and has each compared once it is complete."""

    def __init__(self, compare: Callable[[Tile, Sequence[bytes]], None]) -> None:
        self._compare = compare
        self._rows: list[list[bytes]] = []
        self._done: list[int] = []
        self.count = 0

    def add(self, hash_: bytes, level: int = 0) -> None:
        """The next hash of a level."""
        if level == len(self._rows):
            self._rows.append([])
            self._done.append(0)
        row = self._rows[level]
        row.append(hash_)
        if len(row) == TILE_WIDTH:
            self._tell(level)
            self._done[level] += 1
            self._rows[level] = []
            self.add(perfect_hash(row), level + 1)

    def finish(self) -> None:
        """After the last leaf: the partial tiles."""
        for level, row in enumerate(self._rows):
            if row:
                self._tell(level)

    def _tell(self, level: int) -> None:
        row = self._rows[level]
        self._compare(Tile(level, self._done[level], len(row)), row)
        self.count += 1


def _remarks(update: Update) -> tuple[str, ...]:
    try:
        update.check_fresh(FRESH)
    except LogRefused as mark:
        return (mark.problem,)
    return ()
