"""What a buyer may be about to type: capabilities, services and participants whose names begin with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from catalogue.engines import ReadingEngines
from catalogue.lifecycle import State
from catalogue.wording import pick, spoken
from search.concept_names import concepts_starting
from search.query import Hit, Query, Sort
from search.suggesting import marked, typed_words
from vocab import capabilities, jurisdictions
from vocab.model import Kind

#: A suggestion of this kind is a concept of the taxonomy.
CAPABILITY = "capability"
#: Kinds in the order in which they are shown.
KINDS = (CAPABILITY, Kind.OFFERING.value, Kind.PARTICIPANT.value)
DEFAULT_SIZE = 8
#: A list that is longer is no help while typing.
MAX_SIZE = 20
#: Concepts that are looked at for one that somebody offers: each costs a count.
_MOST_COUNTED = 2 * MAX_SIZE

_LISTED = (State.LISTED.value,)
_Suggestion = dict[str, Any]


class Suggestions:
    """Suggestions from what is listed; a capability is suggested when some listed service has it."""

    def __init__(self, engines: ReadingEngines) -> None:
        self._engines = engines

    def of(self, text: str, kinds: Sequence[str], size: int, languages: Sequence[str]) -> list[_Suggestion]:
        """At most `size` suggestions of these kinds, kind by kind. A typo is forgiven when nothing else fits.

        Each is `{"kind", "id", "text", "detail", "highlighted", "count"}`. QueryInvalid, IndexUnavailable.
        """
        for forgiving in (False, True):
            found = [list(self._of_kind(kind, text, size, languages, forgiving)) for kind in kinds]
            if any(found):
                return _shared_out(found, size)
        return []

    def _of_kind(
        self, kind: str, text: str, size: int, languages: Sequence[str], forgiving: bool
    ) -> Iterable[_Suggestion]:
        if kind == CAPABILITY:
            return self._capabilities(text, size, spoken(languages), forgiving)
        query = Query(kind=kind, text=text, filters={"state": _LISTED}, sort=Sort.NAME, size=size)
        hits = self._engines.suggest(query, forgiving=forgiving)
        return [_record(kind, hit, text, languages, forgiving) for hit in hits]

    def _capabilities(self, text: str, size: int, language: str, forgiving: bool) -> Iterable[_Suggestion]:
        found: list[_Suggestion] = []
        for named in concepts_starting(text, language, forgiving=forgiving)[:_MOST_COUNTED]:
            if len(found) == size:
                break
            count = self._offered(named.id)
            if count:
                concept = capabilities.concept(named.id)
                above = capabilities.concept(concept.broader).label(language) if concept.broader else None
                found.append(
                    {
                        "kind": CAPABILITY,
                        "id": named.id,
                        "text": concept.label(language),
                        "detail": above,
                        "highlighted": _highlighted([concept.label(language), named.name], text, forgiving),
                        "count": count,
                    }
                )
        return found

    def _offered(self, concept: str) -> int:
        filters = {"capability": (concept,), "state": _LISTED}
        return self._engines.search(Query(filters=filters, sort=Sort.NAME, size=1)).total


def _record(kind: str, hit: Hit, text: str, languages: Sequence[str], forgiving: bool) -> _Suggestion:
    names = _texts(hit.item["names"])
    shown = pick(names, languages)
    return {
        "kind": kind,
        "id": hit.id,
        "text": shown,
        "detail": _provider(hit.item) if kind == Kind.OFFERING.value else _places(hit.item, languages),
        "highlighted": _highlighted([shown, *names.values()], text, forgiving),
        "count": None,
    }


def _highlighted(texts: Sequence[str], typed: str, forgiving: bool) -> str:
    """The first text in which something of what was typed is found, with that marked; else just the first."""
    forms = (marked(text, typed_words(typed), forgiving=forgiving) for text in texts)
    return next((form for form in forms if "<mark>" in form), marked(texts[0], (), forgiving=False))


def _provider(item: Mapping[str, object]) -> str | None:
    provider = item["provider"]
    return str(provider["name"]) or None if isinstance(provider, Mapping) else None


def _places(item: Mapping[str, object], languages: Sequence[str]) -> str | None:
    codes = item["jurisdictions"]
    names = (
        [jurisdictions.name(str(code), spoken(languages)) for code in codes]
        if isinstance(codes, list)
        else []
    )
    return ", ".join(names) or None


def _texts(value: object) -> Mapping[str, str]:
    return value if isinstance(value, Mapping) else {}


def _shared_out(found: Sequence[Sequence[_Suggestion]], size: int) -> list[_Suggestion]:
    """The best of every kind in turn until `size` are there, then put back kind by kind."""
    in_turn = [one for one in chain.from_iterable(zip_longest(*found)) if one is not None][:size]
    return [one for kind in KINDS for one in in_turn if one["kind"] == kind]
