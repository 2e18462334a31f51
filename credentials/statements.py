"""From expanded JSON-LD to quads (JSON-LD 1.1 API section 8, "Deserialize JSON-LD to RDF").

Everything that goes into a quad is looked at here, once: a character that N-Quads would read as syntax is
refused, and what RDF would leave out in silence (relative IRIs, blank nodes as properties) is reported.
"""

from __future__ import annotations

import re
from typing import Any

import rfc8785

from credentials.errors import Rejection
from credentials.nquads import Quad, literal

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: The property of a node's classes, as it stands in a quad.
RDF_TYPE = f"<{_RDF}type>"
_FIRST = f"<{_RDF}first>"
_REST = f"<{_RDF}rest>"
_NIL = f"<{_RDF}nil>"
_JSON = f"{_RDF}JSON"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_XSD_STRING = f"{_XSD}string"
_XSD_DOUBLE = f"{_XSD}double"
#: JSON-LD 1.1 API section 8.6: from here on an integer is written as a double.
_FIRST_DOUBLE = 10**21

#: Properties kept as they are written into quads; published contexts have some thousands, a document forty.
MAX_KEPT_PREDICATES = 4_096
#: Longer names are looked at each time: no published property has half that length.
MAX_KEPT_LENGTH = 200
_PREDICATES: dict[str, str] = {}

