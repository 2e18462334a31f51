"""Finding offerings and participants over HTTP."""

from __future__ import annotations

import pytest
from api_support import ApiNode, Provider, problem

from catalogue.api.queries import query_of
from catalogue.wording import facet_label
from search.query import DEFAULT_FACETS, FACET_FIELDS, Sort
from vocab.model import Kind


def found(api: ApiNode, query: str, path: str = "/offerings") -> list[str]:
    """The names that a query finds."""
    response = api.client.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.get_json()["items"]]


def test_published_is_found_by_text_and_filter(api: ApiNode, provider: Provider) -> None:
    body = api.listed(provider.signed("Glacier backup"))
    api.listed(provider.signed("Meadow compute"))
    api.index()
    assert found(api, "q=glacier") == ["Glacier backup"]
    assert found(api, f"did={provider.did}") == ["Glacier backup", "Meadow compute"]
    assert found(api, f"provider={provider.did}&identity=self_asserted") == [
        "Glacier backup",
        "Meadow compute",
    ]
    assert found(api, "identity=notarised") == []
    assert found(api, "state=listed&status=listed") == ["Glacier backup", "Meadow compute"]
    item = api.client.get("/offerings?q=glacier").get_json()["items"][0]
    assert item["id"] == body["records"][0]["id"]
    assert item["provider"]["did"] == provider.did


def test_one_is_found_by_its_subject(api: ApiNode, provider: Provider) -> None:
    subject = "https://provider.example/offerings/by-subject"
    api.listed(provider.signed("Wanted", subject=subject))
    api.listed(provider.signed("Other"))
    api.index()
    assert found(api, f"subject={subject}") == ["Wanted"]
    assert found(api, "subject=https://provider.example/nothing") == []


def test_participants_are_apart_from_offerings(api: ApiNode, provider: Provider) -> None:
    api.listed(provider.signed("Service"))
    person = api.listed(provider.signed("Fjord AG", kind="gx:LegalPerson", subject=provider.did))
    api.index()
    assert found(api, "", "/participants") == ["Fjord AG"]
    assert found(api, f"subject={provider.did}", "/participants") == ["Fjord AG"]
    assert found(api, "") == ["Service"]
    record = person["records"][0]["id"]
    assert api.client.get(f"/participants/{record}").get_json()["name"] == "Fjord AG"
    problem(api.client.get(f"/offerings/{record}"), "not-found", 404)


def test_offering_tells_its_reasons(api: ApiNode, provider: Provider) -> None:
    record = api.listed(provider.signed("Reasoned"))["records"][0]["id"]
    api.index()
    body = api.client.get(f"/offerings/{record}").get_json()
    assert any(reason["field"] == "identity" for reason in body["reasons"])


def test_every_filter_is_taken_beside_the_others(api: ApiNode, provider: Provider) -> None:
    api.listed(provider.signed("Filtered"))
    api.index()
    query = (
        "label=gaia-x:L1&basis=attested&basis=computed&profile=cigref&level=safe"
        "&eligible_for=cloud-au-centre:2023:protected-secret&eligible_for=green:published"
        "&exposed_to=US&exposed_to=unknown&not_exposed_to=CN&unknown=include&immune=yes&hosted_in=EU"
        "&operated_from=EEA&technology_from=US&consortium=did:web:c.example&pue_max=1.3&renewable_min=75"
        "&valid_on=2026-11-25"
    )
    body = api.client.get(f"/offerings?{query}&{'&'.join(f'facets={name}' for name in FACET_FIELDS)}")
    assert (body.status_code, body.get_json()["total"]) == (200, 0)
    assert set(body.get_json()["facets"]) == set(FACET_FIELDS)


def test_a_day_finds_what_is_valid_on_it(api: ApiNode, provider: Provider) -> None:
    api.listed(provider.signed("Timely"))
    api.index()
    assert found(api, "valid_on=1999-12-31") == []
    today = api.client.get("/offerings").get_json()["items"][0]["listed_at"][:10]
    assert found(api, f"valid_on={today}") == ["Timely"]


