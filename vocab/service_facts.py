"""Everything that a rule may ask of one offering: what was said, by whom, and what counts.

Gathered once per description (`vocab.gathering`), then asked by jurisdiction rules (`vocab.exposure`) and by
requirement profiles (`vocab.evaluating`). Nothing here is concluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from vocab.answers import Source
from vocab.facts import (
    CertificationFact,
    EnergyFigures,
    Membership,
    Operator,
    OwnershipShare,
    ParticipationFact,
    Place,
    TechnologyLicence,
)
from vocab.model import Identity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value and the credential that says it."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class Party:
    """A participant by its own current credentials, or as far as others name it.

    `did` is "" for one that is only named; `names` are the identifiers it goes by. `seats`, `headquarters`,
    `central_administration` and `main_establishment` are alpha-2 codes. `parents` are the identifiers under
    `subOrganisationOf`, `member_of` the consortia that it says it belongs to.
    """

    did: str
    names: frozenset[str]
    name: str
    seats: tuple[Said[str], ...] = ()
    headquarters: tuple[Said[str], ...] = ()
    central_administration: tuple[Said[str], ...] = ()
    main_establishment: tuple[Said[str], ...] = ()
    kinds: tuple[Said[str], ...] = ()
    parents: tuple[Said[str], ...] = ()
    owners: tuple[Said[OwnershipShare], ...] = ()
    members: tuple[Said[Membership], ...] = ()
    member_of: tuple[Said[str], ...] = ()


@dataclass(frozen=True, slots=True)
class LabelGiven:
    """A label that a trusted issuer gives to this very offering: which, by which rules, what it validated.

    `label` is an id of `vocab.labels`; `rules_version` "" where none is named; `criteria` are the criterion
    ids that the clearing house says it validated; `path` is the property IRI under which the level stands.
    """

    label: str
    rules_version: str
    criteria: frozenset[str]
    path: str = ""


@dataclass(frozen=True, slots=True)
class SubContractor:
    """Somebody who does part of the work, and the countries whose law is said to apply to it."""

    participant: str
    name: str
    jurisdictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One offering with all that bears on it, for one moment.

    `parties` holds the provider and every other participant that is known here, by each identifier that it
    goes by (for parents, owners, operators, licensors, consortia and their members). `certifications` and
    `participations` are those that count (trusted issuer, valid now, about this offering or its provider);
    `declared_certifications` and `declared_labels` are the provider's own word. `claims` maps what the
    offering's self-description says at all to its source: property IRIs, and `property IRI + " " + class IRI`
    for a typed value under it. `declared_criteria` are `profile:criterion` ids the provider says it meets,
    `does_without` what it says the service has none of (`vocab.facts.DOES_WITHOUT`): that nothing is said of
    subcontractors doesn't say that there are none.
    """

    subject: str
    provider: Party
    identity: Identity
    on: datetime
    own: Source
    parties: Mapping[str, Party]
    claims: Mapping[str, Source]
    declared_criteria: Mapping[str, Source]
    labels: tuple[Said[LabelGiven], ...] = ()
    declared_labels: tuple[Said[str], ...] = ()
    certifications: tuple[Said[CertificationFact], ...] = ()
    declared_certifications: tuple[Said[CertificationFact], ...] = ()
    participations: tuple[Said[ParticipationFact], ...] = ()
    operators: tuple[Said[Operator], ...] = ()
    operation_places: tuple[Said[Place], ...] = ()
    data_places: tuple[Said[Place], ...] = ()
    metadata_places: tuple[Said[Place], ...] = ()
    licences: tuple[Said[TechnologyLicence], ...] = ()
    sub_contractors: tuple[Said[SubContractor], ...] = ()
    energy: tuple[Said[EnergyFigures], ...] = ()
    consortia: tuple[Said[str], ...] = ()
    does_without: tuple[Said[str], ...] = ()
