"""Quads as tuples of N-Quads terms, and their canonical text (RDF 1.1 N-Quads; RDFC-1.0 section 5)."""

from __future__ import annotations

import re

#: Subject, predicate, object and graph name, each as it stands in canonical N-Quads: `<iri>`, `_:label` or
#: a literal; the graph name is "" for the default graph.
Quad = tuple[str, str, str, str]

_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}
_TO_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f]')
_UNESCAPES = {escape: character for character, escape in _ESCAPES.items()} | {"\\'": "'"}
_ESCAPED = re.compile(r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.")

_IRI = r'<(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>'
_BLANK = r"_:[^\s<>\"\\]*[^\s<>\"\\.]"
_LITERAL = rf'("(?:[^"\\\n\r]|\\.)*")(?:\^\^({_IRI})|(@[A-Za-z]+(?:-[A-Za-z0-9]+)*))?'
_QUAD = re.compile(
    rf"[ \t]*({_IRI}|{_BLANK})[ \t]*({_IRI})[ \t]*(?:({_IRI}|{_BLANK})|{_LITERAL})"
    rf"[ \t]*({_IRI}|{_BLANK})?[ \t]*\.[ \t]*(?:#.*)?"
)
_XSD_STRING = "<http://www.w3.org/2001/XMLSchema#string>"


def is_blank(term: str) -> bool:
    """Whether a term of a `Quad` is a blank node label."""
    return term.startswith("_:")


def literal(text: str, datatype: str = "", language: str = "") -> str:
    """A literal in canonical N-Quads. `datatype` is a bare IRI, "" for xsd:string; a language goes first."""
    # What must be escaped isn't printable, but for two: these tests are sooner made than one by pattern.
    if '"' in text or "\\" in text or not text.isprintable():
        text = _TO_ESCAPE.sub(_escape, text)
    quoted = f'"{text}"'
    if language:
        return f"{quoted}@{language}"
    return f"{quoted}^^<{datatype}>" if datatype else quoted


def line(quad: Quad) -> str:
    """One line of canonical N-Quads, with its line feed."""
    subject, predicate, object_, graph = quad
    if graph:
        return f"{subject} {predicate} {object_} {graph} .\n"
    return f"{subject} {predicate} {object_} .\n"


def parse_nquads(text: str) -> list[Quad]:
    """Read N-Quads; repeated quads are kept once. ValueError names the line that isn't a quad."""
    quads: dict[Quad, None] = {}
    for number, content in enumerate(re.split(r"[\r\n]+", text), start=1):
        if not content.strip(" \t") or content.lstrip(" \t").startswith("#"):
            continue
        match = _QUAD.fullmatch(content)
        if match is None:
            raise ValueError(f"line {number} is not a quad: {content[:120]!r}")
        subject, predicate, resource, quoted, datatype, language, graph = match.groups()
        if quoted is None:
            object_ = unescape(resource)
        else:
            object_ = literal(unescape(quoted[1:-1])) + (language or "")
            if datatype and unescape(datatype) != _XSD_STRING:
                object_ += f"^^{unescape(datatype)}"
        quads[unescape(subject), unescape(predicate), object_, unescape(graph or "")] = None
    return list(quads)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def unescape(text: str) -> str:
    """What the inside of a quoted literal, or an IRI, stands for. ValueError for an unknown escape."""
    return _ESCAPED.sub(_unescape_one, text) if "\\" in text else text


def _unescape_one(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] in "uU":
        return chr(int(escape[2:], 16))
    try:
        return _UNESCAPES[escape]
    except KeyError:
        raise ValueError(f"not an N-Quads escape: {escape}") from None
