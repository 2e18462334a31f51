"""Every constraint that is supported, against pyshacl on statements of every kind."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shacl_oracle import Oracle, comparable_only, found_in

from credentials.shapes.bridging import TYPE, Statements
from credentials.shapes.engine import MAX_PATTERN_TEXT, MAX_RESULTS, ShapeSet
from credentials.shapes.reading import read_schema
from credentials.shapes.wording import problem_of
from vocab.namespaces import XSD

EX = "https://a.example/"
PREFIXES = f"""
@prefix ex: <{EX}> . @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <{XSD}> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
#: One shape for each constraint, so that what one finds another doesn't hide.
CONSTRAINTS = {
    "class": "sh:property [ sh:path ex:p ; sh:class ex:Thing ]",
    "two classes": "sh:property [ sh:path ex:p ; sh:class ex:Thing, ex:Other ]",
    "datatype": "sh:property [ sh:path ex:p ; sh:datatype xsd:integer ]",
    "string": "sh:property [ sh:path ex:p ; sh:datatype xsd:string ]",
    "language": "sh:property [ sh:path ex:p ; sh:datatype rdf:langString ]",
    "boolean": "sh:property [ sh:path ex:p ; sh:datatype xsd:boolean ]",
    "time": "sh:property [ sh:path ex:p ; sh:datatype xsd:dateTime ]",
    "float": "sh:property [ sh:path ex:p ; sh:datatype xsd:float ]",
    "own datatype": "sh:property [ sh:path ex:p ; sh:datatype ex:datatype ]",
    "literal": "sh:property [ sh:path ex:p ; sh:nodeKind sh:Literal ]",
    "iri": "sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ]",
    "blank": "sh:property [ sh:path ex:p ; sh:nodeKind sh:BlankNode ]",
    "node": "sh:property [ sh:path ex:p ; sh:nodeKind sh:BlankNodeOrIRI ]",
    "iri or literal": "sh:property [ sh:path ex:p ; sh:nodeKind sh:IRIOrLiteral ]",
    "blank or literal": "sh:property [ sh:path ex:p ; sh:nodeKind sh:BlankNodeOrLiteral ]",
    "counts": "sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:maxCount 2 ]",
    "none": "sh:property [ sh:path ex:p ; sh:maxCount 0 ]",
    "inclusive": "sh:property [ sh:path ex:p ; sh:minInclusive 0 ; sh:maxInclusive 7.5 ]",
    "exclusive": "sh:property [ sh:path ex:p ; sh:minExclusive 0 ; sh:maxExclusive 7 ]",
    "lengths": "sh:property [ sh:path ex:p ; sh:minLength 2 ; sh:maxLength 4 ]",
    "pattern": 'sh:property [ sh:path ex:p ; sh:pattern "^[a-f]+" ; sh:flags "i" ]',
    "in": 'sh:property [ sh:path ex:p ; sh:in ( ex:a "abc" 7 ) ]',
    "has": "sh:property [ sh:path ex:p ; sh:hasValue ex:a ]",
    "shape": "sh:property [ sh:path ex:p ; sh:node [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ]",
    "nested": "sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:datatype xsd:string ] ]",
    "not": "sh:not [ sh:path ex:p ; sh:minCount 1 ]",
    "and": "sh:and ( [ sh:path ex:p ; sh:minCount 1 ] [ sh:path ex:q ; sh:maxCount 1 ] )",
    "or": "sh:property [ sh:path ex:p ; sh:or ( [ sh:datatype xsd:integer ] [ sh:class ex:Thing ] ) ]",
    "xone": "sh:xone ( [ sh:path ex:p ; sh:minCount 1 ] [ sh:path ex:q ; sh:minCount 1 ] )",
    "closed": "sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ]",
    "languages": "sh:property [ sh:path ex:p ; sh:uniqueLang true ]",
    "off": "sh:property [ sh:path ex:p ; sh:minCount 9 ; sh:deactivated true ]",
}
HIERARCHY = f"{PREFIXES} ex:Below rdfs:subClassOf ex:Thing . ex:Deep rdfs:subClassOf ex:Below ."


def written(constraint: str) -> bytes:
    return f"{PREFIXES} ex:S a sh:NodeShape ; sh:targetClass ex:Thing ; {constraint} .".encode()


SETS = {
    name: ShapeSet([read_schema(written(text), "turtle"), read_schema(HIERARCHY.encode(), "turtle")])
    for name, text in CONSTRAINTS.items()
}
ORACLES = {name: Oracle([written(text)], [HIERARCHY.encode()]) for name, text in CONSTRAINTS.items()}

