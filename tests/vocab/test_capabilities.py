import copy

import pytest

from vocab import capabilities
from vocab.capabilities import Taxonomy, TaxonomyInvalid
from vocab.data import load
from vocab.languages import LANGUAGES


@pytest.fixture
def document():
    return copy.deepcopy(load("capabilities.json"))


def small(*entries):
    rows = []
    for entry in entries:
        names = {language: [f"{entry['id']} {language}"] for language in LANGUAGES}
        rows.append({**names, **entry})
    return {"concepts": rows}


def test_the_taxonomy_of_this_release_covers_the_domain():
    found = {concept.id for concept in capabilities.concepts()}
    assert len(found) >= 120
    assert {
        "iaas",
        "paas",
        "saas",
        "edge-computing",
        "collaborative-office-suite",
        "digital-workplace",
        "containers",
        "databases",
        "ai-ml",
        "hpc",
        "iot",
        "identity",
        "security",
        "networking",
        "data-space-services",
    } <= found
    assert {"object-storage", "block-storage", "file-storage", "backup"} <= set(
        capabilities.narrower("storage")
    )
    assert {"near-edge", "far-edge", "on-premises-edge", "mec-5g"} <= set(
        capabilities.narrower("edge-computing")
    )
    assert {
        "word-processing",
        "spreadsheet",
        "mail",
        "calendar",
        "video-conferencing",
        "chat",
        "file-sharing",
        "whiteboard",
    } <= set(capabilities.narrower("collaborative-office-suite"))


def test_every_concept_has_a_label_in_every_language():
    for concept in capabilities.concepts():
        assert all(concept.labels[language].strip() for language in LANGUAGES), concept.id


def test_no_term_is_written_twice_in_one_language():
    for concept in capabilities.concepts():
        for language in LANGUAGES:
            terms = [concept.labels[language], *concept.synonyms[language]]
            assert len(terms) == len(set(terms)), (concept.id, language)


def test_no_concept_is_deeper_than_three_levels_and_three_are_used():
    depths = {len(capabilities.ancestors(concept.id)) for concept in capabilities.concepts()}
    assert depths == {1, 2, 3}


def test_broader_concepts_come_before_narrower_ones():
    seen = set()
    for concept in capabilities.concepts():
        assert concept.broader is None or concept.broader in seen, concept.id
        seen.add(concept.id)


def test_ancestors_start_with_the_concept_itself():
    assert capabilities.ancestors("spreadsheet") == ("spreadsheet", "collaborative-office-suite", "saas")


def test_descendants_are_all_that_is_below_and_not_the_concept():
    below = capabilities.descendants("saas")
    assert {"collaborative-office-suite", "spreadsheet", "virtual-desktop"} <= set(below)
    assert "saas" not in below
    assert len(below) == len(set(below))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Collaborative Office Suite", "collaborative-office-suite"),
        ("suite bureautique collaborative", "collaborative-office-suite"),
        ("Office-Suite zur Zusammenarbeit", "collaborative-office-suite"),
        ("BUEROSOFTWARE", None),
        ("Bürosoftware", "collaborative-office-suite"),
        ("burosoftware", "collaborative-office-suite"),
        ("  Visioconference ", "video-conferencing"),
        ("object-storage", "object-storage"),
        ("we also do object storage", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_a_term_matches_only_as_a_whole_and_case_and_accents_aside(text, expected):
    assert capabilities.match(text) == expected


def test_service_classes_name_concepts():
    assert capabilities.of_class("VirtualMachineServiceOffering") == "virtual-machines"
    assert capabilities.of_class("ServiceOffering") is None


def test_labels_speak_the_readers_language_or_english():
    concept = capabilities.concept("edge-computing")
    assert concept.label("fr-BE") == concept.labels["fr"]
    assert concept.label("pt") == concept.labels["en"]


def test_a_cycle_is_refused():
    with pytest.raises(TaxonomyInvalid, match="broader than itself"):
        Taxonomy.from_document(small({"id": "a", "broader": "b"}, {"id": "b", "broader": "a"}))


def test_a_fourth_level_is_refused():
    chain = [{"id": "a"}, *({"id": i, "broader": b} for i, b in ("ba", "cb", "dc"))]
    Taxonomy.from_document(small(*chain[:3]))
    with pytest.raises(TaxonomyInvalid, match="deeper than 3"):
        Taxonomy.from_document(small(*chain))


def test_an_id_that_is_there_twice_is_refused():
    with pytest.raises(TaxonomyInvalid, match="twice"):
        Taxonomy.from_document(small({"id": "a"}, {"id": "a"}))


def test_an_unknown_broader_concept_is_refused():
    with pytest.raises(TaxonomyInvalid, match="unknown broader"):
        Taxonomy.from_document(small({"id": "a", "broader": "nowhere"}))


def test_a_term_of_two_concepts_is_refused_even_across_languages():
    with pytest.raises(TaxonomyInvalid, match="shares the term"):
        Taxonomy.from_document(small({"id": "a", "en": ["A", "Nuage"]}, {"id": "b", "fr": ["B", "nuâge"]}))


def test_a_class_of_two_concepts_is_refused():
    with pytest.raises(TaxonomyInvalid, match="shares the class"):
        Taxonomy.from_document(small({"id": "a", "classes": ["C"]}, {"id": "b", "classes": ["C"]}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_concept_without_a_label_in_one_language_is_refused(document, language):
    del document["concepts"][5][language]
    with pytest.raises(TaxonomyInvalid, match="no label"):
        Taxonomy.from_document(document)


@pytest.mark.parametrize("identifier", ["Edge", "edge computing", "edge_computing", "-edge", "", "édge"])
def test_an_id_that_is_no_slug_is_refused(identifier):
    with pytest.raises(TaxonomyInvalid, match="slug"):
        Taxonomy.from_document(small({"id": identifier}))


def test_a_misspelt_member_is_refused():
    with pytest.raises(TaxonomyInvalid, match="unknown members: broder"):
        Taxonomy.from_document(small({"id": "a", "broder": "b"}))


@pytest.mark.parametrize(
    ("typed", "concept"),
    [
        ("VM", "virtual-machines"),
        ("S3", "object-storage"),
        ("K8s", "managed-kubernetes"),
        ("SSO", "single-sign-on"),
        ("IAM", "identity"),
        ("LLM", "language-models"),
        ("GPU", "gpu-computing"),
        ("PRA", "disaster-recovery"),
        ("DRaaS", "disaster-recovery"),
        ("Büroanwendungen", "collaborative-office-suite"),
        ("suite bureautique collaborative", "collaborative-office-suite"),
        ("Office-Suite zur Zusammenarbeit", "collaborative-office-suite"),
        ("hébergement", "iaas"),
        ("Datenraum", "data-space-services"),
        ("visio", "video-conferencing"),
    ],
)
def test_abbreviations_and_everyday_words_are_names(typed, concept):
    assert capabilities.match(typed) == concept


def test_both_numbers_of_a_label_are_understood():
    """A label in the plural has a name in the singular too, or its synonyms would miss who types one."""
    assert capabilities.match("virtual machine") == capabilities.match("virtual machines")
    assert capabilities.match("base de données") == capabilities.match("bases de données")
    assert capabilities.match("Datenbank") == capabilities.match("Datenbanken")
