"""Which may I use? Three questions, the services that qualify, those that don't, and the reason for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import Response, request

from catalogue.api.blueprint import node
from catalogue.api.negotiation import languages
from catalogue.api.problems import invalid_parameter
from catalogue.errors import BadParameter, NotFound
from catalogue.evaluating import Measure
from catalogue.web.asking import given
from catalogue.web.language import gettext as _
from catalogue.web.language import language
from catalogue.web.needs import KindUnknown, Whose, kinds_of, measure_for, owners, rules_in_words
from catalogue.web.pages import page
from catalogue.web.rendering import own_address, render
from catalogue.web.verdicts import Verdict, verdicts_of
from search.query import MAX_TEXT, Query, QueryInvalid, Sort
from vocab.profiles import ProfileInvalid, read

#: Services evaluated for one page: each costs a millisecond or two.
SIZE = 20
_PARAMETERS = {"whose": False, "kind": False, "on": False, "q": False, "others": False}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of services held against the measure. `next` is the cursor of the next page, "" at the end."""

    verdicts: tuple[Verdict, ...]
    total: int
    next: str

    def of(self, outcome: str) -> list[Verdict]:
        """Those of one outcome."""
        return [one for one in self.verdicts if one.outcome == outcome]


@page("/which", parameters=_PARAMETERS)
def which() -> Response:
    """The questions and, once they are answered, the services."""
    asked = {name: values[0] for name, values in given().items()}
    whose = _whose(asked.get("whose"))
    kind = asked.get("kind", "")
    on = _day(asked.get("on"))
    if whose is not None and whose is not Whose.OWN and kind not in {one.value for one in kinds_of(whose)}:
        kind = ""
    if whose is None or whose is Whose.OWN or not kind:
        return _show(asked, whose=whose, kind=kind, on=on)
    try:
        measure = measure_for(node().evaluations, whose, kind, on)
    except KindUnknown as unknown:
        return _show(asked, whose=whose, kind=kind, on=on, unnamed=unknown)
    except NotFound:
        return _show(asked, whose=whose, kind=kind, on=on, too_early=True)
    # As in the API: evaluating a page of services takes as long as verifying a few credentials.
    node().admission.request(request.remote_addr, "verify")
    query = Query(text=_text(asked.get("q")), sort=Sort.RELEVANCE, size=SIZE)
    qualifying = None
    if on is None and "others" not in asked:
        # Only what holds today is in the index; of another day each service has to be looked at.
        rules = measure.profile
        level = f"{rules.id}:{rules.version}:{measure.level}"
        qualifying = _found(replace(query, filters={"eligible_for": (level,)}, size=100), measure)
    others = _found(replace(query, cursor=asked.get("others")), measure)
    return _show(asked, whose=whose, kind=kind, on=on, measure=measure, qualifying=qualifying, others=others)


@page("/which", methods=("POST",))
def which_by_own() -> Response:
    """The same by a profile of the buyer's own, which isn't kept."""
    form = request.form
    node().admission.request(request.remote_addr, "verify", request.content_length or 0)
    written = _written()
    values: dict[str, Any] = {"profile": written, "level": form.get("level", ""), "q": form.get("q", "")}
    on = _day(form.get("on"))
    try:
        own = read(_object(written))
        measure = node().evaluations.measure_by(own, values["level"] or own.levels[-1].id, on)
        query = Query(text=_text(values["q"]), size=SIZE, cursor=form.get("others") or None)
        others = _found(query, measure)
    except (ProfileInvalid, BadParameter, QueryInvalid) as problem:
        return _show(values, whose=Whose.OWN, kind="", on=on, wrong=str(problem), status=422)
    return _show(values, whose=Whose.OWN, kind="", on=on, measure=measure, others=others)


def _show(asked: Mapping[str, Any], *, status: int = 200, **answers: Any) -> Response:
    nothing: dict[str, Any] = dict.fromkeys(("measure", "qualifying", "others", "unnamed", "wrong"))
    others: Found | None = answers.get("others")
    measure: Measure | None = answers.get("measure")
    return render(
        "which.html",
        status=status,
        alternates=(),
        asked=asked,
        owners=owners(),
        rules=rules_in_words(measure) if measure is not None else None,
        state_kinds=kinds_of(Whose.STATE),
        other_kinds=kinds_of(Whose.PUBLIC),
        next=own_address(others=others.next) if others and others.next else "",
        first=own_address(others=None) if "others" in asked else "",
        levels=[(one.id, one.name(language())) for one in measure.profile.levels] if measure else [],
        **{**nothing, "too_early": False, **answers},
    )


def _found(query: Query, measure: Measure) -> Found:
    """One page of services, each with its verdict. Raises QueryInvalid, IndexUnavailable."""
    answer = node().evaluations.found(query, measure, languages())
    return Found(verdicts_of(answer), answer["total"], answer["next"] or "")


def _whose(value: str | None) -> Whose | None:
    try:
        return Whose(value) if value is not None else None
    except ValueError:
        raise invalid_parameter("whose", f"must be one of {', '.join(Whose)}") from None


def _day(value: str | None) -> date | None:
    """The day asked for, None for today."""
    try:
        found = date.fromisoformat(value) if value else None
    except ValueError:
        raise invalid_parameter("on", "must be a day such as 2026-01-31") from None
    return found if found != node().clock().date() else None


def _text(value: str | None) -> str:
    return (value or "")[:MAX_TEXT]


def _written() -> str:
    """The profile as it was pasted, else as the file has it."""
    pasted = request.form.get("profile", "")
    file = request.files.get("file")
    if pasted.strip() or file is None:
        return pasted
    data: bytes = file.read()
    return data.decode("utf-8", "replace")


def _object(written: str) -> dict[str, Any]:
    """The JSON object. Raises ProfileInvalid."""
    try:
        document = json.loads(written)
    except (ValueError, RecursionError):
        raise ProfileInvalid("", _("It isn't JSON.")) from None
    if not isinstance(document, dict):
        raise ProfileInvalid("", _("It isn't a JSON object."))
    return document
