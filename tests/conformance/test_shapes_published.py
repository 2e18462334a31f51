"""The official Gaia-X shapes: the engine finds what pyshacl finds, in published credentials and samples."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import reference
from shacl_oracle import Oracle, comparable_only, found_in
from test_gaia_x_vectors import RESULTS, submission

from catalogue.samples import sample_files
from credentials.contexts import ContextStore
from credentials.envelope import is_enveloped, open_document, open_envelope, open_enveloped
from credentials.jsonld import JsonLd
from credentials.report import Outcome
from credentials.shapes.bridging import TYPE, Statements, statements_in
from credentials.shapes.checking import SchemasInForce, check_shapes
from credentials.shapes.engine import ShapeSet
from credentials.shapes.model import Schema
from credentials.shapes.reading import read_schema
from credentials.shapes.wording import problem_of
from vocab.namespaces import V2511, XSD

SAMPLES = {path.name: path for path in sample_files()}
JSONLD = JsonLd(ContextStore())


def official(name: str) -> bytes:
    return reference(f"shapes/{name}").read_bytes()


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle([official("gx-2511.shapes.ttl")], [official("gx-2511.ontology.ttl")])


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    names = ("gx-2511.shapes.ttl", "gx-2511.ontology.ttl")
    prepared = [read_schema(official(name), "turtle").to_bytes() for name in names]
    return ShapeSet(Schema.from_bytes(data) for data in prepared)


def claims(data: bytes) -> Iterator[Mapping[str, Any]]:
    envelope = open_envelope(data)
    if envelope.form == "vc":
        yield envelope.claims
        return
    for entry in envelope.claims.get("verifiableCredential", ()):
        yield (open_enveloped(entry) if is_enveloped(entry) else open_document(entry)).claims


def statements_of(data: bytes) -> list[Statements]:
    return [statements_in(JSONLD.expand(document).quads) for document in claims(data)]


@pytest.mark.parametrize("name", [*RESULTS, *SAMPLES])
def test_the_engine_finds_what_pyshacl_finds(name: str, oracle: Oracle, shapes: ShapeSet) -> None:
    data = SAMPLES[name].read_bytes() if name in SAMPLES else submission(name)
    for statements in statements_of(data):
        _, results = shapes.check(statements)
        assert found_in(results) == oracle.check(statements)


def test_some_documents_are_spoken_of_and_some_of_those_conform(shapes: ShapeSet) -> None:
    checked = [
        shapes.check(statements)
        for path in SAMPLES.values()
        for statements in statements_of(path.read_bytes())
    ]
    assert any(nodes and results for nodes, results in checked)
    assert any(nodes and not results for nodes, results in checked)


LITERALS = [
    '"text"',
    '""',
    '"FR"',
    '"text"@fr',
    f'"7"^^<{XSD}integer>',
    f'"-7"^^<{XSD}integer>',
    f'"seven"^^<{XSD}integer>',
    f'"181"^^<{XSD}integer>',
    f'"1.5E0"^^<{XSD}float>',
    f'"0.5"^^<{XSD}decimal>',
    f'"true"^^<{XSD}boolean>',
    f'"maybe"^^<{XSD}boolean>',
    f'"2026-01-31T12:00:00Z"^^<{XSD}dateTime>',
    f'"2026-02-31T12:00:00Z"^^<{XSD}dateTime>',
    f'"2026-01-31"^^<{XSD}date>',
    f'"https://a.example/"^^<{XSD}anyURI>',
    '"CRS84"',
]


@cache
def official_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The classes and the properties that the official shapes speak of."""
    schema = read_schema(official("gx-2511.shapes.ttl"), "turtle")
    classes = {target for shape in schema.shapes for target in shape.targets}
    properties = {inner.path for shape in schema.shapes for inner in shape.properties}
    return tuple(sorted(classes)), tuple(sorted(path for path in properties if path))


@cache
def originals() -> list[Statements]:
    return [
        statements
        for data in (*(path.read_bytes() for path in SAMPLES.values()), *map(submission, RESULTS))
        for statements in statements_of(data)
        if any(V2511 in type_ for node in statements.values() for type_ in node.get(TYPE, ()))
    ]


def mutated(data: st.DataObject, statements: Statements) -> Statements:
    """The statements after a few changes of every kind that a shape may mind."""
    changed = copy.deepcopy(statements)
    classes, properties = official_names()
    for _ in range(data.draw(st.integers(1, 6))):
        node = changed[data.draw(st.sampled_from(sorted(changed)))]
        name = data.draw(st.sampled_from([*sorted(node), *properties, "<https://a.example/unknown>"]))
        values = node.setdefault(name, [])
        match data.draw(st.sampled_from(["drop", "add", "literal", "class", "link", "node"])):
            case "drop":
                del node[name]
            case "add" | "literal":
                values.append(data.draw(st.sampled_from(LITERALS)))
            case "class":
                node[TYPE] = [data.draw(st.sampled_from(classes))]
            case "link":
                values.append(data.draw(st.sampled_from([*sorted(changed), "<did:web:a.example>", "_:new"])))
            case _:
                new = f"_:n{len(changed)}"
                values.append(new)
                changed[new] = {TYPE: [data.draw(st.sampled_from(classes))]}
    return {
        subject: {name: list(dict.fromkeys(values)) for name, values in node.items() if values}
        for subject, node in changed.items()
    }


# The oracle takes a quarter of a second a document, and several times as long beside other work.
@pytest.mark.timeout(300)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_the_engine_finds_what_pyshacl_finds_in_changed_documents(
    oracle: Oracle, shapes: ShapeSet, data: st.DataObject
) -> None:
    statements = mutated(data, data.draw(st.sampled_from(originals())))
    _, results = shapes.check(statements)
    assert all(all(problem_of(result, statements).values()) for result in results)
    expected = oracle.check(statements)
    assert comparable_only(found_in(results), statements) == comparable_only(expected, statements)


def hostile() -> dict[str, Statements]:
    """Statements that make for much work: every class at once, every property many times, many values."""
    classes, properties = official_names()
    everything: dict[str, list[str]] = {name: [f'"{number}"' for number in range(20)] for name in properties}
    keywords = [f'"{number}"' for number in range(20_000)]
    return {
        "every class and property": {"<urn:s>": {**everything, TYPE: list(classes)}},
        "every class, many times": {f"<urn:{number}>": {TYPE: list(classes)} for number in range(100)},
        "many values": {"<urn:s>": {TYPE: [f"<{V2511}ServiceOffering>"], f"<{V2511}keyword>": keywords}},
    }


@pytest.mark.parametrize("name", ["every class and property", "every class, many times", "many values"])
def test_hostile_statements_are_judged_in_bounded_time(name: str, shapes: ShapeSet) -> None:
    statements = hostile()[name]
    schemas = SchemasInForce(shapes, ("official",), b"")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assert check_shapes(statements, schemas).outcome is Outcome.FAILED
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1
