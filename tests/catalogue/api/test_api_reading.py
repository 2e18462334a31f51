"""Reading exact bytes, reports, lists of statements and an issuer's standing."""

from __future__ import annotations

import pytest
from api_support import ApiNode, MakeApi, Provider, problem


def test_bytes_come_back_exactly_with_their_digest_as_strong_etag(api: ApiNode, provider: Provider) -> None:
    data = provider.signed("Exact", "vc-jwt")
    digest = api.listed(data, "application/vc+jwt")["digest"]
    response = api.client.get(f"/self-descriptions/{digest}")
    assert response.data == data
    assert response.mimetype == "application/vc+jwt"
    assert response.headers["ETag"] == f'"{digest}"'
    assert "immutable" in response.headers["Cache-Control"]


def test_known_etag_answers_304_without_a_body(api: ApiNode, provider: Provider) -> None:
    digest = api.listed(provider.signed("Cached"))["digest"]
    for tag in (f'"{digest}"', f'W/"{digest}"', f'"x", "{digest}"', "*"):
        response = api.client.get(f"/self-descriptions/{digest}", headers={"If-None-Match": tag})
        assert response.status_code == 304, tag
        assert response.data == b""
        assert response.headers["ETag"] == f'"{digest}"'
    other = api.client.get(f"/self-descriptions/{digest}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_known_etag_does_not_hide_that_it_was_erased(api: ApiNode, provider: Provider) -> None:
    digest = api.listed(provider.signed("Erased"))["digest"]
    api.node.operations.erase(digest, "a court said so")
    response = api.client.get(f"/self-descriptions/{digest}", headers={"If-None-Match": f'"{digest}"'})
    problem(response, "erased", 410)


def test_if_match_with_another_tag_is_412(api: ApiNode, provider: Provider) -> None:
    digest = api.listed(provider.signed("Matched"))["digest"]
    path = f"/self-descriptions/{digest}"
    problem(api.client.get(path, headers={"If-Match": '"other"'}), "precondition-failed", 412)
    problem(api.client.get(path, headers={"If-Match": f'W/"{digest}"'}), "precondition-failed", 412)
    assert api.client.get(path, headers={"If-Match": f'"{digest}"'}).status_code == 200
    assert api.client.get(path, headers={"If-Match": "*"}).status_code == 200


def test_head_is_get_without_the_body(api: ApiNode, provider: Provider) -> None:
    digest = api.listed(provider.signed("Headed"))["digest"]
    path = f"/self-descriptions/{digest}"
    got, headed = api.client.get(path), api.client.head(path)
    assert headed.status_code == 200
    assert headed.data == b""
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert headed.headers[name] == got.headers[name]


def test_unknown_digest_is_404_and_no_digest_is_404(api: ApiNode) -> None:
    for name in ("0" * 64, "0" * 63, "A" * 64, "x"):
        problem(api.client.get(f"/self-descriptions/{name}"), "not-found", 404)


def test_report_is_the_one_of_the_publication(api: ApiNode, provider: Provider) -> None:
    body = api.listed(provider.signed("Reported"))
    assert api.client.get(f"/self-descriptions/{body['digest']}/report").get_json() == body["report"]


def test_statements_are_listed_by_issuer_subject_and_state(api: ApiNode, provider: Provider) -> None:
    other = Provider()
    subject = "https://provider.example/offerings/filtered"
    mine = api.listed(provider.signed("Mine", subject=subject))
    api.listed(other.signed("Theirs"))
    for query in (f"issuer={provider.did}", f"subject={subject}", f"issuer={provider.did}&state=listed"):
        items = api.client.get(f"/self-descriptions?{query}").get_json()["items"]
        assert [item["digest"] for item in items] == [mine["digest"]], query
    assert api.client.get(f"/self-descriptions?issuer={provider.did}&state=expired").get_json()["total"] == 0


def test_pages_of_statements_hold_each_exactly_once(api: ApiNode, provider: Provider) -> None:
    digests = [api.listed(provider.signed(f"Page {number}"))["digest"] for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.client.get(f"/self-descriptions?size=2{cursor}").get_json()
        assert page["total"] == 5
        seen += [item["digest"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == digests


def test_standing_says_why_something_is_not_listed(make_api: MakeApi) -> None:
    api = make_api()
    somebody = Provider()
    document = somebody.credential("Future")
    document["validFrom"] = "2999-01-01T00:00:00Z"
    refused = api.publish(somebody.sign(document))
    assert refused.status_code == 422
    api.listed(somebody.signed("Present"))
    standing = api.client.get(f"/issuers?did={somebody.did}").get_json()
    assert standing["statements"] == {"listed": 1}
    assert [refusal["check"] for refusal in standing["refusals"]] == ["validity"]
    api.node.operations.block(somebody.did, "spam")
    standing = api.client.get(f"/issuers?did={somebody.did}").get_json()
    assert (standing["rule"], standing["rule_reason"]) == ("block", "spam")


@pytest.mark.parametrize(
    "query",
    [
        "cursor=nonsense",
        "state=nonsense",
        "size=0",
        "size=101",
        "size=%D9%A3",
        "size=+3",
        "size=3&size=4",
        "issuer=",
        "unknown=1",
        "issuer=a&issuer=b",
    ],
)
def test_unusable_parameters_are_400(api: ApiNode, query: str) -> None:
    body = problem(api.client.get(f"/self-descriptions?{query}"), "invalid-parameter", 400)
    assert body["where"] == query.partition("=")[0]
