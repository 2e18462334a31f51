"""Which records bear on whom, and who draws on whom.

A participant's credential bears on its own issuer, a trusted attestation on what it mentions. Offerings bear
on nobody else, and those that name no other participant and no period have no rows: publishing many writes
nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from catalogue.current import Current
from catalogue.others import MAX_HOPS, followed, is_short
from catalogue.store.tables import bearings, draws, listings, stored_time
from vocab.attestations import turning_days
from vocab.describe import kind_of, mentions
from vocab.graph import Graph
from vocab.model import Kind
from vocab.ownership import owns
from vocab.trust import TrustList

#: Records read as evidence for one target and of one kind. Only the issuer's own participant credentials and
#: trusted issuers' attestations have rows at all, so nobody can crowd real evidence out.
MAX_EVIDENCE = 50
#: Values named in one question: SQLite takes 32,766.
_MAX_NAMED = 10_000

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
_DRAWN_BY = select(draws.c.record_id, draws.c.target).where(
    draws.c.record_id.in_(bindparam("records", expanding=True))
)
# Under which identifiers those participants are known that draw on any of the targets.
_RESTING = (
    select(bearings.c.target)
    .join(draws, draws.c.record_id == bearings.c.record_id)
    .where(
        draws.c.target.in_(bindparam("targets", expanding=True)),
        draws.c.kind == Kind.PARTICIPANT.value,
        bearings.c.kind == Kind.PARTICIPANT.value,
    )
    .distinct()
)
_OFFERINGS = (
    select(draws.c.record_id)
    .join(listings, listings.c.record_id == draws.c.record_id)
    .where(
        draws.c.target == bindparam("target"),
        draws.c.kind == Kind.OFFERING.value,
        draws.c.record_id > bindparam("after"),
        listings.c.position < bindparam("below"),
    )
    .distinct()
    .order_by(draws.c.record_id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """A record that bears on a target."""

    record_id: str
    target: str


@dataclass(frozen=True, slots=True)
class BearingChange:
    """A record now bears on `targets`, and on `gone` no more; what rests on either is described again.

    `draws_on` are the identifiers of other participants that it names from now on. `turns_at` is the next
    moment at which what it says begins or ceases to hold by itself.
    """

    record_id: str
    issuer: str
    kind: Kind
    targets: tuple[str, ...]
    gone: tuple[str, ...]
    draws_on: tuple[str, ...]
    turns_at: datetime | None


def bearing_on(connection: Connection, targets: Iterable[str], kind: Kind) -> list[Bearing]:
    """What bears on any of the targets and is of one kind, at most `MAX_EVIDENCE` for each."""
    return [
        Bearing(row.record_id, row.target)
        for some in _some_at_a_time(targets)
        for row in connection.execute(_ON, {"targets": some, "kind": kind.value})
    ]


def changes(
    connection: Connection,
    records: Sequence[str],
    lines: dict[str, Current],
    graphs: dict[str, Graph],
    trust: TrustList,
    now: datetime,
) -> list[BearingChange]:
    """What has to change for these records; nothing for offerings that name the same others as before."""
    before: dict[str, set[str]] = {}
    for row in connection.execute(_BY, {"records": list(records)}):
        before.setdefault(row.record_id, set()).add(row.target)
    drawn: dict[str, set[str]] = {}
    for row in connection.execute(_DRAWN_BY, {"records": list(records)}):
        drawn.setdefault(row.record_id, set()).add(row.target)
    found: list[BearingChange] = []
    for record in records:
        line = lines.get(record)
        earlier = before.get(record, set())
        kind, after, draws_on = (Kind.EVIDENCE, set[str](), set[str]())
        if line is not None:
            kind = kind_of(line.subject, graphs[record])
            after = _targets(line, graphs[record], kind, trust)
            if kind is not Kind.EVIDENCE:
                draws_on = set(followed(graphs[record], line.subject))
        if earlier or after or draws_on != drawn.get(record, set()):
            # The same targets again still mean another statement about them: who rests on it is read anew.
            found.append(
                BearingChange(
                    record,
                    line.issuer if line else "",
                    kind,
                    tuple(sorted(after)),
                    tuple(sorted(earlier - after)),
                    tuple(sorted(draws_on)),
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
    connection.execute(delete(draws).where(draws.c.record_id == change.record_id))
    rows = [
        {"record_id": change.record_id, "target": target, "kind": change.kind.value}
        for target in change.draws_on
    ]
    if rows:
        connection.execute(insert(draws), rows)


def providers_named(connection: Connection, targets: Iterable[str]) -> set[str]:
    """The issuers whose own participant credentials are about any of the targets.

    What is attested of a participant bears on everything that its issuer offers.
    """
    return {
        issuer
        for some in _some_at_a_time(targets)
        for issuer in connection.execute(_PROVIDERS, {"targets": some}).scalars()
    }


def resting_on(connection: Connection, names: Iterable[str]) -> set[str]:
    """These identifiers, and those of each participant that draws on any of them, however far off.

    What rests on a participant is what its issuer offers, and each offering that names it
    (`offerings_naming`). As many steps as descriptions go out from a record (`catalogue.others`), each
    participant once.
    """
    found = set(names)
    new = found
    for _ in range(MAX_HOPS):
        new = {
            name
            for some in _some_at_a_time(new)
            for name in connection.execute(_RESTING, {"targets": some}).scalars()
        } - found
        if not new:
            break
        found = found | new
    return found


def offerings_naming(
    connection: Connection, *, name: str, after: str, below: int, limit: int
) -> Sequence[str]:
    """Up to `limit` records of offerings that draw on a participant, by id; those listed below a position."""
    asked = {"target": name, "after": after, "below": below, "limit": limit}
    return connection.execute(_OFFERINGS, asked).scalars().all()


def _some_at_a_time(values: Iterable[str]) -> Iterator[list[str]]:
    """Distinct values in order, as many as one question may name."""
    distinct = sorted(set(values))
    for start in range(0, len(distinct), _MAX_NAMED):
        yield distinct[start : start + _MAX_NAMED]


def _turning(line: Current, graph: Graph, now: datetime) -> datetime | None:
    """The next moment, in UTC days as periods are counted, at which the record says something else."""
    days = (datetime.combine(day, time(), UTC) for day in turning_days(graph, line.subject))
    return next((moment for moment in days if moment > now), None)


def _targets(line: Current, graph: Graph, kind: Kind, trust: TrustList) -> set[str]:
    if kind is Kind.PARTICIPANT:
        # Others may name it by its DID or by the IRI under which it describes itself, if that is its own.
        own = is_short(line.subject) and owns(line.issuer, line.subject)
        return {line.issuer, line.subject} if own else {line.issuer}
    if kind is Kind.OFFERING:
        # On itself, when it says something that begins or ends on a day; on nobody else.
        return {line.subject} if is_short(line.subject) and turning_days(graph, line.subject) else set()
    # An issuer whom nobody trusts for anything is kept, and read as evidence for nothing.
    if any(entry.did == line.issuer for entry in trust.entries):
        return set(mentions(graph, line.subject))
    return set()
