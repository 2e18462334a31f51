"""The JSON-LD contexts this project knows, generated from tables of facts (docs: how the tables work).

A context is known under every URL that `index.tsv` lists and is never fetched. What is generated has the same
*active context* as the published document (JSON-LD 1.1 API, section 4.1), not the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from vocab.contexts.tables import Binding, ContextTable, read_index

__all__ = ["CONTEXTS", "UnknownContext", "context_document", "known_contexts"]

_FOLDER = Path(__file__).parent


class UnknownContext(LookupError):
    """No table serves `url`; an operator has to add the context (contexts are never fetched)."""

    def __init__(self, url: str) -> None:
        super().__init__(f"no context is known under {url}")
        self.url = url


CONTEXTS: Mapping[str, Binding] = MappingProxyType(read_index(_FOLDER / "index.tsv"))
"""What serves each URL, in the order of the index. The tables themselves are read when first asked for."""


def known_contexts() -> tuple[str, ...]:
    """Every URL that `context_document` answers for, in the order of the index."""
    return tuple(CONTEXTS)


def context_document(url: str) -> Mapping[str, object]:
    """The document `{"@context": ...}` for `url`, exactly as spelled in the index.

    It is generated once per process and then shared: treat it as read-only (give a processor that may
    change what it is handed a copy). Raises `UnknownContext`.
    """
    binding = CONTEXTS.get(url)
    if binding is None:
        raise UnknownContext(url)
    return _document(binding)


@cache
def _document(binding: Binding) -> Mapping[str, object]:
    # Keyed by the binding, not by the URL: the spellings of one context share one document.
    table = ContextTable.read(_FOLDER / f"{binding.table}.tsv", shared=_shared())
    return {"@context": table.context(binding.prefixes())}


@cache
def _shared() -> ContextTable:
    return ContextTable.read(_FOLDER / "shared.tsv")
