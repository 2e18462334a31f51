"""What a verified statement changes in the store, inside one writing transaction.

Publishing calls it once per submission, a rebuild once per log entry: both arrive at the same rows.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from catalogue.lifecycle import State, Statement, states
from catalogue.log import Entry, Event, Op, tell_all
from catalogue.store.rows import RowInsert, RowQuery
from catalogue.store.tables import (
    blobs,
    concluded,
    evidence,
    intake,
    issuer_rules,
    listings,
    read_time,
    rechecks,
    repeats,
    reports,
    standings,
    stored_time,
    withdrawals,
)
from credentials.envelope import own_id
from credentials.identity import digest_of, record_id
from credentials.report import Outcome, Report
from credentials.surroundings import Source
from credentials.verification import Verified, VerifiedCredential
from credentials.withdrawal import Withdrawal

#: Reports are mostly the same sentences: the fastest level already makes them a quarter of their size.
_REPORT_COMPRESSION = 1

SELF_DESCRIPTION = "self-description"
WITHDRAWAL = "withdrawal"
#: The kind of event that tells of one more, or one less, node that lists a statement.
LISTED_BY = "listed_by"
#: What kept evidence is, by its kind.
_SOURCE_MEDIA_TYPES = {
    "did-document": "application/did+json",
    "schemas": "application/json",
    "chain": "application/pem-certificate-chain",
    "trust-anchor": "application/pem-certificate-chain",
    # A token or JSON: nobody but a rebuild reads it.
    "status-list": "application/octet-stream",
    # A CRL or an OCSP answer.
    "revocation": "application/octet-stream",
}
#: Characters of a credential's own id that can be looked up: databases can't index texts without bound.
MAX_CREDENTIAL_ID = 1_000
#: How the key of an issuer came whose DID needs no document from elsewhere (did:key, did:jwk).
INLINE = "inline"


# Statements of the hot path are made once: building one costs more than running it.
_KEEP = RowInsert(blobs)
_KEPT = RowQuery(select(blobs.c.digest).where(blobs.c.digest == bindparam("of")))
_REST_ON = RowInsert(evidence)
_REPORT = RowInsert(reports)
_LIST = RowInsert(listings)
_RECHECK = RowInsert(rechecks)
_IN_RECORD = RowQuery(select(listings.c.content_id).where(listings.c.record_id == bindparam("of")).limit(1))
_CONTENT_LISTED = RowQuery(
    select(listings.c.content_id).where(listings.c.content_id == bindparam("of")).limit(1)
)
_STANDING_OF = select(
    exists().where(listings.c.content_id == bindparam("of")).label("listed"),
    exists()
    .where(withdrawals.c.content_id == bindparam("of"), withdrawals.c.issuer == bindparam("by"))
    .label("withdrawn"),
    select(issuer_rules.c.rule).where(issuer_rules.c.did == bindparam("by")).scalar_subquery().label("rule"),
    exists()
    .where(intake.c.digest == bindparam("in_"), intake.c.op == Op.ERASE.value, intake.c.leaf.is_not(None))
    .label("erased"),
)
_STANDING = RowQuery(_STANDING_OF)
_RECORD = (
    select(
        listings.c.content_id,
        listings.c.issuer,
        listings.c.valid_from,
        listings.c.valid_until,
        listings.c.state,
        withdrawals.c.digest.label("withdrawn_by"),
        issuer_rules.c.rule,
        standings.c.state.label("found"),
    )
    .outerjoin(
        withdrawals,
        (withdrawals.c.content_id == listings.c.content_id) & (withdrawals.c.issuer == listings.c.issuer),
    )
    .outerjoin(issuer_rules, issuer_rules.c.did == listings.c.issuer)
    .outerjoin(standings, standings.c.content_id == listings.c.content_id)
    .where(listings.c.record_id == bindparam("of"))
)
_SETTLE = (
    update(listings)
    .where(listings.c.record_id == bindparam("in"), listings.c.content_id == bindparam("of"))
    .values(state=bindparam("state"))
)


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One statement about one subject, as the store lists it."""

    id: str
    digest: str
    index: int
    content_id: str
    issuer: str
    subject: str
    state: State


