"""The concepts of the taxonomy that a question names, in any language and any order of words.

A name is met when all of its words are among the question's, by their stems and with compounds taken apart:
`collaborative office suite`, `Suite zur Zusammenarbeit im Office`. A name that is only a part of another one
that is met (`storage` in `object storage`) isn't meant. What is met says what should come first, never what
is a hit: that is for the words to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search.common_words import STOP_WORDS
from search.compounds import parts
from search.text import LANGUAGES, similar, stems, words
from vocab.capabilities import concepts

#: Questions of which the meaning is remembered.
_CACHE = 2_000
#: Words of the taxonomy that one mistyped word may stand for; the nearest come first.
_MOST_GUESSES = 3

_Units = frozenset[str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """Ids of the concepts that are named, and of those named if some words are mistyped."""

    concepts: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of all concepts in one language, by the units they are made of."""

    concepts: Mapping[_Units, tuple[str, ...]]
    by_unit: Mapping[str, tuple[_Units, ...]]


@lru_cache(maxsize=_CACHE)
def meaning_of(asked: tuple[tuple[str, int], ...]) -> Meaning:
    """What a question means of which these are the folded words, each with the typos to forgive in it."""
    plain = [word for word, _ in asked]
    certain = _met([[word] for word in plain])
    guesses = [[word, *_guesses(word, typos)] for word, typos in asked]
    supposed = _met(guesses) if any(len(guess) > 1 for guess in guesses) else ()
    return Meaning(certain, tuple(concept for concept in supposed if concept not in certain))


@lru_cache(maxsize=1)
def names_alike() -> frozenset[str]:
    """The folded words that are by themselves names of a concept, and one typo away from those of others."""
    meant: dict[str, set[str]] = {}
    for concept in concepts():
        for name in concept.terms():
            found = words(name)
            if len(found) == 1:
                meant.setdefault(found[0], set()).add(concept.id)
    names = list(meant)
    return frozenset(
        name
        for name, ids in meant.items()
        if any(ids.isdisjoint(meant[names[place]]) for place in similar(name, names, 1))
    )


def _met(readings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The concepts of the names that are met by words, of each of which there are several readings."""
    met: dict[str, frozenset[int]] = {}
    for language in LANGUAGES:
        names = _names(language)
        places: dict[str, int] = {}
        for place, reading in enumerate(readings):
            for word in reading:
                for unit in _units(word, language):
                    places.setdefault(unit, place)
        for units in dict.fromkeys(name for unit in places for name in names.by_unit.get(unit, ())):
            if units <= places.keys():
                where = frozenset(places[unit] for unit in units)
                for concept in names.concepts[units]:
                    met[concept] = max(met.get(concept, where), where, key=len)
    return tuple(
        concept for concept, where in met.items() if not any(where < other for other in met.values())
    )


def _guesses(word: str, typos: int) -> list[str]:
    """The taxonomy's words that `word` may be a slip of; none if it is one of them."""
    if not typos or any(
        unit in _names(language).by_unit for language in LANGUAGES for unit in _units(word, language)
    ):
        return []
    known = _known_words()
    return [known[place] for place in similar(word, known, typos)[:_MOST_GUESSES]]


@lru_cache(maxsize=len(LANGUAGES))
def _names(language: str) -> _Names:
    found: dict[_Units, dict[str, None]] = {}
    by_unit: dict[str, dict[_Units, None]] = {}
    for concept in concepts():
        for name in (concept.labels[language], *concept.synonyms[language]):
            units = frozenset(unit for word in _telling(name) for unit in _units(word, language))
            found.setdefault(units, {})[concept.id] = None
            for unit in units:
                by_unit.setdefault(unit, {})[units] = None
    return _Names(
        {units: tuple(ids) for units, ids in found.items()},
        {unit: tuple(names) for unit, names in by_unit.items()},
    )


@lru_cache(maxsize=1)
def _known_words() -> tuple[str, ...]:
    names = (name for concept in concepts() for name in concept.terms())
    return tuple(dict.fromkeys(word for name in names for word in _telling(name)))


def _telling(name: str) -> list[str]:
    found = words(name)
    return [word for word in found if word not in STOP_WORDS] or found


def _units(word: str, language: str) -> Iterable[str]:
    return (stems(part, language)[0] for part in parts(word) or (word,))
