"""This node's own verdict on a statement: by which policy it was accepted, and when that was last seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from catalogue.store.tables import blobs, listings, read_time, rechecks, standings
from credentials.times import to_rfc3339

_VERDICTS = (
    select(
        listings.c.content_id,
        blobs.c.policy,
        blobs.c.judged_at,
        rechecks.c.asked_at,
        standings.c.unreachable_since,
    )
    .join(blobs, blobs.c.digest == listings.c.digest)
    .outerjoin(rechecks, rechecks.c.position == listings.c.position)
    .outerjoin(standings, standings.c.content_id == listings.c.content_id)
    .where(listings.c.content_id.in_(bindparam("contents", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The `policy` that judged, and the latest time at which it was seen to hold."""

    policy: str
    verified_at: datetime


def verdicts_of(connection: Connection, contents: Iterable[str]) -> dict[str, Verdict]:
    """The verdict on each statement, by content_id; of one that isn't held here there is none."""
    wanted = list(dict.fromkeys(contents))
    if not wanted:
        return {}
    found: dict[str, Verdict] = {}
    for row in connection.execute(_VERDICTS, {"contents": wanted}):
        # While what it rests on can't be asked, a re-check only puts the next one off.
        asked_at = min(filter(None, (row.asked_at, row.unreachable_since)), default="")
        found[row.content_id] = Verdict(row.policy, read_time(max(row.judged_at, asked_at)))
    return found


def verdict_form(verdict: Verdict | None) -> dict[str, str] | None:
    """A verdict as it is shown; None for what was erased a moment ago."""
    if verdict is None:
        return None
    return {"policy": verdict.policy, "verified_at": to_rfc3339(verdict.verified_at)}
