"""What the index is to hold of records, worked out here or ahead in a process of its own.

Describing takes about as long as writing to the index. For an index made anew, where there is much of both,
one more process describes the next batch while the indexer's own writes the one before.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess

import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalogue.conclusions import Told
from catalogue.describing import Described, Describer
from catalogue.lifeline import end_with_parent, name_process
from catalogue.log import Heads, read_heads
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.trusting import TrustFile
from credentials.errors import Rejection
from search.document import Document
from vocab.model import Kind
from vocab.trust import TrustList

#: Entries from which on another process is worth its start, a second and a half of processor time: they take
#: six times as long.
WORTH_IT = 4_000
#: How long a process that is told to end may take before it is killed: it has nothing to put in order.
GOODBYE_SECONDS = 2.0

log = structlog.get_logger("catalogue.projecting")


@dataclass(frozen=True, slots=True)
class Projection:
    """What to put into the index for some records, and which of them to take out.

    `told` is what events tell of each that could be described, `at` the moment they were described for, and
    `ends` how much of the store they were described from.
    """

    upserts: list[Document]
    deletes: list[str]
    told: Mapping[str, Told | None]
    at: datetime
    ends: Heads


def projection_of(
    records: Sequence[str], described: Mapping[str, Described], now: datetime, ends: Heads
) -> Projection:
    """The projection of `records`, of which `described` are those that could be described."""
    upserts: list[Document] = []
    deletes: list[str] = []
    for record in records:
        found = described.get(record)
        if found is None or found.description.kind is Kind.EVIDENCE:
            deletes.append(record)
        else:
            upserts.append(found.document(now))
    told = {record: found.told(now.date()) for record, found in described.items()}
    return Projection(upserts, deletes, told, now, ends)


@dataclass(frozen=True, slots=True)
class _Question:
    """Records to describe for a moment, believing whom the indexer believes."""

    records: tuple[str, ...]
    now: datetime
    trust: TrustList


class Ahead:
    """A process that works out one projection while its owner does something else. For one thread.

    It is started with the first question, and ends with `close` or with the thread that started it. Whatever
    happens to it costs time only: what it doesn't answer its owner works out.
    """

    def __init__(self, store_url: str, *, worth_it: int = WORTH_IT) -> None:
        """`worth_it` is the number of entries from which on it helps."""
        self._store_url = store_url
        self._worth_it = worth_it
        self._process: SpawnProcess | None = None
        self._pipe: Pipe | None = None
        self._waiting = False
        self._lost = False

    @classmethod
    def of(cls, settings: Settings) -> Ahead | None:
        """One for the store of `settings`; None where there is no second processor to run it."""
        return cls(settings.store_url) if len(os.sched_getaffinity(0)) > 1 else None

    @property
    def pid(self) -> int | None:
        """The id of the process while there is one."""
        return self._process.pid if self._process is not None else None

    def helps_with(self, entries: int) -> bool:
        """Whether it is worth asking where so many entries are to be projected."""
        return entries >= self._worth_it and not self._lost

    def ask(self, records: Sequence[str], now: datetime, trust: TrustList) -> bool:
        """Have the records' projection worked out; returns whether there is an answer to `take`.

        An answer that nobody took is dropped: there is one question at a time, so neither side ever waits
        for the other to read, and no more than two batches are held.
        """
        if self._waiting:
            self.take()
        try:
            if self._pipe is None:
                self._start()
            if self._pipe is not None and not self._lost:
                self._pipe.send(_Question(tuple(records), now, trust))
                self._waiting = True
        except OSError as problem:
            self._lose(problem)
        return self._waiting

    def take(self) -> Projection | None:
        """The answer to the last question; None when the owner has to work it out."""
        if self._pipe is None or not self._waiting:
            return None
        self._waiting = False
        try:
            answer: Projection | None = self._pipe.recv()
        except (EOFError, OSError) as problem:
            self._lose(problem)
            return None
        return answer

    def close(self) -> None:
        """End the process; the next question starts another."""
        self._end()
        self._lost = False

    def _start(self) -> None:
        if self._lost:
            return
        # Never a fork: the indexer has threads, and connections that must not be shared.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        try:
            self._process = context.Process(
                target=_answer, args=(theirs, self._store_url, os.getpid()), name="ahead", daemon=True
            )
            self._process.start()
        finally:
            # So that its end, whoever caused it, ends the reading here.
            theirs.close()

    def _lose(self, problem: Exception) -> None:
        log.warning("the process that describes ahead is lost, going on without", problem=repr(problem))
        self._end()
        self._lost = True

    def _end(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        self._waiting = False
        if pipe is not None:
            pipe.close()
        if process is None or process.pid is None:
            return
        process.terminate()
        process.join(GOODBYE_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _answer(questions: Pipe, store_url: str, parent: int) -> None:
    """The other process: answers until there is nobody to ask."""
    # Ctrl-C reaches the whole group; its owner ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    name_process("ahead")
    database = Database(store_url)
    describer = Describer(TrustFile(None))
    try:
        while True:
            try:
                question: _Question = questions.recv()
            except EOFError:
                return
            questions.send(_answer_to(question, database, describer))
    finally:
        database.close()


def _answer_to(question: _Question, database: Database, describer: Describer) -> Projection | None:
    """None where the owner had better see itself what the matter is: a record nobody can read, an outage."""
    describer.trust = TrustFile(None, given=question.trust)
    try:
        with database.read() as connection:
            described = describer.describe_all(connection, question.records, question.now)
            return projection_of(question.records, described, question.now, read_heads(connection))
    except (Rejection, SQLAlchemyError, OSError):
        return None
