"""What only the operator may do: erase bytes, block and allow issuers, let time pass over what is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from catalogue.errors import Gone, NotFound
from catalogue.federation.reconsidering import reconsider_rules, refuse_erased
from catalogue.ledger import SELF_DESCRIPTION, drop_blob, settle
from catalogue.lifecycle import State
from catalogue.log import Op, append, erased_at, tell
from catalogue.standings import ENDED
from catalogue.store.database import Database
from catalogue.store.tables import bearings, blobs, issuer_rules, listings, read_time, stored_time
from credentials.times import Clock

BLOCK, ALLOW = "block", "allow"
#: Changes of one kind made in one transaction: writers in other processes wait for it.
_CHUNK = 200
#: States in which a statement's own end still makes a difference.
_MAY_EXPIRE = (State.LISTED.value, State.SUSPENDED.value, State.UNVERIFIABLE.value)
#: Characters of a reason; it is a sentence, not a file.
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class IssuerRule:
    """What the operator said of an issuer: `rule` is `block` or `allow`."""

    did: str
    rule: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure removed: the digest and the ids of the records that changed."""

    digest: str
    records: tuple[str, ...]
    erased_at: datetime


class Operations:
    """The operator's actions; each is one durable transaction, or several small ones that may be repeated."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def erase(self, digest: str, reason: str) -> Erasure:
        """Remove a self-description's bytes, report and projections; the digest and the entry stay.

        Raises NotFound, Gone (already erased), LogHeld.
        """
        now = self._clock()
        with self._database.write() as connection:
            kind = connection.execute(select(blobs.c.kind).where(blobs.c.digest == digest)).scalar()
            if kind != SELF_DESCRIPTION:
                at = erased_at(connection, digest)
                if at is not None:
                    raise Gone(digest, "erased", at)
                raise NotFound(SELF_DESCRIPTION, digest)
            entry = append(connection, Op.ERASE, digest, now)
            records = drop_blob(connection, digest, now)
            refuse_erased(connection, digest)
            for record in records:
                tell(connection, now, "erased", record, None, reason[:MAX_REASON])
        return Erasure(digest, tuple(records), entry.at)

    def block(self, did: str, reason: str) -> IssuerRule:
        """Take nothing more from an issuer and hide what it has listed."""
        return self._set_rule(did, BLOCK, reason)

    def allow(self, did: str, reason: str = "") -> IssuerRule:
        """Let an issuer publish on a node whose admission is `allowlist`."""
        return self._set_rule(did, ALLOW, reason)

    def forget(self, did: str) -> None:
        """Take back what was said of an issuer; a blocked one's statements show again. NotFound."""
        with self._database.write() as connection:
            gone = connection.execute(delete(issuer_rules).where(issuer_rules.c.did == did))
            if gone.rowcount == 0:
                raise NotFound("issuer rule", did)
            reconsider_rules(connection, self._clock())
        self._apply_rules()

    def issuers(self) -> Sequence[IssuerRule]:
        """Every rule, by DID."""
        with self._database.read() as connection:
            rows = connection.execute(select(issuer_rules).order_by(issuer_rules.c.did))
            return [IssuerRule(row.did, row.rule, row.reason, read_time(row.at)) for row in rows]

    def rule(self, did: str) -> IssuerRule:
        """What was said of one issuer. NotFound."""
        for rule in self.issuers():
            if rule.did == did:
                return rule
        raise NotFound("issuer rule", did)

    def catch_up(self) -> int:
        """Bring states in line with time and rules, with an event for each change; returns how many.

        Bounded per call, safe to repeat and to interrupt: the indexer calls it until it returns 0.
        """
        now = self._clock()
        with self._database.read() as connection:
            due, turned = _due(connection, now), _turned(connection, now)
        if not due and not turned:
            return 0
        with self._database.write() as connection:
            due, turned = _due(connection, now), _turned(connection, now)
            for change in due:
                settle(connection, change.record_id, now)
                tell(connection, now, change.kind, change.record_id, change.content_id, change.reason)
            for record in turned:
                # The indexer, told by the event, works out the next such moment.
                connection.execute(
                    update(bearings).where(bearings.c.record_id == record).values(turns_at=None)
                )
                tell(connection, now, "turned", record, None, "something that it states begins or ends today")
        return len(due) + len(turned)

    def _set_rule(self, did: str, rule: str, reason: str) -> IssuerRule:
        now = self._clock()
        reason = reason[:MAX_REASON]
        with self._database.write() as connection:
            connection.execute(delete(issuer_rules).where(issuer_rules.c.did == did))
            connection.execute(
                insert(issuer_rules).values(did=did, rule=rule, reason=reason, at=stored_time(now))
            )
            if rule == ALLOW:
                reconsider_rules(connection, now)
        self._apply_rules()
        return IssuerRule(did, rule, reason, now)

    def _apply_rules(self) -> None:
        """Show the effect at once; what an interruption leaves, the indexer's `catch_up` completes."""
        while self.catch_up():
            pass


@dataclass(frozen=True, slots=True)
class _Due:
    """A statement whose state no longer follows from time and rules."""

    kind: str
    record_id: str
    content_id: str
    reason: str


def _turned(connection: Connection, now: datetime) -> list[str]:
    """Records of which something began or ceased to hold, on a day that they name themselves."""
    return list(
        connection.execute(
            select(bearings.c.record_id)
            .where(bearings.c.turns_at <= stored_time(now))
            .distinct()
            .order_by(bearings.c.record_id)
            .limit(_CHUNK)
        ).scalars()
    )


def _due(connection: Connection, now: datetime) -> list[_Due]:
    ruled = listings.outerjoin(issuer_rules, issuer_rules.c.did == listings.c.issuer)
    columns = (listings.c.record_id, listings.c.content_id, listings.c.valid_until, issuer_rules.c.reason)
    expired = connection.execute(
        select(*columns)
        .select_from(ruled)
        .where(listings.c.state.in_(_MAY_EXPIRE), listings.c.valid_until <= stored_time(now))
        .limit(_CHUNK)
    )
    due = [_Due("expired", row.record_id, row.content_id, f"{ENDED}{row.valid_until}") for row in expired]
    blocked_dids = select(issuer_rules.c.did).where(issuer_rules.c.rule == BLOCK)
    blocked = connection.execute(
        select(*columns)
        .select_from(ruled)
        .where(
            listings.c.state.in_((*_MAY_EXPIRE, State.EXPIRED.value, State.REVOKED.value)),
            listings.c.issuer.in_(blocked_dids),
        )
        .limit(_CHUNK)
    )
    due += [_Due("blocked", row.record_id, row.content_id, row.reason) for row in blocked]
    unblocked = connection.execute(
        select(*columns)
        .select_from(ruled)
        .where(listings.c.state == State.BLOCKED.value, listings.c.issuer.not_in(blocked_dids))
        .limit(_CHUNK)
    )
    due += [
        _Due("unblocked", row.record_id, row.content_id, row.reason or "the operator took the rule back")
        for row in unblocked
    ]
    return list({(change.record_id, change.content_id): change for change in due}.values())
