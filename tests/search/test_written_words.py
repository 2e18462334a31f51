"""What is remembered of texts that were taken apart is what a question finds in them, and is bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from search import written_words as module
from search.text import query_words
from search.written_words import WrittenWords, written_words


def stems_of(asked: str) -> frozenset[str]:
    return frozenset(stem for word in query_words(asked) for stem in word.stems)


def test_words_are_found_as_they_are_written() -> None:
    texts = ["Hébergement régional", "HEBERGEMENT", "un hébergeur"]
    found = WrittenWords("fr").found(texts, stems_of("hébergement"))
    assert {"Hébergement", "HEBERGEMENT", "hébergeur"} <= found
    assert "régional" not in found


def test_words_of_a_family_are_found_in_other_languages() -> None:
    assert WrittenWords("en").found(["managed hosting"], stems_of("hébergeur")) == {"hosting"}


def test_compounds_are_found_by_their_parts() -> None:
    assert "Bürosoftware" in WrittenWords("de").found(["Bürosoftware"], stems_of("Software"))


def test_words_of_a_text_that_is_there_again_are_found_again() -> None:
    words = WrittenWords("en")
    for _ in range(2):
        assert words.found(["regional storage"], stems_of("storage")) == {"storage"}


def test_similar_words_are_those_of_the_texts_at_hand_only() -> None:
    words = WrittenWords("en")
    words.found(["storrage"], frozenset())
    assert words.found(["Storge offer"], frozenset(), [("storage", 1)]) == {"Storge"}


def test_languages_without_a_stemmer_share_what_is_remembered() -> None:
    assert written_words("nl-BE") is written_words("") is not written_words("de-AT")
    assert written_words("de-AT") is written_words("de")


@pytest.mark.parametrize("bound", ["_MOST_WORDS", "_MOST_TEXTS", "_MOST_PLACES"])
def test_all_is_forgotten_at_the_bound(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(module, bound, 10)
    before = written_words("en")
    before.found([f"a{number} text" for number in range(11)], frozenset())
    assert written_words("en") is not before
    assert written_words("en").found(["storage"], stems_of("storage")) == {"storage"}


def test_threads_lose_no_word() -> None:
    words = WrittenWords("en")
    texts = [f"storage{chr(97 + number % 26)}{'x' * (number // 26)} storage" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: words.found([text], stems_of(text)), texts))
    assert all(text.split()[0] in of for text, of in zip(texts, found, strict=True))
