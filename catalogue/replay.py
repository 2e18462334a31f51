"""`catalogue rebuild`: derive everything but log, blobs and events again, without the network.

Each verdict is replayed at its own time, under its own policy, with the DID documents it rested on, so
that the node arrives at the state it was in. All of it is one transaction: killed half-way, nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from catalogue import standings
from catalogue.held import held_in
from catalogue.ledger import add_withdrawal, is_listed, list_verified, settle
from catalogue.log import Entry, Op, entries, read_heads
from catalogue.operations import Operations
from catalogue.schemas import SchemaSets
from catalogue.store.database import Database
from catalogue.store.tables import DERIVED, blobs, concluded, evidence, heads, intake, listings, read_time
from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.outside import Kept, Outside
from credentials.policies import Policy, policy_named
from credentials.resolving import Fetched, FirstOf, InlineResolver, ReplayResolver, Resolver
from credentials.shapes.checking import SchemasInForce
from credentials.times import Clock, utc_now
from credentials.trust_anchors import Anchor, Profile, TrustAnchors, read_pem
from credentials.verification import Refused, Verifier
from credentials.withdrawal import Withdrawal, verify_withdrawal

#: Entries read at once.
_BATCH = 500

Progress = Callable[[int, int], None]

_SOURCES = select(
    evidence.c.kind, evidence.c.name, evidence.c.obtained, evidence.c.fetched_at, blobs.c.data
).join(blobs, blobs.c.digest == evidence.c.source)

_ERASED_AT = (
    select(func.coalesce(func.max(intake.c.position), -1))
    .where(intake.c.digest == bindparam("of"), intake.c.op == Op.ERASE.value)
    .scalar_subquery()
)
_LISTED_AT = select(func.min(intake.c.position)).where(
    intake.c.digest == bindparam("of"), intake.c.op == Op.LIST.value, intake.c.position > _ERASED_AT
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: entries replayed, erased ones passed over, and digests no longer accepted."""

    entries: int
    erased: int
    refused: tuple[str, ...]


def rebuild(
    database: Database,
    clock: Clock,
    *,
    max_bytes: int,
    policies: Mapping[str, Policy] = MappingProxyType({}),
    progress: Progress = lambda _done, _all: None,
) -> Rebuilt:
    """Replay the log. Publications wait meanwhile; readers see the old state until the end.

    `policies` are the operator's own; `UnknownPolicy` when one is missing under which something was taken.
    A digest is `refused` only when this program's verification is stricter than the one that accepted it.
    """
    operations = Operations(database, clock)
    # What is due has its event before, so that the states below need none.
    while operations.catch_up():
        pass
    replayer = _Replayer(max_bytes, policies)
    erased = 0
    refused: list[str] = []
    with database.write() as connection:
        now = clock()
        for table in DERIVED:
            connection.execute(delete(table))
        standings.replay(connection)
        size = read_heads(connection).intake_size
        done = 0
        while done < size:
            for entry in entries(connection, done, _BATCH):
                blob = connection.execute(select(blobs).where(blobs.c.digest == entry.digest)).one_or_none()
                if entry.op in (Op.ERASE, Op.KEY):
                    # What is erased is gone, and a key's statement lists nothing.
                    pass
                elif blob is None:
                    erased += 1
                elif entry.op is Op.LIST and entry.position != _listed_at(connection, entry.digest):
                    # Listed by several nodes, or again after it was erased: one entry is what it rests on.
                    pass
                elif not replayer.replay(connection, entry, blob, now):
                    refused.append(entry.digest)
                done = entry.position + 1
            progress(done, size)
        # Of what this program refuses now, nothing is told any more.
        connection.execute(
            delete(concluded).where(concluded.c.record_id.not_in(select(listings.c.record_id)))
        )
        connection.execute(update(heads).values(generation=heads.c.generation + 1))
    return Rebuilt(size, erased, tuple(refused))


def _listed_at(connection: Connection, digest: str) -> int | None:
    """The position of the entry under which bytes are listed: the first since they were last erased."""
    position: int | None = connection.execute(_LISTED_AT, {"of": digest}).scalar()
    return position


