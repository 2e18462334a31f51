"""What the node gives other nodes: exact bytes by digest, and what it holds of a log that isn't its own.

Withdrawn self-descriptions are given here and nowhere else: a withdrawn statement keeps its place in its
record on every node. What was erased never is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from catalogue.errors import NotFound
from catalogue.federation.key_rotation import KEY_STATEMENT
from catalogue.federation.own_log import EntryPage, Leaf
from catalogue.ledger import SELF_DESCRIPTION, WITHDRAWAL
from catalogue.log import erased_at
from catalogue.store.database import Database
from catalogue.store.tables import blobs, peers, read_time, received
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.trusted_log import TrustedLog

#: Digests in one request: a bundle's worth.
MAX_DIGESTS = 256
#: Bytes in one answer with more than one blob: a second at 32 Mbit/s, and little memory at both ends.
MAX_GIVEN_BYTES = 4_000_000
#: What other nodes may have. DID documents, chains and lists they fetch themselves.
GIVEN_KINDS = (SELF_DESCRIPTION, WITHDRAWAL, KEY_STATEMENT)

ERASED, UNKNOWN = "erased", "unknown"


@dataclass(frozen=True, slots=True)
class Given:
    """One blob: its `data` and media type, or why it is `missing` (`erased` or `unknown`)."""

    digest: str
    media_type: str
    data: bytes
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was asked for, as far as it fits into one answer; `left` is to be asked for again."""

    blobs: tuple[Given, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldHead:
    """The newest note of another node's log whose entries are all here, and how its key was changed."""

    origin: str
    size: int
    note: bytes
    rotations: tuple[bytes, ...]


class Giving:
    """What other nodes ask for; every method is one consistent snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def blobs(self, digests: Sequence[str]) -> Batch:
        """The bytes that these digests name, in that order."""
        wanted = list(dict.fromkeys(digests))
        found: list[Given] = []
        total = 0
        with self._database.read() as connection:
            for place, digest in enumerate(wanted):
                given = _given(connection, digest)
                total += len(given.data)
                if found and total > MAX_GIVEN_BYTES:
                    return Batch(tuple(found), tuple(wanted[place:]))
                found.append(given)
        return Batch(tuple(found), ())

    def held(self, origin: str) -> HeldHead:
        """The newest proven note of a followed log. NotFound."""
        with self._database.read() as connection:
            return _held(connection, origin)[0]

    def held_entries(self, origin: str, after: int, limit: int) -> EntryPage:
        """Its entries, as far as that note goes, from leaf `after` on. NotFound."""
        with self._database.read() as connection:
            head, peer = _held(connection, origin)
            beyond = min(after + limit, head.size)
            rows = connection.execute(
                select(received.c.leaf, received.c.op, received.c.digest, received.c.at)
                .where(received.c.peer == peer, received.c.leaf >= after, received.c.leaf < beyond)
                # An entry of a form that is not known here can't be given as it was.
                .where(received.c.op.in_([op.value for op in Op]))
                .order_by(received.c.leaf)
            ).all()
        items = tuple(Leaf(row.leaf, LogEntry(Op(row.op), row.digest, read_time(row.at))) for row in rows)
        return EntryPage(origin, head.size, items, beyond if after < beyond < head.size else None)


def _given(connection: Connection, digest: str) -> Given:
    row = connection.execute(
        select(blobs.c.media_type, blobs.c.data).where(
            blobs.c.digest == digest, blobs.c.kind.in_(GIVEN_KINDS)
        )
    ).one_or_none()
    if row is not None:
        return Given(digest, row.media_type, bytes(row.data))
    missing = ERASED if erased_at(connection, digest) is not None else UNKNOWN
    return Given(digest, "", b"", missing)


def _held(connection: Connection, origin: str) -> tuple[HeldHead, int]:
    row = connection.execute(
        select(peers.c.id, peers.c.trusted).where(peers.c.origin == origin)
    ).one_or_none()
    state = TrustedLog.from_bytes(bytes(row.trusted)) if row is not None and row.trusted is not None else None
    if row is None or state is None or state.head is None:
        raise NotFound("log", origin[:200])
    return HeldHead(origin, state.head.size, state.head.note, state.rotations), row.id
