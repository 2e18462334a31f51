"""What a requirement profile makes of a service, as a page tells it: the outcome and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from catalogue.web.rendering import at
from vocab.answers import Outcome

#: Reasons shown of one service; its own page has all.
MAX_REASONS = 4
#: Issuers named of one service.
MAX_ISSUERS = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """A criterion that stands in the way, and what would satisfy it ("" where nobody can say)."""

    criterion: str
    text: str
    outcome: Outcome
    needed: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A service, whether it meets what was asked, on whose word, and what stands in the way.

    `left_out` counts the reasons that aren't shown.
    """

    id: str
    href: str
    name: str
    provider: Mapping[str, Any]
    outcome: Outcome
    basis: str
    reasons: Sequence[Reason]
    left_out: int
    issuers: Sequence[str]


def verdicts_of(answer: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """The verdicts in an answer of `Evaluations` to which a level was asked for, in its order."""
    profile, wanted = answer["profile"], answer["asked_level"]
    texts = {one["id"]: one["text"] for one in profile["criteria"]}
    level = next(one for one in profile["levels"] if one["id"] == wanted)
    required = {one["criterion"] for one in level["requires"]}
    return tuple(_verdict(item, wanted, texts, required) for item in answer["items"])


def _verdict(item: Mapping[str, Any], wanted: str, texts: Mapping[str, str], required: Set[str]) -> Verdict:
    blocking = item["blocking"]
    level = next(one for one in item["levels"] if one["id"] == wanted)
    return Verdict(
        id=item["id"],
        href=at(f"/offerings/{item['id']}"),
        name=item["name"],
        provider=item["provider"],
        outcome=Outcome(item["meets"]),
        basis=level["basis"] or "",
        reasons=[
            Reason(one["criterion"], texts[one["criterion"]], Outcome(one["outcome"]), one["needed"] or "")
            for one in blocking[:MAX_REASONS]
        ],
        left_out=max(0, len(blocking) - MAX_REASONS),
        issuers=_issuers(item, required),
    )


def _issuers(item: Mapping[str, Any], required: Set[str]) -> list[str]:
    """On whose credentials the criteria rest that are asked for and met."""
    said = [
        source["issuer"]
        for one in item["criteria"]
        if one["id"] in required and one["outcome"] == Outcome.MET
        for source in one["evidence"]
        if source["issuer"]
    ]
    return list(dict.fromkeys(said))[:MAX_ISSUERS]
