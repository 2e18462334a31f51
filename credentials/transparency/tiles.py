"""C2SP tlog-tiles: how a tree is cut into files that never change, and the spelling of their paths.

A tile at level L holds up to 256 hashes of perfect subtrees of height 8 L, a bundle up to 256 entries. The
last one of each level may be partial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from credentials.transparency.merkle import HASH_BYTES, MAX_SIZE, Frontier, node_hash
from credentials.transparency.refusals import LogRefused, MalformedBundle, MalformedTile, OversizedBundle

#: Levels of the tree in one tile (fixed by the specification).
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES
#: The levels that a tree of MAX_SIZE leaves has; the specification's own bound, 63, is never reached.
MAX_LEVEL = 7
#: An entry of a node's log takes 140 bytes; the rest is for later versions of it.
MAX_ENTRY_BYTES = 512
MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)

_INDEX = r"(?:x[0-9]{3}/)*[0-9]{3}"
_WIDTH = r"(?:\.p/([1-9][0-9]{0,2}))?"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?)/({_INDEX}){_WIDTH}", re.ASCII)
_BUNDLE_PATH = re.compile(rf"tile/entries/({_INDEX}){_WIDTH}", re.ASCII)
#: Seven groups of three digits hold every index of a tree of MAX_SIZE leaves.
_MAX_PATH = 80


class PathInvalid(LogRefused):
    """No tile has this path."""


@dataclass(frozen=True, slots=True)
class Tile:
    """The tile number `index` of `level`; `width` hashes, 256 unless it is partial."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`, without a leading slash."""
        return f"tile/{self.level}/{_numbered(self.index, self.width)}"

    @property
    def full(self) -> bool:
        """Whether it will never get wider."""
        return self.width == TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle number `index`; `width` entries, 256 unless it is partial."""

    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`tile/entries/<N>[.p/<W>]`, without a leading slash."""
        return f"tile/entries/{_numbered(self.index, self.width)}"

    @property
    def full(self) -> bool:
        """Whether it will never get wider."""
        return self.width == TILE_WIDTH

    @property
    def start(self) -> int:
        """The position of its first entry."""
        return self.index * TILE_WIDTH


def _numbered(index: int, width: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups)) + ("" if width == TILE_WIDTH else f".p/{width}")


def parse_path(path: str) -> Tile | Bundle:
    """What a path names (without leading slash). PathInvalid for every spelling but the one of `path`."""
    found: Tile | Bundle | None = None
    if len(path) <= _MAX_PATH:
        if match := _TILE_PATH.fullmatch(path):
            found = Tile(int(match[1]), *_numbers(match[2], match[3]))
        elif match := _BUNDLE_PATH.fullmatch(path):
            found = Bundle(*_numbers(match[1], match[2]))
    # Leading groups of zeros and too wide ones match above and are spelt otherwise here.
    if found is None or found.path != path or not _possible(found):
        raise PathInvalid("no tile has this path; they are spelt as in C2SP tlog-tiles")
    return found


def _numbers(index: str, width: str | None) -> tuple[int, int]:
    return int(index.replace("/", "").replace("x", "")), int(width) if width else TILE_WIDTH


def _possible(found: Tile | Bundle) -> bool:
    level = found.level if isinstance(found, Tile) else 0
    end = (found.index * TILE_WIDTH + found.width) << (TILE_HEIGHT * level)
    return found.width <= TILE_WIDTH and level <= MAX_LEVEL and end <= MAX_SIZE


def tiles_of(size: int) -> Iterator[Tile]:
    """All tiles of the tree of `size` leaves, level by level, the partial ones included."""
    return new_tiles(0, size)


