"""What an operator sees and does, on a node that follows the one with the samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import NARROW, WIDE, View, opened
from running import RunningNode, eventually

from catalogue.samples import did_documents_folder

pytestmark = pytest.mark.slow

TOKEN = "let-me-in"
HOSTILE = "did:web:evil.example:%3Cscript%3Ealert%281%29"
Open = Callable[..., View]


@pytest.fixture(scope="module")
def follower(node: RunningNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node with an operator's token that has copied the samples' node."""
    running = RunningNode(
        tmp_path_factory.mktemp("follower") / "data",
        {
            "CATALOGUE_FETCH_ALLOW_HOSTS": f"127.0.0.1:{node.port}",
            "CATALOGUE_DID_DOCUMENTS": str(did_documents_folder()),
            "CATALOGUE_OPERATOR_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "CATALOGUE_WORKERS": "1",
        },
    )
    try:
        running.start()
        running.run("peers", "add", node.url, "--yes")
        eventually("the samples", lambda: running.offerings(size="1")["total"] == 40)
        yield running
    finally:
        running.kill()


@pytest.fixture
def see(follower: RunningNode, browser: Any) -> Iterator[Open]:
    """Open a page of the follower."""
    views = []

    def show(path: str, *, width: int = WIDE, language: str = "en", script: bool = True) -> View:
        manager = opened(browser, follower.url, width=width, locale=language, java_script_enabled=script)
        views.append(manager)
        view = manager.__enter__()
        view.visit(path)
        return view

    yield show
    for manager in views:
        manager.__exit__(None, None, None)


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "de")])
def test_the_federation_is_seen_with_what_was_received(
    node: RunningNode, see: Open, width: int, language: str
) -> None:
    view = see("/federation", width=width, language=language)
    peer = view.page.locator(".peer")
    assert f"127.0.0.1:{node.port}" in peer.inner_text()
    assert peer.locator(".badge.good").count() == 1
    view.picture(f"federation-with-a-peer-{width}-{language}", whole=True)
    view.assert_clean()


def test_what_differs_is_shown_and_can_be_asked_for_now(see: Open) -> None:
    view = see("/federation")
    view.page.get_by_role("link", name="What differs").click()
    view.page.get_by_role("link", name="Ask the peer now").click()
    assert "The same" in view.page.locator("main").inner_text()
    view.assert_clean()
    view.page.get_by_role("link", name="Listed here, not there").click()
    assert "Nothing." in view.page.locator("main").inner_text()
    view.assert_clean()


@pytest.mark.parametrize("script", [True, False])
def test_only_the_operator_blocks_and_sees_reasons(see: Open, script: bool) -> None:
    view = see("/operator", script=script)
    page = view.page
    page.get_by_label("About").fill(HOSTILE)
    page.get_by_label("Reason").fill("<img src=x onerror=alert(1)>")
    page.get_by_label("Operator's token").fill("guess")
    page.get_by_role("button", name="Block issuer").click()
    assert "That isn't the operator's token." in page.locator(".notice").inner_text()
    assert page.get_by_text("onerror").count() == 0
    view.errors.clear()  # the browser reports the status 401

    page.get_by_label("About").fill("no DID")
    page.get_by_label("Operator's token").fill(TOKEN)
    page.get_by_role("button", name="Block issuer").click()
    assert "That isn't a DID." in page.locator(".notice").inner_text()

    page.get_by_label("About").fill(HOSTILE)
    page.get_by_label("Reason").fill("<img src=x onerror=alert(1)>")
    page.get_by_label("Operator's token").fill(TOKEN)
    page.get_by_role("button", name="Block issuer").click()
    assert "is blocked" in page.locator(".notice").inner_text()
    assert page.get_by_text("<img src=x onerror=alert(1)>").count() == 1
    assert page.context.cookies() == []
    view.assert_clean()


def test_a_peer_is_paused_and_followed_again(node: RunningNode, see: Open) -> None:
    name = f"127.0.0.1:{node.port}"
    for button, told in (("Pause peer", "is paused"), ("Follow peer again", "is followed again")):
        view = see("/operator")
        view.page.get_by_label("About").fill(name)
        view.page.get_by_label("Operator's token").fill(TOKEN)
        view.page.get_by_role("button", name=button).click()
        assert told in view.page.locator(".notice").inner_text()
    assert "followed" in see("/federation").page.locator(".peer").inner_text()
