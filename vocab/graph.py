"""The statement graph of one credential as plain data, so that this package needs no JSON-LD processor.

`credentials.interpretation` makes it from a signed document; `vocab.describe` reads it. Predicates and
types are absolute IRIs; blank nodes are named `_:b0`, `_:b1`, ... within one graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with its datatype IRI and, for language-tagged text, its tag (else "")."""

    value: str | int | float | bool
    datatype: str = XSD_STRING
    language: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another node (IRI or blank node name), which need not be part of the graph."""

    id: str


Object = Literal | Ref


@dataclass(frozen=True, slots=True)
class Node:
    """One subject: its `@type` IRIs and its properties, each a tuple in document order."""

    id: str
    types: tuple[str, ...] = ()
    properties: Mapping[str, tuple[Object, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def objects(self, *predicates: str) -> Iterator[Object]:
        """Every object of any of the `predicates`, predicate by predicate."""
        for predicate in predicates:
            yield from self.properties.get(predicate, ())


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes of one credential by id. `root` is the credential's own node."""

    root: str
    nodes: Mapping[str, Node]

    def node(self, reference: Object | str) -> Node | None:
        """The node a reference points to, or None when the graph says nothing about it."""
        key = reference if isinstance(reference, str) else getattr(reference, "id", None)
        return self.nodes.get(key) if key is not None else None
