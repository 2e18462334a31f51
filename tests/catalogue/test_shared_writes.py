"""Threads that write at the same time share a transaction, and none pays for another's failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from catalogue import log
from catalogue.store import schema
from catalogue.store.database import Database
from catalogue.store.shared_writes import SharedWrites

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WRITERS = 6


class Refusal(Exception):
    """What a piece of work may raise."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    schema.upgrade(opened)
    yield opened
    opened.close()


def entry(number: int) -> Callable[[Connection], int]:
    return lambda connection: log.append(connection, log.Op.LIST, f"{number:064}", AT).position


def listed(database: Database) -> list[str]:
    with database.read() as connection:
        return [found.digest for found in log.entries(connection, 0, 100)]


@contextmanager
def counted_commits(database: Database) -> Iterator[list[None]]:
    commits: list[None] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(None))
    yield commits


def together(database: Database, works: list[Callable[[Connection], int]]) -> list[Future[int]]:
    """Run the works so that all of them wait while somebody else holds the writer's place."""
    writes = SharedWrites(database)
    started = threading.Barrier(len(works) + 1)

    def run(work: Callable[[Connection], int]) -> int:
        started.wait()
        return writes.run(work)

    with ThreadPoolExecutor(len(works)) as pool:
        with database.write():
            futures = [pool.submit(run, work) for work in works]
            started.wait()
            while len(writes._waiting) < len(works):
                threading.Event().wait(0.001)
        return futures


def test_those_who_wait_share_one_commit(database: Database) -> None:
    with counted_commits(database) as commits:
        done = together(database, [entry(number) for number in range(WRITERS)])
        assert sorted(future.result() for future in done) == list(range(WRITERS))
    assert len(commits) == 2  # whoever held the place, and then all of them
    assert len(listed(database)) == WRITERS


def test_each_gets_the_result_of_its_own_work(database: Database) -> None:
    done = together(database, [entry(number) for number in range(WRITERS)])
    for number, future in enumerate(done):
        assert listed(database)[future.result()] == f"{number:064}"


def test_a_failure_reaches_its_own_caller_only_and_leaves_nothing(database: Database) -> None:
    def refuse(connection: Connection) -> int:
        entry(9)(connection)
        raise Refusal

    done = together(database, [entry(0), refuse, entry(1), entry(2)])
    assert isinstance(done[1].exception(), Refusal)
    assert sorted(done[place].result() for place in (0, 2, 3)) == [0, 1, 2]
    assert f"{9:064}" not in listed(database)
    assert len(listed(database)) == 3


def test_a_failure_alone_is_not_tried_again(database: Database) -> None:
    tries: list[None] = []

    def refuse(_connection: Connection) -> int:
        tries.append(None)
        raise Refusal

    with pytest.raises(Refusal):
        SharedWrites(database).run(refuse)
    assert len(tries) == 1


def test_nobody_is_answered_before_the_commit(database: Database) -> None:
    answered_at_commit: list[bool] = []
    futures: list[Future[int]] = []
    begun = threading.Event()

    @event.listens_for(database.engine, "commit")
    def look(_connection: Connection) -> None:
        begun.wait()
        answered_at_commit.append(any(future.done() for future in futures))

    with ThreadPoolExecutor(1) as pool:
        futures.append(pool.submit(SharedWrites(database).run, entry(0)))
        begun.set()
    assert answered_at_commit == [False]
    assert futures[0].result() == 0


def test_a_store_out_of_reach_fails_everybody_and_works_again_later(database: Database) -> None:
    def out_of_reach(_connection: Connection) -> None:
        raise ConnectionError

    writes = SharedWrites(database)
    event.listen(database.engine, "begin", out_of_reach)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(writes.run, entry(number)) for number in range(3)]
    assert all(isinstance(future.exception(), ConnectionError) for future in done)
    event.remove(database.engine, "begin", out_of_reach)
    assert writes.run(entry(0)) == 0
