"""JSON-LD expansion and canonicalisation over the closed set of contexts (JSON-LD 1.1 API, RDFC-1.0).

One expansion serves everything: the check that no term was dropped, the checks of IRIs and language tags,
the canonical form that proofs cover, and the reading of the content.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyld.jsonld import KEYWORDS, JsonLdError, JsonLdProcessor
from pyld.resolved_context import ResolvedContext

from credentials.active_contexts import PYLD_FAILURES, ActiveContexts, Unusual
from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.expansion import Expander
from credentials.nquads import Quad
from credentials.plain_statements import Plain, PlainStatements
from credentials.rdf_canon import Related, TooMuchWork, canonicalise
from credentials.statements import RDF_TYPE, statements_of

#: Different in-line contexts kept processed; each may hold some active contexts of about 70 kB.
MAX_KEPT_INLINE_CONTEXTS = 16
#: Results of type-scoped contexts, for each active context they were met in.
MAX_KEPT_TYPE_SCOPED = 64
#: Enough for a provider to see the pattern; the rest repeats it.
MAX_REPORTED_TERMS = 20

#: Errors of pyld whose code says that a context, not the content, is at fault.
_CONTEXT_ERRORS = (
    "context",
    "definition",
    "mapping",
    "keyword redefinition",
    "protected term",
    "reverse property",
    "default language",
    "base IRI",
    "keyword alias",
    "prefix",
    "@propagate",
    "@version",
)


#: Keywords that say something in a document; the others are for contexts, frames or nothing.
_READ = frozenset(
    {
        *("@context", "@id", "@type", "@value", "@language", "@direction"),
        *("@list", "@set", "@graph", "@included", "@reverse", "@nest"),
    }
)


@dataclass(frozen=True, slots=True)
class DroppedTerm:
    """Something the contexts give no meaning, which JSON-LD therefore leaves out of what is signed.

    `path` is the JSON Pointer (RFC 6901) of its first occurrence, "" when it can't be told.
    """

    term: str
    path: str


class Expansion:
    """A document in expanded form. `document` is what was expanded, `nodes` pyld's expanded array.

    `quads` is None for a document of which `plain` is known: its quads are then made when first asked for.
    """

    __slots__ = ("_canonical", "_plain", "_quads", "document", "dropped", "nodes")

    def __init__(
        self,
        document: Mapping[str, Any],
        nodes: list[dict[str, Any]],
        quads: tuple[Quad, ...] | None,
        dropped: tuple[DroppedTerm, ...],
        plain: Plain | None = None,
    ) -> None:
        self.document = document
        self.nodes = nodes
        self.dropped = dropped
        self._quads = quads
        self._plain = plain
        self._canonical: dict[tuple[Related, str], str] = {}

    @property
    def quads(self) -> tuple[Quad, ...]:
        """The statements, each once."""
        if self._quads is None:
            self._quads, _ = statements_of(self.nodes)
        return self._quads

    def types(self) -> Iterable[str]:
        """The classes of all of its nodes."""
        if self._plain is not None:
            return self._plain.types
        return [object_[1:-1] for _, predicate, object_, _ in self.quads if predicate == RDF_TYPE]

    def mentions(self, properties: frozenset[str]) -> bool:
        """Whether a quad may have one of these properties, each as it stands in a quad; no means no."""
        if self._plain is None:
            return True
        return not self._plain.properties.isdisjoint([term[1:-1] for term in properties])

    def canonical(self, related: Related = "duplicates", algorithm: str = "sha256") -> str:
        """The canonical N-Quads, made once. Raises `Rejection("structure", ...)` when that takes too long.

        `algorithm` is the hash that orders blank nodes, `sha256` or `sha384`.
        """
        text = self._canonical.get((related, algorithm))
        if text is None:
            try:
                text = canonicalise(self.quads, related=related, algorithm=algorithm)
                self._canonical[related, algorithm] = text
            except TooMuchWork as error:
                raise Rejection(
                    "structure",
                    "So many of its blank nodes look alike that it can't be brought into canonical form in "
                    "reasonable time. Give the nodes an id.",
                ) from error
        return text


class JsonLd:
    """Expands and canonicalises with the contexts of one store. Safe to share between threads."""

    def __init__(self, contexts: ContextStore) -> None:
        self.contexts = contexts
        self._resolver = _ClosedResolver(contexts)
        self._processor = _Processor(self._resolver)
        self._plain = PlainStatements()

    def expand(self, document: Mapping[str, Any], *, quads_later: bool = False) -> Expansion:
        """Expand `document` and look at all of its terms, IRIs and language tags.

        Raises `Rejection("context", ...)` for contexts that aren't carried or don't fit together and
        `Rejection("terms", ...)` for what isn't JSON-LD or could not be written as N-Quads unharmed.
        Terms without meaning don't raise: they are in `Expansion.dropped`. With `quads_later` the quads of a
        plain document are made only when asked for; it is looked at all the same.
        """
        nodes, unmapped = self._tree(document)
        plain = self._plain.look(nodes) if quads_later else None
        quads, meaningless = (None, ()) if plain is not None else statements_of(nodes)
        dropped = tuple(_located(document, dict.fromkeys((*unmapped, *meaningless))))
        return Expansion(document, nodes, quads, dropped, plain)

    def nodes(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expanded nodes alone, for a document that was looked at by `expand` before. Raises as that."""
        return self._tree(document)[0]

    def _tree(self, document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str | None]]:
        self.contexts.check(document)
        try:
            return self._processor.expand_tree(document)
        except JsonLdError as error:
            raise _rejection(error) from error
        except PYLD_FAILURES as error:
            # Known ways in which pyld fails on JSON-LD it hasn't foreseen, such as `"@vocab": null`.
            raise Rejection(
                "terms", "It can't be processed as JSON-LD.", {"error": str(error)[:200]}
            ) from error

    def canonicalise(
        self, document: Mapping[str, Any] | Expansion, *, related: Related = "duplicates"
    ) -> str:
        """The canonical N-Quads of a document, or of an expansion already made. Raises `Rejection`."""
        expansion = document if isinstance(document, Expansion) else self.expand(document)
        return expansion.canonical(related)

    def quads(self, document: Mapping[str, Any] | Expansion) -> str:
        """`canonicalise` as the specification has it."""
        return self.canonicalise(document)


