"""Everybody who signed one document: all proofs must hold, and one must be the issuer's or holder's own.

A proof that doesn't hold could be somebody's attempt to have it counted as another's word, so it is never
passed over. The proofs of others are checked against their own DID documents, after that of the issuer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from credentials.chains import Vouched
from credentials.checks import Statement
from credentials.envelope import Envelope
from credentials.jsonld import Expansion, JsonLd
from credentials.presenting import Asked
from credentials.proof_sets import previous_of
from credentials.report import Check, Outcome, ProofReport
from credentials.resolving import Resolved
from credentials.signatory import Signatory


class Signatories:
    """The signatures of one envelope. `decisive` is the issuer's (or holder's), else the first."""

    def __init__(
        self,
        envelope: Envelope,
        expansion: Expansion,
        statement: Statement,
        resolve: Callable[[str], Resolved],
        at: datetime,
        asked: Asked,
    ) -> None:
        self._all = [
            Signatory(
                envelope, proof, previous_of(proof, envelope.proofs), expansion, statement, resolve, at, asked
            )
            for proof in envelope.proofs
        ] or [Signatory(envelope, {}, (), expansion, statement, resolve, at, asked)]
        self.decisive = next((each for each in self._all if each.is_signer), self._all[0])
        self._made: dict[Signatory, tuple[Check, ...]] = {}

    @property
    def reports(self) -> tuple[ProofReport, ...]:
        """What was made of each, where there are several."""
        if len(self._all) == 1:
            return ()
        return tuple(
            ProofReport(each.describe(), each.did, each is self.decisive, self._made.get(each, ()))
            for each in self._all
        )

    def vouch_for_others(self, vouch: Callable[[Signatory], Vouched]) -> None:
        """Add who vouches for the keys of those that didn't decide. Call it once all proofs hold."""
        for each, made in self._made.items():
            if each is not self.decisive:
                vouched = vouch(each)
                self._made[each] = (*made, vouched.chain, vouched.host_binding)

    def checks(self, jsonld: JsonLd, *, allow_rs256: bool) -> Iterator[Check]:
        """Each check of the decisive signature, or the failure of another one; `reports` has all of them."""
        made = self._made = {self.decisive: tuple(self.decisive.checks(jsonld, allow_rs256=allow_rs256))}
        merged = {check.name: check for check in made[self.decisive]}
        # Resolving others' DIDs for a document that is refused anyway would only serve to bother them.
        if all(check.outcome is Outcome.PASSED for check in merged.values()):
            for number, other in enumerate(self._all, start=1):
                if other is self.decisive:
                    continue
                made[other] = tuple(
                    other.checks(jsonld, allow_rs256=allow_rs256, as_cosigner=not other.is_signer)
                )
                for check in made[other]:
                    if check.outcome is Outcome.FAILED:
                        detail = f"Proof {number} of {len(self._all)}: {check.detail}"
                        merged[check.name] = Check(
                            check.name, check.outcome, detail, {**check.evidence, "proof": number}
                        )
        yield from merged.values()
