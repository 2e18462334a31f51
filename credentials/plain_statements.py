"""A quick look at an expanded document: whether nothing about its statements can be wrong.

What a token says is signed as bytes, so that its quads are needed for little. Where it is plain that all that
it says has its quad, and none would be refused, they need not be made (`credentials.statements`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from credentials.statements import LANGUAGE_TAG, NOT_IN_IRI, RDF_TYPE, is_absolute_iri

#: IRIs of which it is known that nothing is wrong with them: properties, types and datatypes, which come from
#: contexts and so are the same again and again. Names of nodes are looked at each time.
MAX_KEPT = 4_096
MAX_KEPT_LENGTH = 200

#: As a property it would give classes that don't stand under `@type`.
_TYPE = RDF_TYPE[1:-1]


@dataclass(frozen=True, slots=True)
class Plain:
    """What the statements of a plain document are made of: `types` has each class, `properties` each IRI."""

    types: frozenset[str]
    properties: frozenset[str]


class PlainStatements:
    """Looks at documents, and keeps which IRIs of contexts are good. Safe to share between threads."""

    def __init__(self) -> None:
        self._good: set[str] = set()

    def look(self, nodes: list[dict[str, Any]]) -> Plain | None:
        """None where it isn't plain; then nothing is said about whether anything is wrong."""
        names: list[str] = []
        types: set[str] = set()
        properties: set[str] = set()
        datatypes: set[str] = set()
        languages: set[str] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            for key, items in node.items():
                if key[0] != "@":
                    properties.add(key)
                    for item in items:
                        if type(item) is not dict:
                            return None
                        if "@value" not in item:
                            stack.append(item)
                        elif len(item) == 2:
                            if "@language" in item:
                                languages.add(item["@language"])
                            else:
                                datatypes.add(item.get("@type", ""))
                        elif len(item) > 2:
                            return None
                elif key == "@type":
                    types.update(items)
                elif key == "@id" and type(items) is str:
                    names.append(items)
                else:
                    # Lists, graphs and the like.
                    return None
        if _TYPE in properties or not all(map(LANGUAGE_TAG.fullmatch, languages)) or not _all_good(names):
            return None
        unknown = (properties | types | datatypes) - self._good
        if unknown:
            if not _all_good(list(unknown)):
                return None
            if len(self._good) + len(unknown) > MAX_KEPT:
                self._good = set()
            if len(unknown) <= MAX_KEPT:
                self._good |= {iri for iri in unknown if len(iri) <= MAX_KEPT_LENGTH}
        return Plain(frozenset(types), frozenset(properties))


def _all_good(iris: list[str]) -> bool:
    """Whether all can be written as they are: absolute, no blank nodes, nothing that would end an IRI."""
    raw = "".join(iris).encode("utf-8", "surrogatepass")
    return len(raw.translate(None, NOT_IN_IRI)) == len(raw) and all(map(is_absolute_iri, iris))
