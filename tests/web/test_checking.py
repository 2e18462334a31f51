"""A provider checks a self-description, and is told what to do about what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from browser import NARROW, WIDE, View
from hostile import MARKUP
from running import RunningNode

from credentials.signing import did_key, generate_key, inline_method, sign_credential, sign_presentation
from credentials.times import to_rfc3339, utc_now

pytestmark = pytest.mark.slow

Look = Callable[..., View]
KEY = generate_key("Ed25519")
DID = did_key(KEY.public())
METHOD = inline_method(DID)


def document(**changes: Any) -> dict[str, Any]:
    """An unsigned description of a service."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "id": "https://checked.example/credential",
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": DID,
        "validFrom": to_rfc3339((utc_now() - timedelta(minutes=1)).replace(microsecond=0)),
        "credentialSubject": {
            "id": "https://checked.example/service",
            "type": "gx:ServiceOffering",
            "gx:name": MARKUP,
        },
        **changes,
    }


def signed(**changes: Any) -> bytes:
    """The same, signed."""
    return sign_credential(document(**changes), KEY, METHOD, form="ed25519-2020", created=utc_now())


def check(view: View, text: bytes | str) -> str:
    """Paste a text, press the button; what the page then says."""
    page = view.page
    page.locator("#field-text").fill(text if isinstance(text, str) else text.decode())
    with page.expect_navigation():
        page.locator(".checking button").click()
    return page.locator("main").inner_text()


@pytest.mark.parametrize(("script", "width", "language"), [(True, WIDE, "en"), (False, NARROW, "en")])
def test_what_is_in_order_would_be_accepted(look: Look, script: bool, width: int, language: str) -> None:
    view = look("/check", script=script, width=width, language=language)
    assert "This node would accept it" in check(view, signed())
    view.picture(f"check-accepted-{width}", whole=True)
    view.assert_clean()
    assert view.page.context.cookies() == []


def test_each_failure_is_told_with_what_to_do(look: Look) -> None:
    view = look("/check")
    for text, told in (
        (json.dumps(document()), "It isn't signed."),
        (signed(validUntil="2020-01-01T00:00:00Z", validFrom="2019-01-01T00:00:00Z"), "validity has ended"),
        (
            signed().replace(b"checked.example/service", b"changed.example/service"),
            "doesn't belong to this text",
        ),
        (
            sign_credential(
                document(issuer="did:web:another.example"),
                KEY,
                METHOD,
                form="ed25519-2020",
                created=utc_now(),
            ),
            "somebody else than its issuer",
        ),
    ):
        said = check(view, text)
        assert "This node would refuse it" in said
        assert told in said
        assert "What to do:" in said
    view.picture("check-refused", whole=True)
    view.assert_clean()


@pytest.mark.parametrize(
    ("language", "told"), [("fr", "Il n’est pas signé."), ("de", "Es ist nicht signiert.")]
)
def test_failures_are_told_in_the_reader_s_language(look: Look, language: str, told: str) -> None:
    view = look("/check", language=language, width=NARROW, dark=True)
    assert told in check(view, json.dumps(document()))
    view.picture(f"check-refused-{language}", whole=True)
    view.assert_clean()


def test_terms_without_meaning_are_told_at_their_place_and_do_nothing(look: Look) -> None:
    view = look("/check")
    data = json.loads(signed())
    data["credentialSubject"][MARKUP] = "x"
    assert MARKUP in check(view, json.dumps(data))
    assert view.page.evaluate("window.taken") is None
    view.assert_clean()


def test_a_presentation_in_a_file_is_told_with_its_credentials(look: Look) -> None:
    view = look("/check")
    broken = signed().replace(b"checked.example/service", b"changed.example/service")
    both = sign_presentation(
        [signed(), broken], KEY, METHOD, holder=DID, form="ed25519-2020", created=utc_now()
    )
    view.page.get_by_label("Or choose a file").set_input_files(
        {"name": "both.json", "mimeType": "application/json", "buffer": both}
    )
    with view.page.expect_navigation():
        view.page.get_by_role("button", name="Check it").click()
    said = view.page.locator("main").inner_text()
    assert "A presentation with 2 credentials." in said
    assert "Credential 2" in view.page.locator(".failure").first.inner_text()
    view.assert_clean()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Paste a self-description"),
        ({"text": "hello"}, "neither a JSON document nor a signed token"),
        ({"url": "hello"}, "must begin with https://"),
        ({"url": "https://127.0.0.1/secret"}, "the host is not a domain name"),
        ({"url": "http://checked.example/"}, "only https is fetched"),
    ],
)
def test_what_cannot_be_checked_is_a_page_that_says_so(
    node: RunningNode, fields: dict[str, str], told: str
) -> None:
    answer = requests.post(
        f"{node.url}/check",
        files={name: (None, value) for name, value in ({"text": ""} | fields).items()},
        headers={"Accept": "text/html"},
        timeout=20,
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert told in answer.text


def test_too_large_a_document_is_refused_by_a_page(node: RunningNode) -> None:
    answer = requests.post(
        f"{node.url}/check",
        files={"text": (None, "x" * 1_100_000)},
        headers={"Accept": "text/html"},
        timeout=20,
    )
    assert answer.status_code == 413
    assert "<h1" in answer.text
