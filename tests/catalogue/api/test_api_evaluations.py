"""Services held against requirements over HTTP: one, those a query finds, and side by side."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from api_support import ApiNode, Provider, problem

from catalogue.evaluating import MAX_COMPARED, MAX_OFFERINGS
from vocab.profiles import in_force, shipped

CF = "https://w3id.org/cloud-federation/v1"

#: Requirements of one's own: one that everybody here meets, one that nobody speaks of, one that fails.
OWN: dict[str, Any] = {
    "profile": "ours",
    "version": "1",
    "valid_from": "2026-01-01",
    "valid_until": None,
    "kind": "buyer",
    "excerpt": False,
    "labels": {"en": "Ours"},
    "source": {"title": "What we ask for", "url": "https://buyer.example/requirements", "date": None},
    "criteria": [
        {
            "id": "named",
            "text": {"en": "Whoever offers it is known by a key of its own at least."},
            "rule": {"fact": {"name": "identity", "includes": ["self_asserted"]}},
        },
        {
            "id": "frugal",
            "text": {"en": "A PUE of 1.3 at most."},
            "rule": {"fact": {"name": "pue", "at_most": 1.3}},
        },
        {
            "id": "at-home",
            "text": {"en": "Data stay in France."},
            "rule": {"fact": {"name": "data_places", "within": ["FR"]}},
        },
    ],
    "levels": [
        {"id": "basic", "labels": {"en": "Basic"}, "requires": ["named"]},
        {"id": "full", "labels": {"en": "Full"}, "includes": ["basic"], "requires": ["frugal", "at-home"]},
    ],
}


def published(api: ApiNode, provider: Provider, name: str, **claims: Any) -> str:
    """The record of a new service with claims in the federation's own terms."""
    document = provider.credential(name)
    document["@context"].append(CF)
    document["credentialSubject"] |= claims
    record: str = api.listed(provider.sign(document))["records"][0]["id"]
    return record


@pytest.fixture
def record(api: ApiNode, provider: Provider) -> str:
    """A service that keeps data in Germany and says nothing of energy."""
    return published(api, provider, "Held against", dataPlace={"type": "Place", "country": "DE"})


def evaluated(api: ApiNode, form: dict[str, Any]) -> dict[str, Any]:
    response = api.client.post("/evaluations", json=form)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def test_each_criterion_is_met_not_met_or_unknown(api: ApiNode, record: str) -> None:
    answer = evaluated(api, {"profile": OWN, "offerings": [record]})
    (item,) = answer["items"]
    outcomes = {one["id"]: (one["outcome"], one["basis"]) for one in item["criteria"]}
    assert outcomes == {
        "named": ("met", "computed"),
        "frugal": ("unknown", None),
        "at-home": ("not_met", None),
    }
    assert (item["level"], item["blocked_level"], item["meets"]) == ("basic", "full", None)
    assert {one["criterion"] for one in item["blocking"]} == {"frugal", "at-home"}
    assert all(one["needed"] for one in item["blocking"])


def test_what_was_said_against_it_is_evidence(api: ApiNode, record: str) -> None:
    own = {**OWN, "criteria": [OWN["criteria"][2]], "levels": [{**OWN["levels"][0], "requires": ["at-home"]}]}
    own["criteria"][0] = {**own["criteria"][0], "rule": {"fact": {"name": "data_places", "within": "EU"}}}
    (item,) = evaluated(api, {"profile": own, "offerings": [record]})["items"]
    (criterion,) = item["criteria"]
    digests = {one["digest"] for one in criterion["evidence"]}
    listed = api.client.get(f"/offerings/{record}").get_json()["digest"]
    assert (criterion["outcome"], digests) == ("met", {listed})


def test_a_level_asked_for_is_answered_by_itself(api: ApiNode, record: str) -> None:
    for level, meets, blocking in (("basic", "met", 0), ("full", "not_met", 2)):
        (item,) = evaluated(api, {"profile": OWN, "level": level, "offerings": [record]})["items"]
        assert (item["meets"], len(item["blocking"])) == (meets, blocking)
    body = problem(
        api.client.post("/evaluations", json={"profile": OWN, "level": "best", "offerings": [record]}),
        "invalid-parameter",
        400,
    )
    assert "basic, full" in body["detail"]


