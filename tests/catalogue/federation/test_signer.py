"""The node's log is signed as it grows, never with two histories, and never when it isn't what was signed."""

from __future__ import annotations

import json
import multiprocessing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from own_log import OwnLog, later
from sqlalchemy import delete, func, select, update
from world import Clock

from catalogue.federation import signer
from catalogue.federation.heads import SIGNED_FILE, hold, release, remembered
from catalogue.federation.own_tiles import Edge, OwnHashes, bundle_bytes, tile_hashes
from catalogue.federation.signer import Signer
from catalogue.log import append
from catalogue.node import Node
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import checkpoints, tiles
from credentials.times import utc_now
from credentials.transparency.entries import Op
from credentials.transparency.merkle import EMPTY_ROOT, Frontier, leaf_hash
from credentials.transparency.tiles import Bundle, Tile, parse_bundle, parse_tile, root_of_tiles, tiles_of


@pytest.fixture
def log(node: Node, clock: Clock) -> OwnLog:
    return OwnLog(node, clock)


def root(entries: list[bytes]) -> bytes:
    return Frontier().extend(map(leaf_hash, entries)).root()


# What is signed


def test_log_without_entries_is_signed_at_once(log: OwnLog) -> None:
    head = log.sign()
    assert (head.size, head.root) == (0, EMPTY_ROOT)
    assert log.verified(head).size == 0


def test_head_says_what_the_entries_hash_to(log: OwnLog) -> None:
    for count in (1, 2, 253, 1, 300, 7):
        head = log.signed(count)
        assert log.verified(head).root == head.root == root(log.entries())
    assert head.size == 564


def test_nothing_is_signed_twice_before_its_time(log: OwnLog, clock: Clock) -> None:
    log.signed(3)
    assert log.signer.sign() is None
    later(clock, 59)
    assert log.signer.sign() is None


def test_what_has_not_grown_is_signed_again_with_a_later_time(log: OwnLog, clock: Clock) -> None:
    first = log.signed(3)
    later(clock, 60)
    again = log.sign()
    assert (again.size, again.root) == (first.size, first.root)
    assert log.verified(again).signed_at == log.verified(first).signed_at + timedelta(seconds=60)
    assert log.newest == again


def test_clock_that_went_back_does_not_contradict_what_was_signed(log: OwnLog, clock: Clock) -> None:
    first = log.signed(3)
    later(clock, -86_400)
    head = log.signed(1)
    assert log.verified(head).signed_at == log.verified(first).signed_at


def test_many_new_entries_are_signed_in_several_steps(log: OwnLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signer, "MAX_NEW", 300)
    log.grow(700)
    sizes = []
    while (head := log.signer.sign()) is not None:
        sizes.append(head.size)
        assert head.root == root(log.entries()[: head.size])
    assert sizes == [300, 600, 700]


