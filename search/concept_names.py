"""Completing the names of capabilities: those of the taxonomy that begin with what somebody types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from search.plan import typos_in
from search.suggesting import typed_words
from search.text import similar, words
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
    fitting = [_words_starting(start, forgiving=forgiving) for start in typed]
    found = [name for name in _names() if all(not words.isdisjoint(name.words) for words in fitting)]
    found.sort(
        key=lambda name: (
            name.words[0] not in fitting[0],
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


def _words_starting(typed: str, *, forgiving: bool) -> frozenset[str]:
    """The words of the taxonomy's names that begin with what was typed, give or take a typo if forgiven."""
    known = _known_words()
    exact = frozenset(word for word in known if word.startswith(typed))
    if not forgiving or not typos_in(typed):
        return exact
    ends = range(len(typed) - 1, len(typed) + 2)
    beginnings = list({word[:end] for word in known for end in ends})
    near = {beginnings[place] for place in similar(typed, beginnings, 1)}
    return exact | {word for word in known if any(word[:end] in near for end in ends)}


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    return frozenset(word for name in _names() for word in name.words)


@lru_cache(maxsize=1)
def _names() -> tuple[_Name, ...]:
    return tuple(
        _Name(concept.id, text, language, tuple(words(text)), place == 0)
        for concept in concepts()
        for language in LANGUAGES
        for place, text in enumerate((concept.labels[language], *concept.synonyms[language]))
    )
