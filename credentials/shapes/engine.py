"""Checks statements against prepared shapes (SHACL sections 3 and 4).

Every shape becomes a few closures over strings when it is loaded; a check then only looks at what the
statements hold. Classes follow `rdfs:subClassOf` of all schemas together.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from credentials.shapes.bridging import TYPE, Statements
from credentials.shapes.model import OF_SHAPES, Schema, Shape
from credentials.shapes.values import comparable, has_datatype, parts_of

#: Results kept of one check: enough to see what is wrong, and a bound where everything is wrong.
MAX_RESULTS = 1_000
#: Characters that a pattern is tried on; a longer text matches none, so that time stays bounded.
MAX_PATTERN_TEXT = 2_000

_COMPONENTS = {
    "class": "Class",
    "datatype": "Datatype",
    "nodeKind": "NodeKind",
    "in": "In",
    "hasValue": "HasValue",
    "pattern": "Pattern",
    "node": "Node",
    "not": "Not",
    "and": "And",
    "or": "Or",
    "xone": "Xone",
}

Test = Callable[[str, "Examined"], bool]
#: A value set, in the order to show it and the form to look in.
Members = tuple[tuple[str, ...], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that doesn't conform: terms as in `Quad`, `component` as SHACL calls it (`MinCount`, ...).

    `path` is None where the node itself is at fault; `value` where it is a value that is missing. `expected`
    is the parameter that was not met.
    """

    focus: str
    path: str | None
    component: str
    value: str | None
    expected: Any
    shape: Shape


class Examined:
    """The statements under check, and of which classes each node is, the classes above included."""

    def __init__(
        self, statements: Statements, above: Mapping[str, frozenset[str]], known: Mapping[str, list[str]]
    ) -> None:
        self.statements = statements
        self._above = above
        self._known = known
        self._classes: dict[str, frozenset[str]] = {}

    def classes(self, node: str) -> frozenset[str]:
        """Every class that the statements give a node."""
        classes = self._classes.get(node)
        if classes is None:
            classes = self._classes[node] = self._with_above(self.statements.get(node, {}).get(TYPE, ()))
        return classes

    def is_a(self, node: str, name: str) -> bool:
        """Whether a node is of that class, by these statements or by what is known beside them."""
        return name in self.classes(node) or (
            node in self._known and name in self._with_above(self._known[node])
        )

    def _with_above(self, types: Iterable[str]) -> frozenset[str]:
        return frozenset(types).union(*(self._above[type_] for type_ in types if type_ in self._above))

    def values(self, node: str, path: str) -> list[str]:
        """The values of a property."""
        return self.statements.get(node, {}).get(path, [])


