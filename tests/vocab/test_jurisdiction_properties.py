"""What holds of jurisdiction whatever is stated: no order matters, and silence never improves an answer."""

from decimal import Decimal

from fact_cases import DID, service_facts
from hypothesis import given
from hypothesis import strategies as st

from vocab.answers import Amount, Members, Outcome
from vocab.exposure import exposure_of
from vocab.ownership_chains import MAX_CONTROLLERS, MAX_HOLDINGS, MAX_HOPS
from vocab.parties import MAX_LISTED

IDS = [f"did:web:p{number}.example" for number in range(5)]
COUNTRIES = st.sampled_from(["FR", "DE", "US", "CH"])
ANSWERS = st.sampled_from([True, False, None])
WORSE = {Outcome.NOT_MET: 0, Outcome.UNKNOWN: 1, Outcome.MET: 2}
SHARES = ("outside_share_single", "outside_share_together")
LISTS = ("operators", "operation_places", "data_places", "metadata_places", "sub_contractors", "licences")


@st.composite
def shares(draw):
    """Shares of one participant that add up to the whole at most, of named holders and of each other."""
    left, found = 100, []
    holders = draw(st.lists(st.sampled_from([*IDS, DID, *"ABC"]), max_size=4, unique=True))
    for holder in holders:
        part = draw(st.integers(0, left))
        left -= part
        share = {"capital": part, "votes": draw(st.sampled_from([part, None])), "veto": draw(ANSWERS)}
        share["majority"] = draw(st.sampled_from([False, None]))
        share |= {"holder": holder} if holder.startswith("did:") else {"name": holder}
        if draw(st.booleans()):
            share["country"] = draw(COUNTRIES)
        found.append({key: value for key, value in share.items() if value is not None})
    return found


@st.composite
def parties(draw):
    chosen = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    return [draw(party(did)) for did in chosen]


@st.composite
def party(draw, did):
    return {
        "did": did,
        "seat": draw(st.lists(COUNTRIES, max_size=2, unique=True)),
        "kinds": draw(st.sampled_from([[], ["public-body"], ["sme"]])),
        "owners": draw(shares()),
        "parents": draw(st.lists(st.sampled_from(IDS), max_size=1)),
    }


def some_or_none(strategy):
    return st.lists(strategy, max_size=2)


@st.composite
def offerings(draw):
    who = st.one_of(
        st.sampled_from(IDS).map(lambda did: {"participant": did}),
        COUNTRIES.map(lambda code: {"name": f"in {code}", "country": code}),
    )
    licence = st.fixed_dictionaries(
        {"technology": st.just("T"), "sees_data": ANSWERS, "sees_metadata": ANSWERS},
        optional={
            "licensor": st.sampled_from(IDS),
            "country": COUNTRIES,
            "continues": ANSWERS,
            "vetted": ANSWERS,
        },
    )
    return {
        "provider": {**draw(party(DID)), "headquarters": draw(some_or_none(COUNTRIES)), "parents": []},
        "parties": draw(parties()),
        "operators": draw(some_or_none(who)),
        "operation_places": draw(some_or_none(COUNTRIES)),
        "data_places": draw(some_or_none(COUNTRIES)),
        "metadata_places": draw(some_or_none(COUNTRIES)),
        "licences": draw(some_or_none(licence)),
        "does_without": draw(
            st.lists(st.sampled_from(["subcontractors", "licensed-technology"]), unique=True)
        ),
        "subcontractors": draw(
            some_or_none(
                st.fixed_dictionaries(
                    {"name": st.sampled_from("ST"), "jurisdictions": st.lists(COUNTRIES, max_size=2)},
                    optional={"participant": st.sampled_from(IDS)},
                )
            )
        ),
    }


def outcomes(exposure):
    return {condition.id: condition.outcome for condition in exposure.conditions}


def shuffled(draw_from, values):
    return draw_from.draw(st.permutations(values))


@given(offerings(), st.data())
def test_the_order_of_what_is_stated_is_no_matter(said, data):
    other = {key: shuffled(data, value) if isinstance(value, list) else value for key, value in said.items()}
    other["provider"] = {**said["provider"], "owners": shuffled(data, said["provider"]["owners"])}
    other["parties"] = [
        {**one, "owners": shuffled(data, one["owners"]), "seat": shuffled(data, one["seat"])}
        for one in other["parties"]
    ]
    assert exposure_of(service_facts(other)) == exposure_of(service_facts(said))


