"""The one process that describes and projects: a follower of the log that may be killed at any time.

It reads what is new in the log and the events, works out which records that touches, describes them and
hands documents to the search engine, which remembers the position together with them. Every step may be
repeated, so nothing is lost by a crash and nothing doubled.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from catalogue.bearings import BearingChange, enter, offerings_naming, providers_named, resting_on
from catalogue.conclusions import KINDS as FOLLOWING
from catalogue.describing import Describer
from catalogue.engines import writing_engines
from catalogue.heap import give_back
from catalogue.ledger import records_of_entries
from catalogue.log import Event, Heads, Op, entries, events_after, read_heads, tell_all
from catalogue.operations import Operations
from catalogue.position import Position
from catalogue.projecting import Ahead, Projection, projection_of
from catalogue.rechecking import in_background
from catalogue.ruling import RuleChanges
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import listings, withdrawals
from catalogue.telling import keep
from catalogue.trusting import TrustChanges
from credentials.errors import Rejection
from credentials.times import Clock, utc_now
from search.document import Document
from search.engine import Engine, IndexUnusable
from vocab.model import Kind

#: Log entries read at once: what is described between two commits of the index.
BATCH = 400
#: Records described in one step when evidence touches many (all offerings of a provider, say).
CHUNK = 400
#: Seconds between looks at the store when there is nothing to do. Published means found within 2 s.
IDLE_SECONDS = 0.15
#: A step of one entry costs several times its share of a step of many. So where steps take long, since the
#: machine is busy, the pause after them grows with them, up to this, and the next one finds more to do.
BUSY_SECONDS = 1.0
_PAUSE_OF_STEP = 3.0
#: Seconds of a step that has left memory behind which is worth giving back, once there is nothing to do.
_MUCH = 0.1
#: Seconds between looks for what has changed by itself: expired, begun, trusted no more.
SWEEP_SECONDS = 1.0
#: After a failure, seconds before the next try.
RETRY_SECONDS = 1.0

log = structlog.get_logger("catalogue.indexer")

Read = TypeVar("Read")


class Indexer:
    """Brings one engine up to the store, step by step.

    When the store asks for an index made anew (its `generation` has grown), that is filled beside the one
    which answers, a batch of the one and a batch of the other, and published when it has caught up. So is one
    where there is none or it is damaged: an index that holds only a part never answers. Where that is much
    work, `ahead` describes a batch while the one before it is written.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        describer: Describer,
        clock: Clock,
        ahead: Ahead | None = None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._describer = describer
        self._clock = clock
        self._ahead = ahead
        self._fresh: Engine | None = None
        # What comes next in that, its bearings entered and perhaps being described already.
        self._next: _Batch | None = None
        # Whether a step has told of events itself, which the next one has to see to.
        self._told = False

    def step(self) -> bool:
        """Project what is new, up to one batch; returns whether there may be more."""
        with self._database.read() as connection:
            ends = read_heads(connection)
        self._told = False
        here = self._here(ends)
        more = self._follow(self._engine, here, ends) if here is not None else False
        if here is not None and here.generation == ends.generation:
            return more or self._told
        try:
            self._renew(ends)
        except IndexUnusable:
            self.close()
            raise
        return True

    def catch_up(self) -> None:
        """Project everything there is."""
        while self.step():
            pass

    def close(self) -> None:
        """Give up an index that is being made anew; the engine itself belongs to whoever gave it."""
        self._next = None
        if self._ahead is not None:
            self._ahead.close()
        if self._fresh is not None:
            self._fresh.close()
            self._fresh = None

    def _follow(self, engine: Engine, here: Position, ends: Heads) -> bool:
        """Project one batch into `engine`, which has come to `here`; returns whether there may be more."""
        batch = self._batch(here, ends)
        if batch is None:
            return False
        self._project(engine, batch, None)
        return batch.after.log < ends.intake_size or batch.after.event < ends.event_count

    def _fill(self, engine: Engine, here: Position, ends: Heads) -> bool:
        """As `_follow`, with the batch after it described meanwhile, where that is worth it.

        No record is described ahead before the bearings of its batch are entered, and whatever those of a
        later batch change is described again in its turn.
        """
        ahead = self._ahead
        if ahead is None or not ahead.helps_with(ends.intake_size):
            return self._follow(engine, here, ends)
        batch, self._next = self._next or self._batch(here, ends), None
        if batch is None:
            return False
        following = self._batch(batch.after, ends)
        found = ahead.take() if batch.asked else None
        if following is not None:
            following.asked = ahead.ask(
                list(following.touched), self._clock(), self._describer.trust.current()
            )
        self._project(engine, batch, found)
        # Kept only now: after a failure all goes on from what the engine holds.
        self._next = following
        return following is not None

    def _batch(self, here: Position, ends: Heads) -> _Batch | None:
        """What comes after `here`, with its bearings entered; None at the end."""
        if here.log >= ends.intake_size and here.event >= ends.event_count:
            return None
        after = Position(
            here.generation,
            min(here.log + BATCH, ends.intake_size),
            min(here.event + BATCH, ends.event_count),
        )
        with self._database.read() as connection:
            touched = self._touched(connection, here, after)
        return _Batch(touched, after, self._note_bearings(list(touched)))

    def _here(self, ends: Heads) -> Position | None:
        """How far the engine has come; None while it has no index of use."""
        try:
            self._engine.refresh()
            here = Position.parse(self._engine.position())
        except IndexUnusable as damage:
            if self._fresh is None:
                log.warning("index is made anew", problem=damage.problem)
            return None
        if here is None:
            # One batch is soon there; of more, a part must not answer.
            return Position(ends.generation, 0, 0) if ends.intake_size <= BATCH else None
        if here.log <= ends.intake_size and here.event <= ends.event_count:
            return here
        # The store is an older one put back: what is here may never have been said.
        log.info("index starts over", had=str(here), store=ends.intake_size)
        self._engine.wipe()
        return Position(ends.generation, 0, 0)

    def _renew(self, ends: Heads) -> None:
        """Go on with the index that is made anew, up to its taking the other's place."""
        fresh = self._fresh
        here = Position.parse(fresh.position()) if fresh is not None else None
        if fresh is None or (here is not None and here.generation != ends.generation):
            self.close()
            fresh = self._fresh = self._engine.beside()
            log.info("index is made anew beside the one that answers", entries=ends.intake_size)
            here = None
        if not self._fill(fresh, here or Position(ends.generation, 0, 0), ends):
            fresh.publish()
            self._fresh = None
            self.close()
            self._engine.refresh()
            log.info("index made anew answers", entries=ends.intake_size)

    def _touched(self, connection: Connection, here: Position, after: Position) -> dict[str, None]:
        """The records that the entries and events between two positions are about, in order."""
        found = entries(connection, here.log, after.log - here.log)
        touched = dict.fromkeys(records_of_entries(connection, here.log, after.log))
        for entry in found:
            if entry.op is Op.WITHDRAW:
                touched |= dict.fromkeys(
                    connection.execute(
                        select(listings.c.record_id)
                        .join(withdrawals, withdrawals.c.content_id == listings.c.content_id)
                        .where(withdrawals.c.digest == entry.digest)
                    ).scalars()
                )
        for happening in events_after(connection, here.event, after.event - here.event):
            if happening.kind not in FOLLOWING:
                touched[happening.record_id] = None
        return touched

    def _project(self, engine: Engine, batch: _Batch, found: Projection | None) -> None:
        """Put in the batch and what it bears on; the position moves with the last.

        `found` is what was worked out ahead of the touched records.
        """
        here = engine.position() or ""
        upserts: list[Document] = []
        deletes: list[str] = []
        for projection in self._projections(batch, found):
            if len(upserts) + len(deletes) >= CHUNK:
                engine.apply(upserts, deletes, here)
                upserts, deletes = [], []
            upserts = upserts + projection.upserts
            deletes = deletes + projection.deletes
        engine.apply(upserts, deletes, str(batch.after))

    def _projections(self, batch: _Batch, found: Projection | None) -> Iterator[Projection]:
        """First of the touched records, then of those that changed evidence bears on, in chunks."""
        if found is not None:
            with self._database.read() as connection:
                self._tell(connection, found)
            yield found
        else:
            for chunk in _chunks(list(batch.touched)):
                yield self._projected(chunk)
        # The turn of those that the log names later comes: an index made anew would describe them twice.
        for concerned in self._concerned(batch.reach, batch.after.log):
            yield self._projected([record for record in concerned if record not in batch.touched])

    def _note_bearings(self, records: list[str]) -> _Reach:
        """Enter who bears on whom and who draws on whom; returns how far what changed reaches."""
        now = self._clock()
        changes: list[BearingChange] = []
        for chunk in _chunks(records):
            with self._database.read() as connection:
                changes += self._readable(
                    connection,
                    chunk,
                    lambda connection, records: self._describer.bearing_changes(connection, records, now),
                )
        if not changes:
            return _Reach()
        self._tell_of_gone(changes, now)
        with self._database.write() as connection:
            for change in changes:
                enter(connection, change)
        return self._reach(
            {target for change in changes for target in change.targets},
            {target for change in changes if change.kind is Kind.PARTICIPANT for target in change.targets},
        )

    def _tell_of_gone(self, changes: Sequence[BearingChange], now: datetime) -> None:
        """Make it an event for each record that evidence bears on it no more, before that is entered.

        Once it is entered, nothing says whom it bore on; other engines' indexers have yet to come to it, and
        this one may be killed.
        """
        gone = {target for change in changes for target in change.gone}
        if not gone:
            return
        # Nothing tells any more whether it was a participant: whoever names it is told.
        for records in self._concerned(self._reach(gone, gone), sys.maxsize):
            gone_from = [
                Event(0, now, "evidence", record, None, "what was attested of it is gone")
                for record in records
            ]
            with self._database.write() as connection:
                tell_all(connection, gone_from)
            self._told = True

    def _reach(self, targets: set[str], participants: set[str]) -> _Reach:
        """How far a change reaches that bears on `targets`, of which some are identifiers of participants."""
        with self._database.read() as connection:
            providers = providers_named(connection, targets)
            named = resting_on(connection, participants)
        return _Reach(frozenset(targets | providers | named), frozenset(named))

    def _concerned(self, reach: _Reach, below: int) -> Iterator[list[str]]:
        """The records that a change reaches, in chunks, of those listed below a position."""
        for target in sorted(reach.targets):
            yield from self._pages(partial(_about, target=target, below=below, limit=CHUNK))
        for name in sorted(reach.named):
            yield from self._pages(partial(offerings_naming, name=name, below=below, limit=CHUNK))

    def _pages(self, read: Callable[..., Sequence[str]]) -> Iterator[list[str]]:
        """All that `read` finds, beginning after the last record of the page before."""
        last = ""
        while True:
            with self._database.read() as connection:
                page = list(read(connection, after=last))
            if not page:
                return
            yield page
            last = page[-1]

    def _projected(self, records: list[str]) -> Projection:
        """What the index is to hold of these records, described here and now."""
        now = self._clock()
        with self._database.read() as connection:
            described = {
                found.current.record_id: found
                for found in self._readable(
                    connection,
                    records,
                    lambda connection, chunk: self._describer.describe_all(connection, chunk, now).values(),
                )
            }
            projection = projection_of(records, described, now, read_heads(connection))
            self._tell(connection, projection)
        return projection

    def _tell(self, connection: Connection, projection: Projection) -> None:
        """Make events of what is concluded otherwise than before."""
        keep(
            connection,
            self._database,
            projection.told,
            now=projection.at,
            ends=projection.ends,
            turns=partial(self._describer.turning_days, connection),
        )

    def _readable(
        self,
        connection: Connection,
        records: Sequence[str],
        read: Callable[[Connection, Sequence[str]], Iterable[Read]],
    ) -> list[Read]:
        """What `read` makes of the records, without those that can't be read.

        Such a record was accepted by another version of this program. It stays listed and readable by
        digest, and must not hold up the others: they are tried in halves until it stands alone.
        """
        try:
            return list(read(connection, records))
        except Rejection as rejection:
            if len(records) == 1:
                log.error("record can't be described", record=records[0], detail=rejection.detail)
                return []
        half = len(records) // 2
        return self._readable(connection, records[:half], read) + self._readable(
            connection, records[half:], read
        )


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a change of evidence reaches.

    To all that is about or by any of `targets`, and to each offering that draws on one of `named`.
    """

    targets: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Batch:
    """The records that the entries and events up to `after` touch, and how far they reach.

    `asked` where they are being described ahead.
    """

    touched: dict[str, None]
    after: Position
    reach: _Reach
    asked: bool = False


def _about(connection: Connection, *, target: str, after: str, below: int, limit: int) -> Sequence[str]:
    """Up to `limit` records about a target, by it or from its credential, by id."""
    return (
        connection.execute(
            select(listings.c.record_id)
            .where(
                (listings.c.subject == target)
                | (listings.c.issuer == target)
                | (listings.c.credential == target),
                listings.c.record_id > after,
                listings.c.position < below,
            )
            .distinct()
            .order_by(listings.c.record_id)
            .limit(limit)
        )
        .scalars()
        .all()
    )


def run(settings: Settings, stop: threading.Event) -> None:
    """Follow the log until `stop`. Raises IndexerRunning when another process holds the index."""
    with exclusive_index(settings), writing_engines(settings) as engines:
        database = Database(settings.store_url)
        operations = Operations(database, utc_now)
        describer = Describer(settings)
        sweeps = (
            operations.catch_up,
            TrustChanges(settings, database, describer.trust, utc_now).catch_up,
            RuleChanges(settings, database, utc_now).catch_up,
        )
        indexers = {
            name: Indexer(database, engine, describer, utc_now, Ahead.of(settings))
            for name, engine in engines.items()
        }
        try:
            with in_background(settings) as rechecking:
                follow(indexers, (*sweeps, rechecking), stop)
        finally:
            for indexer in indexers.values():
                indexer.close()
            database.close()


def follow(
    indexers: Mapping[str, Indexer], sweeps: Sequence[Callable[[], int]], stop: threading.Event
) -> None:
    """Until `stop`: project what is new, look for what changed by itself, rest. Outages are waited out.

    Each engine has a thread of its own: one that hangs must not hold up the one that answers instead of it.
    A sweep notes such changes in the store, a bounded number at a time; it returns 0 when there are none.
    """
    with ThreadPoolExecutor(len(indexers)) as pool:
        threads = [pool.submit(_follow, name, indexer, stop) for name, indexer in indexers.items()]
        try:
            while not stop.is_set() and not any(thread.done() for thread in threads):
                _sweep(sweeps)
                stop.wait(SWEEP_SECONDS)
        finally:
            stop.set()
    for thread in threads:
        thread.result()


def _follow(name: str, indexer: Indexer, stop: threading.Event) -> None:
    """One engine's part of `follow`."""
    worked = False
    while not stop.is_set():
        started = time.monotonic()
        try:
            more = indexer.step()
        except SQLAlchemyError as outage:
            log.warning("store out of reach, trying again", engine=name, problem=type(outage).__name__)
            stop.wait(RETRY_SECONDS)
        except (OSError, IndexUnusable) as outage:
            log.warning("index out of reach, trying again", engine=name, problem=str(outage))
            stop.wait(RETRY_SECONDS)
        else:
            took = time.monotonic() - started
            if not more:
                stop.wait(pause_after(took))
                if worked and took < _MUCH:
                    give_back()
            worked = took >= _MUCH


def pause_after(step: float) -> float:
    """Seconds to rest after a step of so many that left nothing to do."""
    return max(IDLE_SECONDS, min(_PAUSE_OF_STEP * step, BUSY_SECONDS))


def _sweep(sweeps: Sequence[Callable[[], int]]) -> None:
    try:
        for sweep in sweeps:
            while sweep():
                pass
    except (SQLAlchemyError, OSError) as outage:
        log.warning("store out of reach, trying again", problem=type(outage).__name__)


class IndexerRunning(Exception):
    """Another process is the indexer of this data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another process is indexing {folder}")
        self.folder = folder


@contextmanager
def exclusive_index(settings: Settings) -> Iterator[None]:
    """Hold the one indexer's place; free again when the process ends, however it ends."""
    settings.data.mkdir(parents=True, exist_ok=True)
    file = os.open(settings.data / "indexer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexerRunning(settings.data) from error
        yield
    finally:
        os.close(file)


def _chunks(records: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(records), CHUNK):
        yield records[start : start + CHUNK]
