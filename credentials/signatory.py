"""Who signed, whether that was theirs to sign, and whether the signature holds: `key` to `signature`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from credentials.checks import Statement
from credentials.dids import DidDocument, DidMalformed, DidUrl, MethodNotFound, VerificationMethod
from credentials.envelope import Envelope
from credentials.errors import Rejection
from credentials.jsonld import Expansion, JsonLd
from credentials.jws import verify_compact
from credentials.keys import KeyUnusable, PublicKey
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.proofs import match_proof
from credentials.report import Check, Outcome, ProofSummary
from credentials.resolving import Obtained, ResolutionFailed, Resolved

#: What the report says of a key, by how its DID document was obtained.
_OBTAINED: Mapping[Obtained, str] = {
    "https": "The key stands in the DID document that the DID's host serves.",
    "folder": "The key stands in a DID document that the operator keeps; its host was not asked.",
    "inline": "The DID is the key itself.",
    "derived": "The key was read from the text of the DID; nobody has shown control of its host.",
}


class Signatory:
    """The checks of one signature, in order; one that can't be made without an earlier one returns None.

    `proof` is the embedded proof, empty for a JWT; `previous` are the proofs that it signs with the document,
    `asked` what the reader wants to see signed.
    """

    def __init__(
        self,
        envelope: Envelope,
        proof: Mapping[str, Any],
        previous: Sequence[Mapping[str, Any]],
        expansion: Expansion,
        statement: Statement,
        resolve: Callable[[str], Resolved],
        at: datetime,
        asked: Asked,
    ) -> None:
        self.envelope = envelope
        self.proof = proof
        self.previous = previous
        self.expansion = expansion
        self.signer = statement.signer
        self.word = "issuer" if envelope.form == "vc" else "holder"
        self.at = at
        self.asked = asked
        self.method: VerificationMethod | None = None
        self.obtained: Obtained | None = None
        self.summary: ProofSummary | None = None
        self._resolve = resolve
        self._method_did: str | None = None
        self._document: DidDocument | None = None
        self._key: PublicKey | None = None
        self._bound = False

    @property
    def did(self) -> str:
        """The DID of the key that it names."""
        return self._method_text().partition("#")[0]

    @property
    def is_signer(self) -> bool:
        """Whether the key that it names is the issuer's own (a presentation: the holder's)."""
        return self.signer is not None and self.did == self.signer

    def checks(self, jsonld: JsonLd, *, allow_rs256: bool, as_cosigner: bool = False) -> Iterator[Check]:
        """Every check that can be made. A co-signer speaks for nobody else, so isn't bound to the issuer."""
        if as_cosigner:
            self.word, self._bound = "co-signer", True
        for step in (
            self.find_key,
            *(() if as_cosigner else (self.bind,)),
            self.check_purpose,
            lambda: self.check_signature(jsonld, allow_rs256=allow_rs256),
        ):
            try:
                check = step()
            except Rejection as rejection:
                yield Check(rejection.check, Outcome.FAILED, rejection.detail, rejection.evidence)
            else:
                if check is not None:
                    yield check

    def find_key(self) -> Check:
        """The key that the signature names, from the document of that key's own DID."""
        url = self._method_url()
        evidence: dict[str, Any] = {"verification_method": url}
        try:
            self._method_did = DidUrl.parse(url).did
            resolved = self._resolve(self._method_did)
            self.obtained = evidence["obtained"] = resolved.obtained
            self.method = resolved.document.find(url)
            self._document = resolved.document
            key = self.method.key()
        except DidMalformed as error:
            raise Rejection(
                "key", f"The key must be named by a DID URL: {error.problem}.", evidence
            ) from error
        except ResolutionFailed as error:
            evidence["temporary"] = error.temporary
            raise Rejection("key", f"The DID can't be resolved: {error.reason}.", evidence) from error
        except MethodNotFound as error:
            raise Rejection("key", f"The key is not to be found: {error.problem}.", evidence) from error
        except KeyUnusable as error:
            raise Rejection("key", f"The key can't be used: {error.problem}.", evidence) from error
        if not self.method.usable_at(self.at):
            raise Rejection("key", "The key has expired or was revoked in its DID document.", evidence)
        self._key = key
        if resolved.obtained == "derived":
            evidence["control_of_host"] = Outcome.NOT_CHECKED.value
        if "#" not in url:
            evidence["remark"] = "no fragment; the document has this one key only"
        return Check("key", Outcome.PASSED, _OBTAINED[resolved.obtained], evidence)

    def bind(self) -> Check | None:
        """The key must be the issuer's own (a presentation: the holder's): anybody can sign anything."""
        if self._method_did is None:
            return None
        word = self.word
        if self.signer is None:
            raise Rejection(
                "issuer_binding", "The presentation names no holder, so nobody can be bound to its signature."
            )
        for place, iss in self._iss():
            if iss != self.signer:
                raise Rejection(
                    "issuer_binding",
                    f"The token's {place} says iss {str(iss)[:200]!r}, the {word} is another.",
                    {word: self.signer, "iss": str(iss)[:200]},
                )
        evidence = {word: self.signer, "signed_by": self._method_did}
        if self._method_did != self.signer:
            raise Rejection(
                "issuer_binding",
                f"It is signed with a key of {self._method_did}, which is not the {word} {self.signer}.",
                evidence,
            )
        self._bound = True
        return Check("issuer_binding", Outcome.PASSED, f"The key is one of the {word}'s own.", evidence)

    def check_purpose(self) -> Check | None:
        """The owner's document must allow the key for this, and the proof must claim nothing else."""
        if self.method is None or self._document is None or not self._bound:
            return None
        allowed = {"assertionMethod": self._document.assertion_methods}
        if self.envelope.form == "vp":
            allowed["authentication"] = self._document.authentication_methods
        if self.envelope.jws is None:
            purpose = self.proof["proofPurpose"]
            if purpose not in allowed:
                raise Rejection(
                    "purpose",
                    f"Its proofPurpose is {purpose[:60]!r}; it must be {' or '.join(allowed)}.",
                    {"proof_purpose": purpose[:60]},
                )
            allowed = {purpose: allowed[purpose]}
        for purpose, methods in allowed.items():
            if self.method.id in methods:
                answered = self.asked.answered(self.envelope, self.proof)
                return Check(
                    "purpose",
                    Outcome.PASSED,
                    f"The {self.word}'s DID document lists the key under {purpose}.",
                    {"purpose": purpose, **answered},
                )
        raise Rejection(
            "purpose",
            f"The {self.word}'s DID document does not list the key under {' or '.join(allowed)}.",
            {"verification_method": self.method.id},
        )

    def check_signature(self, jsonld: JsonLd, *, allow_rs256: bool) -> Check | None:
        """The signature itself."""
        if self._key is None:
            return None
        envelope = self.envelope
        if envelope.jws is not None:
            remarks = verify_compact(envelope.jws, self._key, allow_rs256=allow_rs256)
            suite, variant, covered = envelope.jws.algorithm, "jwt", True
        else:
            match = match_proof(
                envelope.claims,
                self.proof,
                self._key,
                jsonld,
                allow_rs256=allow_rs256,
                expansion=self.expansion,
                previous=self.previous,
            )
            suite, variant, covered, remarks = (
                match.suite,
                match.variant,
                match.options_covered,
                match.remarks,
            )
        if not covered and self.asked != NOTHING_ASKED:
            raise Rejection("signature", "The signature does not cover its challenge and domain.")
        self.summary = self._summary(variant)
        return Check(
            "signature",
            Outcome.PASSED,
            f"The signature matches ({suite}, {variant})"
            + ("." if covered else "; it does not cover all of the proof's own time, purpose and method."),
            {"suite": suite, "variant": variant, "options_covered": covered, "remarks": list(remarks)},
        )

    def describe(self) -> ProofSummary:
        """What can be said of the signature so far."""
        return self.summary or self._summary(None)

    def _method_url(self) -> str:
        """The DID URL of the key. Rejection of `key` for a token that names none."""
        self.summary = self._summary(None)
        if self.summary.verification_method is None:
            raise Rejection("key", "The token's header has no kid, so nobody can say which key signed it.")
        return self._method_text()

    def _method_text(self) -> str:
        """`verificationMethod` of a proof, `kid` of a token, there completed where it is a fragment only."""
        if self.envelope.jws is None:
            return str(self.proof["verificationMethod"])
        kid = str(self.envelope.jws.header.get("kid"))
        return f"{self.signer}{kid}" if kid.startswith("#") else kid

    def _iss(self) -> Iterator[tuple[str, Any]]:
        if self.envelope.jws is not None:
            for place, claims in (("header", self.envelope.jws.header), ("payload", self.envelope.document)):
                if "iss" in claims:
                    yield place, claims["iss"]

    def _summary(self, variant: str | None) -> ProofSummary:
        if self.envelope.jws is None:
            method, created = self.proof["verificationMethod"], self.proof.get("created")
            return ProofSummary(str(self.proof["type"])[:60], variant, method, created)
        jws = self.envelope.jws
        return ProofSummary(jws.algorithm, variant, jws.header.get("kid"), None)
