"""Which records bear on whom: a participant's on its own issuer, a trusted attestation on what it mentions.

Offerings bear on nobody and have no rows, so that publishing many of them writes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from catalogue.current import Current
from catalogue.store.tables import bearings, listings, stored_time
from vocab.attestations import turning_days
from vocab.describe import kind_of, mentions
from vocab.graph import Graph
from vocab.model import Kind
from vocab.trust import TrustList

#: Records read as evidence for one target and of one kind. Only the issuer's own participant credentials and
#: trusted issuers' attestations have rows at all, so nobody can crowd real evidence out.
MAX_EVIDENCE = 50

_rank = func.row_number().over(partition_by=bearings.c.target, order_by=bearings.c.record_id).label("rank")
_ranked = (
    select(bearings.c.record_id, bearings.c.target, _rank)
    .where(bearings.c.target.in_(bindparam("targets", expanding=True)), bearings.c.kind == bindparam("kind"))
    .subquery()
)
_ON = select(_ranked.c.record_id, _ranked.c.target).where(_ranked.c.rank <= MAX_EVIDENCE)
_PROVIDERS = (
    select(bearings.c.issuer)
    .join(listings, listings.c.record_id == bearings.c.record_id)
    .where(
        bearings.c.kind == Kind.PARTICIPANT.value,
        listings.c.subject.in_(bindparam("targets", expanding=True)),
    )
    .distinct()
)
_BY = select(bearings.c.record_id, bearings.c.target).where(
    bearings.c.record_id.in_(bindparam("records", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """A record that bears on a target."""

    record_id: str
    target: str


@dataclass(frozen=True, slots=True)
class BearingChange:
    """A record now bears on `targets`, and on `gone` no more; what rests on either is described again.

    `turns_at` is the next moment at which what it says begins or ceases to hold by itself.
    """

    record_id: str
    issuer: str
    kind: Kind
    targets: tuple[str, ...]
    gone: tuple[str, ...]
    turns_at: datetime | None


def bearing_on(connection: Connection, targets: Iterable[str], kind: Kind) -> list[Bearing]:
    """What bears on any of the targets and is of one kind, at most `MAX_EVIDENCE` for each."""
    wanted = sorted(set(targets))
    if not wanted:
        return []
    return [
        Bearing(row.record_id, row.target)
        for row in connection.execute(_ON, {"targets": wanted, "kind": kind.value})
    ]


def changes(
    connection: Connection,
    records: Sequence[str],
    lines: dict[str, Current],
    graphs: dict[str, Graph],
    trust: TrustList,
    now: datetime,
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
                    tuple(sorted(earlier - after)),
                    _turning(line, graphs[record], now) if line and after else None,
                )
            )
    return found


def enter(connection: Connection, change: BearingChange) -> None:
    """Write a change, inside a writing transaction."""
    connection.execute(delete(bearings).where(bearings.c.record_id == change.record_id))
    turns_at = stored_time(change.turns_at) if change.turns_at else None
    for target in change.targets:
        connection.execute(
            insert(bearings).values(
                record_id=change.record_id,
                target=target,
                issuer=change.issuer,
                kind=change.kind.value,
                turns_at=turns_at,
            )
        )


def providers_named(connection: Connection, targets: Iterable[str]) -> set[str]:
    """The issuers whose own participant credentials are about any of the targets.

    What is attested of a participant bears on everything that its issuer offers.
    """
    wanted = sorted(set(targets))
    return set(connection.execute(_PROVIDERS, {"targets": wanted}).scalars()) if wanted else set()


def _turning(line: Current, graph: Graph, now: datetime) -> datetime | None:
    """The next moment, in UTC days as attestations count them, at which the record says something else."""
    days = (datetime.combine(day, time(), UTC) for day in turning_days(graph, line.subject))
    return next((moment for moment in days if moment > now), None)


def _targets(line: Current, graph: Graph, kind: Kind, trust: TrustList) -> set[str]:
    if kind is Kind.PARTICIPANT:
        return {line.issuer}
    # An issuer whom nobody trusts for anything is kept, and read as evidence for nothing.
    if kind is Kind.EVIDENCE and any(entry.did == line.issuer for entry in trust.entries):
        return set(mentions(graph, line.subject))
    return set()
