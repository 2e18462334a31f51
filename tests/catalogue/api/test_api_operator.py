"""The operator's actions over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from api_support import ApiNode, MakeApi, Provider, problem

TOKEN = "a token that is long enough"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def ruled(make_api: MakeApi) -> ApiNode:
    """A node that has an operator's token."""
    return make_api(operator_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())


CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/operator/erasures", {"digest": "0" * 64, "reason": "law"}),
    ("GET", "/operator/issuers", None),
    ("GET", "/operator/issuers/did:web:x.example", None),
    ("PUT", "/operator/issuers/did:web:x.example", {"rule": "block", "reason": "spam"}),
    ("DELETE", "/operator/issuers/did:web:x.example", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_without_a_configured_token_it_is_command_line_only(
    api: ApiNode, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for headers in ({}, AUTHORISED, {"Authorization": "Bearer "}):
        problem(api.client.open(path, method=method, json=body, headers=headers), "command-line-only", 403)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_missing_or_wrong_token_is_401(
    ruled: ApiNode, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for given in (None, "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer", f"Bearer {TOKEN}x", "Bearer \xff"):
        headers = {} if given is None else {"Authorization": given}
        response = ruled.client.open(path, method=method, json=body, headers=headers)
        problem(response, "operator-token-required", 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_erased_bytes_are_410_and_are_not_taken_again(ruled: ApiNode, provider: Provider) -> None:
    data = provider.signed("To be erased")
    digest = ruled.listed(data)["digest"]
    form = {"digest": digest, "reason": "a court said so"}
    response = ruled.client.post("/operator/erasures", json=form, headers=AUTHORISED)
    assert response.status_code == 200
    problem(ruled.client.get(f"/self-descriptions/{digest}"), "erased", 410)
    problem(ruled.publish(data), "erased", 409)
    problem(ruled.client.post("/operator/erasures", json=form, headers=AUTHORISED), "erased", 410)


def test_issuer_is_blocked_listed_and_unblocked(ruled: ApiNode) -> None:
    somebody = Provider()
    path = f"/operator/issuers/{somebody.did}"
    problem(ruled.client.get(path, headers=AUTHORISED), "not-found", 404)
    put = ruled.client.put(path, json={"rule": "block", "reason": "spam"}, headers=AUTHORISED)
    assert put.status_code == 200
    assert ruled.client.get(path, headers=AUTHORISED).get_json() == put.get_json()
    rules = ruled.client.get("/operator/issuers", headers=AUTHORISED).get_json()
    assert rules["items"] == [put.get_json()]
    problem(ruled.publish(somebody.signed("Anything")), "issuer-blocked", 403)
    assert ruled.client.delete(path, headers=AUTHORISED).status_code == 204
    assert ruled.publish(somebody.signed("Anything")).status_code == 201


@pytest.mark.parametrize(
    "did", ["x", "did:", "did:web:", "did:web:x y", "DID:web:x", "did:web:" + "x" * 2048]
)
def test_path_that_is_no_did_names_nothing(ruled: ApiNode, did: str) -> None:
    for method, form in (("GET", None), ("DELETE", None), ("PUT", {"rule": "block", "reason": "x"})):
        response = ruled.client.open(f"/operator/issuers/{did}", method=method, json=form, headers=AUTHORISED)
        problem(response, "not-found", 404)


def test_did_with_a_port_survives_the_path(ruled: ApiNode) -> None:
    path = "/operator/issuers/did:web:x.example%253A8443:team"
    body = ruled.client.put(path, json={"rule": "allow", "reason": "known"}, headers=AUTHORISED).get_json()
    assert body["did"] == "did:web:x.example%3A8443:team"


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"rule": "ban", "reason": "x"}, "rule"),
        ({"rule": "block"}, "reason"),
        ({"rule": "block", "reason": ""}, "reason"),
        ({"rule": "block", "reason": "x" * 1001}, "reason"),
        ({"rule": "block", "reason": 7}, "reason"),
        ({"rule": "block", "reason": "x", "until": "2030"}, "until"),
    ],
)
def test_unusable_form_is_400_and_says_where(ruled: ApiNode, form: dict[str, Any], where: str) -> None:
    response = ruled.client.put("/operator/issuers/did:web:x", json=form, headers=AUTHORISED)
    assert problem(response, "invalid-parameter", 400)["where"] == where


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_body_that_is_no_json_object_is_400(ruled: ApiNode, data: bytes) -> None:
    response = ruled.client.put(
        "/operator/issuers/did:web:x", data=data, content_type="application/json", headers=AUTHORISED
    )
    problem(response, "malformed-request", 400)


def test_body_that_is_not_declared_as_json_is_415(ruled: ApiNode) -> None:
    response = ruled.client.put(
        "/operator/issuers/did:web:x", data=b"{}", content_type="text/plain", headers=AUTHORISED
    )
    problem(response, "unsupported-media-type", 415)
