"""Fragments of a hit's own text with the found words marked, safe to put into a page as they are.

Everything is HTML-escaped but the marks `<mark>` and `</mark>` themselves. Done from the stored texts with
the analysis of `search.text`, so that every engine marks the same words.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from search.plan import typos_in
from search.query import Matching
from search.text import Word
from search.written_words import written_words

#: Fragments per field: enough to judge a hit in a list.
MAX_FRAGMENTS = 2
#: Characters of a fragment before escaping and marks: two lines of a list.
FRAGMENT_LENGTH = 160
_FIELDS = {"name": "names", "description": "descriptions"}

_Span = tuple[int, int]
_Texts = Mapping[str, str]


class Highlighter:
    """Marks the words of one question in the texts of a page of hits."""

    def __init__(self, words: tuple[Word, ...], matching: Matching) -> None:
        self._stems = frozenset(
            stem for word in words for stems_of in (word.stems, *word.parts) for stem in stems_of
        )
        self._typos: tuple[tuple[str, int], ...] = ()
        if matching.forgives:
            self._typos = tuple((word.text, typos_in(word.text)) for word in words if typos_in(word.text))

    def highlights(self, items: Sequence[Mapping[str, object]]) -> list[dict[str, tuple[str, ...]]]:
        """The fragments of each item's `name` and `description`; a field without a found word is left out."""
        if not self._stems:
            return [{} for _ in items]
        texts = [
            {name: of for name, member in _FIELDS.items() if isinstance(of := item.get(member), dict)}
            for item in items
        ]
        found = self._found([of for by_field in texts for of in by_field.values()])
        return [
            {name: marked for name, of in by_field.items() if (marked := _fragments(of, found))}
            for by_field in texts
        ]

    def _found(self, texts: Iterable[_Texts]) -> Mapping[str, Set[str]]:
        """The words, as they are written in the texts of each language, that the question finds."""
        by_language: dict[str, list[str]] = {}
        for of in texts:
            for language, text in of.items():
                by_language.setdefault(language, []).append(text)
        return {
            language: written_words(language).found(written, self._stems, self._typos)
            for language, written in by_language.items()
        }


def _fragments(texts: _Texts, found: Mapping[str, Set[str]]) -> tuple[str, ...]:
    fragments: list[str] = []
    for language in sorted(texts):
        words = found[language]
        if words and (spans := _spans(text := texts[language], words)):
            for window, inside in _windows(text, spans):
                fragments.append(_marked(text, window, inside))
                if len(fragments) == MAX_FRAGMENTS:
                    return tuple(fragments)
    return tuple(fragments)


def _spans(text: str, words: Iterable[str]) -> list[_Span]:
    """Where these words stand in the text, in order; only as whole words."""
    spans: list[_Span] = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            end = at + len(word)
            if _begins(text, at) and _ends(text, end):
                spans.append((at, end))
            at = text.find(word, end)
    return sorted(spans)


def _begins(text: str, at: int) -> bool:
    while at and _is_mark(text[at - 1]):
        at -= 1
    return not at or not text[at - 1].isalnum()


def _ends(text: str, end: int) -> bool:
    return end == len(text) or not (text[end].isalnum() or _is_mark(text[end]))


def _is_mark(character: str) -> bool:
    """Whether it is a combining mark, which belongs to the letter before it."""
    return "\u0300" <= character <= "\u036f"


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
