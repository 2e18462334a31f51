"""Expansion of JSON-LD documents of the common kinds (JSON-LD 1.1 API section 5.1), as pyld does it.

One walk with what `credentials.active_contexts` keeps of each context, some five times faster than pyld's
own. It either gives exactly what pyld gives or says that it can't (`Unusual`): faulty documents, maps,
`@reverse`, `@nest`, `@included`, `@index`, `@direction`, and `@graph`, `@list` and `@set` as members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from credentials.active_contexts import ActiveContext, ActiveContexts, Kind, Term, Unusual, is_iri

# Looked up for every member of every object, so as plain globals.
_PROPERTY = Kind.PROPERTY
_DROPPED = Kind.DROPPED
_CONTEXT = Kind.CONTEXT
_ID = Kind.ID
_TYPE = Kind.TYPE
_VALUE = Kind.VALUE
_LANGUAGE = Kind.LANGUAGE

#: The types that the JSON parser makes of a literal.
_SCALARS = frozenset({str, int, float, bool})


class Expander:
    """Expands documents with the contexts of `contexts`. Safe to share between threads."""

    def __init__(self, contexts: ActiveContexts) -> None:
        self._initial = contexts.initial

    def expand(
        self, document: Mapping[str, Any], note_dropped: Callable[[str | None], None]
    ) -> list[dict[str, Any]]:
        """The expanded array. `note_dropped` is told what each key without meaning expands to, in order.

        Raises `Unusual` for what must be left to pyld; what was noted until then counts for nothing.
        """
        if type(document) is not dict:
            raise Unusual
        try:
            node = _Walk(note_dropped).object(self._initial, None, document)
        except RecursionError as error:
            raise Unusual from error
        # What stands at the top must say something.
        return [] if not node or node.keys() == {"@id"} else [node]


class _Walk:
    """One pass over one document. `term` is always the one whose values are walked, None at the top."""

    def __init__(self, note_dropped: Callable[[str | None], None]) -> None:
        self.note_dropped = note_dropped

    def value(self, active: ActiveContext, term: Term, value: Any) -> Any:
        """What one value comes to: an object, the items of an array, or None for nothing."""
        type_ = type(value)
        if type_ is dict:
            return self.object(active, term, value)
        if type_ is list:
            return self.array(active, term, value, inside_list=term.is_list)
        if value is None:
            return None
        if type_ in _SCALARS:
            return term.scalar(value)
        raise Unusual

    def array(
        self, active: ActiveContext, term: Term, values: list[Any], *, inside_list: bool
    ) -> list[dict[str, Any]]:
        """The items of an array. Arrays within are flattened, except in lists."""
        items: list[dict[str, Any]] = []
        for value in values:
            if type(value) is list:
                inner = self.array(active, term, value, inside_list=inside_list)
                if inside_list:
                    items.append({"@list": inner})
                else:
                    items += inner
            else:
                item = self.value(active, term, value)
                if item is not None:
                    items.append(item)
        return items

    def object(
        self, active: ActiveContext, term: Term | None, element: dict[str, Any]
    ) -> dict[str, Any] | None:
        """A node object, a reference or a value object."""
        keys = sorted(element)
        if active.previous is not None and not _continues(active, element, keys):
            active = active.previous
        if term is not None and term.scoped is not None:
            active = active.entered(term.scoped)
        if "@context" in element:
            active = active.local(element["@context"])
        before_types = active
        terms = active.terms
        for key in keys:
            if terms[key].kind is _TYPE:
                for type_ in _types(element[key]):
                    scoped = before_types.scoped_by_type(type_)
                    if scoped is not None:
                        active = active.typed(scoped)
                terms = active.terms

        result: dict[str, Any] = {}
        is_value = False
        for key in keys:
            member = terms[key]
            kind = member.kind
            if kind is _PROPERTY:
                self.property(active, key, member, element[key], result)
            elif kind is _TYPE:
                _add_types(before_types, element[key], result)
            elif kind is _ID:
                id_ = element[key]
                if "@id" in result or type(id_) is not str:
                    raise Unusual
                result["@id"] = active.expand_id(id_)
            elif kind is _DROPPED:
                self.note_dropped(member.expanded)
            elif kind is _VALUE or kind is _LANGUAGE:
                if member.iri in result:
                    raise Unusual
                is_value = True
                result[member.iri] = element[key]
            elif kind is not _CONTEXT:
                raise Unusual
        if is_value:
            if term is None or any(terms[key].kind is _TYPE and type(element[key]) is list for key in keys):
                raise Unusual
            return _value_object(result)
        return result

    def property(
        self, active: ActiveContext, key: str, term: Term, value: Any, result: dict[str, Any]
    ) -> None:
        """Expand the values of one property into `result`."""
        expanded = self.value(active, term, value) if term.simple else self.special(active, key, term, value)
        if expanded is None:
            return
        present = result.get(term.iri)
        if present is None:
            result[term.iri] = expanded if type(expanded) is list else [expanded]
        elif type(expanded) is list:
            present += expanded
        else:
            present.append(expanded)

    def special(self, active: ActiveContext, key: str, term: Term, value: Any) -> Any:
        """The values of a property with a context of its own, in a list or graph, or of type JSON."""
        inner = term
        if term.scoped is not None:
            active = active.entered(term.scoped)
            inner = active.terms[key]
            # A context of null leaves the key without meaning, but its values still have one.
            if inner.kind is not _PROPERTY and inner.kind is not _DROPPED:
                raise Unusual
        if term.is_json:
            expanded: Any = {"@type": "@json", "@value": value}
        else:
            expanded = self.value(active, inner, value)
        if expanded is None:
            return None
        if term.is_list:
            return {"@list": expanded if type(expanded) is list else [expanded]}
        if term.is_graph:
            return [{"@graph": [item]} for item in (expanded if type(expanded) is list else [expanded])]
        return expanded


def _continues(active: ActiveContext, element: dict[str, Any], keys: list[str]) -> bool:
    """Whether the context of the node around still holds: in value objects and in mere references."""
    if len(keys) > 2 or "@context" in element:
        return False
    kinds = [active.terms[key].kind for key in keys]
    return _VALUE in kinds or kinds == [_ID]


def _types(value: Any) -> list[str]:
    """The types whose contexts apply, in their order."""
    if type(value) is list:
        return sorted([item for item in value if type(item) is str])
    return [value] if type(value) is str else []


def _add_types(active: ActiveContext, value: Any, result: dict[str, Any]) -> None:
    names = value if type(value) is list else [value]
    if not names:
        return
    types = result.setdefault("@type", [])
    for name in names:
        if type(name) is not str:
            raise Unusual
        iri = active.terms[name].expanded
        if iri is None:
            raise Unusual
        types.append(iri)


def _value_object(result: dict[str, Any]) -> dict[str, Any] | None:
    """Check what the members of a value object came to, and give it its final form."""
    if "@value" not in result or result.keys() - {"@value", "@type", "@language"}:
        raise Unusual
    value = result["@value"]
    if value is not None and type(value) not in _SCALARS:
        raise Unusual
    if "@language" in result:
        language = result["@language"]
        if language is None:
            del result["@language"]
        elif type(language) is str and type(value) is str and "@type" not in result:
            result["@language"] = language.lower()
        else:
            raise Unusual
    if "@type" in result:
        types = result["@type"]
        if len(types) != 1 or not is_iri(types[0]) or types[0].startswith("_:"):
            raise Unusual
        result["@type"] = types[0]
    return None if value is None else result
