"""A few nodes in this process that follow each other: real stores, real logs, no network between them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select
from world import Clock

from catalogue import log
from catalogue.counters import open_counters
from catalogue.federation.following import Follower, Polled
from catalogue.federation.inbox import Inbox, Step
from catalogue.federation.judging import Judge
from catalogue.federation.limits import PeerLimits
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.peer_client import Fetch, PeerClient
from catalogue.federation.roster import peer_named
from catalogue.fetching import Form
from catalogue.log import Op
from catalogue.node import Node
from catalogue.node_key import ensure_key, log_origin, node_name
from catalogue.store.tables import blobs, heads, peers, received, stored_time
from credentials.identity import digest_of
from credentials.resolving import AnswerTooLarge, Fetched, FetchFailed
from credentials.signing import PrivateKey
from credentials.transparency.checkpoints import origin_key, sign_checkpoint
from credentials.transparency.entries import LogEntry
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.tiles import Bundle, Tile, parse_path, perfect_hash, print_bundle, print_tile


class Site:
    """What a node serves to others: its log and the bytes that it lists. Subclasses say what there is.

    `signed_at` is the time in its next checkpoint, `asked` what it was asked for, `sent` the bytes of it.
    """

    def __init__(self, url: str, origin: str, key: PrivateKey, signed_at: datetime) -> None:
        self.url = url
        self.origin = origin
        self.key = key
        self.signed_at = signed_at
        self.statements: list[bytes] = []
        self.asked: list[str] = []
        self.sent = 0
        self.away = False
        #: Blobs in one answer.
        self.room = 256

    @property
    def name(self) -> str:
        return node_name(self.url)

    def entries(self) -> list[bytes]:
        raise NotImplementedError

    def blob(self, digest: str) -> bytes | str:
        """The bytes, or how they are missing."""
        raise NotImplementedError

    def checkpoint(self) -> bytes:
        entries = self.entries()
        root = Frontier().extend(map(leaf_hash, entries)).root()
        return sign_checkpoint(self.origin, len(entries), root, self.key, self.signed_at)

    def answer(self, path: str, post: Form | None) -> bytes | None:
        """The body for a path, None for 404."""
        if path == "log/checkpoint":
            return self.checkpoint()
        if path == "log/keys":
            statements = [statement.decode() for statement in self.statements]
            return json.dumps({"origin": self.origin, "rotations": statements}).encode()
        if path == "blobs":
            assert post is not None
            return self.blobs(json.loads(post.body)["digests"])
        return self.tile(path.removeprefix("log/"))

    def tile(self, path: str) -> bytes:
        named = parse_path(path)
        entries = self.entries()
        if isinstance(named, Bundle):
            return print_bundle(entries[named.start : named.start + named.width])
        return _tile(named, entries)

    def blobs(self, digests: Iterable[str]) -> bytes:
        items: list[dict[str, str]] = []
        left = []
        for digest in digests:
            if len(items) >= self.room:
                left.append(digest)
                continue
            found = self.blob(digest)
            if isinstance(found, str):
                items.append({"digest": digest, "missing": found})
            else:
                items.append({"digest": digest, "media_type": "text/plain", "text": found.decode()})
        return json.dumps({"blobs": items, "left": left}).encode()


class ListSite(Site):
    """A site without a node: entries and blobs as a test puts them there."""

    def __init__(self, url: str, key: PrivateKey, signed_at: datetime) -> None:
        super().__init__(url, log_origin(url, "1"), key, signed_at)
        self.log: list[bytes] = []
        self.held: dict[str, bytes] = {}
        self.erased: set[str] = set()

    def add(self, data: bytes, op: Op = Op.LIST) -> str:
        """Log bytes, and serve them."""
        digest = digest_of(data)
        self.held[digest] = data
        self.log.append(LogEntry(op, digest, self.signed_at).to_bytes())
        return digest

    def erase(self, digest: str) -> None:
        self.held.pop(digest, None)
        self.erased.add(digest)
        self.log.append(LogEntry(Op.ERASE, digest, self.signed_at).to_bytes())

    def entries(self) -> list[bytes]:
        return self.log

    def blob(self, digest: str) -> bytes | str:
        return self.held.get(digest) or ("erased" if digest in self.erased else "unknown")


class NodeSite(Site):
    """What a real node's store holds, served as its endpoints serve it."""

    def __init__(self, node: Node, clock: Clock) -> None:
        with node.database.read() as connection:
            log_id = connection.execute(select(heads.c.log_id)).scalar_one()
        origin = log_origin(node.settings.url, log_id)
        super().__init__(node.settings.url, origin, ensure_key(node.settings.data), clock.now)
        self.node = node
        self._clock = clock

    def checkpoint(self) -> bytes:
        self.signed_at = self._clock.now
        return super().checkpoint()

    def entries(self) -> list[bytes]:
        with self.node.database.read() as connection:
            return list(log.leaves(connection, 0, 1_000_000))

    def blob(self, digest: str) -> bytes | str:
        with self.node.database.read() as connection:
            data = connection.execute(select(blobs.c.data).where(blobs.c.digest == digest)).scalar()
            if data is not None:
                return bytes(data)
            return "erased" if log.erased_at(connection, digest) else "unknown"


