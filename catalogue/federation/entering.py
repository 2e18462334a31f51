"""One transaction in which entries of a peer's log are decided, in their order, by what was found of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from catalogue.errors import ContentErased, IssuerBlocked, IssuerNotAllowed
from catalogue.federation.door import (
    Lister,
    erase_copied,
    erased_here,
    kinds_held,
    list_again,
    list_copied,
    refusal_of,
    withdraw_copied,
)
from catalogue.federation.judging import Accepted, Judgement, NotAccepted, Undecided
from catalogue.federation.model import EntryState
from catalogue.federation.reconsidering import ERASED_HERE
from catalogue.ledger import SELF_DESCRIPTION, WITHDRAWAL
from catalogue.log import Op
from catalogue.store.rows import RowChange
from catalogue.store.tables import received, stored_time
from credentials.verification import Verified
from credentials.withdrawal import Withdrawal

#: The first and the longest wait for what can't be decided now; it doubles with each try.
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=6)
#: Tries until an entry is refused: a week, as long as what is listed here may be out of reach.
MAX_TRIES = 38


class Gone:
    """Whoever lists the bytes has erased them."""


GONE: Final = Gone()
#: What was found of the bytes that an entry names. Of an entry without a finding nothing is known yet.
Finding = Judgement | Gone

_OPEN = (EntryState.PENDING.value, EntryState.DEFERRED.value)
_STILL_OPEN = select(received.c.leaf).where(
    received.c.peer == bindparam("of"),
    received.c.leaf.in_(bindparam("leaves", expanding=True)),
    received.c.state.in_(_OPEN),
)
_ERASED_BY = (
    select(received.c.digest, func.max(received.c.leaf).label("leaf"))
    .where(
        received.c.peer == bindparam("of"),
        received.c.digest.in_(bindparam("digests", expanding=True)),
        received.c.op == Op.ERASE.value,
    )
    .group_by(received.c.digest)
)
_DECIDE = RowChange(
    update(received)
    .where(received.c.peer == bindparam("of"), received.c.leaf == bindparam("at_leaf"))
    .values(
        state=bindparam("to_state"),
        tries=bindparam("to_tries"),
        due_at=bindparam("to_due"),
        detail=bindparam("to_detail"),
        report=bindparam("to_report"),
    )
)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry to decide."""

    leaf: int
    op: str
    digest: str
    tries: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the bytes of what was judged, and the findings, by digest."""

    data: Mapping[str, bytes]
    findings: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class _Decision:
    state: EntryState
    detail: str | None = None
    report: bytes | None = None
    tries: int = 0
    due_at: datetime | None = None


_ACCEPTED = _Decision(EntryState.ACCEPTED)


def erased_by(connection: Connection, peer: int, digests: Sequence[str]) -> dict[str, int]:
    """The last leaf of a peer's log that erases each of these, of those that it has erased."""
    rows = connection.execute(_ERASED_BY, {"of": peer, "digests": list(digests)})
    return {row.digest: row.leaf for row in rows}


