from dataclasses import replace
from datetime import timedelta

import pytest
from vocab_graphs import (
    CLEARING_HOUSE,
    GX,
    NOTARY,
    OFFERING,
    ON,
    PROVIDER,
    ROOT,
    START,
    evidence,
    graph_of,
    ref,
    source,
    statement,
)

from vocab.describe import describe, evidence_keys, identity_of, mentions
from vocab.model import Basis, Identity
from vocab.namespaces import CREDENTIALS, GAIA_X, SKOS, TAGUS
from vocab.reading import MAX_VALUES

NUMBER = "https://provider.example/number.json#cs"
DIGEST = "sha256-" + "ab" * 32


def number(subject=NUMBER, *, issuer=NOTARY, type_=GX + "LeiCode", **times):
    return replace(statement(issuer, subject, {subject: {"type": [type_]}}), **times)


def label(level="L1", *, named=ROOT, issuer=CLEARING_HOUSE, gx=GX, digest=None, **times):
    item = {"type": [gx + "CompliantCredential"], **({CREDENTIALS + "digestSRI": digest} if digest else {})}
    subject = "https://clearing.example/labels/1#cs"
    nodes = {
        subject: {
            "type": [gx + "LabelCredential"],
            gx + "labelLevel": level,
            gx + "compliantCredentials": ref(named),
        },
        named: item,
    }
    return replace(statement(issuer, subject, nodes), **times)


def tagus(named=OFFERING, *, issuer=CLEARING_HOUSE):
    return statement(issuer, named, {named: {"type": [TAGUS + "compliance"], TAGUS + "integrity": DIGEST}})


def labels(*attestations, issuer=PROVIDER, subject=OFFERING, root=ROOT, digests=frozenset()):
    graph = graph_of({subject: {"type": [GX + "ServiceOffering"]}, root: {"type": ["urn:vc"]}}, root)
    return describe(
        subject,
        graph,
        own=source(issuer),
        evidence=evidence(attestations=attestations),
        digests=digests,
    )


def identity(*attestations, did=PROVIDER, obtained="folder"):
    return identity_of(did, obtained=obtained, evidence=evidence(attestations=attestations))[0]


@pytest.mark.parametrize("gx", GAIA_X)
@pytest.mark.parametrize("level", ["SC", "L1", "L2", "L3"])
def test_a_trusted_label_is_shown_with_its_reason(gx, level):
    attestation = label(level, gx=gx)
    description = labels(attestation)
    assert description.labels == (f"gaia-x:{level}",)
    (reason,) = description.reasons
    assert (reason.basis, reason.issuer, reason.content_id, reason.path) == (
        Basis.ATTESTED,
        CLEARING_HOUSE,
        attestation.content_id,
        gx + "labelLevel",
    )


def test_a_label_level_may_be_an_enumerated_value():
    attestation = label()
    subject = attestation.subject
    nodes = {
        subject: {
            "type": [GX + "LabelCredential"],
            GX + "labelLevel": ref(GX + "L2"),
            GX + "compliantCredentials": ref(ROOT),
        },
        GX + "L2": {SKOS + "notation": "L2"},
    }
    assert labels(statement(CLEARING_HOUSE, subject, nodes)).labels == ("gaia-x:L2",)
    del nodes[GX + "L2"]
    assert labels(statement(CLEARING_HOUSE, subject, nodes)).labels == ("gaia-x:L2",)


def test_an_unknown_level_is_no_label():
    for level in ("L4", "", "gaia-x:L1", "l1", 1, True):
        assert labels(label(level)).labels == ()


def test_the_providers_own_label_counts_for_nothing_even_if_it_is_trusted():
    assert labels(label(issuer=PROVIDER)).labels == ()
    graph_issuer = CLEARING_HOUSE
    named = "https://clearing.example/own.json"
    assert labels(label(named=named), issuer=graph_issuer, root=named).labels == ()


def test_what_an_offering_says_of_its_own_label_counts_for_nothing():
    graph = graph_of(
        {
            OFFERING: {
                "type": [GX + "ServiceOffering", GX + "LabelCredential", TAGUS + "compliance"],
                GX + "labelLevel": "L3",
                GX + "compliantCredentials": ref(OFFERING),
            }
        }
    )
    description = describe(OFFERING, graph, own=source(), evidence=evidence())
    assert description.labels == ()


