import json
from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab import profiles
from vocab.model import Basis
from vocab.profiles import ProfileInvalid, form, reading
from vocab.profiles.model import (
    AnyOf,
    Certified,
    Comparison,
    DeclaredClaim,
    FactRule,
    First,
    Requirement,
    Threshold,
    leaves,
)

WRITTEN = {
    "profile": "our-own",
    "version": "1",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "kind": "buyer",
    "labels": {"en": "What we ask for"},
    "source": {"title": "Purchasing rules", "url": "https://buyer.example/rules", "date": "2025-12-01"},
    "definitions": {
        "audited": {
            "any": [
                {"certified": {"scheme": "secnumcloud", "versions": ["3.2"], "clauses": ["19.6"]}},
                {"certified": {"scheme": "bsi-c5", "levels": ["type2"]}},
            ]
        }
    },
    "criteria": [
        {"id": "security", "text": {"en": "Audited"}, "rule": {"definition": "audited"}},
        {
            "id": "places",
            "text": {"en": "Data in the EU", "fr": "Données dans l'UE"},
            "rule": {
                "first": [
                    {"criterion": "security"},
                    {"fact": {"name": "data_places", "within": "EU"}},
                    {"declared": {"claim": "gx:legalDocuments gx:LegallyBindingAct"}},
                ]
            },
        },
        {
            "id": "energy",
            "text": {"en": "Efficient"},
            "rule": {
                "fact": {"name": "pue", "at_most": [{"limit": 1.4}, {"since": "2026-07-01", "limit": 1.3}]}
            },
        },
    ],
    "levels": [
        {"id": "basic", "labels": {"en": "Basic"}, "requires": ["places", "security"]},
        {
            "id": "high",
            "labels": {"en": "High"},
            "includes": ["basic"],
            "requires": [{"criterion": "security", "basis": "certified"}, "energy"],
        },
    ],
}


def changed(path, value):
    """The profile above with one value in it replaced, or taken out (`...`)."""
    document = deepcopy(WRITTEN)
    here = document
    for step in path[:-1]:
        here = here[step]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return document


def test_a_profile_is_read_into_values():
    profile = profiles.read(WRITTEN)
    assert (profile.id, profile.version, profile.kind, profile.excerpt) == ("our-own", "1", "buyer", False)
    assert profile.source.date == date(2025, 12, 1)
    assert profile.criterion("places").text("fr") == "Données dans l'UE"
    assert profile.criterion("places").text("de") == "Data in the EU"
    assert profile.criterion("energy").rule == FactRule(
        "pue",
        Comparison.AT_MOST,
        (Threshold(None, Decimal("1.4")), Threshold(date(2026, 7, 1), Decimal("1.3"))),
    )


def test_what_a_rule_refers_to_stands_in_its_place():
    audited = AnyOf((Certified("secnumcloud", ("3.2",), (), ("19.6",)), Certified("bsi-c5", (), ("type2",))))
    profile = profiles.read(WRITTEN)
    assert profile.criterion("security").rule == audited
    assert profile.criterion("places").rule == First(
        (
            audited,
            FactRule("data_places", Comparison.WITHIN, frozenset({"EU"})),
            DeclaredClaim("gx:legalDocuments gx:LegallyBindingAct"),
        )
    )
    assert len([*leaves(profile.criterion("places").rule)]) == 4


def test_a_level_asks_for_what_it_includes_and_for_the_stronger_basis():
    profile = profiles.read(WRITTEN)
    assert profile.required(profile.level("basic")) == (
        Requirement("security", None),
        Requirement("places", None),
    )
    assert profile.required(profile.level("high")) == (
        Requirement("security", Basis.CERTIFIED),
        Requirement("places", None),
        Requirement("energy", None),
    )


def test_a_profile_applies_from_its_first_day_to_its_last():
    profile = profiles.read(WRITTEN)
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [profile.in_force(day) for day in days] == [False, True, True, False]
    assert profiles.read(changed(["valid_until"], None)).in_force(date(2100, 1, 1))


