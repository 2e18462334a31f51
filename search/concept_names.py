"""Completing the names of capabilities: those of the taxonomy that begin with what somebody types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from search.suggesting import begins_with, typed_words
from search.text import words
from vocab.capabilities import concepts
from vocab.languages import LANGUAGES

#: Beginnings of which the concepts are remembered: what everybody types on the way to a word.
_CACHE = 5_000


@dataclass(frozen=True, slots=True)
class NamedConcept:
    """A concept, and the name by which it was found."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class _Name:
    concept: str
    text: str
    language: str
    words: tuple[str, ...]
    is_label: bool


@lru_cache(maxsize=_CACHE)
def concepts_starting(text: str, language: str, *, forgiving: bool) -> tuple[NamedConcept, ...]:
    """The concepts with a name in any language that has a word for each word typed, beginning with it.

    First those of which the name begins with the text, labels before synonyms, and names in the reader's
    `language` before others.
    """
    typed = typed_words(text)
    if not typed:
        return ()
    found = [
        name
        for name in _names()
        if all(any(begins_with(word, start, forgiving=forgiving) for word in name.words) for start in typed)
    ]
    found.sort(
        key=lambda name: (
            not begins_with(name.words[0], typed[0], forgiving=forgiving),
            not name.is_label,
            name.language != language,
            len(name.text),
            name.text,
        )
    )
    best: dict[str, NamedConcept] = {}
    for name in found:
        best.setdefault(name.concept, NamedConcept(name.concept, name.text))
    return tuple(best.values())


@lru_cache(maxsize=1)
def _names() -> tuple[_Name, ...]:
    return tuple(
        _Name(concept.id, text, language, tuple(words(text)), place == 0)
        for concept in concepts()
        for language in LANGUAGES
        for place, text in enumerate((concept.labels[language], *concept.synonyms[language]))
    )
