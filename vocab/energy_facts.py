"""A service's energy as rules ask for it: the worst of its sites, and open where a site says nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from vocab.answers import Amount, Fact, Members
from vocab.facts import EnergyFigures
from vocab.parties import together
from vocab.service_facts import ServiceFacts

_NO_FIGURES = "Energy figures of its sites: cf:energy with {term}."


def most(facts: ServiceFacts, read: Callable[[EnergyFigures], Decimal | None], term: str) -> Fact:
    """A figure that is worse the larger it is: the largest that any site states."""
    return _figure(facts, read, term, worst=max)


def least(facts: ServiceFacts, read: Callable[[EnergyFigures], Decimal | None], term: str) -> Fact:
    """A figure that is worse the smaller it is: the smallest that any site states."""
    return _figure(facts, read, term, worst=min)


def _figure(
    facts: ServiceFacts,
    read: Callable[[EnergyFigures], Decimal | None],
    term: str,
    *,
    worst: Callable[[list[Decimal]], Decimal],
) -> Fact:
    stated = [(figure, said.source) for said in facts.energy if (figure := read(said.value)) is not None]
    if not stated:
        return Fact(None, missing=_NO_FIGURES.format(term=term))
    figure = worst([one for one, _ in stated])
    sources = together(source for _, source in stated)
    if len(stated) == len(facts.energy):
        return Fact(Amount(figure, figure), sources, "The worst of the sites.")
    # A site that says nothing may be worse than the worst of the others, never make them better.
    open_ended = Amount(figure, None) if worst is max else Amount(Decimal(0), figure)
    return Fact(open_ended, sources, "The worst of the sites that state one.", f"{term} of every site.")


def pue_standard_named(facts: ServiceFacts) -> Fact:
    """Whether every PUE that is stated comes with the standard by which it was measured."""
    stated = [said for said in facts.energy if said.value.pue is not None]
    missing = _NO_FIGURES.format(term="cf:pue and cf:pueStandard")
    if not stated or not all(said.value.pue_standard for said in stated):
        return Fact(None, together(said.source for said in stated), missing=missing)
    return Fact(True, together(said.source for said in stated))


def energy_standards(facts: ServiceFacts) -> Fact:
    """The standards that the figures follow, without the year of their edition: `ISO/IEC 30134-2`."""
    found = {
        " ".join(text.partition(":")[0].split()).upper(): said.source
        for said in facts.energy
        for text in (said.value.pue_standard, *said.value.standards)
        if text
    }
    return Fact(
        Members(frozenset(found), closed=False),
        together(found.values()),
        missing=_NO_FIGURES.format(term="cf:standard"),
    )
