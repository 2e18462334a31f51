"""What holds for every request: problems, headers, limits, documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from api_support import ApiNode, MakeApi, Provider, problem

from catalogue.api import kinds
from catalogue.api.problems import TABLE
from catalogue.errors import CatalogueError, LimitExceeded
from catalogue.settings import Settings

GETS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/.well-known/did.json",
    "/",
    "/offerings",
    "/participants",
    "/self-descriptions",
    "/vocabulary/capabilities",
    "/vocabulary/certifications",
    "/vocabulary/context",
    "/vocabulary/participant-kinds",
    "/vocabulary/shapes",
    "/vocabulary/terms",
    "/vocabulary/terms/ownership",
    "/vocabulary/jurisdictions",
    "/vocabulary/labels",
    "/vocabulary/programmes",
    "/vocabulary/states",
)


@pytest.mark.parametrize("path", GETS)
def test_every_address_answers_get_and_head_as_documented(api: ApiNode, path: str) -> None:
    assert api.client.get(path).status_code == 200
    headed = api.client.head(path)
    assert headed.status_code == 200
    assert headed.data == b""


@pytest.mark.parametrize("path", GETS)
def test_unknown_query_parameters_are_refused_everywhere(api: ApiNode, path: str) -> None:
    for method in ("GET", "HEAD"):
        response = api.client.open(f"{path}?debug=1", method=method)
        assert response.status_code == 400
    problem(api.client.get(f"{path}?debug=1"), "invalid-parameter", 400)


def test_submissions_refuse_query_parameters_too(api: ApiNode) -> None:
    response = api.client.post("/verifications?verbose=1", data=b"{}", content_type="application/json")
    problem(response, "invalid-parameter", 400)


@pytest.mark.parametrize(
    "path", ["/nothing", "/offerings/", "/vocabulary//states", "/offerings/x/y", "/\xe9", "/%00"]
)
def test_unknown_address_is_a_404_problem(api: ApiNode, path: str) -> None:
    problem(api.client.get(path), "not-found", 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "TRACE", "BREW"])
def test_other_method_is_405_with_allow(api: ApiNode, method: str) -> None:
    response = api.client.open("/offerings", method=method)
    problem(response, "method-not-allowed", 405)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [*GETS, "/nothing", "/offerings?x=1", "/self-descriptions/" + "0" * 64])
def test_every_answer_carries_the_security_headers_and_no_cookie(api: ApiNode, path: str) -> None:
    response = api.client.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Set-Cookie" not in response.headers


def test_preflight_opens_reads_only(api: ApiNode) -> None:
    response = api.client.options("/self-descriptions")
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    answer = api.client.post("/verifications", data=b"{}", content_type="application/json")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_bug_is_a_500_without_its_text_and_with_its_name_in_the_log(
    api: ApiNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api.node.records, "statements", broken)
    body = problem(api.client.get("/self-descriptions"), "internal", 500)
    assert "secret" not in json.dumps(body)
    captured = capsys.readouterr()
    assert body["instance"] in captured.out + captured.err


def test_store_out_of_reach_is_503_and_not_ready(api: ApiNode, provider: Provider) -> None:
    assert api.client.get("/readyz").get_json()["status"] == "ready"
    with api.node.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE heads RENAME TO heads_elsewhere")
    response = api.client.get("/readyz")
    assert response.status_code == 503
    assert response.get_json()["status"] == "unavailable"
    problem(api.publish(provider.signed("Anything")), "unavailable", 503)
    assert api.client.get("/healthz").status_code == 200


def test_lagging_index_is_not_ready(make_api: MakeApi, provider: Provider) -> None:
    api = make_api(ready_lag=0)
    api.listed(provider.signed("Ahead of the index"))
    response = api.client.get("/readyz")
    assert response.status_code == 503
    assert response.get_json() == {
        "status": "lagging",
        "entries": 1,
        "index_position": 0,
        "lag": 1,
        "engines": [{"name": "embedded", "index_position": 0, "lag": 1}],
    }
    api.index()
    assert api.client.get("/readyz").get_json() == {
        "status": "ready",
        "entries": 1,
        "index_position": 1,
        "lag": 0,
        "engines": [{"name": "embedded", "index_position": 1, "lag": 0}],
    }


def test_reads_beyond_the_rate_are_429_and_health_is_not(make_api: MakeApi) -> None:
    api = make_api(rate_read="2/minute")
    assert [api.client.get("/vocabulary/states").status_code for _ in range(3)] == [200, 200, 429]
    response = api.client.get("/nothing")
    body = problem(response, "rate-limited", 429)
    assert 1 <= int(response.headers["Retry-After"]) == body["retry_after"] <= 60
    for path in ("/healthz", "/readyz", "/metrics"):
        assert api.client.get(path).status_code == 200


def test_publications_and_dry_runs_beyond_the_rate_are_429(make_api: MakeApi, provider: Provider) -> None:
    api = make_api(rate_publish="1/hour", rate_verify="1/hour")
    data = provider.signed("Limited")
    assert api.publish(data).status_code == 201
    problem(api.publish(data), "rate-limited", 429)
    for expected in (200, 429):
        response = api.client.post("/verifications", data=data, content_type="application/ld+json")
        assert response.status_code == expected


def test_bytes_beyond_the_daily_volume_are_429(make_api: MakeApi, provider: Provider) -> None:
    data = provider.signed("Voluminous")
    api = make_api(volume_address=len(data))
    assert api.publish(data).status_code == 201
    assert problem(api.publish(data), "rate-limited", 429)["retry_after"] > 80_000


def test_forwarded_address_counts_only_behind_trusted_proxies(make_api: MakeApi) -> None:
    for proxies, expected in ((0, [200, 429]), (1, [200, 200])):
        api = make_api(rate_read="1/minute", trusted_proxies=proxies)
        statuses = [
            api.client.get("/vocabulary/states", headers={"X-Forwarded-For": address}).status_code
            for address in ("198.51.100.1", "198.51.100.2")
        ]
        assert statuses == expected


def test_metrics_count_answers_without_names_from_the_client(api: ApiNode) -> None:
    api.client.get("/vocabulary/states")
    api.client.get("/some-secret-path")
    api.client.open("/offerings", method="BREW")
    text = api.client.get("/metrics").text
    assert 'catalogue_http_requests_total{method="GET",route="/vocabulary/states",status="200"}' in text
    assert "some-secret-path" not in text
    assert "BREW" not in text
    assert 'catalogue_problems_total{status="404",type="not-found"}' in text
    assert "catalogue_log_entries 0.0" in text


def test_log_names_the_address_of_those_alone_who_pass_a_limit(
    make_api: MakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api = make_api(rate_read="1/minute")
    api.client.get("/vocabulary/states")
    assert "127.0.0.1" not in capsys.readouterr().out
    api.client.get("/vocabulary/states")
    line = capsys.readouterr().out
    assert "127.0.0.1" in line
    assert "rate-limited" in line


def test_log_line_has_no_query_and_no_body(
    api: ApiNode, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    api.client.get("/offerings?q=my-secret-search")
    api.publish(provider.signed("My secret name"))
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert "answered" in text
    assert "secret" not in text


def test_every_service_error_has_a_problem() -> None:
    missing = [error for error in CatalogueError.__subclasses__() if error not in TABLE]
    assert [error.__name__ for error in missing if error.__module__ == "catalogue.errors"] == []


def test_problem_types_are_unique_and_all_on_the_reference_page(api: ApiNode) -> None:
    assert len({(kind.slug, kind.status) for kind in kinds.KINDS}) == len(kinds.KINDS)
    page = api.client.get("/docs").text
    for kind in kinds.KINDS:
        assert f'id="problem-{kind.slug}-{kind.status}"' in page
        assert kind.uri in page


def test_reference_page_lists_every_operation_and_asks_for_nothing_outside(api: ApiNode) -> None:
    page = api.client.get("/docs").text
    for path, item in api.client.get("/openapi.json").get_json()["paths"].items():
        for method in item.keys() - {"parameters"}:
            assert f"{method.upper()}</span> <code>{path}</code>" in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_index_is_json_unless_html_is_preferred(api: ApiNode) -> None:
    assert api.client.get("/").get_json()["links"]["docs"] == "/docs"
    assert api.client.get("/", headers={"Accept": "text/html,*/*;q=0.8"}).mimetype == "text/html"
    assert api.client.get("/", headers={"Accept": "nonsense"}).mimetype == "application/json"


def test_errors_are_documented_as_problems(api: ApiNode) -> None:
    for path, item in api.client.get("/openapi.json").get_json()["paths"].items():
        for method in item.keys() - {"parameters"}:
            responses = item[method]["responses"]
            assert "default" not in responses
            for status, response in responses.items():
                if status >= "400" and path != "/readyz":
                    # Who prefers pages gets one where reading is refused.
                    page = ["text/html"] if method == "get" else []
                    assert list(response["content"]) == ["application/problem+json", *page], (path, status)


def test_links_keep_the_path_under_which_the_node_is_reached(make_api: MakeApi, provider: Provider) -> None:
    api = make_api(base_url="https://cloud.example/catalogue/")
    response = api.publish(provider.signed("Prefixed"))
    assert response.headers["Location"].startswith("/catalogue/self-descriptions/")


def test_wsgi_entry_prepares_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from catalogue.app import create_app

    for name in [key for key in __import__("os").environ if key.startswith("CATALOGUE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CATALOGUE_DATA", str(tmp_path / "fresh"))
    app = create_app()
    assert app.test_client().get("/healthz").status_code == 200
    assert app.extensions["catalogue"].settings == Settings(data=tmp_path / "fresh")
    app.extensions["catalogue"].close()


def test_limit_problem_says_whose_limit_it_is() -> None:
    made = TABLE[LimitExceeded](LimitExceeded("issuer", "600 per 1 minute", 12))
    assert made.members == {"where": "issuer", "limit": "600 per 1 minute", "retry_after": 12}
