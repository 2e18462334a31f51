"""Those beside the provider who have a part in a service, and what they see of it.

SecNumCloud 3.2, §19.6 c and d: one that is established outside the EU, or controlled from there, must have no
way to customers' data or technical data, and the service must go on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vocab.answers import Fact, Outcome, Source, any_yes
from vocab.conclusions import PathKind
from vocab.ownership_chains import Chains
from vocab.parties import Named, listed, together
from vocab.service_facts import ServiceFacts
from vocab.stated_facts import (
    licensors,
    operated_by,
    operators,
    sub_contractors,
    subcontractor_jurisdictions,
    technology_from,
)


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """One who has a part in the service; what it sees and whether it is needed, None where nobody says."""

    kind: PathKind
    named: Named
    outside: Outcome
    sees_data: bool | None
    sees_metadata: bool | None
    continues_without: bool | None
    updates_vetted: bool | None
    sources: tuple[Source, ...]


def third_parties(facts: ServiceFacts, chains: Chains) -> tuple[ThirdParty, ...]:
    """Everybody beside the provider that the offering names, each part by itself, in a fixed order."""
    licensed = tuple(_licensors(facts, chains))
    return tuple(sorted((*licensed, *_others(facts, chains, licensed)), key=_place))


def _place(one: ThirdParty) -> tuple[str, ...]:
    answers = (one.sees_data, one.sees_metadata, one.continues_without, one.updates_vetted)
    return (one.kind, one.named.key, one.named.name, *map(str, answers))


def _licensors(facts: ServiceFacts, chains: Chains) -> Iterator[ThirdParty]:
    own = chains.provider.key
    for said, one in zip(facts.licences, licensors(facts), strict=True):
        if one.key != own:
            yield ThirdParty(
                PathKind.LICENSOR,
                one,
                chains.is_outside(one),
                said.value.sees_customer_data,
                said.value.sees_metadata,
                said.value.continues_without_licensor,
                said.value.updates_vetted_by_provider,
                together(one.sources, (said.source,)),
            )


def _others(facts: ServiceFacts, chains: Chains, licensed: tuple[ThirdParty, ...]) -> Iterator[ThirdParty]:
    """Operators and subcontractors; what one sees is only stated where it is a licensor as well."""
    own = chains.provider.key
    parts = (
        *((PathKind.OPERATOR, one) for one in operators(facts)),
        *((PathKind.SUBCONTRACTOR, one) for one in sub_contractors(facts)),
    )
    for kind, one in parts:
        if one.key != own:
            same = [other for other in licensed if other.named.key == one.key]
            data = any_yes(other.sees_data for other in same) if same else None
            metadata = any_yes(other.sees_metadata for other in same) if same else None
            yield ThirdParty(kind, one, chains.is_outside(one), data, metadata, None, None, one.sources)


def supplier_facts(facts: ServiceFacts, chains: Chains, parties: tuple[ThirdParty, ...]) -> dict[str, Fact]:
    """The facts of `vocab.rule_facts` about third parties."""
    of_licences = tuple(one for one in parties if one.kind is PathKind.LICENSOR)
    unlisted = _unlisted(technology_from(facts))
    all_unlisted = (*unlisted, *_unlisted(operated_by(facts)), *_unlisted(subcontractor_jurisdictions(facts)))
    none_stated = together(said.source for said in facts.does_without)

    def answer(question: _Question, about: tuple[ThirdParty, ...], open_lists: tuple[str, ...]) -> Fact:
        return _answer(question, about, open_lists, chains, none_stated)

    return {
        "licensors_see_data": answer(_SEES_DATA, of_licences, unlisted),
        "licensors_see_metadata": answer(_SEES_METADATA, of_licences, unlisted),
        "outside_parties_see_data": answer(_SEES_DATA, parties, all_unlisted),
        "outside_parties_see_metadata": answer(_SEES_METADATA, parties, all_unlisted),
        "continues_without_licensors": answer(_CONTINUES, of_licences, unlisted),
        "updates_vetted": answer(_VETTED, of_licences, unlisted),
    }


@dataclass(frozen=True, slots=True)
class _Question:
    """Something asked of everybody outside: `wanted` has to be the answer of each, else it isn't of all."""

    read: Callable[[ThirdParty], bool | None]
    wanted: bool
    words: str
    term: str


_SEES_DATA = _Question(
    lambda one: one.sees_data, False, "{} has access to customers' data", "cf:seesCustomerData"
)
_SEES_METADATA = _Question(
    lambda one: one.sees_metadata, False, "{} has access to technical data or metadata", "cf:seesMetadata"
)
_CONTINUES = _Question(
    lambda one: one.continues_without, True, "the service goes on without {}", "cf:continuesWithoutLicensor"
)
_VETTED = _Question(
    lambda one: one.updates_vetted,
    True,
    "the provider's own staff vets what {} delivers",
    "cf:updatesVettedByProvider",
)


def _answer(
    question: _Question,
    parties: tuple[ThirdParty, ...],
    open_lists: tuple[str, ...],
    chains: Chains,
    none_stated: tuple[Source, ...],
) -> Fact:
    sources = together(none_stated, *(one.sources for one in parties))
    asked = [one for one in parties if one.outside is not Outcome.NOT_MET]
    bad = [
        one
        for one in asked
        if one.outside is Outcome.MET
        and question.read(one) is not None
        and question.read(one) != question.wanted
    ]
    if bad:
        told = listed((_told(question, one) for one in bad), "; ")
        return Fact(not question.wanted, sources, told)
    missing: list[str] = list(open_lists)
    for one in asked:
        if question.read(one) == question.wanted:
            continue
        if question.read(one) is None:
            missing.append(f"Whether {question.words.format(one.named)} ({question.term}).")
        if one.outside is Outcome.UNKNOWN:
            missing += chains.control(one.named).missing
    if missing:
        return Fact(None, sources, missing=listed(missing))
    told = listed((_told(question, one) for one in asked), "; ")
    return Fact(question.wanted, sources, told or "Nobody outside the EU has a part in it.")


def _told(question: _Question, one: ThirdParty) -> str:
    answer = "yes" if question.read(one) else "no"
    words = question.words.format(one.named)
    return f"{words[0].upper()}{words[1:]}: {answer}"


def _unlisted(listed: Fact) -> tuple[str, ...]:
    """What is missing where a list isn't stated at all."""
    return () if listed.value is not None else (listed.missing,)
