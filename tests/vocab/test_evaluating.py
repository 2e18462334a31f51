from dataclasses import replace
from random import Random

import pytest
from fact_cases import service_facts
from hypothesis import given
from hypothesis import strategies as st

from vocab import labels, profiles
from vocab.answers import Outcome, at_least, every, some
from vocab.conclusions import Exposure
from vocab.evaluating import evaluate, levels_met
from vocab.model import Basis
from vocab.strengths import CERTIFIED, DECLARED, NOT_MET, UNKNOWN, Asked, outcome, prepared

NOTHING_KNOWN = Exposure((), False, (), Outcome.UNKNOWN, ())
OWN = "did:web:provider.example"
MET = Outcome.MET

CERTIFICATE = {"certified": {"scheme": "bsi-c5"}}
OTHER_CERTIFICATE = {"certified": {"scheme": "secnumcloud"}}
WORD = {"declared": {"criterion": "own:a"}}
OTHER_WORD = {"declared": {"claim": "gx:servicePolicy"}}
EFFICIENT = {"fact": {"name": "pue", "at_most": 1.3}}

HAS_CERTIFICATE = {"certifications": [{"scheme": "bsi-c5", "version": "2020", "level": "type2"}]}
SAYS_SO = {"declared_criteria": ["own:a"]}
WASTEFUL = {"energy": [{"pue": 1.8}]}
THRIFTY = {"energy": [{"pue": 1.1}]}


def own_profile(*rules, floor=None, kind="buyer"):
    """A profile of one level that requires a criterion for each rule, on no weaker basis than the floor."""
    ids = [f"c{number}" for number in range(len(rules))]
    return profiles.read(
        {
            "profile": "own",
            "version": "1",
            "valid_from": "2026-01-01",
            "kind": kind,
            "labels": {"en": "Own"},
            "source": {"title": "Tests", "url": ""},
            "criteria": [
                {"id": name, "text": {"en": name}, "rule": rule}
                for name, rule in zip(ids, rules, strict=True)
            ],
            "levels": [
                {
                    "id": "level",
                    "labels": {"en": "Level"},
                    "requires": [{"criterion": name, "basis": floor} if floor else name for name in ids],
                }
            ],
        }
    )


def evaluation(rule, said, **more):
    return evaluate(own_profile(rule, **more), service_facts(said), NOTHING_KNOWN)


def answer(rule, said):
    (found,) = evaluation(rule, said).criteria
    return found.outcome, found.basis


def needed(rule, said, floor=None):
    found = evaluation(rule, said, floor=floor)
    return found.levels[0].blocking[0].needed if found.levels[0].blocking else ""


