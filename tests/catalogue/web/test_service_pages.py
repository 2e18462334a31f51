"""A service's pages: all that its evidence makes of it is there, each statement beside whose word it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from api_support import ApiNode, Provider
from shown import GALERIE, HARBOUR, HTML, SOCLE, page, rows, section, words

from catalogue.federation.own_log import Inclusion, OwnLog
from catalogue.federation.signer import Signer
from credentials.identity import record_id
from credentials.times import utc_now

#: Characters that turn the direction of what follows.
TURNING = "\u202e\u2066\u2067\u2068\u202a\u202b\u202d"
HOSTILE = f'<script>alert(1)</script><img src=x onerror=alert(2)>{TURNING}" onmouseover="x'


def test_a_service_within_reach_of_foreign_law_says_so_first(samples: ApiNode) -> None:
    reach = section(page(samples, f"/offerings/{GALERIE}"), "reach")
    told = words(reach)
    assert (
        "Within reach of law from outside the EU. Countries whose law reaches it: France and United" in told
    )
    assert "Palodune Systems, Inc." in told
    assert "holds 24.01%" in told
    assert "CLOUD Act" in told
    assert reach.count("<svg") == 2


def test_the_picture_has_a_title_and_its_words_in_a_table(samples: ApiNode) -> None:
    reach = section(page(samples, f"/offerings/{GALERIE}"), "reach")
    for svg in re.findall(r"<svg.*?</svg>", reach, re.DOTALL):
        labels = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', svg)
        assert labels
        assert f'<title id="{labels[1]}">' in svg
        assert f'<desc id="{labels[2]}">' in svg
    drawn = {unescape(name) for name in re.findall(r'<text class="name"[^>]*>([^<]+)<', reach)}
    table = words(reach[reach.index("<table") :])
    assert "Compagnie Vaurillon" in drawn
    assert "Compagnie Vaurillon" in table
    assert "has a veto" in table


def test_an_immune_service_says_that_and_names_no_law_from_outside(samples: ApiNode) -> None:
    reach = section(page(samples, f"/offerings/{SOCLE}"), "reach")
    assert "Immune to law from outside the EU." in words(reach)
    assert "CLOUD Act" not in reach
    assert 'class="box bad"' not in reach


def test_the_ladders_are_what_the_api_evaluates(samples: ApiNode) -> None:
    labels = words(section(page(samples, f"/offerings/{GALERIE}"), "labels"))
    for profile in samples.client.get("/profiles?on=2026-11-26").get_json()["items"]:
        assert profile["name"] in labels
    evaluated = samples.client.get(f"/offerings/{GALERIE}/evaluation?profile=cloud-de-confiance").get_json()
    criteria = {one["id"]: one["text"] for one in evaluated["profile"]["criteria"]}
    blocking = evaluated["offering"]["blocking"]
    not_met = [one["criterion"] for one in blocking if one["outcome"] == "not_met"]
    assert not_met
    for criterion in not_met[:3]:
        assert criteria[criterion] in labels


def test_a_level_below_a_reached_label_is_held_with_it(samples: ApiNode) -> None:
    labels = section(page(samples, f"/offerings/{SOCLE}"), "labels")
    ladder = words(labels[labels.index("Gaia-X labels") :])
    assert ladder.index("Gaia-X Label Level 3") < ladder.index("held with the one above")


def test_a_page_links_every_statement_to_the_signed_bytes(samples: ApiNode) -> None:
    markup = page(samples, f"/offerings/{SOCLE}")
    digests = set(re.findall(r'href="/self-descriptions/([0-9a-f]{64})/report"', markup))
    assert len(digests) > 3
    for digest in sorted(digests):
        assert samples.client.get(f"/self-descriptions/{digest}").status_code == 200


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Who can reach it"), ("fr", "Qui peut l’atteindre"), ("de", "Wer ihn erreichen kann")],
)
def test_a_page_is_in_the_readers_language(samples: ApiNode, language: str, title: str) -> None:
    assert title in words(page(samples, f"/offerings/{GALERIE}", language))


def test_the_evaluation_page_has_every_criterion_with_its_evidence(samples: ApiNode) -> None:
    path = f"/offerings/{SOCLE}/evaluation?profile=gaia-x"
    markup = page(samples, path)
    evaluated = samples.client.get(path).get_json()
    assert set(re.findall(r'<li class="criterion [a-z_]+" id="([^"]+)">', markup)) == {
        one["id"] for one in evaluated["offering"]["criteria"]
    }
    issuers = {one["issuer"] for item in evaluated["offering"]["criteria"] for one in item["evidence"][:3]}
    assert all(issuer in unescape(markup) for issuer in issuers)


def test_the_evaluation_page_refuses_what_the_api_refuses(samples: ApiNode) -> None:
    for query in ("", "?profile=nonsense", "?profile=gaia-x&level=L9", "?profile=gaia-x&colour=red"):
        path = f"/offerings/{SOCLE}/evaluation{query}"
        assert (
            samples.client.get(path, headers=HTML).status_code == samples.client.get(path).status_code >= 400
        )


def test_the_statement_page_has_each_check_and_the_document(samples: ApiNode) -> None:
    digest = samples.client.get(f"/offerings/{GALERIE}").get_json()["digest"]
    markup = page(samples, f"/self-descriptions/{digest}/report")
    report = samples.client.get(f"/self-descriptions/{digest}/report").get_json()
    for check in report["checks"]:
        assert f'<code class="id">{check["name"]}</code>' in markup
        assert check["detail"] in words(markup)
    assert f'href="/self-descriptions/{digest}" download' in markup
    assert '"https://corvelune.example/presentations/08-corvelune-galerie.json"' in unescape(markup)


def test_a_token_is_shown_decoded(samples: ApiNode) -> None:
    provider = Provider()
    digest = samples.listed(provider.signed("A token", form="vc-jwt"), "application/jwt")["digest"]
    told = unescape(page(samples, f"/self-descriptions/{digest}/report"))
    assert '"alg": "EdDSA"' in told
    assert '"gx:name": "A token"' in told
    inside = samples.listed(provider.presented(provider.signed("Inside", form="vc-jwt")), "application/jwt")
    told = unescape(page(samples, f"/self-descriptions/{inside['digest']}/report"))
    assert "Credential 1: The token's payload" in told
    assert '"gx:name": "Inside"' in told


def test_the_history_page_turns_around(samples: ApiNode) -> None:
    markup = page(samples, f"/offerings/{SOCLE}/history")
    other = re.search(r'href="(/offerings/[^"]+order=oldest)"', markup)
    assert other
    assert "The newest first" in page(samples, unescape(other[1]))


def comparison(*ids: str, more: str = "") -> str:
    return "/offerings/compare?" + "&".join(f"id={one}" for one in ids) + more


def test_a_comparison_shows_differences_first_and_folds_what_is_the_same(samples: ApiNode) -> None:
    markup = page(samples, comparison(GALERIE, SOCLE))
    before, _, folded = markup.partition('<details class="plain">')
    assert "Immune to law from outside the EU" in rows(before)
    assert "Provider's identity" not in rows(before)
    assert "Provider's identity" in rows(folded)


def test_a_comparison_over_a_profile_has_all_of_its_criteria(samples: ApiNode) -> None:
    markup = page(samples, comparison(GALERIE, SOCLE, HARBOUR, more="&profile=cloud-de-confiance"))
    profile = samples.client.get("/profiles/cloud-de-confiance").get_json()
    assert all(any(one["id"] in row for row in rows(markup)) for one in profile["criteria"])


def test_services_are_added_and_removed_by_links(samples: ApiNode) -> None:
    markup = page(samples, comparison(GALERIE, SOCLE))
    assert f'href="/offerings/compare?id={SOCLE}"' in markup
    added = re.findall(rf'href="(/offerings/compare\?id={GALERIE}&amp;id={SOCLE}&amp;id=[0-9a-f]+)"', markup)
    assert added
    assert page(samples, unescape(added[0]))
    found = page(samples, f"/compare?id={GALERIE}&q=virtual+machines")
    assert f'href="/offerings/compare?id={GALERIE}&amp;id={SOCLE}"' in found


def test_nothing_can_be_added_to_four(samples: ApiNode) -> None:
    items = samples.client.get("/offerings?size=4&sort=name").get_json()["items"]
    assert "Add a service" not in page(samples, comparison(*(item["id"] for item in items)))


@pytest.fixture(scope="module")
def hostile(samples: ApiNode) -> dict[str, str]:
    """A service whose every text is an attack, and one whose name has no end."""
    provider = Provider()
    credential, long = provider.credential(HOSTILE), provider.credential("ab" * 5_000)
    subject = credential["credentialSubject"]
    subject["gx:description"] = HOSTILE + "x" * 10_000
    subject["gx:keyword"] = [HOSTILE, "javascript:alert(1)"]
    digest = samples.listed(provider.sign(credential))["digest"]
    samples.listed(provider.sign(long))
    samples.index()
    return {
        "digest": digest,
        "id": record_id(provider.did, subject["id"]),
        "long": record_id(provider.did, long["credentialSubject"]["id"]),
    }


def test_hostile_texts_are_shown_and_do_nothing(samples: ApiNode, hostile: dict[str, str]) -> None:
    for path in (
        f"/offerings/{hostile['id']}",
        f"/offerings/{hostile['id']}/history",
        f"/offerings/{hostile['id']}/evaluation?profile=gaia-x",
        f"/self-descriptions/{hostile['digest']}/report",
        comparison(hostile["id"], SOCLE),
        f"/compare?q=script&id={SOCLE}",
    ):
        markup = page(samples, path)
        assert "<script>alert" not in markup, path
        assert "<img" not in markup, path
        assert not re.search(r'\son\w+="', markup), path
        assert not set(TURNING) & set(markup), path
        assert 'href="javascript:' not in markup, path
        assert "&lt;script&gt;" in markup, path


def test_what_turns_directions_is_seen_in_the_document(samples: ApiNode, hostile: dict[str, str]) -> None:
    assert r"\u202e\u2066" in page(samples, f"/self-descriptions/{hostile['digest']}/report")


def test_a_title_of_ten_thousand_characters_is_cut(samples: ApiNode, hostile: dict[str, str]) -> None:
    markup = page(samples, f"/offerings/{hostile['long']}")
    for title in re.findall(r"<(?:h1|title)>(.*?)</(?:h1|title)>", markup):
        assert len(title) < 300
    assert "ab" * 1_001 not in markup


def sign(node: ApiNode) -> None:
    """The log's newest head, as the indexer's process signs it."""
    Signer(node.settings, node.node.database, utc_now).sign()


def test_the_log_has_the_document_and_the_proof_is_checked(samples: ApiNode) -> None:
    sign(samples)
    told = words(section(page(samples, f"/offerings/{GALERIE}"), "provenance"))
    assert re.search(r"Entry \d+ of \d+ proof checked", told)
    digest = samples.client.get(f"/offerings/{GALERIE}").get_json()["digest"]
    (proof,) = samples.client.get(f"/log/proofs/{digest}").get_json()["items"]
    markup = page(samples, f"/self-descriptions/{digest}/report")
    assert all(f"<code>{one}</code>" in unescape(markup) for one in proof["hashes"])


def test_a_proof_that_leads_elsewhere_is_told(samples: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(samples)
    right = OwnLog.inclusions

    def wrong(self: OwnLog, digest: str, size: int | None) -> list[Inclusion]:
        return [replace(one, hashes=(bytes(32), *one.hashes[1:])) for one in right(self, digest, size)]

    monkeypatch.setattr(OwnLog, "inclusions", wrong)
    told = words(section(page(samples, f"/offerings/{GALERIE}"), "provenance"))
    assert "the proof fails the inclusion proof leads to another root" in told


def test_a_log_that_is_not_signed_yet_proves_nothing(make_node: Callable[[], ApiNode]) -> None:
    node, provider = make_node(), Provider()
    credential = provider.credential("Early")
    node.listed(provider.sign(credential))
    node.index()
    record = record_id(provider.did, credential["credentialSubject"]["id"])
    assert "not in this node's log" in words(page(node, f"/offerings/{record}"))
