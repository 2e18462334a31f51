"""The federation's terms as data: whole, the same as the context's, and examples that can be signed."""

import json
import re

import pytest
from cloud_federation_documents import SUBJECTS, V2

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.contexts import context_document
from vocab.languages import LANGUAGES
from vocab.namespaces import CF, CF_CONTEXT, SCHEMA, XSD
from vocab.terms import RANGES, properties_of, term, terms
from vocab.terms import SUBJECTS as SUBJECT_DOMAINS

CONTEXT = context_document(CF_CONTEXT)["@context"]
CLASSES = {one.id for one in terms() if one.is_class}
PROPERTIES = [one for one in terms() if not one.is_class]
TYPES = {
    "decimal": XSD + "decimal",
    "boolean": XSD + "boolean",
    "date": XSD + "date",
    "iri": "@id",
    "capability": "@id",
}


def defined(context, path=()):
    """Each term of the context with its definition and the terms below which it is defined."""
    for name, definition in context.items():
        if name in ("cap", "cf"):
            continue
        yield name, definition, path
        if isinstance(definition, dict) and "@context" in definition:
            yield from defined(definition["@context"], (*path, name))


def test_the_data_and_the_context_have_the_same_terms():
    assert {one.id for one in terms()} == {name for name, _, _ in defined(CONTEXT)}


def test_the_context_gives_each_term_the_iri_and_the_type_of_the_data():
    for name, definition, _ in defined(CONTEXT):
        one = term(name)
        iri = definition["@id"] if isinstance(definition, dict) else definition
        type_ = definition.get("@type") if isinstance(definition, dict) else None
        assert iri == one.iri
        assert type_ == TYPES.get(one.range), name


def test_the_context_defines_a_property_where_its_domain_says():
    """Below a property that takes the class, or below the class itself."""
    for one in PROPERTIES:
        places = {path[-1] if path else "" for name, _, path in defined(CONTEXT) if name == one.id}
        for domain in one.domain:
            if domain in SUBJECT_DOMAINS or domain == "Consortium":
                assert places == {""}, one.id
            else:
                takers = {other.id for other in PROPERTIES if other.range == domain} | {domain}
                assert places & takers, (one.id, domain)


def test_every_term_is_whole():
    for one in terms():
        assert set(one.labels) == set(one.definitions) == set(LANGUAGES)
        assert all(one.labels.values())
        assert all(text.endswith(".") for text in one.definitions.values())
        assert re.fullmatch(r"[A-Za-z]+", one.id)
        assert one.id[0].isupper() == one.is_class
        assert one.iri in (CF + one.id, SCHEMA + one.id)
    for one in PROPERTIES:
        assert one.domain
        assert set(one.domain) <= CLASSES | set(SUBJECT_DOMAINS)
        assert one.range in (*RANGES, *CLASSES)
        assert set(one.required) | set(one.values) <= set(one.domain)


def test_every_class_has_properties_but_those_it_shares_with_participants():
    for one in sorted(CLASSES):
        assert properties_of(one), one


@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.id)
def test_an_example_means_what_the_term_says(one):
    (domain, *_) = one.domain
    inner = {one.id: one.example}
    takers = [other.id for other in PROPERTIES if other.range == domain]
    subject = {"type": domain, **inner} if domain in CLASSES else inner
    if domain in CLASSES - {"Certification", "ProgrammeParticipation", "Consortium"}:
        outer = takers[0]
        subject = {outer: {"type": domain, **inner}}
        if outer == "site":
            subject = {"energy": subject}
    document = {
        "@context": [V2, CF_CONTEXT],
        "type": "VerifiableCredential",
        "issuer": "did:web:p.example",
        "credentialSubject": {"id": "https://p.example/1", **subject},
    }
    jsonld = JsonLd(ContextStore())
    assert jsonld.expand(document).dropped == ()
    graph = interpret(document, jsonld)
    assert any(one.iri in node.properties for node in graph.nodes.values())


def test_values_are_those_of_the_vocabulary():
    assert "sme" in term("participantKind").values["participant"]
    assert term("role").values.keys() == {"ProgrammeParticipation"}
    assert "near-edge" in term("siteKind").values["Place"]
    assert "secnumcloud:3.2" in term("scheme").values["Certification"]
    with pytest.raises(KeyError):
        term("no-such-term")


def test_the_documents_of_these_tests_use_every_property():
    assert set(re.findall(r'"(\w+)":', json.dumps(SUBJECTS))) >= {one.id for one in PROPERTIES}
