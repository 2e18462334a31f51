"""Bytes in, verdict out: every check in its order, each with its reason, judged by one policy.

A check that fails ends those that can't be made without it, and they say so. The policy alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from credentials.beside import Beside
from credentials.chains import Vouched, not_vouched
from credentials.checks import (
    EXPIRED,
    Statement,
    check_context,
    check_terms,
    check_validity,
    read_statement,
    signing_time,
    trust_left_to_descriptions,
)
from credentials.contexts import ContextStore
from credentials.envelope import (
    Envelope,
    Form,
    is_enveloped,
    open_document,
    open_envelope,
    open_enveloped,
    own_id,
)
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.integrity import DIGEST_PROPERTIES, Held, check_integrity, named_digests
from credentials.jsonld import JsonLd
from credentials.outside import Outside
from credentials.parsing import MAX_BYTES
from credentials.policies import FOUNDATION, Demand, Policy
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.report import CHECKS, Check, Outcome, ProofReport, ProofSummary, Report, Verdict
from credentials.resolving import Resolver
from credentials.shapes.bridging import Statements, statements_in
from credentials.shapes.checking import (
    SchemasInForce,
    check_shapes,
    left_to_credentials,
    no_schemas,
)
from credentials.signatories import Signatories
from credentials.signatory import Signatory
from credentials.statements import is_absolute_iri
from credentials.status import RETRIEVAL_ERROR, REVOKED, SUSPENDED, ListCredential, ListIssuers, nobody_else
from credentials.status_lists import StatusProblem
from credentials.surroundings import Source, Surroundings
from credentials.times import Clock
from credentials.trust_anchors import TrustAnchors


@dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """One accepted credential. `index` is its place in the presentation, 0 for one that came alone.

    `document` is the statement without its proof; read it through `interpretation.interpret`, which leaves
    out what the contexts give no meaning and no signature covers. `suspended`: its issuer says so for now.
    `over` is why it holds no more, where that is let through (`Verifier`): the check that says so, else None.
    """

    index: int
    content_id: str
    issuer: str
    subjects: tuple[str, ...]
    types: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None
    document: Mapping[str, Any]
    suspended: bool = False
    over: Check | None = None


def is_over(check: Check) -> bool:
    """Whether a check failed only because time has gone by: it has expired, or its issuer has revoked it."""
    return check.outcome is Outcome.FAILED and check.evidence.get("state") in (EXPIRED, REVOKED)


def _as_before(check: Check) -> Check:
    """The check as it was before the statement was over."""
    return Check(check.name, Outcome.PASSED, check.detail, check.evidence) if is_over(check) else check


@dataclass(frozen=True, slots=True)
class Verified:
    """An accepted submission: the report, its credentials in order, and what the verdict rests on."""

    report: Report
    media_type: str
    form: Form
    encoding: Literal["json", "jwt"]
    credentials: tuple[VerifiedCredential, ...]
    sources: tuple[Source, ...]


class Refused(Exception):
    """The policy refuses; `report` says why."""

    def __init__(self, report: Report) -> None:
        reasons = "; ".join(f"{check.name}: {check.detail}" for check in report.objections())
        super().__init__(reasons or "the policy refuses it")
        self.report = report

    @property
    def malformed(self) -> bool:
        """Whether the submission could not even be read (as opposed to: read, and found wanting)."""
        return self.report.check("parse").outcome is Outcome.FAILED


class Verifier:
    """Verifies submissions under one policy. Safe to share between threads.

    `late`: it was taken elsewhere, earlier. That it has expired or was revoked since is said and let through,
    so that when a statement comes doesn't decide which one of a record is the newest.
    """

    def __init__(
        self,
        policy: Policy,
        resolver: Resolver,
        contexts: ContextStore,
        clock: Clock,
        *,
        allow_rs256: bool = False,
        max_bytes: int = MAX_BYTES,
        anchors: TrustAnchors | None = None,
        outside: Outside | None = None,
        list_issuers: ListIssuers = nobody_else,
        late: bool = False,
    ) -> None:
        self.policy = policy
        self.late = late
        # The same for every report: worked out once, it costs a third of a verification.
        self.required = tuple(name for name in CHECKS if policy.demand(name) is Demand.REQUIRED)
        self.may_not_fail = tuple(name for name in CHECKS if policy.demand(name) is Demand.MAY_NOT_FAIL)
        self.jsonld = JsonLd(contexts)
        self.allow_rs256 = allow_rs256
        self.max_bytes = max_bytes
        self.resolver = resolver
        self.anchors = anchors
        self.outside = outside
        self.list_issuers = list_issuers
        self._clock = clock

    def verify(
        self,
        data: bytes,
        at: datetime | None = None,
        *,
        resolver: Resolver | None = None,
        schemas: SchemasInForce | None = None,
        held: Held | None = None,
        outside: Outside | None = None,
        anchors: TrustAnchors | None = None,
        asked: Asked = NOTHING_ASKED,
    ) -> Verified:
        """Verify a credential or a presentation as it stands at the time `at`, by default now.

        `resolver`, `outside` and `anchors` take the place of the verifier's own for this call (on behalf of
        one client, or as they were kept). Without anchors no chain is checked.
        `schemas` are those to check shapes against, None where there are none; `held` finds credentials that
        are here, whose digests this one may give; `asked` is what a presentation must have signed.
        Raises `Refused` with the report for everything that is not accepted.
        """
        surroundings = Surroundings(
            at or self._clock(),
            resolver or self.resolver,
            outside or self.outside,
            anchors or self.anchors,
            schemas,
            held,
            self.list_issuers,
        )
        run = _Run(self, surroundings)
        examined = run.examine(lambda: open_envelope(data, max_bytes=self.max_bytes), asked)
        if examined.report.verdict is Verdict.REFUSED or examined.envelope is None:
            raise Refused(examined.report)
        return Verified(
            examined.report,
            examined.envelope.media_type,
            examined.envelope.form,
            examined.envelope.encoding,
            tuple(inner.credential(index) for index, inner in enumerate(examined.inner or (examined,))),
            tuple(surroundings.sources()),
        )


@dataclass(frozen=True, slots=True)
class _Examined:
    """What came of one credential or presentation. The fields are None as far as it didn't get."""

    report: Report
    envelope: Envelope | None
    statement: Statement | None
    inner: tuple[_Examined, ...]

    def credential(self, index: int) -> VerifiedCredential:
        report, envelope, statement = self.report, self.envelope, self.statement
        if (
            envelope is None
            or statement is None
            or statement.valid_from is None
            or report.issuer is None
            or report.content_id is None
        ):
            raise ValueError("only an accepted credential can be handed on")
        return VerifiedCredential(
            index,
            report.content_id,
            report.issuer,
            report.subjects,
            statement.types,
            statement.valid_from,
            statement.valid_until,
            envelope.claims,
            report.check("status").evidence.get("state") == SUSPENDED,
            next((check for check in report.checks if is_over(check)), None),
        )


