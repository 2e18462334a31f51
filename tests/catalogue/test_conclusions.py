"""What is told when conclusions change: values gained and lost, in words, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from catalogue.conclusions import KINDS, Change, Told, changes, told_of
from vocab import profiles
from vocab.answers import Outcome
from vocab.conclusions import Conclusions, ConsortiumStanding, Exposure, LabelHeld, LevelReached, Reach
from vocab.model import Basis

TODAY = date(2026, 6, 1)
NOTHING = Told("c", {}, {}, (), False, "unknown", {}, ())


def conclusions(*labels: tuple[str, Basis], **members: Any) -> Conclusions:
    reached = tuple(Reach(country, (), ()) for country in members.pop("exposed_to", ()))
    exposure = Exposure(reached, members.pop("complete", False), (), Outcome.UNKNOWN, ())
    values: dict[str, Any] = {
        "labels": tuple(LabelHeld(label, basis) for label, basis in labels),
        "levels": (),
        "exposure": exposure,
        "consortia": (),
        "hosted_in": (),
        "operated_from": (),
        "technology_from": (),
        "pue": None,
        "renewable_percent": None,
        "disagreements": (),
    }
    return Conclusions(**values | members)


def told(*labels: tuple[str, Basis], **members: Any) -> Told:
    return told_of("c", conclusions(*labels, **members), (), TODAY)


def kinds_and_values(before: Told, after: Told) -> list[tuple[str, str | None]]:
    return [(one.kind, one.value) for one in changes(before, after)]


def test_what_is_told_survives_being_stored() -> None:
    whole = told(
        ("gaia-x:L2", Basis.ATTESTED),
        exposed_to=("US", "FR"),
        consortia=(ConsortiumStanding("did:web:c.example", "C", Outcome.MET, ()),),
    )
    whole = replace(whole, evidence=("a", "b"))
    assert Told.from_json(whole.to_json()) == whole
    assert whole.exposed_to == ("FR", "US")


def test_label_counts_with_those_below_it_on_the_strongest_basis_and_never_on_the_providers_word() -> None:
    found = told(
        ("gaia-x:L1", Basis.COMPUTED),
        ("gaia-x:L2", Basis.ATTESTED),
        ("secnumcloud", Basis.DECLARED),
    )
    assert found.labels == {"gaia-x:L1": "attested", "gaia-x:L2": "attested", "gaia-x:SC": "attested"}


def test_levels_are_told_where_they_are_in_force_and_no_labels() -> None:
    plain, labelled = (
        next(
            LevelReached(one.id, one.version, level.id, Basis.COMPUTED)
            for one in profiles.in_force(TODAY)
            for level in one.levels
            if bool(level.label) is wanted
        )
        for wanted in (False, True)
    )
    past = LevelReached("cloud-au-centre", "2021", plain.level, Basis.COMPUTED)
    own_word = replace(plain, basis=Basis.DECLARED)
    found = told(levels=(plain, labelled, past))
    assert found.levels == {f"{plain.profile}:{plain.version}:{plain.level}": "computed"}
    assert told(levels=(own_word,)).levels == {}


def test_of_levels_that_include_one_another_the_highest_is_told() -> None:
    names = [
        (f"{one.id}:{one.version}:{level.id}", f"{one.id}:{one.version}:{included}")
        for one in profiles.shipped()
        for level in one.levels
        for included in level.includes
    ]
    higher, lower = names[0]
    (gained,) = changes(NOTHING, replace(NOTHING, levels={higher: "computed", lower: "computed"}))
    assert (gained.kind, gained.value) == ("level_gained", higher)
    assert gained.text == f"level gained: {higher} (computed), and with it {lower}"
    # A profile that this program doesn't know any more.
    assert len(changes(NOTHING, replace(NOTHING, levels={"old:1:a": "computed", "old:1:b": "computed"}))) == 2


def test_first_description_is_one_line_and_none_without_labels() -> None:
    assert changes(None, NOTHING) == ()
    assert changes(None, told(("gaia-x:L1", Basis.DECLARED))) == ()
    (first,) = changes(None, told(("gaia-x:L2", Basis.ATTESTED), exposed_to=("FR",)))
    assert first == Change(
        "concluded",
        None,
        "Labels at first: gaia-x:L2 (attested). Exposed to the law of: FR, perhaps others. "
        "Immune to law from outside the EU: unknown",
    )


def test_same_again_tells_nothing() -> None:
    held = told(("gaia-x:L2", Basis.ATTESTED), exposed_to=("FR",))
    assert changes(held, replace(held, content_id="d", evidence=("x",))) == ()


def test_gained_and_lost_label_is_told_once_with_those_below_it() -> None:
    level2 = told(("gaia-x:L2", Basis.ATTESTED))
    (gained,) = changes(NOTHING, level2)
    assert (gained.kind, gained.value) == ("label_gained", "gaia-x:L2")
    assert gained.text == "label gained: gaia-x:L2 (attested), and with it gaia-x:L1, gaia-x:SC"
    (lost,) = changes(level2, told(("gaia-x:L1", Basis.COMPUTED)))[:1]
    assert lost == Change("label_lost", "gaia-x:L2", "label lost: gaia-x:L2 (attested)")


def test_other_basis_is_told_for_each_label_that_stays() -> None:
    before, after = told(("gaia-x:L1", Basis.ATTESTED)), told(("gaia-x:L1", Basis.COMPUTED))
    assert kinds_and_values(before, after) == [("label_changed", "gaia-x:L1"), ("label_changed", "gaia-x:SC")]
    assert changes(before, after)[0].text == "label changed: gaia-x:L1 is now computed and was attested"


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (
            {"exposed_to": ("FR",), "complete": True},
            {"exposed_to": ("FR", "US"), "complete": False},
            "now US, there may be others now",
        ),
        ({"exposed_to": ("FR", "US")}, {"exposed_to": ("FR",)}, "no longer US"),
        ({"complete": False}, {"complete": True}, "now all of them are known"),
    ],
    ids=["more", "less", "complete"],
)
def test_exposure_is_told_in_words(before: dict[str, Any], after: dict[str, Any], wanted: str) -> None:
    (change,) = changes(told(**before), told(**after))
    assert change.kind == "exposure_changed"
    assert change.text == f"exposed to the law of other countries: {wanted}"


def test_immunity_is_told() -> None:
    (change,) = changes(NOTHING, replace(NOTHING, immune="no"))
    assert (change.kind, change.value) == ("immunity_changed", "no")


def test_consortium_is_told() -> None:
    def standing(outcome: Outcome) -> Told:
        return told(consortia=(ConsortiumStanding("did:web:c.example", "C", outcome, ()),))

    (change,) = changes(standing(Outcome.UNKNOWN), standing(Outcome.MET))
    assert (change.kind, change.value) == ("consortium_changed", "did:web:c.example")
    assert change.text == "offered by the consortium: now met, was unknown"
    (change,) = changes(standing(Outcome.NOT_MET), NOTHING)
    assert change.text == "offered by the consortium: now not named, was not met"


def test_every_kind_fits_into_the_store() -> None:
    assert max(map(len, KINDS)) <= 24