def test_facets_are_the_usual_by_default_some_by_name_and_none_on_request(
    api: ApiNode, provider: Provider
) -> None:
    api.listed(provider.signed("Counted"))
    api.index()
    assert set(api.client.get("/offerings").get_json()["facets"]) == set(DEFAULT_FACETS)
    some = api.client.get("/offerings?facets=state&facets=identity").get_json()["facets"]
    assert some["state"] == [{"value": "listed", "count": 1, "label": "listed"}]
    assert set(some) == {"state", "identity"}
    assert "facets" not in api.client.get("/offerings?facets=none").get_json()


def test_labels_follow_accept_language(api: ApiNode, provider: Provider) -> None:
    api.listed(provider.signed("Labelled"))
    api.index()
    for header, label in (
        ("fr-BE, en;q=0.5", "publiée"),
        ("de", "gelistet"),
        ("xx, de;q=0.1", "gelistet"),
        ("xx", "listed"),
        ("*", "listed"),
        ("de;q=0, fr", "publiée"),
        (";;;,,,=q", "listed"),
    ):
        response = api.client.get("/offerings?facets=state", headers={"Accept-Language": header})
        assert response.get_json()["facets"]["state"][0]["label"] == label, header
        assert "Accept-Language" in response.headers["Vary"]


def test_walk_by_name_meets_each_exactly_once(api: ApiNode, provider: Provider) -> None:
    names = [f"Walk {number}" for number in range(5)]
    for name in names:
        api.listed(provider.signed(name))
    api.index()
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.client.get(f"/offerings?sort=name&size=2{cursor}").get_json()
        seen += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == names


@pytest.mark.parametrize(
    "query",
    [
        "page=2",
        "size=101",
        "size=0",
        "size=ten",
        "sort=price",
        "identity=known",
        "state=gone",
        "facets=colour",
        "facets=state,identity",
        "cursor=nonsense",
        "cursor=",
        "q=" + "x" * 401,
        "q=a&q=b",
        "jurisdiction=",
        "jurisdiction=" + "&jurisdiction=".join(["FR"] * 51),
        "q=%00",
        "basis=attested",
        "basis=rumoured&label=gaia-x:L1",
        "level=safe",
        "level=safe&profile=cigref&profile=green",
        "level=cigref:unsafe",
        "eligible_for=safe",
        "eligible_for=cigref:1:safe",
        "profile=horoscope",
        "exposed_to=UK",
        "not_exposed_to=EU",
        "unknown=include",
        "unknown=exclude&exposed_to=US",
        "immune=perhaps",
        "hosted_in=fr",
        "operated_from=XX",
        "technology_from=unknown",
        "pue_max=1,3",
        "pue_max=1.3&pue_max=1.4",
        "renewable_min=-1",
        "valid_on=2026-02-30",
        "valid_on=",
        "valid_on=tomorrow",
        "facets=pue_max",
    ],
)
@pytest.mark.parametrize("path", ["/offerings", "/participants"])
def test_unusable_parameters_are_400_and_named(api: ApiNode, path: str, query: str) -> None:
    api.index()
    body = problem(api.client.get(f"{path}?{query}"), "invalid-parameter", 400)
    assert body["where"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("field", "value", "french"),
    [
        ("exposed_to", "US", "États-Unis"),
        ("exposed_to", "unknown", "non connu"),
        ("immune", "no", "non"),
        ("hosted_in", "EEA", "Espace économique européen"),
        ("level", "secnumcloud:3.2", "SecNumCloud (ANSSI): SecNumCloud 3.2"),
        ("eligible_for", "secnumcloud:2022:3.2", "SecNumCloud (ANSSI) (2022): SecNumCloud 3.2"),
        # Of an index made by an older program.
        ("level", "gone:L1", "gone:L1"),
        ("eligible_for", "secnumcloud", "secnumcloud"),
        ("immune", "perhaps", "perhaps"),
    ],
)
def test_values_are_named_for_their_reader(field: str, value: str, french: str) -> None:
    assert facet_label(field, value, ["fr"]) == french


