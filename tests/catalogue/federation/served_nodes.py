"""Nodes that ask each other through their real HTTP application, without a network between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask
from small_federation import Member
from sqlalchemy import insert
from world import Clock

from catalogue.app import create_app
from catalogue.federation.heads import log_state
from catalogue.federation.holders import Holder
from catalogue.federation.model import PeerState
from catalogue.federation.own_log import OwnLog
from catalogue.federation.peer_client import Uncounted
from catalogue.federation.reconciling import Reconciler
from catalogue.federation.roster import peer_named
from catalogue.federation.signer import Signer
from catalogue.fetching import Form
from catalogue.node import Node
from catalogue.node_key import node_name
from catalogue.settings import Settings
from catalogue.store.tables import peers, stored_time
from credentials.resolving import Fetched, FetchFailed


class ServedWeb:
    """The way between nodes: a `Fetch` that calls the application of the host that a URL names."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.apps: dict[str, Flask] = {}
        self.away: set[str] = set()

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
        if parts.netloc in self.away or parts.netloc not in self.apps:
            raise FetchFailed(url, "the host takes no connection", temporary=True)
        client = self.apps[parts.netloc].test_client()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if post is None:
            answer = client.get(target)
        else:
            answer = client.post(target, data=post.body, content_type=post.media_type)
        if answer.status_code != 200:
            reason = f"the answer is {answer.status_code}, not 200"
            raise FetchFailed(url, reason, temporary=answer.status_code >= 500, status=answer.status_code)
        assert len(answer.data) <= max_bytes
        return Fetched(answer.data, answer.mimetype, url, self.clock())


class Served:
    """A node with its application, its signer and its follower. Its store may be replaced under its name."""

    def __init__(self, settings: Settings, web: ServedWeb, clock: Clock) -> None:
        self.settings = settings
        self.web = web
        self.clock = clock
        self.node = Node(settings, clock)
        self.app = create_app(settings)
        self.member = Member(self.node, web, clock)
        self.signer = Signer(settings, self.node.database, clock)
        web.apps[urlsplit(settings.url).netloc] = self.app

    @property
    def name(self) -> str:
        return node_name(self.settings.url)

    def sign(self) -> None:
        while self.signer.sign() is not None:
            pass

    def follow(self, other: Served) -> None:
        """Pin another node's log with the key that it has now."""
        keys = OwnLog(other.settings, other.node.database).keys()
        with self.node.database.write() as connection:
            connection.execute(
                insert(peers).values(
                    name=other.name,
                    url=other.settings.url,
                    origin=keys.origin,
                    keys=f'["{keys.key}"]',
                    state=PeerState.FOLLOWED.value,
                    size=0,
                    added_at=stored_time(self.clock.now),
                )
            )

    def copy(self, other: Served) -> None:
        """Poll another node and decide until there is nothing more to do."""
        with self.node.database.read() as connection:
            peer = peer_named(connection, other.name)
        while self.member.follower.poll(peer).more:
            pass
        while self.member.inbox.step(peer).more:
            pass

    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.settings,
            self.node.database,
            lambda peer: Holder(peer.name, peer.url, self.web, Uncounted()),
            self.node.verification,
            self.clock,
        )

    @property
    def held(self) -> str | None:
        with self.node.database.read() as connection:
            return log_state(connection, self.settings.url).held

    def close(self) -> None:
        self.member.close()
        self.app.extensions["catalogue"].close()
        self.node.close()


@contextmanager
def served(settings: Settings, web: ServedWeb, clock: Clock) -> Iterator[Served]:
    """A node for as long as the block lasts."""
    node = Served(settings, web, clock)
    try:
        yield node
    finally:
        node.close()
