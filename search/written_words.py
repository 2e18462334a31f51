"""Words as texts write them, remembered by what they are found by.

A catalogue's texts are shown again and again and share their words. Each text is taken apart once; which of
its words a question finds is then looked up, and not worked out for every page.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Set
from functools import lru_cache
from itertools import chain

from search.text import LANGUAGES, MAX_WORD, fold, parts_of, primary_subtag, similar, stems

#: Words of one language that are remembered, and texts that were taken apart: a catalogue's working
#: vocabulary, some megabytes. With more of either, all is forgotten and begun anew.
_MOST_WORDS = 20_000
_MOST_TEXTS = 50_000
_REST = r"[^\W_]*(?:[\u0300-\u036f]+[^\W_]*)*"
_ANY_WORD = re.compile(rf"[^\W_]{_REST}")


class WrittenWords:
    """The words of the texts of one language; threads may share it."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._mutex = threading.Lock()
        self._folded: dict[str, str] = {}
        self._by_stem: dict[str, tuple[str, ...]] = {}
        # Hashes: two of 64 bits are the same once in a life, and then a mark is missing.
        self._read: set[int] = set()

    def found(self, texts: Iterable[str], wanted: Set[str]) -> set[str]:
        """The words with one of these stems: all that the texts have, and maybe some of other texts."""
        for text in texts:
            name = hash(text)
            if name not in self._read:
                with self._mutex:
                    self._learn(_ANY_WORD.findall(text))
                # Last, so that no other thread takes it for read before it is.
                self._read.add(name)
        return set(chain.from_iterable(self._by_stem.get(stem, ()) for stem in wanted))

    def similar(self, texts: Iterable[str], asked: Iterable[tuple[str, int]]) -> set[str]:
        """The words of the texts that few enough typos part from one of the folded words asked for."""
        written = list(set(_ANY_WORD.findall("\n".join(texts))))
        folded = [self._folded.get(word) or fold(word)[:MAX_WORD] for word in written]
        return {written[place] for word, typos in asked for place in similar(word, folded, typos)}

    def is_full(self) -> bool:
        """Whether it has come to its bound."""
        return len(self._folded) > _MOST_WORDS or len(self._read) > _MOST_TEXTS

    def _learn(self, written: Iterable[str]) -> None:
        for word in written:
            if word not in self._folded:
                plain = fold(word)[:MAX_WORD]
                # A compound is found by its parts too.
                found_by = {
                    stem
                    for one in (plain, *parts_of(plain, self._language))
                    for stem in stems(one, self._language)
                }
                for stem in found_by:
                    self._by_stem[stem] = (*self._by_stem.get(stem, ()), word)
                self._folded[word] = word if word == plain else plain


def written_words(language: str) -> WrittenWords:
    """Those of a language, by its tag: of all without a stemmer here together, as they are found alike."""
    subtag = primary_subtag(language)
    return _of(subtag if subtag in LANGUAGES else "")


def _of(language: str) -> WrittenWords:
    words = _remembered(language)
    if words.is_full():
        _remembered.cache_clear()
        words = _remembered(language)
    return words


@lru_cache(maxsize=len(LANGUAGES) + 1)
def _remembered(language: str) -> WrittenWords:
    return WrittenWords(language)
