"""What an operator watches: what is due, what will end or change when, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from catalogue import schemas
from catalogue.federation.model import EntryState, ReceivedEntry
from catalogue.federation.overview import entry_in
from catalogue.lifecycle import State
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import (
    NOT_IN_FORCE,
    bearings,
    issuer_rules,
    listings,
    peers,
    read_time,
    received,
    rechecks,
    refusals,
    standings,
    stored_time,
)
from catalogue.trusting import TrustFile
from credentials.times import Clock
from vocab.rule_days import rule_days
from vocab.trust import TrustList

#: How far the calendar looks ahead.
CALENDAR_DAYS = 90
#: Lines of each list that is shown: what waits longest, or came last.
MAX_LINES = 50
_ENDING = (State.LISTED.value, State.SUSPENDED.value, State.UNVERIFIABLE.value)


@dataclass(frozen=True, slots=True)
class Queue:
    """What is to be verified again: how many self-descriptions by now, and since when the first waits.

    `out_of_reach` statements rest on something that doesn't answer; `waiting` are peers' undecided entries.
    """

    listed: int
    due: int
    oldest: datetime | None
    out_of_reach: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which something changes by itself.

    `ending` statements are valid until then, something that `turning` records state begins or ends, and
    `rules`: a profile, a law or a membership of the EU begins or ends.
    """

    on: date
    ending: int
    turning: int
    rules: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A submission that was refused lately, by the issuer that it claimed."""

    claimed_issuer: str
    digest: str
    at: datetime
    check: str
    detail: str


class Oversight:
    """The operator's reading side; every method is one consistent snapshot."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._interval = timedelta(seconds=settings.recheck_seconds)
        self._database = database
        self._clock = clock
        self._trust = TrustFile.of(settings)

    def queue(self) -> Queue:
        """What waits for verification."""
        before = stored_time(self._clock() - self._interval)
        with self._database.read() as connection:
            due, oldest = connection.execute(
                select(func.count(), func.min(rechecks.c.asked_at)).where(rechecks.c.asked_at <= before)
            ).one()
            return Queue(
                listed=_count(connection, select(func.count()).select_from(rechecks)),
                due=due,
                # Empty for what is to be looked at once.
                oldest=read_time(oldest) + self._interval if oldest else None,
                out_of_reach=_count(
                    connection, select(func.count()).where(standings.c.unreachable_since.is_not(None))
                ),
                waiting=_count(
                    connection,
                    select(func.count()).where(
                        received.c.state.in_((EntryState.PENDING.value, EntryState.DEFERRED.value)),
                        NOT_IN_FORCE,
                    ),
                ),
            )

    def calendar(self) -> list[Day]:
        """The days of the next `CALENDAR_DAYS` on which something changes by itself, in order."""
        now = self._clock()
        until = now + timedelta(days=CALENDAR_DAYS)
        span = (stored_time(now), stored_time(until))
        ends, turns = func.substr(listings.c.valid_until, 1, 10), func.substr(bearings.c.turns_at, 1, 10)
        with self._database.read() as connection:
            ending = connection.execute(
                select(ends, func.count())
                .where(listings.c.state.in_(_ENDING), listings.c.valid_until.between(*span))
                .group_by(ends)
            ).all()
            turning = connection.execute(
                select(turns, func.count(bearings.c.record_id.distinct()))
                .where(bearings.c.turns_at.between(*span))
                .group_by(turns)
            ).all()
        ended = {date.fromisoformat(day): number for day, number in ending}
        turned = {date.fromisoformat(day): number for day, number in turning}
        rules = {day for day in rule_days() if now.date() < day <= until.date()}
        return [
            Day(day, ended.get(day, 0), turned.get(day, 0), day in rules)
            for day in sorted({*ended, *turned, *rules})
        ]

    def rules(self) -> dict[str, int]:
        """How many issuers are blocked and allowed, by rule."""
        with self._database.read() as connection:
            counted = connection.execute(
                select(issuer_rules.c.rule, func.count()).group_by(issuer_rules.c.rule)
            )
            return {row[0]: row[1] for row in counted}

    def trust(self) -> TrustList:
        """Whom the node believes about what, as the file has it now."""
        return self._trust.current()

    def schemas(self) -> list[schemas.SchemaLine]:
        """The shapes that self-descriptions are held against."""
        with self._database.read() as connection:
            return schemas.listed(connection)

    def waiting(self) -> Sequence[tuple[str, ReceivedEntry]]:
        """Entries of peers that aren't decided, with the peer's name; what is looked at next comes first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(received, peers.c.name)
                .join(peers, peers.c.id == received.c.peer)
                .where(
                    received.c.state.in_((EntryState.PENDING.value, EntryState.DEFERRED.value)), NOT_IN_FORCE
                )
                .order_by(received.c.due_at)
                .limit(MAX_LINES)
            ).all()
            return [(row.name, entry_in(row)) for row in rows]

    def refused(self) -> list[Refused]:
        """What was refused lately, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(refusals).order_by(refusals.c.at.desc()).limit(MAX_LINES))
            return [
                Refused(row.claimed_issuer, row.digest, read_time(row.at), row.check, row.detail)
                for row in rows
            ]


def _count(connection: Connection, query: object) -> int:
    return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]
