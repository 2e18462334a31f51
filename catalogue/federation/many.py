"""Judge many: a few in threads of this process, a long log's in processes of their own, on all processors.

Whatever one of them does to the process that judges it (a fault of this program, or the end of the process)
concerns that one alone: it is put off, and the others go on.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalogue.counters import CountersUnavailable, open_counters
from catalogue.federation.judging import Judge, Judgement, Task, Undecided, lightened, open_judge
from catalogue.lifeline import end_with_parent, name_process
from catalogue.settings import Settings
from catalogue.store.database import Database
from credentials.times import utc_now

#: Tasks from which on it is worth starting processes, which costs each a second and a half: a batch that is
#: nearly full, so that more are to be expected after it.
WORTH_IT = 150
#: Tasks handed on together: passing them and their verdicts on costs a tenth of judging them.
CHUNK = 16
#: Tasks under way in this process. Most wait for a host, if anything: the interpreter runs one at a time.
THREADS = 8
#: Seconds without a long log after which the processes end.
IDLE_SECONDS = 60.0
#: How long a process that is told to end may take before it is killed.
GOODBYE_SECONDS = 1.0
#: The store, the counters or the disk are out of reach: that says nothing of what was to be judged.
OUTAGES = (SQLAlchemyError, CountersUnavailable, OSError)
#: Where a process leaves word of what it is judging, in case that ends it.
FOLDER = "judging"
_FAULT = "judging it ended in a fault of this program; the node's own log has it"
_ENDED = "judging it ended the process that did so"

log = structlog.get_logger("catalogue.federation")


class WorkerLost(Exception):
    """A process that judged has ended without an answer."""


class Many:
    """Judges for the threads of this process; `close` ends what it has started."""

    def __init__(self, settings: Settings, judge: Judge, *, worth_it: int = WORTH_IT) -> None:
        self._settings = settings
        self._judge = judge
        self._processes = len(os.sched_getaffinity(0))
        self._worth_it = worth_it if self._processes > 1 else None
        self._here = ThreadPoolExecutor(THREADS, thread_name_prefix="judging")
        self._askers = ThreadPoolExecutor(self._processes, thread_name_prefix="asking")
        self._mutex = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._used_at = 0.0
        self._words = _Words(settings.data / FOLDER)

    def judge_all(self, tasks: Sequence[Task]) -> list[Judgement]:
        """The verdicts in the order of the tasks. Raises what the store does when it is away, `OUTAGES`."""
        digests = {task.digest for task in tasks}
        if self._words.suspects & digests:
            # One of them may have ended the process before this one: each by itself, in another.
            alone = list(self._askers.map(self._alone, tasks))
            self._words.suspects -= digests
            return alone
        if self._worth_it is not None and len(tasks) >= self._worth_it:
            self._used_at = time.monotonic()
            chunks = [tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK)]
            return [one for judged in self._askers.map(self._apart, chunks) for one in judged]
        with self._words.of(tasks):
            futures = [self._here.submit(self._judge.judge, task) for task in tasks]
            return [_outcome(task, future) for task, future in zip(tasks, futures, strict=True)]

    def rest(self) -> None:
        """End processes that have had nothing to do for a while."""
        if time.monotonic() - self._used_at >= IDLE_SECONDS:
            with self._mutex:
                idle, self._idle = self._idle, []
                self._all -= set(idle)
            for worker in idle:
                worker.end()

    def close(self) -> None:
        """End everything, also what is under way: nothing is lost by it."""
        with self._mutex:
            workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.end()
        self._askers.shutdown(wait=False, cancel_futures=True)
        self._here.shutdown(wait=False, cancel_futures=True)

    def _apart(self, tasks: Sequence[Task]) -> list[Judgement]:
        worker = self._take()
        try:
            judged = worker.judge(tasks)
        except WorkerLost:
            self._lose(worker)
            return [self._alone(task) for task in tasks]
        with self._mutex:
            self._idle.append(worker)
        return judged

    def _alone(self, task: Task) -> Judgement:
        worker = self._take()
        try:
            (judged,) = worker.judge([task])
        except WorkerLost:
            self._lose(worker)
            log.error("judging an entry's bytes ended the process", digest=task.digest, peer=task.peer)
            return Undecided(_ENDED)
        with self._mutex:
            self._idle.append(worker)
        return judged

    def _take(self) -> _Worker:
        with self._mutex:
            if self._idle:
                return self._idle.pop()
        worker = _Worker(self._settings)
        with self._mutex:
            self._all.add(worker)
        return worker

    def _lose(self, worker: _Worker) -> None:
        with self._mutex:
            self._all.discard(worker)
        worker.end()


class _Worker:
    """One process that judges, for one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        # Never a fork: this process has threads, and connections that must not be shared.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        try:
            self._process = context.Process(
                target=_answer, args=(theirs, settings, os.getpid()), name="judge", daemon=True
            )
            self._process.start()
        finally:
            # So that its end, whoever caused it, ends the reading here.
            theirs.close()

    def judge(self, tasks: Sequence[Task]) -> list[Judgement]:
        """The verdicts. WorkerLost when there are none."""
        try:
            self._pipe.send(list(tasks))
            judged: list[Judgement] = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerLost from error
        return judged

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.terminate()
        self._process.join(GOODBYE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


def _answer(questions: Pipe, settings: Settings, parent: int) -> None:
    """The other process: answers until there is nobody to ask."""
    # Ctrl-C reaches the whole group; its owner ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    name_process("judge")
    database = Database(settings.store_url)
    counters = open_counters(settings.store_url, settings.data)
    try:
        judge = open_judge(settings, database, counters, utc_now)
        # What was loaded never becomes garbage: looking through it again and again takes a tenth of the time.
        gc.collect()
        gc.freeze()
        while True:
            try:
                tasks: list[Task] = questions.recv()
            except EOFError:
                return
            questions.send([lightened(judgement) for judgement in judge.judge_all(tasks)])
    finally:
        counters.close()
        database.close()


def _outcome(task: Task, future: Future[Judgement]) -> Judgement:
    """What came of a task in a thread; a fault of the program is that task's alone."""
    problem = future.exception()
    if problem is None:
        return future.result()
    if isinstance(problem, OUTAGES) or not isinstance(problem, Exception):
        raise problem
    log.error("fault while judging an entry's bytes", digest=task.digest, peer=task.peer, exc_info=problem)
    return Undecided(_FAULT)


class _Words:
    """Word of what is being judged in this process, in small files that are there while it is.

    `suspects`: what was being judged when a process before this one ended without taking its word back.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers = count()
        self.suspects: set[str] = set()
        for file in folder.iterdir():
            self.suspects |= set(file.read_text(encoding="ascii", errors="replace").split())
            file.unlink(missing_ok=True)

    @contextmanager
    def of(self, tasks: Sequence[Task]) -> Iterator[None]:
        """Leave word for the time of the block."""
        file = self._folder / f"{os.getpid()}-{next(self._numbers)}"
        file.write_text("\n".join(task.digest for task in tasks), encoding="ascii")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
