"""Listed statements verified again on a schedule: nothing is believed for ever.

A key that has left its DID document, a credential that was revoked, a certificate that has ended: each
changes the state, as a local event with its reason. What can't be asked keeps the last verdict for a while,
marked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from catalogue.admission import Admission
from catalogue.counters import CountersUnavailable, open_counters
from catalogue.errors import LimitExceeded
from catalogue.lifecycle import State
from catalogue.out_of_reach import RETRY_AFTER, OutOfReach, patiently
from catalogue.settings import Settings
from catalogue.standings import REACHABLE, REINSTATED, UNREACHABLE, Finding, Standing, note, standing_of
from catalogue.store.database import Database
from catalogue.store.tables import blobs, intake, listings, rechecks, stored_time
from catalogue.verifying import Verification, open_verification
from credentials.outside import Outside
from credentials.policies import Demand, Policy, policy_named
from credentials.report import Outcome, Report
from credentials.resolving import Resolver
from credentials.revocation import REVOKED_CERTIFICATE
from credentials.status import RETRIEVAL_ERROR, REVOKED, SUSPENDED
from credentials.times import Clock, to_rfc3339, utc_now

#: Self-descriptions looked at in one step: some 50 ms of work, when nothing has to be fetched.
BATCH = 20
#: The share of one processor that re-checks may take while there is much to do.
SHARE = 0.25
#: Seconds between looks for what is due.
IDLE_SECONDS = 1.0
#: After an outage of the store, seconds before the next try.
RETRY_SECONDS = 5.0
#: How long the end of the process waits for a statement that is being looked at.
GOODBYE_SECONDS = 2.0
#: How long the last verdict is kept while a DID document, chain or status list is out of reach.
PATIENCE = timedelta(days=7)
#: When a statement is looked at again whose host was asked too often just now.
POSTPONED = timedelta(minutes=1)

#: States in which a statement may still be shown, now or once something is put right.
_WATCHED_STATES = (
    State.LISTED,
    State.REVOKED,
    State.SUSPENDED,
    State.UNVERIFIABLE,
    State.BLOCKED,
)
#: Checks whose outcome may change with time, and what each then means.
_MEANS: Mapping[str, State] = {
    "validity": State.EXPIRED,
    "key": State.UNVERIFIABLE,
    "issuer_binding": State.UNVERIFIABLE,
    "purpose": State.UNVERIFIABLE,
    "signature": State.UNVERIFIABLE,
    "chain": State.UNVERIFIABLE,
    "host_binding": State.UNVERIFIABLE,
    "status": State.UNVERIFIABLE,
}

logger = structlog.get_logger("catalogue.rechecking")


def judge(report: Report, policy: Policy) -> Finding | None:
    """What a new report means for a listed statement, None when it says nothing of it.

    Only checks that the policy asks for count, and a failed one of which it isn't known whether it failed
    for good (`evidence.temporary`) counts as out of reach.
    """
    if any(report.check(name).outcome is Outcome.FAILED for name in ("parse", "context", "structure")):
        # Read and accepted once, by another version of this program. That is for a rebuild to say.
        return None
    status = report.check("status")
    unreachable: str | None = None
    for name, state in _MEANS.items():
        check = report.check(name)
        if policy.demand(name) is Demand.REPORTED:
            continue
        if check.outcome is Outcome.FAILED:
            if "temporary" in check.evidence:
                unreachable = unreachable or check.detail
            elif check.evidence.get("state") == REVOKED:
                return Finding(State.REVOKED, check.detail)
            else:
                return Finding(state, check.detail)
    if status.evidence.get("state") == SUSPENDED:
        return Finding(State.SUSPENDED, status.detail)
    errors = [line.get("error") for line in status.evidence.get("entries", ())]
    if RETRIEVAL_ERROR in errors and policy.demand("status") is not Demand.REPORTED:
        unreachable = unreachable or status.detail
    if unreachable is not None:
        return Finding(None, unreachable, unreachable=True)
    revocation = report.check("chain").evidence.get("revocation", {})
    return Finding(None, "", silent="out_of_reach" in revocation)


def change_of(standing: Standing | None, finding: Finding, now: datetime) -> tuple[str, str] | None:
    """The event that a finding makes of what was known, with its reason; None when nothing changes."""
    if finding.unreachable:
        if standing is None or standing.unreachable_since is None:
            return UNREACHABLE, finding.reason
        if standing.state is None and now - standing.unreachable_since >= PATIENCE:
            since = to_rfc3339(standing.unreachable_since)
            return State.UNVERIFIABLE.value, f"Out of reach since {since}. {finding.reason}"
        return None
    if finding.state is None:
        if standing is None:
            return None
        if finding.silent and standing.reason.startswith(REVOKED_CERTIFICATE):
            # An authority's silence takes no revocation back.
            return (REACHABLE, standing.reason) if standing.unreachable_since is not None else None
        if standing.state is None:
            return REACHABLE, "What it rests on can be asked again, and nothing has changed."
        return REINSTATED, "Verified again, with nothing against it any more."
    if standing is not None and standing.state is finding.state:
        return (REACHABLE, finding.reason) if standing.unreachable_since is not None else None
    return finding.state.value, finding.reason


class RecheckingEnded(Exception):
    """The thread that re-checks has ended by a fault, which it has told on its own."""


@dataclass(frozen=True, slots=True)
class _Due:
    position: int
    digest: str
    data: bytes
    policy: str


class Rechecker:
    """Verifies again what is due, a bounded batch at a time. What it remembers only saves requests."""

    def __init__(
        self,
        database: Database,
        verification: Verification,
        clock: Clock,
        interval: timedelta,
        policies: Mapping[str, Policy],
    ) -> None:
        self._database = database
        self._verification = verification
        self._clock = clock
        self._interval = interval
        self._policies = policies
        self._memory = OutOfReach(clock)

    def step(self, should_end: Callable[[], bool] = lambda: False) -> int:
        """Look at what is due, up to one batch; returns how many. Safe to repeat and to interrupt."""
        now = self._clock()
        with self._database.read() as connection:
            due = _due(connection, now - self._interval)
        done = 0
        for one in due:
            if should_end():
                break
            self._look(one, now)
            done += 1
        return done

    def _look(self, due: _Due, now: datetime) -> None:
        """Verify one self-description again and enter what changed, in one transaction."""
        with self._database.read() as connection:
            lines = _lines(connection, due.position)
        again_in = self._interval
        findings: dict[str, Finding] = {}
        if lines:
            try:
                report = self._verification.verify_again(due.data, now, self._around)
            except LimitExceeded:
                again_in = min(POSTPONED, again_in)
            else:
                policy = self._policy(due.policy)
                reports = report.credentials or (report,)
                for place, content_id in lines:
                    finding = judge(reports[place], policy) if place < len(reports) else None
                    if finding is not None:
                        findings[content_id] = finding
        if any(finding.unreachable for finding in findings.values()):
            again_in = min(RETRY_AFTER, again_in)
        with self._database.write() as connection:
            for content_id, finding in findings.items():
                change = change_of(standing_of(connection, content_id), finding, now)
                if change is not None:
                    note(connection, content_id, *change, now)
            connection.execute(
                update(rechecks)
                .where(rechecks.c.position == due.position)
                .values(asked_at=stored_time(now - self._interval + again_in))
            )

    def _around(self, resolver: Resolver, outside: Outside) -> tuple[Resolver, Outside]:
        """The same ways out, which don't go where nobody answered just now."""
        return patiently(resolver, outside, self._memory)

    def _policy(self, name: str) -> Policy:
        """The policy under which it was taken, or the one in force where that is no more."""
        try:
            return policy_named(name, self._policies)
        except ValueError:
            return policy_named(self._verification.policy_name, self._policies)


