"""The federation's own shapes are among those that can be added, and mean here what they mean to pyshacl."""

from __future__ import annotations

import pytest
from shacl_oracle import Oracle, found_in

from catalogue.samples import sample_files
from credentials.contexts import ContextStore
from credentials.envelope import statements_in as credentials_in
from credentials.jsonld import JsonLd
from credentials.shapes.bridging import statements_in
from credentials.shapes.engine import ShapeSet
from credentials.shapes.reading import read_schema
from vocab import ontology, rdf

JSONLD = JsonLd(ContextStore())
TURTLE = rdf.turtle(ontology.shapes(), ontology.PREFIXES).encode()
SAMPLES = {path.name: path for path in sample_files()}


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet([read_schema(TURTLE, "turtle")])


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle([TURTLE])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_judged_as_pyshacl_judges_it(name: str, shapes: ShapeSet, oracle: Oracle) -> None:
    for envelope in credentials_in(SAMPLES[name].read_bytes()):
        statements = statements_in(JSONLD.expand(envelope.claims).quads)
        _, results = shapes.check(statements)
        assert found_in(results) == oracle.check(statements)


def test_samples_conform_to_the_federations_own_shapes_wherever_these_speak_of_them(shapes: ShapeSet) -> None:
    spoken_of = 0
    for path in SAMPLES.values():
        for envelope in credentials_in(path.read_bytes()):
            nodes, results = shapes.check(statements_in(JSONLD.expand(envelope.claims).quads))
            assert results == []
            spoken_of += nodes
    assert spoken_of > 50
