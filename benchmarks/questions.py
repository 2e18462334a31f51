"""What buyers ask in the measurements: many distinct questions, so that little is found remembered.

One word, or two of the same language; frequent words more often, as in texts. The same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import urlencode

from benchmarks import corpus
from vocab.capabilities import concepts

#: Distinct questions of a measurement: several times what a node remembers of its answers.
COUNT = 1_000
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


def exact() -> list[str]:
    """Paths with words as they are written, one filter and three facets."""
    draw = random.Random("exact")
    return _distinct(lambda: _path(_words(draw), {"jurisdiction": _jurisdiction(draw)}, _THREE_FACETS))


def misspelt() -> list[str]:
    """The same with a typo in one of the words."""
    draw = random.Random("misspelt")
    return _distinct(
        lambda: _path(_with_typo(_words(draw), draw), {"jurisdiction": _jurisdiction(draw)}, _THREE_FACETS)
    )


def filtered() -> list[str]:
    """Paths with words, two filters and five facets."""
    draw = random.Random("filtered")
    tops = sorted(concept.id for concept in concepts() if concept.broader is None)
    return _distinct(
        lambda: _path(
            _words(draw),
            {"jurisdiction": _jurisdiction(draw), "capability": draw.choice(tops)},
            _FIVE_FACETS,
        )
    )


def _distinct(make: Callable[[], str]) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < COUNT:
        made[make()] = None
    return list(made)


def _path(words: list[str], filters: dict[str, str], facets: tuple[str, ...]) -> str:
    parameters = [("q", " ".join(words)), *filters.items(), *(("facets", facet) for facet in facets)]
    return f"/offerings?{urlencode(parameters)}"


def _jurisdiction(draw: random.Random) -> str:
    return draw.choice(_JURISDICTIONS)


def _words(draw: random.Random) -> list[str]:
    language = draw.choice(_LANGUAGES)
    together = draw.random() < 0.5
    among = _TOGETHER if together else _ALONE
    words = corpus.vocabulary(language)[:among]
    return list(
        dict.fromkeys(draw.choices(words, cum_weights=corpus.weights(language)[:among], k=1 + together))
    )


def _with_typo(words: list[str], draw: random.Random) -> list[str]:
    """One letter more or less, or two swapped, in the longest word; whatever comes out is no word."""
    longest = max(words, key=len)
    if len(longest) < _LONG_ENOUGH:
        return _with_typo(_words(draw), draw)
    at = draw.randrange(1, len(longest) - 1)
    start, letter, rest = longest[:at], longest[at], longest[at + 1 :]
    wrong = draw.choice(
        (start + rest, start + draw.choice(_LETTERS) + letter + rest, start + rest[0] + letter + rest[1:])
    )
    if wrong in {word for language in _LANGUAGES for word in corpus.vocabulary(language)}:
        return _with_typo(words, draw)
    return [wrong if word == longest else word for word in words]
