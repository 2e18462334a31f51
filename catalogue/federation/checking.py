"""Whether what a peer has found is new here, holds here, and may be shown: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select

from catalogue.current import current_lines
from catalogue.errors import CatalogueError
from catalogue.federation.asking import Candidate
from catalogue.federation.judging import Accepted, Judge, NotAccepted, Task, Undecided
from catalogue.ledger import standing_of
from catalogue.log import Op
from catalogue.operations import ALLOW, BLOCK
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import listings
from catalogue.trusting import TrustFile
from catalogue.unlisted import Unlisted, UnlistedReader
from catalogue.verifying import Verification
from credentials.errors import Rejection
from credentials.identity import record_id
from credentials.times import Clock
from credentials.verification import Verified, VerifiedCredential
from vocab.model import Kind

_LISTED = (
    select(listings.c.content_id)
    .where(listings.c.content_id.in_(bindparam("contents", expanding=True)))
    .distinct()
)


class NotShown(CatalogueError):
    """A statement that a peer has found isn't shown; `reason` is a sentence for the buyer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Checking:
    """The door for what is only looked at. Threads may share it."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verification: Verification,
        trust: TrustFile,
        clock: Clock,
    ) -> None:
        self._allowlist = settings.admission == "allowlist"
        self._database = database
        self._judge = Judge(settings, verification, clock)
        self._reader = UnlistedReader(trust)
        self._clock = clock

    def unknown(self, candidates: Iterable[Candidate]) -> Sequence[Candidate]:
        """Those that this node doesn't hold, in whatever state."""
        asked = list(candidates)
        if not asked:
            return asked
        with self._database.read() as connection:
            known = set(
                connection.execute(_LISTED, {"contents": [one.content_id for one in asked]}).scalars()
            )
        return [one for one in asked if one.content_id not in known]

    def check(self, candidate: Candidate, data: bytes, account: str) -> Unlisted:
        """The statement as it is shown; NotShown. `data` are the bytes that its digest proves.

        What verifying them fetches is counted on `account`.
        """
        match self._judge.judge(Task(Op.LIST, candidate.digest, data, account)):
            case Accepted(verified=Verified() as verified):
                return self._shown(candidate, verified)
            case NotAccepted(detail=detail) | Undecided(detail=detail):
                raise NotShown(detail)
        raise NotShown("it is no self-description")

    def _shown(self, candidate: Candidate, verified: Verified) -> Unlisted:
        credential, subject = _named(candidate, verified)
        if credential.over is not None:
            raise NotShown(f"{credential.over.name}: {credential.over.detail}")
        if credential.suspended:
            raise NotShown("its issuer has suspended it")
        with self._database.read() as connection:
            self._admit(connection, candidate, credential)
        try:
            unlisted = self._reader.read(verified, credential, subject, candidate.digest, self._clock())
        except Rejection as error:
            raise NotShown(f"{error.check}: {error.detail}") from error
        if unlisted.document.kind != Kind.OFFERING.value:
            raise NotShown("it is no service")
        return unlisted

    def _admit(self, connection: Connection, candidate: Candidate, credential: VerifiedCredential) -> None:
        """What would keep it from being listed here keeps it from being shown."""
        standing = standing_of(connection, credential.content_id, credential.issuer, candidate.digest)
        if standing.rule == BLOCK:
            raise NotShown("its issuer is blocked on this node")
        if self._allowlist and standing.rule != ALLOW:
            raise NotShown("its issuer isn't on this node's allow list")
        if standing.erased:
            raise NotShown("its bytes were erased by this node's operator")
        if standing.withdrawn:
            raise NotShown("its issuer has withdrawn it")
        line = current_lines(connection, (candidate.record,)).get(candidate.record)
        age = (credential.valid_from, credential.content_id)
        if line is not None and (line.valid_from, line.content_id) > age:
            raise NotShown("a newer statement of its issuer is held here")


def _named(candidate: Candidate, verified: Verified) -> tuple[VerifiedCredential, str]:
    """The credential and its subject that the peer has named; NotShown where the bytes have no such."""
    for credential in verified.credentials:
        if credential.content_id == candidate.content_id:
            for subject in credential.subjects:
                if record_id(credential.issuer, subject) == candidate.record:
                    return credential, subject
    raise NotShown("its bytes state something else than was found")
