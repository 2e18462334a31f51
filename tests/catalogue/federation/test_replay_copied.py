"""A rebuild and a restore arrive at the same state with what was copied from peers, without the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_federation import ListSite, Member, NodeSite, Web
from sqlalchemy import select
from world import START, Clock, Provider

from catalogue.backup import backup, restore
from catalogue.listers import listers_of
from catalogue.log import Op
from catalogue.node import Node
from catalogue.replay import rebuild
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import DERIVED, contradictions, listings, peers, received
from credentials.identity import digest_of
from credentials.signing import PrivateKey

ADDRESS = "192.0.2.1"


def rows(database: Database, tables: tuple[Any, ...]) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            # What a rebuild can't tell: when a re-check is due comes in its turn again.
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in tables
            if table.name not in ("rechecks", "bearings")
        }


@pytest.fixture
def busy(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, web: Web, clock: Clock
) -> Member:
    """A node that copied from two others what there is to copy, in awkward orders."""
    member, _ = make_member("here")
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    provider = Provider(clock)

    def offer(number: int, name: str = "", **options: Any) -> bytes:
        clock.advance(seconds=1)
        offering = provider.offering(name or f"{number}", subject=f"https://p.example/o/{number}", **options)
        return provider.sign(offering, "ed25519-2020")

    def sync() -> None:
        clock.advance(seconds=1)
        member.sync(site)
        member.sync(other)

    # Copied, then published here too.
    both = offer(1)
    site.add(both)
    sync()
    member.node.publisher.publish(both, address=ADDRESS)
    # Listed there, erased there, listed elsewhere.
    moved = offer(2)
    first = site.add(moved)
    sync()
    site.erase(first)
    sync()
    other.add(moved)
    # Other bytes with the same content; the first of them are erased.
    doubled = offer(3)
    twin = site.add(doubled)
    sync()
    other.add(json.dumps(json.loads(doubled), indent=1).encode())
    sync()
    site.erase(twin)
    # A withdrawal before its statement, and two of one statement.
    early = provider.sign(provider.offering("early", subject="https://p.example/o/4"))
    content = digest_of(early.rpartition(b".")[0])
    late_token = provider.withdrawal(content, "late")
    site.add(late_token, Op.WITHDRAW)
    sync()
    site.add(early)
    other.add(provider.withdrawal(content, "later"), Op.WITHDRAW)
    # Superseded, refused, deferred, and withdrawn in a presentation.
    other.add(offer(5, "new"))
    sync()
    other.add(offer(5, "old", valid_from=START - timedelta(days=9)))
    other.add(b"neither")
    other.add(provider.present(early, provider.sign(provider.offering(subject="https://p.example/o/6"))))
    del other.held[other.add(offer(7))]
    sync()
    return member


def test_a_rebuild_arrives_at_the_same_state(busy: Member, clock: Clock) -> None:
    database = busy.node.database
    before = rows(database, DERIVED)
    kept = rows(database, (received, peers))
    with database.read() as connection:
        contents = list(connection.execute(select(listings.c.content_id)).scalars())
        listers = listers_of(connection, contents)
    assert len(contents) == 7
    assert all(before[name] for name in ("reports", "listings", "repeats", "withdrawals"))
    assert {row[0] for row in before["withdrawals"]} <= set(contents)
    result = rebuild(database, clock, max_bytes=busy.node.settings.max_bytes)
    assert rows(database, DERIVED) == before
    assert rows(database, (received, peers)) == kept
    assert result.refused == ()
    with database.read() as connection:
        assert listers_of(connection, contents) == listers


def test_a_backup_carries_peers_and_their_entries(
    busy: Member, site: ListSite, clock: Clock, tmp_path: Path
) -> None:
    archive = tmp_path / "node.backup"
    backup(busy.node.settings, archive, clock)
    settings = Settings(data=tmp_path / "restored", base_url=busy.node.settings.base_url)
    restore(settings, archive)
    database = Database(settings.store_url)
    rebuild(database, clock, max_bytes=settings.max_bytes)
    tables = (*DERIVED, received, peers, contradictions)
    assert rows(database, tables) == rows(busy.node.database, tables)
    database.close()
    # It goes on where the backup was made.
    restored = Member(Node(settings, clock), Web(clock, {"there.example": site}), clock)
    provider = Provider(clock)
    site.add(provider.sign(provider.offering(subject="https://p.example/o/9")))
    asked = len(site.asked)
    restored.sync(site)
    assert restored.states(site)[-1] == "accepted"
    assert [path for path in site.asked[asked:] if "entries" in path] == ["log/tile/entries/000.p/8"]
    restored.close()
    restored.node.close()
