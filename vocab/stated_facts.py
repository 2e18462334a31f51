"""What an offering and its provider state, as the facts that rules ask for, each with what is left open.

A list that is stated is the whole list: whoever states places of data states all of them. One that isn't
stated is unknown, except where the provider says that there is nothing to state (`cf:doesWithout`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vocab.answers import Fact, Members, Outcome, every
from vocab.consortia import standings_of
from vocab.facts import LICENSED_TECHNOLOGY, SUBCONTRACTORS, Place
from vocab.model import Identity
from vocab.parties import Named, is_public_body, listed, named, provider_of, together
from vocab.service_facts import Said, ServiceFacts

_OWN_CREDENTIAL = "in its own participant credential"


def seat(facts: ServiceFacts) -> Fact:
    """Where the provider's registered seat is."""
    return _codes(facts.provider.seats, f"The provider's registered seat: gx:legalAddress {_OWN_CREDENTIAL}.")


def headquarters(facts: ServiceFacts) -> Fact:
    """Where the provider's headquarters are."""
    missing = f"The provider's headquarters: gx:headquartersAddress {_OWN_CREDENTIAL}."
    return _codes(facts.provider.headquarters, missing)


def central_administration(facts: ServiceFacts) -> Fact:
    """Where the provider is directed from."""
    missing = f"The provider's central administration: cf:centralAdministration {_OWN_CREDENTIAL}."
    return _codes(facts.provider.central_administration, missing)


def main_establishment(facts: ServiceFacts) -> Fact:
    """Where the provider does most of its business."""
    missing = f"The provider's main establishment: cf:mainEstablishment {_OWN_CREDENTIAL}."
    return _codes(facts.provider.main_establishment, missing)


def provider_established(facts: ServiceFacts) -> Fact:
    """Everywhere that the provider is established: seat, headquarters, central administration, main place."""
    parts = (seat(facts), central_administration(facts), main_establishment(facts))
    everywhere = provider_of(facts)
    return Fact(
        Members(everywhere.countries, closed=all(_is_closed(part) for part in parts)),
        everywhere.sources,
        "Seat, headquarters, central administration and main establishment.",
        " ".join(part.missing for part in parts if part.missing),
    )


def data_places(facts: ServiceFacts) -> Fact:
    """Where customers' data is stored and processed."""
    return _places(facts.data_places, "Where customers' data is stored and processed: cf:dataPlace.")


def metadata_places(facts: ServiceFacts) -> Fact:
    """Where technical data and metadata are."""
    return _places(facts.metadata_places, "Where technical data and metadata are kept: cf:metadataPlace.")


def operation_places(facts: ServiceFacts) -> Fact:
    """From where the service is operated."""
    missing = "From where the service is operated, administered and supported: cf:operationPlace."
    return _places(facts.operation_places, missing)


def operated_by(facts: ServiceFacts) -> Fact:
    """The countries of those who operate the service."""
    if not facts.operators:
        return Fact(None, missing=_NO_OPERATOR)
    return _of_parties(operators(facts), "The country of")


def subcontractor_jurisdictions(facts: ServiceFacts) -> Fact:
    """The countries whose law applies to subcontractors."""
    if not facts.sub_contractors:
        return _none_of(facts, SUBCONTRACTORS, _NO_SUBCONTRACTOR)
    return _of_parties(sub_contractors(facts), "Which law applies to")


def technology_from(facts: ServiceFacts) -> Fact:
    """The countries of those whose technology is under licence in the service."""
    if not facts.licences:
        return _none_of(facts, LICENSED_TECHNOLOGY, _NO_LICENCE)
    return _of_parties(licensors(facts), "The country of the licensor")


_NO_OPERATOR = "Who operates the service: cf:operator, which names the provider where it does so itself."
_NO_SUBCONTRACTOR = f'Its subcontractors: gx:subContractors, or cf:doesWithout "{SUBCONTRACTORS}".'
_NO_LICENCE = f'Technology under licence: cf:technologyLicence, or cf:doesWithout "{LICENSED_TECHNOLOGY}".'


def operators(facts: ServiceFacts) -> tuple[Named, ...]:
    """Those who are said to operate the service, in the order of `facts.operators`."""
    return tuple(
        named(
            facts,
            facts.provider,
            identifier=said.value.participant,
            name=said.value.legal_name,
            countries=(said.value.country,),
            source=said.source,
        )
        for said in facts.operators
    )


def sub_contractors(facts: ServiceFacts) -> tuple[Named, ...]:
    """Those who are said to do part of the work, in the order of `facts.sub_contractors`."""
    return tuple(
        named(
            facts,
            facts.provider,
            identifier=said.value.participant,
            name=said.value.name,
            countries=said.value.jurisdictions,
            source=said.source,
        )
        for said in facts.sub_contractors
    )