def test_an_unknown_issuers_label_counts_for_nothing():
    assert labels(label(issuer="did:web:anybody.example")).labels == ()


def test_an_issuer_trusted_for_something_else_gives_no_label():
    assert labels(label(issuer=NOTARY)).labels == ()
    assert identity(number(issuer=CLEARING_HOUSE)) is Identity.SELF_ASSERTED


def test_a_label_from_before_its_issuer_was_trusted_counts_for_nothing():
    assert labels(label(valid_from=START)).labels == ("gaia-x:L1",)
    assert labels(label(valid_from=START - timedelta(seconds=1))).labels == ()


def test_a_label_counts_only_while_it_is_valid():
    assert labels(label(valid_until=ON + timedelta(seconds=1))).labels == ("gaia-x:L1",)
    assert labels(label(valid_until=ON)).labels == ()
    assert labels(label(valid_from=ON + timedelta(seconds=1))).labels == ()


def test_a_label_of_something_else_is_not_taken_over():
    assert labels(label(named="https://provider.example/other.json")).labels == ()


def test_a_label_may_name_the_subject_or_its_credential():
    assert labels(label(named=OFFERING)).labels == ("gaia-x:L1",)
    assert labels(label(named=ROOT)).labels == ("gaia-x:L1",)


def test_taking_a_labelled_offerings_identifier_does_not_take_its_label():
    attestation = label(named=ROOT)
    assert labels(attestation, issuer="did:web:mallory.example").labels == ()
    assert labels(tagus(), issuer="did:web:mallory.example").labels == ()


def test_an_identifier_that_nobody_owns_is_bound_by_digest_or_not_at_all():
    root = "urn:uuid:5f9c1d1e-0000-4000-8000-000000000000"
    assert labels(label(named=root, digest=DIGEST), root=root).labels == ()
    bound = labels(label(named=root, digest=DIGEST), root=root, digests=frozenset({DIGEST}))
    assert bound.labels == ("gaia-x:L1",)


def test_a_label_given_to_another_version_of_the_text_is_not_inherited():
    other = frozenset({"sha256-" + "cd" * 32})
    assert labels(label(digest=DIGEST), digests=other).labels == ()
    assert labels(label(digest=DIGEST), digests=other | {DIGEST}).labels == ("gaia-x:L1",)
    assert labels(label(), digests=other).labels == ("gaia-x:L1",)


def test_a_label_given_to_another_version_is_shown_as_a_doubt():
    other = frozenset({"sha256-" + "cd" * 32})
    (doubt,) = labels(label(digest=DIGEST), digests=other).doubts
    assert (doubt.field, doubt.value, doubt.issuer) == ("label", "gaia-x:L1", CLEARING_HOUSE)
    assert DIGEST in doubt.detail
    assert "cd" * 32 in doubt.detail
    assert labels(label(digest=DIGEST), digests=other | {DIGEST}).doubts == ()
    # Who isn't trusted to give labels casts no doubt, nor does a label for what somebody else controls.
    assert labels(label(digest=DIGEST, issuer="did:web:stranger.example"), digests=other).doubts == ()
    assert labels(label(digest=DIGEST), issuer="did:web:mallory.example", digests=other).doubts == ()


def test_tagus_conformity_is_standard_compliance():
    assert labels(tagus()).labels == ("gaia-x:SC",)


def test_a_tagus_label_counts_for_what_it_is_assigned_to():
    subject = "https://clearing.example/label#cs"
    nodes = {subject: {"type": [TAGUS + "ServiceOfferingLabelLevel1"], TAGUS + "assignedTo": ref(OFFERING)}}
    assert labels(statement(CLEARING_HOUSE, subject, nodes)).labels == ("gaia-x:L1",)
    assert labels(statement(PROVIDER, subject, nodes)).labels == ()


