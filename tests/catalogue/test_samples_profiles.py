"""Among the samples every profile, every level and every outcome occurs, and whatever a buyer may meet."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import rfc8785

from catalogue.samples import sample_files, trust_list_path
from catalogue.samples.documents import Writer
from catalogue.samples.table import read_table
from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.times import from_rfc3339, utc_now
from vocab.answers import Outcome
from vocab.conclusions import Conclusions, PathKind
from vocab.describe import Evidence, Statement, describe, evidence_keys, identity_of, kind_of, mentions
from vocab.evaluating import Evaluation, evaluate
from vocab.model import Basis, Kind
from vocab.profiles import shipped
from vocab.profiles.model import ProfileKind
from vocab.service_facts import ServiceFacts
from vocab.trust import TrustList

TABLE = read_table()
OFFERINGS = [name for name, entry in TABLE.entries.items() if entry.about == "offering"]
#: The doctrine of today, as a buyer asks by it.
LAW = ("cloud-au-centre", "2026")


@pytest.fixture(scope="module")
def described() -> Mapping[str, tuple[ServiceFacts, Conclusions]]:
    """The facts of every offering and what follows from them, by its name in the tables."""
    jsonld, writer, now = JsonLd(ContextStore()), Writer(TABLE, datetime(2026, 1, 1, tzinfo=UTC)), utc_now()
    files = {file.name: file.entries for file in TABLE.files}
    world: dict[str, Statement] = {}
    digests: dict[str, frozenset[str]] = {}
    for path in sample_files():
        for name, envelope in zip(files[path.stem], statements_in(path.read_bytes()), strict=True):
            entry, document = TABLE.entries[name], dict(envelope.document)
            world[name] = Statement(
                issuer=entry.issuer.did,
                subject=writer.subject(entry),
                content_id=hashlib.sha256(name.encode()).hexdigest(),
                graph=interpret(envelope.claims, jsonld),
                valid_from=from_rfc3339(envelope.claims.get("validFrom") or envelope.claims["issuanceDate"]),
                valid_until=None,
            )
            digests[name] = frozenset({f"sha256-{hashlib.sha256(rfc8785.dumps(document)).hexdigest()}"})
    participants = [one for one in world.values() if kind_of(one.subject, one.graph) is Kind.PARTICIPANT]
    found = {}
    for name in OFFERINGS:
        statement = world[name]
        keys = set(evidence_keys(statement.subject, statement.graph, statement.issuer))
        evidence = Evidence(
            on=now,
            trust=TrustList.load(trust_list_path()),
            participants=tuple(one for one in participants if one.issuer == statement.issuer),
            attestations=tuple(
                one
                for one in world.values()
                if one is not statement and keys & set(mentions(one.graph, one.subject))
            ),
            others=tuple(one for one in participants if one.issuer != statement.issuer),
        )
        identity, _ = identity_of(statement.issuer, obtained="folder", evidence=evidence)
        description = describe(
            statement.subject,
            statement.graph,
            own=statement.source(Basis.DECLARED),
            identity=identity,
            evidence=evidence,
            digests=digests[name],
        )
        assert description.facts
        assert description.conclusions
        found[name] = (description.facts, description.conclusions)
    return found


@pytest.fixture(scope="module")
def evaluations(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> Mapping[str, tuple[Evaluation, ...]]:
    return {
        name: tuple(evaluate(profile, facts, conclusions.exposure) for profile in shipped())
        for name, (facts, conclusions) in described.items()
    }


@pytest.fixture(scope="module")
def outcomes(
    evaluations: Mapping[str, tuple[Evaluation, ...]],
) -> Mapping[tuple[str, str, str], set[Outcome]]:
    """The outcomes that occur for each level of each version of a profile."""
    found: dict[tuple[str, str, str], set[Outcome]] = defaultdict(set)
    for one in (one for several in evaluations.values() for one in several):
        for level in one.levels:
            found[one.profile, one.version, level.id].add(level.outcome)
    return found


def test_every_level_of_every_profile_is_met_by_somebody_and_unknown_of_somebody(
    outcomes: Mapping[tuple[str, str, str], set[Outcome]],
) -> None:
    levels = {(one.id, one.version, level.id) for one in shipped() for level in one.levels}
    both = {Outcome.MET, Outcome.UNKNOWN}
    assert {level for level in levels if not both <= outcomes[level]} == set()


def test_every_profile_that_a_fact_can_fail_is_not_met_by_somebody(
    outcomes: Mapping[tuple[str, str, str], set[Outcome]],
) -> None:
    failed = {level[:2] for level, found in outcomes.items() if Outcome.NOT_MET in found}
    # A certificate that isn't there is unknown, never not met.
    assert failed == {(one.id, one.version) for one in shipped() if one.kind is not ProfileKind.CERTIFICATION}


def test_every_basis_occurs_among_the_labels_held(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    bases = {held.basis for _, conclusions in described.values() for held in conclusions.labels}
    assert bases >= {Basis.ATTESTED, Basis.CERTIFIED, Basis.COMPUTED}


def test_an_older_certificate_and_stated_facts_make_a_trusted_cloud_and_the_law_asks_for_a_newer_one(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    _, conclusions = described["grevaudan-silo"]
    reached = {(one.profile, one.version, one.level) for one in conclusions.levels}
    assert ("cloud-de-confiance", "2021", "label") in reached
    assert ("cloud-au-centre", "2023", "protected-secret") in reached
    assert (*LAW, "protected-secret") not in reached


def test_the_cloud_of_the_state_needs_no_certificate(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    facts, conclusions = described["ostrelaune-nef"]
    assert not facts.certifications
    assert (*LAW, "essential-missions") in {
        (one.profile, one.version, one.level) for one in conclusions.levels
    }


def test_immunity_is_known_denied_and_open(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    def immunity(name: str) -> Outcome:
        return described[name][1].exposure.immunity

    assert immunity("brumelac-socle") is Outcome.MET
    assert immunity("corvelune-galerie") is Outcome.NOT_MET
    assert immunity("szuwarogrod-kladka") is Outcome.NOT_MET
    assert immunity("hirsenholz-postwagen") is Outcome.UNKNOWN


def test_an_american_parent_reaches_a_service_in_ireland(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    _, conclusions = described["palodune-eu-harbour"]
    (reach,) = (one for one in conclusions.exposure.reaches if one.country == "US")
    parents = [path for path in reach.paths if path.kind is PathKind.ULTIMATE_PARENT]
    assert any(path.share == 100 and "Palodune Systems, Inc." in path.detail for path in parents)
    assert reach.laws


def test_a_clearing_house_may_give_more_than_we_find(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    differing = {name for name, (_, conclusions) in described.items() if conclusions.disagreements}
    assert "minettsglanz-doublure" in differing
    # Where its credential names every criterion, both say the same.
    agreeing = {"brumelac-socle", "brumelac-criee", "dijlesteen-samen", "carsofrana-dorsale"}
    assert not agreeing & differing
    assert all(described[name][0].labels for name in agreeing)


def test_one_consortium_counts_and_of_one_a_word_is_missing(
    described: Mapping[str, tuple[ServiceFacts, Conclusions]],
) -> None:
    (tandem,) = described["ampelunis-tandem"][1].consortia
    (oree,) = described["lisierane-oree"][1].consortia
    assert tandem.outcome is Outcome.MET
    assert oree.outcome is Outcome.UNKNOWN
    assert [one.participant for one in oree.members if one.outcome is not Outcome.MET] == [
        "did:web:carsofrana.example"
    ]