def licensors(facts: ServiceFacts) -> tuple[Named, ...]:
    """Those whose technology is under licence, in the order of `facts.licences`."""
    return tuple(
        named(
            facts,
            facts.provider,
            identifier=said.value.licensor,
            name=said.value.licensor_name or said.value.technology,
            countries=(said.value.licensor_country,),
            source=said.source,
        )
        for said in facts.licences
    )


def participant_kinds(facts: ServiceFacts) -> Fact:
    """What kind of participant the provider says it is."""
    return _codes(
        facts.provider.kinds, f"What kind of organisation it is: cf:participantKind {_OWN_CREDENTIAL}."
    )


def identity(facts: ServiceFacts) -> Fact:
    """How far the provider's identity is established."""
    return Fact(Members(frozenset({facts.identity.value}), closed=True), detail="As this catalogue found it.")


def programmes(facts: ServiceFacts) -> Fact:
    """The programmes whose authority says that the provider takes part, on the day asked about."""
    today = [said for said in facts.participations if said.value.period.covers(facts.on.date())]
    return Fact(
        Members(frozenset(said.value.programme for said in today), closed=False),
        together(said.source for said in today),
        missing="A participation that the programme's authority attests, for this day.",
    )


def consortium_confirmed(facts: ServiceFacts) -> Fact:
    """Whether every member of each consortium that offers the service has signed its part."""
    standings = standings_of(facts)
    if not standings:
        return Fact(None, missing="The consortium that offers it: cf:consortium.")
    outcome = every(one.outcome for one in standings)
    told = " ".join(one.detail for one in standings if one.detail)
    return Fact(
        {Outcome.MET: True, Outcome.NOT_MET: False, Outcome.UNKNOWN: None}[outcome],
        together(*(member.sources for one in standings for member in one.members)),
        told if outcome is Outcome.NOT_MET else "",
        told if outcome is Outcome.UNKNOWN else "",
    )


def state_internal(facts: ServiceFacts) -> Fact:
    """Whether a State's own body runs the service itself: of which State, its seat says.

    That it is a public body is its own word. It counts for one whose registration number a trusted notary
    attests, who can be held to its word; from anybody else it leaves the answer open.
    """
    kinds = together(kind.source for kind in facts.provider.kinds)
    if not facts.provider.kinds:
        return Fact(None, missing=participant_kinds(facts).missing)
    if not is_public_body(facts.provider):
        return Fact(False, kinds, "The provider doesn't say that it is a public body.")
    missing = []
    if facts.identity is not Identity.NOTARISED:
        missing.append("A registration number of the provider, attested by a trusted issuer.")
    own = provider_of(facts).key
    others = [one for one in operators(facts) if one.key != own]
    if not facts.operators:
        missing.append(_NO_OPERATOR)
    for other in others:
        if other.party is not None and other.party.kinds and not is_public_body(other.party):
            return Fact(False, together(kinds, other.sources), f"{other} operates it and is no public body.")
        missing.append(
            f"Whether {other}, who operates it, belongs to the same State: the provider itself must."
        )
    sources = together(kinds, (said.source for said in facts.operators))
    return Fact(None if missing else True, sources, "A public body operates it itself.", listed(missing))


def _codes(said: Sequence[Said[str]], missing: str) -> Fact:
    if not said:
        return Fact(None, missing=missing)
    known = frozenset(one.value for one in said)
    return Fact(Members(known, closed=True), together(one.source for one in said))


def _places(said: Sequence[Said[Place]], missing: str) -> Fact:
    if not said:
        return Fact(None, missing=missing)
    known = frozenset(one.value.country for one in said)
    return Fact(Members(known, closed=True), together(one.source for one in said))


def _of_parties(parties: Iterable[Named], what: str) -> Fact:
    found = tuple(parties)
    without = sorted({one.name for one in found if not one.countries})
    return Fact(
        Members(frozenset(code for one in found for code in one.countries), closed=not without),
        together(*(one.sources for one in found)),
        missing=listed(f"{what} {name}." for name in without),
    )


def _none_of(facts: ServiceFacts, what: str, missing: str) -> Fact:
    """The empty list where the provider says that there is none, else nothing known."""
    said = [one.source for one in facts.does_without if one.value == what]
    if not said:
        return Fact(None, missing=missing)
    return Fact(Members(frozenset(), closed=True), together(said), "The provider says that there is none.")


def _is_closed(fact: Fact) -> bool:
    return isinstance(fact.value, Members) and fact.value.closed
