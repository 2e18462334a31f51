"""Participants, consortia, capabilities and programmes: pages that agree with the API's answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from api_support import ApiNode, Provider
from shown import HTML, page, rows, words

from search.query import FACET_SIZE
from vocab import capabilities
from vocab.namespaces import CF_CONTEXT

AMPELUNIS = "04be7711abfb9e67a79a303cce8c3831"


def test_participants_are_found_by_words_and_filters(samples: ApiNode) -> None:
    everybody = samples.client.get("/participants").get_json()
    assert f"{everybody['total']} participants" in words(page(samples, "/participants"))
    some = page(samples, "/participants?participant_kind=consortium")
    assert "Ampelunis" in some
    assert "Brumelac" not in some
    assert "Nobody fits all of this" in page(samples, "/participants?q=ampelunis&jurisdiction=JP")


def test_a_participants_services_are_counted_as_the_search_counts_them(samples: ApiNode) -> None:
    markup = page(samples, "/participants?size=100")
    found = re.findall(
        r'<code class="id"[^>]*>([^<]+)</code>.*?<dt>Services</dt><dd>(\d+)</dd>', markup, re.DOTALL
    )
    assert len(found) > 20
    for did, count in found:
        if "…" not in did:
            assert samples.client.get("/offerings", query_string={"provider": did}).get_json()[
                "total"
            ] == int(count)


def test_only_filters_that_mean_something_for_participants_are_offered(samples: ApiNode) -> None:
    groups = set(re.findall(r'id="facet-([a-z_]+)"', page(samples, "/participants")))
    assert groups == {"participant_kind", "jurisdiction", "programme", "identity"}


def test_a_participant_is_shown_with_its_services_and_why_it_is_believed(samples: ApiNode) -> None:
    listed = samples.client.get("/participants?q=brumelac").get_json()["items"][0]
    told = words(page(samples, f"/participants/{listed['id']}"))
    assert "notarised" in told
    assert "trusted for registration numbers" in told
    assert "Socle, sovereign virtual machines" in told


def test_a_consortium_shows_who_signed_and_who_did_not(samples: ApiNode) -> None:
    markup = page(samples, "/consortia")
    whole, part = (
        words(
            re.search(
                rf"<section class=\"card\">\n<h2[^>]*><a[^>]*><bdi>{name}.*?</section>", markup, re.DOTALL
            )[0]
        )  # type: ignore[index]
        for name in ("Ampelunis", "Lisierane")
    )
    assert "all members have signed" in whole
    assert "not signed " not in whole
    assert "not signed by all" in part
    assert "Carsofrana Reti S.p.A. not signed" in part
    assert "Tramuzal Borde S.L. signed" in part
    assert "all members have signed" in words(page(samples, f"/participants/{AMPELUNIS}"))


def test_the_tree_has_every_capability_with_the_count_of_the_search(samples: ApiNode) -> None:
    markup = page(samples, "/vocabulary/capabilities")
    for concept in capabilities.concepts():
        total = samples.client.get(f"/offerings?size=1&capability={concept.id}").get_json()["total"]
        assert re.search(
            rf">{re.escape(concept.labels['en'])}(?:</a>)? <span class=\"count\">{total}</span>",
            unescape(markup),
        ), (
            concept.id,
            total,
        )
    # Else nothing is counted one by one.
    assert len(capabilities.concepts()) > FACET_SIZE


def test_nothing_is_linked_that_finds_nothing(make_node: Callable[[], ApiNode]) -> None:
    node = make_node()
    node.index()
    assert "/offerings?capability=" not in page(node, "/vocabulary/capabilities")
    assert "No consortium has described itself" in page(node, "/consortia")
    assert "Nobody fits all of this" in page(node, "/participants")
    assert "0 participants" in words(page(node, "/vocabulary/programmes"))


def test_the_capabilities_stay_what_they_were_for_programs(samples: ApiNode) -> None:
    client = samples.client
    assert client.get("/vocabulary/capabilities").mimetype == "application/json"
    for form in ("application/ld+json", "text/turtle"):
        assert client.get("/vocabulary/capabilities", headers={"Accept": form}).mimetype == form
    assert client.get("/vocabulary/capabilities", headers=HTML).mimetype == "text/html"


def test_a_programmes_maps_mark_its_states_period_by_period(samples: ApiNode) -> None:
    markup = page(samples, "/vocabulary/programmes")
    (programme,) = samples.client.get("/vocabulary/programmes").get_json()["items"]
    maps = re.findall(r'<svg class="tiles".*?</svg>', markup, re.DOTALL)
    assert len(maps) == len(programme["periods"])
    for drawn, period in zip(maps, programme["periods"], strict=True):
        assert set(re.findall(r'<g class="tile on">.*?<text [^>]*>([A-Z]{2})<', drawn)) == set(
            period["states"]
        )
    france = samples.client.get("/offerings?programme=ipcei-cis&jurisdiction=FR&size=1").get_json()["total"]
    assert f"France: {france} services" in maps[0]
    assert "France" in rows(markup)


@pytest.mark.parametrize("language", ["fr", "de"])
@pytest.mark.parametrize(
    "path", ["/participants", "/consortia", "/vocabulary/capabilities", "/vocabulary/programmes"]
)
def test_pages_are_in_the_readers_language(samples: ApiNode, path: str, language: str) -> None:
    markup = page(samples, path, language)
    assert f'<html lang="{language}">' in markup
    assert words(markup) != words(page(samples, path))


def test_a_hostile_participant_is_shown_and_does_nothing(make_node: Callable[[], ApiNode]) -> None:
    node, provider = make_node(), Provider()
    hostile = '<script>alert(1)</script>\u202e"onclick="x'
    credential = provider.credential(hostile, kind="gx:LegalPerson", subject=provider.did)
    node.listed(provider.sign(credential))
    node.listed(provider.signed(hostile))
    node.index()
    record = node.client.get("/participants").get_json()["items"][0]["id"]
    for path in ("/participants", f"/participants/{record}", "/offerings"):
        markup = page(node, path)
        assert "&lt;script&gt;alert" in markup
        assert "<script>alert" not in markup
        assert "\u202e" not in markup
        assert not re.search(r'\sonclick="', markup)


def test_whom_the_facet_leaves_out_is_counted_all_the_same(make_node: Callable[[], ApiNode]) -> None:
    node = make_node()
    for number in range(FACET_SIZE + 2):
        provider = Provider()
        party = provider.credential(f"P{number:02}", kind="gx:LegalPerson", subject=provider.did)
        node.listed(provider.presented(provider.sign(party), provider.signed("A service")), "application/jwt")
    node.index()
    last = page(node, f"/participants?size={FACET_SIZE + 2}&sort=name")
    assert last.count("<dt>Services</dt><dd>1</dd>") == FACET_SIZE + 2


def test_a_consortium_does_not_stand_for_another_that_its_service_names(
    make_node: Callable[[], ApiNode],
) -> None:
    node, one, other = make_node(), Provider(), Provider()
    for who, name in ((one, "First"), (other, "Second")):
        party = who.credential(name, kind="gx:LegalPerson", subject=who.did)
        party["@context"].append(CF_CONTEXT)
        party["credentialSubject"] |= {
            "participantKind": "consortium",
            "member": [{"type": "Membership", "participant": who.did}],
        }
        node.listed(who.sign(party))
    service = one.credential("A service")
    service["@context"].append(CF_CONTEXT)
    service["credentialSubject"]["consortium"] = other.did
    node.listed(one.sign(service))
    node.index()
    first = words(page(node, "/consortia").partition("Second")[0])
    assert "names no members that are known here" in first
    assert "Second" not in first
