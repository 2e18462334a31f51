"""Concepts named in questions."""

from __future__ import annotations

import pytest

from search.meaning import Meaning, meaning_of
from search.plan import question_of
from search.query import Matching, Query
from vocab.capabilities import concepts
from vocab.languages import LANGUAGES


def meaning(text: str) -> Meaning:
    return question_of(Query(text=text)).meaning


@pytest.mark.parametrize(
    ("asked", "concept"),
    [
        ("suite bureautique collaborative", "collaborative-office-suite"),
        ("collaborative office suites", "collaborative-office-suite"),
        ("Office-Suite zur Zusammenarbeit", "collaborative-office-suite"),
        ("Büro-Software", "collaborative-office-suite"),
        ("Buerosoftware", "collaborative-office-suite"),
        ("storage, object", "object-storage"),
        ("Objekt Speicher in Sachsen", "object-storage"),
        ("je cherche une base de données en Pologne", "databases"),
        ("K8s", "managed-kubernetes"),
    ],
)
def test_concept_is_named_in_any_language_and_spelling(asked: str, concept: str) -> None:
    assert meaning(asked).concepts == (concept,)


def test_name_inside_a_longer_name_is_not_meant() -> None:
    assert meaning("object storage").concepts == ("object-storage",)
    assert set(meaning("storage and databases").concepts) == {"storage", "databases"}


def test_mistyped_names_count_only_where_typos_are_forgiven() -> None:
    question = question_of(Query(text="offce suite"))
    assert "collaborative-office-suite" not in question.meaning.concepts
    assert "collaborative-office-suite" in question.meaning.guessed
    assert [hint.value for hint in question.hints(Matching.ALL)].count("collaborative-office-suite") == 0
    assert "collaborative-office-suite" in [hint.value for hint in question.hints(Matching.TYPOS)]


def test_known_words_are_never_taken_for_slips() -> None:
    assert meaning("mail").guessed == ()
    assert meaning("27002").guessed == ()


def test_words_of_no_concept_mean_nothing() -> None:
    assert meaning("zebra giraffe") == Meaning()
    assert meaning_of(()) == Meaning()


def test_every_name_of_the_taxonomy_means_its_concept() -> None:
    lost = [
        (name, concept.id)
        for concept in concepts()
        for language in LANGUAGES
        for name in (concept.labels[language], *concept.synonyms[language])
        if concept.id not in meaning(name).concepts
    ]
    assert lost == []
