"""Which services may I use, under whose law, at which label, for this need? Criterion by criterion."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request

from catalogue.api import evaluation_schemas as schemas
from catalogue.api import kinds
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.evaluation_schemas import ComparisonArguments, EvaluationArguments
from catalogue.api.negotiation import languages
from catalogue.api.problems import invalid_parameter
from catalogue.api.queries import query_of
from catalogue.evaluating import Measure
from vocab.model import Kind
from vocab.profiles import read

blueprint = Blueprint("evaluations", __name__, description="For buyers: hold services against requirements.")


@blueprint.route("/evaluations", methods=["POST"])
@blueprint.refuses(
    kinds.MALFORMED_REQUEST,
    kinds.INVALID_PARAMETER,
    kinds.NOT_FOUND,
    kinds.TOO_LARGE,
    kinds.UNSUPPORTED_MEDIA_TYPE,
    kinds.UNSUPPORTED_ENCODING,
    kinds.PROFILE_REFUSED,
)
@blueprint.arguments(schemas.EvaluationFormSchema, location="json")
@blueprint.response(200, schemas.EvaluationListSchema)
def evaluate(form: dict[str, Any]) -> Response:
    """Hold services against a profile.

    Those named, or a page of what a query finds; against a profile that comes with the catalogue, or one of
    your own, which isn't kept. Each criterion is `met`, `not_met` or `unknown`, with its evidence.
    """
    services = node()
    services.admission.request(request.remote_addr, "verify", request.content_length or 0)
    measure = _measure(form["profile"], form.get("version"), form.get("level"), form.get("on"))
    if ("offerings" in form) == ("query" in form):
        raise invalid_parameter("offerings", "give either `offerings` or `query`")
    if "offerings" in form:
        return json_answer(
            services.evaluations.named(form["offerings"], measure, languages()), translated=True
        )
    query = query_of(Kind.OFFERING, {**form["query"], "facets": []})
    return json_answer(services.evaluations.found(query, measure, languages()), translated=True)


@blueprint.route("/offerings/<record:id>/evaluation", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.arguments(EvaluationArguments, location="query")
@blueprint.response(200, schemas.EvaluationSchema)
def read_evaluation(arguments: dict[str, Any], id: str) -> Response:
    """Hold a service against a profile: which level it meets, and what stands in the way of the next."""
    evaluations = node().evaluations
    measure = evaluations.measure(
        arguments["profile"], arguments.get("version"), arguments.get("level"), arguments.get("on")
    )
    return json_answer(evaluations.one(id, measure, languages()), translated=True)


@blueprint.route("/offerings/compare", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.arguments(ComparisonArguments, location="query")
@blueprint.response(200, schemas.ComparisonSchema)
def compare(arguments: dict[str, Any]) -> Response:
    """Put services side by side: what is known of each, and each criterion of the profiles."""
    evaluations = node().evaluations
    day = arguments.get("on")
    measures = []
    for name in dict.fromkeys(arguments.get("profile", ())):
        identifier, _, version = name.partition(":")
        measures.append(evaluations.measure(identifier, version, on=day))
    return json_answer(evaluations.compared(arguments["id"], measures, day, languages()), translated=True)


def _measure(asked: Any, version: str | None, level: str | None, on: date | None) -> Measure:
    evaluations = node().evaluations
    if isinstance(asked, str):
        return evaluations.measure(asked, version, level, on)
    if version is not None:
        raise invalid_parameter("version", "is for profiles that come with the catalogue")
    return evaluations.measure_by(read(asked), level, on)
