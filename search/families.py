"""Families of words: derivations of one word, and the words for the same in other languages.

`hébergeur` is meant by `hébergement` and by `hosting`, though no stem says so; a service that is described in
French only is found by `Gesundheitsdaten`. Capabilities have their names in the taxonomy; these are the other
words that buyers use. What is indexed and what is asked gets the family's sign beside its own stems, so that
a word itself, which is rarer, still counts for more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vocab.data import load

#: Before the name of a family; no word has it.
_SIGN = "~"


def family_words() -> Iterator[tuple[str, str, str]]:
    """`(sign, language, word)` for every word of every family."""
    for name, by_language in load("word-families.json")["families"].items():
        for language, words in by_language.items():
            yield from ((_SIGN + name, language, word) for word in words)


def without_signs(stems: Iterable[str]) -> Iterator[str]:
    """Only the stems: a family's sign is the beginning of no word."""
    return (stem for stem in stems if not stem.startswith(_SIGN))
