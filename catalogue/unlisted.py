"""What a verified statement that isn't listed here says: read from itself alone, and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from catalogue.describing import name_from
from catalogue.ledger import INLINE
from catalogue.lifecycle import State
from catalogue.trusting import TrustFile
from catalogue.verdicts import Verdict
from credentials.contexts import ContextStore
from credentials.identity import record_id
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.verification import Verified, VerifiedCredential
from search.document import Document, Listing, Provider, document_of
from vocab.answers import Source
from vocab.describe import Evidence, describe, identity_of
from vocab.model import Basis


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A statement with this node's verdict on it, and the document that it would be found as."""

    credential: VerifiedCredential
    verdict: Verdict
    document: Document


class UnlistedReader:
    """Describes without any evidence but the statement itself, by the trust list of the moment."""

    def __init__(self, trust: TrustFile) -> None:
        self._trust = trust

    @cached_property
    def _jsonld(self) -> JsonLd:
        return JsonLd(ContextStore())

    def read(
        self, verified: Verified, credential: VerifiedCredential, subject: str, digest: str, now: datetime
    ) -> Unlisted:
        """What one credential of `verified` says of one of its subjects. Raises Rejection.

        Its provider is known by no more than its DID: a name or a registration number would be another
        credential's to tell.
        """
        issuer = credential.issuer
        evidence = Evidence(on=now, trust=self._trust.current())
        obtained = {source.name: source.obtained for source in verified.sources}
        identity, _ = identity_of(issuer, obtained=obtained.get(issuer, INLINE), evidence=evidence)
        own = Source(
            content_id=credential.content_id,
            digest=digest,
            issuer=issuer,
            basis=Basis.DECLARED,
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
        )
        graph = interpret(credential.document, self._jsonld)
        description = describe(subject, graph, own=own, evidence=evidence, identity=identity)
        names = description.names if any(description.names.values()) else {"": name_from(subject)}
        reports = verified.report.credentials or (verified.report,)
        verdict = Verdict(verified.report.policy, verified.report.verified_at)
        listing = Listing(
            id=record_id(issuer, subject),
            digest=digest,
            content_id=credential.content_id,
            state=State.LISTED.value,
            # Its order among others that nobody has listed here either.
            listed_at=verdict.verified_at,
            provider=Provider(did=issuer, identity=identity),
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
            shapes=reports[credential.index].check("shapes").outcome.value,
        )
        document = document_of(replace(description, names=names), listing, on=now.date())
        return Unlisted(credential, verdict, document)