def test_what_a_query_finds_is_evaluated_page_by_page(api: ApiNode, provider: Provider) -> None:
    for number in range(3):
        published(api, provider, f"Paged {number}")
    api.index()
    query = {"q": "paged", "size": 2, "sort": "name"}
    first = evaluated(api, {"profile": OWN, "query": query})
    assert [item["name"] for item in first["items"]] == ["Paged 0", "Paged 1"]
    assert first["total"] == 3
    last = evaluated(api, {"profile": OWN, "query": {**query, "cursor": first["next"]}})
    assert [item["name"] for item in last["items"]] == ["Paged 2"]
    assert last["next"] is None


def test_what_cannot_be_had_is_told_beside_the_rest(api: ApiNode, provider: Provider, record: str) -> None:
    gone = api.listed(provider.signed("Withdrawn"))["records"][0]
    api.client.post(
        "/withdrawals", data=provider.withdrawal(gone["content_id"]), content_type="application/jose"
    )
    nobody = "0" * 32
    answer = evaluated(api, {"profile": OWN, "offerings": [nobody, record, gone["id"]]})
    assert [item["id"] for item in answer["items"]] == [record]
    assert answer["missing"] == [
        {"id": nobody, "reason": "not-found"},
        {"id": gone["id"], "reason": "withdrawn"},
    ]


def test_another_day_is_another_answer(api: ApiNode, record: str) -> None:
    since = {"fact": {"name": "pue", "at_most": 1.3}}
    own = {**OWN, "criteria": [{**OWN["criteria"][0], "rule": {"any": [OWN["criteria"][0]["rule"], since]}}]}
    own["levels"] = [OWN["levels"][0]]
    for on in ("2026-01-01", "2031-06-30"):
        answer = evaluated(api, {"profile": own, "on": on, "offerings": [record]})
        assert answer["on"] == on
    problem(
        api.client.post("/evaluations", json={"profile": own, "on": "31.12.2026", "offerings": [record]}),
        "invalid-parameter",
        400,
    )


def test_a_version_is_that_named_or_the_one_in_force(api: ApiNode, record: str) -> None:
    path = f"/offerings/{record}/evaluation?profile=cloud-au-centre"
    for parameters, version in (
        ("&on=2022-01-01", "2021"),
        ("&on=2024-01-01", "2023"),
        ("&version=2021", "2021"),
    ):
        assert api.client.get(path + parameters).get_json()["profile"]["version"] == version
    problem(api.client.get(path + "&version=1999"), "not-found", 404)
    problem(api.client.get(f"/offerings/{record}/evaluation?profile=nothing"), "not-found", 404)


def test_what_blocks_a_level_is_one_call(api: ApiNode, record: str) -> None:
    answer = api.client.get(f"/offerings/{record}/evaluation?profile=gaia-x&level=L2").get_json()
    offering = answer["offering"]
    assert offering["meets"] == "unknown"
    blocking = {one["criterion"]: one["needed"] for one in offering["blocking"]}
    assert "SecNumCloud" in blocking["P3.1.1"]
    texts = {one["id"]: one["text"] for one in answer["profile"]["criteria"]}
    assert blocking.keys() <= texts.keys()


@pytest.mark.parametrize(
    ("form", "slug"),
    [
        ({}, "invalid-parameter"),
        ({"profile": "gaia-x"}, "invalid-parameter"),
        ({"profile": "gaia-x", "offerings": ["0" * 32], "query": {}}, "invalid-parameter"),
        ({"profile": "gaia-x", "offerings": []}, "invalid-parameter"),
        ({"profile": "gaia-x", "offerings": ["0" * 32] * (MAX_OFFERINGS + 1)}, "invalid-parameter"),
        ({"profile": "gaia-x", "offerings": ["../../etc"]}, "invalid-parameter"),
        ({"profile": "gaia-x", "query": {"colour": "red"}}, "invalid-parameter"),
        ({"profile": "gaia-x", "query": {"pue_max": "little"}}, "invalid-parameter"),
        ({"profile": 5, "offerings": ["0" * 32]}, "invalid-parameter"),
        ({"profile": OWN, "version": "1", "offerings": ["0" * 32]}, "invalid-parameter"),
        ({"profile": {"profile": "empty"}, "offerings": ["0" * 32]}, "profile-refused"),
    ],
    ids=[
        "nothing",
        "of what",
        "both",
        "of none",
        "of too many",
        "of no record",
        "unknown filter",
        "ill-formed number",
        "by a number",
        "version of one's own",
        "by no profile",
    ],
)
def test_what_cannot_be_evaluated_is_refused(api: ApiNode, form: dict[str, Any], slug: str) -> None:
    status = 422 if slug == "profile-refused" else 400
    assert problem(api.client.post("/evaluations", json=form), slug, status)["where"]


