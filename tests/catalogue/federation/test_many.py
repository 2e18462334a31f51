"""Many are judged in processes of their own, and what one of them does to its process concerns it alone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from small_federation import Member
from world import Provider

from catalogue.federation import many as module
from catalogue.federation.judging import (
    Accepted,
    Judge,
    Judgement,
    NotAccepted,
    Task,
    Undecided,
    lightened,
)
from catalogue.federation.many import CHUNK, FOLDER, Many
from catalogue.log import Op
from credentials.identity import digest_of

PEER = "there.example"


def task(data: bytes) -> Task:
    return Task(Op.LIST, digest_of(data), data, PEER)


def tasks(provider: Provider, count: int) -> list[Task]:
    """Offerings, every fourth of them damaged."""
    made = []
    for number in range(count):
        data = provider.sign(provider.offering(subject=f"https://p.example/o/{number}"))
        made.append(task(data[:-4] + b"AAAA" if number % 4 == 3 else data))
    return made


class Poisoned(Judge):
    """A judge that one kind of bytes does something to."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def judge(self, task: Task) -> Judgement:
        if task.data == b"fault":
            raise RecursionError("a fault of the program")
        return self._judge.judge(task)


@pytest.fixture
def apart(member: Member) -> Iterator[Many]:
    """Judges in other processes from two tasks on."""
    made = Many(member.node.settings, member.judge, worth_it=2)
    if made._worth_it is None:
        pytest.skip("there is one processor only")
    yield made
    made.close()


def kinds(judged: Sequence[Judgement]) -> list[type]:
    return [type(one) for one in judged]


def test_a_fault_while_one_is_judged_here_puts_that_one_off_and_no_other(
    member: Member, provider: Provider
) -> None:
    here = Many(member.node.settings, Poisoned(member.judge))
    good = tasks(provider, 1)
    judged = here.judge_all([*good, task(b"fault"), *good])
    here.close()
    assert kinds(judged) == [Accepted, Undecided, Accepted]


def test_what_ended_the_process_before_is_judged_in_another(member: Member, provider: Provider) -> None:
    (suspect,) = tasks(provider, 1)
    folder = member.node.settings.data / FOLDER
    folder.mkdir()
    (folder / "123-0").write_text(suspect.digest)
    here = Many(member.node.settings, Poisoned(member.judge))
    (judged,) = here.judge_all([suspect])
    assert isinstance(judged, Accepted)
    assert len(here._all) == 1, "one process was started for it"
    assert list(folder.iterdir()) == []
    # It is cleared, and needs no other process again.
    here._all.pop().end()
    here._idle.clear()
    assert isinstance(here.judge_all([suspect])[0], Accepted)
    assert not here._all
    here.close()


def test_word_is_left_while_something_is_judged_here(
    member: Member, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    folder: Path = member.node.settings.data / FOLDER

    class Looking(Poisoned):
        def judge(self, task: Task) -> Judgement:
            found.extend(file.read_text() for file in folder.iterdir())
            return super().judge(task)

    here = Many(member.node.settings, Looking(member.judge))
    (one,) = tasks(provider, 1)
    here.judge_all([one])
    here.close()
    assert found == [one.digest]
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_many_are_judged_apart_as_they_are_here(member: Member, provider: Provider, apart: Many) -> None:
    given = tasks(provider, 3 * CHUNK + 1)
    judged = apart.judge_all(given)
    expected = [member.judge.judge(one) for one in given]
    assert kinds(judged) == kinds(expected)
    assert kinds(judged).count(NotAccepted) == (3 * CHUNK + 1) // 4
    for one, other in zip(judged, expected, strict=True):
        if isinstance(one, Accepted) and isinstance(other, Accepted):
            light = lightened(other)
            assert isinstance(light, Accepted)
            assert one.verified.credentials == light.verified.credentials  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_process_that_ends_while_it_judges_costs_no_verdict(provider: Provider, apart: Many) -> None:
    given = tasks(provider, 8 * CHUNK)
    apart.judge_all(given[:CHUNK])
    (worker,) = apart._idle
    assert worker._process.pid is not None
    killer = threading.Timer(0.01, os.kill, (worker._process.pid, signal.SIGKILL))
    killer.start()
    judged = apart.judge_all(given)
    killer.join()
    assert kinds(judged).count(NotAccepted) == len(given) // 4
    assert kinds(judged).count(Accepted) == len(given) - len(given) // 4


@pytest.mark.slow
def test_what_ends_every_process_that_judges_it_is_put_off_and_the_others_are_judged(
    provider: Provider, apart: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tasks(provider, 4)
    poison = given[1].digest
    ask = module._Worker.judge

    def killing(worker: module._Worker, tasks: Sequence[Task]) -> list[Judgement]:
        if any(one.digest == poison for one in tasks):
            worker._process.kill()
        return ask(worker, tasks)

    monkeypatch.setattr(module._Worker, "judge", killing)
    judged = apart.judge_all(given)
    assert kinds(judged) == [Accepted, Undecided, Accepted, NotAccepted]


@pytest.mark.slow
def test_idle_processes_end(provider: Provider, apart: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    apart.judge_all(tasks(provider, 2))
    apart.rest()
    (worker,) = apart._idle
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    apart.rest()
    assert worker._process.exitcode is not None
    assert (apart._idle, apart._all) == ([], set())
