"""What participants, services and attestations state in the federation's own terms, as typed values.

Only what was said, by whoever signed the statement it was read from: nothing here is believed or concluded.
Texts are "" and figures, dates and answers None where nothing usable was said. Countries are ISO 3166-1
alpha-2 codes, percentages from 0 to 100, identifiers IRIs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

#: Kinds of site, from the central one to those nearest to the user.
SITE_KINDS = ("data-centre", "near-edge", "far-edge", "on-premises-edge", "mec-5g")
#: How a participant takes part in a programme.
PROGRAMME_ROLES = ("direct", "associated", "indirect")
#: What a provider may say that a service has none of, where saying nothing leaves it open.
LICENSED_TECHNOLOGY, SUBCONTRACTORS = DOES_WITHOUT = ("licensed-technology", "subcontractors")


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere: a country, perhaps a subdivision (ISO 3166-2) and a town, and what kind of site is there."""

    country: str
    subdivision: str = ""
    locality: str = ""
    site_kind: str = ""


@dataclass(frozen=True, slots=True)
class OwnershipShare:
    """What one holder has of a participant, and what it may decide by that."""

    holder: str
    holder_name: str
    country: str
    capital_percent: Decimal | None
    voting_percent: Decimal | None
    has_veto: bool | None
    appoints_majority: bool | None
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a consortium as the consortium names it, with its role and its part of the service."""

    participant: str
    role: str
    part: str
    service: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a service or does a task for it."""

    participant: str
    legal_name: str
    country: str
    task: str


@dataclass(frozen=True, slots=True)
class TechnologyLicence:
    """Technology of somebody else in a service: what its licensor sees, and whether it goes on without."""

    technology: str
    licensor: str
    licensor_name: str
    licensor_country: str
    sees_customer_data: bool | None
    sees_metadata: bool | None
    continues_without_licensor: bool | None
    updates_vetted_by_provider: bool | None


@dataclass(frozen=True, slots=True)
class EnergyFigures:
    """A site's energy over a period, with the standards that the figures were made by.

    `pue`, `water_usage_effectiveness` (litres per kWh) and `carbon_usage_effectiveness` (kg CO2e per kWh)
    are per unit of IT energy; `green_energy_coefficient` and `energy_reuse_factor` are shares from 0 to 1.
    """

    pue: Decimal | None
    pue_standard: str
    renewable_percent: Decimal | None
    green_energy_coefficient: Decimal | None
    energy_reuse_factor: Decimal | None
    carbon_usage_effectiveness: Decimal | None
    water_usage_effectiveness: Decimal | None
    standards: tuple[str, ...]
    start: date | None
    end: date | None
    site: Place | None


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included; None: without beginning or end."""

    start: date | None
    end: date | None

    def covers(self, day: date) -> bool:
        """Whether the day falls into the period."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class CertificationFact:
    """A certificate: `ids` of `vocab.certifications`, scheme first, none for an unknown scheme."""

    ids: tuple[str, ...]
    scheme: str
    version: str
    level: str
    scope: str
    covers: tuple[str, ...]
    number: str
    body: str
    period: Period


@dataclass(frozen=True, slots=True)
class ParticipationFact:
    """That a participant takes part in a programme, in which role and with which project."""

    programme: str
    participant: str
    role: str
    project: str
    period: Period