def new_tiles(old: int, size: int) -> Iterator[Tile]:
    """The tiles of the tree of `size` leaves that the tree of `old` leaves doesn't have in the same width."""
    level, before, after = 0, old, size
    while after:
        # A tile that has not grown is none of the new ones; one of them may be full and unchanged.
        first = before // TILE_WIDTH
        for index in range(first, -(-after // TILE_WIDTH)):
            width = min(TILE_WIDTH, after - index * TILE_WIDTH)
            if index * TILE_WIDTH + width > before:
                yield Tile(level, index, width)
        level, before, after = level + 1, before >> TILE_HEIGHT, after >> TILE_HEIGHT


def bundles_between(old: int, size: int) -> Iterator[Bundle]:
    """The bundles, in order, that hold the entries from position `old` to `size`."""
    for index in range(old // TILE_WIDTH, -(-size // TILE_WIDTH) if old < size else 0):
        yield Bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))


def tile_with(height: int, index: int, size: int) -> tuple[Tile, int, int]:
    """The tile of the tree of `size` leaves from which a perfect subtree's hash follows.

    With it, the place of the first hash and the number of hashes (a power of two) that lie under the subtree.
    ValueError when the tree has no such subtree.
    """
    if (index + 1) << height > size:
        raise ValueError(f"a tree of {size} leaves has no subtree {index} of height {height}")
    level, above = divmod(height, TILE_HEIGHT)
    first, count = index << above, 1 << above
    number = first // TILE_WIDTH
    width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
    return Tile(level, number, width), first % TILE_WIDTH, count


def perfect_hash(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of hashes side by side."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def parse_tile(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """The hashes of a tile. MalformedTile unless there are exactly as many as it is wide."""
    if len(data) != tile.width * HASH_BYTES:
        raise MalformedTile(
            tile.path, f"has {len(data)} bytes instead of the {tile.width * HASH_BYTES} of its hashes"
        )
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


class TileHashes:
    """Reads hashes of perfect subtrees of one tree out of its tiles: a `merkle.ReadHash`.

    `fetch` gives a tile's bytes. Each tile is fetched once. Nothing is checked against a root here.
    """

    def __init__(self, size: int, fetch: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._fetch = fetch
        self._read: dict[Tile, tuple[bytes, ...]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of the subtree. MalformedTile, ValueError, and whatever `fetch` raises."""
        tile, first, count = tile_with(height, index, self._size)
        hashes = self._read.get(tile)
        if hashes is None:
            hashes = self._read[tile] = parse_tile(tile, self._fetch(tile))
        return perfect_hash(hashes[first : first + count])


def print_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each after its length in two bytes. ValueError for one that is too long."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has at most {MAX_ENTRY_BYTES} bytes, this one {len(entry)}")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def parse_bundle(bundle: Bundle, data: bytes) -> tuple[bytes, ...]:
    """The entries of a bundle: exactly as many as it is wide, and nothing after them.

    A full bundle is taken for a partial one, since a log may drop those: then the entries beyond `width` are
    left out. Raises OversizedBundle, MalformedBundle.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise OversizedBundle(bundle.index, len(data), MAX_BUNDLE_BYTES)
    entries: list[bytes] = []
    at = 0
    # One entry more than fit tells enough; empty ones could be many.
    while at < len(data) and len(entries) <= TILE_WIDTH:
        length = int.from_bytes(data[at : at + 2], "big")
        end = at + 2 + length
        if end > len(data):
            raise MalformedBundle(bundle.index, f"ends within entry {len(entries)}")
        if length > MAX_ENTRY_BYTES:
            raise MalformedBundle(
                bundle.index, f"holds an entry of {length} bytes; at most {MAX_ENTRY_BYTES} are read"
            )
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) not in (bundle.width, TILE_WIDTH):
        raise MalformedBundle(bundle.index, f"has {len(entries)} entries instead of {bundle.width}")
    return tuple(entries[: bundle.width])


def print_tile(tile: Tile, hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile. ValueError when the hashes are not as many as it is wide."""
    if len(hashes) != tile.width:
        raise ValueError(f"{tile.path} has {tile.width} hashes, not {len(hashes)}")
    return b"".join(hashes)


def root_of_tiles(size: int, fetch: Callable[[Tile], bytes]) -> bytes:
    """The root that the tiles of a tree of `size` leaves stand for."""
    return Frontier.read(TileHashes(size, fetch), size).root()
