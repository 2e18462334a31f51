"""`catalogue search rebuild`: the index made anew, whether or not an indexer runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import update

from catalogue.describing import Describer
from catalogue.engines import ReadingEngines, writing_engines
from catalogue.indexer import Indexer, IndexerRunning, exclusive_index
from catalogue.log import read_heads
from catalogue.position import Position
from catalogue.projecting import Ahead
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import heads
from credentials.times import utc_now

#: Seconds between looks at how far a running indexer is.
_LOOK_EVERY = 0.2

Progress = Callable[[int, int], None]


def rebuild_index(settings: Settings, *, progress: Progress = lambda _done, _all: None) -> int:
    """Fill a new index beside each that answers, then change over; returns the log entries projected.

    An indexer that runs does the work, and this waits for it; else it is done here. `progress` is told the
    entries done and all. The request is in the store: interrupted, or with an engine out of reach
    (EngineUnreachable), it is done by the next indexer, and what answered goes on answering until then.
    """
    database = Database(settings.store_url)
    engines = ReadingEngines(settings)
    try:
        with database.write() as connection:
            connection.execute(update(heads).values(generation=heads.c.generation + 1))
            ends = read_heads(connection)
        wanted = Position(ends.generation, ends.intake_size, ends.event_count)
        while not _project_here(settings, database, engines, wanted, progress):
            if _has_reached(engines, wanted, progress):
                break
            time.sleep(_LOOK_EVERY)
    finally:
        engines.close()
        database.close()
    progress(wanted.log, wanted.log)
    return wanted.log


def _project_here(
    settings: Settings, database: Database, engines: ReadingEngines, wanted: Position, progress: Progress
) -> bool:
    """Do the work in this process; False when an indexer holds the place and does it."""
    try:
        with exclusive_index(settings), writing_engines(settings) as written:
            describer = Describer(settings)
            indexers = [
                Indexer(database, engine, describer, utc_now, Ahead.of(settings))
                for engine in written.values()
            ]
            try:
                while sum(indexer.step() for indexer in indexers):
                    _has_reached(engines, wanted, progress)
            finally:
                for indexer in indexers:
                    indexer.close()
    except IndexerRunning:
        return False
    return True


def _has_reached(engines: ReadingEngines, wanted: Position, progress: Progress) -> bool:
    """Whether the running indexer has come to `wanted` with every engine."""
    ready, beside = engines.positions(), engines.positions(beside=True)
    progress(min(max(_done(ready[name], wanted), _done(beside[name], wanted)) for name in ready), wanted.log)
    return all(
        place is not None and _done(place, wanted) >= wanted.log and place.event >= wanted.event
        for place in ready.values()
    )


def _done(place: Position | None, wanted: Position) -> int:
    """Entries of the log taken in since the request."""
    return min(place.log, wanted.log) if place and place.generation >= wanted.generation else 0
