"""Active contexts made ready for the walk of `credentials.expansion` (JSON-LD 1.1 API section 4.1).

pyld processes every context and says what every key comes to; what it said is kept, so that a published
context costs its thousand definitions once, and a document only the keys it uses. What pyld does with a term
that isn't of the common kinds is left to pyld: such a term is `Kind.UNUSUAL`.
"""

from __future__ import annotations

import enum
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pyld.jsonld import KEYWORDS, JsonLdError, JsonLdProcessor, _is_absolute_iri

#: Contexts made from published ones only, scoped ones included. A credential needs two to ten, of up to
#: 50 kB each; there are some hundred combinations in all.
MAX_KEPT_PUBLISHED = 160
#: Contexts that some document's own definitions had a part in: anybody can bring new ones.
MAX_KEPT_INLINE = 32
#: Keys kept for one context; published documents use fewer than a hundred. Beyond that, all are forgotten.
MAX_KEPT_TERMS = 512
#: Longer keys are looked up each time: no published term has half that length.
MAX_KEPT_KEY_LENGTH = 200

#: What pyld raises for contexts that are wrong, and ways in which it fails on some that are odd.
PYLD_FAILURES = (
    JsonLdError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    RecursionError,
)

#: Containers that change nothing (`@set`) or only how the values are wrapped. The others make maps.
_HANDLED_CONTAINERS = frozenset({"@set", "@list", "@graph"})


class Unusual(Exception):
    """The document needs something that only pyld does here; nothing is said about whether it is right."""


class Kind(enum.IntEnum):
    """What a key of a JSON object is to the walk."""

    PROPERTY = 0
    DROPPED = 1
    CONTEXT = 2
    ID = 3
    TYPE = 4
    VALUE = 5
    LANGUAGE = 6
    UNUSUAL = 7


_KEYWORD_KINDS = {
    "@context": Kind.CONTEXT,
    "@id": Kind.ID,
    "@type": Kind.TYPE,
    "@value": Kind.VALUE,
    "@language": Kind.LANGUAGE,
}


class Term:
    """What an active context makes of one key.

    `expanded` is the key expanded, None where it is mapped to nothing, and `iri` the same as text. `scalar`
    expands a string, number or boolean. `scoped` is the property-scoped context as the definition has it,
    False for null. `simple` means that values need nothing but `scalar` and the walk of objects.
    """

    __slots__ = ("expanded", "iri", "is_graph", "is_json", "is_list", "kind", "scalar", "scoped", "simple")

    def __init__(
        self,
        kind: Kind,
        expanded: str | None,
        definition: Mapping[str, Any],
        scalar: Callable[[Any], dict[str, Any]],
    ) -> None:
        containers = definition.get("@container", ())
        self.kind = kind
        self.expanded = expanded
        self.iri = expanded or ""
        self.scalar = scalar
        self.scoped = definition.get("@context")
        self.is_json = definition.get("@type") == "@json"
        self.is_list = "@list" in containers
        self.is_graph = "@graph" in containers
        self.simple = self.scoped is None and not (self.is_json or self.is_list or self.is_graph)


class ActiveContexts:
    """Makes active contexts by pyld and keeps them, up to the bounds above. Safe to share between threads.

    `lock` is held whenever `processor` works on contexts: pyld's caches aren't made for threads.
    """

    def __init__(self, processor: JsonLdProcessor, options: dict[str, Any], lock: threading.Lock) -> None:
        self._processor = processor
        self._options = options
        self._lock = lock
        self._published = _Kept(MAX_KEPT_PUBLISHED)
        self._inline = _Kept(MAX_KEPT_INLINE)
        self.initial = ActiveContext(self, processor._get_initial_context(options), ())

    def follow(
        self,
        origin: ActiveContext,
        table: dict[Any, ActiveContext],
        key: Any,
        context: Any,
        *,
        inline: bool = False,
        **flags: bool,
    ) -> ActiveContext:
        """The context after `context` was processed in `origin`, kept in `table` under `key`.

        `flags` are those of pyld. Raises `Unusual` where pyld finds fault with it.
        """
        with self._lock:
            try:
                processed = self._processor._process_context(origin.pyld, context, self._options, **flags)
            except PYLD_FAILURES as error:
                raise Unusual from error
            near = origin, origin.previous
            active = ActiveContext(self, processed, near, context, inline=inline or origin.inline)
            (self._inline if active.inline else self._published).keep(table, key, active)
            return active

    def expand_iri(self, active: Any, text: str, *, vocab: bool) -> str | None:
        """`text` expanded as a term (`vocab`) or an identifier. Relative IRIs stay relative."""
        try:
            expanded: str | None = self._processor._expand_iri(active, text, vocab=vocab)
        except PYLD_FAILURES as error:
            raise Unusual from error
        return expanded