@pytest.mark.parametrize(
    ("path", "value", "place", "problem"),
    [
        (["criteria"], ..., "", "criteria"),
        (["surprise"], 1, "", "surprise"),
        (["kind"], "law", "kind", "law"),
        (["version"], "1\n", "version", "match"),
        (["valid_from"], "2026-02-30", "valid_from", "calendar"),
        (["valid_until"], "2025-12-31", "valid_until", "before"),
        (["labels"], {"fr": "x"}, "labels", "en"),
        (["source", "url"], "javascript:alert(1)", "source.url", "match"),
        (["criteria", 1, "id"], "security", "criteria[1].id", "twice"),
        (["criteria", 0, "rule"], {"definition": "other"}, "criteria[0].rule.definition", "no definition"),
        (["criteria", 0, "rule"], {"criterion": "places"}, "criteria[1].rule.first[0].criterion", "circle"),
        (["criteria", 0, "rule"], {}, "criteria[0].rule", "less than 1"),
        (["criteria", 0, "rule"], {"all": []}, "criteria[0].rule.all", "less than 1"),
        (
            ["criteria", 0, "rule"],
            {"at_least": {"number": 2, "of": [{"criterion": "energy"}]}},
            "criteria[0].rule.at_least.number",
            "more than there are",
        ),
        (
            ["criteria", 0, "rule"],
            {"certified": {"scheme": "secnumclod"}},
            "criteria[0].rule.certified.scheme",
            "no certification",
        ),
        (
            ["criteria", 0, "rule"],
            {"declared": {"certification": {"scheme": "bsi-c5", "levels": ["2020"]}}},
            "criteria[0].rule.declared.certification.levels[0]",
            "no level of bsi-c5",
        ),
        (
            ["criteria", 0, "rule"],
            {"attested": {"label": "gaia-x:L4"}},
            "criteria[0].rule.attested.label",
            "no label",
        ),
        (
            ["criteria", 0, "rule"],
            {"attested": {"criterion": "gaia-x:P1.1.1", "certified_for": ["gaia-x:L4"]}},
            "criteria[0].rule.attested.certified_for[0]",
            "no label",
        ),
        (
            ["criteria", 0, "rule"],
            {"attested": {"criterion": "P1.1.1"}},
            "criteria[0].rule.attested.criterion",
            "match",
        ),
        (
            ["criteria", 0, "rule"],
            {"declared": {"claim": "https://w3id.org/gaia-x/2511#name"}},
            "criteria[0].rule.declared.claim",
            "match",
        ),
        (
            ["criteria", 2, "rule", "fact", "at_most"],
            [{"since": "2026-07-01", "limit": 1}, {"limit": 2}],
            "criteria[2].rule.fact.at_most",
            "order",
        ),
        (["criteria", 2, "rule", "fact", "is"], True, "criteria[2].rule.fact", "more than 2"),
        (["criteria", 2, "rule", "fact", "name"], "price", "criteria[2].rule.fact.name", "no fact"),
        (["criteria", 2, "rule", "fact", "name"], "seat", "criteria[2].rule.fact.at_most", "kind members"),
        (["levels", 0, "label"], "our-label", "levels[0].label", "no label"),
        (["levels", 0, "includes"], ["high"], "levels[0].includes[0]", "before this one"),
        (["levels", 0, "requires"], ["price"], "levels[0].requires[0]", "no criterion"),
        (["levels", 0, "requires"], [], "levels[0].requires", "empty"),
        (["levels", 1, "id"], "basic", "levels[1].id", "twice"),
    ],
    ids=str,
)
def test_a_fault_is_refused_with_its_place(path, value, place, problem):
    with pytest.raises(ProfileInvalid) as refused:
        profiles.read(changed(path, value))
    assert refused.value.path == place
    assert problem in refused.value.problem


def test_a_definition_that_nothing_refers_to_is_read_too():
    with pytest.raises(ProfileInvalid, match=r"definitions\.idle"):
        profiles.read(changed(["definitions", "idle"], {"certified": {"scheme": "nonesuch"}}))


def test_references_to_references_make_no_endless_work():
    document = changed(["definitions", "d0"], {"definition": "audited"})
    for index in range(1, 6):
        document["definitions"][f"d{index}"] = {"all": [{"definition": f"d{index - 1}"}] * 20}
    document["criteria"][0]["rule"] = {"definition": "d5"}
    with pytest.raises(ProfileInvalid, match=f"more than {reading.MAX_RULES} rules"):
        profiles.read(document)


