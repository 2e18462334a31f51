"""A provider describes a service in the form, and signs and publishes it without giving the key away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from browser import NARROW, WIDE, View
from hostile import MARKUP
from running import RunningNode, eventually

from credentials.signing import did_key, generate_key

pytestmark = pytest.mark.slow

Look = Callable[..., View]
FIELDS = {
    "kind": "object-storage",
    "id": "https://described.example/store.json",
    "until": "2099-01-01",
    "name_en": "Skylark, storage of objects",
    "data_country": "FR",
    "pue": "1.2",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node of its own: what is published here isn't there for other tests to count."""
    running = RunningNode(
        tmp_path_factory.mktemp("providers") / "data", {"CATALOGUE_RATE_VERIFY": "1000000/minute"}
    )
    try:
        running.start()
        yield running
    finally:
        running.kill()


def fill(view: View, **more: str) -> None:
    """Fill the form in."""
    for name, value in (FIELDS | more).items():
        field = view.page.locator(f"#field-{name}")
        if name == "kind" or name.endswith("_country"):
            field.select_option(value)
        else:
            field.fill(value)


def secret_in(view: View, secret: str) -> list[str]:
    """The requests that carry a text anywhere."""
    return [
        one.url
        for one in view.requests
        if secret in one.url or secret in (one.post_data or "") or secret in str(one.headers)
    ]


@pytest.mark.parametrize(("kind", "width"), [("Ed25519", WIDE), ("P-256", NARROW)])
def test_a_key_file_signs_here_and_is_in_no_request(
    node: RunningNode, look: Look, tmp_path: Path, kind: str, width: int
) -> None:
    jwk = generate_key(kind).to_jwk()  # type: ignore[arg-type]
    file = tmp_path / "key.json"
    file.write_text(json.dumps(jwk))
    name = f"Skylark of a {kind} key"
    view = look("/publish", width=width)
    view.page.locator("#key-file").set_input_files(file)
    view.page.get_by_text("The key is loaded").wait_for()
    fill(view, name_en=name, id=f"https://described.example/{kind}.json")
    view.page.get_by_text("It is as the shapes ask").wait_for()
    view.page.get_by_role("button", name="Sign and publish").click()
    view.page.get_by_text("Published.").wait_for()
    view.picture(f"publish-done-{width}", whole=True)
    view.assert_clean()
    assert secret_in(view, jwk["d"]) == []
    assert any("/self-descriptions" in one.url for one in view.requests)
    eventually("the service", lambda: node.offerings(q=name)["total"])
    view.page.get_by_role("link", name="See the service").click()
    assert name in view.page.locator("h1").inner_text()


def test_a_key_signs_as_the_did_key_that_the_command_line_gives_it(look: Look) -> None:
    key = generate_key("Ed25519")
    view = look("/publish")
    view.page.locator("#field-did").fill(did_key(key.public()))
    view.page.locator("#key-file").set_input_files(
        {"name": "key.json", "mimeType": "application/json", "buffer": json.dumps(key.to_jwk()).encode()}
    )
    view.page.get_by_text("The key is loaded").wait_for()
    fill(view, id="https://described.example/did-key.json")
    view.page.get_by_role("button", name="Sign and publish").click()
    view.page.get_by_text("Published.").wait_for()


def test_a_refusal_by_the_node_is_told_where_it_was_asked_for(look: Look) -> None:
    view = look("/publish")
    fill(view, id="https://described.example/refused.json")
    view.page.locator("#make-key").click()
    view.page.get_by_text("A key was made").wait_for()
    view.page.locator("#field-did").fill(did_key(generate_key("Ed25519").public()))
    view.page.get_by_role("button", name="Sign and publish").click()
    view.page.get_by_text("The node refused it: signature").wait_for()


def test_the_keyboard_alone_publishes_with_a_key_made_here(look: Look) -> None:
    view = look("/publish")
    page = view.page
    view.tab_to("#field-id")
    page.keyboard.type("https://described.example/keys.json")
    view.tab_to("#field-until")
    page.keyboard.type("01012099")
    view.tab_to("#field-name_en")
    page.keyboard.type("Published by keys alone")
    view.tab_to("#make-key")
    page.keyboard.press("Enter")
    page.get_by_text("A key was made").wait_for()
    view.tab_to("#sign")
    page.keyboard.press("Enter")
    page.get_by_text("Published.").wait_for()
    view.assert_clean()


def test_what_breaks_the_shapes_is_told_at_its_field_while_typing(look: Look) -> None:
    view = look("/publish")
    view.page.locator("#field-did").fill("did:web:described.example")
    fill(view, pue="much", name_en=MARKUP)
    told = view.page.locator("#error-pue")
    told.wait_for(state="visible")
    assert "decimal" in told.inner_text()
    assert view.page.evaluate("window.taken") is None
    view.assert_clean()
    view.page.locator("#field-pue").fill("1.1")
    told.wait_for(state="hidden")


def test_a_row_that_is_filled_in_is_followed_by_another(look: Look) -> None:
    view = look("/publish")
    page = view.page
    assert page.locator("[data-rows=data] > *").count() == 1
    fill(view)
    page.locator("#field-data_country-2").select_option("DE")
    page.locator("#field-data_locality-2").fill("Leipzig")
    page.locator("#field-data_country-3").wait_for()
    page.locator("#draft details summary").click()
    page.locator("#draft pre", has_text="Leipzig").wait_for()
    assert page.locator("#field-data_country-2").input_value() == "DE"
    view.picture("publish-rows", whole=True)
    view.assert_clean()


@pytest.mark.parametrize("language", ["fr", "de"])
def test_the_form_works_without_scripts(look: Look, language: str) -> None:
    view = look("/publish", script=False, width=NARROW, language=language)
    with view.page.expect_navigation():
        view.page.locator("[name=do][value=check]").click()
    assert view.page.locator(".outcome li").count() >= 4
    assert not view.page.locator("#signing").is_visible()
    view.page.locator("#field-did").fill("did:web:described.example")
    fill(view)
    with view.page.expect_navigation():
        view.page.locator("[name=do][value=check]").click()
    view.page.locator("#field-data_country-2").select_option("IT")
    with view.page.expect_navigation():
        view.page.locator("[name=do][value=check]").click()
    assert view.page.locator("#draft .notice.good").count() == 1
    view.picture(f"publish-{language}", whole=True)
    view.assert_clean()
    with view.page.expect_download() as download:
        view.page.locator("[name=do][value=file]").click()
    document = json.loads(Path(download.value.path()).read_text())
    assert document["issuer"] == "did:web:described.example"
    assert document["credentialSubject"]["dataPlace"] == [
        {"type": "Place", "country": code} for code in ("FR", "IT")
    ]


def test_a_form_without_end_is_refused_by_a_page(node: RunningNode) -> None:
    answer = requests.post(
        f"{node.url}/publish", data={"name_en": "x" * 300_000}, headers={"Accept": "text/html"}, timeout=20
    )
    assert answer.status_code in (400, 413)
    assert "<h1" in answer.text
