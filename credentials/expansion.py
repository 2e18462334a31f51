"""JSON-LD expansion of what credentials are made of, several times faster than the general algorithm.

pyld processes the contexts; from each active context the meaning of a key is worked out once and kept. Then
expanding a document is a walk with look-ups. What credentials hardly use (containers other than sets, lists,
graphs, reverse properties, nesting, errors of any kind) is left to pyld: `Unusual` says so. A property test
holds this equal to pyld's result for everything it does answer (JSON-LD 1.1 API section 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pyld.jsonld import KEYWORDS

#: Meanings of keys kept for one active context. A context defines up to 1,500 terms; the keys of documents
#: may be anything.
MAX_KEPT_KEYS = 4_000
#: Active contexts kept: one per combination of contexts and of the types and properties that scope more.
MAX_KEPT_CONTEXTS = 128

_KEYWORDS = frozenset(KEYWORDS)
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+-.]*|_):[^\s]*$")

Context = Mapping[str, Any]


class Unusual(Exception):
    """The document uses something that only the general algorithm knows."""


class ContextProcessor(Protocol):
    """What is needed of pyld: an active context changed by a local one."""

    def __call__(self, active: Context, local: Any, *, override: bool, propagate: bool) -> Context:
        """The new active context; raises whatever pyld raises."""


class Expander:
    """Expands documents over one set of kept contexts. Not for several threads at once."""

    def __init__(self, initial: Context, process: ContextProcessor) -> None:
        self._process = process
        self._kept: dict[str, _Active] = {}
        self._initial = initial
        self._note: Callable[[str | None], None] = lambda term: None

    def expand(
        self, document: Mapping[str, Any], note_dropped: Callable[[str | None], None]
    ) -> list[dict[str, Any]]:
        """The expanded array; `note_dropped` is told each term without meaning. Raises `Unusual`."""
        self._note = note_dropped
        node = self._object(self._active(self._initial), None, document)
        if node is None or "@value" in node or node.keys() <= {"@id"}:
            raise Unusual
        return [node]

    def _active(self, context: Context) -> _Active:
        name = context.get("_uuid")
        if name is None:
            raise Unusual
        active = self._kept.get(name)
        if active is None:
            if len(self._kept) >= MAX_KEPT_CONTEXTS:
                del self._kept[next(iter(self._kept))]
            active = self._kept[name] = _Active(context)
        return active

    def _changed(self, active: _Active, local: Any, *, override: bool, propagate: bool) -> _Active:
        return self._active(self._process(active.context, local, override=override, propagate=propagate))

    def _type_scoped(self, active: _Active, type_: str, scope: _Active) -> _Active:
        """`active` as the type's own context changes it; looked up in `scope`, kept in `active`."""
        mapping = scope.mappings.get(type_)
        local = mapping.get("@context") if mapping else None
        if local is None or local is False:
            return active
        key = (type_, scope.name)
        changed = active.by_type.get(key)
        if changed is None:
            changed = self._changed(active, local, override=False, propagate=False)
            active.by_type[key] = changed
        return changed

    def _object(self, active: _Active, property_: str | None, element: Mapping[str, Any]) -> Any:
        scoped = active.scoped_context(property_)
        previous = active.context.get("previousContext")
        if previous is not None:
            kind = active.reference_or_value(element)
            if kind is None:
                active = self._active(previous)
        if scoped is not None:
            active = self._changed(active, scoped, override=True, propagate=True)
        if "@context" in element:
            active = self._changed(active, element["@context"], override=False, propagate=True)
        outer = active
        for key, value in sorted(element.items()):
            if outer.key(key).iri == "@type":
                types = value if isinstance(value, list) else [value]
                for type_ in sorted(item for item in types if isinstance(item, str)):
                    active = self._type_scoped(active, type_, outer)
        return self._members(active, outer, element)

    def _members(self, active: _Active, outer: _Active, element: Mapping[str, Any]) -> Any:
        node: dict[str, Any] = {}
        for key, value in sorted(element.items()):
            if key == "@context":
                continue
            meaning = active.key(key)
            iri = meaning.iri
            if not meaning.kept:
                self._note(iri)
            elif meaning.keyword:
                self._keyword(node, iri, value, active, outer)
            elif meaning.unusual:
                raise Unusual
            else:
                inner = active
                if meaning.scoped is not None:
                    inner = self._changed(active, meaning.scoped, override=True, propagate=True)
                expanded = self._value(inner, key, value)
                if expanded is not None:
                    values = node.setdefault(str(iri), [])
                    if isinstance(expanded, list):
                        values += expanded
                    else:
                        values.append(expanded)
        return self._finished(node)

    def _value(self, active: _Active, key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._object(active, key, value)
        if isinstance(value, list):
            if active.key(key).unusual or any(isinstance(item, list) for item in value):
                raise Unusual
            items = (self._value(active, key, item) for item in value)
            return [item for item in items if item is not None]
        if value is None:
            return None
        return active.scalar(key, value)

    def _keyword(
        self, node: dict[str, Any], keyword: str | None, value: Any, active: _Active, outer: _Active
    ) -> None:
        if keyword == "@type":
            types = value if isinstance(value, list) else [value]
            names = [outer.iri(item, vocab=True) if isinstance(item, str) else None for item in types]
            if None in names:
                raise Unusual
            if names:
                node["@type"] = [*node.get("@type", ()), *names]
            return
        if keyword in node:
            raise Unusual
        if keyword == "@value" and isinstance(value, (str, bool, int, float)):
            node["@value"] = value
        elif keyword == "@id" and isinstance(value, str):
            node["@id"] = active.iri(value, vocab=False)
        elif keyword == "@language" and isinstance(value, str):
            node["@language"] = value.lower()
        else:
            raise Unusual

    def _finished(self, node: dict[str, Any]) -> dict[str, Any]:
        """Looks at value objects: a text with a language, or anything with one type, or alone."""
        if "@value" not in node:
            if "@language" in node:
                raise Unusual
            return node
        types = node.get("@type")
        if types is not None:
            if node.keys() != {"@value", "@type"} or len(types) > 1:
                raise Unusual
            type_ = node["@type"] = types[0]
            if type_ == "@json" or type_[:2] == "_:" or not _ABSOLUTE.match(type_):
                raise Unusual
        elif node.keys() != {"@value"} and (
            node.keys() != {"@value", "@language"} or not isinstance(node["@value"], str)
        ):
            raise Unusual
        return node


class _Meaning:
    """What a key means in one active context."""

    __slots__ = ("iri", "kept", "keyword", "scoped", "unusual")

    def __init__(self, iri: str | None, mapping: Mapping[str, Any] | None) -> None:
        self.iri = iri
        self.keyword = iri in _KEYWORDS
        self.kept = self.keyword or (iri is not None and _ABSOLUTE.match(iri) is not None)
        self.scoped = mapping.get("@context") if mapping else None
        mapping = mapping or {}
        self.unusual = (
            mapping.get("reverse", False)
            or mapping.get("@type") == "@json"
            or mapping.get("@container", ["@set"]) != ["@set"]
        )


class _Active:
    """An active context as pyld made it, with the meanings worked out so far."""

    __slots__ = ("by_type", "context", "keys", "mappings", "name", "vocab")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.name: str = context["_uuid"]
        self.mappings: Mapping[str, Mapping[str, Any] | None] = context["mappings"]
        self.vocab: str | None = context.get("@vocab")
        self.keys: dict[str, _Meaning] = {}
        self.by_type: dict[tuple[str, str], _Active] = {}

    def key(self, key: str) -> _Meaning:
        """The meaning of a member's name."""
        meaning = self.keys.get(key)
        if meaning is None:
            if len(self.keys) >= MAX_KEPT_KEYS:
                self.keys.clear()
            meaning = self.keys[key] = _Meaning(self.iri(key, vocab=True), self.mappings.get(key))
        return meaning

    def scoped_context(self, property_: str | None) -> Any:
        """The context that a property brings for the objects it points to, None for none."""
        mapping = self.mappings.get(property_) if property_ is not None else None
        return mapping.get("@context") if mapping else None

    def reference_or_value(self, element: Mapping[str, Any]) -> str | None:
        """`@id` for a mere reference, `@value` for a value object: a type's context still holds there."""
        if len(element) <= 2 and "@context" not in element:
            for key in sorted(element):
                iri = self.key(key).iri
                if iri == "@value":
                    return iri
                if iri == "@id" and len(element) == 1:
                    return iri
        return None

    def scalar(self, key: str, value: str | int | float | bool) -> dict[str, Any]:
        """A plain value by the type or language that its property has."""
        mapping = self.mappings.get(key) or {}
        type_ = mapping.get("@type")
        text = isinstance(value, str)
        if text and (type_ == "@id" or type_ == "@vocab"):
            return {"@id": self.iri(str(value), vocab=type_ == "@vocab")}
        if type_ not in (None, "@id", "@vocab", "@none"):
            return {"@type": type_, "@value": value}
        expanded: dict[str, Any] = {}
        if text:
            for keyword in ("@language", "@direction"):
                default = mapping[keyword] if keyword in mapping else self.context.get(keyword)
                if default is not None:
                    expanded[keyword] = default
        expanded["@value"] = value
        return expanded

    def iri(self, value: str, *, vocab: bool) -> str | None:
        """JSON-LD 1.1 API section 5.2, without a base."""
        if value[:1] == "@":
            if value in _KEYWORDS:
                return value
            raise Unusual
        if vocab and value in self.mappings:
            mapping = self.mappings[value]
            return mapping["@id"] if mapping is not None else None
        prefix, colon, suffix = value.partition(":")
        if colon and prefix:
            if prefix == "_" or suffix[:2] == "//":
                return value
            mapping = self.mappings.get(prefix)
            if mapping and mapping["_prefix"]:
                iri: str = mapping["@id"] + suffix
                return iri
            if _ABSOLUTE.match(value):
                return value
        if vocab and self.vocab is not None:
            return self.vocab + value
        return value
