"""Pages share the addresses of the API: who gets which form, in which language, and under which rules."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalogue.app import create_app
from catalogue.node import prepare
from catalogue.settings import Settings
from catalogue.web.assets import assets
from catalogue.web.rendering import POLICY
from search.embedded import EmbeddedEngine

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HTML = {"Accept": BROWSER}
#: Bytes over the wire that a first visit and a later page may cost.
FIRST_VISIT, LATER = 100_000, 30_000
#: A page of each kind.
PATHS = ("/", "/offerings", "/gallery", "/docs", "/vocabulary/terms", "/vocabulary/terms/Place")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """An empty node, reached under a path."""
    settings = Settings(data=tmp_path_factory.mktemp("pages"), base_url="https://cloud.example/node/")
    prepare(settings)
    EmbeddedEngine(settings.index_folder, writable=True).close()
    app = create_app(settings)
    yield app.test_client()
    app.extensions["catalogue"].close()


@pytest.mark.parametrize("path", ["/", "/offerings"])
def test_who_takes_anything_gets_json_and_a_browser_gets_the_page(client: FlaskClient, path: str) -> None:
    for accept in (None, "*/*", "application/json", "nonsense", "application/json,text/html;q=0.9"):
        answer = client.get(path, headers={"Accept": accept} if accept else {})
        assert answer.mimetype == "application/json", accept
        assert "Accept" in answer.headers["Vary"]
    page = client.get(path, headers=HTML)
    assert page.mimetype == "text/html"
    assert set(page.headers["Vary"].split(", ")) == {"Accept", "Accept-Language", "Accept-Encoding"}


def test_a_page_names_its_other_form_and_its_other_languages(client: FlaskClient) -> None:
    page = client.get("/offerings?hosted_in=FR", headers=HTML).text
    assert '<link rel="alternate" type="application/json" href="/node/offerings?hosted_in=FR">' in page
    assert '<link rel="alternate" hreflang="de" href="/node/offerings?hosted_in=FR&amp;lang=de">' in page
    assert 'hreflang="en"' not in page.partition("</head>")[0]


def test_nothing_on_a_page_is_inline_or_from_elsewhere(client: FlaskClient) -> None:
    for path in (*PATHS, "/nothing"):
        answer = client.get(path, headers=HTML)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "Set-Cookie" not in answer.headers
        page = answer.text
        assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:", page), path
        for address in re.findall(r'(?:src|action|<link[^>]* href)="([^"]*)"', page):
            assert address.startswith(("/node/", "#")), address


@pytest.mark.parametrize(
    ("header", "path", "language"),
    [
        ("fr-BE,fr;q=0.9,en;q=0.5", "/offerings", "fr"),
        ("nl,de;q=0.8", "/offerings", "de"),
        ("pl", "/offerings", "en"),
        ("de", "/offerings?lang=fr", "fr"),
        ("de", "/nothing", "de"),
    ],
)
def test_the_language_is_the_links_else_the_browsers(
    client: FlaskClient, header: str, path: str, language: str
) -> None:
    answer = client.get(path, headers={**HTML, "Accept-Language": header})
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.text


def test_a_language_in_the_address_is_kept_in_links_and_forms(client: FlaskClient) -> None:
    page = client.get("/?lang=fr", headers=HTML).text
    assert 'href="/node/offerings?lang=fr"' in page
    assert '<input type="hidden" name="lang" value="fr">' in page
    assert "lang=" not in re.sub(
        r"<nav class=\"languages.*?</nav>|<link[^>]*>", "", client.get("/", headers=HTML).text, flags=re.S
    ).partition("<body>")[2].replace('lang="', "")


def test_a_language_that_there_is_not_is_refused_in_either_form(client: FlaskClient) -> None:
    assert client.get("/offerings?lang=xx").get_json()["where"] == "lang"
    assert client.get("/gallery?lang=xx").status_code == 400
    page = client.get("/offerings?lang=xx", headers=HTML)
    assert (page.status_code, page.mimetype) == (400, "text/html")


def test_lang_chooses_the_language_of_json_too(client: FlaskClient) -> None:
    english = client.get("/offerings?lang=en", headers={"Accept-Language": "fr"})
    assert english.status_code == 200
    assert client.get("/vocabulary/labels?lang=fr").status_code == 400


def test_fields_that_a_form_sends_empty_mean_nothing_to_a_page(client: FlaskClient) -> None:
    asked = "/offerings?q=&pue_max=&basis=declared&unknown=include"
    assert client.get(asked, headers=HTML).status_code == 200
    assert client.get(asked).status_code == 400


def test_an_unknown_parameter_is_refused_by_a_page_as_by_the_api(client: FlaskClient) -> None:
    page = client.get("/offerings?colour=blue", headers=HTML)
    assert page.status_code == 400
    assert "colour" in page.text
    assert client.get("/gallery?colour=blue").status_code == 400


def test_refusals_are_pages_for_who_reads_and_problems_for_programs(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={**HTML, "Accept-Language": "fr"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Il n’y a rien ici" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get("/nothing").mimetype == "application/problem+json"
    posted = client.post("/self-descriptions", headers=HTML, data=b"{}", content_type="text/plain")
    assert posted.mimetype == "application/problem+json"


def test_every_link_of_a_page_leads_somewhere_in_every_language(client: FlaskClient) -> None:
    for path in PATHS:
        page = client.get(f"{path}?lang=fr", headers=HTML).text
        for link in set(re.findall(r'href="/node(/[^"#]*)', page)):
            answer = client.get(html.unescape(link), headers=HTML)
            assert answer.status_code == 200, (path, link)


def test_links_of_a_refusal_stay_on_this_node_whatever_the_address(client: FlaskClient) -> None:
    for path in ("//evil.example/x", "///evil.example", '/"><b>', "/a?b=c#d"):
        page = client.get("/", headers=HTML, environ_overrides={"PATH_INFO": path})
        assert page.status_code == 404
        for link in re.findall(r'href="([^"#][^"]*)"', page.text):
            assert re.match(r"/node/(?!/)", html.unescape(link)), link
            assert "?b=c" not in link


def test_a_node_without_an_index_says_so_on_a_page(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    prepare(settings)
    app = create_app(settings)
    for path in ("/", "/offerings?lang=de"):
        page = app.test_client().get(path, headers=HTML)
        assert (page.status_code, page.mimetype) == (503, "text/html")
        assert page.headers["Retry-After"]
    assert "Der Katalog kann gerade nicht antworten" in page.text
    app.extensions["catalogue"].close()


def test_files_are_named_by_their_content_and_kept(client: FlaskClient) -> None:
    page = client.get("/offerings", headers=HTML).text
    names = re.findall(r'(?:src|href)="/node(/assets/[^"]+)"', page)
    assert len(names) >= 2
    for name in names:
        answer = client.get(name, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        plain = client.get(name)
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(answer.data) == plain.data
    assert client.get("/assets/site.000000000000.css").status_code == 404


def test_scripts_import_each_other_by_their_served_names() -> None:
    served = {asset.name for asset in assets().values()}
    for asset in assets().values():
        for name in re.findall(r'(?:from|import)\s*"\./([^"]+)"', asset.data.decode()):
            assert name in served, (asset.name, name)


def test_the_first_visit_and_every_later_one_stay_within_their_weight(client: FlaskClient) -> None:
    files = sum(len(asset.compressed) for asset in assets().values())
    for path in PATHS:
        # The reference is as long as the API, and is read by who writes programs.
        bound = 2 * LATER if path == "/docs" else LATER
        page = client.get(path, headers={**HTML, "Accept-Encoding": "gzip"})
        assert page.headers["Content-Encoding"] == "gzip"
        assert len(page.data) <= bound, path
        assert len(page.data) + files <= FIRST_VISIT, path


def test_pages_beside_the_api_are_in_the_openapi_document(client: FlaskClient) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]
    for path in ("/", "/offerings"):
        told = paths[path]["get"]
        assert {"application/json", "text/html"} <= set(told["responses"]["200"]["content"])
        assert "lang" in [entry["name"] for entry in told["parameters"]]
    assert not {"/gallery", "/assets/{name}"} & set(paths)


def test_every_template_is_used_and_every_style_served() -> None:
    web = Path(__file__).parents[3] / "catalogue" / "web"
    sources = "".join(
        one.read_text(encoding="utf-8") for one in [*web.glob("*.py"), *(web / "templates").glob("*.html")]
    )
    for template in (web / "templates").glob("*.html"):
        assert f'"{template.name}"' in sources, template.name


def test_no_two_pages_style_the_same_class() -> None:
    """All pages share one stylesheet: what one calls its own would change the other."""
    found: dict[str, set[str]] = {}
    styles = Path(__file__).parents[3] / "catalogue" / "web" / "static" / "css"
    for file in styles.glob("[3-8]*.css"):
        for rule in re.findall(r"^\s*([^{}@/]+)\{", file.read_text(encoding="utf-8"), re.MULTILINE):
            for selector in rule.split(","):
                # A class on its own, or with a state or another class of its own, not inside another's.
                if match := re.match(r"\s*\.([a-z-]+)(?=[.:\[\s]*$|[.:\[][^ ]*\s*$)", selector):
                    found.setdefault(match[1], set()).add(file.name)
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
