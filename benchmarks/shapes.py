"""Official shapes: preparing, loading and checking, beside pyshacl on all of them and on those needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import rdflib
from pyshacl import validate

from catalogue import schemas
from catalogue.node import prepare
from catalogue.settings import Settings
from catalogue.store.database import Database
from credentials.contexts import ContextStore
from credentials.jsonld import Expansion, JsonLd
from credentials.nquads import line
from credentials.shapes.bridging import TYPE, Statements, statements_in
from credentials.shapes.checking import SchemasInForce, check_shapes
from credentials.shapes.engine import ShapeSet
from credentials.shapes.model import Schema
from credentials.shapes.reading import read_schema
from credentials.times import utc_now
from vocab.namespaces import RDFS, SHACL

#: The file of shapes and the class hierarchy that belongs to it.
FILES = ("gx-2511.shapes.ttl", "gx-2511.ontology.ttl")
#: Checks of one measurement of ours; pyshacl takes a thousand times as long.
ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each measurement. `checks` and `checked_all` are of one offering."""

    prepare: float
    load: float
    checks: tuple[float, ...]
    pyshacl_whole: tuple[float, ...]
    pyshacl_needed: tuple[float, ...]


def add_to(data: Path, folder: Path) -> None:
    """Put the official shapes into force on a new node."""
    settings = Settings(data=data)
    prepare(settings)
    database = Database(settings.store_url)
    with database.write() as connection:
        for name in FILES:
            schemas.add(connection, (folder / name).read_bytes(), name=name, syntax="turtle", now=utc_now())
    database.close()


def measure(folder: Path, offering: dict[str, object], runs: int) -> Times:
    """Check one offering in every way, `runs` times each."""
    texts = [(folder / name).read_bytes() for name in FILES]
    start = time.perf_counter()
    prepared = [read_schema(text, "turtle").to_bytes() for text in texts]
    made = time.perf_counter()
    loaded = SchemasInForce(ShapeSet(Schema.from_bytes(data) for data in prepared), FILES, b"")
    ready = time.perf_counter()
    expansion = JsonLd(ContextStore()).expand(offering)
    statements = statements_in(expansion.quads)
    data = _graph(statements)
    whole, hierarchy = _parsed(texts[0]), _parsed(texts[1])
    needed = _needed(whole, hierarchy, statements)
    return Times(
        (made - start) * 1000,
        (ready - made) * 1000,
        tuple(_ours(expansion, loaded) for _ in range(runs)),
        tuple(_timed(lambda: validate(data, shacl_graph=whole, ont_graph=hierarchy)) for _ in range(runs)),
        tuple(_timed(lambda: validate(data, shacl_graph=needed, ont_graph=hierarchy)) for _ in range(runs)),
    )


def _ours(expansion: Expansion, loaded: SchemasInForce) -> float:
    """All that a verification does more for the check, words included."""

    def rounds() -> None:
        for _ in range(ROUNDS):
            check_shapes(statements_in(expansion.quads), loaded)

    return _timed(rounds) / ROUNDS


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _parsed(text: bytes) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format="turtle")


def _graph(statements: Statements) -> rdflib.Graph:
    lines = "".join(
        line((subject, predicate, item, ""))
        for subject, predicates in statements.items()
        for predicate, objects in predicates.items()
        for item in objects
    )
    return rdflib.Graph().parse(data=lines, format="nt")


def _needed(whole: rdflib.Graph, hierarchy: rdflib.Graph, statements: Statements) -> rdflib.Graph:
    """Only the shapes that target a class of the statements, or one above it, and what they consist of."""
    classes: set[rdflib.term.Node] = {
        rdflib.URIRef(name[1:-1]) for node in statements.values() for name in node.get(TYPE, ())
    }
    above = rdflib.URIRef(RDFS + "subClassOf")
    reached = {found for name in classes for found in hierarchy.transitive_objects(name, above)}
    target = rdflib.URIRef(SHACL + "targetClass")
    graph = rdflib.Graph()
    for triple in _parts(whole, (shape for name in reached for shape in whole.subjects(target, name))):
        graph.add(triple)
    return graph


def _parts(
    graph: rdflib.Graph, open_nodes: Iterable[rdflib.term.Node]
) -> Iterator[tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node]]:
    """What nodes consist of: their triples, and those of the blank nodes below them."""
    waiting, seen = list(open_nodes), set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for triple in graph.triples((node, None, None)):
            yield triple
            if isinstance(triple[2], rdflib.BNode):
                waiting.append(triple[2])
