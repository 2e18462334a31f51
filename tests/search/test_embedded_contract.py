"""The embedded engine keeps the contract."""

from __future__ import annotations

import pytest
from search_contract import (
    ChangesContract,
    EngineContract,
    FiltersContract,
    OracleContract,
    SuggestionsContract,
    TextContract,
)

from search.embedded import EmbeddedEngine


class Embedded(EngineContract):
    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedEngine:
        return EmbeddedEngine(tmp_path_factory.mktemp("index"), writable=True)


class TestChanges(Embedded, ChangesContract):
    pass


class TestText(Embedded, TextContract):
    pass


class TestSuggestions(Embedded, SuggestionsContract):
    pass


class TestFilters(Embedded, FiltersContract):
    pass


class TestWalks(Embedded, OracleContract):
    pass
