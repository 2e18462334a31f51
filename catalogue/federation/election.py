"""Who does the federation's work, where several hosts run one store: one of them, until it ends.

Nothing rests on it but work saved: whatever the one elected does is right if two did it at once.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from catalogue.store.database import Database

#: The advisory lock's two numbers in PostgreSQL: any that no other program uses in this database.
_LOCK = (0x6361_7461, 1)


class Place:
    """The place of the one that works. Free again when its holder's process or connection ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: int | None = None
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Take the place, or keep it; False while another has it. Raises what the database does."""
        return self._take_file() if self._database.is_sqlite else self._take_lock()

    def leave(self) -> None:
        """Give the place to the next."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            # The lock is the connection's: it must not go back to a pool.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
        if self._file is None:
            path = Path(self._database.engine.url.database or "")
            file = os.open(f"{path}.federation", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            self._file = file
        return True

    def _take_lock(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._database.engine.connect().execution_options(
                    isolation_level="AUTOCOMMIT"
                )
                taken = self._connection.execute(
                    text("SELECT pg_try_advisory_lock(:one, :two)"), {"one": _LOCK[0], "two": _LOCK[1]}
                ).scalar_one()
                if not taken:
                    self.leave()
                return bool(taken)
            # A connection that broke has lost the lock.
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.leave()
            raise
        return True
