"""Tells, as events, what has changed in what is concluded of offerings, and keeps what was told.

Kept with the events: neither a rebuild nor an index made anew tells anything twice. There may be several
indexers, each describing the same offerings at its own pace; only who has seen at least as much of the store
as was told from may tell more, so that none takes back what another has told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from catalogue.causes import Cause, Turns, causes_of, in_words
from catalogue.conclusions import Change, Told, changes
from catalogue.log import Event, Heads, tell_all
from catalogue.store.database import Database
from catalogue.store.tables import concluded, read_time, stored_time

#: Characters of a reason; the longest that is composed here names a few countries and three causes.
MAX_REASON = 2_000
#: Records written in one transaction: publications wait for it.
_CHUNK = 100

_KEPT = select(concluded).where(concluded.c.record_id.in_(bindparam("records", expanding=True)))
_FORGET = delete(concluded).where(concluded.c.record_id.in_(bindparam("records", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was told last of an offering, when, and from how much of the store."""

    told: Told
    at: datetime
    seen: int
    events: int

    def is_newer(self, step: _Step) -> bool:
        """Whether it was told from more than the step was made from."""
        return (self.seen, self.at) > (step.seen, step.at)


@dataclass(frozen=True, slots=True)
class _Step:
    """What to tell of one offering, as long as `before` is what was told last. `told` None: forget it."""

    record: str
    before: _Kept | None
    told: Told | None
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...]
    at: datetime
    seen: int
    events: int


def keep(
    connection: Connection,
    database: Database,
    found: Mapping[str, Told | None],
    *,
    now: datetime,
    ends: Heads,
    turns: Turns,
) -> None:
    """Tell what differs from what was told last of these offerings.

    They were described for `now` in a snapshot that went as far as `ends`; `connection` is that or a later
    one. None: no offering any more, or hidden. A difference is written in short transactions, and nothing at
    all where there is none.
    """
    steps = _steps(connection, found, ends, now, turns)
    for start in range(0, len(steps), _CHUNK):
        with database.write() as writing:
            _write(writing, steps[start : start + _CHUNK], turns)


def _steps(
    connection: Connection,
    found: Mapping[str, Told | None],
    ends: Heads,
    now: datetime,
    turns: Turns,
) -> list[_Step]:
    kept = _kept(connection, found)
    steps = []
    for record, told in found.items():
        before = kept.get(record)
        if (before.told if before else None) == told:
            continue
        step = _Step(record, before, told, (), (), now, ends.intake_size + ends.event_count, ends.event_count)
        if before is not None and before.is_newer(step):
            continue
        steps.append(_explained(connection, step, turns))
    return steps


def _explained(connection: Connection, step: _Step, turns: Turns) -> _Step:
    """The step with what there is to tell, and why."""
    if step.told is None:
        return step
    before = step.before
    found = changes(before.told if before else None, step.told)
    if before is None or not found:
        return replace(step, changes=found)
    causes = causes_of(
        connection,
        before.told,
        step.told,
        told_at=before.at,
        events_then=before.events,
        now=step.at,
        turns=turns,
    )
    return replace(step, changes=found, causes=causes)


def _write(connection: Connection, steps: Sequence[_Step], turns: Turns) -> None:
    kept = _kept(connection, [step.record for step in steps])
    rows, told, old = [], list[Event](), []
    for step in steps:
        before = kept.pop(step.record, None)
        if before != step.before:
            # Another indexer came first. This one goes on from what that told of an older state.
            if before is not None and before.is_newer(step):
                continue
            step = _explained(connection, replace(step, before=before), turns)
        old.append(step.record)
        told += _events(step)
        if step.told is not None:
            rows.append(_row(step, step.told))
    connection.execute(_FORGET, {"records": old})
    if rows:
        connection.execute(insert(concluded), rows)
    tell_all(connection, told)


def _events(step: _Step) -> Iterator[Event]:
    own = step.told.content_id if step.told else ""
    named = step.causes[0].content_id if step.causes else own
    since = max((cause.since for cause in step.causes), default=None)
    why = f". {in_words(step.causes)}" if step.causes else ""
    for change in step.changes:
        reason = f"{change.text}{why}"[:MAX_REASON]
        yield Event(0, step.at, change.kind, step.record, named or None, reason, change.value, since)


def _row(step: _Step, told: Told) -> dict[str, object]:
    return {
        "record_id": step.record,
        "told": told.to_json(),
        "at": stored_time(step.at),
        "seen": step.seen,
        "events": step.events,
    }


def _kept(connection: Connection, records: Iterable[str]) -> dict[str, _Kept]:
    return {
        row.record_id: _Kept(Told.from_json(row.told), read_time(row.at), row.seen, row.events)
        for row in connection.execute(_KEPT, {"records": list(records)})
    }
