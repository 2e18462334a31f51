"""Counters that all workers share: how often something happened within a window of time.

They are not evidence: losing them costs nobody anything, so durability is traded for speed. On SQLite they
have a file of their own that is never synced, on PostgreSQL an unlogged table. One call is one statement.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from catalogue.errors import CatalogueError

#: Expired counters are deleted once in so many calls: often enough to keep the table the size of one day's
#: clients, rarely enough to cost nothing that shows.
SWEEP_EVERY = 2_000
#: Milliseconds to wait for another process's statement; each takes about a hundredth of one.
BUSY_MS = 5_000
#: Serialises table creation by workers that start together (PostgreSQL; any number nobody else uses).
_CREATION_LOCK = 7_106_281_144

_SQLITE_TABLE = (
    "CREATE TABLE IF NOT EXISTS limit_counters"
    " (name TEXT PRIMARY KEY, used INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID"
)
_POSTGRESQL_TABLE = (
    "CREATE UNLOGGED TABLE IF NOT EXISTS limit_counters"
    " (name TEXT PRIMARY KEY, used BIGINT NOT NULL, expires_at DOUBLE PRECISION NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Increment:
    """Add `amount` to the counter `name`, whose window is `seconds` long and starts with its first hit."""

    name: str
    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """A counter after an increment: `expires_at` (seconds since the epoch) is when it starts over."""

    used: int
    expires_at: float


class CountersUnavailable(CatalogueError):
    """The counters' database can't be reached, so nobody can be let in by count."""


class Counters:
    """Fixed-window counters in a database table; safe from any number of threads and processes.

    Increments go to the pool's connections directly: every request makes one, and SQLAlchemy's own statement
    execution would double its cost (0.12 ms instead of 0.05 ms).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements: dict[int, _Statement] = {}
        self._errors: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._calls = 0
        self._calls_lock = threading.Lock()
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _CREATION_LOCK})
                try:
                    connection.execute(text(_POSTGRESQL_TABLE))
                finally:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _CREATION_LOCK})
            else:
                connection.execute(text(_SQLITE_TABLE))

    def add(self, increments: Sequence[Increment], now: float) -> list[Count]:
        """Apply all `increments` (distinct names) at `now` (epoch seconds) in one statement.

        Returns the counts in the order of the increments. Raises `CountersUnavailable`.
        """
        # One order for everybody, so that two statements over the same rows can't wait for each other.
        ordered = sorted(increments, key=lambda increment: increment.name)
        parameters: dict[str, object] = {"now": now}
        for position, increment in enumerate(ordered):
            parameters[f"n{position}"] = increment.name
            parameters[f"a{position}"] = increment.amount
            parameters[f"e{position}"] = now + increment.seconds
        statement = self._statement(len(ordered))
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(statement.sql, statement.arguments(parameters))
            rows = cursor.fetchall()
            cursor.close()
        except self._errors as error:
            connection.invalidate(error)
            raise CountersUnavailable(str(error)) from error
        finally:
            connection.close()
        if self._sweep_is_due():
            self._sweep(now)
        counts = {name: Count(used, expires_at) for name, used, expires_at in rows}
        return [counts[increment.name] for increment in increments]

    def size(self) -> int:
        """How many counters are kept, expired ones included until they are swept."""
        with self._engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM limit_counters")).scalar_one())

    def close(self) -> None:
        """Close the connections; the counters stay."""
        self._engine.dispose()

    def _sweep_is_due(self) -> bool:
        with self._calls_lock:
            self._calls += 1
            return self._calls % SWEEP_EVERY == 0

    def _sweep(self, now: float) -> None:
        with self._engine.connect() as connection:
            connection.execute(text("DELETE FROM limit_counters WHERE expires_at <= :now"), {"now": now})

    def _statement(self, rows: int) -> _Statement:
        """The upsert of that many rows, made once for this database's parameter style."""
        statement = self._statements.get(rows)
        if statement is None:
            values = ", ".join(f"(:n{row}, :a{row}, :e{row})" for row in range(rows))
            compiled = text(
                # Nothing in this text comes from a request; the values are bound.
                f"INSERT INTO limit_counters (name, used, expires_at) VALUES {values} "  # noqa: S608
                "ON CONFLICT (name) DO UPDATE SET "
                "used = CASE WHEN limit_counters.expires_at <= :now THEN excluded.used "
                "ELSE limit_counters.used + excluded.used END, "
                "expires_at = CASE WHEN limit_counters.expires_at <= :now THEN excluded.expires_at "
                "ELSE limit_counters.expires_at END "
                "RETURNING name, used, expires_at"
            ).compile(dialect=self._engine.dialect)
            # Positional styles (SQLite's) name the order; the others take the mapping itself.
            order = getattr(compiled, "positiontup", None)
            statement = _Statement(str(compiled), tuple(order) if order else None)
            self._statements[rows] = statement
        return statement


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL in the driver's own parameter style, and how to hand it its parameters."""

    sql: str
    order: tuple[str, ...] | None

    def arguments(self, parameters: dict[str, object]) -> Any:
        return parameters if self.order is None else tuple(parameters[name] for name in self.order)


def open_counters(store_url: str, folder: Path) -> Counters:
    """The counters of a node: a table of the store on PostgreSQL, else `limits.sqlite` in `folder`."""
    url = make_url(store_url)
    if url.get_backend_name() == "postgresql":
        return Counters(
            create_engine(
                url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", pool_pre_ping=True
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    # Every statement commits by itself, so there is nothing to roll back when a connection returns.
    engine = create_engine(
        f"sqlite:///{folder / 'limits.sqlite'}", isolation_level="AUTOCOMMIT", pool_reset_on_return=None
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    return Counters(engine)