def test_index_that_is_missing_is_503(api: ApiNode) -> None:
    import shutil

    shutil.rmtree(api.settings.index_folder)
    response = api.client.get("/offerings")
    problem(response, "unavailable", 503)
    assert int(response.headers["Retry-After"]) > 0


def test_question_without_words_is_in_the_order_of_names() -> None:
    assert query_of(Kind.OFFERING, {"size": 20}).sort is Sort.NAME
    assert query_of(Kind.OFFERING, {"size": 20, "q": "backup"}).sort is Sort.RELEVANCE
    assert query_of(Kind.OFFERING, {"size": 20, "q": "backup", "sort": "name"}).sort is Sort.NAME


def test_history_tells_versions_a_page_at_a_time(api: ApiNode, provider: Provider) -> None:
    subject = "https://provider.example/offerings/with-history"
    first = api.listed(provider.signed("Before", subject=subject))["records"][0]
    api.listed(provider.signed("After", subject=subject))
    api.index()
    path = f"/offerings/{first['id']}/history"
    page = api.client.get(f"{path}?order=oldest&size=2").get_json()
    assert [item["kind"] for item in page["items"]] == ["listed", "listed"]
    assert page["items"][0]["digest"] == first["digest"]
    assert page["total"] == 3
    rest = api.client.get(f"{path}?order=oldest&size=2&cursor={page['next']}").get_json()
    assert [item["kind"] for item in rest["items"]] == ["superseded"]
    assert rest["next"] is None
    problem(api.client.get(f"{path}?order=random"), "invalid-parameter", 400)
    problem(api.client.get(f"{path}?cursor={page['next']}"), "invalid-parameter", 400)
    problem(api.client.get(f"/offerings/{'0' * 32}/history"), "not-found", 404)


def test_an_export_is_the_whole_answer_in_either_form(api: ApiNode, provider: Provider) -> None:
    for number in range(23):
        api.listed(provider.signed(f"Service {number:02}"))
    api.index()
    table = api.client.get("/offerings.csv?q=service&sort=name&lang=de")
    assert table.mimetype == "text/csv"
    lines = table.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Name;Anbieter;")
    assert [line.split(";")[0] for line in lines[1:]] == [f"Service {number:02}" for number in range(23)]
    linked = api.client.get("/offerings.jsonld?q=service")
    assert linked.mimetype == "application/ld+json"
    assert linked.json is not None
    assert (linked.json["totalItems"], len(linked.json["resource"])) == (23, 23)
    assert "attachment" in linked.headers["Content-Disposition"]


def test_an_export_takes_the_filters_and_nothing_else(api: ApiNode) -> None:
    for path in ("/offerings.csv", "/offerings.jsonld"):
        assert problem(api.client.get(f"{path}?size=5"), "invalid-parameter", 400)["where"] == "size"
        assert (
            problem(api.client.get(f"{path}?not_exposed_to=XX"), "invalid-parameter", 400)["where"]
            == "not_exposed_to"
        )
        assert problem(api.client.get(f"{path}?lang=xx"), "invalid-parameter", 400)["where"] == "lang"


def test_linked_data_is_for_who_prefers_it(api: ApiNode, provider: Provider) -> None:
    record = api.listed(provider.signed("Linked"))["records"][0]["id"]
    api.index()
    wanted = {"Accept": "application/ld+json"}
    one = api.client.get(f"/offerings/{record}", headers=wanted)
    assert one.mimetype == "application/ld+json"
    assert one.json is not None
    assert (one.json["title"], one.json["id"].rsplit("/", 1)[1]) == ("Linked", record)
    for path in ("/offerings", "/participants", f"/offerings/{record}"):
        assert "Accept" in api.client.get(path, headers=wanted).vary
        plain = api.client.get(path)
        assert plain.mimetype == "application/json"
        assert {*plain.vary} >= {"Accept", "Accept-Language"}
