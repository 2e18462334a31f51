"""Why what is told of an offering has changed: which statements came, ended or were revoked, and since when.

Worked out from what the offering was read with before and now, and from what happened to these statements
since; so it is the same after a crash, and whichever indexer is the first to see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection, Row, bindparam, select

from catalogue.conclusions import Told
from catalogue.lifecycle import State
from catalogue.standings import ENDED
from catalogue.store.tables import events, listings, read_time, stored_time, withdrawals
from vocab.rule_days import rule_days

#: Causes that one event names; where more came together, it says how many.
MAX_CAUSES = 3
#: Events looked through for one change. More happen to the evidence of one offering only over years.
_MAX_EVENTS = 1_000

_LINES = select(listings).where(listings.c.content_id.in_(bindparam("contents", expanding=True)))
_EVENTS = (
    select(events)
    .where(
        events.c.record_id.in_(bindparam("records", expanding=True)), events.c.number >= bindparam("after")
    )
    .order_by(events.c.number.desc())
    .limit(_MAX_EVENTS)
)
_WITHDRAWN = select(withdrawals).where(
    withdrawals.c.content_id == bindparam("content"), withdrawals.c.issuer == bindparam("by")
)
#: What an event does to a statement, in words; of other kinds nothing follows for what rests on it.
_HAPPENED = {
    "expired": "has expired",
    "revoked": "was revoked",
    "suspended": "was suspended",
    "unverifiable": "can't be verified any more",
    "reinstated": "is verified again",
    "blocked": "is hidden, its issuer was blocked",
    "unblocked": "shows again, its issuer isn't blocked any more",
}
#: Gives the days on which something begins or ends that a record states.
Turns = Callable[[str], Iterable[date]]
_Line = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, in words: of which statement ("" of none), and when it took effect."""

    content_id: str
    text: str
    since: datetime


def causes_of(
    connection: Connection,
    before: Told,
    after: Told,
    *,
    told_at: datetime,
    events_then: int,
    now: datetime,
    turns: Turns,
) -> tuple[Cause, ...]:
    """Why `after` differs from `before`, which was told at `told_at` when there were `events_then` events.

    Never empty: if nothing is found, the rules changed, or how this program reads what is said.
    """
    lines = _lines(connection, {*before.evidence, *after.evidence, before.content_id, after.content_id})
    happened = _happened(connection, [line.record_id for line in lines.values()], events_then)
    gone = [content for content in before.evidence if content not in after.evidence]
    arrived = [
        lines[content] for content in after.evidence if content not in before.evidence and content in lines
    ]
    renewed = {line.record_id for line in arrived}
    found: list[Cause] = []
    if before.content_id != after.content_id and after.content_id in lines:
        found.append(_version(lines[after.content_id]))
    for content in gone:
        line = lines.get(content)
        if line is None or line.record_id not in renewed:
            found += _gone(connection, content, line, happened, now)
    found += [_arrived(line, happened) for line in arrived]
    if not found:
        both = [lines[content] for content in after.evidence if content in lines]
        for line in both if after.content_id not in lines else (*both, lines[after.content_id]):
            found += _turned(line, happened, told_at, now, turns)
    return tuple(found) or (_rules(told_at, now),)


def in_words(causes: Sequence[Cause]) -> str:
    """The reasons in one sentence."""
    told = "; ".join(cause.text for cause in causes[:MAX_CAUSES])
    more = len(causes) - MAX_CAUSES
    return f"{told}; and {more} more" if more > 0 else told


def _lines(connection: Connection, contents: Iterable[str]) -> dict[str, _Line]:
    return {row.content_id: row for row in connection.execute(_LINES, {"contents": sorted(contents)})}


def _happened(connection: Connection, records: Iterable[str], after: int) -> dict[str, list[_Line]]:
    """The events of each record since, the latest first."""
    found: dict[str, list[_Line]] = {}
    for row in connection.execute(_EVENTS, {"records": sorted(set(records)), "after": after}):
        found.setdefault(row.record_id, []).append(row)
    return found


def _version(line: _Line) -> Cause:
    text = f"its provider's statement {line.content_id} took the place of the one before"
    return Cause(line.content_id, text, read_time(line.listed_at))


def _gone(
    connection: Connection, content: str, line: _Line | None, happened: dict[str, list[_Line]], now: datetime
) -> Iterator[Cause]:
    """Why a statement that counted doesn't any more; nothing where it only isn't named any more."""
    if line is None:
        yield Cause(content, f"statement {content} is held here no longer", now)
    elif line.state == State.WITHDRAWN.value:
        taken = connection.execute(_WITHDRAWN, {"content": content, "by": line.issuer}).one_or_none()
        since = read_time(taken.issued_at) if taken is not None else now
        yield Cause(content, f"{_named(line)} was withdrawn", since)
    elif (event := _latest(line, happened)) is not None:
        yield _told(line, event)
    elif line.valid_until is not None and line.valid_until <= stored_time(now):
        yield Cause(content, f"{_named(line)} has expired", read_time(line.valid_until))
    elif line.state != State.LISTED.value:
        yield Cause(content, f"{_named(line)} is {line.state}", now)


def _arrived(line: _Line, happened: dict[str, list[_Line]]) -> Cause:
    """Why a statement counts that didn't before."""
    event = _latest(line, happened)
    return (
        _told(line, event)
        if event is not None
        else Cause(line.content_id, f"{_named(line)} arrived", read_time(line.listed_at))
    )


def _turned(
    line: _Line, happened: dict[str, list[_Line]], told_at: datetime, now: datetime, turns: Turns
) -> Iterator[Cause]:
    """What changed about a statement that counted before and still does."""
    for day in turns(line.record_id):
        moment = datetime.combine(day, time(), UTC)
        if told_at < moment <= now:
            yield Cause(
                line.content_id, f"what {_named(line)} states begins or ends on {day.isoformat()}", moment
            )
    event = _latest(line, happened)
    if event is not None:
        yield _told(line, event)


def _latest(line: _Line, happened: dict[str, list[_Line]]) -> _Line | None:
    """The latest event by which the statement counts for more or for less."""
    for event in happened.get(line.record_id, ()):
        if event.kind == "trust" or (event.kind in _HAPPENED and event.content_id in (None, line.content_id)):
            return event
    return None


def _told(line: _Line, event: _Line) -> Cause:
    if event.kind == "trust":
        return Cause(
            line.content_id,
            f"the node's trust list says something else of {line.issuer}, who issued {line.content_id}",
            read_time(event.at),
        )
    by_itself = event.kind == State.EXPIRED.value and event.reason.startswith(ENDED)
    since = read_time(event.reason.removeprefix(ENDED) if by_itself else event.at)
    return Cause(line.content_id, f"{_named(line)} {_HAPPENED[event.kind]} ({event.reason})", since)


def _named(line: _Line) -> str:
    return f"{line.issuer}'s statement {line.content_id}"


def _rules(told_at: datetime, now: datetime) -> Cause:
    """What remains where no statement changed."""
    days = (datetime.combine(day, time(), UTC) for day in reversed(rule_days()))
    turned = next((moment for moment in days if told_at < moment <= now), None)
    if turned is not None:
        return Cause("", f"the rules changed on {turned.date().isoformat()}", turned)
    return Cause("", "this node works it out by other rules than before", now)
