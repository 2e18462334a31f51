"""The vocabulary in RDF, with rdflib and pyshacl as the judges of what was written."""

import pyshacl
import pytest
import rdflib
from cloud_federation_documents import ATTESTED, OFFERING, PARTICIPANT, PARTICIPATION, SUBJECTS, credential
from linked_data import from_json_ld, from_triples, from_turtle
from rdflib import OWL, RDF, RDFS, SH, SKOS, URIRef

from credentials.contexts import ContextStore
from credentials.jsonld import JsonLd
from vocab import capabilities, ontology, rdf, terms
from vocab.graph import Literal, Ref
from vocab.languages import LANGUAGES
from vocab.namespaces import CAPABILITIES, CF
from vocab.rdf import Items, Resource

DOCUMENTS = (ontology.ontology, ontology.shapes, ontology.capability_scheme)


def read(make, form="turtle"):
    if form == "turtle":
        return from_turtle(rdf.turtle(make(), ontology.PREFIXES))
    return from_json_ld(rdf.json_ld(make(), ontology.PREFIXES))


@pytest.mark.parametrize("make", DOCUMENTS)
def test_both_forms_state_the_same(make):
    assert read(make).isomorphic(read(make, "json-ld"))
    assert len(read(make)) > 100


def test_awkward_values_survive_in_both_forms():
    texts = ['"', "\\", "\n\r\t\x08\x0c", "é ß €", "'''\"\"\"", "a@b^^c", "\U0001f600", "\x7f\x85\u2028"]
    values = (*map(Literal, texts), Literal("x", ontology.RDF + "langString", "fr-CH"))
    odd = (Ref("urn:x:-"), Ref(CF + "a.b"), Ref(CF), Literal(True, ontology.XSD + "boolean"))
    blank = Resource("", (("urn:inner", (Items((Literal("1"), Ref("urn:y"))), Items(()))),))
    resources = (Resource("urn:s", (("urn:p", values), ("urn:q", (*odd, blank)))),)
    graph = read(lambda: resources)
    assert graph.isomorphic(read(lambda: resources, "json-ld"))
    found = {str(value) for value in graph.objects(URIRef("urn:s"), URIRef("urn:p"))}
    assert found == {*texts, "x"}
    assert URIRef(CF + "a.b") in set(graph.objects(URIRef("urn:s"), URIRef("urn:q")))


def test_the_ontology_has_every_own_term_with_its_texts():
    graph = read(ontology.ontology)
    for one in terms.terms():
        subject = URIRef(one.iri)
        if not one.is_own:
            assert (subject, None, None) not in graph
            continue
        for predicate, texts in ((RDFS.label, one.labels), (RDFS.comment, one.definitions)):
            assert {(text.language, str(text)) for text in graph.objects(subject, predicate)} == set(
                texts.items()
            )
        assert ((subject, RDF.type, OWL.Class) in graph) is one.is_class
        assert (subject, RDFS.isDefinedBy, URIRef(ontology.ONTOLOGY)) in graph


def test_the_concept_scheme_equals_the_taxonomy():
    graph = read(ontology.capability_scheme)
    scheme = URIRef(ontology.SCHEME)
    concepts = {concept.iri: concept for concept in capabilities.concepts()}
    assert {str(one) for one in graph.subjects(RDF.type, SKOS.Concept)} == set(concepts)
    for iri, concept in concepts.items():
        subject = URIRef(iri)
        labels = {text.language: str(text) for text in graph.objects(subject, SKOS.prefLabel)}
        assert labels == dict(concept.labels)
        assert set(labels) == set(LANGUAGES)
        synonyms = {(text.language, str(text)) for text in graph.objects(subject, SKOS.altLabel)}
        assert synonyms == {(tag, name) for tag, names in concept.synonyms.items() for name in names}
        broader = {str(one).removeprefix(CAPABILITIES) for one in graph.objects(subject, SKOS.broader)}
        assert broader == ({concept.broader} if concept.broader else set())
        narrower = {str(one).removeprefix(CAPABILITIES) for one in graph.objects(subject, SKOS.narrower)}
        assert narrower == set(capabilities.narrower(concept.id))
        assert (subject, SKOS.inScheme, scheme) in graph
        top = concept.broader is None
        assert ((subject, SKOS.topConceptOf, scheme) in graph) is top
        assert ((scheme, SKOS.hasTopConcept, subject) in graph) is top


