"""Hints make a poll due and do nothing else; they are sent once to each peer, and waited for by nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update
from strangers import Stranger, Web
from world import START, Clock

from catalogue.federation.hints import MEDIA_TYPE, PAUSE_SECONDS, Hint, HintSender, event_of, take
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.peers import Peers
from catalogue.node import Node
from catalogue.store.tables import peers
from credentials.resolving import Fetched, FetchFailed

URL = "https://nord.example"


def follow(node: Node, clock: Clock, *strangers: Stranger) -> None:
    for stranger in strangers:
        registry = Peers(node.settings, node.database, stranger.web, clock)  # type: ignore[arg-type]
        registry.add(registry.meet(stranger.serve().url).introduction)
    change(node, due_at=None)


def change(node: Node, **values: Any) -> None:
    with node.database.write() as connection:
        connection.execute(update(peers).values(**values))


def peer(node: Node) -> Peer:
    return Peers(node.settings, node.database, Web(), node.clock).get("nord.example")  # type: ignore[arg-type]


@pytest.fixture
def nord(node: Node, clock: Clock) -> Stranger:
    """A peer of which two entries are known."""
    stranger = Stranger(Web(), URL)
    follow(node, clock, stranger)
    stranger.entries = [b"one", b"two"]
    change(node, size=2, signed_size=2)
    return stranger


def hint(node: Node, stranger: Stranger, **changes: Any) -> bool:
    return take(node.database, Hint(changes.get("origin", stranger.origin), stranger.note()), node.clock())


def test_a_hint_of_a_larger_log_makes_its_peer_due_now(node: Node, nord: Stranger, clock: Clock) -> None:
    clock.advance(hours=1)
    nord.entries.append(b"three")
    assert hint(node, nord)
    assert peer(node).due_at == clock.now
    # What it says is not believed: nothing else changed.
    assert (peer(node).signed_size, peer(node).size) == (2, 2)


def test_a_peer_that_is_to_be_asked_later_is_asked_now(node: Node, nord: Stranger, clock: Clock) -> None:
    change(node, due_at="2026-06-02T00:00:00.000000Z")
    nord.entries.append(b"three")
    assert hint(node, nord)
    assert peer(node).due_at == clock.now


def test_a_second_hint_at_once_changes_nothing_and_a_later_one_has_the_log_asked_again(
    node: Node, nord: Stranger, clock: Clock
) -> None:
    nord.entries.append(b"three")
    assert hint(node, nord)
    clock.advance(milliseconds=90)
    assert hint(node, nord)
    assert peer(node).due_at == START
    # A poll may be under way that saw the log before it grew.
    clock.advance(milliseconds=10)
    assert hint(node, nord)
    assert peer(node).due_at == clock.now


def test_a_hint_that_says_nothing_new_does_nothing(node: Node, nord: Stranger) -> None:
    assert not hint(node, nord)
    assert peer(node).due_at is None


def test_a_hint_signed_by_nobody_known_does_nothing(node: Node, nord: Stranger) -> None:
    nord.entries.append(b"three")
    nord.key = Stranger(Web(), URL).key
    assert not hint(node, nord)
    assert not take(node.database, Hint(nord.origin, b"no note at all"), START)
    assert peer(node).due_at is None


def test_a_hint_of_a_log_that_is_not_followed_does_nothing(node: Node, nord: Stranger) -> None:
    nord.entries.append(b"three")
    assert not hint(node, nord, origin="sud.example/log/1")
    assert not hint(node, Stranger(Web(), "https://sud.example"))


@pytest.mark.parametrize("state", [state for state in PeerState if state is not PeerState.FOLLOWED])
def test_a_peer_that_is_left_alone_is_not_asked_for_a_hint(
    node: Node, nord: Stranger, state: PeerState
) -> None:
    change(node, state=state.value)
    nord.entries.append(b"three")
    assert not hint(node, nord)
    assert peer(node).due_at is None


class Slow(Web):
    """Answers a POST only when it is let go. `taken` is the status; `busy` are those under way by address."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.came = threading.Semaphore(0)
        self.status = 202
        self.busy: dict[str, int] = {}
        self.most = 0
        self._lock = threading.Lock()

    def fetch(self, url: str, *, max_bytes: int, post: Any = None, **options: Any) -> Fetched:
        if post is None:
            return super().fetch(url, max_bytes=max_bytes, **options)
        assert options["self_proving"]
        assert post.media_type == MEDIA_TYPE
        with self._lock:
            self.posted.append((url, post.body))
            self.busy[url] = self.busy.get(url, 0) + 1
            self.most = max(self.most, self.busy[url])
        self.came.release()
        assert self.go.wait(10)
        with self._lock:
            self.busy[url] -= 1
        raise FetchFailed(url, f"the answer is {self.status}", temporary=False, status=self.status)

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self.came.acquire(timeout=10)


