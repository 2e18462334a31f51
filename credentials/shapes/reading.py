"""From a file of SHACL shapes or of a class hierarchy to a `Schema` (SHACL sections 2 to 4).

What this program can't check is refused here, by name: a shape that is only half checked would look kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal as OneOf

from credentials.nquads import literal
from credentials.shapes.bridging import TYPE, bridged
from credentials.shapes.model import OF_SHAPE, OF_SHAPES, Schema, Shape
from credentials.shapes.values import comparable, parts_of
from vocab.namespaces import RDF, RDFS, SHACL, XSD

#: The official shapes of Gaia-X take 2.3 MB; somewhat more than ten times that is no schema any more.
MAX_FILE_BYTES = 32_000_000
#: Shapes after those referred to (`sh:node`) were written out in place; the official ones are about 1,500.
MAX_SHAPES = 50_000
#: Shapes inside shapes. People write three or four levels.
MAX_DEPTH = 20
#: Names and descriptions are for a sentence in a report.
MAX_TEXT = 500

Syntax = OneOf["turtle", "json-ld"]
_Triples = Mapping[str, Mapping[str, list[str]]]

_SH = f"<{SHACL}"
_TARGETS = (f"{_SH}targetClass>", f"{_SH}targetSubjectsOf>")
_FIRST, _REST, _NIL = (f"<{RDF}{name}>" for name in ("first", "rest", "nil"))
_SUBCLASS = f"<{RDFS}subClassOf>"
_CLASSES = frozenset({f"<{RDFS}Class>", "<http://www.w3.org/2002/07/owl#Class>"})
#: Properties that check nothing.
_FOR_PEOPLE = frozenset({"name", "description", "message", "order", "group", "defaultValue", "severity"})
_STRUCTURE = frozenset(
    {
        "path",
        "property",
        "targetClass",
        "targetSubjectsOf",
        "uniqueLang",
        "closed",
        "ignoredProperties",
        "minCount",
        "maxCount",
        "deactivated",
        "flags",
    }
)
_TERM = frozenset({"class", "datatype", "hasValue"})
_BOUNDS = frozenset({"minInclusive", "maxInclusive", "minExclusive", "maxExclusive"})
_NUMBERS = frozenset({"minLength", "maxLength"})
_NODE_KINDS = {
    f"{_SH}{name}>": kinds
    for name, kinds in (
        ("IRI", "<"),
        ("BlankNode", "_"),
        ("Literal", '"'),
        ("BlankNodeOrIRI", "_<"),
        ("BlankNodeOrLiteral", '_"'),
        ("IRIOrLiteral", '<"'),
    )
}
#: Constraints as this program checks them, by their local names in SHACL.
CHECKED = (
    _TERM
    | _BOUNDS
    | _NUMBERS
    | OF_SHAPE
    | OF_SHAPES
    | {"in", "nodeKind", "pattern", "minCount", "maxCount", "closed"}
)
_KNOWN = _FOR_PEOPLE | _STRUCTURE | CHECKED


class SchemaInvalid(ValueError):
    """The file can't be used as shapes: `where` is the shape, `problem` what is wrong or not supported."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where = where
        self.problem = problem


def read_schema(data: bytes, syntax: Syntax) -> Schema:
    """Prepare the shapes and the class hierarchy of a file. Raises `SchemaInvalid`."""
    if len(data) > MAX_FILE_BYTES:
        raise SchemaInvalid("", f"the file is larger than {MAX_FILE_BYTES} bytes")
    return _Reader(_parse(data, syntax)).schema()


def _parse(data: bytes, syntax: Syntax) -> _Triples:
    # Imported here: only preparing needs it, and a node's workers do without its memory.
    import pyoxigraph

    forms = {"turtle": pyoxigraph.RdfFormat.TURTLE, "json-ld": pyoxigraph.RdfFormat.JSON_LD}
    found: dict[str, dict[str, list[str]]] = {}
    try:
        for quad in pyoxigraph.parse(data, format=forms[syntax]):
            objects = found.setdefault(_term(quad.subject), {}).setdefault(_term(quad.predicate), [])
            objects.append(_term(quad.object))
    except (SyntaxError, ValueError, OSError) as error:
        raise SchemaInvalid("", f"it is not {syntax}: {error}") from error
    return found


