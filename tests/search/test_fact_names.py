"""Facts as text."""

from __future__ import annotations

from search.fact_names import fact_terms


def test_places_are_named_in_every_language_with_their_adjectives() -> None:
    terms = fact_terms(places=("PL", "EU"))
    for pair in (("en", "Poland"), ("fr", "Pologne"), ("de", "Polen"), ("fr", "polonaise"), ("de", "Europa")):
        assert pair in terms
    assert len(terms) == len(set(terms))


def test_labels_are_named_by_their_id_too() -> None:
    terms = fact_terms(trust_labels=("gaia-x:L2",))
    assert ("", "gaia-x:L2") in terms
    assert ("fr", "Label Gaia-X niveau 2") in terms


def test_certifications_programmes_and_kinds_are_named() -> None:
    terms = fact_terms(
        certificates=("bsi-c5", "secnumcloud:3.2"), in_programmes=("ipcei-cis",), kinds=("research-body",)
    )
    for pair in (
        ("", "bsi-c5"),
        ("fr", "SecNumCloud 3.2"),
        ("", "ANSSI"),
        ("fr", "PIIEC-CIS"),
        ("de", "Forschungseinrichtung"),
    ):
        assert pair in terms


def test_what_the_vocabulary_does_not_know_has_no_name() -> None:
    assert fact_terms(places=("XX",), trust_labels=("own:best",), kinds=("x",), certificates=("y",)) == ()
    assert fact_terms(in_programmes=("z",)) == ()