@pytest.fixture(scope="module")
def shapes():
    return read(ontology.shapes)


def refused(shapes, subject, **changes):
    """The paths that pyshacl objects to in a credential about the subject."""
    document = credential({**subject, **changes})
    data = from_triples(JsonLd(ContextStore()).quads(document))
    conforms, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False)
    paths = {str(path).rpartition("#")[2] for path in report.objects(None, SH.resultPath)}
    assert conforms is not bool(paths)
    return paths


def test_the_shapes_are_shapes(shapes):
    # Against SHACL's own shapes of shapes.
    data = rdflib.Graph()
    pyshacl.validate(data, shacl_graph=shapes, meta_shacl=True)
    assert {str(one) for one in shapes.subjects(RDF.type, SH.NodeShape)} == {
        ontology.shape_iri(domain)
        for domain in (*terms.SUBJECTS, *(one.id for one in terms.terms() if one.is_class))
    }


@pytest.mark.parametrize("name", SUBJECTS)
def test_good_documents_conform(shapes, name):
    assert refused(shapes, SUBJECTS[name]) == set()


def share(**claims):
    return {"ownership": {"type": "OwnershipShare", "holderName": "Fund", **claims}}


@pytest.mark.parametrize(
    ("subject", "changes", "path"),
    [
        (PARTICIPANT, {"participantKind": "unicorn"}, "participantKind"),
        (PARTICIPANT, share(capitalPercent="100.01"), "capitalPercent"),
        (PARTICIPANT, share(votingPercent="-1"), "votingPercent"),
        (PARTICIPANT, share(capitalPercent="24,01"), "capitalPercent"),
        (PARTICIPANT, share(capitalPercent=["1", "2"]), "capitalPercent"),
        (PARTICIPANT, share(hasVeto="perhaps"), "hasVeto"),
        (PARTICIPANT, share(asOf="31.01.2026"), "asOf"),
        (PARTICIPANT, share(country="France"), "country"),
        (PARTICIPANT, {"centralAdministration": {"locality": "Paris"}}, "centralAdministration"),
        (PARTICIPANT, {"member": {"type": "ConsortiumMembership", "role": "lead"}}, "participant"),
        (PARTICIPANT, {"ownership": "a lot"}, "ownership"),
        (OFFERING, {"capability": "https://elsewhere.example/iaas"}, "capability"),
        (OFFERING, {"dataPlace": {"type": "Place", "country": "FR", "siteKind": "moon"}}, "siteKind"),
        (OFFERING, {"doesWithout": "worries"}, "doesWithout"),
        (OFFERING, {"declaresLabel": "best-cloud-ever"}, "declaresLabel"),
        (OFFERING, {"declaresCriterion": {"id": "https://p.example/1"}}, "declaresCriterion"),
        (OFFERING, {"energy": {"type": "EnergyFigures", "pue": "0.9"}}, "pue"),
        (OFFERING, {"energy": {"type": "EnergyFigures", "renewablePercent": "101"}}, "renewablePercent"),
        (OFFERING, {"certification": {"type": "Certification", "scheme": "best-ever"}}, "scheme"),
        (OFFERING, {"consortium": ["did:web:a.example", "did:web:b.example"]}, "consortium"),
        (ATTESTED, {"scheme": []}, "scheme"),
        (ATTESTED, {"endDate": "never"}, "https://schema.org/endDate"),
        (PARTICIPATION, {"programme": "my-own"}, "programme"),
        (PARTICIPATION, {"role": "chief"}, "role"),
        (PARTICIPATION, {"participant": []}, "participant"),
    ],
)
def test_bad_documents_are_refused_where_they_are_bad(shapes, subject, changes, path):
    assert path in refused(shapes, subject, **changes)