TERMS = [
    f"<{EX}a>",
    f"<{EX}b>",
    "_:c",
    "_:d",
    '"abc"',
    '"ABC"',
    '"a"',
    '"xyzxyz"',
    '"abc"@fr',
    '"abd"@FR',
    '"abc"@de',
    '"a\\nb"',
    f'"7"^^<{XSD}integer>',
    f'"07"^^<{XSD}integer>',
    f'"-1"^^<{XSD}integer>',
    f'"x"^^<{XSD}integer>',
    f'"7.25"^^<{XSD}decimal>',
    f'"7.5E0"^^<{XSD}double>',
    f'"0.1"^^<{XSD}float>',
    f'"x"^^<{XSD}float>',
    f'"true"^^<{XSD}boolean>',
    f'"yes"^^<{XSD}boolean>',
    f'"2026-01-31T12:00:00Z"^^<{XSD}dateTime>',
    f'"2026-01-31T12:00:00.5+02:00"^^<{XSD}dateTime>',
    f'"soon"^^<{XSD}dateTime>',
    f'"2026-01-31"^^<{XSD}date>',
    f'"abc"^^<{EX}datatype>',
]
NODES = st.fixed_dictionaries(
    {},
    optional={
        TYPE: st.lists(st.sampled_from([f"<{EX}{name}>" for name in ("Thing", "Deep", "Other")]), max_size=2),
        f"<{EX}p>": st.lists(st.sampled_from(TERMS), max_size=4, unique=True),
        f"<{EX}q>": st.lists(st.sampled_from(TERMS), max_size=2, unique=True),
    },
)
STATEMENTS = st.dictionaries(st.sampled_from(TERMS[:4]), NODES, min_size=1)


@pytest.mark.parametrize("name", CONSTRAINTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=STATEMENTS)
def test_a_constraint_finds_what_pyshacl_finds(name: str, drawn: Statements) -> None:
    statements = {
        subject: {predicate: list(dict.fromkeys(values)) for predicate, values in node.items() if values}
        for subject, node in drawn.items()
    }
    _, results = SETS[name].check(statements)
    for result in results:
        told = problem_of(result, statements)
        assert all(told.values()), told
    expected = ORACLES[name].check(statements)
    assert comparable_only(found_in(results), statements) == comparable_only(expected, statements)


@pytest.mark.parametrize("value", ['"text"', f'"true"^^<{XSD}boolean>', f'"x"^^<{XSD}integer>', f"<{EX}a>"])
def test_what_has_no_order_is_within_no_bounds(value: str) -> None:
    statements = {f"<{EX}a>": {TYPE: [f"<{EX}Thing>"], f"<{EX}p>": [value]}}
    assert {result.component for result in SETS["inclusive"].check(statements)[1]} == {
        "MinInclusive",
        "MaxInclusive",
    }


def test_every_constraint_finds_something() -> None:
    """So that equality above isn't that of two empty answers."""
    everything = {f"<{EX}a>": {TYPE: [f"<{EX}Thing>"], f"<{EX}p>": TERMS, f"<{EX}q>": TERMS[:2]}}
    nothing = {f"<{EX}a>": {TYPE: [f"<{EX}Deep>"]}}
    for name, shapes in SETS.items():
        found = [*shapes.check(everything)[1], *shapes.check(nothing)[1]]
        assert bool(found) is (name != "off"), name


def test_a_shape_may_speak_of_whatever_has_a_property() -> None:
    text = f"{PREFIXES} ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] ."
    shapes, oracle = ShapeSet([read_schema(text.encode(), "turtle")]), Oracle([text.encode()])
    statements = {f"<{EX}a>": {f"<{EX}p>": TERMS[:2]}, f"<{EX}b>": {f"<{EX}q>": TERMS[:2]}}
    nodes, results = shapes.check(statements)
    assert nodes == 1
    assert found_in(results) == oracle.check(statements) == {(f"<{EX}a>", f"<{EX}p>", "MaxCount")}


def test_what_no_shape_speaks_of_is_not_counted() -> None:
    statements = {f"<{EX}a>": {TYPE: [f"<{EX}Other>"]}, f"<{EX}b>": {TYPE: [f"<{EX}Deep>"]}}
    assert SETS["counts"].check(statements)[0] == 1


def test_results_are_bounded() -> None:
    values = [f'"{number}"' for number in range(2 * MAX_RESULTS)]
    statements = {f"<{EX}a>": {TYPE: [f"<{EX}Thing>"], f"<{EX}p>": values}}
    assert len(SETS["datatype"].check(statements)[1]) == MAX_RESULTS


def test_a_pattern_is_not_tried_on_endless_text() -> None:
    statements = {f"<{EX}a>": {TYPE: [f"<{EX}Thing>"], f"<{EX}p>": [f'"{"a" * MAX_PATTERN_TEXT}"']}}
    assert [result.component for result in SETS["pattern"].check(statements)[1]] == ["Pattern"]
