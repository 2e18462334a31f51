"""Whether a consortium that an offering names counts, and which programmes the provider takes part in.

A consortium names its members; each member signs that it belongs by `cf:memberOf` in its own participant
credential, and for a service that is its part by owning that service's identifier. What isn't signed is
unknown, never refused: it may be signed and not be known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vocab.answers import Outcome, Source, every
from vocab.conclusions import Confirmation, ConsortiumStanding
from vocab.facts import Membership, ParticipationFact
from vocab.ownership import owns
from vocab.programmes import Period, programme
from vocab.reading import MAX_NAME, clean
from vocab.service_facts import Party, Said, ServiceFacts


@dataclass(frozen=True, slots=True)
class ProgrammePart:
    """A participation that a programme's authority attests, with the states that backed the programme then.

    `period` is None before the programme began.
    """

    participation: ParticipationFact
    source: Source
    period: Period | None


def standings_of(facts: ServiceFacts) -> tuple[ConsortiumStanding, ...]:
    """Each consortium that the offering names, with its members' confirmations in the consortium's order."""
    return tuple(_standing(said.value, facts) for said in facts.consortia)


def participations_on(facts: ServiceFacts, day: date) -> tuple[ProgrammePart, ...]:
    """The participations of the provider that cover a day, by the attestations that count for these facts.

    Facts are of one moment: to ask what counts on another day, gather for that day.
    """
    return tuple(
        ProgrammePart(said.value, said.source, programme(said.value.programme).period(day))
        for said in facts.participations
        if said.value.period.covers(day)
    )


def _standing(identifier: str, facts: ServiceFacts) -> ConsortiumStanding:
    consortium = facts.parties.get(identifier)
    if consortium is None:
        detail = f"No participant credential of {_shown(identifier)} is known here that names its members."
        return ConsortiumStanding(identifier, "", Outcome.UNKNOWN, (), detail)
    name = consortium.name or _shown(identifier)
    members = tuple(_confirmation(said, consortium, facts) for said in consortium.members)
    belonging = consortium.names | {member.participant for member in members}
    missing = [one.name or _shown(one.participant) for one in members if one.outcome is not Outcome.MET]
    outcome, detail = every(member.outcome for member in members), ""
    if not members:
        outcome, detail = Outcome.UNKNOWN, f"{name} names no members."
    elif facts.provider.names.isdisjoint(belonging):
        provider = facts.provider.name or _shown(facts.provider.did)
        outcome, detail = Outcome.NOT_MET, f"{provider}, whose offering it is, is no member of {name}."
    elif missing:
        detail = f"Not signed by {', '.join(dict.fromkeys(missing))}."
    return ConsortiumStanding(identifier, consortium.name, outcome, members, detail)


def _confirmation(said: Said[Membership], consortium: Party, facts: ServiceFacts) -> Confirmation:
    """Whether the member that a consortium names says the same."""
    identifier, service = said.value.participant, said.value.service
    if identifier in consortium.names:
        # Whoever describes the consortium signs for itself by that.
        return Confirmation(
            identifier, consortium.name, Outcome.MET, "It describes the consortium itself.", (said.source,)
        )
    member = facts.parties.get(identifier)
    name = (member.name if member else "") or _shown(identifier)
    signed = [one.source for one in member.member_of if one.value in consortium.names] if member else []
    outcome = Outcome.UNKNOWN
    if member is None:
        detail = f"{name} has not signed that it belongs: no participant credential of its own is known here."
    elif not signed:
        elsewhere = ": it names other consortia" if member.member_of else ""
        detail = f"{name} has not signed that it belongs{elsewhere}."
    elif service and not owns(member.did, service):
        detail = f"{name} has signed that it belongs, but its part, {_shown(service)}, isn't under its name."
    else:
        outcome, detail = Outcome.MET, f"{name} has signed that it belongs."
    return Confirmation(identifier, member.name if member else "", outcome, detail, (said.source, *signed))


def _shown(identifier: str) -> str:
    return clean(identifier, MAX_NAME)
