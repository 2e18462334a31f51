"""What buyers ask in the measurements: many distinct questions, so that little is found remembered.

One word, or two of the same language; frequent words more often, as in texts. The same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks import corpus
from search.query import Query
from vocab.capabilities import concepts

#: Distinct questions of a measurement: twice as many as a worker remembers the facets of.
COUNT = 400
#: Words of a language, the most frequent first, of which one is asked for alone, and of which two together:
#: so many that 5,000 offerings hold a page of hits for nearly every question.
_ALONE = 200
_TOGETHER = 32
#: Letters of a word that gets a typo; in much shorter ones none is forgiven.
_LONG_ENOUGH = 5
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LANGUAGES = ("en", "fr", "de")
_JURISDICTIONS = ("DE", "FR", "IT", "NL", "ES", "EU")
_THREE_FACETS = ("capability", "jurisdiction", "provider")
_FIVE_FACETS = (*_THREE_FACETS, "identity", "label")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question for offerings; `filters` are pairs of a field and its value."""

    text: str
    filters: tuple[tuple[str, str], ...]
    facets: tuple[str, ...]

    @property
    def path(self) -> str:
        """As the API takes it."""
        parameters = [("q", self.text), *self.filters, *(("facets", facet) for facet in self.facets)]
        return f"/offerings?{urlencode(parameters)}"

    @property
    def query(self) -> Query:
        """What the API makes of it: only what is listed is looked for."""
        filters = {"state": ("listed",)} | {name: (value,) for name, value in self.filters}
        return Query(text=self.text, filters=filters, facets=self.facets)


def exact() -> list[Asked]:
    """Words as they are written, one filter and three facets."""
    draw = random.Random("exact")
    return _distinct(lambda: Asked(_words(draw), (_jurisdiction(draw),), _THREE_FACETS))


def misspelt() -> list[Asked]:
    """The same with a typo in one of the words."""
    draw = random.Random("misspelt")
    return _distinct(lambda: Asked(_with_typo(_words(draw), draw), (_jurisdiction(draw),), _THREE_FACETS))


def filtered() -> list[Asked]:
    """Words as they are written, two filters and five facets."""
    draw = random.Random("filtered")
    tops = sorted(concept.id for concept in concepts() if concept.broader is None)
    return _distinct(
        lambda: Asked(_words(draw), (_jurisdiction(draw), ("capability", draw.choice(tops))), _FIVE_FACETS)
    )


def _distinct(make: Callable[[], Asked]) -> list[Asked]:
    made: dict[Asked, None] = {}
    while len(made) < COUNT:
        made[make()] = None
    return list(made)


def _jurisdiction(draw: random.Random) -> tuple[str, str]:
    return "jurisdiction", draw.choice(_JURISDICTIONS)


def _words(draw: random.Random) -> str:
    language = draw.choice(_LANGUAGES)
    together = draw.random() < 0.5
    among = _TOGETHER if together else _ALONE
    words = corpus.vocabulary(language)[:among]
    drawn = draw.choices(words, cum_weights=corpus.weights(language)[:among], k=1 + together)
    return " ".join(dict.fromkeys(drawn))


def _with_typo(text: str, draw: random.Random) -> str:
    """One letter more or less, or two swapped, in the longest word; whatever comes out is no word."""
    words = text.split()
    longest = max(words, key=len)
    if len(longest) < _LONG_ENOUGH:
        return _with_typo(_words(draw), draw)
    at = draw.randrange(1, len(longest) - 1)
    start, letter, rest = longest[:at], longest[at], longest[at + 1 :]
    wrong = start + draw.choice((rest, draw.choice(_LETTERS) + letter + rest, rest[0] + letter + rest[1:]))
    if wrong in {word for language in _LANGUAGES for word in corpus.vocabulary(language)}:
        return _with_typo(text, draw)
    return " ".join(wrong if word == longest else word for word in words)
