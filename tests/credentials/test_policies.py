from __future__ import annotations

import pytest

from credentials.policies import AllOf, AnyOf, Policy, Requires, Unfailed, UnknownPolicy, policy_named
from credentials.report import CHECKS, Check, Outcome, Verdict


def checks(**outcomes: Outcome) -> list[Check]:
    return [Check(name, outcomes.get(name, Outcome.PASSED), "because") for name in CHECKS]


def verdict(policy: Policy, **outcomes: Outcome) -> Verdict:
    return policy.judge(checks(**outcomes))[0]


@pytest.mark.parametrize("policy", [AllOf(), AnyOf()])
def test_empty_policy_refuses(policy: Policy) -> None:
    assert verdict(policy) is Verdict.REFUSED


@pytest.mark.parametrize("name", ["default", "lab"])
def test_a_policy_refuses_an_empty_report(name: str) -> None:
    assert policy_named(name).judge([])[0] is Verdict.REFUSED


@pytest.mark.parametrize("check", CHECKS)
def test_default_refuses_any_failed_check(check: str) -> None:
    assert verdict(policy_named("default"), **{check: Outcome.FAILED}) is Verdict.REFUSED


@pytest.mark.parametrize("check", CHECKS)
def test_lab_tolerates_terms_chain_host_and_shapes_only(check: str) -> None:
    tolerated = check in {"terms", "chain", "host_binding", "shapes"}
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
