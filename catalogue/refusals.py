"""Recent refusals, kept briefly and without their bytes, to answer "why isn't mine listed?".

The issuer is only claimed: nobody's signature stands behind a refused submission, and answers say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from catalogue.store.tables import read_time, refusals, stored_time
from credentials.report import Report

#: Enough to see a pattern, too few to be a store of other people's mistakes.
KEPT_PER_ISSUER = 20
#: In all, so that invented issuers can't fill the disk: about 5 MB.
KEPT_IN_ALL = 10_000
KEPT_DAYS = 30
#: Characters of a detail kept; the submitter got the whole report at the time.
MAX_DETAIL = 400
#: A DID longer than this is no DID that any method here resolves.
MAX_ISSUER = 2_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused submission: the first check that spoke against it, why and when."""

    digest: str
    at: datetime
    check: str
    detail: str


def note(connection: Connection, report: Report, digest: str, now: datetime) -> None:
    """Remember a refusal under the issuers that were claimed; forget the oldest beyond the bounds."""
    objection = next(report.objections(), None)
    if objection is None:
        return
    claimed = {entry.issuer for entry in (report, *report.credentials) if entry.issuer}
    for issuer in sorted(claimed)[:KEPT_PER_ISSUER]:
        if len(issuer) > MAX_ISSUER:
            continue
        connection.execute(
            insert(refusals).values(
                claimed_issuer=issuer,
                digest=digest,
                at=stored_time(now),
                check=objection.name,
                detail=objection.detail[:MAX_DETAIL],
            )
        )
        oldest_kept = connection.execute(
            select(refusals.c.id)
            .where(refusals.c.claimed_issuer == issuer)
            .order_by(refusals.c.id.desc())
            .offset(KEPT_PER_ISSUER)
            .limit(1)
        ).scalar()
        if oldest_kept is not None:
            connection.execute(
                delete(refusals).where(refusals.c.claimed_issuer == issuer, refusals.c.id <= oldest_kept)
            )
    newest = connection.execute(select(func.max(refusals.c.id))).scalar()
    if newest is not None:
        connection.execute(delete(refusals).where(refusals.c.id <= newest - KEPT_IN_ALL))
    connection.execute(delete(refusals).where(refusals.c.at < stored_time(now - timedelta(days=KEPT_DAYS))))


def recent(connection: Connection, issuer: str) -> Sequence[Refusal]:
    """The refusals that claimed this issuer, newest first."""
    rows = connection.execute(
        select(refusals)
        .where(refusals.c.claimed_issuer == issuer)
        .order_by(refusals.c.id.desc())
        .limit(KEPT_PER_ISSUER)
    )
    return [Refusal(row.digest, read_time(row.at), row.check, row.detail) for row in rows]