@given(offerings(), st.data())
def test_a_credential_less_never_turns_unknown_into_yes(said, data):
    """Somebody's own credential missing, or one of the lists, or one share of anybody's."""
    before = exposure_of(service_facts(said))
    less = dict(said)
    choices = [
        key for key in ("parties", "operators", "data_places", "metadata_places", "licences") if said[key]
    ]
    choices += [key for key in ("operation_places", "subcontractors", "does_without") if said[key]]
    # One that says that it is a public body and states no owners has none: a share less changes who it is.
    if said["provider"]["owners"] and said["provider"]["kinds"] != ["public-body"]:
        choices.append("share")
    if not choices:
        return
    choice = data.draw(st.sampled_from(choices))
    if choice == "share":
        gone = data.draw(st.integers(0, len(said["provider"]["owners"]) - 1))
        owners = [one for place, one in enumerate(said["provider"]["owners"]) if place != gone]
        less["provider"] = {**said["provider"], "owners": owners}
    elif choice == "parties":
        gone = data.draw(st.integers(0, len(said["parties"]) - 1))
        less["parties"] = [one for place, one in enumerate(said["parties"]) if place != gone]
    else:
        # A list goes as a whole, with the statement that has it; that there is none goes as well.
        less[choice] = []
        less["does_without"] = []
    after = exposure_of(service_facts(less))
    for identifier, outcome in outcomes(before).items():
        if outcome is Outcome.UNKNOWN:
            assert outcomes(after)[identifier] is not Outcome.MET, identifier
    if not before.complete:
        assert not after.complete


@given(offerings(), st.sampled_from(["FR", "US"]))
def test_who_has_the_rest_improves_the_answer_when_within_and_worsens_it_outside(said, country):
    owners = said["provider"]["owners"]
    rest = {
        "capital": 100 - sum(one.get("capital", 0) for one in owners),
        "votes": 100 - sum(one.get("votes", 0) for one in owners),
    }
    named = {"name": "The rest", "country": country, "veto": False, "majority": False, **rest}
    before = exposure_of(service_facts(said))
    more = {**said, "provider": {**said["provider"], "owners": [*owners, named]}}
    after = exposure_of(service_facts(more))
    for identifier in ("19.6.b-single", "19.6.b-together"):
        was, now = WORSE[outcomes(before)[identifier]], WORSE[outcomes(after)[identifier]]
        if country == "FR":
            assert now >= was or said["provider"]["kinds"] == ["public-body"], identifier
    for name in SHARES:
        was, now = before.facts[name].value, after.facts[name].value
        if said["provider"]["kinds"] != ["public-body"]:
            assert (now.low, now.high) == (was.low, was.high) or now.high - now.low <= was.high - was.low


@given(offerings())
def test_figures_are_bounds_of_the_whole(said):
    exposure = exposure_of(service_facts(said))
    single, both = (exposure.facts[name].value for name in SHARES)
    for amount in (single, both):
        assert isinstance(amount, Amount)
        assert 0 <= amount.low <= amount.high <= 100
    assert single.low <= both.low
    assert single.high <= both.high


@given(offerings())
def test_a_country_that_reaches_it_is_one_that_is_stated(said):
    text = repr(said)
    for reach in exposure_of(service_facts(said)).reaches:
        assert f"'{reach.country}'" in text


@given(offerings())
def test_what_is_missing_is_said_exactly_when_it_isnt_complete(said):
    exposure = exposure_of(service_facts(said))
    assert exposure.complete == (not exposure.missing)
    for condition in exposure.conditions:
        assert bool(condition.missing) == (condition.outcome is Outcome.UNKNOWN), condition


def test_a_web_of_two_hundred_that_hold_each_other_is_followed_for_a_bounded_time():
    dids = [f"did:web:p{number}.example" for number in range(200)]
    web = [
        {
            "did": did,
            "seat": "FR",
            "owners": [{"holder": other, "capital": 1, "votes": 1} for other in dids[:100]],
        }
        for did in dids
    ]
    exposure = exposure_of(service_facts({"provider": {"owners": web[0]["owners"]}, "parties": web}))
    assert len(web) * 100 > MAX_HOLDINGS
    assert exposure.facts["outside_share_single"].value == Amount(Decimal(0), Decimal(100))
    assert not exposure.complete


def parents_of_each_other(count, *, in_a_row):
    """So many participants above the provider, one above the other or side by side, all in France."""
    dids = [f"did:web:p{number}.example" for number in range(count)]
    above = [[did] for did in dids[1:]] if in_a_row else [[] for _ in dids[1:]]
    return {
        "provider": {"parents": dids[:1] if in_a_row else dids},
        "parties": [
            {"did": did, "seat": "FR", "kinds": ["public-body"], "parents": parents}
            for did, parents in zip(dids, [*above, []], strict=True)
        ],
    }


def test_a_longer_chain_than_is_followed_is_open():
    for in_a_row, limit in ((True, MAX_HOPS - 1), (False, MAX_CONTROLLERS)):
        for count, closed in ((limit, True), (limit + 1, False)):
            facts = service_facts(parents_of_each_other(count, in_a_row=in_a_row))
            found = exposure_of(facts).facts["ultimate_parents"]
            assert found.value == Members(
                frozenset({"FR"}) if closed or not in_a_row else frozenset(), closed
            )
            assert ("longer than is followed" in found.missing) != closed


def test_a_text_of_many_names_is_cut():
    said = {"provider": {"owners": [{"name": f"Fund {n}", "country": "US", "capital": 1} for n in range(60)]}}
    detail = exposure_of(service_facts(said)).facts["outside_share_together"].detail
    assert detail.count("holds 1 %") == MAX_LISTED
    assert detail.endswith("(40 more)")
