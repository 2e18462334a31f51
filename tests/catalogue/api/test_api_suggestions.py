"""Completing what is typed, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from api_support import ApiNode, Provider, problem


def suggestions(api: ApiNode, query: str, language: str = "en") -> list[dict[str, Any]]:
    response = api.client.get(f"/suggestions?{query}", headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    body = response.get_json()
    assert (body["total"], body["next"]) == (len(body["items"]), None)
    items: list[dict[str, Any]] = body["items"]
    return items


def signed(provider: Provider, name: str, keyword: str) -> bytes:
    document = provider.credential(name)
    document["credentialSubject"]["gx:keyword"] = [keyword]
    return provider.sign(document)


@pytest.fixture
def filled(api: ApiNode, provider: Provider) -> ApiNode:
    api.listed(signed(provider, "Stockholm archive", "object storage"))
    api.listed(signed(provider, "Meadow & more", "Sicherung"))
    api.listed(provider.signed("Stork AG", kind="gx:LegalPerson", subject=provider.did))
    api.index()
    return api


def test_kinds_are_suggested_one_after_the_other(filled: ApiNode) -> None:
    found = suggestions(filled, "q=sto")
    assert [one["kind"] for one in found][-2:] == ["offering", "participant"]
    assert [one["text"] for one in found][-2:] == ["Stockholm archive", "Stork AG"]
    assert {one["id"] for one in found if one["kind"] == "capability"} == {"storage", "object-storage"}


def test_capability_has_its_number_of_services_and_its_name_for_the_reader(filled: ApiNode) -> None:
    (found,) = suggestions(filled, "q=objektsp", "fr")
    assert found == {
        "kind": "capability",
        "id": "object-storage",
        "text": "Stockage objet",
        "detail": "Stockage",
        "highlighted": "<mark>Objektsp</mark>eicher",
        "count": 1,
    }
    assert suggestions(filled, "q=storage&kind=capability")[0]["count"] == 2


def test_capability_that_nobody_offers_is_not_suggested(filled: ApiNode) -> None:
    assert suggestions(filled, "q=quantum") == []


def test_service_has_its_provider_and_what_was_typed_is_marked(filled: ApiNode) -> None:
    (found,) = suggestions(filled, "q=mead&kind=offering")
    assert found["highlighted"] == "<mark>Mead</mark>ow &amp; more"
    assert found["detail"] == "Stork AG"
    assert filled.client.get(f"/offerings/{found['id']}").status_code == 200


def test_typo_is_forgiven_only_when_nothing_else_fits(filled: ApiNode) -> None:
    assert [one["text"] for one in suggestions(filled, "q=stockhlm")] == ["Stockholm archive"]
    assert "Stork AG" not in [one["text"] for one in suggestions(filled, "q=stock")]


def test_size_bounds_the_list_and_shares_it_out(filled: ApiNode) -> None:
    found = suggestions(filled, "q=sto&size=3")
    assert [one["kind"] for one in found] == ["capability", "offering", "participant"]


def test_withdrawn_is_not_suggested(api: ApiNode, provider: Provider) -> None:
    body = api.listed(provider.signed("Gone tomorrow"))
    api.index()
    assert len(suggestions(api, "q=gone")) == 1
    withdrawal = provider.withdrawal(body["records"][0]["content_id"])
    answer = api.client.post("/withdrawals", data=withdrawal, content_type="application/jose")
    assert answer.status_code == 201
    api.index()
    assert suggestions(api, "q=gone") == []


@pytest.mark.parametrize(
    "query", ["", "q=", "q=a&debug=1", "q=a&size=21", "q=a&size=0", "q=a&kind=evidence", f"q={'a' * 401}"]
)
def test_what_cannot_be_asked_is_refused(api: ApiNode, query: str) -> None:
    problem(api.client.get(f"/suggestions?{query}"), "invalid-parameter", 400)
