"""A buyer searches: with and without scripts, by mouse and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser import NARROW, View
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

Look = Callable[..., View]


def total(page: Page) -> int:
    """How many services the page says there are."""
    return int(re.sub(r"\D", "", page.locator(".results-total").inner_text()))


def tick(page: Page, group: str, text: str) -> None:
    """Tick the box of this name, as a person does: by its text, and further down the group if it is there."""
    box = page.locator(f"#facet-{group} .tick", has_text=re.compile(f"^{re.escape(text)}"))
    if not box.is_visible():
        page.locator(f"#more-{group} > summary").click()
    box.click()


@pytest.mark.parametrize("script", [True, False])
def test_a_search_is_narrowed_down_and_widened_again(look: Look, script: bool) -> None:
    view = look("/", script=script)
    page = view.page
    page.get_by_label("What are you looking for?").fill("storage")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/offerings?*q=storage*")
    everything = total(page)
    assert everything > 3

    tick(page, "hosted_in", "Germany")
    if not script:
        page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**hosted_in=DE**")
    chip = page.locator(".chip", has_text="Data in: Germany")
    expect(chip).to_be_visible()
    assert 0 < total(page) < everything
    expect(
        page.locator("#facet-hosted_in").get_by_role("checkbox", name=re.compile("^Germany"))
    ).to_be_checked()
    if script:
        # What isn't seen is told, and the box that was ticked still has the focus.
        expect(page.get_by_role("status")).to_have_text(page.locator(".results-total").inner_text())
        expect(
            page.locator("#facet-hosted_in").get_by_role("checkbox", name=re.compile("^Germany"))
        ).to_be_focused()
        view.assert_clean()

    chip.get_by_role("link", name="Remove: Data in: Germany").click()
    expect(chip).to_have_count(0)
    assert total(page) == everything
    page.go_back()
    expect(chip).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_each_hit_says_why_it_matches(look: Look, script: bool) -> None:
    page = look("/offerings?certification=secnumcloud", script=script).page
    hit = page.locator(".hit").first
    identifier = hit.get_attribute("id")
    hit.get_by_role("link", name="Why this matches").click()
    page.wait_for_url("**why=true**")
    ground = page.locator(f"#{identifier} .why li").first
    expect(ground).to_contain_text("Certification")
    expect(ground).to_contain_text("certified")
    expect(ground.get_by_role("link").first).to_have_attribute(
        "href", re.compile("^/self-descriptions/[0-9a-f]{64}$")
    )


@pytest.mark.parametrize("script", [True, False])
def test_an_order_is_chosen_and_pages_are_walked(look: Look, script: bool) -> None:
    page = look("/offerings?size=15", script=script).page
    page.get_by_label("Sort by").select_option("Newest first")
    if not script:
        page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**sort=listed_at**")
    seen: list[str] = []
    while True:
        seen += page.locator(".hit h3 a").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        following = page.get_by_role("link", name="Next page")
        if not following.count():
            break
        before = page.url
        following.click()
        page.wait_for_function(
            "before => location.href !== before && document.readyState === 'complete'"
            " && !document.querySelector('[aria-busy]')",
            arg=before,
        )
    assert len(seen) == len(set(seen)) == total(page) == 40
    page.get_by_role("link", name="To the beginning").click()
    expect(page.locator(".hit h3 a").first).to_have_attribute("href", seen[0])


def test_nothing_found_tells_what_to_drop_and_what_may_be_meant(look: Look) -> None:
    view = look("/offerings?hosted_in=FR&certification=bsi-c5&q=")
    page = view.page
    assert total(page) == 0
    view.assert_clean()
    way = page.locator(".results .links a").first
    expect(way).to_contain_text("without")
    promised = int(page.locator(".results .links .count").first.inner_text())
    way.click()
    expect(page.locator(".results-total")).to_have_text(re.compile(rf"^{promised} "))

    page = look("/offerings?q=archvie+strorage+xyzzy&hosted_in=JP").page
    expect(page.get_by_text("Nothing fits all of this")).to_be_visible()
    page.locator(".results").get_by_role("link", name="All services").click()
    page.wait_for_url(re.compile("/offerings$"))


@pytest.mark.parametrize(
    ("language", "typed", "kind", "name"),
    [
        ("en", "object st", "Capability", "Object storage"),
        ("fr", "stockage o", "Capacité", "Stockage objet"),
        ("de", "objektsp", "Fähigkeit", "Objektspeicher"),
    ],
)
def test_what_is_typed_is_completed_in_each_language(
    look: Look, language: str, typed: str, kind: str, name: str
) -> None:
    view = look("/", language=language)
    field = view.page.get_by_role("combobox")
    field.press_sequentially(typed)
    option = view.page.get_by_role("option").first
    expect(option).to_contain_text(name)
    expect(option).to_contain_text(kind)
    expect(field).to_have_attribute("aria-expanded", "true")
    view.assert_clean()
    option.click()
    view.page.wait_for_url("**/offerings?capability=object-storage")


def test_the_keyboard_alone_finds_filters_and_opens_a_service(look: Look) -> None:
    view = look("/")
    page = view.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    view.tab_to("#q")
    page.keyboard.type("backup")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("combobox")).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/offerings?q=backup")

    view.tab_to("#filters [name=hosted_in]")
    page.keyboard.press("Space")
    page.wait_for_url("**hosted_in=**")
    expect(page.locator(".chip")).to_be_visible()
    view.tab_to(".hit h3 a")
    expected = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(expected)


def test_on_a_phone_filters_open_and_close_without_scripts(look: Look) -> None:
    view = look("/offerings", width=NARROW, script=False)
    page = view.page
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("link", name="Filter").click()
    expect(page.locator("#filters")).to_be_visible()
    tick(page, "hosted_in", "France")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**hosted_in=FR**")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.get_by_role("link", name="Filter (1)")).to_be_visible()


def test_on_a_phone_filters_stay_open_while_ticking_with_scripts(look: Look) -> None:
    page = look("/offerings", width=NARROW).page
    page.get_by_role("link", name="Filter").click()
    tick(page, "hosted_in", "France")
    page.wait_for_url("**hosted_in=FR**")
    expect(page.get_by_role("link", name="Filter (1)")).to_be_attached()
    expect(page.locator("#filters")).to_be_visible()
    page.get_by_role("link", name="Show the result").click()
    expect(page.locator("#filters")).to_be_hidden()


def test_the_language_is_switched_and_kept(look: Look) -> None:
    page = look("/offerings?hosted_in=FR").page
    page.get_by_role("link", name="FR", exact=True).click()
    page.wait_for_url("**/offerings?hosted_in=FR&lang=fr")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    tick(page, "hosted_in", "Allemagne")
    page.wait_for_url("**hosted_in=DE**")
    assert "lang=fr" in page.url
    expect(page.locator(".chip", has_text="Allemagne")).to_be_visible()
    # The switch leads to the same search as it is now.
    page.get_by_role("link", name="DE", exact=True).click()
    expect(page.locator(".chip", has_text="Deutschland")).to_be_visible()


def test_the_json_of_a_page_is_one_click_away(look: Look) -> None:
    page = look("/offerings?q=storage").page
    page.get_by_role("contentinfo").get_by_role("link", name="JSON", exact=True).click()
    page.wait_for_url("blob:**")
    expect(page.locator("pre")).to_contain_text('"items":[')


def test_twice_the_size_still_fits(look: Look) -> None:
    # 200 % of a window of 1280 is one of 640 with two device pixels for each.
    view = look("/offerings?q=storage", width=640, device_scale_factor=2)
    view.assert_clean()
    expect(view.page.locator(".hit").first).to_be_visible()


def test_on_paper_there_is_the_result_and_nothing_to_press(look: Look) -> None:
    page = look("/offerings?q=storage").page
    page.emulate_media(media="print")
    expect(page.locator(".hit").first).to_be_visible()
    for gone in ("#filters", ".searchbox", ".menu", ".pager ul"):
        expect(page.locator(gone).first).to_be_hidden()


def test_on_a_phone_the_menu_opens_without_scripts(look: Look) -> None:
    page = look("/", width=NARROW, script=False).page
    places = page.get_by_role("navigation", name="Main")
    expect(places).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    places.get_by_role("link", name="Services").click()
    page.wait_for_url("**/offerings")
