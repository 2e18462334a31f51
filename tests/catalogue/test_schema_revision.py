"""The revision that the program names is the newest migration."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from catalogue.schemas import listed as schemas_listed
from catalogue.store import schema
from catalogue.store.database import Database
from catalogue.store.tables import listings


def test_named_revision_is_the_newest_migration() -> None:
    migrations = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(migrations)).get_current_head() == schema.REVISION


#: A listing as a store of the first revision had it.
FIRST_LISTING = (
    "INSERT INTO listings (record_id, content_id, issuer, subject, digest, place, obtained, "
    "valid_from, listed_at, position, state) VALUES ('r', 'c', 'did:key:z', 'urn:s', 'd', 0, "
    "'inline', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', 0, 'listed')"
)


def test_an_old_store_with_data_comes_to_the_newest_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with database.engine.begin() as connection:
        connection.exec_driver_sql(FIRST_LISTING)
    assert schema.upgrade(database) == ("0001", schema.REVISION)
    with database.read() as connection:
        (row,) = connection.execute(select(listings)).all()
        assert (row.record_id, row.shapes) == ("r", "not_checked")
        assert schemas_listed(connection) == []
    database.close()
