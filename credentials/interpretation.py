"""From a signed document to the graph that `vocab.describe` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import rfc8785

from credentials.jsonld import Expansion, JsonLd
from credentials.statements import is_absolute_iri, once
from vocab.graph import XSD_STRING, Graph, Literal, Node, Object, Ref

_XSD = "http://www.w3.org/2001/XMLSchema#"
_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_JSON = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"


def interpret(document: Mapping[str, Any] | Expansion, jsonld: JsonLd) -> Graph:
    """The statements of a credential: only what its contexts give a meaning, so only what was signed.

    Nodes with the same `@id` are one. Blank nodes are called `_:b0`, `_:b1`, ... in document order, lists are
    laid out flat, named graphs (which hold other statements' proofs) are left out. For documents that were
    accepted before, or their expansion. Raises `Rejection` as `JsonLd.nodes` does.
    """
    nodes = document.nodes if isinstance(document, Expansion) else jsonld.nodes(document)
    reader = _Reader()
    roots = [reader.node(node) for node in nodes]
    return Graph(roots[0] if roots else "", MappingProxyType(reader.finished()))


class _Reader:
    """Collects types and properties by node while walking the expanded tree."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, None]] = {}
        self.properties: dict[str, dict[str, dict[Object, None]]] = {}
        self.labels: dict[str, str] = {}
        self.fresh = 0

    def finished(self) -> dict[str, Node]:
        return {
            id_: Node(
                id_,
                tuple(types),
                MappingProxyType(
                    {predicate: tuple(objects) for predicate, objects in self.properties[id_].items()}
                ),
            )
            for id_, types in self.types.items()
            if types or self.properties[id_]
        }

    def node(self, node: Mapping[str, Any]) -> str:
        id_ = self.name(node.get("@id"))
        types = self.types.setdefault(id_, {})
        properties = self.properties.setdefault(id_, {})
        types.update(dict.fromkeys(once(type_) for type_ in node.get("@type", ()) if is_absolute_iri(type_)))
        for key, items in node.items():
            if key[0] != "@" and is_absolute_iri(key):
                objects = properties.setdefault(key, {})
                objects.update(dict.fromkeys(value for item in items for value in self.objects(item)))
            elif key == "@included":
                for item in items:
                    self.node(item)
            elif key == "@reverse":
                for predicate, sources in items.items():
                    for source in sources:
                        inverse = self.properties[self.node(source)].setdefault(predicate, {})
                        inverse[Ref(id_)] = None
        return id_

    def objects(self, item: Mapping[str, Any]) -> Iterator[Object]:
        if "@value" in item:
            yield _literal(item)
        elif "@list" in item:
            for member in item["@list"]:
                yield from self.objects(member)
        elif "@id" not in item or self.means_something(item["@id"]):
            yield Ref(self.node(item))
        else:
            # A relative IRI refers to nothing, but what is said inside may still hold of other nodes.
            self.node(item)

    def means_something(self, id_: Any) -> bool:
        return isinstance(id_, str) and (id_.startswith("_:") or is_absolute_iri(id_))

    def name(self, id_: Any) -> str:
        if isinstance(id_, str) and is_absolute_iri(id_):
            return id_
        if isinstance(id_, str) and id_ in self.labels:
            return self.labels[id_]
        label = f"_:b{self.fresh}"
        self.fresh += 1
        if isinstance(id_, str) and id_.startswith("_:"):
            self.labels[id_] = label
        return label


def _literal(item: Mapping[str, Any]) -> Literal:
    value, datatype = item["@value"], item.get("@type")
    if datatype == "@json":
        return Literal(rfc8785.dumps(value).decode(), _JSON)
    if "@language" in item:
        return Literal(value, _LANG_STRING, item["@language"])
    return Literal(value, datatype or _own_datatype(value))


def _own_datatype(value: Any) -> str:
    if isinstance(value, bool):
        return f"{_XSD}boolean"
    if isinstance(value, int):
        return f"{_XSD}integer"
    return f"{_XSD}double" if isinstance(value, float) else XSD_STRING
