"""Fragments of a hit's own text with the found words marked, safe to put into a page as they are.

Everything is HTML-escaped but the marks `<mark>` and `</mark>` themselves. Done from the stored texts with
the analysis of `search.text`, so that every engine marks the same words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from search.plan import typos_in
from search.query import Matching
from search.text import MAX_WORD, Word, fold, primary_subtag, stems, within_distance

#: Fragments per field: enough to judge a hit in a list.
MAX_FRAGMENTS = 2
#: Characters of a fragment before escaping and marks: two lines of a list.
FRAGMENT_LENGTH = 160
_FIELDS = {"name": "names", "description": "descriptions"}

_Span = tuple[int, int]


class _Judge(dict[str, bool]):
    """Whether a word as written in a text of one language was found; worked out once for each word."""

    def __init__(self, language: str, found: frozenset[str], typos: tuple[tuple[str, int], ...]) -> None:
        super().__init__()
        self._language, self._found, self._typos = language, found, typos

    def __missing__(self, word: str) -> bool:
        folded = fold(word)[:MAX_WORD]
        self[word] = not self._found.isdisjoint(stems(folded, self._language)) or any(
            within_distance(folded, asked, typos) for asked, typos in self._typos
        )
        return self[word]


class Highlighter:
    """Marks the words of one question in the texts of its hits."""

    def __init__(self, words: tuple[Word, ...], matching: Matching) -> None:
        self._stems = frozenset(stem for word in words for stem in word.stems)
        self._typos: tuple[tuple[str, int], ...] = ()
        if matching in (Matching.TYPOS, Matching.ANY_TYPOS):
            self._typos = tuple((word.text, typos_in(word.text)) for word in words if typos_in(word.text))
        self._candidates = _ANY_WORD if self._typos else _candidates(self._stems)
        self._judges: dict[str, _Judge] = {}

    def highlights(self, item: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        """Fragments for `name` and `description`; a field without a found word is left out."""
        found: dict[str, tuple[str, ...]] = {}
        for name, member in _FIELDS.items():
            texts = item.get(member)
            if isinstance(texts, Mapping):
                fragments = self._fragments(texts)
                if fragments:
                    found[name] = fragments
        return found

    def _fragments(self, texts: Mapping[str, str]) -> tuple[str, ...]:
        fragments: list[str] = []
        for language in sorted(texts):
            if len(fragments) == MAX_FRAGMENTS:
                break
            text = texts[language]
            for window, spans in _windows(text, self._spans(text, language)):
                fragments.append(_marked(text, window, spans))
                if len(fragments) == MAX_FRAGMENTS:
                    break
        return tuple(fragments)

    def _spans(self, text: str, language: str) -> list[_Span]:
        if self._candidates is None:
            return []
        judge = self._judges.get(language)
        if judge is None:
            judge = _Judge(primary_subtag(language), self._stems, self._typos)
            self._judges[language] = judge
        return [match.span() for match in self._candidates.finditer(text) if judge[match[0]]]


def _windows(text: str, spans: Iterable[_Span]) -> Iterator[tuple[_Span, list[_Span]]]:
    """Windows around the found words, each with the found words in it; reads no further than it must."""
    window: _Span = (0, 0)
    inside: list[_Span] = []
    for span in spans:
        if inside and span[1] <= window[1]:
            inside.append(span)
        elif span[0] >= window[1]:
            if inside:
                yield window, inside
            window, inside = _window(text, span), [span]
    if inside:
        yield window, inside


def _marked(text: str, window: _Span, spans: list[_Span]) -> str:
    at, end = window
    pieces = ["… "] if at else []
    for left, right in spans:
        # Two characters that no listed text holds stand for the marks until everything else is escaped.
        pieces += (text[at:left], "\x00", text[left:right], "\x01")
        at = right
    pieces += (text[at:end], " …" if end < len(text) else "")
    return html.escape("".join(pieces)).replace("\x00", "<mark>").replace("\x01", "</mark>")


def _window(text: str, first: _Span) -> _Span:
    """Where a fragment starts and ends: at spaces where there are any, the first found word inside."""
    if len(text) <= FRAGMENT_LENGTH:
        return 0, len(text)
    start = max(0, min(first[0] - FRAGMENT_LENGTH // 4, len(text) - FRAGMENT_LENGTH))
    if start:
        space = text.find(" ", start, first[0])
        start = space + 1 if space >= 0 else start
    end = min(len(text), max(start + FRAGMENT_LENGTH, first[1]))
    if end < len(text):
        space = text.rfind(" ", first[1], end)
        end = space if space >= 0 else end
    return start, end


@lru_cache(maxsize=512)
def _candidates(found: frozenset[str]) -> re.Pattern[str] | None:
    """A pattern for the words worth looking at: those whose first two letters may be those of a stem.

    Folding may have parted a ligature, and stemming turns `ae`, `oe`, `ue` into `a`, `o`, `u` (German) and
    `y` into `i` (English); nothing else changes the start of a word.
    """
    starts = sorted({stem[:2] for stem in found})
    if not starts:
        return None
    first = "".join(_spellings(start[0]) for start in starts)
    # The first letter comes before the look behind it: a pattern that begins with a set is searched faster.
    then = "|".join(dict.fromkeys(_second(start) for start in starts))
    return re.compile(rf"[{re.escape(first)}](?<![^\W_].)(?:{then}){_REST}", re.DOTALL)


def _second(start: str) -> str:
    """A pattern for what comes after the first letter of a word whose stem starts with one or two letters."""
    first = f"(?<=[{re.escape(_spellings(start[0]))}])"
    if len(start) == 1:
        return first
    letters = start[1] + ("e" if start[0] in "aou" else "") + ("y" if start[1] == "i" else "")
    second = f"{first}[{re.escape(''.join(_spellings(letter) for letter in letters))}]"
    return f"{second}|(?<=[{_LIGATURES[start]}])" if start in _LIGATURES else second


def _spellings(letter: str) -> str:
    return letter + letter.upper()[:1] + _SPELLINGS.get(letter, "")


def _unfolded(letters: int) -> dict[str, str]:
    """Latin, Greek and Cyrillic characters by the first `letters` letters of what they fold to."""
    table: dict[str, list[str]] = {}
    for code in (*range(0xC0, 0x530), *range(0x1E00, 0x2000), *range(0xFB00, 0xFB07)):
        start = fold(chr(code))[:letters]
        if start.isalpha() and len(start) == letters:
            table.setdefault(start, []).append(chr(code))
    return {start: "".join(found) for start, found in table.items()}


_REST = r"(?:[^\W_]|[\u0300-\u036f])*"
_ANY_WORD = re.compile(rf"[^\W_]{_REST}")
_SPELLINGS, _LIGATURES = _unfolded(1), _unfolded(2)
