"""A result of the engine in plain words: which field, what is wrong with it, what to do."""

from __future__ import annotations

import re
from typing import Any

from credentials.shapes.bridging import TYPE, Statements
from credentials.shapes.engine import Result
from credentials.shapes.values import parts_of
from vocab.namespaces import CF, CREDENTIALS, DCAT, DCTERMS, ODRL, QUDT, SCHEMA, V2511, VCARD, XSD

#: Characters of a value that are shown.
MAX_SHOWN = 80
#: Allowed values that are named; of the 5,000 media types nobody wants all.
MAX_NAMED = 10

_PREFIXES = {
    CF: "cf:",
    V2511: "gx:",
    SCHEMA: "schema:",
    VCARD: "vcard:",
    DCAT: "dcat:",
    DCTERMS: "dcterms:",
    ODRL: "odrl:",
    QUDT: "qudt:",
    CREDENTIALS: "cred:",
    XSD: "xsd:",
}
_DATATYPES = {
    f"<{XSD}string>": "plain text without a language",
    f"<{XSD}integer>": "a whole number",
    f"<{XSD}float>": "a number typed xsd:float",
    f"<{XSD}double>": "a number",
    f"<{XSD}decimal>": "a decimal number",
    f"<{XSD}boolean>": "true or false",
    f"<{XSD}date>": "a date such as 2026-01-31, typed xsd:date",
    f"<{XSD}dateTime>": "a time such as 2026-01-31T12:00:00Z, typed xsd:dateTime",
    f"<{XSD}anyURI>": "an address typed xsd:anyURI",
}
_KINDS = {
    "<": "the IRI of something",
    "_": "an object without an id",
    '"': "a plain value",
    "_<": "an object or the IRI of one",
    '_"': "a plain value or an object without an id",
    '<"': "a plain value or an IRI",
}
_BOUNDS = {
    "MinInclusive": "at least",
    "MaxInclusive": "at most",
    "MinExclusive": "more than",
    "MaxExclusive": "less than",
    "MinLength": "at least this many characters:",
    "MaxLength": "at most this many characters:",
}
_SPACES = re.compile(r"\s+")


def problem_of(result: Result, statements: Statements) -> dict[str, str]:
    """`{"node", "field", "problem", "action", "component"}`, texts of a sentence's length."""
    problem, action = _said(result, statements)
    if result.shape.message:
        problem = result.shape.message
    return {
        "node": _node(result.focus, statements),
        "field": _field(result),
        "problem": problem,
        "action": action,
        "component": result.component,
    }


def short(term: str) -> str:
    """An IRI with a usual prefix, or as it is; a literal's text in quotes."""
    if term[0] == "<":
        for namespace, prefix in _PREFIXES.items():
            if term.startswith(namespace, 1):
                return prefix + term[len(namespace) + 1 : -1]
        return _cut(term[1:-1])
    if term[0] == "_":
        return "an object without an id"
    return f"“{_cut(parts_of(term)[0])}”"


def _said(result: Result, statements: Statements) -> tuple[str, str]:
    expected, value = result.expected, result.value
    hint = f" ({result.shape.description})" if result.shape.description else ""
    match result.component:
        case "MinCount":
            if expected == 1:
                return f"It is missing{hint}.", "Add it."
            return f"It needs at least {expected} values{hint}.", "Add what is missing."
        case "MaxCount":
            if expected == 0:
                return "It must not be there.", "Leave it out."
            if expected == 1:
                return "It has more than one value.", "Leave one."
            return f"It has more than {expected} values.", f"Leave {expected} of them."
        case "UniqueLang":
            return f"It has more than one text in the language {expected}.", "Leave one for each language."
        case "HasValue":
            return f"It must have the value {short(expected)}.", "Add that value."
        case "Class":
            return _class(expected, value or "", statements)
        case "Datatype":
            wanted = _DATATYPES.get(expected, f"typed {short(expected)}")
            return f"It is {_shown(value)}, and must be {wanted}.", f"Write it as {wanted}."
        case "NodeKind":
            wanted = _KINDS[expected]
            return f"It is {_shown(value)}, and must be {wanted}.", f"Write {wanted}."
        case "In":
            named = ", ".join(short(item) for item in expected[:MAX_NAMED])
            more = f" and {len(expected) - MAX_NAMED} others" if len(expected) > MAX_NAMED else ""
            return f"{_shown(value)} is none of the values allowed.", f"Allowed are {named}{more}."
        case "Closed":
            return "It is not a field of such an object.", "Correct its spelling or leave it out."
        case "Pattern":
            return f"{_shown(value)} is not written as it must be.", f"It must match {_cut(expected[0])}."
        case "Not":
            return "It is what it must not be.", f"Change or leave out what the shape excludes{hint}."
        case "And" | "Or" | "Xone" | "Node":
            how = {"And": "all", "Or": "one", "Xone": "exactly one", "Node": "all"}[result.component]
            return (
                f"{_shown(value)} doesn't meet the conditions for it{hint}.",
                f"Meet {how} of: {_conditions(expected)}.",
            )
        case component:
            bound = short(expected).strip("“”") if isinstance(expected, str) else str(expected)
            wanted = f"{_BOUNDS[component]} {bound}"
            return f"It is {_shown(value)}, and must be {wanted}.", "Correct the value."


def _class(expected: str, value: str, statements: Statements) -> tuple[str, str]:
    wanted = short(expected)
    if value[0] == '"':
        return (
            f"It is {_shown(value)}, and must be an object of type {wanted}.",
            f"Describe a {wanted} there.",
        )
    types = statements.get(value, {}).get(TYPE, ())
    if not types:
        return (
            f"It names {_shown(value)}, and nothing here says that this is a {wanted}.",
            f"Describe it in the same credential or presentation, with type {wanted}.",
        )
    return f"It is a {', '.join(short(type_) for type_ in types[:3])}, and must be a {wanted}.", (
        f"Give it the type {wanted}, or name another."
    )


def _conditions(expected: Any) -> str:
    """What the alternatives ask for, roughly: their fields and types."""
    shapes = expected if isinstance(expected, tuple) else (expected,)
    said = []
    for shape in shapes:
        parts = [f"{short(shape.path)} given" for _ in (1,) if shape.path and shape.min_count]
        parts += [
            f"type {short(parameter)}" for name, parameter in shape.tests if name in ("class", "datatype")
        ]
        parts += [short(inner.path) for inner in shape.properties if inner.path]
        said.append(" and ".join(parts[:4]) or "what the shape says")
    return "; ".join(said[:MAX_NAMED])


def _field(result: Result) -> str:
    return short(result.path) if result.path else "the object itself"


def _node(term: str, statements: Statements) -> str:
    if term[0] == "<":
        return _cut(term[1:-1])
    types = statements.get(term, {}).get(TYPE, ())
    return f"a {short(types[0])} without an id" if types else "an object without an id"


def _shown(value: str | None) -> str:
    return short(value) if value else "nothing"


def _cut(text: str) -> str:
    line = _SPACES.sub(" ", text)
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"
