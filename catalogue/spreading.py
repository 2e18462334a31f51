"""Work on many things with all processors, results in the order of the things."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

#: Things handed on together: passing a result between processes costs less than a tenth of what it took.
CHUNK = 16
#: Fewer things than this are done sooner by one process than another one starts.
WORTH_IT = 64

Thing = TypeVar("Thing")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """A process that did part of the work ended before its share was done; it has said why by itself."""

    def __init__(self, worker: int) -> None:
        super().__init__(f"worker {worker} ended before its share was done")
        self.worker = worker


def spread(
    work: Callable[[Thing], Result], things: Sequence[Thing], processes: int | None = None
) -> Iterator[Result]:
    """`work` of each thing, in order; in several processes where there are many things and processors.

    `work` may hold anything, since the processes are forked: nothing but results is passed between them, and
    those must pickle. What it changes stays in its process. Raises what `work` raises when it is done here,
    WorkerLost when it isn't.
    """
    count = processes if processes is not None else len(os.sched_getaffinity(0))
    if count < 2 or len(things) < WORTH_IT:
        yield from map(work, things)
        return
    context = get_context("fork")
    readers: list[Connection] = []
    workers = []
    try:
        for number in range(count):
            reader, writer = context.Pipe(duplex=False)
            worker = context.Process(
                target=_share,
                args=(work, things, number, count, writer),
                name=f"spread-{number}",
                daemon=True,
            )
            worker.start()
            writer.close()
            readers.append(reader)
            workers.append(worker)
        for chunk in range(-(-len(things) // CHUNK)):
            try:
                yield from readers[chunk % count].recv()
            except EOFError as error:
                raise WorkerLost(chunk % count) from error
    finally:
        for reader in readers:
            reader.close()
        for worker in workers:
            worker.terminate()
            worker.join()


def _share(
    work: Callable[[Thing], Result], things: Sequence[Thing], number: int, count: int, writer: Connection
) -> None:
    """Every `count`-th chunk from `number` on. The pipe holds a few results: nobody runs far ahead."""
    for start in range(number * CHUNK, len(things), count * CHUNK):
        writer.send([work(thing) for thing in things[start : start + CHUNK]])
    writer.close()
