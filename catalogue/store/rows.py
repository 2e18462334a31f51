"""Inserting single rows at the driver's speed: building a statement costs more than running it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError


class RowInsert:
    """Inserts whole rows of one table, which a publication does six times.

    The SQL is made once for each database's dialect. Values go to the driver as they are, so it is only for
    tables of text, integers and bytes.
    """

    def __init__(self, table: Table) -> None:
        self._statement = insert(table)
        self._forms: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def __call__(self, connection: Connection, row: dict[str, Any]) -> None:
        """Insert `row`, which names every column. Raises IntegrityError, OperationalError as ever."""
        form = self._forms.get(connection.dialect.name)
        if form is None:
            compiled = self._statement.compile(dialect=connection.dialect)
            # Positional styles (SQLite's) name the order; the others take the mapping itself.
            order = getattr(compiled, "positiontup", None)
            form = self._forms[connection.dialect.name] = (str(compiled), tuple(order) if order else None)
        sql, names = form
        errors = connection.dialect.loaded_dbapi.Error
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql, row if names is None else tuple(row[name] for name in names))
        except errors as error:
            raise DBAPIError.instance(sql, None, error, errors, dialect=connection.dialect) from error
        finally:
            cursor.close()
