"""The embedded engine as files: one writer, many readers, sudden death, damage."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from search_samples import document, record

from search.embedded import EmbeddedEngine
from search.engine import IndexBusy, IndexMissing, IndexUnusable
from search.query import Query, Sort

#: Times that the writing process is killed; more for a soak.
KILLS = int(os.environ.get("SEARCH_KILLS", "12"))
#: Documents per change in the process that is killed; ids repeat, so that segments get deletes and merges.
BATCH, IDS = 7, 300

WRITER = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from search_samples import document, record
from search.embedded import EmbeddedEngine

engine = EmbeddedEngine(Path(sys.argv[1]), writable=True)
step = int(engine.position() or 0)
print("ready", flush=True)
while True:
    step += 1
    numbers = [(step * {BATCH} + i) % {IDS} for i in range({BATCH})]
    engine.apply(
        [document(str(n), f"step {{step}}", minutes=step) for n in numbers],
        [record(str((step * {BATCH} + {IDS} // 2) % {IDS}))],
        str(step),
    )
    print(step, flush=True)
"""


def keys(engine: EmbeddedEngine, query: Query | None = None) -> list[str]:
    return [str(hit.item["key"]) for hit in engine.search(query or Query(sort=Sort.NAME)).hits]


def expected_after(steps: int) -> dict[str, int]:
    """What the writer's index holds after `steps`: the step that each key was last written in."""
    kept: dict[str, int] = {}
    for step in range(1, steps + 1):
        kept.pop(str((step * BATCH + IDS // 2) % IDS), None)
        kept |= {str((step * BATCH + i) % IDS): step for i in range(BATCH)}
    return kept


def contents(engine: EmbeddedEngine) -> dict[str, int]:
    held: dict[str, int] = {}
    query = Query(sort=Sort.LISTED_AT, size=100)
    while True:
        page = engine.search(query)
        held |= {str(hit.item["key"]): int(hit.item["names"][""].split()[1]) for hit in page.hits}  # type: ignore[index]
        if page.next is None:
            assert page.total == len(held)
            return held
        query = Query(sort=Sort.LISTED_AT, size=100, cursor=page.next)


def test_writer_killed_at_any_instant_leaves_an_index_that_goes_on(tmp_path: Path) -> None:
    chance = random.Random(4)
    seen = 0
    for _ in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        for _ in range(chance.randrange(1, 6)):
            writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.05))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        engine = EmbeddedEngine(tmp_path, writable=False)
        position = int(engine.position() or 0)
        # The change after the position may be in (it will be replayed), nothing before it may be missing.
        assert contents(engine) in (expected_after(position), expected_after(position + 1))
        assert position >= seen
        seen = position
        engine.close()
    assert seen >= KILLS


def test_reader_sees_what_another_process_commits(tmp_path: Path) -> None:
    reader = EmbeddedEngine(tmp_path, writable=False)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        positions: set[str | None] = set()
        while len(positions) < 4 and time.monotonic() < deadline:
            reader.refresh()
            try:
                positions.add(reader.position())
                # Newer contents than the position are possible, older ones are not.
                newest = int(
                    reader.search(Query(sort=Sort.LISTED_AT, size=1)).hits[0].item["names"][""].split()[1]
                )  # type: ignore[index]
            except (IndexMissing, IndexError):
                continue
            assert newest >= 1
        assert len(positions) >= 4
    finally:
        writer.kill()
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()


def test_missing_index_is_said_to_be_missing_until_there_is_one(tmp_path: Path) -> None:
    reader = EmbeddedEngine(tmp_path / "index", writable=False)
    with pytest.raises(IndexMissing):
        reader.search(Query())
    with pytest.raises(IndexMissing):
        reader.position()
    EmbeddedEngine(tmp_path / "index", writable=True).close()
    reader.refresh()
    assert reader.search(Query()).total == 0


def test_change_is_invisible_until_refresh(tmp_path: Path) -> None:
    writer = EmbeddedEngine(tmp_path, writable=True)
    reader = EmbeddedEngine(tmp_path, writable=False)
    writer.apply([document("a")], (), "1")
    assert (reader.search(Query()).total, writer.search(Query()).total) == (0, 0)
    reader.refresh()
    writer.refresh()
    assert (reader.search(Query()).total, writer.search(Query()).total) == (1, 1)


def test_readers_follow_when_the_index_is_wiped(tmp_path: Path) -> None:
    writer = EmbeddedEngine(tmp_path, writable=True)
    writer.apply([document("a")], (), "1")
    reader = EmbeddedEngine(tmp_path, writable=False)
    writer.wipe()
    assert keys(reader) == ["a"]
    writer.apply([document("b")], (), "2")
    reader.refresh()
    assert (keys(reader), reader.position()) == (["b"], "2")
    assert len([entry for entry in tmp_path.iterdir() if entry.is_dir()]) == 1


def test_second_writer_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    first = EmbeddedEngine(tmp_path, writable=True)
    with pytest.raises(IndexBusy):
        EmbeddedEngine(tmp_path, writable=True)
    first.apply([document("a")], (), "1")
    first.close()
    second = EmbeddedEngine(tmp_path, writable=True)
    assert second.position() == "1"


def test_reader_changes_nothing(tmp_path: Path) -> None:
    EmbeddedEngine(tmp_path, writable=True).close()
    reader = EmbeddedEngine(tmp_path, writable=False)
    with pytest.raises(PermissionError):
        reader.apply([document("a")], (), "1")
    with pytest.raises(PermissionError):
        reader.wipe()


def test_closed_engine_answers_nothing(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, writable=True)
    engine.close()
    with pytest.raises(IndexUnusable):
        engine.search(Query())


@pytest.mark.parametrize("name", ["0-000001", "rubbish", "1-000077", "", "../1-000001"])
def test_index_of_another_version_is_unusable_until_wiped(tmp_path: Path, name: str) -> None:
    EmbeddedEngine(tmp_path, writable=True).close()
    (tmp_path / "current").write_text(name)
    writer = EmbeddedEngine(tmp_path, writable=True)
    reader = EmbeddedEngine(tmp_path, writable=False)
    for engine in (writer, reader):
        with pytest.raises(IndexUnusable):
            engine.position()
        with pytest.raises(IndexUnusable):
            engine.search(Query())
    with pytest.raises(IndexUnusable):
        writer.apply([document("a")], (), "1")
    writer.wipe()
    writer.apply([document("a")], (), "1")
    reader.refresh()
    assert (keys(reader), reader.position()) == (["a"], "1")


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "noise"])
def test_damaged_files_never_break_the_process(tmp_path: Path, damage: str) -> None:
    origin = EmbeddedEngine(tmp_path / "origin", writable=True)
    origin.apply([document(str(i), f"name {i}", labels=("x",)) for i in range(50)], (), "1")
    origin.close()
    (folder,) = (entry for entry in (tmp_path / "origin").iterdir() if entry.is_dir())
    unusable = 0
    for number, file in enumerate(sorted((folder / "index").iterdir())):
        target = tmp_path / f"copy{number}"
        subprocess.run(["cp", "-r", str(tmp_path / "origin"), str(target)], check=True)
        hurt = target / folder.name / "index" / file.name
        data = hurt.read_bytes()
        if damage == "gone":
            hurt.unlink()
        else:
            hurt.write_bytes(
                {"cut": data[: len(data) // 2], "empty": b"", "noise": random.Random(1).randbytes(len(data))}[
                    damage
                ]
            )
        engine = EmbeddedEngine(target, writable=True)
        try:
            engine.search(Query(text="name", facets=("label",), size=100))
            engine.search(Query(sort=Sort.NAME, size=100))
            engine.apply([document("new", "new")], (), "2")
        except IndexUnusable:
            unusable += 1
            engine.wipe()
            engine.apply([document("new", "new")], (), "2")
        engine.refresh()
        assert "new" in keys(engine, Query(text="new"))
        engine.close()
    assert unusable >= 3


@contextmanager
def no_room() -> Iterator[None]:
    """No file can grow beyond a few kilobytes, as on a disk that is full."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_change_that_cannot_be_stored_can_be_repeated(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, writable=True)
    engine.apply([document("a")], (), "1")
    change = [document(str(i), f"name {i}") for i in range(500)]
    with no_room():
        for _ in range(2):
            with pytest.raises(OSError, match="can't be written"):
                engine.apply(change, (), "2")
            assert engine.position() == "1"
    engine.apply(change, (), "2")
    engine.refresh()
    assert (engine.search(Query()).total, engine.position()) == (501, "2")


def test_index_made_beside_that_cannot_be_stored_is_begun_again(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, writable=True)
    engine.apply([document("old")], (), "1")
    change = [document(str(i), f"name {i}") for i in range(500)]
    fresh = engine.beside()
    fresh.apply(change, (), "2")
    with no_room(), pytest.raises(IndexUnusable, match="can't be written"):
        fresh.publish()
    fresh.close()
    engine.refresh()
    assert (keys(engine, Query()), engine.position()) == (["old"], "1")
    fresh = engine.beside()
    assert fresh.position() is None
    fresh.apply(change, (), "2")
    fresh.publish()
    engine.refresh()
    assert (engine.search(Query()).total, engine.position()) == (500, "2")


def test_index_made_beside_is_one_segment_however_many_batches_made_it(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, writable=True)
    fresh = engine.beside()
    for number in range(30):
        fresh.apply([document(str(number)), document("again", f"name {number}")], (), str(number))
    fresh.refresh()
    assert (fresh.search(Query()).total, keys(fresh, Query(text="29"))) == (31, ["again"])
    fresh.publish()
    engine.refresh()
    assert engine._generation is not None
    assert engine._generation.searcher.num_segments == 1


def test_refresh_without_news_costs_next_to_nothing(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, writable=True)
    engine.apply([document(str(i)) for i in range(100)], (), "1")
    engine.refresh()
    engine.refresh()
    held = engine._generation
    for _ in range(50):
        engine.refresh()
    assert engine._generation is held
    assert record("1") in {hit.id for hit in engine.search(Query(size=100)).hits}
