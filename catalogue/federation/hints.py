"""Hints between nodes: "my log has grown", so that a follower asks now and not at its next turn.

A hint is a CloudEvent (CloudEvents 1.0, structured JSON) that carries the signed checkpoint. It is never
believed beyond that: a valid one, of a log that is followed, makes its poll due, and any other does nothing.
Whoever sends none is followed all the same, a few seconds later.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from catalogue.federation.model import Peer, PeerState
from catalogue.federation.roster import every_peer, peer_of_origin
from catalogue.fetching import Form, WebFetcher
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import peers, stored_time
from credentials.keys import KeyUnusable
from credentials.resolving import FetchFailed
from credentials.times import to_rfc3339
from credentials.transparency.checkpoints import verify_checkpoint
from credentials.transparency.notes import NoteKey
from credentials.transparency.refusals import LogRefused

EVENT_TYPE = "eu.cloud-federation.log.grown"
SPEC_VERSION = "1.0"
MEDIA_TYPE = "application/cloudevents+json"
PATH = "/federation/hints"
#: An event's source is a URI reference (CloudEvents section "source"): the log's origin after these.
SOURCE = "//"
#: Seconds for one hint. It isn't worth more: the follower asks by itself within seconds.
HINT_SECONDS = 2.0
#: Hints under way at once. Each waits for its peer most of the time.
MAX_PUSHES = 8
#: Seconds without hints for a peer that didn't take the last one, so that those which are away cost little.
PAUSE_SECONDS = 60.0
#: A hint so soon after another changes nothing: whoever polls looks less often. A later one may tell of what
#: grew while that poll was under way.
SPACING = timedelta(milliseconds=100)
#: Bytes of an answer that are read: it says nothing.
MAX_ANSWER = 1_024
_TAKEN = (200, 202, 204)

log = structlog.get_logger("catalogue.federation")


@dataclass(frozen=True, slots=True)
class Hint:
    """That the log `origin` has grown to what `note`, a checkpoint, says. Nothing of it is checked yet."""

    origin: str
    note: bytes


def event_of(origin: str, size: int, note: bytes, signed_at: datetime) -> bytes:
    """The hint as it is sent. Its `id` is the same for the same checkpoint."""
    event = {
        "specversion": SPEC_VERSION,
        "id": f"{size}-{int(signed_at.timestamp())}",
        "source": SOURCE + origin,
        "type": EVENT_TYPE,
        "time": to_rfc3339(signed_at),
        "datacontenttype": "text/plain",
        "data": note.decode(),
    }
    return json.dumps(event, ensure_ascii=False).encode()


def take(database: Database, hint: Hint, now: datetime) -> bool:
    """Make a peer due if a hint tells something new of its log; returns whether it did.

    That is to be told to nobody: what a stranger's request changes is not his business.
    """
    with database.read() as connection:
        peer = peer_of_origin(connection, hint.origin)
    if peer is None or peer.state is not PeerState.FOLLOWED or not _is_news(peer, hint.note):
        return False
    if peer.due_at is not None and peer.due_at <= now < peer.due_at + SPACING:
        # It was said a moment ago, and the poll is still to come.
        return True
    with database.write() as connection:
        due = connection.execute(
            update(peers)
            .where(peers.c.id == peer.id, peers.c.state == PeerState.FOLLOWED.value)
            .values(due_at=stored_time(now))
        )
    return bool(due.rowcount)


def _is_news(peer: Peer, note: bytes) -> bool:
    try:
        signed = verify_checkpoint(note, peer.origin, [NoteKey.parse(key) for key in peer.keys])
    except (LogRefused, KeyUnusable):
        return False
    return signed.size > (peer.signed_size or 0)


class HintSender:
    """Tells peers that this node's log has grown. For the process that signs the log; `close` it at the end.

    `announce` returns at once. A peer has at most one hint under way; what is signed meanwhile is told after.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        fetcher: WebFetcher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on = settings.federation_hints
        self._database = database
        self._fetcher = fetcher or WebFetcher(
            allowed_hosts=settings.fetch_allow_hosts,
            ca_file=settings.fetch_ca_file or None,
            total_seconds=HINT_SECONDS,
        )
        self._monotonic = monotonic
        self._pool = ThreadPoolExecutor(MAX_PUSHES, thread_name_prefix="hint")
        self._mutex = threading.Lock()
        self._size = -1
        # By the peer's name: what is to be told after what is under way (None: nothing), and until when not.
        self._under_way: dict[str, bytes | None] = {}
        self._pauses: dict[str, float] = {}

    def announce(self, origin: str, size: int, note: bytes, signed_at: datetime) -> None:
        """Tell every peer that is followed, if the log is larger than when it was told last."""
        if not self._on or size <= self._size:
            return
        self._size = size
        try:
            with self._database.read() as connection:
                followed = every_peer(connection, PeerState.FOLLOWED)
        except SQLAlchemyError as outage:
            log.debug("no hints, the store is out of reach", problem=type(outage).__name__)
            return
        event = event_of(origin, size, note, signed_at)
        for peer in followed:
            self._tell(peer, event)

    def close(self) -> None:
        """End; hints that wait are not sent any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _tell(self, peer: Peer, event: bytes) -> None:
        with self._mutex:
            if self._pauses.get(peer.name, 0.0) > self._monotonic():
                return
            if peer.name in self._under_way:
                self._under_way[peer.name] = event
                return
            self._under_way[peer.name] = None
        self._pool.submit(self._push, peer.name, peer.url + PATH, event)

    def _push(self, name: str, url: str, event: bytes) -> None:
        following: bytes | None = event
        while following is not None:
            taken = self._send(url, following)
            with self._mutex:
                following = self._under_way[name] if taken else None
                if following is None:
                    del self._under_way[name]
                    if not taken:
                        self._pauses[name] = self._monotonic() + PAUSE_SECONDS
                else:
                    self._under_way[name] = None

    def _send(self, url: str, event: bytes) -> bool:
        """Whether the peer took it. Nobody waits for a hint, so why it didn't is hardly told."""
        try:
            self._fetcher.fetch(
                url,
                accept="*/*",
                max_bytes=MAX_ANSWER,
                self_proving=True,
                post=Form(event, MEDIA_TYPE),
            )
        except FetchFailed as error:
            if error.status in _TAKEN:
                return True
            log.debug("a hint was not taken", url=url, problem=error.reason)
            return False
        return True
