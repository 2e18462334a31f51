"""From a description to a document and its indexed form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from search_samples import document

from search.document import MAX_DESCRIPTION, MAX_NAME, Listing, Provider, document_of, primary_name
from search.indexing import indexed, listed_key, name_key
from search.values import named
from vocab import capabilities
from vocab.model import Description, Identity, Kind

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