def test_a_profile_that_is_wrong_is_refused_with_the_place(api: ApiNode, record: str) -> None:
    rule = {"fact": {"name": "no_such_fact", "is": True}}
    own = {**OWN, "criteria": [OWN["criteria"][0], {**OWN["criteria"][1], "rule": rule}, OWN["criteria"][2]]}
    body = problem(
        api.client.post("/evaluations", json={"profile": own, "offerings": [record]}), "profile-refused", 422
    )
    assert body["where"] == "criteria[1].rule.fact.name"
    assert "is no fact" in body["detail"]


def test_services_stand_side_by_side(api: ApiNode, provider: Provider, record: str) -> None:
    other = published(api, provider, "Other", dataPlace={"type": "Place", "country": "US"})
    answer = api.client.get(
        f"/offerings/compare?id={other}&id={record}&profile=gaia-x&profile=cloud-au-centre:2021"
    ).get_json()
    assert [one["id"] for one in answer["offerings"]] == [other, record]
    assert [one["hosted_in"] for one in answer["offerings"]] == [["US"], ["DE"]]
    reaches = {reach["country"] for reach in answer["offerings"][0]["exposure"]["reaches"]}
    assert "US" in reaches
    gaia_x, doctrine = answer["profiles"]
    assert (gaia_x["profile"]["id"], doctrine["profile"]["version"]) == ("gaia-x", "2021")
    assert all(len(row["cells"]) == 2 for row in gaia_x["criteria"] + doctrine["levels"])
    assert {row["id"] for row in gaia_x["criteria"]} == {one["id"] for one in gaia_x["profile"]["criteria"]}


def test_a_comparison_has_its_bounds(api: ApiNode, record: str) -> None:
    many = "&".join(f"id={number:032x}" for number in range(MAX_COMPARED + 1))
    for query in ("", many, "id=nothing", f"id={record}" + "&profile=gaia-x" * 51):
        problem(api.client.get(f"/offerings/compare?{query}"), "invalid-parameter", 400)
    six = "".join(f"&profile=gaia-x:{number}" for number in range(6))
    problem(api.client.get(f"/offerings/compare?id={record}{six}"), "invalid-parameter", 400)
    problem(api.client.get(f"/offerings/compare?id={'0' * 32}"), "not-found", 404)


def test_profiles_are_listed_and_read(api: ApiNode) -> None:
    every = api.client.get("/profiles").get_json()
    assert {(one["id"], one["version"]) for one in every["items"]} == {
        (one.id, one.version) for one in shipped()
    }
    day = date(2022, 1, 1)
    then = api.client.get("/profiles?on=2022-01-01").get_json()
    assert len(then["items"]) == len(in_force(day)) < every["total"]
    french = api.client.get("/profiles/gaia-x", headers={"Accept-Language": "fr"}).get_json()
    english = api.client.get("/profiles/gaia-x").get_json()
    assert french["criteria"][0]["text"] != english["criteria"][0]["text"]
    assert [level["id"] for level in english["levels"]] == ["SC", "L1", "L2", "L3"]
    problem(api.client.get("/profiles/none"), "not-found", 404)


def test_authors_find_the_form_and_the_facts(api: ApiNode) -> None:
    response = api.client.get("/profiles/schema")
    assert response.mimetype == "application/schema+json"
    assert response.get_json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    facts = {one["name"]: one for one in api.client.get("/profiles/facts").get_json()["items"]}
    assert facts["pue"]["kind"] == "amount"
    assert facts["data_places"]["kind"] == "members"


def test_a_service_tells_whose_law_reaches_it(api: ApiNode, record: str) -> None:
    conclusions = api.client.get(f"/offerings/{record}").get_json()["conclusions"]
    assert (conclusions["programmes"], conclusions["consortia"]) == ([], [])
    exposure = conclusions["exposure"]
    assert exposure["immunity"] == "unknown"
    assert not exposure["complete"]
    assert exposure["missing"]
    (german,) = (reach for reach in exposure["reaches"] if reach["country"] == "DE")
    assert {path["kind"] for path in german["paths"]} == {"data_place"}
    assert {condition["outcome"] for condition in exposure["conditions"]} >= {"unknown", "met"}
