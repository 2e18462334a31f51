"""Verify what peers' entries name, by the verifier and the policy of this node's own submissions.

What comes out can be handed from one process to another: many are judged in child processes
(`catalogue.federation.many`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catalogue.admission import Admission
from catalogue.counters import Counters
from catalogue.errors import LimitExceeded
from catalogue.ledger import pack_report
from catalogue.log import Op
from catalogue.out_of_reach import OutOfReach, patiently
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.verifying import Verification, open_verification
from credentials.envelope import own_id
from credentials.errors import Rejection
from credentials.outside import Outside
from credentials.parsing import sniff
from credentials.report import Check, Outcome, Report
from credentials.resolving import Resolver
from credentials.times import Clock
from credentials.verification import Refused, Verified
from credentials.withdrawal import Withdrawal

#: How long a host that didn't answer isn't asked again. Entries wait for nobody twice in a batch, and are
#: looked at again after some seconds at first.
SILENCE = timedelta(minutes=1)
#: Characters of a reason that are kept.
MAX_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Task:
    """Bytes to judge: `op` says as what, `peer` on whose account fetches are counted."""

    op: Op
    digest: str
    data: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Verified. `policy` and `at` are those of the verdict."""

    verified: Verified | Withdrawal
    policy: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Refused for good. `report` is packed, None where there is none."""

    detail: str
    report: bytes | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """It can't be told now; `wait` is how long at least."""

    detail: str
    wait: timedelta = timedelta(0)


Judgement = Accepted | NotAccepted | Undecided


class Judge:
    """A verifier for what is copied. Fetches are counted for each peer, and nobody is waited for twice."""

    def __init__(self, settings: Settings, verification: Verification, clock: Clock) -> None:
        self._settings = settings
        self._verification = verification
        self._clock = clock
        self._memory = OutOfReach(clock, SILENCE)

    def judge(self, task: Task) -> Judgement:
        """The verdict on one task."""
        try:
            if task.op is Op.WITHDRAW:
                return self._withdrawal(task)
            return self._self_description(task)
        except LimitExceeded as limit:
            return Undecided(_cut(str(limit)), timedelta(seconds=limit.retry_after))

    def judge_all(self, tasks: Sequence[Task]) -> list[Judgement]:
        """The verdicts in the order of the tasks."""
        return [self.judge(task) for task in tasks]

    def _self_description(self, task: Task) -> Judgement:
        if len(task.data) > self._settings.max_bytes:
            return NotAccepted(f"it has more than the {self._settings.max_bytes} bytes taken here", None)
        try:
            sniff(task.data)
            verified = self._verification.verify(
                task.data, _account(task.peer), around=self._around, late=True
            )
        except Rejection as error:
            return NotAccepted(_cut(f"{error.check}: {error.detail}"), None)
        except Refused as refused:
            open_question = undecided(refused.report)
            if open_question is not None:
                return Undecided(_cut(open_question))
            return NotAccepted(_cut(str(refused)), pack_report(refused.report))
        return Accepted(verified, verified.report.policy, verified.report.verified_at)

    def _withdrawal(self, task: Task) -> Judgement:
        now = self._clock()
        try:
            # How old it may be is for the node to which it was given: here it comes whenever it is copied.
            withdrawal = self._verification.verify_withdrawal(
                task.data, _account(task.peer), now, check_age=False, around=self._around
            )
        except Rejection as error:
            if "temporary" in error.evidence:
                return Undecided(_cut(f"{error.check}: {error.detail}"))
            return NotAccepted(_cut(f"{error.check}: {error.detail}"), None)
        return Accepted(withdrawal, self._verification.policy_name, now)

    def _around(self, resolver: Resolver, outside: Outside) -> tuple[Resolver, Outside]:
        return patiently(resolver, outside, self._memory)


def open_judge(settings: Settings, database: Database, counters: Counters, clock: Clock) -> Judge:
    """A judge with its own way to the outside. What peers cause is counted apart from what clients cause."""
    counted = replace(settings, rate_fetch_address=settings.peer_rate_fetch)
    admission = Admission(counted, counters, clock)
    return Judge(settings, open_verification(settings, database, admission, clock), clock)


def lightened(judgement: Judgement) -> Judgement:
    """The same without what the store has no use for, to be handed to another process.

    Of the documents their ids are left: the bytes are there.
    """
    if not isinstance(judgement, Accepted) or not isinstance(judgement.verified, Verified):
        return judgement
    credentials = tuple(
        replace(credential, document={"id": own_id(credential.document)})
        for credential in judgement.verified.credentials
    )
    return replace(judgement, verified=replace(judgement.verified, credentials=credentials))


def undecided(report: Report) -> str | None:
    """Why a refusal says nothing yet: all that speaks against it is that something could not be asked.

    None when it is refused for good. "Not found" counts as out of reach, as it does when what is listed is
    verified again: hosts are moved, and documents come back.
    """
    objections = list(report.objections())
    failed = [check for check in objections if check.outcome is Outcome.FAILED]
    decisive = failed or [check for check in objections if _is_open(check)]
    if decisive and all(_is_open(check) for check in decisive):
        return f"{decisive[0].name}: {decisive[0].detail}"
    return None


def _is_open(check: Check) -> bool:
    return "temporary" in check.evidence


def _account(peer: str) -> str:
    """The name under which a peer's fetches are counted: no client's address looks like it."""
    return f"peer {peer}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"