class _Run:
    """One call of `Verifier.verify`."""

    def __init__(self, verifier: Verifier, surroundings: Surroundings) -> None:
        self.verifier = verifier
        self.surroundings = surroundings

    def examine(self, opening: Callable[[], Envelope], asked: Asked) -> _Examined:
        """All checks of one credential or presentation; those inside a presentation too."""
        examination = _Examination(self, opening, asked)
        examination.prepare()
        inner = [_Examination(self, _opening_of(entry)) for entry in examination.entries or ()]
        beside = Beside()
        for one in inner:
            one.prepare()
            # What one credential of a presentation describes, another may refer to.
            beside.add(one.statement, one.envelope, one.stated)
        return examination.finish(tuple(one.finish((), beside) for one in inner), beside)

    def list_credential(self, data: bytes) -> ListCredential:
        """A status list's credential, whose own chain and status aren't asked. Raises `StatusProblem`."""

        def opening() -> Envelope:
            envelope = open_envelope(data)
            if envelope.form != "vc":
                raise Rejection("structure", "A status list must be a credential, no presentation.")
            return envelope

        examination = _Examination(self, opening, alone=True)
        examination.prepare()
        report = examination.finish((), Beside()).report
        for line in report.checks:
            if line.name in FOUNDATION and line.outcome is not Outcome.PASSED:
                temporary = bool(line.evidence.get("temporary"))
                raise StatusProblem(
                    RETRIEVAL_ERROR if temporary else "STATUS_VERIFICATION_ERROR",
                    f"the list's own credential doesn't hold: {line.name}: {line.detail.rstrip('.')}",
                    temporary=temporary,
                )
        assert report.issuer is not None
        assert examination.envelope is not None
        return ListCredential(report.issuer, examination.envelope.claims)


