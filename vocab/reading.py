"""Bounded, unshakeable reading of values from a graph whose author may be hostile.

Signed doesn't mean sensible: a value can be of any type, be missing, be enormous, or point nowhere. These
readers skip what they can't use, cut what is too long, and never raise on what a document says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from vocab.graph import Graph, Literal, Node, Object, Ref
from vocab.languages import primary
from vocab.namespaces import CAPABILITIES, GAIA_X, GAX, SKOS

#: The longest registered company names stay below this; more breaks every list they are shown in.
MAX_NAME = 300
#: About two printed pages; more is a document, not a description.
MAX_DESCRIPTION = 4_000
#: Keywords beyond these numbers are stuffing.
MAX_KEYWORDS = 50
MAX_KEYWORD = 100
#: Texts in more languages than the EU has (24) serve nobody here.
MAX_LANGUAGES = 30
#: Values looked at for one question; a property with more is cut, so that time stays bounded.
MAX_VALUES = 200
#: Characters of an IRI; the lab wizard's DIDs carry a whole public key and reach about a thousand.
MAX_IRI = 4_096
#: Codes, levels and the like: longer is none.
MAX_TOKEN = 100

# Line breaks and other controls become spaces; characters that reorder the text around them could make one
# name look like another and are dropped (Unicode TR 36, section 2.5), as are halves of characters.
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_REORDERING = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NOTATION = SKOS + "notation"
_NAMESPACES = (*GAIA_X, *GAX, CAPABILITIES)


def clean(text: str, limit: int) -> str:
    """One line of at most `limit` characters, with an ellipsis where it was cut; "" for nothing readable."""
    # Cut before working on it: cost must not grow with what nobody will read.
    line = _CONTROLS.sub(" ", _REORDERING.sub("", text[: limit * 4])).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def objects(node: Node, predicates: Iterable[str]) -> Iterator[Object]:
    """At most `MAX_VALUES` objects of any of the predicates, predicate by predicate."""
    # Most properties of a list of names aren't there: this is asked for each of them, of every subject.
    stated = node.properties
    found = [stated[predicate] for predicate in predicates if predicate in stated]
    return islice(chain.from_iterable(found), MAX_VALUES)


def local_name(text: str) -> str:
    """The name inside a Gaia-X or capability IRI (or a `gx:` name left as text), else `text` itself."""
    for namespace in (*_NAMESPACES, "gx:"):
        if text.startswith(namespace):
            return text[len(namespace) :]
    return text


def texts(node: Node, predicates: Sequence[str], limit: int) -> dict[str, str]:
    """Texts by language ("" for none): of each language the first, by the order of the predicates."""
    found: dict[str, str] = {}
    for value in objects(node, predicates):
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            continue
        tag = value.language if isinstance(value.language, str) else ""
        language = primary(tag) if _LANGUAGE.fullmatch(tag) else ""
        if language in found:
            continue
        text = clean(value.value, limit)
        if text:
            found[language] = text
        if len(found) >= MAX_LANGUAGES:
            break
    return found


def token(graph: Graph, value: Object) -> str:
    """The short text that a value stands for: itself, its node's `skos:notation`, or its IRI; "" for none."""
    if isinstance(value, Literal):
        text = value.value if isinstance(value.value, str) else ""
        return text.strip() if len(text) <= MAX_TOKEN else ""
    node = graph.node(value)
    if node is not None:
        for notation in objects(node, (_NOTATION,)):
            if isinstance(notation, Literal):
                return token(graph, notation)
    return value.id if len(value.id) <= MAX_IRI and not value.id.startswith("_:") else ""


def iri(value: Object) -> str:
    """The IRI that a value is, as a reference or written as text; "" for anything else."""
    text = value.id if isinstance(value, Ref) else value.value
    if not isinstance(text, str) or len(text) > MAX_IRI or ":" not in text or text.startswith("_:"):
        return ""
    return "" if _CONTROLS.search(text) else text


def nodes(graph: Graph, node: Node, predicates: Iterable[str]) -> Iterator[Node]:
    """The nodes that the graph itself holds among the objects of the predicates."""
    for value in objects(node, predicates):
        if isinstance(value, Ref) and (target := graph.nodes.get(value.id)) is not None:
            yield target


def keywords(node: Node, predicates: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The declared keywords, each once, with the predicate it stood under. Commas part keywords."""
    found: dict[str, str] = {}
    for predicate in predicates:
        for value in objects(node, (predicate,)):
            if not isinstance(value, Literal) or not isinstance(value.value, str):
                continue
            for part in value.value[: MAX_KEYWORDS * MAX_KEYWORD].split(",")[:MAX_KEYWORDS]:
                keyword = clean(part, MAX_KEYWORD)
                if keyword:
                    found.setdefault(keyword, predicate)
                if len(found) >= MAX_KEYWORDS:
                    return tuple(found.items())
    return tuple(found.items())
