"""The verification report: every check by name, with its outcome, reason and evidence.

A report is a value: it says what was checked, at what time, under which policy, and never only "yes".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from credentials.times import from_rfc3339, to_rfc3339

#: The checks, in the order in which they are made and reported.
CHECKS = (
    "parse",
    "context",
    "terms",
    "structure",
    "validity",
    "key",
    "issuer_binding",
    "purpose",
    "signature",
    "chain",
    "host_binding",
    "status",
    "integrity",
    "shapes",
    "trust",
)


class Outcome(StrEnum):
    """What came of a check. `not_checked` always says why in the check's `detail`."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Verdict(StrEnum):
    """The policy's conclusion from the checks it requires."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a report. `detail` is a sentence for a person, `evidence` small JSON for a machine."""

    name: str
    outcome: Outcome
    detail: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, keys `name, outcome, detail, evidence`."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Check:
        """The inverse of `to_dict`."""
        return cls(form["name"], Outcome(form["outcome"]), form["detail"], form["evidence"])


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """Which proof decided: suite, the variant that matched, method (a DID URL) and creation time."""

    suite: str
    variant: str | None
    verification_method: str | None
    created: str | None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, keys `suite, variant, verification_method, created`."""
        return {
            "suite": self.suite,
            "variant": self.variant,
            "verification_method": self.verification_method,
            "created": self.created,
        }


@dataclass(frozen=True, slots=True)
class ProofReport:
    """One of several proofs. `decisive`: it is the one that `Report.proof` names.

    `signer` is the DID of the key that it names. `checks` are those made of it; none where the decisive proof
    had failed before. Of the others `chain` and `host_binding` are here too, and decide nothing.
    """

    summary: ProofSummary
    signer: str
    decisive: bool
    checks: tuple[Check, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form: the keys of the summary, `signer`, `decisive` and `checks`."""
        return {
            **self.summary.to_dict(),
            "signer": self.signer,
            "decisive": self.decisive,
            "checks": [check.to_dict() for check in self.checks],
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> ProofReport:
        """The inverse of `to_dict`."""
        own = ("signer", "decisive", "checks")
        summary = ProofSummary(**{name: value for name, value in form.items() if name not in own})
        # Reports of earlier versions leave the signer to the key's name.
        signer = form.get("signer", (summary.verification_method or "").partition("#")[0])
        return cls(summary, signer, form["decisive"], tuple(map(Check.from_dict, form["checks"])))


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one credential, or on a presentation with its credentials' reports.

    `required` names the checks that had to pass under the policy, `may_not_fail` those that had not to fail;
    the others are reported only. `proof` is the one that decided; where there are several, `proofs` has them
    all in their order. `issuer` is the credential's issuer, for a presentation its holder. `content_id` is
    what was signed (64 hex digits, see `docs/architecture.md`), None when the input was too broken to have
    one.
    """

    verdict: Verdict
    policy: str
    checks: tuple[Check, ...]
    issuer: str | None
    subjects: tuple[str, ...]
    content_id: str | None
    proof: ProofSummary | None
    verified_at: datetime
    credentials: tuple[Report, ...] = ()
    required: tuple[str, ...] = ()
    may_not_fail: tuple[str, ...] = ()
    proofs: tuple[ProofReport, ...] = ()

    def check(self, name: str) -> Check:
        """The check called `name`; KeyError if there is none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def failed(self) -> Iterator[Check]:
        """The failed checks of this report and of the reports inside it."""
        yield from self.failed_here()
        for inner in self.credentials:
            yield from inner.failed()

    def failed_here(self) -> Iterator[Check]:
        """The failed checks of this report alone."""
        return (check for check in self.checks if check.outcome is Outcome.FAILED)

    def objections(self) -> Iterator[Check]:
        """The checks, of the reports inside it too, that speak against accepting it; what failed comes first.

        Those that failed and had not to, then those that had to pass and were not made. What a policy only
        reports isn't among them.
        """
        demanded = {*self.required, *self.may_not_fail}
        yield from (check for check in self.failed_here() if check.name in demanded)
        for inner in self.credentials:
            yield from inner.objections()
        yield from (
            check
            for check in self.checks
            if check.outcome is Outcome.NOT_CHECKED and check.name in self.required
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `credentials` is there only for a presentation, `proofs` only for several proofs."""
        form: dict[str, Any] = {
            "verdict": self.verdict.value,
            "policy": self.policy,
            "required": list(self.required),
            "may_not_fail": list(self.may_not_fail),
            "checks": [check.to_dict() for check in self.checks],
            "issuer": self.issuer,
            "subjects": list(self.subjects),
            "content_id": self.content_id,
            "proof": self.proof.to_dict() if self.proof else None,
            "verified_at": to_rfc3339(self.verified_at),
        }
        if self.proofs:
            form["proofs"] = [proof.to_dict() for proof in self.proofs]
        if self.credentials:
            form["credentials"] = [inner.to_dict() for inner in self.credentials]
        return form

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`."""
        proof = form["proof"]
        return cls(
            verdict=Verdict(form["verdict"]),
            policy=form["policy"],
            checks=tuple(map(Check.from_dict, form["checks"])),
            issuer=form["issuer"],
            subjects=tuple(form["subjects"]),
            content_id=form["content_id"],
            proof=ProofSummary(**proof) if proof else None,
            verified_at=from_rfc3339(form["verified_at"]),
            credentials=tuple(cls.from_dict(inner) for inner in form.get("credentials", ())),
            required=tuple(form["required"]),
            may_not_fail=tuple(form["may_not_fail"]),
            proofs=tuple(map(ProofReport.from_dict, form.get("proofs", ()))),
        )
