"""Families of words: derivations, and the same in other languages."""

from __future__ import annotations

import pytest

from search.compounds import parts
from search.families import family_words, without_signs
from search.text import STOP_WORDS, analyse, fold, query_words, stems


@pytest.mark.parametrize(
    ("asked", "language", "text"),
    [
        ("hébergeur", "fr", "Hébergement"),
        ("sovereign", "fr", "machines souveraines"),
        ("Souveränität", "en", "sovereign"),
        ("Gesundheitsdaten", "fr", "données de santé"),
        ("écoles", "de", "für Schulen"),
        ("verschlüsselt", "en", "encryption"),
    ],
)
def test_words_of_one_family_find_each_other(asked: str, language: str, text: str) -> None:
    terms = set(analyse(text, language).terms)
    word = query_words(asked)[0]
    assert terms & {stem for of in (word.stems, *word.parts) for stem in of}


def test_words_of_no_family_have_only_their_stems() -> None:
    assert stems("kubernetes", "en") == ("kubernet",)
    assert list(without_signs(stems("sante", "fr"))) == ["sant"]


def test_a_word_is_in_one_family_per_language_and_is_one_word() -> None:
    seen: dict[tuple[str, str], str] = {}
    for sign, language, word in family_words():
        assert word.isalpha(), word
        assert fold(word) not in STOP_WORDS
        for stem in without_signs(stems(fold(word), language)):
            assert seen.setdefault((language, stem), sign) == sign, (word, sign)
    assert parts("gesundheitsdaten")
