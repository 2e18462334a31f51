"""Work spread over processes: all of it, in order, and no silence when a process is lost."""

from __future__ import annotations

import os

import pytest

from catalogue.spreading import CHUNK, WORTH_IT, WorkerLost, spread


@pytest.mark.parametrize("count", [0, 1, CHUNK, WORTH_IT - 1, WORTH_IT, WORTH_IT + 1, 5 * CHUNK + 3])
@pytest.mark.parametrize("processes", [1, 2, 3, None])
def test_every_result_comes_once_and_in_order(count: int, processes: int | None) -> None:
    assert list(spread(lambda thing: thing * 3, range(count), processes)) == [n * 3 for n in range(count)]


def test_many_things_are_done_by_as_many_processes_as_asked() -> None:
    by = set(spread(lambda _: os.getpid(), range(20 * CHUNK), 3))
    assert len(by) == 3
    assert os.getpid() not in by


def test_few_things_are_done_here() -> None:
    assert set(spread(lambda _: os.getpid(), range(WORTH_IT - 1), 3)) == {os.getpid()}


def test_lost_process_is_an_error_and_not_a_shorter_answer() -> None:
    def work(thing: int) -> int:
        if thing == 3 * CHUNK:
            os._exit(9)
        return thing

    with pytest.raises(WorkerLost):
        list(spread(work, range(10 * CHUNK), 2))


def test_reader_that_stops_early_leaves_no_process_behind() -> None:
    answers = spread(lambda thing: (thing, os.getpid()), range(100 * CHUNK), 2)
    _, worker = next(answers)
    answers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
