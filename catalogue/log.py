"""The node's log: public, append-only, the one source of truth. Everything else follows it.

An entry is `{v, op, digest, at}` in RFC 8785 form: no DID, name or subject, so that it can be copied
anywhere and stay when what it named is erased. Positions start at 0 and have no gaps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785
from sqlalchemy import Connection, Row, bindparam, func, insert, select

from catalogue.store.database import take_event_numbers, take_position
from catalogue.store.rows import RowInsert
from catalogue.store.tables import events, heads, log, stored_time
from credentials.times import from_rfc3339, to_rfc3339

#: The entry form. A later form gets a new number; readers refuse what they don't know.
ENTRY_VERSION = 1


_APPEND = RowInsert(log)
_ERASURE_OF = select(log.c.entry).where(log.c.digest == bindparam("of"), log.c.op == "erase").limit(1)


class Op(StrEnum):
    """What an entry says of the blob it names."""

    LIST = "list"
    WITHDRAW = "withdraw"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `digest` names the self-description (list, erase) or the withdrawal (withdraw)."""

    position: int
    op: Op
    digest: str
    at: datetime

    def to_bytes(self) -> bytes:
        """The exact, replicable form: RFC 8785 JSON of `{v, op, digest, at}`."""
        return rfc8785.dumps(
            {"v": ENTRY_VERSION, "op": self.op.value, "digest": self.digest, "at": to_rfc3339(self.at)}
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A local happening, never replicated. `kind` is one of those in `docs/api.md`.

    `value` is what was gained, lost or changed (a label, say), and `since` when that took effect, where the
    kind has them.
    """

    number: int
    at: datetime
    kind: str
    record_id: str
    content_id: str | None
    reason: str
    value: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heads:
    """How far the log and the events go, and which generation of derived state this is."""

    log_size: int
    event_count: int
    generation: int


def append(connection: Connection, op: Op, digest: str, at: datetime) -> Entry:
    """Append one entry inside the caller's writing transaction."""
    entry = Entry(take_position(connection), op, digest, at)
    _APPEND(
        connection,
        {
            "position": entry.position,
            "op": op.value,
            "digest": digest,
            "entry": entry.to_bytes().decode("ascii"),
        },
    )
    return entry


def entries(connection: Connection, after: int, limit: int) -> Sequence[Entry]:
    """Up to `limit` entries from position `after` on, in order."""
    rows = connection.execute(
        select(log.c.position, log.c.entry)
        .where(log.c.position >= after)
        .order_by(log.c.position)
        .limit(limit)
    )
    return [_entry(position, text) for position, text in rows]


def erased_at(connection: Connection, digest: str) -> datetime | None:
    """When these bytes were erased here, None if they never were."""
    text = connection.execute(_ERASURE_OF, {"of": digest}).scalar()
    return _entry(0, text).at if text is not None else None


def tell(
    connection: Connection, at: datetime, kind: str, record_id: str, content_id: str | None, reason: str
) -> None:
    """Record a local event inside the caller's writing transaction."""
    tell_all(connection, (Event(0, at, kind, record_id, content_id, reason),))


def tell_all(connection: Connection, happened: Sequence[Event]) -> None:
    """Record events in this order, inside the caller's writing transaction; their numbers are given here."""
    if not happened:
        return
    first = take_event_numbers(connection, len(happened))
    rows = [
        {
            "number": first + place,
            "at": stored_time(event.at),
            "kind": event.kind,
            "record_id": event.record_id,
            "content_id": event.content_id,
            "reason": event.reason,
            "value": event.value,
            "since": stored_time(event.since) if event.since else None,
        }
        for place, event in enumerate(happened)
    ]
    connection.execute(insert(events), rows)


def events_after(connection: Connection, after: int, limit: int) -> Sequence[Event]:
    """Up to `limit` events from number `after` on, in order."""
    rows = connection.execute(
        select(events).where(events.c.number >= after).order_by(events.c.number).limit(limit)
    )
    return [event_in(row) for row in rows]


def events_of(connection: Connection, record_id: str, limit: int) -> Sequence[Event]:
    """The newest `limit` events of one record, newest first."""
    rows = connection.execute(
        select(events).where(events.c.record_id == record_id).order_by(events.c.number.desc()).limit(limit)
    )
    return [event_in(row) for row in rows]


def read_heads(connection: Connection) -> Heads:
    """The current ends of log and events."""
    row = connection.execute(select(heads.c.log_size, heads.c.event_count, heads.c.generation)).one()
    return Heads(row.log_size, row.event_count, row.generation)


def count(connection: Connection) -> int:
    """Entries really present (equal to `log_size`; a check for restored stores)."""
    return connection.execute(select(func.count()).select_from(log)).scalar_one()


def _entry(position: int, text: str) -> Entry:
    form = json.loads(text)
    if form["v"] != ENTRY_VERSION:
        raise ValueError(f"log entry {position} has unknown form {form['v']!r}")
    return Entry(position, Op(form["op"]), form["digest"], from_rfc3339(form["at"]))


def event_in(row: Row[Any]) -> Event:
    """The event that a row of the table holds."""
    return Event(
        row.number,
        from_rfc3339(row.at),
        row.kind,
        row.record_id,
        row.content_id,
        row.reason,
        row.value,
        from_rfc3339(row.since) if row.since else None,
    )
