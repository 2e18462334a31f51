"""What every engine must do. An engine's test module subclasses these and says how to make one.

`make` returns an empty, writable engine; applied changes are seen after `refresh`.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import search_oracle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_samples import EPOCH, document, record

from search.concluded import Consortium
from search.document import Document
from search.engine import Engine
from search.query import FACET_FIELDS, MAX_RELEVANCE_HITS, Matching, Page, Query, QueryInvalid, Sort
from search.values import BASES, HERE

FACETS = FACET_FIELDS


def keys(page: Page) -> list[str]:
    """The hits by the keys that the test's documents were made with."""
    return [str(hit.item["key"]) for hit in page.hits]


class EngineContract:
    """Base of all: gives each test an empty engine, made once per class and wiped."""

    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> Engine:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
        engine = cls.make(tmp_path_factory)
        yield engine
        engine.close()

    @pytest.fixture
    def engine(self, made: Engine) -> Engine:
        made.wipe()
        return made

    @pytest.fixture
    def fill(self, engine: Engine) -> Callable[..., Engine]:
        def filled(*documents: Document) -> Engine:
            engine.apply(documents, (), "1")
            engine.refresh()
            return engine

        return filled


class ChangesContract(EngineContract):
    """Applying changes."""

    def test_empty_engine_has_no_position_and_finds_nothing(self, engine: Engine) -> None:
        assert engine.position() is None
        page = engine.search(Query(facets=FACETS))
        assert (page.hits, page.total, page.next) == ((), 0, None)
        assert page.facets == dict.fromkeys(FACETS, ())

    def test_document_is_found_after_refresh_and_position_is_kept(self, engine: Engine) -> None:
        engine.apply([document("a", "Alpha")], (), "7:1:0")
        engine.refresh()
        assert keys(engine.search(Query(text="alpha"))) == ["a"]
        assert engine.position() == "7:1:0"

    def test_later_document_of_the_same_id_replaces_the_earlier(self, engine: Engine) -> None:
        engine.apply([document("a", "Alpha")], (), "1")
        engine.apply([document("a", "Beta")], (), "2")
        engine.refresh()
        assert engine.search(Query(text="alpha")).total == 0
        assert engine.search(Query(text="beta")).total == 1
        assert engine.search(Query()).total == 1

    def test_last_document_of_an_id_in_one_call_stays(self, engine: Engine) -> None:
        engine.apply([document("a", "Alpha"), document("a", "Beta")], (), "1")
        engine.refresh()
        page = engine.search(Query())
        assert [hit.item["names"] for hit in page.hits] == [{"": "Beta"}]

    def test_upsert_outlives_a_delete_of_the_same_call(self, engine: Engine) -> None:
        engine.apply([document("a", "Alpha")], (), "1")
        engine.apply([document("a", "Beta")], [record("a")], "2")
        engine.refresh()
        assert engine.search(Query()).total == 1

    def test_deleted_document_is_gone_and_unknown_ids_do_no_harm(self, engine: Engine) -> None:
        engine.apply([document("a"), document("b")], (), "1")
        engine.apply((), [record("a"), record("never")], "2")
        engine.refresh()
        assert keys(engine.search(Query())) == ["b"]
        assert engine.position() == "2"

    def test_repeating_changes_changes_nothing(self, engine: Engine) -> None:
        for _ in range(2):
            engine.apply([document("a", "Alpha"), document("b", "Beta")], [record("c")], "1")
        engine.refresh()
        page = engine.search(Query(sort=Sort.NAME, facets=("state",)))
        assert keys(page) == ["a", "b"]
        assert [(value.value, value.count) for value in page.facets["state"]] == [("listed", 2)]

    def test_empty_change_only_moves_the_position(self, engine: Engine) -> None:
        engine.apply([document("a")], (), "1")
        engine.apply((), (), "2")
        engine.refresh()
        assert engine.position() == "2"
        assert engine.search(Query()).total == 1

    def test_wiped_engine_is_empty_and_usable(self, engine: Engine) -> None:
        engine.apply([document("a")], (), "1")
        engine.wipe()
        assert engine.position() is None
        assert engine.search(Query()).total == 0
        engine.apply([document("b")], (), "2")
        engine.refresh()
        assert keys(engine.search(Query())) == ["b"]

    def test_index_made_beside_answers_only_when_it_is_published(self, engine: Engine) -> None:
        engine.apply([document("old", "Old")], (), "1")
        assert engine.beside_position() is None
        fresh = engine.beside()
        assert fresh.position() is None
        fresh.apply([document("new", "New")], (), "2")
        engine.apply([document("meanwhile", "Meanwhile")], (), "3")
        engine.refresh()
        assert (engine.position(), engine.beside_position()) == ("3", "2")
        assert set(keys(engine.search(Query()))) == {"old", "meanwhile"}
        fresh.publish()
        engine.refresh()
        assert (engine.position(), engine.beside_position()) == ("2", None)
        assert keys(engine.search(Query())) == ["new"]
        engine.apply([document("later", "Later")], (), "4")
        engine.refresh()
        assert set(keys(engine.search(Query()))) == {"new", "later"}

    def test_index_begun_beside_and_left_is_forgotten_by_the_next(self, engine: Engine) -> None:
        engine.apply([document("old")], (), "1")
        left = engine.beside()
        left.apply([document("half")], (), "2")
        left.close()
        fresh = engine.beside()
        assert fresh.position() is None
        fresh.apply([document("new")], (), "3")
        fresh.publish()
        engine.refresh()
        assert keys(engine.search(Query())) == ["new"]
        assert engine.beside_position() is None

    def test_item_comes_back_untouched(self, fill: Callable[..., Engine]) -> None:
        odd = {
            "id": record("a"),
            "key": "a",
            "text": 'ß " \\ \u2028 <b>',
            "n": [1, 2.5, None, True],
            "d": {"": "x"},
        }
        page = fill(replace(document("a"), item=odd)).search(Query())
        assert page.hits[0].item == odd
        assert page.hits[0].id == record("a")


