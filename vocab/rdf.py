"""Descriptions of resources, written as Turtle or JSON-LD: what the vocabulary publishes of itself.

A small writer for data of this project's own; what others sign is never written anew. Both forms state the
same triples (Turtle: W3C RDF 1.1 Turtle; JSON-LD 1.1, section 3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vocab.graph import XSD_STRING, Literal, Ref
from vocab.namespaces import RDF

_TYPE = RDF + "type"
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Resource:
    """One subject with its properties, predicate IRI and values each; `iri` is "" for a blank node."""

    iri: str
    properties: tuple[tuple[str, tuple[Value, ...]], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """An ordered list of values (`rdf:List`)."""

    values: tuple[Value, ...]


Value = Ref | Literal | Resource | Items


def named(labels: Mapping[str, str]) -> tuple[Value, ...]:
    """Texts by language as literals."""
    return tuple(Literal(text, RDF + "langString", language) for language, text in labels.items())


def turtle(resources: Iterable[Resource], prefixes: Mapping[str, str]) -> str:
    """The resources in Turtle."""
    writer = _Turtle(prefixes)
    blocks = [f"@prefix {prefix}: <{iri}> ." for prefix, iri in prefixes.items()]
    return "\n".join((*blocks, "", *(writer.block(resource) for resource in resources)))


def json_ld(resources: Iterable[Resource], prefixes: Mapping[str, str]) -> dict[str, object]:
    """The resources as one JSON-LD document, with the prefixes as its context."""
    compact = _Names(prefixes).compact
    return {
        "@context": dict(prefixes),
        "@graph": [dict(_members(resource, compact)) for resource in resources],
    }


class _Names:
    """IRIs by prefix."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes

    def compact(self, iri: str) -> str:
        """`prefix:name` where a prefix fits, else the IRI."""
        for prefix, namespace in self._prefixes.items():
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri


class _Turtle(_Names):
    def block(self, resource: Resource) -> str:
        return f"{self._iri(resource.iri)} {self._properties(resource, '  ')} .\n"

    def _properties(self, resource: Resource, indent: str) -> str:
        lines = (
            f"{'a' if predicate == _TYPE else self._iri(predicate)} "
            + ", ".join(self._value(value, indent + "  ") for value in values)
            for predicate, values in resource.properties
            if values
        )
        return f" ;\n{indent}".join(lines)

    def _value(self, value: Value, indent: str) -> str:
        match value:
            case Ref():
                return self._iri(value.id)
            case Resource():
                return f"[ {self._properties(value, indent)} ]"
            case Items():
                return f"( {' '.join(self._value(one, indent) for one in value.values)} )"
            case Literal():
                return self._literal(value)

    def _literal(self, literal: Literal) -> str:
        # JSON's escapes are Turtle's as well, and leave nothing that could end the string.
        text = json.dumps(_lexical(literal), ensure_ascii=False)
        if literal.language:
            return f"{text}@{literal.language}"
        return text if literal.datatype == XSD_STRING else f"{text}^^{self._iri(literal.datatype)}"

    def _iri(self, iri: str) -> str:
        compact = self.compact(iri)
        return compact if compact != iri else f"<{iri}>"


def _members(resource: Resource, compact: Callable[[str], str]) -> Iterator[tuple[str, object]]:
    if resource.iri:
        yield "@id", resource.iri
    for predicate, values in resource.properties:
        if predicate == _TYPE:
            yield "@type", [compact(value.id) for value in values if isinstance(value, Ref)]
        elif values:
            yield compact(predicate), [_json_value(value, compact) for value in values]


def _json_value(value: Value, compact: Callable[[str], str]) -> object:
    match value:
        case Ref():
            return {"@id": compact(value.id)}
        case Resource():
            return dict(_members(value, compact))
        case Items():
            return {"@list": [_json_value(one, compact) for one in value.values]}
        case Literal():
            if value.language:
                return {"@value": value.value, "@language": value.language}
            if value.datatype == XSD_STRING:
                return value.value
            return {"@value": _lexical(value), "@type": compact(value.datatype)}


def _lexical(literal: Literal) -> str:
    return str(literal.value).lower() if isinstance(literal.value, bool) else str(literal.value)
