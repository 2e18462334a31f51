"""The JSON forms of what is concluded from evidence; `catalogue.api.conclusion_schemas` documents them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from credentials.times import to_rfc3339
from search.concluded import IMMUNE, number
from vocab import jurisdictions, laws
from vocab.answers import Source
from vocab.conclusions import Condition, Confirmation, ConsortiumStanding, Exposure, Path, Reach
from vocab.consortia import ProgrammePart
from vocab.service_facts import LabelGiven, Said

Json = dict[str, Any]


def source(one: Source) -> Json:
    """A credential that something rests on."""
    return {
        "content_id": one.content_id,
        "digest": one.digest or None,
        "issuer": one.issuer,
        "basis": one.basis.value,
        "valid_from": to_rfc3339(one.valid_from),
        "valid_until": to_rfc3339(one.valid_until) if one.valid_until else None,
    }


def sources(found: Iterable[Source]) -> list[Json]:
    """Credentials that something rests on, each once."""
    return [source(one) for one in dict.fromkeys(found)]


def exposure(found: Exposure, language: str) -> Json:
    """Which countries' laws can reach a service, and whether it is immune to those outside the EU."""
    return {
        "reaches": [_reach(one, language) for one in found.reaches],
        "complete": found.complete,
        "missing": list(found.missing),
        "immunity": IMMUNE[found.immunity],
        "conditions": [_condition(one) for one in found.conditions],
    }


def _reach(reach: Reach, language: str) -> Json:
    return {
        "country": reach.country,
        "label": jurisdictions.name(reach.country, language),
        "laws": [{"id": law, "label": laws.name(law, language)} for law in reach.laws],
        "paths": [_path(path) for path in reach.paths],
    }


def _path(path: Path) -> Json:
    return {
        "kind": path.kind.value,
        "party": path.party or None,
        "share": number(path.share),
        "detail": path.detail,
        "sources": sources(path.sources),
    }


def _condition(condition: Condition) -> Json:
    return {
        "id": condition.id,
        "outcome": condition.outcome.value,
        "detail": condition.detail,
        "missing": condition.missing or None,
        "sources": sources(condition.sources),
    }


def consortium(standing: ConsortiumStanding) -> Json:
    """A consortium that an offering names, and which of its members signed that they belong."""
    return {
        "id": standing.consortium,
        "name": standing.name,
        "outcome": standing.outcome.value,
        "members": [_confirmation(one) for one in standing.members],
    }


def _confirmation(confirmation: Confirmation) -> Json:
    return {
        "participant": confirmation.participant,
        "name": confirmation.name,
        "outcome": confirmation.outcome.value,
        "detail": confirmation.detail,
        "sources": sources(confirmation.sources),
    }


def participation(part: ProgrammePart) -> Json:
    """That a service's provider takes part in a programme, as its authority says."""
    stated, period = part.participation, part.participation.period
    return {
        "programme": stated.programme,
        "role": stated.role or None,
        "project": stated.project or None,
        "start": period.start.isoformat() if period.start else None,
        "end": period.end.isoformat() if period.end else None,
        "states": sorted(part.period.states) if part.period else [],
        "source": source(part.source),
    }


def label_given(said: Said[LabelGiven]) -> Json:
    """A label that a clearing house gives to an offering."""
    return {
        "label": said.value.label,
        "rules_version": said.value.rules_version or None,
        "criteria": sorted(said.value.criteria),
        "source": source(said.source),
    }
