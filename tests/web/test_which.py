"""Which may I use? From three answers to the services that qualify, with and without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import NARROW, View

pytestmark = pytest.mark.slow

Look = Callable[..., View]

#: A profile of a buyer's own that asks for one thing.
OWN = {
    "profile": "ours",
    "version": "1",
    "valid_from": "2026-01-01",
    "valid_until": None,
    "kind": "buyer",
    "labels": {"en": "Ours", "fr": "Le nôtre", "de": "Unseres"},
    "source": {"title": "Our rules", "url": "https://buyer.example/rules", "date": "2026-01-01"},
    "definitions": {},
    "criteria": [
        {
            "id": "seat",
            "text": {"en": "Seat in Spain", "fr": "Siège en Espagne", "de": "Sitz in Spanien"},
            "rule": {"fact": {"name": "seat", "within": ["ES"]}},
        }
    ],
    "levels": [
        {"id": "ours", "labels": {"en": "Ours", "fr": "Le nôtre", "de": "Unseres"}, "requires": ["seat"]}
    ],
}


def names(view: View, group: str) -> list[str]:
    return view.page.locator(f"section[aria-labelledby={group}] h3").all_inner_texts()


@pytest.mark.parametrize("script", [True, False])
def test_the_states_data_lead_to_the_doctrine_of_the_day(look: Look, script: bool) -> None:
    view = look("/which", script=script)
    page = view.page
    page.get_by_label("The French State's").check()
    page.get_by_label("Data under a secret protected by law").check()
    page.get_by_role("button", name="Show the services").click()
    assert "Version 2026" in page.locator(".which-answer").inner_text()
    assert "Socle, sovereign virtual machines" in names(view, "qualifying")
    # The others have a reason each.
    for verdict in page.locator("section[aria-labelledby^=group-] .candidate").all():
        assert verdict.locator(".reasons li").count() > 0
    view.assert_clean()


def test_rules_of_another_day_name_other_data(look: Look) -> None:
    view = look("/which?whose=state&kind=protected-secret&on=2022-01-01", width=NARROW)
    view.page.get_by_role("link", name="Economic data about French companies").click()
    assert "Version 2021" in view.page.locator(".which-answer").inner_text()
    view.assert_clean()


def test_a_profile_of_ones_own_is_used_and_not_kept(look: Look, tmp_path: Path) -> None:
    file = tmp_path / "ours.json"
    file.write_text(json.dumps(OWN), encoding="utf-8")
    view = look("/which?whose=own", script=False)
    page = view.page
    page.get_by_label("Or a file").set_input_files(file)
    page.locator("form[method=post] button").click()
    assert "Seat in Spain" in page.locator(".which-answer").inner_text()
    assert names(view, "group-met") or names(view, "group-not_met")
    view.assert_clean()


def test_what_is_wrong_with_a_profile_is_said(look: Look) -> None:
    view = look("/which?whose=own")
    view.page.get_by_label("The profile, as JSON").fill('{"profile": "<b>"}')
    view.page.locator("form[method=post] button").click()
    assert "This profile can't be used" in view.page.locator(".notice").inner_text()
    view.errors.clear()  # the browser reports the status 422
    view.assert_clean()


def test_keyboard_alone_gets_there(look: Look) -> None:
    view = look("/which")
    page = view.page
    view.tab_to("[name=whose]")
    while page.evaluate("document.activeElement.value") != "company":
        page.keyboard.press("ArrowDown")
    view.tab_to("[name=kind]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/which?*whose=company*")
    assert "Cigref" in page.locator(".which-answer").inner_text()
