"""Logs in memory, an honest one and those of nodes that lie, stop or break, for whoever follows them.

A log here is what a node serves: `checkpoint`, `tile` and `bundle` answer as its endpoints do. Each hostile
one is an honest one in which one thing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from credentials.signing import PrivateKey
from credentials.transparency.checkpoints import origin_key, sign_checkpoint
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.notes import NoteKey
from credentials.transparency.tiles import Bundle, Tile, perfect_hash, print_bundle, print_tile
from credentials.transparency.trusted_log import TrustedLog, Update

ORIGIN = "node-a.example/log"
KEY = PrivateKey.from_ed25519_seed(bytes(range(32)))
OTHER_KEY = PrivateKey.from_ed25519_seed(bytes(32))
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def entry(number: int, history: str = "first") -> bytes:
    """An entry; two histories have different ones."""
    digest = sha256(f"{history} {number}".encode()).hexdigest()
    return LogEntry(Op.LIST, digest, START + timedelta(seconds=number)).to_bytes()


@dataclass
class HonestLog:
    """A node's log as it is served. `signed_at` is the time in its newest checkpoint."""

    entries: list[bytes] = field(default_factory=list)
    origin: str = ORIGIN
    key: PrivateKey = KEY
    signed_at: datetime = START

    @classmethod
    def of(cls, size: int, history: str = "first") -> HonestLog:
        """A log of so many entries."""
        return cls([entry(number, history) for number in range(size)])

    def grow(self, count: int, history: str = "first") -> None:
        """Append entries; the next checkpoint is signed a minute later."""
        first = len(self.entries)
        self.entries += [entry(number, history) for number in range(first, first + count)]
        self.signed_at += timedelta(minutes=1)

    @property
    def note_key(self) -> NoteKey:
        """What followers pin."""
        return origin_key(self.origin, self.key)

    def root(self) -> bytes:
        """The root of all entries."""
        return Frontier().extend(map(leaf_hash, self.entries)).root()

    def checkpoint(self) -> bytes:
        """GET /log/checkpoint."""
        return sign_checkpoint(self.origin, len(self.entries), self.root(), self.key, self.signed_at)

    def bundle(self, bundle: Bundle) -> bytes:
        """GET /log/tile/entries/..."""
        return print_bundle(self.entries[bundle.start : bundle.start + bundle.width])

    def tile(self, tile: Tile) -> bytes:
        """GET /log/tile/<level>/..."""
        span = 256**tile.level
        leaves = [leaf_hash(item) for item in self.entries]
        start = tile.index * 256 * span
        hashes = [
            perfect_hash(leaves[start + at * span : start + (at + 1) * span]) for at in range(tile.width)
        ]
        return print_tile(tile, hashes)


def follow(
    log: HonestLog, state: TrustedLog, now: datetime = START
) -> tuple[Update, TrustedLog, list[bytes]]:
    """One poll: the checkpoint, then every bundle that is new. Raises what the state refuses."""
    update = state.update_checkpoint(log.checkpoint(), now)
    state, received = update.log, []
    for bundle in list(state.bundles()):
        added = state.add_bundle(bundle.index, log.bundle(bundle))
        state = added.log
        received += added.entries
    return update, state, received


def followed(size: int) -> tuple[HonestLog, TrustedLog]:
    """An honest log, and a follower that has all of it."""
    log = HonestLog.of(size)
    _, state, received = follow(log, TrustedLog.start(ORIGIN, log.note_key))
    assert received == log.entries
    return log, state


@dataclass
class AlteringLog(HonestLog):
    """Serves bundles that were changed on the way: `alter` gets the entries of one and gives its bytes."""

    alter: Callable[[Sequence[bytes]], bytes] = print_bundle

    def bundle(self, bundle: Bundle) -> bytes:
        """The bundle, altered."""
        return self.alter(self.entries[bundle.start : bundle.start + bundle.width])


def altering(log: HonestLog, alter: Callable[[Sequence[bytes]], bytes]) -> AlteringLog:
    """The same log with every bundle changed."""
    return AlteringLog(log.entries, log.origin, log.key, log.signed_at, alter)


def rewritten(log: HonestLog, position: int) -> HonestLog:
    """The same log, one entry of its past changed by hand, and signed as if nothing were."""
    changed = list(log.entries)
    changed[position] = entry(position, "second")
    return replace(log, entries=changed, signed_at=log.signed_at + timedelta(minutes=1))


def restored(log: HonestLog, size: int) -> HonestLog:
    """The same node after it came back from a backup of its first `size` entries, and signed that."""
    return replace(log, entries=log.entries[:size], signed_at=log.signed_at + timedelta(minutes=1))
