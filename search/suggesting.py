"""Completing what somebody types: names that begin with it, for every engine.

A suggestion's name has, for every word typed, a word that begins with it, in any order and whatever accents.
All beginnings of a name's words are indexed as terms, so an engine only looks terms up; a mistyped beginning
is found as a mistyped term.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from search.plan import typos_in
from search.query import Hit, Query
from search.text import fold, similar, words

#: The indexed field that holds the beginnings of the words of a record's names.
STARTS_FIELD = "starts"
#: Letters of a beginning: what is longer is told apart by its other words, or by the reader.
MAX_START = 12
#: Words typed that count; nobody goes on typing into a list of suggestions for longer.
MAX_TYPED = 6
#: Before the beginning of a whole name; no word has it.
_NAME_BEGINS = "^"
_WRITTEN = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")


@dataclass(frozen=True, slots=True)
class Start:
    """A beginning to look up in `STARTS_FIELD`, and the typos to forgive in it."""

    term: str
    typos: int = 0


def starts_of(names: Iterable[str]) -> tuple[str, ...]:
    """The terms to index for a record's names."""
    found: dict[str, None] = {}
    for name in names:
        for place, word in enumerate(words(name)):
            for end in range(1, min(len(word), MAX_START) + 1):
                found[word[:end]] = None
                if place == 0:
                    found[_NAME_BEGINS + word[:end]] = None
    return tuple(found)


def typed_words(text: str) -> tuple[str, ...]:
    """The folded words of what was typed so far."""
    return tuple(dict.fromkeys(words(text)))[:MAX_TYPED]


def suggested(
    query: Query, attempt: Callable[[Sequence[Start]], Sequence[Hit]], *, forgiving: bool
) -> tuple[Hit, ...]:
    """At most `query.size` hits: names that begin with the text first, then those with it further on.

    `attempt` gives the first hits, by name, that have all of some beginnings. With `forgiving`, those that
    are given or take a typo, and nothing else.
    """
    found: dict[str, Hit] = {}
    for starts in _steps(typed_words(query.text), forgiving=forgiving):
        for hit in attempt(starts):
            found.setdefault(hit.id, hit)
        if len(found) >= query.size:
            break
    return tuple(found.values())[: query.size]


def _steps(typed: tuple[str, ...], *, forgiving: bool) -> Iterator[tuple[Start, ...]]:
    cut = [word[:MAX_START] for word in typed]
    if not cut:
        return
    if forgiving:
        starts = tuple(Start(word, min(1, typos_in(word))) for word in cut)
        if any(start.typos for start in starts):
            yield starts
        return
    rest = tuple(Start(word) for word in cut[1:])
    yield (Start(_NAME_BEGINS + cut[0]), *rest)
    yield (Start(cut[0]), *rest)


def begins_with(word: str, typed: str, *, forgiving: bool) -> bool:
    """Whether a folded word begins with what was typed, give or take a typo if one is forgiven."""
    if word.startswith(typed):
        return True
    if not forgiving or not typos_in(typed):
        return False
    beginnings = [word[:end] for end in range(len(typed) - 1, min(len(word), len(typed) + 1) + 1)]
    return bool(similar(typed, beginnings, 1))


def marked(text: str, typed: Sequence[str], *, forgiving: bool) -> str:
    """`text` as HTML with what was typed in `<mark>`: beginnings of words; whole words where mistyped."""
    pieces: list[str] = []
    at = 0
    for match in _WRITTEN.finditer(text):
        end = match.start() + _length_of_start(match[0], typed, forgiving=forgiving)
        if end > match.start():
            pieces += (
                html.escape(text[at : match.start()]),
                f"<mark>{html.escape(text[match.start() : end])}</mark>",
            )
            at = end
    return "".join((*pieces, html.escape(text[at:])))


def _length_of_start(written: str, typed: Sequence[str], *, forgiving: bool) -> int:
    """How many characters of a word as it is written are one of the typed words; 0 for none."""
    folded = fold(written)
    exact = [word for word in typed if folded.startswith(word)]
    if exact:
        longest = max(exact, key=len)
        # Folding may shorten or lengthen: the first characters that fold to enough.
        return next(end for end in range(1, len(written) + 1) if fold(written[:end]).startswith(longest))
    return len(written) if any(begins_with(folded, word, forgiving=forgiving) for word in typed) else 0
