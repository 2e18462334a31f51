"""What is sent to Elasticsearch, as far as it can be judged without one."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from decimal import Decimal
from pathlib import Path

import orjson
from search_samples import document

from search.concluded import Consortium
from search.elastic_connection import ElasticPlace
from search.elastic_schema import CONTROL_FIELDS, SearchBody, fields, mapping, source_of
from search.indexing import INDEX_VERSION, TERMS_FIELD, TEXT_FIELDS, WORDS_FIELD
from search.plan import question_of
from search.query import FACET_FIELDS, FILTER_FIELDS, Matching, Query
from search.values import LOOK_UPS, NUMBER_FIELDS

MAPPINGS = Path(__file__).parents[2] / "search" / "mappings"


def test_mapping_of_this_version_names_exactly_the_fields_of_a_document() -> None:
    assert set(mapping()["properties"]) == fields() | CONTROL_FIELDS
    assert mapping()["dynamic"] == "strict"


def test_document_has_no_field_that_the_mapping_lacks() -> None:
    full = document(
        "a",
        "name",
        subject="https://a.example/",
        provider_id="0" * 32,
        provider_name="A",
        labels=("l",),
        jurisdictions=("FR",),
        capabilities=("iaas",),
        keywords=("k",),
        label_bases=(("l", "attested"),),
        levels=("p:1",),
        eligible_for=("p:2023:1",),
        exposed_to=("FR",),
        immune="yes",
        hosted_in=("FR",),
        operated_from=("FR",),
        technology_from=("FR",),
        consortia=(Consortium("did:web:c.example", ("0" * 32,), "C"),),
        pue=Decimal("1.3"),
        renewable_percent=Decimal(75),
    )
    assert set(NUMBER_FIELDS) | set(LOOK_UPS) - {"concept"} <= set(orjson.loads(source_of(full)))
    assert set(orjson.loads(source_of(full))) <= fields()


def test_mapping_uses_only_what_every_distribution_has() -> None:
    for name, about in mapping()["properties"].items():
        assert about["type"] in ("keyword", "text", "long"), name
        assert about.get("analyzer", "whitespace") == "whitespace", name
    for name in (*TEXT_FIELDS, TERMS_FIELD, WORDS_FIELD):
        assert mapping()["properties"][name]["type"] == "text"


def test_mapping_files_are_numbered_up_to_this_version() -> None:
    found = [re.fullmatch(r"records-v(\d+)\.json", file.name) for file in MAPPINGS.iterdir()]
    assert max(int(match[1]) for match in found if match) == INDEX_VERSION


def test_one_request_asks_for_hits_and_all_facets_each_without_its_own_filter() -> None:
    query = Query(
        text="edge",
        filters={"label": ("a",), "state": ("listed",), "identity": ("domain",)},
        facets=("label", "identity", "provider"),
    )
    body = SearchBody(question_of(query)).of(Matching.ALL)
    label, identity = {"terms": {"label": ["a"]}}, {"terms": {"identity": ["domain"]}}
    assert {"terms": {"state": ["listed"]}} in body["query"]["bool"]["filter"]
    assert body["post_filter"]["bool"]["filter"] == [label, identity]
    assert body["aggs"]["label"]["filter"]["bool"]["filter"] == [identity]
    assert body["aggs"]["identity"]["filter"]["bool"]["filter"] == [label]
    assert body["aggs"]["provider"]["filter"]["bool"]["filter"] == [label, identity]


def test_filters_and_facets_are_those_of_the_query_model() -> None:
    one_of_each = {
        "basis": "attested",
        "level": "p:l",
        "eligible_for": "p:l",
        "unknown": "include",
        "immune": "yes",
        "home": "no",
        "pue_max": "1.3",
        "renewable_min": "75",
        "valid_on": "2026-01-01",
    }
    countries = ("exposed_to", "not_exposed_to", "hosted_in", "operated_from", "technology_from")
    one_of_each |= dict.fromkeys(countries, "FR")
    values = {name: (one_of_each.get(name, "x"),) for name in FILTER_FIELDS}
    body = SearchBody(question_of(Query(filters=values, facets=FACET_FIELDS))).of(Matching.ALL)
    assert set(body["aggs"]) == set(FACET_FIELDS)
    assert len(body["post_filter"]["bool"]["filter"]) == len(FACET_FIELDS)


def test_place_shows_neither_password_nor_key() -> None:
    place = ElasticPlace(("https://a.example:9200",), "catalogue", "user", "geheim", api_key="geheim")
    assert "geheim" not in repr(place) + str(place)
    assert {entry.name for entry in fields_of(place) if not entry.repr} == {"password", "api_key"}
