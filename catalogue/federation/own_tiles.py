"""The node's own log as a tree (C2SP tlog-tiles): its entries are in `intake`, hashes of them in `tiles`.

A tile of level 0 is kept once it is full; until then its hashes are made from the entries. Of higher levels
the last tile is kept as far as it goes, since each of its hashes stands for 256 entries or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from catalogue.store.tables import intake, tiles
from credentials.transparency.merkle import HASH_BYTES, Frontier, leaf_hash
from credentials.transparency.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Bundle,
    Tile,
    perfect_hash,
    print_bundle,
    tile_with,
)


class HistoryAltered(Exception):
    """The entries are not those that were signed; `leaf` is the first that differs, where that is known."""

    def __init__(self, problem: str, leaf: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.leaf = leaf


class TileMissing(Exception):
    """A tile isn't kept (after a restore, say): all entries must be read to make it again."""

    def __init__(self, tile: Tile) -> None:
        super().__init__(f"{tile.path} is not kept")
        self.tile = tile


def read_leaves(connection: Connection, first: int, beyond: int) -> list[bytes]:
    """The exact entries of the public log from leaf `first` up to `beyond`.

    HistoryAltered when one is missing: leaves are counted without gaps.
    """
    rows = connection.execute(
        select(intake.c.leaf, intake.c.entry)
        .where(intake.c.leaf >= first, intake.c.leaf < beyond)
        .order_by(intake.c.leaf)
    )
    found: list[bytes] = []
    for leaf, entry in rows:
        if leaf != first + len(found):
            break
        found.append(entry.encode())
    if len(found) != beyond - first:
        leaf = first + len(found)
        raise HistoryAltered(f"entry {leaf} of the log is missing", leaf)
    return found


@dataclass(slots=True)
class Edge:
    """The right edge of a growing tree, level by level: the hashes of each level's last, partial tile."""

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=lambda: [[]])

    @classmethod
    def read(cls, connection: Connection, size: int) -> Edge:
        """The edge of the tree of the first `size` entries. Raises TileMissing, HistoryAltered."""
        rows: list[list[bytes]] = []
        level, width = 0, size
        while width or not rows:
            tile = Tile(level, width // TILE_WIDTH, width % TILE_WIDTH)
            rows.append(split(tile_hashes(connection, tile)) if tile.width else [])
            level, width = level + 1, width >> TILE_HEIGHT
        return cls(size, rows)

    def extend(self, hashes: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Add leaf hashes; yields each tile that they make full. To be read to its end."""
        for added in hashes:
            self.size += 1
            level = 0
            self.rows[0].append(added)
            while len(self.rows[level]) == TILE_WIDTH:
                row, self.rows[level] = self.rows[level], []
                number = (self.size >> (TILE_HEIGHT * (level + 1))) - 1
                yield Tile(level, number), b"".join(row)
                level += 1
                if level == len(self.rows):
                    self.rows.append([])
                self.rows[level].append(perfect_hash(row))

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """The last tiles of the higher levels, which are kept although they are not full."""
        for level, row in enumerate(self.rows):
            if level and row:
                yield Tile(level, (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH, len(row)), b"".join(row)

    def root(self) -> bytes:
        """The root of the tree."""
        hashes: list[bytes] = []
        for row in reversed(self.rows):
            at = 0
            while at < len(row):
                count = 1 << ((len(row) - at).bit_length() - 1)
                hashes.append(perfect_hash(row[at : at + count]))
                at += count
        return Frontier(self.size, tuple(hashes)).root()


def tile_hashes(connection: Connection, tile: Tile) -> bytes:
    """The bytes of a tile that lies within the log. Raises TileMissing, HistoryAltered."""
    kept = connection.execute(
        select(tiles.c.hashes).where(tiles.c.level == tile.level, tiles.c.number == tile.index)
    ).scalar()
    wanted = tile.width * HASH_BYTES
    if kept is not None and len(kept) >= wanted:
        return bytes(kept[:wanted])
    if tile.level or tile.full:
        raise TileMissing(tile)
    first = tile.index * TILE_WIDTH
    return b"".join(map(leaf_hash, read_leaves(connection, first, first + tile.width)))


def bundle_bytes(connection: Connection, bundle: Bundle) -> bytes:
    """The bytes of a bundle of entries that lies within the log."""
    return print_bundle(read_leaves(connection, bundle.start, bundle.start + bundle.width))


class OwnHashes:
    """Reads hashes of the tree of the first `size` entries, for proofs: a `merkle.ReadHash`."""

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection = connection
        self._size = size
        self._read: dict[Tile, list[bytes]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of a perfect subtree. Raises TileMissing; ValueError when the tree has none such."""
        tile, first, count = tile_with(height, index, self._size)
        if tile not in self._read:
            self._read[tile] = split(tile_hashes(self._connection, tile))
        return perfect_hash(self._read[tile][first : first + count])


def keep_tile(connection: Connection, tile: Tile, hashes: bytes) -> None:
    """Keep a tile, in place of what was kept of it, inside the caller's writing transaction."""
    where = (tiles.c.level == tile.level) & (tiles.c.number == tile.index)
    connection.execute(delete(tiles).where(where))
    connection.execute(insert(tiles).values(level=tile.level, number=tile.index, hashes=hashes))


def split(data: bytes) -> list[bytes]:
    """Hashes side by side, one by one."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
