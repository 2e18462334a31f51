"""Whom the operator follows: what is shown before a key is pinned, and what goes when a peer goes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from strangers import Stranger, Web
from world import START, Clock, Provider

from catalogue.errors import NotFound, PeerRefused
from catalogue.federation import peers as registry
from catalogue.federation.door import Lister, kinds_held, list_again, list_copied
from catalogue.federation.introduction import Voucher, fingerprint
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.peers import Candidate, Peers
from catalogue.listers import HERE, listers_of
from catalogue.log import events_of
from catalogue.node import Node
from catalogue.node_key import ensure_key, log_origin
from catalogue.store.tables import contradictions, heads, listings, peers, received, stored_time
from credentials.identity import digest_of

URL = "https://nord.example"


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def registered(node: Node, web: Web, clock: Clock) -> Peers:
    return Peers(node.settings, node.database, web, clock)  # type: ignore[arg-type]


def follow(registered: Peers, stranger: Stranger) -> Peer:
    return registered.add(registered.meet(stranger.serve().url).introduction)


def change(node: Node, name: str, **values: Any) -> None:
    with node.database.write() as connection:
        connection.execute(update(peers).where(peers.c.name == name).values(**values))


def copy(node: Node, name: str, leaf: int, data: bytes) -> str:
    """As the follower does with an entry of a peer's log: its content_id."""
    verified = node.verification.verify(data, None)
    digest = digest_of(data)
    with node.database.write() as connection:
        peer = connection.execute(select(peers.c.id).where(peers.c.name == name)).scalar_one()
        lister = Lister(peer, name, False)
        if kinds_held(connection, [digest]):
            list_again(connection, lister, digest, node.clock())
        else:
            list_copied(connection, lister, digest, data, verified, node.clock())
        connection.execute(
            insert(received).values(
                peer=peer,
                leaf=leaf,
                op="list",
                digest=digest,
                at=stored_time(START),
                state=EntryState.ACCEPTED.value,
            )
        )
        connection.execute(update(peers).where(peers.c.id == peer).values(size=leaf + 1))
    return verified.credentials[0].content_id


def listed_by(node: Node, content: str) -> tuple[str, ...] | None:
    with node.database.read() as connection:
        return listers_of(connection, [content]).get(content)


def refused(where: str, part: str, call: Any, *arguments: Any, **options: Any) -> None:
    with pytest.raises(PeerRefused) as caught:
        call(*arguments, **options)
    assert caught.value.where == where
    assert part in caught.value.problem


def test_a_node_shows_origin_key_and_who_vouches_before_anything_is_stored(
    registered: Peers, web: Web
) -> None:
    stranger = Stranger(web, URL)
    stranger.entries = [b"one", b"two"]
    candidate = registered.meet(stranger.serve().url + "/")
    found = candidate.introduction
    assert (found.url, found.name, found.origin) == (URL, "nord.example", "nord.example/log/a1b2c3d4")
    assert (found.key, found.size, found.root) == (stranger.vkey, 2, stranger.root().hex())
    assert (found.signed_at, found.voucher, found.did) == (START, Voucher.HOST, "did:web:nord.example")
    assert found.fingerprint == fingerprint(stranger.vkey)
    assert candidate == Candidate(found, None, None)
    assert registered.every() == []


def test_over_plain_http_nobody_vouches_for_the_key(registered: Peers, web: Web) -> None:
    found = registered.meet(Stranger(web, "http://127.0.0.1:18341").serve().url).introduction
    assert (found.voucher, found.name) == (Voucher.NOBODY, "127.0.0.1:18341")


def test_a_document_that_came_by_way_of_plain_http_vouches_for_nothing(registered: Peers, web: Web) -> None:
    stranger = Stranger(web, URL).serve()
    other = "http://nord.example/.well-known/did.json"
    web.served[other] = web.served[URL + "/.well-known/did.json"]
    web.redirects[URL + "/.well-known/did.json"] = other
    assert registered.meet(stranger.url).introduction.voucher is Voucher.NOBODY


def test_a_key_that_is_given_is_the_one_that_must_have_signed(registered: Peers, web: Web) -> None:
    stranger = Stranger(web, URL).serve()
    del web.served[URL + "/.well-known/did.json"]
    found = registered.meet(URL, stranger.vkey).introduction
    assert (found.voucher, found.did, found.key) == (Voucher.OPERATOR, None, stranger.vkey)
    refused("key", "signed", registered.meet, URL, Stranger(web, URL).vkey)
    refused("key", "", registered.meet, URL, stranger.vkey[:-4] + "AAAA")


