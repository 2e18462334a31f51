"""From what credentials state, and who signed them, to what a profile makes of the offering."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cloud_federation_documents import graph_of
from vocab_graphs import CLEARING_HOUSE, PROVIDER, START, evidence, source

from vocab.describe import describe
from vocab.evaluating import CriterionResult, Evaluation, evaluate
from vocab.evidence import Statement
from vocab.exposure import exposure_of
from vocab.gathering import gather
from vocab.model import Basis, Identity
from vocab.namespaces import GAIA_X, TAGUS
from vocab.profiles import profile
from vocab.trust import TrustEntry, TrustList

SERVICE = "https://provider.example/o/1"
BODY, STRANGER = "did:web:body.example", "did:web:stranger.example"
TRUST = TrustList(
    (
        TrustEntry(BODY, ("certification",), START, schemes=("bsi-c5", "cndcp")),
        TrustEntry(CLEARING_HOUSE, ("gaia-x-label",), START),
    )
)
CERTIFICATE = {
    "id": "https://body.example/certificates/1",
    "type": "Certification",
    "scheme": "bsi-c5",
    "schemeVersion": "2020",
    "level": "type2",
    "covers": [SERVICE],
    "startDate": "2026-01-01",
    "endDate": "2026-12-31",
}
LABEL = {
    "id": "https://clearing.example/labels/1",
    "type": "gx:LabelCredential",
    "gx:labelLevel": "L2",
    "gx:rulesVersion": "CD25.10",
    "gx:validatedCriteria": ["https://w3id.org/gaia-x/specs/cd25.10/criterion/P3.1.8", "P1.1.2"],
    "gx:compliantCredentials": {"id": SERVICE},
}
LAST_DAY = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
NEXT_DAY = datetime(2027, 1, 1, tzinfo=UTC)


def attested(subject: Mapping[str, Any], issuer: str, **changes: Any) -> Statement:
    document = {**subject, **changes}
    return Statement(issuer, document["id"], "e" * 64, graph_of(document, issuer=issuer), START, None)


def evaluation(
    *others: Statement, on: datetime | None = None, gx: str = GAIA_X[0], **stated: Any
) -> Evaluation:
    known = evidence(attestations=others, trust=TRUST, **({"on": on} if on else {}))
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering", **stated}, gx=gx)
    facts = gather(SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=known)
    return evaluate(profile("gaia-x"), facts, exposure_of(facts))


def criterion(identifier: str, *others: Statement, **more: Any) -> CriterionResult:
    return {one.id: one for one in evaluation(*others, **more).criteria}[identifier]


def answer(found: CriterionResult) -> str:
    return f"{found.outcome} {found.basis}" if found.basis else str(found.outcome)


@pytest.mark.parametrize("gx", [gx for gx in GAIA_X if gx != TAGUS])
def test_a_typed_document_declares_its_criterion_in_each_namespace_that_has_it(gx: str) -> None:
    document = {"type": "gx:AccessControlManagement", "gx:url": "https://provider.example/access.pdf"}
    found = criterion("P3.1.8", gx=gx, **{"gx:legalDocuments": document})
    assert answer(found) == "met declared"
    assert [one.issuer for one in found.evidence] == [PROVIDER]
    assert answer(criterion("P3.1.7", gx=gx, **{"gx:legalDocuments": document})) == "unknown"


def test_a_criterion_is_declared_by_its_id() -> None:
    found = evaluation(declaresCriterion=["gaia-x:P2.2.6", "gaia-x:P1.1.2"])
    assert [one.id for one in found.criteria if one.basis] == ["P1.1.2", "P2.2.6"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (attested(CERTIFICATE, BODY), "met certified"),
        (attested(CERTIFICATE, STRANGER), "unknown"),
        (attested(CERTIFICATE, PROVIDER), "unknown"),
        (attested(CERTIFICATE, BODY, scheme="secnumcloud"), "unknown"),
        (attested(CERTIFICATE, BODY, covers=["https://provider.example/o/2"]), "unknown"),
        (attested(CERTIFICATE, BODY, covers=[PROVIDER]), "met certified"),
        (attested(LABEL, CLEARING_HOUSE), "met attested"),
        (attested(LABEL, STRANGER), "unknown"),
        (attested(LABEL, PROVIDER), "unknown"),
        (attested(LABEL, CLEARING_HOUSE, **{"gx:compliantCredentials": {"id": BODY}}), "unknown"),
    ],
    ids=[
        "certificate",
        "certificate-by-a-stranger",
        "certificate-by-the-provider",
        "certificate-of-a-scheme-not-trusted-for",
        "certificate-of-another-service",
        "certificate-of-the-provider",
        "label",
        "label-by-a-stranger",
        "label-by-the-provider",
        "label-of-another",
    ],
)
def test_what_counts_is_decided_by_who_signed_it_and_what_it_is_about(
    statement: Statement, expected: str
) -> None:
    assert answer(criterion("P3.1.8", statement)) == expected


def test_a_certificate_shows_its_criterion_on_its_last_day_and_no_longer_on_the_next() -> None:
    certificate = attested(CERTIFICATE, BODY)
    assert answer(criterion("P3.1.8", certificate, on=LAST_DAY)) == "met certified"
    late = criterion("P3.1.8", certificate, on=NEXT_DAY)
    assert answer(late) == "unknown"
    assert "BSI C5 attestation" in late.needed


def test_evidence_names_the_certificate_and_its_issuer() -> None:
    (found,) = criterion("P3.1.8", attested(CERTIFICATE, BODY)).evidence
    assert (found.content_id, found.issuer, found.basis) == ("e" * 64, BODY, "certified")


def test_a_label_without_criteria_meets_none_and_no_level() -> None:
    label = {key: value for key, value in LABEL.items() if key != "gx:validatedCriteria"}
    found = evaluation(attested(label, CLEARING_HOUSE))
    assert found.level is None
    assert not any(one.basis for one in found.criteria)


def described(*others: Statement, on: datetime | None = None) -> set[tuple[str, Basis]]:
    """The levels of Gaia-X that `describe` concludes for a service that declares every criterion."""
    known = evidence(attestations=others, trust=TRUST, **({"on": on} if on else {}))
    criteria = [f"gaia-x:{one.id}" for one in profile("gaia-x").criteria]
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering", "declaresCriterion": criteria})
    conclusions = describe(SERVICE, graph, own=source(), evidence=known).conclusions
    assert conclusions is not None
    return {(one.level, one.basis) for one in conclusions.levels if one.profile == "gaia-x"}


def test_a_certificate_makes_a_declared_level_computed_until_its_last_day() -> None:
    word = {("SC", Basis.DECLARED), ("L1", Basis.DECLARED)}
    shown = {("SC", Basis.COMPUTED), ("L1", Basis.COMPUTED)}
    assert described() == word
    assert described(attested(CERTIFICATE, BODY)) == shown
    assert described(attested(CERTIFICATE, STRANGER)) == word
    assert described(attested(CERTIFICATE, BODY), on=LAST_DAY) == shown
    assert described(attested(CERTIFICATE, BODY), on=NEXT_DAY) == word
