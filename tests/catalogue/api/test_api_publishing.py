"""Publishing, checking and withdrawing over HTTP."""

from __future__ import annotations

import io
import json

import pytest
from api_support import LD_JSON, ApiNode, MakeApi, Provider, problem

from catalogue.api.media import SELF_DESCRIPTION_TYPES
from credentials.identity import digest_of
from credentials.signing import sign_credential, sign_presentation
from credentials.times import utc_now


def test_accepted_publication_answers_201_with_its_place(api: ApiNode, provider: Provider) -> None:
    data = provider.signed("Northern storage")
    response = api.publish(data)
    assert response.status_code == 201
    body = response.get_json()
    assert body["digest"] == digest_of(data)
    assert response.headers["Location"] == f"/self-descriptions/{body['digest']}"
    assert body["report"]["verdict"] == "accepted"
    (record,) = body["records"]
    assert record["issuer"] == provider.did
    assert record["state"] == "listed"


def test_same_bytes_again_answer_200_and_change_nothing(api: ApiNode, provider: Provider) -> None:
    data = provider.signed("Eastern storage")
    first = api.listed(data)
    again = api.publish(data)
    assert again.status_code == 200
    assert again.get_json()["records"] == first["records"]
    assert "Location" not in again.headers


def test_every_media_type_in_the_list_is_taken(api: ApiNode, provider: Provider) -> None:
    data = provider.signed("Western storage")
    for media_type in SELF_DESCRIPTION_TYPES:
        assert api.publish(data, f"{media_type}; charset=utf-8").status_code in (200, 201)


def test_presentation_lists_each_of_its_credentials(api: ApiNode, provider: Provider) -> None:
    data = provider.presented(provider.signed("One", "vc-jwt"), provider.signed("Two", "vc-jwt"))
    body = api.listed(data, "application/vp+jwt")
    assert [record["index"] for record in body["records"]] == [0, 1]
    assert len(body["report"]["credentials"]) == 2


def test_forged_document_is_422_with_its_report(api: ApiNode, provider: Provider) -> None:
    document = json.loads(provider.signed("Honest"))
    document["credentialSubject"]["gx:name"] = "Forged"
    body = problem(api.publish(json.dumps(document).encode()), "refused", 422)
    assert body["where"] == "signature"
    assert body["report"]["verdict"] == "refused"


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"[1]", b"\xff\xfe", b"a.b", b'{"a":', b"{}{}", b'{"a": "\xff"}']
)
def test_neither_json_nor_jws_is_400(api: ApiNode, data: bytes) -> None:
    assert problem(api.publish(data), "malformed-document", 400)["where"] == "body"
    problem(api.client.post("/verifications", data=data, content_type=LD_JSON), "malformed-document", 400)


def test_json_that_breaks_off_says_where(api: ApiNode) -> None:
    body = problem(api.publish(b'{"a":\n "b",,}'), "malformed-document", 400)
    assert "(line 2, column 6)" in body["detail"]


@pytest.mark.parametrize("data", [b'{"a": 1, "a": 2}', b'{"a": 1e999}', b"\xef\xbb\xbf{}", b"{}"])
def test_json_that_is_no_self_description_is_422_with_its_report(api: ApiNode, data: bytes) -> None:
    assert problem(api.publish(data), "refused", 422)["report"]["verdict"] == "refused"


def test_other_media_type_is_415_with_the_list(api: ApiNode) -> None:
    for media_type in ("text/plain", "", "application/xml", "application/ld+json,text/html", ";"):
        response = api.client.post("/self-descriptions", data=b"{}", content_type=media_type)
        body = problem(response, "unsupported-media-type", 415)
        assert body["accepted"] == list(SELF_DESCRIPTION_TYPES)
        assert response.headers["Accept-Post"]


def test_encoded_body_is_415(api: ApiNode) -> None:
    response = api.client.post(
        "/self-descriptions", data=b"{}", content_type=LD_JSON, headers={"Content-Encoding": "gzip"}
    )
    problem(response, "unsupported-encoding", 415)


def test_body_larger_than_the_limit_is_413(make_api: MakeApi) -> None:
    api = make_api(max_bytes=1000)
    body = problem(api.publish(b"{" + b" " * 1000), "too-large", 413)
    assert body["max_bytes"] == 1000


