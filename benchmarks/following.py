"""Following a peer: how fast its entries are fetched, verified and searchable, and what a poll costs.

The peer is a log in memory (`benchmarks.served_log`); the follower is what an operator runs.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, select

from benchmarks import corpus, running
from benchmarks.served_log import ServedLog
from catalogue.counters import open_counters
from catalogue.federation.following import Follower
from catalogue.federation.limits import PeerLimits
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.peer_client import PeerClient
from catalogue.federation.roster import peer_named
from catalogue.fetching import WebFetcher
from catalogue.node import prepare
from catalogue.node_key import node_name
from catalogue.settings import Settings
from catalogue.spreading import spread
from catalogue.store.database import Database
from catalogue.store.tables import peers, received, stored_time
from credentials.contexts import ContextStore
from credentials.policies import policy_named
from credentials.resolving import FirstOf, FolderResolver, InlineResolver
from credentials.times import utc_now
from credentials.verification import Verifier

#: Entries of a copy.
ENTRIES = 10_000
#: Entries by which a log grows of which it is measured what that costs.
NEW = 1_000
#: Seconds for a copy on a slow machine.
PATIENCE = 600.0
#: Seconds between looks, each of which costs the node an answer.
_PAUSE = 0.1
#: Limits are on, and far away.
_LIMITS = {"CATALOGUE_PEER_RATE": "1000000/minute", "CATALOGUE_PEER_ENTRIES": "100000000"}


@dataclass(frozen=True, slots=True)
class Offerings:
    """Signed offerings and who signed them."""

    who: tuple[corpus.Issuer, ...]
    blobs: list[bytes]

    @classmethod
    def of(cls, form: corpus.Form, count: int = ENTRIES) -> Offerings:
        """New ones."""
        who = corpus.issuers(form)
        return cls(who, list(corpus.signed(who, 0, count)))

    def documents(self, folder: Path) -> Path:
        """A folder with the DID documents of who signed them."""
        corpus.write_did_documents(folder / "dids", self.who)
        return folder / "dids"


@dataclass(frozen=True, slots=True)
class Copied:
    """One copy of a log by a process that follows it: entries a second until all were decided.

    `searchable` until all could be found, where an indexer ran too. `cpu_ms` is the CPU time of an entry, of
    all the node's processes.
    """

    verified: float
    searchable: float | None
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll cost: requests, bytes both ways with headers, milliseconds."""

    requests: int
    size: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Growth:
    """A log of `entries` taken from nothing, in `seconds` and bytes an entry; then `NEW` more."""

    entries: int
    seconds: float
    bytes_each: float
    new_seconds: float
    new_bytes: int
    idle: Poll


def copied(folder: Path, offerings: Offerings, *, whole: bool) -> Copied:
    """Copy a log of offerings; `whole`: by a node with its indexer, else by what follows alone."""
    folder.mkdir(parents=True, exist_ok=True)
    count = len(offerings.blobs)
    with closing(ServedLog(offerings.blobs)) as log:
        given = {
            "CATALOGUE_DATA": str(folder / "data"),
            "CATALOGUE_DID_DOCUMENTS": str(offerings.documents(folder)),
            "CATALOGUE_FETCH_ALLOW_HOSTS": log.host,
            **_LIMITS,
        }
        settings = Settings.from_environment(given)
        prepare(settings)
        database = Database(settings.store_url)
        with closing(database):
            _pin(database, log)
            if whole:
                with running.node(folder / "data", given) as node:
                    return _watched(database, node.process.pid, count, node)
            with _alone(given, folder / "federation.log") as process:
                return _watched(database, process.pid, count, None)


def pure_rate(folder: Path, offerings: Offerings) -> float:
    """Verifications a second of the same offerings, by the clock, with all processors and nothing else."""
    blobs = offerings.blobs
    resolver = FirstOf((InlineResolver(), FolderResolver(offerings.documents(folder))))
    verifier = Verifier(policy_named("default"), resolver, ContextStore(), utc_now)
    verifier.verify(blobs[0])
    start = time.monotonic()
    for _ in spread(lambda data: verifier.verify(data).media_type, blobs):
        pass
    return len(blobs) / (time.monotonic() - start)


def growth(folder: Path, entries: int) -> Growth:
    """Take a log that lists nothing that is to be had: only entries and tiles are fetched."""
    with closing(ServedLog()) as log:
        log.grow(entries)
        given = {"CATALOGUE_DATA": str(folder / "data"), "CATALOGUE_FETCH_ALLOW_HOSTS": log.host, **_LIMITS}
        settings = Settings.from_environment(given)
        prepare(settings)
        counters = open_counters(settings.store_url, settings.data)
        limits = PeerLimits(settings, counters, utc_now)
        fetcher = WebFetcher(allowed_hosts=settings.fetch_allow_hosts)

        def client_of(peer: Peer) -> PeerClient:
            return PeerClient(peer.name, peer.url, fetcher, limits)

        with closing(Database(settings.store_url)) as database, closing(counters):
            _pin(database, log)
            follower = Follower(settings, database, limits, client_of, utc_now)
            log.traffic()
            seconds = _take(follower, database, log)
            first = log.traffic()
            idle_seconds = _take(follower, database, log)
            idle = log.traffic()
            log.grow(NEW)
            new_seconds = _take(follower, database, log)
            new = log.traffic()
        return Growth(
            entries,
            seconds,
            (first.received + first.sent) / entries,
            new_seconds,
            new.received + new.sent,
            Poll(idle.requests, idle.received + idle.sent, idle_seconds * 1000),
        )


def _take(follower: Follower, database: Database, log: ServedLog) -> float:
    start = time.monotonic()
    more = True
    while more:
        with database.read() as connection:
            peer = peer_named(connection, node_name(log.url))
        more = follower.poll(peer).more
    return time.monotonic() - start


def _pin(database: Database, log: ServedLog) -> None:
    with database.write() as connection:
        connection.execute(
            insert(peers).values(
                name=node_name(log.url),
                url=log.url,
                origin=log.origin,
                keys=json.dumps([log.key]),
                state=PeerState.FOLLOWED.value,
                size=0,
                added_at=stored_time(utc_now()),
                due_at=stored_time(utc_now()),
            )
        )


def _watched(database: Database, process: int, count: int, node: running.Running | None) -> Copied:
    """The rates from the first entry received on."""
    _until(lambda: _received(database) > 0)
    start = time.monotonic()
    before = sum(running.cpu_seconds(process).values())
    _until(lambda: _received(database, EntryState.ACCEPTED) == count)
    verified = count / (time.monotonic() - start)
    searchable = None
    if node is not None:
        _until(lambda: node.lag() == (count, 0))
        searchable = count / (time.monotonic() - start)
    used = sum(running.cpu_seconds(process).values()) - before
    return Copied(verified, searchable, used / count * 1000)


def _received(database: Database, *states: EntryState) -> int:
    query = select(func.count()).select_from(received)
    if states:
        query = query.where(received.c.state.in_([state.value for state in states]))
    with database.read() as connection:
        return connection.execute(query).scalar_one()


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not copied within {PATIENCE:.0f} s")
        time.sleep(_PAUSE)


@contextmanager
def _alone(given: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`catalogue federation`."""
    command: Sequence[str] = [str(Path(sys.executable).with_name("catalogue")), "federation"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=running.environment_with(given),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