def test_signed_heads_are_kept_in_bounded_number(log: OwnLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.federation.heads.KEPT_HEADS", 3)
    for _ in range(6):
        log.signed(1)
    with log.node.database.read() as connection:
        kept = connection.execute(select(checkpoints.c.size).order_by(checkpoints.c.size)).scalars().all()
    assert kept == [4, 5, 6]


# Tiles


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_tiles_and_bundles_stand_for_what_was_signed(log: OwnLog, size: int) -> None:
    random = Random(size)
    while (left := size - (log.newest.size if log.newest else 0)) > 0:
        head = log.signed(min(left, random.randint(1, 200)))
    with log.node.database.read() as connection:
        assert root_of_tiles(size, lambda tile: tile_hashes(connection, tile)) == head.root
        for tile in tiles_of(size):
            assert len(parse_tile(tile, tile_hashes(connection, tile))) == tile.width
        bundle = Bundle(0, min(size, 256))
        assert list(parse_bundle(bundle, bundle_bytes(connection, bundle))) == log.entries()[:256]
        edge = Edge.read(connection, size)
        read = OwnHashes(connection, size)
        assert Frontier.read(read, size).root() == edge.root() == head.root


def test_tree_of_two_levels_of_full_tiles_has_the_root_of_its_entries() -> None:
    edge, hashes = Edge(), [leaf_hash(str(number).encode()) for number in range(66_000)]
    made = dict(edge.extend(hashes))
    made |= dict(edge.partial())
    made[Tile(0, 257, 208)] = b"".join(hashes[257 * 256 :])
    assert edge.root() == Frontier().extend(hashes).root()
    assert root_of_tiles(66_000, lambda tile: made[tile]) == edge.root()


def test_tiles_that_are_missing_are_made_again(log: OwnLog) -> None:
    log.signed(600)
    with log.node.database.write() as connection:
        connection.execute(delete(tiles))
    head = log.signed(1)
    assert head.root == root(log.entries())
    assert log.held is None


def test_damaged_tile_is_made_again_from_the_entries(log: OwnLog) -> None:
    head = log.signed(600)
    with log.node.database.write() as connection:
        connection.execute(update(tiles).where(tiles.c.level == 1).values(hashes=bytes(64)))
    assert log.signer.check()
    with log.node.database.read() as connection:
        assert root_of_tiles(600, lambda tile: tile_hashes(connection, tile)) == head.root


# What isn't signed


def test_log_on_hold_is_neither_signed_nor_grown(log: OwnLog, clock: Clock) -> None:
    log.signed(2)
    with log.node.database.write() as connection:
        hold(connection, "put back from a backup")
    later(clock, 3600)
    assert log.signer.sign() is None
    assert log.refuses_growth() == "put back from a backup"
    with log.node.database.write() as connection:
        release(connection)
    assert log.signed(1).size == 3


def test_entry_altered_in_the_last_tile_stops_the_next_signature(log: OwnLog) -> None:
    signed = log.signed(300)
    log.alter(280)
    log.grow(1)
    assert log.signer.sign() is None
    assert "an entry of the log is not what was signed" in (log.held or "")
    assert log.newest == signed
    assert log.refuses_growth() == log.held


def test_entry_altered_long_ago_is_named_when_all_are_read(log: OwnLog) -> None:
    signed = log.signed(1000)
    assert log.signer.check()
    log.alter(517)
    assert not log.signer.check()
    assert (log.held or "").startswith("entry 517 of the log is not what was signed")
    assert log.signer.sign() is None
    assert log.newest == signed


def test_entry_that_is_gone_is_named(log: OwnLog) -> None:
    log.signed(1000)
    with log.node.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM intake WHERE leaf = 600")
    assert not log.signer.check()
    assert log.held == "entry 600 of the log is missing"


def test_altered_entry_shows_although_its_tiles_were_altered_too(log: OwnLog) -> None:
    log.signed(600)
    log.alter(3)
    with log.node.database.write() as connection:
        connection.execute(delete(tiles))
    assert log.signer.sign() is None
    assert not log.signer.check()
    assert "not what was signed" in (log.held or "")


def test_store_put_back_to_an_earlier_state_is_noticed_by_the_file_beside_the_key(log: OwnLog) -> None:
    log.signed(5)
    log.cut(3)
    assert log.signer.sign() is None
    assert "this node has signed 5 entries, and its store holds 3" in (log.held or "")


def test_another_history_of_the_same_length_is_noticed(log: OwnLog, clock: Clock) -> None:
    log.signed(5)
    log.cut(3)
    later(clock, 1)
    log.grow(4)
    assert log.signer.sign() is None
    assert "another root for 5 entries" in (log.held or "")


def test_file_is_written_before_the_head_is_published(log: OwnLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.signed(3)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(signer, "remember", fail)
    log.grow(1)
    with pytest.raises(OSError, match="no space"):
        log.signer.sign()
    assert log.newest is not None
    assert log.newest.size == 3


def test_node_killed_between_the_file_and_the_commit_goes_on(
    log: OwnLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.signed(3)

    class Killed(BaseException):
        """Nothing catches it."""

    def killed(*_: object) -> None:
        raise Killed

    log.grow(2)
    with monkeypatch.context() as patch:
        patch.setattr(signer, "keep_head", killed)
        with pytest.raises(Killed):
            log.signer.sign()
    known = remembered(log.node.settings.data)
    assert known is not None
    assert known.size == 5
    monkeypatch.setattr(signer, "MAX_NEW", 1)
    log.grow(1)
    # Not of 4 entries: the larger tree may have been seen.
    assert log.sign().size == 5
    assert log.sign().size == 6


def test_another_log_of_the_same_node_is_not_held_against_it(log: OwnLog) -> None:
    log.signed(5)
    file = log.node.settings.data / SIGNED_FILE
    form = json.loads(file.read_text())
    file.write_text(json.dumps(form | {"origin": "elsewhere.example/log/0000", "size": 99}))
    assert log.signed(1).size == 6


# Several signers


def _sign_all(folder: Path, url: str, start: object, stop: object) -> None:
    """One process of the test below."""
    settings = Settings(data=folder, database_url=url)
    database = Database(settings.store_url)
    one = Signer(settings, database, utc_now)
    start.wait()  # type: ignore[attr-defined]
    while not stop.is_set():  # type: ignore[attr-defined]
        one.sign()
    while one.sign() is not None:
        pass
    database.close()


@pytest.mark.slow
def test_two_processes_never_sign_two_roots_for_one_size(log: OwnLog) -> None:
    settings = log.node.settings
    context = multiprocessing.get_context("spawn")
    stop, start = context.Event(), context.Barrier(3)
    signers = [
        context.Process(target=_sign_all, args=(settings.data, settings.database_url, start, stop))
        for _ in range(2)
    ]
    for process in signers:
        process.start()
    start.wait(60)
    for number in range(60):
        with log.node.database.write() as connection:
            append(connection, Op.LIST, f"{number:064x}", utc_now())
    stop.set()
    for process in signers:
        process.join(60)
        assert process.exitcode == 0
    entries = log.entries()
    with log.node.database.read() as connection:
        rows = connection.execute(select(checkpoints.c.size, checkpoints.c.root)).all()
        count = connection.execute(select(func.count()).select_from(checkpoints)).scalar_one()
    assert count == len({row.size for row in rows})
    assert max(row.size for row in rows) == 60
    for row in rows:
        assert row.root == root(entries[: row.size]).hex()
    assert log.held is None
