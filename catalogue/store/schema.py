"""The store's schema version: create, upgrade, and refuse to run on another one.

alembic is imported only to upgrade: every worker asks for the revision, few ever change it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from catalogue.store.database import Database

#: The newest step in `migrations/versions`; a test compares the two.
REVISION = "0011"
_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutdated(Exception):
    """The store has another shape than this program: `found` and `wanted` are revisions (None: empty)."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(f"the store is at revision {found}, this program needs {wanted}")
        self.found = found
        self.wanted = wanted


def wanted_revision() -> str:
    """The revision that this program was written for."""
    return REVISION


def found_revision(database: Database) -> str | None:
    """The revision of the store, None when it is empty."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the store to this program's revision in one transaction; returns (before, after)."""
    from alembic import command
    from alembic.config import Config

    before, wanted = found_revision(database), wanted_revision()
    if before != wanted:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, wanted


def require_current(database: Database) -> None:
    """Pass when the store has this program's shape. Raises SchemaOutdated."""
    found, wanted = found_revision(database), wanted_revision()
    if found != wanted:
        raise SchemaOutdated(found, wanted)
