"""Questions over HTTP to a node with an embedded index, what an answer costs, and the index made anew."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch

from benchmarks import corpus, filling, load, questions, running
from search.elastic_schema import SearchBody
from search.indexing import INDEX_VERSION
from search.plan import question_of
from search.query import Matching

#: Seconds for the indexer to come after a store that was filled behind its back.
_CATCH_UP_SECONDS = 1_200
#: So many questions in a hundred may find nothing: a misspelt word can be too far from any.
_UNANSWERED = 10
#: Services whose pages are asked for: more than one run asks for, so that none is asked for twice at once.
SERVICES = 1_000


@dataclass(frozen=True, slots=True)
class Answered:
    """One run of questions, and the CPU time of all workers for each, in milliseconds."""

    load: load.Load
    worker_ms: float


def fill(folder: Path, count: int) -> None:
    """List `count` offerings in the store of a new node in `folder`."""
    who = corpus.issuers("vc-jwt")
    corpus.write_did_documents(folder / "dids", who)
    filling.fill(filling.settings_for(folder / "data", folder / "dids"), who, count)


@contextmanager
def filled(folder: Path, settings: Mapping[str, str]) -> Iterator[running.Running]:
    """The node over what `fill` made, when all of it can be found."""
    own = {"CATALOGUE_DID_DOCUMENTS": str(folder / "dids"), **settings}
    with running.node(folder / "data", own) as node:
        running.wait_for(node, "/offerings?facets=none")
        node.wait_searchable(_CATCH_UP_SECONDS)
        yield node


def write_questions(path: Path, asked: Sequence[questions.Asked], node: running.Running) -> None:
    """Write the questions for `ask`, after each was asked once. LoadFailed when too few find anything."""
    totals = [node.get(question.path)[1]["total"] for question in asked]
    if totals.count(0) * 100 > len(asked) * _UNANSWERED:
        raise load.LoadFailed(f"{totals.count(0)} of {len(asked)} questions find nothing")
    path.write_text("\n".join(question.path for question in asked))


def write_services(path: Path, node: running.Running) -> None:
    """Write the addresses of `SERVICES` offerings for `ask`, by name: of all providers, and none twice."""
    found: list[str] = []
    cursor: str | None = ""
    while len(found) < SERVICES and cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        answer = node.get(f"/offerings?size=100&sort=name&facets=none{after}")[1]
        found += [f"/offerings/{item['id']}" for item in answer["items"]]
        cursor = answer["next"]
    path.write_text("\n".join(found))


def ask(
    node: running.Running,
    paths: Path,
    seconds: int,
    connections: int = load.CONNECTIONS,
    accept: str = load.ANYTHING,
) -> Answered:
    """Ask the questions of a file in turn for `seconds`."""
    before = running.cpu_seconds(node.process.pid)["cat-worker"]
    done = load.ask(f"http://127.0.0.1:{node.port}", paths, seconds, connections=connections, accept=accept)
    after = running.cpu_seconds(node.process.pid)["cat-worker"]
    return Answered(done, (after - before) / done.answers * 1000)


def reference_rate(server: running.Running, folder: Path, seconds: int) -> float:
    """Answers per second of the empty application to the shortest request there is."""
    paths = folder / "reference-paths"
    paths.write_text("/healthz")
    return load.ask(f"http://127.0.0.1:{server.port}", paths, seconds).rate


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`catalogue search rebuild` without a node running: seconds by the clock and of CPU time."""

    seconds: float
    cpu_seconds: float


def rebuild(folder: Path, settings: Mapping[str, str]) -> Rebuild:
    """Make the index of the node in `folder` anew."""
    command = [str(Path(sys.executable).with_name("catalogue")), "search", "rebuild"]
    own = {
        "CATALOGUE_DATA": str(folder / "data"),
        "CATALOGUE_DID_DOCUMENTS": str(folder / "dids"),
        **settings,
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, env=running.environment_with(own), stdout=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Rebuild(seconds, used)


def raw_milliseconds(url: str, prefix: str, asked: Sequence[questions.Asked]) -> list[float]:
    """What Elasticsearch takes for the node's own requests, sent by the same client with nothing around."""
    client = Elasticsearch(url)
    taken: list[float] = []
    for question in asked:
        body = SearchBody(question_of(question.query)).of(Matching.ALL)
        start = time.monotonic()
        client.search(
            index=f"{prefix}-v{INDEX_VERSION}",
            body=body,
            search_type="dfs_query_then_fetch",
            allow_partial_search_results=False,
        )
        taken.append((time.monotonic() - start) * 1000)
    client.close()
    return taken
