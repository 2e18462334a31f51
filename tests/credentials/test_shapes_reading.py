"""Files of shapes are taken whole or refused by name; what is prepared comes back as it was."""

from __future__ import annotations

import json

import pytest

from credentials.nquads import parse_nquads
from credentials.shapes.bridging import TYPE, statements_in
from credentials.shapes.engine import ShapeSet
from credentials.shapes.model import PreparedUnusable, Schema
from credentials.shapes.reading import MAX_FILE_BYTES, SchemaInvalid, read_schema
from vocab.namespaces import CREDENTIALS, DEVELOPMENT, RDF, TAGUS, V2511

PREFIXES = """
@prefix ex: <https://a.example/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
START = f"{PREFIXES} ex:S a sh:NodeShape ; sh:targetClass ex:Thing "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not turtle", "it is not turtle"),
        (PREFIXES, "no shape with a target in it"),
        (
            f"{PREFIXES} ex:S sh:targetNode ex:a . ex:a rdfs:subClassOf ex:b .",
            "targetNode.* is not supported",
        ),
        (f"{START} ; sh:sparql [] .", "sh:sparql is not supported"),
        (f"{START} ; sh:property [ sh:path ex:p ; sh:lessThan ex:q ] .", "sh:lessThan is not supported"),
        (
            f'{START} ; sh:property [ sh:path ex:p ; sh:languageIn ( "fr" ) ] .',
            "sh:languageIn is not supported",
        ),
        (f"{START} ; sh:property [ sh:path [ sh:inversePath ex:p ] ] .", "only a single property"),
        (f"{START} ; sh:property [ sh:minCount 1 ] .", "has no sh:path"),
        (f"{START} ; sh:property [ sh:path ex:p ; sh:minCount 1, 2 ] .", "stands there 2 times"),
        (f"{START} ; sh:property [ sh:path ex:p ; sh:minCount -1 ] .", "must be a whole number"),
        (f'{START} ; sh:property [ sh:path ex:p ; sh:pattern "(" ] .', "sh:pattern"),
        (f'{START} ; sh:property [ sh:path ex:p ; sh:pattern "a" ; sh:flags "q" ] .', "sh:flags"),
        (f'{START} ; sh:property [ sh:path ex:p ; sh:minInclusive "a" ] .', "must be a number"),
        (f"{START} ; sh:property [ sh:path ex:p ; sh:nodeKind ex:k ] .", "no sh:nodeKind"),
        (f"{START} ; sh:property [ sh:path ex:p ; sh:severity sh:Warning ] .", "only sh:Violation"),
        (f"{START} ; sh:in ex:nolist .", "no proper list"),
        (f"{START} ; sh:node ex:S .", "refers to itself"),
    ],
)
def test_what_would_stay_unchecked_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(SchemaInvalid, match=problem):
        read_schema(text.encode(), "turtle")


def test_a_list_without_end_is_refused() -> None:
    text = f"{START} ; sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l ."
    with pytest.raises(SchemaInvalid, match="no proper list"):
        read_schema(text.encode(), "turtle")


def test_shapes_that_double_at_each_level_are_stopped() -> None:
    levels = "".join(f"ex:N{level} sh:and ( ex:N{level + 1} ex:N{level + 1} ) . " for level in range(17))
    levels += 'ex:N17 sh:name "the last" .'
    with pytest.raises(SchemaInvalid, match="more than"):
        read_schema(f"{START} ; sh:node ex:N0 . {levels}".encode(), "turtle")


def test_a_file_too_large_is_refused_unread() -> None:
    with pytest.raises(SchemaInvalid, match="larger"):
        read_schema(b" " * (MAX_FILE_BYTES + 1), "turtle")


def test_shapes_may_be_json_ld() -> None:
    document = {
        "@context": {"sh": "http://www.w3.org/ns/shacl#"},
        "@id": "https://a.example/S",
        "sh:targetClass": {"@id": "https://a.example/Thing"},
        "sh:property": {"sh:path": {"@id": "https://a.example/p"}, "sh:minCount": 1},
    }
    schema = read_schema(json.dumps(document).encode(), "json-ld")
    assert schema.shapes[0].properties[0].min_count == 1


def test_a_context_named_by_address_is_not_fetched() -> None:
    document = b'{"@context": "https://a.example/context", "@id": "https://a.example/S"}'
    with pytest.raises(SchemaInvalid, match="it is not json-ld"):
        read_schema(document, "json-ld")


def test_what_is_prepared_comes_back_as_it_was() -> None:
    text = f"""{START} ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:name "A thing" ;
        sh:or ( [ sh:path ex:p ; sh:maxCount 0 ] [ sh:not [ sh:path ex:p ; sh:in ( 1 "a"@en ) ] ] ) ;
        sh:property [ sh:path ex:p ; sh:pattern "a" ; sh:flags "i" ; sh:minLength 2 ; sh:message "No." ;
            sh:uniqueLang true ; sh:maxCount 0 ] ; sh:targetSubjectsOf ex:q .
        ex:Below rdfs:subClassOf ex:Thing ."""
    schema = read_schema(text.encode(), "turtle")
    assert Schema.from_bytes(schema.to_bytes()) == schema
    assert schema.to_bytes() == Schema.from_bytes(schema.to_bytes()).to_bytes()


def test_prepared_shapes_of_another_form_are_refused() -> None:
    with pytest.raises(PreparedUnusable, match="form 99"):
        Schema.from_bytes(b'{"version": 99}')


def quads(*lines: str) -> str:
    return "\n".join(f"{line} ." for line in lines)


def test_gaia_x_namespaces_are_one_model() -> None:
    shape = f"{PREFIXES} ex:S sh:targetClass <{V2511}LegalPerson> ; sh:property "
    shape += f"[ sh:path <{V2511}headquartersAddress> ; sh:minCount 1 ] ."
    shapes = ShapeSet([read_schema(shape.encode(), "turtle")])
    for class_, path in (
        (V2511 + "LegalPerson", V2511 + "headquartersAddress"),
        (DEVELOPMENT + "LegalPerson", DEVELOPMENT + "headquartersAddress"),
        (TAGUS + "LegalParticipant", TAGUS + "headquarterAddress"),
    ):
        typed = f"<did:web:a.example> <{RDF}type> <{class_}>"
        full = parse_nquads(quads(typed, f"<did:web:a.example> <{path}> _:b"))
        assert shapes.check(statements_in(full)) == (1, [])
        bare = parse_nquads(quads(typed))
        assert [result.component for result in shapes.check(statements_in(bare))[1]] == ["MinCount"]


def test_types_on_the_credential_count_for_subjects_without_any() -> None:
    text = quads(
        f"<urn:c> <{RDF}type> <{CREDENTIALS}VerifiableCredential>",
        f"<urn:c> <{RDF}type> <{DEVELOPMENT}ServiceOffering>",
        f"<urn:c> <{CREDENTIALS}credentialSubject> <urn:s>",
        f"<urn:c> <{CREDENTIALS}credentialSubject> <urn:t>",
        f"<urn:t> <{RDF}type> <{DEVELOPMENT}Issuer>",
    )
    statements = statements_in(parse_nquads(text))
    assert statements == {
        "<urn:s>": {TYPE: [f"<{V2511}ServiceOffering>"]},
        "<urn:t>": {TYPE: [f"<{V2511}Issuer>"]},
    }


def test_statements_of_other_graphs_do_not_count() -> None:
    assert statements_in(parse_nquads("<urn:s> <urn:p> <urn:o> <urn:g> .")) == {}
