"""Which statement of a record is the current one, and in what state: a pure function of the set.

Order of arrival plays no part: what supersedes what follows from signed times, ties from content_id. A
withdrawn statement keeps its place, so that a withdrawal never brings an older statement back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The state of one statement in its record."""

    LISTED = "listed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class Statement:
    """What deciding needs to know of one statement. `valid_from` is the signed validFrom or issuanceDate.

    `found` is the state that a re-check brought, None when there is nothing against it.
    """

    content_id: str
    valid_from: datetime
    valid_until: datetime | None
    withdrawn: bool
    found: State | None = None


def current(statements: Sequence[Statement]) -> Statement:
    """The newest by signed time; of two signed for the same instant, the one with the greater content_id."""
    return max(statements, key=lambda statement: (statement.valid_from, statement.content_id))


def states(statements: Sequence[Statement], *, blocked: bool, now: datetime) -> dict[str, State]:
    """The state of each statement of one record, by content_id. An empty record has no states."""
    if not statements:
        return {}
    newest = current(statements)
    return {
        statement.content_id: _state(statement, statement is newest, blocked, now) for statement in statements
    }


def _state(statement: Statement, newest: bool, blocked: bool, now: datetime) -> State:
    if statement.withdrawn:
        return State.WITHDRAWN
    if not newest:
        return State.SUPERSEDED
    if blocked:
        return State.BLOCKED
    if statement.found is State.REVOKED:
        return State.REVOKED
    if statement.valid_until is not None and statement.valid_until <= now:
        return State.EXPIRED
    return statement.found or State.LISTED