def _term(term: object) -> str:
    import pyoxigraph

    match term:
        case pyoxigraph.NamedNode():
            return bridged(f"<{term.value}>")
        case pyoxigraph.BlankNode():
            return f"_:{term.value}"
        case pyoxigraph.Literal():
            datatype = "" if term.language or term.datatype.value == f"{XSD}string" else term.datatype.value
            return literal(term.value, datatype, term.language or "")
        case _:
            raise SchemaInvalid("", "it has a triple inside a triple, which shapes don't")


class _Reader:
    """Turns triples into shapes."""

    def __init__(self, triples: _Triples) -> None:
        self.triples = triples
        self.sets: dict[tuple[str, ...], int] = {}
        self.made = 0

    def schema(self) -> Schema:
        above = {
            subject: tuple(sorted(name for name in predicates[_SUBCLASS] if name[0] == "<"))
            for subject, predicates in self.triples.items()
            if _SUBCLASS in predicates and subject[0] == "<"
        }
        shapes = tuple(
            shape
            for subject in self.triples
            if (self.targets(subject) or self.objects(subject, "targetSubjectsOf"))
            and (shape := self.shape(subject, ())) is not None
        )
        if not shapes and not above:
            raise SchemaInvalid("", "there is no shape with a target in it, and no class hierarchy")
        for subject, predicates in self.triples.items():
            for predicate in predicates:
                if predicate.startswith(f"{_SH}target") and predicate not in _TARGETS:
                    raise SchemaInvalid(subject, f"{predicate} is not supported; use sh:targetClass")
        return Schema(shapes, tuple(self.sets), above)

    def targets(self, subject: str) -> tuple[str, ...]:
        found = [*self.objects(subject, "targetClass")]
        types = self.triples[subject].get(TYPE, ())
        if f"{_SH}NodeShape>" in types and not _CLASSES.isdisjoint(types):
            found.append(subject)
        return tuple(dict.fromkeys(found))

    def shape(self, subject: str, inside: tuple[str, ...]) -> Shape | None:
        """The shape of that name; None for one that is switched off."""
        if subject not in self.triples:
            raise SchemaInvalid(subject, "it is referred to as a shape and isn't in the file")
        if subject in inside:
            raise SchemaInvalid(subject, "it refers to itself, which SHACL leaves undefined")
        if len(inside) >= MAX_DEPTH:
            raise SchemaInvalid(subject, f"shapes stand more than {MAX_DEPTH} deep in each other")
        self.made += 1
        if self.made > MAX_SHAPES:
            raise SchemaInvalid(subject, f"there are more than {MAX_SHAPES} shapes")
        self.refuse_unknown(subject)
        if self.flag(subject, "deactivated"):
            return None
        inside = (*inside, subject)
        properties = [self.shape(name, inside) for name in self.objects(subject, "property")]
        for shape in properties:
            if shape is not None and shape.path is None:
                raise SchemaInvalid(subject, "a shape under sh:property has no sh:path")
        maximum = self.one(subject, "maxCount")
        return Shape(
            path=self.path(subject),
            targets=self.targets(subject),
            subjects_of=tuple(self.objects(subject, "targetSubjectsOf")),
            name=self.text(subject, "name"),
            description=self.text(subject, "description"),
            message=self.text(subject, "message"),
            min_count=self.number(subject, "minCount", self.one(subject, "minCount")),
            max_count=None if maximum is None else self.number(subject, "maxCount", maximum),
            unique_lang=self.flag(subject, "uniqueLang"),
            tests=tuple(self.tests(subject, inside)),
            closed=self.closed(subject),
            properties=tuple(shape for shape in properties if shape is not None),
        )

    def refuse_unknown(self, subject: str) -> None:
        for predicate in self.triples.get(subject, {}):
            name = predicate[len(_SH) : -1]
            if predicate.startswith(_SH) and name not in _KNOWN:
                raise SchemaInvalid(subject, f"sh:{name} is not supported; it would stay unchecked")
        severity = self.one(subject, "severity")
        if severity not in (None, f"{_SH}Violation>"):
            raise SchemaInvalid(subject, "only sh:Violation is supported as sh:severity")

    def tests(self, subject: str, inside: tuple[str, ...]) -> Iterator[tuple[str, object]]:
        for predicate, objects in self.triples.get(subject, {}).items():
            name = predicate[len(_SH) : -1] if predicate.startswith(_SH) else ""
            if name not in CHECKED - _STRUCTURE:
                continue
            for value in objects:
                yield name, self.parameter(subject, name, value, inside)

    def parameter(self, subject: str, name: str, value: str, inside: tuple[str, ...]) -> object:
        if name in OF_SHAPE:
            # One that is switched off is conformed to by everything.
            return self.shape(value, inside) or Shape()
        if name in OF_SHAPES:
            return tuple(self.shape(item, inside) or Shape() for item in self.items(subject, value))
        if name == "in":
            members = tuple(sorted(set(self.items(subject, value))))
            return self.sets.setdefault(members, len(self.sets))
        if name == "nodeKind":
            if value not in _NODE_KINDS:
                raise SchemaInvalid(subject, f"{value} is no sh:nodeKind")
            return _NODE_KINDS[value]
        if name == "pattern":
            return self.pattern(subject, value)
        if name in _NUMBERS:
            return self.number(subject, name, value)
        if name in _BOUNDS and comparable(value) is None:
            raise SchemaInvalid(subject, f"sh:{name} must be a number, a date or a time, not {value[:80]}")
        return value

    def pattern(self, subject: str, value: str) -> tuple[str, str]:
        pattern, flags = parts_of(value)[0], self.text(subject, "flags")
        if set(flags) - set("ismx"):
            raise SchemaInvalid(subject, f"sh:flags may only hold i, s, m and x, not {flags!r}")
        try:
            re.compile(f"(?{flags})" + pattern if flags else pattern)
        except re.error as error:
            raise SchemaInvalid(subject, f"sh:pattern {pattern[:80]!r}: {error}") from error
        return pattern, flags

    def path(self, subject: str) -> str | None:
        path = self.one(subject, "path")
        if path is not None and path[0] != "<":
            raise SchemaInvalid(subject, "only a single property is supported as sh:path")
        return path

    def closed(self, subject: str) -> tuple[str, ...] | None:
        if not self.flag(subject, "closed"):
            return None
        allowed = [self.path(name) for name in self.objects(subject, "property")]
        for value in self.objects(subject, "ignoredProperties"):
            allowed += self.items(subject, value)
        return tuple(sorted({name for name in allowed if name is not None}))

    def items(self, subject: str, head: str) -> list[str]:
        """The members of an RDF list."""
        items: list[str] = []
        seen: set[str] = set()
        while head != _NIL:
            cell = self.triples.get(head, {})
            if head in seen or len(cell.get(_FIRST, ())) != 1 or len(cell.get(_REST, ())) != 1:
                raise SchemaInvalid(subject, "it needs a list that is no proper list")
            seen.add(head)
            items += cell[_FIRST]
            head = cell[_REST][0]
        return items

    def objects(self, subject: str, name: str) -> list[str]:
        return self.triples.get(subject, {}).get(f"{_SH}{name}>", [])

    def one(self, subject: str, name: str) -> str | None:
        values = self.objects(subject, name)
        if len(values) > 1:
            raise SchemaInvalid(subject, f"sh:{name} stands there {len(values)} times")
        return values[0] if values else None

    def flag(self, subject: str, name: str) -> bool:
        value = self.one(subject, name)
        return value is not None and value[0] == '"' and parts_of(value)[0] in ("true", "1")

    def number(self, subject: str, name: str, value: str | None) -> int:
        if value is None:
            return 0
        number = comparable(value)
        if number is None or not isinstance(number[1], int) or number[1] < 0:
            raise SchemaInvalid(subject, f"sh:{name} must be a whole number, not {value[:80]}")
        return number[1]

    def text(self, subject: str, name: str) -> str:
        """A text for people, in English where there are several."""
        texts = [parts_of(value) for value in self.objects(subject, name) if value[0] == '"']
        texts.sort(key=lambda parts: (parts[2][:2].lower() not in ("en", ""), parts))
        return " ".join(texts[0][0].split())[:MAX_TEXT] if texts else ""
