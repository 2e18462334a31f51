"""Laws that are named: whose, since when, by which paths, and in every language."""

from datetime import date

import pytest

from vocab import laws
from vocab.conclusions import PathKind
from vocab.jurisdictions import countries
from vocab.languages import LANGUAGES

DAY = date(2026, 6, 1)
SEAT = frozenset({PathKind.SEAT})


def test_every_law_is_of_a_country_has_a_source_and_a_name_in_every_language():
    for law in laws.laws():
        assert law.country in countries()
        assert law.source
        assert law.url.startswith("http")
        assert set(law.labels) == set(LANGUAGES)
        assert law.paths


def test_a_law_applies_from_its_first_day():
    assert "us-cloud-act" not in laws.applying("US", SEAT, date(2018, 3, 22))
    assert laws.applying("US", SEAT, date(2018, 3, 23)) == ("us-cloud-act", "us-fisa-702")


def test_a_share_alone_brings_no_law_with_it():
    assert laws.applying("US", frozenset({PathKind.SHAREHOLDER}), DAY) == ()


def test_a_member_state_has_no_law_that_is_named():
    assert laws.applying("FR", frozenset(PathKind), DAY) == ()


def test_a_law_has_a_name_for_the_reader():
    assert laws.name("us-fisa-702", "de").startswith("FISA, Abschnitt 702")
    with pytest.raises(KeyError):
        laws.name("none", "en")