@pytest.mark.parametrize(
    ("rule", "said", "expected"),
    [
        (CERTIFICATE, {}, (Outcome.UNKNOWN, None)),
        (CERTIFICATE, HAS_CERTIFICATE, (MET, Basis.CERTIFIED)),
        (
            CERTIFICATE,
            {"declared_certifications": HAS_CERTIFICATE["certifications"]},
            (Outcome.UNKNOWN, None),
        ),
        (
            {"declared": {"certification": {"scheme": "bsi-c5"}}},
            {"declared_certifications": HAS_CERTIFICATE["certifications"]},
            (MET, Basis.DECLARED),
        ),
        (WORD, SAYS_SO, (MET, Basis.DECLARED)),
        (OTHER_WORD, {"claims": ["gx:servicePolicy"]}, (MET, Basis.DECLARED)),
        (OTHER_WORD, {"claims": ["gx:servicePolicy gx:AccessUsagePolicy"]}, (Outcome.UNKNOWN, None)),
        (EFFICIENT, {}, (Outcome.UNKNOWN, None)),
        (EFFICIENT, THRIFTY, (MET, Basis.COMPUTED)),
        (EFFICIENT, WASTEFUL, (Outcome.NOT_MET, None)),
        ({"all": [WORD, CERTIFICATE]}, SAYS_SO | HAS_CERTIFICATE, (MET, Basis.DECLARED)),
        ({"all": [WORD, EFFICIENT]}, WASTEFUL, (Outcome.NOT_MET, None)),
        ({"all": [WORD, EFFICIENT]}, THRIFTY, (Outcome.UNKNOWN, None)),
        ({"any": [WORD, CERTIFICATE]}, SAYS_SO | HAS_CERTIFICATE, (MET, Basis.CERTIFIED)),
        ({"any": [WORD, EFFICIENT]}, WASTEFUL, (Outcome.UNKNOWN, None)),
        ({"any": [EFFICIENT, EFFICIENT]}, WASTEFUL, (Outcome.NOT_MET, None)),
        ({"any": [WORD, EFFICIENT]}, WASTEFUL | SAYS_SO, (MET, Basis.DECLARED)),
        ({"first": [CERTIFICATE, EFFICIENT, WORD]}, WASTEFUL, (Outcome.NOT_MET, None)),
        ({"first": [CERTIFICATE, EFFICIENT, WORD]}, WASTEFUL | SAYS_SO, (Outcome.NOT_MET, None)),
        ({"first": [CERTIFICATE, EFFICIENT, WORD]}, WASTEFUL | HAS_CERTIFICATE, (MET, Basis.CERTIFIED)),
        ({"first": [CERTIFICATE, EFFICIENT, WORD]}, SAYS_SO, (MET, Basis.DECLARED)),
        ({"first": [WORD, CERTIFICATE]}, SAYS_SO | HAS_CERTIFICATE, (MET, Basis.CERTIFIED)),
        (
            {"at_least": {"number": 2, "of": [WORD, CERTIFICATE, EFFICIENT]}},
            SAYS_SO | HAS_CERTIFICATE | THRIFTY,
            (MET, Basis.COMPUTED),
        ),
        (
            {"at_least": {"number": 2, "of": [WORD, CERTIFICATE, EFFICIENT]}},
            WASTEFUL | SAYS_SO,
            (Outcome.UNKNOWN, None),
        ),
        (
            {"at_least": {"number": 3, "of": [WORD, CERTIFICATE, EFFICIENT]}},
            WASTEFUL,
            (Outcome.NOT_MET, None),
        ),
    ],
    ids=lambda value: str(value)[:120],
)
def test_rules_combine_by_what_is_known(rule, said, expected):
    assert answer(rule, said) == expected


def test_a_certificate_must_be_of_the_version_and_level_asked_for_in_one():
    rule = {"certified": {"scheme": "bsi-c5", "versions": ["2020"], "levels": ["type2"]}}
    apart = [{"scheme": "bsi-c5", "version": "2020"}, {"scheme": "bsi-c5", "level": "type2"}]
    assert answer(rule, {"certifications": apart})[0] is Outcome.UNKNOWN
    assert answer(rule, HAS_CERTIFICATE)[0] is MET
    older = [{"scheme": "bsi-c5", "version": "2016", "level": "type2"}]
    assert answer(rule, {"certifications": older})[0] is Outcome.UNKNOWN


ATTESTED = {"attested": {"criterion": "gaia-x:P3.1.1", "certified_for": ["gaia-x:L2", "gaia-x:L3"]}}


@pytest.mark.parametrize(
    ("label", "criteria", "expected", "level"),
    [
        ("gaia-x:L2", ["P3.1.1"], (MET, Basis.ATTESTED), MET),
        ("gaia-x:SC", ["P3.1.1"], (MET, Basis.ATTESTED), Outcome.UNKNOWN),
        ("gaia-x:L2", ["P3.1.2"], (Outcome.UNKNOWN, None), Outcome.UNKNOWN),
        ("gaia-x:L2", [], (Outcome.UNKNOWN, None), Outcome.UNKNOWN),
    ],
)
def test_a_validation_stands_for_a_certificate_only_with_a_label_that_asks_for_one(
    label, criteria, expected, level
):
    said = {"labels": [{"label": label, "criteria": criteria}]}
    assert answer(ATTESTED, said) == expected
    assert evaluation(ATTESTED, said, floor="certified").levels[0].outcome is level


def test_only_labels_that_validated_this_very_criterion_are_evidence_for_it():
    said = {
        "labels": [
            {"label": "gaia-x:L2", "criteria": ["P3.1.1"], "by": "did:web:one.example"},
            {"label": "gaia-x:L2", "criteria": ["P3.1.2"], "by": "did:web:two.example"},
        ]
    }
    (found,) = evaluation(ATTESTED, said).criteria
    assert [source.issuer for source in found.evidence] == ["did:web:one.example"]
    assert answer({"attested": {"criterion": "our-own:P3.1.1"}}, said) == (Outcome.UNKNOWN, None)


