"""From a query to what an engine has to look for, and how it loosens when too little is found.

Every word of the text must occur (in any text field). Only if that finds too little are typos forgiven, and
only if that finds nothing does one of the words do: see `Matching`. The step that the first page was found by
is kept in the cursor, so a walk never changes its mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from search.cursor import Place, by_relevance, read_cursor
from search.query import MAX_WORDS, Matching, Query, QueryInvalid, Sort, check
from search.text import Word, query_words

#: Letters from which one typo is forgiven, and from which two are: in shorter words it makes another word.
_ONE_TYPO = 4
_TWO_TYPOS = 8

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Question:
    """A checked query: its words, whether hits are ranked, and where the page begins (None: at the start)."""

    query: Query
    words: tuple[Word, ...]
    ranked: bool
    place: Place | None

    @property
    def has_text(self) -> bool:
        """Whether hits must contain something; with text but no words (only signs) nothing is found."""
        return bool(self.query.text.strip())

    @property
    def by_name(self) -> bool:
        """Whether hits are in the order of names; if neither this nor `ranked`, newest first."""
        return self.query.sort is Sort.NAME

    def filters(self, *, without: str = "") -> Mapping[str, tuple[str, ...]]:
        """The filters that have values, but for the field `without`."""
        return {name: values for name, values in self.query.filters.items() if values and name != without}


def question_of(query: Query) -> Question:
    """Check all of `query`, its cursor too. Raises QueryInvalid."""
    check(query)
    words = query_words(query.text)
    if len(words) > MAX_WORDS:
        raise QueryInvalid("q", f"must have at most {MAX_WORDS} different words")
    place = read_cursor(query) if query.cursor is not None else None
    return Question(query, words, by_relevance(query), place)


def typos_in(word: str) -> int:
    """How many typos are forgiven in a word; none in what has digits (27001 is not 27002)."""
    if not word.isalpha() or len(word) < _ONE_TYPO:
        return 0
    return 1 if len(word) < _TWO_TYPOS else 2


def answer_loosening(
    question: Question, attempt: Callable[[Matching], Answer], total_of: Callable[[Answer], int]
) -> tuple[Matching, Answer]:
    """The answer of the first step of `Matching` that finds enough; of the cursor's step if there is one."""
    if question.place is not None:
        return question.place.matching, attempt(question.place.matching)
    matching, answer = Matching.ALL, attempt(Matching.ALL)
    looser = _looser(question, matching, total_of(answer))
    while looser is not None:
        found = attempt(looser)
        # Typos that add nothing are no typos: the answer stays what it was.
        if total_of(found) > total_of(answer):
            matching, answer = looser, found
        looser = _looser(question, looser, total_of(answer))
    return matching, answer


def _looser(question: Question, matching: Matching, total: int) -> Matching | None:
    forgiving = any(typos_in(word.text) for word in question.words)
    several = len(question.words) > 1
    if matching is Matching.ALL and forgiving and total < question.query.size:
        return Matching.TYPOS
    if total == 0 and several and matching in (Matching.ALL, Matching.TYPOS):
        return Matching.ANY
    if total == 0 and several and forgiving and matching is Matching.ANY:
        return Matching.ANY_TYPOS
    return None
