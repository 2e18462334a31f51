"""The revision that the program names is the newest migration."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory

from catalogue.store import schema


def test_named_revision_is_the_newest_migration() -> None:
    migrations = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(migrations)).get_current_head() == schema.REVISION
