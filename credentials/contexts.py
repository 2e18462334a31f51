"""The closed set of JSON-LD contexts: nothing is ever fetched while verifying.

A document may name only contexts that this node carries, and add a few terms of its own in line. What an
in-line context could do beyond that (import, nest further contexts, move the base) is refused, because it
can make equal text mean different things, or cost far more time than it has bytes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from credentials.errors import Rejection
from vocab.contexts import context_document, known_contexts

CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"

#: Each in-line context is a new active context of some thousand terms; credentials use up to three.
MAX_INLINE_CONTEXTS = 64
#: All in-line contexts of one document together; published credentials define fewer than ten terms.
MAX_INLINE_TERMS = 256
#: Their text together. Processed contexts are kept for the next document, so their size is memory.
MAX_INLINE_CHARACTERS = 16_384
#: URLs named in one document, repeats counted; a presentation of many credentials names a few for each.
MAX_CONTEXT_REFERENCES = 1_000

_SCALARS = frozenset({str, int, float, bool, type(None)})

#: What an in-line context may say beside its terms. `@import` would merge into a shared context, `@base`
#: would make identifiers mean something else than they read.
_INLINE_KEYWORDS = frozenset({"@version", "@vocab", "@language", "@direction", "@protected", "@propagate"})
#: What the definition of a term may say: no context of its own, no reversal, no nesting.
_DEFINITION_KEYWORDS = frozenset(
    {"@id", "@type", "@container", "@language", "@direction", "@prefix", "@protected", "@index"}
)
#: The only aliases of keywords that published documents use.
_ALIASES = frozenset({("id", "@id"), ("type", "@type")})
#: Schemes of the identifiers in circulation. As a prefix such a name would turn every DID or URL, all of
#: which look like compact IRIs to JSON-LD, into something else.
_SCHEMES = frozenset({"did", "http", "https", "urn", "data", "mailto", "tel", "ipfs"})


class ContextStore:
    """The contexts a node carries: those of `vocab.contexts`, and `extra` ones an operator adds by URL."""

    def __init__(self, extra: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._extra = {url: copy.deepcopy(dict(document)) for url, document in (extra or {}).items()}
        self._known = frozenset((*self._extra, *known_contexts()))

    def urls(self) -> tuple[str, ...]:
        """Every context URL that a document may name, sorted."""
        return tuple(sorted(self._known))

    def document(self, url: str) -> dict[str, Any]:
        """A copy of the context document at `url`. Raises `Rejection("context", ...)` otherwise."""
        self.require(url)
        return copy.deepcopy(dict(self._extra.get(url) or context_document(url)))

    def require(self, url: str) -> None:
        """Raises `Rejection("context", ...)` when `url` is not carried."""
        if url not in self._known:
            raise Rejection(
                "context",
                f"The context {url[:200]} is not one that this node carries, and none is fetched.",
                {"url": url[:200]},
            )

    def check(self, document: Mapping[str, Any]) -> None:
        """Look at every `@context` of `document` before any of them is processed.

        Raises `Rejection("context", ...)` for a URL that isn't carried, and for an in-line context that
        does more than define terms or is beyond the bounds above.
        """
        references = inline = terms = characters = 0
        for context in _contexts_in(document):
            if isinstance(context, str):
                self.require(context)
                references += 1
            elif isinstance(context, dict):
                _check_inline(context)
                inline += 1
                terms += len(context)
                characters += len(json.dumps(context))
            elif context is not None:
                raise Rejection("context", "A @context must be made of URLs and objects.")
        for number, limit, what in (
            (references, MAX_CONTEXT_REFERENCES, "context URLs"),
            (inline, MAX_INLINE_CONTEXTS, "in-line contexts"),
            (terms, MAX_INLINE_TERMS, "terms in in-line contexts"),
            (characters, MAX_INLINE_CHARACTERS, "characters of in-line contexts"),
        ):
            if number > limit:
                raise Rejection("context", f"It has {number} {what}; at most {limit} are taken.")


def _contexts_in(document: Mapping[str, Any]) -> Iterator[Any]:
    """Each element of each `@context`, at any depth. Depth is bounded by the parser."""
    stack: list[Any] = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            context = item.get("@context", item)
            if context is not item:
                yield from context if isinstance(context, list) else (context,)
                item = {key: value for key, value in item.items() if key != "@context"}
            item = item.values()
        elif not isinstance(item, list):
            continue
        stack += [value for value in item if type(value) not in _SCALARS]


def _check_inline(context: Mapping[str, Any]) -> None:
    for term, definition in context.items():
        if term.startswith("@"):
            if term not in _INLINE_KEYWORDS:
                raise _refusal(term, "is not taken in an in-line context, which may only define terms")
            continue
        if term.lower() in _SCHEMES:
            raise _refusal(term, "is the scheme of identifiers; an in-line context must not redefine it")
        iri = definition
        if isinstance(definition, dict):
            for keyword in definition:
                if keyword not in _DEFINITION_KEYWORDS:
                    raise _refusal(term, f"is defined with {keyword[:40]}; use a published context for that")
            if "@graph" in _as_list(definition.get("@container")):
                raise _refusal(term, "is defined as a graph; use a published context for that")
            iri = definition.get("@id")
        if isinstance(iri, str) and iri.startswith("@") and (term, iri) not in _ALIASES:
            raise _refusal(term, f"stands for {iri[:40]}; an in-line context must not rename keywords")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _refusal(term: str, problem: str) -> Rejection:
    return Rejection("context", f"{term[:80]!r} {problem}.", {"term": term[:80]})
