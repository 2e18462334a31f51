"""Folding, words and stems."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.text import MAX_WORD, STOP_WORDS, analyse, fold, query_words, similar, stems, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hébergement", "hebergement"),
        ("STRASSE Straße", "strasse strasse"),
        ("Bürosoftware", "burosoftware"),
        ("Łódź", "lodz"),
        ("Œuvre Ærø", "oeuvre aero"),
        ("İstanbul", "istanbul"),
        ("ﬁne 𝐁old", "fine bold"),
        ("e\u0301te\u0301", "ete"),
        ("ΑΘΉΝΑ", "αθηνα"),
    ],
)
def test_accents_and_case_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_elisions_and_possessives_are_not_words() -> None:
    assert words("L'hébergement d’Europe jusqu'à provider's") == ["hebergement", "europe", "a", "provider"]
    assert words("AT&T C3S l7") == ["at", "t", "c3s", "l7"]


def test_hyphenated_compound_is_indexed_as_parts_and_whole() -> None:
    assert analyse("E-Mail, Multi-Cloud-Dienst", "en").words == (
        "e",
        "mail",
        "multi",
        "cloud",
        "dienst",
        "email",
        "multiclouddienst",
    )


def test_unknown_language_has_the_stems_of_all() -> None:
    assert stems("dienste", "de") == ("dien",)
    assert set(stems("dienste", "it")) == set(stems("dienste", "")) == {"dienst", "dien"}
    assert analyse("Dienste", "de-CH").terms == ("dien",)


@given(st.text(max_size=60), st.sampled_from(["", "en", "fr", "de", "pl"]))
def test_every_text_is_found_by_its_own_words(text: str, language: str) -> None:
    terms = set(analyse(text, language).terms)
    assert all(terms & set(word.stems) for word in query_words(text))


def test_stop_words_are_dropped_unless_there_is_nothing_else() -> None:
    assert [word.text for word in query_words("Suite zur Zusammenarbeit")] == ["suite", "zusammenarbeit"]
    assert [word.text for word in query_words("for the")] == ["for", "the"]
    assert all(word == fold(word) for word in STOP_WORDS)


def test_words_of_a_question_are_distinct() -> None:
    assert [word.text for word in query_words("Cloud cloud CLOUD edge")] == ["cloud", "edge"]


def test_long_words_are_cut_alike_on_both_sides() -> None:
    long = "x" * 500
    assert analyse(long, "").words == (long[:MAX_WORD],)
    assert query_words(long)[0].text == long[:MAX_WORD]


def test_acronyms_keep_enough_letters_to_be_told_apart() -> None:
    assert not set(stems("saas", "")) & set(stems("sae", ""))
    assert set(stems("keys", "")) & set(stems("key", ""))
    assert set(stems("cles", "fr")) == set(stems("cle", "fr"))


def test_words_with_digits_are_not_stemmed() -> None:
    assert stems("ipv6s", "en") == ("ipv6s",)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("office", "offce", 1),
        ("office", "offcie", 1),
        ("edge", "edges", 1),
        ("abcd", "badc", 2),
        ("a", "b", 1),
    ],
)
def test_distance_counts_typos(one: str, other: str, distance: int) -> None:
    assert similar(one, [other], distance) == [0]
    assert similar(other, ["far away", one], distance) == [1]
    assert similar(one, [other], distance - 1) == []


@given(st.text("abc", max_size=6), st.lists(st.text("abc", max_size=6), max_size=4), st.integers(0, 3))
def test_distance_is_the_restricted_edit_distance(one: str, others: list[str], limit: int) -> None:
    within = [place for place, other in enumerate(others) if _distance(one, other) <= limit]
    assert sorted(similar(one, others, limit)) == within


def _distance(one: str, other: str) -> int:
    """Restricted edit distance with swaps, by its recursive definition."""
    table: dict[tuple[int, int], int] = {}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                table[i, j] = i + j
                continue
            steps = [
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (one[i - 1] != other[j - 1]),
            ]
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 1] + other[j - 2]:
                steps.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(steps)
    return table[len(one), len(other)]


def test_threads_stem_without_disturbing_each_other() -> None:
    asked = [
        f"{start}{end}"
        for start in ("host", "klein", "nation", "organis")
        for end in ("ings", "ations", "en")
    ]
    expected = {word: stems.__wrapped__(word, "") for word in asked}
    wrong: list[str] = []

    def work() -> None:
        for _ in range(30):
            wrong.extend(word for word in asked if stems.__wrapped__(word, "") != expected[word])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
