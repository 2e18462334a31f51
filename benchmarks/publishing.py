"""Publications over HTTP: 8 connections, distinct offerings, verified and durable; and what that is worth."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus, load, running

#: Publications a second that no run here comes near: so many bodies are signed for each second of load.
MOST = 900
#: The same for the empty application.
REFERENCE_MOST = 20_000
#: The number of the offering that is published alone.
_LAST = 0xFFFFFF
#: Seconds for the index to come after a burst.
CATCH_UP_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst of publications and what came of it."""

    load: load.Load
    searchable_after: float
    found_within: float
    worker_ms: float
    indexer_ms: float


def burst(
    folder: Path,
    form: corpus.Form,
    seconds: int,
    settings: Mapping[str, str],
    before_start: Callable[[Path], None] = lambda _data: None,
) -> Burst:
    """Publish for `seconds` to a new node in `folder`, then wait until all of it can be found.

    `before_start` is given the node's data folder.
    """
    who = corpus.issuers(form)
    corpus.write_did_documents(folder / "dids", who)
    load.write_bodies(folder / "bodies", corpus.signed(who, 0, MOST * seconds))
    warm_up = folder / "warm-up"
    load.write_bodies(warm_up, corpus.signed(who, MOST * seconds, MOST))
    own = {"CATALOGUE_DID_DOCUMENTS": str(folder / "dids"), **settings}
    before_start(folder / "data")
    with running.node(folder / "data", own) as node:
        load.publish(node.port, "/self-descriptions", warm_up, corpus.MEDIA_TYPES[form], 1)
        node.wait_searchable(CATCH_UP_SECONDS)
        before = running.cpu_seconds(node.process.pid)
        done = load.publish(
            node.port, "/self-descriptions", folder / "bodies", corpus.MEDIA_TYPES[form], seconds
        )
        searchable = node.wait_searchable(CATCH_UP_SECONDS)
        after = running.cpu_seconds(node.process.pid)
        found = found_within(node, who[0])
    return Burst(
        done,
        searchable,
        found,
        (after["cat-worker"] - before["cat-worker"]) / done.answers * 1000,
        (after["cat-indexer"] - before["cat-indexer"]) / done.answers * 1000,
    )


def found_within(node: running.Running, issuer: corpus.Issuer) -> float:
    """Seconds from the answer to one publication, on a node at rest, until a search finds it."""
    (body,) = corpus.signed((issuer,), _LAST, 1)
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=30)
    headers = {"Content-Type": corpus.MEDIA_TYPES[issuer.form]}
    connection.request("POST", "/self-descriptions", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 201:
        raise load.LoadFailed(f"the single publication was answered {answer.status}")
    start = time.monotonic()
    while not node.get(f"/offerings?q={corpus.word_of(_LAST)}&facets=none")[1]["total"]:
        if time.monotonic() - start > CATCH_UP_SECONDS:
            raise TimeoutError("what was published is not found")
        time.sleep(0.01)
    return time.monotonic() - start


@contextmanager
def reference(folder: Path) -> Iterator[running.Running]:
    """The empty application under the same server with as many workers and threads."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--workers=2",
        "--threads=4",
        "--keep-alive=15",
        "benchmarks.reference_app:app",
    ]
    environment = {"PYTHONPATH": os.getcwd()}
    with running.server(command, environment, folder, port_key="PORT") as server:
        time.sleep(0.5)
        yield server


def reference_rate(folder: Path, form: corpus.Form, seconds: int) -> float:
    """Requests per second that the same client gets out of the empty application with such bodies."""
    bodies = folder / "reference-bodies"
    load.write_bodies(bodies, corpus.signed(corpus.issuers(form), 0, REFERENCE_MOST * seconds))
    with reference(folder / "reference") as server:
        return load.publish(server.port, "/self-descriptions", bodies, corpus.MEDIA_TYPES[form], seconds).rate