def test_a_label_stands_for_those_below_it():
    asking = {"attested": {"label": "gaia-x:L1"}}
    assert answer(asking, {"labels": [{"label": "gaia-x:L2"}]}) == (MET, Basis.ATTESTED)
    assert answer(asking, {"labels": [{"label": "gaia-x:SC"}]}) == (Outcome.UNKNOWN, None)
    assert answer(asking, {"declared_labels": ["gaia-x:L3"]}) == (Outcome.UNKNOWN, None)


@pytest.mark.parametrize("floor", list(Basis), ids=str)
def test_what_is_met_on_a_weaker_basis_than_a_level_asks_for_is_unknown_there(floor):
    ways = {
        Basis.ATTESTED: (ATTESTED, {"labels": [{"label": "gaia-x:L2", "criteria": ["P3.1.1"]}]}),
        Basis.CERTIFIED: (CERTIFICATE, HAS_CERTIFICATE),
        Basis.COMPUTED: (EFFICIENT, THRIFTY),
        Basis.DECLARED: (WORD, SAYS_SO),
    }
    order = list(Basis)
    for basis, (rule, said) in ways.items():
        level = evaluation(rule, said, floor=floor.value).levels[0]
        enough = order.index(basis) <= order.index(floor)
        assert level.outcome is (MET if enough else Outcome.UNKNOWN), (basis, floor)
    assert evaluation(EFFICIENT, WASTEFUL, floor=floor.value).levels[0].outcome is Outcome.NOT_MET


def test_a_level_that_rests_on_the_providers_word_alone_is_declared():
    assert evaluation(WORD, SAYS_SO).levels[0].basis is Basis.DECLARED
    assert evaluation(EFFICIENT, THRIFTY).levels[0].basis is Basis.DECLARED
    assert evaluation(WORD, {}).levels[0].basis is None
    both = service_facts(SAYS_SO | HAS_CERTIFICATE)
    one_certified = evaluate(own_profile(WORD, CERTIFICATE), both, NOTHING_KNOWN)
    assert one_certified.levels[0].basis is Basis.COMPUTED
    assert evaluation(CERTIFICATE, HAS_CERTIFICATE, kind="certification").levels[0].basis is Basis.CERTIFIED


def test_a_fact_that_somebody_else_stated_makes_a_level_computed():
    facts = service_facts(THRIFTY)
    (figures,) = facts.energy
    elsewhere = replace(figures, source=replace(figures.source, issuer="did:web:auditor.example"))
    found = evaluate(own_profile(EFFICIENT), replace(facts, energy=(elsewhere,)), NOTHING_KNOWN)
    assert found.levels[0].basis is Basis.COMPUTED


def test_the_evidence_of_a_criterion_is_what_its_answer_rests_on():
    rule = {"first": [{"any": [CERTIFICATE, OTHER_CERTIFICATE]}, EFFICIENT, WORD]}
    (certified,) = evaluation(rule, HAS_CERTIFICATE | SAYS_SO).criteria
    assert [source.basis for source in certified.evidence] == [Basis.CERTIFIED, Basis.DECLARED]
    (wasteful,) = evaluation(rule, WASTEFUL).criteria
    assert [source.issuer for source in wasteful.evidence] == [OWN]
    (unknown,) = evaluation(rule, {}).criteria
    assert unknown.evidence == ()


def test_what_is_met_does_not_rest_on_an_alternative_that_is_not():
    facts = service_facts(SAYS_SO | WASTEFUL)
    (figures,) = facts.energy
    elsewhere = replace(figures, source=replace(figures.source, issuer="did:web:auditor.example"))
    facts = replace(facts, energy=(elsewhere,))
    (met,) = evaluate(own_profile({"any": [WORD, EFFICIENT]}), facts, NOTHING_KNOWN).criteria
    assert [source.issuer for source in met.evidence] == [OWN]
    (open_one,) = evaluate(own_profile({"any": [CERTIFICATE, EFFICIENT]}), facts, NOTHING_KNOWN).criteria
    assert [source.issuer for source in open_one.evidence] == ["did:web:auditor.example"]


