"""An index made anew is the same whether or not another process describes ahead, whatever happens to that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs
from world import START, Clock, Provider

from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.log import read_heads
from catalogue.node import Node
from catalogue.projecting import Ahead, Projection
from catalogue.settings import Settings
from catalogue.store.tables import blobs, concluded, listings
from search.document import Document
from search.embedded import EmbeddedEngine
from search.engine import EngineUnreachable
from vocab.trust import TrustEntry, TrustList

ADDRESS = "192.0.2.1"
#: Entries of a batch here, so that the few offerings of a test are several.
BATCH = 3
OFFERINGS = 12
#: Seconds for a process to be gone that was told to go.
PATIENCE = 10.0


class Counted(Ahead):
    """Counts the batches that were described ahead."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.store_url, worth_it=0)
        self.taken: list[Projection | None] = []

    def take(self) -> Projection | None:
        answer = super().take()
        self.taken.append(answer)
        return answer


class World:
    """A store of offerings of which certificates are trusted, and the provider's name comes in the middle."""

    def __init__(self, make: Callable[..., Node], folder: Path, dids: Path, clock: Clock) -> None:
        self.clock = clock
        provider, body = (Provider(clock, host=f"{name}.example", folder=dids) for name in ("nuee", "body"))
        entry = TrustEntry(body.did, ("certification",), START - timedelta(days=1))
        trust = folder / "trust.json"
        trust.write_text(json.dumps(TrustList((entry,)).to_dict()), encoding="utf-8")
        self.node = make(trust_list=str(trust))
        self.folder = folder
        subjects = [f"https://nuee.example/o/{number}" for number in range(OFFERINGS)]
        signed = [
            provider.sign(provider.offering(f"s{number}", subject=subject))
            for number, subject in enumerate(subjects)
        ]
        signed[5:5] = [provider.sign(provider.participant("Nuée SAS"))]
        # One comes before what it certifies, one long after, and one in the next batch.
        for place, subject in ((1, subjects[9]), (9, subjects[0]), (7, subjects[4])):
            about = f"{body.did}#certificate-{place}"
            signed.insert(place, body.sign(body.certificate(subject, id=about)))
        self.records = [self.node.publisher.publish(data, address=ADDRESS).records[0].id for data in signed]

    def make_index(self, name: str, ahead: Ahead | None = None) -> None:
        """Make an index in a folder of its own, up to the end of the store."""
        engine = EmbeddedEngine(self.folder / name, writable=True)
        indexer = self.indexer(engine, ahead)
        indexer.catch_up()
        engine.close()

    def indexer(self, engine: EmbeddedEngine, ahead: Ahead | None = None) -> Indexer:
        return Indexer(self.node.database, engine, Describer(self.node.settings), self.clock, ahead)

    def told(self) -> list[tuple[object, ...]]:
        """What was told last of each offering, and the number of events."""
        with self.node.database.read() as connection:
            rows = connection.execute(
                select(concluded.c.record_id, concluded.c.told).order_by(concluded.c.record_id)
            ).all()
            return [*map(tuple, rows), (read_heads(connection).event_count,)]


