"""The vocabulary over HTTP: lists in the reader's language, and the same as linked data or as pages."""

from __future__ import annotations

import json
import re

import pytest
import rdflib
from api_support import ApiNode, problem
from linked_data import from_json_ld, from_turtle

from catalogue.web.terms import KINDS
from vocab import capabilities, certifications, participant_kinds, terms
from vocab.contexts import context_document
from vocab.namespaces import CF, CF_CONTEXT

LD_JSON, TURTLE, HTML = "application/ld+json", "text/turtle", "text/html"
READERS = {LD_JSON: lambda text: from_json_ld(json.loads(text)), TURTLE: from_turtle}
#: What a browser sends.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_certifications_are_listed_in_the_readers_language(api: ApiNode) -> None:
    answer = api.client.get("/vocabulary/certifications", headers={"Accept-Language": "de"})
    items = answer.get_json()["items"]
    assert [item["id"] for item in items] == [one.id for one in certifications.certifications()]
    assert items[0] == {
        "id": "secnumcloud",
        "kind": "scheme",
        "broader": None,
        "label": "SecNumCloud-Qualifizierung",
        "authority": "ANSSI",
        "country": "FR",
        "subject": "security",
        "status": "in-force",
        "validity_months": 36,
    }
    assert answer.headers["Content-Language"] == "de"


def test_kinds_of_participant_are_listed(api: ApiNode) -> None:
    items = api.client.get("/vocabulary/participant-kinds").get_json()["items"]
    assert [item["id"] for item in items] == [kind.id for kind in participant_kinds.participant_kinds()]


def test_a_label_names_those_below_it(api: ApiNode) -> None:
    items = api.client.get("/vocabulary/labels").get_json()["items"]
    (found,) = (item for item in items if item["id"] == "gaia-x:L2")
    assert found == {
        "id": "gaia-x:L2",
        "scheme": "gaia-x",
        "label": "Gaia-X Label Level 2",
        "below": ["gaia-x:L1", "gaia-x:SC"],
    }


def test_context_is_the_one_that_documents_name(api: ApiNode) -> None:
    answer = api.client.get("/vocabulary/context")
    assert answer.mimetype == LD_JSON
    assert json.loads(answer.data) == context_document(CF_CONTEXT)


@pytest.mark.parametrize("path", ["/vocabulary/terms", "/vocabulary/shapes", "/vocabulary/terms/ownership"])
@pytest.mark.parametrize("form", [LD_JSON, TURTLE])
def test_terms_and_shapes_are_linked_data_for_those_who_ask(api: ApiNode, path: str, form: str) -> None:
    answer = api.client.get(path, headers={"Accept": form})
    assert answer.mimetype == form
    assert "Accept" in answer.headers["Vary"]
    graph = READERS[form](answer.get_data(as_text=True))
    assert any(str(subject).startswith(CF) for subject in graph.subjects())


@pytest.mark.parametrize("form", [LD_JSON, TURTLE])
def test_capabilities_are_a_concept_scheme_for_those_who_ask(api: ApiNode, form: str) -> None:
    answer = api.client.get("/vocabulary/capabilities", headers={"Accept": form})
    assert answer.mimetype == form
    graph = READERS[form](answer.get_data(as_text=True))
    found = set(graph.subjects(rdflib.RDF.type, rdflib.SKOS.Concept))
    assert len(found) == len(capabilities.concepts())


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_capabilities_stay_a_list_for_everybody_else(api: ApiNode, accept: str | None) -> None:
    answer = api.client.get("/vocabulary/capabilities", headers={"Accept": accept} if accept else {})
    assert answer.get_json()["total"] == len(capabilities.concepts())
    assert answer.headers["Vary"] == "Accept, Accept-Language"


def test_browsers_get_the_capabilities_as_a_page(api: ApiNode) -> None:
    answer = api.client.get("/vocabulary/capabilities", headers={"Accept": BROWSER})
    assert answer.mimetype == HTML
    assert "Accept" in answer.headers["Vary"]


def test_browsers_get_a_page_of_all_terms_with_a_page_for_each(api: ApiNode) -> None:
    answer = api.client.get("/vocabulary/terms", headers={"Accept": BROWSER})
    assert answer.mimetype == HTML
    linked = re.findall(r'href="[^"]*(/vocabulary/terms/\w+)"', answer.get_data(as_text=True))
    assert set(linked) == {f"/vocabulary/terms/{term.id}" for term in terms.terms() if term.is_own}


@pytest.mark.parametrize("term", [one for one in terms.terms() if one.is_own], ids=lambda one: one.id)
def test_a_terms_page_says_what_it_means_where_it_stands_and_what_it_takes(
    api: ApiNode, term: terms.Term
) -> None:
    answer = api.client.get(f"/vocabulary/terms/{term.id}", headers={"Accept": BROWSER})
    assert answer.mimetype == HTML
    page = re.sub(r"&#39;", "'", answer.get_data(as_text=True))
    for language, label in term.labels.items():
        assert f'<div lang="{language}"><dt>{label} ({language})' in page
        assert term.definitions[language] in page
    assert term.iri in page
    assert "Shape</code>" in page
    inner = terms.properties_of(term.id) if term.is_class else ()
    for name in (*term.domain, *(one.id for one in inner)):
        assert f"<code>{name}</code>" in page
    if term.range:
        assert KINDS.get(term.range, f"<code>{term.range}</code>") in page
    if not term.is_class:
        assert f"&#34;{term.id}&#34;: " in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["nothing", "startDate", "cap", "%3Cb%3E"])
def test_what_is_no_term_of_ours_has_no_page(api: ApiNode, name: str) -> None:
    problem(api.client.get(f"/vocabulary/terms/{name}"), "not-found", 404)


def test_kind_of_value_is_not_taken_for_the_term_of_the_same_name(api: ApiNode) -> None:
    page = api.client.get("/vocabulary/terms/country", headers={"Accept": HTML}).get_data(as_text=True)
    assert "licensorCountry" not in page
    assert "<dt>Range</dt><dd>text, a code of ISO 3166-1 alpha-2</dd>" in page
    assert set(terms.RANGES) == set(KINDS)