def test_what_would_satisfy_is_said_by_the_names_of_things():
    rule = {"any": [ATTESTED, CERTIFICATE, OTHER_CERTIFICATE, EFFICIENT, WORD, OTHER_WORD]}
    text = needed(rule, {})
    assert "validation of gaia-x:P3.1.1 by a trusted clearing house; or" in text
    assert "a trusted body, valid today: BSI C5 attestation or SecNumCloud qualification" in text
    assert "pue at most 1.3" in text
    assert "the provider's declaration: cf:declaresCriterion own:a or gx:servicePolicy" in text
    assert needed(rule, SAYS_SO) == ""


def test_where_a_certificate_is_asked_for_nothing_weaker_is_offered():
    rule = {"any": [ATTESTED, CERTIFICATE, EFFICIENT, WORD]}
    text = needed(rule, SAYS_SO, floor="certified")
    assert "for gaia-x:L2 or gaia-x:L3" in text
    assert "BSI C5" in text
    assert "pue" not in text
    assert "declaration" not in text
    assert needed(WORD, {}, floor="certified") == "evidence of a kind that no rule of this criterion asks for"


def test_of_conditions_only_those_that_are_missing_are_named():
    rule = {"all": [WORD, CERTIFICATE, {"any": [EFFICIENT, OTHER_CERTIFICATE]}]}
    text = needed(rule, SAYS_SO)
    assert "own:a" not in text
    assert text.startswith("a certificate by a trusted body, valid today: BSI C5 attestation; and (")
    some = {"at_least": {"number": 2, "of": [WORD, CERTIFICATE, OTHER_WORD]}}
    assert needed(some, SAYS_SO).startswith("1 more of these: a certificate by a trusted body")


def test_behind_a_fact_that_says_no_nothing_is_offered_that_would_not_help():
    said = WASTEFUL | HAS_CERTIFICATE
    rule = {"first": [ATTESTED, EFFICIENT, CERTIFICATE, WORD]}
    assert needed(rule, said) == (
        "validation of gaia-x:P3.1.1 by a trusted clearing house; or pue at most 1.3 (known: 1.8)"
    )
    (found,) = evaluation(rule, said).criteria
    assert [source.issuer for source in found.evidence] == [OWN]


def test_a_no_rests_on_what_says_no():
    rule = {"all": [EFFICIENT, CERTIFICATE, WORD]}
    (found,) = evaluation(rule, WASTEFUL | HAS_CERTIFICATE).criteria
    assert found.outcome is Outcome.NOT_MET
    assert [source.issuer for source in found.evidence] == [OWN]


def test_what_is_known_of_a_fact_is_said_beside_its_limit_and_what_is_missing_while_it_is_open():
    assert needed(EFFICIENT, WASTEFUL) == "pue at most 1.3 (known: 1.8)"
    assert needed(EFFICIENT, {}).startswith("pue at most 1.3: ")
    rule = {"fact": {"name": "provider_established", "within": "EU"}}
    assert "cf:centralAdministration" in needed(rule, {"provider": {"seat": "FR"}})
    outside = needed(rule, {"provider": {"seat": "US"}})
    assert outside.startswith("provider_established nothing but EU (known: US and perhaps others)")
    assert "cf:centralAdministration" not in outside


def test_a_value_of_a_strength_is_an_outcome_at_a_floor():
    assert outcome(NOT_MET, CERTIFIED) is Outcome.NOT_MET
    assert outcome(UNKNOWN) is Outcome.UNKNOWN
    assert outcome(DECLARED) is MET
    assert outcome(DECLARED, CERTIFIED) is Outcome.UNKNOWN


def test_a_fact_is_worked_out_once_for_all_rules(monkeypatch):
    asked_for = []

    def counting(name, facts, exposure):
        asked_for.append(name)
        return real(name, facts, exposure)

    from vocab import strengths

    real = strengths.fact
    monkeypatch.setattr(strengths, "fact", counting)
    asked = Asked(service_facts(THRIFTY), NOTHING_KNOWN)
    rule = own_profile({"all": [EFFICIENT, EFFICIENT]}).criteria[0].rule
    assert prepared(rule).strength(asked) == prepared(rule).strength(asked)
    assert asked_for == ["pue"]


# --- strengths against three-valued logic written out ---

