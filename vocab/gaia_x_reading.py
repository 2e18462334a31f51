"""Reads what Gaia-X's own terms state, under each of their namespaces: addresses, parents, subcontractors.

And what a subject states at all (`claims_of`), by names that are the same for every namespace. Bounded and
never raising, like `vocab.fact_reading`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

from vocab.graph import Graph, Node, Object, Ref
from vocab.jurisdictions import normalise
from vocab.namespaces import (
    APPLICABLE_JURISDICTION,
    COUNTRY_CODE,
    COUNTRY_NAME,
    COUNTRY_SUBDIVISION,
    GAIA_X,
    GAX,
    LEGAL_NAME,
    PARENTS,
    PREFIXES,
    SCHEMA_HTTP,
    SUB_CONTRACTORS,
)
from vocab.reading import MAX_IRI, MAX_NAME, iri, local_name, nodes, objects, texts, token
from vocab.service_facts import SubContractor

#: Steps of looking for claims in one subject. Real ones take about a hundred.
MAX_LOOKED_AT = 2_000
#: Values of an inner property that are tried: one that states something is enough.
MAX_TRIED = 20
#: Names of properties and classes that are remembered: those in use are about a thousand.
_REMEMBERED = 2_048

_CODES = (*COUNTRY_CODE, *COUNTRY_SUBDIVISION)
_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        **{namespace: prefix for prefix, namespace in PREFIXES.items()},
        **dict.fromkeys((*GAIA_X, *GAX), "gx"),
        SCHEMA_HTTP: "schema",
    }
)


def countries_of(graph: Graph, node: Node, predicates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The countries (alpha-2) of the addresses under any of the predicates, each with the path to it."""
    for predicate in _stated(node, predicates):
        for address in nodes(graph, node, (predicate,)):
            codes = [*_codes(graph, address, _CODES)]
            # A name ("Georgia") says less than a code, and is only asked where there is no code.
            for property_, code in codes or _codes(graph, address, COUNTRY_NAME):
                yield code, path(predicate, property_)


def sub_contractor_laws_of(graph: Graph, node: Node) -> Iterator[tuple[str, str]]:
    """The countries whose law is said to apply to a subcontractor, each with the path to it."""
    for predicate in _stated(node, SUB_CONTRACTORS):
        for contractor in nodes(graph, node, (predicate,)):
            for property_, code in _codes(graph, contractor, APPLICABLE_JURISDICTION):
                yield code, path(predicate, property_)


def sub_contractors_of(graph: Graph, node: Node) -> tuple[SubContractor, ...]:
    """Who does part of the work, as a service states; also those of whom nothing more is said."""
    found: dict[SubContractor, None] = {}
    for value in objects(node, SUB_CONTRACTORS):
        contractor = graph.nodes.get(value.id) if isinstance(value, Ref) else None
        participant = iri(value)
        if contractor is None:
            if participant:
                found[SubContractor(participant, "", ())] = None
            continue
        codes = (code for _, code in _codes(graph, contractor, APPLICABLE_JURISDICTION))
        name = next(iter(texts(contractor, LEGAL_NAME, MAX_NAME).values()), "")
        found[SubContractor(participant, name, tuple(dict.fromkeys(codes)))] = None
    return tuple(found)


def parents_of(node: Node) -> tuple[str, ...]:
    """The participants that a participant says it belongs to."""
    return tuple(dict.fromkeys(filter(None, map(iri, objects(node, PARENTS)))))


def claims_of(graph: Graph, node: Node) -> Iterator[str]:
    """The names of what a subject states, see `claim_name`, one step into the nodes that it holds itself.

    For a typed value `gx:legalDocuments gx:BusinessContinuityMeasures`, for what such a value states
    `gx:subContractors/gx:applicableJurisdiction`. An empty text, an empty node and a plain no claim nothing.
    """
    return filter(None, islice(_claims(graph, node), MAX_LOOKED_AT))


@lru_cache(maxsize=_REMEMBERED)
def claim_name(name: str) -> str:
    """A property or class by its usual prefix, `gx:` for all that Gaia-X ever published; else its IRI."""
    end = max(name.rfind("#"), name.rfind("/")) + 1
    prefix = _PREFIXES.get(name[:end])
    return f"{prefix}:{name[end:]}" if prefix else name


def path(*predicates: str) -> str:
    """A SPARQL property path over the predicates, for a value that lies deeper than one step."""
    return "/".join(f"<{predicate}>" for predicate in predicates)


def _stated(node: Node, predicates: tuple[str, ...]) -> list[str]:
    return [predicate for predicate in predicates if predicate in node.properties]


def _codes(graph: Graph, node: Node, predicates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for property_ in _stated(node, predicates):
        for value in objects(node, (property_,)):
            if code := normalise(local_name(token(graph, value))):
                yield property_, code


def _claims(graph: Graph, node: Node) -> Iterator[str]:
    """The names, and "" for each look that found nothing: whoever reads them counts the looks."""
    for predicate, values in node.properties.items():
        name = claim_name(predicate[:MAX_IRI])
        for value in values:
            inner = graph.nodes.get(value.id) if isinstance(value, Ref) else None
            if not _states(value, inner):
                yield ""
                continue
            yield name
            if inner is None:
                continue
            for type_ in inner.types:
                yield f"{name} {claim_name(type_[:MAX_IRI])}"
            for property_, held in inner.properties.items():
                stated = any(_states(one, graph.node(one)) for one in held[:MAX_TRIED])
                yield f"{name}/{claim_name(property_[:MAX_IRI])}" if stated else ""


def _states(value: Object, node: Node | None) -> bool:
    """Whether a value, with the node that the graph holds of it, says anything."""
    if isinstance(value, Ref):
        return bool(node.types or node.properties) if node else not value.id.startswith("_:")
    return value.value is not False and value.value != ""
