"""Single rows in and out at the driver's speed: handing a statement on costs more than running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert
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
        sql, names, fixed = self._form(connection)
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

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of `rows`, in order."""
        sql, names, fixed = self._form(connection)
        given = [dict(fixed) | dict(row) for row in rows] if fixed else rows
        errors = connection.dialect.loaded_dbapi.Error
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(
                sql, given if names is None else [tuple([row[name] for name in names]) for row in given]
            )
        except errors as error:
            raise DBAPIError.instance(sql, None, error, errors, dialect=connection.dialect) from error
        finally:
            cursor.close()

    def _form(self, connection: Connection) -> tuple[str, tuple[str, ...] | None, Mapping[str, Any]]:
        """The SQL in the driver's own style, the order of its values, and those that are always the same."""
        form = self._forms.get(connection.dialect.name)
        if form is None:
            compiled = self._statement.compile(dialect=connection.dialect)
            # Positional styles (SQLite's) name the order; the others take the mapping itself.
            order = getattr(compiled, "positiontup", None)
            given = {name: value for name, value in compiled.params.items() if value is not None}
            form = (str(compiled), tuple(order) if order else None, given)
            self._forms[connection.dialect.name] = form
        return form


class RowInsert:
    """Inserts whole rows of one table, which a publication does six times."""

    def __init__(self, table: Table, *columns: str) -> None:
        """`columns`: those that rows name, all of the table's if none is given."""
        statement = insert(table)
        if columns:
            statement = statement.values({name: bindparam(name) for name in columns})
        self._prepared = _Prepared(statement)

    def __call__(self, connection: Connection, row: dict[str, Any]) -> None:
        """Insert `row`, which names every one of them. Raises IntegrityError, OperationalError as ever."""
        self._prepared.run(connection, row, answers=False)

    def all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert `rows`, each of which names every column that the statement has."""
        self._prepared.run_all(connection, rows)


class RowChange:
    """A change of single rows by a few values, for many rows at once."""

    def __init__(self, statement: ClauseElement) -> None:
        self._prepared = _Prepared(statement)

    def all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make it for each of `rows`, in order. Raises OperationalError as ever."""
        self._prepared.run_all(connection, rows)


class RowQuery:
    """A query, or a change that answers, for one row by a few values: what each publication asks."""

    def __init__(self, statement: ClauseElement) -> None:
        self._prepared = _Prepared(statement)

    def __call__(self, connection: Connection, **values: Any) -> Any:
        """The first row as a tuple, None without one. Raises OperationalError as ever."""
        rows = self._prepared.run(connection, values, answers=True)
        return rows[0] if rows else None
