from datetime import date

import pytest
from babel import Locale
from babel.core import get_global

from vocab import jurisdictions

TODAY = date(2026, 1, 1)


def test_the_union_grew_and_shrank_on_the_days_it_did():
    sizes = {
        date(1957, 12, 31): 0,
        date(1958, 1, 1): 6,
        date(1973, 1, 1): 9,
        date(1981, 1, 1): 10,
        date(1986, 1, 1): 12,
        date(1995, 1, 1): 15,
        date(2004, 5, 1): 25,
        date(2007, 1, 1): 27,
        date(2013, 6, 30): 27,
        date(2013, 7, 1): 28,
        date(2020, 1, 31): 28,
        date(2020, 2, 1): 27,
    }
    assert {day: len(jurisdictions.eu_members(day)) for day in sizes} == sizes


def test_the_united_kingdom_was_a_member_until_the_end_of_january_2020():
    assert jurisdictions.groups("GB", date(2020, 1, 31)) == ("EU", "EEA")
    assert jurisdictions.groups("GB", date(2020, 2, 1)) == ()


def test_croatia_joined_the_union_before_the_eea():
    assert jurisdictions.groups("HR", date(2013, 6, 30)) == ()
    assert jurisdictions.groups("HR", date(2013, 7, 1)) == ("EU",)
    assert jurisdictions.groups("HR", date(2014, 4, 12)) == ("EU", "EEA")


def test_the_eea_is_the_union_and_three_more():
    assert jurisdictions.eea_members(TODAY) - jurisdictions.eu_members(TODAY) == {"IS", "LI", "NO"}
    assert jurisdictions.eu_members(TODAY) <= jurisdictions.eea_members(TODAY)
    assert jurisdictions.groups("NO", TODAY) == ("EEA",)
    assert jurisdictions.groups("CH", TODAY) == ()


def test_a_part_of_a_member_state_with_a_code_of_its_own_belongs_where_the_state_does():
    assert jurisdictions.groups("RE", TODAY) == ("EU", "EEA")
    assert jurisdictions.groups("GL", TODAY) == ()
    assert "RE" not in jurisdictions.eu_members(TODAY)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FR", "FR"),
        ("fr", "FR"),
        ("FR-75", "FR"),
        ("de-be", "DE"),
        ("FRA", "FR"),
        ("250", "FR"),
        ("008", "AL"),
        ("EL", "GR"),
        ("UK", "GB"),
        ("UK-LND", "GB"),
        ("Germany", "DE"),
        ("allemagne", "DE"),
        ("Österreich", "AT"),
        (" osterreich ", "AT"),
        ("XX", None),
        ("EU", None),
        ("ZZ-75", None),
        ("FR-", None),
        ("FR-75-1", None),
        ("FRA-75", None),
        ("France Télécom", None),
        ("", None),
        ("-", None),
        ("F" * 100_000, None),
    ],
)
def test_codes_subdivisions_and_names_mean_a_country(text, code):
    assert jurisdictions.normalise(text) == code


def test_names_are_in_the_readers_language_or_english():
    assert jurisdictions.name("DE", "fr") == "Allemagne"
    assert jurisdictions.name("DE", "de-AT") == "Deutschland"
    assert jurisdictions.name("DE", "pt") == "Germany"
    assert jurisdictions.name("EU", "fr") == "Union européenne"


def test_what_is_no_country_has_no_name():
    for code in ("XX", "EZ", "fr", ""):
        assert not jurisdictions.is_country(code)
        with pytest.raises(KeyError):
            jurisdictions.name(code, "en")


def test_there_are_249_countries_and_the_locale_data_knows_them_all():
    assert len(jurisdictions.countries()) == 249
    assert set(jurisdictions.countries()) <= set(Locale("en").territories)


def test_alpha3_and_numeric_codes_agree_with_the_locale_data():
    aliases = get_global("territory_aliases")
    for code, found in aliases.items():
        meant = jurisdictions.normalise(code) if len(code) == 3 else None
        if meant is not None and len(found) == 1:
            assert meant == found[0], code


def test_no_country_is_in_a_group_twice_at_once():
    for group in jurisdictions.GROUPS:
        states = [membership.state for membership in jurisdictions.memberships(group)]
        assert len(states) == len(set(states))
        assert all(jurisdictions.is_country(state) for state in states)


def test_countries_are_spoken_of_by_adjectives_and_other_names_too() -> None:
    assert set(jurisdictions.spoken_names("NL")) >= {
        ("en", "Netherlands"),
        ("en", "Dutch"),
        ("fr", "Hollande"),
    }
    assert ("de", "Europäische Union") in jurisdictions.spoken_names("EU")
    # Somewhere far away has its names all the same.
    assert [language for language, _ in jurisdictions.spoken_names("NZ")] == ["en", "fr", "de"]


def test_every_member_of_the_eu_and_the_eea_has_adjectives() -> None:
    members = {
        membership.state for group in jurisdictions.GROUPS for membership in jurisdictions.memberships(group)
    }
    assert all(len(jurisdictions.spoken_names(code)) > 3 for code in members)
