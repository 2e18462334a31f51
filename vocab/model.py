"""What the catalogue says of one subject, each statement with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vocab.conclusions import Conclusions
    from vocab.service_facts import ServiceFacts


class Kind(StrEnum):
    """What a self-description is about; only offerings and participants are searchable."""

    OFFERING = "offering"
    PARTICIPANT = "participant"
    EVIDENCE = "evidence"


class Identity(StrEnum):
    """How far a participant's identity is established (never blurred, always shown)."""

    NOTARISED = "notarised"
    DOMAIN = "domain"
    SELF_ASSERTED = "self_asserted"


class Basis(StrEnum):
    """On whose word a statement rests, strongest first."""

    ATTESTED = "attested"
    CERTIFIED = "certified"
    COMPUTED = "computed"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why `field` has `value`: the basis, the credential (`content_id`, `issuer`) and the property IRI.

    These three are "" for what the catalogue concluded from several; `detail` says by which rule.
    """

    field: str
    value: str
    basis: Basis
    content_id: str
    issuer: str
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What somebody trusted says of `field`, with the sentence why it doesn't count and whose word it is."""

    field: str
    value: str
    detail: str
    content_id: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Description:
    """The catalogue's reading of one subject.

    `names` and `descriptions` map a language tag ("" where none was given) to text. `jurisdictions` are
    ISO 3166-1 alpha-2 codes, `capabilities` concept ids of `vocab.capabilities`. Never on the provider's own
    word alone are `labels` such as `gaia-x:L1`, `certifications` (ids of `vocab.certifications`; a version
    or level stands beside its scheme) and `programmes` (ids of `vocab.programmes`, by their authority's
    credential about the provider). `participant_kinds` is what the provider says it is. `provided_by` is
    what the statement claims; the provider is always the issuer. `facts` is all that bears on an offering and
    `conclusions` what follows from it; None for what isn't an offering.
    """

    kind: Kind
    subject: str
    issuer: str
    types: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    certifications: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    participant_kinds: tuple[str, ...] = ()
    provided_by: str | None = None
    reasons: tuple[Reason, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    facts: ServiceFacts | None = None
    conclusions: Conclusions | None = None
