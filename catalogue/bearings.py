"""Which records bear on whom: a participant's on its own issuer, a trusted attestation on what it mentions.

Offerings bear on nobody and have no rows, so that publishing many of them writes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from catalogue.current import Current
from catalogue.store.tables import bearings
from vocab.describe import kind_of, mentions
from vocab.graph import Graph
from vocab.model import Kind
from vocab.trust import TrustList

#: Records read as evidence for one target and of one kind. Only the issuer's own participant credentials and
#: trusted issuers' attestations have rows at all, so nobody can crowd real evidence out.
MAX_EVIDENCE = 50

_rank = (
    func.row_number()
    .over(partition_by=(bearings.c.target, bearings.c.kind), order_by=bearings.c.record_id)
    .label("rank")
)
_ranked = (
    select(bearings.c.record_id, bearings.c.target, bearings.c.kind, _rank)
    .where(bearings.c.target.in_(bindparam("targets", expanding=True)))
    .subquery()
)
_ON = select(_ranked.c.record_id, _ranked.c.target, _ranked.c.kind).where(_ranked.c.rank <= MAX_EVIDENCE)
_BY = select(bearings.c.record_id, bearings.c.target).where(
    bearings.c.record_id.in_(bindparam("records", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """A record that bears on a target."""

    record_id: str
    target: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class BearingChange:
    """A record now bears on `targets`; what rests on any of `concerned` has to be described again."""

    record_id: str
    issuer: str
    kind: Kind
    targets: tuple[str, ...]
    concerned: tuple[str, ...]


def bearing_on(connection: Connection, targets: Iterable[str]) -> list[Bearing]:
    """What bears on any of the targets, at most `MAX_EVIDENCE` of a kind for each."""
    wanted = sorted(set(targets))
    if not wanted:
        return []
    return [
        Bearing(row.record_id, row.target, Kind(row.kind))
        for row in connection.execute(_ON, {"targets": wanted})
    ]


def changes(
    connection: Connection,
    records: Sequence[str],
    lines: dict[str, Current],
    graphs: dict[str, Graph],
    trust: TrustList,
) -> list[BearingChange]:
    """What has to change for these records; nothing for offerings."""
    before: dict[str, set[str]] = {}
    for row in connection.execute(_BY, {"records": list(records)}):
        before.setdefault(row.record_id, set()).add(row.target)
    found: list[BearingChange] = []
    for record in records:
        line = lines.get(record)
        earlier = before.get(record, set())
        kind, after = (Kind.EVIDENCE, set[str]())
        if line is not None:
            kind = kind_of(line.subject, graphs[record])
            after = _targets(line, graphs[record], kind, trust)
        if earlier or after:
            # The same targets again still mean another statement about them: who rests on it is read anew.
            found.append(
                BearingChange(
                    record,
                    line.issuer if line else "",
                    kind,
                    tuple(sorted(after)),
                    tuple(sorted(earlier | after)),
                )
            )
    return found


def enter(connection: Connection, change: BearingChange) -> None:
    """Write a change, inside a writing transaction."""
    connection.execute(delete(bearings).where(bearings.c.record_id == change.record_id))
    for target in change.targets:
        connection.execute(
            insert(bearings).values(
                record_id=change.record_id, target=target, issuer=change.issuer, kind=change.kind.value
            )
        )


def _targets(line: Current, graph: Graph, kind: Kind, trust: TrustList) -> set[str]:
    if kind is Kind.PARTICIPANT:
        return {line.issuer}
    # An issuer whom nobody trusts for anything is kept, and read as evidence for nothing.
    if kind is Kind.EVIDENCE and any(entry.did == line.issuer for entry in trust.entries):
        return set(mentions(graph, line.subject))
    return set()