class Ticks:
    """A monotonic clock that stands."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def sender(node: Node, slow: Slow, ticks: Ticks) -> Iterator[HintSender]:
    made = HintSender(node.settings, node.database, slow, ticks)  # type: ignore[arg-type]
    yield made
    slow.go.set()
    made.close()


def told(slow: Slow) -> list[tuple[str, str]]:
    """Host and id of every hint, in order of the host."""
    return sorted((url.split("/")[2], json.loads(body)["id"]) for url, body in slow.posted)


def announce(sender: HintSender, size: int) -> None:
    sender.announce("here.example/log/1", size, b"a note\n", START)


def test_every_peer_that_is_followed_is_told_once(
    node: Node, clock: Clock, slow: Slow, sender: HintSender
) -> None:
    follow(node, clock, Stranger(slow, URL), Stranger(slow, "https://sud.example"))
    paused = Peers(node.settings, node.database, slow, clock)  # type: ignore[arg-type]
    paused.add(paused.meet(Stranger(slow, "https://ost.example").serve().url).introduction)
    paused.pause("ost.example")
    slow.go.set()
    announce(sender, 3)
    announce(sender, 3)
    announce(sender, 2)
    slow.wait(2)
    sender.close()
    at = int(START.timestamp())
    assert told(slow) == [("nord.example", f"3-{at}"), ("sud.example", f"3-{at}")]
    assert slow.posted[0][0].endswith("/federation/hints")


def test_a_hint_is_a_cloud_event_with_the_checkpoint() -> None:
    event = json.loads(event_of("here.example/log/1", 3, "a note —\n".encode(), START))
    assert event == {
        "specversion": "1.0",
        "id": f"3-{int(START.timestamp())}",
        "source": "//here.example/log/1",
        "type": "eu.cloud-federation.log.grown",
        "time": "2026-06-01T12:00:00Z",
        "datacontenttype": "text/plain",
        "data": "a note —\n",
    }


def test_a_peer_has_one_hint_under_way_and_then_the_newest(
    node: Node, clock: Clock, slow: Slow, sender: HintSender
) -> None:
    follow(node, clock, Stranger(slow, URL))
    announce(sender, 3)
    slow.wait(1)
    for size in (4, 5, 6):
        announce(sender, size)
    slow.go.set()
    slow.wait(1)
    sender.close()
    assert [json.loads(body)["id"].split("-")[0] for _, body in slow.posted] == ["3", "6"]
    assert slow.most == 1


def test_a_peer_that_did_not_take_a_hint_is_told_none_for_a_while(
    node: Node, clock: Clock, slow: Slow, sender: HintSender, ticks: Ticks
) -> None:
    follow(node, clock, Stranger(slow, URL))
    slow.status = 503
    slow.go.set()
    announce(sender, 3)
    slow.wait(1)
    _settled(sender)
    ticks.now = PAUSE_SECONDS - 1
    announce(sender, 4)
    assert len(slow.posted) == 1
    ticks.now = PAUSE_SECONDS + 1
    announce(sender, 5)
    slow.wait(1)


def _settled(sender: HintSender) -> None:
    """Wait until nothing is under way."""
    done = threading.Event()
    for _ in range(1_000):
        with sender._mutex:
            if not sender._under_way:
                return
        done.wait(0.01)
    raise AssertionError("still under way")


def test_without_the_setting_nobody_is_told(
    make_node: Callable[..., Node], clock: Clock, slow: Slow, ticks: Ticks
) -> None:
    node = make_node(federation_hints=False)
    follow(node, clock, Stranger(slow, URL))
    sender = HintSender(node.settings, node.database, slow, ticks)  # type: ignore[arg-type]
    announce(sender, 3)
    sender.close()
    assert slow.posted == []
