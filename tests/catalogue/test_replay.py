"""A rebuild and a restore arrive at the state that the node was in, without the network."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from world import START, Clock, Provider

from catalogue.backup import BackupUnusable, StoreNotEmpty, backup, restore
from catalogue.node import Node
from catalogue.replay import rebuild
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import DERIVED, KEPT

ADDRESS = "192.0.2.1"


def rows(database: Database, tables: tuple[Any, ...]) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table))) for table in tables
        }


@pytest.fixture
def busy_node(make_node: Callable[..., Node], clock: Clock, did_folder: Path) -> Node:
    """A node on which everything happened that can: its providers' documents are gone afterwards."""
    web = Provider(clock, host="nuee.example", folder=did_folder)
    key = Provider(clock)
    node = make_node()

    def publish(data: bytes) -> Any:
        clock.advance(seconds=1)
        return node.publisher.publish(data, address=ADDRESS)

    one = web.sign(web.offering("one"), "ed25519-2020")
    publish(web.sign(web.participant("Nuée SAS")))
    first = publish(one)
    publish(web.sign(web.offering("one, renewed")))
    two = web.sign(web.offering("two", subject="https://p.example/o/2"), "ed25519-2020")
    publish(web.present(one, two, form="ed25519-2020"))
    withdrawn = publish(key.sign(key.offering("withdrawn")))
    clock.advance(seconds=1)
    node.publisher.withdraw(key.withdrawal(withdrawn.records[0].content_id, "why"), address=ADDRESS)
    short = key.offering("short", subject="https://p.example/o/3", valid_until=START + timedelta(hours=1))
    publish(key.sign(short))
    node.operations.erase(first.digest, "asked for")
    clock.advance(hours=2)
    node.operations.catch_up()
    node.operations.block(key.did, "impersonation")
    for document in did_folder.iterdir():
        document.unlink()
    return node


def test_rebuild_arrives_at_the_same_state(busy_node: Node, clock: Clock) -> None:
    before = rows(busy_node.database, DERIVED)
    kept = rows(busy_node.database, KEPT[1:])
    assert all(before[name] for name in ("reports", "listings", "withdrawals"))
    result = rebuild(busy_node.database, clock, max_bytes=busy_node.settings.max_bytes)
    after = rows(busy_node.database, DERIVED)
    # Bearings are the indexer's: it enters them again as it follows the new generation. Rechecks are a
    # schedule: what an erasure made due at once comes in its turn again.
    others = {"bearings": None, "rechecks": None}
    assert after | others == before | others
    assert rows(busy_node.database, KEPT[1:]) == kept
    assert (result.entries, result.erased, result.refused) == (8, 1, ())


def test_interrupted_rebuild_changes_nothing(
    busy_node: Node, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(busy_node.database, DERIVED)

    def stop(done: int, size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(busy_node.database, clock, max_bytes=busy_node.settings.max_bytes, progress=stop)
    assert rows(busy_node.database, DERIVED) == before


def test_restored_node_is_the_same_node(busy_node: Node, clock: Clock, tmp_path: Path) -> None:
    archive = tmp_path / "node.backup"
    summary = backup(busy_node.settings, archive, clock)
    assert stat.S_IMODE(os.stat(archive).st_mode) == 0o600
    settings = Settings(data=tmp_path / "other")
    assert restore(settings, archive) == summary
    database = Database(settings.store_url)
    rebuild(database, clock, max_bytes=settings.max_bytes)
    others = ("bearings", "rechecks")
    tables = tuple(table for table in (*DERIVED, *KEPT[1:]) if table.name not in others)
    assert rows(database, tables) == rows(busy_node.database, tables)
    database.close()
    restored = Node(settings, clock)
    assert restored.did_document() == busy_node.did_document()
    restored.close()


def test_restore_never_mixes_two_histories(busy_node: Node, clock: Clock, tmp_path: Path) -> None:
    archive = tmp_path / "node.backup"
    backup(busy_node.settings, archive, clock)
    with pytest.raises(StoreNotEmpty):
        restore(busy_node.settings, archive)
    with pytest.raises(FileExistsError):
        backup(busy_node.settings, archive, clock)


@pytest.mark.parametrize("damage", ["cut", "not-gzip", "other-format", "row-missing"])
def test_damaged_backup_restores_nothing(busy_node: Node, clock: Clock, tmp_path: Path, damage: str) -> None:
    archive = tmp_path / "node.backup"
    backup(busy_node.settings, archive, clock)
    data = archive.read_bytes()
    lines = gzip.decompress(data).splitlines(keepends=True)
    archive.write_bytes(
        {
            "cut": data[: len(data) // 2],
            "not-gzip": b"PK" + data,
            "other-format": gzip.compress(b'{"format": "tar"}\n' + b"".join(lines[1:])),
            "row-missing": gzip.compress(b"".join(lines[:5] + lines[6:])),
        }[damage]
    )
    settings = Settings(data=tmp_path / "other")
    with pytest.raises(BackupUnusable):
        restore(settings, archive)
    database = Database(settings.store_url)
    assert rows(database, KEPT[1:]) == {table.name: [] for table in KEPT[1:]}
    database.close()
