"""What others wrote is shown, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import requests
from browser import NARROW, View, opened
from hostile import CROWD, LONG, MARKUP, NAMES, SCHEME, TEMPLATE, published
from running import RunningNode, eventually

pytestmark = pytest.mark.slow

Look = Callable[..., View]


@pytest.fixture(scope="module")
def beset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node that holds nothing but what hostile providers published."""
    running = RunningNode(tmp_path_factory.mktemp("beset") / "data")
    try:
        running.start()
        with requests.Session() as session:
            for document in published():
                answer = session.post(
                    f"{running.url}/self-descriptions",
                    data=document,
                    headers={"Content-Type": "application/ld+json"},
                )
                assert answer.status_code == 201, answer.text
        wanted = len(NAMES) + CROWD
        eventually("all of it", lambda: running.offerings(size="1")["total"] == wanted)
        yield running
    finally:
        running.kill()


@pytest.mark.parametrize("path", ["/", "/offerings?size=100&sort=listed_at", "/offerings?q=hostile"])
@pytest.mark.parametrize("width", [NARROW, 1280])
def test_hostile_names_are_shown_and_do_nothing(
    beset: RunningNode, browser: object, path: str, width: int
) -> None:
    with opened(browser, beset.url, width=width) as view:  # type: ignore[arg-type]
        page = view.visit(path)
        view.picture(f"hostile-{width}")
        view.assert_clean()
        assert page.evaluate("window.taken") is None
        hrefs = page.evaluate("[...document.querySelectorAll('[href]')].map(one => one.href)")
        assert all(href.startswith((beset.url, "http://127.0.0.1")) for href in hrefs)
        if "q=" in path:
            text = page.locator(".results").inner_text()
            for name in (MARKUP, SCHEME, TEMPLATE):
                # Words in which the search found something are marked, so the beginning must do.
                assert name[:12] in text
            assert LONG[:100] in text
            assert LONG[:500] not in text
            # Nothing that turns directions is left, and what others wrote stands apart from our words.
            assert "\u202e" not in page.content()
            assert page.locator(".hit h3 bdi").count() == page.locator(".hit").count() == len(NAMES)


def test_a_huge_facet_is_bounded_and_folded(beset: RunningNode, browser: object) -> None:
    with opened(browser, beset.url, width=1280) as view:  # type: ignore[arg-type]
        page = view.visit("/offerings")
        boxes = page.locator("#facet-provider [name=provider]")
        assert boxes.count() == 50
        page.locator("#facet-provider > summary").click()
        assert sum(box.is_visible() for box in boxes.all()) == 5
        page.locator("#more-provider > summary").click()
        view.assert_clean()


def test_suggestions_of_hostile_names_do_nothing(beset: RunningNode, browser: object) -> None:
    with opened(browser, beset.url, width=NARROW) as view:  # type: ignore[arg-type]
        page = view.visit("/")
        for typed in ("script", "safe", "unbroken", "javascript"):
            page.locator("#q").fill("")
            page.locator("#q").press_sequentially(typed)
            page.get_by_role("option").first.wait_for()
            view.assert_clean()
        assert page.evaluate("window.taken") is None


@pytest.mark.parametrize(
    "path",
    [
        f"/offerings?q={quote(MARKUP)}",
        f"/offerings?provider={quote(MARKUP)}",
        f"/offerings?certification={quote(TEMPLATE)}&certification={quote(SCHEME)}",
        f"/offerings?{quote(MARKUP)}=1",
        f"/offerings?hosted_in={quote(MARKUP)}",
        f"/{quote(MARKUP)}",
    ],
)
def test_hostile_addresses_do_nothing(beset: RunningNode, browser: object, path: str) -> None:
    with opened(browser, beset.url, width=NARROW) as view:  # type: ignore[arg-type]
        page = view.visit(path)
        # The browser reports the status of a refusal as an error.
        view.errors = [error for error in view.errors if "Failed to load resource" not in error]
        view.assert_clean()
        assert page.evaluate("window.taken") is None
        assert page.locator("script:not([src])").count() == 0
