"""`catalogue rebuild`: derive everything but log, blobs and events again, without the network.

Each verdict is replayed at its own time, under its own policy, with the DID documents it rested on, so
that the node arrives at the state it was in. All of it is one transaction: killed half-way, nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, select, update

from catalogue.ledger import add_withdrawal, list_verified
from catalogue.log import Entry, Op, entries, read_heads
from catalogue.operations import Operations
from catalogue.store.database import Database
from catalogue.store.tables import DERIVED, blobs, evidence, heads, read_time
from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.policies import policy_named
from credentials.resolving import FirstOf, InlineResolver, ReplayResolver, Resolver
from credentials.times import Clock
from credentials.verification import Refused, Verifier
from credentials.withdrawal import verify_withdrawal

#: Entries read at once.
_BATCH = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: entries replayed, erased ones passed over, and digests no longer accepted."""

    entries: int
    erased: int
    refused: tuple[str, ...]


def rebuild(
    database: Database, clock: Clock, *, max_bytes: int, progress: Progress = lambda _done, _all: None
) -> Rebuilt:
    """Replay the log. Publications wait meanwhile; readers see the old state until the end.

    A digest is `refused` only when this program's verification is stricter than the one that accepted it.
    """
    operations = Operations(database, clock)
    # What is due has its event before, so that the states below need none.
    while operations.catch_up():
        pass
    contexts = ContextStore()
    erased = 0
    refused: list[str] = []
    with database.write() as connection:
        now = clock()
        for table in DERIVED:
            connection.execute(delete(table))
        size = read_heads(connection).log_size
        done = 0
        while done < size:
            for entry in entries(connection, done, _BATCH):
                blob = connection.execute(select(blobs).where(blobs.c.digest == entry.digest)).one_or_none()
                if entry.op is Op.ERASE:
                    pass
                elif blob is None:
                    erased += 1
                elif not _replay(connection, entry, blob, contexts, max_bytes, now):
                    refused.append(entry.digest)
                done = entry.position + 1
            progress(done, size)
        connection.execute(update(heads).values(generation=heads.c.generation + 1))
    return Rebuilt(size, erased, tuple(refused))


def _replay(
    connection: Connection,
    entry: Entry,
    blob: Row[tuple[object, ...]],
    contexts: ContextStore,
    max_bytes: int,
    now: datetime,
) -> bool:
    judged_at = read_time(blob.judged_at)
    resolver = _resolver(connection, entry.digest)
    data = bytes(blob.data)
    try:
        if entry.op is Op.LIST:
            # RS256 was allowed when it was accepted, or it wouldn't be here.
            verifier = Verifier(
                policy_named(blob.policy),
                resolver,
                contexts,
                lambda: judged_at,
                allow_rs256=True,
                max_bytes=max(max_bytes, len(data)),
            )
            list_verified(connection, entry, verifier.verify(data), now)
        else:
            add_withdrawal(connection, entry.digest, verify_withdrawal(data, resolver, now=judged_at), now)
    except (Refused, Rejection):
        return False
    return True


def _resolver(connection: Connection, digest: str) -> Resolver:
    rows = connection.execute(
        select(evidence.c.name, evidence.c.obtained, blobs.c.data)
        .join(blobs, blobs.c.digest == evidence.c.source)
        .where(evidence.c.digest == digest)
    ).all()
    documents = {row.name: bytes(row.data) for row in rows}
    return FirstOf((InlineResolver(), ReplayResolver(documents, {row.name: row.obtained for row in rows})))
