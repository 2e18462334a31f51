"""Every filter of the API has a name on the page, where it can be taken out again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api_support import ApiNode
from shown import page

from catalogue.web.conditions import title
from search.query import FILTER_FIELDS


@pytest.mark.usefixtures("english")
def test_every_filter_has_a_name() -> None:
    assert all(title(name) for name in FILTER_FIELDS)


def test_who_lists_it_and_where_it_was_submitted_can_be_taken_out(make_node: Callable[[], ApiNode]) -> None:
    node = make_node()
    node.index()
    shown = page(node, "/offerings?listed_by=nord.example&home=no", "de")
    for text in ("Gelistet von", "nord.example", "Herkunft", "von anderen übernommen"):
        assert text in shown
    assert 'href="/offerings?home=no"' in shown
