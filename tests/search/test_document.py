"""From a description to a document and its indexed form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from search_samples import document

from credentials.identity import record_id
from search.document import MAX_DESCRIPTION, MAX_NAME, Listing, Provider, document_of, primary_name
from search.indexing import indexed, listed_key, name_key
from search.values import named
from vocab import capabilities
from vocab.answers import Outcome, Source
from vocab.conclusions import (
    Conclusions,
    ConsortiumStanding,
    Exposure,
    LabelHeld,
    LevelReached,
    Reach,
)
from vocab.model import Basis, Description, Identity, Kind
from vocab.service_facts import Party, ServiceFacts

LISTING = Listing(
    id="ab" * 16,
    digest="cd" * 32,
    content_id="ef" * 32,
    state="listed",
    listed_at=datetime(2026, 3, 1, tzinfo=UTC),
    provider=Provider("did:web:p.example", Identity.DOMAIN, "12" * 16, "Provider"),
)
DESCRIPTION = Description(
    kind=Kind.OFFERING, subject="urn:s", issuer="did:web:p.example", names={"en": "Name"}
)
ON = date(2026, 3, 1)


def test_states_bring_their_groups_as_of_the_day() -> None:
    british = replace(DESCRIPTION, jurisdictions=("GB", "FR"))
    assert document_of(british, LISTING, on=ON).jurisdictions == ("GB", "FR", "EEA", "EU")
    assert (
        "EU"
        in document_of(replace(british, jurisdictions=("GB",)), LISTING, on=date(2019, 1, 1)).jurisdictions
    )
    assert document_of(replace(british, jurisdictions=("GB",)), LISTING, on=ON).jurisdictions == ("GB",)
    assert document_of(british, LISTING, on=ON).item["jurisdictions"] == ["GB", "FR"]


def test_capability_brings_its_ancestors_and_their_names() -> None:
    child = next(
        concept for concept in capabilities.concepts() if len(capabilities.ancestors(concept.id)) > 2
    )
    made = document_of(replace(DESCRIPTION, capabilities=(child.id, "no-such-thing")), LISTING, on=ON)
    assert made.capabilities == capabilities.ancestors(child.id)
    assert made.item["capabilities"] == [child.id]
    for language in ("en", "fr", "de"):
        assert (language, child.labels[language]) in made.capability_terms
        parent = capabilities.concept(capabilities.ancestors(child.id)[1])
        assert (language, parent.labels[language]) in made.broader_terms


def test_ancestor_that_is_claimed_itself_counts_once_and_as_own() -> None:
    child = next(concept for concept in capabilities.concepts() if concept.broader)
    assert child.broader
    made = document_of(replace(DESCRIPTION, capabilities=(child.id, child.broader)), LISTING, on=ON)
    assert len(made.capabilities) == len(set(made.capabilities))
    assert made.item["capabilities"] == [child.id, child.broader]


def test_long_texts_are_cut_for_search() -> None:
    long = replace(DESCRIPTION, names={"en": "n" * 9_999}, descriptions={"en": "d" * 99_999})
    made = document_of(long, LISTING, on=ON)
    assert len(made.names["en"]) == MAX_NAME
    assert len(made.descriptions["en"]) == MAX_DESCRIPTION
    assert made.item["descriptions"] == dict(made.descriptions)


def test_item_has_what_a_list_shows() -> None:
    item = document_of(DESCRIPTION, LISTING, on=ON).item
    assert item["provider"] == {
        "id": "12" * 16,
        "name": "Provider",
        "did": "did:web:p.example",
        "identity": "domain",
    }
    assert (item["id"], item["digest"], item["state"]) == (LISTING.id, LISTING.digest, "listed")
    assert (item["listed_at"], item["valid_until"]) == ("2026-03-01T00:00:00Z", None)


def test_certifications_programmes_and_kinds_are_filtered_by_and_shown() -> None:
    made = document_of(
        replace(
            DESCRIPTION,
            certifications=("secnumcloud", "secnumcloud:3.2"),
            programmes=("ipcei-cis",),
            participant_kinds=("sme",),
        ),
        LISTING,
        on=ON,
    )
    values = indexed(made).values
    assert values["certification"] == ("secnumcloud", "secnumcloud:3.2")
    assert (values["programme"], values["participant_kind"]) == (("ipcei-cis",), ("sme",))
    assert made.item["certifications"] == ["secnumcloud", "secnumcloud:3.2"]
    assert (made.item["programmes"], made.item["participant_kinds"]) == (["ipcei-cis"], ["sme"])


CONCLUSIONS = Conclusions(
    labels=(
        LabelHeld("gaia-x:L2", Basis.ATTESTED),
        LabelHeld("gaia-x:L2", Basis.COMPUTED),
        LabelHeld("gaia-x:L3", Basis.DECLARED),
    ),
    levels=(
        LevelReached("cloud-au-centre", "2021", "personal-data", Basis.CERTIFIED),
        LevelReached("cloud-au-centre", "2023", "protected-secret", Basis.COMPUTED),
    ),
    exposure=Exposure(
        reaches=(Reach("FR", (), ()), Reach("US", (), ("us-cloud-act",))),
        complete=False,
        missing=("Nobody says who owns it.",),
        immunity=Outcome.NOT_MET,
        conditions=(),
    ),
    consortia=(
        ConsortiumStanding("https://c.example/#us", "Alliance", Outcome.MET, ()),
        ConsortiumStanding("did:web:unsigned.example", "Unsigned", Outcome.UNKNOWN, ()),
    ),
    hosted_in=("FR", "GB"),
    operated_from=("DE",),
    technology_from=("US",),
    pue=Decimal("1.25"),
    renewable_percent=None,
    disagreements=(),
)
FACTS = ServiceFacts(
    subject="urn:s",
    provider=Party("did:web:p.example", frozenset(), ""),
    identity=Identity.DOMAIN,
    on=LISTING.listed_at,
    own=Source("", "", "did:web:p.example", Basis.DECLARED, LISTING.listed_at, None),
    parties={
        "https://c.example/#us": Party(
            "did:web:c.example", frozenset({"did:web:c.example", "https://c.example/#us"}), "Alliance"
        ),
        "did:web:unsigned.example": Party(
            "did:web:unsigned.example", frozenset({"did:web:unsigned.example"}), "Unsigned"
        ),
    },
    claims={},
    declared_criteria={},
)
CONCLUDED = replace(DESCRIPTION, labels=("gaia-x:L2",), facts=FACTS, conclusions=CONCLUSIONS)


def test_what_is_concluded_is_filtered_by() -> None:
    values = indexed(document_of(CONCLUDED, LISTING, on=ON)).values
    assert set(values["label"]) == {"gaia-x:L2", "gaia-x:L1", "gaia-x:SC"}
    assert {"gaia-x:L1 attested", "gaia-x:SC computed", "gaia-x:L3 declared"} <= set(values["label_basis"])
    assert "gaia-x:L3 attested" not in values["label_basis"]
    assert values["eligible_for"] == (
        "cloud-au-centre:2021:personal-data",
        "cloud-au-centre:2023:protected-secret",
    )
    assert values["exposed_to"] == ("FR", "US", "unknown")
    assert values["immune"] == ("no",)
    assert values["hosted_in"] == ("FR", "GB", "EEA", "EU")
    assert values["technology_from"] == ("US",)
    assert values["consortium"] == ("did:web:c.example",)
    assert values["consortium_named"] == ("alliance",)
    assert set(values["consortium_id"]) == {
        record_id("did:web:c.example", "did:web:c.example"),
        record_id("did:web:c.example", "https://c.example/#us"),
    }


def test_only_the_version_in_force_counts_where_none_is_named() -> None:
    def levels(on: date) -> tuple[str, ...]:
        return indexed(document_of(CONCLUDED, LISTING, on=on)).values["level"]

    assert levels(date(2022, 6, 1)) == ("cloud-au-centre:personal-data",)
    assert levels(date(2025, 6, 1)) == ("cloud-au-centre:protected-secret",)
    assert levels(date(2020, 6, 1)) == ()


def test_who_reaches_a_level_that_is_a_label_is_found_under_those_below_it() -> None:
    # Level 3 of Gaia-X doesn't ask for every criterion of level 2, so that one may be reached alone.
    reached = (LevelReached("gaia-x", "CD25.10", "L3", Basis.COMPUTED),)
    made = document_of(
        replace(CONCLUDED, conclusions=replace(CONCLUSIONS, levels=reached)), LISTING, on=date(2026, 6, 1)
    )
    assert indexed(made).values["level"] == ("gaia-x:L3", "gaia-x:L2", "gaia-x:L1", "gaia-x:SC")
    assert indexed(made).values["eligible_for"][:2] == ("gaia-x:CD25.10:L3", "gaia-x:CD25.10:L2")
    assert made.item["levels"] == {"gaia-x:CD25.10:L3": "computed"}


def test_what_is_concluded_is_shown_as_it_is() -> None:
    item = document_of(CONCLUDED, LISTING, on=ON).item
    assert item["labels"] == ["gaia-x:L2"]
    assert item["label_bases"] == {"gaia-x:L2": ["attested", "computed"], "gaia-x:L3": ["declared"]}
    assert item["levels"] == {
        "cloud-au-centre:2021:personal-data": "certified",
        "cloud-au-centre:2023:protected-secret": "computed",
    }
    assert item["exposure"] == {"exposed_to": ["FR", "US"], "complete": False, "immunity": "no"}
    assert (item["hosted_in"], item["pue"], item["renewable_percent"]) == (["FR", "GB"], 1.25, None)
    assert item["consortia"] == [{"did": "did:web:c.example", "name": "Alliance"}]
    assert document_of(DESCRIPTION, LISTING, on=ON).item["exposure"] is None


def test_immunity_is_found_by_its_name_only_where_it_is_given() -> None:
    immune = replace(CONCLUSIONS, exposure=replace(CONCLUSIONS.exposure, immunity=Outcome.MET))
    made = document_of(replace(CONCLUDED, conclusions=immune), LISTING, on=ON)
    assert ("en", "immune to extra-European law") in made.fact_terms
    assert not any("immun" in text for _, text in document_of(CONCLUDED, LISTING, on=ON).fact_terms)


def test_figures_are_rounded_to_the_worse_and_days_counted_in_whole() -> None:
    made = document(
        "a",
        pue=Decimal("1.30001"),
        renewable_percent=Decimal("74.99999"),
        valid_from=datetime(2026, 3, 1, 18, tzinfo=UTC),
        valid_until=datetime(2026, 3, 5, tzinfo=UTC),
    )
    assert indexed(made).numbers == {
        "pue": 13_001,
        "renewable": 749_999,
        "valid_from": date(2026, 3, 1).toordinal(),
        "valid_until": date(2026, 3, 4).toordinal(),
    }
    assert "pue" not in indexed(document("a", pue=Decimal("1e30"))).numbers


def test_primary_name_is_the_untagged_then_the_english_then_the_first_by_tag() -> None:
    assert primary_name({"fr": "f", "en": "e", "": "n"}) == "n"
    assert primary_name({"fr": "f", "en": "e", "": ""}) == "e"
    assert primary_name({"fr": "f", "de": "d"}) == "d"
    assert primary_name({}) == ""


@given(st.text(max_size=70), st.text(max_size=70))
def test_name_keys_order_as_folded_names_do(one: str, other: str) -> None:
    def order(name: str) -> tuple[bool, bytes]:
        folded = named(name)[:64].replace("\x00", " ")
        return not folded, folded.encode("utf-8", "replace")

    left, right = name_key(document("a", one)), name_key(document("a", other))
    assert (left < right) == (order(one) < order(other))
    assert (left == right) == (order(one) == order(other))


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_listing_keys_order_newest_first(one: int, other: int) -> None:
    start = document("a")
    keys = [
        listed_key(replace(start, listed_at=datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=age)))
        for age in (one, other)
    ]
    assert (keys[0] < keys[1]) == (one > other)


def test_indexed_form_keeps_members_apart() -> None:
    form = indexed(document("a", {"en": "Hosting"}, descriptions={"fr": "Hébergement"}, provider_name="Acme"))
    assert form.texts["name"] == ("host", "~hosting")
    assert form.texts["description"] == ("heberg", "~hosting")
    assert form.words == ("hosting", "acme", "hebergement")
    assert form.values["provider_named"] == ("acme",)