def store_judged(
    connection: Connection,
    *,
    digest: str,
    kind: str,
    media_type: str,
    data: bytes,
    policy: str,
    judged_at: datetime,
    stored_at: datetime,
    sources: Iterable[Source],
) -> None:
    """Keep the exact bytes, and with them all that the verdict on them rested on."""
    _KEEP(
        connection,
        {
            "digest": digest,
            "kind": kind,
            "media_type": media_type,
            "data": data,
            "stored_at": stored_time(stored_at),
            "policy": policy,
            "judged_at": stored_time(judged_at),
        },
    )
    for source in sources:
        name = digest_of(source.data)
        if _KEPT(connection, of=name) is None:
            _KEEP(
                connection,
                {
                    "digest": name,
                    "kind": source.kind,
                    "media_type": _SOURCE_MEDIA_TYPES[source.kind],
                    "data": source.data,
                    "stored_at": stored_time(stored_at),
                    "policy": None,
                    "judged_at": None,
                },
            )
        _REST_ON(
            connection,
            {
                "digest": digest,
                "name": source.name,
                "kind": source.kind,
                "obtained": source.obtained,
                "source": name,
                "fetched_at": stored_time(source.fetched_at) if source.fetched_at else None,
            },
        )


def store_verified(connection: Connection, entry: Entry, data: bytes, verified: Verified) -> None:
    """Keep a verified self-description's bytes under the log entry that names it; see `store_judged`."""
    store_judged(
        connection,
        digest=entry.digest,
        kind=SELF_DESCRIPTION,
        media_type=verified.media_type,
        data=data,
        policy=verified.report.policy,
        judged_at=verified.report.verified_at,
        stored_at=entry.at,
        sources=verified.sources,
    )


def list_verified(
    connection: Connection, entry: Entry, verified: Verified, listed: Set[str], now: datetime
) -> list[RecordLine]:
    """List every statement of a verified blob under the log entry that names it.

    `listed` are the content_ids that other bytes have brought already. The caller has seen to it that no
    statement is withdrawn and no issuer blocked; else it settles after.
    """
    _REPORT(connection, {"position": entry.position, "report": pack_report(verified.report)})
    # At once, where something could not be asked.
    asked_at = "" if _left_open(verified.report) else stored_time(verified.report.verified_at)
    _RECHECK(connection, {"position": entry.position, "asked_at": asked_at})
    obtained = {source.name: source.obtained for source in verified.sources}
    reports = verified.report.credentials or (verified.report,)
    lines: list[RecordLine] = []
    seen: set[str] = set()
    for credential in verified.credentials:
        if credential.content_id in listed or credential.content_id in seen:
            connection.execute(
                insert(repeats).values(
                    digest=entry.digest,
                    place=credential.index,
                    content_id=credential.content_id,
                    position=entry.position,
                )
            )
            lines += lines_of_content(connection, credential.content_id)
            continue
        seen.add(credential.content_id)
        for subject in dict.fromkeys(credential.subjects):
            how = obtained.get(credential.issuer, INLINE)
            shapes = reports[credential.index].check("shapes").outcome
            lines.append(_list_statement(connection, entry, credential, subject, how, shapes, now))
    return lines


def _list_statement(
    connection: Connection,
    entry: Entry,
    credential: VerifiedCredential,
    subject: str,
    obtained: str,
    shapes: Outcome,
    now: datetime,
) -> RecordLine:
    record = record_id(credential.issuer, subject)
    has_others = _IN_RECORD(connection, of=record) is not None
    alone = Statement(credential.content_id, credential.valid_from, credential.valid_until, withdrawn=False)
    state = states([alone], blocked=False, now=now)[credential.content_id]
    _LIST(
        connection,
        {
            "record_id": record,
            "content_id": credential.content_id,
            "issuer": credential.issuer,
            "subject": subject,
            "credential": _own_id(credential),
            "digest": entry.digest,
            "place": credential.index,
            "obtained": obtained,
            "valid_from": stored_time(credential.valid_from),
            "valid_until": stored_time(credential.valid_until) if credential.valid_until else None,
            "listed_at": stored_time(entry.at),
            "position": entry.position,
            "state": state.value,
            "shapes": shapes.value,
        },
    )
    if has_others:
        state = settle(connection, record, now)[credential.content_id]
    return RecordLine(
        record, entry.digest, credential.index, credential.content_id, credential.issuer, subject, state
    )


def add_withdrawal(connection: Connection, digest: str, withdrawal: Withdrawal, now: datetime) -> None:
    """Enter a verified withdrawal and settle the records it touches, if what it withdraws is known already.

    Of several for one statement the first by signed time counts (of two at once that of the smaller digest),
    whichever came first, so that every node names the same.
    """
    same = (withdrawals.c.content_id == withdrawal.content_id) & (withdrawals.c.issuer == withdrawal.issuer)
    issued_at = stored_time(withdrawal.issued_at)
    known = connection.execute(
        select(withdrawals.c.issued_at, withdrawals.c.digest).where(same)
    ).one_or_none()
    if known is not None:
        if (known.issued_at, known.digest) <= (issued_at, digest):
            return
        connection.execute(delete(withdrawals).where(same))
    connection.execute(
        insert(withdrawals).values(
            content_id=withdrawal.content_id,
            issuer=withdrawal.issuer,
            digest=digest,
            issued_at=issued_at,
            reason=withdrawal.reason,
        )
    )
    for record in records_of_content(connection, withdrawal.content_id):
        settle(connection, record, now)