def run(rechecker: Rechecker, stop: threading.Event) -> None:
    """Step after step until `stop`, at a measured pace. Outages of the store are waited out."""
    while not stop.is_set():
        began = time.monotonic()
        try:
            done = rechecker.step(stop.is_set)
        except (SQLAlchemyError, CountersUnavailable, OSError) as outage:
            logger.warning("store out of reach, trying again", problem=type(outage).__name__)
            stop.wait(RETRY_SECONDS)
            continue
        spent = time.monotonic() - began
        stop.wait(spent * (1 / SHARE - 1) if done else IDLE_SECONDS)


@contextmanager
def in_background(settings: Settings) -> Iterator[Callable[[], int]]:
    """Re-check in a thread of this process, which must be the only one to do so.

    Yields a function that returns 0, and raises `RecheckingEnded` once the thread has: a fault in it must not
    go unnoticed. A fetch that is under way isn't waited for at the end: nothing is lost by it.
    """
    stop = threading.Event()

    def work() -> None:
        database = Database(settings.store_url)
        admission = Admission(settings, open_counters(settings.store_url, settings.data), utc_now)
        try:
            verification = open_verification(settings, database, admission, utc_now)
            interval = timedelta(seconds=settings.recheck_seconds)
            run(Rechecker(database, verification, utc_now, interval, settings.own_policies), stop)
        finally:
            admission.close()
            database.close()

    def watch() -> int:
        if not thread.is_alive():
            raise RecheckingEnded
        return 0

    thread = threading.Thread(target=work, name="rechecking", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(GOODBYE_SECONDS)


def _due(connection: Connection, before: datetime) -> Sequence[_Due]:
    rows = connection.execute(
        select(rechecks.c.position, intake.c.digest, blobs.c.data, blobs.c.policy)
        .join(intake, intake.c.position == rechecks.c.position)
        .join(blobs, blobs.c.digest == intake.c.digest)
        .where(rechecks.c.asked_at <= stored_time(before))
        .order_by(rechecks.c.asked_at)
        .limit(BATCH)
    )
    return [_Due(row.position, row.digest, bytes(row.data), row.policy) for row in rows]


def _lines(connection: Connection, position: int) -> list[tuple[int, str]]:
    """Place and content_id of the statements of a blob that may be shown. The others never will be again."""
    rows = connection.execute(
        select(listings.c.place, listings.c.content_id)
        .where(
            listings.c.position == position,
            listings.c.state.in_([state.value for state in _WATCHED_STATES]),
        )
        .distinct()
    )
    return [(row.place, row.content_id) for row in rows]
