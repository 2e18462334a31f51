"""The bundled samples, verified, interpreted and described as a node does it, without a store."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785

from catalogue.samples import did_documents_folder, sample_files, trust_list_path
from catalogue.samples.documents import Writer
from catalogue.samples.make import make
from catalogue.samples.table import read_table
from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.policies import policy_named
from credentials.report import Outcome
from credentials.resolving import FolderResolver
from credentials.times import from_rfc3339, utc_now
from credentials.verification import Verifier
from vocab.answers import Outcome as Answer
from vocab.capabilities import ancestors, concepts
from vocab.describe import Evidence, Statement, describe, evidence_keys, identity_of, kind_of, mentions
from vocab.jurisdictions import normalise
from vocab.languages import LANGUAGES
from vocab.model import Basis, Identity, Kind
from vocab.trust import TrustList

TABLE = read_table()
WRITER = Writer(TABLE, datetime(2026, 1, 1, tzinfo=UTC))
NAMES = {file.name: file for file in TABLE.files}
ELEVEN = {"FR", "DE", "IT", "ES", "BE", "LU", "SI", "HU", "CZ", "PL", "LV"}


@pytest.fixture(scope="module")
def jsonld():
    return JsonLd(ContextStore())


def verifier(folder):
    return Verifier(policy_named("default"), FolderResolver(folder), ContextStore(), utc_now)


@pytest.fixture(scope="module")
def verified():
    """Every bundled file by name, as the default policy accepts it."""
    checker = verifier(did_documents_folder())
    return {path.stem: checker.verify(path.read_bytes()) for path in sample_files()}


@pytest.fixture(scope="module")
def world(verified, jsonld):
    """Every credential of the samples by the table's name: its statement and its digests."""
    found = {}
    for path in sample_files():
        entries, credentials = NAMES[path.stem].entries, verified[path.stem].credentials
        envelopes = statements_in(path.read_bytes())
        for entry, credential, envelope in zip(entries, credentials, envelopes, strict=True):
            (subject,) = credential.subjects
            statement = Statement(
                issuer=credential.issuer,
                subject=subject,
                content_id=credential.content_id,
                graph=interpret(credential.document, jsonld),
                valid_from=credential.valid_from,
                valid_until=credential.valid_until,
            )
            digest = hashlib.sha256(rfc8785.dumps(dict(envelope.document))).hexdigest()
            found[entry] = (statement, frozenset({f"sha256-{digest}"}))
    return found


def evidence_for(statement, world, trust):
    keys = set(evidence_keys(statement.subject, statement.graph, statement.issuer))
    others = [other for other, _ in world.values() if other is not statement]
    return Evidence(
        on=utc_now(),
        trust=trust,
        participants=tuple(
            other
            for other, _ in world.values()
            if other.issuer == statement.issuer and kind_of(other.subject, other.graph) is Kind.PARTICIPANT
        ),
        attestations=tuple(other for other in others if keys & set(mentions(other.graph, other.subject))),
    )


def attested(description):
    """The labels that stand in a clearing house's credential; what the catalogue computes is beside them."""
    reasons = [one for one in description.reasons if one.field == "label" and one.basis is Basis.ATTESTED]
    assert {one.value for one in reasons} <= set(description.labels)
    return sorted(one.value for one in reasons)


def counting(description):
    """The consortia that count for an offering."""
    conclusions = description.conclusions
    return [
        one.consortium for one in (conclusions.consortia if conclusions else ()) if one.outcome is Answer.MET
    ]


