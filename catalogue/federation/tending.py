"""Peers tended in turn: each is asked when it is due, and what it lists is decided, a while for each.

A peer that is slow, silent or broken keeps one thread for a bounded time and is then left alone; the others
go on meanwhile.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from catalogue.counters import open_counters
from catalogue.errors import LimitExceeded, NotFound
from catalogue.federation.following import ASKED, Contradiction, Follower
from catalogue.federation.inbox import Inbox, Step
from catalogue.federation.judging import open_judge
from catalogue.federation.limits import PeerLimits, pause_after, pause_in_silence
from catalogue.federation.many import OUTAGES, Many
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.peer_client import PeerClient, PeerFault, PeerUnreachable
from catalogue.federation.roster import peer_named
from catalogue.fetching import WebFetcher
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import peers, stored_time
from credentials.times import Clock, utc_now
from credentials.transparency.refusals import LogRefused

#: Peers tended at once. They wait for each other's answers more than for this node.
THREADS = 8
#: Seconds between looks for who is due: a hint is followed at once.
LOOK_SECONDS = 0.2
#: Seconds that one peer is tended before others that are due have their turn.
TURN_SECONDS = 5.0
#: Pause after the store was out of reach.
OUTAGE = timedelta(seconds=2)
#: Pause after a fault of this program, which the next turn would meet again.
AFTER_FAULT = timedelta(minutes=5)
#: How long the end waits for turns that are under way. They may be ended at any instant.
GOODBYE_SECONDS = 2.0

log = structlog.get_logger("catalogue.federation")


@dataclass(slots=True)
class _Care:
    """What is remembered of a peer between its turns: when it is due, by this process's clock."""

    due: float
    silences: int = 0
    #: The hint that was followed last: one that could not be taken back isn't followed for ever.
    hint: str | None = None
    turn: Future[timedelta] | None = None