class _Examination:
    """The checks of one credential or presentation, in order."""

    def __init__(
        self,
        run: _Run,
        opening: Callable[[], Envelope],
        asked: Asked = NOTHING_ASKED,
        *,
        alone: bool = False,
    ) -> None:
        self.context = run
        self.surroundings = run.surroundings
        self.asked = asked
        # Without asking further: neither who vouches for the key nor what a status list says.
        self.alone = alone
        self.jsonld = run.verifier.jsonld
        self.opening = opening
        self.checks: dict[str, Check] = {}
        self.envelope: Envelope | None = None
        self.statement: Statement | None = None
        # Of a presentation; none for a credential, None while it isn't known to be readable.
        self.entries: tuple[Mapping[str, Any], ...] | None = None
        self.stated: Statements = {}
        self.named: tuple[tuple[str, str], ...] = ()
        self.content_id: str | None = None
        self.proof: ProofSummary | None = None
        self.proofs: tuple[ProofReport, ...] = ()

    def prepare(self) -> None:
        """Make every check that can be made of it alone."""
        try:
            self.entries = self.read()
        except Rejection as rejection:
            self.note(rejection)

    def finish(self, inner: tuple[_Examined, ...], beside: Beside) -> _Examined:
        """Make the checks that other credentials bear on, and conclude."""
        if self.entries is not None and not self.alone:
            self.keep(self.shapes(beside.types))
            self.keep(check_integrity(self.named, beside.held_too(self.surroundings.held)))
        return self.examined(inner)

    def shapes(self, known: Mapping[str, list[str]]) -> Check:
        """The check `shapes`."""
        schemas = self.surroundings.schemas
        if schemas is None:
            return no_schemas()
        if self.entries:
            return left_to_credentials(schemas)
        return check_shapes(self.stated, schemas, known)

    def read(self) -> tuple[Mapping[str, Any], ...]:
        """All checks; raises the `Rejection` of those without which there is nothing to judge.

        Returns the credentials of a presentation as they stand in it.
        """
        envelope = self.envelope = self.opening()
        form = "JSON object" if envelope.jws is None else "JWS in compact form"
        self.keep(Check("parse", Outcome.PASSED, f"A well-formed {form}."))
        self.keep(check_context(envelope))
        # What a token says is signed as bytes: its quads are for looking things up only.
        expansion = self.jsonld.expand(envelope.claims, quads_later=envelope.jws is not None)
        self.keep(check_terms(envelope, expansion))
        statement = self.statement = read_statement(envelope, expansion)
        signed = expansion.canonical().encode() if envelope.jws is None else envelope.jws.signing_input
        self.content_id = digest_of(signed)
        what = "credential" if envelope.form == "vc" else "presentation"
        self.keep(Check("structure", Outcome.PASSED, f"A complete {what}."))

        at = self.surroundings.at
        self.attempt(lambda: check_validity(envelope, statement, at))
        signatories = Signatories(envelope, expansion, statement, self.surroundings.resolve, at, self.asked)
        for check in signatories.checks(self.jsonld, allow_rs256=self.context.verifier.allow_rs256):
            self.keep(check)
        if not self.alone:
            self.look_further(signatories, statement)
        self.proof, self.proofs = signatories.decisive.summary, signatories.reports
        self.keep(trust_left_to_descriptions())
        if self.surroundings.schemas is not None:
            self.stated = statements_in(expansion.quads)
        if expansion.mentions(DIGEST_PROPERTIES):
            self.named = named_digests(expansion.quads)
        return statement.entries

    def look_further(self, signatories: Signatories, statement: Statement) -> None:
        """The chain of the key, and the status: once it is known who signed this, and that it is valid."""
        assert self.envelope is not None
        signatory = signatories.decisive
        if signatory.method is None or signatory.obtained is None:
            vouched = not_vouched("No key was found that could name a certificate chain.", signatory.obtained)
            status = Check("status", Outcome.NOT_CHECKED, "Not asked: nobody is known who signed it.")
        elif any(
            self.outcome(name) is not Outcome.PASSED
            for name in ("key", "purpose", "signature", *(() if self.only_late() else ("validity",)))
        ):
            vouched = not_vouched("Not looked at: an earlier check failed.", signatory.obtained)
            status = Check("status", Outcome.NOT_CHECKED, "Not asked: an earlier check failed.")
        else:
            vouched = self.vouch(signatory, statement)
            signatories.vouch_for_others(lambda other: self.vouch(other, statement))
            status = self.surroundings.status.check(
                self.envelope.claims, statement.signer or "", self.context.list_credential
            )
        for check in (vouched.chain, vouched.host_binding, status):
            self.keep(check)

    def vouch(self, signatory: Signatory, statement: Statement) -> Vouched:
        """Who vouches for the key of a signature that holds."""
        envelope, at = self.envelope, self.surroundings.at
        assert envelope is not None
        assert signatory.method is not None
        assert signatory.obtained is not None
        return self.surroundings.vouching.vouch(
            signatory.method,
            signatory.obtained,
            lambda: signing_time(envelope, signatory.proof, statement, at),
        )

    def only_late(self) -> bool:
        """Whether what the check `validity` found is let through."""
        check = self.checks.get("validity")
        return self.context.verifier.late and check is not None and is_over(check)

    def outcome(self, name: str) -> Outcome:
        """What came of a check that was to be made before."""
        check = self.checks.get(name)
        return check.outcome if check is not None else Outcome.NOT_CHECKED

    def attempt(self, step: Callable[[], Check | None]) -> None:
        """Keep what a step finds, a rejection too; a step that can't be made finds nothing."""
        try:
            check = step()
        except Rejection as rejection:
            self.note(rejection)
        else:
            if check is not None:
                self.keep(check)

    def keep(self, check: Check) -> None:
        """Put a check into the report."""
        self.checks[check.name] = check

    def note(self, rejection: Rejection) -> None:
        """Put a failed check into the report."""
        self.keep(Check(rejection.check, Outcome.FAILED, rejection.detail, rejection.evidence))

    def examined(self, inner: tuple[_Examined, ...]) -> _Examined:
        """The report, with the policy's verdict; a presentation stands and falls with its credentials."""
        failed = ", ".join(check.name for check in self.checks.values() if check.outcome is Outcome.FAILED)
        lines = tuple(
            self.checks.get(name) or Check(name, Outcome.NOT_CHECKED, f"Not reached: {failed} failed.")
            for name in CHECKS
        )
        policy = self.context.verifier.policy
        verdict, _ = policy.judge(tuple(map(_as_before, lines)) if self.context.verifier.late else lines)
        if any(examined.report.verdict is Verdict.REFUSED for examined in inner):
            verdict = Verdict.REFUSED
        report = Report(
            verdict=verdict,
            policy=policy.name,
            checks=lines,
            issuer=self.statement.signer if self.statement else None,
            subjects=self.subjects(),
            content_id=self.content_id,
            proof=self.proof,
            proofs=self.proofs,
            verified_at=self.surroundings.at,
            credentials=tuple(examined.report for examined in inner),
            required=self.context.verifier.required,
            may_not_fail=self.context.verifier.may_not_fail,
        )
        return _Examined(report, self.envelope, self.statement, inner)

    def subjects(self) -> tuple[str, ...]:
        """The subjects' names. One without an id goes by the credential's id, else by its content."""
        if self.statement is None or self.envelope is None:
            return ()
        own = own_id(self.envelope.claims)
        fallback = own if isinstance(own, str) and is_absolute_iri(own) else f"urn:sha256:{self.content_id}"
        return tuple(dict.fromkeys(subject or fallback for subject in self.statement.subjects))


def _opening_of(entry: Mapping[str, Any]) -> Callable[[], Envelope]:
    """How to open one entry of a presentation, which must be a credential."""

    def opening() -> Envelope:
        envelope = open_enveloped(entry) if is_enveloped(entry) else open_document(entry)
        if envelope.form != "vc":
            raise Rejection("structure", "A presentation may hold credentials only, no other presentation.")
        return envelope

    return opening