def test_chunked_body_is_read_only_up_to_the_limit(make_api: MakeApi) -> None:
    api = make_api(max_bytes=1000)
    body = Endless()
    response = api.client.post(
        "/self-descriptions",
        content_type=LD_JSON,
        environ_overrides={
            "wsgi.input": body,
            "CONTENT_LENGTH": "",
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    problem(response, "too-large", 413)
    assert body.taken < 100_000


def test_chunked_body_of_exactly_the_limit_is_read(make_api: MakeApi, provider: Provider) -> None:
    data = provider.signed("Chunked")
    for limit, status in ((len(data), 201), (len(data) - 1, 413)):
        api = make_api(max_bytes=limit)
        response = api.client.post(
            "/self-descriptions",
            content_type=LD_JSON,
            environ_overrides={
                "wsgi.input": io.BytesIO(data),
                "CONTENT_LENGTH": "",
                "HTTP_TRANSFER_ENCODING": "chunked",
                "wsgi.input_terminated": True,
            },
        )
        assert response.status_code == status


def test_body_shorter_than_announced_is_400(api: ApiNode) -> None:
    response = api.client.post(
        "/self-descriptions",
        data=b"{}",
        content_type=LD_JSON,
        environ_overrides={"CONTENT_LENGTH": "500"},
    )
    problem(response, "malformed-request", 400)


def test_blocked_issuer_is_403(api: ApiNode) -> None:
    blocked = Provider()
    api.node.operations.block(blocked.did, "spam")
    body = problem(api.publish(blocked.signed("Anything")), "issuer-blocked", 403)
    assert body["where"] == blocked.did


def test_unknown_issuer_is_403_where_an_allow_list_rules(make_api: MakeApi) -> None:
    api = make_api(admission="allowlist")
    newcomer = Provider()
    data = newcomer.signed("Anything")
    problem(api.publish(data), "issuer-not-allowed", 403)
    api.node.operations.allow(newcomer.did, "known")
    assert api.publish(data).status_code == 201


def test_dry_run_is_200_with_either_verdict_and_keeps_nothing(api: ApiNode, provider: Provider) -> None:
    good = provider.signed("Only checked")
    for data, verdict in ((good, "accepted"), (b"{}", "refused")):
        response = api.client.post("/verifications", data=data, content_type=LD_JSON)
        assert response.status_code == 200
        assert response.get_json()["verdict"] == verdict
    assert api.client.get("/self-descriptions").get_json()["total"] == 0


def test_dry_run_asks_a_presentation_for_challenge_and_domain(api: ApiNode, provider: Provider) -> None:
    data = sign_presentation(
        [provider.signed("Shown")],
        provider.key,
        provider.method,
        holder=provider.did,
        form="eddsa-rdfc-2022",
        created=utc_now(),
        challenge="c-1",
        domain="https://d.example",
    )
    for query, verdict in (
        ("", "accepted"),
        ("?challenge=c-1&domain=https://d.example", "accepted"),
        ("?challenge=c-2", "refused"),
        ("?domain=https://e.example", "refused"),
    ):
        response = api.client.post(f"/verifications{query}", data=data, content_type=LD_JSON)
        assert response.get_json()["verdict"] == verdict, query
    for query in ("?challenge=", f"?challenge={'c' * 1001}", "?challenge=a&challenge=b"):
        response = api.client.post(f"/verifications{query}", data=data, content_type=LD_JSON)
        problem(response, "invalid-parameter", 400)


def test_dry_run_reports_each_of_several_proofs(api: ApiNode, provider: Provider) -> None:
    once = json.loads(provider.signed("Signed twice", form="eddsa-rdfc-2022"))
    data = sign_credential(
        once, provider.key, provider.method, form="eddsa-jcs-2022", created=utc_now(), earlier="set"
    )
    report = api.client.post("/verifications", data=data, content_type=LD_JSON).get_json()
    assert [proof["variant"] for proof in report["proofs"]] == ["eddsa-rdfc-2022", "eddsa-jcs-2022"]


def test_withdrawn_is_410_and_never_lists_again(api: ApiNode, provider: Provider) -> None:
    data = provider.signed("Short-lived")
    body = api.listed(data)
    token = provider.withdrawal(body["records"][0]["content_id"], "sold")
    response = api.client.post("/withdrawals", data=token, content_type="application/jose")
    assert response.status_code == 201
    receipt = response.get_json()
    assert receipt["records"][0]["state"] == "withdrawn"

    again = api.client.post("/withdrawals", data=token, content_type="application/jwt")
    assert again.status_code == 200
    assert again.get_json() == receipt

    problem(api.client.get(f"/self-descriptions/{body['digest']}"), "withdrawn", 410)
    problem(api.client.get(f"/self-descriptions/{body['digest']}/report"), "withdrawn", 410)
    problem(api.publish(data), "withdrawn", 409)

    kept = api.client.get(response.headers["Location"])
    assert kept.data == token
    assert kept.mimetype == "application/jose"


def test_withdrawal_of_unknown_content_is_404(api: ApiNode, provider: Provider) -> None:
    token = provider.withdrawal("ab" * 32)
    response = api.client.post("/withdrawals", data=token, content_type="application/jose")
    problem(response, "unknown-content", 404)


def test_withdrawal_by_somebody_else_is_403(api: ApiNode, provider: Provider) -> None:
    content = api.listed(provider.signed("Mine"))["records"][0]["content_id"]
    response = api.client.post(
        "/withdrawals", data=Provider().withdrawal(content), content_type="application/jose"
    )
    problem(response, "not-the-issuer", 403)


def test_withdrawal_that_is_no_token_is_422(api: ApiNode) -> None:
    response = api.client.post("/withdrawals", data=b"no token", content_type="application/jose")
    assert problem(response, "withdrawal-refused", 422)["where"]


class Endless:
    """A body without an end, as a hostile client sends it in chunks."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "read without a bound"
        self.taken += size
        return b"{" * size

    def close(self) -> None:
        """Nothing to close."""