class ShapeSet:
    """The shapes of some schemas, ready for use; safe to share between threads."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        schemas = tuple(schemas)
        self._above = _closure(schemas)
        self._targets: dict[str, list[_Prepared]] = {}
        self._subjects_of: dict[str, list[_Prepared]] = {}
        for schema in schemas:
            sets = tuple((members, frozenset(members)) for members in schema.sets)
            for shape in schema.shapes:
                prepared = _Prepared(shape, sets)
                for target in shape.targets:
                    self._targets.setdefault(target, []).append(prepared)
                for path in shape.subjects_of:
                    self._subjects_of.setdefault(path, []).append(prepared)

    def check(
        self, statements: Statements, known: Mapping[str, list[str]] = MappingProxyType({})
    ) -> tuple[int, list[Result]]:
        """How many nodes a shape speaks of, and all that doesn't conform, `MAX_RESULTS` at most.

        `known` are types of nodes that are described elsewhere, for references to them (`sh:class`).
        """
        examined = Examined(statements, self._above, known)
        results: list[Result] = []
        nodes = 0
        for node, properties in statements.items():
            shapes = {
                id(shape): shape for name in examined.classes(node) for shape in self._targets.get(name, ())
            }
            for path in self._subjects_of.keys() & properties.keys():
                shapes.update((id(shape), shape) for shape in self._subjects_of[path])
            nodes += bool(shapes)
            for shape in shapes.values():
                for result in shape.results(node, examined):
                    results.append(result)
                    if len(results) >= MAX_RESULTS:
                        return nodes, results
        return nodes, results


class _Prepared:
    """A shape with its tests as functions of a value."""

    __slots__ = ("closed", "has", "properties", "shape", "tests")

    def __init__(self, shape: Shape, sets: tuple[Members, ...]) -> None:
        self.shape = shape
        self.closed = None if shape.closed is None else frozenset(shape.closed)
        self.properties = tuple(_Prepared(inner, sets) for inner in shape.properties)
        self.has = tuple(parameter for name, parameter in shape.tests if name == "hasValue")
        self.tests = tuple(
            (_component(name), _test(name, parameter, sets), _shown(name, parameter, sets))
            for name, parameter in shape.tests
            if name != "hasValue"
        )

    def conforms(self, node: str, examined: Examined) -> bool:
        """Whether a node has nothing against it."""
        return next(self.results(node, examined), None) is None

    def results(self, focus: str, examined: Examined) -> Iterator[Result]:
        """All that is against a node."""
        shape = self.shape
        path = shape.path
        if path is None:
            values = [focus]
        else:
            values = examined.values(focus, path)
            count = len(values)
            if count < shape.min_count:
                yield Result(focus, path, "MinCount", None, shape.min_count, shape)
            if shape.max_count is not None and count > shape.max_count:
                yield Result(focus, path, "MaxCount", None, shape.max_count, shape)
        if shape.unique_lang:
            for language in _repeated_languages(values):
                yield Result(focus, path, "UniqueLang", None, language, shape)
        for wanted in self.has:
            if wanted not in values:
                yield Result(focus, path, "HasValue", None, wanted, shape)
        for component, test, parameter in self.tests:
            for value in values:
                if not test(value, examined):
                    yield Result(focus, path, component, value, parameter, shape)
        for value in values:
            if self.closed is not None:
                for predicate, objects in examined.statements.get(value, {}).items():
                    if predicate not in self.closed:
                        for item in objects:
                            yield Result(value, predicate, "Closed", item, None, shape)
            for inner in self.properties:
                yield from inner.results(value, examined)


def _closure(schemas: Iterable[Schema]) -> dict[str, frozenset[str]]:
    """For each class all those above it."""
    direct: dict[str, set[str]] = {}
    for schema in schemas:
        for name, above in schema.above.items():
            direct.setdefault(name, set()).update(above)
    closure: dict[str, frozenset[str]] = {}
    for name in direct:
        found: set[str] = set()
        open_ = [name]
        while open_:
            new = direct.get(open_.pop(), set()) - found
            found |= new
            open_ += new
        closure[name] = frozenset(found)
    return closure


def _repeated_languages(values: list[str]) -> list[str]:
    languages = [parts_of(value)[2].lower() for value in values if value[0] == '"']
    return sorted({language for language in languages if language and languages.count(language) > 1})


def _component(name: str) -> str:
    return _COMPONENTS.get(name) or name[0].upper() + name[1:]


def _shown(name: str, parameter: Any, sets: tuple[Members, ...]) -> Any:
    """The parameter as a result tells it."""
    return sets[parameter][0] if name == "in" else parameter


_ORDER = {
    "minInclusive": operator.ge,
    "maxInclusive": operator.le,
    "minExclusive": operator.gt,
    "maxExclusive": operator.lt,
}


def _test(name: str, parameter: Any, sets: tuple[Members, ...]) -> Test:
    """The function that says whether a value passes a constraint."""
    match name:
        case "class":
            return lambda value, examined: value[0] != '"' and examined.is_a(value, parameter)
        case "datatype":
            return lambda value, _: has_datatype(value, parameter)
        case "nodeKind":
            return lambda value, _: value[0] in parameter
        case "in":
            members = sets[parameter][1]
            return lambda value, _: value in members
        case "pattern":
            return _pattern(*parameter)
        case "minLength":
            return lambda value, _: value[0] != "_" and len(_text(value)) >= parameter
        case "maxLength":
            return lambda value, _: value[0] != "_" and len(_text(value)) <= parameter
        case "node" | "not":
            inner = _Prepared(parameter, sets)
            wanted = name == "node"
            return lambda value, examined: inner.conforms(value, examined) is wanted
        case _ if name in OF_SHAPES:
            return _combined(name, tuple(_Prepared(shape, sets) for shape in parameter))
        case _:
            return _compared(_ORDER[name], parameter)


def _pattern(pattern: str, flags: str) -> Test:
    search = re.compile(f"(?{flags}){pattern}" if flags else pattern).search

    def test(value: str, _: Examined) -> bool:
        if value[0] == "_" or len(value) > MAX_PATTERN_TEXT:
            return False
        return search(_text(value)) is not None

    return test


def _combined(name: str, shapes: tuple[_Prepared, ...]) -> Test:
    if name == "and":
        return lambda value, examined: all(shape.conforms(value, examined) for shape in shapes)
    if name == "or":
        return lambda value, examined: any(shape.conforms(value, examined) for shape in shapes)
    return lambda value, examined: sum(shape.conforms(value, examined) for shape in shapes) == 1


def _compared(order: Callable[[Any, Any], bool], bound: str) -> Test:
    family, limit = comparable(bound)

    def test(value: str, _: Examined) -> bool:
        found = comparable(value)
        return found is not None and found[0] == family and order(found[1], limit)

    return test


def _text(value: str) -> str:
    return parts_of(value)[0] if value[0] == '"' else value[1:-1]