class TextContract(EngineContract):
    """Finding by text."""

    @pytest.mark.parametrize(
        ("language", "text", "asked"),
        [
            ("fr", "Hébergement sécurisé", "hebergement"),
            ("fr", "Hébergements sécurisés", "hébergement sécurisé"),
            ("fr", "Offre d'hébergement", "l'hébergement"),
            ("de", "Bürosoftware für Behörden", "Burosoftware"),
            ("de", "Bürosoftware", "buerosoftware"),
            ("de", "Straßenverkehr", "STRASSENVERKEHR"),
            ("de", "Office-Suite zur Zusammenarbeit", "Suite zur Zusammenarbeit"),
            ("de", "Bürosoftware", "Büro-Software"),
            ("de", "Büro-Software", "Buerosoftware"),
            ("de", "Software für das Büro", "Bürosoftware"),
            ("de", "Objektspeicher in Sachsen", "Speicher"),
            ("de", "Unsere Datenbank", "Datenbankdienste"),
            ("en", "ISO/IEC 27001 certified", "iso27001"),
            ("en", "ISO27001 certified", "iso 27001"),
            ("en", "Managed databases", "database"),
            ("en", "E-mail for teams", "email"),
            ("", "Łódź Œuvre", "lodz oeuvre"),
            ("pl", "Usługi w chmurze", "uslugi"),
            ("en", "ISO/IEC 27001 hosting", "27001"),
        ],
    )
    def test_spelling_is_forgiven(
        self, fill: Callable[..., Engine], language: str, text: str, asked: str
    ) -> None:
        engine = fill(document("wanted", {language: text}), document("other", "Something else"))
        page = engine.search(Query(text=asked))
        assert keys(page) == ["wanted"]
        assert page.matching is Matching.ALL

    def test_every_text_member_is_searched(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("name", "zebra"),
            document("description", descriptions="zebra"),
            document("keyword", keywords=("zebra",)),
            document("capability", capability_terms=(("en", "zebra"),)),
            document("fact", fact_terms=(("en", "zebra"),)),
            document("broader", broader_terms=(("en", "zebra"),)),
            document("provider", provider_name="zebra"),
            document("none", "horse"),
        )
        page = engine.search(Query(text="zebra"))
        members = {"name", "description", "keyword", "capability", "fact", "broader", "provider"}
        assert set(keys(page)) == members

    def test_name_counts_more_than_description(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("b", "Archive", descriptions="with backup"),
            document("a", "Backup", descriptions="with archive"),
        )
        page = engine.search(Query(text="backup"))
        assert keys(page) == ["a", "b"]
        scores = [hit.score for hit in page.hits]
        assert None not in scores
        assert scores == sorted(scores, reverse=True)

    def test_all_words_are_wanted(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "edge storage"), document("b", "edge"), document("c", "storage"))
        page = engine.search(Query(text="edge storage"))
        assert (keys(page), page.matching) == (["a"], Matching.ALL)

    def test_words_may_be_in_different_members(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "edge", descriptions="storage"))
        assert keys(engine.search(Query(text="edge storage"))) == ["a"]

    def test_one_word_will_do_if_no_document_has_all(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("b", "edge"), document("c", "storage"), document("d", "mail"))
        page = engine.search(Query(text="edge storage"))
        assert (set(keys(page)), page.matching) == ({"b", "c"}, Matching.ANY)

    def test_most_words_do_if_no_document_has_all(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("two", "edge storage"),
            document("slip", "storage", descriptions="egde"),
            document("one", "edge"),
            document("none", "mail"),
        )
        page = engine.search(Query(text="edge storage xyzzy"))
        assert (keys(page), page.matching) == (["two", "slip"], Matching.MOST)

    def test_most_words_add_to_few_hits_and_come_after_them(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("full", "Abc", descriptions="edge storage lyon " + "filler " * 200),
            document("most", "edge storage", keywords=("edge", "storage")),
            *(document(f"other{i}", "Something else") for i in range(9)),
        )
        page = engine.search(Query(text="edge storage lyon"))
        assert (keys(page), page.matching) == (["full", "most"], Matching.MOST)
        engine = fill(*(document(f"f{i}", "edge storage lyon") for i in range(3)))
        page = engine.search(Query(text="edge storage lyon", size=2))
        assert (page.total, page.matching) == (4, Matching.ALL)

    def test_words_that_every_service_has_only_order_the_hits(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("b", "Kubernetes"),
            document("a", "Kubernetes platform"),
            document("c", "Platform"),
        )
        assert keys(engine.search(Query(text="kubernetes platform"))) == ["a", "b"]
        assert set(keys(engine.search(Query(text="platform")))) == {"a", "c"}

    def test_holders_of_the_named_concept_come_first_then_those_of_narrower_ones(
        self, fill: Callable[..., Engine]
    ) -> None:
        terms = {"capability_terms": (("en", "storage"),)}
        broader = {"broader_terms": (("en", "storage"),)}
        engine = fill(
            document("speaks", "Storage storage", descriptions="storage"),
            document("narrower", "Abc", concepts=("backup",), capabilities=("backup", "storage"), **broader),
            document("holder", "Def", concepts=("storage",), capabilities=("storage", "iaas"), **terms),
            *(document(f"other{i}", concepts=("erp",), capabilities=("erp", "saas")) for i in range(9)),
        )
        assert keys(engine.search(Query(text="storage")))[:2] == ["holder", "narrower"]
        # Whatever the language and the spelling it is named in.
        assert keys(engine.search(Query(text="Speicher storage")))[:2] == ["holder", "narrower"]
        assert keys(engine.search(Query(text="storrage")))[:2] == ["holder", "narrower"]

    def test_typos_are_forgiven_only_when_exact_words_find_less_than_a_page(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(document("a", "office"), document("b", "offices"), document("c", "offcie"))
        exact = engine.search(Query(text="office", size=2))
        assert (set(keys(exact)), exact.matching) == ({"a", "b"}, Matching.ALL)
        loose = engine.search(Query(text="office", size=20))
        assert (keys(loose)[2:], loose.matching) == (["c"], Matching.TYPOS)
        assert set(keys(engine.search(Query(text="offce")))) == {"a", "c"}

    def test_similar_words_count_however_many_there_are(self, fill: Callable[..., Engine]) -> None:
        similar = [f"stor{letter}ge{end}" for letter in string.ascii_lowercase for end in "xy"]
        engine = fill(*(document(word, word) for word in similar))
        # Two typos are forgiven in a word of nine letters: one replaced, one too many.
        page = engine.search(Query(text="storagexy", size=100))
        assert (page.matching, set(keys(page))) == (Matching.TYPOS, set(similar))

    def test_short_words_and_numbers_take_no_typos(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "S3"), document("b", "27001"), document("c", "DNS"))
        for asked in ("S4", "27002", "DNA"):
            assert engine.search(Query(text=asked)).total == 0

    @pytest.mark.parametrize("name", ["PaaS", "SaaS", "IaaS", "FaaS", "DaaS", "CaaS"])
    def test_acronym_of_a_capability_is_no_slip_of_another(
        self, fill: Callable[..., Engine], name: str
    ) -> None:
        engine = fill(*(document(other, other) for other in ("PaaS", "SaaS", "IaaS", "FaaS", "DaaS", "CaaS")))
        page = engine.search(Query(text=name))
        assert (keys(page), page.matching) == ([name], Matching.ALL)
        # A slip of several is one of any of them.
        assert name in keys(engine.search(Query(text="XaaS")))

    def test_any_word_with_typos_is_the_last_resort(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "storage"), document("b", "mail"))
        page = engine.search(Query(text="storge zzzzzz"))
        assert (keys(page), page.matching) == (["a"], Matching.ANY_TYPOS)

    def test_words_that_say_nothing_are_not_wanted(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "storage europe"))
        assert keys(engine.search(Query(text="the storage of the Europe"))) == ["a"]

    def test_text_of_signs_finds_nothing(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "storage"))
        for text in ("!!!", "...", "«»"):
            assert engine.search(Query(text=text, facets=FACETS)).total == 0
        assert engine.search(Query(text="  ")).total == 1

    @pytest.mark.parametrize(
        "text", ['name:"x" OR *', "a AND (b", "/.*/", "[a TO z}", "-storage", "state:listed^9"]
    )
    def test_no_text_is_query_language(self, fill: Callable[..., Engine], text: str) -> None:
        engine = fill(document("x", "unlike anything"))
        assert engine.search(Query(text=text)).total == 0

    def test_highlights_mark_found_words_and_escape_the_rest(self, fill: Callable[..., Engine]) -> None:
        long = "Filler words here. " * 30 + "Sichere <b>Speicherung</b> & mehr. " + "More filler. " * 30
        engine = fill(document("a", {"de": 'Speicher "A" <i>'}, descriptions={"de": long}))
        highlights = engine.search(Query(text="speicherung speicher")).hits[0].highlights
        assert highlights["name"] == ("<mark>Speicher</mark> &quot;A&quot; &lt;i&gt;",)
        (fragment,) = highlights["description"]
        assert "Sichere &lt;b&gt;<mark>Speicherung</mark>&lt;/b&gt; &amp; mehr." in fragment
        assert fragment.startswith("… ")
        assert fragment.endswith(" …")
        assert len(fragment) < 250

    def test_highlights_follow_the_forgiveness_of_search(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", {"fr": "Hébergement à Œuvre"}), document("b", {"de": "Büro Öl"}))
        marked = {
            "hebergements": "<mark>Hébergement</mark> à Œuvre",
            "oeuvre": "Hébergement à <mark>Œuvre</mark>",
            "hebregement": "<mark>Hébergement</mark> à Œuvre",
            "buero": "<mark>Büro</mark> Öl",
            "oel": "Büro <mark>Öl</mark>",
        }
        for asked, fragment in marked.items():
            assert engine.search(Query(text=asked)).hits[0].highlights == {"name": (fragment,)}

    def test_without_text_nothing_is_highlighted_or_scored(self, fill: Callable[..., Engine]) -> None:
        (hit,) = fill(document("a", "Alpha")).search(Query()).hits
        assert (hit.highlights, hit.score) == ({}, None)


class SuggestionsContract(EngineContract):
    """Names that begin with what is typed."""

    def suggested(
        self, engine: Engine, text: str, *, forgiving: bool = False, **options: object
    ) -> list[str]:
        query = replace(Query(text=text), **options)  # type: ignore[arg-type]
        return [str(hit.item["key"]) for hit in engine.suggest(query, forgiving=forgiving)]

    def test_names_that_begin_with_it_come_first_each_group_by_name(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document("b", "Nuage Brume"),
            document("d", "Brumelac"),
            document("a", "Air Brume"),
            document("c", "brume d'été"),
            document("none", "Ombre"),
        )
        assert self.suggested(engine, "brum") == ["c", "d", "a", "b"]
        assert self.suggested(engine, "brum", size=3) == ["c", "d", "a"]

    def test_every_word_typed_must_begin_some_word(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "Object storage in Lyon"), document("b", "Object store"))
        assert self.suggested(engine, "storage obj") == ["a"]
        assert self.suggested(engine, "obj lyon stor") == ["a"]
        assert self.suggested(engine, "obj paris") == []

    def test_names_are_completed_in_every_language_whatever_the_accents(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(document("a", {"en": "Storage", "fr": "Écluse", "de": "Übergang"}))
        for text in ("eclu", "ÉCL", "uber", "stor", "s"):
            assert self.suggested(engine, text) == ["a"]
        assert self.suggested(engine, "clu") == []

    def test_very_long_words_are_told_apart_by_their_beginning(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "Datenraumkonnektoren"), document("b", "Datenraumverwaltung"))
        assert self.suggested(engine, "datenraumkonnekt") == ["a"]
        assert self.suggested(engine, "datenraum") == ["a", "b"]

    def test_a_typo_is_forgiven_only_on_demand(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "Kubernetes"), document("b", "Cube"))
        assert self.suggested(engine, "kuebr") == []
        assert self.suggested(engine, "kubre", forgiving=True) == ["a"]
        assert self.suggested(engine, "kub", forgiving=True) == []

    def test_only_its_kind_and_filters_are_suggested(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", "Brume"),
            document("p", "Brume", kind="participant"),
            document("gone", "Brume", state="expired"),
        )
        listed = {"filters": {"state": ("listed",)}}
        assert self.suggested(engine, "brume", **listed) == ["a"]
        assert self.suggested(engine, "brume", kind="participant", **listed) == ["p"]

    def test_text_without_words_suggests_nothing(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "^brume"))
        for text in ("", "  ", "!", "^"):
            assert self.suggested(engine, text) == []
            assert self.suggested(engine, text, forgiving=True) == []

    def test_a_bad_query_is_refused(self, engine: Engine) -> None:
        with pytest.raises(QueryInvalid):
            engine.suggest(Query(text="a", size=0), forgiving=False)