LEAVES = {
    "certified": (CERTIFICATE, HAS_CERTIFICATE, MET, Basis.CERTIFIED),
    "computed": (EFFICIENT, THRIFTY, MET, Basis.COMPUTED),
    "declared": (WORD, SAYS_SO, MET, Basis.DECLARED),
    "broken": ({"fact": {"name": "pue", "at_most": 0.5}}, {}, Outcome.NOT_MET, None),
    "open": (OTHER_WORD, {}, Outcome.UNKNOWN, None),
}
EVERYTHING = HAS_CERTIFICATE | THRIFTY | SAYS_SO


def groups(parts):
    several = st.lists(parts, min_size=1, max_size=4)
    return st.one_of(
        several.map(lambda rules: {"all": rules}),
        several.map(lambda rules: {"any": rules}),
        several.map(lambda rules: {"first": rules}),
        several.flatmap(
            lambda rules: st.integers(1, len(rules)).map(
                lambda number: {"at_least": {"number": number, "of": rules}}
            )
        ),
    )


TREES = st.recursive(st.sampled_from([one[0] for one in LEAVES.values()]), groups, max_leaves=12)


def by_logic(rule, floor):
    """The rule's outcome where a leaf that is met on a weaker basis than the floor is unknown."""
    ((form, content),) = rule.items()
    if form == "all":
        return every(by_logic(one, floor) for one in content)
    if form == "any":
        return some(by_logic(one, floor) for one in content)
    if form == "at_least":
        return at_least(content["number"], [by_logic(one, floor) for one in content["of"]])
    if form == "first":
        found = (by_logic(one, floor) for one in content)
        return next((one for one in found if one is not Outcome.UNKNOWN), Outcome.UNKNOWN)
    ((leaf, met),) = [(one[2], one[3]) for one in LEAVES.values() if one[0] == rule]
    order = list(Basis)
    return leaf if met is None or order.index(met) <= order.index(floor) else Outcome.UNKNOWN


def has_first(rule):
    return "'first'" in str(rule)


@given(TREES)
def test_a_tree_of_rules_is_answered_as_three_valued_logic_answers_it(rule):
    found = evaluate(own_profile(rule), service_facts(EVERYTHING), NOTHING_KNOWN)
    assert found.criteria[0].outcome is by_logic(rule, Basis.DECLARED)


@given(TREES, st.sampled_from(list(Basis)))
def test_at_a_floor_as_well_and_first_never_says_more_than_it_would(rule, floor):
    found = evaluate(own_profile(rule, floor=floor.value), service_facts(EVERYTHING), NOTHING_KNOWN)
    outcome, wanted = found.levels[0].outcome, by_logic(rule, floor)
    if has_first(rule):
        # What is met on too weak a word before a no leaves the answer open rather than turning it into one.
        assert (outcome is MET) == (wanted is MET)
    else:
        assert outcome is wanted


# --- what holds for every shipped profile, whatever is said ---

SCHEMES = (
    "secnumcloud",
    "bsi-c5",
    "eucs",
    "iso-27001",
    "csa-star",
    "cispe-code",
    "eu-cloud-coc",
    "swipo",
    "cndcp",
)
PARTS = {
    "secnumcloud": [{"version": "3.1"}, {"version": "3.2"}],
    "bsi-c5": [{"version": "2020", "level": "type1"}, {"version": "2020", "level": "type2"}],
    "eucs": [{"level": level} for level in ("basic", "substantial", "high")],
    "csa-star": [{"level": "level1"}, {"level": "level2"}],
}
CRITERIA = tuple(one.id for one in profiles.profile("gaia-x").criteria)
CLAIMS = (
    "gx:dataProtectionRegime",
    "gx:legalDocuments gx:LegallyBindingAct",
    "gx:providedBy",
    "gx:serviceOfferingTermsAndConditions",
    "participant:gx:legalAddress",
)


def subsets(values):
    return st.lists(st.sampled_from(values), unique=True, max_size=len(values))


