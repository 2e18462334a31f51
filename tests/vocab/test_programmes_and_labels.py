from datetime import date

import pytest

from vocab import jurisdictions, labels, programmes
from vocab.languages import LANGUAGES

ELEVEN = {"FR", "DE", "IT", "ES", "BE", "LU", "SI", "HU", "CZ", "PL", "LV"}


def test_the_states_of_ipcei_cis_depend_on_the_day():
    ipcei = programmes.programme("ipcei-cis")
    assert ipcei.states(date(2020, 12, 31)) == frozenset()
    assert ipcei.states(date(2021, 6, 1)) == ELEVEN
    assert ipcei.states(date(2022, 6, 1)) == (ELEVEN - {"CZ"}) | {"HR", "NL"}
    assert ipcei.states(date(2023, 12, 4)) == ipcei.states(date(2022, 6, 1))
    assert ipcei.states(date(2023, 12, 5)) == {"FR", "DE", "HU", "IT", "NL", "PL", "ES"}


def test_every_period_names_countries_and_its_source():
    for programme in programmes.programmes():
        assert list(programme.periods) == sorted(programme.periods, key=lambda period: period.since)
        for period in programme.periods:
            assert period.source
            assert period.precision in {"day", "year"}
            assert all(jurisdictions.is_country(state) for state in period.states)


def test_programmes_and_labels_have_names_in_every_language():
    for thing in (*programmes.programmes(), *labels.labels()):
        assert set(thing.labels) == set(LANGUAGES)
    assert programmes.programme("ipcei-cis").label("fr").startswith("PIIEC")


def test_the_four_gaia_x_levels_are_labels_lowest_first():
    gaia_x = [label.id for label in labels.labels() if label.scheme == "gaia-x"]
    assert gaia_x == ["gaia-x:SC", "gaia-x:L1", "gaia-x:L2", "gaia-x:L3"]


def test_whoever_holds_a_label_holds_those_below_it():
    assert labels.below("gaia-x:SC") == ()
    assert labels.below("gaia-x:L3") == ("gaia-x:L2", "gaia-x:L1", "gaia-x:SC")
    assert labels.below("cloud-de-confiance") == ("secnumcloud",)
    assert labels.below("bsi-c5:type2") == ("bsi-c5:type1",)
    with pytest.raises(KeyError):
        labels.below("gaia-x:L4")


def test_no_label_stands_below_itself_and_a_scheme_is_listed_lowest_first():
    seen: set[str] = set()
    for label in labels.labels():
        assert set(label.below) <= seen
        seen.add(label.id)


def test_a_label_has_a_name_for_the_reader():
    assert labels.name("gaia-x:L2", "de") == "Gaia-X-Label Stufe 2"
    assert labels.name("cloud-de-confiance", "es") == "Trusted cloud (France)"
    assert not labels.is_label("gaia-x:L4")
    with pytest.raises(KeyError):
        labels.name("gaia-x:L4", "en")