def settle(connection: Connection, record: str, now: datetime) -> dict[str, State]:
    """Give every statement of a record the state that follows from all of them; by content_id."""
    rows = connection.execute(_RECORD, {"of": record}).all()
    settled = states(
        [
            Statement(
                row.content_id,
                read_time(row.valid_from),
                read_time(row.valid_until) if row.valid_until else None,
                row.withdrawn_by is not None,
                State(row.found) if row.found else None,
            )
            for row in rows
        ],
        blocked=any(row.rule == "block" for row in rows),
        now=now,
    )
    for row in rows:
        state = settled[row.content_id]
        if state.value != row.state:
            connection.execute(_SETTLE, {"in": record, "of": row.content_id, "state": state.value})
    return settled


def is_listed(connection: Connection, content_id: str) -> bool:
    """Whether a statement is listed already, in whatever bytes and state."""
    return _CONTENT_LISTED(connection, of=content_id) is not None


def is_held(connection: Connection, digest: str) -> bool:
    """Whether the bytes are here."""
    return _KEPT(connection, of=digest) is not None


def tell_listed(
    connection: Connection, content_id: str, name: str, now: datetime, *, still: bool = True
) -> None:
    """Record that one more node lists a statement which is listed already, or not `still`: one less."""
    reason = f"{name} lists it too" if still else f"{name} lists it no more"
    for record in records_of_content(connection, content_id):
        tell_all(connection, [Event(0, now, LISTED_BY, record, content_id, reason, value=name)])


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store knows of a statement, its issuer and the bytes that carry it.

    `rule` is the operator's for the issuer, None without one; `erased` is of the bytes, by the
    operator of this node.
    """

    listed: bool
    withdrawn: bool
    rule: str | None
    erased: bool


def standing_of(connection: Connection, content_id: str, issuer: str, digest: str) -> Standing:
    """All that may stand in the way of a statement, in one question."""
    listed, withdrawn, rule, erased = _STANDING(connection, of=content_id, by=issuer, in_=digest)
    return Standing(bool(listed), bool(withdrawn), rule, bool(erased))


def withdrawn_at(connection: Connection, contents: Sequence[str]) -> datetime:
    """When the last of these statements was withdrawn by its issuer."""
    at = connection.execute(
        select(func.max(withdrawals.c.issued_at)).where(withdrawals.c.content_id.in_(contents))
    ).scalar_one()
    return read_time(at)


def lines_of_content(connection: Connection, content_id: str) -> list[RecordLine]:
    """The listed lines of one statement, one per subject."""
    return lines_where(connection, listings.c.content_id == content_id)


def report_of(connection: Connection, digest: str) -> Report:
    """The report with which a listed blob was accepted."""
    packed = connection.execute(
        select(reports.c.report).where(reports.c.position.in_(_position_of(digest)))
    ).scalar_one()
    return unpack_report(bytes(packed))


def _position_of(digest: str) -> Select[tuple[int]]:
    """The positions of the entries that list a blob: what rests on it is kept under the first that counts."""
    return select(intake.c.position).where(intake.c.digest == digest, intake.c.op == Op.LIST.value)


def _listed_by(digest: str) -> ColumnElement[bool]:
    """Listings whose bytes are this blob's."""
    return listings.c.position.in_(_position_of(digest))


def lines_of_digest(connection: Connection, digest: str) -> list[RecordLine]:
    """The lines of every statement that a blob carries, listed under it first or not, in its order."""
    repeated = select(repeats.c.content_id).where(repeats.c.digest == digest)
    return lines_where(connection, _listed_by(digest) | listings.c.content_id.in_(repeated))


def lines_where(connection: Connection, condition: object) -> list[RecordLine]:
    """Lines under a condition on `listings`, in order of index and subject."""
    rows = connection.execute(
        select(listings)
        .where(condition)  # type: ignore[arg-type]
        .order_by(listings.c.position, listings.c.place, listings.c.subject)
    )
    return [
        RecordLine(
            row.record_id, row.digest, row.place, row.content_id, row.issuer, row.subject, State(row.state)
        )
        for row in rows
    ]