CERTIFICATES = st.lists(
    st.sampled_from(SCHEMES).flatmap(
        lambda scheme: st.sampled_from([{"scheme": scheme} | part for part in PARTS.get(scheme, [{}])])
    ),
    max_size=6,
)
LABELS = st.lists(
    st.builds(
        lambda label, criteria: {"label": label, "criteria": criteria},
        st.sampled_from([one.id for one in labels.labels() if one.scheme == "gaia-x"]),
        st.sampled_from(((), CRITERIA, CRITERIA[:20], CRITERIA[20:])),
    ),
    max_size=3,
)
SAID = st.fixed_dictionaries(
    {
        "certifications": CERTIFICATES,
        "labels": LABELS,
        "declared_criteria": st.sampled_from(((), CRITERIA, CRITERIA[::2])).map(
            lambda ids: [f"gaia-x:{one}" for one in ids]
        ),
        "claims": subsets(CLAIMS),
        "declared_certifications": CERTIFICATES,
        "data_places": subsets(("FR", "DE", "US", "IS")),
        "energy": st.lists(
            st.fixed_dictionaries(
                {
                    "pue": st.sampled_from((1.1, 1.35, 1.8)),
                    "renewable_percent": st.sampled_from((0, 75, 100)),
                }
            ),
            max_size=2,
        ),
        "identity": st.sampled_from(("notarised", "domain", "self_asserted")),
    }
)


SAID_LISTS = ("certifications", "labels", "declared_criteria", "claims", "declared_certifications")


def all_of(said):
    facts = service_facts(said)
    return {one: evaluate(one, facts, NOTHING_KNOWN) for one in profiles.shipped()}


RANK = {Outcome.NOT_MET: 0, Outcome.UNKNOWN: 1, Outcome.MET: 2}


def outcomes(found):
    return {
        (one.id, one.version, part.id): part.outcome
        for one, evaluation in found.items()
        for part in (*evaluation.criteria, *evaluation.levels)
    }


@given(SAID, CERTIFICATES, LABELS)
def test_another_certificate_or_attestation_never_lowers_anything(said, certificates, given_labels):
    before = outcomes(all_of(said))
    more = {
        **said,
        "certifications": said["certifications"] + certificates,
        "labels": said["labels"] + given_labels,
    }
    after = outcomes(all_of(more))
    assert {name for name, one in before.items() if RANK[after[name]] < RANK[one]} == set()


@given(SAID, st.data())
def test_taking_evidence_away_never_makes_met_of_unknown(said, data):
    before = outcomes(all_of(said))
    member = data.draw(st.sampled_from([*SAID_LISTS]))
    left = (
        data.draw(st.lists(st.sampled_from(said[member]), max_size=len(said[member]))) if said[member] else []
    )
    after = outcomes(all_of({**said, member: [one for one in said[member] if one in left]}))
    assert {
        name for name, one in before.items() if one is Outcome.UNKNOWN and after[name] is Outcome.MET
    } == set()


@given(SAID, st.integers(0, 10_000))
def test_the_order_of_credentials_changes_nothing(said, seed):
    random = Random(seed)
    facts = service_facts(said)

    def mixed(values):
        return tuple(random.sample(values, len(values)))

    other = replace(
        facts,
        certifications=mixed(facts.certifications),
        labels=mixed(facts.labels),
        declared_certifications=mixed(facts.declared_certifications),
        energy=mixed(facts.energy),
        data_places=mixed(facts.data_places),
        claims=dict(mixed(tuple(facts.claims.items()))),
        declared_criteria=dict(mixed(tuple(facts.declared_criteria.items()))),
    )
    for profile in profiles.shipped():
        assert evaluate(profile, other, NOTHING_KNOWN) == evaluate(profile, facts, NOTHING_KNOWN)


@given(SAID)
def test_the_quick_way_finds_the_levels_that_the_full_one_finds(said):
    quick = levels_met(profiles.shipped(), service_facts(said), NOTHING_KNOWN)
    full = [
        (one.id, one.version, level.id, level.basis)
        for one, found in all_of(said).items()
        for level in found.levels
        if level.outcome is MET
    ]
    assert [(one.profile, one.version, one.level, one.basis) for one in quick] == full


@given(SAID)
def test_a_level_is_met_only_where_nothing_blocks_it(said):
    for found in all_of(said).values():
        for level in found.levels:
            assert (level.outcome is MET) == (level.blocking == ()) == (level.basis is not None)
            assert all(one.needed and one.outcome is not MET for one in level.blocking)
        met = [level.id for level in found.levels if level.outcome is MET]
        assert found.level == (met[-1] if met else None)
        for criterion in found.criteria:
            assert (criterion.outcome is MET) == (criterion.basis is not None) == (criterion.needed == "")
