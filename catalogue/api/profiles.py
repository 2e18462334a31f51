"""The requirement profiles that come with the catalogue, and what authors of others need."""

from __future__ import annotations

from typing import Any

from flask import Response

from catalogue.api import evaluation_schemas as schemas
from catalogue.api import forms, kinds
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.negotiation import languages
from catalogue.api.queries import Arguments, one
from catalogue.api.vocabulary import MAX_AGE
from catalogue.evaluating import profile_form
from vocab import rule_facts
from vocab.profiles import schema

blueprint = Blueprint("profiles", __name__, description="What a service can be held against.")


class ProfilesArguments(Arguments):
    """Which profiles."""

    on = schemas.day("Only those in force on that day.")


class ProfileArguments(Arguments):
    """Which version of a profile."""

    version = one("The version; without it the one in force on the day.")
    on = schemas.day("The day; today without it.")


@blueprint.route("/profiles", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(ProfilesArguments, location="query")
@blueprint.response(200, schemas.ProfileListSchema)
def list_profiles(arguments: dict[str, Any]) -> Response:
    """List requirement profiles, in all their versions."""
    found = node().evaluations.profiles(arguments.get("on"))
    return json_answer(
        forms.whole(profile_form(one, languages()) for one in found), translated=True, max_age=MAX_AGE
    )


@blueprint.route("/profiles/schema", methods=["GET"])
@blueprint.doc(
    responses={
        "200": {
            "description": "The JSON Schema.",
            "content": {"application/schema+json": {"schema": {"type": "object"}}},
        }
    }
)
def read_profile_schema() -> Response:
    """Read the JSON Schema (draft 2020-12) of profiles, to write one's own."""
    answer = json_answer(schema(), max_age=MAX_AGE)
    answer.mimetype = "application/schema+json"
    return answer


@blueprint.route("/profiles/facts", methods=["GET"])
@blueprint.response(200, schemas.RuleFactListSchema)
def list_rule_facts() -> Response:
    """List what a rule of a profile may ask for."""
    return json_answer(
        forms.whole(
            {"name": name, "kind": fact.kind.value, "description": fact.sentence}
            for name, fact in rule_facts.fact_names().items()
        ),
        max_age=MAX_AGE,
    )


@blueprint.route("/profiles/<string(maxlength=100):profile>", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND)
@blueprint.arguments(ProfileArguments, location="query")
@blueprint.response(200, schemas.ProfileSchema)
def read_profile(arguments: dict[str, Any], profile: str) -> Response:
    """Read a profile: its levels and its criteria."""
    found = node().evaluations.measure(profile, arguments.get("version"), on=arguments.get("on")).profile
    return json_answer(profile_form(found, languages()), translated=True, max_age=MAX_AGE)