class FiltersContract(EngineContract):
    """Filters, facets and orders."""

    def test_filters_are_or_inside_and_between(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", jurisdictions=("FR", "EEA", "EU"), labels=("gaia-x:L1",)),
            document("b", jurisdictions=("DE", "EEA", "EU"), labels=("gaia-x:L2",)),
            document("c", jurisdictions=("US",), labels=("gaia-x:L1",)),
        )

        def asked(**filters: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters=filters))))

        assert asked(jurisdiction=("FR", "US")) == {"a", "c"}
        assert asked(jurisdiction=("FR", "DE"), label=("gaia-x:L1",)) == {"a"}
        assert asked(jurisdiction=("EU",)) == {"a", "b"}
        assert asked(jurisdiction=("EEA",), label=()) == {"a", "b"}
        assert asked(jurisdiction=("fr",)) == set()

    def test_a_certification_scheme_finds_its_versions(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", certifications=("secnumcloud", "secnumcloud:3.2"), participant_kinds=("sme",)),
            document("b", certifications=("secnumcloud", "secnumcloud:3.1"), programmes=("ipcei-cis",)),
            document("c", certifications=("iso-27001",), participant_kinds=("sme", "start-up")),
        )

        def asked(**filters: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters=filters))))

        assert asked(certification=("secnumcloud",)) == {"a", "b"}
        assert asked(certification=("secnumcloud:3.2", "iso-27001")) == {"a", "c"}
        assert asked(programme=("ipcei-cis",)) == {"b"}
        assert asked(participant_kind=("sme",), certification=("iso-27001",)) == {"c"}
        page = engine.search(Query(facets=("certification",)))
        assert [(value.value, value.count) for value in page.facets["certification"]] == [
            ("secnumcloud", 2),
            ("iso-27001", 1),
            ("secnumcloud:3.1", 1),
            ("secnumcloud:3.2", 1),
        ]

    def test_kinds_are_kept_apart(self, fill: Callable[..., Engine]) -> None:
        engine = fill(document("a", "Same"), document("p", "Same", kind="participant"))
        assert keys(engine.search(Query(text="same"))) == ["a"]
        assert keys(engine.search(Query(kind="participant", text="same"))) == ["p"]

    def test_provider_is_found_by_id_did_and_name(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document(
                "a", provider="did:web:a.example", provider_id=record("pa"), provider_name="Nuage Éclair"
            ),
            document("b", provider="did:web:b.example", provider_name="Other"),
        )
        for value in ("did:web:a.example", record("pa"), "Nuage Éclair", "nuage  eclair"):
            assert keys(engine.search(Query(filters={"provider": (value,)}))) == ["a"]
        assert engine.search(Query(filters={"provider": ("Nuage",)})).total == 0

    def test_subject_is_found_exactly_and_is_no_facet(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", subject="https://a.example/One"),
            document("b", subject="https://a.example/one"),
            document("c", subject=""),
        )
        assert keys(engine.search(Query(filters={"subject": ("https://a.example/One",)}))) == ["a"]
        assert engine.search(Query(filters={"subject": ("https://a.example/",)})).total == 0
        with pytest.raises(QueryInvalid):
            engine.search(Query(facets=("subject",)))

    def test_nobody_is_found_under_a_did_or_id_taken_as_a_name(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("real", provider="did:web:real.example", provider_id=record("real")),
            document("fake", provider="did:web:fake.example", provider_name="did:web:real.example"),
            document("other", provider="did:web:other.example", provider_name=record("real")),
        )
        for value in ("did:web:real.example", record("real")):
            assert keys(engine.search(Query(filters={"provider": (value,)}))) == ["real"]

    def test_subject_is_compared_exactly(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            replace(document("a"), subject="https://a.example/S"),
            replace(document("b"), subject="urn:b"),
            document("c"),
        )
        assert keys(engine.search(Query(filters={"subject": ("https://a.example/S",)}))) == ["a"]
        assert engine.search(Query(filters={"subject": ("https://a.example/s",)})).total == 0

    def test_a_label_is_found_on_the_bases_asked_for_and_declared_ones_only_on_demand(
        self, fill: Callable[..., Engine]
    ) -> None:
        l1, l2 = "gaia-x:L1", "gaia-x:L2"
        engine = fill(
            document("a", labels=(l2, l1), label_bases=((l2, "attested"), (l1, "attested"))),
            document("b", labels=(l1,), label_bases=((l1, "computed"), (l2, "declared"))),
            document("c", label_bases=((l1, "declared"),)),
        )

        def asked(*bases: str, label: str = l1) -> set[str]:
            return set(keys(engine.search(Query(filters={"label": (label,), "basis": bases}))))

        assert asked() == {"a", "b"}
        assert asked("attested") == {"a"}
        assert asked("declared") == {"c"}
        assert asked("computed", "declared") == {"b", "c"}
        assert asked("declared", label=l2) == {"b"}
        assert asked("computed", label=l2) == set()

    def test_levels_are_found_by_profile_by_version_and_by_the_one_in_force(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document(
                "new",
                levels=("doctrine:secret", "green:published"),
                eligible_for=("doctrine:2021:data", "doctrine:2023:secret", "green:1:published"),
            ),
            document("old", eligible_for=("doctrine:2021:secret",)),
            document("none"),
        )

        def asked(**filters: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters=filters))))

        assert asked(profile=("doctrine",)) == {"new", "old"}
        assert asked(profile=("doctrine",), level=("secret",)) == {"new"}
        assert asked(level=("doctrine:secret", "green:certified")) == {"new"}
        assert asked(eligible_for=("doctrine:secret",)) == {"new"}
        assert asked(eligible_for=("doctrine:2021:secret",)) == {"old"}
        assert asked(eligible_for=("doctrine:2021:secret", "doctrine:2021:data")) == {"new", "old"}
        assert asked(level=("doctrine:2021:secret",)) == {"old"}
        page = engine.search(Query(facets=("level", "eligible_for")))
        assert {value.value for value in page.facets["level"]} == {"doctrine:secret", "green:published"}
        assert len(page.facets["eligible_for"]) == 4

    def test_unknown_exposure_counts_as_exposed_unless_it_is_included(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document("us", exposed_to=("FR", "US"), immune="no"),
            document("maybe", exposed_to=("FR", "unknown"), immune="unknown"),
            document("no", exposed_to=("FR",), immune="yes"),
            document("never worked out"),
        )

        def asked(name: str, *values: str, **more: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters={name: values, **more}))))

        include = {"unknown": ("include",)}
        assert asked("exposed_to", "US") == {"us", "maybe"}
        assert asked("exposed_to", "US", **include) == {"us"}
        assert asked("not_exposed_to", "US") == {"no"}
        assert asked("not_exposed_to", "US", **include) == {"maybe", "no"}
        assert asked("not_exposed_to", "US", "FR", **include) == set()
        assert asked("not_exposed_to", "DE") == {"us", "no"}
        assert asked("exposed_to", "unknown") == {"maybe"}
        assert asked("immune", "yes", "unknown") == {"maybe", "no"}
        page = engine.search(Query(filters={"exposed_to": ("US",)}, facets=("exposed_to", "immune")))
        counts = {
            name: [(value.value, value.count) for value in values] for name, values in page.facets.items()
        }
        assert counts == {
            "exposed_to": [("FR", 3), ("US", 1), ("unknown", 1)],
            "immune": [("no", 1), ("unknown", 1)],
        }

    def test_places_and_groups_of_them_are_found(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", hosted_in=("FR", "EEA", "EU"), operated_from=("US",), technology_from=("US",)),
            document("b", hosted_in=("US", "NO", "EEA"), operated_from=("FR", "EEA", "EU")),
        )

        def asked(**filters: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters=filters))))

        assert asked(hosted_in=("EEA",)) == {"a", "b"}
        assert asked(hosted_in=("EU",)) == {"a"}
        assert asked(operated_from=("US", "FR")) == {"a", "b"}
        assert asked(technology_from=("US",), hosted_in=("FR",)) == {"a"}
        assert asked(technology_from=("FR",)) == set()

    def test_a_consortium_is_found_by_id_did_and_name(self, fill: Callable[..., Engine]) -> None:
        one = Consortium("did:web:one.example", (record("one"),), "Alliance Éclair")
        fake = Consortium("did:web:fake.example", (), "did:web:one.example")
        engine = fill(document("a", consortia=(one,)), document("b", consortia=(fake,)), document("c"))
        for value in ("did:web:one.example", record("one"), "alliance  eclair"):
            assert keys(engine.search(Query(filters={"consortium": (value,)}))) == ["a"]
        assert engine.search(Query(filters={"consortium": ("Alliance",)})).total == 0
        assert [
            value.value for value in engine.search(Query(facets=("consortium",))).facets["consortium"]
        ] == [
            "did:web:fake.example",
            "did:web:one.example",
        ]

    def test_nodes_are_found_by_name_and_what_is_at_home_here_from_what_was_copied(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document("ours", listed_by=(HERE,)),
            document("both", listed_by=(HERE, "a.example")),
            document("theirs", listed_by=("a.example", "b.example:8443/n")),
            document("nobody's"),
        )

        def asked(**filters: tuple[str, ...]) -> set[str]:
            return set(keys(engine.search(Query(filters=filters))))

        assert asked(listed_by=(HERE,)) == {"ours", "both"}
        assert asked(listed_by=("a.example",)) == {"both", "theirs"}
        assert asked(listed_by=("b.example:8443/n", HERE)) == {"ours", "both", "theirs"}
        assert asked(listed_by=("b.example",)) == set()
        assert asked(home=("yes",)) == {"ours", "both"}
        assert asked(home=("no",)) == {"theirs", "nobody's"}
        assert asked(home=("no",), listed_by=(HERE,)) == set()
        page = engine.search(Query(filters={"home": ("no",)}, facets=("home", "listed_by")))
        counts = {
            name: [(value.value, value.count) for value in values] for name, values in page.facets.items()
        }
        assert counts == {
            "home": [("no", 2), ("yes", 2)],
            "listed_by": [("a.example", 1), ("b.example:8443/n", 1)],
        }

    def test_figures_are_compared_as_numbers_and_unknown_ones_do_not_pass(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document("a", pue=Decimal("1.3"), renewable_percent=Decimal(100)),
            document("b", pue=Decimal("1.30001"), renewable_percent=Decimal("74.99999")),
            document("c", pue=Decimal(10), renewable_percent=Decimal(9)),
            document("d"),
        )

        def asked(name: str, value: str) -> set[str]:
            return set(keys(engine.search(Query(filters={name: (value,)}))))

        assert asked("pue_max", "1.3") == {"a"}
        assert asked("pue_max", "1.3001") == {"a", "b"}
        assert asked("pue_max", "2") == {"a", "b"}
        assert asked("pue_max", "999") == {"a", "b", "c"}
        assert asked("renewable_min", "75") == {"a"}
        assert asked("renewable_min", "74.9999") == {"a", "b"}
        assert asked("renewable_min", "0") == {"a", "b", "c"}

    def test_a_day_finds_what_is_valid_at_some_moment_of_it(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document(
                "a",
                valid_from=datetime(2026, 3, 1, 18, tzinfo=UTC),
                valid_until=datetime(2026, 3, 5, tzinfo=UTC),
            ),
            document("b", valid_from=datetime(2026, 3, 3, tzinfo=UTC)),
            document("c", valid_until=datetime(2026, 3, 3, 0, 0, 1, tzinfo=UTC)),
        )

        def asked(day: str) -> set[str]:
            return set(keys(engine.search(Query(filters={"valid_on": (day,)}))))

        assert asked("2026-02-28") == {"c"}
        assert asked("2026-03-01") == {"a", "c"}
        assert asked("2026-03-03") == {"a", "b", "c"}
        assert asked("2026-03-04") == {"a", "b"}
        assert asked("2026-03-05") == {"b"}
        assert asked("9999-12-31") == {"b"}
        assert asked("0001-01-01") == {"c"}

    def test_facet_counts_ignore_their_own_filter_only(self, fill: Callable[..., Engine]) -> None:
        engine = fill(
            document("a", jurisdictions=("FR",), labels=("x",)),
            document("b", jurisdictions=("DE",), labels=("x",)),
            document("c", jurisdictions=("DE",), labels=("y",)),
        )
        page = engine.search(
            Query(filters={"jurisdiction": ("FR",), "label": ("x",)}, facets=("jurisdiction", "label"))
        )
        assert page.total == 1
        counts = {
            name: [(value.value, value.count) for value in values] for name, values in page.facets.items()
        }
        assert counts == {"jurisdiction": [("DE", 1), ("FR", 1)], "label": [("x", 1)]}

    def test_cut_facet_keeps_the_first_of_equally_frequent_values(self, fill: Callable[..., Engine]) -> None:
        many = [document(f"m{i}", provider=f"did:web:p{i:04}.example") for i in range(700)]
        often = [
            document("often", provider="did:web:zz.example"),
            document("twice", provider="did:web:zz.example"),
        ]
        page = fill(*reversed(many), *often).search(Query(facets=("provider",), size=1))
        expected = [("did:web:zz.example", 2), *((f"did:web:p{i:04}.example", 1) for i in range(49))]
        assert [(value.value, value.count) for value in page.facets["provider"]] == expected

    def test_names_are_ordered_without_case_and_accents_nameless_last(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(
            document("1", "Zebra"),
            document("2", "école"),
            document("3", ""),
            document("4", "Eco"),
            document("5", {"fr": "aaa", "en": "Middle"}),
            document("6", "Ecol"),
        )
        assert keys(engine.search(Query(sort=Sort.NAME))) == ["4", "6", "2", "5", "1", "3"]

    def test_newest_listing_comes_first_also_where_there_is_nothing_to_rank(
        self, fill: Callable[..., Engine]
    ) -> None:
        engine = fill(document("old", minutes=-99), document("new", minutes=5), document("mid", minutes=1))
        for sort in (Sort.LISTED_AT, Sort.RELEVANCE):
            assert keys(engine.search(Query(sort=sort))) == ["new", "mid", "old"]

    def test_ties_are_broken_by_id(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), "Same") for i in range(30)))
        expected = sorted(record(str(i)) for i in range(30))
        for sort in (Sort.NAME, Sort.LISTED_AT):
            assert [hit.id for hit in engine.search(Query(sort=sort, size=100)).hits] == expected