def _tile(tile: Tile, entries: list[bytes]) -> bytes:
    span = 256**tile.level
    leaves = [leaf_hash(item) for item in entries]
    start = tile.index * 256 * span
    hashes = [perfect_hash(leaves[start + at * span : start + (at + 1) * span]) for at in range(tile.width)]
    return print_tile(tile, hashes)


@dataclass
class Web:
    """The way between sites: a `Fetch`."""

    clock: Clock
    sites: dict[str, Site] = field(default_factory=dict)

    def add(self, site: Site) -> None:
        self.sites[urlsplit(site.url).netloc] = site

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        signed: bool = False,
        self_proving: bool = False,
        post: Form | None = None,
    ) -> Fetched:
        assert self_proving
        parts = urlsplit(url)
        site = self.sites.get(parts.netloc)
        if site is None or site.away:
            raise FetchFailed(url, "no connection", temporary=True)
        path = parts.path.lstrip("/")
        site.asked.append(path)
        body = site.answer(path, post)
        if body is None:
            raise FetchFailed(url, "the answer is 404, not 200", temporary=False, status=404)
        if len(body) > max_bytes:
            raise AnswerTooLarge(url, f"the answer is larger than {max_bytes} bytes", len(body))
        site.sent += len(body)
        return Fetched(body, accept, url, self.clock())


class Member:
    """A node that follows others."""

    def __init__(self, node: Node, web: Fetch, clock: Clock) -> None:
        self.node = node
        self.clock = clock
        self._counters = open_counters(node.settings.store_url, node.settings.data)
        self.limits = PeerLimits(node.settings, self._counters, clock)
        self.judge = Judge(node.settings, node.verification, clock)

        def client_of(peer: Peer) -> PeerClient:
            return PeerClient(peer.name, peer.url, web, self.limits)

        self.follower = Follower(node.settings, node.database, self.limits, client_of, clock)
        self.inbox = Inbox(node.settings, node.database, self.judge, self.limits, client_of, clock)

    def add(self, site: Site) -> Peer:
        """Pin a site as a peer."""
        with self.node.database.write() as connection:
            connection.execute(
                insert(peers).values(
                    name=site.name,
                    url=site.url,
                    origin=site.origin,
                    keys=json.dumps([origin_key(site.origin, site.key).text()]),
                    state=PeerState.FOLLOWED.value,
                    size=0,
                    added_at=stored_time(self.clock()),
                )
            )
        return self.peer(site)

    def peer(self, site: Site) -> Peer:
        with self.node.database.read() as connection:
            return peer_named(connection, site.name)

    def poll(self, site: Site) -> Polled:
        return self.follower.poll(self.peer(site))

    def decide(self, site: Site) -> Step:
        return self.inbox.step(self.peer(site))

    def sync(self, site: Site) -> None:
        """Poll and decide until there is nothing more to do at once."""
        while self.poll(site).more:
            pass
        while self.decide(site).more:
            pass

    def states(self, site: Site) -> list[str]:
        """What became of the site's entries, in order."""
        with self.node.database.read() as connection:
            return list(
                connection.execute(
                    select(received.c.state)
                    .where(received.c.peer == self.peer(site).id)
                    .order_by(received.c.leaf)
                ).scalars()
            )

    def rows(self, site: Site) -> list[Any]:
        with self.node.database.read() as connection:
            return list(
                connection.execute(
                    select(received).where(received.c.peer == self.peer(site).id).order_by(received.c.leaf)
                )
            )

    def close(self) -> None:
        self._counters.close()
