"""What is found says which nodes list it, and by which policy and when this node verified it itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from api_support import ApiNode, MakeApi, Provider, problem
from peers_here import copy, follow
from sqlalchemy import delete, update

from catalogue.federation.model import PeerState
from catalogue.store.tables import peers, rechecks, standings, stored_time
from credentials.times import from_rfc3339, utc_now

OWN = "127.0.0.1:8080"
NEAR, FAR = "near.example", "far.example:8443/node"


@pytest.fixture
def world(make_api: MakeApi, provider: Provider) -> ApiNode:
    """`Ours` was submitted here, `Both` here and at the near node, `Theirs` at both others."""
    api = make_api()
    near, far = follow(api.node, NEAR), follow(api.node, FAR, renewed_at=utc_now() - timedelta(hours=1))
    api.listed(provider.signed("Ours"))
    both, theirs = provider.signed("Both"), provider.signed("Theirs")
    api.listed(both)
    copy(api.node, both, near, 7)
    copy(api.node, theirs, near, 8)
    copy(api.node, theirs, far, 0)
    api.index()
    return api


def found(api: ApiNode, query: str = "") -> dict[str, dict[str, Any]]:
    """The hits by name."""
    body = api.client.get(f"/offerings?facets=none&{query}").get_json()
    return {item["name"]: item for item in body["items"]}


def lister(name: str, *, home: bool = False, stale: bool = False) -> dict[str, Any]:
    return {"name": name, "home": home, "stale": stale}


def test_each_hit_names_the_nodes_that_list_it_and_marks_the_stale_ones(world: ApiNode) -> None:
    ours, near, far = lister(OWN, home=True), lister(NEAR), lister(FAR, stale=True)
    assert {name: item["listed_by"] for name, item in found(world).items()} == {
        "Ours": [ours],
        "Both": [ours, near],
        "Theirs": [far, near],
    }


def test_what_a_node_no_longer_followed_listed_stays_and_is_marked(world: ApiNode) -> None:
    with world.node.database.write() as connection:
        connection.execute(update(peers).where(peers.c.name == NEAR).values(state=PeerState.REMOVED.value))
    world.node.discovery.refresh()
    assert found(world)["Both"]["listed_by"][1] == lister(NEAR, stale=True)


def test_filters_tell_nodes_apart_and_what_is_at_home_here(world: ApiNode) -> None:
    assert set(found(world, f"listed_by={OWN}")) == {"Ours", "Both"}
    assert set(found(world, f"listed_by={NEAR}")) == {"Both", "Theirs"}
    assert set(found(world, f"listed_by={FAR}&listed_by={OWN}")) == {"Ours", "Both", "Theirs"}
    assert set(found(world, "home=yes")) == {"Ours", "Both"}
    assert set(found(world, "home=no")) == {"Theirs"}
    assert not found(world, "listed_by=near")
    problem(world.client.get("/offerings?home=maybe"), "invalid-parameter", 400)


def test_nodes_are_counted_by_their_names(world: ApiNode) -> None:
    facets = world.client.get("/offerings?facets=listed_by&facets=home&home=no").get_json()["facets"]
    counts = {name: {one["value"]: one["count"] for one in values} for name, values in facets.items()}
    assert counts == {"listed_by": {FAR: 1, NEAR: 1}, "home": {"yes": 2, "no": 1}}
    assert [one["label"] for one in facets["home"]] == ["submitted here", "copied from others"]
    (first, *_) = world.client.get("/offerings?facets=listed_by").get_json()["facets"]["listed_by"]
    assert first == {"value": OWN, "count": 2, "label": OWN}


def test_the_grounds_say_where_it_was_submitted(world: ApiNode) -> None:
    item = found(world, f"listed_by={OWN}&listed_by={NEAR}&home=yes&why=true")["Both"]
    assert [(ground["field"], ground["value"], ground["detail"]) for ground in item["why"]] == [
        ("listed_by", OWN, "It was submitted to this node."),
        ("listed_by", NEAR, "An entry of its log lists it."),
        ("home", "yes", "It was submitted to this node."),
    ]


def test_one_more_node_that_lists_it_is_found_without_its_being_listed_again(
    world: ApiNode, provider: Provider
) -> None:
    digest = found(world)["Ours"]["digest"]
    data = world.client.get(f"/self-descriptions/{digest}").data
    copy(world.node, data, follow(world.node, "third.example"), 0)
    world.index()
    assert found(world, "listed_by=third.example")["Ours"]["digest"] == digest
    ours = found(world)["Ours"]
    assert [one["name"] for one in ours["listed_by"]] == [OWN, "third.example"]
    (event, *_) = world.client.get(f"/offerings/{ours['id']}").get_json()["events"]
    assert (event["kind"], event["value"]) == ("listed_by", "third.example")


def test_the_verdict_is_this_nodes_own_and_its_time_that_of_the_latest_check(world: ApiNode) -> None:
    before = found(world)["Theirs"]["verdict"]
    assert before["policy"] == "default"
    assert utc_now() - from_rfc3339(before["verified_at"]) < timedelta(minutes=1)
    later = utc_now() + timedelta(hours=6)
    checked(world, later)
    assert found(world)["Theirs"]["verdict"] == {**before, "verified_at": stored_time(later)}


def test_a_check_that_could_not_be_made_renews_no_verdict(world: ApiNode) -> None:
    theirs = found(world)["Theirs"]
    silent, postponed = utc_now() + timedelta(hours=6), utc_now() + timedelta(hours=40)
    checked(world, postponed)
    with world.node.database.write() as connection:
        connection.execute(
            standings.insert().values(
                content_id=theirs["content_id"],
                reason="out of reach",
                since=stored_time(silent),
                unreachable_since=stored_time(silent),
            )
        )
    world.node.discovery.refresh()
    assert found(world)["Theirs"]["verdict"]["verified_at"] == stored_time(silent)


def checked(api: ApiNode, at: datetime) -> None:
    """Everything was verified again at that time."""
    with api.node.database.write() as connection:
        connection.execute(update(rechecks).values(asked_at=stored_time(at)))
    api.node.discovery.refresh()


def test_a_verdict_that_waits_for_a_status_list_is_as_old_as_the_listing(world: ApiNode) -> None:
    first = found(world)["Ours"]["verdict"]
    with world.node.database.write() as connection:
        connection.execute(update(rechecks).values(asked_at=""))
    world.node.discovery.refresh()
    assert found(world)["Ours"]["verdict"] == first


def test_a_detail_tells_its_places_in_the_logs_with_the_way_to_their_proofs(world: ApiNode) -> None:
    both = found(world)["Both"]
    detail = world.client.get(f"/offerings/{both['id']}").get_json()
    assert {name: detail[name] for name in ("listed_by", "verdict")} == {
        name: both[name] for name in ("listed_by", "verdict")
    }
    entry = {"digest": both["digest"]}
    assert detail["log_entries"] == [
        {
            "node": OWN,
            "home": True,
            "leaf": 1,
            **entry,
            "proof": f"http://{OWN}/log/entries/1/proof",
        },
        {
            "node": NEAR,
            "home": False,
            "leaf": 7,
            **entry,
            "proof": f"https://{NEAR}/log/entries/7/proof",
        },
    ]


def test_participants_are_told_of_like_services(make_api: MakeApi, provider: Provider) -> None:
    api = make_api()
    copy(api.node, provider.signed("Somebody", kind="gx:LegalPerson"), follow(api.node, NEAR), 0)
    api.index()
    (item,) = api.client.get(f"/participants?listed_by={NEAR}").get_json()["items"]
    detail = api.client.get(f"/participants/{item['id']}").get_json()
    assert item["listed_by"] == detail["listed_by"] == [lister(NEAR)]
    assert item["verdict"] == detail["verdict"]
    assert [entry["node"] for entry in detail["log_entries"]] == [NEAR]


def test_what_nobody_is_known_to_list_is_found_all_the_same(world: ApiNode) -> None:
    with world.node.database.write() as connection:
        connection.execute(delete(peers))
    world.node.discovery.refresh()
    theirs = found(world)["Theirs"]
    assert theirs["listed_by"] == [lister(FAR, stale=True), lister(NEAR, stale=True)]
    detail = world.client.get(f"/offerings/{theirs['id']}").get_json()
    assert (detail["listed_by"], detail["log_entries"]) == ([], [])