class WalkContract(EngineContract):
    """Cursors and bad questions."""

    def walk(self, engine: Engine, query: Query) -> list[str]:
        """The ids on all pages."""
        found: list[str] = []
        while True:
            page = engine.search(query)
            found += [hit.id for hit in page.hits]
            if page.next is None:
                return found
            assert len(page.hits) == query.size
            query = replace(query, cursor=page.next)

    def test_relevance_ends_at_its_limit(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), "Same") for i in range(MAX_RELEVANCE_HITS + 30)))
        found = self.walk(engine, Query(text="same", size=100))
        assert len(found) == len(set(found)) == MAX_RELEVANCE_HITS
        page = engine.search(Query(text="same", size=90))
        assert page.total == MAX_RELEVANCE_HITS + 30
        assert len(self.walk(engine, Query(sort=Sort.NAME, size=100))) == MAX_RELEVANCE_HITS + 30

    def test_last_page_that_is_full_has_no_next(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), "Same") for i in range(6)))
        for query in (Query(sort=Sort.NAME), Query(sort=Sort.LISTED_AT), Query(text="same")):
            page = engine.search(replace(query, size=3))
            assert page.next is not None
            assert engine.search(replace(query, size=3, cursor=page.next)).next is None

    def test_later_page_may_be_of_another_size_and_total_stays(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), f"{i}") for i in range(6)))
        page = engine.search(Query(sort=Sort.NAME, size=2))
        rest = engine.search(Query(sort=Sort.NAME, size=50, cursor=page.next))
        assert (keys(page) + keys(rest), rest.total) == (["0", "1", "2", "3", "4", "5"], 6)

    def test_walk_keeps_to_the_step_it_began_with(self, engine: Engine) -> None:
        engine.apply([document("a", "edge"), document("b", "storage")], (), "1")
        engine.refresh()
        query = Query(text="edge storage", sort=Sort.NAME, size=1)
        first = engine.search(query)
        engine.apply([document("c", "edge storage")], (), "2")
        engine.refresh()
        assert engine.search(query).matching is Matching.ALL
        rest = engine.search(replace(query, cursor=first.next, size=10))
        assert (keys(first) + keys(rest), rest.matching) == (["a", "c", "b"], Matching.ANY)

    def test_cursor_of_another_question_is_refused(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), "Same", labels=("x",)) for i in range(6)))
        query = Query(text="same", filters={"label": ("x",)}, sort=Sort.NAME, size=2)
        cursor = engine.search(query).next
        assert cursor is not None
        for name, value in (("basis", "attested"), ("hosted_in", "EU"), ("pue_max", "1.3")):
            self.refused(
                engine, replace(query, filters={"label": ("x",), name: (value,)}, cursor=cursor), "cursor"
            )
        assert cursor is not None
        others = (
            replace(query, text="sam"),
            replace(query, filters={}),
            replace(query, filters={"label": ("x", "y")}),
            replace(query, kind="participant"),
            replace(query, sort=Sort.LISTED_AT),
            replace(query, sort=Sort.RELEVANCE),
        )
        for other in others:
            self.refused(engine, replace(other, cursor=cursor), "cursor")
        assert (
            engine.search(replace(query, filters={"label": ("x", "x"), "state": ()}, cursor=cursor)).total
            == 6
        )

    def test_tampered_cursor_is_refused(self, fill: Callable[..., Engine]) -> None:
        engine = fill(*(document(str(i), "Same") for i in range(6)))
        for query in (Query(sort=Sort.NAME, size=2), Query(text="same", size=2)):
            cursor = engine.search(query).next
            assert cursor is not None
            for at in range(len(cursor)):
                changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
                self.refused(engine, replace(query, cursor=changed), "cursor")

    @pytest.mark.parametrize(
        "cursor", ["", "x", "!!!!", "W10", "bnVsbA", "WzEsMSwxLDFd", "A" * 5000, "é", "[" * 99]
    )
    def test_what_is_no_cursor_is_refused(self, engine: Engine, cursor: str) -> None:
        self.refused(engine, Query(cursor=cursor), "cursor")

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            (Query(kind="evidence"), "kind"),
            (Query(size=0), "size"),
            (Query(size=101), "size"),
            (Query(text="x" * 401), "q"),
            (Query(text=" ".join(f"w{i}" for i in range(40))), "q"),
            (Query(text="a\x00b"), "q"),
            (Query(text="\ud800"), "q"),
            (Query(filters={"colour": ("red",)}), "colour"),
            (Query(filters={"label": tuple(str(i) for i in range(51))}), "label"),
            (Query(filters={"label": ("",)}), "label"),
            (Query(filters={"label": ("x" * 2049,)}), "label"),
            (Query(filters={"basis": ("attested",)}), "basis"),
            (Query(filters={"label": ("x",), "basis": ("rumoured",)}), "basis"),
            (Query(filters={"level": ("L2",)}), "level"),
            (Query(filters={"level": ("L2",), "profile": ("a", "b")}), "level"),
            (Query(filters={"level": ("a:b:c:d",)}), "level"),
            (Query(filters={"eligible_for": ("L2",), "profile": ("a",)}), "eligible_for"),
            (Query(filters={"exposed_to": ("UK",)}), "exposed_to"),
            (Query(filters={"exposed_to": ("EU",)}), "exposed_to"),
            (Query(filters={"not_exposed_to": ("unknown",)}), "not_exposed_to"),
            (Query(filters={"unknown": ("include",)}), "unknown"),
            (Query(filters={"unknown": ("exclude",), "exposed_to": ("US",)}), "unknown"),
            (Query(filters={"immune": ("perhaps",)}), "immune"),
            (Query(filters={"hosted_in": ("fr",)}), "hosted_in"),
            (Query(filters={"operated_from": ("XX",)}), "operated_from"),
            (Query(filters={"technology_from": ("unknown",)}), "technology_from"),
            (Query(filters={"pue_max": ("1,3",)}), "pue_max"),
            (Query(filters={"pue_max": ("-1",)}), "pue_max"),
            (Query(filters={"pue_max": ("1.3", "1.4")}), "pue_max"),
            (Query(filters={"renewable_min": ("75%",)}), "renewable_min"),
            (Query(filters={"renewable_min": ("nan",)}), "renewable_min"),
            (Query(filters={"valid_on": ("2026-02-30",)}), "valid_on"),
            (Query(filters={"valid_on": ("20260203",)}), "valid_on"),
            (Query(filters={"valid_on": ("2026-02-03", "2026-02-04")}), "valid_on"),
            (Query(facets=("colour",)), "facets"),
            (Query(facets=("pue_max",)), "facets"),
            (Query(facets=("subject",)), "facets"),
        ],
    )
    def test_bad_question_names_the_parameter(self, engine: Engine, query: Query, parameter: str) -> None:
        self.refused(engine, query, parameter)

    def refused(self, engine: Engine, query: Query, parameter: str) -> None:
        with pytest.raises(QueryInvalid) as refusal:
            engine.search(query)
        assert refusal.value.parameter == parameter
        assert refusal.value.problem


