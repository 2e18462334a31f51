"""What an engine keeps of one listed record: the one mapping from a description to a searchable document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from types import MappingProxyType

from credentials.times import to_rfc3339
from search.concluded import Consortium, concluded, with_below, with_groups
from search.fact_names import fact_terms
from vocab import capabilities as taxonomy
from vocab.model import Description, Identity

#: Characters of a description that are searched and given back; the whole text stays in the credential.
#: Two screens of prose; with it an item stays a few kilobytes whatever a provider writes.
MAX_DESCRIPTION = 4_000
#: Characters of a name that are searched, sorted by and given back; no service is called by a paragraph.
MAX_NAME = 300
#: Languages in which one text is kept: the official languages of the EU are 24.
MAX_LANGUAGES = 24
#: Keywords kept per record, in the order given; more is stuffing.
MAX_KEYWORDS = 50
#: Characters of one keyword.
MAX_KEYWORD = 100

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Provider:
    """Who answers for a record: always its issuer.

    `id` is the record id of the issuer's own participant credential (None while there is none), `name`
    what that credential calls it ("" if unknown), `did` the issuer, `identity` how far it is established.
    """

    did: str
    identity: Identity
    id: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The facts of a record's listing which its description doesn't hold.

    `id` is the record id, `digest` and `content_id` name the listed statement, `state` is the record's
    state as the store calls it, `shapes` what came of the check of that name. `listed_by` are the names
    of the nodes whose logs list the statement, of this one `search.values.HERE`.
    """

    id: str
    digest: str
    content_id: str
    state: str
    listed_at: datetime
    provider: Provider
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    shapes: str = "not_checked"
    listed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One searchable record; every engine gives the same answers from these members.

    `names` and `descriptions` map a language tag ("" if none was given) to text. `jurisdictions` holds
    alpha-2 codes and their groups (`EU`, `EEA`), `capabilities` concept ids with all their ancestors,
    `certifications` a version or level beside its scheme: filters and facets count these values, `programmes`
    and `participant_kinds` as they stand. `labels` are those held on a basis that counts, `label_bases` are
    `(label, basis)` pairs on any basis, both with the levels below. `levels` are `profile:level` by the
    versions in force, `eligible_for` `profile:version:level`. `exposed_to` holds alpha-2 codes, and `unknown`
    where other states may reach it too; `immune` is `yes`, `no` or `unknown`, and "" where exposure was never
    worked out. `hosted_in`, `operated_from` and `technology_from` are like `jurisdictions`, `consortia` those
    that count, `listed_by` as in `Listing`. `concepts` are the record's own concepts without their ancestors.
    `capability_terms` are `(language, text)` pairs: names and synonyms of the record's own concepts;
    `broader_terms` those of their ancestors; `fact_terms` the names of its places, labels, certifications,
    programmes and kinds of participant.
    `item` is JSON that hits give back untouched (see `item_of`); highlights are taken from its `names` and
    `descriptions`.
    """

    id: str
    kind: str
    provider_did: str
    identity: str
    state: str
    listed_at: datetime
    item: Mapping[str, object]
    subject: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    descriptions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    keywords: tuple[str, ...] = ()
    provider_id: str | None = None
    provider_name: str = ""
    jurisdictions: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    capability_terms: tuple[tuple[str, str], ...] = ()
    broader_terms: tuple[tuple[str, str], ...] = ()
    fact_terms: tuple[tuple[str, str], ...] = ()
    concepts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    certifications: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    participant_kinds: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    label_bases: tuple[tuple[str, str], ...] = ()
    levels: tuple[str, ...] = ()
    eligible_for: tuple[str, ...] = ()
    exposed_to: tuple[str, ...] = ()
    immune: str = ""
    hosted_in: tuple[str, ...] = ()
    operated_from: tuple[str, ...] = ()
    technology_from: tuple[str, ...] = ()
    consortia: tuple[Consortium, ...] = ()
    pue: Decimal | None = None
    renewable_percent: Decimal | None = None
    listed_by: tuple[str, ...] = ()


def document_of(description: Description, listing: Listing, *, on: date) -> Document:
    """The document of one listed record.

    `on` decides which states are in the EU and the EEA (membership is a fact with a period). A capability
    that the taxonomy no longer knows is left out: it could be neither named nor found by its parents.
    """
    own = tuple(_known(description.capabilities))
    broader = tuple(_unique(up for concept in own for up in taxonomy.ancestors(concept) if up not in own))
    countries = tuple(_unique(description.jurisdictions))
    with_their_groups = with_groups(countries, on)
    names = _bounded(description.names, MAX_NAME)
    descriptions = _bounded(description.descriptions, MAX_DESCRIPTION)
    keywords = tuple(word[:MAX_KEYWORD] for word in description.keywords[:MAX_KEYWORDS])
    labels = tuple(_unique(description.labels))
    worked_out = concluded(description, on)
    provider = listing.provider
    return Document(
        id=listing.id,
        kind=description.kind.value,
        provider_did=provider.did,
        identity=provider.identity.value,
        state=listing.state,
        listed_at=listing.listed_at,
        subject=description.subject,
        names=names,
        descriptions=descriptions,
        keywords=keywords,
        provider_id=provider.id,
        provider_name=provider.name[:MAX_NAME],
        jurisdictions=with_their_groups,
        capabilities=(*own, *broader),
        capability_terms=tuple(chain.from_iterable(map(_terms, own))),
        broader_terms=tuple(chain.from_iterable(map(_terms, broader))),
        fact_terms=fact_terms(
            places=with_their_groups,
            trust_labels=labels,
            certificates=description.certifications,
            in_programmes=description.programmes,
            kinds=description.participant_kinds,
            immune=worked_out.immune == "yes",
        ),
        concepts=own,
        labels=tuple(_unique(one for label in labels for one in with_below(label))),
        certifications=description.certifications,
        programmes=description.programmes,
        participant_kinds=description.participant_kinds,
        valid_from=listing.valid_from,
        valid_until=listing.valid_until,
        label_bases=worked_out.label_bases,
        levels=worked_out.levels,
        eligible_for=worked_out.eligible_for,
        exposed_to=worked_out.exposed_to,
        immune=worked_out.immune,
        hosted_in=worked_out.hosted_in,
        operated_from=worked_out.operated_from,
        technology_from=worked_out.technology_from,
        consortia=worked_out.consortia,
        pue=worked_out.pue,
        renewable_percent=worked_out.renewable_percent,
        listed_by=listing.listed_by,
        item={
            "id": listing.id,
            "kind": description.kind.value,
            "names": dict(names),
            "descriptions": dict(descriptions),
            "keywords": list(keywords),
            "provider": provider_form(provider),
            "labels": list(labels),
            "certifications": list(description.certifications),
            "programmes": list(description.programmes),
            "participant_kinds": list(description.participant_kinds),
            **worked_out.item,
            "jurisdictions": list(countries),
            "capabilities": list(own),
            "subject": description.subject,
            "types": list(description.types),
            "provided_by": description.provided_by,
            "digest": listing.digest,
            "content_id": listing.content_id,
            "state": listing.state,
            "shapes": listing.shapes,
            "listed_at": to_rfc3339(listing.listed_at),
            "listed_by": list(listing.listed_by),
            "valid_until": to_rfc3339(listing.valid_until) if listing.valid_until else None,
        },
    )


def provider_form(provider: Provider) -> dict[str, object]:
    """Who answers for a record, as hits and evaluations show it."""
    return {
        "id": provider.id,
        "name": provider.name[:MAX_NAME],
        "did": provider.did,
        "identity": provider.identity.value,
    }


def primary_name(names: Mapping[str, str]) -> str:
    """The name to sort by: the one without a language, else the English one, else the first by tag."""
    for language in ("", "en"):
        if names.get(language):
            return names[language]
    return next((names[language] for language in sorted(names) if names[language]), "")


def _bounded(texts: Mapping[str, str], limit: int) -> dict[str, str]:
    return {language: text[:limit] for language, text in list(texts.items())[:MAX_LANGUAGES]}


def _known(concepts: Iterable[str]) -> Iterable[str]:
    return (concept for concept in _unique(concepts) if taxonomy.is_capability(concept))


@cache
def _terms(concept_id: str) -> tuple[tuple[str, str], ...]:
    concept = taxonomy.concept(concept_id)
    synonyms = ((language, name) for language, names in concept.synonyms.items() for name in names)
    return (*concept.labels.items(), *synonyms)


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)
