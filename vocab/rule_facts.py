"""The facts that a requirement profile may ask for, by name: what each is, for authors, and its value.

A rule holds a fact against a limit. `amount` is a number, `members` a set of codes, `answer` yes or no. What
nobody states leaves a fact open, and the rule unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from vocab import energy_facts, stated_facts
from vocab.answers import Fact, Members, Outcome
from vocab.conclusions import Exposure
from vocab.parties import listed, together
from vocab.service_facts import ServiceFacts


class FactKind(StrEnum):
    """What kind of value a fact has, and so what it can be held against."""

    AMOUNT = "amount"
    MEMBERS = "members"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class RuleFact:
    """A fact that a rule may ask for: its name, the kind of its value and a sentence for authors."""

    name: str
    kind: FactKind
    sentence: str


class UnknownFact(KeyError):
    """There is no fact of this `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_Read = Callable[[ServiceFacts, Exposure], Fact]


def fact_names() -> Mapping[str, RuleFact]:
    """Every fact that a rule may ask for, by its name."""
    return _NAMES


def fact(name: str, facts: ServiceFacts, exposure: Exposure) -> Fact:
    """What is known of a fact. Raises `UnknownFact`."""
    if name not in _READERS:
        raise UnknownFact(name)
    return _READERS[name](facts, exposure)


def _stated(read: Callable[[ServiceFacts], Fact]) -> _Read:
    return lambda facts, exposure: read(facts)


def _worked_out(name: str) -> _Read:
    """A fact that `vocab.exposure` works out from chains of owners and kept there."""
    return lambda facts, exposure: exposure.facts.get(name, _NOT_WORKED_OUT)


_NOT_WORKED_OUT = Fact(None, missing="It was not worked out for this offering.")


def _exposed_to(facts: ServiceFacts, exposure: Exposure) -> Fact:
    return Fact(
        Members(frozenset(reach.country for reach in exposure.reaches), closed=exposure.complete),
        together(*(path.sources for reach in exposure.reaches for path in reach.paths)),
        listed(path.detail + "." for reach in exposure.reaches for path in reach.paths),
        listed(exposure.missing),
    )


def _immune(facts: ServiceFacts, exposure: Exposure) -> Fact:
    answers = {Outcome.MET: True, Outcome.NOT_MET: False, Outcome.UNKNOWN: None}
    open_ones = [one for one in exposure.conditions if one.outcome is not Outcome.MET]
    return Fact(
        answers[exposure.immunity],
        together(*(condition.sources for condition in exposure.conditions)),
        listed(f"{one.id}: {one.detail}." for one in open_ones if one.detail),
        listed(one.missing for one in open_ones if one.missing),
    )


_AMOUNT, _MEMBERS, _ANSWER = FactKind.AMOUNT, FactKind.MEMBERS, FactKind.ANSWER
_FACTS: tuple[tuple[str, FactKind, str, _Read], ...] = (
    (
        "seat",
        _MEMBERS,
        "Country of the provider's registered seat.",
        _stated(stated_facts.seat),
    ),
    (
        "headquarters",
        _MEMBERS,
        "Country of the provider's headquarters.",
        _stated(stated_facts.headquarters),
    ),
    (
        "central_administration",
        _MEMBERS,
        "Country that the provider is directed from.",
        _stated(stated_facts.central_administration),
    ),
    (
        "main_establishment",
        _MEMBERS,
        "Country where the provider does most of its business.",
        _stated(stated_facts.main_establishment),
    ),
    (
        "provider_established",
        _MEMBERS,
        "Countries of the provider's seat, headquarters, central administration and main establishment.",
        _stated(stated_facts.provider_established),
    ),
    (
        "ultimate_parents",
        _MEMBERS,
        "Countries of those who control the provider in the end; none where nobody does.",
        _worked_out("ultimate_parents"),
    ),
    (
        "outside_share_single",
        _AMOUNT,
        "Percent of the provider's capital or votes that the largest holder outside the EU has.",
        _worked_out("outside_share_single"),
    ),
    (
        "outside_share_together",
        _AMOUNT,
        "Percent of the provider's capital or votes that all holders outside the EU have together.",
        _worked_out("outside_share_together"),
    ),
    (
        "outside_holders_decide",
        _ANSWER,
        "Whether a holder outside the EU has a veto or can appoint most of those who direct the provider.",
        _worked_out("outside_holders_decide"),
    ),
    (
        "data_places",
        _MEMBERS,
        "Countries where customers' data is stored and processed.",
        _stated(stated_facts.data_places),
    ),
    (
        "metadata_places",
        _MEMBERS,
        "Countries where technical data and metadata are stored and processed.",
        _stated(stated_facts.metadata_places),
    ),
    (
        "operation_places",
        _MEMBERS,
        "Countries from which the service is operated, administered and supported.",
        _stated(stated_facts.operation_places),
    ),
    (
        "operated_by",
        _MEMBERS,
        "Countries in which those who operate the service are established.",
        _stated(stated_facts.operated_by),
    ),
    (
        "subcontractor_jurisdictions",
        _MEMBERS,
        "Countries whose law applies to subcontractors, or in which they are established.",
        _stated(stated_facts.subcontractor_jurisdictions),
    ),
    (
        "technology_from",
        _MEMBERS,
        "Countries of those whose technology under licence is in the service.",
        _stated(stated_facts.technology_from),
    ),
    (
        "licensors_see_data",
        _ANSWER,
        "Whether a licensor outside the EU, or controlled from there, sees customers' data.",
        _worked_out("licensors_see_data"),
    ),
    (
        "licensors_see_metadata",
        _ANSWER,
        "Whether a licensor outside the EU, or controlled from there, sees technical data or metadata.",
        _worked_out("licensors_see_metadata"),
    ),
    (
        "outside_parties_see_data",
        _ANSWER,
        "Whether anybody outside the EU, or controlled from there, who takes part sees customers' data.",
        _worked_out("outside_parties_see_data"),
    ),
    (
        "outside_parties_see_metadata",
        _ANSWER,
        "Whether anybody outside the EU, or controlled from there, who takes part sees metadata.",
        _worked_out("outside_parties_see_metadata"),
    ),
    (
        "continues_without_licensors",
        _ANSWER,
        "Whether the provider can go on without each licensor outside the EU, or controlled from there.",
        _worked_out("continues_without_licensors"),
    ),
    (
        "updates_vetted",
        _ANSWER,
        "Whether the provider's own staff vets and installs what licensors outside the EU deliver.",
        _worked_out("updates_vetted"),
    ),
    (
        "exposed_to",
        _MEMBERS,
        "Countries whose law can reach the service, by whatever path.",
        _exposed_to,
    ),
    (
        "immune_to_extra_eu_law",
        _ANSWER,
        "Whether the service is immune to the law of states outside the EU (SecNumCloud 3.2, 19.2 and 19.6).",
        _immune,
    ),
    (
        "participant_kind",
        _MEMBERS,
        "Kind of participant that the provider says it is, by the ids of /vocabulary/participant-kinds.",
        _stated(stated_facts.participant_kinds),
    ),
    (
        "identity",
        _MEMBERS,
        "How far the provider's identity is established: notarised, domain or self_asserted.",
        _stated(stated_facts.identity),
    ),
    (
        "programme",
        _MEMBERS,
        "Programmes whose authority attests that the provider takes part on that day.",
        _stated(stated_facts.programmes),
    ),
    (
        "consortium_confirmed",
        _ANSWER,
        "Whether every member of the consortium that offers the service has signed its part.",
        _stated(stated_facts.consortium_confirmed),
    ),
    (
        "state_internal",
        _ANSWER,
        "Whether a public body of notarised identity operates it itself; its seat says of which State.",
        _stated(stated_facts.state_internal),
    ),
    (
        "pue",
        _AMOUNT,
        "Power usage effectiveness of the worst site.",
        _stated(lambda facts: energy_facts.most(facts, lambda one: one.pue, "cf:pue")),
    ),
    (
        "pue_standard_named",
        _ANSWER,
        "Whether every PUE comes with the standard by which it was measured.",
        _stated(energy_facts.pue_standard_named),
    ),
    (
        "renewable_percent",
        _AMOUNT,
        "Percent of renewable energy at the site that has least.",
        _stated(
            lambda facts: energy_facts.least(facts, lambda one: one.renewable_percent, "cf:renewablePercent")
        ),
    ),
    (
        "green_energy_coefficient",
        _AMOUNT,
        "Green energy coefficient, from 0 to 1, of the site that has least.",
        _stated(
            lambda facts: energy_facts.least(
                facts, lambda one: one.green_energy_coefficient, "cf:greenEnergyCoefficient"
            )
        ),
    ),
    (
        "energy_reuse_factor",
        _AMOUNT,
        "Energy reuse factor, from 0 to 1, of the site that has least.",
        _stated(
            lambda facts: energy_facts.least(
                facts, lambda one: one.energy_reuse_factor, "cf:energyReuseFactor"
            )
        ),
    ),
    (
        "carbon_usage_effectiveness",
        _AMOUNT,
        "Kilograms of CO2 equivalent by kilowatt-hour of IT energy at the worst site.",
        _stated(
            lambda facts: energy_facts.most(
                facts, lambda one: one.carbon_usage_effectiveness, "cf:carbonUsageEffectiveness"
            )
        ),
    ),
    (
        "water_usage_effectiveness",
        _AMOUNT,
        "Litres of water by kilowatt-hour of IT energy at the worst site.",
        _stated(
            lambda facts: energy_facts.most(
                facts, lambda one: one.water_usage_effectiveness, "cf:waterUsageEffectiveness"
            )
        ),
    ),
    (
        "energy_standards",
        _MEMBERS,
        "Standards that the energy figures follow, without a year: ISO/IEC 30134-2, ISO 14069.",
        _stated(energy_facts.energy_standards),
    ),
)
_NAMES: Mapping[str, RuleFact] = MappingProxyType(
    {name: RuleFact(name, kind, sentence) for name, kind, sentence, _ in _FACTS}
)
_READERS: Mapping[str, _Read] = MappingProxyType({name: read for name, _, _, read in _FACTS})
