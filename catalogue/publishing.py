"""The one way in: bytes are verified, then listed or withdrawn in one durable transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from catalogue import refusals
from catalogue.admission import Admission
from catalogue.errors import (
    ContentErased,
    ContentWithdrawn,
    IssuerBlocked,
    IssuerNotAllowed,
    NotTheIssuer,
    TooLarge,
    UnknownContent,
)
from catalogue.ledger import (
    WITHDRAWAL,
    RecordLine,
    add_withdrawal,
    is_held,
    lines_of_content,
    lines_of_digest,
    list_verified,
    standing_of,
    store_judged,
    store_verified,
    tell_listed,
)
from catalogue.lifecycle import State
from catalogue.listers import HERE, listers_of
from catalogue.log import Op, append, is_logged
from catalogue.node_key import node_name
from catalogue.operations import ALLOW, BLOCK
from catalogue.settings import Settings
from catalogue.standings import note
from catalogue.store.database import Database
from catalogue.store.shared_writes import SharedWrites
from catalogue.store.tables import issuer_rules, read_time, withdrawals
from catalogue.verifying import Verification
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.parsing import Unrecognised, parse_json, sniff
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.report import Report
from credentials.times import Clock
from credentials.verification import Refused, Verified
from credentials.withdrawal import MAX_WITHDRAWAL

WITHDRAWAL_MEDIA_TYPE = "application/jose"

_REASON = select(issuer_rules.c.reason).where(issuer_rules.c.did == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a submission. `created` is False when all of it was listed already."""

    digest: str
    created: bool
    records: tuple[RecordLine, ...]
    report: Report


@dataclass(frozen=True, slots=True)
class WithdrawalReceipt:
    """What became of a withdrawal. `digest` names the withdrawal that counts (the first one)."""

    digest: str
    created: bool
    content_id: str
    issuer: str
    records: tuple[RecordLine, ...]
    withdrawn_at: datetime