class _ClosedResolver:
    """Hands pyld the contexts of the store. Takes the place of `pyld.ContextResolver`, which may fetch.

    Published contexts are resolved once for good, the contexts scoped inside them by object identity:
    pyld would serialise such a context to look it up, each time it meets a type or a property that has one.
    """

    def __init__(self, contexts: ContextStore) -> None:
        self._contexts = contexts
        self._published: dict[str, list[ResolvedContext]] = {}
        self._scoped: dict[int, ResolvedContext] = {}
        self._inline: dict[str, ResolvedContext] = {}

    def resolve(self, active_ctx: Any, context: Any, base: Any, cycles: Any = None) -> list[ResolvedContext]:
        """The resolved contexts that a `@context` value stands for (called by pyld)."""
        if isinstance(context, str):
            return self._of_url(context)
        if isinstance(context, list):
            return [resolved for item in context for resolved in self.resolve(active_ctx, item, base)]
        if isinstance(context, dict):
            if "@context" in context:
                return self.resolve(active_ctx, context["@context"], base)
            return [self._scoped.get(id(context)) or self._of_inline(context)]
        # None and False both mean "start again from nothing".
        return [ResolvedContext(False)]

    def keeps(self, context: Any) -> bool:
        """Whether `context` is an object inside a published context, so that its id stands for it."""
        return id(context) in self._scoped

    def _of_url(self, url: str) -> list[ResolvedContext]:
        resolved = self._published.get(url)
        if resolved is None:
            document = self._contexts.document(url)
            self._keep_scoped(document)
            resolved = self._published[url] = self.resolve(None, document["@context"], None)
        return resolved

    def _keep_scoped(self, context: Any) -> None:
        # The entries hold the objects, so that their ids stay theirs.
        if isinstance(context, dict):
            self._scoped[id(context)] = ResolvedContext(context)
            for item in context.values():
                self._keep_scoped(item)
        elif isinstance(context, list):
            for item in context:
                self._keep_scoped(item)

    def _of_inline(self, context: dict[str, Any]) -> ResolvedContext:
        key = json.dumps(context)
        resolved = self._inline.get(key)
        if resolved is None:
            if len(self._inline) >= MAX_KEPT_INLINE_CONTEXTS:
                del self._inline[next(iter(self._inline))]
            resolved = self._inline[key] = ResolvedContext(context)
        return resolved


