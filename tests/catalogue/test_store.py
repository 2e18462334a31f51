"""The store keeps its promises on SQLite; `tests/e2e` repeats what matters on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from catalogue import log
from catalogue.store import schema
from catalogue.store.database import Database
from catalogue.store.rows import RowInsert
from catalogue.store.tables import metadata, read_time, reports, stored_time

AT = datetime(2026, 6, 1, 12, 0, 0, 5, tzinfo=UTC)
DIGEST = "ab" * 32


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    schema.upgrade(opened)
    yield opened
    opened.close()


def test_migrations_make_exactly_the_tables_the_program_uses(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), metadata
        )
    assert differences == []


def test_store_of_another_revision_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(schema.SchemaOutdated) as caught:
        schema.require_current(database)
    assert caught.value.found == "0000"


def test_sqlite_commits_are_synced_and_readers_do_not_wait(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1


def test_entry_is_canonical_json_without_names(database: Database) -> None:
    with database.write() as connection:
        entry = log.append(connection, log.Op.LIST, DIGEST, AT)
    assert entry.to_bytes() == (
        b'{"at":"2026-06-01T12:00:00.000005Z","digest":"' + DIGEST.encode() + b'","op":"list","v":1}'
    )
    with database.read() as connection:
        assert log.entries(connection, 0, 10) == [entry]


def test_failed_transaction_leaves_neither_entry_nor_position(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            log.append(connection, log.Op.LIST, DIGEST, AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert log.read_heads(connection) == log.Heads(0, 0, 0, 0)
        assert log.entries(connection, 0, 10) == []


def test_positions_have_no_gaps_under_concurrent_writers(database: Database) -> None:
    def write() -> None:
        for _ in range(10):
            with database.write() as connection:
                log.append(connection, log.Op.LIST, DIGEST, AT)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert [entry.position for entry in log.entries(connection, 0, 100)] == list(range(40))
        assert log.read_heads(connection).intake_size == 40 == log.count(connection)


def test_row_inserted_directly_fails_as_any_other_would(database: Database) -> None:
    add = RowInsert(reports)
    with database.write() as connection:
        add(connection, {"position": 1, "report": b"x"})
    with pytest.raises(IntegrityError), database.write() as connection:
        add(connection, {"position": 1, "report": b"y"})
    with database.read() as connection:
        assert connection.execute(select(reports.c.report)).scalars().all() == [b"x"]


def test_erasure_is_remembered_by_digest(database: Database) -> None:
    with database.write() as connection:
        assert log.erased_at(connection, DIGEST) is None
        log.append(connection, log.Op.ERASE, DIGEST, AT)
        assert log.erased_at(connection, DIGEST) == AT


def test_stored_times_sort_as_times_do() -> None:
    early, late = datetime(987, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert stored_time(early) < stored_time(late.replace(microsecond=0)) < stored_time(late)
    assert read_time(stored_time(late)) == late
    assert read_time(stored_time(early)) == early
