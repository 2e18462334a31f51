"""Reading the store: bytes, reports, listings and "why isn't mine listed?"."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from catalogue import refusals
from catalogue.errors import BadParameter, Gone, NotFound
from catalogue.ledger import (
    SELF_DESCRIPTION,
    WITHDRAWAL,
    lines_of_digest,
    report_of,
    withdrawn_at,
)
from catalogue.lifecycle import State
from catalogue.log import erased_at
from catalogue.store.database import Database
from catalogue.store.tables import (
    blobs,
    issuer_rules,
    listings,
    read_time,
    stored_time,
)
from credentials.report import Report
from credentials.times import Clock

MAX_SIZE = 100


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Exact bytes as received, with the media type that their form has."""

    digest: str
    data: bytes
    media_type: str
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ListedStatement:
    """One statement about one subject, with its times and state."""

    id: str
    digest: str
    index: int
    content_id: str
    issuer: str
    subject: str
    state: State
    valid_from: datetime
    valid_until: datetime | None
    listed_at: datetime
    shapes: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """One page of statements, oldest listing first; `next` is an opaque cursor or None."""

    items: tuple[ListedStatement, ...]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an issuer stands on this node. `rule` is `block`, `allow` or None; refusals are by claim only."""

    did: str
    rule: str | None
    rule_reason: str | None
    statements: dict[str, int]
    refusals: tuple[refusals.Refusal, ...]


class Records:
    """The reading side of the store; every method is one consistent snapshot."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def self_description(self, digest: str) -> StoredBlob:
        """The exact bytes. NotFound; Gone when erased, or when all that they state was withdrawn."""
        with self._database.read() as connection:
            blob = _blob(connection, digest, SELF_DESCRIPTION)
            _refuse_withdrawn(connection, digest)
        return blob

    def withdrawal(self, digest: str) -> StoredBlob:
        """The exact bytes of a withdrawal. NotFound, Gone (erased)."""
        with self._database.read() as connection:
            return _blob(connection, digest, WITHDRAWAL)

    def report(self, digest: str) -> Report:
        """The report on a self-description as it was accepted. NotFound, Gone."""
        with self._database.read() as connection:
            _blob(connection, digest, SELF_DESCRIPTION)
            _refuse_withdrawn(connection, digest)
            return report_of(connection, digest)

    def statements(
        self,
        *,
        issuer: str | None = None,
        subject: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        size: int = 20,
    ) -> StatementPage:
        """Listed statements by issuer, subject and state. BadParameter for a bad state, size or cursor."""
        if not 1 <= size <= MAX_SIZE:
            raise BadParameter("size", f"must be 1 to {MAX_SIZE}")
        if state is not None and state not in {known.value for known in State}:
            raise BadParameter("state", f"must be one of {', '.join(State)}")
        now = stored_time(self._clock())
        expired = (listings.c.state == State.LISTED.value) & (listings.c.valid_until <= now)
        chosen = []
        if issuer is not None:
            chosen.append(listings.c.issuer == issuer)
        if subject is not None:
            chosen.append(listings.c.subject == subject)
        if state == State.EXPIRED.value:
            chosen.append((listings.c.state == state) | expired)
        elif state == State.LISTED.value:
            chosen.append((listings.c.state == state) & ~func.coalesce(expired, False))
        elif state is not None:
            chosen.append(listings.c.state == state)
        place = _read_cursor(cursor)
        key = (listings.c.position, listings.c.place, listings.c.record_id)
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).select_from(listings).where(*chosen)).scalar_one()
            query = select(listings).where(*chosen).order_by(*key).limit(size + 1)
            if place is not None:
                position, index, record = place
                query = query.where(
                    (key[0] > position)
                    | ((key[0] == position) & (key[1] > index))
                    | ((key[0] == position) & (key[1] == index) & (key[2] > record))
                )
            rows = connection.execute(query).all()
        items = tuple(_statement(row, now) for row in rows[:size])
        return StatementPage(items, total, _cursor(rows[size - 1]) if len(rows) > size else None)

    def ending(self, issuer: str, limit: int) -> tuple[ListedStatement, ...]:
        """What an issuer has listed and what ends by itself, the soonest first, at most `limit` of it."""
        now = stored_time(self._clock())
        with self._database.read() as connection:
            rows = connection.execute(
                select(listings)
                .where(
                    listings.c.issuer == issuer,
                    listings.c.state == State.LISTED.value,
                    listings.c.valid_until > now,
                )
                .order_by(listings.c.valid_until, listings.c.position, listings.c.place)
                .limit(limit)
            ).all()
        return tuple(_statement(row, now) for row in rows)

    def standing(self, did: str) -> Standing:
        """Why what an issuer published is listed or isn't."""
        with self._database.read() as connection:
            rule = connection.execute(
                select(issuer_rules.c.rule, issuer_rules.c.reason).where(issuer_rules.c.did == did)
            ).one_or_none()
            counts = connection.execute(
                select(listings.c.state, func.count().label("number"))
                .where(listings.c.issuer == did)
                .group_by(listings.c.state)
            ).all()
            refused = tuple(refusals.recent(connection, did))
        return Standing(
            did,
            rule.rule if rule else None,
            rule.reason if rule else None,
            {row.state: row.number for row in counts},
            refused,
        )

    def is_empty(self) -> bool:
        """Whether nothing was ever listed here."""
        with self._database.read() as connection:
            return connection.execute(select(listings.c.record_id).limit(1)).scalar() is None


def _blob(connection: Connection, digest: str, kind: str) -> StoredBlob:
    row = connection.execute(
        select(blobs).where(blobs.c.digest == digest, blobs.c.kind == kind)
    ).one_or_none()
    if row is None:
        at = erased_at(connection, digest)
        if at is not None:
            raise Gone(digest, "erased", at)
        raise NotFound(kind, digest)
    return StoredBlob(digest, bytes(row.data), row.media_type, read_time(row.stored_at))


def _refuse_withdrawn(connection: Connection, digest: str) -> None:
    """410 once nothing is left that the bytes state; until then they are evidence for the rest."""
    lines = lines_of_digest(connection, digest)
    if not lines or any(line.state is not State.WITHDRAWN for line in lines):
        return
    raise Gone(digest, "withdrawn", withdrawn_at(connection, [line.content_id for line in lines]))


def _statement(row: Row[tuple[object, ...]], now: str) -> ListedStatement:
    expired = row.state == State.LISTED.value and row.valid_until is not None and row.valid_until <= now
    return ListedStatement(
        row.record_id,
        row.digest,
        row.place,
        row.content_id,
        row.issuer,
        row.subject,
        State.EXPIRED if expired else State(row.state),
        read_time(row.valid_from),
        read_time(row.valid_until) if row.valid_until else None,
        read_time(row.listed_at),
        row.shapes,
    )


def _cursor(row: Row[tuple[object, ...]]) -> str:
    place = [row.position, row.place, row.record_id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[int, int, str] | None:
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadParameter("cursor", "not a cursor of this list") from error
    match place:
        case [int(position), int(index), str(record)] if len(cursor) < 200 and record.isascii():
            if 0 <= position < 2**62 and 0 <= index < 2**31:
                return position, index, record
    raise BadParameter("cursor", "not a cursor of this list")