class _Replayer:
    """Judges stored bytes again as they were judged when they came; keeps one verifier per policy."""

    def __init__(self, max_bytes: int, policies: Mapping[str, Policy]) -> None:
        self._max_bytes = max_bytes
        self._policies = policies
        self._contexts = ContextStore()
        self._verifiers: dict[tuple[str, bool], Verifier] = {}
        self._schemas = SchemaSets()

    def replay(
        self, connection: Connection, entry: Entry, blob: Row[tuple[object, ...]], now: datetime
    ) -> bool:
        """Enter one entry's blob into the derived tables; False when it is no longer accepted."""
        judged_at = read_time(blob.judged_at)
        kept = _Evidence.of(connection, entry.digest, judged_at)
        data = bytes(blob.data)
        try:
            if entry.op is Op.LIST:
                verified = self._verifier(blob.policy, late=entry.leaf is None).verify(
                    data,
                    judged_at,
                    resolver=kept.resolver,
                    outside=kept.outside,
                    anchors=kept.anchors,
                    schemas=self._schemas_of(connection, entry.digest),
                    held=partial(held_in, connection),
                )
                listed = {
                    credential.content_id
                    for credential in verified.credentials
                    if is_listed(connection, credential.content_id)
                }
                for line in list_verified(connection, entry, verified, listed, now):
                    settle(connection, line.id, now)
            else:
                add_withdrawal(connection, entry.digest, _withdrawal(data, kept.resolver, judged_at), now)
        except (Refused, Rejection):
            return False
        return True

    def _schemas_of(self, connection: Connection, digest: str) -> SchemasInForce | None:
        listing = connection.execute(
            _SOURCES.where(evidence.c.digest == digest, evidence.c.kind == "schemas")
        ).one_or_none()
        return self._schemas.of(connection, bytes(listing.data)) if listing is not None else None

    def _verifier(self, policy: str, *, late: bool) -> Verifier:
        if (policy, late) not in self._verifiers:
            # RS256 was allowed when it was accepted, or it wouldn't be here; the time is given per call.
            self._verifiers[policy, late] = Verifier(
                policy_named(policy, self._policies),
                InlineResolver(),
                self._contexts,
                utc_now,
                allow_rs256=True,
                # So was whoever kept the status list.
                list_issuers=lambda _did, _at: True,
                max_bytes=self._max_bytes,
                # What was over already when it was copied was let through.
                late=late,
            )
        return self._verifiers[policy, late]


def _withdrawal(data: bytes, resolver: Resolver, judged_at: datetime) -> Withdrawal:
    # Its age was checked when it came.
    return verify_withdrawal(data, resolver, now=judged_at, check_age=False, allow_rs256=True)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a verdict rested on. `anchors` is None where no chain was checked, and then none is now."""

    resolver: Resolver
    outside: Outside
    anchors: TrustAnchors | None

    @classmethod
    def of(cls, connection: Connection, digest: str, judged_at: datetime) -> _Evidence:
        """All that was kept with one blob."""
        rows = connection.execute(_SOURCES.where(evidence.c.digest == digest)).all()
        documents = {row.name: bytes(row.data) for row in rows if row.kind == "did-document"}
        answers = {}
        for row in rows:
            if row.kind in ("chain", "status-list", "revocation"):
                url = row.name.removeprefix("status:").removeprefix("revocation:")
                # Stores of earlier versions didn't say when.
                at = read_time(row.fetched_at) if row.fetched_at else judged_at
                answers[url] = Fetched(bytes(row.data), "", url, at)
        anchors = [
            Anchor(Profile(row.name.partition(":")[0]), certificate)
            for row in rows
            if row.kind == "trust-anchor"
            for certificate in read_pem(bytes(row.data))
        ]
        # A chain that led nowhere was checked too: with no anchor of its own.
        checked = any(row.kind == "chain" for row in rows)
        obtained = {row.name: row.obtained for row in rows}
        return cls(
            FirstOf((InlineResolver(), ReplayResolver(documents, obtained))),
            Kept(answers),
            TrustAnchors(anchors) if checked else None,
        )
