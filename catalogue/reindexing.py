"""`catalogue search rebuild`: the index made anew, whether or not an indexer runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import update

from catalogue.describing import Describer
from catalogue.indexer import Indexer, IndexerRunning, exclusive_index, open_engine
from catalogue.log import read_heads
from catalogue.position import Position
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import heads
from credentials.times import utc_now
from search.embedded import EmbeddedEngine
from search.engine import IndexUnusable

#: Seconds between looks at how far a running indexer is.
_LOOK_EVERY = 0.2

Progress = Callable[[int, int], None]


def rebuild_index(settings: Settings, *, progress: Progress = lambda _done, _all: None) -> int:
    """Wipe the index and project everything again; returns the number of log entries projected.

    An indexer that runs does the work, and this waits for it; else it is done here. `progress` is told the
    entries done and all. Interrupted, an indexer goes on from where it was: the request is in the store.
    """
    database = Database(settings.store_url)
    try:
        with database.write() as connection:
            connection.execute(update(heads).values(generation=heads.c.generation + 1))
            ends = read_heads(connection)
        wanted = Position(ends.generation, ends.log_size, ends.event_count)
        while not _project_here(settings, database, wanted, progress):
            if _has_reached(settings, wanted, progress):
                break
            time.sleep(_LOOK_EVERY)
    finally:
        database.close()
    progress(wanted.log, wanted.log)
    return wanted.log


def _project_here(settings: Settings, database: Database, wanted: Position, progress: Progress) -> bool:
    """Do the work in this process; False when an indexer holds the place and does it."""
    try:
        with exclusive_index(settings):
            engine = open_engine(settings)
            try:
                indexer = Indexer(database, engine, Describer(settings), utc_now)
                while indexer.step():
                    here = Position.parse(engine.position())
                    progress(here.log if here else 0, wanted.log)
            finally:
                engine.close()
    except IndexerRunning:
        return False
    return True


def _has_reached(settings: Settings, wanted: Position, progress: Progress) -> bool:
    """Whether the running indexer has come to `wanted`. An index being replaced reads as not yet."""
    try:
        engine = EmbeddedEngine(settings.index_folder, writable=False)
    except IndexUnusable:
        return False
    try:
        here = Position.parse(engine.position())
    finally:
        engine.close()
    if here is None or here.generation < wanted.generation:
        return False
    progress(min(here.log, wanted.log), wanted.log)
    return here.log >= wanted.log and here.event >= wanted.event
