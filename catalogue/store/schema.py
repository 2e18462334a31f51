"""The store's schema version: create, upgrade, and refuse to run on another one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalogue.store.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutdated(Exception):
    """The store has another shape than this program: `found` and `wanted` are revisions (None: empty)."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(f"the store is at revision {found}, this program needs {wanted}")
        self.found = found
        self.wanted = wanted


def wanted_revision() -> str:
    """The revision that this program was written for."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if head is None:
        raise RuntimeError("the program carries no migrations")
    return head


def found_revision(database: Database) -> str | None:
    """The revision of the store, None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the store to this program's revision in one transaction; returns (before, after)."""
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
