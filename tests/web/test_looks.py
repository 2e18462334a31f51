"""Each page as people see it: clean in every language, width and scheme, and a picture to be looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import NARROW, WIDE, View

pytestmark = pytest.mark.slow

Look = Callable[..., View]
#: Pages by the name of their pictures. A new page adds its line.
PAGES = {
    "home": "/",
    "services": "/offerings",
    "services-found": "/offerings?q=storage&hosted_in=EU&why=true",
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
    "problem": "/nothing-here",
}
#: Pages of which a picture of the first window must do.
LONG = frozenset({"services", "terms"})


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("language", "width", "dark"), [("en", WIDE, False), ("fr", WIDE, True), ("de", NARROW, False)]
)
def test_a_page_is_clean(look: Look, name: str, language: str, width: int, dark: bool) -> None:
    view = look(PAGES[name], width=width, language=language, dark=dark)
    if name == "problem":
        # The browser reports the status of the page itself.
        view.errors.clear()
    view.picture(f"{name}-{width}-{language}{'-dark' if dark else ''}", whole=name not in LONG)
    assert view.page.locator("html").get_attribute("lang") == language
    view.assert_clean()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_reference_fits_and_asks_for_nothing_outside(look: Look, width: int) -> None:
    # Without scripts, since axe takes a minute for as many tables; their cells are as in all other tables.
    view = look("/docs", width=width, script=False)
    view.picture(f"reference-{width}-en")
    view.assert_clean()
