"""What a peer's entry does here, inside one writing transaction: the same door as for a submission.

Nothing is taken on a peer's word: what stands here was verified before, under this node's policy. A verdict
is this node's own; which entries it has received is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from catalogue.errors import ContentErased, IssuerBlocked, IssuerNotAllowed
from catalogue.federation.model import EntryState
from catalogue.federation.reconsidering import BY_RULE
from catalogue.ledger import (
    SELF_DESCRIPTION,
    WITHDRAWAL,
    add_withdrawal,
    drop_blob,
    is_listed,
    list_verified,
    settle,
    standing_of,
    store_judged,
    store_verified,
    tell_listed,
)
from catalogue.lifecycle import State
from catalogue.listers import bytes_listed_by, listers_of
from catalogue.log import Entry, Op, copy_in, tell
from catalogue.operations import ALLOW, BLOCK
from catalogue.publishing import WITHDRAWAL_MEDIA_TYPE
from catalogue.standings import note
from catalogue.store.tables import blobs, intake, issuer_rules, listings, received, repeats
from credentials.verification import Verified
from credentials.withdrawal import Withdrawal

_KINDS = select(blobs.c.digest, blobs.c.kind).where(blobs.c.digest.in_(bindparam("of", expanding=True)))
_ERASED_HERE = select(intake.c.digest).where(
    intake.c.digest.in_(bindparam("of", expanding=True)),
    intake.c.op == Op.ERASE.value,
    intake.c.leaf.is_not(None),
)
_REASON = select(issuer_rules.c.reason).where(issuer_rules.c.did == bindparam("of"))
_CARRIED = (
    select(listings.c.content_id)
    .where(listings.c.digest == bindparam("by"))
    .union(select(repeats.c.content_id).where(repeats.c.digest == bindparam("by")))
)


#: What a statement is that was over when it came, by the check that says so.
_ENDS = {"validity": State.EXPIRED.value, "status": State.REVOKED.value}


@dataclass(frozen=True, slots=True)
class Lister:
    """The peer whose entry it is, by its row and its name; `allowlist` is this node's admission."""

    peer: int
    name: str
    allowlist: bool


