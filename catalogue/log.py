"""What was taken in, append-only: the one source of truth. Everything else follows it.

An entry is `{v, op, digest, at}` in RFC 8785 form: no DID, name or subject, so that it can be copied
anywhere and stay when what it named is erased. Positions start at 0 and have no gaps. Entries about what was
submitted to this node make its public log, whose leaves are counted by themselves; the others are about what
was copied from peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from catalogue.store.database import take_event_numbers, take_leaf, take_position
from catalogue.store.rows import RowInsert
from catalogue.store.tables import events, heads, intake, stored_time
from credentials.times import from_rfc3339
from credentials.transparency.entries import LogEntry, parse_entry
from credentials.transparency.entries import Op as Op  # part of what is exported here
from credentials.transparency.refusals import EntryMalformed

_APPEND = RowInsert(intake)
_ERASURE_OF = (
    select(intake.c.entry).where(intake.c.digest == bindparam("of"), intake.c.op == "erase").limit(1)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `digest` names the self-description (list, erase) or the withdrawal (withdraw).

    `position` counts all that was taken in, `leaf` the public log; None of what was copied.
    """

    position: int
    op: Op
    digest: str
    at: datetime
    leaf: int | None

    def to_bytes(self) -> bytes:
        """The exact, replicable form: RFC 8785 JSON of `{v, op, digest, at}`."""
        return LogEntry(self.op, self.digest, self.at).to_bytes()


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
    """How far intake, public log and events go, and which generation of derived state this is."""

    intake_size: int
    tree_size: int
    event_count: int
    generation: int


def append(connection: Connection, op: Op, digest: str, at: datetime) -> Entry:
    """Append one entry to the public log inside the caller's writing transaction. Raises LogHeld."""
    position, leaf = take_leaf(connection)
    return _enter(connection, Entry(position, op, digest, at, leaf))


def copy_in(connection: Connection, op: Op, digest: str, at: datetime) -> Entry:
    """Enter what a peer's log says, and was taken here, inside the caller's writing transaction.

    It isn't part of this node's log. `at` is when it was taken here.
    """
    return _enter(connection, Entry(take_position(connection), op, digest, at, None))


def enter_at(connection: Connection, leaf: int, entry: LogEntry) -> Entry:
    """Put back an entry of the public log that was signed, at its leaf; the caller counts the leaves.

    It gets the next position of the intake, since it is taken in now.
    """
    position = take_position(connection)
    return _enter(connection, Entry(position, entry.op, entry.digest, entry.at, leaf))


def _enter(connection: Connection, entry: Entry) -> Entry:
    _APPEND(
        connection,
        {
            "position": entry.position,
            "op": entry.op.value,
            "digest": entry.digest,
            "entry": entry.to_bytes().decode("ascii"),
            "leaf": entry.leaf,
        },
    )
    return entry


def entries(connection: Connection, after: int, limit: int) -> Sequence[Entry]:
    """Up to `limit` entries from position `after` on, in order."""
    rows = connection.execute(
        select(intake.c.position, intake.c.entry, intake.c.leaf)
        .where(intake.c.position >= after)
        .order_by(intake.c.position)
        .limit(limit)
    )
    return [_entry(position, text, leaf) for position, text, leaf in rows]


def is_logged(connection: Connection, digest: str) -> bool:
    """Whether an entry of this node's own log names these bytes."""
    found = connection.execute(
        select(intake.c.position).where(intake.c.digest == digest, intake.c.leaf.is_not(None)).limit(1)
    )
    return found.first() is not None


def leaves(connection: Connection, first: int, limit: int) -> Sequence[bytes]:
    """Up to `limit` entries of the public log from leaf `first` on, in their exact form, in order."""
    rows = connection.execute(
        select(intake.c.entry).where(intake.c.leaf >= first).order_by(intake.c.leaf).limit(limit)
    )
    return [text.encode("ascii") for text in rows.scalars()]


def erased_at(connection: Connection, digest: str) -> datetime | None:
    """When these bytes were erased here, None if they never were."""
    text = connection.execute(_ERASURE_OF, {"of": digest}).scalar()
    return _entry(0, text, None).at if text is not None else None


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
    """The current ends of intake, log and events."""
    row = connection.execute(
        select(heads.c.intake_size, heads.c.tree_size, heads.c.event_count, heads.c.generation)
    ).one()
    return Heads(row.intake_size, row.tree_size, row.event_count, row.generation)


def count(connection: Connection) -> int:
    """Entries really present (equal to `intake_size`; a check for restored stores)."""
    return connection.execute(select(func.count()).select_from(intake)).scalar_one()


def _entry(position: int, text: str, leaf: int | None) -> Entry:
    try:
        entry = parse_entry(text.encode())
    except EntryMalformed as error:
        raise ValueError(f"entry {position} can't be read: {error.problem}") from error
    return Entry(position, entry.op, entry.digest, entry.at, leaf)


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
