"""Paths, tiles and bundles as C2SP tlog-tiles has them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.transparency.merkle import MAX_SIZE, Frontier, leaf_hash, subtrees
from credentials.transparency.refusals import MalformedBundle, MalformedTile, OversizedBundle
from credentials.transparency.tiles import (
    MAX_BUNDLE_BYTES,
    MAX_ENTRY_BYTES,
    Bundle,
    PathInvalid,
    Tile,
    TileHashes,
    bundles_between,
    new_tiles,
    parse_bundle,
    parse_path,
    parse_tile,
    perfect_hash,
    print_bundle,
    print_tile,
    root_of_tiles,
    tile_with,
    tiles_of,
)

#: A tree with three levels of tiles would have 65,536 leaves; this one has two, both partial.
SIZE = 700
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE)]


def tile_bytes(tile: Tile) -> bytes:
    span = 256**tile.level
    start = tile.index * 256 * span
    hashes = [perfect_hash(LEAVES[start + at * span : start + (at + 1) * span]) for at in range(tile.width)]
    return print_tile(tile, hashes)


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", Tile(0, 0)),
        ("tile/3/x001/x234/067", Tile(3, 1_234_067)),
        ("tile/0/x001/000.p/1", Tile(0, 1000, 1)),
        ("tile/7/000.p/127", Tile(7, 0, 127)),
        ("tile/entries/000.p/255", Bundle(0, 255)),
        ("tile/entries/x001/x234/067", Bundle(1_234_067)),
    ],
)
def test_a_path_is_read_and_written_as_specified(path: str, tile: Tile | Bundle) -> None:
    assert parse_path(path) == tile
    assert tile.path == path


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/01/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/8/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/2",
        "tile/0/X001/000",
        "tile/entries/0",
        "tile/entries/x000/000",
        "entries/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/٠٠٠",
        "tile/0/000?x",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/7/000",
    ],
)
def test_every_other_spelling_of_a_path_is_refused(path: str) -> None:
    with pytest.raises(PathInvalid):
        parse_path(path)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 7), st.integers(0, 2**55 - 2), st.integers(1, 256))
def test_paths_come_back(level: int, index: int, width: int) -> None:
    tile = Tile(level, index >> (8 * level), width)
    if (tile.index * 256 + width) << (8 * level) <= MAX_SIZE:
        assert parse_path(tile.path) == tile
    assert parse_path(Bundle(index, width).path) == Bundle(index, width)


@settings(max_examples=100, deadline=None)
@given(st.text("tile/0123456789x.p", max_size=40))
def test_no_text_raises_anything_but_the_refusal(text: str) -> None:
    with contextlib.suppress(PathInvalid):
        assert parse_path("tile/" + text).path == "tile/" + text


def test_a_tree_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile for tile in tiles if tile.level > 0] == [
        Tile(1, 0),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert [tile.width for tile in tiles if tile.level == 0] == [256] * 273 + [112]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 200_000), st.integers(0, 3_000))
def test_growth_brings_the_tiles_that_were_not_there(old: int, more: int) -> None:
    assert set(new_tiles(old, old + more)) == set(tiles_of(old + more)) - set(tiles_of(old))


@pytest.mark.parametrize(
    ("old", "size", "bundles"),
    [
        (0, 0, []),
        (5, 5, []),
        (0, 1, [Bundle(0, 1)]),
        (5, 256, [Bundle(0)]),
        (256, 257, [Bundle(1, 1)]),
        (255, 600, [Bundle(0), Bundle(1), Bundle(2, 88)]),
    ],
)
def test_only_bundles_with_new_entries_are_needed(old: int, size: int, bundles: list[Bundle]) -> None:
    assert list(bundles_between(old, size)) == bundles


def test_every_hash_of_a_tree_is_found_in_its_tiles() -> None:
    for size in (1, 2, 255, 256, 257, 512, 513, SIZE):
        fetched: list[Tile] = []

        def fetch(tile: Tile, fetched: list[Tile] = fetched) -> bytes:
            fetched.append(tile)
            return tile_bytes(tile)

        read = TileHashes(size, fetch)
        for height in range(size.bit_length()):
            for index in range(size >> height):
                assert read(height, index) == perfect_hash(LEAVES[index << height : (index + 1) << height])
        # Each tile once, and no tile that the tree doesn't have.
        assert len(fetched) == len(set(fetched))
        assert set(fetched) == set(tiles_of(size))
        assert root_of_tiles(size, tile_bytes) == Frontier().extend(LEAVES[:size]).root()


def test_a_hash_that_the_tree_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no subtree 1 of height 8"):
        tile_with(8, 1, 511)
    assert tile_with(8, 1, 512) == (Tile(1, 0, 2), 1, 1)
    assert all(tile_with(height, index, SIZE) for height, index in subtrees(0, SIZE))


def test_a_tile_of_another_length_is_refused() -> None:
    tile = Tile(0, 0, 3)
    assert parse_tile(tile, b"".join(LEAVES[:3])) == tuple(LEAVES[:3])
    for data in (b"", b"".join(LEAVES[:2]), b"".join(LEAVES[:4]), b"".join(LEAVES[:3])[:-1]):
        with pytest.raises(MalformedTile, match=r"tile/0/000\.p/3 has"):
            parse_tile(tile, data)
    with pytest.raises(ValueError, match="3 hashes"):
        print_tile(tile, LEAVES[:2])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_a_bundle_comes_back(entries: list[bytes]) -> None:
    assert parse_bundle(Bundle(3, len(entries)), print_bundle(entries)) == tuple(entries)


def test_a_full_bundle_is_taken_for_a_partial_one() -> None:
    entries = [str(number).encode() for number in range(256)]
    assert parse_bundle(Bundle(0, 7), print_bundle(entries)) == tuple(entries[:7])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "0 entries instead of 2"),
        (print_bundle([b"a"]), "1 entries instead of 2"),
        (print_bundle([b"a", b"b", b"c"]), "3 entries instead of 2"),
        (print_bundle([b"a", b"b"]) + b"\0", "ends within entry 2"),
        (print_bundle([b"a", b"bc"])[:-1], "ends within entry 1"),
        (b"\xff\xff" + bytes(0xFFFF), "entry of 65535 bytes"),
        (bytes(2 * 10_000), "257 entries instead of 2"),
    ],
)
def test_a_bundle_that_holds_anything_else_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(MalformedBundle, match=problem) as refusal:
        parse_bundle(Bundle(4, 2), data)
    assert refusal.value.index == 4


def test_a_bundle_beyond_the_bound_is_refused_unread() -> None:
    with pytest.raises(OversizedBundle) as refusal:
        parse_bundle(Bundle(4, 2), bytes(MAX_BUNDLE_BYTES + 1))
    assert (refusal.value.length, refusal.value.limit) == (MAX_BUNDLE_BYTES + 1, MAX_BUNDLE_BYTES)
    with pytest.raises(ValueError, match="at most"):
        print_bundle([bytes(MAX_ENTRY_BYTES + 1)])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.integers(1, 256))
def test_no_bytes_raise_anything_but_the_refusal(data: bytes, width: int) -> None:
    with contextlib.suppress(MalformedBundle):
        assert print_bundle(parse_bundle(Bundle(0, width), data)) == data