WORDS = (
    "edge",
    "edges",
    "storage",
    "Büro",
    "buero",
    "hébergement",
    "hosting",
    "hostings",
    "the",
    "S3",
    "suite",
)
TYPED = (*WORDS, "storge", "hebregement", "sutie", "xyzzy", "der")
PLACES = (("FR", "EEA", "EU"), ("DE", "EEA", "EU"), ("NO", "EEA"), ("US",), ())
LABELS = ("gaia-x:SC", "gaia-x:L1", "secnumcloud")
CAPABILITIES = (("iaas",), ("edge-computing", "iaas"), ("storage", "iaas"), ())
DIDS = ("did:web:a.example", "did:web:b.example", "did:key:zC")

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    provider = draw(st.integers(0, 2))
    return document(
        str(draw(st.integers(0, 25))),
        {draw(st.sampled_from(["", "en", "fr", "de-AT", "it"])): draw(texts)},
        descriptions={draw(st.sampled_from(["", "en", "de"])): draw(texts)},
        kind=draw(st.sampled_from(["offering", "offering", "participant"])),
        provider=DIDS[provider],
        provider_id=(record("pa"), None, record("pc"))[provider],
        provider_name=("Acme", "ACMÉ", "")[provider],
        jurisdictions=draw(st.sampled_from(PLACES)),
        capabilities=draw(st.sampled_from(CAPABILITIES)),
        keywords=tuple(draw(st.lists(st.sampled_from(WORDS), max_size=2))),
        labels=tuple(draw(st.lists(st.sampled_from(LABELS), max_size=2, unique=True))),
        certifications=draw(st.sampled_from(CERTIFICATIONS)),
        programmes=draw(st.sampled_from([(), ("ipcei-cis",)])),
        participant_kinds=draw(st.sampled_from([(), ("sme",), ("sme", "start-up")])),
        identity=draw(st.sampled_from(["domain", "notarised", "self_asserted"])),
        state=draw(st.sampled_from(["listed", "listed", "expired"])),
        minutes=draw(st.integers(-2, 2)),
        label_bases=tuple(
            draw(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(BASES)), max_size=3))
        ),
        levels=draw(st.sampled_from([(), ("p:1",), ("p:1", "p:2", "q:1")])),
        eligible_for=draw(st.sampled_from([(), ("p:2023:1",), ("p:2021:1", "q:2021:1")])),
        exposed_to=draw(st.sampled_from([(), ("US",), ("FR", "US", "unknown"), ("FR", "unknown")])),
        immune=draw(st.sampled_from(["", "yes", "no", "unknown"])),
        hosted_in=draw(st.sampled_from(PLACES)),
        operated_from=draw(st.sampled_from(PLACES)),
        technology_from=draw(st.sampled_from(PLACES)),
        consortia=draw(st.sampled_from([(), CONSORTIA[:1], CONSORTIA])),
        pue=draw(st.sampled_from([None, Decimal("1.3"), Decimal("1.30004"), Decimal(2)])),
        renewable_percent=draw(st.sampled_from([None, Decimal(100), Decimal("74.99996"), Decimal(75)])),
        valid_from=draw(st.sampled_from([None, EPOCH, EPOCH + timedelta(hours=30)])),
        valid_until=draw(st.sampled_from([None, EPOCH + timedelta(days=1), EPOCH + timedelta(hours=49)])),
        listed_by=draw(st.sampled_from(LISTERS)),
    )


