"""Certification schemes and kinds of participant: whole, named in every language, found by their ids."""

import re

import pytest

from vocab.certifications import (
    STATUSES,
    SUBJECTS,
    certification,
    certifications,
    identifiers,
    is_certification,
    name,
)
from vocab.jurisdictions import is_country
from vocab.languages import LANGUAGES
from vocab.participant_kinds import is_participant_kind, participant_kinds
from vocab.participant_kinds import name as kind_name


def test_every_entry_is_whole():
    for entry in certifications():
        assert re.fullmatch(r"[a-z0-9-]+(:[a-z0-9.]+)?", entry.id)
        assert set(entry.labels) == set(LANGUAGES)
        assert all(entry.labels.values())
        assert entry.kind in ("scheme", "version", "level")
        assert entry.subject in SUBJECTS
        assert entry.status in STATUSES
        assert entry.authority
        assert entry.country in ("", "EU") or is_country(entry.country)
        assert entry.validity_months is None or 6 <= entry.validity_months <= 60
        assert (entry.broader is None) == (entry.kind == "scheme") == (":" not in entry.id)
        if entry.broader is not None:
            assert entry.id.startswith(certification(entry.broader).id + ":")


def test_no_id_and_no_name_stands_twice():
    ids = [entry.id for entry in certifications()]
    assert len(ids) == len(set(ids))
    for language in LANGUAGES:
        names = [entry.label(language) for entry in certifications()]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "identifier",
    [
        "secnumcloud:3.1",
        "secnumcloud:3.2",
        "bsi-c5:2020",
        "bsi-c5:type2",
        "eucs:high",
        "iso-27001",
        "iso-27017",
        "iso-27018",
        "iso-27701",
        "hds",
        "csa-star",
        "csa-ccm",
        "tisax",
        "cispe-code",
        "eu-cloud-coc",
        "swipo",
        "cndcp",
        "ens",
        "acn-cloud",
        "agid-cloud",
    ],
)
def test_schemes_that_the_labels_of_the_field_rest_on_are_known(identifier):
    assert is_certification(identifier)


def test_names_are_in_the_readers_language():
    assert name("eucs:high", "de") == "EUCS, Stufe hoch"
    assert name("eucs:high", "pl") == name("eucs:high", "en")
    with pytest.raises(KeyError):
        name("unknown", "en")


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        (("secnumcloud",), ("secnumcloud",)),
        (("secnumcloud", "3.2"), ("secnumcloud", "secnumcloud:3.2")),
        (("secnumcloud:3.2",), ("secnumcloud", "secnumcloud:3.2")),
        ((" SecNumCloud ", "9.9", "gold"), ("secnumcloud",)),
        (("bsi-c5", "2020", "Type 2"), ("bsi-c5", "bsi-c5:2020", "bsi-c5:type2")),
        (("bsi-c5:type2", "2020"), ("bsi-c5", "bsi-c5:type2", "bsi-c5:2020")),
        (("eucs", "", "high"), ("eucs", "eucs:high")),
        (("best-cloud-ever", "1"), ()),
        (("",), ()),
        ((":3.2",), ()),
    ],
)
def test_a_certificate_stands_for_its_scheme_version_and_level(stated, found):
    assert identifiers(*stated) == found


def test_kinds_of_participant_are_named_in_every_language():
    kinds = participant_kinds()
    assert len(kinds) == 10
    for kind in kinds:
        assert set(kind.labels) == set(LANGUAGES)
        assert is_participant_kind(kind.id)
        assert kind_name(kind.id, "fr") == kind.label("fr")
    assert not is_participant_kind("unicorn")
