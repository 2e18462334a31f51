"""From a publication at one of eleven nodes to the moment at which a search at each other one finds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus, running
from catalogue.client import NodeClient
from catalogue.showcase.homes import MEMBER_STATES
from catalogue.showcase.member import Member
from catalogue.showcase.network import Place

#: Publications a second, spread over the nodes.
RATE = 5
#: Seconds that a publication may take to be found everywhere, before the measurement is given up.
PATIENCE = 60.0
#: Seconds between two looks at a node; what is found in between counts as found at the later one.
LOOK = 0.4
#: Services that one look sees, the newest first: as many as are published in twelve seconds.
_SEEN = 60
_NEWEST = [("sort", "listed_at"), ("size", str(_SEEN)), ("facets", "none")]


class NotFoundEverywhere(Exception):
    """Some publication didn't reach some node; the message says which."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds from the answer to a publication until each other node found it; of all nodes together.

    `cpu_ms` is the CPU time of all nodes for each publication, searches that look for it included.
    """

    delays: tuple[float, ...]
    cpu_ms: float

    def quantile(self, part: float) -> float:
        """The delay that this part of them keeps."""
        return sorted(self.delays)[min(len(self.delays) - 1, int(part * len(self.delays)))]


@contextmanager
def federation(folder: Path, settings: tuple[tuple[str, str], ...]) -> Iterator[tuple[Member, ...]]:
    """Eleven nodes on loopback that follow one another; stopped in order afterwards."""
    places = {code: Place("127.0.0.1", running.free_port()) for code in MEMBER_STATES}
    members = tuple(Member(code, place, folder / code.lower()) for code, place in places.items())
    try:
        for member in members:
            member.start(places.values(), settings)
        for member in members:
            member.wait()
        keys = {member.code: member.client.get("/log/keys")["key"] for member in members}
        for member in members:
            for other in members:
                if other is not member:
                    form = {"url": other.url, "key": keys[other.code]}
                    member.operate("POST", "/operator/peers", form)
        yield members
    finally:
        for member in members:
            member.ask_to_stop()
        for member in members:
            member.stopped()


def spread(folder: Path, seconds: int) -> Spread:
    """Publish `RATE` offerings a second for so long, and wait until all are found at all other nodes."""
    who = corpus.issuers("vc-jwt")
    corpus.write_did_documents(folder / "dids", who)
    bodies = list(corpus.signed(who, 0, RATE * seconds))
    settings = (("CATALOGUE_DID_DOCUMENTS", str(folder / "dids")), *running.HIGH_LIMITS.items())
    with federation(folder / "nodes", settings) as members:
        watchers = [_Watcher(member.url) for member in members]
        try:
            before = _cpu_seconds(members)
            published = _publish(members, bodies)
            delays = tuple(_delays(watchers, published))
            return Spread(delays, (_cpu_seconds(members) - before) / len(bodies) * 1000)
        finally:
            for watcher in watchers:
                watcher.stop()


def _publish(members: tuple[Member, ...], bodies: list[bytes]) -> list[float]:
    """Publish at a steady rate, at one node after the other; when each was answered."""
    start = time.monotonic()
    with ThreadPoolExecutor(len(members)) as pool:

        def publish(number: int) -> float:
            time.sleep(max(0.0, start + number / RATE - time.monotonic()))
            with NodeClient(members[number % len(members)].url) as client:
                client.publish(bodies[number])
            return time.monotonic()

        return list(pool.map(publish, range(len(bodies))))


def _cpu_seconds(members: tuple[Member, ...]) -> float:
    return sum(sum(running.cpu_seconds(member.pid).values()) for member in members)


def _delays(watchers: list[_Watcher], published: list[float]) -> Iterator[float]:
    """The delays at every node but the one of the publication."""
    for number, answered in enumerate(published):
        for place, watcher in enumerate(watchers):
            if place != number % len(watchers):
                yield max(0.0, watcher.seen(corpus.word_of(number)) - answered)


class _Watcher:
    """Looks at one node's newest services, and remembers when a name was there for the first time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: dict[str, float] = {}
        self._more = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def seen(self, word: str) -> float:
        """When the service with this word in its name was found first. Raises NotFoundEverywhere."""
        with self._more:
            if not self._more.wait_for(lambda: word in self._seen, PATIENCE):
                raise NotFoundEverywhere(f"{word} isn't found at {self._url} after {PATIENCE:.0f} s")
            return self._seen[word]

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        with NodeClient(self._url) as client:
            while not self._stop.wait(LOOK):
                items = client.get("/offerings", _NEWEST)["items"]
                now = time.monotonic()
                with self._more:
                    for item in items:
                        self._seen.setdefault(str(item["name"]).rpartition(" ")[2], now)
                    self._more.notify_all()