def records_of_content(connection: Connection, content_id: str) -> Sequence[str]:
    """The ids of the records that one statement belongs to."""
    return (
        connection.execute(select(listings.c.record_id).where(listings.c.content_id == content_id))
        .scalars()
        .all()
    )


def records_of_entries(connection: Connection, first: int, beyond: int) -> Sequence[str]:
    """The ids of the records listed by the entries from `first` up to `beyond`, in the order of the log."""
    repeated = select(repeats.c.content_id).where(repeats.c.position >= first, repeats.c.position < beyond)
    return (
        connection.execute(
            select(listings.c.record_id)
            .where(
                ((listings.c.position >= first) & (listings.c.position < beyond))
                | listings.c.content_id.in_(repeated)
            )
            .order_by(listings.c.position, listings.c.place)
        )
        .scalars()
        .all()
    )


def drop_blob(connection: Connection, digest: str, now: datetime) -> list[str]:
    """Erase a blob with all that was derived from it; returns the ids of the records that it touched.

    A statement which another blob still carries moves there: erasure is of bytes, not of statements.
    """
    touched = connection.execute(
        select(listings.c.record_id, listings.c.content_id).where(_listed_by(digest))
    ).all()
    for content_id in dict.fromkeys(row.content_id for row in touched):
        heir = connection.execute(
            select(repeats)
            .join(blobs, blobs.c.digest == repeats.c.digest)
            .where(repeats.c.content_id == content_id, repeats.c.digest != digest)
            .order_by(repeats.c.position, repeats.c.place)
            .limit(1)
        ).one_or_none()
        mine = (listings.c.content_id == content_id) & (listings.c.digest == digest)
        if heir is None:
            connection.execute(delete(listings).where(mine))
            connection.execute(delete(standings).where(standings.c.content_id == content_id))
            continue
        listed_at = connection.execute(
            select(blobs.c.stored_at).where(blobs.c.digest == heir.digest)
        ).scalar_one()
        obtained = connection.execute(
            select(evidence.c.obtained)
            .join(listings, evidence.c.name == listings.c.issuer)
            .where(evidence.c.digest == heir.digest, mine)
            .limit(1)
        ).scalar()
        connection.execute(
            update(listings)
            .where(mine)
            .values(
                digest=heir.digest,
                place=heir.place,
                position=heir.position,
                listed_at=listed_at,
                obtained=obtained or INLINE,
            )
        )
        connection.execute(
            delete(repeats).where(repeats.c.digest == heir.digest, repeats.c.place == heir.place)
        )
    connection.execute(delete(repeats).where(repeats.c.digest == digest))
    connection.execute(delete(reports).where(reports.c.position.in_(_position_of(digest))))
    connection.execute(delete(rechecks).where(rechecks.c.position.in_(_position_of(digest))))
    sources = connection.execute(select(evidence.c.source).where(evidence.c.digest == digest)).scalars().all()
    connection.execute(delete(evidence).where(evidence.c.digest == digest))
    connection.execute(delete(blobs).where(blobs.c.digest == digest))
    for source in dict.fromkeys(sources):
        # A DID document that nothing else rests on is personal data without a purpose.
        used = connection.execute(
            select(evidence.c.digest).where(evidence.c.source == source).limit(1)
        ).scalar()
        if used is None:
            connection.execute(delete(blobs).where(blobs.c.digest == source))
    records = list(dict.fromkeys(row.record_id for row in touched))
    # What was worked out of it goes with it; if an older statement shows again, it is new.
    connection.execute(delete(concluded).where(concluded.c.record_id.in_(records)))
    for record in records:
        settle(connection, record, now)
    # An older statement may show again, which nobody looked at while it was superseded.
    connection.execute(
        update(rechecks)
        .where(rechecks.c.position.in_(select(listings.c.position).where(listings.c.record_id.in_(records))))
        .values(asked_at="")
    )
    return records


def _left_open(report: Report) -> bool:
    """Whether a status list could not be had."""
    status = report.check("status")
    return (status.outcome is Outcome.NOT_CHECKED and "entries" in status.evidence) or any(
        _left_open(inner) for inner in report.credentials
    )


def _own_id(credential: VerifiedCredential) -> str | None:
    name = own_id(credential.document)
    return name if isinstance(name, str) and len(name) <= MAX_CREDENTIAL_ID else None


def pack_report(report: Report) -> bytes:
    """The stored form of a report."""
    return zlib.compress(json.dumps(report.to_dict(), separators=(",", ":")).encode(), _REPORT_COMPRESSION)


def unpack_report(data: bytes) -> Report:
    """The inverse of `pack_report`."""
    return Report.from_dict(json.loads(zlib.decompress(data)))
