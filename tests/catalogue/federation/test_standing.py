"""A peer is stale by this node's clock alone, and a wrong clock of its own shows and changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert
from world import START

from catalogue.errors import NotFound
from catalogue.federation.model import PeerState
from catalogue.federation.roster import every_peer, peer_named, peer_of_origin
from catalogue.federation.standing import stale_names, standing_of
from catalogue.node import Node
from catalogue.store.tables import peers, stored_time

ALLOWED = timedelta(minutes=10)


def add(
    node: Node,
    name: str,
    *,
    seen: datetime | None = None,
    signed: datetime | None = None,
    answered: datetime | None = None,
    state: PeerState = PeerState.FOLLOWED,
) -> None:
    with node.database.write() as connection:
        connection.execute(
            insert(peers).values(
                name=name,
                url=f"https://{name}",
                origin=f"{name}/log/1",
                keys="[]",
                state=state.value,
                size=0,
                added_at=stored_time(START),
                renewed_at=stored_time(seen) if seen else None,
                signed_at=stored_time(signed) if signed else None,
                answered_at=stored_time(answered) if answered else None,
            )
        )


def stale(node: Node, now: datetime) -> set[str]:
    with node.database.read() as connection:
        return set(stale_names(connection, now, ALLOWED))


def test_a_peer_without_a_new_signature_for_the_time_allowed_is_stale(node: Node) -> None:
    add(node, "a.example", seen=START + timedelta(hours=1), signed=START + timedelta(hours=1))
    last = START + timedelta(hours=1)
    assert stale(node, last + ALLOWED - timedelta(seconds=1)) == set()
    assert stale(node, last + ALLOWED) == {"a.example"}
    with node.database.read() as connection:
        standing = standing_of(peer_named(connection, "a.example"), last + timedelta(hours=9), ALLOWED)
    assert (standing.since, standing.seen_at) == (last + ALLOWED, last)


def test_a_peer_that_answers_with_an_old_signature_is_stale_all_the_same(node: Node) -> None:
    now = START + timedelta(days=1)
    add(node, "frozen.example", seen=START, signed=START, answered=now)
    assert stale(node, now) == {"frozen.example"}


@pytest.mark.parametrize("wrong", [timedelta(days=-3), timedelta(days=3)])
def test_a_clock_wrong_by_days_shows_and_makes_nobody_stale(node: Node, wrong: timedelta) -> None:
    now = START + timedelta(days=1)
    add(node, "a.example", seen=now, signed=now + wrong, answered=now)
    assert stale(node, now + timedelta(minutes=1)) == set()
    with node.database.read() as connection:
        assert standing_of(peer_named(connection, "a.example"), now, ALLOWED).clock_skew == wrong


def test_a_signature_that_was_under_way_for_a_minute_is_no_wrong_clock(node: Node) -> None:
    add(node, "a.example", seen=START, signed=START - timedelta(seconds=65))
    with node.database.read() as connection:
        assert standing_of(peer_named(connection, "a.example"), START, ALLOWED).clock_skew is None


def test_a_peer_that_never_answered_is_stale_some_time_after_it_was_added(node: Node) -> None:
    add(node, "mute.example")
    assert stale(node, START + timedelta(minutes=9)) == set()
    assert stale(node, START + timedelta(minutes=11)) == {"mute.example"}


def test_a_peer_that_is_followed_no_longer_counts_as_stale_at_once(node: Node) -> None:
    add(node, "gone.example", seen=START, state=PeerState.REMOVED)
    assert stale(node, START + timedelta(seconds=1)) == {"gone.example"}


def test_peers_are_read_by_name_origin_and_state(node: Node) -> None:
    add(node, "b.example", state=PeerState.PAUSED)
    add(node, "a.example")
    with node.database.read() as connection:
        assert [peer.name for peer in every_peer(connection)] == ["a.example", "b.example"]
        assert [peer.name for peer in every_peer(connection, PeerState.PAUSED)] == ["b.example"]
        found = peer_of_origin(connection, "b.example/log/1")
        assert found == peer_named(connection, "b.example")
        assert found is not None
        assert found.state is PeerState.PAUSED
        assert peer_of_origin(connection, "b.example/log/2") is None
        with pytest.raises(NotFound):
            peer_named(connection, "c.example")
