"""Which search engines a node has, and which of them answers: only here is one told from another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from catalogue.errors import IndexUnavailable
from catalogue.position import START, Position
from catalogue.settings import Settings
from search.embedded import EmbeddedEngine
from search.engine import Engine, EngineUnreachable, IndexUnusable
from search.query import Hit, Page, Query

EMBEDDED, ELASTICSEARCH = "embedded", "elasticsearch"
#: Seconds for which a worker answers from the state of the index that it last saw.
REFRESH_SECONDS = 0.2
#: Seconds for which an engine that was out of reach isn't asked while another can answer: few requests are to
#: wait for a time-out.
AWAY_SECONDS = 10.0

Found = TypeVar("Found")
_Make = Callable[[bool], Engine]


def _makers(settings: Settings) -> Mapping[str, _Make]:
    """How to open each of the node's engines (for writing or not), the one that answers first."""
    makers: dict[str, _Make] = {}
    if settings.search_urls:
        makers[ELASTICSEARCH] = _elasticsearch(settings)
    if not makers or settings.search_fallback == EMBEDDED:
        makers[EMBEDDED] = lambda writable: EmbeddedEngine(settings.index_folder, writable=writable)
    return makers


def _elasticsearch(settings: Settings) -> _Make:
    # Imported where it is wanted: the client costs every start a fifth of a second and some megabytes.
    from search.elastic import ElasticEngine
    from search.elastic_connection import ElasticPlace

    place = ElasticPlace(
        urls=settings.search_urls,
        prefix=settings.search_index,
        user=settings.search_user,
        password=settings.search_password,
        password_file=settings.search_password_file,
        api_key=settings.search_api_key,
        ca_file=settings.search_ca_file,
        shards=settings.search_shards,
    )
    return lambda writable: ElasticEngine(place, writable=writable)


@contextmanager
def writing_engines(settings: Settings) -> Iterator[Mapping[str, Engine]]:
    """The node's engines by name, for the one process that applies changes. IndexBusy when another does."""
    engines: dict[str, Engine] = {}
    try:
        for name, make in _makers(settings).items():
            engines[name] = make(True)
        yield engines
    finally:
        for engine in engines.values():
            engine.close()


class ReadingEngines:
    """The node's engines for searching; threads may share them.

    Each is opened when first needed and again after it failed, since the indexer makes a damaged index anew.
    """

    def __init__(self, settings: Settings) -> None:
        self._readers = {name: _Reader(make) for name, make in _makers(settings).items()}

    def search(self, query: Query) -> Page:
        """The answer of the first engine that can give one. QueryInvalid, IndexUnavailable."""
        return self._first(lambda engine: engine.search(query))

    def suggest(self, query: Query, *, forgiving: bool) -> tuple[Hit, ...]:
        """See `Engine.suggest`, of the first engine that can answer. QueryInvalid, IndexUnavailable."""
        return self._first(lambda engine: engine.suggest(query, forgiving=forgiving))

    def positions(self, *, beside: bool = False) -> dict[str, Position | None]:
        """How far each engine has come (or its index that is being made anew), None where it can't tell.

        The zero position is that of an index which holds nothing yet.
        """
        found: dict[str, Position | None] = {}
        for name, reader in self._readers.items():
            try:
                found[name] = reader.ask(
                    lambda engine: (
                        Position.parse(engine.beside_position() if beside else engine.position()) or START
                    ),
                    fresh=True,
                )
            except (IndexUnusable, EngineUnreachable):
                found[name] = None
        return found

    def refresh(self) -> None:
        """See what the indexer has committed by now. IndexUnavailable when no engine answers."""
        self._first(lambda engine: None, fresh=True)

    def close(self) -> None:
        """Close every engine."""
        for reader in self._readers.values():
            reader.close()

    def _first(self, question: Callable[[Engine], Found], *, fresh: bool = False) -> Found:
        # Who was out of reach a moment ago is asked last.
        in_order = sorted(self._readers.values(), key=lambda reader: reader.is_away())
        problem: Exception | None = None
        for reader in in_order:
            try:
                return reader.ask(question, fresh=fresh)
            except (IndexUnusable, EngineUnreachable) as trouble:
                problem = problem or trouble
        raise IndexUnavailable from problem


class _Reader:
    """One engine, opened when it is needed."""

    def __init__(self, make: _Make) -> None:
        self._make = make
        self._mutex = threading.Lock()
        self._engine: Engine | None = None
        self._refreshed = 0.0
        self._away_until = 0.0

    def is_away(self) -> bool:
        """Whether it was out of reach a moment ago."""
        return time.monotonic() < self._away_until

    def ask(self, question: Callable[[Engine], Found], *, fresh: bool) -> Found:
        """The engine's answer. IndexUnusable, EngineUnreachable."""
        try:
            return question(self._opened(fresh))
        except IndexUnusable:
            self.close()
            raise
        except EngineUnreachable:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise

    def close(self) -> None:
        with self._mutex:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _opened(self, fresh: bool) -> Engine:
        with self._mutex:
            if self._engine is None:
                self._engine = self._make(False)
                self._refreshed = time.monotonic()
            elif fresh or time.monotonic() - self._refreshed > REFRESH_SECONDS:
                self._refreshed = time.monotonic()
                self._engine.refresh()
            return self._engine
