"""Each hit says on which grounds it passes the filters that it was found by, from the samples' evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from api_support import ApiNode, Provider, problem

from credentials.times import utc_now


def grounds(samples: ApiNode, query: str) -> dict[str, list[Mapping[str, Any]]]:
    """What each hit says, by its name."""
    body = samples.client.get(f"/offerings?{query}&why=true&facets=none&size=100").get_json()
    assert body["items"], query
    return {item["name"]: item["why"] for item in body["items"]}


@pytest.mark.parametrize(
    "query",
    [
        "jurisdiction=EU",
        "capability=storage",
        "label=gaia-x:SC",
        "label=gaia-x:SC&basis=attested",
        "label=cloud-de-confiance&basis=computed",
        "certification=secnumcloud",
        "programme=ipcei-cis",
        "participant_kind=sme",
        "identity=notarised",
        "profile=gaia-x",
        "profile=secnumcloud&level=3.1",
        "level=green:published",
        "level=gaia-x:L2",
        "eligible_for=cloud-au-centre:2021:personal-data",
        "exposed_to=US",
        "exposed_to=US&unknown=include",
        "exposed_to=unknown",
        "not_exposed_to=US",
        "not_exposed_to=US&unknown=include",
        "immune=yes",
        "immune=no",
        "immune=unknown",
        "hosted_in=EU",
        "operated_from=FR",
        "technology_from=US",
        "pue_max=1.4",
        "renewable_min=50",
        "valid_on=2027-12-31",
        "hosted_in=EEA&immune=yes&label=gaia-x:L1",
    ],
)
def test_every_hit_has_a_ground_for_each_filter(samples: ApiNode, query: str) -> None:
    asked = {part.partition("=")[0] for part in query.split("&")} - {"basis", "unknown"}
    if "level" in asked:
        asked -= {"profile"}
    for name, found in grounds(samples, query).items():
        assert asked <= {ground["field"] for ground in found}, name
        assert all(ground["detail"] or ground["credentials"] for ground in found), name


def test_where_only_a_level_above_is_reached_that_is_the_ground(samples: ApiNode) -> None:
    found = {
        name.partition(",")[0]: [ground["value"] for ground in grounds_ if ground["field"] == "level"]
        for name, grounds_ in grounds(samples, "level=gaia-x:L2").items()
    }
    assert found == {"Criée": ["gaia-x:CD25.10:L2"], "Socle": ["gaia-x:CD25.10:L3"]}


def test_credentials_are_named_by_bytes_that_can_be_read(samples: ApiNode) -> None:
    query = "label=gaia-x:L1&hosted_in=EU&certification=secnumcloud&identity=notarised&programme=ipcei-cis"
    cited = {
        (one["digest"], one["issuer"])
        for found in grounds(samples, query).values()
        for ground in found
        for one in ground["credentials"]
    }
    assert len(cited) > 3
    for digest, issuer in cited:
        report = samples.client.get(f"/self-descriptions/{digest}/report").get_json()
        assert issuer in str(report)


def test_paths_lead_to_the_country_or_nothing_known_does(samples: ApiNode) -> None:
    for found in grounds(samples, "exposed_to=US&unknown=include").values():
        assert all(ground["detail"].startswith("US: ") and ground["credentials"] for ground in found)
    for found in grounds(samples, "not_exposed_to=US").values():
        assert [ground["detail"] for ground in found] == ["Nothing known leads to US."]
    for found in grounds(samples, "not_exposed_to=US&unknown=include").values():
        assert found[0]["detail"].startswith("Nothing known leads to US.")
    for found in grounds(samples, "not_exposed_to=US&unknown=include&exposed_to=unknown").values():
        assert all("isn't known. Missing: " in ground["detail"] for ground in found)


def test_a_label_is_grounded_on_the_bases_asked_for(samples: ApiNode) -> None:
    for found in grounds(samples, "label=gaia-x:L1&basis=attested").values():
        assert {ground["basis"] for ground in found} == {"attested"}
    for found in grounds(samples, "label=cloud-de-confiance&basis=computed").values():
        (ground,) = found
        assert ground["detail"].startswith("All that cloud-de-confiance 2021 label asks for is met: ")
        assert len(ground["credentials"]) > 1


def test_only_what_asks_for_it_is_told_why(samples: ApiNode) -> None:
    assert "why" not in samples.client.get("/offerings?immune=yes").get_json()["items"][0]
    assert grounds(samples, "q=storage") == {name: [] for name in grounds(samples, "q=storage")}
    people = samples.client.get("/participants?jurisdiction=FR&why=true&facets=none").get_json()["items"]
    assert all(ground["field"] == "jurisdiction" for item in people for ground in item["why"])
    assert all(item["why"] for item in people)


def test_asking_why_is_counted_like_a_verification(tmp_path: Path) -> None:
    node = ApiNode(tmp_path / "node", rate_verify="1/minute")
    node.index()
    assert node.client.get("/offerings?why=true").status_code == 200
    problem(node.client.get("/participants?why=true"), "rate-limited", 429)
    assert node.client.get("/offerings").status_code == 200
    node.close()


def test_of_what_was_withdrawn_nothing_is_told(samples: ApiNode) -> None:
    provider = Provider()
    digest = samples.listed(provider.signed("Gone"))["records"][0]["content_id"]
    samples.client.post("/withdrawals", data=provider.withdrawal(digest), content_type="application/jose")
    samples.index()
    query = f"did={provider.did}&state=withdrawn&valid_on={utc_now().date()}&why=true"
    body = samples.client.get(f"/offerings?{query}").get_json()
    assert [item["why"] for item in body["items"]] == [[]]
