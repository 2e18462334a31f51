"""Completing names: what is indexed, what is marked, and the taxonomy's names."""

from __future__ import annotations

from search.concept_names import concepts_starting
from search.suggesting import MAX_START, MAX_TYPED, begins_with, marked, starts_of, typed_words


def test_every_beginning_of_every_word_is_indexed_and_that_of_the_name_marked() -> None:
    assert set(starts_of(["Été Lac"])) == {"e", "et", "ete", "^e", "^et", "^ete", "l", "la", "lac"}
    assert max(len(start) for start in starts_of(["x" * 500])) == MAX_START + 1


def test_few_words_typed_count() -> None:
    assert typed_words("Stockage Objet stockage ") == ("stockage", "objet")
    assert len(typed_words(" ".join(f"w{i}" for i in range(50)))) == MAX_TYPED


def test_beginning_may_hold_one_typo_where_words_are_long_enough() -> None:
    assert begins_with("kubernetes", "kubre", forgiving=True)
    assert begins_with("kubernetes", "kubenr", forgiving=True)
    assert not begins_with("kubernetes", "kubre", forgiving=False)
    assert not begins_with("kubernetes", "kxb", forgiving=True)
    assert not begins_with("mail", "kubernetes", forgiving=True)


def test_beginnings_are_marked_as_they_are_written_and_the_rest_escaped() -> None:
    assert marked("Œuvre <b> à l'Écluse", ("oeu", "ecl"), forgiving=False) == (
        "<mark>Œu</mark>vre &lt;b&gt; à l&#x27;<mark>Écl</mark>use"
    )
    assert marked("Kubernetes", ("kubre",), forgiving=True) == "<mark>Kubernetes</mark>"
    assert marked("Café", ("xyz",), forgiving=False) == "Café"


def found(text: str, language: str, *, forgiving: bool = False) -> list[str]:
    return [named.id for named in concepts_starting(text, language, forgiving=forgiving)]


def test_capabilities_are_completed_in_any_language() -> None:
    assert found("suite bur", "en")[0] == "collaborative-office-suite"
    assert found("objektsp", "fr")[0] == "object-storage"
    assert found("datenb", "de")[0] == "databases"
    assert found("K8", "en") == ["managed-kubernetes"]
    assert found("zzz", "en") == found("!", "en") == []


def test_labels_come_before_synonyms_and_the_beginning_of_a_name_before_its_middle() -> None:
    storage = found("stor", "en")
    assert storage[0] == "storage"
    assert storage.index("storage") < storage.index("object-storage")


def test_mistyped_capabilities_are_completed_on_demand() -> None:
    assert found("kuberentes", "en") == []
    assert found("kuberentes", "en", forgiving=True)[0] == "managed-kubernetes"
