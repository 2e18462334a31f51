"""Records as the store has them now: the current line of each, and what its signed bytes state."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, select

from catalogue.lifecycle import State
from catalogue.store.tables import blobs, listings, read_time
from credentials.contexts import ContextStore
from credentials.envelope import Envelope, statements_in
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.graph import Graph

#: Interpreted statements kept for reuse: those of two steps of the indexer, which reads each of its records
#: twice, and the participants and attestations that are read for every offering. About 20 kB each.
GRAPHS_KEPT = 1_000

_LINES = select(listings).where(listings.c.record_id.in_(bindparam("records", expanding=True)))
_DATA = select(blobs.c.digest, blobs.c.data).where(blobs.c.digest.in_(bindparam("digests", expanding=True)))


@dataclass(frozen=True, slots=True)
class Current:
    """A record's current line: the newest statement, whatever its state."""

    record_id: str
    content_id: str
    issuer: str
    subject: str
    digest: str
    index: int
    obtained: str
    valid_from: datetime
    valid_until: datetime | None
    listed_at: datetime
    position: int
    state: State
    shapes: str

    def counts(self, now: datetime) -> bool:
        """Whether the statement may serve as evidence at that moment."""
        return self.state is State.LISTED and (self.valid_until is None or self.valid_until > now)


def current_lines(connection: Connection, records: Iterable[str]) -> dict[str, Current]:
    """The newest statement of each record by signed time (ties: content_id), where it has one."""
    newest: dict[str, Row[tuple[object, ...]]] = {}
    for row in connection.execute(_LINES, {"records": list(records)}):
        other = newest.get(row.record_id)
        if other is None or (row.valid_from, row.content_id) > (other.valid_from, other.content_id):
            newest[row.record_id] = row
    return {record: _current(row) for record, row in newest.items()}


class Graphs:
    """What signed bytes state, as graphs; keeps the most recently used ones."""

    def __init__(self) -> None:
        self._jsonld = JsonLd(ContextStore())
        self._kept: OrderedDict[tuple[str, int], Graph] = OrderedDict()
        self._mutex = threading.Lock()

    def of(self, connection: Connection, lines: Iterable[Current]) -> dict[str, Graph]:
        """The graph of each line by record id. Raises Rejection for bytes this program can't read."""
        wanted = list(lines)
        found: dict[str, Graph] = {}
        missing: list[Current] = []
        with self._mutex:
            for line in wanted:
                graph = self._kept.get((line.digest, line.index))
                if graph is None:
                    missing.append(line)
                else:
                    self._kept.move_to_end((line.digest, line.index))
                    found[line.record_id] = graph
        data = bytes_of(connection, {line.digest for line in missing})
        for line in missing:
            found[line.record_id] = graph = interpret(_statement(data, line).claims, self._jsonld)
            self._keep((line.digest, line.index), graph)
        return found

    def _keep(self, name: tuple[str, int], graph: Graph) -> None:
        with self._mutex:
            self._kept[name] = graph
            while len(self._kept) > GRAPHS_KEPT:
                self._kept.popitem(last=False)


def bytes_of(connection: Connection, digests: Iterable[str]) -> dict[str, bytes]:
    """The stored bytes by digest."""
    wanted = list(digests)
    if not wanted:
        return {}
    return {row.digest: bytes(row.data) for row in connection.execute(_DATA, {"digests": wanted})}


def envelope_of(connection: Connection, line: Current) -> Envelope:
    """The signed form of a line's statement."""
    return _statement(bytes_of(connection, (line.digest,)), line)


def _statement(data: Mapping[str, bytes], line: Current) -> Envelope:
    return statements_in(data[line.digest])[line.index]


def _current(row: Row[tuple[object, ...]]) -> Current:
    return Current(
        row.record_id,
        row.content_id,
        row.issuer,
        row.subject,
        row.digest,
        row.place,
        row.obtained,
        read_time(row.valid_from),
        read_time(row.valid_until) if row.valid_until else None,
        read_time(row.listed_at),
        row.position,
        State(row.state),
        row.shapes,
    )