def test_deep_chains_of_references_are_refused():
    document = changed(["definitions", "d0"], {"definition": "audited"})
    for index in range(1, 90):
        document["definitions"][f"d{index}"] = {"definition": f"d{index - 1}"}
    with pytest.raises(ProfileInvalid, match="deep"):
        profiles.read(document)
    document["definitions"] = dict(reversed(document["definitions"].items()))
    with pytest.raises(ProfileInvalid, match="deep"):
        profiles.read(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, -1, "1", True, None], ids=repr)
def test_no_number_but_a_sensible_one_is_a_limit(value):
    with pytest.raises(ProfileInvalid):
        profiles.read(changed(["criteria", 2, "rule", "fact", "at_most"], value))


def test_a_document_too_deep_or_too_large_is_refused_before_anything_is_read():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProfileInvalid, match="deep"):
        profiles.read({"profile": deep})
    with pytest.raises(ProfileInvalid, match=f"more than {form.MAX_VALUES}"):
        profiles.read({"profile": [0] * (form.MAX_VALUES + 1)})


@pytest.mark.parametrize("document", [None, [], "profile", 3, {}, {"\ud800": "\ud800"}], ids=repr)
def test_what_is_no_profile_is_refused(document):
    with pytest.raises(ProfileInvalid):
        profiles.read(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def paths(value, path=()):
    """Every place in a document."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from paths(inner, (*path, step))


def pieces(value):
    """Every value in a document, to be put where it doesn't belong."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from pieces(inner)


@given(st.sampled_from([path for path in paths(WRITTEN) if path]), JSON | st.sampled_from([*pieces(WRITTEN)]))
def test_whatever_stands_wherever_a_document_is_read_or_refused(path, value):
    try:
        profile = profiles.read(changed(path, deepcopy(value)))
    except ProfileInvalid as error:
        refused = str(error)
    else:
        assert all(profile.required(level) for level in profile.levels)
        return
    assert 0 < len(refused) < 1_000


def test_a_file_is_read_or_refused_by_its_name(tmp_path):
    (tmp_path / "own.json").write_text(json.dumps(WRITTEN))
    assert profiles.read_file(tmp_path / "own.json").id == "our-own"
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ProfileInvalid, match=r"broken\.json: is not JSON"):
        profiles.read_file(tmp_path / "broken.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ProfileInvalid):
        profiles.read_file(tmp_path / "list.json")


def test_the_shipped_profiles_are_of_the_written_form_in_every_language():
    for profile in profiles.shipped():
        for labels in (
            profile.labels,
            *(one.texts for one in profile.criteria),
            *(x.labels for x in profile.levels),
        ):
            assert set(labels) == {"en", "fr", "de"}, (profile.id, labels)
        assert profile.source.title
        assert profile.source.url
    for file in reading_files():
        form.check(json.loads(file.read_text(encoding="utf-8")))


def test_the_days_are_known_on_which_shipped_rules_change():
    days = profiles.turning_days()
    assert list(days) == sorted(set(days))
    # Circular 6282/SG gives way to 6404/SG; Gaia-X asks for 75 % of renewable energy, then for all of it.
    assert {date(2023, 5, 31), date(2025, 12, 31), date(2030, 12, 31)} <= set(days)
    assert date(2023, 5, 30) not in days
    asked = {
        day: [(one.id, one.version) for one in profiles.in_force(day)]
        for day in (date(2023, 5, 30), date(2023, 5, 31))
    }
    assert ("cloud-au-centre", "2021") in asked[date(2023, 5, 30)]
    assert ("cloud-au-centre", "2023") in asked[date(2023, 5, 31)]


def test_the_version_that_applies_is_the_newest_of_the_day_or_the_one_named():
    assert profiles.profile("cloud-au-centre", on=date(2022, 1, 1)).version == "2021"
    assert profiles.profile("cloud-au-centre", "2021", on=date(2024, 1, 1)).version == "2021"
    assert profiles.profile("cloud-au-centre").version == max(
        one.version for one in profiles.shipped() if one.id == "cloud-au-centre"
    )
    for name, version, day in (
        ("cloud-au-centre", "", date(2021, 1, 1)),
        ("cloud-au-centre", "2019", None),
        ("nonesuch", "", None),
    ):
        with pytest.raises(KeyError):
            profiles.profile(name, version, on=day)


def reading_files():
    from importlib.resources import files

    return [
        file
        for file in files("vocab.profiles").iterdir()
        if file.name.endswith(".json") and file.name != "profile.schema.json"
    ]
