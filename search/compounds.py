"""Words made of words: German compounds, and a name with its number (`iso27001`).

A compound is split only when all of it is words that are known: those of `data/german-words.json` and of the
German taxonomy. What is indexed and what is asked is split alike, so that `Bürosoftware`, `Büro-Software` and
`Software fürs Büro` find each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from vocab.capabilities import concepts
from vocab.data import load
from vocab.folding import fold

#: Letters of a word from which it may be a compound: two short words and nothing between them.
_LEAST_COMPOUND = 7
#: Letters of a part; shorter ones are found in everything.
_LEAST_PART = 3
#: Words of which the parts are remembered: a catalogue's working vocabulary.
_CACHE = 30_000
# What German puts between the parts, or at the end for number and case.
_JOINTS = ("", "s", "n", "e", "en", "es", "er", "ern")
# The umlauts as they are spelt where the keyboard has none.
_SPELT_UMLAUT = re.compile("(?<![aeq])([aou])e")
_NUMBERED = re.compile(r"([^\W\d_]{2,})(\d{3,})")


@lru_cache(maxsize=_CACHE)
def parts(word: str) -> tuple[str, ...]:
    """The words of which a folded `word` is made, none if it is one word.

    Fewest and then longest parts win; endings and what joins the parts are left out.
    """
    numbered = _NUMBERED.fullmatch(word)
    if numbered:
        return numbered.groups()
    if len(word) < _LEAST_COMPOUND or not word.isalpha():
        return ()
    found = _split(_plain(word), _simple_words())
    return found if len(found) > 1 else ()


def _plain(word: str) -> str:
    return _SPELT_UMLAUT.sub(r"\1", word)


def _split(word: str, known: dict[str, str]) -> tuple[str, ...]:
    """The parts of `word`, by the table from plain to written words; () if something is left over."""
    # best[i]: the parts of the first i letters, every one with its joint.
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for start in range(len(word) - _LEAST_PART + 1):
        before = best[start]
        if before is None:
            continue
        for end in range(len(word), start + _LEAST_PART - 1, -1):
            written = known.get(word[start:end])
            if written is None:
                continue
            for joint in _JOINTS:
                stop = end + len(joint)
                if word.startswith(joint, end) and _is_better((*before, written), best[stop]):
                    best[stop] = (*before, written)
    return best[len(word)] or ()


def _is_better(one: tuple[str, ...], other: tuple[str, ...] | None) -> bool:
    if other is None or len(one) != len(other):
        return other is None or len(one) < len(other)
    return [len(part) for part in one] > [len(part) for part in other]


@lru_cache(maxsize=1)
def _simple_words() -> dict[str, str]:
    """Simple words as they are written, by their plain spelling.

    Of the taxonomy's German words those are taken that are not themselves made of simple ones.
    """
    known = {_plain(word): word for word in load("german-words.json")["words"]}
    for word in sorted(_taxonomy_words(), key=len):
        if not _split(_plain(word), known):
            known[_plain(word)] = word
    return known


def _taxonomy_words() -> Iterable[str]:
    for concept in concepts():
        for name in (concept.labels["de"], *concept.synonyms["de"]):
            yield from (word for word in re.findall(r"[^\W\d_]{4,}", fold(name)))