_LAST_STEP = re.compile(r"[#/:]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: What the N-Quads grammar excludes between < and > (RDF 1.1 N-Quads, IRIREF).
NOT_IN_IRI = bytes(range(0x21)) + b'<>"{}|^`\\'
#: RFC 5646 section 2.2.9, well-formedness as far as it keeps a tag apart from N-Quads syntax.
LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


def statements_of(nodes: list[dict[str, Any]]) -> tuple[tuple[Quad, ...], tuple[str, ...]]:
    """The quads of an expanded document, and the texts that got no quad because they aren't absolute IRIs.

    Raises `Rejection("terms", ...)` for IRIs and language tags that can't be written into N-Quads.
    """
    reader = _Reader()
    for node in nodes:
        reader.node(node, "")
    return tuple(dict.fromkeys(reader.quads)), tuple(dict.fromkeys(reader.meaningless))


def is_absolute_iri(text: str) -> bool:
    """Whether `text` starts with a scheme."""
    return _SCHEME.match(text) is not None


def once(type_: str) -> str:
    """One type for several that are the same and joined by commas, as some tools in use write them.

    Expansion reads `gx:LegalPerson,gx:LegalPerson` as one IRI that ends in `#LegalPerson,gx:LegalPerson`.
    """
    first, comma, rest = type_.partition(",")
    if not comma:
        return type_
    name = _LAST_STEP.split(first.strip())[-1]
    same = all(_LAST_STEP.split(part.strip())[-1] == name for part in rest.split(","))
    return first.strip() if same and name else type_


def canonical_double(value: float) -> str:
    """The canonical form of xsd:double, with at most 15 digits after the point as JSON-LD prescribes."""
    mantissa, exponent = f"{value:.15E}".split("E")
    digits = mantissa.rstrip("0")
    return f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"


class _Reader:
    """One pass over the expanded tree. A term of None is one that RDF has no form for."""

    def __init__(self) -> None:
        self.quads: list[Quad] = []
        self.meaningless: list[str] = []
        self.labels: dict[str, str] = {}
        self.fresh = 0

    def node(self, node: dict[str, Any], graph: str | None) -> str | None:
        """Emit what a node object says; its own term."""
        name = node.get("@id", self)
        subject = self.blank() if name is self else self.resource(name)
        quads = self.quads
        for key, items in node.items():
            if key[0] != "@":
                predicate = self.predicate(key)
                if subject is None or predicate is None or graph is None:
                    for item in items:
                        self.object(item, graph)
                    continue
                for item in items:
                    object_ = self.object(item, graph)
                    if object_ is not None:
                        quads.append((subject, predicate, object_, graph))
            elif key == "@type":
                for type_ in items:
                    self.emit(subject, RDF_TYPE, self.resource(type_), graph)
            elif key == "@graph":
                for item in items:
                    self.node(item, subject)
            elif key == "@included":
                for item in items:
                    self.node(item, graph)
            elif key == "@reverse":
                for property_, sources in items.items():
                    predicate = self.predicate(property_)
                    for source in sources:
                        self.emit(self.node(source, graph), predicate, subject, graph)
        return subject

    def emit(
        self, subject: str | None, predicate: str | None, object_: str | None, graph: str | None
    ) -> None:
        if subject is not None and predicate is not None and object_ is not None and graph is not None:
            self.quads.append((subject, predicate, object_, graph))

    def object(self, item: dict[str, Any], graph: str | None) -> str | None:
        if type(item) is not dict:
            # pyld leaves the bare value where the context of a term makes a keyword of that term.
            raise Rejection("terms", "It can't be processed as JSON-LD.")
        if "@value" in item:
            value = item["@value"]
            # Most values are text and nothing else.
            return literal(value) if len(item) == 1 and type(value) is str else self.value(item)
        if "@list" in item:
            return self.list(item["@list"], graph)
        return self.node(item, graph)

    def list(self, items: list[dict[str, Any]], graph: str | None) -> str:
        head = _NIL
        # From the end, so that each cell knows the one after it.
        for item in reversed(items):
            cell = self.blank()
            self.emit(cell, _FIRST, self.object(item, graph), graph)
            self.emit(cell, _REST, head, graph)
            head = cell
        return head

    def value(self, item: dict[str, Any]) -> str:
        value, datatype = item["@value"], item.get("@type")
        if datatype == "@json":
            return literal(rfc8785.dumps(value).decode(), _JSON)
        if datatype is not None:
            check_iri(datatype)
        if "@direction" in item:
            # RDF has no form for it, so that no proof over quads would cover it.
            self.meaningless.append("@direction")
        if isinstance(value, str):
            if "@language" in item:
                return literal(value, language=self.tag(item["@language"]))
            if datatype == _XSD_DOUBLE:
                value = _as_double(value)
            return literal(value, "" if datatype in (None, _XSD_STRING) else datatype)
        text, own_type = _lexical(value, datatype)
        datatype = datatype or own_type
        return literal(text, "" if datatype == _XSD_STRING else datatype)

    def resource(self, name: Any) -> str | None:
        if not isinstance(name, str):
            # Something that looked like a keyword, which JSON-LD reads as nothing.
            self.meaningless.append("@id")
            return None
        if name.startswith("_:"):
            label = self.labels.get(name)
            if label is None:
                label = self.labels[name] = self.blank()
            return label
        if not is_absolute_iri(name):
            self.meaningless.append(name)
            return None
        check_iri(name)
        return f"<{name}>"

    def predicate(self, name: str) -> str | None:
        known = _PREDICATES.get(name)
        if known is not None:
            return known
        # A blank node can't be one, and pyld leaves the `@index` of a graph container as it is written.
        if name.startswith("_:") or not is_absolute_iri(name):
            self.meaningless.append(name)
            return None
        check_iri(name)
        term = f"<{name}>"
        if len(name) <= MAX_KEPT_LENGTH:
            if len(_PREDICATES) >= MAX_KEPT_PREDICATES:
                _PREDICATES.clear()
            _PREDICATES[name] = term
        return term

    def blank(self) -> str:
        self.fresh += 1
        return f"_:b{self.fresh}"

    def tag(self, language: str) -> str:
        if not LANGUAGE_TAG.fullmatch(language):
            raise Rejection(
                "terms",
                f"{language[:60]!r} is not a well-formed language tag (RFC 5646).",
                {"language": language[:200]},
            )
        return language


def check_iri(iri: str) -> None:
    """Rejection of `terms` for text that would end an IRI early, or be read as something else, in N-Quads."""
    # On long text, such as a token in a data: URL, ten times as fast as looking for them by pattern.
    raw = iri.encode("utf-8", "surrogatepass")
    if len(raw.translate(None, NOT_IN_IRI)) != len(raw):
        raise Rejection(
            "terms",
            f"{iri[:120]!r} is not an IRI: it has a character that must be percent-encoded.",
            {"iri": iri[:200]},
        )


def _lexical(value: bool | int | float, datatype: str | None) -> tuple[str, str]:
    if isinstance(value, bool):
        return ("true" if value else "false"), f"{_XSD}boolean"
    if datatype == _XSD_DOUBLE or abs(value) >= _FIRST_DOUBLE or value != int(value):
        return canonical_double(value), _XSD_DOUBLE
    # 1.0 and 1 are the same JSON number, and so the same integer (JSON-LD 1.1 API section 8.6, step 10).
    return str(int(value)), f"{_XSD}integer"


def _as_double(text: str) -> str:
    """Engines in circulation bring text typed xsd:double into canonical form too; others leave it."""
    try:
        value = float(text)
    except ValueError:
        return text
    return canonical_double(value) if abs(value) < float("inf") else text
