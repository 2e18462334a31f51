"""An operator's policies are read whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credentials.policies import Demand, UnknownPolicy, policy_named
from credentials.policy_file import MAX_FILE_BYTES, PolicyFileInvalid, read_policies


def written(folder: Path, document: Any) -> Path:
    path = folder / "policies.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_a_policy_of_the_file_is_found_by_name_beside_the_built_in_ones(tmp_path: Path) -> None:
    body = {"about": "x", "required": ["status"], "reported": ["shapes", "terms"]}
    made = read_policies(written(tmp_path, {"version": 1, "policies": {"tender-27": body}}))
    policy = policy_named("tender-27", made)
    assert policy.name == "tender-27"
    assert policy.demand("status") is Demand.REQUIRED
    assert policy.demand("signature") is Demand.REQUIRED
    assert policy.demand("terms") is Demand.REPORTED
    assert policy.demand("integrity") is Demand.MAY_NOT_FAIL
    assert policy_named("lab", made).name == "lab"


def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    made = read_policies(written(tmp_path, {"version": 1, "policies": {"mine": {}}}))
    with pytest.raises(UnknownPolicy, match="default, strict, lab, mine"):
        policy_named("yours", made)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ("{", "policies.json"),
        ("[]", "policies.json"),
        ({"version": 1}, "policies.json"),
        ({"version": True, "policies": {}}, "version"),
        ({"version": 2, "policies": {}}, "version"),
        ({"version": 1, "policies": []}, "policies"),
        ({"version": 1, "policies": {"Mine": {}}}, "policies.Mine"),
        ({"version": 1, "policies": {"lab": {}}}, "policies.lab"),
        ({"version": 1, "policies": {"mine": []}}, "policies.mine"),
        ({"version": 1, "policies": {"mine": {"requires": []}}}, "policies.mine"),
        ({"version": 1, "policies": {"mine": {"required": "status"}}}, "policies.mine.required"),
        ({"version": 1, "policies": {"mine": {"required": ["stat"]}}}, "policies.mine"),
        ({"version": 1, "policies": {"mine": {"reported": ["stat"]}}}, "policies.mine"),
        ({"version": 1, "policies": {"mine": {"reported": ["signature"]}}}, "policies.mine"),
        (
            {"version": 1, "policies": {"mine": {"required": ["status"], "reported": ["status"]}}},
            "policies.mine",
        ),
        (" " * (MAX_FILE_BYTES + 1), "policies.json"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, document: Any, where: str) -> None:
    with pytest.raises(PolicyFileInvalid) as caught:
        read_policies(written(tmp_path, document))
    assert caught.value.where.endswith(where)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileInvalid, match="can't be read"):
        read_policies(tmp_path / "none.json")