class Entering:
    """One transaction's work for one peer. `keeps_report` says whether one more refusal's report is kept."""

    def __init__(
        self,
        connection: Connection,
        lister: Lister,
        found: Found,
        keeps_report: Callable[[], bool],
        now: datetime,
    ) -> None:
        self._connection = connection
        self._lister = lister
        self._found = found
        self._keeps_report = keeps_report
        self._now = now
        self._kinds: dict[str, str] = {}
        self._erased_here: set[str] = set()
        self._erased_by: dict[str, int] = {}
        self._decided: list[dict[str, object]] = []

    def enter(self, entries: Sequence[OpenEntry]) -> int:
        """Decide entries, in this order, that are still open; returns how many were decided or put off."""
        still = set(
            self._connection.execute(
                _STILL_OPEN, {"of": self._lister.peer, "leaves": [entry.leaf for entry in entries]}
            ).scalars()
        )
        digests = list({entry.digest for entry in entries})
        self._kinds = kinds_held(self._connection, digests)
        self._erased_here = erased_here(self._connection, digests)
        self._erased_by = erased_by(self._connection, self._lister.peer, digests)
        count = 0
        for entry in entries:
            decision = self._decide(entry) if entry.leaf in still else None
            if decision is not None:
                count += 1
                self._note(entry, decision)
        self._flush()
        return count

    def _decide(self, entry: OpenEntry) -> _Decision | None:
        """What becomes of one entry; None while nothing is known of it."""
        if entry.op == Op.LIST.value:
            return self._listing(entry)
        if entry.op == Op.WITHDRAW.value:
            return self._withdrawal(entry)
        if entry.op == Op.ERASE.value:
            return self._erasure(entry)
        # The log's next key: whoever follows has learnt of it with the checkpoint that it signed.
        return _ACCEPTED

    def _listing(self, entry: OpenEntry) -> _Decision | None:
        digest = entry.digest
        if self._erased_by.get(digest, -1) > entry.leaf:
            return _Decision(EntryState.ERASED, f"{self._lister.name} has erased it")
        if digest in self._erased_here:
            return _Decision(EntryState.REFUSED, ERASED_HERE)
        kind = self._kinds.get(digest)
        if kind == SELF_DESCRIPTION:
            list_again(self._connection, self._lister, digest, self._now)
            return _ACCEPTED
        if kind is not None:
            return _Decision(EntryState.REFUSED, f"the bytes are no self-description; held here as {kind}")
        match self._found.findings.get(digest):
            case Accepted(Verified() as verified):
                try:
                    list_copied(
                        self._connection, self._lister, digest, self._found.data[digest], verified, self._now
                    )
                except (IssuerBlocked, IssuerNotAllowed, ContentErased) as refusal:
                    return _Decision(EntryState.REFUSED, refusal_of(refusal))
                self._kinds[digest] = SELF_DESCRIPTION
                return _ACCEPTED
            case finding:
                return self._not_taken(entry, finding)

    def _withdrawal(self, entry: OpenEntry) -> _Decision | None:
        digest = entry.digest
        kind = self._kinds.get(digest)
        if kind == WITHDRAWAL:
            return _ACCEPTED
        if kind is not None:
            return _Decision(EntryState.REFUSED, f"the bytes are no withdrawal; held here as {kind}")
        match self._found.findings.get(digest):
            case Accepted(Withdrawal() as withdrawal, policy, at):
                withdraw_copied(
                    self._connection,
                    digest,
                    self._found.data[digest],
                    withdrawal,
                    policy=policy,
                    judged_at=at,
                    now=self._now,
                )
                self._kinds[digest] = WITHDRAWAL
                return _ACCEPTED
            case finding:
                return self._not_taken(entry, finding)

    def _erasure(self, entry: OpenEntry) -> _Decision:
        # Entries decided before it in this transaction are among those that it ends.
        self._flush()
        reason = f"{self._lister.name} has erased it"
        erase_copied(self._connection, self._lister, entry.digest, entry.leaf, reason, self._now)
        self._kinds.pop(entry.digest, None)
        self._kinds |= kinds_held(self._connection, [entry.digest])
        return _ACCEPTED

    def _not_taken(self, entry: OpenEntry, finding: Finding | None) -> _Decision | None:
        match finding:
            case NotAccepted(detail, report):
                kept = report if report is not None and self._keeps_report() else None
                return _Decision(EntryState.REFUSED, detail, kept)
            case Undecided(detail, wait):
                return self._put_off(entry, detail, wait)
            case Gone():
                return _Decision(EntryState.GONE, f"{self._lister.name} has erased it")
            case Accepted():
                # Another entry names the same bytes as something else, and they are that.
                return _Decision(EntryState.REFUSED, f"the bytes are none for an entry of op {entry.op}")
        return None

    def _put_off(self, entry: OpenEntry, detail: str, wait: timedelta) -> _Decision:
        tries = entry.tries + 1
        if tries >= MAX_TRIES:
            return _Decision(EntryState.REFUSED, f"not decided in {tries} tries; at last: {detail}")
        due_at = self._now + max(wait, wait_after(tries))
        return _Decision(EntryState.DEFERRED, detail, tries=tries, due_at=due_at)

    def _note(self, entry: OpenEntry, decision: _Decision) -> None:
        self._decided.append(
            {
                "of": self._lister.peer,
                "at_leaf": entry.leaf,
                "to_state": decision.state.value,
                "to_tries": decision.tries,
                "to_due": stored_time(decision.due_at) if decision.due_at else None,
                "to_detail": decision.detail,
                "to_report": decision.report,
            }
        )

    def _flush(self) -> None:
        if self._decided:
            _DECIDE.all(self._connection, self._decided)
            self._decided = []


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(FIRST_WAIT * 2.0 ** min(tries - 1, 16), LONGEST_WAIT)