CONSORTIA = (
    Consortium("did:web:one.example", (record("one"), record("uno")), "Alliance Éclair"),
    Consortium("did:web:two.example"),
)
LISTERS = [(), (HERE,), (HERE, "a.example"), ("a.example", "b.example:8443/n")]
CERTIFICATIONS = [(), ("secnumcloud", "secnumcloud:3.2"), ("secnumcloud", "secnumcloud:3.1"), ("iso-27001",)]
filter_values = {
    "jurisdiction": ("FR", "EU", "EEA", "US", "XX"),
    "capability": ("iaas", "edge-computing"),
    "label": LABELS,
    "certification": ("secnumcloud", "secnumcloud:3.2", "iso-27001"),
    "programme": ("ipcei-cis",),
    "participant_kind": ("sme", "start-up"),
    "provider": (*DIDS, record("pa"), "acme", "none"),
    "identity": ("domain", "notarised"),
    "state": ("listed", "expired"),
    "level": ("p:1", "q:1", "p:2023:1"),
    "eligible_for": ("p:2021:1", "p:2"),
    "profile": ("p", "q"),
    "exposed_to": ("US", "FR", "unknown"),
    "not_exposed_to": ("US", "DE"),
    "immune": ("yes", "unknown"),
    "hosted_in": ("FR", "EU", "EEA"),
    "operated_from": ("DE", "EEA"),
    "technology_from": ("US", "EU"),
    "consortium": ("did:web:one.example", record("uno"), "alliance eclair"),
    "listed_by": (HERE, "a.example", "b.example:8443/n", "c.example"),
    "home": ("yes", "no"),
}
#: Filters that are given once.
limits = {
    "pue_max": ("1.3", "1.3001", "2"),
    "renewable_min": ("0", "74.9999", "75"),
    "valid_on": ("2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"),
}


