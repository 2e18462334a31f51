"""One of several processes on one store has the place, and the next has it when that one is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import SQLAlchemyError

from catalogue.federation.election import Place
from catalogue.node import Node
from catalogue.store.database import Database


@pytest.fixture
def places(node: Node) -> Iterator[Callable[[], Place]]:
    """Make places, each with connections of its own, as a process has them."""
    databases: list[Database] = []
    made: list[Place] = []

    def make() -> Place:
        databases.append(Database(node.settings.store_url))
        made.append(Place(databases[-1]))
        return made[-1]

    yield make
    for place in made:
        place.leave()
    for database in databases:
        database.close()


def test_place_is_for_one_until_it_leaves(places: Callable[[], Place]) -> None:
    first, second = places(), places()
    assert first.take()
    assert not second.take()
    # Taking it again keeps it.
    assert first.take()
    assert not second.take()
    first.leave()
    assert second.take()
    assert not first.take()


def test_lost_connection_is_a_lost_place(places: Callable[[], Place], node: Node) -> None:
    if node.database.is_sqlite:
        pytest.skip("a lock on a file isn't lost before its process ends")
    first, second = places(), places()
    assert first.take()
    with node.database.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        )
    with pytest.raises(SQLAlchemyError):
        first.take()
    assert second.take()
    assert not first.take()