def test_a_log_signed_by_no_key_of_the_nodes_document_is_refused(registered: Peers, web: Web) -> None:
    Stranger(web, URL).serve(documented=Stranger(web, URL).key)
    refused("key", "none of the known keys", registered.meet, URL)


def test_a_node_that_calls_itself_by_another_name_needs_its_key_given(registered: Peers, web: Web) -> None:
    stranger = Stranger(web, URL).serve()
    mirror = "https://mirror.example"
    web.served[mirror + "/log/checkpoint"] = stranger.note()
    refused("url", "calls itself nord.example", registered.meet, mirror)
    assert registered.meet(mirror, stranger.vkey).introduction.name == "nord.example"


@pytest.mark.parametrize(
    "url",
    ["", "nord.example", "ftp://nord.example", "https://", "https://a b", "https://u:p@nord.example",
     "https://nord.example?x=1", "https://nord.example/#x", "https://nord.example//x", "https://x:99999",
     "https://" + "x" * 9000],
)  # fmt: skip
def test_what_is_no_address_of_a_node_is_not_even_asked(registered: Peers, web: Web, url: str) -> None:
    refused("url", "address", registered.meet, url)
    assert web.asked == []


def test_a_node_that_does_not_answer_or_serves_no_checkpoint_is_refused(registered: Peers, web: Web) -> None:
    refused("url", "takes no connection", registered.meet, URL)
    web.served[URL + "/log/checkpoint"] = b"<html>not here</html>"
    refused("url", "checkpoint", registered.meet, URL)
    web.served[URL + "/log/checkpoint"] = b"x" * 1_000_000
    refused("url", "larger", registered.meet, URL)


def test_a_node_does_not_follow_itself_under_whatever_address(
    registered: Peers, node: Node, web: Web
) -> None:
    own = Stranger(web, node.settings.url)
    refused("url", "this node itself", registered.meet, own.serve().url)
    own = Stranger(web, "https://alias.example")
    own.key = ensure_key(node.settings.data)
    refused("url", "this node itself", registered.meet, own.serve().url)
    own = Stranger(web, "https://alias.example")
    with node.database.read() as connection:
        own.origin = log_origin(node.settings.url, connection.execute(select(heads.c.log_id)).scalar_one())
    web.served["https://alias.example/log/checkpoint"] = own.note()
    refused("url", "this node itself", registered.meet, "https://alias.example", own.vkey)


def test_a_peer_that_is_added_is_due_at_once_with_its_key_pinned(registered: Peers, web: Web) -> None:
    stranger = Stranger(web, URL)
    peer = follow(registered, stranger)
    assert (peer.name, peer.url, peer.origin) == ("nord.example", URL, stranger.origin)
    assert (peer.keys, peer.state, peer.size) == ((stranger.vkey,), PeerState.FOLLOWED, 0)
    assert (peer.added_at, peer.due_at) == (START, START)
    assert registered.get("nord.example") == peer
    assert registered.every() == [peer]


def test_the_same_log_is_not_followed_twice(registered: Peers, web: Web) -> None:
    stranger = Stranger(web, URL)
    introduction = registered.meet(stranger.serve().url).introduction
    registered.add(introduction)
    refused("url", "followed already", registered.meet, URL)
    refused("url", "followed already", registered.add, introduction)


