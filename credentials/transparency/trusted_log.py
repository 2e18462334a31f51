"""What a follower believes of another node's log, and the steps by which that may change.

Modelled on python-tuf's `TrustedMetadataSet`: bytes go in, a new state or a typed refusal comes out, and a
refused step leaves the old state as it was. A follower takes every entry, so the entries themselves prove
that the log only grew: the known edge of the tree with the new entries must have the newly signed root.
Nothing but new entries is needed for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NoReturn

from credentials.transparency.checkpoints import SignedCheckpoint, verify_checkpoint
from credentials.transparency.evidence import Evidence, fork_evidence, rollback_evidence
from credentials.transparency.log_keys import MAX_ROTATIONS, follow_rotations
from credentials.transparency.merkle import HASH_BYTES, Frontier, leaf_hash, subtrees
from credentials.transparency.notes import NoteKey, from_base64, to_base64
from credentials.transparency.refusals import (
    EvidenceProvesNothing,
    Fork,
    FutureCheckpoint,
    InconsistentTree,
    ReplayedCheckpoint,
    Rollback,
    RotationInvalid,
    StaleCheckpoint,
)
from credentials.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Bundle,
    Tile,
    TileHashes,
    bundles_between,
    parse_bundle,
)

#: The form of what `to_bytes` keeps.
STATE_VERSION = 1
#: Checkpoints whose entries did not come yet. Each is a promise to be compared; more say little more.
MAX_AHEAD = 8
#: Clocks that are set by the network differ by less.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Edge:
    """How far entries were taken: the tree's edge, and the leaf hashes of its last, partial bundle.

    `tail` has `size % 256` hashes, so that entries which come again, in a wider bundle, can be compared.
    """

    frontier: Frontier = field(default_factory=Frontier)
    tail: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.tail) != self.frontier.size % TILE_WIDTH:
            raise ValueError("the tail is not that of the tree's last bundle")

    @property
    def size(self) -> int:
        """The number of entries taken."""
        return self.frontier.size

    def extend(self, leaves: tuple[bytes, ...]) -> Edge:
        """The edge after entries with these leaf hashes, none of which goes beyond the bundle."""
        tail = self.tail + leaves
        return Edge(self.frontier.extend(leaves), () if len(tail) == TILE_WIDTH else tail)

    def before_tail(self) -> Frontier:
        """The edge of the tree without its last, partial bundle."""
        whole = self.size // TILE_WIDTH
        return Frontier(whole << TILE_HEIGHT, self.frontier.hashes[: whole.bit_count()])


@dataclass(frozen=True, slots=True)
class Update:
    """What a checkpoint changed. `checkpoint` is the newest one known, seen at `now`.

    `outcome`: `unchanged` (nothing new), `renewed` (the same tree, signed again later), `grown` (entries to
    fetch).
    """

    log: TrustedLog
    outcome: Literal["unchanged", "renewed", "grown"]
    checkpoint: SignedCheckpoint
    now: datetime

    @property
    def age(self) -> timedelta:
        """How long ago the newest checkpoint was signed; negative when it is dated ahead."""
        return self.now - self.checkpoint.signed_at

    def check_fresh(self, allowed: timedelta, tolerance: timedelta = CLOCK_TOLERANCE) -> None:
        """Raise StaleCheckpoint or FutureCheckpoint: marks for the caller, which goes on following."""
        if self.age > allowed:
            raise StaleCheckpoint(self.checkpoint.signed_at, self.now)
        if self.age < -tolerance:
            raise FutureCheckpoint(self.checkpoint.signed_at, self.now)


@dataclass(frozen=True, slots=True)
class Added:
    """New entries from position `first` on, as they stand in the bundle. None of them is parsed yet."""

    log: TrustedLog
    first: int
    entries: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """The state. Begin with `TrustedLog.start`; every step gives a new one.

    `keys`: every key that was the log's, the last one now; `rotations` lead to it from the first of the last
    `len(rotations) + 1` of them. `head`: the newest checkpoint whose whole tree is proven. `ahead`:
    checkpoints of larger trees, by size; the last one is the target. `proven`: entries taken that lie in a
    signed tree. `reached`: entries taken, for which that is still to be shown.
    """

    origin: str
    keys: tuple[NoteKey, ...]
    rotations: tuple[bytes, ...] = ()
    head: SignedCheckpoint | None = None
    ahead: tuple[SignedCheckpoint, ...] = ()
    proven: Edge = field(default_factory=Edge)
    reached: Edge = field(default_factory=Edge)

    @classmethod
    def start(cls, origin: str, key: NoteKey) -> TrustedLog:
        """Nothing known but the log's name and its pinned key."""
        return cls(origin, (key,))

    @property
    def key(self) -> NoteKey:
        """The key that must sign new checkpoints."""
        return self.keys[-1]

    @property
    def newest(self) -> SignedCheckpoint | None:
        """The newest checkpoint known, whether or not its entries came."""
        return self.ahead[-1] if self.ahead else self.head

    @property
    def complete(self) -> bool:
        """Whether every entry of the newest checkpoint came and is proven."""
        return not self.ahead and self.head is not None

    def bundles(self) -> Iterator[Bundle]:
        """What to fetch next, in this order; nothing when complete."""
        return bundles_between(self.reached.size, self.ahead[-1].size if self.ahead else self.reached.size)

    def to_bytes(self) -> bytes:
        """What must be kept: all but what was reached and not proven. JSON."""
        form = {
            "v": STATE_VERSION,
            "origin": self.origin,
            "keys": [key.text() for key in self.keys],
            "rotations": [statement.decode("ascii") for statement in self.rotations],
            "head": self.head.note.decode() if self.head else None,
            "ahead": [item.note.decode() for item in self.ahead],
            "frontier": to_base64(self.proven.frontier.to_bytes()),
            "tail": to_base64(b"".join(self.proven.tail)),
        }
        return json.dumps(form, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> TrustedLog:
        """The inverse of `to_bytes`, for what this program kept itself. ValueError for another version."""
        form = json.loads(data)
        if form["v"] != STATE_VERSION:
            raise ValueError(f"the state of a followed log has form {form['v']!r}")
        origin, keys = form["origin"], tuple(NoteKey.parse(text) for text in form["keys"])
        tail = from_base64(form["tail"])
        edge = Edge(
            Frontier.from_bytes(from_base64(form["frontier"])),
            tuple(tail[at : at + HASH_BYTES] for at in range(0, len(tail), HASH_BYTES)),
        )
        return cls(
            origin,
            keys,
            tuple(statement.encode() for statement in form["rotations"]),
            verify_checkpoint(form["head"].encode(), origin, keys) if form["head"] else None,
            tuple(verify_checkpoint(note.encode(), origin, keys) for note in form["ahead"]),
            edge,
            edge,
        )

    def update_checkpoint(self, note: bytes, now: datetime) -> Update:
        """Take the checkpoint that the node serves now.

        Raises NoteMalformed, WrongOrigin, BadSignature; Rollback and Fork with evidence; ReplayedCheckpoint.
        """
        new = verify_checkpoint(note, self.origin, (self.key,))
        for known in (*((self.head,) if self.head else ()), *self.ahead):
            self._compare(known, new)
        newest = self.newest
        if newest is None or new.size > newest.size:
            kept = self.ahead if len(self.ahead) < MAX_AHEAD else self.ahead[: MAX_AHEAD - 1]
            return self._grown(replace(self, ahead=(*kept, new)), new, now)
        if new.signed_at <= newest.signed_at:
            return Update(self, "unchanged", newest, now)
        if self.ahead:
            return Update(replace(self, ahead=(*self.ahead[:-1], new)), "renewed", new, now)
        return Update(replace(self, head=new), "renewed", new, now)

    @staticmethod
    def _grown(log: TrustedLog, new: SignedCheckpoint, now: datetime) -> Update:
        # A log without entries has nothing to fetch: its checkpoint is proven at once.
        return Update(log._passed(log.reached), "grown", new, now)

    def add_bundle(self, index: int, data: bytes) -> Added:
        """Take the next bundle of `bundles`.

        When the entries reach a signed size, their root is compared with the signed one. Raises
        OversizedBundle, MalformedBundle, InconsistentTree (then see `accuse`); ValueError when another bundle
        is next.
        """
        bundle = next(self.bundles(), None)
        if bundle is None or bundle.index != index:
            raise ValueError(f"bundle {index} is not the next one")
        entries = parse_bundle(bundle, data)
        leaves = tuple(map(leaf_hash, entries))
        known = len(self.reached.tail)
        if leaves[:known] != self.reached.tail:
            found = self.reached.before_tail().extend(leaves[:known]).root()
            raise InconsistentTree(self.reached.size, self.reached.frontier.root(), found)
        log, first, at = self, self.reached.size, known
        for size in (*(item.size for item in self.ahead), bundle.start + bundle.width):
            end = min(size - bundle.start, bundle.width)
            if end > at:
                log = log._passed(log.reached.extend(leaves[at:end]))
                at = end
        return Added(log, first, entries[known:])

    def _passed(self, reached: Edge) -> TrustedLog:
        """The state with these entries taken; InconsistentTree when a signed size has another root."""
        if not self.ahead or self.ahead[0].size != reached.size:
            return replace(self, reached=reached)
        signed, found = self.ahead[0], reached.frontier.root()
        if found != signed.root:
            raise InconsistentTree(signed.size, signed.root, found)
        return replace(self, reached=reached, proven=reached, head=signed, ahead=self.ahead[1:])

    def prove(self, fetch: Callable[[Tile], bytes]) -> TrustedLog:
        """Show from a few tiles that what was reached lies in the target's tree, before all of it has come.

        So a long log can be taken in pieces. InconsistentTree when it doesn't; errors of `fetch` as they are.
        """
        if not self.ahead:
            return self
        target = self.ahead[-1]
        read = TileHashes(target.size, fetch)
        rest = [read(height, index) for height, index in subtrees(self.reached.size, target.size)]
        found = self.reached.frontier.complete(target.size, rest).root()
        if found != target.root:
            raise InconsistentTree(target.size, target.root, found)
        return replace(self, proven=self.reached)

    def restart(self) -> TrustedLog:
        """Give up what was reached and not proven, say after a bundle that doesn't fit."""
        return replace(self, reached=self.proven)

    def accuse(self, fetch: Callable[[Tile], bytes]) -> NoReturn:
        """After InconsistentTree: find out from the target's tiles whether the log forked.

        Raises Fork with evidence, or EvidenceProvesNothing when the tiles show none: then what was served is
        garbage, and no other history is signed. Errors of `fetch`, and MalformedTile, as they are.
        """
        known = [item for item in (self.head, *self.ahead[:-1]) if item is not None]
        if not self.ahead or not known:
            raise EvidenceProvesNothing("only one checkpoint is known")
        target = self.ahead[-1]
        read = TileHashes(target.size, fetch)
        refused: EvidenceProvesNothing | None = None
        for item in known:
            try:
                evidence = fork_evidence(item, target, self._chain()[0], read, self.rotations)
            except EvidenceProvesNothing as error:
                refused = error
            else:
                raise Fork(
                    f"the log of {target.size} entries doesn't begin with the {item.size} that were signed",
                    evidence,
                )
        raise refused or EvidenceProvesNothing("nothing to compare")

    def _chain(self) -> tuple[NoteKey, ...]:
        """The keys that statements link to the present one."""
        return self.keys[-len(self.rotations) - 1 :]

    def _compare(self, known: SignedCheckpoint, new: SignedCheckpoint) -> None:
        """Raise what two checkpoints say against each other by themselves."""
        smaller, larger = (new, known) if new.size < known.size else (known, new)
        try:
            if smaller.size < larger.size and smaller.signed_at > larger.signed_at:
                raise self._rolled_back(smaller, larger)
            if new.size == known.size and new.root != known.root:
                raise self._forked(known, new)
        except EvidenceProvesNothing:
            # Whoever pinned a new key by hand has no statement that links the two; refused all the same.
            if new.size == known.size:
                raise InconsistentTree(new.size, known.root, new.root) from None
        if new.size < known.size:
            raise ReplayedCheckpoint(known.size, new.size, new.signed_at)

    def _rolled_back(self, smaller: SignedCheckpoint, larger: SignedCheckpoint) -> Rollback:
        evidence = rollback_evidence(smaller, larger, self._chain()[0], self.rotations)
        return Rollback(
            f"a log of {smaller.size} entries was signed at {smaller.signed_at.isoformat()}, after one of "
            f"{larger.size} at {larger.signed_at.isoformat()}",
            evidence,
        )

    def _forked(self, known: SignedCheckpoint, new: SignedCheckpoint) -> Fork:
        evidence: Evidence = fork_evidence(known, new, self._chain()[0], None, self.rotations)
        return Fork(f"two different roots are signed for {new.size} entries", evidence)

    def rotate(self, statement: bytes) -> TrustedLog:
        """Follow the log to its next key, by a statement of the present one. RotationInvalid else."""
        if len(self.rotations) >= MAX_ROTATIONS:
            raise RotationInvalid(f"after {MAX_ROTATIONS} changes of its key a log is pinned anew")
        rotations = (*self.rotations, statement)
        chain = self._chain()
        *_, new = follow_rotations(self.origin, chain[0], rotations)
        return replace(self, keys=(*self.keys, new), rotations=rotations)

    def repin(self, key: NoteKey) -> TrustedLog:
        """Believe another key from now on because an operator says so; what is known of the log stays."""
        return self if key == self.key else replace(self, keys=(*self.keys, key), rotations=())
