"""Each page as people see it: clean in every language, width and scheme, and a picture to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import NARROW, WIDE, View
from playwright.sync_api import BrowserContext
from running import RunningNode

pytestmark = pytest.mark.slow

Look = Callable[..., View]
#: Pages by the name of their pictures. A new page adds its line.
PAGES = {
    "home": "/",
    "services": "/offerings",
    "services-found": "/offerings?q=storage&hosted_in=EU&why=true&size=4",
    "services-none": "/offerings?q=storage&hosted_in=JP&label=gaia-x:L1",
    "which": "/which",
    "which-answer": "/which?whose=state&kind=essential-missions",
    "service": "/offerings/9e3b073ac677a707268cbf28aa5f009c",
    "evaluation": "/offerings/197cbcb2d5d0130ca4755446bf5028be/evaluation?profile=cloud-de-confiance",
    "history": "/offerings/197cbcb2d5d0130ca4755446bf5028be/history",
    "compare": "/offerings/compare?id=9e3b073ac677a707268cbf28aa5f009c&id=197cbcb2d5d0130ca4755446bf5028be"
    "&id=c5a7170ff3c0d23c529a593e427f5508&profile=cloud-de-confiance",
    "compare-add": "/compare?id=9e3b073ac677a707268cbf28aa5f009c&q=office",
    "participants": "/participants",
    "participant": "/participants/04be7711abfb9e67a79a303cce8c3831",
    "consortia": "/consortia",
    "capabilities": "/vocabulary/capabilities",
    "programmes": "/vocabulary/programmes",
    "federation": "/federation",
    "operator": "/operator",
    "gallery": "/gallery",
    "terms": "/vocabulary/terms",
    "term": "/vocabulary/terms/Place",
    "publish": "/publish",
    "check": "/check",
    "mine": "/mine?did=did:web:brumelac.example",
    "problem": "/nothing-here",
}
#: Pages of which a picture of the first window must do.
LONG = frozenset({"services", "terms"})


#: Windows in which every page is seen: language, width, scheme.
WINDOWS = (("en", WIDE, "light"), ("fr", WIDE, "dark"), ("de", NARROW, "light"))


@pytest.fixture(scope="module")
def windows(node: RunningNode, browser: Any) -> Iterator[dict[str, BrowserContext]]:
    """One browser context for each of the windows, by its language: so files are loaded once."""
    contexts = {
        language: browser.new_context(
            viewport={"width": width, "height": 900}, locale=language, color_scheme=scheme
        )
        for language, width, scheme in WINDOWS
    }
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize(("language", "width", "scheme"), WINDOWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_clean(
    node: RunningNode, windows: dict[str, BrowserContext], name: str, language: str, width: int, scheme: str
) -> None:
    page = windows[language].new_page()
    view = View(page, node.url)
    view.visit(PAGES[name])
    if name == "problem":
        # The browser reports the status of the page itself.
        view.errors.clear()
    dark = "-dark" if scheme == "dark" else ""
    view.picture(f"{name}-{width}-{language}{dark}", whole=name not in LONG)
    assert page.locator("html").get_attribute("lang") == language
    view.assert_clean(contrast=width == WIDE)
    page.close()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_reference_fits_and_asks_for_nothing_outside(look: Look, width: int) -> None:
    # Without scripts, since axe takes a minute for as many tables; their cells are as in all other tables.
    view = look("/docs", width=width, script=False)
    view.picture(f"reference-{width}-en")
    view.assert_clean()