class Put:
    """What was put into indexes since the last look, as it stands after all of it, and each position."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._positions: list[str] = []
        #: A position that can't be reached once.
        self.fails_at = ""

    def note(self, upserts: Sequence[Document], deletes: Sequence[str], position: str) -> None:
        if position == self.fails_at:
            self.fails_at = ""
            raise EngineUnreachable("here", "not just now")
        for record in deletes:
            self._documents.pop(record, None)
        self._documents |= {document.id: document for document in upserts}
        self._positions.append(position)

    def look(self) -> tuple[dict[str, Document], list[str]]:
        found = self._documents, self._positions
        self._documents, self._positions = {}, []
        return found


@pytest.fixture
def world(
    make_node: Callable[..., Node],
    tmp_path: Path,
    did_folder: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.setattr("catalogue.indexer.BATCH", BATCH)
    return World(make_node, tmp_path, did_folder, clock)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """What indexes are given, noted before they take it."""
    noted, apply = Put(), EmbeddedEngine.apply

    def applied(
        self: EmbeddedEngine, upserts: Sequence[Document], deletes: Sequence[str], position: str
    ) -> None:
        noted.note(upserts, deletes, position)
        apply(self, upserts, deletes, position)

    monkeypatch.setattr(EmbeddedEngine, "apply", applied)
    return noted


@pytest.fixture
def ahead(world: World) -> Iterator[Counted]:
    made = Counted(world.node.settings)
    yield made
    made.close()


def test_index_described_ahead_is_the_one_described_in_place(world: World, put: Put, ahead: Counted) -> None:
    world.make_index("first", ahead)
    first, told = put.look(), world.told()
    taken = list(ahead.taken)
    world.make_index("again", ahead)
    again = put.look()
    world.make_index("in place")
    in_place = put.look()
    assert len(taken) >= 4
    assert None not in taken
    assert len(in_place[0]) == OFFERINGS + 1
    assert sum(bool(document.certifications) for document in in_place[0].values()) == 3
    assert {document.provider_name for document in in_place[0].values()} == {"Nuée SAS"}
    # The first time it comes to events of its own making: nobody had followed this store.
    assert first[0] == again[0] == in_place[0]
    assert again[1] == in_place[1]
    assert len(told) == OFFERINGS + 1
    assert world.told() == told
    assert ahead.pid is None


def test_process_killed_in_the_middle_costs_only_its_help(world: World, put: Put, ahead: Counted) -> None:
    engine = EmbeddedEngine(world.folder / "killed", writable=True)
    indexer = world.indexer(engine, ahead)
    indexer.step()
    indexer.step()
    assert ahead.pid is not None
    os.kill(ahead.pid, signal.SIGKILL)
    with capture_logs() as lines:
        indexer.catch_up()
    engine.close()
    killed = put.look()
    world.make_index("in place")
    assert killed[0] == put.look()[0]
    lost = [line for line in lines if "ahead is lost" in line["event"]]
    assert [line["log_level"] for line in lost] == ["warning"]


def test_process_that_cannot_start_costs_only_its_help(
    world: World, put: Put, ahead: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", _no_room)
    with capture_logs() as lines:
        world.make_index("alone", ahead)
    alone = put.look()
    world.make_index("in place")
    assert alone[0] == put.look()[0]
    assert len([line for line in lines if "ahead is lost" in line["event"]]) == 1
    assert ahead.taken == []


def _no_room(_process: object) -> None:
    raise BlockingIOError("no more processes")


def test_stop_in_the_middle_ends_the_process_and_publishes_nothing(
    world: World, put: Put, ahead: Counted
) -> None:
    engine = EmbeddedEngine(world.folder / "stopped", writable=True)
    indexer = world.indexer(engine, ahead)
    indexer.step()
    indexer.step()
    pid = ahead.pid
    assert pid is not None
    indexer.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert engine.position() is None
    engine.close()
    put.look()
    world.make_index("stopped", ahead)
    stopped = put.look()
    world.make_index("in place")
    assert stopped[0] == put.look()[0]


def test_answer_to_a_step_that_failed_is_not_taken_for_the_next(
    world: World, put: Put, ahead: Counted
) -> None:
    world.make_index("first")
    put.look()
    world.make_index("in place")
    in_place = put.look()
    engine = EmbeddedEngine(world.folder / "failed", writable=True)
    indexer = world.indexer(engine, ahead)
    put.fails_at = in_place[1][2]
    with pytest.raises(EngineUnreachable):
        indexer.catch_up()
    indexer.catch_up()
    engine.close()
    assert put.look() == in_place
    assert put.fails_at == ""


def test_record_that_cannot_be_read_holds_up_none_of_its_batch(
    world: World, put: Put, ahead: Counted
) -> None:
    bad = world.records[-1]
    with world.node.database.write() as connection:
        digest = connection.execute(select(listings.c.digest).where(listings.c.record_id == bad)).scalar_one()
        connection.execute(update(blobs).where(blobs.c.digest == digest).values(data=b"{}"))
    world.make_index("ahead", ahead)
    found = put.look()
    assert None in ahead.taken
    assert bad not in found[0]
    assert len(found[0]) == OFFERINGS
    world.make_index("in place")
    assert put.look()[0] == found[0]


def test_process_believes_whom_the_indexer_believes(world: World, ahead: Counted) -> None:
    world.make_index("first")
    trust = Describer(world.node.settings).trust.current()
    certified = []
    for believed in (trust, TrustList()):
        assert ahead.ask(world.records, world.clock(), believed)
        answer = ahead.take()
        assert answer is not None
        certified.append(sum(bool(document.certifications) for document in answer.upserts))
    assert trust.entries
    assert certified == [3, 0]


def test_few_entries_are_described_in_place(world: World, put: Put) -> None:
    helper = Ahead(world.node.settings.store_url)
    assert not helper.helps_with(len(world.records))
    world.make_index("few", helper)
    assert len(put.look()[0]) == OFFERINGS + 1


def test_process_ends_with_an_owner_that_was_killed(world: World) -> None:
    program = (
        "import os, signal, sys; from datetime import datetime, UTC; from catalogue.projecting import Ahead;"
        "from vocab.trust import TrustList; helper = Ahead(sys.argv[1]);"
        "helper.ask((), datetime.now(UTC), TrustList()); helper.take();"
        "print(helper.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    owner = subprocess.run(
        [sys.executable, "-c", program, world.node.settings.store_url], capture_output=True, text=True
    )
    assert owner.returncode == -signal.SIGKILL
    pid, end = int(owner.stdout), time.monotonic() + PATIENCE
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
