"""Text analysis before any engine, the same for what is indexed and what is asked.

Accents, ß and case are folded first, then words are stemmed, so that what is typed without accents has the
same stem. A text of a language without a stemmer here, or of an unknown one, gets the stems of all three,
and so does every question: whoever asks doesn't say in which language.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.common_words import STOP_WORDS, WEAK_WORDS
from search.compounds import parts
from search.families import family_words

#: Languages with a stemmer, by primary language subtag.
LANGUAGES = {"en": "english", "fr": "french", "de": "german"}
#: Characters of one word that count; longer "words" are keys and noise, and terms must stay small.
MAX_WORD = 64
#: Words of which the stems are remembered: a catalogue's working vocabulary, a few megabytes.
_STEM_CACHE = 30_000

#: Letters of a stem; with fewer, different words would be one.
_LEAST_STEM = 3

# Letters that have a base letter but no Unicode decomposition; ß is handled by case folding.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)
# Combining marks of the Latin, Greek and Cyrillic scripts.
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_WORD = re.compile(r"[^\W_]+")
# French elision (l'hébergement, jusqu'à) and the English possessive (provider's) are not words.
_APOSTROPHE = re.compile("['\u2019\u02bc]")
_NO_WORD = re.compile(
    rf"(?<![^\W_])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu){_APOSTROPHE.pattern}(?=\w)"
    rf"|(?<=\w){_APOSTROPHE.pattern}s\b"
)
_HYPHENS = re.compile("[-\u2010\u2011]")
# Languages that write their compounds in several words.
_WITHOUT_COMPOUNDS = ("en", "fr")
_COMPOUND = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a question: folded `text`, and the distinct stems any of which it is found by.

    A word made of words is also found where all of its `parts` are (each by any of its stems). One that is
    not `needed` counts for the order of the hits and not for what is a hit.
    """

    text: str
    stems: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = ()
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Analysed:
    """The folded words of a text, and their stems: the terms to index; both in order, with repetitions."""

    words: tuple[str, ...]
    terms: tuple[str, ...]


def fold(text: str) -> str:
    """`text` without accents and case: `Hébergement` → `hebergement`, `Straße` → `strasse`."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    # Case folding may compose again (U+0130, Greek with iota); marks are dropped once more.
    return _MARKS.sub("", unicodedata.normalize("NFKD", plain)).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of `text` in order; a word is a run of letters and digits, cut at `MAX_WORD`."""
    return _words(_without_elisions(fold(text)))


def analyse(text: str, language: str) -> Analysed:
    """What to index for a text in `language` (a BCP 47 tag, "" if unknown).

    A hyphenated compound counts as its parts and as one word too, so that `e-mail` is found as `email`, and
    what is written as one word as its parts too (of German, only in texts that may be German).
    """
    folded = _without_elisions(fold(text))
    found = _words(folded)
    if _HYPHENS.search(folded):
        found += ("".join(_WORD.findall(compound))[:MAX_WORD] for compound in _COMPOUND.findall(folded))
    chosen = primary_subtag(language)
    found += [part for word in found for part in parts_of(word, chosen)]
    return Analysed(tuple(found), tuple(stem for word in found for stem in stems(word, chosen)))


def parts_of(word: str, language: str) -> tuple[str, ...]:
    """The parts of a folded word in a text of `language`: only German has compounds, numbers go with any."""
    return () if language in _WITHOUT_COMPOUNDS and word.isalpha() else parts(word)


def primary_subtag(language: str) -> str:
    """The part of a language tag that names the language: `de` of `de-AT`."""
    return language.partition("-")[0].lower()


def query_words(text: str) -> tuple[Word, ...]:
    """The distinct words of a question, without stop words unless there is nothing else."""
    found = tuple(dict.fromkeys(words(text)))
    telling = tuple(word for word in found if word not in STOP_WORDS) or found
    some_are_strong = any(word not in WEAK_WORDS for word in telling)
    return tuple(_asked(word, needed=word not in WEAK_WORDS or not some_are_strong) for word in telling)


@lru_cache(maxsize=_STEM_CACHE)
def _asked(word: str, *, needed: bool) -> Word:
    made_of = parts(word)
    # Who asks for a Datenbankdienst wants every Datenbank.
    telling = [part for part in made_of if part not in WEAK_WORDS] or made_of
    return Word(word, stems(word, ""), tuple(stems(part, "") for part in telling), needed)


@lru_cache(maxsize=_STEM_CACHE)
def stems(word: str, language: str) -> tuple[str, ...]:
    """The distinct stems of a folded word in `language`, in those of all `LANGUAGES` if it isn't one.

    Behind them the signs of the families that it belongs to (see `search.families`).
    """
    if not word.isalpha():
        return (word,)
    languages = (language,) if language in LANGUAGES else tuple(LANGUAGES)
    found = [(one, _stem(word, one)) for one in languages]
    signs = (_signs()[place] for place in found if place in _signs())
    return tuple(dict.fromkeys((*(stem for _, stem in found), *signs)))


def _stem(word: str, language: str) -> str:
    stem = _STEMMERS.of(language).stemWord(word)
    # French leaves two letters of SaaS, and the same two of SAE: of acronyms too little would be left. German
    # makes two of three only where an umlaut is spelt out: Oel.
    return stem if len(stem) >= _LEAST_STEM or language == "de" else word


@lru_cache(maxsize=1)
def _signs() -> Mapping[tuple[str, str], str]:
    return {(language, _stem(fold(word), language)): sign for sign, language, word in family_words()}


def similar(word: str, others: Sequence[str], limit: int) -> list[int]:
    """Places of those `others` that at most `limit` typos part from `word`.

    A typo is an inserted, missing or wrong character, or two neighbours swapped.
    """
    found = process.extract(word, others, scorer=OSA.distance, score_cutoff=limit, limit=None)
    return [place for _, _, place in found]


class _Stemmers(threading.local):
    """Stemmers keep the word they work on in themselves, so each thread has its own."""

    def __init__(self) -> None:
        self._made = {short: snowballstemmer.stemmer(name) for short, name in LANGUAGES.items()}

    def of(self, language: str) -> snowballstemmer.basestemmer.BaseStemmer:
        return self._made[language]


_STEMMERS = _Stemmers()


def _words(folded: str) -> list[str]:
    return [word[:MAX_WORD] for word in _WORD.findall(folded)]


def _without_elisions(folded: str) -> str:
    return _NO_WORD.sub(" ", folded) if _APOSTROPHE.search(folded) else folded