class Tending:
    """The turns of all peers, in threads of its own."""

    def __init__(
        self, settings: Settings, database: Database, follower: Follower, inbox: Inbox, clock: Clock
    ) -> None:
        self._every = timedelta(seconds=settings.peer_poll_seconds)
        self._database = database
        self._follower = follower
        self._inbox = inbox
        self._clock = clock
        self._stop = threading.Event()
        self._turns = ThreadPoolExecutor(THREADS, thread_name_prefix="tending")
        # Bytes of the next batch are fetched while one is judged.
        self._ahead = ThreadPoolExecutor(THREADS, thread_name_prefix="fetching")
        self._care: dict[str, _Care] = {}

    def look(self) -> None:
        """Begin the turn of everybody who is due. Raises SQLAlchemyError when the store is away."""
        now = time.monotonic()
        due = self._due()
        for name in self._care.keys() - due.keys():
            if self._care[name].turn is None:
                del self._care[name]
        for name, hint in due.items():
            care = self._care.get(name)
            if care is None:
                care = self._care[name] = _Care(now + self._share(name))
            if care.turn is not None:
                if not care.turn.done():
                    continue
                care.due = now + self._pause(name, care.turn)
                care.turn = None
            if care.due <= now or (hint is not None and hint != care.hint):
                care.hint = hint
                care.turn = self._turns.submit(self.tend, name)

    def tend(self, name: str) -> timedelta:
        """One peer's turn; returns the pause until its next. Whatever is wrong with the peer is noted."""
        try:
            with self._database.read() as connection:
                peer = peer_named(connection, name)
            return self._turn(peer)
        except NotFound:
            return self._every
        except PeerUnreachable as error:
            care = self._care.get(name)
            silences = care.silences if care is not None else 0
            if care is not None:
                care.silences += 1
            log.info("peer doesn't answer", peer=name, problem=error.reason)
            return pause_in_silence(silences, self._every)
        except Contradiction as error:
            log.error("peer contradicts itself, it is followed no longer", peer=name, problem=error.problem)
            return self._every
        except (PeerFault, LogRefused) as error:
            log.warning("fault of a peer", peer=name, problem=str(error))
            return pause_after(peer.faults + 1, self._every)
        except LimitExceeded as error:
            log.warning("limit of a peer", peer=name, problem=str(error))
            return timedelta(seconds=error.retry_after)
        except OUTAGES as outage:
            log.warning("store out of reach, trying again", problem=type(outage).__name__)
            return OUTAGE

    def close(self) -> None:
        """End the turns, after what each is on."""
        self._stop.set()
        deadline = time.monotonic() + GOODBYE_SECONDS
        self._turns.shutdown(wait=False, cancel_futures=True)
        self._ahead.shutdown(wait=False, cancel_futures=True)
        for care in self._care.values():
            while care.turn is not None and not care.turn.done() and time.monotonic() < deadline:
                time.sleep(0.02)

    def _turn(self, peer: Peer) -> timedelta:
        ends = time.monotonic() + TURN_SECONDS
        try:
            polled = self._follower.poll(peer)
        except PeerUnreachable:
            # Others may have the bytes of what is received already.
            self._inbox.step(peer, away=True)
            raise
        self._care_of(peer).silences = 0
        faults = peer.faults
        while True:
            try:
                more = self._decide(peer, ends)
            except PeerFault as error:
                # The poll was fine, and has set the count back: these are in a row all the same.
                self._follower.fault(replace(peer, faults=faults), error.reason)
                raise
            if time.monotonic() >= ends or self._stop.is_set():
                return timedelta(0) if more or polled.more else self._every
            if not polled.more:
                return self._every
            with self._database.read() as connection:
                peer = peer_named(connection, peer.name)
            if peer.state not in ASKED:
                return self._every
            polled = self._follower.poll(peer)

    def _decide(self, peer: Peer, ends: float) -> bool:
        """Batch after batch until none is open or the turn ends; returns whether there may be more."""
        batch = self._inbox.gather(peer)
        while batch is not None:
            following = self._ahead.submit(self._inbox.gather, peer, batch.last) if batch.full else None
            step = self._inbox.decide(peer, batch)
            self._judge_of(peer, step)
            if not step.more:
                return False
            if time.monotonic() >= ends or self._stop.is_set():
                return True
            batch = following.result() if following is not None else None
            batch = batch or self._inbox.gather(peer)
        return False

    def _judge_of(self, peer: Peer, step: Step) -> None:
        if step.fault is not None:
            raise PeerFault(peer.name, step.fault)
        if step.unreachable is not None and not step.done:
            raise self._follower.silent(peer, PeerUnreachable(peer.name, step.unreachable))

    def _due(self) -> Mapping[str, str | None]:
        """The peers that may be asked, and the time in the store at which one is due, where that has come."""
        now = stored_time(self._clock())
        with self._database.read() as connection:
            rows = connection.execute(
                select(peers.c.name, peers.c.state, peers.c.due_at).where(
                    peers.c.state.in_([state.value for state in ASKED])
                )
            ).all()
        due = {row.name: row.due_at if row.due_at and row.due_at <= now else None for row in rows}
        for row in rows:
            if row.state == PeerState.QUARANTINED.value and due[row.name] is None:
                del due[row.name]
        return due

    def _pause(self, name: str, turn: Future[timedelta]) -> float:
        problem = turn.exception()
        if problem is None:
            return turn.result().total_seconds()
        log.error("fault while a peer was tended", peer=name, exc_info=problem)
        return AFTER_FAULT.total_seconds()

    def _care_of(self, peer: Peer) -> _Care:
        return self._care.setdefault(peer.name, _Care(0.0))

    def _share(self, name: str) -> float:
        """Where in the period a peer's polls lie: the same at every start, and different for each."""
        return int.from_bytes(sha256(name.encode()).digest()[:4]) / 2**32 * self._every.total_seconds()


def follow_peers(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Tend all peers until `stop`."""
    counters = open_counters(settings.store_url, settings.data)
    fetcher = WebFetcher(allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None)
    limits = PeerLimits(settings, counters, utc_now)

    def client_of(peer: Peer) -> PeerClient:
        return PeerClient(peer.name, peer.url, fetcher, limits)

    many = Many(settings, open_judge(settings, database, counters, utc_now))
    follower = Follower(settings, database, limits, client_of, utc_now)
    inbox = Inbox(settings, database, many, limits, client_of, utc_now)
    tending = Tending(settings, database, follower, inbox, utc_now)
    # What was loaded never becomes garbage: a long log makes enough that is to be looked through.
    gc.collect()
    gc.freeze()
    try:
        while not stop.wait(LOOK_SECONDS):
            try:
                tending.look()
            except SQLAlchemyError as outage:
                log.warning("store out of reach, trying again", problem=type(outage).__name__)
                stop.wait(OUTAGE.total_seconds())
            many.rest()
    finally:
        tending.close()
        many.close()
        counters.close()
