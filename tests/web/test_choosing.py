"""A buyer looks at a service and chooses among several: with and without scripts, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import NARROW, WIDE, View
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

Look = Callable[..., View]
GALERIE = "/offerings/9e3b073ac677a707268cbf28aa5f009c"


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_services_are_compared_from_the_search_on(look: Look, script: bool, width: int) -> None:
    view = look("/offerings?q=storage&sort=name", script=script, width=width)
    page = view.page
    for place in (0, 1):
        page.locator(".hit-pick .tick").nth(place).click()
    page.get_by_role("button", name="Compare those ticked").click()
    page.wait_for_url("**/offerings/compare?id=*&id=*")
    columns = page.locator(".compare-group").first.locator("thead th a[href]:not(.remove)")
    expect(columns).to_have_count(2)

    page.get_by_role("link", name="Add –").first.click()
    expect(columns).to_have_count(3)
    page.get_by_role("link", name="Remove:").first.click()
    expect(columns).to_have_count(2)

    page.get_by_role("link", name="Trusted cloud (France) 2021").click()
    expect(page.get_by_role("heading", name="Trusted cloud (France) 2021")).to_be_visible()
    view.assert_clean()


def test_a_comparison_by_keyboard_alone(look: Look) -> None:
    view = look("/offerings?q=storage&sort=name")
    page = view.page
    for _ in range(2):
        view.tab_to(".hit-pick input")
        page.keyboard.press("Space")
    expect(page.locator(".hit-pick input:checked")).to_have_count(2)
    view.tab_to("button[form=compare]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/offerings/compare?id=*&id=*")


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_every_statement_leads_to_the_signed_document(look: Look, script: bool, width: int) -> None:
    view = look(GALERIE, script=script, width=width)
    page = view.page
    # Of the two pictures the one is seen for which there is room.
    assert page.locator(".exposure-svg:visible").count() == 1
    page.get_by_text("The picture as a table").click()
    table = page.get_by_role("table", name="Who is behind the service")
    expect(table).to_contain_text("Compagnie Vaurillon")
    table.get_by_role("link").first.click()
    page.wait_for_url("**/self-descriptions/*/report")
    expect(page.get_by_role("heading", level=1)).to_have_text("Verified and accepted")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the exact bytes").click()
    digest = page.url.split("/")[-2]
    assert download.value.url.endswith(f"/self-descriptions/{digest}")
    view.errors.clear()
    view.assert_clean()
