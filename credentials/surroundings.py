"""What a verdict rests on besides the bytes that are judged: how it is found, and what of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from credentials.chains import Vouching
from credentials.integrity import Held
from credentials.outside import Outside
from credentials.resolving import Obtained, ResolutionFailed, Resolved, Resolver
from credentials.shapes.checking import SchemasInForce
from credentials.status import ListIssuers, StatusChecking
from credentials.trust_anchors import TrustAnchors

#: Different DIDs that one submission may make us resolve: each may cost a request to a stranger's host.
MAX_DIDS = 32

SourceKind = Literal["did-document", "schemas", "chain", "trust-anchor", "status-list", "revocation"]


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes from outside the submission that the verdict rests on; with them it can be made again.

    `name` says what `data` is, by its kind: the DID of a document; the URL of a chain, or the DID URL of the
    key that carries it; `profile:SHA-256` of a trust anchor; `status:` and the URL of a status list;
    `revocation:` and that of a CRL or OCSP answer; `schemas` for the listing of the operator's. `obtained` is
    how it was found, `fetched_at` when, where the verdict tells its age.
    """

    kind: SourceKind
    name: str
    obtained: Obtained | Literal["http", "operator"]
    data: bytes
    fetched_at: datetime | None = None


class Surroundings:
    """All that one submission is judged with. Each DID, chain and list is asked for once."""

    def __init__(
        self,
        at: datetime,
        resolver: Resolver,
        outside: Outside | None,
        anchors: TrustAnchors | None,
        schemas: SchemasInForce | None,
        held: Held | None,
        list_issuers: ListIssuers,
    ) -> None:
        self.at = at
        self.schemas = schemas
        self.held = held
        self.vouching = Vouching(anchors, outside, at)
        self.status = StatusChecking(outside, at, list_issuers)
        self._resolver = resolver
        self._resolved: dict[str, Resolved | ResolutionFailed] = {}

    def resolve(self, did: str) -> Resolved:
        """The document of `did`. Raises `ResolutionFailed`, the same one each time."""
        answer = self._resolved.get(did)
        if answer is None:
            if len(self._resolved) >= MAX_DIDS:
                raise ResolutionFailed(did, f"the submission needs more than {MAX_DIDS} different DIDs")
            try:
                answer = self._resolver.resolve(did)
            except ResolutionFailed as error:
                answer = error
            self._resolved[did] = answer
        if isinstance(answer, ResolutionFailed):
            raise answer
        return answer

    def sources(self) -> Iterator[Source]:
        """What was used: documents that don't follow from their DID, chains, anchors, lists, schemas."""
        for did, resolved in self._resolved.items():
            if isinstance(resolved, Resolved) and resolved.obtained != "inline":
                yield Source("did-document", did, resolved.obtained, resolved.raw)
        for name, chain in self.vouching.chains.items():
            yield Source("chain", name, "https" if chain.member == "x5u" else "inline", chain.pem())
        for fingerprint, anchor in self.vouching.anchors.items():
            yield Source("trust-anchor", f"{anchor.profile.value}:{fingerprint}", "operator", anchor.pem())
        for url, answer in self.status.lists.items():
            yield Source("status-list", f"status:{url}", "https", answer.body, answer.at)
        for url, answer in self.vouching.revocation.answers.items():
            scheme: Literal["http", "https"] = "https" if url.lower().startswith("https:") else "http"
            yield Source("revocation", f"revocation:{url}", scheme, answer.body, answer.at)
        if self.schemas is not None:
            yield Source("schemas", "schemas", "operator", self.schemas.listing)
