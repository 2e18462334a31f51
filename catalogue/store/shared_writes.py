"""Several writers, one commit: those who wait while a transaction is being synced share the next one.

A durable commit costs milliseconds of waiting for the disk, whatever is in it, and one follows the other. So
the work of all threads that wait is done in one transaction, and each is answered when that one is durable.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from catalogue.store.database import Database

#: Pieces of work in one transaction: enough for all threads of a worker, and it stays a short one.
MAX_TOGETHER = 32

Result = TypeVar("Result")


class _Piece(Generic[Result]):
    """One thread's work. The thread sleeps on `woken` until its work is done, or is its own to do."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self.work = work
        self.woken = threading.Event()
        self.leads = False
        #: Empty until the work is durable, then what it returned.
        self.results: tuple[Result, ...] = ()


class SharedWrites:
    """Writing transactions over one database, shared by the threads of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mutex = threading.Lock()
        self._waiting: deque[_Piece[Any]] = deque()
        self._led = False

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` inside a writing transaction; durable when this returns.

        When `work` raises, nothing of it stays and the caller gets what it raised. It may be done twice: when
        other work in the same transaction fails, that one is rolled back and each is done by itself.
        """
        piece = _Piece(work)
        with self._mutex:
            self._waiting.append(piece)
            piece.leads, self._led = not self._led, True
        if not piece.leads:
            piece.woken.wait()
        if piece.leads:
            self._lead()
        if piece.results:
            return piece.results[0]
        with self._database.write() as connection:
            return work(connection)

    def _lead(self) -> None:
        """Do the work of all who wait when the transaction starts, then name who leads next."""
        together: list[_Piece[Any]] = []
        try:
            with self._database.write() as connection:
                together = self._take()
                results = [piece.work(connection) for piece in together]
            for piece, result in zip(together, results, strict=True):
                piece.results = (result,)
        except Exception:
            together = together or self._take()
            if len(together) == 1:
                raise
            # Whose failure it is shows when each does its work by itself.
        finally:
            self._hand_over(together)

    def _take(self) -> list[_Piece[object]]:
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(MAX_TOGETHER, len(self._waiting)))]

    def _hand_over(self, together: list[_Piece[object]]) -> None:
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
            if following is not None:
                following.leads = True
                following.woken.set()
        for piece in together:
            piece.woken.set()
