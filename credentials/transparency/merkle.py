"""RFC 6962 section 2.1 (RFC 9162 section 2.1): the Merkle tree of a log, its right edge, and proofs.

A perfect subtree is named by its height and its index at that height: it covers the leaves from
`index << height` on, `1 << height` of them. Every hash has 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from credentials.transparency.refusals import ProofInvalid

HASH_BYTES = 32
#: Readers in other languages keep sizes in signed 64-bit integers.
MAX_SIZE = 2**63 - 1
#: The root of a tree without leaves (RFC 6962 section 2.1).
EMPTY_ROOT = sha256(b"").digest()

#: Reads the hash of the perfect subtree of this height and index.
ReadHash = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest perfect subtrees (height, index) that cover the leaves from `start` to `end`, in order."""
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        yield height, start >> height
        start += 1 << height


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to let a tree grow: its size and the perfect subtrees along its right edge.

    `hashes` are those of `subtrees(0, size)`, the largest first: as many as `size` has bits that are set.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes are not the edge of a tree of {self.size} leaves")

    def extend(self, hashes: Iterable[bytes], height: int = 0) -> Frontier:
        """The edge after these leaf hashes, or hashes of perfect subtrees of `height`, were added.

        ValueError when a subtree of that height can't come next.
        """
        if self.size & ((1 << height) - 1):
            raise ValueError(f"no subtree of height {height} can follow {self.size} leaves")
        edge = list(self.hashes)
        count = self.size >> height
        for added in hashes:
            full = count
            while full & 1:
                added = sha256(b"\x01" + edge.pop() + added).digest()
                full >>= 1
            edge.append(added)
            count += 1
        return Frontier(count << height, tuple(edge))

    def complete(self, size: int, hashes: Sequence[bytes]) -> Frontier:
        """The edge of the tree of `size` leaves, by the hashes of `subtrees(self.size, size)`.

        ValueError when these are not as many.
        """
        grown = self
        for (height, _), added in zip(subtrees(self.size, size), hashes, strict=True):
            grown = grown.extend((added,), height)
        return grown

    def root(self) -> bytes:
        """The root hash of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        return _fold(self.hashes)

    def to_bytes(self) -> bytes:
        """The size in eight bytes, big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """The inverse of `to_bytes`. ValueError for anything else."""
        if len(data) < 8 or len(data) % HASH_BYTES != 8:
            raise ValueError("not the edge of a tree")
        hashes = tuple(data[at : at + HASH_BYTES] for at in range(8, len(data), HASH_BYTES))
        return cls(int.from_bytes(data[:8], "big"), hashes)

    @classmethod
    def read(cls, read: ReadHash, size: int) -> Frontier:
        """The edge of the tree of `size` leaves whose subtrees `read` knows."""
        return cls(size, tuple(read(height, index) for height, index in subtrees(0, size)))


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over subtrees that get smaller from left to right."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def range_hash(read: ReadHash, start: int, end: int) -> bytes:
    """The hash over the leaves from `start` to `end`, which must be a node of some tree (RFC 6962: MTH)."""
    return _fold([read(height, index) for height, index in subtrees(start, end)])


@dataclass(frozen=True, slots=True)
class _Step:
    """One step up: the sibling covers the leaves from `start` to `end`, and lies left or right."""

    start: int
    end: int
    left: bool


def _split(start: int, end: int) -> int:
    """Where RFC 6962 divides a range: after the largest power of two of leaves that leaves some."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _way_to_leaf(index: int, size: int) -> list[_Step]:
    """The steps from leaf `index` up to the root."""
    steps: list[_Step] = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            steps.append(_Step(middle, end, left=False))
            end = middle
        else:
            steps.append(_Step(start, middle, left=True))
            start = middle
    return steps[::-1]


def _way_to_edge(old: int, size: int) -> tuple[int, list[_Step]]:
    """The steps up from the last node that the trees of `old` and of `size` leaves share, and its start."""
    steps: list[_Step] = []
    start, end = 0, size
    while end != old:
        middle = _split(start, end)
        if old <= middle:
            steps.append(_Step(middle, end, left=False))
            end = middle
        else:
            steps.append(_Step(start, middle, left=True))
            start = middle
    return start, steps[::-1]


def inclusion_proof(read: ReadHash, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 section 2.1.3.1).

    ValueError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return tuple(range_hash(read, step.start, step.end) for step in _way_to_leaf(index, size))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (a hash) is number `index` in the tree with this size and root. ProofInvalid else."""
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofInvalid(f"a tree of {size} leaves has no leaf {index}")
    steps = _way_to_leaf(index, size)
    _check_length(proof, len(steps))
    found = leaf
    for step, sibling in zip(steps, proof, strict=True):
        found = node_hash(sibling, found) if step.left else node_hash(found, sibling)
    if found != root:
        raise ProofInvalid("the inclusion proof leads to another root")


def consistency_proof(read: ReadHash, old: int, size: int) -> tuple[bytes, ...]:
    """That the tree of `old` leaves is the beginning of that of `size` leaves (RFC 9162 section 2.1.4.1).

    Empty where that needs no proof: nothing at all, or the same size. ValueError when `old` is larger.
    """
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves has no beginning of {old}")
    if old in (0, size):
        return ()
    start, steps = _way_to_edge(old, size)
    shared = [range_hash(read, start, old)] if start else []
    return (*shared, *(range_hash(read, step.start, step.end) for step in steps))


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree with the old root is the beginning of the other. ProofInvalid else."""
    if not 0 <= old <= size <= MAX_SIZE:
        raise ProofInvalid(f"a tree of {size} leaves has no beginning of {old}")
    if old in (0, size):
        _check_length(proof, 0)
        if old_root != (EMPTY_ROOT if old == 0 else root):
            raise ProofInvalid("trees of the same size have different roots")
        return
    start, steps = _way_to_edge(old, size)
    # The whole old tree is a node of the new one: its hash is known and not part of the proof.
    hashes = list(proof) if start else [old_root, *proof]
    _check_length(hashes, len(steps) + 1)
    before = after = hashes[0]
    for step, sibling in zip(steps, hashes[1:], strict=True):
        if step.left:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
        else:
            after = node_hash(after, sibling)
    if before != old_root:
        raise ProofInvalid("the consistency proof leads to another old root")
    if after != root:
        raise ProofInvalid("the consistency proof leads to another new root")


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected or any(len(item) != HASH_BYTES for item in proof):
        raise ProofInvalid(f"the proof has {len(proof)} hashes instead of {expected}, or one of wrong length")
