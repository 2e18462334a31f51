"""The federation's own terms: where they mean something, and that they leave others' words alone."""

import pytest
from cloud_federation_documents import OFFERING, PARTICIPANT, SUBJECTS, V2, credential, graph_of
from pyld import jsonld

from credentials.contexts import ContextStore
from credentials.jsonld import JsonLd
from vocab.contexts import context_document
from vocab.graph import Literal, Ref
from vocab.namespaces import CF, CF_CONTEXT, DEVELOPMENT, SCHEMA, TAGUS, V2511, XSD

TERMS = context_document(CF_CONTEXT)["@context"]
#: Prefixes aside, the words that mean something everywhere in a document.
TOP = {name for name in TERMS if name not in ("cap", "cf")}


def loader(url, options):
    return {"contextUrl": None, "documentUrl": url, "document": ContextStore().document(url)}


def predicates(graph):
    return {predicate for node in graph.nodes.values() for predicate in node.properties}


@pytest.mark.parametrize("gx", [DEVELOPMENT, V2511, TAGUS])
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_term_of_the_documents_is_the_federations_own(name, gx):
    """Under Loire's contexts an unknown word would silently become Gaia-X's."""
    graph = graph_of(SUBJECTS[name], gx=gx)
    found = predicates(graph)
    words = {key for node in _nodes(SUBJECTS[name]) for key in node} - {"id", "type"}
    dates = {"startDate", "endDate"} & words
    assert {CF + word for word in words - dates} | {SCHEMA + word for word in dates} <= found
    assert not [predicate for predicate in found if predicate.startswith((gx, SCHEMA + "country"))]


def _nodes(value):
    if isinstance(value, list):
        for one in value:
            yield from _nodes(one)
    elif isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)


def test_the_documents_use_every_term_there_is():
    used = {key for subject in SUBJECTS.values() for node in _nodes(subject) for key in node}
    types = {
        one
        for subject in SUBJECTS.values()
        for node in _nodes(subject)
        for one in ([node["type"]] if isinstance(node["type"], str) else node["type"])
    }
    defined = set(_defined(TERMS)) - {"cap", "cf"}
    assert defined == (used - {"id", "type"}) | {one for one in types if not one.startswith("gx:")}


def _defined(context):
    for term, definition in context.items():
        yield term
        if isinstance(definition, dict) and "@context" in definition:
            yield from _defined(definition["@context"])


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_quick_expansion_reads_the_documents_as_pyld_does(name):
    document = credential(SUBJECTS[name])
    expected = jsonld.expand(document, {"documentLoader": loader})
    assert JsonLd(ContextStore()).nodes(document) == expected


def test_values_have_their_types():
    graph = graph_of(PARTICIPANT)
    share = next(node for node in graph.nodes.values() if CF + "OwnershipShare" in node.types)
    assert share.properties[CF + "capitalPercent"] == (Literal("24.01", XSD + "decimal"),)
    assert share.properties[CF + "hasVeto"] == (Literal(True, XSD + "boolean"),)
    assert share.properties[CF + "asOf"] == (Literal("2026-01-31", XSD + "date"),)
    assert share.properties[CF + "holder"] == (Ref("https://fund.example/#it"),)
    assert share.properties[CF + "country"] == (Literal("US"),)


def test_words_of_one_property_mean_nothing_elsewhere():
    document = credential({"id": "https://p.example/1", "country": "FR", "role": "x", "scope": "y"})
    document["@context"] = [V2, CF_CONTEXT]
    (expanded,) = jsonld.expand(document, {"documentLoader": loader})
    (subject,) = expanded["https://www.w3.org/2018/credentials#credentialSubject"]
    assert subject == {"@id": "https://p.example/1"}


@pytest.mark.parametrize("gx", [DEVELOPMENT, V2511])
def test_gaia_x_keeps_its_own_words(gx):
    """`scope` and `legalName` are Gaia-X's at the top and within its nodes, whatever stands before it."""
    subject = {**OFFERING, "gx:subContractors": {"legalName": "Sub", "scope": "all"}}
    graph = graph_of(subject, gx=gx)
    contractor = graph.node(graph.nodes[OFFERING["id"]].properties[gx + "subContractors"][0])
    assert contractor is not None
    assert set(contractor.properties) == {gx + "legalName", gx + "scope"}


def test_only_few_words_mean_something_everywhere():
    assert {
        "Certification",
        "Consortium",
        "ProgrammeParticipation",
        "capability",
        "centralAdministration",
        "certification",
        "consortium",
        "dataPlace",
        "declaresCriterion",
        "declaresLabel",
        "doesWithout",
        "energy",
        "jurisdiction",
        "keyword",
        "mainEstablishment",
        "member",
        "memberOf",
        "metadataPlace",
        "operationPlace",
        "operator",
        "ownership",
        "participantKind",
        "technologyLicence",
    } == TOP