def kinds_held(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """What the bytes of these digests are held as here; nothing of those that are not."""
    rows = connection.execute(_KINDS, {"of": list(digests)})
    return {row.digest: row.kind for row in rows}


def erased_here(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Which of these bytes this node's operator has erased: final here, whoever lists them."""
    return set(connection.execute(_ERASED_HERE, {"of": list(digests)}).scalars())


def list_again(connection: Connection, lister: Lister, digest: str, now: datetime) -> None:
    """One more node lists bytes that were verified here before, and are held."""
    _tell_of(connection, lister, _carried_by(connection, digest), now)


def list_copied(
    connection: Connection, lister: Lister, digest: str, data: bytes, verified: Verified, now: datetime
) -> None:
    """List what was verified and isn't held yet, in the states that follow from all that is known.

    What was withdrawn, revoked or has expired is listed as such: a statement keeps its place on every node.
    Raises IssuerBlocked, IssuerNotAllowed, ContentErased; then nothing was changed.
    """
    listed: set[str] = set()
    withdrawn = False
    for credential in verified.credentials:
        standing = standing_of(connection, credential.content_id, credential.issuer, digest)
        if standing.rule == BLOCK:
            reason = connection.execute(_REASON, {"of": credential.issuer}).scalar_one()
            raise IssuerBlocked(credential.issuer, reason)
        if lister.allowlist and standing.rule != ALLOW:
            raise IssuerNotAllowed(credential.issuer)
        if standing.erased:
            raise ContentErased(digest)
        withdrawn = withdrawn or standing.withdrawn
        if standing.listed:
            listed.add(credential.content_id)
    if listed:
        _tell_of(connection, lister, listed, now)
    entry = copy_in(connection, Op.LIST, digest, now)
    enter_verified(connection, entry, data, verified, listed, withdrawn=withdrawn, now=now)


def enter_verified(
    connection: Connection,
    entry: Entry,
    data: bytes,
    verified: Verified,
    listed: set[str],
    *,
    withdrawn: bool,
    now: datetime,
) -> None:
    """Keep what an entry names, and list it in the states that follow: `withdrawn`, if any of it was before.

    `listed` are the statements in it that are listed already.
    """
    store_verified(connection, entry, data, verified)
    lines = list_verified(connection, entry, verified, listed, now)
    if withdrawn:
        for line in lines:
            settle(connection, line.id, now)
    for credential in verified.credentials:
        if credential.suspended and credential.content_id not in listed:
            reason = "Its issuer had suspended it when it was copied."
            note(connection, credential.content_id, State.SUSPENDED.value, reason, now)
        elif credential.over is not None and credential.content_id not in listed:
            # It keeps its place too: else an older statement would show here, and nowhere else.
            note(connection, credential.content_id, _ENDS[credential.over.name], credential.over.detail, now)


def withdraw_copied(
    connection: Connection,
    digest: str,
    data: bytes,
    withdrawal: Withdrawal,
    *,
    policy: str,
    judged_at: datetime,
    now: datetime,
) -> None:
    """Enter an issuer's withdrawal, verified and not held yet, whether or not the statement is known already.

    It names its issuer, so it can't touch what others have stated.
    """
    entry = copy_in(connection, Op.WITHDRAW, digest, now)
    enter_withdrawal(connection, entry, data, withdrawal, policy=policy, judged_at=judged_at, now=now)


def enter_withdrawal(
    connection: Connection,
    entry: Entry,
    data: bytes,
    withdrawal: Withdrawal,
    *,
    policy: str,
    judged_at: datetime,
    now: datetime,
) -> None:
    """Keep a verified withdrawal that an entry names, and let it have its effect."""
    digest = entry.digest
    store_judged(
        connection,
        digest=digest,
        kind=WITHDRAWAL,
        media_type=WITHDRAWAL_MEDIA_TYPE,
        data=data,
        policy=policy,
        judged_at=judged_at,
        stored_at=entry.at,
        sources=withdrawal.sources,
    )
    add_withdrawal(connection, digest, withdrawal, now)


def erase_copied(
    connection: Connection, lister: Lister, digest: str, below: int, reason: str, now: datetime
) -> None:
    """A node lists these bytes no more: entries of its log below leaf `below` that list them are over.

    What nobody else lists goes for good, here too; what somebody else lists stays, under their name.
    """
    mine = (
        (received.c.peer == lister.peer)
        & (received.c.digest == digest)
        & (received.c.op == Op.LIST.value)
        & (received.c.leaf < below)
        & (received.c.state != EntryState.ERASED.value)
    )
    counted = connection.execute(
        select(received.c.leaf).where(mine, received.c.state == EntryState.ACCEPTED.value)
    ).first()
    connection.execute(
        update(received)
        .where(mine)
        .values(state=EntryState.ERASED.value, due_at=None, detail=reason, report=None)
    )
    if counted is None or kinds_held(connection, [digest]).get(digest) != SELF_DESCRIPTION:
        return
    contents = _carried_by(connection, digest)
    if not bytes_listed_by(connection, digest):
        copy_in(connection, Op.ERASE, digest, now)
        for record in drop_blob(connection, digest, now):
            tell(connection, now, "erased", record, None, reason)
    for content, names in listers_of(connection, contents).items():
        # Other bytes by the same node may carry the statement still.
        if lister.name not in names and is_listed(connection, content):
            tell_listed(connection, content, lister.name, now, still=False)


def _carried_by(connection: Connection, digest: str) -> set[str]:
    """The statements that these bytes carry, whether or not they count as first."""
    return set(connection.execute(_CARRIED, {"by": digest}).scalars())


def _tell_of(connection: Connection, lister: Lister, contents: set[str], now: datetime) -> None:
    for content, names in listers_of(connection, contents).items():
        if lister.name not in names:
            tell_listed(connection, content, lister.name, now)


def refusal_of(error: IssuerBlocked | IssuerNotAllowed | ContentErased) -> str:
    """Why the door refused, in a sentence; what a rule of the operator refused begins with `BY_RULE`."""
    return f"{BY_RULE}{error}" if isinstance(error, (IssuerBlocked, IssuerNotAllowed)) else str(error)
