"""Questions over HTTP to a node with an embedded index, what an answer costs, and the index made anew."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus, filling, load, publishing, running

#: Seconds for the indexer to come after a store that was filled behind its back.
_CATCH_UP_SECONDS = 1_200
#: So many questions in a hundred may find nothing: a misspelt word can be too far from any.
_UNANSWERED = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One run of questions, and the CPU time of all workers for each, in milliseconds."""

    load: load.Load
    worker_ms: float


def fill(folder: Path, count: int) -> None:
    """List `count` offerings in the store of a new node in `folder`."""
    who = corpus.issuers("vc-jwt")
    corpus.write_did_documents(folder / "dids", who)
    filling.fill(filling.settings_for(folder / "data", folder / "dids"), who, count)


@contextmanager
def filled(folder: Path) -> Iterator[running.Running]:
    """The node over what `fill` made, when all of it can be found."""
    settings = {"CATALOGUE_DID_DOCUMENTS": str(folder / "dids")}
    with running.node(folder / "data", settings) as node:
        running.wait_for(node, "/offerings?facets=none")
        node.wait_searchable(_CATCH_UP_SECONDS)
        yield node


def write_questions(path: Path, questions: Sequence[str], node: running.Running) -> None:
    """Write the questions for `ask`, after each was asked once. LoadFailed when too few find anything."""
    totals = [node.get(question)[1]["total"] for question in questions]
    if totals.count(0) * 100 > len(questions) * _UNANSWERED:
        raise load.LoadFailed(f"{totals.count(0)} of {len(questions)} questions find nothing")
    path.write_text("\n".join(questions))


def ask(node: running.Running, questions: Path, seconds: int, connections: int = load.CONNECTIONS) -> Asked:
    """Ask the questions in turn for `seconds`."""
    before = running.cpu_seconds(node.process.pid)["cat-worker"]
    done = load.ask(f"http://127.0.0.1:{node.port}", questions, seconds, connections=connections)
    after = running.cpu_seconds(node.process.pid)["cat-worker"]
    return Asked(done, (after - before) / done.answers * 1000)


def reference_rate(folder: Path, seconds: int) -> float:
    """Answers per second of the empty application to the shortest request there is."""
    paths = folder / "reference-paths"
    paths.write_text("/healthz")
    with publishing.reference(folder / "reference") as server:
        return load.ask(f"http://127.0.0.1:{server.port}", paths, seconds).rate


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`catalogue search rebuild` without a node running: seconds by the clock and of CPU time."""

    seconds: float
    cpu_seconds: float


def rebuild(folder: Path) -> Rebuild:
    """Make the index of the node in `folder` anew."""
    command = [str(Path(sys.executable).with_name("catalogue")), "search", "rebuild"]
    own = {"CATALOGUE_DATA": str(folder / "data"), "CATALOGUE_DID_DOCUMENTS": str(folder / "dids")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, env=running.environment_with(own), stdout=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Rebuild(seconds, used)
