"""Everything evaluated anew because the trust list changed, on a node that goes on answering meanwhile.

One body certifies every provider of a large catalogue, another a single one. Believing the first no longer
touches every offering, believing the second no longer only that provider's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import corpus, filling, questions, running
from credentials.times import to_rfc3339
from vocab.namespaces import CF_CONTEXT
from vocab.trust import TrustEntry, TrustList

#: The scheme that the bodies certify; which one is of no matter, as long as labels and levels rest on it.
SCHEME = "secnumcloud"
#: Seconds that all may take before the measurement is given up.
PATIENCE = 3_600.0
#: Seconds between looks at how many offerings are left.
_LOOK = 0.2
_FOUND = f"/offerings?certification={SCHEME}&size=1&facets=none"


@dataclass(frozen=True, slots=True)
class Reevaluated:
    """A change of trust: seconds until all shows, the indexer's CPU seconds, and what was asked meanwhile.

    `offerings` lost their certificate by it; `p50_ms` and `p95_ms` are of searches by one client.
    """

    offerings: int
    seconds: float
    indexer_seconds: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class World:
    """A filled node's folder, and how many offerings each body certifies: those of all but one, and its."""

    folder: Path
    certified: Mapping[str, int]

    @property
    def trust(self) -> Path:
        """The trust list."""
        return self.folder / "trust.json"

    def believe(self, *bodies: str) -> None:
        """Write the trust list anew."""
        since = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
        entries = tuple(TrustEntry(body, ("certification",), since) for body in bodies)
        partial = self.trust.with_suffix(".new")
        partial.write_text(json.dumps(TrustList(entries).to_dict()), encoding="utf-8")
        partial.replace(self.trust)


def fill(folder: Path, count: int) -> World:
    """List `count` offerings and the certificates of their providers in the store of a new node."""
    folder.mkdir(parents=True)
    who = corpus.issuers("vc-jwt")
    bodies = corpus.issuers("vc-jwt")[:2]
    named = tuple(
        corpus.Issuer(f"did:web:body-{number}.bench.example", body.jwk, body.form)
        for number, body in enumerate(bodies)
    )
    corpus.write_did_documents(folder / "dids", (*who, *named))
    certificates = [
        (named[issuer is who[-1]], certificate(named[issuer is who[-1]], issuer)) for issuer in who
    ]
    last = len(range(len(who) - 1, count, len(who)))
    world = World(folder, {named[0].did: count - last, named[1].did: last})
    filling.fill(filling.settings_for(folder / "data", folder / "dids"), who, count, certificates)
    world.believe(*world.certified)
    return world


def certificate(body: corpus.Issuer, issuer: corpus.Issuer) -> dict[str, Any]:
    """The unsigned certificate of a body for all that an issuer offers."""
    made_at = corpus.made_now()
    about = f"{body.base}/certificates/{issuer.did.rpartition(':')[2]}"
    return {
        "@context": [corpus.V2, CF_CONTEXT],
        "id": f"{about}.json",
        "type": ["VerifiableCredential"],
        "issuer": body.did,
        "validFrom": to_rfc3339(made_at),
        "validUntil": to_rfc3339(made_at + timedelta(days=365)),
        "credentialSubject": {
            "id": f"{about}#it",
            "type": "Certification",
            "scheme": SCHEME,
            "schemeVersion": "3.2",
            "covers": issuer.did,
        },
    }


@contextmanager
def serving(world: World) -> Iterator[running.Running]:
    """The node over a filled folder, when all can be found."""
    own = {"CATALOGUE_DID_DOCUMENTS": str(world.folder / "dids"), "CATALOGUE_TRUST_LIST": str(world.trust)}
    with running.node(world.folder / "data", own) as node:
        running.wait_for(node, "/offerings?facets=none")
        node.wait_searchable(PATIENCE)
        yield node


def change(node: running.Running, world: World, *believed: str) -> Reevaluated:
    """Believe only these bodies from now on, and search until no offering has a certificate of another."""
    before, wanted = found(node), sum(world.certified[body] for body in believed)
    asking = _Asking(node)
    indexer = running.cpu_seconds(node.process.pid)["cat-indexer"]
    start = time.monotonic()
    world.believe(*believed)
    while found(node) != wanted:
        if time.monotonic() - start > PATIENCE:
            raise TimeoutError(f"{found(node)} offerings have a certificate after {PATIENCE} s, not {wanted}")
        time.sleep(_LOOK)
    seconds = time.monotonic() - start
    used = running.cpu_seconds(node.process.pid)["cat-indexer"] - indexer
    taken = sorted(asking.stop())
    return Reevaluated(before - wanted, seconds, used, taken[len(taken) // 2], taken[int(len(taken) * 0.95)])


def found(node: running.Running) -> int:
    """Offerings that have a certificate which counts."""
    total: int = node.get(_FOUND)[1]["total"]
    return total


class _Asking:
    """One client that searches without a pause until it is stopped."""

    def __init__(self, node: running.Running) -> None:
        self._node = node
        self._ended = threading.Event()
        self._taken: list[float] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> Sequence[float]:
        """Milliseconds of each answer."""
        self._ended.set()
        self._thread.join()
        return self._taken

    def _ask(self) -> None:
        paths = [question.path for question in questions.exact()]
        while not self._ended.is_set():
            start = time.perf_counter()
            self._node.get(paths[len(self._taken) % len(paths)])
            self._taken.append((time.perf_counter() - start) * 1000)
