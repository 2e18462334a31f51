from __future__ import annotations

from datetime import UTC, datetime

import pytest

from credentials.policies import (
    POLICY_NAMES,
    AllOf,
    AnyOf,
    Demand,
    Policy,
    Requires,
    Unfailed,
    UnknownPolicy,
    demanding,
    policy_named,
)
from credentials.report import CHECKS, Check, Outcome, Report, Verdict


def checks(**outcomes: Outcome) -> list[Check]:
    return [Check(name, outcomes.get(name, Outcome.PASSED), "because") for name in CHECKS]


def verdict(policy: Policy, **outcomes: Outcome) -> Verdict:
    return policy.judge(checks(**outcomes))[0]


@pytest.mark.parametrize("policy", [AllOf(), AnyOf()])
def test_empty_policy_refuses(policy: Policy) -> None:
    assert verdict(policy) is Verdict.REFUSED


@pytest.mark.parametrize("name", POLICY_NAMES)
def test_a_policy_refuses_an_empty_report(name: str) -> None:
    assert policy_named(name).judge([])[0] is Verdict.REFUSED


@pytest.mark.parametrize("check", CHECKS)
def test_strict_refuses_any_failed_check(check: str) -> None:
    assert verdict(policy_named("strict"), **{check: Outcome.FAILED}) is Verdict.REFUSED


@pytest.mark.parametrize("check", CHECKS)
def test_default_only_marks_what_depends_on_what_else_a_node_holds(check: str) -> None:
    marked = check in {"integrity", "shapes"}
    assert (verdict(policy_named("default"), **{check: Outcome.FAILED}) is Verdict.ACCEPTED) is marked


def test_strict_refuses_where_shapes_were_not_checked() -> None:
    assert verdict(policy_named("strict"), shapes=Outcome.NOT_CHECKED) is Verdict.REFUSED
    assert verdict(policy_named("default"), shapes=Outcome.NOT_CHECKED) is Verdict.ACCEPTED


@pytest.mark.parametrize("check", CHECKS)
def test_lab_tolerates_terms_chain_host_integrity_and_shapes_only(check: str) -> None:
    tolerated = check in {"terms", "chain", "host_binding", "integrity", "shapes"}
    assert (verdict(policy_named("lab"), **{check: Outcome.FAILED}) is Verdict.ACCEPTED) is tolerated


@pytest.mark.parametrize("check", CHECKS)
def test_what_can_always_be_checked_must_have_been(check: str) -> None:
    later = check in {"chain", "host_binding", "status", "integrity", "shapes", "trust"}
    assert (verdict(policy_named("default"), **{check: Outcome.NOT_CHECKED}) is Verdict.ACCEPTED) is later


def test_reasons_name_check_and_detail() -> None:
    _, reasons = policy_named("default").judge(checks(key=Outcome.FAILED, status=Outcome.FAILED))
    assert reasons == ("key failed: because", "status failed: because")


def test_policies_compose() -> None:
    either = AnyOf(Requires("key"), AllOf(Unfailed("chain"), Requires("shapes")))
    assert verdict(either, key=Outcome.FAILED) is Verdict.ACCEPTED
    assert verdict(either, key=Outcome.FAILED, shapes=Outcome.NOT_CHECKED) is Verdict.REFUSED


def test_unknown_names_are_errors() -> None:
    with pytest.raises(UnknownPolicy):
        policy_named("none")
    with pytest.raises(ValueError, match="no check"):
        Requires("signatures")


def test_a_composition_demands_the_most_of_all_parts_and_the_least_of_any() -> None:
    parts = Unfailed("chain"), Requires("chain")
    assert AllOf(*parts).demand("chain") is Demand.REQUIRED
    assert AnyOf(*parts).demand("chain") is Demand.MAY_NOT_FAIL
    assert AnyOf(Requires("key"), Requires("chain")).demand("chain") is Demand.REPORTED


@pytest.mark.parametrize("name", POLICY_NAMES)
@pytest.mark.parametrize("check", CHECKS)
def test_what_a_policy_demands_is_what_it_judges_by(name: str, check: str) -> None:
    policy = policy_named(name)
    refuses = {outcome for outcome in Outcome if verdict(policy, **{check: outcome}) is Verdict.REFUSED}
    assert (
        refuses
        == {
            Demand.REPORTED: set(),
            Demand.MAY_NOT_FAIL: {Outcome.FAILED},
            Demand.REQUIRED: {Outcome.FAILED, Outcome.NOT_CHECKED},
        }[policy.demand(check)]
    )


@pytest.mark.parametrize(
    "check", ["parse", "context", "structure", "validity", "key", "issuer_binding", "purpose", "signature"]
)
def test_no_policy_can_do_without_the_foundation(check: str) -> None:
    with pytest.raises(ValueError, match="must pass"):
        demanding("loose", reported=(check,))


def report(policy: Policy, **outcomes: Outcome) -> Report:
    return Report(
        verdict=verdict(policy, **outcomes),
        policy=policy.name,
        checks=tuple(checks(**outcomes)),
        issuer=None,
        subjects=(),
        content_id=None,
        proof=None,
        verified_at=datetime(2026, 6, 1, tzinfo=UTC),
        required=tuple(name for name in CHECKS if policy.demand(name) is Demand.REQUIRED),
        may_not_fail=tuple(name for name in CHECKS if policy.demand(name) is Demand.MAY_NOT_FAIL),
    )


def test_only_what_the_policy_asks_for_speaks_against_a_report() -> None:
    marks = {"terms": Outcome.FAILED, "shapes": Outcome.FAILED, "signature": Outcome.FAILED}
    assert [check.name for check in report(policy_named("lab"), **marks).objections()] == ["signature"]
    unmade = report(policy_named("strict"), shapes=Outcome.NOT_CHECKED, chain=Outcome.NOT_CHECKED)
    assert [check.name for check in unmade.objections()] == ["shapes"]
    both = report(policy_named("strict"), key=Outcome.NOT_CHECKED, status=Outcome.FAILED)
    assert [check.name for check in both.objections()] == ["status", "key"]


@pytest.mark.parametrize("name", POLICY_NAMES)
def test_a_policy_accepts_what_each_of_its_parts_accepts(name: str) -> None:
    policy = policy_named(name)
    assert isinstance(policy, AllOf)
    good = checks()
    changed = [
        [Check(each.name, outcome, "") if each is one else each for each in good]
        for one in good
        for outcome in Outcome
    ]
    for lines in (good, *changed, good[:-1], good[1:], [*good, *good], good[::-1], []):
        parts = {part.judge(lines)[0] for part in policy.parts}
        assert policy.judge(lines)[0] is (Verdict.REFUSED if Verdict.REFUSED in parts else Verdict.ACCEPTED)
