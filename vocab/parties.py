"""Who is meant where a statement names somebody: the participant itself, if its own credentials are here.

Else it is only what the one says who names it. Whoever is named with an identifier could speak for itself;
whoever is named without one can't be followed, and ends there on the word of the one that names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from vocab.answers import Source
from vocab.folding import fold
from vocab.jurisdictions import groups
from vocab.ownership import canonical, owns
from vocab.service_facts import Party, ServiceFacts

#: The kind of participant that nobody holds shares in.
PUBLIC_BODY = "public-body"
#: What somebody is called of whom neither a name nor an identifier is stated: it may be several.
UNNAMED = "somebody unnamed"
#: Names or sentences that stand in one text; whoever has more to hear begins with these.
MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is named. `key` is equal for the same one, `countries` where it is established (alpha-2).

    `countries` are what the one says who names it, and what it says itself of its seat, headquarters, central
    administration and main establishment. `is_identified`: it has an identifier of its own.
    """

    key: str
    name: str
    countries: frozenset[str]
    party: Party | None
    is_identified: bool
    sources: tuple[Source, ...]

    @property
    def is_final(self) -> bool:
        """Whether there is nobody behind it to look for."""
        if self.party is None:
            return not self.is_identified
        return is_public_body(self.party) and not (self.party.owners or self.party.parents)

    def __str__(self) -> str:
        where = f" ({', '.join(sorted(self.countries))})" if self.countries else ""
        return f"{self.name}{where}"


def provider_of(facts: ServiceFacts) -> Named:
    """The provider of the offering."""
    return _of_party(facts.provider, frozenset(), ())


def named(
    facts: ServiceFacts,
    by: Party,
    *,
    identifier: str = "",
    name: str = "",
    countries: Iterable[str] = (),
    source: Source,
) -> Named:
    """Whom `by` names so in a statement with this source."""
    stated = frozenset(filter(None, countries))
    if identifier:
        party = facts.parties.get(identifier) or facts.parties.get(canonical(identifier))
        if party is not None:
            return _of_party(party, stated, (source,))
    # What the one who names controls is its own way of writing the name down: nobody else can sign for it.
    identified = bool(identifier) and not (by.did and owns(by.did, identifier))
    key = canonical(identifier) if identified else f"{fold(name)} {' '.join(sorted(stated))}"
    return Named(key, name or identifier or UNNAMED, stated, None, identified, (source,))


def is_public_body(party: Party) -> bool:
    """Whether a participant says that it is a public body."""
    return any(kind.value == PUBLIC_BODY for kind in party.kinds)


def in_eu(country: str, on: date) -> bool:
    """Whether a country belongs to the EU on a day."""
    return "EU" in groups(country, on)


def outside_eu(countries: Iterable[str], on: date) -> tuple[str, ...]:
    """Those of the countries that don't belong to the EU on a day, in order."""
    return tuple(sorted(country for country in countries if not in_eu(country, on)))


def together(*sources: Iterable[Source]) -> tuple[Source, ...]:
    """Several lists of sources as one, each source once, in an order that doesn't depend on theirs."""
    # Most often all is said by one credential or two, each of them one object.
    seen = {}
    for some in sources:
        for one in some:
            seen[id(one)] = one
    if len(seen) < 2:
        return tuple(seen.values())
    found = {(one.issuer, one.content_id, one.basis): one for one in seen.values()}
    return tuple(found[key] for key in sorted(found))


def listed(texts: Iterable[str], between: str = " ") -> str:
    """Texts in a row, each once, and how many more there are where they are too many to read."""
    found = list(dict.fromkeys(texts))
    if len(found) < 2:
        return found[0] if found else ""
    shown = between.join(found[:MAX_LISTED])
    return shown if len(found) <= MAX_LISTED else f"{shown}{between}({len(found) - MAX_LISTED} more)"


def _of_party(party: Party, stated: frozenset[str], sources: tuple[Source, ...]) -> Named:
    said = (
        *party.seats,
        *party.headquarters,
        *party.central_administration,
        *party.main_establishment,
    )
    return Named(
        # An issuer may speak for several participants: its DID is the name of one of them at most.
        key=canonical(party.did) if party.did in party.names else min(party.names, default=""),
        name=party.name or party.did or min(party.names, default=""),
        countries=stated | {one.value for one in said},
        party=party,
        is_identified=True,
        sources=together(sources, (one.source for one in said)),
    )
