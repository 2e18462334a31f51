"""The terms that the catalogue speaks in, with their names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from catalogue.api import forms, schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.forms import Json
from catalogue.api.negotiation import JSON, JSON_LD, TURTLE, languages, preferred
from catalogue.api.terms import in_rdf
from catalogue.lifecycle import State
from catalogue.wording import STATES, spoken
from vocab import (
    capabilities,
    certifications,
    jurisdictions,
    labels,
    ontology,
    participant_kinds,
    programmes,
)
from vocab.languages import choose

blueprint = Blueprint("vocabulary", __name__, description="The terms to filter by, named in en, fr and de.")

#: Seconds that a cache may keep the vocabulary; it changes with releases of the program.
MAX_AGE = 3_600


def _answer(items: Iterable[Json], language: str, *, vary: str = "Accept-Language") -> Response:
    answer = json_answer(forms.whole(items), translated=True, max_age=MAX_AGE)
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = vary
    return answer


@blueprint.route("/vocabulary/capabilities", methods=["GET"])
@blueprint.response(200, schemas.CapabilityListSchema)
@blueprint.doc(
    responses={
        200: {
            "description": "A list in the reader's language, or the SKOS concept scheme in all of them.",
            "content": {
                JSON_LD: {"schema": {"type": "object"}},
                TURTLE: {"schema": {"type": "string"}},
            },
        }
    }
)
def list_capabilities() -> Response:
    """List the capability taxonomy."""
    form = preferred((JSON, JSON_LD, TURTLE))
    if form in (JSON_LD, TURTLE):
        scheme = in_rdf(ontology.capability_scheme, form)
        scheme.headers["Vary"] = "Accept, Accept-Language"
        return scheme
    language = spoken(languages())
    return _answer(
        (
            {
                "id": concept.id,
                "iri": concept.iri,
                "label": concept.label(language),
                "synonyms": list(concept.synonyms.get(language, ())),
                "broader": concept.broader,
                "narrower": list(capabilities.narrower(concept.id)),
            }
            for concept in capabilities.concepts()
        ),
        language,
        vary="Accept, Accept-Language",
    )


@blueprint.route("/vocabulary/jurisdictions", methods=["GET"])
@blueprint.response(200, schemas.JurisdictionListSchema)
def list_jurisdictions() -> Response:
    """List countries, and the groups that can be asked for like a country."""
    language = spoken(languages())
    today = node().clock().date()
    members = {"EU": jurisdictions.eu_members(today), "EEA": jurisdictions.eea_members(today)}
    kinds = dict.fromkeys(jurisdictions.GROUPS, "group")
    return _answer(
        (
            {
                "id": code,
                "kind": kinds.get(code, "country"),
                "label": jurisdictions.name(code, language),
                "groups": [group for group, states in members.items() if code in states],
            }
            for code in (*jurisdictions.GROUPS, *jurisdictions.countries())
        ),
        language,
    )


@blueprint.route("/vocabulary/labels", methods=["GET"])
@blueprint.response(200, schemas.LabelListSchema)
def list_labels() -> Response:
    """List trust labels."""
    language = spoken(languages())
    return _answer(
        (
            {
                "id": label.id,
                "scheme": label.scheme,
                "label": label.label(language),
                "below": list(label.below),
            }
            for label in labels.labels()
        ),
        language,
    )


@blueprint.route("/vocabulary/certifications", methods=["GET"])
@blueprint.response(200, schemas.CertificationListSchema)
def list_certifications() -> Response:
    """List certification schemes with their versions and levels."""
    language = spoken(languages())
    return _answer(
        (
            {
                "id": entry.id,
                "kind": entry.kind,
                "broader": entry.broader,
                "label": entry.label(language),
                "authority": entry.authority,
                "country": entry.country or None,
                "subject": entry.subject,
                "status": entry.status,
                "validity_months": entry.validity_months,
            }
            for entry in certifications.certifications()
        ),
        language,
    )


@blueprint.route("/vocabulary/participant-kinds", methods=["GET"])
@blueprint.response(200, schemas.ParticipantKindListSchema)
def list_participant_kinds() -> Response:
    """List the kinds of participant."""
    language = spoken(languages())
    return _answer(
        ({"id": kind.id, "label": kind.label(language)} for kind in participant_kinds.participant_kinds()),
        language,
    )


@blueprint.route("/vocabulary/programmes", methods=["GET"])
@blueprint.response(200, schemas.ProgrammeListSchema)
def list_programmes() -> Response:
    """List public programmes, and which states backed them when."""
    language = spoken(languages())
    return _answer(
        (
            {
                "id": programme.id,
                "label": programme.label(language),
                "short": choose(programme.short, language),
                "periods": [
                    {
                        "id": period.id,
                        "since": period.since.isoformat(),
                        "until": period.until.isoformat() if period.until else None,
                        "precision": period.precision,
                        "states": sorted(period.states),
                        "source": period.source,
                    }
                    for period in programme.periods
                ],
            }
            for programme in programmes.programmes()
        ),
        language,
    )


@blueprint.route("/vocabulary/states", methods=["GET"])
@blueprint.response(200, schemas.StateListSchema)
def list_states() -> Response:
    """List the states that a statement can be in."""
    language = spoken(languages())
    return _answer(
        ({"id": state.value, "label": choose(STATES[state.value], language)} for state in State), language
    )
