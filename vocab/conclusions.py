"""What the evidence makes of an offering: labels and levels, exposure to laws, consortia, places, energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from vocab.answers import Fact, Outcome, Source
from vocab.model import Basis


class PathKind(StrEnum):
    """By what a jurisdiction reaches a service."""

    SEAT = "seat"
    HEADQUARTERS = "headquarters"
    ULTIMATE_PARENT = "ultimate_parent"
    SHAREHOLDER = "shareholder"
    OPERATOR = "operator"
    DATA_PLACE = "data_place"
    METADATA_PLACE = "metadata_place"
    SUBCONTRACTOR = "subcontractor"
    LICENSOR = "licensor"


@dataclass(frozen=True, slots=True)
class Path:
    """One way: by whom (a name or an identifier, "" for a place), with how much (percent), in a sentence."""

    kind: PathKind
    party: str
    share: Decimal | None
    detail: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """A country (alpha-2) whose law can reach the service, by which paths, and the laws named for it."""

    country: str
    paths: tuple[Path, ...]
    laws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of immunity to extra-EU law, by its id in the rules, with what it rests on."""

    id: str
    outcome: Outcome
    detail: str
    missing: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Which countries' laws can reach a service.

    `complete` is whether there can be no others; if not, `missing` says what nobody stated. `immunity` is to
    the law of states outside the EU: met (yes), not met (no) or unknown, with its conditions. `facts` are
    those of `vocab.rule_facts` that were worked out from chains of owners, by name.
    """

    reaches: tuple[Reach, ...]
    complete: bool
    missing: tuple[str, ...]
    immunity: Outcome
    conditions: tuple[Condition, ...]
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LabelHeld:
    """A label or a level of a profile as a label (`gaia-x:L2`, `cloud-de-confiance`), and on which basis.

    One label may be held on several bases. Only a `declared` one doesn't count.
    """

    label: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class LevelReached:
    """A level of a shipped profile that the offering meets by our own computation."""

    profile: str
    version: str
    level: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A member that a consortium names: whether it signed that it belongs, and for its part a service."""

    participant: str
    name: str
    outcome: Outcome
    detail: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ConsortiumStanding:
    """A consortium that an offering names: it counts (met) only when each named member signed its part.

    `detail` says what is missing, "" where nothing is.
    """

    consortium: str
    name: str
    outcome: Outcome
    members: tuple[Confirmation, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Conclusions:
    """All of it, for one offering at one moment.

    Of `labels` that are held on the same basis those below another (`vocab.labels.below`) are left out.
    `hosted_in`, `operated_from` and `technology_from` are alpha-2 codes as stated; `pue` is the worst and
    `renewable_percent` the least of the sites that state one, None where none does. `disagreements` say in a
    sentence where a clearing house's level and our own computation differ.
    """

    labels: tuple[LabelHeld, ...]
    levels: tuple[LevelReached, ...]
    exposure: Exposure
    consortia: tuple[ConsortiumStanding, ...]
    hosted_in: tuple[str, ...]
    operated_from: tuple[str, ...]
    technology_from: tuple[str, ...]
    pue: Decimal | None
    renewable_percent: Decimal | None
    disagreements: tuple[str, ...]
