"""A service held against one set of rules: every criterion, what came of it, and by which evidence."""

from __future__ import annotations

from flask import Response

from catalogue.api.blueprint import node
from catalogue.api.evaluation_schemas import EvaluationArguments
from catalogue.api.negotiation import languages
from catalogue.web.asking import arguments
from catalogue.web.ladders import ladder, requirements
from catalogue.web.pages import beside
from catalogue.web.rendering import render
from catalogue.wording import pick
from vocab.evaluating import evaluate


@beside("evaluations.read_evaluation")
def evaluation(id: str) -> Response:
    """GET /offerings/ID/evaluation for people."""
    asked = arguments(EvaluationArguments())
    services = node()
    measure = services.evaluations.measure(
        asked["profile"], asked.get("version"), asked.get("level"), asked.get("on")
    )
    subject = services.evaluations.subject(id, measure.on)
    found = evaluate(measure.profile, subject.facts, subject.conclusions.exposure)
    return render(
        "evaluation.html",
        record=id,
        name=pick(subject.described.names, languages()),
        profile=measure.profile,
        ladder=ladder(measure.profile, found.levels, most=0),
        requirements=requirements(measure.profile, found),
        on=subject.facts.on,
    )