class ActiveContext:
    """One of pyld's processed contexts with what was asked of it so far.

    `terms` has a `Term` for every key there is, made when first asked for. `previous` is the context that
    comes back on entering another node, where this one holds for the node's own members only.
    """

    __slots__ = (
        "_contexts",
        "_entered",
        "_local",
        "_made_from",
        "_mappings",
        "_prefixes",
        "_typed",
        "inline",
        "previous",
        "pyld",
        "terms",
    )

    def __init__(
        self,
        contexts: ActiveContexts,
        pyld: Any,
        near: tuple[ActiveContext | None, ...],
        made_from: Any = None,
        *,
        inline: bool = False,
    ) -> None:
        self._contexts = contexts
        # Scoped contexts are told apart by id, so whatever is kept under one must hold the object.
        self._made_from = made_from
        self.pyld = pyld
        self.inline = inline
        self.previous = self._found(pyld.get("previousContext"), near)
        self.terms = _Terms(self)
        self._mappings: dict[str, dict[str, Any]] = pyld["mappings"]
        self._prefixes = self._usable_prefixes()
        self._local: dict[Any, ActiveContext] = {}
        self._entered: dict[Any, ActiveContext] = {}
        self._typed: dict[Any, ActiveContext] = {}

    def local(self, context: Any) -> ActiveContext:
        """The context after a node's own `@context`."""
        inline = False
        if isinstance(context, str):
            key: Any = context
        elif isinstance(context, list) and all(isinstance(item, str) for item in context):
            key = tuple(context)
        else:
            # A one-element tuple, since text alone is the key of a URL. What is kept shares nothing with
            # the document that brought it.
            key = (None, json.dumps(context))
            context = json.loads(key[1])
            inline = True
        return self._local.get(key) or self._contexts.follow(self, self._local, key, context, inline=inline)

    def entered(self, scoped: Any) -> ActiveContext:
        """The context after one that the definition of a property brings."""
        key = scoped if isinstance(scoped, str) else id(scoped)
        return self._entered.get(key) or self._contexts.follow(
            self, self._entered, key, scoped, override_protected=True
        )

    def typed(self, scoped: Any) -> ActiveContext:
        """The context after one that the definition of a type brings: for this node only."""
        key = scoped if isinstance(scoped, str) else id(scoped)
        return self._typed.get(key) or self._contexts.follow(self, self._typed, key, scoped, propagate=False)

    def scoped_by_type(self, type_: str) -> Any:
        """The type-scoped context of a type as it is written, None where it has none."""
        definition = self._mappings.get(type_)
        scoped = None if definition is None else definition.get("@context")
        return None if scoped is False else scoped

    def expand_id(self, text: str) -> str | None:
        """An identifier: compact IRIs are resolved, everything else stays."""
        if text[:1] == "@":
            return self._contexts.expand_iri(self.pyld, text, vocab=False)
        prefix, colon, suffix = text.partition(":")
        if colon and prefix in self._prefixes and suffix[:2] != "//":
            return self._prefixes[prefix] + suffix
        return text

    def compiled(self, key: str) -> Term:
        """What `key` is in this context."""
        iri = self._contexts.expand_iri(self.pyld, key, vocab=True)
        definition = self._mappings.get(key) or {}
        return Term(self._kind(iri, definition), iri, definition, self._scalar(definition))

    def _kind(self, iri: str | None, definition: Mapping[str, Any]) -> Kind:
        if iri is None:
            return Kind.DROPPED
        if iri in KEYWORDS:
            return _KEYWORD_KINDS.get(iri, Kind.UNUSUAL)
        if not is_iri(iri):
            return Kind.DROPPED
        if definition.get("reverse") or not _HANDLED_CONTAINERS.issuperset(definition.get("@container", ())):
            return Kind.UNUSUAL
        return Kind.PROPERTY

    def _scalar(self, definition: Mapping[str, Any]) -> Callable[[Any], dict[str, Any]]:
        """Value expansion (section 5.3) for one term."""
        type_ = definition.get("@type")
        if type_ == "@id":
            return self._identifier
        if type_ == "@vocab":
            return self._word
        if type_ is not None and type_ != "@none":
            return lambda value: {"@type": type_, "@value": value}
        tags = {
            name: definition.get(name, self.pyld.get(name))
            for name in ("@language", "@direction")
            if definition.get(name, self.pyld.get(name)) is not None
        }
        if not tags:
            return _plain
        return lambda value: {**tags, "@value": value} if isinstance(value, str) else {"@value": value}

    def _identifier(self, value: Any) -> dict[str, Any]:
        return {"@id": self.expand_id(value)} if isinstance(value, str) else {"@value": value}

    def _word(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, str):
            return {"@value": value}
        return {"@id": self._contexts.expand_iri(self.pyld, value, vocab=True)}

    def _usable_prefixes(self) -> dict[str, str]:
        prefixes = {
            term: definition["@id"] for term, definition in self._mappings.items() if definition["_prefix"]
        }
        if None in prefixes.values():
            # A prefix for nothing: pyld fails only when it is used.
            raise Unusual
        prefixes.pop("_", None)
        return prefixes

    def _found(self, pyld: Any, near: tuple[ActiveContext | None, ...]) -> ActiveContext | None:
        """The context made of `pyld`, most often one of those `near`."""
        if pyld is None:
            return None
        for active in near:
            if active is not None and active.pyld is pyld:
                return active
        return ActiveContext(self._contexts, pyld, near, inline=self.inline)


class _Terms(dict[str, Term]):
    """The terms of a context by key, each made on first use."""

    __slots__ = ("_context",)

    def __init__(self, context: ActiveContext) -> None:
        super().__init__()
        self._context = context

    def __missing__(self, key: str) -> Term:
        term = self._context.compiled(key)
        if len(key) <= MAX_KEPT_KEY_LENGTH:
            if len(self) >= MAX_KEPT_TERMS:
                self.clear()
            self[key] = term
        return term


class _Kept:
    """Bounds the contexts in many tables together: the oldest goes first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: deque[tuple[dict[Any, ActiveContext], Any]] = deque()

    def keep(self, table: dict[Any, ActiveContext], key: Any, active: ActiveContext) -> None:
        if key not in table:
            if len(self._entries) >= self._limit:
                oldest, oldest_key = self._entries.popleft()
                oldest.pop(oldest_key, None)
            self._entries.append((table, key))
        table[key] = active


def is_iri(text: str) -> bool:
    """Whether `text` looks to pyld like an absolute IRI or a blank node."""
    return _is_absolute_iri(text) is not None


def _plain(value: Any) -> dict[str, Any]:
    return {"@value": value}
