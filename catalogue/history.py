"""What became of a record on this node: every version that was listed, and every event, in order of time.

Versions come from the listings, so that a rebuild changes nothing about them; all else was told when it
happened.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from catalogue.errors import BadParameter
from catalogue.lifecycle import State
from catalogue.log import Op, event_in
from catalogue.store.tables import events, intake, listings, read_time, stored_time, withdrawals
from credentials.times import from_rfc3339

NEWEST, OLDEST = "newest", "oldest"
#: In which order a history is told.
ORDERS = (NEWEST, OLDEST)
#: Versions of one record that its history goes back: one an hour for more than a year. Events have no such
#: bound, they are read a page at a time.
MAX_VERSIONS = 10_000
#: Characters of a cursor of this list.
_MAX_CURSOR = 300
_LISTED, _SUPERSEDED, _WITHDRAWN, _EVENT = range(4)
#: Time (text, as stored), rank of the kind at one time, then what tells the rest apart.
_Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a history. `digest` is of the bytes of a version; `value` and `since` as in `Event`."""

    at: datetime
    kind: str
    content_id: str | None
    digest: str | None
    value: str | None
    since: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of a history; `next` is an opaque cursor or None."""

    items: tuple[Happening, ...]
    total: int
    next: str | None


def history_of(
    connection: Connection, record: str, *, order: str, cursor: str | None, size: int
) -> HistoryPage:
    """A page of a record's history, of one snapshot. BadParameter for a cursor of another list or order."""
    newest_first = order == NEWEST
    after = _read_cursor(cursor, order)
    versions = _versions(connection, record)
    found = dict(versions)
    if after is not None:
        found = {place: one for place, one in versions if (place < after if newest_first else place > after)}
    found.update(_told(connection, record, newest_first, after, size + 1))
    places = sorted(found, reverse=newest_first)
    count = select(func.count()).select_from(events).where(events.c.record_id == record)
    return HistoryPage(
        tuple(found[place] for place in places[:size]),
        len(versions) + connection.execute(count).scalar_one(),
        _cursor(order, places[size - 1]) if len(places) > size else None,
    )


def _versions(connection: Connection, record: str) -> list[tuple[_Place, Happening]]:
    """What happened to the versions: listed, superseded by another, withdrawn by their issuer."""
    rows = connection.execute(
        select(listings)
        .where(listings.c.record_id == record)
        .order_by(listings.c.position.desc(), listings.c.place.desc())
        .limit(MAX_VERSIONS)
    ).all()
    found: list[tuple[_Place, Happening]] = []
    newest: Row[tuple[object, ...]] | None = None
    for row in reversed(rows):
        found.append(_version(row, row.listed_at, _LISTED, "listed", "its issuer published it"))
        if newest is not None:
            older, newer = sorted((newest, row), key=lambda one: (one.valid_from, one.content_id))
            reason = f"{newer.content_id}, signed as of {newer.valid_from}, takes its place"
            found.append(_version(older, row.listed_at, _SUPERSEDED, State.SUPERSEDED.value, reason))
            newest = newer
        else:
            newest = row
    taken_back = {row.content_id: row for row in rows if row.state == State.WITHDRAWN.value}
    first = {row.content_id: row for row in _withdrawals(connection, record)} if taken_back else {}
    for content_id, row in first.items():
        if (line := taken_back.get(content_id)) is not None:
            reason = row.reason or "its issuer withdrew it"
            at = stored_time(from_rfc3339(json.loads(row.entry)["at"]))
            found.append(_version(line, at, _WITHDRAWN, State.WITHDRAWN.value, reason))
    return found


def _withdrawals(connection: Connection, record: str) -> Iterable[Any]:
    return connection.execute(
        select(withdrawals.c.content_id, withdrawals.c.reason, intake.c.entry)
        .join(
            listings,
            (listings.c.content_id == withdrawals.c.content_id) & (listings.c.issuer == withdrawals.c.issuer),
        )
        .join(intake, (intake.c.digest == withdrawals.c.digest) & (intake.c.op == Op.WITHDRAW.value))
        .where(listings.c.record_id == record)
        # Of one that came twice, from a peer and from its issuer, the first counts.
        .order_by(intake.c.position.desc())
        .limit(2 * MAX_VERSIONS)
    )


def _version(
    row: Row[tuple[object, ...]], at: str, rank: int, kind: str, reason: str
) -> tuple[_Place, Happening]:
    happening = Happening(read_time(at), kind, row.content_id, row.digest, None, None, reason)
    return (at, rank, row.content_id), happening


def _told(
    connection: Connection, record: str, newest_first: bool, after: _Place | None, limit: int
) -> Iterable[tuple[_Place, Happening]]:
    """Up to `limit` events beyond a place."""
    query = select(events).where(events.c.record_id == record)
    if after is not None:
        query = query.where(_beyond(after, newest_first))
    keys = (events.c.at, events.c.number)
    query = query.order_by(*(key.desc() if newest_first else key for key in keys)).limit(limit)
    for row in connection.execute(query):
        event = event_in(row)
        yield (
            (row.at, _EVENT, f"{row.number:020}"),
            Happening(event.at, event.kind, event.content_id, None, event.value, event.since, event.reason),
        )


def _beyond(after: _Place, newest_first: bool) -> ColumnElement[bool]:
    at, rank, key = after
    beyond = events.c.at < at if newest_first else events.c.at > at
    if rank == _EVENT:
        number = events.c.number
        return beyond | ((events.c.at == at) & (number < int(key) if newest_first else number > int(key)))
    # Of one moment, events are the last to be told.
    return beyond if newest_first else events.c.at >= at


def _cursor(order: str, place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([order, *place]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None, order: str) -> _Place | None:
    if cursor is None:
        return None
    problem = BadParameter("cursor", "not a cursor of this list in this order")
    if len(cursor) > _MAX_CURSOR or not cursor.isascii():
        raise problem
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise problem from error
    match place:
        case [str(told), str(at), int(rank), str(key)] if told == order and key.isascii():
            if _LISTED <= rank <= _EVENT and (rank != _EVENT or (key.isdigit() and len(key) == 20)):
                try:
                    from_rfc3339(at)
                except ValueError as error:
                    raise problem from error
                return at, rank, key
    raise problem
