"""Words made of words."""

from __future__ import annotations

import pytest

from search.compounds import parts
from vocab.data import load


@pytest.mark.parametrize(
    ("word", "made_of"),
    [
        ("burosoftware", ("buro", "software")),
        ("bueroanwendungen", ("buro", "anwendung")),
        ("objektspeicher", ("objekt", "speicher")),
        ("datenbankdienste", ("datenbank", "dienst")),
        ("kubernetesplattform", ("kubernetes", "plattform")),
        ("gesundheitsdaten", ("gesundheit", "daten")),
        ("rechenzentrumsbetreiber", ("rechenzentrum", "betreiber")),
        ("videokonferenzlosungen", ("video", "konferenz", "losung")),
        ("iso27001", ("iso", "27001")),
    ],
)
def test_compounds_are_taken_apart(word: str, made_of: tuple[str, ...]) -> None:
    assert parts(word) == made_of


@pytest.mark.parametrize(
    "word",
    [
        "datenbanken",
        "hebergement",
        "infrastructure",
        "kubernetes",
        "s3",
        "k8s",
        "mail",
        "network",
        "burowxyz",
        "",
    ],
)
def test_what_is_one_word_or_not_known_stays_whole(word: str) -> None:
    assert parts(word) == ()


def test_umlauts_may_be_spelt_out() -> None:
    assert parts("bueroraeume") == parts("buroraume") == ("buro", "raum")


def test_known_words_are_folded_and_each_is_there_once() -> None:
    words = load("german-words.json")["words"]
    assert words == sorted(set(words))
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
