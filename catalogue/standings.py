"""What re-checks have found of listed statements: only of those that aren't simply fine.

Each change is an event, so that a rebuild arrives at the same rows from the events alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from catalogue.ledger import records_of_content, settle
from catalogue.lifecycle import State
from catalogue.log import tell
from catalogue.store.tables import events, read_time, standings, stored_time

#: States that only a re-check brings.
FOUND = (State.REVOKED, State.SUSPENDED, State.UNVERIFIABLE, State.EXPIRED)
#: Kinds of event besides those named after the states: fine again; out of reach; within reach again.
REINSTATED, UNREACHABLE, REACHABLE = "reinstated", "unreachable", "reachable"

#: How the reason begins of an event that tells the end which a statement names itself.
ENDED = "valid until "

_STATES = {state.value: state for state in FOUND}
#: Events read at once while their effect is worked out anew.
_BATCH = 1_000
#: Characters of a reason.
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What a re-check found of a statement. `state` None: nothing against it.

    `unreachable`: what it rests on could not be asked, so that nothing new is known. `silent`: the same only
    of who could say that a certificate was revoked.
    """

    state: State | None
    reason: str
    unreachable: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a statement. `state` None: the last verdict was fine, but it can't be asked now."""

    state: State | None
    reason: str
    since: datetime
    unreachable_since: datetime | None


def standing_of(connection: Connection, content_id: str) -> Standing | None:
    """What re-checks found of a statement, None when nothing is against it."""
    row = connection.execute(select(standings).where(standings.c.content_id == content_id)).one_or_none()
    if row is None:
        return None
    return Standing(
        State(row.state) if row.state else None,
        row.reason,
        read_time(row.since),
        read_time(row.unreachable_since) if row.unreachable_since else None,
    )


def note(connection: Connection, content_id: str, kind: str, reason: str, now: datetime) -> None:
    """Enter a change of a statement with its event and its effect, inside a writing transaction.

    `kind` is one of the `FOUND` states, or `REINSTATED`, `UNREACHABLE`, `REACHABLE`.
    """
    reason = reason[:MAX_REASON]
    _apply(connection, content_id, kind, reason, now)
    for record in records_of_content(connection, content_id):
        tell(connection, now, kind, record, content_id, reason)
        settle(connection, record, now)


def replay(connection: Connection) -> None:
    """Work every standing out anew from the events, before the log is replayed."""
    kinds = (*_STATES, REINSTATED, UNREACHABLE, REACHABLE)
    last = -1
    while True:
        found = connection.execute(
            select(events)
            .where(events.c.number > last, events.c.kind.in_(kinds), events.c.content_id.is_not(None))
            .order_by(events.c.number)
            .limit(_BATCH)
        ).all()
        if not found:
            return
        for row in found:
            # An end that the statement itself names is told by the same word, and needs no standing.
            if row.kind != State.EXPIRED.value or not row.reason.startswith(ENDED):
                _apply(connection, row.content_id, row.kind, row.reason, read_time(row.at))
        last = found[-1].number


def _apply(connection: Connection, content_id: str, kind: str, reason: str, at: datetime) -> None:
    before = standing_of(connection, content_id)
    connection.execute(delete(standings).where(standings.c.content_id == content_id))
    state = before.state if before else None
    since = before.since if before else at
    unreachable = before.unreachable_since if before else None
    if kind in _STATES:
        state, since = _STATES[kind], at
        unreachable = unreachable if state is State.UNVERIFIABLE else None
    elif kind == REINSTATED:
        return
    elif kind == UNREACHABLE:
        unreachable = unreachable or at
        reason = before.reason if before and before.state else reason
    else:
        unreachable = None
        if state is None:
            return
        reason = before.reason if before else reason
    connection.execute(
        insert(standings).values(
            content_id=content_id,
            state=state.value if state else None,
            reason=reason,
            since=stored_time(since),
            unreachable_since=stored_time(unreachable) if unreachable else None,
        )
    )