def test_a_participant_named_beside_a_labelled_service_has_no_label():
    attestation = label(named=PROVIDER)
    graph = graph_of({PROVIDER: {"type": [GX + "LegalPerson"]}}, PROVIDER)
    known = evidence(attestations=[attestation])
    assert describe(PROVIDER, graph, own=source(), evidence=known).labels == ()
    assert labels(attestation, subject=PROVIDER, root=ROOT).labels == ("gaia-x:L1",)


def test_several_labels_are_all_shown():
    assert labels(label("L1"), label("SC"), tagus()).labels == ("gaia-x:L1", "gaia-x:SC")


@pytest.mark.parametrize(
    "name",
    ["legalRegistrationNumber", "VatID", "LeiCode", "EORI", "EUID", "TaxID", "LocalRegistrationNumber"],
)
def test_a_trusted_registration_number_notarises(name):
    for gx in GAIA_X:
        assert identity(number(type_=gx + name)) is Identity.NOTARISED


def test_the_type_may_stand_on_the_credential():
    root = "https://notary.example/vc"
    attestation = statement(NOTARY, NUMBER, {root: {"type": [GX + "VatID"]}, NUMBER: {}}, root=root)
    assert identity(attestation) is Identity.NOTARISED


def test_anothers_registration_number_does_not_notarise():
    assert identity(number(), did="did:web:mallory.example") is Identity.SELF_ASSERTED
    assert identity(number("https://provider.example.mallory.example/n")) is Identity.SELF_ASSERTED
    assert identity(number("urn:uuid:1")) is Identity.SELF_ASSERTED


def test_an_untrusted_early_expired_or_own_number_does_not_notarise():
    for attestation in (
        number(issuer="did:web:anybody.example"),
        number(issuer=PROVIDER),
        number(valid_from=START - timedelta(days=1)),
        number(valid_until=ON),
        number(type_=GX + "LegalPerson"),
    ):
        assert identity(attestation) is Identity.SELF_ASSERTED


def test_a_number_about_the_did_itself_notarises_any_method():
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    assert identity(number(did), did=did, obtained="inline") is Identity.NOTARISED
    assert identity(number(did + "#" + did[8:]), did=did, obtained="inline") is Identity.NOTARISED


def test_a_domain_is_a_did_web_obtained_over_https():
    assert identity(obtained="https") is Identity.DOMAIN
    for obtained in ("folder", "derived", "inline"):
        assert identity(obtained=obtained) is Identity.SELF_ASSERTED
    assert identity(did="did:key:z6Mk", obtained="https") is Identity.SELF_ASSERTED


def test_every_identity_says_why():
    for attestation, obtained in ((number(), "folder"), (None, "https"), (None, "inline")):
        known = evidence(attestations=[attestation] if attestation else [])
        _, reason = identity_of(PROVIDER, obtained=obtained, evidence=known)
        assert reason.endswith(".")


def test_evidence_is_found_by_what_it_mentions():
    keys = set(evidence_keys(OFFERING, graph_of({}), PROVIDER))
    assert keys == {OFFERING, ROOT, PROVIDER}
    for attestation in (label(), label(named=OFFERING), tagus(), number()):
        assert keys & set(mentions(attestation.graph, attestation.subject)), attestation.subject


def test_blank_names_are_no_keys():
    assert evidence_keys("_:b0", graph_of({}, "_:b1"), PROVIDER) == (PROVIDER,)
    assert mentions(graph_of({"_:b0": {"type": [GX + "VatID"]}}), "_:b0") == ()


def test_what_is_no_registration_number_does_not_mention_owners():
    assert mentions(graph_of({NUMBER: {"type": [GX + "LegalPerson"]}}), NUMBER) == (NUMBER,)
    assert PROVIDER in mentions(graph_of({NUMBER: {"type": [GX + "VatID"]}}), NUMBER)


def test_mentions_are_bounded():
    many = [ref(f"https://provider.example/{n}") for n in range(5_000)]
    graph = graph_of({OFFERING: {"type": [GX + "LabelCredential"], GX + "compliantCredentials": many}})
    assert len(mentions(graph, OFFERING)) <= MAX_VALUES + 1
    huge = "https://provider.example/" + "a/" * 100_000
    assert mentions(graph_of({huge: {"type": [GX + "VatID"]}}), huge) == ()
