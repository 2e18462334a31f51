"""What a node costs at rest: time to its first answer, memory and disk with 5,000 offerings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus, load, running

OFFERINGS = 5_000
#: Seconds of load that surely see 5,000 offerings in, on a slow machine too.
FILL_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Footprint:
    """A node with `OFFERINGS` offerings, started again so that caches are as after a restart."""

    memory_mb: float
    disk_kb_per_offering: float


def start_seconds(folder: Path) -> tuple[float, float]:
    """Seconds from the command on an empty folder to the first 200 of /healthz, and of a search."""
    before = time.monotonic()
    with running.node(folder, {}) as node:
        healthy = time.monotonic() - before
        running.wait_for(node, "/offerings?facets=none")
        return healthy, time.monotonic() - before


def footprint(folder: Path, form: corpus.Form) -> Footprint:
    """Fill a node, ask it a few hundred questions, and weigh all its processes and its data folder."""
    who = corpus.issuers(form)
    corpus.write_did_documents(folder / "dids", who)
    settings = {"CATALOGUE_DID_DOCUMENTS": str(folder / "dids")}
    bodies = folder / "bodies"
    load.write_bodies(bodies, corpus.signed(who, 0, OFFERINGS))
    with running.node(folder / "data", settings) as node:
        load.publish(
            node.port,
            "/self-descriptions",
            bodies,
            corpus.MEDIA_TYPES[form],
            FILL_SECONDS,
            until_all_sent=True,
        )
        node.wait_searchable(FILL_SECONDS)
        for number in range(300):
            node.get(f"/offerings?q={corpus.word_of(number)}")
        memory = running.pss(node.process.pid)
        listed, _ = node.lag()
        disk = running.disk_bytes(node.data)
    return Footprint(memory / 1e6, disk / listed / 1000)
