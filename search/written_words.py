"""Words as texts write them, remembered by what they are found by.

A catalogue's texts are shown again and again and share their words. Each text is taken apart once; which of
its words a question finds is then looked up, and not worked out for every page.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from itertools import chain

from search.text import LANGUAGES, MAX_WORD, fold, parts_of, primary_subtag, similar, stems

#: Of one language, words that are remembered, texts that were taken apart, and distinct words of each added
#: up: a catalogue's working vocabulary, some megabytes. With more of any, all is forgotten and begun anew.
_MOST_WORDS = 20_000
_MOST_TEXTS = 50_000
_MOST_PLACES = 500_000
_REST = r"[^\W_]*(?:[\u0300-\u036f]+[^\W_]*)*"
_ANY_WORD = re.compile(rf"[^\W_]{_REST}")


class WrittenWords:
    """The words of the texts of one language; threads may share it."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._mutex = threading.Lock()
        self._folded: dict[str, str] = {}
        self._by_stem: dict[str, tuple[str, ...]] = {}
        # By hash: two of 64 bits are the same once in a life, and then a mark is missing.
        self._texts: dict[int, tuple[str, ...]] = {}
        self._places = 0

    def found(
        self, texts: Iterable[str], wanted: Set[str], typos: Sequence[tuple[str, int]] = ()
    ) -> set[str]:
        """The words with one of these stems: all that the texts have, and maybe some of other texts.

        With those of the texts that few enough `typos` part from a folded word asked for.
        """
        apart = [self._texts.get(hash(text)) or self._learnt(text) for text in texts]
        found = set(chain.from_iterable(self._by_stem.get(stem, ()) for stem in wanted))
        if typos:
            written = list(set().union(*apart))
            folded = [self._folded[word] for word in written]
            found.update(written[place] for word, most in typos for place in similar(word, folded, most))
        return found

    def is_full(self) -> bool:
        """Whether it has come to its bound."""
        return (
            len(self._folded) > _MOST_WORDS or len(self._texts) > _MOST_TEXTS or self._places > _MOST_PLACES
        )

    def _learnt(self, text: str) -> tuple[str, ...]:
        written = tuple(dict.fromkeys(_ANY_WORD.findall(text)))
        with self._mutex:
            for word in written:
                if word not in self._folded:
                    self._learn(word)
            self._places += len(written)
        # Last, so that no other thread takes it for read before it is.
        self._texts[hash(text)] = written
        return written

    def _learn(self, word: str) -> None:
        plain = fold(word)[:MAX_WORD]
        # A compound is found by its parts too.
        for stem in {
            stem for one in (plain, *parts_of(plain, self._language)) for stem in stems(one, self._language)
        }:
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
