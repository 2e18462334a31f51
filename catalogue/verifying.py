"""The verifier as this node runs it: its policy, its contexts, its ways to DID documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from catalogue.admission import Admission
from catalogue.did_documents import WebDocuments
from catalogue.drafting import check_draft
from catalogue.fetching import WebFetcher
from catalogue.held import HeldHere
from catalogue.outside import SharedAnswers
from catalogue.schemas import Schemas
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.trusting import TrustFile
from credentials.contexts import ContextStore
from credentials.outside import Outside
from credentials.policies import policy_named
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.report import Check, Report
from credentials.resolving import (
    FirstOf,
    FolderResolver,
    InlineResolver,
    Resolver,
    SelfCertifyingResolver,
)
from credentials.status import ListIssuers
from credentials.times import Clock
from credentials.trust_anchors import TrustAnchors
from credentials.verification import Refused, Verified, Verifier
from credentials.withdrawal import Withdrawal, verify_withdrawal

Around = Callable[[Resolver, Outside], tuple[Resolver, Outside]]


def as_they_are(resolver: Resolver, outside: Outside) -> tuple[Resolver, Outside]:
    """Nothing between the verifier and its ways out."""
    return resolver, outside


class Verification:
    """One verifier; what it fetches for a submission counts against who submitted."""

    def __init__(
        self,
        settings: Settings,
        documents: WebDocuments,
        outside: SharedAnswers,
        database: Database,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._documents = documents
        self._outside = outside
        self._schemas = Schemas(database)
        self._held = HeldHere(database)
        self._local = local_resolvers(settings)
        make = partial(
            Verifier,
            policy_named(settings.policy, settings.own_policies),
            FirstOf(self._local),
            ContextStore(),
            clock,
            allow_rs256=settings.allow_rs256,
            max_bytes=settings.max_bytes,
            anchors=trust_anchors(settings),
            list_issuers=list_issuers(settings),
        )
        self._verifier = make()
        self._late = make(late=True)

    @property
    def policy_name(self) -> str:
        """The policy in force."""
        return self._verifier.policy.name

    def verify(
        self,
        data: bytes,
        address: str | None,
        asked: Asked = NOTHING_ASKED,
        around: Around = as_they_are,
        *,
        late: bool = False,
    ) -> Verified:
        """See `Verifier.verify`. Raises Refused; LimitExceeded when the client caused too many fetches.

        `around` may put something between this and its ways out. `late`: another node has listed it before,
        so that its end and its revocation are told and let through.
        """
        resolver, outside = around(self._resolver(address), self._outside.for_client(address))
        verifier = self._late if late else self._verifier
        return verifier.verify(
            data,
            resolver=resolver,
            outside=outside,
            schemas=self._schemas.in_force(),
            held=self._held,
            asked=asked,
        )

    def verify_again(self, data: bytes, at: datetime, around: Around) -> Report:
        """The report on what is listed, as it stands at `at`: accepted or not. Shapes are not looked at.

        `around` may put something between this and its ways out. Raises LimitExceeded.
        """
        resolver, outside = around(self._resolver(None), self._outside.for_client(None))
        try:
            return self._verifier.verify(data, at, resolver=resolver, outside=outside).report
        except Refused as refused:
            return refused.report

    def check_draft(self, document: dict[str, Any]) -> Check:
        """The check `shapes` of something unsigned, by what is in force here. Raises Rejection."""
        return check_draft(document, self._schemas.in_force())

    def verify_withdrawal(
        self,
        data: bytes,
        address: str | None,
        now: datetime,
        *,
        check_age: bool = True,
        around: Around = as_they_are,
    ) -> Withdrawal:
        """See `credentials.withdrawal.verify_withdrawal`. Raises Rejection, LimitExceeded."""
        resolver, _ = around(self._resolver(address), self._outside.for_client(address))
        return verify_withdrawal(
            data, resolver, now=now, check_age=check_age, allow_rs256=self._settings.allow_rs256
        )

    def _resolver(self, address: str | None) -> Resolver:
        return FirstOf((*self._local, self._documents.for_client(address)))


def open_verification(
    settings: Settings, database: Database, admission: Admission, clock: Clock
) -> Verification:
    """The verifier of one process, with its own way to the outside."""
    fetcher = WebFetcher(
        allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None, clock=clock
    )
    ttl = timedelta(seconds=settings.did_cache_seconds)
    documents = WebDocuments(database, fetcher, admission, clock, ttl)
    outside = SharedAnswers(database, fetcher, admission, clock)
    return Verification(settings, documents, outside, database, clock)


def local_resolvers(settings: Settings) -> tuple[Resolver, ...]:
    """The ways to a key that need no network, in the order in which they are asked."""
    resolvers: list[Resolver] = [InlineResolver()]
    if settings.did_documents:
        resolvers.append(FolderResolver(Path(settings.did_documents)))
    if settings.samples:
        from catalogue.samples import did_documents_folder

        resolvers.append(FolderResolver(did_documents_folder()))
    if settings.policy == "lab" and settings.self_certifying_hosts:
        resolvers.append(SelfCertifyingResolver(settings.self_certifying_hosts))
    return tuple(resolvers)


def list_issuers(settings: Settings) -> ListIssuers:
    """Whom the trust list lets keep status lists for others. Raises TrustListInvalid."""
    trust = TrustFile.of(settings)
    return lambda did, at: trust.current().trusts(did, "status-list", at)


def trust_anchors(settings: Settings) -> TrustAnchors | None:
    """The certificates at which chains must end, None when the operator has named none.

    Raises `AnchorsUnusable`.
    """
    return TrustAnchors.load(Path(settings.trust_anchors)) if settings.trust_anchors else None
