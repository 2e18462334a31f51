"""From a query to what an engine has to look for, and how it loosens when too little is found.

Every needed word of the text must occur (in any text field). Only if that finds too little are typos
forgiven, and only if that finds nothing do most of the words do, or one: see `Matching`. The concepts that
the text names put their holders first without adding any hit. The step that the first page was found by is
kept in the cursor, so a walk never changes its mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from search.conditions import Condition, conditions_of
from search.cursor import Place, by_relevance, read_cursor
from search.meaning import Meaning, meaning_of, names_alike
from search.query import MAX_WORDS, Matching, Query, QueryInvalid, Sort, check
from search.text import Word, query_words

#: Letters from which one typo is forgiven, and from which two are: in shorter words it makes another word.
_ONE_TYPO = 4
_TWO_TYPOS = 8

#: Of so many words one may be missing when most will do: two out of three, four out of six.
_ONE_OF = 3
#: What having all words adds to a hit where most will do: more than all words of a question together.
ALL_WORDS_WEIGHT = 1_000.0
#: Hits of all words that are too few to leave it at them: somebody who writes a sentence wants a choice.
_FEW = 3
#: Concepts of one question that put their holders first: who names more has named none in particular.
MAX_CONCEPTS = 6
#: What holding a concept that the question names weighs, by field of values: both fields have the concept's
#: own holders, one those of narrower concepts too, and who only speaks of it comes after all of them.
_CONCEPT_WEIGHTS: Mapping[str, float] = {"concept": 4.0, "capability_id": 9.0}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Hint:
    """A value of one of the fields of `search.indexing.Indexed.values`, and its weight.

    Who has it comes earlier, and the more so the fewer have it.
    """

    field: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True)
class Question:
    """A checked query: its words and what they mean, whether hits are ranked, and where the page begins.

    `conditions` are those of its filters, by filter.
    `place` is None at the start. Of the `words` the `needed` ones decide what is a hit (see `least`); the
    others, and `hints`, only how hits are ranked.
    """

    query: Query
    conditions: Mapping[str, Condition]
    words: tuple[Word, ...]
    meaning: Meaning
    ranked: bool
    place: Place | None

    @property
    def needed(self) -> tuple[Word, ...]:
        """The words that hits are found by."""
        return tuple(word for word in self.words if word.needed)

    def least(self, matching: Matching) -> int:
        """How many of the needed words a hit must have at that step."""
        number = len(self.needed)
        if matching is Matching.MOST:
            return number - number // _ONE_OF
        return 1 if matching in (Matching.ANY, Matching.ANY_TYPOS) else number

    def hints(self, matching: Matching) -> tuple[Hint, ...]:
        """What puts the holders of the named concepts first; where typos are forgiven also of those meant."""
        concepts = self.meaning.concepts + (self.meaning.guessed if matching.forgives else ())
        return tuple(
            Hint(field, concept, weight)
            for concept in concepts[:MAX_CONCEPTS]
            for field, weight in _CONCEPT_WEIGHTS.items()
        )

    @property
    def has_text(self) -> bool:
        """Whether hits must contain something; with text but no words (only signs) nothing is found."""
        return bool(self.query.text.strip())

    @property
    def by_name(self) -> bool:
        """Whether hits are in the order of names; if neither this nor `ranked`, newest first."""
        return self.query.sort is Sort.NAME


def question_of(query: Query) -> Question:
    """Check all of `query`, its cursor too. Raises QueryInvalid."""
    check(query)
    words = query_words(query.text)
    if len(words) > MAX_WORDS:
        raise QueryInvalid("q", f"must have at most {MAX_WORDS} different words")
    place = read_cursor(query) if query.cursor is not None else None
    meaning = meaning_of(tuple((word.text, typos_in(word.text)) for word in words))
    filters = {name: values for name, values in query.filters.items() if values}
    return Question(query, conditions_of(filters), words, meaning, by_relevance(query), place)


def typos_in(word: str) -> int:
    """How many typos are forgiven in a word; none in what has digits (27001 is not 27002).

    Nor in a name of a capability that is one typo away from that of another: PaaS is no slip of SaaS.
    """
    if not word.isalpha() or len(word) < _ONE_TYPO or word in names_alike():
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
    needed = question.needed
    forgiving = any(typos_in(word.text) for word in needed)
    exact = matching in (Matching.ALL, Matching.TYPOS)
    if matching is Matching.ALL and forgiving and total < question.query.size:
        return Matching.TYPOS
    if exact and len(needed) >= _ONE_OF and total < _FEW:
        return Matching.MOST
    if total:
        return None
    if matching is not Matching.ANY and matching is not Matching.ANY_TYPOS and len(needed) > 1:
        return Matching.ANY
    return Matching.ANY_TYPOS if matching is Matching.ANY and forgiving else None
