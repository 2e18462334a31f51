"""Connections: SQLite (WAL, full sync) or PostgreSQL, readers that never wait and one writer at a time."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, bindparam, create_engine, event, select, update
from sqlalchemy.engine import make_url

from catalogue.store.rows import RowQuery
from catalogue.store.tables import heads

#: SQLite waits this long for another process's lock before it gives up; longer than any transaction here.
BUSY_SECONDS = 30
#: KiB of pages that SQLite keeps in memory per connection. Small, since there are many connections.
SQLITE_CACHE_KIB = 4_096
#: Pages of write-ahead log between checkpoints (16 MB). A publication touches about twenty pages all over the
#: file, mostly the same ones again and again, so seldom writing them back saves most of that.
SQLITE_CHECKPOINT_PAGES = 4_000
#: Bytes of it that stay on disk after one: those pages of 4 KiB, each with its header, so that a usual
#: checkpoint cuts off nothing that is written again at once. It grows beyond while readers hold it back.
SQLITE_WAL_BYTES = SQLITE_CHECKPOINT_PAGES * (4_096 + 24) + 32

# Statements of the hot path are made once: building one costs more than running it.
_LOCK_HEADS = select(heads.c.id).with_for_update()
_NEXT_POSITION = RowQuery(
    update(heads).values(intake_size=heads.c.intake_size + 1).returning(heads.c.intake_size)
)
_NEXT_LEAF = RowQuery(
    update(heads)
    .values(intake_size=heads.c.intake_size + 1, tree_size=heads.c.tree_size + 1)
    .returning(heads.c.intake_size, heads.c.tree_size, heads.c.held)
)
_NEXT_EVENTS = (
    update(heads)
    .values(event_count=heads.c.event_count + bindparam("more", type_=BigInteger))
    .returning(heads.c.event_count)
)


class Database:
    """A pool of connections to the store. Make it after a fork, never before.

    `read()` is a snapshot. `write()` holds the single writer's place from its first statement, so what it
    has read can't change before it commits; leaving it normally commits durably, an exception rolls back.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._mutex = threading.Lock()
        self._lock_file: int | None = None
        if self.is_sqlite:
            path = Path(self._url.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.engine = _sqlite_engine(url)
        else:
            self.engine = _postgresql_engine(url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction over one consistent state."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one writing transaction: others, in this or any process, wait until it ends."""
        with self._single_writer(), self.engine.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(_LOCK_HEADS)
            yield connection

    @contextmanager
    def _single_writer(self) -> Iterator[None]:
        """On SQLite, queue in the kernel: its own busy handler sleeps and retries, which costs latency."""
        if self._lock_file is None:
            yield
            return
        with self._mutex:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=16, max_overflow=16
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver must not open transactions of its own: `begin` below says when and which.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        # An erasure is meant: deleted rows are overwritten, not only unlinked.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={SQLITE_CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA journal_size_limit={SQLITE_WAL_BYTES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Straight to the driver: the library's way round costs more than all else that beginning does.
        connection.connection.cursor().execute("BEGIN")

    return engine


def _postgresql_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, pool_size=8, max_overflow=8, pool_pre_ping=True)


class LogHeld(Exception):
    """The node's log may not grow for now; `reason` says why. Nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def take_position(connection: Connection) -> int:
    """The next position of the intake, for what is copied; to be called inside `write()`."""
    (size,) = _NEXT_POSITION(connection)
    return int(size) - 1


def take_leaf(connection: Connection) -> tuple[int, int]:
    """The next position of the intake and the next leaf of the node's log; to be called inside `write()`.

    Raises LogHeld, and then the transaction is to be given up.
    """
    intake_size, tree_size, held = _NEXT_LEAF(connection)
    if held is not None:
        raise LogHeld(held)
    return intake_size - 1, tree_size - 1


def take_event_numbers(connection: Connection, count: int) -> int:
    """The first of the next `count` numbers of events; to be called inside `write()`."""
    beyond: int = connection.execute(_NEXT_EVENTS, {"more": count}).scalar_one()
    return beyond - count