class _Processor(JsonLdProcessor):  # type: ignore[misc] # pyld has no types
    """pyld's expansion without its copy of the input, and with the dropped terms kept.

    It also keeps what type-scoped contexts come to: pyld processes them anew for every typed node.
    """

    def __init__(self, resolver: _ClosedResolver) -> None:
        super().__init__(on_property_dropped=self._note_dropped)
        self._resolver = resolver
        self._type_scoped: dict[tuple[str, int], Any] = {}
        self._dropped: list[str | None] = []
        # Without a base, relative IRIs stay relative, and are reported instead of becoming
        # "http://example.org/base/...".
        self._options = {
            "base": None,
            "contextResolver": resolver,
            "isFrame": False,
            "keepFreeFloatingNodes": False,
            "processingMode": "json-ld-1.1",
        }
        # pyld's caches of processed contexts aren't made for threads. The work holds the interpreter lock
        # anyway, so that waiting here costs nothing.
        self._lock = threading.Lock()
        self._usual = Expander(ActiveContexts(self, self._options, self._lock))

    def expand_tree(self, document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str | None]]:
        """The expanded array, and the terms dropped (None for one that its context maps to nothing)."""
        dropped: list[str | None] = []
        try:
            return self._usual.expand(document, dropped.append), dropped
        except Unusual:
            with self._lock:
                self._dropped = []
                nodes, noted = self.expand_any(document), self._dropped
            # The quick way leaves every document with such members to this one.
            return nodes, [*noted, *itertools.islice(_unread(document), MAX_REPORTED_TERMS)]

    def expand_any(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expanded array by the general algorithm; the dropped terms are added to those noted."""
        expanded = self._expand(self._get_initial_context(self._options), None, document, self._options)
        if isinstance(expanded, dict) and len(expanded) == 1 and "@graph" in expanded:
            expanded = expanded["@graph"]
        return [] if expanded is None else expanded if isinstance(expanded, list) else [expanded]

    def _process_context(
        self, active_ctx: Any, local_ctx: Any, options: Any, *args: Any, propagate: bool = True, **kwargs: Any
    ) -> Any:
        if propagate or not self._resolver.keeps(local_ctx) or "_uuid" not in active_ctx:
            return super()._process_context(
                active_ctx, local_ctx, options, *args, propagate=propagate, **kwargs
            )
        key = active_ctx["_uuid"], id(local_ctx)
        processed = self._type_scoped.get(key)
        if processed is None:
            if len(self._type_scoped) >= MAX_KEPT_TYPE_SCOPED:
                del self._type_scoped[next(iter(self._type_scoped))]
            processed = self._type_scoped[key] = super()._process_context(
                active_ctx, local_ctx, options, *args, propagate=False, **kwargs
            )
        return processed

    def _note_dropped(self, term: str | None) -> None:
        if len(self._dropped) < MAX_REPORTED_TERMS:
            self._dropped.append(term)


def _unread(item: Any) -> Iterator[str]:
    """Members that look like keywords and that expansion leaves out in silence, wherever they stand."""
    if isinstance(item, Mapping):
        for key, value in item.items():
            if key[:1] == "@" and (key not in _READ or not _has_a_place(key, value, item)):
                yield key
            if key not in ("@context", "@value"):
                yield from _unread(value)
    elif isinstance(item, list):
        for each in item:
            yield from _unread(each)


def _has_a_place(key: str, value: Any, item: Mapping[str, Any]) -> bool:
    if key in ("@language", "@direction"):
        return "@value" in item
    if key in ("@set", "@list"):
        return len(item) == 1
    if key == "@graph":
        return all(isinstance(node, Mapping) and node.keys() - {"@id", "id"} for node in _as_list(value))
    return True


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rejection(error: JsonLdError) -> Rejection:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Rejection):
            return cause
        cause = cause.__cause__
    code = error.code or "syntax error"
    check = "context" if any(word in code for word in _CONTEXT_ERRORS) else "terms"
    return Rejection(check, f"It is not valid JSON-LD: {code}.", {"code": code})


def _located(document: Mapping[str, Any], terms: Mapping[str | None, None]) -> Iterator[DroppedTerm]:
    for term in [*terms][:MAX_REPORTED_TERMS]:
        if term is None:
            yield DroppedTerm("(a member that its context maps to nothing)", "")
        else:
            yield DroppedTerm(term[:200], next(_paths(document, term, ""), ""))


def _paths(item: Any, term: str, path: str) -> Iterator[str]:
    """JSON Pointers of the members called `term` and the strings equal to it."""
    if item == term:
        yield path
    elif isinstance(item, Mapping):
        for key, value in item.items():
            here = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key == term and key not in KEYWORDS:
                yield here
            if key != "@context":
                yield from _paths(value, term, here)
    elif isinstance(item, list):
        for index, value in enumerate(item):
            yield from _paths(value, term, f"{path}/{index}")