class Publisher:
    """Verifies submissions and enters them into the log. Safe from any number of threads and processes."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verification: Verification,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._writes = SharedWrites(database)
        self._verification = verification
        self._admission = admission
        self._clock = clock

    def publish(self, data: bytes, *, address: str | None) -> Publication:
        """Verify and list; when this returns, the listing is durable.

        Raises Unrecognised, Refused, TooLarge, LimitExceeded, IssuerBlocked, IssuerNotAllowed,
        ContentWithdrawn, ContentErased, LogHeld. Nothing is listed when it raises.
        """
        self._fits(data)
        sniff(data)
        digest = digest_of(data)
        try:
            verified = self._verification.verify(data, address)
        except Refused as refused:
            _recognise(data, refused)
            report = refused.report
            self._writes.run(lambda connection: refusals.note(connection, report, digest, self._clock()))
            raise
        for issuer in dict.fromkeys(credential.issuer for credential in verified.credentials):
            self._admission.publication(issuer, len(data))
        return self._writes.run(lambda connection: self._list(connection, data, digest, verified))

    def _list(self, connection: Connection, data: bytes, digest: str, verified: Verified) -> Publication:
        """List what was verified, inside a writing transaction, unless something stands in the way."""
        listed: set[str] = set()
        for credential in verified.credentials:
            # A presentation is listed whole or not at all: one statement in the way refuses all of it.
            standing = standing_of(connection, credential.content_id, credential.issuer, digest)
            self._admit(connection, credential.issuer, standing.rule)
            if standing.erased:
                raise ContentErased(digest)
            if standing.withdrawn:
                raise ContentWithdrawn(credential.content_id)
            if standing.listed:
                listed.add(credential.content_id)
        # What only peers list, this node lists from now on too.
        copied = [content for content, by in listers_of(connection, listed).items() if HERE not in by]
        if not copied and all(credential.content_id in listed for credential in verified.credentials):
            contents = dict.fromkeys(credential.content_id for credential in verified.credentials)
            known = [line for content in contents for line in lines_of_content(connection, content)]
            return Publication(known[0].digest, False, tuple(known), verified.report)
        now = self._clock()
        held = is_held(connection, digest)
        entry = append(connection, Op.LIST, digest, now)
        if held:
            lines = lines_of_digest(connection, digest)
        else:
            store_verified(connection, entry, data, verified)
            lines = list_verified(connection, entry, verified, listed, now)
        for content_id in copied:
            tell_listed(connection, content_id, node_name(self._settings.url), now)
        for credential in verified.credentials:
            if credential.suspended and credential.content_id not in listed:
                reason = "Its issuer had suspended it when it was published."
                note(connection, credential.content_id, State.SUSPENDED.value, reason, now)
                lines = lines_of_digest(connection, digest)
        return Publication(digest, True, tuple(lines), verified.report)

    def check(self, data: bytes, *, address: str | None, asked: Asked = NOTHING_ASKED) -> Report:
        """A dry run: the report, accepted or refused; nothing is kept.

        Raises Unrecognised, TooLarge, LimitExceeded.
        """
        self._fits(data)
        sniff(data)
        try:
            return self._verification.verify(data, address, asked).report
        except Refused as refused:
            _recognise(data, refused)
            return refused.report

    def withdraw(self, data: bytes, *, address: str | None) -> WithdrawalReceipt:
        """Enter an issuer's signed withdrawal; a second one for the same content changes nothing.

        Raises Rejection, TooLarge, LimitExceeded, UnknownContent, NotTheIssuer, LogHeld.
        """
        if len(data) > MAX_WITHDRAWAL:
            raise TooLarge(MAX_WITHDRAWAL)
        judged_at = self._clock()
        withdrawal = self._verification.verify_withdrawal(data, address, judged_at)
        self._admission.publication(withdrawal.issuer, len(data))
        digest = digest_of(data)
        with self._database.write() as connection:
            lines = lines_of_content(connection, withdrawal.content_id)
            if not lines:
                raise UnknownContent(withdrawal.content_id)
            if lines[0].issuer != withdrawal.issuer:
                raise NotTheIssuer(withdrawal.content_id, withdrawal.issuer)
            earlier = connection.execute(
                select(withdrawals).where(
                    withdrawals.c.content_id == withdrawal.content_id,
                    withdrawals.c.issuer == withdrawal.issuer,
                )
            ).one_or_none()
            if earlier is not None:
                if not is_logged(connection, earlier.digest):
                    # Copied from a peer, and now given to this node too: those who follow it shall know.
                    append(connection, Op.WITHDRAW, earlier.digest, self._clock())
                return WithdrawalReceipt(
                    earlier.digest,
                    False,
                    withdrawal.content_id,
                    withdrawal.issuer,
                    tuple(lines),
                    read_time(earlier.issued_at),
                )
            now = self._clock()
            entry = append(connection, Op.WITHDRAW, digest, now)
            store_judged(
                connection,
                digest=digest,
                kind=WITHDRAWAL,
                media_type=WITHDRAWAL_MEDIA_TYPE,
                data=data,
                policy=self._verification.policy_name,
                judged_at=judged_at,
                stored_at=entry.at,
                sources=withdrawal.sources,
            )
            add_withdrawal(connection, digest, withdrawal, now)
            lines = lines_of_content(connection, withdrawal.content_id)
        return WithdrawalReceipt(
            digest, True, withdrawal.content_id, withdrawal.issuer, tuple(lines), withdrawal.issued_at
        )

    def _fits(self, data: bytes) -> None:
        if len(data) > self._settings.max_bytes:
            raise TooLarge(self._settings.max_bytes)

    def _admit(self, connection: Connection, issuer: str, rule: str | None) -> None:
        if rule == BLOCK:
            raise IssuerBlocked(issuer, connection.execute(_REASON, {"of": issuer}).scalar_one())
        if self._settings.admission == "allowlist" and rule != ALLOW:
            raise IssuerNotAllowed(issuer)


def _recognise(data: bytes, refused: Refused) -> None:
    """Raise Unrecognised for what begins like a JSON object and isn't one: no report can speak of it."""
    if refused.malformed and sniff(data) == "json":
        try:
            parse_json(data, max_bytes=len(data))
        except Unrecognised:
            raise
        except Rejection:
            # It is JSON, of a kind that is refused with a report.
            return
