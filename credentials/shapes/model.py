"""Shapes in the form that is stored and loaded: plain data, prepared once from RDF.

Terms are those of `credentials.nquads.Quad`, in the one model of `credentials.shapes.bridging`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Of the stored form. A program that reads another must prepare the shapes anew from their file.
FORMAT_VERSION = 1


class PreparedUnusable(ValueError):
    """Stored shapes are of a form that this program doesn't read; `version` is theirs. Prepare them anew."""

    def __init__(self, version: object) -> None:
        super().__init__(f"prepared shapes of form {version!r}; this program reads form {FORMAT_VERSION}")
        self.version = version


@dataclass(frozen=True, slots=True)
class Shape:
    """One SHACL shape. Without a `path` it is about the node itself, with one about the values of a property.

    It speaks of nodes of the classes `targets`, and of those that have one of the properties `subjects_of`.
    `tests` are pairs of a constraint's local name in SHACL (`class`, `in`, `or`, ...) and its parameter: a
    term, a number, the number of a set of `Schema.sets`, a pattern with its flags, a shape or several shapes.
    `closed` are the only predicates allowed, None where any is.
    """

    path: str | None = None
    targets: tuple[str, ...] = ()
    subjects_of: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    message: str = ""
    min_count: int = 0
    max_count: int | None = None
    unique_lang: bool = False
    tests: tuple[tuple[str, Any], ...] = ()
    closed: tuple[str, ...] | None = None
    properties: tuple[Shape, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON; what has its default is left out."""
        form: dict[str, Any] = {
            name: value
            for name in ("path", "name", "description", "message", "min_count", "max_count", "unique_lang")
            if (value := getattr(self, name)) or (name == "max_count" and value == 0)
        }
        if self.targets:
            form["targets"] = [*self.targets]
        if self.subjects_of:
            form["subjects_of"] = [*self.subjects_of]
        if self.tests:
            form["tests"] = [[name, _written(parameter)] for name, parameter in self.tests]
        if self.closed is not None:
            form["closed"] = [*self.closed]
        if self.properties:
            form["properties"] = [shape.to_dict() for shape in self.properties]
        return form

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Shape:
        """The inverse of `to_dict`."""
        closed = form.get("closed")
        return cls(
            path=form.get("path"),
            targets=tuple(form.get("targets", ())),
            subjects_of=tuple(form.get("subjects_of", ())),
            name=form.get("name", ""),
            description=form.get("description", ""),
            message=form.get("message", ""),
            min_count=form.get("min_count", 0),
            max_count=form.get("max_count"),
            unique_lang=form.get("unique_lang", False),
            tests=tuple((name, _read(name, parameter)) for name, parameter in form.get("tests", ())),
            closed=tuple(closed) if closed is not None else None,
            properties=tuple(cls.from_dict(inner) for inner in form.get("properties", ())),
        )


#: Constraints whose parameter is one shape, and those whose parameter is several.
OF_SHAPE = frozenset({"node", "not"})
OF_SHAPES = frozenset({"and", "or", "xone"})


@dataclass(frozen=True, slots=True)
class Schema:
    """What one file says: shapes with targets, the value sets they share, and which class is below which."""

    shapes: tuple[Shape, ...] = ()
    sets: tuple[tuple[str, ...], ...] = ()
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The stored form."""
        form = {
            "version": FORMAT_VERSION,
            "shapes": [shape.to_dict() for shape in self.shapes],
            "sets": [[*members] for members in self.sets],
            "above": {name: [*above] for name, above in self.above.items()},
        }
        return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Schema:
        """The inverse of `to_bytes`. Raises `PreparedUnusable`."""
        form = json.loads(data)
        if form["version"] != FORMAT_VERSION:
            raise PreparedUnusable(form["version"])
        return cls(
            tuple(Shape.from_dict(shape) for shape in form["shapes"]),
            tuple(tuple(members) for members in form["sets"]),
            {name: tuple(above) for name, above in form["above"].items()},
        )


def _written(parameter: Any) -> Any:
    if isinstance(parameter, Shape):
        return parameter.to_dict()
    if isinstance(parameter, tuple):
        return [_written(item) for item in parameter]
    return parameter


def _read(name: str, parameter: Any) -> Any:
    if name in OF_SHAPE:
        return Shape.from_dict(parameter)
    if name in OF_SHAPES:
        return tuple(Shape.from_dict(form) for form in parameter)
    return tuple(parameter) if isinstance(parameter, list) else parameter
