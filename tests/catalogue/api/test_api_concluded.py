"""What is concluded of the samples is filtered by, counted and named over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from api_support import ApiNode

#: Facets of what is concluded; who may be exposed is left out of what is counted as exposed.
FACETS = {
    "label": "",
    "level": "",
    "eligible_for": "",
    "exposed_to": "&unknown=include",
    "immune": "",
    "hosted_in": "",
    "operated_from": "",
    "technology_from": "",
    "consortium": "",
}


def total(samples: ApiNode, query: str) -> int:
    """How many offerings a query finds."""
    found: int = samples.client.get(f"/offerings?{query}&facets=none&size=1").get_json()["total"]
    return found


@pytest.mark.parametrize("facet", sorted(FACETS))
def test_a_value_is_counted_as_often_as_its_filter_finds_it(samples: ApiNode, facet: str) -> None:
    answer = samples.client.get(
        f"/offerings?facets={facet}&size=1", headers={"Accept-Language": "fr"}
    ).get_json()
    values = answer["facets"][facet]
    assert values
    for value in values:
        asked = f"{facet}={quote(value['value'], safe='')}{FACETS[facet]}"
        assert total(samples, asked) == value["count"], asked
        assert value["label"] != value["value"], asked


def test_exposed_and_not_exposed_are_all(samples: ApiNode) -> None:
    everything = total(samples, "immune=yes&immune=no&immune=unknown")
    for unknown in ("", "&unknown=include"):
        exposed, others = (total(samples, f"{name}=US{unknown}") for name in ("exposed_to", "not_exposed_to"))
        assert exposed + others == everything
        assert min(exposed, others) > 0


def test_a_hit_shows_what_it_was_found_by(samples: ApiNode) -> None:
    query = "immune=yes&label=gaia-x:L1&basis=attested&profile=secnumcloud&hosted_in=FR&pue_max=1.5"
    items = samples.client.get(f"/offerings?{query}&facets=none").get_json()["items"]
    assert items
    for item in items:
        assert item["exposure"]["immunity"] == "yes"
        assert any("attested" in bases for bases in item["label_bases"].values())
        assert any(level.startswith("secnumcloud:") for level in item["levels"])
        assert "FR" in item["hosted_in"]
        assert item["pue"] <= 1.5


def test_what_is_concluded_is_found_by_its_name(samples: ApiNode) -> None:
    for words, query in (
        ("cloud de confiance", "label=cloud-de-confiance"),
        ("immun gegen außereuropäisches Recht", "immune=yes"),
    ):
        holders = samples.client.get(f"/offerings?{query}&facets=none&size=100").get_json()["items"]
        found = samples.client.get(f"/offerings?q={quote(words)}&facets=none&size=100").get_json()["items"]
        assert {item["id"] for item in holders} <= {item["id"] for item in found}
        assert holders


def test_participants_have_nothing_concluded(samples: ApiNode) -> None:
    for query in ("exposed_to=US", "not_exposed_to=US&unknown=include", "profile=gaia-x"):
        assert samples.client.get(f"/participants?{query}").get_json()["total"] == 0
    item = samples.client.get("/participants").get_json()["items"][0]
    assert (item["exposure"], item["levels"], item["label_bases"]) == (None, {}, {})
