"""Single rows in and out at the driver's speed: handing a statement on costs more than running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement


class _Prepared:
    """A statement whose SQL is made once for each database's dialect.

    Values go to the driver, and come from it, as they are: it is only for text, integers and bytes.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._forms: dict[str, tuple[str, tuple[str, ...] | None, Mapping[str, Any]]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any], *, answers: bool) -> Sequence[Any]:
        """Execute it; its rows, if it `answers` with any. Raises IntegrityError, OperationalError as ever."""
        form = self._forms.get(connection.dialect.name)
        if form is None:
            compiled = self._statement.compile(dialect=connection.dialect)
            # Positional styles (SQLite's) name the order; the others take the mapping itself.
            order = getattr(compiled, "positiontup", None)
            given = {name: value for name, value in compiled.params.items() if value is not None}
            form = (str(compiled), tuple(order) if order else None, given)
            self._forms[connection.dialect.name] = form
        sql, names, fixed = form
        if fixed:
            values = dict(fixed) | dict(values)
        errors = connection.dialect.loaded_dbapi.Error
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql, values if names is None else tuple([values[name] for name in names]))
            return cursor.fetchall() if answers else ()
        except errors as error:
            raise DBAPIError.instance(sql, None, error, errors, dialect=connection.dialect) from error
        finally:
            cursor.close()


class RowInsert:
    """Inserts whole rows of one table, which a publication does six times."""

    def __init__(self, table: Table) -> None:
        self._prepared = _Prepared(insert(table))

    def __call__(self, connection: Connection, row: dict[str, Any]) -> None:
        """Insert `row`, which names every column. Raises IntegrityError, OperationalError as ever."""
        self._prepared.run(connection, row, answers=False)


class RowQuery:
    """A query, or a change that answers, for one row by a few values: what each publication asks."""

    def __init__(self, statement: ClauseElement) -> None:
        self._prepared = _Prepared(statement)

    def __call__(self, connection: Connection, **values: Any) -> Any:
        """The first row as a tuple, None without one. Raises OperationalError as ever."""
        rows = self._prepared.run(connection, values, answers=True)
        return rows[0] if rows else None