def test_signed_files_are_those_of_the_tables_in_publishing_order():
    assert [path.stem for path in sample_files()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_accepted_under_the_default_policy(name, verified):
    report = verified[name].report
    assert report.policy == "default"
    for inner in (report, *report.credentials):
        assert inner.check("signature").outcome is Outcome.PASSED
        assert inner.check("issuer_binding").outcome is Outcome.PASSED
        assert not list(inner.failed())


@pytest.mark.parametrize("name", TABLE.entries)
def test_a_sample_is_described_as_the_table_says(name, world):
    entry = TABLE.entries[name]
    statement, digests = world[name]
    trust = TrustList.load(trust_list_path())
    known = evidence_for(statement, world, trust)
    description = describe(
        statement.subject,
        statement.graph,
        own=statement.source(Basis.DECLARED),
        evidence=known,
        digests=digests,
    )
    identity, _ = identity_of(statement.issuer, obtained="folder", evidence=known)
    expect = entry.expect
    if entry.about not in {"participant", "offering"}:
        assert description.kind is Kind.EVIDENCE
        assert description.reasons == ()
        return
    texts = {field: entry.members[field] for field in ("name", "description")}
    texts = {field: text if isinstance(text, dict) else {"": text} for field, text in texts.items()}
    assert description.kind is Kind(entry.about)
    assert description.subject == WRITER.subject(entry)
    assert description.issuer == entry.issuer.did
    assert description.names == texts["name"]
    assert description.descriptions == texts["description"]
    assert list(description.jurisdictions) == expect["jurisdictions"]
    assert list(description.capabilities) == expect.get("capabilities", [])
    assert attested(description) == expect.get("labels", [])
    assert list(description.certifications) == expect.get("certifications", [])
    assert list(description.programmes) == expect.get("programmes", [])
    assert identity is Identity(expect.get("identity", identity))
    if entry.about == "offering":
        assert description.provided_by == entry.issuer.did
        assert list(description.keywords) == entry.members["keywords"]
    for reason in description.reasons:
        assert reason.value in (
            *description.jurisdictions,
            *description.capabilities,
            *description.labels,
            *description.certifications,
            *description.programmes,
            *description.participant_kinds,
            *counting(description),
        ) or (reason.field, reason.basis) in {
            ("certification", Basis.DECLARED),
            ("label", Basis.DECLARED),
        }


def test_without_the_trust_list_nobody_is_notarised_and_nothing_labelled(world):
    for name in ("brumelac", "brumelac-socle"):
        statement, digests = world[name]
        known = evidence_for(statement, world, TrustList())
        assert known.attestations
        description = describe(
            statement.subject,
            statement.graph,
            own=statement.source(Basis.DECLARED),
            evidence=known,
            digests=digests,
        )
        assert description.labels == ()
        identity, _ = identity_of(statement.issuer, obtained="folder", evidence=known)
        assert identity is Identity.SELF_ASSERTED


def test_the_label_names_the_offering_by_the_digest_of_its_text(world):
    statement, digests = world["brumelac-socle"]
    known = evidence_for(statement, world, TrustList.load(trust_list_path()))

    def labels(digests):
        return attested(
            describe(
                statement.subject,
                statement.graph,
                own=statement.source(Basis.DECLARED),
                evidence=known,
                digests=digests,
            )
        )

    assert labels(digests) == ["gaia-x:L3"]
    assert labels(frozenset({"sha256-" + "0" * 64})) == []


def test_the_samples_show_the_formats_in_use(verified):
    reports = [
        report
        for one in verified.values()
        for report in (one.report, *one.report.credentials)
        if report.proof
    ]
    assert {report.proof.suite for report in reports} >= {"Ed25519Signature2020", "JsonWebSignature2020"}
    assert {one.media_type for one in verified.values()} >= {"application/vc+jwt", "application/vp+jwt"}
    assert {one.form for one in verified.values()} == {"vc", "vp"}
    holders = TABLE.holders.values()
    assert {holder.key for holder in holders} == {"Ed25519", "P-256", "P-384", "RSA-2048"}
    assert {holder.form for holder in holders} == {
        "jwt",
        "ed25519-2020",
        "jws2020",
        "jws2020-legacy",
        "eddsa-rdfc-2022",
        "ecdsa-rdfc-2019",
        "eddsa-jcs-2022",
    }
    assert {holder.vocabulary for holder in holders} == {"loire", "loire-2511", "tagus"}


def about(*kinds):
    return [entry for entry in TABLE.entries.values() if entry.about in kinds]


def test_every_state_of_the_programme_has_a_provider_and_a_few_others_do():
    seats = {normalise(entry.members["seat"]) for entry in about("participant")}
    assert seats >= ELEVEN
    assert {"US", "NL"} <= seats


def test_every_kind_of_participant_occurs():
    assert {entry.members["kind"] for entry in about("participant")} == {
        "large-enterprise",
        "sme",
        "start-up",
        "research-body",
        "public-body",
        "consortium",
        "certification-body",
        "notary",
        "clearing-house",
        "programme-authority",
    }


def test_about_seventy_are_described_by_more_than_two_dozen_providers():
    assert 60 <= len(about("participant", "offering")) <= 75
    assert len({entry.issuer.did for entry in about("offering")}) >= 25


def test_most_speak_three_languages_and_some_only_their_own():
    spoken = [tuple(entry.members["description"]) for entry in about("participant", "offering")]
    assert sum(set(LANGUAGES) <= set(languages) for languages in spoken) > len(spoken) * 3 // 4
    for language in LANGUAGES:
        assert (language,) in spoken
    for entry in about("offering"):
        assert tuple(entry.members["name"]) == tuple(entry.members["description"])


def test_every_level_of_the_label_occurs():
    assert {entry.members["level"] for entry in about("label")} == {"SC", "L1", "L2", "L3"}


def test_every_main_capability_is_offered_by_somebody():
    claimed = {name for entry in about("offering") for name in entry.expect["capabilities"]}
    with_parents = claimed | {parent for name in claimed for parent in ancestors(name)}
    assert {concept.id for concept in concepts() if concept.broader is None} <= with_parents


def test_services_and_providers_named_in_the_guide_belong_together():
    providers = {entry.issuer.did: entry.members["name"] for entry in about("participant")}
    offered = {
        (next(iter(entry.members["name"].values())).split(",")[0], providers[entry.issuer.did])
        for entry in about("offering")
    }
    guide = Path(__file__).parents[2] / "docs" / "samples.md"
    named = re.findall(r"(\w+)(?: and (\w+))? by ([A-Z]\w+)", guide.read_text(encoding="utf-8"))
    assert len(named) >= 15
    for *services, provider in named:
        for service in filter(None, services):
            assert any(name == service and provider in by for name, by in offered), f"{service} by {provider}"


def test_together_the_samples_are_small():
    paths = (*sample_files(), *did_documents_folder().iterdir())
    assert sum(path.stat().st_size for path in paths) < 600_000


def test_samples_last_ten_years(verified):
    for one in verified.values():
        for credential in one.credentials:
            lasting = credential.valid_until - credential.valid_from
            assert timedelta(days=3640) < lasting < timedelta(days=3660)


def test_no_host_of_the_samples_can_exist():
    for holder in TABLE.holders.values():
        assert holder.base.split("/")[2].endswith(".example")


def test_no_address_in_the_samples_leads_anywhere():
    for path in sample_files():
        for envelope in statements_in(path.read_bytes()):
            said = {name: value for name, value in envelope.claims.items() if name != "@context"}
            hosts = re.findall(r"(?:https?://|did:web:)([^/:#\"]+)", json.dumps(said))
            assert hosts
            assert all(host.endswith(".example") for host in hosts), path.name


def test_no_private_key_is_left_behind():
    for path in (*sample_files(), *did_documents_folder().iterdir()):
        assert b'"d"' not in path.read_bytes()
    for path in did_documents_folder().iterdir():
        for method in json.loads(path.read_bytes())["verificationMethod"]:
            assert set(method["publicKeyJwk"]) <= {"kty", "crv", "x", "y", "n", "e", "alg"}


def test_the_script_makes_an_accepted_world_anew_with_other_keys(tmp_path):
    moment = from_rfc3339("2028-02-29T12:34:56Z")
    (tmp_path / "signed").mkdir()
    (tmp_path / "signed" / "old.json").write_text("{}")
    make(tmp_path, clock=lambda: moment)
    checker = verifier(tmp_path / "did-documents")
    made = sorted((tmp_path / "signed").iterdir())
    assert [path.name for path in made] == [path.name for path in sample_files()]
    for path in made:
        checker.verify(path.read_bytes(), at=moment)
    trust = TrustList.load(tmp_path / "trust-list.json")
    assert len(trust.entries) == len(TABLE.trusted)
    name = "brumelac.json"
    assert (tmp_path / "did-documents" / name).read_bytes() != (did_documents_folder() / name).read_bytes()