def test_no_more_are_followed_than_there_may_be(
    registered: Peers, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MAX_PEERS", 2)
    for name in ("a", "b"):
        follow(registered, Stranger(web, f"https://{name}.example"))
    refused("url", "at most 2", registered.meet, Stranger(web, URL).serve().url)


def test_a_paused_peer_is_not_due_until_it_is_resumed(registered: Peers, web: Web, clock: Clock) -> None:
    follow(registered, Stranger(web, URL))
    paused = registered.pause("nord.example", "maintenance")
    assert (paused.state, paused.reason, paused.due_at) == (PeerState.PAUSED, "maintenance", None)
    assert registered.pause("nord.example") == paused
    clock.advance(hours=1)
    resumed = registered.resume("nord.example")
    assert (resumed.state, resumed.reason, resumed.due_at) == (PeerState.FOLLOWED, None, clock.now)


@pytest.mark.parametrize("state", [PeerState.QUARANTINED, PeerState.CONTRADICTED])
def test_the_operator_has_a_stopped_peer_followed_again(
    registered: Peers, node: Node, web: Web, state: PeerState
) -> None:
    follow(registered, Stranger(web, URL))
    change(node, "nord.example", state=state.value, faults=7, last_error="bad", reason="why", due_at=None)
    peer = registered.resume("nord.example")
    assert (peer.state, peer.faults, peer.last_error, peer.reason) == (PeerState.FOLLOWED, 0, None, None)
    assert peer.due_at == START


def test_a_contradicted_peer_cannot_be_paused_which_would_hide_it(
    registered: Peers, node: Node, web: Web
) -> None:
    follow(registered, Stranger(web, URL))
    change(node, "nord.example", state=PeerState.CONTRADICTED.value)
    refused("state", "contradicted", registered.pause, "nord.example")


def test_a_new_key_is_believed_because_the_operator_says_so(registered: Peers, node: Node, web: Web) -> None:
    stranger = Stranger(web, URL)
    old = follow(registered, stranger).keys[0]
    change(node, "nord.example", state=PeerState.QUARANTINED.value, faults=9)
    new = Stranger(web, URL).vkey
    peer = registered.rekey("nord.example", new)
    assert (peer.keys, peer.state, peer.faults) == ((old, new), PeerState.FOLLOWED, 0)
    refused("key", "is its key already", registered.rekey, "nord.example", new)
    refused("key", "was its key before", registered.rekey, "nord.example", old)
    refused(
        "key",
        "another.example",
        registered.rekey,
        "nord.example",
        Stranger(web, "https://another.example").vkey,
    )
    refused("key", "name+id+base64", registered.rekey, "nord.example", "nonsense")


def test_nothing_can_be_done_to_a_peer_that_is_not_there(registered: Peers, web: Web) -> None:
    for call in (registered.get, registered.pause, registered.resume, registered.remove):
        with pytest.raises(NotFound):
            call("nord.example")
    with pytest.raises(NotFound):
        registered.rekey("nord.example", Stranger(web, URL).vkey)


def test_a_peer_that_listed_nothing_leaves_nothing(registered: Peers, web: Web) -> None:
    follow(registered, Stranger(web, URL))
    done = registered.remove("nord.example")
    assert (done.dropped, done.left, done.kept) == (0, 0, 0)
    assert registered.every() == []


def test_what_a_removed_peer_listed_stays_and_is_its(
    registered: Peers, node: Node, web: Web, provider: Provider
) -> None:
    follow(registered, Stranger(web, URL))
    content = copy(node, "nord.example", 0, provider.sign(provider.offering()))
    assert registered.remove("nord.example").kept == 1
    assert registered.get("nord.example").state is PeerState.REMOVED
    assert listed_by(node, content) == ("nord.example",)
    refused("name", "followed no longer", registered.pause, "nord.example")
    refused("name", "followed no longer", registered.resume, "nord.example")


def test_a_removed_peer_is_followed_on_from_where_it_ended(
    registered: Peers, node: Node, web: Web, provider: Provider, clock: Clock
) -> None:
    stranger = Stranger(web, URL)
    first = follow(registered, stranger)
    copy(node, "nord.example", 0, provider.sign(provider.offering()))
    registered.remove("nord.example")
    clock.advance(days=1)
    assert registered.meet(URL).known is not None
    again = follow(registered, stranger)
    assert (again.id, again.size, again.state) == (first.id, 1, PeerState.FOLLOWED)
    assert (again.keys, again.due_at) == (first.keys, clock.now)


def test_dropped_is_only_what_nobody_else_lists(
    registered: Peers, node: Node, web: Web, provider: Provider
) -> None:
    follow(registered, Stranger(web, URL))
    follow(registered, Stranger(web, "https://sud.example"))
    ours, both, alone = (
        provider.sign(provider.offering(name, subject=f"https://p.example/{name}"))
        for name in ("ours", "both", "alone")
    )
    node.publisher.publish(ours, address=None)
    contents = [copy(node, "nord.example", leaf, data) for leaf, data in enumerate((ours, both, alone))]
    copy(node, "sud.example", 0, both)
    assert listed_by(node, contents[0]) == (HERE, "nord.example")
    done = registered.remove("nord.example", drop=True)
    assert (done.dropped, done.left, done.kept) == (3, 0, 0)
    assert [listed_by(node, content) for content in contents] == [(HERE,), ("sud.example",), None]
    assert [peer.name for peer in registered.every()] == ["sud.example"]


def test_what_was_dropped_may_be_submitted_here_or_come_from_somebody_else(
    registered: Peers, node: Node, web: Web, provider: Provider
) -> None:
    follow(registered, Stranger(web, URL))
    follow(registered, Stranger(web, "https://sud.example"))
    one, two = (
        provider.sign(provider.offering(name, subject=f"https://p.example/{name}")) for name in ("one", "two")
    )
    for leaf, data in enumerate((one, two)):
        copy(node, "nord.example", leaf, data)
    registered.remove("nord.example", drop=True)
    node.publisher.publish(one, address=None)
    assert listed_by(node, copy(node, "sud.example", 0, two)) == ("sud.example",)
    with node.database.read() as connection:
        assert len(connection.execute(select(listings)).all()) == 2


def test_dropping_that_ends_early_goes_on_where_it_ended(
    registered: Peers, node: Node, web: Web, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_CHUNK", 2)
    follow(registered, Stranger(web, URL))
    for leaf in range(5):
        copy(
            node, "nord.example", leaf, provider.sign(provider.offering(subject=f"https://p.example/{leaf}"))
        )
    steps = []
    while not steps or steps[-1].left:
        steps.append(registered.remove("nord.example", drop=True, until=START))
    assert [(step.dropped, step.left) for step in steps] == [(2, 3), (2, 1), (1, 0)]
    assert registered.every() == []


def test_a_node_with_a_new_log_is_shown_as_such_and_its_former_log_keeps_what_it_listed(
    registered: Peers, node: Node, web: Web, provider: Provider
) -> None:
    follow(registered, Stranger(web, URL))
    content = copy(node, "nord.example", 0, provider.sign(provider.offering()))
    renewed = Stranger(web, URL, "ffff0000").serve()
    candidate = registered.meet(URL)
    assert candidate.known is None
    assert candidate.former is not None
    assert candidate.former.origin == "nord.example/log/a1b2c3d4"
    added = registered.add(candidate.introduction)
    assert (added.name, added.origin, added.size) == ("nord.example", renewed.origin, 0)
    former = registered.get("nord.example/log/a1b2c3d4")
    assert former.state is PeerState.REMOVED
    assert renewed.origin in (former.reason or "")
    assert listed_by(node, content) == (former.name,)
    with node.database.read() as connection:
        record = connection.execute(select(listings.c.record_id)).scalar_one()
        (told, *_) = events_of(connection, record, 5)
    assert (told.kind, told.value) == ("listed_by", "nord.example")
    registered.remove(former.name, drop=True)
    assert listed_by(node, content) is None


def test_evidence_against_a_peer_outlives_it(registered: Peers, node: Node, web: Web) -> None:
    stranger = Stranger(web, URL)
    follow(registered, stranger)
    with node.database.write() as connection:
        connection.execute(
            insert(contradictions).values(
                id="0" * 64,
                peer="nord.example",
                origin=stranger.origin,
                kind="fork",
                found_at=stored_time(START),
                evidence=b"{}",
            )
        )
    registered.remove("nord.example", drop=True)
    with node.database.read() as connection:
        assert len(connection.execute(select(contradictions)).all()) == 1


def test_keys_are_kept_oldest_first_when_a_removed_peer_comes_back_with_another(
    registered: Peers, node: Node, web: Web, provider: Provider
) -> None:
    stranger = Stranger(web, URL)
    old = follow(registered, stranger).keys[0]
    copy(node, "nord.example", 0, provider.sign(provider.offering()))
    registered.remove("nord.example")
    stranger.key = Stranger(web, URL).key
    assert follow(registered, stranger).keys == (old, stranger.vkey)


def test_a_fingerprint_can_be_read_out(web: Web) -> None:
    shown = fingerprint(Stranger(web, URL).vkey)
    assert [len(group) for group in shown.split(" ")] == [4] * 6
    assert set(shown) <= set("0123456789abcdef ")


def test_what_comes_while_a_peer_is_dropped_is_dropped_too(
    registered: Peers, node: Node, web: Web, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was being decided when the operator said so ends after the last entry was dropped."""
    follow(registered, Stranger(web, URL))
    one, two = (
        provider.sign(provider.offering(name, subject=f"https://p.example/{name}")) for name in ("one", "two")
    )
    copy(node, "nord.example", 0, one)
    late: list[str] = []
    drop_some = Peers._drop_some

    def drop_some_while_more_comes(self: Peers, peer: Peer) -> int:
        done = drop_some(self, peer)
        if not done and not late:
            late.append(copy(node, "nord.example", 1, two))
        return done

    monkeypatch.setattr(Peers, "_drop_some", drop_some_while_more_comes)
    done = registered.remove("nord.example", drop=True)
    assert (done.dropped, done.left) == (2, 0)
    assert listed_by(node, late[0]) is None
    assert registered.every() == []