@st.composite
def queries(draw: st.DrawFn) -> Query:
    filters = {
        name: tuple(draw(st.lists(st.sampled_from(filter_values[name]), max_size=2)))
        for name in draw(st.lists(st.sampled_from(sorted(filter_values)), max_size=2, unique=True))
    }
    for name in draw(st.lists(st.sampled_from(sorted(limits)), max_size=1)):
        filters[name] = (draw(st.sampled_from(limits[name])),)
    if filters.get("label"):
        filters["basis"] = tuple(draw(st.lists(st.sampled_from(BASES), max_size=2)))
    if filters.get("exposed_to") or filters.get("not_exposed_to"):
        filters["unknown"] = draw(st.sampled_from([(), ("include",)]))
    return Query(
        kind=draw(st.sampled_from(["offering", "offering", "participant"])),
        text=draw(st.lists(st.sampled_from(TYPED), max_size=3).map(" ".join)),
        filters=filters,
        sort=draw(st.sampled_from(list(Sort))),
        size=draw(st.integers(1, 8)),
        facets=tuple(draw(st.lists(st.sampled_from(FACETS), max_size=3, unique=True))),
    )


def emptied(engine: Engine) -> None:
    """Take out whatever an example may have put in; quicker than a new index on a cluster."""
    engine.apply((), [record(str(key)) for key in range(26)], "0")


class OracleContract(WalkContract):
    """Random documents and questions against answers found by looking at every document."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        first=st.lists(documents(), max_size=25),
        then=st.lists(documents(), max_size=10),
        gone=st.lists(st.integers(0, 25), max_size=5),
        asked=st.lists(queries(), min_size=3, max_size=8),
    )
    def test_answers_are_those_of_the_oracle(
        self, made: Engine, first: list[Document], then: list[Document], gone: list[int], asked: list[Query]
    ) -> None:
        emptied(made)
        made.apply(first, (), "1")
        made.apply(then, [record(str(key)) for key in gone], "2")
        made.refresh()
        kept = {one.id: one for one in first}
        for key in gone:
            kept.pop(record(str(key)), None)
        kept |= {one.id: one for one in then}
        for query in asked:
            self.compare(made, list(kept.values()), query)

    def compare(self, engine: Engine, kept: list[Document], query: Query) -> None:
        matching, hits = search_oracle.found(kept, query)
        page = engine.search(query)
        assert (page.matching, page.total) == (matching, len(hits))
        counts = {
            name: [(value.value, value.count) for value in values] for name, values in page.facets.items()
        }
        assert counts == search_oracle.facets(kept, query, matching)
        walked = self.walk(engine, query)
        expected = [hit.id for hit in hits]
        if query.sort is Sort.RELEVANCE and query.text:
            assert sorted(walked) == sorted(expected)
        else:
            assert walked == expected
        items = {one.id: one.item for one in kept}
        assert all(json.dumps(hit.item) == json.dumps(items[hit.id]) for hit in page.hits)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        first=st.lists(documents(), min_size=5, max_size=25),
        changes=st.lists(
            st.tuples(st.lists(documents(), max_size=4), st.lists(st.integers(0, 25), max_size=3))
        ),
        query=queries().filter(lambda query: query.sort is not Sort.RELEVANCE),
    )
    def test_unchanged_items_appear_once_while_others_come_and_go(
        self,
        made: Engine,
        first: list[Document],
        changes: list[tuple[list[Document], list[int]]],
        query: Query,
    ) -> None:
        emptied(made)
        made.apply(first, (), "0")
        made.refresh()
        waiting = iter(changes)
        touched: set[str] = set()
        walked: list[str] = []
        cursor: str | None = None
        while True:
            page = made.search(replace(query, cursor=cursor))
            walked += [hit.id for hit in page.hits]
            cursor = page.next
            if cursor is None:
                break
            upserts, deletes = next(waiting, ((), ()))
            gone = [record(str(key)) for key in deletes]
            touched |= {one.id for one in upserts} | set(gone)
            made.apply(upserts, gone, str(len(walked)))
            made.refresh()
        _, hits = search_oracle.found(list({one.id: one for one in first}.values()), query)
        unchanged = [hit.id for hit in hits if hit.id not in touched]
        assert [one for one in walked if one in set(unchanged)] == unchanged
